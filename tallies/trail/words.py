"""What an act is called. The record keeps the code; a code without a word is shown as it is."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

#: The groups of the page's filter, by their word in the address: what they are called, and how their codes begin.
GROUPS: dict[str, tuple[Promise, tuple[str, ...]]] = {
    "hak": (
        _("Orang dan hak"),
        (
            *("person ", "people ", "erasure ", "rights ", "second factor ", "recovery ", "signed ", "sessions "),
            *("password ", "token ", "phone ", "link ", "screen "),
        ),
    ),
    "penugasan": (_("Penugasan dan mandat"), ("assignment ", "reserve ", "shift ", "mandate")),
    "fase": (_("Fase dan latihan"), ("phase ", "practice ")),
    "unduh": (_("Unduhan dan ekspor"), ("table ", "file ", "evidence ", "archive ")),
    "impor": (_("Impor"), ("import ", "master data ")),
    "ditolak": (_("Akses ditolak"), ("access ",)),
}

WORDS: dict[str, Promise] = {
    "access refused": _("akses ditolak"),
    "archive asked for": _("ekspor arsip diminta"),
    "archive downloaded": _("ekspor arsip diunduh"),
    "assignment made": _("saksi ditugaskan"),
    "assignment revoked": _("penugasan dicabut"),
    "erasure confirmed": _("penghapusan nama disetujui"),
    "erasure done": _("penghapusan nama selesai"),
    "erasure proposed": _("penghapusan nama diusulkan"),
    "erasure withdrawn": _("usulan penghapusan nama ditarik"),
    "evidence downloaded": _("paket bukti diunduh"),
    "file downloaded": _("berkas diunduh"),
    "import confirmed": _("impor disetujui"),
    "import undone": _("impor dibatalkan"),
    "link issued": _("tautan aktivasi dibuat"),
    "link revoked": _("tautan aktivasi dicabut"),
    "mandate issued": _("surat mandat diterbitkan"),
    "mandate replaced": _("surat mandat diganti"),
    "mandate revoked": _("surat mandat dicabut"),
    "mandates downloaded": _("surat mandat diunduh"),
    "master data imported": _("data diimpor"),
    "master data import undone": _("impor data dibatalkan"),
    "password changed": _("sandi diganti"),
    "people erased": _("nama orang dihapus"),
    "person enrolled": _("orang didaftarkan"),
    "person made": _("akun dibuat"),
    "phase changed": _("fase berubah"),
    "phase proposed": _("fase diusulkan"),
    "phase refused": _("usulan fase ditolak"),
    "phase withdrawn": _("usulan fase ditarik"),
    "phone activated": _("ponsel diaktifkan"),
    "phone put out": _("ponsel yang hilang dimatikan"),
    "practice made": _("latihan dibuat"),
    "practice removed": _("latihan dihapus"),
    "recovery code used": _("kode pemulihan dipakai"),
    "recovery codes made": _("kode pemulihan dibuat"),
    "reserve ended": _("cadangan diakhiri"),
    "reserve named": _("cadangan ditunjuk"),
    "rights changed": _("hak diubah"),
    "screen link made": _("tautan layar dibuat"),
    "screen link revoked": _("tautan layar dicabut"),
    "second factor failed too often": _("kode masuk berkali-kali salah"),
    "second factor removed": _("kode masuk dimatikan"),
    "second factor reset": _("kode masuk diatur ulang"),
    "second factor set": _("kode masuk dipasang"),
    "sessions ended": _("sesi diakhiri"),
    "shift cancelled": _("giliran dibatalkan"),
    "shift planned": _("giliran dijadwalkan"),
    "signed in": _("masuk"),
    "table downloaded": _("tabel diunduh"),
    "token made": _("token dibuat"),
    "token revoked": _("token dicabut"),
}


def word_of(action: str) -> str:
    return str(WORDS.get(action, action))
