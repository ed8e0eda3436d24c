"""What a finding's numbers say, ready for the templates: rows to compare, relations, values that are suggested.

The numbers are JSON that a rule wrote, perhaps an older one: what is missing or is not what it should be is None, and
the templates write "–". The wording is in ``templates/analytics/finding_short/`` and ``_finding_sentence.html``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from math import isfinite
from typing import Any

from analytics.models import Finding, FindingState, Rule, Severity
from regions.models import Level
from sista.templatetags.formats import pair_name
from tallies.checks import Contradiction
from tallies.figures import FULL_FIELDS
from tallies.models import Pair
from tallies.wording import TITLES, describe, field_label

#: A figure of the form has four boxes.
_LARGEST = 9999
#: Of a list in the numbers, no more than this.
_MOST = 60
#: A suggestion has three values at most; more of them are not shown.
_MOST_SUGGESTIONS = 3


@dataclass(frozen=True)
class Compared:
    """One pair in two documents. ``number`` is its number on the ballot; ``pair`` is None where no such pair is."""

    number: int | None
    pair: Pair | None
    first: int | None
    second: int | None

    @property
    def gap(self) -> int | None:
        return None if self.first is None or self.second is None else self.second - self.first


@dataclass(frozen=True)
class Relation:
    """A relation of the form that does not hold: what adds up to ``left`` should agree with ``right``."""

    title: str
    sentence: str
    left: int | None
    right: int | None
    gap: int | None


@dataclass(frozen=True)
class Value:
    """A figure that is suggested for the box ``name``."""

    name: str
    label: str
    value: int


@dataclass(frozen=True)
class Suggestion:
    """``reason``: a code of `analytics.rules.slips.Slip`, or ""."""

    values: tuple[Value, ...]
    reason: str

    @property
    def query(self) -> str:
        """What fills the boxes of the page where a station is settled."""
        return ",".join(f"{one.name}:{one.value}" for one in self.values)


@dataclass(frozen=True)
class Described:
    """One finding with what its numbers say."""

    finding: Finding
    pairs: Mapping[int, Pair]

    @property
    def rule(self) -> str:
        return self.finding.rule

    @property
    def severity(self) -> str:
        return Severity(self.finding.severity).name

    @property
    def rule_label(self) -> str:
        return str(Rule(self.finding.rule).label)  # get_rule_display hashes all choices anew: a millisecond a row

    @property
    def state_label(self) -> str:
        return str(FindingState(self.finding.state).label)

    @property
    def place(self) -> str:
        """The station with its desa, or the region; of a desa or kecamatan also what it lies in."""
        region = self.finding.region
        above = [region.parent.title] if region.parent and region.level > Level.REGENCY else []
        station = [self.finding.station.title] if self.finding.station else []
        return ", ".join([*station, region.title, *above])

    @property
    def is_no_proof(self) -> bool:
        """It weighs likelihoods, or is nothing more than a reason to look."""
        return self.finding.is_statistical or self.finding.severity <= Severity.MEDIUM

    @cached_property
    def numbers(self) -> dict[str, Any]:
        """The plain values among the numbers, by name."""
        given = _mapping(self.finding.numbers).items()
        return {name: plain for name, value in given if (plain := _plain(name, value)) is not None}

    @cached_property
    def compared(self) -> list[Compared]:
        """Pairs whose votes differ, or for E2 change places; the own pair first."""
        numbers = _mapping(self.finding.numbers)
        if self.rule == "E2":
            rows = [
                (number, written, _votes(numbers.get("swapped")).get(number))
                for number, written in _votes(numbers.get("votes")).items()
            ]
        elif self.rule in ("D3", "D4"):
            shifts = _mappings(numbers.get("shifts"))
            rows = [(_int(one.get("pair")), _int(one.get("c1")), _int(one.get("recap"))) for one in shifts]
        else:
            differences = _mappings(numbers.get("differences"))
            rows = [(_int(one.get("pair")), _int(one.get("first")), _int(one.get("second"))) for one in differences]
        found = [
            Compared(number, self.pairs.get(number) if number is not None else None, first, second)
            for number, first, second in rows
        ]
        return sorted(found, key=lambda one: (not (one.pair and one.pair.usungan), one.number or 0))

    @property
    def as_of(self) -> date | None:
        """The day of the official figures, where the rule names it."""
        said = self.numbers.get("as_of")
        try:
            return date.fromisoformat(said[:10]) if isinstance(said, str) else None
        except ValueError:
            return None

    @property
    def foremost(self) -> Compared | None:
        """The row that a list names."""
        return next((one for one in self.compared if one.gap != 0), None)

    @property
    def others(self) -> int:
        return max(0, len(self.compared) - 1)

    @property
    def sums(self) -> tuple[int, int, int] | None:
        """Both documents added up, and how they differ; None with a blank or without a pair, as a part is no sum."""
        first = [one.first for one in self.compared if one.first is not None]
        second = [one.second for one in self.compared if one.second is not None]
        whole = len(first) == len(second) == len(self.compared) == len(self.pairs) > 0
        return (sum(first), sum(second), sum(second) - sum(first)) if whole else None

    @cached_property
    def relations(self) -> list[Relation]:
        found = []
        for one in _mappings(_mapping(self.finding.numbers).get("relations")):
            code, row = one.get("code"), one.get("row")
            left, right, gap = (_int(one.get(name)) for name in ("left", "right", "gap"))
            if gap is None and left is not None and right is not None:
                gap = abs(left - right)
            title = str(TITLES[code]) if isinstance(code, str) and code in TITLES else ""
            found.append(Relation(title, self._sentence(code, row, left, right), left, right, gap))
        return found

    def _sentence(self, code: Any, row: Any, left: int | None, right: int | None) -> str:
        row = row if isinstance(row, str) else None
        if left is None or right is None or not isinstance(code, str):
            return ""
        # A name for the empty box changes the sentence of E09.
        fields = tuple(f"votes_{number}" for number in self.pairs) if code == "C1-E09" else ()
        try:
            return describe(Contradiction(code, fields, left, right, row), self.names)
        except (LookupError, ValueError):
            return ""  # a code of another version of the program

    @property
    def names(self) -> dict[int, str]:
        return {number: pair_name(pair) for number, pair in self.pairs.items()}

    @cached_property
    def suggestions(self) -> list[Suggestion]:
        found = [self._suggestion(one) for one in _mappings(self.finding.suggestions)[:_MOST_SUGGESTIONS]]
        return [one for one in found if one.values]

    def _suggestion(self, given: Mapping[str, Any]) -> Suggestion:
        boxes = {f"votes_{number}": value for number, value in _votes(given.get("votes")).items()}
        boxes |= {
            name: value
            for name, value in _mapping(given.get("fields")).items()
            if name in FULL_FIELDS and _figure(value) is not None
        }
        reason = given.get("reason")
        values = tuple(Value(name, field_label(name, self.names), value) for name, value in boxes.items())
        return Suggestion(values, reason if isinstance(reason, str) else "")

    # Places that the numbers name, as keys

    @cached_property
    def stations(self) -> list[int]:
        """Other stations it is about."""
        numbers = _mapping(self.finding.numbers)
        keys = [*_ints(numbers.get("stations")), *_ints(numbers.get("missing")), _int(numbers.get("other_station"))]
        found = dict.fromkeys([*(key for key in keys if key is not None), *(key for key, _votes in self.calls)])
        return [key for key in found if key != self.finding.station_id][:_MOST]

    @property
    def station_count(self) -> int | None:
        """How many stations it is about; the number itself where the numbers have no list."""
        given = _mapping(self.finding.numbers).get("stations")
        return len(_ints(given)) if isinstance(given, list) else _int(given)

    @cached_property
    def missing_count(self) -> int | None:
        given = _mapping(self.finding.numbers).get("missing")
        return len(given) if isinstance(given, list) else _int(given)

    @cached_property
    def calls(self) -> list[tuple[int, int | None]]:
        """Stations to call with the margin votes expected of each."""
        found = [(_int(one.get("station")), _int(one.get("margin_votes"))) for one in self._calls]
        return [(station, votes) for station, votes in found if station is not None][:_MOST]

    @property
    def call_count(self) -> int:
        """How many stations are silent; the list names the first of them."""
        stated = _int(_mapping(self.finding.numbers).get("stations"))
        return len(self._calls) if stated is None else stated

    @property
    def _calls(self) -> list[Mapping[str, Any]]:
        return _mappings(_mapping(self.finding.numbers).get("calls"))

    @property
    def forms(self) -> list[int]:
        return _ints(_mapping(self.finding.numbers).get("forms"))[:_MOST]


def described(findings: Sequence[Finding]) -> list[Described]:
    """Describe findings whose contests are read already; one query for all of their pairs."""
    pairs: dict[int, dict[int, Pair]] = defaultdict(dict)
    for pair in Pair.objects.filter(contest__in={one.contest_id for one in findings}):
        pairs[pair.contest_id][pair.number] = pair
    return [Described(one, pairs[one.contest_id]) for one in findings]


# What JSON brings

#: Numbers that are text, and those that need not be whole; any other is a whole number.
_TEXTS = {"kind", "fact", "source", "as_of", "state"}
_FRACTIONS = {"share", "expected", "votes", "p", "q", "z", "margin_share", "number"}


def _plain(name: str, value: Any) -> int | float | str | None:
    if name in _TEXTS:
        return value if isinstance(value, str) else None
    if isinstance(value, float) and isfinite(value):
        return value if name in _FRACTIONS else round(value)
    return value if isinstance(value, int) else None


def _int(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _ints(value: Any) -> list[int]:
    found = (_int(one) for one in value) if isinstance(value, list) else ()
    return [one for one in found if one is not None]


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _mappings(value: Any) -> list[Mapping[str, Any]]:
    rows: Iterable[Any] = value if isinstance(value, list) else ()
    return [one for one in rows if isinstance(one, dict)]


def _figure(value: Any) -> int | None:
    number = _int(value)
    return number if number is not None and 0 <= number <= _LARGEST else None


def _votes(value: Any) -> dict[int, int]:
    """Votes by the pair's number; JSON writes numbers as text."""
    found = {}
    for number, votes in _mapping(value).items():
        if number.isascii() and number.isdecimal() and len(number) <= 3 and _figure(votes) is not None:
            found[int(number)] = votes
    return found
