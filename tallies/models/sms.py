"""Short messages: every one that came in, as it came, and every one that is to go out."""

from __future__ import annotations

from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import User
from accounts.phone_numbers import PhoneField, spoken
from tallies.models.forms import C1Form
from tallies.models.stations import PollingStation


class SmsOutcome(models.TextChoices):
    """What became of a message; "" while it is not read yet."""

    ACCEPTED = "diterima", _("C1 diterima")
    CORRECTED = "perbaikan", _("Perbaikan diterima")
    REPEATED = "ulangan", _("Sudah diterima")
    OVERTAKEN = "terlambat", _("Lebih lama dari yang sudah diterima")
    QUARANTINED = "karantina", _("Disimpan untuk ditinjau")
    UNCLEAR = "tidak_jelas", _("Tidak dimengerti")
    CLOSED = "ditutup", _("Penerimaan tidak terbuka")
    UNKNOWN_SENDER = "tak_dikenal", _("Nomor tidak dikenal")
    SHARED_NUMBER = "nomor_ganda", _("Nomor milik dua orang")
    TOO_OFTEN = "terlalu_sering", _("Terlalu sering")


class SendingState(models.TextChoices):
    WAITING = "menunggu", _("Menunggu dikirim")
    SENT = "terkirim", _("Terkirim")
    REFUSED = "ditolak", _("Ditolak penyedia SMS")


class OutgoingSms(models.Model):
    """A message to send. ``key`` names it at the gateway too, which sends one key once.

    ``next_try_at`` is also the claim of who is sending it now: it is moved on
    before the gateway is asked, so that no second worker takes it.
    """

    key = models.UUIDField(unique=True, default=uuid4, editable=False)
    to = PhoneField(_("kepada"), max_length=24)
    text = models.TextField(_("isi"))
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("orang"), null=True, on_delete=models.PROTECT, related_name="+"
    )
    state = models.CharField(_("keadaan"), max_length=10, choices=SendingState.choices, default=SendingState.WAITING)
    created_at = models.DateTimeField(_("dibuat pada"), auto_now_add=True)
    next_try_at = models.DateTimeField(default=timezone.now)
    attempts = models.PositiveIntegerField(_("percobaan"), default=0)
    sent_at = models.DateTimeField(_("dikirim pada"), null=True)

    class Meta:
        verbose_name = _("SMS keluar")
        verbose_name_plural = pgettext_lazy("daftar", "SMS keluar")
        indexes = [models.Index(fields=["next_try_at"], name="sms_to_send", condition=Q(state=SendingState.WAITING))]

    def __str__(self) -> str:
        return str(self.key)


class InboundSmsQuerySet(models.QuerySet["InboundSms"]):
    def visible_to(self, user) -> InboundSmsQuerySet:
        """Keep the messages of people the user may see. Of unknown senders nobody knows the place."""
        return self.filter(person__in=User.objects.visible_to(user).values("pk"))


class InboundSms(models.Model):
    """A message as the gateway gave it. Stored before it is read; what it said never changes.

    ``arrived_at`` is the gateway's clock, ``received_at`` ours: a gateway
    without a network delivers hours later, and out of order.
    """

    gateway = models.CharField(max_length=64, blank=True)
    gateway_id = models.CharField(max_length=128)
    sender = PhoneField(_("pengirim"), max_length=64)
    text = models.TextField(_("isi"), blank=True)
    arrived_at = models.DateTimeField(_("tiba di penyedia"), null=True)
    received_at = models.DateTimeField(_("diterima pada"), default=timezone.now)

    outcome = models.CharField(_("hasil"), max_length=16, choices=SmsOutcome.choices, blank=True)
    detail = models.CharField(_("rincian"), max_length=32, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("orang"), null=True, on_delete=models.PROTECT, related_name="+"
    )
    # Null again when the election was a practice, and is deleted.
    station = models.ForeignKey(
        PollingStation, verbose_name=_("TPS"), null=True, on_delete=models.SET_NULL, related_name="+"
    )
    form = models.ForeignKey(
        C1Form, verbose_name=_("formulir C1"), null=True, on_delete=models.SET_NULL, related_name="+"
    )
    answer = models.OneToOneField(
        OutgoingSms, verbose_name=_("jawaban"), null=True, on_delete=models.PROTECT, related_name="answers"
    )

    objects = InboundSmsQuerySet.as_manager()

    class Meta:
        verbose_name = _("SMS masuk")
        verbose_name_plural = pgettext_lazy("daftar", "SMS masuk")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["gateway", "gateway_id"], name="one_sms_a_gateway_and_id"),
        ]
        indexes = [
            models.Index(fields=["sender", "received_at"], name="sms_of_a_sender"),
            models.Index(fields=["received_at"], name="sms_to_read", condition=Q(outcome="")),
        ]

    def __str__(self) -> str:
        return f"{spoken(self.sender)} {self.text[:20]}"
