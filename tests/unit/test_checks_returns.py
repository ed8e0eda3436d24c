"""The checks on real returns: all of East Java in 2019, and single forms of the press.

Reads data that are not part of the project; without them these tests skip.
"""

from __future__ import annotations

import csv
import gzip
from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from tallies.checks import Contradiction, broken_relations, check, disagreement
from tallies.figures import Figures, StationFacts, Thresholds

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
RETURNS = DATA / "pilpres2019_tps_jatim.csv.gz"
CASES = DATA / "real_cases.csv"

pytestmark = [
    pytest.mark.returns,
    pytest.mark.skipif(not RETURNS.exists() or not CASES.exists(), reason="real returns are not here"),
]

LIMITS = Thresholds()
BOXES = ("pas1", "pas2", "jum", "sah", "tsah")


def number(text: str) -> int | None:
    return int(text) if text else None


def reading(row: dict[str, str], source: str) -> Figures:
    """Return one of the two readings of a row (``kpu`` or ``kp``) as a short form."""
    one, two, voters, valid, invalid = (number(row[f"{source}_{name}"]) for name in BOXES)
    return Figures(
        votes={1: one, 2: two},
        values={"voters_total": voters, "valid_votes": valid, "invalid_votes": invalid},
    )


@cache
def rows() -> tuple[dict[str, str], ...]:
    with gzip.open(RETURNS, "rt", newline="") as file:
        return tuple(csv.DictReader(file))


Relations = Callable[[Figures, StationFacts, Thresholds], tuple[Contradiction, ...]]


def stations_per_code(source: str, relations: Relations) -> Counter[str]:
    """Count for each code the TPS in which ``relations`` finds it."""
    found: Counter[str] = Counter()
    for row in rows():
        found.update({one.code for one in relations(reading(row, source), StationFacts(), LIMITS)})
    return found


def test_official_reading_breaks_the_sums_as_often_as_the_domain_says() -> None:
    """Check 1,31% C1-E09 and 2,63% C1-E08.

    130,171 TPS; 400 have no official reading at all (all five boxes empty; none
    is half filled), so both shares are of 129,771. They are shares of the
    broken relations, follow-on errors included.
    """
    empty = Counter(sum(not row[f"kpu_{name}"] for name in BOXES) for row in rows())
    assert empty == {0: 129_771, 5: 400}
    read = empty[0]
    broken = stations_per_code("kpu", broken_relations)
    assert (broken["C1-E09"], broken["C1-E08"]) == (1702, 3415)
    assert f"{100 * broken['C1-E09'] / read:.2f}" == "1.31"
    assert f"{100 * broken['C1-E08'] / read:.2f}" == "2.63"
    assert broken["C1-W06"] == 140


def test_one_cause_is_asked_once_on_the_official_reading() -> None:
    """In 519 of the 741 TPS that break both sums one value of the valid votes mends both: E08 is asked."""
    asked = stations_per_code("kpu", check)
    assert (asked["C1-E09"], asked["C1-E08"]) == (1702 - 519, 3415)
    assert {code for code in asked if code.startswith("C1-E")} == {"C1-E08", "C1-E09"}
    assert asked["C1-W06"] == 140


def test_citizens_reading_breaks_the_sum_of_the_pairs_946_times() -> None:
    assert stations_per_code("kp", broken_relations)["C1-E09"] == 946


def case(name: str) -> tuple[Figures, StationFacts]:
    with CASES.open(newline="") as file:
        row = next(row for row in csv.DictReader(file) if row["id"] == name)
    votes = {n: number(row[f"paslon{n}"]) for n in (1, 2, 3) if row[f"paslon{n}"]}
    # The cases give no box "suara sah"; K9 says that it was left blank.
    valid = None if name == "K9" else sum(vote or 0 for vote in votes.values())
    values = {
        "voters_total": number(row["pengguna"]),
        "valid_votes": valid,
        "invalid_votes": number(row["tidak_sah"]),
    }
    return Figures(votes=votes, values=values), StationFacts(number(row["dpt"]))


@pytest.mark.parametrize("name", ["K1", "K3"])
def test_valid_case_is_silent(name: str) -> None:
    assert check(*case(name), LIMITS) == ()


def test_k2_differs_by_two_and_disagrees_with_k1() -> None:
    found = check(*case("K2"), LIMITS)
    assert [(one.code, one.left, one.right) for one in found] == [("C1-E08", 366, 368)]
    rival = disagreement(case("K1")[0], case("K2")[0])
    assert rival is not None
    assert (rival.code, rival.fields) == ("C1-W08", ("voters_total", "invalid_votes"))


def test_k9_is_valid_with_its_blank_box_and_counted_by_the_pairs() -> None:
    figures, station = case("K9")
    assert check(figures, station, LIMITS) == ()
    assert (figures.effective_valid, figures.get("valid_votes")) == (521, None)
    # The turnout is checked on the computed 525, against a DPT that cannot hold them.
    found = check(figures, StationFacts(500), LIMITS)
    assert [(one.code, one.left, one.right) for one in found] == [("C1-W03", 525, 510)]
