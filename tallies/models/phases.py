"""A change of an election's phase: proposed by one person, confirmed by another. Rows are kept."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from tallies.models.elections import Election, Phase

PHASE_REASON_LENGTH = 300


class PhaseOutcome(models.TextChoices):
    CONFIRMED = "disetujui", _("Disetujui")
    WITHDRAWN = "ditarik", _("Ditarik")
    REFUSED = "ditolak", _("Ditolak")


def _person(label: str, **options) -> models.ForeignKey:
    return models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=label, on_delete=models.PROTECT, related_name="+", **options
    )


class PhaseChange(models.Model):
    """``outcome`` is empty while it waits. Of a practice election one person may do both (``is_practice``)."""

    election = models.ForeignKey(
        Election, verbose_name=_("pemilihan"), on_delete=models.CASCADE, related_name="phase_changes"
    )
    is_practice = models.BooleanField(default=False)
    from_phase = models.CharField(_("dari fase"), max_length=12, choices=Phase.choices)
    to_phase = models.CharField(_("ke fase"), max_length=12, choices=Phase.choices)
    reason = models.CharField(_("alasan"), max_length=PHASE_REASON_LENGTH, blank=True)
    proposed_by = _person(_("diusulkan oleh"))
    proposed_at = models.DateTimeField(_("diusulkan pada"), auto_now_add=True)
    outcome = models.CharField(_("hasil"), max_length=12, choices=PhaseOutcome.choices, blank=True, default="")
    decided_by = _person(_("diputuskan oleh"), null=True)
    decided_at = models.DateTimeField(_("diputuskan pada"), null=True)

    class Meta:
        verbose_name = _("perubahan fase")
        verbose_name_plural = pgettext_lazy("daftar", "perubahan fase")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["election"], condition=Q(outcome=""), name="one_open_phase_change_an_election"
            ),
            models.CheckConstraint(condition=~Q(from_phase=F("to_phase")), name="a_phase_change_changes_the_phase"),
            models.CheckConstraint(
                condition=Q(outcome="", decided_by=None, decided_at=None)
                | (~Q(outcome="") & Q(decided_by__isnull=False, decided_at__isnull=False)),
                name="a_decided_phase_change_says_by_whom",
            ),
            models.CheckConstraint(
                condition=~Q(outcome="disetujui") | Q(is_practice=True) | ~Q(decided_by=F("proposed_by")),
                name="a_phase_changes_by_two_persons",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.election} {self.from_phase} → {self.to_phase}"
