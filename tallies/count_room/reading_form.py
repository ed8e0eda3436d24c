"""What a reader types about one form, or says of its photo; the page's boxes are those of `tallies.entry`.

The page knows the pairs and rows of the contest, and nothing of the form it
is about: no figure, no station, no person.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from tallies import checks
from tallies.count_room.readings import Sent
from tallies.entry import EntryForm
from tallies.figures import StationFacts
from tallies.models import WITH_FIGURES, Finding, StationResult
from tallies.wording_refusals import refusal_sentence

#: The largest key of a row.
MAX_KEY = 2**63 - 1


class PageForm(forms.Form):
    """Which page was sent: its key, and the form that was on it."""

    uuid = forms.UUIDField()
    form = forms.IntegerField(min_value=1, max_value=MAX_KEY)


class ReadingForm(EntryForm):
    """The boxes of one reading: all of them, or those in ``asked`` when the form is read again."""

    form = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(
        self, data: Any = None, *, result: StationResult, form_id: int, user: Any, asked: Sequence[str]
    ) -> None:
        super().__init__(data, result=result, user=user, asked=asked)
        # Objection and note are the witness's; which form counts is not asked here.
        for name in ("supersedes", "objection", "note"):
            del self.fields[name]
        self.initial["form"] = form_id

    @property
    def other_errors(self) -> list[str]:
        return list(self.non_field_errors())

    def sent(self, confirmed: Iterable[str]) -> Sent:
        """What is handed in; of a valid form. Only what does not hold can stand like that on the paper."""
        # Without what is known of the station: the page asks nothing that needs it.
        broken = checks.broken_relations(self.figures, StationFacts(), self.result.contest.election.thresholds)
        said = {one.code for one in broken} & set(confirmed)
        return Sent(self.cleaned_data["uuid"], self.cleaned_data["form"], self.figures, tuple(sorted(said)))


class ReportForm(PageForm):
    """A photo that is not the readable C1 of its station; without a note the label is the reason."""

    finding = forms.ChoiceField(choices=[(one.value, one.label) for one in Finding if one not in WITH_FIGURES])
    note = forms.CharField(label=_("Catatan"), max_length=500, required=False)

    def __init__(self, data: Any = None) -> None:
        super().__init__(data)
        self.fields["note"].error_messages["max_length"] = refusal_sentence("note_too_long")

    def sent(self) -> Sent:
        """What is handed in; of a valid form."""
        finding, note = Finding(self.cleaned_data["finding"]), self.cleaned_data["note"]
        with translation.override("id"):  # stored, and read by others
            reason = note or str(finding.label)
        return Sent(self.cleaned_data["uuid"], self.cleaned_data["form"], finding=finding, reason=reason)
