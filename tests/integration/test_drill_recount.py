"""The recount of a rehearsal finds what it is for: a form lost, doubled or altered, a total that is wrong."""

from __future__ import annotations

import json
import random

import pytest

from drill import reading_back
from drill.papers import Paper
from tallies import intake
from tallies.count_room import moving, verification
from tallies.models import C1Form, Channel, PairTotal
from tallies.totals import aggregation, rebuilding
from tests import cast

PLACES = ("dampit_1", "dampit_2")


def said(paper, kind="first"):
    return {"event": "sent", "kind": kind, **vars(paper)}


def answered(paper, status=201):
    return {"event": "acknowledged", "key": paper.key, "status": status}


def stored(play, place, votes, *, supersedes=None):
    """A form as a witness sent it, and its sender's memory of it."""
    sent = cast.submission(play, place, list(votes), supersedes=supersedes)
    form = intake.submit(sent, by=play.siti, channel=Channel.API).form
    named = str(supersedes) if supersedes else None
    return Paper(form.station_id, form.contest_id, tuple(votes), 5, key=str(form.uuid), supersedes=named)


def recounted(tmp_path, *lines):
    path = tmp_path / "memory"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    aggregation.drain()
    return reading_back.final(path)


def numbers(found):
    return {name: one["number"] for name, one in found.items() if isinstance(one, dict) and "number" in one}


@pytest.fixture
def night(play):
    """A first form that was corrected, and one that a rival disputes, in the order of their answers."""
    first = stored(play, "dampit_1", (100, 60, 20))
    correction = stored(play, "dampit_1", (101, 60, 20), supersedes=first.key)
    other = stored(play, "dampit_2", (90, 70, 30))
    rival = stored(play, "dampit_2", (80, 70, 30))
    papers = (first, correction, other, rival)
    return [line for paper in papers for line in (said(paper), answered(paper), answered(paper, 200))], papers


def test_a_night_without_loss_is_clean(play, night, tmp_path):
    found = recounted(tmp_path, *night[0])
    assert set(numbers(found).values()) == {0}
    assert (found["sent"], found["acknowledged"], found["stored"]) == (4, 4, 4)
    assert found["rebuild_check"]["clean"]
    assert found["audit"]["clean"]


def test_an_acknowledged_form_that_is_not_stored_is_lost(play, night, tmp_path):
    gone = Paper(play.stations["dampit_1"].pk, play.malang.pk, (1, 2, 3), 5)
    found = recounted(tmp_path, *night[0], said(gone), answered(gone))
    assert found["lost"] == {"number": 1, "first": [gone.key]}


def test_figures_that_are_not_those_that_were_sent_are_found(play, night, tmp_path):
    lines = [line | {"votes": (111, 60, 20)} if line.get("key") == night[1][1].key else line for line in night[0]]
    found = recounted(tmp_path, *lines)
    assert found["altered"]["first"] == [night[1][1].key]
    # Desa, kecamatan and kabupaten: valid votes and the pair's.
    assert found["wrong_totals"]["number"] == 6


def test_a_total_that_was_tampered_with_is_found(play, night, tmp_path):
    aggregation.drain()
    PairTotal.objects.filter(region__code="35.07", pair__number=1).update(votes=7)
    found = recounted(tmp_path, *night[0])
    assert found["wrong_totals"]["number"] == 1
    assert "stored 7, remembered 191" in found["wrong_totals"]["first"][0]
    assert not found["rebuild_check"]["clean"]


def test_a_form_that_nobody_sent_or_that_should_have_been_refused_is_found(play, night, tmp_path):
    lines = [line for line in night[0] if line["key"] != night[1][3].key]
    assert recounted(tmp_path, *lines)["never_sent"]["first"] == [night[1][3].key]
    wrong = [line | {"kind": "foreign station"} if line.get("key") == night[1][3].key else line for line in night[0]]
    assert recounted(tmp_path, *wrong)["taken_though_wrong"]["first"] == [night[1][3].key]


def test_one_paper_under_two_keys_is_doubled(play, night, tmp_path):
    again = stored(play, "dampit_2", (80, 70, 30))
    found = recounted(tmp_path, *night[0], said(again), answered(again))
    assert found["doubled"]["number"] == 1


def test_a_photo_that_was_acknowledged_and_is_not_there_is_lost(play, night, tmp_path):
    found = recounted(tmp_path, *night[0], {"event": "photo", "sha256": "ab" * 32})
    assert found["photos_lost"]["first"] == ["ab" * 32]


def decided(outcome, paper, *, to=None):
    key = paper.key if isinstance(paper, Paper) else paper
    station = C1Form.objects.get(uuid=key).station_id
    return {"event": "decided", "outcome": outcome, "station": station, "key": key, "to": to}


def decide(play, outcome, place, *, by="budi", to=None):
    """A coordinator's act about what counts at ``place``, and their memory of it."""
    result, by = play.result(place), play.people[by]
    form, seen = result.form, result.audit_seq
    if outcome == "verify":
        verification.approve(form, by=by, seen=seen)
    elif outcome == "reject":
        verification.reject(form, by=by, seen=seen, reason="Angka berbeda dari foto")
    elif outcome == "move":
        moving.move(form, play.result(to), by=by, seen=seen, reason="Saksi memilih TPS yang salah")
        return [decided("move", str(form.uuid), to=play.stations[to].pk)]
    else:
        votes = (*(row.votes + 3 for row in form.votes.order_by("pair__number")[:1]), 7, 7)
        sent = cast.submission(play, place, list(votes), supersedes=form.uuid)
        verification.correct(form, sent, by=by, seen=seen, reason="Salah ketik saksi")
        paper = Paper(form.station_id, form.contest_id, votes, 5, key=str(sent.uuid), supersedes=str(form.uuid))
        return [said(paper, "correct"), decided("correct", paper)]
    return [decided(outcome, str(form.uuid))]


def received(play, place, votes, **more):
    paper = stored(play, place, votes, **more)
    return [said(paper), answered(paper)]


def test_decisions_and_moves_are_recounted(play, tmp_path):
    lines = [
        *received(play, "dampit_1", (100, 60, 20)),
        *received(play, "dampit_1", (90, 60, 20)),
        *decide(play, "verify", "dampit_1"),
        *received(play, "dampit_2", (80, 70, 30)),
        *decide(play, "move", "dampit_2", to="gedangan_1"),
        *received(play, "dampit_2", (81, 71, 31)),
        *decide(play, "reject", "dampit_2"),
        *received(play, "gedangan_1", (1, 2, 3)),
    ]
    found = recounted(tmp_path, *lines)
    assert {name: number for name, number in numbers(found).items() if number} == {}
    assert (found["decisions"], found["moves"], found["stored"]) == (3, 1, 5)
    # Each is seen when it is missing.
    for outcome in ("verify", "move", "reject"):
        rest = [line for line in lines if line.get("outcome") != outcome]
        assert recounted(tmp_path, *rest)["wrong_totals"]["number"] > 0, outcome
    assert recounted(tmp_path, *[one for one in lines if one.get("outcome") != "move"])["wrong_moves"]["number"] == 1


@pytest.mark.parametrize("seed", range(6))
def test_whatever_order_forms_and_decisions_come_in_the_memory_and_the_system_agree(play, tmp_path, seed):
    chance = random.Random(seed)
    places = ("dampit_1", "dampit_2", "gedangan_1")
    lines = []
    for number in range(18):
        place = chance.choice(places)
        result = play.result(place)
        act = chance.choice(("send", "send", "supersede", "verify", "reject", "correct", "move"))
        votes = (number + 1, chance.randint(1, 90), 20)
        # As in the rehearsal: a witness names an own form, and coordinators act on what a witness sent.
        is_own = result.is_in and result.form.channel == Channel.API and not result.proposed_form_id
        if act == "supersede" and is_own:
            lines += received(play, place, votes, supersedes=result.form.uuid)
        elif act in ("send", "supersede") or not is_own:
            lines += received(play, place, votes)
        elif act == "move":
            lines += decide(play, "move", place, to=chance.choice([one for one in places if one != place]))
        else:
            lines += decide(play, act, place)
    found = recounted(tmp_path, *lines)
    assert {name: one for name, one in found.items() if isinstance(one, dict) and one.get("number")} == {}


def test_the_hashes_change_with_what_they_are_of_and_with_nothing_else(play, night):
    aggregation.drain()
    data, results = reading_back.data_hash(), reading_back.results_hash()
    rebuilding.rebuild(play.election)
    assert (reading_back.data_hash(), reading_back.results_hash()) == (data, results)
    stored(play, "gedangan_1", (1, 2, 3))
    aggregation.drain()
    assert reading_back.results_hash() != results
    assert reading_back.data_hash() == data
    play.stations["dampit_1"].number = 99
    play.stations["dampit_1"].save()
    assert reading_back.data_hash() != data
