"""What the rows and the contradictions of a D.Hasil are called, and the sentences of its refusals."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from sista.templatetags.formats import number
from tallies.recap.checks import RecapContradiction
from tallies.wording_refusals import refusal_sentence

#: The rows besides the pairs, as the paper names them.
ROWS: dict[str, Promise] = {
    "registered_dpt": _lazy("Pemilih dalam DPT"),
    "voters_total": _lazy("Pengguna hak pilih"),
    "ballots_received": _lazy("Surat suara diterima"),
    "ballots_used": _lazy("Surat suara digunakan"),
    "valid_votes": _lazy("A. Suara sah"),
    "invalid_votes": _lazy("B. Suara tidak sah"),
    "total_votes": _lazy("C. Sah dan tidak sah"),
}

_SENTENCES: dict[str, Promise] = {
    "RK-E01": _lazy("%(place)s: paslon berjumlah %(left)s, tetapi suara sah %(right)s."),
    "RK-E02": _lazy("%(place)s: sah dan tidak sah berjumlah %(left)s, tetapi tertulis %(right)s."),
    "RK-E03": _lazy("%(place)s: sah dan tidak sah berjumlah %(left)s, tetapi pengguna hak pilih %(right)s."),
    "RK-E04": _lazy("%(place)s: sah dan tidak sah berjumlah %(left)s, tetapi surat suara digunakan %(right)s."),
    "RK-E05": _lazy("%(row)s: kolom berjumlah %(left)s, tetapi jumlah akhir tertulis %(right)s."),
    "RK-E06": _lazy("%(place)s: sah dan tidak sah %(left)s, lebih dari surat suara diterima %(right)s."),
    "RK-W01": _lazy("%(place)s: pengguna hak pilih %(left)s, lebih dari yang wajar menurut DPT, %(right)s."),
}

_REFUSALS: dict[str, Promise] = {
    "recap_closed": _lazy(
        "Rekap pemilihan ini sudah ditutup, jadi D.Hasil tidak dapat diisi atau diubah lagi. "
        "Belum ada yang tersimpan. Mintalah Staf DPD membukanya bila masih ada yang harus masuk."
    ),
    "recap_not_open_yet": _lazy(
        "Pemilihan ini belum dibuka, jadi D.Hasil belum dapat diisi. Halaman ini terbuka begitu penerimaan dibuka."
    ),
    "recap_columns": _lazy(
        "Kolom kiriman tidak sama dengan wilayahnya. Tidak ada yang tersimpan. Muat ulang halaman."
    ),
    "recap_figure": _lazy("Hanya angka 0–9, paling banyak tujuh. Huruf O bukan nol."),
    "recap_date": _lazy("Tanggal tidak terbaca. Tulis seperti 11-12-2020, atau kosongkan."),
    "recap_not_waiting": _lazy(
        "Rekap ini sudah dibaca orang lain atau baru saja diganti. Bacaan Anda tidak disimpan."
    ),
    "recap_reason_missing": _lazy("Tulis alasannya. Belum ada yang diputuskan."),
    "recap_unreadable_missing": _lazy("Tulis apa yang tidak terbaca. Belum ada yang tersimpan."),
    "recap_reason_long": _lazy("Alasan terlalu panjang. Paling banyak 500 huruf. Belum ada yang tersimpan."),
    "recap_changed": _lazy(
        "Rekap ini sudah berubah sejak Anda membukanya. Pilihan Anda tidak disimpan. Lihat keadaan terbarunya."
    ),
    "recap_own_version": _lazy(
        "Versi yang Anda isi sendiri ditetapkan oleh orang lain. Mintalah koordinator lain atau Staf DPD."
    ),
    "recap_not_open": _lazy("Versi ini tidak dapat ditetapkan lagi. Pilihan Anda tidak disimpan."),
    "recap_choice_missing": _lazy("Pilih dahulu versi yang ditetapkan. Belum ada yang diputuskan."),
}


def refusal(code: str) -> str:
    """The sentence of a refusal: those of recaps here, those every form knows from there."""
    return str(_REFUSALS[code]) if code in _REFUSALS else refusal_sentence(code)


def row_label(row: str, pair_names: Mapping[int, str]) -> str:
    """A row's name; ``votes_<n>`` is that of a pair."""
    if row.startswith("votes_"):
        pair = int(row.removeprefix("votes_"))
        return pair_names.get(pair) or _("Kolom kosong")
    return str(ROWS[row])


def describe(found: RecapContradiction, place: str, pair_names: Mapping[int, str]) -> str:
    """One contradiction as a sentence; ``place``: name of its column."""
    return str(_SENTENCES[found.code]) % {
        "place": place,
        "row": row_label(found.row, pair_names),
        "left": number(found.left),
        "right": number(found.right),
    }
