"""Arrivals in intervals: nothing is lost, cut at round local times, never more than can be read."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallies.totals.arrivals import MOST_INTERVALS, in_intervals

WIB, WITA, WIT = ZoneInfo("Asia/Jakarta"), ZoneInfo("Asia/Makassar"), ZoneInfo("Asia/Jayapura")
#: 13.00 WIB on 9 December 2020, in quarters of an hour.
NOON = int(datetime(2020, 12, 9, 6, tzinfo=UTC).timestamp()) // 900

quarters = st.dictionaries(st.integers(NOON, NOON + 4 * 24 * 60), st.integers(1, 500), max_size=40)


def intervals(arrived, verified=None, *, zone=WIB, stations=1000):
    return in_intervals(arrived, verified or {}, zone=zone, stations=stations, counted_at=None)


def clocks(arrivals):
    return [f"{one.start:%H.%M}–{one.end:%H.%M}" for one in arrivals.intervals]


@given(quarters, quarters, st.sampled_from([WIB, WITA, WIT]))
def test_every_station_is_in_one_interval_and_no_picture_has_too_many(arrived, verified, zone):
    found = in_intervals(arrived, verified, zone=zone, stations=1000, counted_at=None)
    if not arrived:
        assert found.intervals == ()
        return
    assert sum(one.arrived for one in found.intervals) == sum(arrived.values())
    assert sum(one.verified for one in found.intervals) == sum(verified.values())
    assert len(found.intervals) <= MOST_INTERVALS
    last = found.intervals[-1]
    assert (last.all_arrived, last.all_verified) == (sum(arrived.values()), sum(verified.values()))
    for one, following in zip(found.intervals, found.intervals[1:], strict=False):
        assert one.end == following.start
        assert following.all_arrived - one.all_arrived == following.arrived


def test_an_evening_is_cut_in_quarters_with_the_empty_ones():
    found = intervals({NOON: 3, NOON + 2: 4}, {NOON + 1: 2})
    assert clocks(found) == ["13.00–13.15", "13.15–13.30", "13.30–13.45"]
    assert [(one.arrived, one.all_arrived, one.all_verified) for one in found.intervals] == [
        (3, 3, 0),
        (0, 3, 2),
        (4, 7, 2),
    ]


def test_days_are_the_days_of_the_place():
    # 23.45 WIB is 00.45 WITA of the next day.
    late = NOON + 43
    spread = {late: 1, late + 96 * 20: 1}
    west, middle = intervals(spread), intervals(spread, zone=WITA)
    assert west.step == middle.step == timedelta(days=1)
    assert west.intervals[0].start == datetime(2020, 12, 9, tzinfo=WIB)
    assert middle.intervals[0].start == datetime(2020, 12, 10, tzinfo=WITA)


@pytest.mark.parametrize(
    ("quarters_later", "minutes"), [(0, 15), (47, 15), (48, 30), (4 * 30, 60), (4 * 24 * 3, 180), (96 * 40, 1440)]
)
def test_the_longer_it_takes_the_longer_the_intervals(quarters_later, minutes):
    assert intervals({NOON: 1, NOON + quarters_later: 1}).step == timedelta(minutes=minutes)


def test_coverage_is_rounded_down_and_never_over_all():
    assert intervals({NOON: 2}, stations=3).intervals[0].coverage == Fraction(6666, 10_000)
    assert intervals({NOON: 5}, stations=3).intervals[0].coverage == 1
    assert intervals({NOON: 5}, stations=0).intervals[0].coverage is None
