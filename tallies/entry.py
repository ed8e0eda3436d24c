"""One C1 as a page sends it: its boxes, the answers to what does not add up. Its photos: `tallies.photo_tray`.

Figures are read by `tallies.figures.parse_figure` and by nothing else; a blank
box stays blank. Nothing here decides what counts: that is `tallies.intake`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.core.exceptions import ValidationError
from django.forms.boundfield import BoundField
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from tallies import wording
from tallies.checks import Contradiction, check
from tallies.figures import BALLOT_ROWS, FULL_FIELDS, VOTE_ROWS, Figures, parse_figure, vote_field
from tallies.models import C1Form, FormKind, Pair, StationResult
from tallies.submission import PhotoName, Submission
from tallies.wording_refusals import refusal_sentence

#: The rows of part V as the paper letters them.
_LETTERED: dict[str, Promise] = {
    "valid_votes": _lazy("A. Suara sah"),
    "invalid_votes": _lazy("B. Suara tidak sah"),
    "total_votes": _lazy("C. Sah dan tidak sah"),
}


class FigureField(forms.Field):
    """One row of boxes: "" is a blank box, one to four ASCII digits a figure, all else an error."""

    def to_python(self, value: Any) -> int | None:
        try:
            return parse_figure(value)
        except ValueError as error:
            raise ValidationError(refusal_sentence("bad_figure", field=self.label)) from error


class EntryForm(forms.Form):
    """The figures of one station's C1, for the pairs and rows its election asks for.

    ``start`` is the version that is being corrected: an unbound form shows its
    figures (unless ``blank``) and names it in ``supersedes``. ``asked`` names
    the only boxes to fill in, where it is not all.
    """

    uuid = forms.UUIDField(widget=forms.HiddenInput)
    supersedes = forms.UUIDField(widget=forms.HiddenInput, required=False)
    objection = forms.ChoiceField(
        label=_lazy("Ada kejadian khusus atau keberatan saksi?"),
        choices=[("ada", _lazy("Ada")), ("tidak", _lazy("Tidak ada"))],
        widget=forms.RadioSelect,
        required=False,
    )
    note = forms.CharField(
        label=_lazy("Catatan"), max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )

    def __init__(
        self,
        data: Any = None,
        *,
        result: StationResult,
        user: Any,
        start: C1Form | None = None,
        blank: bool = False,
        asked: Collection[str] = (),
    ) -> None:
        super().__init__(data, initial=_initial(start, blank=blank))
        self.result = result
        self.user = user
        pairs: list[Pair] = list(result.contest.pairs.all())
        self.pairs = [pair for pair in pairs if not asked or vote_field(pair.number) in asked]
        self.pair_names = {pair.number: pair.name for pair in self.pairs}
        self.row_names = tuple(name for name in result.contest.election.fields if not asked or name in asked)
        for name in (*map(vote_field, self.pair_names), *self.row_names):
            self.fields[name] = FigureField(label=wording.field_label(name, self.pair_names), required=False)
        for name in ("uuid", "supersedes"):
            sentence = refusal_sentence("bad_uuid")
            self.fields[name].error_messages |= {"required": sentence, "invalid": sentence}
        self.fields["objection"].error_messages["invalid_choice"] = refusal_sentence("bad_value")
        self.fields["note"].error_messages["max_length"] = refusal_sentence("note_too_long")

    def clean_supersedes(self) -> UUID | None:
        named = self.cleaned_data["supersedes"]
        if named and not own_forms(self.result, self.user).filter(uuid=named).exists():
            raise ValidationError(refusal_sentence("bad_supersedes"))
        return named

    def clean(self) -> dict[str, Any]:
        expected = {vote_field(number) for number in self.pair_names}
        sent = {name for name in self.data if name.startswith("votes_")}
        if sent != expected:
            missing, unknown = (sorted(_suffix(name) for name in some) for some in (expected - sent, sent - expected))
            self.add_error(None, refusal_sentence("wrong_pairs", missing=missing, unknown=unknown))
        return super().clean()

    @property
    def figures(self) -> Figures:
        """The figures of a valid form."""
        return Figures(
            votes={number: self.cleaned_data[vote_field(number)] for number in self.pair_names},
            values={name: self.cleaned_data[name] for name in self.row_names},
        )

    @property
    def unreadable(self) -> list[BoundField]:
        """The boxes that hold something else than a figure, in the order of the page."""
        return [self[name] for name in self.page_order if self[name].errors]

    @property
    def other_errors(self) -> list[str]:
        """Errors that stand beside no field of the page."""
        hidden = [error for name in ("uuid", "supersedes", "objection") for error in self[name].errors]
        return [*self.non_field_errors(), *dict.fromkeys(hidden)]

    @property
    def page_order(self) -> list[str]:
        return [row.name for section in _layout(self) for row in section.rows]

    @property
    def pair_sum(self) -> int | None:
        """Sum of the pairs as far as all are filled and readable."""
        try:
            votes = [parse_figure(self[vote_field(number)].value()) for number in self.pair_names]
        except ValueError:
            return None
        known = [one for one in votes if one is not None]
        return sum(known) if len(known) == len(votes) else None

    @property
    def pair_sum_label(self) -> str:
        if any(pair.is_empty_box for pair in self.pairs):
            return _("Jumlah paslon dan kolom kosong")
        return _("Jumlah kedua paslon") if len(self.pairs) == 2 else _("Jumlah semua paslon")

    def sections(self, questions: Sequence[Question] = ()) -> list[Section]:
        """The page's rows in paper order, each with what is asked of it."""
        sections = _layout(self)
        for section in sections:
            for row in section.rows:
                row.questions = [one for one in questions if one.field == row.name]
        return sections

    def submission(self, names: Iterable[PhotoName], confirmed: Iterable[str]) -> Submission:
        """What is handed to the intake; of a valid form."""
        return Submission(
            uuid=self.cleaned_data["uuid"],
            contest_id=self.result.contest_id,
            station_id=self.result.station_id,
            figures=self.figures,
            photos=tuple(names),
            supersedes=self.cleaned_data["supersedes"],
            confirmed=tuple(confirmed),
            objection={"ada": True, "tidak": False}.get(self.cleaned_data["objection"]),
            note=self.cleaned_data["note"],
        )


def own_forms(result: StationResult, user: Any) -> Any:
    """What ``user`` sent for the station, the newest first."""
    return C1Form.objects.filter(contest=result.contest_id, station=result.station_id, submitted_by=user.pk).order_by(
        "-pk"
    )


def _initial(start: C1Form | None, *, blank: bool) -> dict[str, Any]:
    # Made by the server when the page is first shown: pressing twice sends one key.
    initial: dict[str, Any] = {"uuid": uuid4()}
    if start is None:
        return initial
    initial["supersedes"] = start.uuid
    if blank:
        return initial
    figures = start.figures
    return initial | {
        **{vote_field(number): votes for number, votes in figures.votes.items()},
        **figures.values,
        "objection": {True: "ada", False: "tidak"}.get(start.objection, ""),  # type: ignore[arg-type]
        "note": start.note,
    }


def _suffix(name: str) -> str:
    return name.removeprefix("votes_")[:8]


# The page, in the order of the paper


@dataclass
class Row:
    """One row of boxes. ``pair`` is set in part IV only."""

    name: str
    field: BoundField
    pair: Pair | None = None
    label: Promise | None = None
    questions: list[Question] = field(default_factory=list)

    @property
    def state(self) -> str:
        return "asked" if self.questions else ""

    @property
    def described_by(self) -> str:
        return " ".join(one.element_id for one in self.questions)


@dataclass(frozen=True)
class Section:
    """One part of the form; the short form has no headings."""

    slug: str
    title: str
    rows: list[Row]

    @property
    def is_votes(self) -> bool:
        return self.slug == "votes"


def _layout(form: EntryForm) -> list[Section]:
    rows = [Row(name, form[name], label=_LETTERED.get(name)) for name in form.row_names]
    votes = [Row(vote_field(pair.number), form[vote_field(pair.number)], pair=pair) for pair in form.pairs]
    if form.result.contest.election.form_kind != FormKind.FULL:
        before = [row for row in rows if row.name not in VOTE_ROWS]
        after = [row for row in rows if row.name in VOTE_ROWS]
        parts = (("before", before), ("votes", votes), ("after", after))
        return [Section(slug, "", some) for slug, some in parts if some]
    titled = (
        ("registered", _("I.A Data pemilih"), _starting("registered_")),
        ("voters", _("I.B Pengguna hak pilih"), _starting("voters_")),
        ("ballots", _("II Surat suara"), BALLOT_ROWS),
        ("disabled", _("III Pemilih disabilitas"), _starting("disabled_")),
    )
    by_name = {row.name: row for row in rows}
    after = [by_name[name] for name in VOTE_ROWS if name in by_name]
    sections = [
        *(Section(slug, title, [by_name[n] for n in names if n in by_name]) for slug, title, names in titled),
        Section("votes", _("IV Perolehan suara"), votes),
        Section("after", _("V Suara sah dan tidak sah"), after),
    ]
    return [section for section in sections if section.rows]


def _starting(prefix: str) -> tuple[str, ...]:
    return tuple(name for name in FULL_FIELDS if name.startswith(prefix))


# What does not add up


@dataclass(frozen=True)
class Question:
    """One contradiction, asked under the last of its boxes (``field``), or at the top when it has none.

    ``key`` holds the figures too: after a change the question is a new one, and
    an earlier "yes" does not answer it.
    """

    key: str
    code: str
    sentence: str
    field: str | None
    answered: bool = False

    @property
    def element_id(self) -> str:
        return "question-" + re.sub(r"[^A-Za-z0-9]+", "-", self.key)

    @property
    def title(self) -> Promise:
        return wording.TITLES[self.code]


def questions_of(form: EntryForm, answers: Iterable[str]) -> list[Question]:
    """Ask what does not agree in a valid form. ``answers``: keys, or codes, that were confirmed."""
    given = set(answers)
    station, thresholds = form.result.station.facts, form.result.contest.election.thresholds
    order = form.page_order
    return [_question(one, form, order, given) for one in check(form.figures, station, thresholds)]


def _question(found: Contradiction, form: EntryForm, order: list[str], given: set[str]) -> Question:
    key = f"{found.code}.{found.row or ''}.{found.left}.{found.right}"
    places = [order.index(name) for name in found.fields if name in order]
    return Question(
        key=key,
        code=found.code,
        sentence=wording.describe(found, form.pair_names),
        field=order[max(places)] if places else None,
        answered=key in given or found.code in given,
    )


def confirmed_codes(questions: Sequence[Question]) -> tuple[str, ...]:
    """Codes of which every question was answered "it stands like that on the form"."""
    open_codes = {one.code for one in questions if not one.answered}
    return tuple(sorted({one.code for one in questions} - open_codes))
