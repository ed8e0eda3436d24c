"""What belongs to Malang, asked for at every address by who is not signed in, and by programs with a key."""

import pytest
from django.test import Client

from accounts import api_tokens
from tests import cast
from tests.integration.test_another_kabupaten import (
    DESKS,
    PROGRAMS,
    distinctive,
    furnished_malang,  # noqa: F401  fixture
    state,
    told,
    walk,
)


def test_who_is_not_signed_in_is_led_to_the_door_and_told_nothing(malang):
    before, words = state(), distinctive(malang)
    for name, asked, answer in walk(malang, Client()):
        assert told(answer, words) == [], asked
        if answer.status_code == 302:
            assert answer.url.startswith("/masuk/?next="), asked
        else:
            expected = {"wall": (404, 405)}.get(name, (401, 403) if asked.split()[1].startswith("/api/") else (405,))
            assert answer.status_code in expected, asked
    assert state() == before


@pytest.mark.parametrize("who", ["agus", None])
def test_with_a_token_a_program_finds_no_more_than_its_owner(malang, who):
    text = "sista_" + "x" * 43
    if who:
        _token, text = api_tokens.make("lain", cast.region("35.24"), 3, by=malang.play.people[who])
    client = Client(headers={"Authorization": f"Bearer {text}"})
    words = distinctive(malang)
    for name, asked, answer in walk(malang, client):
        assert told(answer, words) == [], asked
        if name in PROGRAMS and name not in DESKS["agus"]:
            assert answer.status_code in ((404, 405, 403) if who else (401,)), asked
