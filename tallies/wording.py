"""What a contradiction says to a person: one short sentence, facts and no blame.

The arithmetic (``tallies.checks``) yields codes and numbers; all words are here.
Labels and titles are lazy strings: they take the language of the page they are
shown on, not of the process that imported them.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from django.utils.functional import Promise
from django.utils.text import capfirst, format_lazy
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from sista.templatetags.formats import format_number, format_share
from tallies.checks import Contradiction
from tallies.figures import EMPTY_BOX, FEMALE, MALE, TOTAL

#: Asked beside every contradiction; a "yes" is recorded and nothing is blocked.
QUESTION: Promise = _lazy("Apakah di formulir memang tertulis begitu?")

_ROW_LABELS: dict[str, Promise] = {
    "registered_dpt": _lazy("DPT"),
    "registered_dpph": _lazy("DPPh"),
    "registered_dptb": _lazy("DPTb"),
    "registered_total": _lazy("Jumlah pemilih"),
    "voters_dpt": _lazy("Pengguna DPT"),
    "voters_dpph": _lazy("Pengguna DPPh"),
    "voters_dptb": _lazy("Pengguna DPTb"),
    "voters_total": _lazy("Jumlah pengguna hak pilih"),
    "disabled_voters": _lazy("Pemilih disabilitas"),
}
_COLUMN_LABELS: dict[str, Promise] = {
    MALE: _lazy("laki-laki"),
    FEMALE: _lazy("perempuan"),
    TOTAL: _lazy("jumlah"),
}
#: Rows that are a sum by name: "Jumlah pemilih – jumlah" would say it twice.
_SUM_ROWS = ("registered_total", "voters_total")


def _gendered_label(row: str, part: str) -> Promise:
    if part == TOTAL and row in _SUM_ROWS:
        return _ROW_LABELS[row]
    return format_lazy("{row} – {column}", row=_ROW_LABELS[row], column=_COLUMN_LABELS[part])


#: The label of every box of the full form except the pairs (see :func:`field_label`).
FIELD_LABELS: dict[str, Promise] = {
    **{row + part: _gendered_label(row, part) for row in _ROW_LABELS for part in (MALE, FEMALE, TOTAL)},
    "ballots_received": _lazy("Surat suara diterima"),
    "ballots_used": _lazy("Surat suara digunakan"),
    "ballots_spoiled": _lazy("Surat suara rusak/keliru coblos"),
    "ballots_unused": _lazy("Surat suara tidak digunakan"),
    "valid_votes": _lazy("Suara sah"),
    "invalid_votes": _lazy("Suara tidak sah"),
    "total_votes": _lazy("Jumlah suara sah dan tidak sah"),
}


def photo_title(name: Any) -> str:
    """What a photo shows, by its ``subject`` and ``page``: "Foto halaman 2", "Foto keberatan", "Foto C6"."""
    if name.subject == "c1":
        return _("Foto halaman %(page)s") % {"page": name.page}
    title = _("Foto C6") if name.subject == "c6" else _("Foto keberatan")
    return title if name.page == 1 else f"{title} {name.page}"


#: What a code is called in lists and filters.
TITLES: dict[str, Promise] = {
    "C1-E01": _lazy("L + P tidak sama dengan jumlah"),
    "C1-E02": _lazy("Jumlah pemilih tidak cocok"),
    "C1-E03": _lazy("Jumlah pengguna hak pilih tidak cocok"),
    "C1-E04": _lazy("Pengguna DPT melebihi DPT"),
    "C1-E05": _lazy("Pemilih disabilitas melebihi pengguna hak pilih"),
    "C1-E06": _lazy("Jumlah surat suara tidak cocok"),
    "C1-E07": _lazy("Suara tidak sama dengan surat suara digunakan"),
    "C1-E08": _lazy("Suara tidak sama dengan pengguna hak pilih"),
    "C1-E09": _lazy("Jumlah suara paslon tidak sama dengan suara sah"),
    "C1-E10": _lazy("Suara melebihi surat suara atau pemilih"),
    "C1-E11": _lazy("Jumlah suara sah dan tidak sah tidak cocok"),
    "C1-W01": _lazy("Surat suara diterima berbeda dari DPT dan cadangan"),
    "C1-W02": _lazy("DPT melebihi batas per TPS"),
    "C1-W03": _lazy("Suara melebihi DPT"),
    "C1-W04": _lazy("Suara tidak sah banyak"),
    "C1-W05": _lazy("Paslon dengan 0 suara atau semua suara"),
    "C1-W06": _lazy("Semua angka nol"),
    "C1-W07": _lazy("DPT berbeda dari data TPS"),
    "C1-W08": _lazy("Dua laporan berbeda"),
}

#: How many differing boxes a sentence names before it counts the rest.
_NAMED_FIELDS = 4


def field_label(name: str, pair_names: Mapping[int, str]) -> str:
    """Return what the box ``name`` is called; ``votes_<n>`` by the names of the contest."""
    if name.startswith("votes_"):
        return str(capfirst(_pair(name, pair_names)))
    return str(FIELD_LABELS[name])


def describe(contradiction: Contradiction, pair_names: Mapping[int, str]) -> str:
    """Say in one or two short sentences, in the active language, what does not agree.

    ``pair_names`` maps pair numbers to names; a pair without one goes by number.
    """
    if contradiction.code == "C1-W05":
        return _describe_one_sided(contradiction, pair_names)
    if contradiction.code == "C1-W08":
        return _describe_disagreement(contradiction, pair_names)
    row = contradiction.row or ""
    sentence = _sentence(contradiction)
    return sentence % {
        "row": _row_label(row),
        "column": _column_note(row),
        "left": _number(contradiction.left),
        "right": _number(contradiction.right),
        "gap": _number(abs(contradiction.left - contradiction.right)),
        "share": _share(contradiction.left, contradiction.right),
    }


def _sentence(contradiction: Contradiction) -> str:
    """Return the translated sentence of a code; two codes have two."""
    key = contradiction.code
    if key == "C1-E09" and f"votes_{EMPTY_BOX}" in contradiction.fields:
        key = "C1-E09 kosong"
    if key == "C1-E10" and contradiction.row == "registered_dpt":
        key = "C1-E10 registered"
    return str(_SENTENCES[key])


_SENTENCES: dict[str, Promise] = {
    "C1-E01": _lazy(
        "%(row)s: laki-laki dan perempuan berjumlah %(left)s, tetapi kolom jumlah %(right)s. Selisih %(gap)s."
    ),
    "C1-E02": _lazy(
        "DPT, DPPh dan DPTb%(column)s berjumlah %(left)s, tetapi jumlah pemilih %(right)s. Selisih %(gap)s."
    ),
    "C1-E03": _lazy(
        "Pengguna DPT, DPPh dan DPTb%(column)s berjumlah %(left)s, "
        "tetapi jumlah pengguna hak pilih %(right)s. Selisih %(gap)s."
    ),
    "C1-E04": _lazy("Pengguna DPT%(column)s %(left)s, lebih banyak daripada DPT %(right)s. Selisih %(gap)s."),
    "C1-E05": _lazy(
        "Pemilih disabilitas%(column)s %(left)s, lebih banyak daripada pengguna hak pilih %(right)s. Selisih %(gap)s."
    ),
    "C1-E06": _lazy(
        "Surat suara digunakan, rusak/keliru coblos dan tidak digunakan berjumlah %(left)s, "
        "tetapi yang diterima %(right)s. Selisih %(gap)s."
    ),
    "C1-E07": _lazy(
        "Suara sah dan tidak sah berjumlah %(left)s, tetapi surat suara digunakan %(right)s. Selisih %(gap)s."
    ),
    "C1-E08": _lazy(
        "Suara sah dan tidak sah berjumlah %(left)s, tetapi pengguna hak pilih %(right)s. Selisih %(gap)s."
    ),
    "C1-E09": _lazy("Paslon berjumlah %(left)s, tetapi suara sah %(right)s. Selisih %(gap)s."),
    "C1-E09 kosong": _lazy(
        "Paslon dan kolom kosong berjumlah %(left)s, tetapi suara sah %(right)s. Selisih %(gap)s."
    ),
    "C1-E10 registered": _lazy(
        "Suara sah dan tidak sah berjumlah %(left)s, lebih banyak daripada "
        "DPT, DPPh, DPTb dan cadangan: %(right)s. Selisih %(gap)s."
    ),
    "C1-E10": _lazy(
        "Suara sah dan tidak sah berjumlah %(left)s, "
        "lebih banyak daripada surat suara diterima: %(right)s. Selisih %(gap)s."
    ),
    "C1-E11": _lazy("Suara sah dan tidak sah berjumlah %(left)s, tetapi baris jumlahnya %(right)s. Selisih %(gap)s."),
    "C1-W01": _lazy(
        "Surat suara diterima %(right)s, sedangkan DPT dan cadangan berjumlah %(left)s. Selisih %(gap)s."
    ),
    "C1-W02": _lazy("DPT %(left)s, lebih banyak daripada batas satu TPS: %(right)s."),
    "C1-W03": _lazy(
        "Suara sah dan tidak sah berjumlah %(left)s. Menurut DPT, TPS ini paling banyak %(right)s suara."
    ),
    "C1-W04": _lazy("Suara tidak sah %(left)s dari %(right)s suara (%(share)s)."),
    "C1-W06": _lazy("Semua angka di formulir ini 0."),
    "C1-W07": _lazy("DPT di formulir %(left)s, tetapi di data TPS %(right)s. Selisih %(gap)s."),
}


_ALL_FOR_ONE = _lazy("Semua suara sah (%(votes)s) untuk %(pair)s.")
_NONE_FOR = _lazy("Tidak ada suara (0) untuk %(pairs)s.")
_NAMED_PAIR = _lazy("paslon %(number)s (%(name)s)")
_EMPTY_BOX_NAME = _lazy("kolom kosong")


def sentences() -> dict[str, str]:
    """Return every sentence with its %(names)s, for a phone that fills them in itself.

    ``pair`` and ``empty_box`` name a pair. C1-W08 is not here: a phone sees one report only.
    """
    more = {"C1-W05 all": _ALL_FOR_ONE, "C1-W05 none": _NONE_FOR, "pair": _NAMED_PAIR, "empty_box": _EMPTY_BOX_NAME}
    return {code: str(sentence) for code, sentence in (_SENTENCES | more).items()}


def row_words() -> dict[str, str]:
    """Return what rows and columns are called inside a sentence, by their names."""
    return {name: str(label) for name, label in (*_ROW_LABELS.items(), *_COLUMN_LABELS.items())}


def _describe_one_sided(contradiction: Contradiction, pair_names: Mapping[int, str]) -> str:
    if contradiction.left:
        return str(_ALL_FOR_ONE) % {
            "votes": _number(contradiction.left),
            "pair": _pair(contradiction.fields[0], pair_names),
        }
    pairs = ", ".join(_pair(name, pair_names) for name in contradiction.fields)
    return str(_NONE_FOR) % {"pairs": pairs}


def _describe_disagreement(contradiction: Contradiction, pair_names: Mapping[int, str]) -> str:
    named = [field_label(name, pair_names) for name in contradiction.fields[:_NAMED_FIELDS]]
    rest = len(contradiction.fields) - len(named)
    if rest:
        named.append(ngettext("%(count)s angka lain", "%(count)s angka lain", rest) % {"count": rest})
    return _("Dua laporan TPS ini berbeda pada %(left)s dari %(right)s angka: %(fields)s.") % {
        "left": _number(contradiction.left),
        "right": _number(contradiction.right),
        "fields": ", ".join(named),
    }


def _pair(name: str, pair_names: Mapping[int, str]) -> str:
    number = int(name.removeprefix("votes_"))
    if number == EMPTY_BOX:
        return str(_EMPTY_BOX_NAME)
    if number not in pair_names:
        return _("paslon %(number)s") % {"number": number}
    return str(_NAMED_PAIR) % {"number": number, "name": pair_names[number]}


def _row_label(row: str) -> str:
    return str(_ROW_LABELS[row]) if row in _ROW_LABELS else ""


def _column_note(row: str) -> str:
    """Return " (laki-laki)" or " (perempuan)"; the jumlah needs no note."""
    for part in (MALE, FEMALE):
        if row.endswith(part):
            return f" ({_COLUMN_LABELS[part]})"
    return ""


def _number(value: int) -> str:
    return format_number(value, get_language())


def _share(count: int, total: int) -> str:
    return format_share(Fraction(count, total) if total > 0 else None, language=get_language())
