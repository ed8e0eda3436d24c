"""Polling stations, and who is assigned to them."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from simple_history.models import HistoricalRecords

from regions.models import Region
from tallies.figures import StationFacts
from tallies.models.elections import Election

_WITHOUT_DPT = Q(registered_male=None) | Q(registered_female=None)


class PollingStationQuerySet(models.QuerySet["PollingStation"]):
    def within(self, region: Region) -> PollingStationQuerySet:
        return self.filter(region__first__range=(region.first, region.last))

    def assigned_to(self, user) -> PollingStationQuerySet:
        """Keep the stations ``user`` is a witness at now."""
        return self.filter(Exists(Assignment.objects.active().filter(station=OuterRef("pk"), witness=user)))

    def unguarded(self) -> PollingStationQuerySet:
        """Keep the stations that no witness is assigned to now."""
        return self.filter(~Exists(Assignment.objects.active().filter(station=OuterRef("pk"))))

    def without_dpt(self) -> PollingStationQuerySet:
        return self.filter(_WITHOUT_DPT)

    def visible_to(self, user) -> PollingStationQuerySet:
        scope = user.scope
        return self.assigned_to(user) if scope is None else self.within(scope)


class PollingStation(models.Model):
    """A TPS of one election. Unknown DPT is NULL, never zero."""

    election = models.ForeignKey(
        Election, verbose_name=_("pemilihan"), on_delete=models.CASCADE, related_name="stations"
    )
    region = models.ForeignKey(
        Region, verbose_name=_("desa/kelurahan"), on_delete=models.PROTECT, related_name="stations"
    )
    number = models.PositiveIntegerField(_("nomor TPS"))
    registered_male = models.PositiveIntegerField(_("DPT laki-laki"), null=True, blank=True)
    registered_female = models.PositiveIntegerField(_("DPT perempuan"), null=True, blank=True)

    objects = PollingStationQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("TPS")
        verbose_name_plural = pgettext_lazy("daftar", "TPS")
        ordering = ["region__first", "number"]
        constraints = [
            models.UniqueConstraint(fields=["election", "region", "number"], name="one_station_a_number_and_desa"),
        ]
        # Whom a scope shows is read from these two indexes alone: regions, their stations, who guards those.
        indexes = [
            models.Index(fields=["region", "id"], name="stations_of_a_region"),
            models.Index(fields=["region"], name="stations_without_dpt", condition=_WITHOUT_DPT),
        ]

    def __str__(self) -> str:
        """Which one it is, in a list of many: every desa has a TPS 001, and desa share names."""
        return f"{self.title}, {self.region.name} ({self.region.code})"

    @property
    def title(self) -> str:
        return f"TPS {self.number:03d}"

    @property
    def code(self) -> str:
        return f"{self.region.code}.{self.number:03d}"

    @property
    def registered_voters(self) -> int | None:
        """DPT, L + P; unknown as soon as one of them is."""
        if self.registered_male is None or self.registered_female is None:
            return None
        return self.registered_male + self.registered_female

    @property
    def facts(self) -> StationFacts:
        return StationFacts(registered_voters=self.registered_voters)


class AssignmentQuerySet(models.QuerySet["Assignment"]):
    def active(self) -> AssignmentQuerySet:
        return self.filter(revoked_at=None)

    def visible_to(self, user) -> AssignmentQuerySet:
        scope = user.scope
        if scope is None:
            return self.filter(witness=user)
        return self.filter(station__region__first__range=(scope.first, scope.last))


class Assignment(models.Model):
    """A witness guards a station, until revoked. Rows are kept: who was there is evidence."""

    station = models.ForeignKey(
        PollingStation, verbose_name=_("TPS"), on_delete=models.CASCADE, related_name="assignments"
    )
    witness = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("saksi"), on_delete=models.PROTECT, related_name="assignments"
    )
    assigned_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("ditugaskan oleh"),
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    assigned_at = models.DateTimeField(_("ditugaskan pada"), auto_now_add=True)
    revoked_at = models.DateTimeField(_("dicabut pada"), null=True, blank=True)
    revoked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("dicabut oleh"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )

    objects = AssignmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("penugasan")
        verbose_name_plural = pgettext_lazy("daftar", "penugasan")
        constraints = [
            models.UniqueConstraint(
                fields=["station", "witness"],
                condition=Q(revoked_at=None),
                name="one_active_assignment_a_witness_and_station",
            )
        ]
        indexes = [models.Index(fields=["station", "witness"], name="witnesses_of_a_station")]

    def __str__(self) -> str:
        return f"{self.station} – {self.witness}"
