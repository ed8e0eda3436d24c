"""Claims about the page on which a coordinator hands out links: whom it shows, what it writes, what it tells once."""

import base64
import re
from datetime import timedelta
from urllib.parse import parse_qs, unquote_to_bytes, urlsplit
from xml.etree import ElementTree

import pytest
import segno
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts import activation, rights
from accounts.models import Activation, Device, Refusal, Role, User
from tallies import assigning, preparation
from tallies.models import Assignment, Election, Phase
from tallies.preparation import NewStation
from tallies.station_place import StationPlace
from tallies.witnesses import guard_phones, link_sheet
from tallies.witnesses.guard_phones import State
from tests.cast import person, region
from tests.phones import PIN, activated_phone, is_in, link_for, open_link

PHONES = "/penugasan/aktivasi/"
LINK = re.compile(r"http://testserver/aktivasi/([\w-]{43})/")


def as_(user):
    client = Client()
    client.force_login(user)
    return client


def listed(user, **asked):
    """The names on the page, in order."""
    page = as_(user).get(PHONES, asked)
    assert page.status_code == 200
    return [str(row.assignment.witness) for row in page.context["rows"]]


def make_link(user, witness, **more):
    return as_(user).post(reverse("phone-link", args=[witness.pk]), more)


# Whom it shows


def test_a_coordinator_sees_the_witnesses_of_the_own_kabupaten_by_desa_and_tps(play):
    assert listed(play.budi) == ["Siti", "Joko", "Siti"]
    assert listed(play.agus) == ["Wati"]
    assert listed(play.dewi) == ["Siti", "Joko", "Siti", "Wati"]
    page = as_(play.budi).get(PHONES).content.decode()
    assert "TPS 002, Desa Sukamaju" in page
    assert "Wati" not in page


@pytest.mark.parametrize(("who", "status"), [("nasi", 403), ("siti", 404), ("oper", 404)])
def test_who_hands_out_no_links_sees_none(play, who, status):
    client = as_(play.people[who])
    for answer in (
        client.get(PHONES),
        client.post(reverse("phone-link", args=[play.joko.pk])),
        client.post(reverse("phone-revoke", args=[play.joko.pk])),
        client.get(reverse("phone-lost", args=[play.joko.pk])),
        client.post(reverse("phone-lost", args=[play.joko.pk])),
    ):
        assert answer.status_code == status
    assert not Activation.objects.exists()
    assert Refusal.objects.filter(user=play.people[who], status=status).exists()


def test_a_witness_of_another_kabupaten_is_not_there(play):
    phone, link = activated_phone(play.siti, by=play.budi), link_for(play.joko, by=play.budi)
    neighbour = as_(play.agus)
    for name, witness in (("phone-link", "joko"), ("phone-revoke", "joko"), ("phone-lost", "siti")):
        assert neighbour.post(reverse(name, args=[play.people[witness].pk])).status_code == 404
    assert neighbour.get(reverse("phone-lost", args=[play.siti.pk])).status_code == 404
    assert is_in(phone)
    assert Client().get(link).status_code == 200
    assert listed(play.agus, wilayah="35.07.05") == ["Wati"]


@pytest.mark.parametrize("who", ["budi", "oper", "nasi"])
def test_only_who_guards_a_station_gets_a_link_here(play, who):
    assert make_link(play.dewi, play.people[who]).status_code == 404
    assert not Activation.objects.exists()


def test_a_revoked_witness_is_gone_from_the_list(play):
    for assignment in Assignment.objects.filter(witness=play.joko):
        assigning.revoke(assignment, by=play.dewi)
    assert listed(play.budi) == ["Siti", "Siti"]
    assert make_link(play.budi, play.joko).status_code == 404


def test_a_closed_election_needs_no_phones(play):
    play.election.phase = Phase.CLOSED
    play.election.save()
    assert listed(play.budi) == []
    assert "Belum ada saksi" in as_(play.budi).get(PHONES).content.decode()


def test_who_is_not_signed_in_goes_to_the_door(play, client):
    assert client.get(PHONES).url == f"/masuk/?next={PHONES}"


# States, filters, search


def test_each_state_is_told_and_filtered(play):
    activated_phone(play.siti, by=play.budi)
    link_for(play.joko, by=play.budi)
    page = as_(play.budi).get(PHONES).content.decode()
    assert "Ponsel aktif sejak" in page
    assert "Tautan belum dipakai, berlaku sampai" in page
    assert listed(play.budi, keadaan="aktif") == ["Siti", "Siti"]
    assert listed(play.budi, keadaan="tautan") == ["Joko"]
    assert listed(play.budi, keadaan="tanpa") == []
    assert listed(play.budi, keadaan="apa") == ["Siti", "Joko", "Siti"]
    with time_machine.travel(timezone.now() + timedelta(days=20), tick=False):
        assert listed(play.budi, keadaan="tanpa") == ["Joko"]
        assert listed(play.budi, keadaan="tautan") == []


def test_the_list_narrows_to_a_region_and_never_beyond_the_own(play):
    assigning.assign(play.stations["gedangan_1"], play.joko, by=play.dewi)
    assert listed(play.budi, wilayah="35.07.06") == ["Joko"]
    assert listed(play.budi, wilayah="35.07.05.2001") == ["Siti", "Joko", "Siti"]
    assert listed(play.budi, wilayah="35.24") == listed(play.budi)
    assert listed(play.budi, wilayah="\0") == listed(play.budi)
    assert "Kec. Gedangan" in as_(play.budi).get(PHONES).content.decode()
    assert "Kabupaten Lamongan" in as_(play.dewi).get(PHONES).content.decode()
    assert "Kec. Babat" in as_(play.dewi).get(PHONES, {"wilayah": "35.24"}).content.decode()


@pytest.mark.parametrize("search", ["jok", "JOKO", "0812-3456", "+62 812-3456", "628123456", "81234567"])
def test_a_witness_is_found_by_name_or_number(play, search):
    User.objects.filter(pk=play.joko.pk).update(phone="0812-345678" if "-" in search else "081234567890")
    if search.startswith("+62"):
        User.objects.filter(pk=play.joko.pk).update(phone="08123456789")
    assert listed(play.budi, cari=search) == ["Joko"]


@pytest.mark.parametrize("few", [0, 5_000])
def test_a_search_over_a_provinsi_finds_the_same_by_keys_and_by_walking(play, monkeypatch, few):
    monkeypatch.setattr(guard_phones, "FEW", few)
    link_for(play.siti, by=play.budi)
    assert listed(play.dewi, cari="i") == ["Siti", "Siti", "Wati"]
    assert listed(play.dewi, cari="i", keadaan="tautan") == ["Siti", "Siti"]
    assert listed(play.dewi, cari="i", keadaan="tanpa") == ["Wati"]


@pytest.mark.parametrize("search", ["wati", "%", "\0", "tidak ada"])
def test_a_search_finds_nobody_of_elsewhere_and_takes_signs_as_signs(play, search):
    assert listed(play.budi, cari=search) == ([] if search != "\0" else listed(play.budi))


def test_pages_hold_everyone_once_whatever_changes_between_them(play):
    village = region("35.07.06.2001").pk
    made = preparation.add_stations(play.election, [NewStation(village, 10 + n, 100, 100) for n in range(70)])
    for number, station in enumerate(made):
        assigning.assign(station, person(f"saksi-{number:02}", Role.WITNESS), by=play.dewi)
    client = as_(play.budi)
    first = client.get(PHONES)
    assert len(first.context["rows"]) == guard_phones.PAGE
    assigning.revoke(first.context["rows"][0].assignment, by=play.dewi)
    second = client.get(first.context["next_url"])
    assert second.context["next_url"] == ""
    names = [row.assignment.pk for page in (first, second) for row in page.context["rows"]]
    assert len(names) == len(set(names)) == 73


def test_a_page_costs_the_same_queries_however_many_it_shows(play):
    client = as_(play.budi)
    client.get(PHONES)  # the number beside the tab is counted once a minute
    with CaptureQueriesContext(connection) as few:
        client.get(PHONES)
    village = region("35.07.06.2001").pk
    for number, station in enumerate(
        preparation.add_stations(play.election, [NewStation(village, 10 + n, 100, 100) for n in range(20)])
    ):
        assigning.assign(station, person(f"saksi-{number}", Role.WITNESS), by=play.dewi)
    with CaptureQueriesContext(connection) as many:
        client.get(PHONES)
    assert len(many) == len(few)


@pytest.mark.parametrize("text", ["", "1-2", "1-2-x", "1-2-3-4", "-1-2-3", "١-٢-٣", "1-2-" + "9" * 40])
def test_what_is_no_position_does_nothing(play, text):
    assert StationPlace.read(text) is None
    assert listed(play.budi, setelah=text) == ["Siti", "Joko", "Siti"]


# The link


def test_a_link_is_shown_once_and_in_no_address(play):
    answer = make_link(play.budi, play.joko)
    assert answer.status_code == 200
    token = LINK.search(answer.content.decode())[1]
    assert "no-store" in answer.headers["Cache-Control"]
    link = Activation.objects.get()
    assert (link.user, link.issued_by, link.token_hash) == (play.joko, play.budi, activation.hash_of(token))
    assert token not in as_(play.budi).get(PHONES).content.decode()
    assert as_(play.budi).get(reverse("phone-link", args=[play.joko.pk])).status_code == 405
    phone, _answer = open_link(f"/aktivasi/{token}/")
    assert is_in(phone)


def test_the_page_of_a_link_names_witness_stations_and_expiry(play):
    page = make_link(play.budi, play.siti).content.decode()
    assert "Tautan aktivasi Siti" in page
    assert "TPS 001, Desa Sukamaju" in page
    assert "TPS 002, Desa Sukamaju" in page
    assert str(timezone.localtime(Activation.objects.get().expires_at).year) in page


def test_a_coordinator_is_not_told_of_stations_elsewhere(play):
    assigning.assign(play.stations["babat_1"], play.siti, by=play.dewi)
    page = as_(play.budi).post(reverse("phone-link", args=[play.siti.pk]), follow=True)
    assert "Babat" not in page.content.decode()
    assert "Babat" in make_link(play.dewi, play.siti).content.decode()


@pytest.mark.parametrize("name", ["phone-link", "phone-lost"])
def test_nobody_takes_over_the_phone_of_a_witness_who_also_guards_elsewhere(play, name):
    phone = activated_phone(play.wati, by=play.agus)
    # Known by name and number, as an import or the page of a TPS takes somebody in.
    assigning.assign(play.stations["dampit_1"], play.wati, by=play.budi)
    refused = as_(play.budi).post(reverse(name, args=[play.wati.pk]), follow=True)
    assert "juga bertugas di luar wilayah Anda" in refused.content.decode()
    assert not Activation.objects.open().exists()
    assert is_in(phone)
    assert LINK.search(as_(play.dewi).post(reverse(name, args=[play.wati.pk])).content.decode())


def test_who_guarded_elsewhere_in_an_election_that_is_closed_gets_a_link(play):
    play.election.phase = Phase.CLOSED
    play.election.save()
    other = station_of_a_later_election(play)
    assigning.assign(other, play.wati, by=play.budi)
    assert LINK.search(make_link(play.budi, play.wati).content.decode())


def station_of_a_later_election(play):
    """A station of Malang in a later election."""
    later = Election.objects.create(
        name="Pilkada 2024", slug="pilkada-2024", date="2024-11-27", phase=Phase.PREPARATION, party_name="Partai Kita"
    )
    return preparation.add_stations(later, [NewStation(region("35.07.05.2001").pk, 1)])[0]


def matrix_in(page):
    """The dark squares of the QR code on the page, without its edge."""
    source = re.search(r'src="(data:image/svg\+xml[^"]*)"', page)[1]
    kind, data = source.split(",", 1)
    svg = base64.b64decode(data) if kind.endswith("base64") else unquote_to_bytes(data)
    tree = ElementTree.fromstring(svg)
    size = int(tree.attrib["viewBox"].split()[2])
    dark = tree.findall("{http://www.w3.org/2000/svg}path")[-1]
    rows = [[0] * size for _ in range(size)]
    x = y = 0.0
    for command, numbers in re.findall(r"([Mmhv])([-0-9. ]+)", dark.attrib["d"]):
        values = [float(number) for number in re.findall(r"-?[0-9.]+", numbers)]
        if command == "M":
            x, y = values
        elif command == "m":
            x, y = x + values[0], y + values[1]
        else:
            for column in range(int(x), int(x + values[0])):
                rows[int(y)][column] = 1
            x += values[0]
    return [row[4:-4] for row in rows[4:-4]]


def test_the_qr_code_is_the_link(play):
    zxingcpp = pytest.importorskip("zxingcpp")
    from PIL import Image

    page = make_link(play.budi, play.joko).content.decode()
    squares = matrix_in(page)
    side = len(squares) + 8
    image = Image.new("L", (side, side), 255)
    for y, row in enumerate(squares):
        for x, dark in enumerate(row):
            if dark:
                image.putpixel((x + 4, y + 4), 0)
    [read] = zxingcpp.read_barcodes(image.resize((side * 6, side * 6), Image.Resampling.NEAREST))
    assert read.text == LINK.search(page)[0]


def test_the_message_for_whatsapp_goes_to_the_witness_with_the_link(play):
    User.objects.filter(pk=play.joko.pk).update(phone="0812-3456-7890")
    page = make_link(play.budi, play.joko)
    address = urlsplit(page.context["sheet"].whatsapp_url)
    assert (address.netloc, address.path) == ("wa.me", "/6281234567890")
    [text] = parse_qs(address.query)["text"]
    assert LINK.search(page.content.decode())[0] in text
    assert "Halo Joko" in text
    assert 'rel="noopener noreferrer"' in page.content.decode()


@pytest.mark.parametrize(
    ("phone", "number"),
    [
        ("0812-3456-7890", "6281234567890"),
        ("+62 812 3456 7890", "6281234567890"),
        ("81234567890", "6281234567890"),
        ("021-555", ""),
        ("", ""),
        ("0812", ""),
    ],
)
def test_a_number_becomes_what_whatsapp_takes(phone, number):
    assert link_sheet.international(phone) == number


def test_the_message_is_in_the_language_of_the_witness(play):
    play.joko.language = "en"
    sheet = link_sheet.LinkSheet(play.joko, "http://x/", timezone.now())
    assert sheet.message.startswith("Hello Joko")


def test_the_code_has_the_edge_a_camera_needs():
    sheet = link_sheet.LinkSheet(
        User(full_name="Siti"), "https://sista.example/aktivasi/" + "x" * 43 + "/", timezone.now()
    )
    width = segno.make(sheet.url, error="m", micro=False).symbol_size(border=4)[0]
    assert f"viewBox='0 0 {width} {width}'" in unquote_to_bytes(sheet.qr).decode()
    assert "style" not in sheet.qr


# What it writes


def test_a_second_link_takes_the_place_of_the_first(play):
    first = LINK.search(make_link(play.budi, play.joko).content.decode())[0]
    second = LINK.search(make_link(play.rina, play.joko).content.decode())[0]
    assert Client().get(urlsplit(first).path).status_code == 404
    assert Client().get(urlsplit(second).path).status_code == 200
    assert Activation.objects.order_by("pk").first().revoked_by == play.rina


def test_a_revoked_link_opens_nothing_and_the_phone_stays(play):
    phone = activated_phone(play.joko, by=play.budi)
    link = link_for(play.joko, by=play.budi)
    answer = as_(play.budi).post(reverse("phone-revoke", args=[play.joko.pk]), {"next": f"{PHONES}?keadaan=tautan"})
    assert answer.url == f"{PHONES}?keadaan=tautan"
    assert Client().get(link).status_code == 404
    assert is_in(phone)
    assert Activation.objects.get(device=None).revoked_by == play.budi


def test_asking_about_a_lost_phone_changes_nothing(play):
    phone = activated_phone(play.joko, by=play.budi)
    page = as_(play.budi).get(reverse("phone-lost", args=[play.joko.pk])).content.decode()
    assert "Yang belum terkirim tertinggal di ponsel lama" in page
    assert is_in(phone)


def test_a_lost_phone_is_out_and_its_new_link_works(play):
    old = activated_phone(play.joko, by=play.budi)
    page = as_(play.budi).post(reverse("phone-lost", args=[play.joko.pk])).content.decode()
    assert not is_in(old)
    assert Device.objects.get().ended_by == play.budi
    assert "Ponsel lama sudah keluar" in page
    new, _answer = open_link(urlsplit(LINK.search(page)[0]).path, pin=PIN)
    assert is_in(new)


def test_a_link_for_a_new_phone_leaves_the_old_one_in_until_it_is_used(play):
    old = activated_phone(play.joko, by=play.budi)
    link = LINK.search(make_link(play.budi, play.joko).content.decode())[0]
    assert is_in(old)
    assert "Tautan baru belum dipakai" in as_(play.budi).get(PHONES).content.decode()
    open_link(urlsplit(link).path)
    assert not is_in(old)


def test_a_witness_with_wider_power_gets_no_link_and_a_reason(play):
    User.objects.filter(pk=play.joko.pk).update(is_staff=True)
    assert "masuk dengan sandi" in as_(play.budi).get(PHONES).content.decode()
    answer = as_(play.budi).post(reverse("phone-link", args=[play.joko.pk]), follow=True)
    assert "tidak masuk dengan PIN" in answer.content.decode()
    assert not Activation.objects.exists()


@pytest.mark.parametrize("name", ["phone-link", "phone-revoke", "phone-lost"])
def test_nothing_is_written_without_the_token_of_the_page(play, name):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(play.budi)
    assert strict.post(reverse(name, args=[play.joko.pk])).status_code == 403
    assert not Activation.objects.exists()


# The way there


@pytest.mark.parametrize(("who", "is_there"), [("budi", True), ("dewi", True), ("nasi", False)])
def test_the_desks_and_the_station_lead_there_for_who_hands_out_links(play, who, is_there):
    client = as_(play.people[who])
    page = client.get(reverse("station", args=["pilkada-2020", play.result("dampit_1").pk])).content.decode()
    assert (f'href="{PHONES}"' in client.get("/kelola/").content.decode()) is is_there
    assert (f'href="{PHONES}?wilayah=35.07.05.2001"' in page) is is_there


def test_states_have_their_words_in_the_address():
    assert [str(state) for state in State] == ["semua", "tanpa", "tautan", "aktif"]


def test_the_phase_in_which_nobody_guards_is_called_as_the_election_calls_it():
    assert rights.CLOSED == Phase.CLOSED
