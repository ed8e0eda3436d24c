"""Claims about the stations that are not in: their order, the calls, the reminders, and who sees them."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import Refusal, User
from tallies import assigning, intake, preparation
from tallies.count_room import verification
from tallies.models import Channel, ContactAttempt, ContactOutcome, OutgoingSms, Phase, Reminder, SendingState
from tallies.preparation import NewStation
from tallies.silent import calling, reminding, silent_list
from tallies.silent.silent_list import Asked, Position, View
from tallies.sms import sending
from tallies.totals import aggregation, rebuilding
from tests import cast
from tests.cast import region, submission
from tests.sending import at_once


def send(play, station, votes, by="siti", **changes):
    form = intake.submit(submission(play, station, votes, **changes), by=play.people[by], channel=Channel.API).form
    aggregation.drain()
    return form


def signed_in(user):
    client = Client()
    client.force_login(user)
    return client


def silent_url(play, **query):
    return reverse("silent", args=[play.election.slug], query=query or None)


def attempt_url(play, station):
    return reverse("silent-attempt", args=[play.result(station).pk])


def press(user, play, station, outcome="tidak_diangkat", *, key=None, **data):
    body = {"kunci": key or uuid.uuid4(), "hasil": outcome, **data}
    return signed_in(user).post(attempt_url(play, station), body, headers=data.pop("headers", {}))


def names_in(page):
    return [f"{row.result.station.region.parent.name} {row.result.station.number}" for row in page.rows]


def asked(code="35.07", **changes):
    place = region(code)
    return Asked(place, **changes)


@pytest.fixture
def reachable(play):
    """Siti and Wati have telephones, Joko has none."""
    for name, number in (("siti", "0812-0000-0001"), ("wati", "0812-0000-0009")):
        play.people[name].phone = number
        play.people[name].save()
    return play


def add_stations(play, code, sizes, first=10):
    """Stations of so many registered voters; of None the DPT is unknown."""
    made = preparation.add_stations(
        play.election,
        [
            NewStation(region(code).pk, first + place, size and size // 2, size and size - size // 2)
            for place, size in enumerate(sizes)
        ],
    )
    rebuilding.rebuild(play.election)
    return made


# The order


def test_a_station_that_came_in_is_on_the_list_no_more(play):
    assert names_in(silent_list.page(play.budi, play.election, asked())) == [
        "Dampit 1",
        "Dampit 1",
        "Dampit 2",
        "Gedangan 1",
    ]
    send(play, "dampit_1", [100, 80, 20])
    page = silent_list.page(play.budi, play.election, asked())
    assert (len(page.rows), page.count) == (3, 3)


def test_kecamatan_where_our_pair_leads_come_first_then_the_unknown_then_those_where_it_trails(play):
    for code in ("35.07.06.2001",):
        add_stations(play, code, [300, 300])
    send(play, "gedangan_1", [150, 30, 20])
    assert names_in(silent_list.page(play.budi, play.election, asked())) == [
        "Gedangan 10",
        "Gedangan 11",
        "Dampit 1",
        "Dampit 1",
        "Dampit 2",
    ]
    send(play, "dampit_2", [150, 20, 20])
    send(play, "gedangan_1", [10, 150, 20], by="joko")  # a rival changes nothing of what counts
    page = silent_list.page(play.budi, play.election, asked())
    assert [row.area.is_stronghold for row in page.rows] == [True] * 4
    assert page.strongholds == 4


def test_where_our_pair_trails_is_last(play):
    add_stations(play, "35.07.05.2001", [300, 300, 300, 300])
    send(play, "dampit_1", [10, 150, 20])
    page = silent_list.page(play.budi, play.election, asked())
    assert names_in(page)[0] == "Gedangan 1"
    assert {row.area.line.standing for row in page.rows[1:]} == {"trailing"}
    assert page.strongholds == 0


def test_a_small_lead_in_many_votes_weighs_more_than_a_large_one_in_few(play):
    add_stations(play, "35.07.05.2001", [400] * 10)
    add_stations(play, "35.07.06.2001", [30])
    send(play, "dampit_1", [110, 90, 20])
    send(play, "gedangan_1", [150, 10, 10])
    assert names_in(silent_list.page(play.budi, play.election, asked()))[0].startswith("Dampit")


def test_in_a_kecamatan_the_largest_comes_first_and_unknown_dpt_last(play):
    add_stations(play, "35.07.06.2001", [280, None, 500])
    rows = silent_list.page(play.budi, play.election, asked("35.07.06")).rows
    assert [row.result.station.registered_voters for row in rows] == [500, 300, 280, None]


def test_pages_follow_each_other_without_a_gap_or_a_repeat(play):
    add_stations(play, "35.07.06.2001", [280, None, 500, 500, None])
    send(play, "gedangan_1", [100, 80, 20])
    whole = [row.result for row in silent_list.page(play.budi, play.election, asked()).rows]
    found, after = [], None
    for _turn in whole:
        page = silent_list.page(play.budi, play.election, asked(), after=after, size=1)
        found += [row.result for row in page.rows]
        after = Position.read(str(page.next)) if page.next else None
    assert (found, after, len(whole)) == (whole, None, 8)


def test_a_page_goes_on_behind_a_station_that_came_in_meanwhile(play):
    first = silent_list.page(play.budi, play.election, asked("35.07.05"), size=1)
    assert [row.result for row in first.rows] == [play.result("pamotan_1")]
    send(play, "pamotan_1", [100, 80, 20])
    second = silent_list.page(play.budi, play.election, asked("35.07.05"), after=first.next, size=1)
    assert [row.result for row in second.rows] == [play.result("dampit_1")]


def test_a_list_is_full_although_the_totals_are_behind(play):
    # Not drained: the totals still promise both stations of Dampit's first desa.
    intake.submit(submission(play, "dampit_1", [100, 80, 20]), by=play.siti, channel=Channel.API)
    rows = silent_list.page(play.budi, play.election, asked(), size=3).rows
    assert {row.result for row in rows} == {play.result(one) for one in ("dampit_2", "pamotan_1", "gedangan_1")}


@pytest.mark.parametrize("text", ["", "x", "1-2-3-4-5", "1-2-3-4-5-x", "1-2-3-4-5-٣", "1-2-3-4-5-" + "9" * 30])
def test_a_position_that_is_none_begins_at_the_beginning(play, text):
    page = signed_in(play.budi).get(silent_url(play, setelah=text))
    assert len(page.context["rows"]) == 4


# Filters


def test_the_filters_show_rejected_stations_and_those_asked_for_a_fix(play):
    verification.reject(send(play, "dampit_1", [1, 2, 3]), by=play.budi, seen=1, reason="Foto TPS lain")
    verification.ask_for_fix(send(play, "dampit_2", [1, 2, 3]), by=play.budi, seen=1, reason="Foto buram")
    aggregation.drain()
    for view, station in ((View.REJECTED, "dampit_1"), (View.NEEDS_FIX, "dampit_2")):
        page = silent_list.page(play.budi, play.election, asked(view=view))
        assert ([row.result for row in page.rows], page.count) == ([play.result(station)], 1)
    assert silent_list.page(play.budi, play.election, asked()).count == 2


def test_a_desa_a_kecamatan_and_the_last_outcome_narrow_the_list(play):
    calling.record(play.result("dampit_1"), ContactOutcome.NO_SIGNAL, by=play.budi, key=uuid.uuid4())
    calling.record(play.result("dampit_1"), ContactOutcome.NO_ANSWER, by=play.budi, key=uuid.uuid4())
    calling.record(play.result("dampit_2"), ContactOutcome.NO_SIGNAL, by=play.budi, key=uuid.uuid4())

    def found(code="35.07", **changes):
        page = silent_list.page(play.budi, play.election, asked(code, **changes))
        assert page.count == len(page.rows)
        return [row.result for row in page.rows]

    assert found("35.07.06") == [play.result("gedangan_1")]
    assert found("35.07.05.1002") == [play.result("pamotan_1")]
    assert found(last="tanpa_sinyal") == [play.result("dampit_2")]
    assert found(last="tidak_diangkat") == [play.result("dampit_1")]
    assert found(last=silent_list.UNTRIED) == [play.result("pamotan_1"), play.result("gedangan_1")]
    assert found("35.07.06", last="tanpa_sinyal") == []


def test_what_a_filter_does_not_know_does_nothing(play):
    page = signed_in(play.budi).get(silent_url(play, wilayah="35.24", keadaan="'; DROP", hasil="semua", setelah="-"))
    assert (page.status_code, len(page.context["rows"]), page.context["count"]) == (200, 4, 4)


def test_a_staff_of_the_province_and_the_nation_see_their_whole_region(play):
    for user in (play.dewi, play.nasi):
        assert signed_in(user).get(silent_url(play)).context["count"] == 6
    assert signed_in(play.dewi).get(silent_url(play, wilayah="35.24")).context["count"] == 2


# The row


def test_a_row_names_every_witness_with_ways_to_call_those_whose_number_is_known(reachable):
    page = signed_in(reachable.budi).get(silent_url(reachable)).content.decode()
    assert 'href="tel:+6281200000001"' in page
    assert 'href="https://wa.me/6281200000001"' in page
    assert "0812-0000-0001" in page
    assert "Joko" in page
    assert "tanpa nomor telepon" in page
    # Of Lamongan, however it is written; alone its last digits stand in many a key.
    wati = User.objects.get(username="wati")
    assert [one for one in (wati.phone, wati.phone.removeprefix("+"), wati.spoken_phone) if one in page] == []


def test_a_number_that_cannot_be_dialled_is_no_link(reachable):
    reachable.joko.phone = "TELKOMSEL"
    reachable.joko.save()
    assert "TELKOMSEL" not in signed_in(reachable.budi).get(silent_url(reachable)).content.decode()


def test_the_list_costs_the_same_for_one_and_for_many(reachable, client):
    play = reachable
    client.force_login(play.budi)
    for station in ("dampit_1", "dampit_2", "pamotan_1"):
        send(play, station, [100, 80, 20], by="siti")
    press(play.budi, play, "gedangan_1")
    counted_page(client, play)  # the number beside the tab is counted once a minute
    few = counted_page(client, play)
    for made in add_stations(play, "35.07.06.2001", [300, 300]):
        assigning.assign(made, play.siti, by=play.dewi)
    add_stations(play, "35.07.05.2001", [300])
    many = counted_page(client, play)
    assert (few, many) == ((1, few[1]), (4, few[1]))
    assert few[1] <= 17


def counted_page(client, play):
    with CaptureQueriesContext(connection) as counted:
        page = client.get(silent_url(play))
    return len(page.context["rows"]), len(counted)


# Calls


def test_one_press_is_written_down_with_who_and_when(play):
    response = press(play.budi, play, "dampit_1", next=silent_url(play, wilayah="35.07.05"))
    assert (response.status_code, response.url) == (302, silent_url(play, wilayah="35.07.05"))
    attempt = ContactAttempt.objects.get()
    assert (attempt.result, attempt.outcome, attempt.by) == (play.result("dampit_1"), "tidak_diangkat", play.budi)
    assert timezone.now() - attempt.at < timedelta(minutes=1)


def test_htmx_gets_the_row_with_a_new_key_and_a_word_for_the_screen_reader(play):
    key = str(uuid.uuid4())
    response = signed_in(play.budi).post(
        attempt_url(play, "dampit_1"),
        {"kunci": key, "hasil": "akan_dikirim", "baris": "1"},
        headers={"HX-Request": "true"},
    )
    page = response.content.decode()
    assert (response.status_code, "<html" in page) == (200, False)
    assert "Akan dikirim" in page
    assert "Tercatat: TPS 001" in page
    assert key not in page


def test_pressed_twice_is_one_attempt_and_another_button_another(play):
    key = uuid.uuid4()
    for outcome in ("tidak_diangkat", "tidak_diangkat", "tanpa_sinyal"):
        press(play.budi, play, "dampit_1", outcome, key=key)
    press(play.rina, play, "dampit_1", key=key)  # of another person, and so another press
    found = ContactAttempt.objects.order_by("pk").values_list("outcome", "by__username")
    assert list(found) == [("tidak_diangkat", "budi"), ("tanpa_sinyal", "budi"), ("tidak_diangkat", "rina")]


def test_another_outcome_says_what_happened(play):
    refused = press(play.budi, play, "dampit_1", "lain", catatan="   ")
    assert refused.status_code == 302
    assert ContactAttempt.objects.count() == 0
    press(play.budi, play, "dampit_1", "lain", catatan="x" * 201)
    assert ContactAttempt.objects.count() == 0
    press(play.budi, play, "dampit_1", "lain", catatan="Saksi <b>sakit</b>")
    assert ContactAttempt.objects.get().note == "Saksi <b>sakit</b>"
    page = signed_in(play.budi).get(silent_url(play)).content.decode()
    assert "Saksi &lt;b&gt;sakit&lt;/b&gt;" in page


@pytest.mark.parametrize("data", [{}, {"kunci": "x", "hasil": "akan_dikirim"}, {"hasil": "dihapus"}])
def test_a_press_that_says_nothing_is_400(play, data):
    body = {"kunci": str(uuid.uuid4())} | data
    assert signed_in(play.budi).post(attempt_url(play, "dampit_1"), body).status_code == 400
    assert ContactAttempt.objects.count() == 0


def test_a_character_that_no_database_takes_is_left_out_of_a_note(play):
    assert press(play.budi, play, "dampit_1", "lain", catatan="a\0b").status_code == 302
    assert ContactAttempt.objects.get().note == "a b"


def test_nobody_presses_a_reminder(play):
    press(play.budi, play, "dampit_1", "pengingat")
    assert ContactAttempt.objects.count() == 0


def test_a_call_about_a_station_that_came_in_meanwhile_is_kept(play):
    send(play, "dampit_1", [100, 80, 20])
    assert press(play.budi, play, "dampit_1").status_code == 302
    assert ContactAttempt.objects.count() == 1


def test_the_page_of_the_station_tells_the_whole_history(play):
    press(play.budi, play, "dampit_1")
    press(play.rina, play, "dampit_1", "lain", catatan="Ponsel istrinya")
    address = reverse("station", args=[play.election.slug, play.result("dampit_1").pk])
    page = signed_in(play.rina).get(address).content.decode()
    assert page.index("Ponsel istrinya") < page.index("Tidak diangkat</b>")
    other = reverse("station", args=[play.election.slug, play.result("dampit_2").pk])
    assert "Ponsel istrinya" not in signed_in(play.rina).get(other).content.decode()


# Reminders


def remind_url(play):
    return reverse("silent-remind", args=[play.election.slug])


def remind(user, play, *stations, key=None, **data):
    keys = ",".join(str(play.result(one).pk) for one in stations)
    body = {"tps": keys, "langkah": "kirim", "kunci": key or uuid.uuid4(), "text": "C1 [TPS] belum masuk"} | data
    return signed_in(user).post(remind_url(play), body)


def test_a_witness_of_two_stations_gets_one_message_that_names_both(reachable):
    response = remind(reachable.budi, reachable, "dampit_1", "dampit_2")
    made = Reminder.objects.get()
    assert response.url == reverse("silent-reminder", args=[reachable.election.slug, made.uuid])
    message = OutgoingSms.objects.get()
    assert (message.to, message.person) == ("+6281200000001", reachable.siti)
    assert message.text == "C1 TPS 001 Sukamaju, TPS 002 Sukamaju belum masuk"
    attempts = ContactAttempt.objects.order_by("result__station__number").values_list(
        "result__station__number", "outcome"
    )
    assert list(attempts) == [(1, "pengingat"), (2, "pengingat")]


def test_pressed_twice_reminds_once(reachable):
    key = uuid.uuid4()
    first = remind(reachable.budi, reachable, "dampit_1", key=key)
    second = remind(reachable.budi, reachable, "dampit_1", key=key)
    assert first.url == second.url
    assert (OutgoingSms.objects.count(), ContactAttempt.objects.count(), Reminder.objects.count()) == (1, 1, 1)


def test_within_half_an_hour_nobody_is_reminded_again(reachable, settings):
    remind(reachable.budi, reachable, "dampit_1")
    page = remind(reachable.rina, reachable, "dampit_1", "dampit_2", langkah="periksa")
    assert page.context["plan"].too_soon == (reachable.siti,)
    remind(reachable.rina, reachable, "dampit_1")
    assert OutgoingSms.objects.count() == 1
    assert ContactAttempt.objects.count() == 1
    Reminder.objects.update(at=timezone.now() - timedelta(minutes=settings.REMINDER_MINUTES, seconds=1))
    remind(reachable.rina, reachable, "dampit_1")
    assert OutgoingSms.objects.count() == 2


def test_who_cannot_be_reached_is_counted_and_named(reachable):
    page = remind(reachable.budi, reachable, "dampit_1", "gedangan_1", langkah="periksa")
    plan = page.context["plan"]
    assert (plan.without_number, plan.unguarded) == ((reachable.joko,), (reachable.result("gedangan_1"),))
    assert OutgoingSms.objects.count() == 0
    shown = page.content.decode()
    assert "1 saksi tanpa nomor telepon" in shown
    assert "Joko" in shown
    remind(reachable.budi, reachable, "dampit_1", "gedangan_1")
    after = signed_in(reachable.budi).get(progress_url(reachable))
    assert "Joko" in after.content.decode()
    assert "TPS 001 Desa Sukamaju" in after.content.decode()
    assert ContactAttempt.objects.get().result == reachable.result("dampit_1")


def progress_url(play):
    return reverse("silent-reminder", args=[play.election.slug, Reminder.objects.latest("pk").uuid])


def test_all_of_a_filter_says_the_count_first_and_sends_what_it_showed(reachable):
    page = signed_in(reachable.budi).post(remind_url(reachable), {"semua": "1", "wilayah": "35.07.05"})
    assert (len(page.context["plan"].results), OutgoingSms.objects.count()) == (3, 0)
    send(reachable, "dampit_1", [100, 80, 20])
    body = {"tps": page.context["keys"], "langkah": "kirim", "kunci": uuid.uuid4(), "text": "C1 [TPS]"}
    signed_in(reachable.budi).post(remind_url(reachable), body)
    # Of a station that came in between the two steps nobody is reminded.
    assert OutgoingSms.objects.get().text == "C1 TPS 002 Sukamaju"


@pytest.mark.parametrize("text", ["", "Kirim C1", "[TPS] " + "x" * 120])
def test_a_text_that_cannot_be_sent_is_said_and_nothing_goes_out(reachable, text):
    assert remind(reachable.budi, reachable, "dampit_1", text=text).status_code == 400
    assert OutgoingSms.objects.count() == 0


def test_a_closed_election_reminds_nobody(reachable):
    reachable.election.phase = Phase.CLOSED
    reachable.election.save()
    assert remind(reachable.budi, reachable, "dampit_1").status_code == 409
    assert OutgoingSms.objects.count() == 0


def test_a_reminder_without_stations_goes_back_to_the_list(reachable):
    for body in ({}, {"tps": "x"}, {"tps": "9" * 30}):
        assert signed_in(reachable.budi).post(remind_url(reachable), body).url == silent_url(reachable)


def test_a_station_of_the_neighbours_is_left_out(reachable):
    remind(reachable.budi, reachable, "babat_1", "dampit_2")
    assert list(OutgoingSms.objects.values_list("person__username", flat=True)) == ["siti"]
    assert list(ContactAttempt.objects.values_list("result", flat=True)) == [reachable.result("dampit_2").pk]


def test_the_progress_follows_the_sending(reachable):
    remind(reachable.dewi, reachable, "dampit_1", "babat_1")
    client = signed_in(reachable.dewi)
    fragment = client.get(progress_url(reachable), headers={"HX-Request": "true"}).content.decode()
    assert "0 dari 2 SMS terkirim" in fragment
    assert "hx-trigger" in fragment
    sending.send_waiting()
    OutgoingSms.objects.filter(person=reachable.wati).update(state=SendingState.REFUSED)
    fragment = client.get(progress_url(reachable), headers={"HX-Request": "true"}).content.decode()
    assert "1 dari 2 SMS terkirim" in fragment
    assert "1 ditolak penyedia SMS" in fragment
    assert "hx-trigger" not in fragment


def test_a_reminder_of_many_costs_no_more_queries_than_one_of_few(reachable):
    reachable.people["tono"] = cast.person("tono", "saksi", phone="0812-0000-0003")
    assigning.assign(reachable.stations["gedangan_1"], reachable.tono, by=reachable.dewi)
    counts = []
    for stations in (["dampit_1"], ["dampit_1", "dampit_2", "pamotan_1", "gedangan_1"]):
        keys = [reachable.result(one).pk for one in stations]
        Reminder.objects.update(at=timezone.now() - timedelta(days=1))
        with CaptureQueriesContext(connection) as counted:
            reminding.send(reachable.budi, reachable.election, keys, "C1 [TPS]", key=uuid.uuid4())
        counts.append(len(counted))
    assert (counts[0], OutgoingSms.objects.count()) == (counts[1], 3)


# At once


def test_a_button_pressed_by_two_requests_at_once_is_one_attempt(committed_play):
    play, key = committed_play, uuid.uuid4()
    address, clients = attempt_url(play, "dampit_1"), [signed_in(play.budi) for _ in range(6)]
    body = {"kunci": str(key), "hasil": "akan_dikirim"}
    answers = at_once(6, lambda place: clients[place].post(address, body))
    assert [answer.status_code for answer in answers] == [302] * 6
    assert ContactAttempt.objects.count() == 1


def test_a_reminder_pressed_at_once_and_by_two_coordinators_reaches_each_witness_once(committed_play):
    play = committed_play
    play.siti.phone = "0812-0000-0001"
    play.siti.save()
    key, keys = uuid.uuid4(), [play.result("dampit_1").pk]
    presses = [(play.budi, key), (play.budi, key), (play.rina, uuid.uuid4()), (play.rina, uuid.uuid4())]

    def press(place):
        user, mine = presses[place]
        return reminding.send(user, play.election, keys, "C1 [TPS]", key=mine)

    made = at_once(4, press)
    assert made[0] == made[1]
    assert (OutgoingSms.objects.count(), ContactAttempt.objects.count(), Reminder.objects.count()) == (1, 1, 3)


# Who sees it


def every_address(play):
    """Addresses of Malang, with data behind each: method, address, body."""
    remind(play.budi, play, "dampit_1")
    press(play.budi, play, "dampit_2")
    return [
        ("get", progress_url(play), {}),
        ("post", attempt_url(play, "dampit_1"), {"kunci": str(uuid.uuid4()), "hasil": "akan_dikirim"}),
    ]


def ask(client, method, address, body):
    return getattr(client, method)(address, body).status_code


def test_a_coordinator_of_another_kabupaten_finds_nothing(reachable):
    play, client = reachable, signed_in(reachable.agus)
    addresses = every_address(play)
    assert [ask(client, *one) for one in addresses] == [404] * len(addresses)
    assert Refusal.objects.filter(user=play.agus, status=404).count() == len(addresses)
    own = client.get(silent_url(play, wilayah="35.07"))
    assert {row.result.station.region.code for row in own.context["rows"]} == {"35.24.01.2001"}
    assert "0812-0000-0001" not in own.content.decode()
    before = OutgoingSms.objects.count()
    assert remind(play.agus, play, "dampit_2").status_code == 302
    assert OutgoingSms.objects.count() == before


@pytest.mark.parametrize("who", ["siti", "oper"])
def test_a_witness_and_an_operator_see_no_list(reachable, who):
    play, client = reachable, signed_in(reachable.people[who])
    addresses = [*every_address(play), ("get", silent_url(play), {}), ("post", remind_url(play), {"semua": "1"})]
    assert [ask(client, *one) for one in addresses] == [404] * len(addresses)


def test_who_only_reads_sees_the_list_and_writes_nothing(reachable):
    play, client = reachable, signed_in(reachable.nasi)
    page = client.get(silent_url(play)).content.decode()
    assert "Ingatkan" not in page
    assert client.post(remind_url(play), {"semua": "1"}).status_code == 403
    assert press(play.nasi, play, "dampit_1").status_code == 403
    assert ContactAttempt.objects.count() == 0


def test_a_stranger_is_sent_to_the_sign_in(reachable):
    for method, address, body in [*every_address(reachable), ("get", silent_url(reachable), {})]:
        response = getattr(Client(), method)(address, body)
        assert (response.status_code, response.url.split("?")[0]) == (302, "/masuk/")
