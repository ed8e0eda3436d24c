"""Claims about the pages of Penugasan: what they show to whom, three clicks without a script, and what is refused."""

import datetime as dt
import re

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Activation, Refusal, Role, User
from tallies import assigning, preparation
from tallies.models import Assignment, Election, Office, Phase, Reserve, Shift
from tallies.preparation import NewPair, NewStation
from tallies.roster import reserves, shifts, stations
from tests.cast import person, region
from tests.phones import activated_phone, link_for

HOME = "/penugasan/"
MALANG = "/penugasan/pilkada-2020/35.07/"
SUKAMAJU = "/penugasan/pilkada-2020/35.07.05.2001/"
PAMOTAN = "/penugasan/pilkada-2020/35.07.05.1002/"


def as_(user):
    client = Client()
    client.force_login(user)
    return client


def text_of(answer):
    text = re.sub(r"<svg.*?</svg>|<[^>]+>", " ", answer.content.decode(), flags=re.DOTALL)
    return " ".join(text.split())


def guards(station):
    return sorted(str(guard.person) for guard in stations.row_of(station).guards)


def seen(station):
    return stations.row_of(station).seen


def post(user, name, station, **body):
    body = {"seen": seen(station)} | body
    return as_(user).post(reverse(name, args=[station.pk]), body, follow=True)


def assignment(station, witness):
    return Assignment.objects.active().get(station=station, witness=witness)


# What they show


def test_a_coordinator_comes_straight_to_the_largest_gap_of_the_own_kabupaten(play):
    play.people["toni"] = person("toni", Role.WITNESS)
    page = as_(play.budi).get(HOME, follow=True)
    assert page.redirect_chain == [(MALANG, 302)]
    assert [(place.name, counts.empty) for place, counts, _url in page.context["districts"]] == [
        ("Dampit", 1),
        ("Gedangan", 1),
    ]
    assert (page.context["district"].name, page.context["village"].name) == ("Dampit", "Pamotan")
    assert "TPS tanpa saksi 2 dari 4" in text_of(page)
    assert "Lamongan" not in text_of(page)


def test_the_tps_of_a_desa_are_told_with_witness_number_and_state(play):
    play.siti.phone = "0812 3456 7890"
    play.siti.save()
    link_for(play.siti, by=play.budi)
    page = as_(play.budi).get(SUKAMAJU)
    assert [(row.station.number, row.state) for row in page.context["rows"]] == [(1, "ganda"), (2, "diundang")]
    text = text_of(page)
    assert "Siti, Joko 2 orang" in text
    assert "0812-3456-7890" in text
    assert "Diundang" in text
    assert "Kirim ulang" in text
    assert [row.station.number for row in as_(play.budi).get(SUKAMAJU, {"saring": "bermasalah"}).context["rows"]] == [
        1,
        2,
    ]
    activated_phone(play.siti, by=play.budi)
    assert [row.station.number for row in as_(play.budi).get(SUKAMAJU, {"saring": "bermasalah"}).context["rows"]] == [
        1
    ]
    assert len(as_(play.budi).get(SUKAMAJU, {"saring": "'; DROP"}).context["rows"]) == 2


def test_days_until_the_vote_are_counted_where_the_place_is(play):
    with time_machine.travel(dt.datetime(2020, 12, 5, 18, tzinfo=dt.UTC)):  # the 6th in Malang
        assert "Pemungutan suara 3 hari lagi" in text_of(as_(play.budi).get(MALANG))
    with time_machine.travel(dt.datetime(2020, 12, 9, 3, tzinfo=dt.UTC)):
        assert "Pemungutan suara hari ini" in text_of(as_(play.budi).get(MALANG))


def test_a_dpd_begins_with_the_kabupaten_and_the_dpp_sees_numbers_and_no_names(play):
    page = as_(play.dewi).get(HOME, follow=True)
    assert [(place.name, counts.empty) for place, counts, _url in page.context["lines"]] == [
        ("Kabupaten Malang", 2),
        ("Kabupaten Lamongan", 1),
    ]
    assert as_(play.dewi).get(SUKAMAJU).status_code == 200
    nation = as_(play.nasi)
    for code in ("ID", "35", "35.07"):
        page = nation.get(reverse("roster", args=["pilkada-2020", code]))
        assert page.status_code == 200
        assert "Siti" not in page.content.decode()
        assert reverse("roster-assign", args=[1]).split("1")[0] not in page.content.decode()
    assert nation.get(SUKAMAJU).status_code == 403
    assert nation.get(reverse("roster-reserves", args=["pilkada-2020", "35.07"])).status_code == 403


@pytest.mark.parametrize(("who", "status"), [("agus", 404), ("siti", 404), ("oper", 404), ("nasi", 403)])
def test_of_malang_nothing_is_there_for_others_and_nothing_changes(play, who, status):
    reserve = reserves.name(play.election, region("35.07.05"), play.siti, by=play.budi)
    begins = dt.datetime(2020, 12, 9, 7, tzinfo=dt.UTC)
    shift = shifts.plan(
        play.election, region("35.07"), play.oper, begins, begins + dt.timedelta(hours=6), by=play.budi
    )
    client, here = as_(play.people[who]), play.stations["dampit_1"]
    body = {"seen": seen(here), "saksi": assignment(here, play.joko).pk, "orang": play.wati.pk, "tempat": "35.07.05"}
    answers = [client.get(SUKAMAJU), client.get(SUKAMAJU, {"tps": here.pk})]
    for name in ("roster-assign", "roster-replace", "roster-keep", "roster-take-off"):
        answers.append(client.post(reverse(name, args=[here.pk]), body))
    for name in ("roster-reserves", "roster-districts", "roster-shifts"):
        answers += [client.get(reverse(name, args=["pilkada-2020", "35.07"]))]
        answers += [client.post(reverse(name, args=["pilkada-2020", "35.07"]), body)]
    answers.append(client.post(reverse("roster-end-reserve", args=[reserve.pk])))
    answers.append(client.post(reverse("roster-cancel-shift", args=[shift.pk])))
    assert [answer.status_code for answer in answers] == [status] * len(answers)
    assert guards(here) == ["Joko", "Siti"]
    assert Reserve.objects.active().count() == Shift.objects.active().count() == 1
    assert Refusal.objects.filter(user=play.people[who], status=status).exists()


def test_a_chooser_stands_before_several_elections_and_a_closed_one_is_only_read(play):
    other = Election.objects.create(name="Pilgub 2020", slug="pilgub", date=play.election.date, phase=Phase.OPEN)
    preparation.create_contest(other, region("35"), Office.GOVERNOR, [NewPair(1, "Anwar", usungan=True)])
    page = as_(play.budi).get(HOME)
    assert links(page, "Pilkada 2020") == [MALANG]
    assert links(page, "Pilgub 2020") == ["/penugasan/pilgub/35.07/"]
    Election.objects.update(phase=Phase.CLOSED)
    assert "Belum ada pemilihan yang berjalan" in text_of(as_(play.budi).get(HOME))
    page = as_(play.budi).get(SUKAMAJU, {"tps": play.stations["dampit_2"].pk})
    assert (page.context["may_act"], page.context["panel"], links(page, "Ganti")) == (False, None, [])
    late = post(play.budi, "roster-assign", play.stations["pamotan_1"], orang=play.siti.pk)
    assert "Pemilihan ini sudah selesai. Penugasan tidak berubah." in text_of(late)
    assert guards(play.stations["pamotan_1"]) == []


# Three clicks


def links(page, words):
    found = re.findall(r'<a[^>]*href="([^"]+)"[^>]*>(.*?)</a>', page.content.decode(), re.DOTALL)
    return [href.replace("&amp;", "&") for href, inner in found if words in inner]


def field(page, name):
    """The values of every field ``name`` on the page, in order."""
    tags = re.findall(r"<input[^>]+>", page.content.decode())
    return [re.search(r'value="([^"]*)"', tag)[1] for tag in tags if f'name="{name}"' in tag]


def test_a_gap_is_filled_in_three_clicks_by_links_and_forms_alone(play):
    toni = person("toni", Role.WITNESS)
    reserves.name(play.election, region("35.07.05.1002"), toni, by=play.budi)
    client, here = as_(play.budi), play.stations["pamotan_1"]
    [address] = links(client.get(MALANG), "Tugaskan")
    page = client.get(address.partition("#")[0])
    assert field(page, "orang") == [str(toni.pk)]
    assert "Cadangan Kel. Pamotan" in text_of(page)
    [seen_there] = field(page, "seen")
    answer = client.post(
        reverse("roster-assign", args=[here.pk]), {"seen": seen_there, "orang": toni.pk}, follow=True
    )
    assert "Toni bertugas di TPS 001." in text_of(answer)
    assert guards(here) == ["Toni"]


def test_on_the_day_somebody_is_replaced_in_three_clicks_and_the_link_is_told_once(play):
    toni, client, here = person("toni", Role.WITNESS), as_(play.budi), play.stations["dampit_2"]
    reserves.name(play.election, here.region, toni, by=play.budi)
    [address] = links(client.get(SUKAMAJU), "Ganti")
    page = client.get(address.partition("#")[0])
    assert "masuk karantina: disimpan untuk diperiksa, tidak dihitung" in text_of(page)
    body = {name: field(page, name)[-1] for name in ("seen", "saksi", "orang")}
    answer = client.post(reverse("roster-replace", args=[here.pk]), body)
    assert "Toni menggantikan Siti di TPS 002." in text_of(answer)
    [token] = re.findall(r"http://testserver/aktivasi/([\w-]{43})/", answer.content.decode())[:1]
    assert Client().get(f"/aktivasi/{token}/").status_code == 200
    assert answer["Cache-Control"].startswith("max-age=0, no-cache")
    again = client.post(reverse("roster-replace", args=[here.pk]), body, follow=True)
    assert "TPS 002 baru saja berubah: sekarang Toni, ditugaskan oleh Budi." in text_of(again)
    assert "/aktivasi/" not in re.sub(r"/penugasan/aktivasi/", "", again.content.decode())
    assert Activation.objects.filter(user=toni).count() == 1


def test_of_doubles_one_is_chosen_and_another_is_taken_off(play):
    here, other = play.stations["dampit_1"], play.stations["dampit_2"]
    [address] = links(as_(play.budi).get(SUKAMAJU), "Pilih satu")
    assert len(field(as_(play.budi).get(address.partition("#")[0]), "saksi")) == 2
    nobody = post(play.budi, "roster-keep", here)
    assert "Pilih dulu satu saksi" in text_of(nobody)
    kept = post(play.budi, "roster-keep", here, saksi=assignment(here, play.joko).pk)
    assert "Joko tetap di TPS 001. 1 saksi lain dilepas." in text_of(kept)
    off = post(play.budi, "roster-take-off", other, saksi=assignment(other, play.siti).pk)
    assert "Siti tidak lagi bertugas di TPS 002." in text_of(off)
    assert (guards(here), guards(other)) == (["Joko"], [])


def test_the_second_of_two_reads_what_the_first_did(play):
    toni, here = person("toni", Role.WITNESS), play.stations["pamotan_1"]
    reserves.name(play.election, here.region, toni, by=play.budi)
    post(play.rina, "roster-assign", here, orang=play.siti.pk)
    late = post(play.budi, "roster-assign", here, seen="", orang=toni.pk)
    assert "TPS 001 baru saja berubah: sekarang Siti, ditugaskan oleh Rina." in text_of(late)
    assert guards(here) == ["Siti"]


def test_who_guards_another_tps_is_said_before_and_allowed(play):
    here = play.stations["pamotan_1"]
    play.siti.phone = "0812 3456 7890"
    play.siti.save()
    page = as_(play.budi).get(PAMOTAN, {"tps": here.pk, "cari": "siti"})
    assert "Sudah menjaga TPS 001, Desa Sukamaju …" in text_of(page)
    typed = {"baru": "1", "nama": "Siti", "telepon": "081234567890"}
    asked = post(play.budi, "roster-assign", here, **typed)
    assert "Siti sudah bertugas di TPS lain. TPS 001, Desa Sukamaju. TPS 002, Desa Sukamaju." in text_of(asked)
    assert guards(here) == []
    assert field(asked, "tahu") == ["1"]
    post(play.budi, "roster-assign", here, **typed, tahu="1")
    assert guards(here) == ["Siti"]
    assert User.objects.filter(full_name="Siti").count() == 1


def test_of_a_tps_elsewhere_it_is_said_that_there_is_one_and_not_which(play):
    play.wati.phone = "0813 1111 2222"
    play.wati.save()
    typed = {"baru": "1", "nama": "Wati", "telepon": "0813-1111-2222"}
    asked = text_of(post(play.budi, "roster-assign", play.stations["pamotan_1"], **typed))
    assert "Wati sudah bertugas di TPS lain. Ada yang di luar wilayah Anda." in asked
    assert "Babat" not in asked


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"nama": " ", "telepon": ""}, "Isi nama lengkap."),
        ({"nama": "x" * 121, "telepon": ""}, "Nama paling panjang 120 huruf."),
        ({"nama": "Rina", "telepon": "tidak ada"}, "Ini bukan nomor telepon."),
        ({"nama": "Rina", "telepon": "0812 3456 7890"}, "Nomor ini milik orang dengan nama lain."),
    ],
)
def test_what_is_wrong_with_a_new_person_is_said_at_its_field_and_nobody_is_made(play, typed, said):
    play.siti.phone = "0812 3456 7890"
    play.siti.save()
    people = User.objects.count()
    answer = post(play.budi, "roster-assign", play.stations["pamotan_1"], baru="1", **typed)
    assert answer.status_code == 400
    assert said in text_of(answer)
    assert field(answer, "telepon") == [typed["telepon"]]
    assert User.objects.count() == people


@pytest.mark.parametrize("key", ["wati", "oper", "0", "9" * 30, "x", "١"])
def test_whoever_is_not_to_be_assigned_here_is_not_there(play, key):
    value = play.people[key].pk if key in play.people else key
    here = play.stations["pamotan_1"]
    assert post(play.budi, "roster-assign", here, orang=value).status_code == 404
    assert guards(here) == []


def test_script_in_a_name_is_text(play):
    here = play.stations["pamotan_1"]
    page = post(play.budi, "roster-assign", here, baru="1", nama="<script>alert(1)</script>", telepon="")
    assert "<script>alert" not in page.content.decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt; bertugas di TPS 001." in page.content.decode()


def test_an_address_that_asks_for_nonsense_opens_no_panel(play):
    here, other = play.stations["dampit_1"], play.stations["babat_1"]
    client = as_(play.budi)
    for query in (
        {"tps": other.pk},
        {"tps": "x"},
        {"tps": "9" * 30},
        {"tps": here.pk, "aksi": "hapus"},
        {"tps": here.pk, "aksi": "ganti", "saksi": "1"},
        {"tps": play.stations["dampit_2"].pk, "aksi": "pilih"},
    ):
        page = client.get(SUKAMAJU, query)
        assert (page.status_code, page.context["panel"]) == (200, None)
    assert client.get("/penugasan/pilkada-2020/35.07%00/").status_code == 404
    assert client.get("/penugasan/tidak-ada/35.07/").status_code == 404


# Reserves, saksi PPK, operators


def test_reserves_are_named_from_a_search_or_as_new_people_and_ended(play):
    client, address = as_(play.budi), reverse("roster-reserves", args=["pilkada-2020", "35.07.05"])
    page = client.get(address, {"cari": "sit"})
    assert field(page, "orang") == [str(play.siti.pk)]
    client.post(address, {"orang": play.siti.pk, "tempat": "35.07.05.2001"})
    client.post(address, {"nama": "Hendra Wijaya", "telepon": "0812 3456 7890", "tempat": "35.07.05"})
    page = client.get(reverse("roster-reserves", args=["pilkada-2020", "35.07"]))
    assert [(str(one.person), one.region.name) for one in page.context["rows"]] == [
        ("Hendra Wijaya", "Dampit"),
        ("Siti", "Sukamaju"),
    ]
    assert client.post(address, {"orang": play.siti.pk, "tempat": "35.07.06"}).status_code == 404
    assert client.post(address, {"orang": play.wati.pk, "tempat": "35.07.05"}).status_code == 404
    one = Reserve.objects.active().get(person=play.siti)
    answer = client.post(reverse("roster-end-reserve", args=[one.pk]), {"dari": "35.07"}, follow=True)
    assert answer.redirect_chain[0][0] == reverse("roster-reserves", args=["pilkada-2020", "35.07"])
    assert "Siti tidak lagi menjadi cadangan." in text_of(answer)
    assert "memang sudah tidak" in text_of(client.post(reverse("roster-end-reserve", args=[one.pk]), follow=True))


def test_a_kecamatan_without_saksi_ppk_is_a_gap_until_one_is_added(play):
    client, address = as_(play.budi), reverse("roster-districts", args=["pilkada-2020", "35.07"])
    assert "2 dari 2 kecamatan tanpa saksi PPK" in text_of(client.get(address))
    added = client.post(address, {"tempat": "35.07.05", "nama": "Lina", "telepon": "0812 3456 7890"}, follow=True)
    assert "Lina menjadi saksi PPK Kec. Dampit." in text_of(added)
    assert "1 dari 2 kecamatan tanpa saksi PPK" in text_of(added)
    assert User.objects.get(full_name="Lina").role == Role.DISTRICT_WITNESS
    play.siti.phone = "0813 3333 4444"
    play.siti.save()
    known = client.post(address, {"tempat": "35.07.06", "nama": "Siti", "telepon": "081333334444"})
    assert "Siti sudah dikenal sebagai Saksi TPS dan tetap begitu." in text_of(known)
    assert client.post(address, {"tempat": "35.24.01", "nama": "Lia", "telepon": ""}).status_code == 404


def test_hours_are_planned_in_the_time_of_the_place_and_overlaps_are_named(play):
    client, address = as_(play.budi), reverse("roster-shifts", args=["pilkada-2020", "35.07"])
    with time_machine.travel(dt.datetime(2020, 12, 9, 12, tzinfo=dt.UTC)):  # 19.00 WIB
        client = as_(play.budi)
        hours = {"orang": play.oper.pk, "mulai": "9/12/2020 18.00", "selesai": "2020-12-10T00:00"}
        planned = client.post(address, hours, follow=True)
        assert "Giliran Oper tercatat." in text_of(planned)
        assert "Sedang bertugas: Oper" in text_of(planned)
        twice = client.post(address, hours | {"mulai": "2020-12-09T23:00", "selesai": "2020-12-10T06:00"})
        assert twice.status_code == 400
        assert "Oper sudah punya giliran 9 Des 18.00 WIB sampai 10 Des 00.00 WIB." in text_of(twice)
        for mulai, selesai in (("", ""), ("kemarin", "x" * 99), ("2020-13-40T99:00", "0001-01-01T00:00")):
            wrong = client.post(address, hours | {"mulai": mulai, "selesai": selesai})
            assert (wrong.status_code, Shift.objects.count()) == (400, 1)
        assert "paling lama 24 jam" in text_of(client.post(address, hours | {"selesai": "2020-12-09T17:00"}))
        assert client.post(address, hours | {"orang": play.budi.pk}).status_code == 400
        gone = client.post(reverse("roster-cancel-shift", args=[Shift.objects.get().pk]), follow=True)
        assert "Giliran Oper dibatalkan." in text_of(gone)
        assert "Tidak ada yang sedang bertugas" in text_of(gone)


# The tab, and what it costs


def test_the_tab_tells_those_who_assign_how_many_tps_are_without_a_witness(play):
    assert "Penugasan 2 TPS tanpa saksi" in text_of(as_(play.budi).get(MALANG))
    assert "Penugasan 3 TPS tanpa saksi" in text_of(as_(play.dewi).get("/hasil/pilkada-2020/35/"))
    nation = text_of(as_(play.nasi).get("/hasil/pilkada-2020/ID/"))
    assert "Penugasan" in nation
    assert "TPS tanpa saksi" not in nation


def test_a_page_costs_the_same_queries_however_many_tps_and_reserves_there_are(play):
    client = as_(play.budi)
    client.get(PAMOTAN)

    def cost():
        with CaptureQueriesContext(connection) as found:
            client.get(PAMOTAN, {"tps": play.stations["pamotan_1"].pk, "cari": "a"})
        return len(found)

    village = region("35.07.05.1002")
    reserves.name(play.election, village, person("cadangan", Role.WITNESS), by=play.budi)
    assigning.assign(play.stations["pamotan_1"], person("satu", Role.WITNESS), by=play.budi)
    few = cost()
    made = preparation.add_stations(play.election, [NewStation(village.pk, n, 150, 150) for n in range(2, 40)])
    for number, station in enumerate(made):
        assigning.assign(station, person(f"saksi{number}", Role.WITNESS), by=play.budi)
        reserves.name(play.election, village, person(f"cadangan{number}", Role.WITNESS), by=play.budi)
    assert cost() <= few
    assert few <= 32
