"""The first pages: what this is, how it is checked, the findings, the totals, the list of stations."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from analytics.evidence.paper import INK_2, UNKNOWN, Bold, Column, Paper
from sista.templatetags.formats import format_number
from tallies.exports.pdf_file import latin
from tallies.models import Review

if TYPE_CHECKING:
    from analytics.evidence.papers import Book

#: What an event of a finding is called.
ACTIONS = {
    "opened": "Ditemukan",
    "reopened": "Dibuka lagi",
    "updated": "Keadaan berubah",
    "closed": "Ditutup oleh aturan",
    "assigned": "Ditugaskan",
    "escalated": "Diteruskan",
    "explained": "Dijelaskan",
    "confirmed": "Dipastikan",
}
#: Names of numbers that many rules write down; others are shown by the rule's own name.
NUMBER_LABELS = {
    "margin_votes": "Selisih suara usungan dan lawan terkuat",
    "margin_share": "Selisih, bagian suara",
    "party_votes": "Suara usungan",
    "rival_votes": "Suara lawan terkuat",
    "all_votes": "Suara semua paslon",
    "stations": "TPS",
    "stations_in": "TPS masuk",
    "state": "Keadaan menurut aturan",
    "forms": "Kunci formulir",
    "photos": "SHA-256 foto",
}


def write(
    paper: Paper, book: Book, stations: Callable[[], Iterator[dict[str, Any]]], names: Mapping[str, str]
) -> None:
    paper.add_page()
    _cover(paper, book, several=bool(names))
    for finding in book.findings:
        _finding(paper, book, finding)
    if book.totals:
        _totals(paper, book)
    _stations(paper, book, stations(), names)


def _cover(paper: Paper, book: Book, *, several: bool) -> None:
    head = book.head
    region = head["region"]
    paper.title_line(f"Paket bukti {region['title']}")
    if head["finding"] and book.findings:
        paper.words(f"Temuan: {book.findings[0]['title']}, {book.findings[0]['place']}", bold=True)
        paper.ln(1)
    top, side = paper.get_y(), 38.0
    region_in = _of(head["region_stations_in"], head["region_stations"]) + " masuk"
    paper.pairs(
        [
            ("Kontes", head["contest"]["title"]),
            ("Pemilihan", f"{head['election']['name']}, {_day(head['election']['date'])}"),
            ("Wilayah", ", ".join(reversed(region["path"])) + f" ({region['code']})"),
            ("TPS di paket ini", _of(head["stations_in_here"], head["stations_here"]) + " masuk"),
            *([] if head["is_whole_region"] else [("TPS wilayah", region_in)]),
            ("Jumlah dihitung", paper.moment(head["counted_at"])),
            ("Angka per", paper.moment(head["as_of"])),
            ("Foto asli di paket", format_number(sum(not one.get("missing") for one in book.photos.values()))),
            ("Dibuat oleh", f"{head['made_by']['name']}, {head['made_by']['role']}"),
            ("Nomor paket", head["pack"]),
        ],
        width=paper.epw - side - 6,
    )
    bottom = paper.get_y()
    left = paper.w - paper.r_margin - side
    paper.code(head["address"], x=left, y=top, side=side)
    paper.set_xy(left, top + side + 0.5)
    paper.set_font("helvetica", "", 6.5)
    paper.set_text_color(*INK_2)
    paper.multi_cell(side, 3, latin(f"Buka di arsip: {head['address']}"), align="L")
    paper.set_y(max(bottom, paper.get_y()) + 2)
    paper.heading("Keaslian")
    paper.pairs([("SHA-256 manifest.json", book.manifest_sha256)])
    paper.ln(1)
    paper.words(
        "Laporan ini satu bagian dari sebuah ZIP. Di dalamnya ada foto asli, semua angka dan versinya, rantai "
        "audit setiap TPS, dan verify.py, pemeriksa yang berjalan tanpa jaringan dengan Python 3.8 ke atas. "
        "Pemeriksa itu menghitung ulang SHA-256 setiap berkas, sidik isi setiap formulir, rantai audit setiap "
        f"TPS{', dan jumlah setiap wilayah' if head['is_whole_region'] else ''}. Satu byte atau satu angka yang "
        "diubah membuatnya gagal. Sidik "
        "manifest.json di atas tercetak di setiap halaman: bandingkan dengan yang disebut verify.py dan dengan "
        "yang tercatat di arsip (kode QR)."
    )
    paper.ln(1)
    paper.words(
        "Angka di sini hitungan saksi partai dari formulir C.Hasil Salinan, bukan hasil resmi KPU. "
        "Kotak kosong di formulir ditulis dengan tanda hubung; kosong berbeda dari nol."
    )
    if several:
        paper.ln(1)
        paper.words("Rincian dan foto setiap TPS ada di folder laporan/, satu berkas per desa/kelurahan.", bold=True)
    _signatures(paper)


def _signatures(paper: Paper) -> None:
    """Who hands it over and who takes it."""
    paper.heading("Serah terima")
    columns = [Column("", 30), Column("Nama", 60), Column("Tanggal", 35), Column("Tanda tangan", 55)]
    paper.grid(columns, [("Diserahkan oleh", "", "", ""), ("Diterima oleh", "", "", "")], least=12)


def _finding(paper: Paper, book: Book, finding: dict[str, Any]) -> None:
    paper.heading(f"Temuan {finding['rule']}: {finding['title']}")
    paper.pairs(
        [
            ("Tempat", f"{finding['place']} ({finding['code']})"),
            ("Tingkat", finding["severity_word"]),
            ("Keadaan", finding["state_word"]),
            ("Suara yang dipertaruhkan", format_number(finding["stake"])),
            ("Ditemukan", paper.moment(finding["opened_at"])),
        ],
        label=46,
    )
    paper.ln(1)
    rows = list(_numbers(finding["numbers"]))
    if rows:
        paper.grid([Column("Angka", 55), Column("Nilai", 125)], rows)
    if finding["suggestions"]:
        paper.words(f"Saran (tidak pernah diterapkan sendiri): {_text(finding['suggestions'])}")
    paper.grid(
        [Column("Waktu", 41), Column("Tindakan", 29), Column("Oleh", 32), Column("Alasan", 78)],
        [
            (
                paper.moment(one["at"]),
                ACTIONS.get(one["action"], one["action"]),
                one["by"] or "aturan",
                one["reason"] or (f"kepada {one['assigned_to']}" if one["assigned_to"] else UNKNOWN),
            )
            for one in finding["events"]
        ],
    )
    if finding["is_statistical"]:
        paper.words("Temuan ini statistik: alasan untuk memeriksa, bukan bukti kecurangan.", bold=True)


def _numbers(numbers: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in numbers.items():
        yield NUMBER_LABELS.get(name, name.replace("_", " ")), _text(value)


def _text(value: Any) -> str:
    if value is None:
        return UNKNOWN
    if isinstance(value, bool):
        return "ya" if value else "tidak"
    if isinstance(value, int):
        return format_number(value)
    if isinstance(value, float):
        return f"{value:.6g}".replace(".", ",")
    if isinstance(value, list) and all(not isinstance(one, dict | list) for one in value):
        return ", ".join(map(str, value)) or UNKNOWN
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _totals(paper: Paper, book: Book) -> None:
    paper.heading("Jumlah per wilayah, seperti tersimpan di arsip")
    pairs = book.head["pairs"]
    _pair_legend(paper, book)
    columns = [
        Column("Kode", 26),
        Column("Wilayah", 40),
        Column("TPS masuk", 22, right=True),
        *(Column(f"Paslon {pair['number']}", 18, right=True) for pair in pairs),
        Column("Sah", 18, right=True),
        Column("Tidak sah", 16, right=True),
    ]
    rows = []
    for total in book.totals:
        progress = total["progress"]
        cells = [
            total["code"],
            total["title"],
            _of(progress["stations_in"], progress["stations"]),
            *(format_number(total["votes"][str(pair["number"])][0]) for pair in pairs),
            format_number(progress["valid_votes"]),
            format_number(progress["invalid_votes"]),
        ]
        top = total["code"] == book.head["region"]["code"]
        rows.append([Bold(one) for one in cells] if top else cells)
    paper.grid(columns, rows)


def _pair_legend(paper: Paper, book: Book) -> None:
    named = [f"{one['number']} {one['name']}{' (usungan)' if one['usungan'] else ''}" for one in book.head["pairs"]]
    paper.words(f"Paslon: {' · '.join(named)}")
    paper.ln(1)


def _stations(paper: Paper, book: Book, records: Iterator[dict[str, Any]], names: Mapping[str, str]) -> None:
    paper.heading("TPS di paket ini")
    pairs = book.head["pairs"]
    if not book.totals:
        _pair_legend(paper, book)
    paper.grid(
        [
            Column("Kode TPS", 32),
            Column("Keadaan", 35 if names else 30),
            *(Column(f"Paslon {pair['number']}", 15, right=True) for pair in pairs),
            Column("Sah", 12, right=True),
            Column("Tidak sah", 12, right=True),
            Column("Versi", 10, right=True),
            Column("Foto", 10, right=True),
            Column("Janggal", 20),
            *([Column("Berkas", 33)] if names else []),
        ],
        (_station_row(one, book, names) for one in records),
        size=7.5,
    )


def _station_row(record: dict[str, Any], book: Book, names: Mapping[str, str]) -> list[str]:
    form = next((one for one in record["forms"] if one["counts"]), None)
    content = form["content"] if form else {"votes": {}, "values": {}}
    flags = [*(form["checks"] if form else []), *(["selisih versi"] if record["state"]["disputed"] else [])]
    photos = {photo["sha256"] for one in record["forms"] for photo in one["photos"] if photo["arrived"]}
    return [
        record["code"],
        str(Review(record["state"]["review"]).label),
        *(format_number(content["votes"].get(str(pair["number"]))) for pair in book.head["pairs"]),
        format_number(form["effective_valid"] if form else None),
        format_number(content["values"].get("invalid_votes")),
        format_number(len(record["forms"])),
        format_number(len(photos)),
        ", ".join(flags) or UNKNOWN,
        *([names[record["code"]].removeprefix("laporan/") if record["forms"] else UNKNOWN] if names else []),
    ]


def _of(have: int, all_of: int) -> str:
    return f"{format_number(have)} dari {format_number(all_of)}"


def _day(text: str) -> str:
    year, month, day = text.split("-")
    return f"{int(day)}-{month}-{year}"
