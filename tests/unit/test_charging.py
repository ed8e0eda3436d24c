"""Claims about who is charged with a wrong figure: whoever had it wrong, by what was settled, and nobody else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallies.evaluation.charging import Case, Charges, Round, charge, differing
from tallies.evaluation.timing import Spread, closing, median_of_all, spread

WITNESS, READER, SECOND = 1, 2, 3
RIGHT = {"votes_1": 121, "votes_2": 104, "valid_votes": 225}
TYPED_704 = RIGHT | {"votes_2": 704}
SAW_194 = RIGHT | {"votes_2": 194}


def case(written, *rounds, settled):
    return charge(Case(WITNESS, written, rounds, settled))


def test_the_witness_typed_wrong_and_the_reader_right():
    assert case(TYPED_704, Round(READER, RIGHT), settled=RIGHT) == Charges(("votes_2",))


def test_the_reader_read_wrong_and_the_witness_typed_right():
    assert case(RIGHT, Round(READER, SAW_194), settled=RIGHT) == Charges((), {READER: ("votes_2",)})


def test_both_wrong_are_both_charged():
    assert case(TYPED_704, Round(READER, SAW_194), settled=RIGHT) == Charges(("votes_2",), {READER: ("votes_2",)})


def test_both_wrong_in_the_same_way_are_both_charged():
    """They agreed, and a coordinator found on the photo that neither was right."""
    assert case(TYPED_704, Round(READER, TYPED_704), settled=RIGHT) == Charges(("votes_2",), {READER: ("votes_2",)})


def test_each_is_charged_with_the_own_boxes():
    written, seen = RIGHT | {"votes_1": 112}, RIGHT | {"valid_votes": 252, "votes_2": 140}
    found = case(written, Round(READER, seen), settled=RIGHT)
    assert found == Charges(("votes_1",), {READER: ("votes_2", "valid_votes")})


def test_nobody_is_charged_without_a_settled_figure():
    assert case(TYPED_704, Round(READER, SAW_194), settled=None) == Charges()


def test_of_a_photo_that_could_not_be_read_only_the_witness_is_held_to_what_was_settled():
    assert case(TYPED_704, settled=RIGHT) == Charges(("votes_2",))


def test_a_box_mended_in_the_second_round_is_no_error_of_the_reading():
    again = Round(READER, RIGHT, frozenset({"votes_2"}))
    assert case(RIGHT, Round(READER, SAW_194), again, settled=RIGHT) == Charges((), {}, {READER: ("votes_2",)})


def test_a_box_read_wrong_twice_is_charged_to_who_read_it_last():
    again = Round(SECOND, RIGHT | {"votes_2": 124}, frozenset({"votes_2"}))
    assert case(RIGHT, Round(READER, SAW_194), again, settled=RIGHT) == Charges((), {SECOND: ("votes_2",)})


def test_a_box_the_second_reader_was_not_asked_for_stays_with_the_first():
    """Equal to the witness's in the first round, so never asked again, and wrong all the same."""
    first = Round(READER, {"votes_1": 127, "votes_2": 194, "valid_votes": 225})
    again = Round(SECOND, {"votes_1": 127, "votes_2": 104, "valid_votes": 225}, frozenset({"votes_2"}))
    found = case(RIGHT | {"votes_1": 127}, first, again, settled=RIGHT)
    assert found == Charges(("votes_1",), {READER: ("votes_1",)}, {READER: ("votes_2",)})


def test_a_right_box_spoilt_in_the_second_round_is_charged_to_who_spoilt_it():
    again = Round(SECOND, SAW_194, frozenset({"votes_2"}))
    assert case(TYPED_704, Round(READER, RIGHT), again, settled=RIGHT) == Charges(
        ("votes_2",), {SECOND: ("votes_2",)}
    )


def test_blank_is_not_zero_and_what_was_not_asked_is_not_compared():
    assert differing({"votes_1": None}, {"votes_1": 0, "disabled_voters": 3}) == ("votes_1",)
    assert differing({"votes_1": None}, {"votes_1": None}) == ()


BOXES = st.dictionaries(st.sampled_from("abcd"), st.none() | st.integers(0, 3), min_size=4)


@given(BOXES, BOXES, BOXES, st.sets(st.sampled_from("abcd")), BOXES)
def test_every_wrong_box_of_the_last_round_has_exactly_one_reader(written, first, again, asked, settled):
    last = {box: (again if box in asked else first)[box] for box in "abcd"}
    rounds = (Round(READER, first), Round(SECOND, last, frozenset(asked)))
    found = charge(Case(WITNESS, written, rounds, settled))
    charged = [box for boxes in found.readers.values() for box in boxes]
    assert sorted(charged) == sorted(differing(last, settled))
    assert set(found.writer) == set(differing(written, settled))
    assert set(found.readers.get(SECOND, ())) <= asked
    assert set(found.mended.get(READER, ())) <= set(differing(first, settled)) - set(charged)


# Minutes


@given(st.lists(st.integers(-300, 3000), max_size=60), st.integers(0, 40))
def test_the_median_is_the_middle_one_of_the_sorted(minutes, missing):
    ordered = sorted(minutes)
    times = {minute: minutes.count(minute) for minute in minutes}
    found = spread(times)
    assert found.count == len(minutes)
    if minutes:
        assert (found.median, found.slowest) == (ordered[(len(ordered) - 1) // 2], ordered[-1])
    everybody = [*ordered, *[None] * missing]
    expected = everybody[(len(everybody) - 1) // 2] if everybody else None
    assert median_of_all(times, len(everybody)) == expected


def test_nothing_sent_has_no_median():
    assert spread({}) == Spread(0, None, None)
    assert median_of_all({5: 1}, 3) is None


@pytest.mark.parametrize(("zone", "hour"), [("Asia/Jakarta", 6), ("Asia/Makassar", 5), ("Asia/Jayapura", 4)])
def test_a_station_closes_by_its_own_clock(zone, hour):
    import datetime as dt
    from zoneinfo import ZoneInfo

    assert closing(dt.date(2020, 12, 9), ZoneInfo(zone)) == dt.datetime(2020, 12, 9, hour, tzinfo=dt.UTC)
