"""Suggestions: what a form may have meant. Never applied, so what matters is that the right one is among them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallies.checks import check
from tallies.count_room.suggesting import MOST, Suggestion, suggest
from tallies.figures import Figures, StationFacts, Thresholds

STATION, LIMITS = StationFacts(310), Thresholds()


def form(votes, **values):
    total = sum(v for v in votes if v is not None)
    written = {"voters_total": total + 5, "valid_votes": total, "invalid_votes": 5} | values
    return Figures(dict(enumerate(votes, start=1)), written)


def ask(figures, *others):
    return suggest(figures, others, STATION, LIMITS)


def test_what_the_second_reader_saw_and_what_adds_up_comes_first():
    typed = form([121, 704, 31], valid_votes=256, voters_total=261)
    assert ask(typed, form([121, 104, 31]))[0] == Suggestion("votes_2", 104, 704, repairs=True, seen=True)


@pytest.mark.parametrize(
    ("typed", "field", "meant"),
    [
        (form([121, 704, 31], valid_votes=256, voters_total=261), "votes_2", 104),  # 104 read as 704
        (form([121, 104, 13], valid_votes=256, voters_total=261), "votes_3", 31),  # swapped
        (form([880, 104, 31], valid_votes=223, voters_total=228), "votes_1", 88),  # an X read as a digit
        (form([121, 10, 31], valid_votes=256, voters_total=261), "votes_2", 104),  # a digit lost
        (form([121, 104, 31], valid_votes=266, voters_total=261), "valid_votes", 256),
    ],
)
def test_a_slip_of_the_hand_is_found_without_another_reading(typed, field, meant):
    found = ask(typed)
    assert (field, meant, True) in {(one.field, one.value, one.repairs) for one in found}


def test_a_form_that_adds_up_and_that_nobody_doubts_gets_none():
    assert ask(form([121, 104, 31])) == ()
    assert ask(form([121, 104, 31]), form([121, 104, 31])) == ()


def test_a_reading_that_breaks_more_is_not_suggested():
    assert ask(form([121, 104, 31]), form([121, 999, 31], valid_votes=256, voters_total=261)) == ()


figures = st.builds(
    lambda votes, valid, invalid: form(votes, valid_votes=valid, invalid_votes=invalid),
    st.lists(st.none() | st.integers(0, 3000), min_size=2, max_size=3),
    st.none() | st.integers(0, 9999),
    st.none() | st.integers(0, 9999),
)


def errors(figures):
    return sum(one.code.startswith("C1-E") for one in check(figures, STATION, LIMITS))


@given(figures, figures)
def test_a_suggestion_never_breaks_more_and_is_always_a_figure(typed, other):
    found = ask(typed, other)
    assert len(found) <= MOST
    for one in found:
        assert 0 <= one.value <= 9999
        assert (one.instead_of, one.value != one.instead_of) == (typed.get(one.field), True)
        votes, values = dict(typed.votes), dict(typed.values)
        if one.field.startswith("votes_"):
            votes[int(one.field.removeprefix("votes_"))] = one.value
        else:
            values[one.field] = one.value
        after = errors(Figures(votes, values))
        assert (after < errors(typed) or one.seen, (after == 0) is one.repairs) == (True, True)
