"""When the KPU announced a result: from then on three working days are left to petition the Constitutional Court."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from simple_history.models import HistoricalRecords

from tallies.models import Contest


class ContestOutcomeQuerySet(models.QuerySet["ContestOutcome"]):
    def visible_to(self, user) -> ContestOutcomeQuerySet:
        scope = user.scope
        return self.none() if scope is None else self.filter(contest__region__first__range=(scope.first, scope.last))


class ContestOutcome(models.Model):
    """The announcement (*penetapan*) of a contest's result, as somebody entered it. No row: not announced yet."""

    contest = models.OneToOneField(
        Contest, verbose_name=_("kontes"), on_delete=models.CASCADE, related_name="outcome"
    )
    announced_on = models.DateField(_("tanggal penetapan KPU"))
    source = models.CharField(_("sumber"), max_length=300, help_text=_("Nomor keputusan KPU, atau dari mana."))

    objects = ContestOutcomeQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("penetapan hasil")
        verbose_name_plural = pgettext_lazy("daftar", "penetapan hasil")
        ordering = ["contest"]

    def __str__(self) -> str:
        return f"{self.contest_id} {self.announced_on}"
