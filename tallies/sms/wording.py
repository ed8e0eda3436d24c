"""Every sentence that goes out by SMS, in the active language, for 160 letters of a plain phone.

Letters are those of GSM-7: one other letter would cut the message to 70. No
sentence says more of a station than the sender has just said or guards.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.utils.translation import pgettext

from tallies.figures import EMPTY_BOX
from tallies.models import Office
from tallies.sms.reading import INVALID, Complaint, Unclear

LENGTH = 160
#: A desa's name in an answer, when all of it does not fit.
_SHORT_NAME = 10
_EXAMPLE = "C1 014 142 98 12"
#: What to write before the TPS where it has several contests.
_OFFICE_WORDS = {Office.PRESIDENT: "C1 PRES", Office.GOVERNOR: "C1 GUB", Office.REGENT: "C1 BUP"}

UNKNOWN_SENDER: Promise = _lazy("SMS Anda tidak dapat diproses. Hubungi koordinator Anda.")
SHARED_NUMBER: Promise = _lazy(
    "Belum diterima: nomor ini tercatat untuk lebih dari satu orang. Minta DPC membetulkannya, lalu kirim ulang."
)
TOO_OFTEN: Promise = _lazy("Terlalu banyak SMS dari nomor ini. Tunggu 10 menit, lalu kirim lagi.")

_ABOUT_A_FORM: dict[str, Promise] = {
    "accepted": _lazy("%(c1)s %(place)s diterima %(time)s. %(figures)s. Kode %(code)s."),
    "corrected": _lazy("Perbaikan %(c1)s %(place)s diterima %(time)s. %(figures)s. Kode %(code)s."),
    "proposed": _lazy("Perbaikan %(c1)s %(place)s diterima %(time)s, menunggu DPC. %(figures)s. Kode %(code)s."),
    "repeated": _lazy("%(c1)s %(place)s sudah diterima %(time)s. %(figures)s. Kode %(code)s."),
    "overtaken": _lazy(
        "%(c1)s %(place)s: SMS ini lebih lama, tidak dipakai. Yang terbaru: %(figures)s. Kode %(code)s."
    ),
}
_SEND_AGAIN: Promise = _lazy("Salah? Kirim ulang.")


def about_form(
    kind: str, *, is_practice: bool, place: tuple[str, str], time: str, figures: str, code: str, check: str = ""
) -> str:
    """The answer to figures that are stored. ``place``: title and desa; ``check``: what does not add up."""
    title, village = place
    facts = {"c1": _c1(is_practice), "time": time, "figures": figures, "code": code}
    doubt = " " + _("Periksa: %(check)s.") % {"check": check} if check else ""
    candidates = []
    for name in dict.fromkeys((village, village[:_SHORT_NAME].strip(), "")):
        core = str(_ABOUT_A_FORM[kind]) % (facts | {"place": f"{title} {name}".strip()})
        candidates += [f"{core}{doubt} {_SEND_AGAIN}", core + doubt]
    return _first_that_fits(candidates)


def unclear(trouble: Unclear) -> str:
    """The answer to a message whose station is not known; `unclear_figures` where it is."""
    word = plain(trouble.word) or "?"
    sentences = {
        Complaint.NOT_C1: _(
            "Tidak dimengerti. Tulis C1, kode TPS, suara tiap paslon, lalu tidak sah. Contoh: %(example)s"
        ),
        Complaint.NO_STATION: _(
            "Kurang: kode TPS dan angka. Tulis C1, kode TPS, suara tiap paslon, lalu tidak sah. Contoh: %(example)s"
        ),
        Complaint.NOT_YOURS: _(
            "Belum diterima: TPS %(word)s tidak ada di tugas Anda. Periksa kodenya, atau telepon DPC."
        ),
        Complaint.UNREADABLE: _('Belum diterima: "%(word)s" tidak terbaca. Tulis angka saja. Contoh: %(example)s'),
        Complaint.NEGATIVE: _("Belum diterima: -%(word)s bukan angka suara. Kirim ulang. Contoh: %(example)s"),
        Complaint.UNCLEAR: _(
            "Belum diterima: pemisah angka tidak jelas. Pakai spasi, urut paslon, lalu tidak sah. Contoh: %(example)s"
        ),
    }
    return sentences[trouble.code] % {"word": word, "example": _EXAMPLE}


def several_stations(number: str, codes: Iterable[str]) -> str:
    return _("Belum diterima: Anda menjaga beberapa TPS %(number)s. Tulis kode lengkapnya: %(codes)s.") % {
        "number": number,
        "codes": _("%(one)s atau %(other)s") % dict(zip(("one", "other"), codes, strict=False)),
    }


def several_contests(title: str, offices: Sequence[str]) -> str:
    words = [_OFFICE_WORDS[Office(office)] for office in dict.fromkeys(offices)]
    if len(words) < 2:
        return _("Belum diterima: %(title)s punya beberapa pemilihan. Kirim lewat halaman web, atau telepon DPC.") % {
            "title": title
        }
    return _("Belum diterima: %(title)s punya beberapa pemilihan. Awali SMS dengan %(words)s.") % {
        "title": title,
        "words": _("%(one)s atau %(other)s") % {"one": ", ".join(words[:-1]), "other": words[-1]},
    }


def unclear_figures(trouble: Unclear, title: str, ballot: Sequence[int], *, is_practice: bool) -> str:
    """The answer to figures that are too few, too many or not clear, at a station that is known."""
    facts: dict[str, Any] = {"c1": _c1(is_practice), "title": title}
    if trouble.code == Complaint.MISSING:
        facts["missing"] = ", ".join(
            _name(number) for number in (*ballot, INVALID) if number not in trouble.understood
        )
        if not trouble.understood:
            return _("%(c1)s %(title)s belum diterima. Kurang: %(missing)s.") % facts
        facts["figures"] = figures_of(trouble.understood, ballot)
        return (
            _("%(c1)s %(title)s belum diterima. Terbaca %(figures)s. Kurang: %(missing)s. Kirim ulang semua.") % facts
        )
    if trouble.code == Complaint.TOO_MANY:
        facts |= {"count": trouble.count, "needed": len(ballot) + 1}
        facts["order"] = ", ".join(_name(number) for number in (*ballot, INVALID))
        return (
            _("%(c1)s %(title)s belum diterima: ada %(count)s angka, seharusnya %(needed)s: %(order)s. Kirim ulang.")
            % facts
        )
    return unclear(trouble)


def quarantined(title: str, *, is_practice: bool) -> str:
    facts = {"c1": _c1(is_practice), "title": title}
    return _("%(c1)s %(title)s disimpan dan akan ditinjau. Tugas Anda di TPS itu sudah dicabut. Telepon DPC.") % facts


def closed(title: str, *, is_practice: bool) -> str:
    facts = {"c1": _c1(is_practice), "title": title}
    return _("%(c1)s %(title)s belum diterima: penerimaan tidak terbuka. Simpan C1 Anda dan telepon DPC.") % facts


def figures_of(figures: Mapping[int, int], ballot: Sequence[int]) -> str:
    """Write figures as "1: 142, kosong: 98, tidak sah 12", in the order of the ballot."""
    parts = [f"{_short_name(number)}: {figures[number]}" for number in ballot if number in figures]
    if INVALID in figures:
        parts.append(f"{_name(INVALID)} {figures[INVALID]}")
    return ", ".join(parts)


def _short_name(number: int) -> str:
    return pgettext("SMS", "kosong") if number == EMPTY_BOX else str(number)


def _name(number: int) -> str:
    if number == INVALID:
        return _("tidak sah")
    return _("kolom kosong") if number == EMPTY_BOX else _("paslon %(number)s") % {"number": number}


def _c1(is_practice: bool) -> str:
    return _("LATIHAN C1") if is_practice else "C1"


def plain(text: str) -> str:
    """Write ``text`` in letters every phone has: "Désa" is "Desa", a long dash is a hyphen."""
    dashes = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2015\u2212"), "-")
    quotes = {ord("\u2018"): "'", ord("\u2019"): "'", ord("`"): "'", ord("\u201c"): '"', ord("\u201d"): '"'}
    replaced = unicodedata.normalize("NFKD", text.translate(dashes | quotes))
    return replaced.encode("ascii", "ignore").decode()


def _first_that_fits(candidates: Sequence[str]) -> str:
    return next((one for one in map(plain, candidates) if len(one) <= LENGTH), plain(candidates[-1]))
