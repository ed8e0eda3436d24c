"""What each place is expected to give: imported, or made from an earlier election."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from regions.models import Region
from tallies.models import Contest, Election, Pair, PollingStation


class ExpectationMethod(models.TextChoices):
    IMPORTED = "impor", _("Diimpor")
    EARLIER = "pemilihan_lalu", _("Dari pemilihan lalu")


class ExpectationQuerySet(models.QuerySet["Expectation"]):
    def active(self) -> ExpectationQuerySet:
        return self.filter(is_active=True)

    def visible_to(self, user) -> ExpectationQuerySet:
        scope = user.scope
        return self.none() if scope is None else self.filter(contest__region__first__range=(scope.first, scope.last))


class Expectation(models.Model):
    """A set of expected shares for one contest. Dated, several a contest, one active, never deleted.

    ``margin_spread``: standard deviation of our margin over the whole contest, a fraction of the valid
    votes, where the maker states one. ``fit``: what `analytics.expecting` measured, empty where it was imported.
    """

    contest = models.ForeignKey(
        Contest, verbose_name=_("kontes"), on_delete=models.CASCADE, related_name="expectations"
    )
    method = models.CharField(_("cara"), max_length=14, choices=ExpectationMethod.choices)
    source = models.CharField(_("sumber"), max_length=300)
    stated_on = models.DateField(_("tanggal pernyataan"))
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("dibuat oleh"), null=True, on_delete=models.PROTECT, related_name="+"
    )
    made_at = models.DateTimeField(_("dibuat pada"), auto_now_add=True)
    earlier = models.ForeignKey(
        Election,
        verbose_name=_("pemilihan lalu"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    fit = models.JSONField(_("hasil pencocokan"), default=dict)
    is_active = models.BooleanField(_("berlaku"), default=True)

    objects = ExpectationQuerySet.as_manager()

    class Meta:
        verbose_name = _("harapan")
        verbose_name_plural = pgettext_lazy("daftar", "harapan")
        ordering = ["contest", "-stated_on", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["contest"], condition=Q(is_active=True), name="one_active_expectation_a_contest"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.contest_id} {self.stated_on} {self.method}"


def _fraction(name: str) -> models.CheckConstraint:
    return models.CheckConstraint(
        condition=Q(**{name: None}) | Q(**{f"{name}__gte": 0, f"{name}__lte": 1}),
        name=f"{name}_of_a_place_is_a_fraction",
    )


class ExpectedShare(models.Model):
    """One place of an expectation: a region, or a station (then ``region`` is its desa), and a pair.

    Fractions of the valid votes; ``turnout`` valid and invalid votes of the DPT. ``margin``: ours minus the
    strongest rival's, −1 to 1, with ``margin_spread`` its standard deviation. What is not known is NULL.
    """

    expectation = models.ForeignKey(Expectation, on_delete=models.CASCADE, related_name="shares", db_index=False)
    region = models.ForeignKey(Region, on_delete=models.PROTECT, related_name="+", db_index=False)
    station = models.ForeignKey(PollingStation, null=True, on_delete=models.CASCADE, related_name="+", db_index=False)
    pair = models.ForeignKey(Pair, on_delete=models.RESTRICT, related_name="+", db_index=False)
    share = models.FloatField(_("bagian suara"), null=True)
    turnout = models.FloatField(_("partisipasi"), null=True)
    margin = models.FloatField(_("selisih"), null=True)
    margin_spread = models.FloatField(_("sebaran selisih"), null=True)

    class Meta:
        verbose_name = _("harapan per tempat")
        verbose_name_plural = pgettext_lazy("daftar", "harapan per tempat")
        constraints = [
            models.UniqueConstraint(
                fields=["expectation", "region", "pair"],
                condition=Q(station=None),
                name="one_expected_share_a_region_and_pair",
            ),
            models.UniqueConstraint(
                fields=["expectation", "station", "pair"],
                condition=Q(station__isnull=False),
                name="one_expected_share_a_station_and_pair",
            ),
            _fraction("share"),
            _fraction("turnout"),
            models.CheckConstraint(
                condition=Q(margin=None) | Q(margin__gte=-1, margin__lte=1), name="an_expected_margin_lies_within_one"
            ),
            models.CheckConstraint(
                condition=Q(margin_spread=None) | Q(margin_spread__gt=0), name="the_spread_of_a_margin_is_positive"
            ),
        ]
        # The stations of a desa, read with it.
        indexes = [models.Index(fields=["expectation", "region"], name="expected_shares_of_a_region")]

    def __str__(self) -> str:
        return f"{self.expectation_id}/{self.region_id}/{self.station_id}/{self.pair_id}"


class ExpectationEvent(models.Model):
    """Who made an expectation, and who let it take effect or took it out. Rows are added only."""

    class Action(models.TextChoices):
        MADE = "dibuat", _("Dibuat")
        ACTIVATED = "diberlakukan", _("Diberlakukan")
        REPLACED = "diganti", _("Diganti yang lain")

    expectation = models.ForeignKey(Expectation, on_delete=models.CASCADE, related_name="events")
    at = models.DateTimeField(_("pada"), auto_now_add=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("oleh"), null=True, on_delete=models.PROTECT, related_name="+"
    )
    action = models.CharField(_("tindakan"), max_length=14, choices=Action.choices)

    class Meta:
        verbose_name = _("riwayat harapan")
        verbose_name_plural = pgettext_lazy("daftar", "riwayat harapan")
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.expectation_id} {self.action}"
