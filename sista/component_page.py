"""The page that shows every component, for developers: simulated figures, no database.

What it draws is also what the tests of the design system read, so a component
that is not shown here is not tested.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

COUNTED_AT = datetime(2020, 12, 9, 10, 42, 8, tzinfo=UTC)

COLOURS = (
    ("tinta", "#14201F"),
    ("tinta 2", "#43504D"),
    ("tinta 3", "#5B6764"),
    ("garis kuat", "#84908C"),
    ("garis", "#D8DDDB"),
    ("cekung", "#E6EAE8"),
    ("dasar", "#F1F3F2"),
    ("aksi", "#12403F"),
    ("tautan", "#0B5372"),
    ("fokus", "#1A66E0"),
    ("partai", "#A0161C"),
    ("lawan 1", "#41515C"),
    ("lawan 2", "#66737B"),
)
ICONS = [
    "logo",
    "not-in",
    "pending",
    "verified",
    "disputed",
    "rejected",
    "failed",
    "phone",
    "signal",
    "no-signal",
    "arrow-up",
    "arrow-down",
    "arrow-left",
    "arrow-right",
    "chevron-left",
    "chevron-right",
    "chevron-down",
    "chevron-up",
    "up",
    "down",
    "tick",
    "cross",
    "plus",
    "minus",
    "camera",
    "download",
    "search",
    "refresh",
    "fit",
    "light",
    "swap",
    "telephone",
    "print",
    "lock",
    "person",
    "clock",
    "target",
    "document",
    "speech",
    "language",
    "severity-1",
    "severity-2",
    "severity-3",
    "severity-4",
]
TILES = (
    ("Pakal", 1, 1, "0.96", 1, "0.259"),
    ("Benowo", 1, 2, "0.91", 1, "0.081"),
    ("Asemrowo", 1, 3, "0.43", 2, "0.02"),
    ("Krembangan", 1, 4, "0.88", 2, "0.039"),
    ("Sambikerep", 2, 1, "0.73", 1, "0.046"),
    ("Tandes", 2, 2, "0.62", 1, "0.249"),
    ("Simokerto", 2, 4, "0.95", 2, "0.083"),
    ("Lakarsantri", 3, 1, "0.57", 1, "0.115"),
    ("Sawahan", 3, 3, "0.9999", 1, "0.041"),
)


@dataclass(frozen=True)
class Pair:
    number: int
    name: str
    usungan: bool = False


@dataclass(frozen=True)
class Place:
    row: int
    column: int


@dataclass(frozen=True)
class Tile:
    name: str
    place: Place
    coverage: Fraction
    leader: Pair
    lead: Fraction
    contests: None = None
    url: str = "#tile"
    id: str = ""


OURS = Pair(1, "Eri Cahyadi–Armudji", usungan=True)
RIVAL = Pair(2, "Machfud Arifin–Mujiaman")
THIRD = Pair(3, "Paslon ketiga")
BLANK = Pair(0, "Kolom kosong")


class WitnessForm(forms.Form):
    """Ordinary fields: filled, with help, with an error, a choice, a tick."""

    name = forms.CharField(label="Nama saksi")
    telephone = forms.CharField(label="Telepon", help_text="Nomor yang dibawa ke TPS.", required=False)
    invalid = forms.RegexField(
        "^[0-9]+$", label="Suara tidak sah", error_messages={"invalid": "Hanya angka. Huruf O bukan nol."}
    )
    district = forms.ChoiceField(label="Kecamatan", choices=[("w", "Wonokromo"), ("s", "Sawahan")])
    objection = forms.BooleanField(label="Ada kejadian khusus", required=False)


class FiguresForm(forms.Form):
    """Figures as on the C1: filled, short, asked, empty, refused, too long for the boxes."""

    pair_1 = forms.RegexField("^[0-9]{1,4}$", label="Paslon 1")
    pair_2 = forms.RegexField("^[0-9]{1,4}$", label="Paslon 2")
    valid_votes = forms.RegexField("^[0-9]{1,4}$", label="A. Suara sah")
    invalid_votes = forms.RegexField("^[0-9]{1,4}$", label="B. Suara tidak sah", required=False)
    total_votes = forms.RegexField(
        "^[0-9]{1,4}$",
        label="C. Sah dan tidak sah",
        error_messages={"invalid": "C. Sah dan tidak sah: hanya angka. Huruf O bukan nol."},
    )
    ballots = forms.RegexField("^[0-9]{1,4}$", label="Surat suara diterima")


def samples(*, practice: bool, simulation: bool) -> dict[str, Any]:
    """Return the whole context of the page."""
    pairs = {pair.number: pair for pair in (OURS, RIVAL, THIRD, BLANK)}
    return {
        "election": {"practice_of_id": 1 if practice else None, "is_simulation": simulation},
        "counted_at": COUNTED_AT,
        "colours": [{"name": name, "hex": code} for name, code in COLOURS],
        "witness_form": WitnessForm(
            {"name": "Siti Rahayu", "telephone": "0812-0000-0142", "invalid": "1O2", "district": "w"}
        ),
        "figures_form": FiguresForm(
            {
                "pair_1": "142",
                "pair_2": "98",
                "valid_votes": "246",
                "invalid_votes": "",
                "total_votes": "2O5",
                "ballots": "1204",
            }
        ),
        "ours": OURS,
        "rival": RIVAL,
        "third": THIRD,
        "blank": BLANK,
        "form_states": ["not_in", "pending", "verified", "disputed", "rejected"],
        "phone_states": ["saved", "waiting", "sending", "sent", "failed", "needs_fix"],
        "severities": ["critical", "high", "medium", "info"],
        "counts": {
            "verified": 3049,
            "pending": 1089,
            "disputed": 81,
            "rejected": 9,
            "not_in": 771,
            "total": 4999,
        },
        "results": [
            {"pair": OURS, "votes": 597_540, "share": Fraction(597_540, 1_049_334), "leads": True},
            {"pair": RIVAL, "votes": 451_794, "share": Fraction(451_794, 1_049_334), "leads": False},
        ],
        "rows": [
            {
                "name": "Wonokromo",
                "in": 198,
                "total": 205,
                "valid": 41206,
                "share": 0.5812,
                "state": "verified",
            },
            {
                "name": "Sawahan",
                "in": 251,
                "total": 262,
                "valid": 52877,
                "share": 0.5540,
                "state": "disputed",
            },
            {"name": "Semampir", "in": 0, "total": 226, "valid": None, "share": None, "state": "not_in"},
        ],
        "contest_bars": [(0.5694, 0.4306), (0.2200, 0.4673), (0.9402, 0.0598)],
        "icons": ICONS,
        "tiles": [
            Tile(name, Place(row, column), Fraction(coverage), pairs[leader], Fraction(lead))
            for name, row, column, coverage, leader, lead in TILES
        ],
        "views": [
            {"value": "coverage", "label": "Cakupan", "count": None},
            {"value": "lead", "label": "Unggul", "count": None},
        ],
        "places": [
            {"name": "Nasional", "url": "#"},
            {"name": "Jawa Timur", "url": "#"},
            {"name": "Kota Surabaya"},
        ],
        "waterfall": [
            (
                "Selisih yang diharapkan",
                27_654,
                0.035,
                {"start": 0.79, "width": 0.1, "zero": 0.79, "kind": "total"},
            ),
            ("Ayunan", -173_036, -0.219, {"start": 0.23, "width": 0.66, "zero": 0.79, "kind": "voters"}),
            (
                "Selisih dokumen",
                -3_002,
                -0.0038,
                {"start": 0.1, "width": 0.014, "zero": 0.79, "kind": "documents"},
            ),
        ],
    }


def component_page(request: HttpRequest) -> HttpResponse:
    """Show every component; ``?latihan`` with the practice band, ``?kontras`` in high contrast."""
    context = samples(practice="latihan" in request.GET, simulation=True)
    context["high_contrast"] = "kontras" in request.GET
    return render(request, "developer/components.html", context)
