"""The lists of the desks as files: what the page lists, row by row, in its order and with its filters."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from regions.models import Level
from tallies.count_room import error_reports, quarantine, queue_words
from tallies.exports.tables import (
    Column,
    DeskTable,
    Filters,
    Kind,
    Row,
    Table,
    chosen,
    framed,
    register,
    station_cells,
    station_columns,
    vote_labels,
)
from tallies.models import Contest, ErrorReport, Phase, PollingStation
from tallies.roster import stations as roster_stations
from tallies.silent import silent_list
from tallies.silent.silent_list import Asked, View
from tallies.totals import arrivals, reporting
from tallies.totals.places import Place
from tallies.witnesses import guard_phones
from tallies.witnesses.guard_phones import State
from tallies.wording import FIELD_LABELS

ARRIVALS, SILENT, REPORTS, QUARANTINE, PHONES = "kedatangan", "belum-masuk", "laporan", "karantina", "ponsel"
ROSTER = "penugasan"
#: The filter of the reports, by its word in the address.
CLOSED = "ditutup"
ROWS_AT_A_TIME = 500


# Arrivals


def _arrivals(_user: Any, place: Place, _filters: Filters) -> Table:
    columns = (
        Column(_("Mulai"), Kind.MOMENT, 20),
        Column(_("Sampai sebelum"), Kind.MOMENT, 20),
        Column(_("Masuk")),
        Column(_("Jumlah masuk")),
        Column(_("Cakupan"), Kind.SHARE),
        Column(_("Terverifikasi")),
        Column(_("Jumlah terverifikasi"), width=12),
    )

    def rows() -> Iterator[Row]:
        # Not the shared reading of the page: a file is of one moment.
        zone = ZoneInfo(place.region.zone)
        for one in arrivals.arrivals_now(place.election, place.office, place.region, zone).intervals:
            yield one.start, one.end, one.arrived, one.all_arrived, one.coverage, one.verified, one.all_verified

    return framed(ARRIVALS, place, _("Kedatangan"), columns, rows, lambda _most: arrivals.MOST_INTERVALS)


# Silent stations


def _silent(user: Any, place: Place, filters: Filters) -> Table:
    view = chosen(View, filters.state, View.SILENT)
    asked = Asked(place.region, view, filters.last if filters.last in silent_list.LAST_FILTERS else "")
    columns = (
        *station_columns(),
        Column(_("DPT"), width=6),
        Column(_("Suara keunggulan kecamatan"), width=12),
        Column(_("Saksi"), Kind.TEXT, 24),
        Column(_("Telepon"), Kind.TEXT, 16),
        Column(_("Upaya terakhir"), Kind.TEXT, 16),
        Column(_("Catatan"), Kind.TEXT, 22),
        Column(_("Dicatat oleh"), Kind.TEXT, 16),
        Column(_("Dicatat pada"), Kind.MOMENT, 20),
    )

    def rows() -> Iterator[Row]:
        return map(_silent_row, silent_list.rows(user, place.election, asked))

    def count(_most: int | None) -> int:
        return sum(area.count for area in silent_list.areas_of(user, place.election, asked))

    title = _("Daftar TPS: %(view)s") % {"view": str(silent_list.VIEW_LABELS[view])}
    return framed(SILENT, place, title, columns, rows, count)


def _silent_row(row: silent_list.Row) -> Row:
    last = row.last
    return (
        *station_cells(str(row.result.contest.title), row.result.station),
        row.result.station.registered_voters,
        row.area.at_stake if row.area else None,
        " · ".join(str(contact.person) for contact in row.contacts) or None,
        " · ".join(contact.person.spoken_phone for contact in row.contacts if contact.number) or None,
        *((last.get_outcome_display(), last.note or None, str(last.by), last.at) if last else [None] * 4),
    )


# Reports of errors


def _reports(user: Any, place: Place, filters: Filters) -> Table:
    closed = filters.view == CLOSED
    asked: dict[str, Any] = {"closed": closed, "within": place.region}
    columns = (
        *station_columns(),
        Column(_("Jenis"), Kind.TEXT, 20),
        Column(_("Keterangan"), Kind.TEXT, 30),
        Column(_("Dilaporkan oleh"), Kind.TEXT, 16),
        Column(_("Dilaporkan pada"), Kind.MOMENT, 20),
        Column(_("Jawaban"), Kind.TEXT, 30),
        Column(_("Dijawab oleh"), Kind.TEXT, 16),
        Column(_("Ditutup pada"), Kind.MOMENT, 20),
    )

    def rows() -> Iterator[Row]:
        before = None
        while True:
            found, before = error_reports.page(user, place.election, before=before, size=ROWS_AT_A_TIME, **asked)
            for report in found:
                yield from _report_rows(report)
            if before is None:
                return

    def count(most: int | None) -> int:
        return error_reports.count_entries(user, place.election, most=most, **asked)

    title = _("Laporan kesalahan yang sudah ditutup") if closed else _("Laporan kesalahan yang terbuka")
    return framed(REPORTS, place, title, columns, rows, count)


def _report_rows(report: ErrorReport) -> Iterator[Row]:
    """A row for each who said something."""
    where = station_cells(str(report.result.contest.title), report.result.station)
    answer = report.answer if report.closed_at else None
    said = (answer.text, str(answer.by), answer.at) if answer else (None, None, None)
    for entry in report.entries.all():
        yield (*where, entry.get_kind_display(), entry.text or None, str(entry.by), entry.at, *said)


# Quarantine


def _quarantine(user: Any, place: Place, _filters: Filters) -> Table:
    contests = Contest.objects.filter(election=place.election).touching(place.region).select_related("region")
    votes, fields = vote_labels(list(contests)), place.election.fields
    columns = (
        *station_columns(),
        Column(_("Dikirim oleh"), Kind.TEXT, 16),
        Column(_("Diterima"), Kind.MOMENT, 20),
        Column(_("Penugasan dicabut"), Kind.MOMENT, 20),
        Column(_("Formulir lain TPS ini"), Kind.TEXT, 16),
        Column(_("Foto disebut"), width=7),
        Column(_("Catatan"), Kind.TEXT, 22),
        *(Column(label) for label in votes),
        *(Column(str(FIELD_LABELS[name])) for name in fields),
    )

    def rows() -> Iterator[Row]:
        before = None
        while True:
            found, before = quarantine.page(
                user, place.election, within=place.region, before=before, size=ROWS_AT_A_TIME
            )
            yield from (_quarantine_row(entry, len(votes), fields) for entry in found)
            if before is None:
                return

    def count(most: int | None) -> int:
        return quarantine.visible(user, place.election, place.region).order_by()[:most].count()

    return framed(QUARANTINE, place, _("Karantina: tidak dihitung"), columns, rows, count)


def _quarantine_row(entry: quarantine.Entry, most: int, fields: tuple[str, ...]) -> Row:
    form, other = entry.form, entry.result if entry.result and entry.result.form_id else None
    votes = [number for _pair, number in entry.votes]
    return (
        *station_cells(str(form.contest.title), form.station),
        str(form.submitted_by),
        form.received_at,
        entry.revoked_at,
        queue_words.state(reporting.station_state(other)) if other else None,
        entry.photo_count,
        form.content["note"] or None,
        *votes,
        *(None for _missing in range(most - len(votes))),
        *(form.content["values"].get(name) for name in fields),
    )


# Phones of the witnesses


def _phones(user: Any, place: Place, filters: Filters) -> Table:
    state = chosen(State, filters.state, State.ALL)
    asked: dict[str, Any] = {"state": state, "search": filters.search}
    columns = (
        *station_columns()[1:],
        Column(_("Saksi"), Kind.TEXT, 24),
        Column(_("Telepon"), Kind.TEXT, 16),
        Column(_("Ponsel"), Kind.TEXT, 20),
        Column(_("Aktif sejak"), Kind.MOMENT, 20),
        Column(_("Tautan berlaku sampai"), Kind.MOMENT, 20),
    )

    def rows() -> Iterator[Row]:
        after = None
        while True:
            page = guard_phones.page(
                user, place.region, election=place.election, after=after, size=ROWS_AT_A_TIME, **asked
            )
            yield from map(_phone_row, page.rows)
            after = page.next
            if after is None:
                return

    def count(most: int | None) -> int:
        return guard_phones.count(user, place.region, place.election, most=most, **asked)

    title = _("Saksi dan ponselnya: %(state)s") % {"state": str(guard_phones.STATE_LABELS[state])}
    return framed(PHONES, place, title, columns, rows, count)


def _phone_row(row: guard_phones.Row) -> Row:
    witness = row.assignment.witness
    return (
        *station_cells("", row.assignment.station)[1:],
        str(witness),
        witness.spoken_phone or None,
        str(guard_phones.STATE_LABELS[row.state]),
        row.device.bound_at if row.device else None,
        row.link.expires_at if row.link else None,
    )


# Who guards which TPS


def _roster(_user: Any, place: Place, _filters: Filters) -> Table:
    columns = (
        *station_columns()[1:],
        Column(_("Keadaan"), Kind.TEXT, 14),
        Column(_("Saksi"), Kind.TEXT, 30),
        Column(_("Telepon"), Kind.TEXT, 20),
        Column(_("Ponsel"), Kind.TEXT, 16),
        Column(_("Ditugaskan pada"), Kind.MOMENT, 20),
    )

    def rows() -> Iterator[Row]:
        return map(_roster_row, roster_stations.all_rows(place.election, place.region))

    def count(most: int | None) -> int:
        here = PollingStation.objects.within(place.region).filter(election=place.election).order_by()
        return (here if most is None else here[:most]).count()

    return framed(ROSTER, place, _("Penugasan saksi"), columns, rows, count)


def _roster_row(row: roster_stations.Row) -> Row:
    """A station; of several witnesses all stand in its cells, in one order."""
    labels = roster_stations.STATE_LABELS
    return (
        *station_cells("", row.station)[1:],
        str(labels[row.state]),
        " · ".join(str(guard.person) for guard in row.guards) or None,
        " · ".join(guard.person.spoken_phone or "–" for guard in row.guards) or None,
        " · ".join(str(labels[guard.state]) for guard in row.guards) or None,
        row.guards[0].assignment.assigned_at if row.guards else None,
    )


def register_all() -> None:
    """Let the lists of this app be taken away; called once, when the app is ready."""
    register(ARRIVALS, DeskTable(gettext_lazy("Kedatangan"), _arrivals, is_at=lambda place: bool(place.office)))
    words = {*View, *silent_list.LAST_FILTERS}
    register(SILENT, DeskTable(gettext_lazy("Belum masuk"), _silent), words=words)
    register(REPORTS, DeskTable(gettext_lazy("Laporan kesalahan"), _reports), words=[CLOSED])
    register(QUARANTINE, DeskTable(gettext_lazy("Karantina"), _quarantine))
    phones = DeskTable(
        gettext_lazy("Saksi dan ponselnya"),
        _phones,
        is_at=lambda place: place.election.phase != Phase.CLOSED,
        decides=True,
    )
    register(PHONES, phones, words=State)
    roster = DeskTable(
        gettext_lazy("Penugasan saksi"),
        _roster,
        is_at=lambda place: place.region.level >= Level.PROVINCE and place.election.phase != Phase.CLOSED,
        decides=True,
    )
    register(ROSTER, roster)
