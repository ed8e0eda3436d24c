"""Claims about the page of the projection and the one beside a result: who sees what, never without its frame."""

import datetime as dt
import re
import xml.etree.ElementTree as ElementTree
from dataclasses import replace

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from analytics.information import kabupaten, last_digits
from analytics.models import Expectation, ExpectationMethod, ExpectedShare, ProjectionRun
from analytics.projecting.projection import Refusal
from analytics.projections import report, running, wording
from tallies import intake, preparation
from tallies.models import Channel, Office
from tallies.preparation import NewPair
from tallies.totals import aggregation, rebuilding
from tests.cast import region, submission
from tests.integration.test_result_pages import _one_period, words  # noqa: F401  fixture

SVG = "{http://www.w3.org/2000/svg}"
#: 13.02 WIB.
NOW = dt.datetime(2020, 12, 9, 6, 2, tzinfo=dt.UTC)
PAGES = ("projection", "projection-picture", "information", "information-picture")


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as travelled:
        yield travelled


def at(name, code="35.07", **query):
    return reverse(name, args=["pilkada-2020", code], query=query or None)


def send(play, station, votes, by="dewi"):
    intake.submit(submission(play, station, votes), by=play.people[by], channel=Channel.API)
    aggregation.drain()
    running.run_changed()


@pytest.fixture
def projected(play, clock):
    """Malang at 13.02 with a third of its voters reached, at 13.32 with all: first refused, then answered."""
    send(play, "gedangan_1", [10, 30, 5])
    clock.shift(1800)
    send(play, "dampit_1", [100, 80, 20])
    return play


def texts(response):
    return [node.text for node in ElementTree.fromstring(response.content).iter(SVG + "text") if node.text]


def signed_in(client, person):
    client.force_login(person)
    return client


# Never without how much is in


def test_a_projection_stands_with_its_interval_how_much_is_in_and_the_time(projected, client):
    text = words(signed_in(client, projected.budi).get(at("projection")))
    run = ProjectionRun.objects.newest().first()
    ours = run.of_pair(1)
    share = f"{ours['share'] * 100:.2f}%".replace(".", ",")
    low, high = (f"{ours[name] * 100:.1f}".replace(".", ",") for name in ("low", "high"))
    assert f"{share} ({low}–{high}%)" in text
    assert "Dari 2 dari 4 TPS, 50,00% DPT. Dalam kurung: rentang nominal 90%." in text
    assert "2 dari 4" in text
    assert "13.32 WIB" in text
    assert "Hasil sementara, bukan hasil resmi KPU" in text
    # No share of a projection stands anywhere alone.
    assert len(re.findall(r"\d,\d\d% \(", text)) == text.count(f"{share} (") + 4


def test_a_refusal_says_why_what_is_needed_and_where(play, client):
    send(play, "gedangan_1", [10, 30, 5])
    page = signed_in(client, play.budi).get(at("projection"))
    text = words(page)
    assert "Belum cukup" in text
    assert "Kecamatan yang sudah melapor baru memuat 25,00% DPT. Diperlukan paling sedikit 60%" in text
    assert "Belum ada satu pun TPS yang masuk dari: Kec. Dampit" in text
    assert reverse("silent", args=["pilkada-2020"]) + "?wilayah=35.07.05" in page.content.decode()
    assert re.findall(r"\d% \(", text) == []
    assert page.context["picture"] == ""
    assert client.get(at("projection-picture")).status_code == 404


def test_every_refusal_has_its_sentences():
    for refusal in Refusal:
        run = ProjectionRun(refusal=refusal, reached=0.4)
        found = wording.why(run, wording.ProjectionSettings())
        assert found.reason
        assert found.needed
    assert wording.why(ProjectionRun(refusal=""), wording.ProjectionSettings()) is None


def test_before_the_first_run_the_page_says_when_there_will_be_one(play, client):
    page = signed_in(client, play.budi).get(at("projection"))
    assert "Proyeksi dibuat paling lambat semenit sesudah TPS pertama masuk" in words(page)
    assert "<img" not in page.content.decode()


# Over time


def test_the_table_has_every_run_and_the_picture_draws_those_with_an_answer(projected, client):
    client.force_login(projected.budi)
    page = client.get(at("projection"))
    table = page.content.decode().split("<tbody>")[1]
    rows = re.findall(r"<tr>.*?</tr>", table, re.S)
    assert [re.search(r"9 Des, ([\d.]+ WIB)", row)[1] for row in rows] == ["13.02 WIB", "13.32 WIB"]
    assert rows[0].count("belum cukup") == 3
    assert "belum cukup" not in rows[1]
    picture = client.get(page.context["picture"])
    assert (picture.status_code, picture["Content-Type"]) == (200, "image/svg+xml")
    assert {"1", "2", "3"} <= set(texts(picture))
    assert any(one.endswith("WIB") for one in texts(picture))
    assert SVG + "script" not in {node.tag for node in ElementTree.fromstring(picture.content).iter()}
    assert {"default-src 'none'", "style-src 'unsafe-inline'"} <= set(picture["Content-Security-Policy"].split("; "))
    assert client.get(page.context["small_picture"]).status_code == 200
    assert client.get(at("projection-picture", ukuran="besar")).status_code == 404


def test_many_runs_are_drawn_as_the_last_of_each_interval(play, clock, client):
    """A run a minute for fifteen hours: at most 48 rows, and the last row is the newest run."""
    pairs = [{"pair": 1, "share": 0.5, "low": 0.4, "high": 0.6, "counted": 0.5, "chance_behind": 0.5}]
    ProjectionRun.objects.bulk_create(
        ProjectionRun(
            contest=play.malang, region=play.malang.region, at=NOW + dt.timedelta(minutes=n), stations=400,
            stations_in=n, seen=0.5, reached=0.7, pairs=pairs,
        )
        for n in range(900)
    )  # fmt: skip
    page = signed_in(client, play.budi).get(at("projection"))
    points = page.context["points"]
    assert len(points) <= report.MOST_INTERVALS
    assert points[-1].line.run.stations_in == 899
    # Cut at round local hours: the first interval ends at 13.30 and holds the runs up to 13.29.
    assert points[0].line.run.at == NOW + dt.timedelta(minutes=27)


# Who sees what


def test_only_who_has_the_region_sees_it(projected, client):
    addresses = [at(name, code) for name in PAGES for code in ("35.07", "35.07.05", "35", "ID", "35.99", "35\0")]
    for who in ("agus", "siti", "oper"):
        client.force_login(projected.people[who])
        assert {client.get(address).status_code for address in addresses} == {404}, who
    client.logout()
    assert {client.get(at(name)).status_code for name in PAGES} == {302}
    for who in ("budi", "dewi", "nasi"):
        assert signed_in(client, projected.people[who]).get(at("projection")).status_code == 200


def test_the_wall_and_the_witness_are_not_led_there(projected, client):
    client.force_login(projected.siti)
    assert "proyeksi" not in client.get("/saksi/?biasa").content.decode()


@pytest.mark.parametrize("code", ["35.07.05", "35.07.05.2001", "35", "ID"])
def test_a_kecamatan_and_what_lies_above_the_contest_have_no_projection(projected, client, code):
    client.force_login(projected.nasi)
    assert client.get(at("projection", code)).status_code == 404
    assert "proyeksi/" not in client.get(reverse("region", args=["pilkada-2020", code])).content.decode()


def test_the_result_page_leads_to_it(projected, client):
    client.force_login(projected.budi)
    page = client.get(reverse("region", args=["pilkada-2020", "35.07"])).content.decode()
    assert at("projection") in page
    assert at("information") in page


def test_a_known_etag_is_answered_only_to_who_may_see_it(projected, client):
    client.force_login(projected.budi)
    for name in ("projection", "projection-picture", "information"):
        client.get(at(name))
        etag = client.get(at(name))["ETag"]
        given = {"If-None-Match": etag}
        assert client.get(at(name), headers=given).status_code == 304
        client.force_login(projected.agus)
        assert client.get(at(name), headers=given).status_code == 404
        client.force_login(projected.budi)


def test_a_new_run_is_a_new_page(projected, client, clock):
    client.force_login(projected.budi)
    client.get(at("projection"))
    etags = {name: client.get(at(name))["ETag"] for name in ("projection", "projection-picture")}
    clock.shift(60)
    send(projected, "pamotan_1", [1, 2, 3])
    for name, etag in etags.items():
        assert client.get(at(name), headers={"If-None-Match": etag}).status_code == 200


# A contest of several kabupaten


@pytest.fixture
def governor(play, clock):
    """A second contest, of the whole province, in the same stations; both kabupaten report."""
    pairs = [NewPair(1, "Khofifah-Emil"), NewPair(2, "Risma-Gus", usungan=True)]
    contest = preparation.create_contest(play.election, region("35"), Office.GOVERNOR, pairs)
    preparation.add_missing_results(play.election)
    rebuilding.rebuild(play.election)
    play.governor = contest
    for station, votes in (("dampit_1", [60, 40]), ("gedangan_1", [30, 70]), ("babat_1", [20, 80])):
        given = replace(submission(play, station, votes), contest_id=contest.pk)
        intake.submit(given, by=play.dewi, channel=Channel.API)
    aggregation.drain()
    running.run_changed()
    return play


def test_the_page_of_a_province_lists_its_kabupaten_and_each_has_its_own(governor, client):
    client.force_login(governor.dewi)
    page = client.get(at("projection", "35", jabatan="gubernur"))
    assert [part.total.region.name for part, _address in page.context["parts"]] == [
        "Kabupaten Malang",
        "Kabupaten Lamongan",
    ]
    own = client.get(page.context["parts"][1][1])
    assert (own.context["run"].stations_in, own.context["run"].stations, own.context["parts"]) == (1, 2, [])
    assert own.context["contest"] == governor.governor


def test_a_coordinator_sees_the_part_of_the_own_kabupaten_and_no_more(governor, client):
    client.force_login(governor.budi)
    assert client.get(at("projection", "35.07", jabatan="gubernur")).context["run"].stations == 4
    for code in ("35", "35.24"):
        assert client.get(at("projection", code, jabatan="gubernur")).status_code == 404
    assert not Expectation.objects.visible_to(governor.budi).exists()


def test_queries_do_not_grow_with_the_runs(projected, client, clock):
    client.force_login(projected.budi)

    def asked():
        with CaptureQueriesContext(connection) as captured:
            assert client.get(at("projection")).status_code == 200
        return len(captured)

    asked()
    before = asked()
    clock.shift(3600)
    send(projected, "dampit_2", [10, 20, 30])
    assert asked() == before + 1  # an hour later the number beside the tab is counted anew
    assert asked() == before


# What proves nothing


@pytest.fixture
def expected(projected):
    expectation = Expectation.objects.create(
        contest=projected.malang,
        method=ExpectationMethod.IMPORTED,
        source="Survei DPC",
        stated_on=dt.date(2020, 10, 1),
    )
    pair = projected.malang.pairs.get(number=1)
    for code, share in (("35.07.05", 0.4), ("35.07.06", 0.3)):
        ExpectedShare.objects.create(expectation=expectation, region=region(code), pair=pair, share=share)
    return projected


def test_expected_stands_beside_found_the_farthest_first(expected, client):
    client.force_login(expected.budi)
    page = client.get(at("information"))
    rows = [[one.line.region.name, one.expected, round(one.share, 3)] for one in page.context["compared"]]
    assert rows == [["Dampit", 0.4, 0.5], ["Gedangan", 0.3, 0.222]]
    assert "+10,0" in words(page)
    assert "Survei DPC, 1 Okt 2020" in words(page)
    picture = client.get(page.context["expected_picture"])
    assert {"Dampit", "Gedangan", "Diharapkan", "Nyata"} <= set(texts(picture))


def test_a_small_kabupaten_is_told_why_there_is_no_more(expected, client):
    client.force_login(expected.budi)
    page = client.get(at("information"))
    assert "Tidak ditampilkan: baru berarti mulai 1.000 TPS, dan di sini ada 4." in words(page)
    assert "Halaman ini tidak membuktikan apa pun." in words(page)
    assert page.context["digits"] == []
    assert client.get(page.context["turnout_picture"]).status_code == 404


def test_a_large_one_shows_turnout_digits_and_what_chance_gives(expected, client, monkeypatch):
    monkeypatch.setattr(kabupaten, "FEWEST_STATIONS", 4)
    page = signed_in(client, expected.budi).get(at("information"))
    assert "Belum cukup: baru 1 TPS masuk dengan 50 suara atau lebih" in words(page)
    monkeypatch.setattr(last_digits, "FEWEST_STATIONS", 1)
    page = client.get(at("information"))
    text = words(page)
    assert "Persentase bulat (kelipatan 5)" in text
    assert "2 dari 31 kabupaten dan kota Jawa Timur" in text
    [first, *_others] = page.context["digits"]
    assert (first.digits.stations, first.digits.digits[0].count, first.rounds.count) == (1, 1, 1)
    assert {"Partisipasi", "Bagian suara"} <= set(texts(client.get(page.context["turnout_picture"])))


def test_without_an_expectation_the_page_says_so_and_draws_nothing(projected, client):
    client.force_login(projected.budi)
    page = client.get(at("information"))
    assert "Belum ada harapan per kecamatan untuk kontes ini" in words(page)
    assert client.get(at("information-picture", gambar="harapan")).status_code == 404
    assert client.get(at("information-picture", gambar="lain")).status_code == 404


@pytest.mark.parametrize("code", ["35.07.05", "35", "ID"])
def test_only_a_kabupaten_is_told_of(expected, client, code):
    client.force_login(expected.nasi)
    assert client.get(at("information", code)).status_code == 404
