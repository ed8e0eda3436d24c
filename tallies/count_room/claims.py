"""Hand out the next form to read: to one reader at a time, and back to the others when it is left lying.

A claim is written while the station result's row is locked, and rows that
others hold are skipped: twenty readers who ask at once wait for nobody and
get twenty forms. What may be read is what `to_read` says, and nothing else.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db import IntegrityError
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from accounts.models import Role
from sista.database import writing
from tallies.intake import ACCEPTING_PHASES
from tallies.models import (
    OPEN_READINGS,
    Contest,
    Election,
    FormPhoto,
    Photo,
    PhotoState,
    PhotoSubject,
    PhotoUpload,
    PollingStation,
    ReadingClaim,
    Review,
    StationResult,
)

#: So many of the oldest are looked at together.
AHEAD = 50
#: A queue is counted up to here: longer is long.
COUNTED = 999
#: The count a reader sees beside a photo may be so old.
COUNTED_SECONDS = 10


def may_read(user: Any) -> bool:
    """Operators only: whoever sees the figures of a region cannot read blind in it."""
    return user.is_current and user.role == Role.OPERATOR and not user.is_superuser and user.region_id is not None


def elections_for(user: Any) -> QuerySet[Election]:
    """Elections that take forms now and have a contest in the reader's region."""
    if not may_read(user):
        return Election.objects.none()
    return Election.objects.touching(user.region).filter(phase__in=ACCEPTING_PHASES)


def to_read(user: Any, election: Election) -> QuerySet[StationResult]:
    """Station results whose counted form ``user`` may read second, claimed or not, its photo here or not.

    Unverified, undisputed, of the reader's region, and filled in by somebody else.
    """
    if not may_read(user):
        return StationResult.objects.none()
    inside, above = _contests(user, election)
    # Inside the region the contest says it all, and the index of those to read is walked in its order.
    here = Q(contest__in=inside)
    if above:
        stations = PollingStation.objects.filter(region__first__range=(user.region.first, user.region.last))
        here |= Q(contest__in=above, station__in=stations.order_by().values("pk"))
    return StationResult.objects.filter(
        here, reading__in=OPEN_READINGS, review=Review.PENDING, disputed=False, proposed_form=None
    ).exclude(form__submitted_by=user.pk)


def _contests(user: Any, election: Election) -> tuple[list[int], list[int]]:
    """Keys of the contests that lie in the reader's region, and of those that reach beyond it."""
    inside, above = [], []
    for contest in Contest.objects.touching(user.region).filter(election=election).select_related("region"):
        is_inside = user.region.first <= contest.region.first and contest.region.last <= user.region.last
        (inside if is_inside else above).append(contest.pk)
    return inside, above


def _arrived_pages() -> QuerySet[FormPhoto]:
    """Pages of C1s that their own sender brought and that can be shown."""
    brought = PhotoUpload.objects.filter(
        photo=OuterRef("sha256"), uploaded_by=OuterRef("form__submitted_by"), photo__state=PhotoState.READY
    )
    return FormPhoto.objects.filter(Exists(brought), subject=PhotoSubject.C1)


def pages_of(claim: ReadingClaim) -> QuerySet[FormPhoto]:
    """The photos a reader looks at, in the order of the pages."""
    return _arrived_pages().filter(form=claim.form_id).order_by("page", "id")


def unclaimed(user: Any, election: Election) -> QuerySet[StationResult]:
    """Of `to_read`, what nobody holds now. A claim on an older version holds nothing."""
    held = ReadingClaim.objects.filter(result=OuterRef("pk"), form=OuterRef("form"), expires_at__gt=timezone.now())
    return to_read(user, election).exclude(Exists(held))


def waiting(user: Any, election: Election) -> int:
    """How many forms wait for a reader; `COUNTED` + 1 stands for more."""
    return unclaimed(user, election)[: COUNTED + 1].count()


def may_take(user: Any, election: Election) -> bool:
    """Whether `take` would find something; forms whose photos are still on their way wait for those first."""
    after = 0
    while ahead := _oldest(user, election, after):
        if _with_photo(ahead):
            return True
        after = ahead[-1]
    return False


def waiting_lately(user: Any, election: Election) -> int:
    """`waiting` as somebody of the region counted it a moment ago: to count a long queue costs more than its page."""
    key = f"reading-queue-{election.pk}-{user.region_id}"
    return cache.get_or_set(key, lambda: waiting(user, election), COUNTED_SECONDS)


def take(user: Any, election: Election) -> ReadingClaim | None:
    """The claim ``user`` holds in ``election``, with its time begun anew, or a new one; None when nothing waits.

    A claim that can no longer be read (verified, corrected or moved meanwhile,
    or of another election) is given up first.
    """
    held = current(user, election)
    if held is not None:
        return held
    after = 0
    while ahead := _oldest(user, election, after):
        try:
            claim = _take_one(user, election, _with_photo(ahead))
        except IntegrityError:
            # The same person asked twice at once: the other request has the claim.
            return current(user, election)
        if claim is not None:
            return claim
        after = ahead[-1]
    return None


def _oldest(user: Any, election: Election, after: int) -> list[int]:
    """The next of the forms that nobody holds, by their age, beyond ``after``, with a page of the C1 that is here.

    Who brought the page is asked of these few alone: asked here, it led PostgreSQL to all that a person had brought.
    """
    here = Photo.objects.filter(pk=OuterRef("sha256"), state=PhotoState.READY)
    pages = FormPhoto.objects.filter(Exists(here), form=OuterRef("form"), subject=PhotoSubject.C1)
    oldest = unclaimed(user, election).filter(Exists(pages), form__gt=after).order_by("form_id")
    return list(oldest.values_list("form_id", flat=True)[:AHEAD])


def _take_one(user: Any, election: Election, forms: list[int]) -> ReadingClaim | None:
    """Claim the oldest of ``forms`` that nobody holds or is just taking."""
    while forms:
        with writing():
            free = unclaimed(user, election).filter(form__in=forms).order_by("form_id")
            result = free.select_for_update(of=("self",), skip_locked=True).first()
            if result is None:
                return None
            claim = _claim(result, user)
        if claim is not None:
            return claim
        forms = [form for form in forms if form > result.form_id]
    return None


def _with_photo(forms: list[int]) -> list[int]:
    """Those of ``forms`` of which a page of the C1, brought by the sender, can be shown."""
    named = list(
        FormPhoto.objects.filter(form__in=forms, subject=PhotoSubject.C1)
        .order_by()
        .values_list("form", "sha256", "form__submitted_by")
    )
    brought = set(
        PhotoUpload.objects.filter(photo__in={sha256 for _form, sha256, _by in named}, photo__state=PhotoState.READY)
        .order_by()
        .values_list("photo", "uploaded_by")
    )
    ready = {form for form, sha256, by in named if (sha256, by) in brought}
    return [form for form in forms if form in ready]


def current(user: Any, election: Election) -> ReadingClaim | None:
    """What ``user`` holds, for the full time from now; None, and given up, when it cannot be read any more."""
    claim = ReadingClaim.objects.filter(reader=user.pk).first()
    if claim is None:
        return None
    with writing():
        readable = to_read(user, election).filter(pk=claim.result_id, form=claim.form_id).exists()
        # Moves on only what is still this person's: meanwhile it may have expired and be another's.
        mine = ReadingClaim.objects.filter(pk=claim.pk, reader=user.pk)
        if readable:
            claim.expires_at = end_of_a_claim()
            return claim if mine.update(expires_at=claim.expires_at) else None
        mine.delete()
    return None


def holding(user: Any, form_id: int) -> ReadingClaim | None:
    """What ``user`` holds of ``form_id`` while its time runs and it can be read; changes nothing.

    This is the right to see the photos: it ends with the claim.
    """
    if not may_read(user):
        return None
    running = ReadingClaim.objects.filter(reader=user.pk, form=form_id, expires_at__gt=timezone.now())
    claim = running.select_related("result__contest__election").first()
    if claim is None or claim.result.contest.election.phase not in ACCEPTING_PHASES:
        return None
    readable = to_read(user, claim.result.contest.election).filter(pk=claim.result_id, form=form_id)
    return claim if readable.exists() else None


def renew(user: Any, election: Election, form_id: int) -> ReadingClaim | None:
    """The claim on ``form_id`` with its time begun anew; None when it is not (or no longer) this person's.

    Unlike `current` it leaves a claim on another form alone: an old page must not give up what a new one shows.
    """
    if not ReadingClaim.objects.filter(reader=user.pk, form=form_id).exists():
        return None
    return current(user, election)


def release(user: Any) -> None:
    """Give back what ``user`` holds; the next reader gets it."""
    with writing():
        ReadingClaim.objects.filter(reader=user.pk).delete()


def _claim(result: StationResult, user: Any) -> ReadingClaim | None:
    """Claim the locked ``result``; None when somebody did after the statement that found it began."""
    earlier = ReadingClaim.objects.filter(result=result.pk).first()
    if earlier is not None and earlier.form_id == result.form_id and earlier.expires_at > timezone.now():
        return None
    if earlier is not None:
        earlier.delete()
    return ReadingClaim.objects.create(
        result_id=result.pk,
        form_id=result.form_id,
        reader_id=user.pk,
        claimed_at=timezone.now(),
        expires_at=end_of_a_claim(),
    )


def end_of_a_claim() -> dt.datetime:
    """When a claim made now returns to the others."""
    return timezone.now() + dt.timedelta(seconds=settings.READING_SECONDS)
