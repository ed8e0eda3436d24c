"""How the readers of a region read: how much, how fast, and which boxes wrong, held against what was settled."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from django.core.cache import cache
from django.db.models import Avg, Count, DurationField, ExpressionWrapper, F, OuterRef, Q, QuerySet

from accounts.models import User
from tallies.evaluation.by_region import SHARED_SECONDS
from tallies.evaluation.charging import Boxes, Case, Charges, Round, charge
from tallies.evaluation.ground import Ground, in_batches
from tallies.evaluation.problems import SETTLING
from tallies.evaluation.recap_readings import recap_numbers
from tallies.models import (
    WITH_FIGURES,
    C1Form,
    Decision,
    Finding,
    Outcome,
    Reading,
    ReadingVote,
    Review,
    StationResult,
    Vote,
)

#: The orders of the table, each in its one direction; the first is the default.
ORDERS: dict[str, Any] = {
    "salah": lambda row: (-(row.error_rate or 0), -row.boxes, row.name.lower(), row.person),
    "banyak": lambda row: (-row.forms, row.name.lower(), row.person),
    "lama": lambda row: (-(row.seconds or 0), row.name.lower(), row.person),
    "nama": lambda row: (row.name.lower(), row.person),
}


@dataclass(frozen=True)
class ReaderLine:
    """The readings of one person.

    ``settled``: forms read whose figures are settled, of which ``wrong`` were read with ``boxes`` wrong boxes in
    all; ``mended``: forms of which a box was wrong at first only. ``seconds``: of a first round, on average.
    ``recaps``: D.Hasil, counted apart: one has as many boxes as a hundred C1s.
    ``unreadable``: forms of which the reader said that they are no readable C1 of the station.
    """

    person: int
    name: str
    forms: int
    settled: int
    wrong: int = 0
    boxes: int = 0
    mended: int = 0
    unreadable: int = 0
    seconds: int | None = None
    recaps: int = 0
    recaps_settled: int = 0
    recaps_wrong: int = 0

    @property
    def error_rate(self) -> Fraction | None:
        return Fraction(self.wrong, self.settled) if self.settled else None


def shared_readers(ground: Ground, order: str = "salah") -> list[ReaderLine]:
    """`readers`, at most a minute old."""
    key = f"evaluation:readers:{ground.region.pk}:{hash(ground.contests)}"
    found = cache.get(key)
    if found is None:
        found = readers(ground)
        cache.set(key, found, SHARED_SECONDS)
    return sorted(found, key=ORDERS[order])


def readers(ground: Ground, order: str = "salah") -> list[ReaderLine]:
    """Everybody who read a form of the ground, where it stood then. A count room has tens of them, not thousands."""
    took = ExpressionWrapper(F("read_at") - F("claimed_at"), output_field=DurationField())
    counts_itself = Q(result__review=Review.VERIFIED, result__form=F("form"), finding__in=WITH_FIGURES)
    rows = _readings(ground).values("reader")
    rows = rows.annotate(
        forms=Count("form", distinct=True),
        settled=Count("form", filter=counts_itself, distinct=True),
        unreadable=Count("form", filter=~Q(finding__in=WITH_FIGURES), distinct=True),
        took=Avg(took, filter=Q(round=1)),
    )
    lines = {row["reader"]: row for row in rows}
    recaps = recap_numbers(ground)
    names = {person.pk: str(person) for person in User.objects.filter(pk__in={*lines, *recaps})}
    found = {
        key: ReaderLine(
            key,
            names[key],
            row["forms"],
            row["settled"],
            unreadable=row["unreadable"],
            seconds=round(row["took"].total_seconds()) if row["took"] is not None else None,
        )
        for key, row in lines.items()
    }
    for read in cases(ground):
        for key, changes in _of_one(read).items():
            line = found[key]
            found[key] = replace(line, **{name: getattr(line, name) + n for name, n in changes.items()})
    for key, numbers in recaps.items():
        found[key] = replace(found.get(key, ReaderLine(key, names[key], 0, 0)), **numbers)
    return sorted(found.values(), key=ORDERS[order])


def count(ground: Ground) -> int:
    """No fewer than the readers there are."""
    return _readings(ground).values("reader").distinct().count() + len(recap_numbers(ground))


@dataclass(frozen=True)
class ReadCase:
    """A form that was read and may have been read wrong; ``elsewhere``: another form is what was settled."""

    form: int
    case: Case
    charges: Charges
    readers: frozenset[int]
    elsewhere: bool


def _of_one(read: ReadCase) -> dict[int, Counter[str]]:
    changes: dict[int, Counter[str]] = defaultdict(Counter)
    if read.elsewhere and read.case.settled is not None:
        for key in read.readers:
            changes[key]["settled"] += 1
    for key, boxes in read.charges.readers.items():
        changes[key].update(wrong=1, boxes=len(boxes))
    for key in read.charges.mended:
        changes[key]["mended"] += 1
    return changes


def cases(ground: Ground) -> Iterator[ReadCase]:
    """The forms that were read otherwise than they were sent, or settled with another form, with who is charged."""
    other = ~Q(result__form=F("form"))
    chosen = _readings(ground).filter(Q(finding=Finding.DIFFERS) | (other & Q(finding=Finding.EQUAL)))
    keys = set(chosen.values_list("form", flat=True))
    for some in in_batches(keys):
        yield from _cases(ground, some)


def _readings(ground: Ground) -> QuerySet[Reading]:
    return Reading.objects.filter(ground.at("result")).order_by()


def _cases(ground: Ground, keys: list[int]) -> Iterator[ReadCase]:
    readings: dict[int, list[Any]] = defaultdict(list)
    names = ground.election.fields
    rows = Reading.objects.filter(form__in=keys).order_by("form", "round")
    for row in rows.values("pk", "form", "reader", "first_reader", "finding", "differing", *names):
        readings[row["form"]].append(row)
    settled = _settled(ground, keys)
    forms = _boxes_of_forms({*keys, *settled.values()}, names)
    figured = [row for many in readings.values() for row in many if row["finding"] in WITH_FIGURES]
    votes = _votes(ReadingVote.objects.filter(reading__in=[row["pk"] for row in figured]), "reading")
    for form, many in readings.items():
        seen = [row for row in many if row["finding"] in WITH_FIGURES]
        rounds = tuple(
            Round(
                row["reader"],
                votes[row["pk"]] | {name: row[name] for name in names},
                # What is asked once more is what differed before.
                frozenset(seen[place - 1]["differing"]) if place else None,
            )
            for place, row in enumerate(seen)
        )
        chosen = settled.get(form)
        case = Case(many[0]["first_reader"], forms[form], rounds, forms[chosen] if chosen else None)
        people = frozenset(row["reader"] for row in seen)
        yield ReadCase(form, case, charge(case), people, elsewhere=chosen != form)


def _settled(ground: Ground, keys: list[int]) -> dict[int, int]:
    """The form that settled each of ``keys``: the verified one of its station, if the decision covers it."""
    finals = {key: ground.moves.final(key) for key in keys}
    rows = C1Form.objects.filter(pk__in=set(finals.values())).values_list("pk", "contest", "station")
    places = {key: (contest, station) for key, contest, station in rows}
    settling = Decision.objects.filter(result=OuterRef("pk"), form=OuterRef("form"), outcome__in=SETTLING)
    results = StationResult.objects.filter(
        review=Review.VERIFIED, station__in={place[1] for place in places.values()}
    )
    results = results.annotate(through=settling.order_by("-pk").values("settled_through")[:1])
    at = {
        (contest, station): (form, through)
        for contest, station, form, through in results.values_list("contest", "station", "form", "through")
    }
    refused = set(
        Decision.objects.filter(form__in=set(finals.values()), outcome=Outcome.REJECTED).values_list(
            "form", flat=True
        )
    )
    found = {}
    for key, final in finals.items():
        form, through = at.get(places[final], (None, None))
        if form is not None and final not in refused and (through or 0) >= final:
            found[key] = form
    return found


def _boxes_of_forms(keys: set[int], names: tuple[str, ...]) -> dict[int, Boxes]:
    found = {}
    votes = _votes(Vote.objects.filter(form__in=keys), "form")
    for row in C1Form.objects.filter(pk__in=keys).values("pk", *names):
        found[row["pk"]] = votes[row["pk"]] | {name: row[name] for name in names}
    return found


def _votes(rows: QuerySet, owner: str) -> dict[int, dict[str, int | None]]:
    found: dict[int, dict[str, int | None]] = defaultdict(dict)
    for key, number, votes in rows.order_by("pair__number").values_list(owner, "pair__number", "votes"):
        found[key][f"votes_{number}"] = votes
    return found
