"""Why a form is refused, sent back or corrected: a choice, and words where the choice has none."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from tallies.wording_refusals import refusal_sentence

OTHER = "lain"

#: The reasons by what is done. Others need words, as a witness cannot mend "Lainnya".
CHOICES: dict[str, dict[str, Promise]] = {
    "perbaikan": {
        "foto": _("Foto buram atau terpotong"),
        "halaman": _("Halaman foto kurang"),
        "angka": _("Angka berbeda dari foto"),
        OTHER: _("Lainnya"),
    },
    "tolak": {
        "tps": _("Foto milik TPS lain"),
        "bukan_c1": _("Bukan formulir C1"),
        "angka": _("Angka berbeda dari foto"),
        OTHER: _("Lainnya"),
    },
    # Two readings of one photo differ, and one of them is taken.
    "tetapkan": {
        "ketik": _("Salah ketik saksi"),
        "baca": _("Salah baca operator"),
        "tertulis": _("Formulir memang tertulis begitu"),
        OTHER: _("Lainnya"),
    },
    "pindah": {
        "foto": _("Di foto tertulis TPS lain"),
        "pilih": _("Saksi memilih TPS yang salah"),
        OTHER: _("Lainnya"),
    },
    "koreksi": {
        "ketik": _("Salah ketik saksi"),
        "kolom": _("Kolom tertukar"),
        "tps": _("Angka milik TPS lain"),
        OTHER: _("Lainnya"),
    },
}


class ReasonForm(forms.Form):
    """A reason is required and none is preselected."""

    reason = forms.ChoiceField(label=_("Alasan"), widget=forms.RadioSelect)
    words = forms.CharField(
        label=_("Keterangan untuk saksi"),
        max_length=400,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, action: str, data: Any = None) -> None:
        super().__init__(data, prefix=action)
        self.action = action
        choice = self.fields["reason"]
        choice.choices = list(CHOICES[action].items())
        choice.error_messages["required"] = _("Pilih alasannya. Saksi membaca alasan ini.")
        choice.error_messages["invalid_choice"] = refusal_sentence("bad_value")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if cleaned.get("reason") == OTHER and not cleaned.get("words"):
            self.add_error("words", refusal_sentence("reason_missing"))
        return cleaned

    @property
    def text(self) -> str:
        """The reason as it is kept: in the source language, as it is a record and its readers are witnesses."""
        reason, words = self.cleaned_data["reason"], self.cleaned_data["words"]
        if reason == OTHER:
            return words
        with override("id"):
            label = str(CHOICES[self.action][reason])
        return f"{label}. {words}" if words else label
