"""Whom a DPC tried to reach about a station that is not in, and what came of it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from tallies.models.elections import Election
from tallies.models.results import StationResult
from tallies.models.sms import OutgoingSms

NOTE_LENGTH = 200
#: Of the text of a reminder, before the TPS stands in it.
REMINDER_LENGTH = 120


class ContactOutcome(models.TextChoices):
    NO_ANSWER = "tidak_diangkat", _("Tidak diangkat")
    NO_SIGNAL = "tanpa_sinyal", _("Tidak ada sinyal")
    WILL_SEND = "akan_dikirim", _("Akan dikirim")
    BROUGHT = "dibawa", _("Dibawa ke DPC")
    WRONG_NUMBER = "nomor_salah", _("Nomor salah")
    OTHER = "lain", _("Lain-lain")
    REMINDED = "pengingat", _("Pengingat dikirim")


class ReminderQuerySet(models.QuerySet["Reminder"]):
    def visible_to(self, user) -> ReminderQuerySet:
        """Keep those sent by the people of the user's region."""
        scope = user.scope
        if scope is None:
            return self.none()
        return self.filter(Q(by=user) | Q(by__region__first__range=(scope.first, scope.last)))


class Reminder(models.Model):
    """One press of *Kirim pengingat*: one message a witness, whatever the number of stations.

    ``uuid`` is made by the page: pressing twice sends once. ``unreached`` keeps
    whom it could not reach, by key and reason.
    """

    uuid = models.UUIDField(unique=True)
    election = models.ForeignKey(Election, on_delete=models.CASCADE, related_name="reminders")
    text = models.CharField(_("isi"), max_length=REMINDER_LENGTH)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    messages = models.ManyToManyField(OutgoingSms, related_name="reminders")
    unreached = models.JSONField(default=dict)

    objects = ReminderQuerySet.as_manager()

    class Meta:
        verbose_name = _("pengingat")
        verbose_name_plural = pgettext_lazy("daftar", "pengingat")
        ordering = ["-id"]

    def __str__(self) -> str:
        return str(self.uuid)


class ContactAttemptQuerySet(models.QuerySet["ContactAttempt"]):
    def latest_of_each(self) -> ContactAttemptQuerySet:
        """Keep the newest attempt of each station result."""
        later = ContactAttempt.objects.filter(result=OuterRef("result"), pk__gt=OuterRef("pk"))
        return self.filter(~Exists(later))


class ContactAttempt(models.Model):
    """One attempt to reach the witnesses of a station. Append-only: it is kept also when the form came in since.

    ``key`` was made by the page that shows the buttons: one of them pressed
    twice, or by two requests at once, is one attempt.
    """

    result = models.ForeignKey(StationResult, on_delete=models.CASCADE, related_name="attempts", db_index=False)
    outcome = models.CharField(_("hasil"), max_length=16, choices=ContactOutcome.choices)
    note = models.CharField(_("catatan"), max_length=NOTE_LENGTH, blank=True)
    key = models.UUIDField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    reminder = models.ForeignKey(Reminder, null=True, on_delete=models.CASCADE, related_name="attempts")

    objects = ContactAttemptQuerySet.as_manager()

    class Meta:
        verbose_name = _("upaya menghubungi")
        verbose_name_plural = pgettext_lazy("daftar", "upaya menghubungi")
        ordering = ["-id"]
        constraints = [
            # Begins with the result, by which the newest one is found.
            models.UniqueConstraint(fields=["result", "key", "outcome", "by"], name="one_attempt_a_press"),
            models.CheckConstraint(
                condition=~Q(outcome=ContactOutcome.OTHER) | ~Q(note=""), name="another_outcome_is_told_in_a_note"
            ),
            models.CheckConstraint(
                condition=Q(outcome=ContactOutcome.REMINDED, reminder__isnull=False)
                | (~Q(outcome=ContactOutcome.REMINDED) & Q(reminder=None)),
                name="an_attempt_has_a_reminder_if_it_was_one",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.result_id}: {self.outcome}"
