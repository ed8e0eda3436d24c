"""What is still to do before the day, for the start page of the admin. Read only, bounded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from django.core.cache import cache
from django.db.models import Count, Exists, OuterRef, QuerySet
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts.models import Device
from tallies.models import (
    Assignment,
    Contest,
    Election,
    Pair,
    Phase,
    PollingStation,
    QuarantinedForm,
    StationResult,
)

#: Counted at most: "1.000+" says enough, and a start page must not scan a nation.
MOST = 1_000
KEPT_SECONDS = 60


@dataclass(frozen=True)
class Unfinished:
    """One kind of work left. ``number`` stops at `MOST`; ``address`` names the admin list that shows it."""

    title: str | Promise
    step: str | Promise
    number: int
    address: str
    query: str = ""

    @property
    def is_more(self) -> bool:
        return self.number >= MOST


def unfinished_for(user: Any) -> list[Unfinished]:
    """Return what is left within the region of ``user``, without what is done."""
    scope = user.scope
    if scope is None:
        return []
    inside = (scope.first, scope.last)
    # Where little is left, the last few are found behind all that are done: once a minute is enough.
    key = f"unfinished:{inside[0]}-{inside[1]}:{get_language()}"
    found = cache.get(key)
    if found is None:
        found = [replace(item, title=str(item.title), step=str(item.step)) for item in _items(inside) if item.number]
        cache.set(key, found, KEPT_SECONDS)
    return found


def _items(inside: tuple[int, int]) -> Iterator[Unfinished]:
    stations = PollingStation.objects.filter(region__first__range=inside, election__practice_of=None)
    contests = Contest.objects.filter(region__first__range=inside, election__practice_of=None)
    yield Unfinished(
        _("TPS tanpa saksi"),
        _("Tugaskan seorang saksi ke setiap TPS."),
        _count(stations.unguarded()),
        "admin:tallies_pollingstation_changelist",
        "?belum=saksi",
    )
    yield Unfinished(
        _("TPS tanpa DPT"),
        _("Isi DPT laki-laki dan perempuan; tanpa DPT partisipasi tidak dihitung."),
        _count(stations.without_dpt()),
        "admin:tallies_pollingstation_changelist",
        "?belum=dpt",
    )
    yield Unfinished(
        _("Penugasan tanpa ponsel aktif"),
        _("Bagikan tautan aktivasi, atau cetak surat mandatnya."),
        _count(_not_activated(inside)),
        "phones",
        "?keadaan=tanpa",
    )
    yield Unfinished(
        _("Kontes tanpa dua paslon"),
        _("Impor paslon, atau tambahkan di kontesnya. Tanpa itu pemungutan tidak dapat dibuka."),
        _count(contests.annotate(number=Count("pairs")).filter(number__lt=2)),
        "admin:tallies_contest_changelist",
    )
    yield Unfinished(
        _("Kontes tanpa TPS"),
        _("Tambahkan TPS di wilayah kontes."),
        _count(contests.filter(~Exists(StationResult.objects.filter(contest=OuterRef("pk"))))),
        "admin:tallies_contest_changelist",
    )
    yield Unfinished(
        _("Kontes tanpa usungan"),
        _("Tandai paslon usungan kita, bila ada."),
        _count(contests.filter(~Exists(Pair.objects.filter(contest=OuterRef("pk"), usungan=True)))),
        "admin:tallies_contest_changelist",
    )
    yield Unfinished(
        _("Wilayah kontes tanpa jumlah penduduk"),
        _("Isi jumlah penduduk; ambang batas sengketa MK memerlukannya."),
        _count(contests.filter(region__population=None)),
        "admin:regions_region_changelist",
    )
    yield Unfinished(
        _("Formulir karantina"),
        _("Dikirim saksi yang penugasannya sudah dicabut. Periksa, lalu hubungi DPC."),
        _count(QuarantinedForm.objects.filter(station__region__first__range=inside)),
        "admin:tallies_quarantinedform_changelist",
    )


def _not_activated(inside: tuple[int, int]) -> QuerySet[Assignment]:
    """Who guards a station of an election that is not over, with no phone."""
    active = Device.objects.active().filter(user=OuterRef("witness"))
    open_elections = list(
        Election.objects.filter(practice_of=None).exclude(phase=Phase.CLOSED).values_list("pk", flat=True)
    )
    guards = Assignment.objects.active().filter(
        station__region__first__range=inside, station__election__in=open_elections
    )
    return guards.filter(~Exists(active))


def _count(rows: QuerySet[Any]) -> int:
    return rows.order_by()[:MOST].count()
