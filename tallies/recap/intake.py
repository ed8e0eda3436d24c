"""Take in a D.Hasil: version, columns, photos, which one counts, and the event, in one transaction.

Sending the same one a hundred times, or a week later, yields one version and
the same answer. Contradictions on the paper are recorded, never refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError
from django.utils import timezone

from sista import rows
from tallies import locking
from tallies.intake import ACCEPTING_PHASES, IntakeRefused, KeyReused, PhaseClosed, UnknownBoxes, WrongPairs
from tallies.models import (
    Channel,
    PhotoUpload,
    RecapColumn,
    RecapForm,
    RecapPhoto,
    RecapResult,
    RecapVote,
    Review,
)
from tallies.recap import auditing
from tallies.recap.checks import check
from tallies.recap.counting import is_disputed, let_count, locked_result
from tallies.recap.places import RecapPlace, whole
from tallies.recap.submission import RecapPage, RecapSubmission
from tallies.recap_figures import RECAP_FIELDS


class UnknownVersion(IntakeRefused):
    """``supersedes`` names no version of this recap."""


class UnknownPhoto(IntakeRefused):
    """A photo that neither the sender brought nor an earlier version names."""


@dataclass(frozen=True)
class RecapReceipt:
    form: RecapForm
    created: bool


def submit(submission: RecapSubmission, *, by: Any, channel: Channel = Channel.PAGE) -> RecapReceipt:
    """Store ``submission`` and decide whether it counts.

    The caller has found the place for ``by``, who may enter it. Raises
    `KeyReused`, `PhaseClosed`, `WrongPairs`, `UnknownBoxes` (a column too many
    or missing, a row the paper has not), `UnknownVersion` and `UnknownPhoto`.
    """
    try:
        with locked_result(submission.contest_id, submission.region_id) as result:
            known = _already_stored(submission, by)
            if known:
                return RecapReceipt(known, created=False)
            if result.contest.election.phase not in ACCEPTING_PHASES:
                raise PhaseClosed("recap_closed", phase=result.contest.election.phase)
            form = store(submission, whole(result.contest, result.region), by=by, channel=channel)
            _place(form, result, by=by)
            content = {"recap": auditing.form_content(form)}
            auditing.record(result, "recap received", by=by, at=form.received_at, content=content)
    except IntegrityError:
        # Two regions, one key, at once: the database let one of them in.
        known = _already_stored(submission, by)
        if known is None:
            raise
        return RecapReceipt(known, created=False)
    return RecapReceipt(form, created=True)


def _already_stored(submission: RecapSubmission, by: Any) -> RecapForm | None:
    known = RecapForm.objects.filter(uuid=submission.uuid).first()
    if known and (known.content_hash != submission.content_hash or known.submitted_by_id != by.pk):
        raise KeyReused("key_reused")
    return known


def store(submission: RecapSubmission, place: RecapPlace, *, by: Any, channel: Channel) -> RecapForm:
    """Store a version under the lock of its result; whether it counts is the caller's."""
    pairs = locking.pairs_of(submission.contest_id)
    columns = submission.columns
    if set(columns) != {one.pk for one in place.columns}:
        raise UnknownBoxes("recap_columns")
    for figures in columns.values():
        if set(figures.votes) != set(pairs):
            raise WrongPairs("wrong_pairs", missing=[], unknown=[])
        if set(figures.values) - set(RECAP_FIELDS):
            raise UnknownBoxes("unknown_field")
    # In the order of the paper, whatever order they were sent in.
    columns = {region.pk: columns[region.pk] for region in place.columns}
    superseded = None
    if submission.supersedes:
        versions = RecapForm.objects.filter(contest=submission.contest_id, region=submission.region_id)
        superseded = versions.filter(uuid=submission.supersedes).first()
        if superseded is None:
            raise UnknownVersion("bad_supersedes")
    found = check(columns, place.region.pk, place.contest.election.turnout_limit)
    form = RecapForm.objects.create(
        uuid=submission.uuid,
        contest_id=submission.contest_id,
        region_id=submission.region_id,
        supersedes=superseded,
        submitted_by=by,
        channel=channel,
        content_hash=submission.content_hash,
        dated_on=submission.dated_on,
        received_at=timezone.now(),
        checks=[one.entry for one in found],
        confirmed=sorted(submission.confirmed),
        note=submission.note,
    )
    stored = [
        RecapColumn(form=form, region_id=region, **{name: figures.values.get(name) for name in RECAP_FIELDS})
        for region, figures in columns.items()
    ]
    rows.insert(*stored)
    rows.insert(
        *(
            RecapVote(column=column, pair_id=pair, votes=columns[column.region_id].votes[number])
            for column in stored
            for number, pair in pairs.items()
        )
    )
    rows.insert(*_named(form, submission.photos, by))
    return form


def _named(form: RecapForm, photos: tuple[RecapPage, ...], by: Any) -> list[RecapPhoto]:
    hashes = [one.sha256 for one in photos]
    earlier = RecapPhoto.objects.filter(form__contest=form.contest_id, form__region=form.region_id, sha256__in=hashes)
    whose = dict(earlier.order_by("-pk").values_list("sha256", "brought_by"))
    brought = PhotoUpload.objects.filter(uploaded_by=by, photo__in=hashes)
    whose |= dict.fromkeys(brought.values_list("photo_id", flat=True), by.pk)
    if set(hashes) - set(whose):
        raise UnknownPhoto("bad_photo_name")
    return [
        RecapPhoto(form=form, sha256=one.sha256, page=one.page, brought_by_id=whose[one.sha256]) for one in photos
    ]


def _place(form: RecapForm, result: RecapResult, *, by: Any) -> None:
    """Decide what the new version is: the counted one, or one beside it."""
    counted = result.form if result.is_in else None
    if counted is None or (
        form.supersedes_id == counted.pk
        and result.review != Review.VERIFIED
        and (counted.submitted_by_id == by.pk or by.may_decide)
    ):
        let_count(result, form)
    # Else it stands beside: a rival, or a correction of a verified one, which counts until somebody has looked.
    result.disputed = is_disputed(result)
