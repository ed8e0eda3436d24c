"""The pages of one station: its figures in every version, who and when, decisions, the audit chain, the photos."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from PIL import Image

from analytics.evidence.paper import BOTTOM, INK, INK_2, LINE, UNKNOWN, Bold, Column, Paper
from sista.templatetags.formats import format_number
from tallies import photos
from tallies.checks import check
from tallies.exports.pdf_file import latin
from tallies.figures import Figures, StationFacts
from tallies.models import Channel, Outcome, Review
from tallies.models import Finding as ReadingFinding
from tallies.wording import describe

if TYPE_CHECKING:
    from analytics.evidence.papers import Book

#: Versions and readings that stand side by side on a sheet; the rest is in figures.json.
MOST_COLUMNS = 6
#: Of a photo on paper: 230 dots an inch at its size.
PHOTO_SIDE = 1500
ACTIONS = {
    "form received": "Formulir diterima",
    "form moved here": "Formulir dipindahkan ke sini",
    "form verified": "Diverifikasi",
    "form rejected": "Ditolak",
    "form corrected": "Diperbaiki",
    "form needs_fix": "Diminta diperbaiki",
    "form moved": "Dipindahkan ke TPS lain",
    "second reading": "Bacaan kedua",
}


def write(paper: Paper, book: Book, record: dict[str, Any]) -> None:
    paper.add_page()
    _head(paper, record)
    _figures(paper, book, record)
    _checks(paper, book, record)
    _versions(paper, book, record)
    _decisions(paper, book, record)
    _chain(paper, book, record)
    _photos(paper, book, record)


def _name(record: dict[str, Any]) -> str:
    return f"TPS {record['number']:03d}, {record['village']}"


def _head(paper: Paper, record: dict[str, Any]) -> None:
    top, side = paper.get_y(), 26.0
    left = paper.w - paper.r_margin - side
    paper.code(record["address"], x=left, y=top - 2, side=side)
    paper.set_xy(paper.l_margin, top)
    paper.set_font("helvetica", "B", 15)
    paper.multi_cell(paper.epw - side - 4, 6.5, latin(_name(record)), align="L", new_x="LMARGIN", new_y="NEXT")
    male, female = record["registered_male"], record["registered_female"]
    dpt = None if male is None or female is None else male + female
    state = Review(record["state"]["review"]).label + (", janggal" if record["state"]["disputed"] else "")
    paper.pairs(
        [
            ("Kode TPS", record["code"]),
            ("Kecamatan", record["district"]),
            ("Keadaan", str(state)),
            ("DPT (data TPS)", f"{format_number(dpt)} (L {format_number(male)}, P {format_number(female)})"),
            ("Alamat di arsip", record["address"]),
        ],
        width=paper.epw - side - 4,
        label=30,
    )
    paper.set_y(max(paper.get_y(), top + side))


# Figures


def _columns(record: dict[str, Any]) -> list[tuple[str, dict[str, Any], dict[str, Any], bool]]:
    """Heading, votes, values, counted: the counted form first, then the newest, then what was read from photos."""
    forms = sorted(record["forms"], key=lambda one: (one["counts"], one["id"]), reverse=True)
    found = [
        (
            f"{one['receipt']}{' (dihitung)' if one['counts'] else ''}",
            one["content"]["votes"],
            one["content"]["values"],
            one["counts"],
        )
        for one in forms
    ]
    found += [
        (f"Bacaan kedua {one['round']}", one["votes"], one["values"], False)
        for one in record["readings"]
        if one["finding"] in ("equal", "differs")
    ]
    return found[:MOST_COLUMNS]


def _figures(paper: Paper, book: Book, record: dict[str, Any]) -> None:
    paper.heading("Angka, semua versi")
    columns = _columns(record)
    paper.grid(
        [Column("Baris formulir", 70), *(Column(one[0], 24, right=True) for one in columns)],
        _figure_rows(book, columns),
    )
    more = len(record["forms"]) + len(record["readings"]) - len(columns)
    if more > 0 and len(columns) == MOST_COLUMNS:
        paper.words(f"{more} versi atau bacaan lagi ada di figures.json.")


def _figure_rows(book: Book, columns: list[tuple[str, Any, Any, bool]]) -> Iterator[list[str | Bold]]:
    for pair in book.head["pairs"]:
        key = str(pair["number"])
        yield _row(f"Paslon {key}: {pair['name']}", [one[1].get(key) for one in columns])
    for name, label in book.head["fields"].items():
        yield _row(label, [one[2].get(name) for one in columns])


def _row(label: str, values: list[int | None]) -> list[str | Bold]:
    """Bold where the versions differ."""
    texts = [format_number(one) for one in values]
    differs = len(set(values)) > 1
    return [label, *(Bold(text) if differs else text for text in texts)]


def _checks(paper: Paper, book: Book, record: dict[str, Any]) -> None:
    form = next((one for one in record["forms"] if one["counts"]), None)
    if form is None:
        return
    paper.heading("Pemeriksaan angka yang dihitung")
    male, female = record["registered_male"], record["registered_female"]
    station = StationFacts(None if male is None or female is None else male + female)
    content = form["content"]
    figures = Figures({int(key): vote for key, vote in content["votes"].items()}, content["values"])
    found = check(figures, station, book.thresholds)
    names = {pair["number"]: pair["name"] for pair in book.head["pairs"]}
    for one in found:
        said = " Pengirim: di formulir memang tertulis begitu." if one.code in content["confirmed"] else ""
        paper.words(f"{one.code}: {describe(one, names)}{said}")
    if not found:
        paper.words("Semua hubungan angka di formulir terpenuhi.")
    if content["note"]:
        paper.words(f"Catatan pengirim: {content['note']}")
    if content["objection"] is not None:
        paper.words(f"Keberatan saksi: {'ada' if content['objection'] else 'tidak ada'}.")


# Who, when


def _versions(paper: Paper, book: Book, record: dict[str, Any]) -> None:
    paper.heading("Versi formulir")
    replaced = {one["content"]["supersedes"] for one in record["forms"]}
    outcomes = {one["form_id"]: one["outcome"] for one in record["decisions"]}
    paper.grid(
        [
            Column("Tanda terima", 20),
            Column("Pengirim", 34),
            Column("Diterima", 39),
            Column("Saluran", 23),
            Column("Kedudukan", 19),
            Column("Sidik isi (SHA-256)", 46, mono=True),
        ],
        [
            (
                Bold(one["receipt"]) if one["counts"] else one["receipt"],
                f"{book.person(one['submitted_by'])}, {_role(book, one['submitted_by'])}",
                paper.moment(one["received_at"]),
                str(Channel(one["channel"]).label),
                _standing(one, record, replaced, outcomes),
                one["hash"],
            )
            for one in record["forms"]
        ],
        size=7.5,
    )


def _role(book: Book, key: int) -> str:
    return book.people.get(str(key), {}).get("role", UNKNOWN)


def _standing(
    one: dict[str, Any], record: dict[str, Any], replaced: set[str | None], outcomes: dict[int, str]
) -> str:
    if one["counts"]:
        return "dihitung"
    if one["id"] == record["state"]["proposed"]:
        return "usulan perbaikan"
    if outcomes.get(one["id"]) in (Outcome.REJECTED, Outcome.MOVED):
        return str(Outcome(outcomes[one["id"]]).label).lower()
    return "diganti" if one["uuid"] in replaced else "versi lain"


def _decisions(paper: Paper, book: Book, record: dict[str, Any]) -> None:
    if not record["decisions"] and not record["readings"]:
        return
    receipts = {one["id"]: one["receipt"] for one in record["forms"]}
    rows = [
        (
            one["decided_at"],
            receipts.get(one["form_id"], UNKNOWN),
            str(Outcome(one["outcome"]).label),
            book.person(one["decided_by"]),
            one["reason"] or ("bacaan kedua sama" if one.get("reading") else UNKNOWN),
        )
        for one in record["decisions"]
    ]
    rows += [
        (
            one["read_at"],
            receipts.get(one["form_id"], UNKNOWN),
            f"Bacaan kedua: {ReadingFinding(one['finding']).label}",
            book.person(one["reader"]),
            one["reason"] or UNKNOWN,
        )
        for one in record["readings"]
    ]
    paper.heading("Bacaan kedua dan keputusan")
    paper.grid(
        [Column("Waktu", 39), Column("Formulir", 20), Column("Hasil", 34), Column("Oleh", 32), Column("Alasan", 54)],
        [(paper.moment(at), *rest) for at, *rest in sorted(rows)],
        size=7.5,
    )


def _chain(paper: Paper, book: Book, record: dict[str, Any]) -> None:
    paper.heading("Rantai audit")
    paper.grid(
        [
            Column("No.", 7, right=True),
            Column("Waktu", 38),
            Column("Peristiwa", 28),
            Column("Oleh", 22),
            Column("Sidik (SHA-256)", 85, mono=True),
        ],
        [
            (
                str(one["seq"]),
                paper.moment(one["at"]),
                ACTIONS.get(one["action"], one["action"]),
                book.person(one["actor"]),
                one["digest"],
            )
            for one in record["events"]
        ],
        size=7.5,
    )


# Photos


def _photos(paper: Paper, book: Book, record: dict[str, Any]) -> None:
    """Two a page, upright, each with what it is, who brought it and when, and the digest of the original."""
    named: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {}
    for form in sorted(record["forms"], key=lambda one: (not one["counts"], -one["id"])):
        for photo in form["photos"]:
            named.setdefault(photo["sha256"], (form, photo))
    paper.set_auto_page_break(False)  # the caption stands at the foot of the page
    for place, (form, photo) in enumerate(named.values()):
        if place % 2 == 0:
            paper.add_page(orientation="landscape")
        width = (paper.epw - 8) / 2
        _picture(paper, book, record, form, photo, x=paper.l_margin + (place % 2) * (width + 8), width=width)
    paper.set_auto_page_break(True, BOTTOM)


def _picture(
    paper: Paper,
    book: Book,
    record: dict[str, Any],
    form: dict[str, Any],
    photo: dict[str, Any],
    *,
    x: float,
    width: float,
) -> None:
    top, caption = paper.t_margin, 21.0
    height = paper.h - top - BOTTOM - caption
    about = book.photos.get(photo["sha256"]) if photo["arrived"] else None
    copy = _copy(photo["sha256"]) if about else None
    if copy:
        paper.image(io.BytesIO(copy), x=x, y=top, w=width, h=height, keep_aspect_ratio=True)
    else:
        paper.set_draw_color(*LINE)
        paper.rect(x, top, width, height)
        paper.set_font("helvetica", "", 9)
        paper.set_xy(x + 4, top + height / 2)
        text = "Belum dapat ditampilkan." if about else "Foto belum diterima."
        paper.multi_cell(width - 8, 4.6, text, align="C")
    kind = "Keberatan" if photo["subject"] == "keberatan" else "C1"
    at = next(
        (one["at"] for one in (about or {}).get("brought_by", []) if one["person"] == form["submitted_by"]), None
    )
    sender = book.person(form["submitted_by"])
    lines = [
        (f"{_name(record)}: {kind} halaman {photo['page']}", "B"),
        (f"{record['code']} · formulir {form['receipt']}{' (dihitung)' if form['counts'] else ''}", ""),
        (f"Diterima {paper.moment(at)} dari {sender}" if at else f"Belum diterima; disebut oleh {sender}", ""),
    ]
    if about and about.get("missing"):
        lines.append((f"Foto asli tidak ada: {about['missing']}.", ""))
    y = top + height + 1
    paper.set_text_color(*INK)
    for text, style in lines:
        paper.set_xy(x, y)
        paper.set_font("helvetica", style, 8)
        paper.cell(width, 3.8, latin(text))
        y += 3.8
    paper.set_xy(x, y)
    paper.set_font("courier", "", 7)
    paper.set_text_color(*INK_2)
    paper.cell(width, 3.8, photo["sha256"])
    paper.set_y(top)


def _copy(sha256: str) -> bytes | None:
    """The upright copy, as small as paper needs it; None while it is not made."""
    try:
        with photos.store().open(photos.copy_name(sha256)) as stream, Image.open(stream) as image:
            image.draft("RGB", (PHOTO_SIDE, PHOTO_SIDE))
            image.thumbnail((PHOTO_SIDE, PHOTO_SIDE))
            out = io.BytesIO()
            image.convert("RGB").save(out, "JPEG", quality=78)
            return out.getvalue()
    except FileNotFoundError:
        return None
