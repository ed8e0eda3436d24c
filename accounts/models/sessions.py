"""Where somebody is signed in: a row beside each session, so that its owner can see and end it."""

from __future__ import annotations

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class RunningSessionQuerySet(models.QuerySet["RunningSession"]):
    def active(self) -> RunningSessionQuerySet:
        return self.filter(session__expire_date__gt=timezone.now())


class RunningSession(models.Model):
    """Goes with its session. ``address`` and ``browser`` are shortened: to be recognised by their owner, no more."""

    session = models.OneToOneField(Session, on_delete=models.CASCADE, related_name="running")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("orang"), on_delete=models.CASCADE, related_name="running_sessions"
    )
    begun_at = models.DateTimeField(_("masuk pada"))
    address = models.CharField(_("alamat"), max_length=45, blank=True)
    browser = models.CharField(_("peramban"), max_length=40, blank=True)

    objects = RunningSessionQuerySet.as_manager()

    class Meta:
        verbose_name = _("sesi")
        verbose_name_plural = pgettext_lazy("daftar", "sesi")
        ordering = ["-begun_at", "-id"]

    def __str__(self) -> str:
        return f"{self.user_id} {self.begun_at:%Y-%m-%d %H:%M}"
