"""The evaluation as files: regions, witnesses, readers. People by name alone: no number of a telephone is in them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from regions.models import Level
from tallies.evaluation import by_reader, by_region, by_witness
from tallies.evaluation.by_region import Line
from tallies.evaluation.by_witness import Order, WitnessLine
from tallies.evaluation.ground import ground_of
from tallies.exports.tables import Column, DeskTable, Filters, Kind, Row, Table, framed, register
from tallies.models import Office
from tallies.totals.places import Place

REGIONS, WITNESSES, READERS = "evaluasi", "evaluasi-saksi", "evaluasi-pembaca"
ROWS_AT_A_TIME = 500


def _title(place: Place, what: str) -> str:
    return f"{what}, {Office(place.office).label}" if place.names_office else what


def _regions(_user: Any, place: Place, _filters: Filters) -> Table:
    columns = (
        Column(_("Kode"), Kind.TEXT, 13),
        Column(_("Nama"), Kind.TEXT, 22),
        Column(_("TPS")),
        Column(pgettext("judul", "TPS masuk")),
        Column(_("TPS janggal")),
        Column(_("Saksi")),
        Column(_("Aktif sebelum hari itu")),
        Column(_("Aktif kemudian")),
        Column(_("TPS terkirim")),
        Column(_("Menit, median")),
        Column(_("Menit, paling lambat")),
        Column(_("Formulir")),
        Column(_("Perbaikan")),
        Column(_("Perbaikan sendiri")),
        Column(_("Foto bermasalah")),
        Column(_("Foto tidak terbaca")),
        Column(_("Foto bukan C1 TPS itu")),
        Column(_("Foto rusak")),
        Column(_("Dibaca kedua kali")),
        Column(_("Bacaan berbeda")),
        Column(_("Diputuskan lain")),
        Column(_("TPS dengan laporan C6")),
        Column(_("TPS dengan keberatan")),
    )

    def rows() -> Iterator[Row]:
        found = by_region.evaluated_now(ground_of(place))
        for region, line in found.children:
            yield region.code, region.title, *_numbers(line)
        yield place.region.code, place.region.title, *_numbers(found.total)

    def count(_most: int | None) -> int:
        return place.region.children.count() + 1

    return framed(REGIONS, place, _title(place, _("Evaluasi per wilayah")), columns, rows, count)


def _numbers(line: Line) -> Row:
    return (
        line.stations,
        line.stations_in,
        line.disputed,
        line.witnesses,
        line.activated_before,
        line.activated_late,
        line.sent.count,
        line.sent.median,
        line.sent.slowest,
        line.forms,
        line.versions,
        line.own_versions,
        line.photos,
        line.unreadable,
        line.refused,
        line.damaged,
        line.read,
        line.read_apart,
        line.decided,
        line.invitations,
        line.objections,
    )


def _witnesses(_user: Any, place: Place, _filters: Filters) -> Table:
    ground = ground_of(place)
    columns = (
        Column(_("Saksi"), Kind.TEXT, 24),
        Column(_("Kode desa"), Kind.TEXT, 13),
        Column(_("Desa/kelurahan"), Kind.TEXT, 18),
        Column(_("TPS"), Kind.TEXT, 16),
        Column(_("Penugasan"), Kind.TEXT, 12),
        Column(_("Ponsel aktif sejak"), Kind.MOMENT, 20),
        Column(_("TPS terkirim")),
        Column(_("Menit, paling lambat")),
        Column(_("Perbaikan")),
        Column(_("Perbaikan sendiri")),
        Column(_("Foto bermasalah")),
        Column(_("Bacaan berbeda")),
        Column(_("Diputuskan lain")),
        Column(_("TPS dengan laporan C6")),
        Column(_("TPS dengan keberatan")),
    )

    def rows() -> Iterator[Row]:
        after = None
        while True:
            page = by_witness.page(ground, Order.PLACE, after, size=ROWS_AT_A_TIME)
            yield from map(_witness_row, page.rows)
            after = page.next
            if after is None:
                return

    def count(most: int | None) -> int:
        return by_witness.count(ground, Order.PLACE, most)

    return framed(WITNESSES, place, _title(place, _("Evaluasi per saksi")), columns, rows, count)


def _witness_row(line: WitnessLine) -> Row:
    first = line.stations[0].region if line.stations else None
    return (
        line.name,
        first.code if first else None,
        first.name if first else None,
        " · ".join(one.code for one in line.stations) or None,
        _("Dicabut") if line.is_revoked else _("Berlaku"),
        line.activated_at,
        line.sent,
        line.slowest,
        line.versions,
        line.own_versions,
        line.photos,
        line.read_apart,
        line.decided,
        line.invitations,
        line.objections,
    )


def _readers(_user: Any, place: Place, _filters: Filters) -> Table:
    ground = ground_of(place)
    columns = (
        Column(_("Pembaca"), Kind.TEXT, 24),
        Column(_("Formulir dibaca")),
        Column(_("Sudah ditetapkan")),
        Column(_("Salah baca")),
        Column(_("Bagian salah"), Kind.SHARE),
        Column(_("Kotak salah")),
        Column(_("Benar pada bacaan ulang")),
        Column(_("Tanpa angka")),
        Column(_("Detik, rata-rata")),
        Column(_("D.Hasil dibaca")),
        Column(_("D.Hasil sudah ditetapkan")),
        Column(_("D.Hasil salah")),
    )

    def rows() -> Iterator[Row]:
        for one in by_reader.readers(ground, "nama"):
            yield (
                one.name,
                one.forms,
                one.settled,
                one.wrong,
                one.error_rate,
                one.boxes,
                one.mended,
                one.unreadable,
                one.seconds,
                one.recaps,
                one.recaps_settled,
                one.recaps_wrong,
            )

    def count(_most: int | None) -> int:
        return by_reader.count(ground)

    return framed(READERS, place, _title(place, _("Evaluasi per pembaca")), columns, rows, count)


def _lists_people(place: Place) -> bool:
    return bool(place.office) and place.region.level > Level.NATION


def register_all() -> None:
    """Let the evaluation be taken away; called once, when the app is ready."""
    register(
        REGIONS,
        DeskTable(gettext_lazy("Evaluasi per wilayah"), _regions, is_at=lambda place: bool(place.office)),
    )
    register(WITNESSES, DeskTable(gettext_lazy("Evaluasi per saksi"), _witnesses, is_at=_lists_people))
    register(READERS, DeskTable(gettext_lazy("Evaluasi per pembaca"), _readers, is_at=_lists_people))
