"""Claims about a rehearsal's plan: when forms arrive, what is a good answer, what breaks a bound."""

from __future__ import annotations

import itertools
import random

import pytest

from drill import arrivals, desks, faults, measuring, queues, remembering, report
from drill.answers import GOOD, Attempt
from drill.faults import Happened
from drill.queues import Witness
from drill.source_hash import source_hash
from drill.watching import Lag


def test_most_arrive_in_four_hours_and_the_peak_is_five_times_the_mean():
    moments = arrivals.moments(50_000, 6.0, random.Random(1))
    assert moments == sorted(moments)
    assert moments[0] >= 0
    assert moments[-1] <= 6
    assert sum(moment < 4 for moment in moments) / len(moments) == pytest.approx(0.93, abs=0.01)
    of_minutes = [len(list(group)) for _minute, group in itertools.groupby(moments, lambda one: int(one * 60))]
    assert max(of_minutes) / (50_000 / 360) == pytest.approx(5, rel=0.15)


def test_each_phone_sends_its_first_form_first_and_a_wrong_one_never_under_a_key_of_its_own_station():
    witnesses = [Witness(number, f"cookie-{number}") for number in range(1, 801)]
    chance = random.Random(2)
    sending = list(zip(witnesses, arrivals.moments(len(witnesses), 60, chance), strict=True))
    phones = queues.phones_of_a_night(sending, contest=1, seconds=60, photo_share=0.1, chance=chance)
    kinds = [send.kind for phone in phones for send in phone.waiting]
    # What only follows a coordinator's act: test_drill_night.py.
    of_witnesses = set(GOOD) - {*desks.KINDS, "anew"}
    assert {kind: kinds.count(kind) > 0 for kind in of_witnesses} == dict.fromkeys(of_witnesses, True)
    for phone in phones:
        first, *others = phone.waiting
        assert first.kind == "first"
        assert all(send.due >= first.due for send in others)
        for send in others:
            is_elsewhere = send.paper.station != first.paper.station
            assert is_elsewhere == (send.kind == "foreign station")
            assert (send.paper.key == first.paper.key) == (send.kind in ("again", "photo", "used key"))
            assert (send.paper.supersedes == first.paper.key) == (send.kind == "correction")


def sent(key, votes, *, supersedes=None, kind="first"):
    return {"event": "sent", "kind": kind, "key": key, "station": 7, "votes": votes, "invalid": 1} | {
        "supersedes": supersedes
    }


def got(key, status=201):
    return {"event": "acknowledged", "key": key, "status": status}


@pytest.mark.parametrize(
    ("later", "votes", "disputed"),
    [
        ([], [1, 2, 3], False),
        ([sent("b", [4, 5, 6], supersedes="a"), got("b")], [4, 5, 6], False),
        ([sent("b", [4, 5, 6]), got("b")], [1, 2, 3], True),
        ([sent("b", [1, 2, 3]), got("b")], [1, 2, 3], False),
        ([sent("b", [4, 5, 6], supersedes="a")], [1, 2, 3], False),  # never acknowledged
        ([sent("a", [9, 9, 9], kind="used key"), got("a", 200)], [1, 2, 3], False),
    ],
)
def test_what_counts_is_remembered_by_the_rules(later, votes, disputed):
    counted = remembering.night_of([sent("a", [1, 2, 3]), got("a"), *later]).counted()
    assert (counted[7]["votes"], counted[7]["disputed"]) == (votes, disputed)


def test_a_lag_belongs_to_a_fault_until_all_is_caught_up():
    happened = [Happened("redis-stop", "", began=10, ended=15, recovery=5.0)]
    found = measuring.lags([Lag(8, 0.1), Lag(9.5, 11), Lag(12, 8.0), Lag(19, 3.0), Lag(21, 0.2)], happened)
    assert (found["inside"]["number"], found["outside"]["max"]) == (3, 0.2)
    never = [Happened("redis-stop", "", began=10, ended=15)]
    assert measuring.lags([Lag(8, 0.1), Lag(900, 8.0)], never)["inside"]["number"] == 1


def test_only_forms_that_were_on_their_way_in_a_restart_are_refused_in_it():
    attempts = [
        Attempt(1.0, "first", 503, 0.1, True),
        Attempt(9.9, "first", 0, 0.3, False),
        Attempt(11, "again", 200, 0.1, False),
        Attempt(11, "photo", 507, 0.1, True),
        Attempt(12, "used key", 409, 0.1, False),
    ]
    assert measuring.refused_between(attempts, 10, 13) == 1
    assert measuring.statuses(attempts)["away_without_retry_after"] == 0


def good_night():
    none = {"number": 0, "first": []}
    checks = {"clean": True, "said": "0 selisih."}
    final = {name: none for name, _what in report.NOTHING} | {"data_hash": "d", "rebuild_check": checks}
    final |= {"acknowledged": 1010, "photos_acknowledged": 99, "decisions": 48}
    return {
        "plan": {"has_quiet": True, "turns": ["rolling-restart"], "forms": 1000, "photos": 100, "decided": 50},
        "left_out": {},
        "zero": {"data_hash": "d"},
        "final": final | {"audit": checks},
        "faults": [{"fault": "rolling-restart", "recovery": 2.0, "forms_not_answered_at_once": 0}],
        "lag": {"outside": {"p95": 0.3}},
        "unanswered": 0,
        "unexpected": [],
        "drained": True,
        "http": {"errors_500": 0, "away_without_retry_after": 0},
    }


def test_a_good_night_keeps_every_bound():
    assert [one for one in report.bounds(good_night()) if not one["kept"]] == []


@pytest.mark.parametrize("name", [name for name, _what in report.NOTHING])
def test_one_of_what_must_not_be_breaks_its_bound(name):
    night = good_night()
    night["final"][name] = {"number": 1, "first": ["x"]}
    assert [one["is"] for one in report.bounds(night) if not one["kept"]] == [1]


MADE = {"fault": "rolling-restart", "recovery": 2.0, "forms_not_answered_at_once": 0}


@pytest.mark.parametrize(
    "change",
    [
        {"unanswered": 1},
        {"unexpected": ["first: 400"]},
        {"drained": False},
        {"http": {"errors_500": 1, "away_without_retry_after": 0}},
        {"http": {"errors_500": 0, "away_without_retry_after": 1}},
        {"zero": {"data_hash": "another"}},
        {"lag": {"outside": {"p95": 1.01}}},
        {"faults": [MADE, {"fault": "web-kill", "recovery": 60.5, "forms_not_answered_at_once": 9}]},
        {"faults": [MADE, {"fault": "postgres-cut", "recovery": None, "forms_not_answered_at_once": 9}]},
        {"faults": [MADE, {"fault": "redis-stop", "recovery": 1.0, "forms_not_answered_at_once": 1}]},
        {"faults": [{"fault": "rolling-restart", "recovery": 1.0, "forms_not_answered_at_once": 1}]},
        # What was not looked at is not kept.
        {"lag": {"outside": {"p95": None}}},
        {"faults": []},
    ],
)
def test_each_other_defect_breaks_one_bound(change):
    assert len([one for one in report.bounds(good_night() | change) if not one["kept"]]) == 1


@pytest.mark.parametrize(("name", "number"), [("acknowledged", 999), ("photos_acknowledged", 0), ("decisions", 0)])
def test_a_night_in_which_less_came_than_was_planned_proves_nothing(name, number):
    night = good_night()
    night["final"][name] = number
    assert len([one for one in report.bounds(night) if not one["kept"]]) == 1


def test_a_lag_that_was_not_measured_is_kept_only_where_the_plan_has_no_quiet_and_says_so():
    night = good_night() | {"lag": {"outside": {"p95": None}}}
    night["plan"]["has_quiet"] = False
    found = next(one for one in report.bounds(night) if one["what"].startswith("lag"))
    assert found["kept"]
    assert "no quiet" in found["is"]


def test_a_fault_that_the_machine_does_not_allow_is_not_missed():
    night = good_night() | {"faults": [], "left_out": {"rolling-restart": "why"}}
    assert [one for one in report.bounds(night) if not one["kept"]] == []


def test_faults_are_chosen_by_name():
    assert faults.chosen("none") == []
    assert faults.chosen("all") == list(faults.FAULTS)
    assert faults.chosen("redis-stop, web-kill") == ["redis-stop", "web-kill"]
    with pytest.raises(ValueError, match="flood: no such fault"):
        faults.chosen("redis-stop,flood")


def test_the_source_hash_follows_the_source_and_not_what_is_made_from_it(tmp_path):
    for name in ("manage.py", "run", "requirements.txt", "tallies/intake.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    before = source_hash(tmp_path)
    (tmp_path / "tallies/intake.pyc").write_text("made")
    assert source_hash(tmp_path) == before
    (tmp_path / "tallies/intake.py").write_text("another")
    assert source_hash(tmp_path) != before
