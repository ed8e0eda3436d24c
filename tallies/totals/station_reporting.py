"""Read one station for its page: the figures with their checks, every version, what rivals say, the photos.

Everything is read, nothing decided: which form counts stands on the station
result, and which rivals are open is `intake.open_rivals`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tallies import checks, intake, photos, wording
from tallies.figures import BALLOT_ROWS, FEMALE, MALE, TOTAL, VOTE_ROWS, Figures, vote_field
from tallies.models import (
    AuditEvent,
    C1Form,
    Decision,
    FormPhoto,
    Outcome,
    Pair,
    Photo,
    StationResult,
)

#: The rows with L / P / jumlah as the paper names them, by its parts.
GENDERED_SECTIONS: tuple[tuple[Promise, tuple[tuple[str, Promise], ...]], ...] = (
    (
        _("I.A Data pemilih"),
        (
            ("registered_dpt", _("DPT")),
            ("registered_dpph", _("DPPh")),
            ("registered_dptb", _("DPTb")),
            ("registered_total", _("Jumlah pemilih")),
        ),
    ),
    (
        _("I.B Pengguna hak pilih"),
        (
            ("voters_dpt", _("DPT")),
            ("voters_dpph", _("DPPh")),
            ("voters_dptb", _("DPTb")),
            ("voters_total", _("Jumlah pengguna")),
        ),
    ),
    (_("III. Pemilih disabilitas"), (("disabled_voters", _("Pemilih disabilitas")),)),
)
PLAIN_SECTIONS: tuple[tuple[Promise, tuple[str, ...]], ...] = (
    (_("II. Surat suara"), BALLOT_ROWS),
    (_("V. Suara sah dan tidak sah"), VOTE_ROWS),
)
#: The short form in one part.
SHORT_SECTIONS: tuple[tuple[Promise, tuple[str, ...]], ...] = (
    (_("Pengguna, suara sah dan tidak sah"), ("voters_total", "valid_votes", "invalid_votes")),
)


@dataclass(frozen=True)
class FigureRow:
    """A row of the form. ``values``: L, P and jumlah, or one figure; ``asked``: a contradiction names it."""

    label: Promise | str
    values: tuple[int | None, ...]
    asked: bool
    pair: Pair | None = None


@dataclass(frozen=True)
class FigureSection:
    title: Promise
    rows: tuple[FigureRow, ...]
    gendered: bool = False


@dataclass(frozen=True)
class Question:
    """A contradiction in words; ``confirmed``: the sender said that it stands on the paper."""

    code: str
    text: str
    confirmed: bool


@dataclass(frozen=True)
class Change:
    """One figure that differs: as it was, or as counted, and as this form has it."""

    label: str
    before: int | None
    after: int | None


@dataclass(frozen=True)
class Rival:
    """A form that differs from the counted one and that nobody settled yet (C1-W08)."""

    form: C1Form
    text: str
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class Version:
    """One form of the station. ``mark``: counted, rejected, proposed, rival, equal, superseded or settled.

    ``against`` is the form it names as superseded, else the one that arrived
    before it; ``changes`` are the figures that differ from that one.
    """

    form: C1Form
    mark: str
    against: C1Form | None
    changes: tuple[Change, ...]
    decisions: tuple[Decision, ...]
    photos: tuple[tuple[FormPhoto, Photo | None], ...]


@dataclass(frozen=True)
class SamePhoto:
    """Stations that use a photo of this one: those the reader may see, and how many others."""

    results: tuple[StationResult, ...]
    elsewhere: int


@dataclass(frozen=True)
class StationReport:
    result: StationResult
    pairs: tuple[FigureRow, ...]
    sections: tuple[FigureSection, ...]
    questions: tuple[Question, ...]
    versions: tuple[Version, ...]
    rivals: tuple[Rival, ...]
    same_photo: SamePhoto
    last_event: AuditEvent | None

    @property
    def shown(self) -> Version | None:
        """The version whose figures stand on the page: the counted or the rejected one."""
        return next((one for one in self.versions if one.form.pk == self.result.form_id), None)

    @property
    def pictured(self) -> Version | None:
        """The version whose photos stand on the page: the shown one, or the one it corrects.

        A coordinator's correction names no photo of its own; it was read from those of the version before.
        """
        by_id = {one.form.pk: one for one in self.versions}
        version = self.shown
        while version is not None and not version.photos and version.form.supersedes_id in by_id:
            version = by_id[version.form.supersedes_id]
        return version if version is not None and version.photos else self.shown


def station_report(result: StationResult, *, for_user: Any) -> StationReport:
    """Report ``result``, which the caller has found visible to ``for_user``.

    The number of queries does not depend on how many forms or photos there are.
    """
    pairs = list(result.contest.pairs.all())
    forms = list(
        C1Form.objects.filter(contest=result.contest_id, station=result.station_id)
        .select_related("submitted_by")
        .prefetch_related("votes__pair", "photo_names", "decisions__decided_by")
    )
    # The same object, so that its votes are not read again.
    result.form = next((form for form in forms if form.pk == result.form_id), None)
    rivals = _rivals(result, pairs)
    questions = _questions(result, pairs)
    asked = {name for contradiction, _question in questions for name in contradiction.fields}
    figures = result.form.figures if result.form else None
    return StationReport(
        result=result,
        pairs=_pair_rows(pairs, figures, asked),
        sections=_sections(result, figures, asked),
        questions=tuple(question for _contradiction, question in questions),
        versions=_versions(result, forms, pairs, {rival.form.pk for rival in rivals}),
        rivals=rivals,
        same_photo=_same_photo(result, for_user),
        last_event=AuditEvent.objects.filter(result=result, seq=result.audit_seq).first(),
    )


def _names(pairs: Iterable[Pair]) -> dict[int, str]:
    return {pair.number: pair.name for pair in pairs}


def _questions(result: StationResult, pairs: list[Pair]) -> list[tuple[checks.Contradiction, Question]]:
    if result.form is None:
        return []
    found = checks.check(result.form.figures, result.station.facts, result.contest.election.thresholds)
    return [
        (one, Question(one.code, wording.describe(one, _names(pairs)), one.code in result.form.confirmed))
        for one in found
    ]


def _pair_rows(pairs: list[Pair], figures: Figures | None, asked: set[str]) -> tuple[FigureRow, ...]:
    return tuple(
        FigureRow(
            pair.name, (figures.votes.get(pair.number) if figures else None,), vote_field(pair.number) in asked, pair
        )
        for pair in pairs
    )


def _sections(result: StationResult, figures: Figures | None, asked: set[str]) -> tuple[FigureSection, ...]:
    """The parts besides the pairs, in paper order; only what the election's form asks for."""
    if figures is None:
        return ()
    fields = result.contest.election.fields
    if "registered_dpt" not in fields:
        return tuple(_plain_section(title, names, figures, asked) for title, names in SHORT_SECTIONS)
    registered, voters, disabled = (_gendered_section(*section, figures, asked) for section in GENDERED_SECTIONS)
    ballots, votes = (_plain_section(*section, figures, asked) for section in PLAIN_SECTIONS)
    return (registered, voters, ballots, disabled, votes)


def _plain_section(title: Promise, names: Sequence[str], figures: Figures, asked: set[str]) -> FigureSection:
    rows = (FigureRow(wording.FIELD_LABELS[name], (figures.get(name),), name in asked) for name in names)
    return FigureSection(title, tuple(rows))


def _gendered_section(
    title: Promise, rows: Sequence[tuple[str, Promise]], figures: Figures, asked: set[str]
) -> FigureSection:
    made = []
    for row, label in rows:
        names = [row + part for part in (MALE, FEMALE, TOTAL)]
        made.append(FigureRow(label, tuple(figures.get(name) for name in names), not asked.isdisjoint(names)))
    return FigureSection(title, tuple(made), gendered=True)


def _rivals(result: StationResult, pairs: list[Pair]) -> tuple[Rival, ...]:
    if not result.is_in or result.form is None:
        return ()
    rivals = []
    for form in intake.open_rivals(result):
        # Said of the boxes this election's form has: 3 of 6, not of 37.
        fields = result.contest.election.fields
        difference = checks.disagreement(_only(result.form.figures, fields), _only(form.figures, fields))
        difference = difference or checks.disagreement(result.form.figures, form.figures)
        if difference is not None:
            text = wording.describe(difference, _names(pairs))
            rivals.append(Rival(form, text, _changes(result.form, form, pairs)))
    return tuple(rivals)


def _only(figures: Figures, fields: Iterable[str]) -> Figures:
    return Figures(votes=figures.votes, values={name: figures.get(name) for name in fields})


def _changes(before: C1Form, after: C1Form, pairs: Iterable[Pair]) -> tuple[Change, ...]:
    old, new = before.figures, after.figures
    difference = checks.disagreement(old, new)
    names = _names(pairs)
    return tuple(
        Change(wording.field_label(name, names), old.get(name), new.get(name))
        for name in (difference.fields if difference else ())
    )


def _versions(result: StationResult, forms: list[C1Form], pairs: list[Pair], rivals: set[int]) -> tuple[Version, ...]:
    """Every form of the station, the newest first."""
    by_id = {form.pk: form for form in forms}
    superseded = {form.supersedes_id for form in forms}
    arrived = photos.photos_of_each(forms)
    versions = []
    for place, form in enumerate(forms):
        before = forms[place - 1] if place else None
        against = by_id.get(form.supersedes_id, before) if form.supersedes_id else before
        versions.append(
            Version(
                form=form,
                mark=_mark(result, form, rivals, superseded),
                against=against,
                changes=_changes(against, form, pairs) if against else (),
                decisions=tuple(form.decisions.all()),
                photos=arrived[form.pk],
            )
        )
    return tuple(reversed(versions))


def _mark(result: StationResult, form: C1Form, rivals: set[int], superseded: set[int | None]) -> str:
    if form.pk == result.form_id:
        return "counted" if result.is_in else "rejected"
    if any(decision.outcome == Outcome.REJECTED for decision in form.decisions.all()):
        return "rejected"
    if any(decision.outcome == Outcome.MOVED for decision in form.decisions.all()):
        return "moved"
    if form.pk == result.proposed_form_id:
        return "proposed"
    if form.pk in rivals:
        return "rival"
    if form.pk in superseded:
        return "superseded"
    counted = result.form if result.is_in else None
    return "equal" if counted and checks.disagreement(counted.figures, form.figures) is None else "settled"


def _same_photo(result: StationResult, user: Any) -> SamePhoto:
    """Name only stations that ``user`` may see; the others are counted."""
    if result.form is None:
        return SamePhoto((), 0)
    places = set(photos.same_photo_elsewhere(result.form).values_list("contest_id", "station_id"))
    stations = {station for _contest, station in places}
    visible = StationResult.objects.visible_to(user).filter(station__in=stations).with_place()
    named = [one for one in visible.order_by("station__region__first", "station__number") if _place(one) in places]
    return SamePhoto(tuple(named), len(places) - len(named))


def _place(result: StationResult) -> tuple[int, int]:
    return result.contest_id, result.station_id
