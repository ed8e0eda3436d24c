"""Findings as the rules write them, for tests of what people do with them."""

from __future__ import annotations

from typing import Any

from analytics.examining.found import Found, Place
from analytics.examining.recording import record
from analytics.models import Finding, Severity
from tests.cast import Play

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n%%EOF\n"
RELATION = {"code": "C1-E09", "row": None, "left": 249, "right": 246, "gap": 3}
#: What each rule writes, by the contract between the runner and the pages.
NUMBERS: dict[str, dict[str, Any]] = {
    "D1": {"differences": [{"pair": 2, "first": 104, "second": 704}], "is_swap": False},
    "D2": {
        "differences": [{"pair": 1, "first": 141, "second": 41}],
        "margin_votes": 100,
        "source": "KPU",
        "as_of": "2020-12-10",
    },
    "D3": {
        "kind": "pergeseran",
        "shifts": [
            {"pair": 1, "recap": 10871, "c1": 11204, "shift": -333},
            {"pair": 2, "recap": 10928, "c1": 10595, "shift": 333},
        ],
        "missing": [],
    },
    "D4": {"kind": "undecided", "shifts": [{"pair": 1, "recap": 90, "c1": 120, "shift": -30}], "missing": [1, 2]},
    "H1": {"relations": [RELATION]},
    "H2": {"relations": [{"code": "C1-E08", "row": None, "left": 251, "right": 249, "gap": 2}]},
    "H3": {"relations": [{"code": "C1-E10", "row": None, "left": 331, "right": 318, "gap": 13}]},
    "H4": {"votes_cast": 331, "allowed": 308, "additional": None, "ballots": 318},
    "H5": {"voters": 287},
    "H6": {
        "voters": 293,
        "registered": 300,
        "expected": 279,
        "excess": 14,
        "received": 300,
        "handed_out": 268,
        "not_delivered": 21,
    },
    "E1": {},
    "E2": {"votes": {"1": 87, "2": 154}, "swapped": {"1": 154, "2": 87}, "log_ratio": 8.5},
    "E3": {"other_station": 0},
    "P1": {"digest": "ab" * 32, "stations": [1, 2]},
    "P2": {"distance": 14, "to_review": False, "stations": [1, 2]},
    "P3": {"fact": "before_closing", "number": 3.5},
    "P4": {"figures": [1, 2, 3], "stations": [1, 2, 3]},
    "S1": {"share": 0.213, "expected": 0.528, "votes": -105, "own_votes": 71, "valid": 333, "p": 1e-5, "q": 0.004},
    "S2": {"rival": 2, "log_chance": -22.5, "valid": 246},
    "S3": {"share": 0.313, "expected": 0.428, "z": 4.1, "q": 0.01, "votes": -120},
    "T1": {"calls": [{"station": 1, "margin_votes": 60}], "stations": 18},
    "T2": {"versions": 5, "days": 2},
    "W": {"state": "behind", "margin_votes": -20, "stations_in": 1, "stations": 4},
}


def found(play: Play, rule: str, station: str = "dampit_1", **changes: Any) -> Found:
    """What ``rule`` saw at a station (or with ``station=""`` at its kabupaten)."""
    contest = play.lamongan if station.startswith("babat") else play.malang
    place = (
        Place(contest.pk, play.stations[station].region_id, play.stations[station].pk)
        if station
        else Place(contest.pk, contest.region_id)
    )
    numbers = changes.pop("numbers", NUMBERS[rule])
    facts: dict[str, Any] = {"severity": Severity.MEDIUM, "stake": 10, "basis": numbers}
    return Found(rule=rule, place=place, numbers=numbers, **(facts | changes))


def write(play: Play, rule: str, station: str = "dampit_1", **changes: Any) -> Finding:
    """The finding that is stored of it."""
    one = found(play, rule, station, **changes)
    record([one], {(rule, one.place.key)})
    return Finding.objects.get(
        rule=rule, contest=one.place.contest, station=one.place.station, region=one.place.region
    )
