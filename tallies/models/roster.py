"""Who else is there on the day: reserves of a place, and the shifts of operators."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from regions.models import Region
from tallies.models.elections import Election


def _person(label: str, **options) -> models.ForeignKey:
    return models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=label,
        on_delete=models.PROTECT,
        **{"null": True, "blank": True, "related_name": "+", "db_index": False} | options,
    )


class RosterQuerySet(models.QuerySet):
    def active(self):
        return self.filter(ended_at=None)

    def visible_to(self, user):
        """Keep those of the user's region; somebody without one sees the own rows."""
        scope = user.scope
        if scope is None:
            return self.filter(person=user)
        return self.filter(region__first__range=(scope.first, scope.last))


class Reserve(models.Model):
    """Somebody who steps in near a place (a desa, or a kecamatan), until ended. Rows are kept."""

    election = models.ForeignKey(Election, verbose_name=_("pemilihan"), on_delete=models.CASCADE, related_name="+")
    region = models.ForeignKey(Region, verbose_name=_("wilayah"), on_delete=models.PROTECT, related_name="+")
    person = _person(_("cadangan"), null=False, blank=False, related_name="reserves", db_index=True)
    named_by = _person(_("ditunjuk oleh"))
    named_at = models.DateTimeField(_("ditunjuk pada"), auto_now_add=True)
    ended_at = models.DateTimeField(_("berakhir pada"), null=True, blank=True)
    ended_by = _person(_("diakhiri oleh"))

    objects = RosterQuerySet.as_manager()

    class Meta:
        verbose_name = _("cadangan")
        verbose_name_plural = pgettext_lazy("daftar", "cadangan")
        constraints = [
            models.UniqueConstraint(
                fields=["election", "region", "person"],
                condition=Q(ended_at=None),
                name="one_active_reserve_a_person_and_place",
            )
        ]

    def __str__(self) -> str:
        return f"{self.region} – {self.person}"


class Shift(models.Model):
    """The hours of an operator in the count room of a kabupaten. Rows are kept."""

    election = models.ForeignKey(Election, verbose_name=_("pemilihan"), on_delete=models.CASCADE, related_name="+")
    region = models.ForeignKey(Region, verbose_name=_("kabupaten/kota"), on_delete=models.PROTECT, related_name="+")
    person = _person(_("operator"), null=False, blank=False, related_name="shifts", db_index=True)
    begins_at = models.DateTimeField(_("mulai"))
    ends_at = models.DateTimeField(_("selesai"))
    named_by = _person(_("dijadwalkan oleh"))
    named_at = models.DateTimeField(_("dijadwalkan pada"), auto_now_add=True)
    ended_at = models.DateTimeField(_("dibatalkan pada"), null=True, blank=True)
    ended_by = _person(_("dibatalkan oleh"))

    objects = RosterQuerySet.as_manager()

    class Meta:
        verbose_name = _("giliran operator")
        verbose_name_plural = pgettext_lazy("daftar", "giliran operator")
        ordering = ["begins_at", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("begins_at")), name="a_shift_ends_after_it_begins"),
        ]

    def __str__(self) -> str:
        return f"{self.region} {self.person} {self.begins_at:%Y-%m-%d %H:%M}"
