"""What an SMS says: text → a station and its figures, or a coded complaint. Plain values, no database.

``C1 <TPS> <votes of each pair, in the order of the ballot> <invalid>``. Case,
separators, O for 0 and l for 1 are forgiven; what could mean two things is not
guessed but answered. The message is read in three steps, because which tokens
are the station depends on the sender, and how many figures there must be on
the contest: `hear`, `place_of`, `figures_of`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from tallies.figures import MAX_FIGURE


class Complaint(StrEnum):
    NOT_C1 = "bukan_c1"
    NO_STATION = "tanpa_tps"
    NOT_YOURS = "tps_tidak_ada"
    SEVERAL_STATIONS = "tps_ganda"
    UNREADABLE = "tidak_terbaca"
    NEGATIVE = "negatif"
    UNCLEAR = "tidak_jelas"
    MISSING = "kurang"
    TOO_MANY = "terlalu_banyak"


class Unclear(Exception):
    """A message that is not taken as figures; ``code`` names why, ``word`` what is meant.

    With `Complaint.MISSING`, ``understood`` and ``missing`` say which figures
    are there and which not, by pair number (`INVALID` for the invalid votes).
    """

    def __init__(
        self, code: Complaint, word: str = "", *, understood: Mapping[int, int] | None = None, count: int = 0
    ) -> None:
        super().__init__(code)
        self.code = code
        self.word = word
        self.understood = dict(understood or {})
        self.count = count


#: Stands for the invalid votes beside pair numbers.
INVALID = -1

#: Offices as people shorten them; the values are those of ``Office``.
OFFICE_WORDS = {
    **dict.fromkeys(("pres", "presiden", "pilpres"), "presiden"),
    **dict.fromkeys(("gub", "gubernur", "pilgub"), "gubernur"),
    **dict.fromkeys(("bup", "bupati", "pilbup", "wali", "walikota", "wako", "pilwali", "pilwalkot"), "bupati"),
}
_PRACTICE = "latihan"
#: Words that may stand before the station, and between the figures.
_BEFORE_STATION = {"tps", "kode", "no", "nomor"}
_NUMBERS_A_PAIR = {"paslon", "no", "nomor", "urut"}
_FILLING = {"suara"}
_NOT = {"tidak", "tdk", "tak", "tdak"}

# "C1", "c 1", "C.1", "Cl": not "C14" and not "Class".
_HEAD = re.compile(r"\W*(?:(latihan)\W*)?c[\s._-]{0,3}(?:1|[l|](?![a-z]))(?![0-9ol|])", re.IGNORECASE)
_SEPARATORS = r"\s,.;:/#=*()\[\]'\"_\u2010-\u2015\u2212-"
_CHUNK = re.compile(rf"([^{_SEPARATORS}]+)([{_SEPARATORS}]*)")
_GLUED_TPS = re.compile(r"(tps)([0-9OolI|]+)", re.IGNORECASE)
_FIGURE = re.compile(r"[0-9OolI|]+")
_LOOKS_LIKE = str.maketrans("OolI|", "00111")
#: A minus: at a digit, and behind nothing that it could stand between.
_MINUS = re.compile(r"(?<![0-9A-Za-z|])[-\u2010-\u2015\u2212](?=[0-9OolI|])")
_LONGEST_FIGURE = len(str(MAX_FIGURE))
#: Digits of the groups of a desa's code (35.78.01.1001).
_CODE_GROUPS = [2, 2, 2, 4]


@dataclass(frozen=True)
class Token:
    """One number. ``gap`` is what stands behind it; ``numbers_a_pair`` and ``is_invalid``: words before it say so."""

    digits: str
    gap: str = ""
    numbers_a_pair: bool = False
    is_invalid: bool = False

    @property
    def is_label(self) -> bool:
        return self.numbers_a_pair or self.gap.strip() in (":", "=")


@dataclass(frozen=True)
class Heard:
    """A message about a C1, before it is known whose station its first tokens name."""

    is_practice: bool
    office: str | None
    tokens: tuple[Token, ...]


@dataclass(frozen=True)
class Place:
    """A station the sender guards: its desa's code and its number there."""

    key: int
    village_code: str
    number: int


def hear(text: str) -> Heard:
    """Split ``text`` into its words and numbers. Raises `Unclear`."""
    head = _HEAD.match(text)
    if head is None:
        raise Unclear(Complaint.NOT_C1)
    if found := _MINUS.search(text, head.end()):
        raise Unclear(Complaint.NEGATIVE, _CHUNK.match(text, found.end()).group(1)[:12])  # type: ignore[union-attr]
    is_practice, office = head[1] is not None, None
    tokens: list[Token] = []
    words: list[str] = []
    for chunk, gap in _chunks(text[head.end() :]):
        word = chunk.lower()
        if _is_figure(chunk):
            tokens.append(_token(chunk, gap, words, first=not tokens))
            words = []
        elif not tokens and word == _PRACTICE:
            is_practice = True
        elif not tokens and word in OFFICE_WORDS:
            office = OFFICE_WORDS[word]
        else:
            words.append(chunk)
    # Thanks and greetings may follow; "dua belas" is then a figure that is missing.
    if unknown := [word for word in words if not word.isalpha() or word.lower() == "sah"]:
        raise Unclear(Complaint.UNREADABLE, unknown[0][:12])
    if not tokens:
        raise Unclear(Complaint.NO_STATION)
    return Heard(is_practice, office, tuple(tokens))


def _chunks(text: str) -> Iterable[tuple[str, str]]:
    for chunk, gap in _CHUNK.findall(text):
        if glued := _GLUED_TPS.fullmatch(chunk):
            yield glued[1], ""
            yield glued[2], gap
        else:
            yield chunk, gap


def _is_figure(chunk: str) -> bool:
    """True for digits and what looks like them. "lO" is 10; of three letters none needs to be a number."""
    return bool(_FIGURE.fullmatch(chunk)) and (any(c.isdigit() for c in chunk) or len(chunk) <= 2)


def _token(chunk: str, gap: str, words: list[str], *, first: bool) -> Token:
    """Make the token of a number, from the words since the last one. Raises `Unclear` for a word it does not know."""
    digits = chunk.translate(_LOOKS_LIKE)
    lower = [word.lower() for word in words]
    if first:
        _refuse_unknown(words, _BEFORE_STATION)
        return Token(digits, gap)
    is_invalid = lower[-1:] in (["ts"], ["tidaksah"]) or (len(lower) > 1 and lower[-1] == "sah" and lower[-2] in _NOT)
    if is_invalid:
        words = words[: -2 if lower[-1] == "sah" else -1]
    _refuse_unknown(words, _NUMBERS_A_PAIR | _FILLING)
    return Token(digits, gap, bool(_NUMBERS_A_PAIR & set(lower)), is_invalid)


def _refuse_unknown(words: list[str], known: set[str]) -> None:
    for word in words:
        if word.lower() not in known:
            raise Unclear(Complaint.UNREADABLE, word[:12])


def place_of(heard: Heard, places: Iterable[Place]) -> tuple[Place, tuple[Token, ...]]:
    """Return the one of ``places`` that the message names, and the tokens behind its name. Raises `Unclear`.

    A station that is not among ``places`` is answered like one that does not exist.
    """
    known = list(places)
    texts = [token.digits for token in heard.tokens]
    for place in known:
        length = _length_of_code(texts, place)
        if length:
            return place, heard.tokens[length:]
    first = texts[0]
    if len(first) > 3 or [len(text) for text in texts[:4]] == _CODE_GROUPS:
        raise Unclear(Complaint.NOT_YOURS, ".".join(texts[:5]) if len(first) == 2 else first)
    same = [place for place in known if place.number == int(first)]
    if len(same) > 1:
        raise Unclear(Complaint.SEVERAL_STATIONS, first)
    if not same:
        raise Unclear(Complaint.NOT_YOURS, first)
    return same[0], heard.tokens[1:]


def _length_of_code(texts: Sequence[str], place: Place) -> int:
    """How many of the first tokens write the whole code of ``place``; 0 when they do not."""
    village = re.sub(r"\D", "", place.village_code)
    joined = ""
    for length, text in enumerate(texts, start=1):
        if joined == village and len(text) <= 3 and int(text) == place.number:
            return length
        joined += text
        if joined == f"{village}{place.number:03d}":
            return length
        if len(joined) > len(village) + 3:
            return 0
    return 0


def figures_of(tokens: Sequence[Token], ballot: Sequence[int]) -> dict[int, int]:
    """Return the votes by pair number and those under `INVALID`. ``ballot``: the pairs in their order.

    Raises `Unclear`: the count of figures decides, and nothing is guessed.
    """
    for token in tokens:
        if len(token.digits) > _LONGEST_FIGURE:
            raise Unclear(Complaint.UNREADABLE, token.digits[:12])
    if _joined_twice(tokens):
        raise Unclear(Complaint.UNCLEAR)
    found = _labelled(tokens, ballot) if any(token.is_label for token in tokens[:-1]) else None
    if found is None:
        found = _in_order(tokens, ballot)
    if set(found) != {*ballot, INVALID}:
        raise Unclear(Complaint.MISSING, understood=found)
    return found


def _joined_twice(tokens: Sequence[Token]) -> bool:
    """True where a dot or comma joins two numbers and others stand apart: "142 12.5" may be two figures or three."""
    gaps = [token.gap for token in tokens[:-1] if not token.is_label]
    return any(mark in gaps and any(mark not in gap for gap in gaps) for mark in (".", ","))


def _labelled(tokens: Sequence[Token], ballot: Sequence[int]) -> dict[int, int] | None:
    """Read "1: 142, 2: 98, tidak sah 12"; None where ``=`` or ``:`` only separates. Raises `Unclear` for both."""
    found: dict[int, int] = {}
    rest = list(tokens)
    while len(rest) > 1 and rest[0].is_label and not rest[1].is_label:
        label, value, *rest = rest
        number = int(label.digits)
        if number not in ballot or number in found or value.is_invalid:
            break
        found[number] = int(value.digits)
    else:
        if not rest:
            return found
        if len(rest) == 1 and not rest[0].numbers_a_pair:
            return found | {INVALID: int(rest[0].digits)}
    gaps = {token.gap.strip() for token in tokens[:-1]}
    if len(gaps) == 1 and not any(token.numbers_a_pair for token in tokens):
        return None
    raise Unclear(Complaint.UNCLEAR)


def _in_order(tokens: Sequence[Token], ballot: Sequence[int]) -> dict[int, int]:
    values = [int(token.digits) for token in tokens]
    if len(values) > len(ballot) + 1:
        raise Unclear(Complaint.TOO_MANY, count=len(values))
    if any(token.is_invalid for token in tokens[:-1]):
        raise Unclear(Complaint.UNCLEAR)
    if tokens and tokens[-1].is_invalid:
        return {**dict(zip(ballot, values[:-1], strict=False)), INVALID: values[-1]}
    return dict(zip([*ballot, INVALID], values, strict=False))
