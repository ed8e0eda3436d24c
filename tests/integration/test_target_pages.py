"""Claims about the pages of rule W: the list of targets and one finding."""

import datetime as dt
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from analytics.models import Finding, Target
from analytics.off_target import refreshing
from tallies import intake, preparation
from tallies.models import Channel, Office
from tallies.preparation import NewPair
from tallies.totals import aggregation
from tests.cast import region, submission

HTMX = {"HX-Request": "true"}
STATIONS = ("dampit_1", "dampit_2", "pamotan_1", "gedangan_1")


def signed_in(user):
    client = Client()
    client.force_login(user)
    return client


def send(play, station, votes):
    by = play.wati if station.startswith("babat") else play.siti
    intake.submit(submission(play, station, votes), by=by, channel=Channel.API)
    aggregation.drain()
    refreshing.refresh_changed()


def state_target(contest, **changes):
    facts = {"stated_on": dt.date(2020, 10, 14), "stated_by": "DPD Jatim", "source": "Daftar target, rapat DPD"}
    return Target.objects.create(contest=contest, **(facts | changes))


@pytest.fixture
def url(play):
    return reverse("targets", args=[play.election.slug])


def rows_of(response):
    return [(row.contest.region.name, str(row.state), row.is_off_target) for row in response.context["report"].rows]


# The list


def test_off_target_stands_on_top_then_targets_then_the_rest(play, url):
    state_target(play.malang)
    send(play, "dampit_1", [80, 100, 20])
    send(play, "babat_1", [10, 100])
    page = signed_in(play.dewi).get(url)
    assert rows_of(page) == [("Kabupaten Malang", "behind", True), ("Kabupaten Lamongan", "leading", False)]
    Target.objects.all().delete()
    state_target(play.lamongan)
    page = signed_in(play.dewi).get(url)
    assert rows_of(page) == [("Kabupaten Lamongan", "leading", False), ("Kabupaten Malang", "behind", False)]


def test_the_summary_counts_targets_and_what_is_won_outside_the_list(play, url):
    state_target(play.malang)
    send(play, "dampit_1", [80, 100, 20])
    send(play, "babat_1", [10, 100])
    page = signed_in(play.dewi).get(url)
    report, text = page.context["report"], page.content.decode()
    assert (report.ahead, len(report.targets), report.off_target, len(report.ahead_outside)) == (0, 1, 1, 1)
    assert '0 <small>dari 1</small></p>\n<p class="note"><b>1 lepas dari target</b>.' in text
    assert "Hasil sementara, bukan hasil resmi KPU" in text


def test_a_row_says_who_expected_it_when_and_how_it_stands(play, url):
    state_target(play.malang)
    send(play, "dampit_1", [80, 100, 20])
    text = signed_in(play.budi).get(url).content.decode()
    assert "DPD Jatim, 14 Okt 2020" in text
    assert "Tertinggal" in text
    assert "−20" in text
    assert "−10,0" in text
    assert '<b>1</b> <span class="targets-of">dari 4</span>' in text
    assert reverse("finding", args=[Finding.objects.get().pk]) in text


@pytest.mark.parametrize(
    ("votes", "stations", "word"),
    [
        ([100, 80, 20], 4, "Menang"),
        ([80, 100, 20], 4, "Kalah"),
        ([100, 80, 20], 3, "Unggul"),
        ([90, 90, 20], 4, "Imbang"),
        ([0, 0, 0], 0, "Belum dihitung"),
    ],
)
def test_the_word_of_each_state(play, url, votes, stations, word):
    state_target(play.malang)
    for station in STATIONS[:stations]:
        send(play, station, votes)
    text = signed_in(play.budi).get(url).content.decode()
    words = ("Menang", "Kalah", "Unggul", "Imbang", "Belum dihitung", "Tertinggal")
    table = text[text.index("<tbody>") :]
    assert [one for one in words if one in table] == [word]


def test_only_the_active_target_counts(play, url):
    state_target(play.malang, stated_by="Lama", is_active=False)
    send(play, "dampit_1", [80, 100, 20])
    page = signed_in(play.budi).get(url)
    assert (page.context["report"].targets, "Lama" in page.content.decode()) == ([], False)
    assert "Belum ada target." in page.content.decode()


def test_a_contest_in_which_we_back_nobody_says_so(play, url):
    play.malang.pairs.update(usungan=False)
    send(play, "dampit_1", [80, 100, 20])
    page = signed_in(play.budi).get(url)
    assert "Tidak mengusung" in page.content.decode()
    assert rows_of(page) == [("Kabupaten Malang", "waiting", False)]


def test_each_reader_sees_the_contests_of_the_own_region(play, url):
    names = {name: [row[0] for row in rows_of(signed_in(play.people[name]).get(url))] for name in ("budi", "agus")}
    assert names == {"budi": ["Kabupaten Malang"], "agus": ["Kabupaten Lamongan"]}
    assert len(rows_of(signed_in(play.nasi).get(url))) == 2


@pytest.mark.parametrize("name", ["siti", "oper"])
def test_witnesses_and_operators_find_no_targets(play, url, name):
    assert signed_in(play.people[name]).get(url).status_code == 404


def test_the_list_of_three_contests_costs_the_queries_of_one(play, url, django_assert_num_queries):
    pairs = [NewPair(1, "Satu", usungan=True), NewPair(2, "Dua")]
    governor = preparation.create_contest(play.election, region("35"), Office.GOVERNOR, pairs)
    for contest in (play.malang, play.lamongan, governor):
        state_target(contest)
    send(play, "dampit_1", [80, 100, 20])
    send(play, "babat_1", [100, 10])
    for user, contests in ((play.budi, 1), (play.dewi, 3)):
        client = signed_in(user)
        client.get(url)  # the number beside the tab is counted once a minute
        with django_assert_num_queries(21):
            assert len(rows_of(client.get(url))) == contests


# Live


def test_the_fragment_is_answered_304_until_something_moves(play, url):
    state_target(play.malang)
    send(play, "dampit_1", [80, 100, 20])
    client = signed_in(play.budi)
    first = client.get(url, headers=HTMX)
    assert (first.status_code, "<html" in first.content.decode()) == (200, False)
    known = HTMX | {"If-None-Match": first["ETag"]}
    again = client.get(url, headers=known)
    assert (again.status_code, again.content) == (304, b"")
    send(play, "dampit_2", [80, 100, 20])
    assert client.get(url, headers=known).status_code == 200


def test_a_restated_target_is_news(play, url):
    target = state_target(play.malang)
    client = signed_in(play.budi)
    known = HTMX | {"If-None-Match": client.get(url, headers=HTMX)["ETag"]}
    Target.objects.filter(pk=target.pk).update(expected_share=Decimal("0.41"))
    assert client.get(url, headers=known).status_code == 200


def test_the_page_carries_the_etag_of_its_fragment(play, url):
    client = signed_in(play.budi)
    page = client.get(url)
    assert page.context["fragment_etag"] == client.get(url, headers=HTMX)["ETag"]


def test_the_etag_of_another_reader_opens_nothing(play, url):
    etag = signed_in(play.budi).get(url, headers=HTMX)["ETag"]
    known = HTMX | {"If-None-Match": etag}
    assert signed_in(play.agus).get(url, headers=known).status_code == 200
    assert signed_in(play.siti).get(url, headers=known).status_code == 404
    assert Client().get(url, headers=known).status_code == 302


# A finding


@pytest.fixture
def lost(play):
    """Malang was expected to be won by 41% and is behind with one of four stations in."""
    state_target(play.malang, expected_share=Decimal("0.41"))
    send(play, "dampit_1", [60, 120, 20])
    return Finding.objects.get()


def page_of(user, finding):
    return signed_in(user).get(reverse("finding", args=[finding.pk]))


def test_the_verdict_comes_first_then_expected_actual_and_winner(play, lost):
    text = page_of(play.budi, lost).content.decode()
    assert "Kabupaten Malang: lepas dari target" in text
    assert "Target menang, tetapi tertinggal 60 suara." in text
    assert "Masih 3 TPS belum masuk; hasil masih dapat berubah." in text
    order = [text.index(word) for word in ("tertinggal 60 suara", "41,00%", "30,00%", "60,00%")]
    assert order == sorted(order)
    assert "Kata DPD Jatim, 14 Okt 2020." in text
    assert "Daftar target, rapat DPD" in text
    assert "−11,00 poin" in text
    assert "Ini hasil hitung riil, bukan bukti kecurangan." in text


def test_complete_and_behind_is_lost(play, lost):
    for station in STATIONS[1:]:
        send(play, station, [60, 120, 20])
    text = page_of(play.budi, lost).content.decode()
    assert "Target menang, tetapi kalah 240 suara." in text
    assert "Semua TPS sudah masuk." in text


def test_without_an_expected_share_a_win_was_expected(play, lost):
    Target.objects.update(expected_share=None)
    text = page_of(play.budi, lost).content.decode()
    assert "Bagian suara tidak disebut." in text
    assert "41,00%" not in text


def test_without_population_the_threshold_says_what_to_do(play, lost):
    text = page_of(play.budi, lost).content.decode()
    assert "Jumlah penduduk belum diisi." in text
    assert "Minta staf DPD" in text
    play.dewi.is_staff = True
    play.dewi.save()
    text = page_of(play.dewi, lost).content.decode()
    assert reverse("admin:regions_region_change", args=[region("35.07").pk]) in text


@pytest.mark.parametrize(
    ("population", "rate", "votes"), [(2_600_000, "0,5%", 1), (900_000, "1,0%", 2), (250_000, "2,0%", 4)]
)
def test_the_threshold_goes_by_the_population_and_the_valid_votes(play, lost, population, rate, votes):
    region_ = region("35.07")
    region_.population = population
    region_.save()
    text = page_of(play.budi, lost).content.decode()
    assert f"{rate} = {votes} suara" in text
    assert f"Di luar ambang: lebih {60 - votes} suara" in text
    assert "Selisih di luar ambang sengketa MK." in text


def test_a_margin_inside_the_threshold_says_so(play):
    state_target(play.malang)
    send(play, "dampit_1", [99, 101, 0])
    region_ = region("35.07")
    region_.population = 250_000
    region_.save()
    text = page_of(play.budi, Finding.objects.get()).content.decode()
    assert "Di dalam ambang" in text
    assert "Selisih di dalam ambang sengketa MK." in text


def test_the_history_tells_opening_closing_and_reopening(play, lost):
    send(play, "dampit_2", [150, 0, 0])
    closed = page_of(play.budi, lost)
    assert "temuan ditutup" in closed.content.decode()
    assert [line.word for line in closed.context["history"]] == ["closed", "opened"]
    send(play, "pamotan_1", [0, 200, 0])
    page = page_of(play.budi, lost)
    assert [line.word for line in page.context["history"]] == ["reopened", "closed", "opened"]
    assert "selisih −60 suara, TPS masuk 1 dari 4" in page.content.decode()


def test_a_finding_is_seen_in_its_region_and_nowhere_else(play, lost):
    statuses = {name: page_of(user, lost).status_code for name, user in play.people.items()}
    assert statuses == {
        "siti": 404,
        "joko": 404,
        "wati": 404,
        "oper": 404,
        "agus": 404,
        "budi": 200,
        "rina": 200,
        "dewi": 200,
        "nasi": 200,
    }
    assert Client().get(reverse("finding", args=[lost.pk])).status_code == 302


def test_words_of_people_are_escaped(play, url):
    state_target(play.malang, stated_by="<script>x</script>", source="<b>y</b>")
    send(play, "dampit_1", [60, 120, 20])
    for text in (
        signed_in(play.budi).get(url).content.decode(),
        page_of(play.budi, Finding.objects.get()).content.decode(),
    ):
        assert "<script>x" not in text
        assert "&lt;script&gt;x&lt;/script&gt;" in text


# The admin


def test_staff_state_a_target_once_and_only_switch_it_off(play):
    play.dewi.is_staff = True
    play.dewi.save()
    client = signed_in(play.dewi)
    body = {
        "contest": play.malang.pk,
        "stated_on": "2020-10-14",
        "stated_by": "DPD",
        "source": "Rapat",
        "expected_share": "0.41",
        "is_active": "on",
    }
    add = reverse("admin:analytics_target_add")
    assert client.post(add, body).status_code == 302
    second = client.post(add, body)
    assert "Kontes ini sudah punya target yang berlaku." in second.content.decode()
    target = Target.objects.get()
    change = reverse("admin:analytics_target_change", args=[target.pk])
    assert client.post(change, {"stated_by": "Orang lain", "expected_share": "0.2"}).status_code == 302
    target.refresh_from_db()
    assert (target.is_active, target.stated_by, target.expected_share) == (False, "DPD", Decimal("0.4100"))
    assert client.post(reverse("admin:analytics_target_delete", args=[target.pk]), {"post": "yes"}).status_code == 403


def test_staff_of_another_province_find_no_targets_or_findings_of_ours_in_the_admin(play, lost):
    play.agus.is_staff = True
    play.agus.save()
    client = signed_in(play.agus)
    for name, pk in (("target", Target.objects.get().pk), ("finding", lost.pk)):
        text = client.get(reverse(f"admin:analytics_{name}_changelist")).content.decode()
        assert "Malang" not in text
        assert client.get(reverse(f"admin:analytics_{name}_change", args=[pk])).status_code == 302
