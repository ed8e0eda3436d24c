"""Claims about runs of the projection: from the stored totals, when they moved, once however many ask."""

import datetime as dt
from dataclasses import fields

import numpy as np
import pytest
import time_machine
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from analytics.models import ElectionRules, Expectation, ExpectationMethod, ExpectedShare, ProjectionRun
from analytics.projecting.projection import Refusal, project
from analytics.projecting.returns import Returns
from analytics.projections import reading_returns, running, station_sums
from sista import background
from tallies import intake
from tallies.count_room import verification
from tallies.models import Channel, Contest, Election, PairTotal, Phase, PollingStation
from tallies.totals import aggregation, rebuilding
from tests import stored_returns
from tests.cast import region, submission
from tests.projection_replay import AS_2019
from tests.returns_2019 import RETURNS

NOW = dt.datetime(2020, 12, 9, 8, 0, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as travelled:
        yield travelled


def send(play, station, votes, by="siti", **changes):
    form = intake.submit(submission(play, station, votes, **changes), by=play.people[by], channel=Channel.API).form
    aggregation.drain()
    return form


def runs():
    return list(ProjectionRun.objects.order_by("pk"))


# What is read


def equal(found: Returns, wanted: Returns) -> list[str]:
    """Names of the sums that differ by more than rounding."""
    names = [one.name for one in fields(Returns) if one.name != "tree"]
    return [name for name in names if not np.allclose(getattr(found, name), getattr(wanted, name), atol=1e-6)]


@pytest.mark.returns
@pytest.mark.skipif(not RETURNS.exists(), reason="real returns are not here")
def test_what_is_read_from_the_stored_totals_is_what_the_replay_reads(db):
    """Three cities of 2019 together, and each by itself."""
    stored = stored_returns.store()
    order = stored.election.order(AS_2019, 1)
    seen = order <= np.quantile(order, 0.3)
    stored.let_in(seen)
    read = reading_returns.read(stored.contest)
    wanted = stored.election.seen(order, seen.mean())
    assert (read.returns.tree.regency_of.tolist(), equal(read.returns, wanted)) == (
        wanted.tree.regency_of.tolist(),
        [],
    )
    assert project(read.returns).pairs[0].share == pytest.approx(project(wanted).pairs[0].share)
    assert running.run(stored.contest) == 1 + len(read.regencies)
    for number, code in enumerate(stored.election.regency_codes):
        alone = stored_returns.some_of(stored.election, (code,))
        own = reading_returns.part(read.returns, number)
        mine = stored.election.tree.regency_of[stored.election.district] == number
        assert equal(own, alone.seen(order[mine], seen[mine].mean())) == []
        row = ProjectionRun.objects.get(region__code=f"35.{code[2:]}")
        assert (row.stations, row.refusal) == (int(mine.sum()), str(project(own).refusal or ""))


def test_only_kecamatan_that_moved_are_read_again(play, clock, monkeypatch):
    asked = []
    real = station_sums._read
    monkeypatch.setattr(station_sums, "_read", lambda *given: asked.append(given[2]) or real(*given))
    send(play, "dampit_1", [100, 80, 20])
    reading_returns.read(play.malang)
    clock.shift(1)
    send(play, "gedangan_1", [10, 20, 30])
    reading_returns.read(play.malang)
    reading_returns.read(play.malang)
    dampit, gedangan = region("35.07.05").pk, region("35.07.06").pk
    assert [sorted(one) for one in asked] == [[dampit, gedangan], [gedangan]]
    cache.clear()
    kept = reading_returns.read(play.malang)
    assert kept.returns.votes.tolist() == [[100, 10], [80, 20], [20, 30]]
    assert kept.returns.squares[0].tolist() == np.outer(row := [100, 80, 20, 300], row).tolist()


def test_a_form_that_is_not_counted_yet_bends_nothing(play):
    """The stations are ahead of the totals by what waits for the drainer."""
    send(play, "dampit_1", [100, 80, 20])
    counted = reading_returns.read(play.malang).returns
    intake.submit(submission(play, "dampit_2", [1, 2, 3]), by=play.siti, channel=Channel.API)
    cache.clear()
    ahead = reading_returns.read(play.malang).returns
    names = ("votes", "registered_seen", "registered_unseen", "stations_seen", "stations_unseen")
    assert [name for name in names if getattr(ahead, name).tolist() != getattr(counted, name).tolist()] == []


def test_a_refused_form_and_an_unknown_register(play):
    PollingStation.objects.filter(pk=play.stations["pamotan_1"].pk).update(registered_male=None)
    send(play, "dampit_1", [100, 80, 20])
    send(play, "pamotan_1", [60, 50, 40], by="dewi")
    found = reading_returns.read(play.malang).returns
    # The mean of the two known ones of the kecamatan stands for the third.
    assert (found.registered_seen.tolist(), found.registered_unseen.tolist()) == ([600, 0], [300, 300])
    assert found.squares[0, 3].tolist() == [160 * 300, 130 * 300, 60 * 300, 2 * 300**2]


# A single kabupaten


def test_a_kabupaten_by_itself_has_no_provinsi_that_is_silent(play):
    """Malang is all there is of its contest: what is asked is how much of its kecamatan reports."""
    send(play, "gedangan_1", [10, 30, 5], by="dewi")
    assert running.run_changed() == 1
    [row] = runs()
    assert (row.region_id, row.refusal, row.pairs, row.stations_in, row.stations) == (
        play.malang.region_id,
        Refusal.TOO_LITTLE_REACHED,
        [],
        1,
        4,
    )
    assert (row.seen, row.reached) == (0.25, 0.25)


def test_with_three_quarters_reached_it_answers_with_an_interval(play):
    send(play, "dampit_1", [100, 80, 20])
    running.run_changed()
    [row] = runs()
    assert (row.refusal, row.reached, [one["pair"] for one in row.pairs]) == ("", 0.75, [1, 2, 3])
    ours = row.of_pair(1)
    assert ours["low"] <= ours["share"] <= ours["high"]
    assert sum(one["share"] for one in row.pairs) == pytest.approx(1)
    assert (ours["counted"], row.of_pair(4), row.counted_at) == (0.5, None, NOW)


@pytest.mark.returns
@pytest.mark.skipif(not RETURNS.exists(), reason="real returns are not here")
def test_a_real_kabupaten_is_projected_once_enough_of_its_kecamatan_report(db):
    """Probolinggo, 606 TPS in five kecamatan: first one of them alone, then every fourth TPS of all."""
    stored = stored_returns.store(("3574",), whole=False)
    stored.let_in(stored.election.district < 1)
    running.run(stored.contest)
    stored.let_in(np.arange(len(stored.election.district)) % 4 == 0)
    ProjectionRun.objects.update(at=NOW - dt.timedelta(hours=1))
    running.run(stored.contest)
    first, second = runs()
    assert (first.refusal, second.refusal) == (Refusal.TOO_LITTLE_REACHED, "")
    assert second.of_pair(1)["share"] == pytest.approx(stored.election.shares[0], abs=0.01)


# When


def test_nothing_is_run_before_the_first_station_is_in_and_nothing_twice(play, clock):
    assert running.run_changed() == 0
    send(play, "dampit_1", [100, 80, 20])
    assert [running.run_changed() for _ in range(3)] == [1, 0, 0]
    clock.shift(3600)
    assert running.run_changed() == 0, "nothing moved"


def test_at_most_one_run_a_minute(play, clock, settings):
    send(play, "dampit_1", [100, 80, 20])
    running.run_changed()
    clock.shift(59)
    send(play, "dampit_2", [100, 80, 20])
    assert running.run_changed() == 0
    clock.shift(1)
    assert running.run_changed() == 1
    settings.PROJECTION_SECONDS = 10
    clock.shift(10)
    send(play, "pamotan_1", [1, 1, 1], by="dewi")
    assert running.run_changed() == 1
    assert [row.stations_in for row in runs()] == [1, 2, 3]


def test_two_workers_at_once_write_one_run(play):
    """Both found it due; the second finds the first one's run when it wants to write."""
    send(play, "dampit_1", [100, 80, 20])
    contest = Contest.objects.select_related("election", "region").get(pk=play.malang.pk)
    assert (running.run(contest), running.run(contest), len(runs())) == (1, 0, 1)


def test_a_clock_that_was_set_back_stops_no_runs(play, clock):
    send(play, "dampit_1", [100, 80, 20])
    running.run_changed()
    clock.shift(-7200)
    send(play, "dampit_2", [100, 80, 20])
    assert running.run_changed() == 1


@pytest.mark.parametrize(("phase", "number"), [(Phase.RECAP, 1), (Phase.CLOSED, 0)])
def test_recap_moves_totals_still_and_a_closed_election_is_left_alone(play, phase, number):
    send(play, "dampit_1", [100, 80, 20])
    Election.objects.filter(pk=play.election.pk).update(phase=phase)
    assert running.run_changed() == number


def test_when_all_was_refused_again_the_run_says_so(play, clock):
    form = send(play, "dampit_1", [100, 80, 20])
    running.run_changed()
    clock.shift(60)
    verification.reject(form, by=play.budi, seen=play.result("dampit_1").audit_seq, reason="Foto TPS lain")
    aggregation.drain()
    running.run_changed()
    assert [row.refusal for row in runs()] == ["", Refusal.NOTHING_IN]


def test_a_contest_with_thresholds_that_are_none_holds_up_no_other(play, caplog):
    other = Election.objects.create(
        name="Lain", slug="lain", date=NOW.date(), phase=Phase.OPEN, form_kind="short", party_name="Partai Kita"
    )
    Contest.objects.filter(pk=play.lamongan.pk).update(election=other)
    ElectionRules.objects.create(election=other, projection={"replicates": "many"})
    send(play, "dampit_1", [100, 80, 20])
    intake.submit(submission(play, "babat_1", [70, 61]), by=play.dewi, channel=Channel.API)
    rebuilding.rebuild(other)
    assert running.run_changed() == 1
    assert runs()[0].contest == play.malang
    assert f"contest {play.lamongan.pk} was not projected" in caplog.text


def test_the_thresholds_of_the_election_are_used(play):
    ElectionRules.objects.create(election=play.election, projection={"reached_enough": 0.8})
    send(play, "dampit_1", [100, 80, 20])
    running.run_changed()
    assert runs()[0].refusal == Refusal.TOO_LITTLE_REACHED


# With an expectation


@pytest.mark.returns
@pytest.mark.skipif(not RETURNS.exists(), reason="real returns are not here")
def test_the_active_expectation_is_handed_over_and_named(db):
    stored = stored_returns.store()
    stored.let_in(np.arange(len(stored.results)) % 5 == 0)
    read = reading_returns.read(stored.contest)
    votes = stored.election.seen(np.arange(len(stored.results)), 1.0).votes
    expectation = Expectation.objects.create(
        contest=stored.contest, method=ExpectationMethod.IMPORTED, source="2014", stated_on=NOW.date()
    )
    ours = read.pairs[0]
    shares = [
        ExpectedShare(expectation=expectation, region_id=one, pair=ours, share=share)
        for one, share in zip(read.districts, votes[0] / votes.sum(axis=0), strict=True)
    ]
    ExpectedShare.objects.bulk_create(shares)
    found, expected = reading_returns.expected_of(stored.contest, read)
    assert (found, expected.pair, int(np.isnan(expected.logit).sum())) == (expectation, 0, 0)
    running.run(stored.contest)
    whole = ProjectionRun.objects.get(region=stored.contest.region)
    wanted = project(read.returns, expected=expected)
    assert (whole.used_expectation, whole.of_pair(1)["share"]) == (expectation, pytest.approx(wanted.pairs[0].share))
    # In a city of three kecamatan no slope can be fitted: it was not used there.
    assert set(ProjectionRun.objects.exclude(pk=whole.pk).values_list("used_expectation", flat=True)) == {None}


# The kabupaten inside, and the cost


def test_queries_do_not_grow_with_the_kecamatan(play):
    send(play, "gedangan_1", [10, 30, 5], by="dewi")
    with CaptureQueriesContext(connection) as one:
        reading_returns.read(play.lamongan)
    with CaptureQueriesContext(connection) as two:
        reading_returns.read(play.malang)
    assert len(one) == len(two) == 5


def test_the_embedded_thread_of_totals_does_not_run_projections():
    assert not {job.__name__ for job in background.TOTALS_JOBS} & {job.__name__ for job in background.PROJECTION_JOBS}


def test_what_was_run_is_what_the_totals_say(play):
    send(play, "dampit_1", [100, 80, 20])
    running.run_changed()
    stored = PairTotal.objects.filter(contest=play.malang, region=play.malang.region).order_by("pair__number")
    votes = np.array(stored.values_list("votes", flat=True), dtype=float)
    assert [one["counted"] for one in runs()[0].pairs] == pytest.approx((votes / votes.sum()).tolist())
