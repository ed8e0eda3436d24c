"""The tables that can be taken away: their frame, their columns, their rows.

Every number is read by `tallies.totals.reporting`, as the pages do; nothing is
added up here. Rows are yielded one by one: a table may have a million. The lists
of the desks register themselves: those of this app in `tallies.exports.desk_tables`,
those of a higher one where they belong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from fractions import Fraction
from itertools import islice
from typing import Any, TypeVar
from urllib.parse import quote_plus
from zoneinfo import ZoneInfo

from django.core.exceptions import BadRequest, PermissionDenied
from django.utils import formats
from django.utils.functional import Promise
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from regions.models import LEVEL_WORDS, Level, Region, TimeZone
from sista.templatetags.formats import UNKNOWN, format_clock, format_number, format_share, pair_name
from tallies.count_room import queue_words, work_queue
from tallies.models import (
    Contest,
    ContestTotal,
    Election,
    Office,
    Pair,
    PartyTotal,
    PollingStation,
    StationResult,
)
from tallies.models.totals import Progress
from tallies.totals import orders, places, reporting
from tallies.totals.places import Place
from tallies.totals.reporting import RegionLine, StationLine
from tallies.witnesses import invitations

Row = tuple[Any, ...]


class Kind(StrEnum):
    """What a cell holds. None of any kind is an empty cell: unknown is not 0."""

    TEXT = "text"
    COUNT = "count"
    SHARE = "share"  # a fraction
    MOMENT = "moment"  # an aware datetime


@dataclass(frozen=True)
class Column:
    """``width`` is in letters, for what has pages."""

    label: str
    kind: Kind = Kind.COUNT
    width: int = 9


@dataclass(frozen=True)
class Frame:
    """Without which no number leaves: what, where, when, how much is in, and that it is no official result."""

    election: str
    title: str
    place: str
    counted_at: str
    stations: str
    is_practice: bool
    is_simulation: bool

    @property
    def warnings(self) -> tuple[str, ...]:
        found = [_("Hasil sementara, bukan hasil resmi KPU")]
        if self.is_practice:
            found.insert(0, _("LATIHAN. Angka ini tidak dihitung."))
        if self.is_simulation:
            found.append(_("Data simulasi"))
        return tuple(found)

    @property
    def facts(self) -> tuple[tuple[str, str], ...]:
        return (
            (_("Pemilihan"), self.election),
            (_("Wilayah"), self.place),
            (_("Dihitung pada"), self.counted_at),
            (pgettext("judul", "TPS masuk"), self.stations),
        )


@dataclass(frozen=True)
class Table:
    """``rows`` begins anew at each call. ``count`` counts no further than it is asked to."""

    name: str
    frame: Frame
    columns: tuple[Column, ...]
    rows: Callable[[], Iterator[Row]]
    count: Callable[[int | None], int]
    zone: ZoneInfo


class TableName(StrEnum):
    """By their word in the address."""

    VOTES = "suara"
    CONTESTS = "kontes"
    CHILDREN = "wilayah"
    STATIONS = "tps"
    QUEUE = "antrean"


@dataclass(frozen=True)
class Filters:
    """What the page's address says besides the place; anything else in it does nothing."""

    office: str = ""
    order: str = ""
    level: str = ""
    view: str = ""
    state: str = ""
    kind: str = ""
    last: str = ""
    search: str = ""

    @classmethod
    def read(cls, given: Any) -> Filters:
        """From a ``QueryDict`` or a dict; what only one table knows is held against its own list later."""
        level = given.get("tingkat", "")
        return cls(
            office=given.get("jabatan", "") if given.get("jabatan", "") in Office.values else "",
            order=given.get("urut", "") if given.get("urut", "") in _ORDERS else "",
            level=level if level in LEVEL_WORDS else "",
            view=_word(given.get("saring", "")),
            state=_word(given.get("keadaan", "")),
            kind=_word(given.get("jenis", "")),
            last=_word(given.get("hasil", "")),
            search=_searched(given.get("cari", "")),
        )

    @property
    def query(self) -> dict[str, str]:
        """As the address says them, without the empty ones; always in one order."""
        said = {
            "jabatan": self.office,
            "urut": self.order,
            "tingkat": self.level,
            "saring": self.view,
            "keadaan": self.state,
            "jenis": self.kind,
            "hasil": self.last,
            "cari": self.search,
        }
        return {name: value for name, value in said.items() if value}


#: The words of the tables' own filters; any other is dropped here, and one of another table by the table.
FILTER_WORDS: set[str] = {*work_queue.View}
#: Stations whose invitations are read in one query.
STATIONS_AT_A_TIME = 500
#: As the page searches; and as much as a job keeps, where letters of other scripts take six or nine.
SEARCH_LENGTH, SEARCH_KEPT = 80, 120


def _word(text: str) -> str:
    return text if text in FILTER_WORDS else ""


def _searched(text: str) -> str:
    text = " ".join(text.replace("\0", "").split())[:SEARCH_LENGTH]
    if len(quote_plus(text)) > SEARCH_KEPT:
        raise BadRequest("cari is too long")  # cut off, it would find more than the page did
    return text


_Words = TypeVar("_Words", bound=StrEnum)


def chosen(words: type[_Words], asked: str, otherwise: _Words) -> _Words:
    """``asked`` where it is one of ``words``."""
    return words(asked) if asked in list(words) else otherwise


_ORDERS = {*orders.CHILD_ORDERS, *orders.CONTEST_ORDERS, *orders.STATION_ORDERS}


class NoSuchTable(LookupError):
    """The place has no such table: contests of a desa, say."""


Builder = Callable[[Any, Place, Filters], Table]


@dataclass(frozen=True)
class DeskTable:
    """The list of a desk. ``is_at``: the places that have it; ``decides``: only for those who may decide."""

    label: Promise
    build: Builder
    is_at: Callable[[Place], bool] = lambda _place: True
    decides: bool = False


#: By their word in the address, in the order in which they are listed.
DESK_TABLES: dict[str, DeskTable] = {}


def register(name: str, table: DeskTable, *, words: Iterable[str] = ()) -> None:
    """Let ``table`` be taken away; ``words`` are those of its own filters."""
    DESK_TABLES[name] = table
    FILTER_WORDS.update(words)


def refuse(user: Any, name: str) -> None:
    """Raise `PermissionDenied` where ``user`` sees the place and not this table of it."""
    if name in DESK_TABLES and DESK_TABLES[name].decides and not user.may_decide:
        raise PermissionDenied


def table_of(user: Any, place: Place, name: str, filters: Filters) -> Table:
    """Return the table ``name`` of ``place``, which ``user`` is known to see.

    Raises `NoSuchTable`, and `PermissionDenied` as `refuse`.
    """
    refuse(user, name)
    if name in DESK_TABLES:
        if not DESK_TABLES[name].is_at(place):
            raise NoSuchTable(name)
        return DESK_TABLES[name].build(user, place, filters)
    if name not in _BUILDERS or not (place.office or name == TableName.QUEUE):
        raise NoSuchTable(name)
    return _BUILDERS[TableName(name)](user, place, filters)


def names_at(place: Place) -> list[TableName]:
    """The tables that ``place`` has."""
    if not place.office:
        return [TableName.QUEUE]
    if place.contest:
        below = [TableName.CHILDREN] if place.region.level < Level.VILLAGE else []
    else:
        # Where the contests are right below, they are the children.
        between = _level_of_contests(place) > place.region.level + 1
        below = [TableName.CHILDREN, TableName.CONTESTS] if between else [TableName.CONTESTS]
    return [TableName.VOTES, *below, TableName.STATIONS, TableName.QUEUE]


def levels_at(place: Place) -> list[str]:
    """Words of the levels at or below ``place`` at which pairs have votes; the highest first."""
    top = place.region.level if place.contest else _level_of_contests(place)
    return [word for word, level in LEVEL_WORDS.items() if level >= top]


def _level_of_contests(place: Place) -> int:
    return min((contest.region.level for contest in _contests(place)), default=Level.VILLAGE)


# Votes of pairs


def _votes(_user: Any, place: Place, filters: Filters) -> Table:
    words = levels_at(place)
    word = filters.level or words[0]
    if word not in words:
        raise NoSuchTable(word)
    several = place.contest is None
    columns = (
        Column(_("Kontes"), Kind.TEXT, 30),
        Column(_("Kode"), Kind.TEXT, 13),
        Column(_("Nama"), Kind.TEXT, 22),
        Column(_("Nomor urut"), width=8),
        Column(_("Paslon"), Kind.TEXT, 30),
        Column(_("Suara")),
        Column(_("Suara terverifikasi"), width=12),
        *_columns("stations", "stations_in", "stations_verified", "valid_votes", "invalid_votes"),
    )
    title = _("Suara paslon, tingkat %(level)s") % {"level": Level(LEVEL_WORDS[word]).label.lower()}
    scope: dict[str, Any] = {"within": place.region, "office": place.office}

    def count(most: int | None) -> int:
        # As many rows as pairs; ``most`` is in rows, and each region has at least one.
        totals = reporting.export_totals(place.election, word, **scope).order_by()
        pairs = _pairs_at_most(place, several)
        return (totals if most is None else totals[:most]).count() * pairs

    def rows() -> Iterator[Row]:
        return (tuple(row) for row in reporting.export_rows(place.election, word, **scope))

    return framed(TableName.VOTES, place, title, columns, rows, count)


def _pairs_at_most(place: Place, several: bool) -> int:
    """The most pairs that a contest here has: a bound of the rows, exact within one contest."""
    contests = _contests(place) if several else [place.contest]
    return max((len(pairs) for pairs in _pairs(contests).values()), default=0)


# Contests, and what lies below


def _contests_table(_user: Any, place: Place, filters: Filters) -> Table:
    if place.contest is not None:
        raise NoSuchTable(TableName.CONTESTS)
    columns = (
        Column(_("Kode"), Kind.TEXT, 8),
        Column(_("Daerah"), Kind.TEXT, 24),
        Column(_("Keadaan"), Kind.TEXT, 14),
        Column(_("Paslon usungan"), Kind.TEXT, 30),
        Column(_("Suara usungan"), width=11),
        Column(_("Bagian usungan"), Kind.SHARE),
        Column(_("Lawan terkuat"), Kind.TEXT, 30),
        Column(_("Suara lawan terkuat"), width=11),
        Column(_("Bagian lawan terkuat"), Kind.SHARE),
        Column(_("Selisih suara"), width=11),
        *_columns("stations", "stations_in", "stations_verified", "stations_missing"),
    )
    known = orders.CONTEST_ORDERS
    key = known[orders.chosen(known, filters.order)]

    def rows() -> Iterator[Row]:
        party = reporting.party_report(place.election, place.office, place.region)
        return map(_contest_row, sorted(party.contests, key=lambda pair: key(pair[1])))

    return framed(TableName.CONTESTS, place, _("Semua kontes"), columns, rows, lambda _most: len(_contests(place)))


def _contest_row(entry: tuple[Contest, RegionLine]) -> Row:
    contest, line = entry
    ours, rival = line.usungan, line.strongest_rival if line.usungan else None
    return (
        contest.region.code,
        contest.region.title,
        _standing(line.standing),
        _numbered(ours.pair) if ours else None,
        ours.votes if ours else None,
        ours.share if ours else None,
        _numbered(rival.pair) if rival else None,
        rival.votes if rival else None,
        rival.share if rival else None,
        line.usungan_margin,
        *_progress(line.progress, "stations", "stations_in", "stations_verified", "stations_missing"),
    )


def _standing(word: str) -> str:
    return {
        "leading": _("Unggul"),
        "trailing": _("Tertinggal"),
        "tied": _("Imbang"),
        "waiting": _("Belum dihitung"),
        "unbacked": _("Tidak mengusung"),
    }[word]


def _children(_user: Any, place: Place, filters: Filters) -> Table:
    if TableName.CHILDREN not in names_at(place):
        raise NoSuchTable(TableName.CHILDREN)
    return _regions_below(place, filters) if place.contest else _provinces_below(place)


_REGION_PROGRESS = (
    "stations",
    "stations_in",
    "stations_verified",
    "stations_disputed",
    "stations_rejected",
    "stations_missing",
    "registered_voters",
    "voters",
    "valid_votes",
    "invalid_votes",
)


def _regions_below(place: Place, filters: Filters) -> Table:
    assert place.contest is not None
    contest, pairs = place.contest, _pairs([place.contest])[place.contest.pk]
    columns = (
        Column(_("Kode"), Kind.TEXT, 13),
        Column(_("Nama"), Kind.TEXT, 22),
        *_columns(*_REGION_PROGRESS),
        *(Column(_numbered(pair), width=11) for pair in pairs),
    )
    known = orders.CHILD_ORDERS
    key = known[orders.chosen(known, filters.order)]

    def rows() -> Iterator[Row]:
        children = sorted(reporting.contest_report(contest, place.region).children, key=key)
        return (
            (
                line.region.code,
                line.region.name,
                *_progress(line.progress, *_REGION_PROGRESS),
                *(one.votes for one in line.pairs),
            )
            for line in children
        )

    below = Region.objects.filter(parent=place.region)
    return framed(
        TableName.CHILDREN, place, _heading_below(place), columns, rows, lambda _most: below.order_by().count()
    )


def _provinces_below(place: Place) -> Table:
    columns = (
        Column(_("Kode"), Kind.TEXT, 8),
        Column(_("Nama"), Kind.TEXT, 22),
        Column(_("Kontes")),
        Column(_("Unggul")),
        Column(_("Tertinggal")),
        Column(_("Imbang")),
        Column(_("Belum dihitung")),
        Column(_("Suara paslon usungan"), width=12),
        Column(_("Suara paslon lain"), width=12),
        Column(_("Bagian"), Kind.SHARE),
        *_columns("stations", "stations_in", "stations_verified", "stations_missing"),
    )

    def row(total: PartyTotal) -> Row:
        return (
            total.region.code,
            total.region.title,
            total.contests,
            total.contests_led,
            total.contests_trailing,
            total.contests_tied,
            total.contests_waiting,
            total.party_votes,
            total.other_votes,
            total.party_share,
            *_progress(total, "stations", "stations_in", "stations_verified", "stations_missing"),
        )

    def rows() -> Iterator[Row]:
        return map(row, reporting.party_report(place.election, place.office, place.region).children)

    below = Region.objects.filter(parent=place.region)
    return framed(
        TableName.CHILDREN, place, _heading_below(place), columns, rows, lambda _most: below.order_by().count()
    )


def _heading_below(place: Place) -> str:
    return str(Level(place.region.level + 1).label)


# Stations


def _stations(_user: Any, place: Place, filters: Filters) -> Table:
    contests = [place.contest] if place.contest else _contests(place)
    votes = vote_labels(contests)
    most = len(votes)
    columns = (
        *station_columns(),
        Column(_("Keadaan"), Kind.TEXT, 16),
        Column(_("DPT"), width=6),
        Column(_("Pengguna"), width=8),
        Column(_("Sah"), width=6),
        Column(_("Tidak sah"), width=6),
        *(Column(label) for label in votes),
    )
    invited = invitations.are_known(place.election, place.region)
    if invited:
        columns += tuple(
            Column(label, width=9) for label in (_("C6 diterima"), _("C6 dibagikan"), _("C6 tidak tersampaikan"))
        )
    titles = {contest.pk: str(contest.title) for contest in contests}
    states = {state: str(queue_words.STATES[state]) for state in orders.STATES}
    known = orders.STATION_ORDERS
    # Sorted only where the page sorts: a hundred thousand rows come along the tree.
    key = known[orders.chosen(known, filters.order)] if place.region.level == Level.VILLAGE else None

    def rows() -> Iterator[Row]:
        lines: Iterable[StationLine] = reporting.station_lines(contests, place.region)
        plain = (
            (line, _station_row(line, titles, states, most)) for line in (sorted(lines, key=key) if key else lines)
        )
        return _with_invitations(plain) if invited else (row for _line, row in plain)

    def count(limit: int | None) -> int:
        results = StationResult.objects.filter(contest__in=contests).within(place.region).order_by()
        return (results if limit is None else results[:limit]).count()

    return framed(TableName.STATIONS, place, _("TPS"), columns, rows, count)


def _with_invitations(plain: Iterator[tuple[StationLine, Row]]) -> Iterator[Row]:
    """Each row with what the newest report of its station says, read for some hundred stations at once."""
    while chunk := list(islice(plain, STATIONS_AT_A_TIME)):
        told = invitations.newest_figures(line.result.station_id for line, _row in chunk)
        for line, row in chunk:
            reports = told.get(line.result.station_id)
            yield (*row, *(reports[0][1:] if reports else (None, None, None)))


def _station_row(line: StationLine, titles: dict[int, str], states: dict[str, str], most: int) -> Row:
    result, station = line.result, line.result.station
    form = result.form if result.is_in else None
    return (
        *station_cells(titles[result.contest_id], station),
        states[line.state],
        station.registered_voters,
        form.voters_total if form else None,
        form.effective_valid if form else None,
        form.invalid_votes if form else None,
        *line.votes,
        *(None for _missing in range(most - len(line.votes))),
    )


# The queue


def _queue(user: Any, place: Place, filters: Filters) -> Table:
    view = chosen(work_queue.View, filters.view, work_queue.View.ALL)
    columns = (
        *station_columns(),
        Column(_("Keadaan"), Kind.TEXT, 16),
        Column(_("Yang perlu dilihat"), Kind.TEXT, 36),
        Column(_("Dikirim oleh"), Kind.TEXT, 18),
        Column(_("Diterima"), Kind.MOMENT, 20),
    )

    def rows() -> Iterator[Row]:
        return map(_queue_row, work_queue.rows(user, place.election, view, within=place.region))

    def count(most: int | None) -> int:
        return work_queue.count(user, place.election, view, within=place.region, most=most)

    label = queue_words.VIEWS[view]
    title = _("Antrean verifikasi: %(view)s") % {"view": str(label)}
    return framed(TableName.QUEUE, place, title, columns, rows, count)


def _queue_row(result: StationResult) -> Row:
    form = result.form
    return (
        *station_cells(str(result.contest.title), result.station),
        queue_words.state(result),
        " · ".join(queue_words.reasons(result)) or None,
        str(form.submitted_by) if form else None,
        form.received_at if form else None,
    )


_BUILDERS: dict[TableName, Builder] = {
    TableName.VOTES: _votes,
    TableName.CONTESTS: _contests_table,
    TableName.CHILDREN: _children,
    TableName.STATIONS: _stations,
    TableName.QUEUE: _queue,
}


# What they share


def station_columns() -> tuple[Column, ...]:
    """Which station a row is about."""
    return (
        Column(_("Kontes"), Kind.TEXT, 26),
        Column(_("Kecamatan"), Kind.TEXT, 16),
        Column(_("Kode desa"), Kind.TEXT, 13),
        Column(_("Desa/kelurahan"), Kind.TEXT, 18),
        Column(_("Nomor TPS"), width=6),
    )


def station_cells(contest: str, station: PollingStation) -> Row:
    village = station.region
    return contest, village.parent.name if village.parent else None, village.code, village.name, station.number


def vote_labels(contests: list[Contest]) -> list[str]:
    """A column a pair. Of several contests they stand by their place on the ballot, and are never added."""
    pairs = _pairs(contests)
    if len(contests) == 1:
        return [_numbered(pair) for pair in pairs[contests[0].pk]]
    most = max((len(one) for one in pairs.values()), default=0)
    return [_("Suara paslon ke-%(place)s") % {"place": number} for number in range(1, most + 1)]


def framed(
    name: str,
    place: Place,
    title: str,
    columns: tuple[Column, ...],
    rows: Callable[[], Iterator[Row]],
    count: Callable[[int | None], int],
) -> Table:
    above = places.above(place.region)
    zone = ZoneInfo(next((one.time_zone for one in reversed(above) if one.time_zone), TimeZone.WIB.value))
    return Table(name, _frame(place, title, above, zone), columns, rows, count, zone)


def _frame(place: Place, title: str, above: list[Region], zone: ZoneInfo) -> Frame:
    progress = progress_at(place)
    election: Election = place.election
    # The office where there are several: the kontes has a column of its own, or a name with its place.
    named = f"{election.name}, {place.contest.title}" if place.contest else election.name
    return Frame(
        election=named,
        title=title,
        place=", ".join(one.title for one in reversed(above)) + f" ({place.region.code})",
        counted_at=moment(progress.counted_at if progress else None, zone),
        stations=stations_in(progress),
        is_practice=election.practice_of_id is not None,
        is_simulation=election.is_simulation,
    )


def progress_at(place: Place) -> Progress | None:
    """The stored progress of the place's own region."""
    if place.contest:
        return ContestTotal.objects.filter(contest=place.contest, region=place.region).first()
    totals = PartyTotal.objects.filter(election=place.election, office=place.office, region=place.region)
    return totals.first()


def moment(value: datetime | None, zone: ZoneInfo) -> str:
    if value is None:
        return _("belum ada yang dihitung")
    day = formats.date_format(value.astimezone(zone), "j F Y")
    return f"{day}, {format_clock(value, zone, language=get_language())}"


def stations_in(progress: Progress | None) -> str:
    if progress is None:
        return UNKNOWN
    language = get_language()
    coverage: Fraction | None = reporting.coverage_rounded_down(progress)
    return _("%(have)s dari %(all)s (%(share)s)") % {
        "have": format_number(progress.stations_in, language),
        "all": format_number(progress.stations, language),
        "share": format_share(coverage, language=language),
    }


def _columns(*names: str) -> Iterator[Column]:
    labels = {
        "stations": _("TPS"),
        "stations_in": pgettext("judul", "TPS masuk"),
        "stations_verified": _("TPS terverifikasi"),
        "stations_disputed": _("TPS janggal"),
        "stations_rejected": _("TPS ditolak"),
        "stations_missing": _("TPS belum masuk"),
        "registered_voters": _("DPT"),
        "voters": _("Pengguna"),
        "valid_votes": _("Sah"),
        "invalid_votes": _("Tidak sah"),
    }
    return (Column(labels[name]) for name in names)


def _progress(progress: Progress | None, *names: str) -> Iterator[int | None]:
    return (getattr(progress, name) if progress else None for name in names)


def _contests(place: Place) -> list[Contest]:
    contests = Contest.objects.filter(election=place.election, office=place.office).touching(place.region)
    return list(contests.exclude(region=place.region).select_related("region", "election").order_by("region__first"))


def _pairs(contests: Iterable[Contest]) -> dict[int, list[Pair]]:
    contests = list(contests)
    pairs: dict[int, list[Pair]] = {contest.pk: [] for contest in contests}
    for pair in Pair.objects.filter(contest__in=contests):
        pairs[pair.contest_id].append(pair)
    return pairs


def _numbered(pair: Pair) -> str:
    return f"{pair.number} {pair_name(pair)}"


def counting(rows: Iterable[Row], tell: Callable[[int], None], *, every: int) -> Iterator[Row]:
    """``rows``, telling after each ``every`` how many there were."""
    for number, row in enumerate(rows, start=1):
        yield row
        if number % every == 0:
            tell(number)
