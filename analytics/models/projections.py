"""The end of a contest, as it looked at a moment; kept, so that it can be drawn and asked about."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from regions.models import Region
from tallies.models import Contest


class ProjectionQuerySet(models.QuerySet["ProjectionRun"]):
    def visible_to(self, user) -> ProjectionQuerySet:
        scope = user.scope
        return self.none() if scope is None else self.filter(region__first__range=(scope.first, scope.last))

    def newest(self) -> ProjectionQuerySet:
        return self.order_by("-at", "-id")


class ProjectionRun(models.Model):
    """One run for a contest, or for a part of it (``region``). Never changed.

    ``refusal``: why there is no answer (`analytics.projecting.projection.Refusal`), empty where there is one.
    ``pairs``: a list of {"pair": number, "share", "low", "high", "counted", "chance_behind"}, fractions of the
    valid votes, in ballot order. ``seen``: part of the DPT that is in, ``reached``: part in kecamatan with a report.
    ``counted_at``: when the totals it read were counted.
    """

    contest = models.ForeignKey(Contest, on_delete=models.CASCADE, related_name="projections", db_index=False)
    region = models.ForeignKey(Region, on_delete=models.CASCADE, related_name="+", db_index=False)
    at = models.DateTimeField(_("pada"))
    counted_at = models.DateTimeField(_("dihitung pada"), default=timezone.now)
    stations = models.PositiveIntegerField()
    stations_in = models.PositiveIntegerField()
    seen = models.FloatField()
    reached = models.FloatField()
    refusal = models.CharField(max_length=20, blank=True)
    pairs = models.JSONField(default=list)
    turnout = models.FloatField(null=True)
    used_expectation = models.ForeignKey(
        "analytics.Expectation", null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )

    objects = ProjectionQuerySet.as_manager()

    class Meta:
        verbose_name = _("proyeksi")
        verbose_name_plural = pgettext_lazy("daftar", "proyeksi")
        ordering = ["contest", "region", "at", "id"]
        indexes = [models.Index(fields=["contest", "region", "-at"], name="projections_of_a_place")]

    def __str__(self) -> str:
        return f"{self.contest_id} {self.at:%Y-%m-%d %H:%M}"

    def of_pair(self, number: int) -> dict | None:
        """Return the entry of the pair with this number; ``None`` where the run refused."""
        return next((one for one in self.pairs if one["pair"] == number), None)
