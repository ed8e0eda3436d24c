"""Several people at the same two stations at the same moment, on PostgreSQL, while the totals are added up."""

import random
import threading

import pytest
from django.db import connection

from accounts.models import Role
from tallies.models import OutboxRow
from tallies.totals import aggregation
from tests import cast, examples
from tests.evenings import OFTEN, Evening
from tests.integration.test_result_states import check, check_sums
from tests.reading import read_all_twice
from tests.sending import at_once

pytestmark = [
    pytest.mark.services,
    pytest.mark.skipif(connection.vendor == "sqlite", reason="one writer at a time there"),
]

PEOPLE = 4
#: Of each of them, before they wait for one another.
ACTS = 25
ROUNDS = max(1, examples.ASKED // (PEOPLE * ACTS))
#: What compares a station with how it was a moment ago is for one person at a time; so is the phase.
ACTIONS = [*OFTEN, "correct", "adopt", "ask_for_fix", "report", "take"]


def test_whatever_several_people_do_at_once_the_totals_are_the_sum_of_what_counts(committed_play):
    play = committed_play
    read_all_twice(play)
    play.people["reader"] = cast.person("reader", Role.OPERATOR, "35.07")
    first = random.randrange(2**32)
    dice = [random.Random(first + place) for place in range(PEOPLE)]
    done, drained = threading.Event(), []

    def drain():
        try:
            while not done.is_set():
                aggregation.drain()
            drained.append("to the end")
        finally:
            connection.close()

    def act(place):
        evening = Evening(play)
        for _ in range(ACTS):
            evening.do(dice[place].choice(ACTIONS), dice[place])
        return evening.course

    drainer = threading.Thread(target=drain)
    drainer.start()
    try:
        courses = [course for _ in range(ROUNDS) for course in at_once(PEOPLE, act)]
    finally:
        done.set()
        drainer.join(60)
    assert all(courses), f"stopped by an error; the dice began at {first}"
    assert drained, "the totals stopped"
    ends = [end for course in courses for _act, end in course]
    assert len(ends) == PEOPLE * ACTS * ROUNDS
    assert ends.count("done") > len(ends) / 4, "where all is refused nothing is shown"
    check(play)
    check_sums(play)
    assert not OutboxRow.objects.exists(), f"the dice began at {first}"
