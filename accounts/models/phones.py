"""The phone of a witness: the link that activates it, and the device it was bound to.

Rows are kept: who was activated when, and on whose word, is evidence. Of a link
and of a device's key only the SHA-256 is stored; both are 256 random bits.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


def _person(label: str, **options) -> models.ForeignKey:
    return models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=label,
        on_delete=models.PROTECT,
        **{"related_name": "+", "null": True, "blank": True} | options,
    )


class ActivationQuerySet(models.QuerySet["Activation"]):
    def open(self) -> ActivationQuerySet:
        """Keep those neither used nor revoked; their time may be over."""
        return self.filter(used_at=None, revoked_at=None)

    def usable(self) -> ActivationQuerySet:
        """Keep those that still activate a phone."""
        return self.open().filter(expires_at__gt=timezone.now())


class Activation(models.Model):
    """A single-use link for one person, until used, revoked or expired."""

    user = _person(_("orang"), null=False, blank=False, related_name="activations")
    token_hash = models.CharField(_("sidik tautan"), max_length=64, unique=True)
    issued_by = _person(_("dibuat oleh"))
    issued_at = models.DateTimeField(_("dibuat pada"), auto_now_add=True)
    expires_at = models.DateTimeField(_("berlaku sampai"))
    used_at = models.DateTimeField(_("dipakai pada"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("dicabut pada"), null=True, blank=True)
    revoked_by = _person(_("dicabut oleh"))

    objects = ActivationQuerySet.as_manager()

    class Meta:
        verbose_name = _("tautan aktivasi")
        verbose_name_plural = pgettext_lazy("daftar", "tautan aktivasi")
        constraints = [
            models.UniqueConstraint(
                fields=["user"], condition=Q(used_at=None, revoked_at=None), name="one_open_activation_a_person"
            )
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.issued_at:%Y-%m-%d %H:%M}"

    @property
    def is_usable(self) -> bool:
        return self.used_at is None and self.revoked_at is None and self.expires_at > timezone.now()


class DeviceQuerySet(models.QuerySet["Device"]):
    def active(self) -> DeviceQuerySet:
        return self.filter(ended_at=None)


class Device(models.Model):
    """A phone bound to one person by a cookie, and the PIN that opens it."""

    user = _person(_("orang"), null=False, blank=False, related_name="devices")
    key_hash = models.CharField(_("sidik kunci"), max_length=64, unique=True)
    pin = models.CharField(_("PIN, diacak"), max_length=128)
    activation = models.OneToOneField(
        Activation, verbose_name=_("tautan aktivasi"), on_delete=models.PROTECT, related_name="device"
    )
    bound_at = models.DateTimeField(_("aktif sejak"), auto_now_add=True)
    failures = models.PositiveSmallIntegerField(_("PIN salah berturut-turut"), default=0)
    locked_until = models.DateTimeField(_("menunggu sampai"), null=True, blank=True)
    session_key = models.CharField(_("sesi"), max_length=40, blank=True)
    ended_at = models.DateTimeField(_("berakhir pada"), null=True, blank=True)
    ended_by = _person(_("diakhiri oleh"))

    objects = DeviceQuerySet.as_manager()

    class Meta:
        verbose_name = _("ponsel")
        verbose_name_plural = pgettext_lazy("daftar", "ponsel")
        constraints = [
            models.UniqueConstraint(fields=["user"], condition=Q(ended_at=None), name="one_active_device_a_person")
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.bound_at:%Y-%m-%d %H:%M}"
