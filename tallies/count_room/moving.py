"""Move a form to the station it belongs to: a copy there, and the original set aside here, both kept.

Both station results are held, in the order of their keys, so that two moves
that cross never wait for one another; both branches of the totals hear of it.
"""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from sista.database import writing
from tallies import in_flight, intake
from tallies.count_room import verification
from tallies.count_room.verification import AlreadyChanged, NotDecidable
from tallies.models import C1Form, Decision, Outcome, Phase, StationResult
from tallies.submission import PhotoName, Submission


def move(form: C1Form, target: StationResult, *, by: Any, seen: int, reason: str) -> Decision:
    """Take ``form`` out of its station and hand it in at ``target``, as its witness's.

    There it counts if nothing does, confirms an equal form, and is a rival of
    another one. The caller has found both places visible to ``by``. Raises
    `AlreadyChanged`, and `NotDecidable`: ``another_contest``, ``same_station``,
    ``was_rejected``, ``was_moved``, ``proposal_waits``, ``recap_locked`` and
    ``phase_closed``.
    """
    with writing():
        source, target = _both(form, target)
        _refuse(form, source, target, seen)
        copy = _copied(form, target, by=by)
        return verification.decide(source, form, Outcome.MOVED, by=by, reason=reason, moved_to=copy)


def _both(form: C1Form, target: StationResult) -> tuple[StationResult, StationResult]:
    in_flight.join(form.contest_id)
    # Without the forms, as in the intake: a joined row may be older than the locked one.
    held = StationResult.objects.select_for_update(of=("self",)).select_related("contest__election", "station")
    source = StationResult.objects.get(contest=form.contest_id, station=form.station_id)
    locked = {result.pk: result for result in held.filter(pk__in=[source.pk, target.pk]).order_by("pk")}
    return locked[source.pk], locked[target.pk]


def _refuse(form: C1Form, source: StationResult, target: StationResult, seen: int) -> None:
    phase = source.contest.election.phase
    if phase == Phase.CLOSED:
        raise NotDecidable("phase_closed", source)
    if phase == Phase.RECAP:
        # One press would change two stations, and there each change takes two persons.
        raise NotDecidable("recap_locked", source)
    if source.audit_seq != seen:
        raise AlreadyChanged("already_changed", source)
    if source.pk == target.pk:
        raise NotDecidable("same_station", source)
    if source.contest_id != target.contest_id:
        raise NotDecidable("another_contest", source)
    verification.refuse_set_aside(form, source)
    if source.form_id == form.pk and source.proposed_form_id:
        raise NotDecidable("proposal_waits", source)


def _copied(form: C1Form, target: StationResult, *, by: Any) -> C1Form:
    """Hand in what ``form`` says for ``target``, under a key nobody could have used before."""
    submission = Submission(
        uuid=uuid4(),
        contest_id=target.contest_id,
        station_id=target.station_id,
        figures=form.figures,
        photos=tuple(PhotoName(one.sha256, one.page, one.subject) for one in form.photo_names.all()),
        confirmed=tuple(form.confirmed),
        objection=form.objection,
        note=form.note,
        filled_at=form.filled_at,
    )
    return intake.hand_in_moved(submission, target, of=form, by=by)
