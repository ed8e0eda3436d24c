"""Claims about what revoked witnesses still sent: seen by the DPC of the place, counted by nobody."""

import pytest
from django.urls import reverse
from django.utils.html import escape

from tallies import intake
from tallies.count_room import quarantine, work_queue
from tallies.models import Assignment, Channel, ContestTotal, PairTotal, QuarantinedForm
from tallies.submission import PhotoName
from tallies.totals import aggregation, rebuilding
from tests.cast import submission
from tests.witness_hands import text

AT = "2020-12-09T05:00:00Z"


def address(play):
    return reverse("quarantine", args=[play.election.slug])


def quarantined(play, station="dampit_1", by="joko", votes=(111, 82, 23), **changes):
    Assignment.objects.filter(witness=play.people[by]).update(revoked_at=AT)
    intake_of = submission(play, station, list(votes), **changes)
    with pytest.raises(intake.AssignmentRevoked):
        intake.submit_as_witness(intake_of, by=play.people[by], channel=Channel.API)
    return QuarantinedForm.objects.get(uuid=intake_of.uuid)


def page(play, client, who):
    client.force_login(play.people[who])
    return client.get(address(play))


def test_the_dpc_sees_who_sent_what_when_and_why_it_is_here(play, client):
    quarantined(play, photos=(PhotoName("a" * 64, 1),), note="<b>Lihat</b>")
    shown = text(page(play, client, "budi"))
    for words in (
        "TPS 001, Desa Sukamaju",
        "Joko",
        "Penugasan dicabut 9 Des 12.00",
        "Sanusi-Didik",
        ">111<",
        "belum ada",
    ):
        assert words in shown
    assert escape("<b>Lihat</b>") in shown
    assert "<b>Lihat</b>" not in shown


def test_the_page_tells_whether_the_station_has_another_form(play, client):
    quarantined(play)
    intake.submit(submission(play, "dampit_1", [100, 80, 20]), by=play.siti, channel=Channel.API)
    shown = text(page(play, client, "budi"))
    assert "belum ada" not in shown
    assert reverse("station", args=[play.election.slug, play.result("dampit_1").pk]) in shown


def test_each_dpc_sees_its_own_and_witnesses_and_operators_nothing(play, client):
    quarantined(play)
    quarantined(play, "babat_1", by="wati", votes=(7, 9))
    seen = {}
    for who in ("budi", "agus", "dewi", "nasi"):
        shown = text(page(play, client, who))
        seen[who] = ("Joko" in shown, "Wati" in shown)
    assert seen == {"budi": (True, False), "agus": (False, True), "dewi": (True, True), "nasi": (True, True)}
    for who in ("siti", "joko", "oper"):
        assert page(play, client, who).status_code == 404
        assert not QuarantinedForm.objects.visible_to(play.people[who]).exists()


def test_an_election_elsewhere_is_not_found(play, client):
    quarantined(play)
    client.force_login(play.budi)
    assert client.get(reverse("quarantine", args=["tidak-ada"])).status_code == 404


def test_nothing_can_be_changed_there(play, client):
    quarantined(play)
    client.force_login(play.budi)
    assert client.post(address(play)).status_code == 405
    assert "<form" not in text(client.get(address(play))).partition("<main")[2]


def test_the_queue_says_how_many_of_the_own_region_there_are(play, client):
    url = reverse("verification-queue", args=[play.election.slug])
    client.force_login(play.budi)
    assert "Karantina" not in text(client.get(url))
    quarantined(play, "babat_1", by="wati", votes=(7, 9))
    assert "Karantina" not in text(client.get(url))
    quarantined(play)
    shown = text(client.get(url))
    assert "Karantina: 1 kiriman" in shown
    assert f'href="{address(play)}"' in shown


def test_what_is_in_quarantine_is_in_no_total_and_no_queue(play):
    intake.submit(submission(play, "dampit_2", [1, 2, 3]), by=play.siti, channel=Channel.API)
    aggregation.drain()
    before = [list(model.objects.order_by("pk").values()) for model in (ContestTotal, PairTotal)]
    waiting = work_queue.page(play.budi, play.election, work_queue.View.ALL).rows
    quarantined(play)
    aggregation.drain()
    assert [list(model.objects.order_by("pk").values()) for model in (ContestTotal, PairTotal)] == before
    assert list(rebuilding.differences(play.election)) == []
    assert work_queue.page(play.budi, play.election, work_queue.View.ALL).rows == waiting
    assert not play.result("dampit_1").is_in


def test_a_list_of_many_is_bounded_and_goes_on(play, client, monkeypatch, django_assert_max_num_queries):
    sent = [quarantined(play, votes=(number, 1, 1)) for number in range(1, 6)]
    monkeypatch.setattr(quarantine, "PAGE", 2)
    monkeypatch.setattr(quarantine, "COUNTED", 3)
    client.force_login(play.budi)
    client.get(address(play))  # counts the number beside the tab, once a minute
    found, url = [], address(play)
    while url:
        with django_assert_max_num_queries(9):
            answer = client.get(url)
        found += [entry.form for entry, _state in answer.context["entries"]]
        assert len(answer.context["entries"]) <= 2
        url = answer.context["next_url"]
    assert found == sent[::-1]
    queue = text(client.get(reverse("verification-queue", args=[play.election.slug])))
    assert "Karantina: lebih dari 3 kiriman" in queue


@pytest.mark.parametrize("where", ["x", "-1", "9" * 30, "²"])
def test_a_place_in_the_list_that_is_none_begins_at_the_top(play, client, where):
    quarantined(play)
    client.force_login(play.budi)
    assert "Joko" in text(client.get(address(play) + f"?sebelum={where}"))
