"""Official figures of single TPS, as somebody brought them in from a source that is named.

Figures never change and are never deleted: an import writes those that differ
from what stood there, and `OfficialStanding` says which one stands. Undone, an
import keeps its figures, and what stood before stands again.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from tallies.figures import MAX_FIGURE
from tallies.models.elections import Contest, Election, Office, Pair
from tallies.models.file_imports import FileImport, when_constraints
from tallies.models.stations import PollingStation

SOURCE_LENGTH = 200


class OfficialImport(FileImport):
    """A file with a source. Its rows are of ``contest``, or of every contest of ``office``.

    ``as_of`` is the moment the source gives for its figures.
    """

    election = models.ForeignKey(
        Election, verbose_name=_("pemilihan"), on_delete=models.CASCADE, related_name="official_imports"
    )
    office = models.CharField(_("jabatan"), max_length=12, choices=Office.choices)
    contest = models.ForeignKey(
        Contest, verbose_name=_("kontes"), null=True, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    source = models.CharField(_("sumber"), max_length=SOURCE_LENGTH)
    source_url = models.URLField(_("alamat sumber"), max_length=500, blank=True)
    as_of = models.DateTimeField(_("keadaan pada"))
    figures_written = models.PositiveIntegerField(_("angka ditulis"), default=0)

    class Meta:
        verbose_name = _("impor angka resmi")
        verbose_name_plural = pgettext_lazy("daftar", "impor angka resmi")
        ordering = ["-id"]
        constraints = [
            # Two at once would each compare with what stood before the other.
            models.UniqueConstraint(
                fields=["election"], condition=Q(state="mengimpor"), name="one_official_import_at_a_time"
            ),
            *when_constraints("an_import_has_its_moment", "an_undone_import_says_when"),
        ]
        indexes = [
            models.Index(
                fields=["id"], name="official_imports_at_work", condition=Q(state__in=["diperiksa", "mengimpor"])
            )
        ]

    def __str__(self) -> str:
        return f"{self.source} ({self.file_name})"


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
