"""Claims about whatever is typed as a number or sent as a message: it is read as one thing, or refused in words."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from accounts import phone_numbers
from sista.keys import key_in
from sista.spreadsheets import cells
from sista.spreadsheets.cells import Unreadable
from tallies.figures import parse_figure
from tallies.sms import reading, wording
from tallies.sms.reading import INVALID, Place, Unclear
from tests.examples import many

#: What `int()`, `float()` and `isdigit()` take and nobody wrote into a box.
TRICKS = [
    "-1",
    "+1",
    "1e3",
    "1_000",
    " 12 ",
    "0x10",
    "12.0",
    "1.5",
    "1,5",
    "١٢",
    "１２",
    "²",
    "12\n",
    "\0",
    "9" * 5000,
]
numberlike = st.text("0123456789-+_. eExX,\n\u0661\uff11\u00b2", max_size=8)
typed = st.one_of(st.from_regex(r"[0-9]{1,6}", fullmatch=True), numberlike, st.sampled_from(TRICKS), st.text())
anything = st.one_of(
    typed, st.none(), st.booleans(), st.integers(), st.floats(), st.lists(st.integers()), st.binary()
)


def answer(read, given, refusal):
    """What ``read`` makes of ``given``; None where it refuses."""
    try:
        return read(given)
    except refusal:
        return None


@many(300, same=True)
@given(typed)
def test_a_figure_is_one_to_four_ascii_digits_and_nothing_else(text):
    expected = int(text) if re.fullmatch("[0-9]{1,4}", text) else None
    assert answer(parse_figure, text, ValueError) == expected
    assert answer(cells.whole_number(4), text, Unreadable) == expected


@many(200, same=True)
@given(anything)
def test_a_figure_of_another_kind_is_a_whole_number_of_its_range_or_refused(given):
    if not isinstance(given, str):
        is_one = isinstance(given, int) and not isinstance(given, bool) and 0 <= given <= 9999
        assert answer(parse_figure, given, ValueError) == (given if is_one else None)


@many(200, same=True)
@given(typed)
def test_a_key_in_an_address_is_a_number_a_database_can_hold_or_none(text):
    found = key_in(text)
    assert (found is None) == (re.fullmatch("[0-9]{1,18}", text) is None)
    assert found is None or found == int(text) < 2**63


@pytest.mark.parametrize("read", [cells.whole_number(4), cells.code, cells.share, cells.date, cells.text()])
@pytest.mark.parametrize("round_", ["text", "number"])
def test_a_cell_of_any_kind_is_read_or_refused_in_words(read, round_):
    kinds = {
        "text": st.one_of(typed, st.text("0123456789%,./- :", max_size=12)),
        "number": st.one_of(st.booleans(), st.integers(), st.floats(), st.datetimes(), st.dates(), st.times()),
    }

    @many(60, same=True)
    @given(kinds[round_])
    @example(10**400)
    @example(-(10**400))
    @example("9" * 5000)
    def ask(cell):
        reason = "read"
        try:
            read(cell)
        except Unreadable as refusal:
            reason = str(refusal)
        assert reason
        assert len(cells.shown(cell)) <= 40

    ask()


@many(300, same=True)
@given(st.one_of(st.text("0123456789+-(). \u00a0\u2010", max_size=20), st.text()))
def test_a_phone_number_is_one_however_often_it_is_normalised(given):
    once = phone_numbers.normalise(given)
    assert phone_numbers.normalise(once) == once
    phone_numbers.normalise_start(given)
    phone_numbers.spoken(once)


@many(300, same=True)
@given(
    st.from_regex(r"8[0-9]{8,11}", fullmatch=True),
    st.sampled_from(["0", "62", "+62", "+620", "0062", "00620", ""]),
    st.sampled_from(["", " ", "-", ".", "\u00a0", "\u2011"]),
    st.integers(2, 4),
)
def test_however_a_number_is_written_it_is_the_same(rest, prefix, between, step):
    written = prefix + between + between.join(rest[at : at + step] for at in range(0, len(rest), step))
    assert phone_numbers.normalise(f" {written} ") == f"+62{rest}"


# Messages

PLACES = [Place(1, "35.07.05.2001", 1), Place(2, "35.07.05.2001", 12), Place(3, "35.07.05.1002", 3)]
BALLOT = [1, 2, 3]


def understood(text):
    """The station and the figures of a message, or its complaint with the answer to it."""
    try:
        place, tokens = reading.place_of(reading.hear(text), PLACES)
    except Unclear as trouble:
        return trouble, wording.unclear(trouble)
    try:
        return place, reading.figures_of(tokens, BALLOT)
    except Unclear as trouble:
        return trouble, wording.unclear_figures(trouble, "TPS 1", BALLOT, is_practice=False)


words = st.one_of(
    st.sampled_from(
        ["tps", "TPS 01", "tps12", "35.07.05.2001", "35 07 05 1002 003", "tidak sah", "ts", "sah", "paslon"]
    ),
    st.sampled_from(
        ["suara", "no", "1:", "2=", "latihan", "gub", "lO", "O", "|", "-5", "12.5", "142,98", "9" * 5000]
    ),
    st.sampled_from(["terima kasih", "\u2212", "\u200b", "\ufeff", "\0", "\ud800", "\u0661", "\uff11", "c1", "TPſ1"]),
    st.integers(0, 99_999).map(str),
    st.text(max_size=6),
)
messages = st.one_of(
    st.text(),
    st.binary().map(lambda raw: raw.decode("latin-1")),
    st.builds(
        lambda head, rest, gaps: head + "".join(word + gap for word, gap in zip(rest, gaps, strict=False)),
        st.sampled_from(["C1 ", "c1", "Cl ", "c-1 ", "LATIHAN C1 ", "C1 1 ", "C1 tps 1 142 98 40 12 "]),
        st.lists(words, max_size=9),
        st.lists(st.sampled_from([" ", ",", ".", ":", "=", "\n", "", " - ", "/"]), min_size=9, max_size=9),
    ),
)


@many(400, same=True)
@given(messages)
def test_a_message_of_any_letters_is_understood_or_answered_in_words_and_re_typed_it_says_the_same(text):
    said, figures = understood(text)
    if isinstance(said, Unclear):
        assert figures
    else:
        place = said
        assert set(figures) == {*BALLOT, INVALID}
        assert all(0 <= one <= 9999 for one in figures.values())
        votes = " ".join(str(figures[number]) for number in [*BALLOT, INVALID])
        assert understood(f"C1 {place.village_code} {place.number} {votes}") == (place, figures)


#: With a figure of four digits "12 10 10 1000" has the shape of the code of a desa, which is not guessed.
votes = st.lists(st.integers(0, 999), min_size=4, max_size=4)
noise = st.fixed_dictionaries(
    {
        "head": st.sampled_from(["C1", "c1", "Cl", "c.1", " C-1", "\nC 1", "cl"]),
        "station": st.sampled_from(["{n}", "tps {n}", "TPS{n}", "Tps. {n:02}", "no {n:03}", "35.07.05.2001 {n}"]),
        "gap": st.sampled_from([" ", "  ", ", ", "; ", "\n", " / ", ". ", "#", "*"]),
        "last": st.sampled_from(["{v}", "ts {v}", "tidak sah {v}", "Tdk Sah: {v}"]),
        "end": st.sampled_from(["", ".", " ", " terima kasih", "\nTks"]),
        "zeros": st.sampled_from(["0", "O", "o"]),
        "ones": st.sampled_from(["1", "l", "I"]),
    }
)


@many(200, same=True)
@given(st.sampled_from([1, 12]), votes, noise)
def test_figures_come_through_the_noise_of_a_tired_thumb(number, values, noise):
    written = [str(value) for value in values]
    # A word of letters alone is a word: "lOl" is no 101 to a reader either.
    slipped = [
        other
        if len(other := one.replace("0", noise["zeros"]).replace("1", noise["ones"])) <= 2
        or any(letter.isdigit() for letter in other)
        else one
        for one in written
    ]
    parts = [noise["station"].format(n=number), *slipped[:-1], noise["last"].format(v=slipped[-1])]
    place, read = understood(f"{noise['head']} {noise['gap'].join(parts)}{noise['end']}")
    assert not isinstance(place, Unclear), read
    assert (place.number, list(read.values())) == (number, values)
