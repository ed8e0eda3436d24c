"""What belongs to Malang, asked for at every address by those who work there. In CI on both databases."""

from django.test import Client
from django.urls import reverse

from tests.integration.test_another_kabupaten import (
    ADDRESSES,
    PAPER,
    PHONES,
    PUBLIC,
    RECAP,
    RIVAL,
    SEEN,
    VOTES,
    WORDS,
    distinctive,
    furnished_malang,  # noqa: F401  fixture
    told,
    walk,
)


def test_the_same_walk_finds_it_where_it_may_be_seen(malang):
    """What is looked for can be found: by the coordinator of Malang, and by the operator who holds the photo."""
    client, found, words = Client(), set(), distinctive(malang)
    client.force_login(malang.play.budi)
    for _name, asked, answer in walk(malang, client, ("get",)):
        assert answer.status_code < 500, asked
        found.update(told(answer, words))
    written = {f"{one:,}".replace(",", ".") for votes in (VOTES, RIVAL, SEEN, PAPER, RECAP) for one in votes}
    assert {*WORDS.values(), *PUBLIC, *written, *map(str, VOTES), malang.form.receipt} - found == set()
    assert found & set(PHONES)
    client.force_login(malang.play.oper)
    [ask] = ADDRESSES["reading-photo"](malang)
    assert client.get(reverse("reading-photo", kwargs=ask.parts)).status_code == 200
