"""What the page of a decision shows: the forms of one station as columns, their checks, the photos."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from sista.templatetags.formats import pair_name
from tallies import checks, intake, wording
from tallies.count_room import readings, suggesting
from tallies.count_room.suggesting import Suggestion
from tallies.figures import FEMALE, MALE, TOTAL, VOTE_ROWS, Figures, vote_field
from tallies.models import (
    WITH_FIGURES,
    C1Form,
    FormKind,
    FormPhoto,
    Pair,
    Photo,
    Reading,
    ReadingState,
    StationResult,
)
from tallies.totals import comparison, station_reporting
from tallies.totals.station_reporting import StationReport, Version


@dataclass(frozen=True)
class Column:
    """One form, or a second reading of the counted one (``mark`` is then "reading", else as in `Version`).

    ``label`` is what the button repeats: the one value that differs.
    """

    source: C1Form | Reading
    mark: str
    figures: Figures
    found: tuple[checks.Contradiction, ...]
    sentences: tuple[tuple[str, str], ...]
    is_own: bool
    label: int | None = None

    @property
    def is_reading(self) -> bool:
        return self.mark == "reading"

    @property
    def choice(self) -> str:
        """What its radio button sends."""
        return f"bacaan-{self.source.pk}" if self.is_reading else str(self.source.pk)

    @property
    def by(self) -> Any:
        return self.source.reader if isinstance(self.source, Reading) else self.source.submitted_by

    @property
    def at(self) -> datetime:
        return self.source.read_at if isinstance(self.source, Reading) else self.source.received_at

    @property
    def may_be_verified(self) -> bool:
        return self.mark != "rejected" and not self.is_own


@dataclass(frozen=True)
class Line:
    """One row of the form over all columns. ``asked``: a relation that does not hold names it."""

    label: str
    pair: Pair | None
    row: comparison.Row
    asked: bool


@dataclass(frozen=True)
class Part:
    """A part of the form. ``folded``: far from the votes, and nothing in it is in question."""

    title: Promise | str
    lines: tuple[Line, ...]
    folded: bool


@dataclass(frozen=True)
class CheckLine:
    """One relation over all columns; each cell "856 ≠ 256", "" where it is not two sides, None where it holds."""

    code: str
    title: Promise
    cells: tuple[tuple[checks.Contradiction, str] | None, ...]


@dataclass(frozen=True)
class PagePhoto:
    """A photo to look at; ``by`` is named only where several people sent photos."""

    form: C1Form
    name: FormPhoto
    photo: Photo | None
    by: Any


@dataclass(frozen=True)
class DecisionPage:
    result: StationResult
    report: StationReport
    columns: tuple[Column, ...]
    parts: tuple[Part, ...]
    check_lines: tuple[CheckLine, ...]
    photos: tuple[PagePhoto, ...]
    #: Values that would make the form to correct add up; each with the label of its box.
    suggestions: tuple[tuple[str, Suggestion], ...] = ()
    #: Second readings without figures: what the reader says the photo is.
    remarks: tuple[Reading, ...] = ()

    @property
    def forms(self) -> tuple[Column, ...]:
        return tuple(column for column in self.columns if not column.is_reading)

    @property
    def was_read(self) -> bool:
        return len(self.forms) < len(self.columns)

    @property
    def differing(self) -> int:
        return sum(line.row.differs for part in self.parts for line in part.lines)

    @property
    def is_choice(self) -> bool:
        return len(self.columns) > 1

    @property
    def may_be_verified(self) -> bool:
        """Something here can still be verified; a verified form without a rival is settled."""
        settled = not self.is_choice and self.result.review == "verified"
        return not settled and any(column.may_be_verified for column in self.columns)

    @property
    def to_correct(self) -> C1Form | None:
        """The form a correction starts from and names: the proposal, or else the counted (or rejected) one."""
        shown = {column.source.pk: column.source for column in self.forms}
        return shown.get(self.result.proposed_form_id) or shown.get(self.result.form_id)


def decision_page(result: StationResult, *, for_user: Any) -> DecisionPage:
    """Read everything about ``result``, which the caller has found visible to ``for_user``."""
    report = station_reporting.station_report(result, for_user=for_user)
    pairs = [line.pair for line in report.pairs if line.pair]
    read = readings.readings_of(result) if result.reading == ReadingState.COORDINATOR else []
    columns = _columns(result, report, pairs, for_user, [one for one in read if one.finding in WITH_FIGURES])
    parts = _parts(result, pairs, columns)
    return DecisionPage(
        result=result,
        report=report,
        columns=_with_labels(columns, parts),
        parts=parts,
        check_lines=_check_lines(columns),
        photos=_photos(report.versions, [column.source.pk for column in columns if not column.is_reading]),
        suggestions=_suggestions(result, pairs, columns),
        remarks=tuple(one for one in read if one.finding not in WITH_FIGURES),
    )


def _columns(
    result: StationResult, report: StationReport, pairs: list[Pair], user: Any, read: list[Reading]
) -> tuple[Column, ...]:
    """The counted (or rejected) form, its last reading, the proposal, then the rivals in order of arrival."""
    by_id = {version.form.pk: version.form for version in report.versions}
    if result.form_id is None:
        return ()
    marks = {result.form_id: "counted" if result.is_in else "rejected"}
    if result.proposed_form_id:
        marks[result.proposed_form_id] = "proposed"
    # After a rejection the other forms are still open, though nothing is counted they could differ from.
    rivals = [rival.form for rival in report.rivals] if result.is_in else intake.open_forms(result)
    marks |= dict.fromkeys((form.pk for form in rivals), "rival")
    columns = [_column(by_id[pk], mark, result, pairs, user) for pk, mark in marks.items()]
    if read:
        columns.insert(1, _column(read[-1], "reading", result, pairs, user))
    return tuple(columns)


def _column(source: C1Form | Reading, mark: str, result: StationResult, pairs: list[Pair], user: Any) -> Column:
    figures = source.figures
    found = checks.check(figures, result.station.facts, result.contest.election.thresholds)
    names = {pair.number: pair.name for pair in pairs}
    sentences = tuple((one.code, wording.describe(one, names)) for one in found)
    by = source.reader_id if isinstance(source, Reading) else source.submitted_by_id
    return Column(source, mark, figures, found, sentences, is_own=by == user.pk)


def _suggestions(
    result: StationResult, pairs: list[Pair], columns: tuple[Column, ...]
) -> tuple[tuple[str, Suggestion], ...]:
    if not columns or not result.is_in:
        return ()
    counted, *others = (column.figures for column in columns)
    thresholds = result.contest.election.thresholds
    found = suggesting.suggest(counted, others, result.station.facts, thresholds)
    names = {vote_field(pair.number): pair for pair in pairs}
    return tuple((_label(one.field, names), one) for one in found)


def _parts(result: StationResult, pairs: list[Pair], columns: tuple[Column, ...]) -> tuple[Part, ...]:
    if not columns:
        return ()
    election = result.contest.election
    votes = [vote_field(pair.number) for pair in pairs]
    names_of = dict(zip(votes, pairs, strict=True))
    readings = [column.figures for column in columns]
    asked = {name for column in columns for one in column.found for name in one.fields}

    def part(title: Promise | str, names: Iterable[str], *, foldable: bool = False) -> Part:
        lines = tuple(
            Line(_label(row.name, names_of), names_of.get(row.name), row, row.name in asked)
            for row in comparison.rows(names, readings)
        )
        quiet = not any(line.asked or line.row.differs for line in lines)
        return Part(title, lines, foldable and quiet)

    if election.form_kind != FormKind.FULL:
        before = [name for name in election.fields if name not in VOTE_ROWS]
        after = [name for name in election.fields if name in VOTE_ROWS]
        return (part("", before), part(_("IV. Perolehan suara"), votes), part(_("V. Suara sah dan tidak sah"), after))
    registered, voters, disabled = (
        part(title, [row + half for row, _label in rows for half in (MALE, FEMALE, TOTAL)], foldable=True)
        for title, rows in station_reporting.GENDERED_SECTIONS
    )
    ballots = part(*station_reporting.PLAIN_SECTIONS[0], foldable=True)
    last = part(*station_reporting.PLAIN_SECTIONS[1])
    return (registered, voters, ballots, disabled, part(_("IV. Perolehan suara"), votes), last)


def _label(name: str, pairs: dict[str, Pair]) -> str:
    return pair_name(pairs[name]) if name in pairs else str(wording.FIELD_LABELS[name])


def _with_labels(columns: tuple[Column, ...], parts: tuple[Part, ...]) -> tuple[Column, ...]:
    """Give each column the value that sets it apart, where exactly one row differs."""
    differing = [line.row for part in parts for line in part.lines if line.row.differs]
    if len(differing) != 1:
        return columns
    cells = differing[0].cells
    return tuple(replace(column, label=cell.value) for column, cell in zip(columns, cells, strict=True))


def _check_lines(columns: tuple[Column, ...]) -> tuple[CheckLine, ...]:
    return tuple(
        CheckLine(
            row.code,
            wording.TITLES[row.code],
            tuple((one, comparison.sign(one)) if one else None for one in row.found),
        )
        for row in comparison.check_rows([column.found for column in columns])
    )


def _photos(versions: tuple[Version, ...], first: list[int]) -> tuple[PagePhoto, ...]:
    """Every photo of the station once: of the columns in their order, then of the other versions, newest first.

    A correction typed by a coordinator names no photo; the one it was read from
    hangs on the version before it.
    """
    order = {pk: place for place, pk in enumerate(first)}
    ranked = sorted(versions, key=lambda version: order.get(version.form.pk, len(order)))
    seen: dict[str, PagePhoto] = {}
    for version in ranked:
        for name, photo in version.photos:
            known = seen.get(name.sha256)
            if known is None or (known.photo is None and photo is not None):
                seen[name.sha256] = PagePhoto(version.form, name, photo, version.form.submitted_by)
    found = list(seen.values())
    if len({one.form.submitted_by_id for one in found}) > 1:
        return tuple(found)
    return tuple(PagePhoto(one.form, one.name, one.photo, None) for one in found)
