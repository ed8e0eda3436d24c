"""Claims about a server whose clock steps back in the evening: what came later still counts as later."""

import datetime as dt
from types import SimpleNamespace

import pytest
import time_machine
from django.urls import reverse

from tallies import audit, photos
from tallies.archive import history
from tallies.count_room import verification
from tallies.models import AuditEvent, AuditSeal, C1Form, Photo, PhotoState, Review
from tallies.totals import aggregation, rebuilding, reporting
from tallies.trail import sealing
from tests.cast import region
from tests.sending import client_of, form_body, picture, send, send_photo

EVENING = dt.datetime(2020, 12, 9, 13, 0, tzinfo=dt.UTC)


@pytest.fixture
def clock():
    with time_machine.travel(EVENING, tick=False) as clock:
        yield clock


def sent(play, votes, by="siti", **changes):
    body = form_body(play, "dampit_1", votes, **changes)
    assert send(play.people[by], body).status_code == 201
    return body["uuid"]


@pytest.fixture
def evening(play, clock):
    """A form, an hour taken back, its correction, a rival, two hours more, and a decision."""
    first = sent(play, [100, 80, 20])
    sealing.seal_new()
    aggregation.drain()
    clock.shift(-3600)
    fixed = sent(play, [100, 81, 20], supersedes=first)
    rival = sent(play, [100, 82, 20], by="joko")
    aggregation.drain()
    clock.shift(-7200)
    form = C1Form.objects.get(uuid=fixed)
    verification.approve(form, by=play.budi, seen=play.result("dampit_1").audit_seq)
    aggregation.drain()
    return SimpleNamespace(play=play, first=first, fixed=fixed, rival=rival)


def test_what_was_sent_last_counts_and_the_totals_say_so(evening):
    result = evening.play.result("dampit_1")
    assert (str(result.form.uuid), result.review) == (evening.fixed, Review.VERIFIED)
    line = reporting.contest_report(evening.play.malang, region("35.07")).line
    assert [pair.votes for pair in line.pairs] == [100, 81, 20]
    assert rebuilding.differences(evening.play.election) == []


def test_history_is_told_in_the_order_of_what_happened(evening):
    events = AuditEvent.objects.filter(result=evening.play.result("dampit_1")).order_by("seq")
    moments = [event.at for event in events]
    assert moments != sorted(moments), "the clock did go back"
    assert list(audit.verify()) == []
    kept = history.history_of_form(C1Form.objects.get(uuid=evening.fixed))
    assert [str(one.form.uuid) for one in kept.versions] == [evening.rival, evening.fixed, evening.first]


def test_seals_go_on_and_agree(evening, clock):
    for _ in range(3):
        sealing.seal_new()
        clock.shift(-60)
    assert list(sealing.verify()) == []
    assert AuditSeal.objects.latest("seq").ranges["figures"]["upto"] == AuditEvent.objects.latest("pk").pk


def test_a_page_that_is_known_is_news_when_the_clock_went_back_between_two_drains(play, clock):
    client = client_of(play.budi)
    address = reverse("region", args=[play.election.slug, "35.07"])
    first = sent(play, [100, 80, 20])
    aggregation.drain()
    known = client.get(address)["ETag"]
    clock.shift(-3600)
    sent(play, [100, 81, 20], supersedes=first)
    aggregation.drain()
    assert client.get(address, headers={"If-None-Match": known}).status_code == 200


def test_a_photo_that_came_before_the_step_is_made_after_it(play, clock):
    for seed in (1, 2):
        assert send_photo(play.siti, picture(seed=seed)).status_code == 201
        clock.shift(-86_400)
    assert photos.process_waiting() == 2
    assert set(Photo.objects.values_list("state", flat=True)) == {PhotoState.READY}
