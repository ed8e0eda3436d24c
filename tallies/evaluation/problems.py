"""The forms of a ground with something to learn from, as sets of keys: what was wrong with photo or figures.

A form is in a set once, whoever said it how often. One that was moved stands in for nothing: what was said of it
is said of its copy.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils.translation import override

from tallies.checks import disagreement
from tallies.count_room.decision_reasons import CHOICES
from tallies.evaluation.ground import Ground, in_batches
from tallies.models import (
    C1Form,
    Decision,
    Finding,
    FormPhoto,
    Outcome,
    Photo,
    PhotoState,
    PhotoSubject,
    Reading,
    Review,
    StationResult,
)

Forms = set[int]
#: What readers say of a photo that is no readable C1 of its station.
REFUSING = (Finding.WRONG_STATION, Finding.NOT_C1, Finding.DUPLICATE)
SETTLING = (Outcome.VERIFIED, Outcome.CORRECTED)


@dataclass(frozen=True)
class Problems:
    """``unreadable``: a reader or coordinator could not read the photo; ``refused``: it shows something else;

    ``damaged``: the file could not be opened. ``read_apart``: the second reading differs still;
    ``decided``: the sender's last figures are not those that were settled, or were refused.
    """

    unreadable: Forms
    refused: Forms
    damaged: Forms
    read_apart: Forms
    decided: Forms

    @property
    def photos(self) -> Forms:
        return self.unreadable | self.refused | self.damaged

    @property
    def all(self) -> Forms:
        return self.photos | self.read_apart | self.decided


def problems_of(ground: Ground) -> Problems:
    """Everything at once; the number of statements does not grow with the ground."""
    unreadable = _said(ground, lambda rows: rows.filter(finding=Finding.UNREADABLE)) | _decided_because(
        ground, Outcome.NEEDS_FIX, "perbaikan", ("foto", "halaman")
    )
    refused = _said(ground, lambda rows: rows.filter(finding__in=REFUSING)) | _decided_because(
        ground, Outcome.REJECTED, "tolak", ("tps", "bukan_c1")
    )
    return Problems(
        unreadable,
        refused,
        _damaged(ground),
        _read_apart(ground),
        _against(ground) | _decided_because(ground, Outcome.REJECTED, "tolak", ("angka",)),
    )


def _kept(ground: Ground, rows: QuerySet) -> Forms:
    """The forms that ``rows``, readings or decisions, are about, each where it counts now."""
    found: Forms = set()
    here = rows.order_by().filter(ground.at("result"))
    found.update(here.values_list("form", flat=True))
    for keys in in_batches(ground.moves.copies):
        found.update(rows.filter(form__in=keys).values_list("form", flat=True))
    return _standing(ground, found)


def _standing(ground: Ground, keys: Iterable[int]) -> Forms:
    """The forms that ``keys`` are now, as far as they are of the ground."""
    finals = {ground.moves.final(key) for key in keys}
    found: Forms = set()
    for some in in_batches(finals):
        found.update(ground.forms().filter(pk__in=some).values_list("pk", flat=True))
    return found


def _said(ground: Ground, chosen: Callable[[QuerySet[Reading]], QuerySet[Reading]]) -> Forms:
    return _kept(ground, _by_senders(ground, chosen(Reading.objects.all())))


def _by_senders(ground: Ground, rows: QuerySet) -> QuerySet:
    return rows if ground.senders is None else rows.filter(form__submitted_by__in=ground.senders)


def _decided_because(ground: Ground, outcome: Outcome, action: str, reasons: Iterable[str]) -> Forms:
    """Forms of which a coordinator said ``outcome`` for one of ``reasons``, which are kept as they were worded."""
    with override("id"):
        starts = [str(CHOICES[action][reason]) for reason in reasons]
    worded = Q()
    for start in starts:
        worded |= Q(reason__startswith=start)
    rows = Decision.objects.filter(worded, outcome=outcome, reading=None)
    return _kept(ground, _by_senders(ground, rows))


def _damaged(ground: Ground) -> Forms:
    damaged = Photo.objects.filter(state=PhotoState.UNREADABLE).values("pk")
    rows = FormPhoto.objects.filter(subject=PhotoSubject.C1, sha256__in=damaged).filter(ground.at("form"))
    return _standing(ground, _by_senders(ground, rows).values_list("form", flat=True))


def _read_apart(ground: Ground) -> Forms:
    """Read and not equal, the last time."""
    again = Reading.objects.filter(form=OuterRef("form"), round__gt=OuterRef("round"))
    return _said(ground, lambda rows: rows.filter(~Exists(again), finding=Finding.DIFFERS))


def _against(ground: Ground) -> Forms:
    """The last form of a sender at a station that was settled with other figures than theirs."""
    settled = StationResult.objects.filter(
        ~Q(form=OuterRef("pk")), contest=OuterRef("contest"), station=OuterRef("station"), review=Review.VERIFIED
    )
    later = C1Form.objects.filter(
        contest=OuterRef("contest"),
        station=OuterRef("station"),
        submitted_by=OuterRef("submitted_by"),
        pk__gt=OuterRef("pk"),
    ).exclude(decisions__outcome=Outcome.MOVED)
    set_aside = Decision.objects.filter(form=OuterRef("pk"), outcome=Outcome.REJECTED)
    forms = ground.forms().filter(Exists(settled), ~Exists(later), ~Exists(set_aside))
    found: Forms = set()
    for keys in in_batches(forms.values_list("pk", flat=True)):
        found |= _other_figures(keys)
    return found


def _other_figures(keys: list[int]) -> Forms:
    forms = {
        (form.contest_id, form.station_id, form.pk): form
        for form in C1Form.objects.filter(pk__in=keys).prefetch_related("votes__pair")
    }
    results = (
        StationResult.objects.filter(review=Review.VERIFIED, station__in={key[1] for key in forms})
        .select_related("form")
        .prefetch_related("form__votes__pair")
        .annotate(through=_settled_through())
    )
    at = {(result.contest_id, result.station_id): result for result in results}
    found: Forms = set()
    for (contest, station, key), form in forms.items():
        result = at.get((contest, station))
        if result and (result.through or 0) >= key and disagreement(form.figures, result.form.figures):
            found.add(key)
    return found


def _settled_through() -> Any:
    """The newest form that was settled with the one that counts."""
    settling = Decision.objects.filter(result=OuterRef("pk"), form=OuterRef("form"), outcome__in=SETTLING)
    return settling.order_by("-pk").values("settled_through")[:1]


@dataclass(frozen=True)
class Where:
    """A form's station in the tree, and its sender."""

    child: int
    village: int
    sender: int


def places_of(ground: Ground, keys: Iterable[int]) -> dict[int, Where]:
    """Where each of the forms stands."""
    child = ground.child()
    found: dict[int, Where] = {}
    for some in in_batches(keys):
        rows = C1Form.objects.filter(pk__in=some).annotate(below=F(f"{child}__pk"))
        for key, below, village, sender in rows.values_list("pk", "below", "station__region", "submitted_by"):
            found[key] = Where(below, village, sender)
    return found


def counted(forms: Forms, places: dict[int, Where], by: Callable[[Where], int]) -> Counter[int]:
    """How many of ``forms`` lie in each place, or are each sender's."""
    return Counter(by(places[key]) for key in forms if key in places)
