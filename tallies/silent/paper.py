"""Who may type a C1 that arrived on paper, and of which stations.

A coordinator of any station of the region. An operator only of a station of
the own kabupaten where nothing is in: an operator sees no figures, and where a
form counts already a second one would be a rival that only somebody who sees
both should bring. Decision 0021.
"""

from __future__ import annotations

import re
from typing import Any

from django.db.models import QuerySet

from tallies import intake
from tallies.models import C1Form, Channel, Election, Review, StationResult
from tallies.submission import Submission

#: A code as a station shows it: that of the desa, a dot, the number.
_CODE = re.compile(r"([A-Za-z0-9.]{2,32})[.\s]+([0-9]{1,4})")


class AlreadyIn(intake.IntakeRefused):
    """An operator's form for a station that came in meanwhile."""


def results_for(user: Any) -> QuerySet[StationResult]:
    """The stations of which ``user`` may type a paper form, whatever is in."""
    if user.may_decide:
        return StationResult.objects.visible_to(user)
    if user.may_type and user.region:
        return StationResult.objects.within(user.region)
    return StationResult.objects.none()


def open_results_for(user: Any) -> QuerySet[StationResult]:
    """Those of which nothing counts now."""
    return results_for(user).filter(review__in=[Review.NOT_IN, Review.REJECTED])


def forms_of(user: Any) -> QuerySet[C1Form]:
    """What ``user`` typed, at the stations that are still the user's to type."""
    stations = results_for(user).values("station")
    return C1Form.objects.filter(submitted_by=user, channel=Channel.COUNT_ROOM, station__in=stations)


def named(user: Any, election: Election, code: str) -> list[StationResult]:
    """The stations without a form that ``code`` means, one a contest: "35.07.05.2001.014", or with a space."""
    parts = _CODE.fullmatch(code.strip())
    if parts is None:
        return []
    rows = open_results_for(user).filter(contest__election=election)
    rows = rows.filter(station__region__code=parts[1], station__number=int(parts[2]))
    return list(rows.with_place().order_by("contest"))


def submit(submission: Submission, *, by: Any) -> intake.Receipt:
    """Hand a typed form to the intake; ``by`` becomes its first reader.

    Raises ``StationResult.DoesNotExist`` for a station ``by`` may not type of,
    `AlreadyIn` for an operator whose station came in meanwhile (unless with
    this very form), and what `intake.submit` raises.
    """
    result = results_for(by).get(contest=submission.contest_id, station=submission.station_id)
    sent_before = C1Form.objects.filter(uuid=submission.uuid, submitted_by=by).exists()
    if result.is_in and not by.may_decide and not sent_before:
        raise AlreadyIn("paper_already_in")
    return intake.submit(submission, by=by, channel=Channel.COUNT_ROOM)
