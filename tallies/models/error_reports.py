"""What people say is wrong with a station: one open report, and who said what in it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from tallies.models.results import StationResult

REPORT_LENGTH = 300
ANSWER_LENGTH = 500


class ErrorKind(models.TextChoices):
    MISTYPED = "salah_ketik", _("Angka salah ketik")
    OTHER_STATION = "tps_lain", _("Foto bukan TPS ini")
    UNREADABLE = "buram", _("Foto tidak terbaca")
    FORGED = "palsu", _("Formulir palsu atau diubah")
    UNSIGNED = "tanda_tangan", _("Tanda tangan tidak ada")
    OTHER = "lain", _("Lain-lain")


class ErrorReportQuerySet(models.QuerySet["ErrorReport"]):
    def open(self) -> ErrorReportQuerySet:
        return self.filter(closed_at=None)

    def visible_to(self, user) -> ErrorReportQuerySet:
        """Keep the reports of the user's region; who has none looks at own entries, not at reports."""
        scope = user.scope
        if scope is None:
            return self.none()
        return self.filter(result__station__region__first__range=(scope.first, scope.last))


class ErrorReport(models.Model):
    """What is said about one station result until somebody answers; what is said later opens another."""

    result = models.ForeignKey(StationResult, on_delete=models.CASCADE, related_name="error_reports")
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    objects = ErrorReportQuerySet.as_manager()

    class Meta:
        verbose_name = _("laporan kesalahan")
        verbose_name_plural = pgettext_lazy("daftar", "laporan kesalahan")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["result"], condition=Q(closed_at=None), name="one_open_error_report_a_result"
            )
        ]

    def __str__(self) -> str:
        return f"{self.result_id} {self.opened_at:%Y-%m-%d %H:%M}"

    @property
    def last_entry(self) -> ErrorReportEntry:
        """What was said last; a report begins with somebody saying something."""
        return list(self.entries.all())[-1]


class ErrorReportEntry(models.Model):
    """What one person said in a report. Append-only."""

    report = models.ForeignKey(ErrorReport, on_delete=models.CASCADE, related_name="entries", db_index=False)
    kind = models.CharField(_("jenis"), max_length=12, choices=ErrorKind.choices)
    text = models.CharField(_("keterangan"), max_length=REPORT_LENGTH, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="error_entries")
    at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["report", "by", "kind"], name="one_entry_a_person_and_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.report_id} {self.kind}"


class ErrorReportAnswer(models.Model):
    """What closed a report, for those who wrote in it. Append-only."""

    report = models.OneToOneField(ErrorReport, on_delete=models.CASCADE, related_name="answer")
    text = models.CharField(_("jawaban"), max_length=ANSWER_LENGTH)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(text=""), name="an_answer_says_something")]

    def __str__(self) -> str:
        return f"{self.report_id}: {self.text[:40]}"
