"""The phases of an election: what each allows, and how two persons lead it from one to the next.

A phase changes by one step, forward or back. Nothing else writes `Election.phase`
once an election is there.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Count, Exists, OuterRef
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts import recording
from accounts.models import Role
from regions.models import Level, Region
from sista.database import writing
from tallies import in_flight
from tallies.models import (
    PHASE_REASON_LENGTH,
    Contest,
    Election,
    Pair,
    Phase,
    PhaseChange,
    PhaseOutcome,
    PollingStation,
)

ORDER = (Phase.PREPARATION, Phase.OPEN, Phase.RECAP, Phase.CLOSED)
#: What a phase allows, for those who work in it. The intake and the desks ask `Election.phase` themselves.
ALLOWS: dict[str, tuple[Promise, ...]] = {
    Phase.PREPARATION: (
        _("Impor TPS, DPT, paslon, dan saksi"),
        _("Penugasan, surat mandat, dan aktivasi ponsel"),
        _("Laporan C6"),
    ),
    Phase.OPEN: (
        _("Saksi mengirim dan memperbaiki C1"),
        _("Kamar Hitung, verifikasi, dan pemindahan formulir"),
        _("Laporan C6 dan penggantian saksi"),
    ),
    Phase.RECAP: (
        _("D.Hasil kecamatan dan kabupaten"),
        _("C1 yang terlambat tetap diterima"),
        _("Perbaikan C1 perlu orang kedua; formulir tidak lagi dipindahkan"),
    ),
    Phase.CLOSED: (_("Membaca, mengunduh, dan menyusun bukti"), _("Tidak ada angka yang berubah")),
}


class PhaseRefused(ValueError):
    """It does not happen; ``code`` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Unmet:
    """Something an election lacks for the next phase. ``blocks``: it cannot go on without."""

    title: Promise
    number: int
    blocks: bool


def steps_from(phase: str) -> tuple[Phase, ...]:
    """The phases one step back and one step forward."""
    at = ORDER.index(Phase(phase))
    return tuple(ORDER[i] for i in (at - 1, at + 1) if 0 <= i < len(ORDER))


def is_forward(change: PhaseChange) -> bool:
    return ORDER.index(Phase(change.to_phase)) > ORDER.index(Phase(change.from_phase))


def may_change(user: Any, election: Election) -> bool:
    """DPD staff whose provinsi holds every contest of the election, and a superuser."""
    if not user.is_active:
        return False
    if user.is_superuser:
        return True
    scope = user.scope
    if user.role != Role.PROVINCE_STAFF or scope is None:
        return False
    outside = election.contests.exclude(region__first__range=(scope.first, scope.last))
    return election.contests.exists() and not outside.exists()


def unmet(election: Election, to: str) -> list[Unmet]:
    """What the election lacks to go on to ``to``; nothing on the way back."""
    if to != Phase.OPEN:
        return []
    contests = Contest.objects.filter(election=election)
    stations = PollingStation.objects.filter(election=election)
    lacking = contests.annotate(number=Count("pairs")).filter(number__lt=2).count()
    without_ours = contests.filter(~Exists(Pair.objects.filter(contest=OuterRef("pk"), usungan=True))).count()
    found = [
        Unmet(_("Kontes belum ada"), int(not contests.exists()), True),
        Unmet(_("TPS belum ada"), int(not stations.exists()), True),
        Unmet(_("Kontes tanpa dua paslon"), lacking, True),
        Unmet(_("Kontes tanpa usungan"), without_ours, False),
    ]
    return [one for one in found if one.number]


def propose(election: Election, to: str, reason: str, *, by: Any) -> PhaseChange:
    """Propose a step; of a practice election it is done at once.

    ``reason`` is needed to go back. Raises `PhaseRefused`: ``not_yours``,
    ``no_step``, ``unmet``, ``reason_missing``, ``already_proposed``.
    """
    if not may_change(by, election):
        raise PhaseRefused("not_yours")
    reason = " ".join(reason.split())[:PHASE_REASON_LENGTH]
    try:
        with writing():
            locked = _held(election.pk)
            if to not in steps_from(locked.phase):
                raise PhaseRefused("no_step")
            change = PhaseChange(
                election=locked,
                is_practice=locked.practice_of_id is not None,
                from_phase=locked.phase,
                to_phase=to,
                reason=reason,
                proposed_by=by,
            )
            if not reason and not is_forward(change):
                raise PhaseRefused("reason_missing")
            if any(one.blocks for one in unmet(locked, to)):
                raise PhaseRefused("unmet")
            with transaction.atomic():
                change.save()
            _record("phase proposed", change, by)
            if change.is_practice:
                _decide(change, PhaseOutcome.CONFIRMED, by)
    except IntegrityError as error:
        raise PhaseRefused("already_proposed") from error
    return change


def confirm(change: PhaseChange, *, by: Any) -> PhaseChange:
    """Let the phase change.

    Raises `PhaseRefused`: ``not_yours``, ``same_person``, ``decided``, ``moved``, ``unmet``.
    """
    with writing():
        locked = _open(change, by)
        if locked.proposed_by_id == by.pk and not locked.is_practice:
            raise PhaseRefused("same_person")
        if locked.election.phase != locked.from_phase:
            raise PhaseRefused("moved")
        if any(one.blocks for one in unmet(locked.election, locked.to_phase)):
            raise PhaseRefused("unmet")
        _decide(locked, PhaseOutcome.CONFIRMED, by)
    return locked


def turn_down(change: PhaseChange, *, by: Any) -> PhaseChange:
    """End a proposal: whoever made it withdraws it, anybody else refuses it. Raises as `confirm`."""
    with writing():
        locked = _open(change, by)
        own = locked.proposed_by_id == by.pk
        _decide(locked, PhaseOutcome.WITHDRAWN if own else PhaseOutcome.REFUSED, by)
    return locked


def _held(election_id: int) -> Election:
    # ``no_key``: forms refer to it, and need not wait.
    return Election.objects.select_for_update(no_key=True).get(pk=election_id)


def _open(change: PhaseChange, by: Any) -> PhaseChange:
    # The election first, as `propose` does.
    election = _held(change.election_id)
    if not may_change(by, election):
        raise PhaseRefused("not_yours")
    locked = PhaseChange.objects.get(pk=change.pk)
    if locked.outcome:
        raise PhaseRefused("decided")
    locked.election = election
    return locked


def _decide(change: PhaseChange, outcome: PhaseOutcome, by: Any) -> None:
    change.outcome, change.decided_by, change.decided_at = outcome, by, timezone.now()
    change.save(update_fields=["outcome", "decided_by", "decided_at"])
    if outcome == PhaseOutcome.CONFIRMED:
        in_flight.wait_out(Contest.objects.filter(election=change.election_id).values_list("pk", flat=True))
        change.election.phase = change.to_phase
        change.election._history_user = by
        change.election.save(update_fields=["phase"])
    words = {PhaseOutcome.CONFIRMED: "phase changed", PhaseOutcome.WITHDRAWN: "phase withdrawn"}
    _record(words.get(outcome, "phase refused"), change, by)


def _record(action: str, change: PhaseChange, by: Any) -> None:
    recording.record(
        action,
        by=by,
        region=region_of(change.election),
        subject=change.election,
        content={
            "election": change.election.slug,
            "from": str(change.from_phase),
            "to": str(change.to_phase),
            "reason": change.reason,
            "proposed_by": change.proposed_by_id,
        },
    )


def region_of(election: Election) -> Region | None:
    """The smallest region that holds every contest; the nation's for one without any."""
    regions: Iterable[Region] = [one.region for one in election.contests.select_related("region")]
    firsts = [region.first for region in regions]
    if not firsts:
        return Region.objects.filter(level=Level.NATION).first()
    lasts = [region.last for region in regions]
    return Region.objects.filter(first__lte=min(firsts), last__gte=max(lasts)).order_by("-level").first()
