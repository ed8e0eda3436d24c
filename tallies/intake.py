"""Take in a C1: the one function that page, API and replay call.

Form, votes, photo names, station result, audit event and outbox row are one
transaction; the drainer is told after it. Sending the same form a hundred
times, or a week later, yields one form and the same answer.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from sista import metrics, rows
from sista.database import writing
from tallies import audit, locking, signalling
from tallies.checks import check, disagreement
from tallies.figures import FULL_FIELDS
from tallies.models import (
    C1Form,
    Channel,
    FormPhoto,
    OutboxRow,
    Outcome,
    Phase,
    PhotoSubject,
    QuarantinedForm,
    ReadingMode,
    ReadingState,
    Review,
    StationResult,
    Vote,
)
from tallies.submission import Submission

ACCEPTING_PHASES = (Phase.OPEN, Phase.RECAP)
#: Decisions that take a form out of its station.
SET_ASIDE = (Outcome.REJECTED, Outcome.MOVED)


class IntakeRefused(Exception):
    """A submission that is not taken; ``code`` names why, the wording is elsewhere."""

    def __init__(self, code: str, **details: Any) -> None:
        super().__init__(code)
        self.code = code
        self.details = details


class KeyReused(IntakeRefused):
    """The uuid already belongs to another form."""


class PhaseClosed(IntakeRefused):
    """The election does not take forms now."""


class UnknownBoxes(IntakeRefused):
    """Figures the election's form has no box for; ``fields`` names them."""


class WrongPairs(IntakeRefused):
    """The votes do not name exactly the pairs of the contest."""


class AssignmentRevoked(IntakeRefused):
    """The sender no longer guards the station; what was sent is kept in quarantine."""


@dataclass(frozen=True)
class Receipt:
    form: C1Form
    created: bool


def submit(submission: Submission, *, by: Any, channel: Channel) -> Receipt:
    """Store ``submission`` and decide whether it counts.

    The caller has checked that ``by`` may write to the station. Raises
    `KeyReused`, `PhaseClosed`, `UnknownBoxes`, `WrongPairs`, and
    ``StationResult.DoesNotExist`` when the contest is not held at the station.
    Contradictions on the paper are recorded, never refused.
    """
    return _submit(submission, by=by, channel=channel, as_witness=False)


def submit_as_witness(submission: Submission, *, by: Any, channel: Channel) -> Receipt:
    """`submit` for a witness: only for stations assigned to ``by`` now.

    Raises ``StationResult.DoesNotExist`` for a station that never was theirs
    (the answer is "not found": it tells nothing), and `AssignmentRevoked`,
    keeping the form in quarantine, for one that no longer is.
    """
    try:
        return _submit(submission, by=by, channel=channel, as_witness=True)
    except AssignmentRevoked as refusal:
        metrics.count_refused(refusal.code)
        quarantine(submission, by=by)
        raise
    except IntakeRefused as refusal:
        metrics.count_refused(refusal.code)
        raise


def _submit(submission: Submission, *, by: Any, channel: Channel, as_witness: bool) -> Receipt:
    try:
        with writing():
            locked = locking.lock_for_intake(submission, by=by)
            result = locked.result
            if as_witness and locked.is_guarded is None:
                raise StationResult.DoesNotExist
            _refuse_unknown_boxes(submission, result)
            if as_witness and not locked.is_guarded:
                raise AssignmentRevoked("assignment_revoked")
            known = _already_stored(submission, by) if locked.known else None
            if known:
                return Receipt(known, created=False)
            form = _store(submission, result, by=by, channel=channel)
            _place(form, submission, result, by=by)
            _finish(result, form, by=by)
            transaction.on_commit(lambda: metrics.count_form(channel))
    except IntegrityError:
        # Two stations, one key, at once: the database let one of them in.
        known = _already_stored(submission, by)
        if known is None:
            raise
        return Receipt(known, created=False)
    return Receipt(form, created=True)


def hand_in_moved(submission: Submission, result: StationResult, *, of: C1Form, by: Any) -> C1Form:
    """Store a copy of ``of`` at the locked ``result`` in its sender's name, and decide whether it counts.

    ``by`` is the person who moved it.
    """
    sender = of.submitted_by
    form = _store(submission, result, by=sender, channel=Channel.MOVE)
    _place(form, submission, result, by=sender)
    content = audit.form_content(form) | {"moved_from": str(of.uuid)}
    audit.record(result, "form moved here", by=by, at=form.received_at, content=content)
    save_and_announce(result)
    return form


def _refuse_unknown_boxes(submission: Submission, result: StationResult) -> None:
    unknown = set(submission.figures.values) - set(result.contest.election.fields)
    if unknown:
        raise UnknownBoxes("unknown_field", fields=sorted(unknown))


def _already_stored(submission: Submission, by: Any) -> C1Form | None:
    known = C1Form.objects.filter(uuid=submission.uuid).values_list("pk", "content_hash", "submitted_by_id").first()
    if known is None:
        return None
    pk, content_hash, submitted_by_id = known
    as_stored = _as_stored(submission, _superseded(submission, before=pk))
    if content_hash != as_stored.content_hash or submitted_by_id != by.pk:
        raise KeyReused("key_reused")
    return C1Form.objects.get(pk=pk)


def _superseded(submission: Submission, *, before: int | None = None) -> C1Form | None:
    """The version of this station that ``submission`` names (stored before the form ``before``), if it is here."""
    if submission.supersedes is None:
        return None
    named = C1Form.objects.filter(
        uuid=submission.supersedes, contest=submission.contest_id, station=submission.station_id
    )
    return (named if before is None else named.filter(pk__lt=before)).first()


def _as_stored(submission: Submission, superseded: C1Form | None) -> Submission:
    """Drop a named version that is not here: a hash over it could not be recomputed from the stored rows."""
    return submission if superseded else replace(submission, supersedes=None)


def _store(submission: Submission, result: StationResult, *, by: Any, channel: Channel) -> C1Form:
    election = result.contest.election
    if election.phase not in ACCEPTING_PHASES:
        raise PhaseClosed("phase_closed", phase=election.phase)
    pairs = locking.pairs_of(result.contest_id)
    figures = submission.figures
    if set(figures.votes) != set(pairs):
        raise WrongPairs(
            "wrong_pairs",
            missing=sorted(set(pairs) - set(figures.votes)),
            unknown=sorted(set(figures.votes) - set(pairs)),
        )
    superseded = _superseded(submission)
    found = check(figures, result.station.facts, election.thresholds)
    form = C1Form(
        uuid=submission.uuid,
        contest_id=result.contest_id,
        station_id=result.station_id,
        supersedes=superseded,
        submitted_by=by,
        channel=channel,
        content_hash=_as_stored(submission, superseded).content_hash,
        filled_at=submission.filled_at,
        received_at=timezone.now(),
        effective_valid=figures.effective_valid,
        checks=[contradiction.code for contradiction in found],
        confirmed=sorted(submission.confirmed),
        objection=submission.objection,
        note=submission.note,
        **{name: figures.values.get(name) for name in FULL_FIELDS},
    )
    rows.insert(form)
    rows.insert(*(Vote(form=form, pair_id=pair, votes=figures.votes[n]) for n, pair in pairs.items()))
    photos = submission.photos
    rows.insert(*(FormPhoto(form=form, sha256=one.sha256, page=one.page, subject=one.subject) for one in photos))
    return form


def _place(form: C1Form, submission: Submission, result: StationResult, *, by: Any) -> None:
    """Decide what the new form is: the counted one, a proposal, or a rival."""
    counted = result.form if result.is_in else None
    locked = result.contest.election.phase == Phase.RECAP
    names_counted = counted is not None and form.supersedes_id == counted.pk and _may_replace(counted, by)
    names_proposal = form.supersedes_id is not None and form.supersedes_id == result.proposed_form_id
    if counted is None and locked and result.review == Review.REJECTED:
        # A locked recap changes by two persons, also where the first form was refused.
        result.proposed_form = form
        return
    is_first = result.form_id is None
    if names_proposal:
        result.proposed_form = None  # its sender put this form in its place
    if counted is None:
        let_count(result, form, has_photo=submission.has_photo)
    elif names_counted or names_proposal:
        if locked or result.review == Review.VERIFIED:
            # The verified figures keep counting until a person has looked.
            result.proposed_form = form
            result.disputed = result.disputed or has_open_rival(result)
            return
        let_count(result, form, has_photo=submission.has_photo)
    elif disagreement(counted.figures, submission.figures):
        result.disputed = True
        return
    elif form.supersedes_id is None:
        return  # an equal form corroborates; it changes nothing
    # What counts has changed, or a rival was taken back: hold it against the others that are still open.
    result.disputed = not is_first and is_disputed(result)


def let_count(result: StationResult, form: C1Form, *, has_photo: bool) -> None:
    """Make ``form`` the one that counts, unverified, and ask for its second reading where there is what to read."""
    result.form, result.review = form, Review.PENDING
    mode = result.contest.election.reading_mode
    asked = mode == ReadingMode.ALL or (mode == ReadingMode.FLAGGED and bool(form.checks))
    result.reading = ReadingState.WAITING if asked and has_photo else ReadingState.NONE


def names_a_page(form: C1Form) -> bool:
    """A photo of the C1 itself hangs on ``form``, arrived or not."""
    return form.photo_names.filter(subject=PhotoSubject.C1).exists()


def _may_replace(counted: C1Form, by: Any) -> bool:
    """Own forms, and any form for those who decide: another witness's stays a rival."""
    return counted.submitted_by_id == by.pk or by.may_decide


def open_forms(result: StationResult) -> list[C1Form]:
    """Forms of the station beside the counted (or rejected) one that nobody settled, replaced, rejected or moved.

    A decision settles while the form it chose stands, which is then open itself if another came to count;
    and a version replaces another while it is not moved away.
    """
    settling = result.decisions.filter(outcome__in=[Outcome.VERIFIED, Outcome.CORRECTED])
    settling = settling.exclude(form__decisions__outcome__in=SET_ASIDE).order_by("settled_through", "pk")
    settled, chosen = settling.values_list("settled_through", "form").last() or (0, None)
    later = C1Form.objects.filter(supersedes=OuterRef("pk")).exclude(decisions__outcome=Outcome.MOVED)
    return list(
        C1Form.objects.filter(~Exists(later), contest=result.contest_id, station=result.station_id)
        .filter(Q(pk__gt=settled) | Q(pk=chosen))
        .exclude(pk__in=[pk for pk in (result.form_id, result.proposed_form_id) if pk])
        .exclude(decisions__outcome__in=SET_ASIDE)
        .prefetch_related("votes__pair")
        .select_related("submitted_by")
    )


def open_rivals(result: StationResult) -> list[C1Form]:
    """Open forms of the station that differ from the counted one."""
    if result.form_id is None:
        return []
    counted = result.form.figures
    return [form for form in open_forms(result) if disagreement(counted, form.figures)]


def has_open_rival(result: StationResult) -> bool:
    return bool(open_rivals(result))


def is_disputed(result: StationResult) -> bool:
    """Something is open beside the counted form: what its reader says, or a rival."""
    return result.reading == ReadingState.COORDINATOR or has_open_rival(result)


def _finish(result: StationResult, form: C1Form, *, by: Any) -> None:
    audit.record(result, "form received", by=by, at=form.received_at, content=audit.form_content(form))
    save_and_announce(result)


def save_and_announce(result: StationResult) -> None:
    """Save a locked result, queue its totals, and tell the drainer after commit."""
    rows.update(result, "form", "proposed_form", "review", "disputed", "reading", "audit_seq", "audit_head")
    rows.insert(
        OutboxRow(
            election_id=result.contest.election_id,
            contest_id=result.contest_id,
            region_id=result.station.region_id,
            station_id=result.station_id,
        )
    )
    signalling.totals_changed_on_commit()


def quarantine(submission: Submission, *, by: Any) -> QuarantinedForm:
    """Keep what a revoked witness sent, for review; it never counts. Idempotent by uuid.

    Raises `KeyReused` when the uuid was used for another form: nothing is dropped in silence.
    """
    with writing():
        kept, created = QuarantinedForm.objects.get_or_create(
            uuid=submission.uuid,
            defaults={
                "contest_id": submission.contest_id,
                "station_id": submission.station_id,
                "submitted_by": by,
                "content": submission.content,
            },
        )
    if not created and (kept.submitted_by_id != by.pk or kept.content != submission.content):
        raise KeyReused("key_reused")
    return kept
