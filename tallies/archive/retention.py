"""The end of keeping personal data: proposed by one person, confirmed by another, done a few people at a time.

Forms, votes, photos, hashes and chains name people by key alone, so that what is erased here changes none of them.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.conf import settings
from django.db import IntegrityError
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from accounts import recording
from accounts.models import PHONE_ROLES, Role, User
from regions.models import Region
from sista.database import writing
from tallies.archive.erasing import erase
from tallies.importing import receiving
from tallies.models import (
    Assignment,
    C1Form,
    Contest,
    Election,
    ErasedPerson,
    MasterImport,
    MasterKind,
    Phase,
    RecapForm,
    Reserve,
    Retention,
)

#: People erased in one transaction.
BATCH = 200


class RetentionRefused(Exception):
    """``code``: too_early, days, reason, own, moved, known."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def closed_since(election: Election) -> dt.datetime | None:
    """When ``election`` was closed for good, as its history has it; None while it is not.

    Closed without a history (by a program), it counts from its last known change or its day, whichever is later.
    """
    if election.phase != Phase.CLOSED:
        return None
    day = dt.datetime.combine(election.date, dt.time(), tzinfo=timezone.get_current_timezone())
    since = None
    for phase, at in election.history.order_by("-history_date", "-history_id").values_list("phase", "history_date"):
        if phase != Phase.CLOSED:
            since = since or at
            break
        since = at
    return max(day, since) if since else day


def is_over(election: Election, days: int) -> bool:
    """Closed for ``days`` days and more."""
    since = closed_since(election)
    return since is not None and since <= timezone.now() - dt.timedelta(days=days)


def candidates(election: Election, days: int) -> QuerySet[User]:
    """The people of ``election`` whose names and numbers may go.

    Witnesses, reserves and saksi PPK of it who were in no other election that is open, or closed for less than
    ``days``. Nobody with another role, no staff, nobody erased before.
    """
    if not is_over(election, days):
        return User.objects.none()
    others = _not_over(election, days)
    rows = User.objects.filter(role__in=PHONE_ROLES, is_staff=False, is_superuser=False)
    rows = rows.filter(~Exists(ErasedPerson.objects.filter(person=OuterRef("pk"))))
    return rows.filter(_was_in([election.pk])).exclude(_was_in(others)).exclude(_recaps_in(others))


def _not_over(election: Election, days: int) -> list[int]:
    """The other elections that keep their people. A practice that nobody removed is as long over as what it is of."""
    rows = Election.objects.exclude(pk=election.pk).exclude(practice_of=election).select_related("practice_of")
    return [one.pk for one in rows if not is_over(one.practice_of or one, days)]


def _was_in(elections: list[int]) -> Q:
    return (
        Q(Exists(Assignment.objects.filter(witness=OuterRef("pk"), station__election__in=elections)))
        | Q(Exists(Reserve.objects.filter(person=OuterRef("pk"), election__in=elections)))
        | Q(Exists(RecapForm.objects.filter(submitted_by=OuterRef("pk"), contest__election__in=elections)))
        | Q(Exists(C1Form.objects.filter(submitted_by=OuterRef("pk"), contest__election__in=elections)))
    )


def _recaps_in(elections: list[int]) -> Q:
    """A saksi PPK of a kecamatan that votes in one of ``elections``: no row says so before the D.Hasil is in."""
    over = Contest.objects.filter(
        election__in=elections,
        region__first__lte=OuterRef("region__first"),
        region__last__gte=OuterRef("region__first"),
    )
    return Q(role=Role.DISTRICT_WITNESS) & Q(Exists(over))


def may_handle(user: Any, election: Election) -> bool:
    """True for who decides over the whole election: DPD of a provinsi that holds all of it, and a superuser."""
    if not user.may_decide or (user.role == Role.COORDINATOR and not user.is_superuser):
        return False
    scope = user.scope
    regions = [contest.region for contest in election.contests.select_related("region")]  # type: ignore[attr-defined]
    return scope is not None and bool(regions) and all(scope.contains(one) for one in regions)


def region_of(election: Election) -> Region | None:
    """Where it is recorded: at the smallest region that holds all of its contests."""
    regions = [contest.region for contest in election.contests.select_related("region")]  # type: ignore[attr-defined]
    if not regions:
        return None
    first, last = min(one.first for one in regions), max(one.last for one in regions)
    return Region.objects.filter(first__lte=first, last__gte=last).order_by("-level").first()


def propose(election: Election, *, days: int, reason: str, by: Any) -> Retention:
    """Write down a proposal; nothing goes yet. Raises `RetentionRefused`."""
    if days < settings.RETENTION_MIN_DAYS:
        raise RetentionRefused("days")
    if not reason.strip():
        raise RetentionRefused("reason")
    if not is_over(election, days):
        raise RetentionRefused("too_early")
    try:
        with writing():
            made = Retention.objects.create(
                election=election,
                days=days,
                reason=reason.strip(),
                previewed=candidates(election, days).count(),
                proposed_by=by,
                proposed_at=timezone.now(),
            )
            content = {"days": days, "reason": made.reason, "people": made.previewed}
            recording.record("erasure proposed", by=by, region=region_of(election), subject=made, content=content)
            return made
    except IntegrityError as error:
        raise RetentionRefused("known") from error


def confirm(retention: Retention, *, by: Any) -> Retention:
    """Let it happen, as another person than who proposed it. Raises `RetentionRefused`."""
    with writing():
        current = _open(retention)
        if current.proposed_by_id == by.pk:
            raise RetentionRefused("own")
        if not is_over(current.election, current.days):
            raise RetentionRefused("too_early")  # opened again since
        current.confirmed_by, current.confirmed_at = by, timezone.now()
        current.save(update_fields=["confirmed_by", "confirmed_at"])
        recording.record("erasure confirmed", by=by, region=region_of(current.election), subject=current)
    return current


def withdraw(retention: Retention, *, by: Any) -> Retention:
    """Take back a proposal that nobody confirmed. Raises `RetentionRefused`."""
    with writing():
        current = _open(retention)
        current.withdrawn_by, current.withdrawn_at = by, timezone.now()
        current.save(update_fields=["withdrawn_by", "withdrawn_at"])
        recording.record("erasure withdrawn", by=by, region=region_of(current.election), subject=current)
    return current


def _open(retention: Retention) -> Retention:
    current = Retention.objects.select_for_update().get(pk=retention.pk)
    if not current.is_open:
        raise RetentionRefused("moved")
    return current


def erase_confirmed() -> int:
    """Do what was confirmed, a batch a transaction, so that it goes on where it ended; return how many people."""
    done = 0
    for pk in Retention.objects.filter(confirmed_at__isnull=False, done_at=None).values_list("pk", flat=True):
        while number := _erase_batch(pk):
            done += number
    return done


def _erase_batch(pk: int) -> int:
    """Erase some people; 0 when none is left, and then it is done."""
    with writing():
        # Held first: a second worker waits here, and then sees whom the first one took.
        retention = Retention.objects.select_for_update().get(pk=pk)
        if retention.done_at is not None:
            return 0
        chosen = list(
            candidates(retention.election, retention.days).order_by("pk").values_list("pk", flat=True)[:BATCH]
        )
        # And these are asked again once they are held: somebody may have been assigned meanwhile.
        held = list(User.objects.select_for_update().filter(pk__in=chosen).order_by("pk"))
        still = set(candidates(retention.election, retention.days).filter(pk__in=chosen).values_list("pk", flat=True))
        people = [one for one in held if one.pk in still]
        region = region_of(retention.election)
        by = retention.confirmed_by
        if not chosen:
            _erase_imports(retention.election)
            retention.done_at = timezone.now()
            retention.save(update_fields=["done_at"])
            content = {"people": retention.erased.count()}  # type: ignore[attr-defined]
            recording.record("erasure done", by=by, region=region, subject=retention, content=content)
            return 0
        now = timezone.now()
        ErasedPerson.objects.bulk_create(ErasedPerson(retention=retention, person=one, at=now) for one in people)
        erase(people, by=by)
        recording.record("people erased", by=by, region=region, subject=retention, content={"people": len(people)})
        return len(chosen)


def _erase_imports(election: Election) -> None:
    """What files of witnesses left behind: names and numbers in reports, and a file whose import did not end."""
    kept = MasterImport.objects.filter(Q(election=election) | Q(election__practice_of=election))
    for one in kept.filter(kind=MasterKind.WITNESSES):
        receiving.store().delete(one.stored_name)
        MasterImport.objects.filter(pk=one.pk).update(report={}, labels=[])
