"""An election, its contests, the pairs that run in them."""

from __future__ import annotations

from decimal import Decimal

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from simple_history.models import HistoricalRecords

from regions.models import Region
from tallies.figures import EMPTY_BOX, FULL_FIELDS, SHORT_FIELDS, Thresholds


class Phase(models.TextChoices):
    PREPARATION = "persiapan", _("Persiapan")
    OPEN = "terbuka", _("Pemungutan")
    RECAP = "rekap", _("Rekap")
    CLOSED = "selesai", _("Terkunci")


class FormKind(models.TextChoices):
    FULL = "lengkap", _("Lengkap")
    SHORT = "ringkas", _("Ringkas")


class Office(models.TextChoices):
    PRESIDENT = "presiden", _("Presiden")
    GOVERNOR = "gubernur", _("Gubernur")
    # One office, although a kota calls its head wali kota: every voter chooses one
    # or the other, and the party's total of a provinsi is over both.
    REGENT = "bupati", _("Bupati/Wali Kota")


class ReadingMode(models.TextChoices):
    """Which forms a second person reads from the photo, without seeing the first figures."""

    ALL = "semua", _("Semua formulir dibaca dua kali")
    FLAGGED = "janggal", _("Yang janggal dibaca dua kali")
    LOOK = "dilihat", _("Koordinator melihat fotonya")


class ElectionQuerySet(models.QuerySet["Election"]):
    def visible_to(self, user) -> ElectionQuerySet:
        """Keep the elections with a contest above, at or below the user's region.

        A witness sees those of the assigned stations.
        """
        scope = user.scope
        if scope is None:
            return self.filter(stations__assignments__witness=user, stations__assignments__revoked_at=None).distinct()
        return self.touching(scope)

    def touching(self, region: Region) -> ElectionQuerySet:
        """Keep the elections with a contest above, at or below ``region``."""
        return self.filter(Exists(Contest.objects.touching(region).filter(election=OuterRef("pk"))))


class Election(models.Model):
    """Settings of one election day. Rates are fractions: 0.025 is 2,5%."""

    name = models.CharField(_("nama"), max_length=120)
    slug = models.SlugField(_("nama di alamat"), unique=True)
    date = models.DateField(_("tanggal"))
    phase = models.CharField(_("fase"), max_length=12, choices=Phase.choices, default=Phase.PREPARATION)
    form_kind = models.CharField(_("jenis formulir"), max_length=8, choices=FormKind.choices, default=FormKind.FULL)
    party_name = models.CharField(_("partai"), max_length=80, blank=True)
    party_color = models.CharField(
        _("warna partai"), max_length=7, default="#A0161C", validators=[RegexValidator(r"^#[0-9A-Fa-f]{6}$")]
    )
    reserve_rate = models.DecimalField(
        _("surat suara cadangan"), max_digits=5, decimal_places=4, default=Decimal("0.025")
    )
    station_cap = models.PositiveIntegerField(_("DPT paling banyak per TPS"), null=True, blank=True, default=500)
    turnout_limit = models.DecimalField(
        _("batas pengguna terhadap DPT"), max_digits=5, decimal_places=4, default=Decimal("1.02")
    )
    invalid_share_limit = models.DecimalField(
        _("batas bagian tidak sah"), max_digits=5, decimal_places=4, null=True, blank=True, default=Decimal("0.10")
    )
    invalid_count_limit = models.PositiveIntegerField(_("batas jumlah tidak sah"), null=True, blank=True)
    reading_mode = models.CharField(
        _("bacaan kedua"), max_length=8, choices=ReadingMode.choices, default=ReadingMode.LOOK
    )
    is_simulation = models.BooleanField(_("data simulasi"), default=False)
    practice_of = models.ForeignKey(
        "self",
        verbose_name=_("latihan untuk"),
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="practices",
    )

    objects = ElectionQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("pemilihan")
        verbose_name_plural = pgettext_lazy("daftar", "pemilihan")
        ordering = ["-date", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(reserve_rate__gte=0, reserve_rate__lt=1), name="reserve_rate_is_a_fraction"
            ),
            models.CheckConstraint(condition=Q(turnout_limit__gte=1), name="turnout_limit_is_at_least_the_dpt"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def thresholds(self) -> Thresholds:
        return Thresholds(
            reserve_rate=self.reserve_rate,
            station_cap=self.station_cap,
            turnout_limit=self.turnout_limit,
            invalid_share_limit=self.invalid_share_limit,
            invalid_count_limit=self.invalid_count_limit,
        )

    @property
    def fields(self) -> tuple[str, ...]:
        """Names of the figures its form asks for besides the pairs, in paper order."""
        return FULL_FIELDS if self.form_kind == FormKind.FULL else SHORT_FIELDS


class ContestQuerySet(models.QuerySet["Contest"]):
    def touching(self, region: Region) -> ContestQuerySet:
        """Keep the contests held in, above or within ``region``."""
        return self.filter(
            Q(region__first__range=(region.first, region.last))
            | Q(region__first__lte=region.first, region__last__gte=region.last)
        )

    def visible_to(self, user) -> ContestQuerySet:
        scope = user.scope
        if scope is None:
            mine = {"results__station__assignments__witness": user, "results__station__assignments__revoked_at": None}
            return self.filter(**mine).distinct()
        return self.touching(scope)


class Contest(models.Model):
    """One office in one region; the pairs of different contests are never added by number."""

    election = models.ForeignKey(
        Election, verbose_name=_("pemilihan"), on_delete=models.CASCADE, related_name="contests"
    )
    region = models.ForeignKey(Region, verbose_name=_("wilayah"), on_delete=models.PROTECT, related_name="contests")
    office = models.CharField(_("jabatan"), max_length=12, choices=Office.choices)

    objects = ContestQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("kontes")
        verbose_name_plural = pgettext_lazy("daftar", "kontes")
        ordering = ["region__first", "office"]
        constraints = [
            models.UniqueConstraint(fields=["election", "region", "office"], name="one_contest_an_office_and_region")
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def title(self) -> str:
        """Name as announced: "Pemilihan Bupati Malang 2020"."""
        place, office = self.region.name, self.get_office_display()
        for kind, head in (("Kabupaten ", _("Bupati")), ("Kota ", _("Wali Kota"))):
            if self.office == Office.REGENT and place.startswith(kind):
                place, office = place.removeprefix(kind), head
        return _("Pemilihan %(office)s %(place)s %(year)s") % {
            "office": office,
            "place": place,
            "year": self.election.date.year,
        }


class Pair(models.Model):
    """One row of section IV. Number 0 is *kolom kosong*."""

    contest = models.ForeignKey(Contest, verbose_name=_("kontes"), on_delete=models.CASCADE, related_name="pairs")
    number = models.PositiveSmallIntegerField(_("nomor urut"))
    name = models.CharField(_("nama paslon"), max_length=160)
    backing = models.CharField(_("pengusung"), max_length=300, blank=True)
    usungan = models.BooleanField(_("usungan kita"), default=False)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("paslon")
        verbose_name_plural = pgettext_lazy("daftar", "paslon")
        # The empty box stands last on the ballot.
        ordering = [
            "contest",
            models.Case(
                models.When(number=EMPTY_BOX, then=999), default="number", output_field=models.IntegerField()
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["contest", "number"], name="one_pair_a_number"),
            models.UniqueConstraint(fields=["contest"], condition=Q(usungan=True), name="one_usungan_pair_a_contest"),
            models.CheckConstraint(condition=~Q(number=EMPTY_BOX, usungan=True), name="the_empty_box_is_not_usungan"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.name}"

    @property
    def is_empty_box(self) -> bool:
        return self.number == EMPTY_BOX
