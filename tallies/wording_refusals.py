"""What a refusal says to a person: the fact, whether anything was kept, the next step.

Intake, photos, verification and the validators raise codes; page and API read
their sentence here, so that both say the same. No sentence blames.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from tallies.models import Phase

#: The most photos one form names: a C1 has up to ten pages in the elections so far.
MOST_PHOTOS = 12

_SENTENCES: dict[str, Promise] = {
    # The form
    "key_reused": _lazy(
        "Kiriman ini sudah tersimpan dengan isi lain. Yang tersimpan tidak berubah. "
        "Periksa angkanya, lalu kirim sebagai perbaikan."
    ),
    "phase_closed": _lazy("Pemilihan ini tidak sedang menerima kiriman. Angka ini belum tersimpan di server."),
    "wrong_pairs": _lazy(
        "Paslon pada kiriman tidak sama dengan paslon di TPS ini. Tidak ada yang tersimpan. "
        "Muat ulang halaman, lalu isi lagi."
    ),
    "assignment_revoked": _lazy(
        "Penugasan Anda di TPS ini sudah dicabut. Angka Anda disimpan terpisah untuk diperiksa DPC dan tidak "
        "dihitung. Simpan fotonya di ponsel, lalu telepon Koordinator DPC."
    ),
    "bad_figure": _lazy("Hanya angka 0–9, paling banyak empat. Huruf O bukan nol."),
    "unknown_field": _lazy("Isian ini tidak ada di formulir TPS ini. Muat ulang halaman, lalu isi lagi."),
    "bad_value": _lazy("Isian ini tidak terbaca. Periksa, lalu kirim lagi."),
    "note_too_long": _lazy("Catatan terlalu panjang. Paling banyak 500 huruf."),
    "bad_uuid": _lazy("Kunci kiriman tidak terbaca. Tidak ada yang tersimpan. Muat ulang halaman, lalu kirim lagi."),
    "bad_supersedes": _lazy(
        "Kiriman yang diperbaiki tidak ditemukan di antara kiriman Anda. Tidak ada yang tersimpan. "
        "Buka lagi dari beranda."
    ),
    "bad_time": _lazy("Waktu pengisian tidak terbaca."),
    "message_missing": _lazy("Tulis pesannya dahulu. Belum ada yang terkirim."),
    "message_too_long": _lazy("Pesan terlalu panjang dan belum terkirim. Paling banyak 300 huruf."),
    # Stations that are not in
    "attempt_note_missing": _lazy("Tulis dahulu apa hasilnya. Belum ada yang tercatat."),
    "attempt_note_too_long": _lazy("Catatan terlalu panjang dan belum tercatat. Paling banyak 200 huruf."),
    "reminder_without_place": _lazy("Tulis [TPS] di tempat nama TPS. Belum ada yang dikirim."),
    "reminder_too_long": _lazy("Isi pengingat terlalu panjang dan belum dikirim. Paling banyak 120 huruf."),
    "reminder_key_reused": _lazy("Pengingat ini sudah dikirim orang lain. Muat ulang daftarnya, lalu pilih lagi."),
    "reminder_for_nobody": _lazy("Pilih dahulu TPS yang saksinya diingatkan. Belum ada yang dikirim."),
    "paper_already_in": _lazy(
        "TPS ini sudah masuk. Angka dari kertas tidak disimpan. Serahkan kertasnya kepada Koordinator DPC."
    ),
    "paper_to_compare": _lazy(
        "TPS ini sudah masuk. Bandingkan kertasnya dengan laporan yang ada, dan perbaiki di sana bila berbeda."
    ),
    "not_found": _lazy("Alamat salah, atau Anda tidak punya akses ke TPS ini."),
    # Photos
    "empty": _lazy("Berkas foto kosong (0 byte). Ambil ulang fotonya."),
    "too_large": _lazy("Foto terlalu besar. Paling besar 20 MB. Ambil ulang dengan ukuran lebih kecil."),
    "hash_mismatch": _lazy("Foto berubah di perjalanan. Kirim sekali lagi."),
    "too_many": _lazy(
        "Batas jumlah foto untuk TPS Anda sudah tercapai. Foto yang sudah diterima tetap aman. "
        "Telepon Koordinator DPC bila masih perlu mengirim foto."
    ),
    "too_many_photos": _lazy("Paling banyak 12 foto untuk satu formulir. Pilih foto lebih sedikit."),
    "not_a_photo": _lazy("Berkas ini bukan foto. Pakai JPEG, PNG, WebP atau HEIC dari kamera ponsel."),
    "too_many_pixels": _lazy("Ukuran gambar terlalu besar untuk dibuka. Ambil foto dengan kamera ponsel biasa."),
    "cut_off": _lazy("Foto terpotong, ambil ulang."),
    "bad_piece": _lazy("Potongan foto tidak terbaca dan tidak disimpan. Kirim sekali lagi."),
    "piece_too_large": _lazy("Potongan foto terlalu besar dan tidak disimpan. Muat ulang halaman, lalu kirim lagi."),
    "wrong_offset": _lazy(
        "Potongan foto ini bukan lanjutan dari yang sudah ada di server dan tidak disimpan. "
        "Ponsel melanjutkan dari bagian yang sudah ada."
    ),
    "bad_photo_name": _lazy("Foto ini tidak dikenal sebagai foto Anda. Pilih fotonya lagi."),
    # Decisions
    "already_changed": _lazy(
        "TPS ini sudah berubah sejak Anda membukanya. Pilihan Anda tidak disimpan. Lihat keadaan terbarunya."
    ),
    "same_person": _lazy("Formulir yang Anda kirim sendiri diverifikasi oleh orang lain."),
    "was_rejected": _lazy("Formulir ini sudah ditolak dan tidak dapat diverifikasi lagi."),
    "was_moved": _lazy("Formulir ini sudah dipindahkan ke TPS lain dan tidak dapat ditetapkan di sini."),
    "same_station": _lazy("Formulir ini sudah ada di TPS itu. Pilih TPS lain."),
    "another_contest": _lazy("TPS itu memilih paslon lain. Formulir hanya pindah di dalam pemilihan yang sama."),
    "proposal_waits": _lazy("Masih ada usulan perbaikan di TPS ini. Tetapkan usulan itu dahulu, lalu pindahkan."),
    "recap_locked": _lazy("Rekap terkunci, jadi formulir tidak dapat dipindahkan. Mintalah Staf DPD membuka rekap."),
    "not_the_counted_form": _lazy("Formulir ini bukan yang sedang dihitung. Pilihan Anda tidak disimpan."),
    "reason_missing": _lazy("Tulis alasannya. Saksi membaca alasan ini."),
    # Second readings
    "not_claimed": _lazy("Foto ini tidak lagi dipegang untuk Anda. Angka tidak disimpan. Lanjut ke foto berikutnya."),
    "form_changed": _lazy("Laporan TPS ini baru saja berubah. Angka tidak disimpan. Lanjut ke foto berikutnya."),
    # Reports of errors
    "nothing_to_report": _lazy("Dari TPS ini belum ada C1 yang dapat dilaporkan. Tidak ada yang tersimpan."),
    "report_kind": _lazy("Pilih dahulu apa yang salah. Belum ada yang terkirim."),
    "report_missing": _lazy("Tulis apa yang salah. Belum ada yang terkirim."),
    "report_too_long": _lazy("Keterangan terlalu panjang dan belum terkirim. Paling banyak 300 huruf."),
    "unsigned_is_no_error": _lazy(
        "Tanda tangan yang tidak ada bukan kesalahan: angkanya tetap sah dan dihitung. "
        "Tidak ada laporan yang dibuat. Bila ada hal lain, tulis di bawah, lalu kirim."
    ),
    "too_many_reports": _lazy(
        "Laporan Anda untuk TPS ini sudah banyak dan tersimpan semua. Yang ini tidak disimpan. "
        "Telepon Koordinator DPC."
    ),
    "report_closed": _lazy("Laporan ini sudah ditutup orang lain. Jawaban Anda tidak disimpan."),
    "report_grown": _lazy(
        "Laporan ini bertambah sejak Anda membukanya. Jawaban Anda belum disimpan. Baca dahulu yang baru."
    ),
    "answer_missing": _lazy("Tulis jawabannya. Pelapor membaca jawaban ini."),
    "answer_too_long": _lazy("Jawaban terlalu panjang dan belum disimpan. Paling banyak 500 huruf."),
    # Requests
    "bad_request": _lazy("Permintaan tidak terbaca. Tidak ada yang tersimpan."),
    "too_fast": _lazy("Terlalu banyak permintaan. Tunggu sebentar, lalu coba lagi. Yang sudah terkirim tetap aman."),
}

_PHASE_SENTENCES: dict[str, Promise] = {
    Phase.PREPARATION.value: _lazy(
        "Penerimaan C1 belum dibuka. Angka ini belum tersimpan di server. Kirim lagi sesudah penerimaan dibuka."
    ),
    Phase.CLOSED.value: _lazy(
        "Pemilihan ini terkunci. Angka ini belum tersimpan di server. Perbaikan hanya lewat Staf DPD."
    ),
}

#: Of what is not kept in quarantine.
_REVOKED_NOT_KEPT: Promise = _lazy(
    "Penugasan Anda di TPS ini sudah dicabut. Kiriman ini tidak disimpan. "
    "Simpan catatan dan fotonya, lalu telepon Koordinator DPC."
)

#: Every code that has a sentence of its own.
CODES: tuple[str, ...] = tuple(_SENTENCES)


def refusal_sentence(code: str, **details: Any) -> str:
    """Return the sentence of ``code`` in the active language.

    ``details`` are those of the exception, or of the validator: ``field`` (the
    label of the box, put in front), ``phase``, ``missing`` and ``unknown``
    (pair numbers), ``kept`` (False: not in quarantine either). An
    unknown code yields a general sentence ending in the code.
    """
    if code == "phase_closed" and details.get("phase") in _PHASE_SENTENCES:
        return str(_PHASE_SENTENCES[details["phase"]])
    if code == "assignment_revoked" and details.get("kept") is False:
        return str(_REVOKED_NOT_KEPT)
    if code not in _SENTENCES:
        return _("Permintaan ini ditolak dan tidak ada yang berubah. Kode: %(code)s") % {"code": code}
    sentence = str(_SENTENCES[code])
    if code == "wrong_pairs":
        sentence = _pairs(details.get("missing", ()), details.get("unknown", ())) + sentence
    if details.get("field"):
        return f"{details['field']}: {sentence}"
    return sentence


def _pairs(missing: Iterable[int], unknown: Iterable[int]) -> str:
    said = ""
    if missing := ", ".join(map(str, missing)):
        said += _("Paslon %(numbers)s tidak ada di kiriman. ") % {"numbers": missing}
    if unknown := ", ".join(map(str, unknown)):
        said += _("Paslon %(numbers)s bukan peserta di TPS ini. ") % {"numbers": unknown}
    return said
