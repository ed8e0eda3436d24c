"""P1 to P4, T1 and T2: boundaries, and what is told of nobody."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.rules.copies import (
    IdenticalFigures,
    OddPhoto,
    PhotoFact,
    SameFile,
    SamePicture,
    identical_figures,
    odd_photo,
    same_files,
    same_pictures,
)
from analytics.rules.lateness import Call, LateVersion, SilentStation, late_version, silent_strongholds
from analytics.rules.severity import Severity


def test_one_file_of_two_stations_is_found_and_twice_of_one_is_not():
    photos = [(2, "a"), (1, "a"), (1, "a"), (3, "b"), (3, "b"), (4, "c")]
    assert same_files(photos) == (SameFile(Severity.HIGH, "a", (1, 2)),)


def picture(*bits):
    number = 0
    for bit in bits:
        number |= 1 << bit
    return number.to_bytes(32, "little")


@pytest.mark.parametrize(
    ("distance", "expected"),
    [
        (0, (Severity.MEDIUM, False)),
        (20, (Severity.MEDIUM, False)),
        (21, (Severity.INFO, True)),
        (40, (Severity.INFO, True)),
        (41, None),
    ],
)
def test_pictures_are_the_same_up_to_twenty_bits_and_looked_at_up_to_forty(distance, expected):
    # Bits from all four words of the hash.
    found = same_pictures([(1, picture()), (2, picture(*range(0, 6 * distance, 6)))])
    assert found == (() if expected is None else (SamePicture(expected[0], 0, 1, distance, expected[1]),))


def test_pictures_of_one_station_are_not_compared():
    assert same_pictures([(1, picture()), (1, picture()), (2, picture(*range(100)))]) == ()
    assert same_pictures([]) == same_pictures([(1, picture())]) == ()


def test_a_hash_of_64_bits_is_refused():
    with pytest.raises(ValueError):
        same_pictures([(1, b"12345678"), (2, picture())])


@given(st.lists(st.tuples(st.integers(0, 3), st.sets(st.integers(0, 60), max_size=30)), max_size=12))
def test_every_near_pair_is_found_once(photos):
    hashed = [(station, picture(*bits)) for station, bits in photos]
    expected = [
        (i, j, len(one ^ other))
        for i, (a, one) in enumerate(photos)
        for j, (b, other) in enumerate(photos)
        if i < j and a != b and len(one ^ other) <= 40
    ]
    assert [(one.first, one.second, one.distance) for one in same_pictures(hashed)] == expected


CLOSED = datetime(2020, 12, 9, 13, tzinfo=UTC)


def facts(**known):
    return odd_photo(
        **({"taken_at": None, "closed_at": CLOSED, "km_from_village": None, "device_stations": None} | known)
    )


@pytest.mark.parametrize(
    ("known", "found"),
    [
        ({}, ()),
        ({"taken_at": CLOSED}, ()),
        ({"taken_at": CLOSED - timedelta(minutes=1)}, (OddPhoto(Severity.INFO, PhotoFact.BEFORE_CLOSING, 1),)),
        ({"taken_at": CLOSED - timedelta(minutes=1), "closed_at": None}, ()),
        ({"km_from_village": 5.0}, ()),
        ({"km_from_village": 5.1}, (OddPhoto(Severity.INFO, PhotoFact.FAR_AWAY, 5.1),)),
        ({"device_stations": 5}, ()),
        ({"device_stations": 6}, (OddPhoto(Severity.INFO, PhotoFact.MANY_STATIONS, 6),)),
    ],
)
def test_facts_of_a_photo_have_limits(known, found):
    assert facts(**known) == found


@pytest.mark.parametrize(
    ("stations", "alike", "severity"),
    [
        ([1, 2], (), Severity.INFO),
        ([1, 2, 3], (), Severity.HIGH),
        ([1, 2], [(2, 1)], Severity.HIGH),
        ([1, 2], [(2, 9)], Severity.INFO),
    ],
)
def test_equal_figures_weigh_by_how_many_and_by_their_photos(stations, alike, severity):
    rows = [(station, (104, 60, 4)) for station in stations] + [(9, (104, 60, 5))]
    assert identical_figures(rows, alike=alike) == (IdenticalFigures(severity, (104, 60, 4), tuple(stations)),)


def test_zeros_and_blanks_are_equal_to_nobody():
    assert identical_figures([(1, (0, 0)), (2, (0, 0)), (3, (5, None)), (4, (5, None))]) == ()


def test_the_silent_are_ranked_by_the_votes_they_are_expected_to_bring():
    found = silent_strongholds(
        [
            SilentStation(1, 300, 0.8, 0.6, 0.4),
            SilentStation(2, 500, 0.8, 0.6, 0.4),
            SilentStation(3, 500, 0.8, 0.4, 0.6),  # the rival's
            SilentStation(4, None, 0.8, 0.9, 0.1),  # of unknown size
            SilentStation(5, 300, 0.8, 0.5, 0.5),  # nobody's
        ]
    )
    assert found is not None
    assert (found.code, found.severity) == ("T1", Severity.MEDIUM)
    assert found.calls == (Call(2, pytest.approx(80)), Call(1, pytest.approx(48)))


def test_without_a_silent_stronghold_there_is_no_list():
    assert silent_strongholds([]) is None
    assert silent_strongholds([SilentStation(3, 500, 0.8, 0.4, 0.6)]) is None


RECAP = date(2020, 12, 12)


@pytest.mark.parametrize(
    ("versions", "corrected", "recap", "found"),
    [
        (2, RECAP, RECAP, None),
        (2, date(2020, 12, 14), RECAP, LateVersion(Severity.INFO, 2, 2)),
        (3, None, None, None),
        (4, None, None, LateVersion(Severity.INFO, 4, None)),
        (4, RECAP, RECAP, LateVersion(Severity.INFO, 4, None)),
        (2, RECAP, None, None),
    ],
)
def test_a_version_is_late_after_the_recap_or_from_the_fourth_on(versions, corrected, recap, found):
    assert late_version(versions=versions, corrected_on=corrected, recap_on=recap) == found
