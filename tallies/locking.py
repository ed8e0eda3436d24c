"""Lock a station's result, and read in the same statement what the intake has to know of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from django.db.models import BooleanField, ExpressionWrapper, F, OuterRef, Q, QuerySet, Subquery

from sista.prepared import prepared
from tallies import in_flight
from tallies.models import Assignment, C1Form, Pair, StationResult
from tallies.submission import Submission

#: Of the election, the contest and the station; the result's own fields are all read.
_NEEDED = (
    *("id", "contest_id", "station_id", "form_id", "proposed_form_id"),
    *("review", "disputed", "reading", "audit_seq", "audit_head"),
    *("contest__election__phase", "contest__election__form_kind", "contest__election__reserve_rate"),
    "contest__election__reading_mode",
    *("contest__election__station_cap", "contest__election__turnout_limit"),
    *("contest__election__invalid_share_limit", "contest__election__invalid_count_limit"),
    *("station__region_id", "station__registered_male", "station__registered_female"),
)


@dataclass(frozen=True)
class Locked:
    """A result that is locked until the transaction ends, and what is known of the sender.

    ``known``: key of the form that has the submission's uuid already.
    ``is_guarded``: by the sender, now; None for a station that never was.
    """

    result: StationResult
    known: int | None
    is_guarded: bool | None


def lock_for_intake(submission: Submission, *, by: Any) -> Locked:
    """Lock the result that ``submission`` is for, and keep its contest's phase and pairs (`in_flight.join`).

    Raises ``StationResult.DoesNotExist``.

    The facts are those of the moment the statement began: while it waited for
    the lock, an equal form may have come in. The database then refuses its uuid.
    """
    if submission.contest_id > in_flight.LAST_KEY:
        raise StationResult.DoesNotExist
    for result in _locked(submission.contest_id, submission.station_id, by.pk, submission.uuid):
        return Locked(result, result.known, result.is_guarded)  # type: ignore[attr-defined]
    raise StationResult.DoesNotExist


@partial(prepared, first=in_flight.joining)
def _locked(contest: int, station: int, sender: int, key: UUID) -> QuerySet[StationResult]:
    active = ExpressionWrapper(Q(revoked_at=None), BooleanField())
    mine = Assignment.objects.filter(station=OuterRef("station"), witness=sender).values_list(active)
    # Not joined with the counted form: after waiting for the lock PostgreSQL reads the locked row anew but
    # keeps the joined one, so the second of two first forms saw "none counts yet" and overwrote the first.
    return (
        StationResult.objects.select_for_update(of=("self",))
        .select_related("contest__election", "station")
        .only(*_NEEDED)
        .filter(contest=contest, station=station)
        .annotate(
            known=Subquery(C1Form.objects.filter(uuid=key).values("pk")),
            is_guarded=Subquery(mine.order_by(F("revoked_at").desc(nulls_first=True))[:1]),
        )
    )


def pairs_of(contest_id: int) -> dict[int, int]:
    """Keys of a contest's pairs by their number, in its order."""
    return dict(_pairs(contest_id))


@prepared
def _pairs(contest: int) -> QuerySet[Pair, tuple[int, int]]:
    return Pair.objects.filter(contest=contest).order_by("number").values_list("number", "pk")
