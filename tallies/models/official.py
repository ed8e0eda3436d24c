"""Official figures of single TPS, as somebody brought them in from a source that is named.

Figures never change and are never deleted: an import writes those that differ
from what stood there, and `OfficialStanding` says which one stands. Undone, an
import keeps its figures, and what stood before stands again.
"""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from regions.models import Region
from tallies.figures import MAX_FIGURE
from tallies.models.elections import Contest, Election, Office, Pair
from tallies.models.stations import PollingStation

SOURCE_LENGTH = 200


class ImportState(models.TextChoices):
    COLUMNS = "kolom", _("Kolom belum dikenali")
    CHECKING = "diperiksa", _("Sedang diperiksa")
    READY = "siap", _("Siap diimpor")
    IMPORTING = "mengimpor", _("Sedang diimpor")
    DONE = "diimpor", _("Diimpor")
    UNDONE = "dibatalkan", _("Dibatalkan")
    REFUSED = "ditolak", _("Berkas ditolak")
    FAILED = "gagal", _("Gagal")


#: A run works on these beside the requests.
WORKING_IMPORTS = (ImportState.CHECKING, ImportState.IMPORTING)
#: Nothing of these was written to any TPS.
UNWRITTEN_IMPORTS = (ImportState.COLUMNS, ImportState.CHECKING, ImportState.READY, ImportState.REFUSED)


class OfficialImportQuerySet(models.QuerySet["OfficialImport"]):
    def visible_to(self, user) -> OfficialImportQuerySet:
        """Keep those whose rows may lie only within the user's region."""
        scope = user.scope
        return self.none() if scope is None else self.filter(region__first__range=(scope.first, scope.last))

    def working(self) -> OfficialImportQuerySet:
        return self.filter(state__in=WORKING_IMPORTS)


def _person(label: str) -> models.ForeignKey:
    return models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=label, null=True, on_delete=models.PROTECT, related_name="+"
    )


class OfficialImport(models.Model):
    """A file with a source. Its rows are of ``contest``, or of every contest of ``office``, and lie in ``region``.

    ``imported_by`` is whoever brought it (None: whoever runs the server). ``as_of`` is
    the moment the source gives for its figures. ``report`` holds what the preview
    found: problems in words, and the stations that come twice. ``claim`` as in `ExportJob`.
    """

    uuid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    election = models.ForeignKey(
        Election, verbose_name=_("pemilihan"), on_delete=models.CASCADE, related_name="official_imports"
    )
    office = models.CharField(_("jabatan"), max_length=12, choices=Office.choices)
    contest = models.ForeignKey(
        Contest, verbose_name=_("kontes"), null=True, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    region = models.ForeignKey(
        Region, verbose_name=_("wilayah"), on_delete=models.PROTECT, related_name="+", db_index=False
    )
    source = models.CharField(_("sumber"), max_length=SOURCE_LENGTH)
    source_url = models.URLField(_("alamat sumber"), max_length=500, blank=True)
    as_of = models.DateTimeField(_("keadaan pada"))
    file_name = models.CharField(_("nama berkas"), max_length=120, blank=True)
    size = models.PositiveBigIntegerField(_("ukuran"))
    sha256 = models.CharField(_("sidik SHA-256"), max_length=64)
    state = models.CharField(_("keadaan"), max_length=12, choices=ImportState.choices)
    language = models.CharField(_("bahasa"), max_length=5)
    imported_by = _person(_("oleh"))
    created_at = models.DateTimeField(_("diunggah pada"), auto_now_add=True)
    #: When the import was confirmed: what came later counts.
    imported_at = models.DateTimeField(_("diimpor pada"), null=True)
    undone_by = _person(_("dibatalkan oleh"))
    undone_at = models.DateTimeField(_("dibatalkan pada"), null=True)
    labels = models.JSONField(default=list)
    columns = models.JSONField(default=dict)
    report = models.JSONField(default=dict)
    rows_of = models.PositiveIntegerField(_("dari baris"), default=0)
    rows_done = models.PositiveIntegerField(_("baris selesai"), default=0)
    rows_fit = models.PositiveIntegerField(_("baris yang cocok"), default=0)
    rows_bad = models.PositiveIntegerField(_("baris bermasalah"), default=0)
    rows_new = models.PositiveIntegerField(_("TPS baru"), default=0)
    rows_changed = models.PositiveIntegerField(_("TPS berubah"), default=0)
    figures_written = models.PositiveIntegerField(_("angka ditulis"), default=0)
    attempts = models.PositiveSmallIntegerField(default=0)
    claim = models.UUIDField(null=True, editable=False)
    claimed_until = models.DateTimeField(null=True, editable=False)

    objects = OfficialImportQuerySet.as_manager()

    class Meta:
        verbose_name = _("impor angka resmi")
        verbose_name_plural = pgettext_lazy("daftar", "impor angka resmi")
        ordering = ["-id"]
        constraints = [
            # Two at once would each compare with what stood before the other.
            models.UniqueConstraint(
                fields=["election"], condition=Q(state="mengimpor"), name="one_official_import_at_a_time"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["mengimpor", "diimpor", "dibatalkan"]) | Q(imported_at__isnull=False),
                name="an_import_has_its_moment",
            ),
            models.CheckConstraint(
                condition=Q(state="dibatalkan", undone_at__isnull=False)
                | (~Q(state="dibatalkan") & Q(undone_at=None)),
                name="an_undone_import_says_when",
            ),
        ]
        indexes = [
            models.Index(
                fields=["id"], name="official_imports_at_work", condition=Q(state__in=["diperiksa", "mengimpor"])
            )
        ]

    def __str__(self) -> str:
        return f"{self.source} ({self.file_name})"

    @property
    def is_working(self) -> bool:
        return self.state in WORKING_IMPORTS

    @property
    def stored_name(self) -> str:
        return f"imports/{self.uuid}"

    @property
    def rows_same(self) -> int:
        """Rows that fit and say what stands there already."""
        return self.rows_fit - self.rows_new - self.rows_changed


def _figure() -> models.PositiveSmallIntegerField:
    """NULL is not said by the source, which is not zero."""
    return models.PositiveSmallIntegerField(null=True)


class OfficialFigure(models.Model):
    """What one import says of one TPS, where that was news."""

    source = models.ForeignKey(OfficialImport, on_delete=models.CASCADE, related_name="figures", db_index=False)
    contest = models.ForeignKey(Contest, on_delete=models.CASCADE, related_name="+", db_index=False)
    station = models.ForeignKey(PollingStation, on_delete=models.CASCADE, related_name="+", db_index=False)
    valid_votes = _figure()
    invalid_votes = _figure()

    class Meta:
        verbose_name = _("angka resmi TPS")
        verbose_name_plural = pgettext_lazy("daftar", "angka resmi TPS")
        constraints = [
            models.UniqueConstraint(fields=["source", "station"], name="one_official_figure_a_station_and_import"),
            models.CheckConstraint(
                condition=(Q(valid_votes=None) | Q(valid_votes__lte=MAX_FIGURE))
                & (Q(invalid_votes=None) | Q(invalid_votes__lte=MAX_FIGURE)),
                name="official_figures_have_at_most_four_digits",
            ),
        ]
        indexes = [models.Index(fields=["station", "contest"], name="official_figures_of_a_station")]

    def __str__(self) -> str:
        return f"{self.source_id}: {self.station_id}"


class OfficialVote(models.Model):
    """Votes of one pair in an official figure. A trigger refuses a pair of another contest."""

    figure = models.ForeignKey(OfficialFigure, on_delete=models.CASCADE, related_name="votes", db_index=False)
    pair = models.ForeignKey(Pair, on_delete=models.RESTRICT, related_name="+", db_index=False)
    votes = _figure()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["figure", "pair"], name="one_official_vote_a_figure_and_pair"),
            models.CheckConstraint(
                condition=Q(votes=None) | Q(votes__lte=MAX_FIGURE), name="official_votes_have_at_most_four_digits"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.figure_id}/{self.pair_id}={self.votes}"


class OfficialStanding(models.Model):
    """Which official figure stands for a station of a contest: the one of the last import that is not undone."""

    contest = models.ForeignKey(Contest, on_delete=models.CASCADE, related_name="+", db_index=False)
    station = models.ForeignKey(PollingStation, on_delete=models.CASCADE, related_name="+", db_index=False)
    figure = models.OneToOneField(OfficialFigure, on_delete=models.CASCADE, related_name="standing")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["station", "contest"], name="one_official_figure_stands_for_a_station")
        ]

    def __str__(self) -> str:
        return f"{self.contest_id}/{self.station_id}: {self.figure_id}"
