"""What became of the invitations to vote (C6, C.Pemberitahuan): rows that are added and never changed."""

from __future__ import annotations

from functools import reduce
from operator import and_

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from tallies.figures import MAX_FIGURE
from tallies.models.forms import Channel, receipt_code
from tallies.models.stations import Assignment, PollingStation

#: The figures of a report, in the order in which they become known.
INVITATION_FIGURES = ("received", "handed_out", "not_delivered")


class InvitationReportQuerySet(models.QuerySet["InvitationReport"]):
    def visible_to(self, user) -> InvitationReportQuerySet:
        """Keep the reports of the user's region; a witness sees the own ones while assigned, as with C1 forms."""
        scope = user.scope
        if scope is None:
            active = Assignment.objects.active().filter(station=OuterRef("station"), witness=user)
            return self.filter(Exists(active), submitted_by=user)
        return self.filter(station__region__first__range=(scope.first, scope.last))

    def newest_of_each_sender(self) -> InvitationReportQuerySet:
        newer = InvitationReport.objects.filter(
            station=OuterRef("station"), submitted_by=OuterRef("submitted_by"), pk__gt=OuterRef("pk")
        )
        return self.filter(~Exists(newer))


class InvitationReport(models.Model):
    """One version of what a witness says of a station's invitations. Append-only: a trigger refuses change.

    NULL is a blank box, which is not zero. ``uuid``, ``content_hash``,
    ``filled_at`` and ``received_at`` as in `C1Form`.
    """

    uuid = models.UUIDField(unique=True)
    # Asked for with the sender, and the index of both begins with it.
    station = models.ForeignKey(
        PollingStation, on_delete=models.CASCADE, related_name="invitation_reports", db_index=False
    )
    supersedes = models.ForeignKey(
        "self", null=True, on_delete=models.RESTRICT, related_name="superseded_by", db_index=False
    )
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="invitation_reports"
    )
    channel = models.CharField(max_length=12, choices=Channel.choices)
    content_hash = models.CharField(max_length=64)
    filled_at = models.DateTimeField(null=True)
    received_at = models.DateTimeField()
    received = models.PositiveSmallIntegerField(_("Diterima"), null=True)
    handed_out = models.PositiveSmallIntegerField(_("Dibagikan"), null=True)
    not_delivered = models.PositiveSmallIntegerField(_("Tidak tersampaikan"), null=True)

    objects = InvitationReportQuerySet.as_manager()

    class Meta:
        verbose_name = _("laporan C6")
        verbose_name_plural = pgettext_lazy("daftar", "laporan C6")
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=reduce(
                    and_,
                    (Q(**{name: None}) | Q(**{f"{name}__range": (0, MAX_FIGURE)}) for name in INVITATION_FIGURES),
                ),
                name="invitations_have_at_most_four_digits",
            )
        ]
        indexes = [
            models.Index(fields=["station", "submitted_by"], name="invitations_by_sender"),
            models.Index(fields=["supersedes"], name="invitations_superseded", condition=Q(supersedes__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"C6 {self.uuid}"

    @property
    def receipt(self) -> str:
        return receipt_code(self.uuid)


class InvitationPhoto(models.Model):
    """A report names a photo by its SHA-256; the picture may arrive later."""

    report = models.ForeignKey(InvitationReport, on_delete=models.CASCADE, related_name="photo_names", db_index=False)
    sha256 = models.CharField(max_length=64)
    page = models.PositiveSmallIntegerField()

    #: Where `FormPhoto` says which paper it shows.
    subject = "c6"

    class Meta:
        ordering = ["page", "id"]
        constraints = [models.UniqueConstraint(fields=["report", "sha256"], name="a_report_names_a_photo_once")]

    def __str__(self) -> str:
        return f"{self.report_id}/{self.page}"
