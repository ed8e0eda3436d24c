"""What an act is called. The record keeps the code; a code without a word is shown as it is."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

#: The groups of the page's filter, by their word in the address: what they are called, and how their codes begin.
GROUPS: dict[str, tuple[Promise, tuple[str, ...]]] = {
    "hak": (
        _("Orang dan hak"),
        (
            *("person ", "rights ", "second factor ", "sign", "session", "password "),
            *("token ", "phone ", "link ", "screen "),
        ),
    ),
    "penugasan": (_("Penugasan dan mandat"), ("assignment ", "reserve ", "shift ", "mandate")),
    "fase": (_("Fase dan latihan"), ("phase ", "practice ")),
    "unduh": (_("Unduhan dan ekspor"), ("table ", "file ", "evidence ", "archive ")),
    "impor": (_("Impor"), ("import ", "official ", "expectation ")),
    "ditolak": (_("Akses ditolak"), ("access ",)),
}

WORDS: dict[str, Promise] = {
    "access refused": _("akses ditolak"),
    "assignment made": _("saksi ditugaskan"),
    "assignment revoked": _("penugasan dicabut"),
    "person enrolled": _("orang didaftarkan"),
    "phase proposed": _("fase diusulkan"),
    "phase changed": _("fase berubah"),
    "phase withdrawn": _("usulan fase ditarik"),
    "phase refused": _("usulan fase ditolak"),
    "practice made": _("latihan dibuat"),
    "practice removed": _("latihan dihapus"),
    "table downloaded": _("tabel diunduh"),
    "file downloaded": _("berkas diunduh"),
    "evidence downloaded": _("paket bukti diunduh"),
    "link issued": _("tautan aktivasi dibuat"),
    "link revoked": _("tautan aktivasi dicabut"),
    "phone activated": _("ponsel diaktifkan"),
    "phone put out": _("ponsel yang hilang dimatikan"),
    "token made": _("token dibuat"),
    "token revoked": _("token dicabut"),
    "screen link made": _("tautan layar dibuat"),
    "screen link revoked": _("tautan layar dicabut"),
}


def word_of(action: str) -> str:
    return str(WORDS.get(action, action))
