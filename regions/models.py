"""The tree of regions: nasional, provinsi, kabupaten/kota, kecamatan, desa."""

from __future__ import annotations

from functools import reduce
from operator import or_

from django.db import models
from django.db.models import F, Q, Subquery
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from simple_history.models import HistoricalRecords


class Level(models.IntegerChoices):
    NATION = 0, _("Nasional")
    PROVINCE = 1, _("Provinsi")
    REGENCY = 2, _("Kabupaten/kota")
    DISTRICT = 3, _("Kecamatan")
    VILLAGE = 4, _("Desa/kelurahan")


#: What a list of regions of a level is headed with; Indonesian has one word for one and for many.
LEVEL_HEADINGS: dict[int, Promise] = {
    Level.NATION: pgettext_lazy("daftar", "Nasional"),
    Level.PROVINCE: pgettext_lazy("daftar", "Provinsi"),
    Level.REGENCY: pgettext_lazy("daftar", "Kabupaten/kota"),
    Level.DISTRICT: pgettext_lazy("daftar", "Kecamatan"),
    Level.VILLAGE: pgettext_lazy("daftar", "Desa/kelurahan"),
}

#: The words of the import file and of the commands.
LEVEL_WORDS = {
    "nasional": Level.NATION,
    "provinsi": Level.PROVINCE,
    "kabupaten": Level.REGENCY,
    "kecamatan": Level.DISTRICT,
    "desa": Level.VILLAGE,
}


class TimeZone(models.TextChoices):
    WIB = "Asia/Jakarta", "WIB"
    WITA = "Asia/Makassar", "WITA"
    WIT = "Asia/Jayapura", "WIT"


def _last_begun(level: Level, *, by: int) -> Q:
    begun = Region.objects.filter(level=level, first__lte=by).order_by("-first")
    return Q(pk=Subquery(begun.values("pk")[:1]))


class RegionQuerySet(models.QuerySet["Region"]):
    def within(self, region: Region) -> RegionQuerySet:
        """Keep ``region`` and all below it.

        One index range over the pre-order numbers. A range over the code would
        depend on the collation: '35.78.01.' < '35.78.~' is false under ICU.
        """
        return self.filter(first__range=(region.first, region.last))

    def ancestors_of(self, region: Region) -> RegionQuerySet:
        """Keep ``region`` and all above it, the nation first.

        Of each level the last one that begins by then, if it is not over: five looks into an index. By range alone
        half of the table is looked at, for its beginning or for its end.
        """
        of_each = (_last_begun(level, by=region.first) for level in Level)
        return self.filter(reduce(or_, of_each), last__gte=region.first).order_by("level")

    def visible_to(self, user) -> RegionQuerySet:
        """Keep what ``user`` may see: the own region and below."""
        scope = user.scope
        return self.none() if scope is None else self.within(scope)


class Region(models.Model):
    """One area. ``first`` … ``last`` are the pre-order numbers of its subtree.

    Names are not unique, not even within one kabupaten: only ``code``
    identifies.
    """

    code = models.CharField(_("kode"), max_length=32, unique=True)
    name = models.CharField(_("nama"), max_length=120, db_index=True)
    level = models.PositiveSmallIntegerField(_("tingkat"), choices=Level.choices)
    parent = models.ForeignKey(
        "self", verbose_name=_("induk"), null=True, blank=True, on_delete=models.PROTECT, related_name="children"
    )
    first = models.PositiveIntegerField(editable=False, default=0, db_index=True)
    last = models.PositiveIntegerField(editable=False, default=0)
    population = models.PositiveIntegerField(
        _("jumlah penduduk"), null=True, blank=True, help_text=_("Untuk ambang batas sengketa MK.")
    )
    time_zone = models.CharField(
        _("zona waktu"), max_length=32, blank=True, choices=TimeZone.choices, help_text=_("Kosong: seperti induknya.")
    )

    objects = RegionQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("wilayah")
        verbose_name_plural = pgettext_lazy("daftar", "wilayah")
        ordering = ["first"]
        indexes = [models.Index(fields=["level", "first"], name="regions_of_a_level")]
        constraints = [
            models.CheckConstraint(condition=Q(last__gte=F("first")), name="region_last_is_not_before_first"),
            models.CheckConstraint(
                condition=Q(level=0, parent=None) | Q(level__gt=0, parent__isnull=False),
                name="region_has_a_parent_unless_it_is_the_nation",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def contains(self, other: Region) -> bool:
        return self.first <= other.first <= self.last

    @property
    def title(self) -> str:
        """Name with its kind where the name does not say it already."""
        if self.level == Level.DISTRICT:
            return _("Kec. %s") % self.name
        if self.level == Level.VILLAGE:
            kind = _("Kel. %s") if self.is_kelurahan else _("Desa %s")
            return kind % self.name
        return self.name

    @property
    def level_heading(self) -> Promise:
        return LEVEL_HEADINGS[self.level]

    @property
    def is_kelurahan(self) -> bool:
        """Third digit of the last group: 1 = kelurahan, 2 = desa (Kemendagri)."""
        group = self.code.rsplit(".", 1)[-1]
        return self.level == Level.VILLAGE and len(group) == 4 and group[0] == "1"

    @property
    def zone(self) -> str:
        """Name of the time zone, inherited from the nearest ancestor that has one."""
        if self.time_zone:
            return self.time_zone
        above = Region.objects.ancestors_of(self).exclude(time_zone="").order_by("-level").first()
        return above.time_zone if above else TimeZone.WIB.value
