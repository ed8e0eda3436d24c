"""One D.Hasil as a page sends it: rows of figures, a column a region; typed first and, blind, a second time."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from django import forms
from django.core.exceptions import ValidationError
from django.forms.boundfield import BoundField
from django.utils.translation import gettext_lazy as _lazy

from regions.models import Region
from tallies.figures import Figures, vote_field
from tallies.models import Pair, RecapForm
from tallies.recap import wording
from tallies.recap.checks import RecapContradiction, check
from tallies.recap.places import RecapPlace
from tallies.recap.submission import RecapPage, RecapSubmission
from tallies.recap_figures import RECAP_FIELDS, parse_recap_figure

#: The rows of the paper before the pairs, and after them.
BEFORE = ("registered_dpt", "voters_total", "ballots_received", "ballots_used")
AFTER = ("valid_votes", "invalid_votes", "total_votes")


#: How a date is written, the first as the page writes it.
DATE_FORMATS = ["%d-%m-%Y", "%d/%m/%Y", "%d.%m.%Y", "%d %m %Y", "%Y-%m-%d"]


class RecapFigureField(forms.Field):
    """One row of boxes: "" is a blank box, one to seven ASCII digits a figure, all else an error."""

    def to_python(self, value: Any) -> int | None:
        try:
            return parse_recap_figure(value)
        except ValueError as error:
            raise ValidationError(wording.refusal("recap_figure")) from error


def box_name(region: int, row: str) -> str:
    return f"k{region}-{row}"


class RecapSheet(forms.Form):
    """The figures of a D.Hasil, all of its columns. What a second reader types is this and nothing else."""

    uuid = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, place: RecapPlace, initial: dict[str, Any] | None = None) -> None:
        # Made by the server when the page is first shown: pressing twice sends one key.
        super().__init__(data, initial={"uuid": uuid4()} | (initial or {}))
        self.place = place
        self.pairs: list[Pair] = list(place.contest.pairs.all())
        self.pair_names = {pair.number: pair.name for pair in self.pairs}
        self.rows = (*BEFORE, *(vote_field(pair.number) for pair in self.pairs), *AFTER)
        for region in place.columns:
            for row in self.rows:
                label = f"{column_title(region, place)}, {wording.row_label(row, self.pair_names)}"
                self.fields[box_name(region.pk, row)] = RecapFigureField(label=label, required=False)
        sentence = wording.refusal("bad_uuid")
        self.fields["uuid"].error_messages |= {"required": sentence, "invalid": sentence}

    def clean(self) -> dict[str, Any]:
        # A post that was cut off must not be taken for blank boxes.
        if {box_name(region.pk, row) for region in self.place.columns for row in self.rows} - set(self.data):
            self.add_error(None, wording.refusal("recap_columns"))
        return super().clean()

    @property
    def columns(self) -> dict[int, Figures]:
        """The columns of a valid form."""
        return {
            region.pk: Figures(
                votes={n: self.cleaned_data[box_name(region.pk, vote_field(n))] for n in self.pair_names},
                values={row: self.cleaned_data[box_name(region.pk, row)] for row in RECAP_FIELDS},
            )
            for region in self.place.columns
        }

    @property
    def unreadable(self) -> list[BoundField]:
        """The boxes that hold something else than a figure."""
        names = (box_name(region.pk, row) for region in self.place.columns for row in self.rows)
        return [self[name] for name in names if self[name].errors]

    @property
    def other_errors(self) -> list[str]:
        return [*self.non_field_errors(), *self["uuid"].errors]

    @property
    def last_pair(self) -> str:
        """Name of the row under which the pairs are added up."""
        return vote_field(self.pairs[-1].number) if self.pairs else ""

    def table(self, questions: Sequence[Question] = ()) -> list[SheetRow]:
        """The rows of the paper, each with a box a column and what is asked of it."""
        pairs = {vote_field(pair.number): pair for pair in self.pairs}
        return [self._row(row, pairs.get(row), [one for one in questions if one.row == row]) for row in self.rows]

    def _row(self, row: str, pair: Pair | None, questions: list[Question]) -> SheetRow:
        asked = {one.region: one for one in questions}
        boxes = [
            Box(region, self[box_name(region.pk, row)], region == self.place.region, asked.get(region.pk))
            for region in self.place.columns
        ]
        return SheetRow(row, wording.row_label(row, self.pair_names), pair, boxes, questions)


class RecapEntry(RecapSheet):
    """A D.Hasil that is entered. ``start`` is the version that is corrected."""

    supersedes = forms.UUIDField(widget=forms.HiddenInput, required=False)
    # Not a date picker: its three parts cost as many stops of the Tab key, and the paper is copied, not chosen.
    dated_on = forms.DateField(
        label=_lazy("Tanggal di formulir"),
        required=False,
        input_formats=DATE_FORMATS,
        help_text=_lazy("Tanggal, bulan, tahun, misalnya 11-12-2020."),
        widget=forms.DateInput(attrs={"class": "input", "autocomplete": "off"}, format=DATE_FORMATS[0]),
    )
    note = forms.CharField(
        label=_lazy("Catatan"),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "class": "input"}),
    )

    def __init__(self, data: Any = None, *, place: RecapPlace, start: RecapForm | None = None) -> None:
        super().__init__(data, place=place, initial=_initial(start))
        self.fields["supersedes"].error_messages["invalid"] = wording.refusal("bad_uuid")
        self.fields["dated_on"].error_messages["invalid"] = wording.refusal("recap_date")
        self.fields["note"].error_messages["max_length"] = wording.refusal("note_too_long")

    def submission(self, pages: Iterable[RecapPage], confirmed: Iterable[str]) -> RecapSubmission:
        """What is handed to the intake; of a valid form."""
        return RecapSubmission(
            uuid=self.cleaned_data["uuid"],
            contest_id=self.place.contest.pk,
            region_id=self.place.region.pk,
            columns=self.columns,
            photos=tuple(pages),
            supersedes=self.cleaned_data["supersedes"],
            confirmed=tuple(confirmed),
            note=self.cleaned_data["note"],
            dated_on=self.cleaned_data["dated_on"],
        )


def _initial(start: RecapForm | None) -> dict[str, Any]:
    if start is None:
        return {}
    boxes = {box_name(region, row): value for region, row, value in _boxes(start)}
    return boxes | {"supersedes": start.uuid, "dated_on": start.dated_on, "note": start.note}


def _boxes(form: RecapForm) -> Iterator[tuple[int, str, int | None]]:
    for region, figures in form.columns_by_region.items():
        for row in (*figures.vote_fields, *RECAP_FIELDS):
            yield region, row, figures.get(row)


@dataclass(frozen=True)
class Box:
    """One box of the sheet. ``is_total``: of the column that adds up the others."""

    region: Region
    field: BoundField
    is_total: bool
    question: Question | None


@dataclass(frozen=True)
class SheetRow:
    name: str
    label: str
    pair: Pair | None
    boxes: list[Box]
    questions: list[Question]


@dataclass(frozen=True)
class Question:
    """One contradiction, asked under the row of its last box. ``key`` holds the figures too."""

    key: str
    code: str
    region: int
    row: str
    sentence: str
    target: str
    answered: bool

    @property
    def element_id(self) -> str:
        return "question-" + re.sub(r"[^A-Za-z0-9]+", "-", self.key)


def questions_of(sheet: RecapSheet, answers: Iterable[str]) -> list[Question]:
    """Ask what does not agree in a valid sheet. ``answers``: the keys that were confirmed."""
    given = set(answers)
    place = sheet.place
    titles = {region.pk: column_title(region, place) for region in place.columns}
    found = check(sheet.columns, place.region.pk, place.contest.election.turnout_limit)
    return [_question(one, sheet, titles[one.region], given) for one in found]


def _question(one: RecapContradiction, sheet: RecapSheet, title: str, given: set[str]) -> Question:
    return Question(
        key=one.key,
        code=one.code,
        region=one.region,
        row=one.row,
        sentence=wording.describe(one, title, sheet.pair_names),
        target=sheet[box_name(one.region, one.row)].id_for_label,
        answered=one.key in given,
    )


def column_title(region: Region, place: RecapPlace) -> str:
    return str(_lazy("Jumlah akhir")) if region == place.region else region.title


def adopt_uuid(sheet: RecapEntry, place: RecapPlace) -> RecapEntry:
    """The same figures as a version of their own: the page was gone back to and changed after it was sent."""
    data = sheet.data.copy()
    data["uuid"] = str(uuid4())
    anew = RecapEntry(data, place=place)
    anew.full_clean()
    return anew
