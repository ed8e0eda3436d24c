"""Findings as a file, as their page lists them, and their number among the work left of a kabupaten."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from analytics.findings import listing
from analytics.findings.describing import Described, described
from analytics.findings.in_words import short_text
from analytics.findings.listing import GROUPS, ROWS_AT_A_TIME, SEVERITIES, Asked, View
from analytics.models import Finding, Severity
from regions.models import Level, Region
from tallies.exports.tables import Column, DeskTable, Filters, Kind, Row, Table, chosen, framed, register
from tallies.models import Contest
from tallies.silent import work_left
from tallies.silent.work_left import OtherWork
from tallies.totals.places import Place

FINDINGS = "temuan"


def _findings(user: Any, place: Place, filters: Filters) -> Table:
    asked = Asked(
        chosen(View, filters.state, View.ACTIVE),
        filters.view if filters.view in SEVERITIES else "",
        filters.kind if filters.kind in GROUPS else "",
        place.region,
    )
    columns = (
        Column(_("Tingkat"), Kind.TEXT, 8),
        Column(_("Aturan"), Kind.TEXT, 6),
        Column(_("Temuan"), Kind.TEXT, 28),
        Column(_("Kontes"), Kind.TEXT, 26),
        Column(_("Kode wilayah"), Kind.TEXT, 13),
        Column(_("Wilayah"), Kind.TEXT, 18),
        Column(_("Nomor TPS"), width=6),
        Column(_("Angka"), Kind.TEXT, 34),
        Column(_("Suara yang dipertaruhkan"), width=12),
        Column(_("Keadaan"), Kind.TEXT, 12),
        Column(_("Penanggung jawab"), Kind.TEXT, 16),
        Column(_("Ditemukan pada"), Kind.MOMENT, 20),
        Column(_("Diperbarui pada"), Kind.MOMENT, 20),
    )

    def rows() -> Iterator[Row]:
        part: list[Finding] = []
        for finding in listing.rows(user, place.election, asked):
            part.append(finding)
            if len(part) == ROWS_AT_A_TIME:
                yield from map(_row, described(part))
                part = []
        yield from map(_row, described(part))

    def count(most: int | None) -> int:
        return listing.count(user, place.election, asked, most=most)

    title = _("Temuan: %(view)s") % {"view": str(listing.VIEW_LABELS[asked.view])}
    return framed(FINDINGS, place, title, columns, rows, count)


def _row(one: Described) -> Row:
    finding = one.finding
    return (
        str(Severity(finding.severity).label),
        finding.rule,
        one.rule_label,
        str(finding.contest.title),
        finding.region.code,
        finding.region.title,
        finding.station.number if finding.station else None,
        short_text(one) or None,
        finding.stake,
        one.state_label,
        str(finding.assigned_to) if finding.assigned_to else None,
        finding.opened_at,
        finding.updated_at,
    )


def _open_findings(contest: Contest, region: Region) -> OtherWork:
    inside = Finding.objects.filter(contest=contest, region__first__range=(region.first, region.last))
    address = reverse("findings", args=[contest.election.slug])
    query = f"?wilayah={region.code}" if region.level >= Level.REGENCY else ""
    label = pgettext_lazy("judul", "Temuan")
    return OtherWork(label, address + query, "medium", inside.open().shown().order_by().count)


def register_all() -> None:
    """Let the table be taken away and the number be shown; called once, when the app is ready."""
    register(FINDINGS, DeskTable(gettext_lazy("Temuan"), _findings), words={*View, *SEVERITIES, *GROUPS})
    work_left.register(_open_findings)
