"""Where the party expects to win: stated by a person, on a day."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

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
