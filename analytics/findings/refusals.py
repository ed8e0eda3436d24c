"""What a refused act or file says to a person: the fact, whether anything was kept, the next step."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

_SENTENCES: dict[str, Promise] = {
    "finding_reason_missing": _("Tulis alasannya dahulu. Belum ada yang disimpan."),
    "finding_reason_too_long": _("Alasan terlalu panjang dan belum disimpan. Paling banyak 500 huruf."),
    "finding_moved": _("Angka temuan ini sudah berubah. Yang Anda tulis belum disimpan. Periksa angka yang baru."),
    "finding_overtaken": _("Orang lain baru saja menangani temuan ini. Yang Anda tulis belum disimpan."),
    "finding_state": _("Keadaan temuan ini sudah berubah. Yang Anda tulis belum disimpan."),
    "not_assignable": _("Pilih orang dari daftar. Temuan ini belum ditugaskan."),
    "too_many_files": _("Paling banyak empat berkas sekali simpan. Belum ada yang disimpan."),
    "attachment_too_large": _("Berkas lebih dari 10 MB. Belum ada yang disimpan. Kecilkan dahulu."),
    "attachment_empty": _("Berkas itu kosong. Belum ada yang disimpan."),
    "attachment_kind": _("Berkas itu bukan foto atau PDF. Belum ada yang disimpan."),
    "attachment_cut_off": _("Berkas itu terpotong. Belum ada yang disimpan. Ambil ulang."),
    "attachment_not_taken": _("Berkas itu tidak dapat diterima. Belum ada yang disimpan."),
}
#: Somebody or something was quicker: 409. The others are 400.
OVERTAKEN = {"finding_moved", "finding_overtaken", "finding_state"}


def sentence(code: str) -> str:
    return str(_SENTENCES[code])
