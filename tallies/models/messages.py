"""What a DPC tells the witnesses of one station."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from tallies.models.stations import PollingStation

MESSAGE_LENGTH = 300


class StationMessage(models.Model):
    """Read by whoever guards ``station`` when they look; who lost the assignment reads it no more."""

    station = models.ForeignKey(PollingStation, on_delete=models.CASCADE, related_name="messages")
    text = models.CharField(_("pesan"), max_length=MESSAGE_LENGTH)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("pesan untuk saksi")
        verbose_name_plural = pgettext_lazy("daftar", "pesan untuk saksi")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.station_id}: {self.text[:40]}"
