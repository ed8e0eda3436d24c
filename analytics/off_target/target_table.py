"""The table of targets as a file: the contests within a place, as their page lists them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.utils import formats
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from analytics.off_target.target_report import TargetRow, contests_within, target_report
from analytics.rules.expected_win import State
from sista.templatetags.formats import pair_name
from tallies.exports.tables import Column, DeskTable, Filters, Kind, Row, Table, framed, register
from tallies.totals.places import Place

TARGETS = "target"
STATES: dict[State, Promise] = {
    State.WAITING: gettext_lazy("Belum dihitung"),
    State.LEADING: gettext_lazy("Unggul"),
    State.WON: gettext_lazy("Menang"),
    State.TIED: gettext_lazy("Imbang"),
    State.BEHIND: gettext_lazy("Tertinggal"),
    State.LOST: gettext_lazy("Kalah"),
}


def _targets(user: Any, place: Place, _filters: Filters) -> Table:
    columns = (
        Column(_("Kode"), Kind.TEXT, 8),
        Column(_("Kontes"), Kind.TEXT, 28),
        Column(_("Keadaan"), Kind.TEXT, 14),
        Column(pgettext("satu", "Target"), Kind.TEXT, 16),
        Column(_("Dinyatakan oleh"), Kind.TEXT, 16),
        Column(_("Dinyatakan pada"), Kind.TEXT, 12),
        Column(_("Paslon usungan"), Kind.TEXT, 26),
        Column(_("Bagian usungan"), Kind.SHARE),
        Column(_("Bagian lawan terkuat"), Kind.SHARE),
        Column(_("Selisih suara"), width=11),
        Column(_("Selisih bagian"), Kind.SHARE),
        Column(_("TPS")),
        Column(pgettext("judul", "TPS masuk")),
    )

    def rows() -> Iterator[Row]:
        return map(_row, target_report(user, place.election, within=place.region).rows)

    def count(_most: int | None) -> int:
        return contests_within(place.election, place.region).count()

    return framed(TARGETS, place, _("Kontes dan targetnya"), columns, rows, count)


def _row(row: TargetRow) -> Row:
    line, target = row.line, row.target
    ours, rival = line.usungan, line.strongest_rival
    return (
        row.contest.region.code,
        str(row.contest.title),
        str(STATES[row.state]) if ours else _("Tidak mengusung"),
        (_("Lepas dari target") if row.is_off_target else pgettext("satu", "Target")) if target else None,
        target.stated_by if target else None,
        formats.date_format(target.stated_on, "j M Y") if target else None,
        f"{ours.pair.number} {pair_name(ours.pair)}" if ours else None,
        ours.share if ours else None,
        rival.share if rival else None,
        line.usungan_margin,
        line.usungan_margin_share,
        line.progress.stations if line.progress else None,
        line.progress.stations_in if line.progress else None,
    )


def register_table() -> None:
    """Let the table be taken away; called once, when the app is ready."""
    table = DeskTable(
        gettext_lazy("Kontes dan targetnya"),
        _targets,
        is_at=lambda place: contests_within(place.election, place.region).exists(),
    )
    register(TARGETS, table)
