"""H6: boundaries, blanks, and of two reports the milder."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.rules.invitations import Invitations, above_invitations
from analytics.rules.severity import Severity
from tallies.figures import Figures, StationFacts

STATION = StationFacts(300)


def form(voters, registered=None):
    return Figures({1: 0}, {"voters_dpt": voters, "registered_dpt": registered})


def told(handed_out=None, not_delivered=None, report=1):
    return Invitations(report, None, handed_out, not_delivered)


def said(voters, *reports, station=STATION):
    one = above_invitations(form(voters), station, reports)
    return one and (one.severity, one.expected, one.excess)


@pytest.mark.parametrize(
    ("voters", "expected"),
    [
        (280, None),
        (281, (Severity.MEDIUM, 280, 1)),
        (300, (Severity.MEDIUM, 280, 20)),
        (301, None),  # above the register: H2 says so
    ],
)
def test_more_voters_than_the_register_without_the_undelivered_are_worth_a_look(voters, expected):
    assert said(voters, told(not_delivered=20)) == expected


@pytest.mark.parametrize(
    ("voters", "expected"), [(250, None), (251, (Severity.INFO, 250, 1)), (300, (Severity.INFO, 250, 50))]
)
def test_more_than_were_handed_out_may_have_come_with_the_ktp_alone(voters, expected):
    assert said(voters, told(handed_out=250)) == expected


def test_within_what_was_not_delivered_the_handed_out_ones_are_only_worth_knowing():
    assert said(270, told(250, 20)) == (Severity.INFO, 250, 20)
    assert said(281, told(250, 20)) == (Severity.MEDIUM, 280, 1)


def test_nothing_is_said_without_figures():
    assert said(None, told(1, 299)) is None
    assert said(300) is None
    assert said(300, told()) is None
    assert said(300, told(0, 0)) == (Severity.INFO, 0, 300)
    assert above_invitations(form(290), StationFacts(None), [told(not_delivered=20)]) is None
    assert above_invitations(form(290, registered=300), StationFacts(None), [told(not_delivered=20)]).excess == 10


def test_the_milder_of_two_reports_counts():
    assert said(290, told(not_delivered=20), told(not_delivered=15, report=2)) == (Severity.MEDIUM, 285, 5)
    assert said(290, told(not_delivered=20), told(not_delivered=10, report=2)) is None
    assert said(290, told(not_delivered=20), told(report=2)) == (Severity.MEDIUM, 280, 10)


def test_more_undelivered_than_registered_is_no_report():
    assert said(290, told(not_delivered=301)) is None
    assert said(290, told(not_delivered=300)) == (Severity.MEDIUM, 0, 290)


FIGURE = st.none() | st.integers(0, 400)


@given(FIGURE, st.lists(st.tuples(FIGURE, FIGURE), max_size=3))
def test_it_never_speaks_of_fewer_than_could_come(voters, reports):
    one = above_invitations(form(voters), STATION, [told(*each, report=n) for n, each in enumerate(reports)])
    assert one is None or (one.excess > 0 and one.voters <= one.registered)
