"""Claim: photos of a place are found from the place down; those of the rest of the nation are not looked through."""

import json

import pytest
from django.db import connection

from tallies import photos
from tallies.archive.verifying import photos_of
from tallies.submission import PhotoName
from tests import cast, reading
from tests.sending import picture


def send_with_photo(play, station, *, seed):
    photo, _new = photos.receive(picture(seed=seed), by=play.siti)
    reading.send(play, station, [80, 100, 20], by=play.siti, photos=(PhotoName(photo.pk, 1),))
    return photo


def test_those_of_a_place_are_those_its_forms_name_each_once(play):
    here = send_with_photo(play, "dampit_1", seed=1)
    reading.send(play, "pamotan_1", [80, 100, 20], by=play.siti, photos=(PhotoName(here.pk, 1),))
    stray, _new = photos.receive(picture(seed=2), by=play.siti)
    for code in ("35.07.05", "35.07"):
        found = list(photos_of(play.election, cast.region(code)))
        assert found.count(here) == 1
        assert stray not in found
    assert list(photos_of(play.election, cast.region("35.24"))) == []


@pytest.mark.services
@pytest.mark.skipif(connection.vendor != "postgresql", reason="asks PostgreSQL for its plan")
def test_every_photo_is_read_by_its_key(play):
    send_with_photo(play, "dampit_1", seed=1)
    with connection.cursor() as cursor:
        # As among a million: here a table is a page, and reading it whole is cheapest.
        for way in ("seqscan", "hashjoin", "mergejoin"):
            cursor.execute(f"SET LOCAL enable_{way} = off")
    plan = json.loads(photos_of(play.election, cast.region("35.07.05")).explain(format="json"))[0]["Plan"]
    scans = [node for node in nodes(plan) if node.get("Relation Name") == "tallies_photo"]
    assert scans
    assert [node for node in scans if "Index Cond" not in node] == []


def nodes(plan):
    yield plan
    for below in plan.get("Plans", ()):
        yield from nodes(below)
