"""The phone asks the same questions as the server, in the same words: its arithmetic against `tallies.checks`."""

from __future__ import annotations

import csv
import gzip
import itertools
import random
from decimal import Decimal
from typing import Any

import pytest
from django.utils import translation
from playwright.sync_api import Page

from tallies.checks import EQUALITIES, Contradiction, check
from tallies.figures import FULL_FIELDS, GENDERED_ROWS, SHORT_FIELDS, Figures, StationFacts, Thresholds
from tallies.wording import describe
from tests.browsing import (  # noqa: F401  fixtures
    Stage,
    committed_for_a_module,
    quick_and_quiet_for_a_module,
    stage_for_a_module,
)
from tests.unit.test_checks_returns import RETURNS, reading

pytestmark = pytest.mark.browser

FORMS = 3_000
ROWS = 5_000
NAMES = {0: "", 1: "Sanusi-Didik", 2: "Lathifah-Budi", 3: "Heri-Gunadi"}
LIMITS = [
    Thresholds(),
    Thresholds(station_cap=None, invalid_share_limit=None, invalid_count_limit=0),
    Thresholds(Decimal("0.02"), 800, Decimal("1"), Decimal("0.0333"), 20),
]

_ASK = """async ([cases, equalities]) => {
  const { contradictions } = await import("/static/js/phone/checks.js");
  return cases.map(([values, pairs, registered, limits]) =>
    contradictions(values, pairs, { equalities, registered, limits })
      .map((one) => [one.code, one.left, one.right, one.row, [...one.fields].sort()]));
}"""
_DESCRIBE = """async ([found, pairs]) => {
  const { describe } = await import("/static/js/phone/wording.js");
  return found.map((one) => describe(one, pairs));
}"""


def case(figures: Figures, station: StationFacts, limits: Thresholds) -> list[Any]:
    """A form as the phone has it: blank boxes are not there."""
    votes = {f"votes_{number}": votes for number, votes in figures.votes.items()}
    values = {name: value for name, value in (votes | dict(figures.values)).items() if value is not None}
    share = limits.invalid_share_limit
    told = {
        "reserve": str(limits.reserve_rate), "cap": limits.station_cap, "turnout": str(limits.turnout_limit),
        "invalid_share": None if share is None else str(share), "invalid_count": limits.invalid_count_limit,
    }  # fmt: skip
    return [values, list(figures.votes), station.registered_voters, told]


def asked_here(figures: Figures, station: StationFacts, limits: Thresholds) -> list[list[Any]]:
    found = check(figures, station, limits)
    return [[one.code, one.left, one.right, one.row, sorted(one.fields)] for one in found]


def equalities() -> list[dict[str, Any]]:
    return [{"code": e.code, "total": e.total, "parts": e.parts, "row": e.row} for e in EQUALITIES]


def differences(page: Page, forms: list[tuple[Figures, StationFacts, Thresholds]]) -> list[Any]:
    told = page.evaluate(_ASK, [[case(*form) for form in forms], equalities()])
    return [
        (form, there, here) for form, there in zip(forms, told, strict=True) if there != (here := asked_here(*form))
    ]


def made_up(seed: int) -> tuple[Figures, StationFacts, Thresholds]:
    """A consistent form with up to four boxes written wrong or left blank, or wild numbers altogether."""
    dice = random.Random(seed)
    pairs = dice.choice([[1, 2], [1, 2, 3], [0, 1], [1]])
    votes: dict[int, int | None] = {number: dice.randrange(0, 180) for number in pairs}
    valid = sum(value or 0 for value in votes.values())
    invalid = dice.randrange(0, 25)
    values: dict[str, int | None] = dict.fromkeys(FULL_FIELDS, 0)
    halves = {"_male": (valid + invalid) // 2, "_female": (valid + invalid + 1) // 2}
    for row in GENDERED_ROWS:
        size = {"registered_dpt": 1, "registered_total": 1, "voters_dpt": 1, "voters_total": 1}.get(row, 0)
        for part, half in halves.items():
            values[row + part] = size * half
        values[row] = size * (valid + invalid)
    received = valid + invalid + -(-(valid + invalid) // 40)
    values |= {"ballots_received": received, "ballots_used": valid + invalid}
    values |= {"ballots_unused": received - valid - invalid}
    values |= {"valid_votes": valid, "invalid_votes": invalid, "total_votes": valid + invalid}
    if dice.random() < 0.5:
        values = {name: values[name] for name in SHORT_FIELDS}
    wild = dice.random() < 0.1
    boxes: list[Any] = [*values, *votes]
    for box in boxes if wild else dice.sample(boxes, dice.randrange(0, 5)):
        target: Any = votes if box in votes else values
        target[box] = dice.choice(
            [None, 0, dice.randrange(10_000), (target[box] or 0) + dice.choice([-1, 1, 10, 100])]
        )
        if target[box] is not None:
            target[box] = min(max(target[box], 0), 9_999)
    station = StationFacts(dice.choice([None, valid + invalid, 150, 501]))
    return Figures(votes=votes, values=values), station, dice.choice(LIMITS)


@pytest.fixture(scope="module")
def phone(stage: Stage) -> Page:
    page = stage.page("siti")
    page.goto("/saksi/ponsel/")
    return page


def test_of_many_made_up_forms_the_phone_asks_what_the_server_asks(phone):
    forms = [made_up(seed) for seed in range(FORMS)]
    assert differences(phone, forms) == []
    codes = {one[0] for form in forms for one in asked_here(*form)}
    assert codes == {f"C1-E{n:02}" for n in range(1, 12)} | {f"C1-W{n:02}" for n in range(1, 8)}


@pytest.mark.returns
@pytest.mark.skipif(not RETURNS.exists(), reason="real returns are not here")
def test_of_real_forms_the_phone_asks_what_the_server_asks(phone):
    with gzip.open(RETURNS, "rt", newline="") as file:
        # Every 26th, so that all of the province is in.
        rows = list(itertools.islice(csv.DictReader(file), 0, None, 26))[:ROWS]
    forms = [(reading(row, "kpu"), StationFacts(_dpt(row)), Thresholds()) for row in rows]
    assert len(forms) == ROWS
    assert differences(phone, forms) == []
    assert sum(bool(asked_here(*form)) for form in forms) > 100


def _dpt(row: dict[str, str]) -> int | None:
    return int(row["dpt_l"]) + int(row["dpt_p"]) if row["dpt_l"] and row["dpt_p"] else None


@pytest.mark.parametrize("language", ["id", "en"])
def test_the_phone_asks_in_the_words_of_the_server(stage, language):
    page = stage.context("siti").new_page()
    page.context.add_cookies([{"name": "django_language", "value": language, "url": stage.url}])
    type(stage.person("siti")).objects.filter(username="siti").update(language=language)
    page.goto("/saksi/ponsel/")
    assert page.evaluate("document.documentElement.lang") == language
    found: dict[tuple[Any, ...], Contradiction] = {}
    for seed in range(FORMS):
        figures, station, limits = made_up(seed)
        for one in check(figures, station, limits):
            is_all = one.code == "C1-W05" and bool(one.left)
            found.setdefault((one.code, one.row, is_all, "votes_0" in one.fields, seed % 5), one)
    cases = list(found.values())
    told = [{"code": c.code, "left": c.left, "right": c.right, "row": c.row, "fields": list(c.fields)} for c in cases]
    pairs = [{"number": number, "name": name} for number, name in NAMES.items()]
    there = page.evaluate(_DESCRIBE, [told, pairs])
    with translation.override(language):
        here = [describe(one, NAMES) for one in cases]
    assert there == here
    type(stage.person("siti")).objects.filter(username="siti").update(language="id")
