"""Which TPS a form belongs to: a desa of the same kabupaten, and the number of the TPS in it."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from regions.models import Level, Region
from tallies.models import StationResult


class MoveForm(forms.Form):
    """The station a form is moved to. ``target`` is its result in the same contest, visible to ``user``."""

    village = forms.ChoiceField(label=_("Desa/kelurahan"))
    number = forms.CharField(
        label=_("Nomor TPS"), max_length=4, widget=forms.TextInput(attrs={"inputmode": "numeric"})
    )

    def __init__(self, data: Any = None, *, result: StationResult, user: Any) -> None:
        super().__init__(data, prefix="pindah-ke")
        self.result, self.user = result, user
        self.target: StationResult | None = None
        self.fields["village"].choices = [("", _("Pilih desa/kelurahan")), *_villages(result, user)]
        self.fields["village"].error_messages["required"] = _("Pilih desa/kelurahan yang tertulis di foto.")
        self.fields["number"].error_messages["required"] = _("Tulis nomor TPS yang tertulis di foto.")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        village, number = cleaned.get("village"), cleaned.get("number", "").lstrip("0")
        if not village or "number" in self.errors:
            return cleaned
        if number.isascii() and number.isdecimal():
            there = StationResult.objects.visible_to(self.user).filter(contest=self.result.contest_id)
            there = there.select_related("station__region")
            self.target = there.filter(station__region=village, station__number=int(number)).first()
        if self.target is None:
            self.add_error("number", _("TPS ini tidak ada di desa itu. Cocokkan lagi dengan foto."))
        return cleaned


def _villages(result: StationResult, user: Any) -> list[tuple[str, list[tuple[str, str]]]]:
    """The desa of the station's kabupaten that ``user`` may see, by kecamatan in the order of their codes."""
    place = result.station.region
    regency = Region.objects.ancestors_of(place).filter(level=Level.REGENCY).first() or place
    scope = user.scope
    villages = (
        Region.objects.within(regency)
        .within(scope)
        .filter(level=Level.VILLAGE)
        .select_related("parent")
        .order_by("first")
    )
    return [
        (district.title, [(str(one.pk), one.title) for one in group])
        for district, group in groupby(villages, key=lambda one: one.parent)
    ]
