"""Claims about the stored totals: they follow every change, and a wrong one is found and healed."""

import random
from contextlib import suppress
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, OperationalError, connection, transaction
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regions import importing
from regions.importing import Row
from regions.models import Level, Region
from tallies import audit, intake, preparation
from tallies.count_room import verification
from tallies.models import (
    COUNTED_REVIEWS,
    C1Form,
    Channel,
    ContestTotal,
    Election,
    Office,
    OutboxRow,
    PairTotal,
    PartyTotal,
    Phase,
    PollingStation,
    StationResult,
    Vote,
)
from tallies.preparation import NewPair
from tallies.totals import aggregation, rebuilding
from tests.cast import region, submission


def send(play, station, votes, by="siti", **changes):
    return intake.submit(submission(play, station, votes, **changes), by=play.people[by], channel=Channel.API).form


def votes_at(code, contest):
    totals = PairTotal.objects.filter(region__code=code, contest=contest).order_by("pair__number")
    return list(totals.values_list("votes", flat=True))


def progress_at(code, contest):
    total = ContestTotal.objects.get(region__code=code, contest=contest)
    return total.stations, total.stations_in, total.stations_verified, total.stations_rejected


def check_command(*arguments):
    out, err = StringIO(), StringIO()
    try:
        call_command("rebuild_totals", "--check", *arguments, stdout=out, stderr=err)
    except SystemExit as ended:
        return ended.code, out.getvalue(), err.getvalue()
    return 0, out.getvalue(), err.getvalue()


# What moves a total


def test_moving_a_station_recounts_both_branches_and_the_total_stays(play):
    send(play, "dampit_2", [100, 80, 20])
    send(play, "gedangan_1", [10, 20, 30])
    aggregation.drain()
    preparation.move_station(play.stations["dampit_2"], region("35.07.06.2001"))
    aggregation.drain()
    assert votes_at("35.07.05.2001", play.malang) == votes_at("35.07.05", play.malang) == [0, 0, 0]
    assert votes_at("35.07.06.2001", play.malang) == votes_at("35.07.06", play.malang) == [110, 100, 50]
    assert votes_at("35.07", play.malang) == [110, 100, 50]
    assert progress_at("35.07.05", play.malang) == (2, 0, 0, 0)
    assert progress_at("35.07.06", play.malang) == (2, 2, 0, 0)
    assert progress_at("35.07", play.malang) == (4, 2, 0, 0)
    assert rebuilding.differences(play.election) == []


def test_a_desa_renamed_and_its_station_moved_after_the_results_change_no_total(play, client):
    """The other kecamatan had nothing in: its row begins, and the renamed one is left with what stays."""
    send(play, "dampit_1", [40, 50, 60])
    send(play, "dampit_2", [100, 80, 20])
    aggregation.drain()
    before = votes_at("35.07", play.malang), votes_at("ID", play.malang)
    rows = [Row("35.07.05.2001", "35.07.05", Level.VILLAGE, "Sukamaju Baru")]
    importing.import_regions(rows)
    preparation.move_station(play.stations["dampit_2"], region("35.07.06.2001"))
    aggregation.drain()
    assert (votes_at("35.07", play.malang), votes_at("ID", play.malang)) == before
    assert votes_at("35.07.05.2001", play.malang) == votes_at("35.07.05", play.malang) == [40, 50, 60]
    assert votes_at("35.07.06", play.malang) == [100, 80, 20]
    assert (progress_at("35.07.05", play.malang)[:2], progress_at("35.07.06", play.malang)[:2]) == ((2, 1), (2, 1))
    assert rebuilding.differences(play.election) == []
    assert list(audit.verify()) == []
    client.force_login(play.budi)
    page = client.get(reverse("region", args=[play.election.slug, "35.07.05"])).content.decode()
    assert "Sukamaju Baru" in page
    assert str(C1Form.objects.filter(station=play.stations["dampit_2"]).get().station.region.code) == "35.07.06.2001"


def test_a_rejection_leaves_its_branch_and_nothing_else(play):
    form = send(play, "dampit_1", [100, 80, 20])
    send(play, "gedangan_1", [10, 20, 30])
    aggregation.drain()
    verification.reject(form, by=play.budi, seen=1, reason="Foto TPS lain")
    aggregation.drain()
    assert votes_at("35.07.05", play.malang) == [0, 0, 0]
    assert votes_at("35.07", play.malang) == votes_at("35.07.06", play.malang) == [10, 20, 30]
    assert progress_at("35.07", play.malang) == (4, 1, 0, 1)
    assert rebuilding.differences(play.election) == []


def test_a_correction_replaces_the_figures_all_the_way_up(play):
    form = send(play, "dampit_1", [100, 80, 20])
    aggregation.drain()
    fixed = submission(play, "dampit_1", [104, 80, 20], supersedes=form.uuid)
    verification.correct(form, fixed, by=play.budi, seen=1, reason="Foto menunjukkan 104")
    aggregation.drain()
    for code in ("35.07.05.2001", "35.07.05", "35.07"):
        assert votes_at(code, play.malang) == [104, 80, 20]
    total = PairTotal.objects.get(region__code="35.07", pair__contest=play.malang, pair__number=1)
    assert (total.votes, total.votes_verified) == (104, 104)
    assert rebuilding.differences(play.election) == []


def test_a_new_station_counts_as_not_in(play):
    preparation.add_stations(play.election, [preparation.NewStation(region("35.07.06.2001").pk, 9, 100, 110)])
    preparation.announce_stations(play.election, [region("35.07.06.2001").pk])
    aggregation.drain()
    assert progress_at("35.07", play.malang) == (5, 0, 0, 0)
    assert ContestTotal.objects.get(region__code="35.07").registered_voters == 4 * 300 + 210
    assert rebuilding.differences(play.election) == []


# The party above its contests


def party_at(code):
    aggregation.drain()
    total = PartyTotal.objects.get(region__code=code)
    return {
        "led": total.contests_led,
        "trailing": total.contests_trailing,
        "tied": total.contests_tied,
        "waiting": total.contests_waiting,
        "party": total.party_votes,
        "other": total.other_votes,
    }


def standing(**given):
    return {"led": 0, "trailing": 0, "tied": 0, "waiting": 0, "party": 0, "other": 0} | given


def test_contests_wait_before_anything_is_in(play):
    assert party_at("35") == party_at("ID") == standing(waiting=2)


def test_one_contest_led_and_one_trailing(play):
    send(play, "dampit_1", [100, 80, 20])  # ours is number 1 in Malang
    send(play, "babat_1", [90, 60], by="wati")  # and number 2 in Lamongan
    assert party_at("35") == party_at("ID") == standing(led=1, trailing=1, party=160, other=190)


def test_a_tie_is_neither_led_nor_trailing(play):
    send(play, "dampit_1", [100, 100, 20])
    assert party_at("35") == standing(tied=1, waiting=1, party=100, other=120)


def test_the_strongest_rival_decides_not_the_sum_of_the_others(play):
    send(play, "dampit_1", [100, 90, 80])
    assert party_at("35") == standing(led=1, waiting=1, party=100, other=170)


def test_zero_votes_everywhere_is_waiting(play):
    send(play, "dampit_1", [0, 0, 0])
    assert party_at("35") == standing(waiting=2)


def test_a_contest_without_a_pair_of_ours_counts_in_the_progress_only(play):
    play.lamongan.pairs.update(usungan=False)
    send(play, "babat_1", [90, 60], by="wati")
    assert party_at("35") == standing(waiting=1)
    total = PartyTotal.objects.get(region__code="35")
    assert (total.contests, total.stations, total.stations_in) == (1, 6, 1)


# A wrong stored total


def make_a_vote_too_many():
    return PairTotal.objects.filter(region__code="35.07.05", pair__number=1).update(votes=101)


def make_a_station_too_many():
    return ContestTotal.objects.filter(region__code="35.07.05").update(stations_in=2)


def make_a_party_vote_too_many():
    return PartyTotal.objects.filter(region__code="35").update(party_votes=101)


def lose_a_total():
    return PairTotal.objects.filter(region__code="35.07.05.2001", pair__number=1).delete()[0]


def invent_a_total():
    row = ContestTotal.objects.filter(region__code="35.07").first()
    row.pk, row.region = None, Region.objects.get(code="35.24.01")
    row.save(force_insert=True)
    return 1


@pytest.mark.parametrize(
    "spoil",
    [make_a_vote_too_many, make_a_station_too_many, make_a_party_vote_too_many, lose_a_total, invent_a_total],
    ids=lambda spoil: spoil.__name__,
)
def test_a_wrong_total_is_found_by_the_check_and_healed_by_the_rebuild(play, spoil):
    send(play, "dampit_1", [100, 80, 20])
    aggregation.drain()
    assert spoil() == 1
    code, said, _ = check_command()
    assert code == 1
    assert said.splitlines()[-1] == "pilkada-2020: 1 selisih."
    out = StringIO()
    call_command("rebuild_totals", stdout=out)
    # Malang has its own region, two kecamatan and three desa; Lamongan one of each.
    assert out.getvalue() == "pilkada-2020: 9 wilayah dihitung ulang.\n"
    assert check_command() == (0, "pilkada-2020: 0 selisih.\n", "")


def test_the_check_says_so_when_forms_keep_arriving(play, monkeypatch):
    """Nobody drains, as if forms came faster than they are counted."""
    send(play, "dampit_1", [100, 80, 20])
    monkeypatch.setattr(aggregation, "drain", lambda **one: 0)
    code, said, complaint = check_command("--election", "pilkada-2020")
    assert (code, said) == (2, "")
    assert "formulir terus masuk" in complaint


def test_the_check_refuses_an_election_that_is_not_there(play):
    with pytest.raises(CommandError, match=r"'pilkada-2199' tidak ada\. Yang ada: pilkada-2020"):
        call_command("rebuild_totals", "--check", "--election", "pilkada-2199")


# Any sequence of what people do


STATIONS = ("dampit_1", "dampit_2", "pamotan_1", "gedangan_1", "babat_1")
VILLAGES = ("35.07.05.2001", "35.07.05.1002", "35.07.06.2001")
WITNESSES = ("siti", "joko")
DECIDERS = ("budi", "rina", "dewi")

steps = st.lists(
    st.tuples(
        st.sampled_from(
            ["submit"] * 4 + ["again", "approve", "approve", "reject", "correct", "ask", "move", "drain"]
        ),
        st.sampled_from(STATIONS),
        st.integers(0, 2**16),
    ),
    min_size=1,
    max_size=30,
)


class Actor:
    """Does one step of a random sequence; what the application refuses is refused, and the sequence goes on."""

    def __init__(self, play):
        self.play = play

    def act(self, kind, station, number):
        luck = random.Random(number)
        with suppress(verification.DecisionRefused):
            getattr(self, kind)(station, luck)

    def _votes(self, station, luck):
        pairs = 2 if station.startswith("babat") else 3
        return [luck.choice([None, 0, luck.randint(1, 120), luck.randint(1, 120)]) for _ in range(pairs)]

    def _forms(self, station):
        return list(C1Form.objects.filter(station=self.play.stations[station].pk).order_by("pk"))

    def submit(self, station, luck):
        send(self.play, station, self._votes(station, luck), by=luck.choice(WITNESSES))

    def again(self, station, luck):
        """A witness corrects some form, their own or not."""
        if forms := self._forms(station):
            named = luck.choice(forms)
            send(self.play, station, self._votes(station, luck), by=luck.choice(WITNESSES), supersedes=named.uuid)

    def _decide(self, station, luck, decide):
        if forms := self._forms(station):
            by = self.play.people[luck.choice(DECIDERS)]
            decide(luck.choice(forms), by, self.play.result(station).audit_seq)

    def approve(self, station, luck):
        self._decide(station, luck, lambda form, by, seen: verification.approve(form, by=by, seen=seen))

    def reject(self, station, luck):
        self._decide(
            station, luck, lambda form, by, seen: verification.reject(form, by=by, seen=seen, reason="Foto lain")
        )

    def ask(self, station, luck):
        self._decide(
            station, luck, lambda form, by, seen: verification.ask_for_fix(form, by=by, seen=seen, reason="Kabur")
        )

    def correct(self, station, luck):
        def enter(form, by, seen):
            fixed = submission(self.play, station, self._votes(station, luck), supersedes=form.uuid)
            verification.correct(form, fixed, by=by, seen=seen, reason="Salah ketik")

        self._decide(station, luck, enter)

    def move(self, station, luck):
        moved = PollingStation.objects.get(pk=self.play.stations[station].pk)
        village = region(luck.choice(VILLAGES))
        taken = PollingStation.objects.filter(region=village, number=moved.number).exclude(pk=moved.pk)
        if not station.startswith("babat") and not taken.exists():
            preparation.move_station(moved, village)

    def drain(self, station, luck):
        aggregation.drain_batch(self.play.election.pk, batch=luck.randint(1, 4))


def counted_votes(contest):
    """The pairs' votes of the forms that count, added up by hand."""
    votes = dict.fromkeys(contest.pairs.values_list("number", flat=True), 0)
    for result in StationResult.objects.filter(contest=contest, review__in=COUNTED_REVIEWS):
        for vote in Vote.objects.filter(form=result.form_id).select_related("pair"):
            votes[vote.pair.number] += vote.votes or 0
    return [votes[number] for number in sorted(votes)]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps)
def test_after_any_sequence_the_totals_are_the_sum_of_what_counts(play, sequence):
    with transaction.atomic():
        actor = Actor(play)
        for step in sequence:
            actor.act(*step)
        assert rebuilding.differences(play.election) == []
        assert votes_at("35.07", play.malang) == counted_votes(play.malang)
        assert votes_at("35.24", play.lamongan) == counted_votes(play.lamongan)
        assert list(audit.verify()) == []
        assert not OutboxRow.objects.exists()
        transaction.set_rollback(True)


def test_a_station_does_not_leave_the_contest_that_counts_it(play):
    with pytest.raises(preparation.OutsideItsContest):
        preparation.move_station(play.stations["dampit_1"], region("35.24.01.2001"))
    assert play.result("dampit_1").station.region.code == "35.07.05.2001"


def test_what_waits_to_be_counted_cannot_outlive_its_contest(play):
    """The drainer would meet a contest that is not there, and nothing after it would be counted."""
    OutboxRow.objects.create(election=play.election, contest_id=-1, region=play.malang.region)
    with pytest.raises(IntegrityError):
        connection.check_constraints()
    transaction.set_rollback(True)


class NotHad(Exception):
    """As PostgreSQL's driver says that a lock was not had in time."""

    pgcode = "55P03"


def test_a_lock_on_one_election_keeps_no_other_from_its_totals(play, monkeypatch):
    held, real = [], aggregation.drain_batch

    def drain_batch(election_id, *, batch):
        if not held:
            held.append(election_id)
            raise OperationalError("lock timeout") from NotHad()
        return real(election_id, batch=batch)

    other = Election.objects.create(name="Lain", slug="lain", date=play.election.date, phase=Phase.OPEN)
    there = preparation.create_contest(other, region("35.24"), Office.REGENT, [NewPair(1, "A"), NewPair(2, "B")])
    for contest, desa in ((play.malang, "35.07.05.2001"), (there, "35.24.01.2001")):
        OutboxRow.objects.create(election=contest.election, contest=contest, region=region(desa))
    monkeypatch.setattr(aggregation, "drain_batch", drain_batch)
    with pytest.raises(OperationalError, match="lock timeout"):
        aggregation.drain()
    assert [row.election_id for row in OutboxRow.objects.all()] == held
    held.clear()
    with pytest.raises(rebuilding.TotalsMoving):
        rebuilding.differences(OutboxRow.objects.get().election)
