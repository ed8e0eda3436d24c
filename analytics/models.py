"""Targets (what was expected, by whom, when) and findings (what a rule saw, and what became of it)."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from regions.models import Region
from tallies.models import Contest


class TargetQuerySet(models.QuerySet["Target"]):
    def active(self) -> TargetQuerySet:
        return self.filter(is_active=True)

    def visible_to(self, user) -> TargetQuerySet:
        scope = user.scope
        return self.none() if scope is None else self.filter(contest__region__first__range=(scope.first, scope.last))


class Target(models.Model):
    """An expected win of our pair, as somebody stated it. Dated, several a contest, one active, never deleted."""

    contest = models.ForeignKey(Contest, verbose_name=_("kontes"), on_delete=models.CASCADE, related_name="targets")
    stated_on = models.DateField(_("tanggal pernyataan"))
    stated_by = models.CharField(_("dinyatakan oleh"), max_length=120)
    source = models.CharField(_("sumber"), max_length=300)
    expected_share = models.DecimalField(
        _("bagian suara yang diharapkan"), max_digits=5, decimal_places=4, null=True, blank=True
    )
    is_active = models.BooleanField(_("berlaku"), default=True)

    objects = TargetQuerySet.as_manager()

    class Meta:
        verbose_name = _("target")
        verbose_name_plural = pgettext_lazy("daftar", "target")
        ordering = ["contest", "-stated_on"]
        constraints = [
            models.UniqueConstraint(
                fields=["contest"], condition=Q(is_active=True), name="one_active_target_a_contest"
            ),
            models.CheckConstraint(
                condition=Q(expected_share=None) | Q(expected_share__gte=0, expected_share__lte=1),
                name="expected_share_is_a_fraction",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.contest_id} {self.stated_on}"


class Rule(models.TextChoices):
    OFF_TARGET = "W", _("Lepas dari target")


class Severity(models.IntegerChoices):
    INFO = 1, _("INFO")
    MEDIUM = 2, _("SEDANG")
    HIGH = 3, _("TINGGI")
    CRITICAL = 4, _("KRITIS")


class FindingState(models.TextChoices):
    OPEN = "terbuka", _("Terbuka")
    CLOSED = "tertutup", _("Tertutup")


class FindingQuerySet(models.QuerySet["Finding"]):
    def open(self) -> FindingQuerySet:
        return self.filter(state=FindingState.OPEN)

    def visible_to(self, user) -> FindingQuerySet:
        scope = user.scope
        return self.none() if scope is None else self.filter(region__first__range=(scope.first, scope.last))


class Finding(models.Model):
    """One a (rule, place): a code and numbers; the wording is in the templates."""

    rule = models.CharField(_("aturan"), max_length=2, choices=Rule.choices)
    contest = models.ForeignKey(Contest, verbose_name=_("kontes"), on_delete=models.CASCADE, related_name="findings")
    region = models.ForeignKey(Region, verbose_name=_("wilayah"), on_delete=models.CASCADE, related_name="findings")
    severity = models.PositiveSmallIntegerField(_("tingkat"), choices=Severity.choices)
    state = models.CharField(_("keadaan"), max_length=10, choices=FindingState.choices, default=FindingState.OPEN)
    numbers = models.JSONField(_("angka"), default=dict)
    opened_at = models.DateTimeField(_("dibuka pada"))
    updated_at = models.DateTimeField(_("diperbarui pada"))
    closed_at = models.DateTimeField(_("ditutup pada"), null=True, blank=True)

    objects = FindingQuerySet.as_manager()

    class Meta:
        verbose_name = _("temuan")
        verbose_name_plural = pgettext_lazy("daftar", "temuan")
        ordering = ["-severity", "region__first"]
        constraints = [
            models.UniqueConstraint(fields=["rule", "contest", "region"], name="one_finding_a_rule_and_place"),
            models.CheckConstraint(
                condition=Q(state=FindingState.OPEN, closed_at=None)
                | Q(state=FindingState.CLOSED, closed_at__isnull=False),
                name="a_closed_finding_says_when",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rule} {self.region_id}"


class FindingEvent(models.Model):
    """A change of a finding: opened, numbers moved, closed; by the rule (no actor) or a person."""

    finding = models.ForeignKey(Finding, on_delete=models.CASCADE, related_name="events")
    at = models.DateTimeField(_("pada"))
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("oleh"), null=True, on_delete=models.PROTECT, related_name="+"
    )
    action = models.CharField(_("tindakan"), max_length=20)
    numbers = models.JSONField(_("angka"), default=dict)

    class Meta:
        verbose_name = _("peristiwa temuan")
        verbose_name_plural = pgettext_lazy("daftar", "peristiwa temuan")
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.finding_id} {self.action}"
