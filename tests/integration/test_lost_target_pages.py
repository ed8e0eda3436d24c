"""Claims about the page of a lost target: what it says, what it never says without a source, and who may see it."""

import datetime as dt
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from analytics.models import ContestOutcome, ExpectedShare, Finding, ProjectionRun, Target
from analytics.off_target import lost_area, refreshing
from tests.cast import region
from tests.integration.test_off_target import complete, differing, document, expect, project, send, state_target
from tests.integration.test_target_pages import signed_in

DESA = "35.07.05.2001"


def address(play, code, name="lost-area", contest=None):
    return reverse(name, args=[play.election.slug, (contest or play.malang).pk, code])


def text_of(user, url):
    answer = signed_in(user).get(url)
    assert answer.status_code == 200, url
    return answer.content.decode()


@pytest.fixture
def expected(play):
    """41% and a win everywhere, 60% in Dampit; lost in all of Malang, with every form in."""
    made = expect(play, {"35.07": (0.05, 0.02), "35.07.05": (0.30, 0.02), "35.07.06": (0.02, 0.05)})
    for code, share in (("35.07", 0.41), ("35.07.05", 0.60), ("35.07.06", 0.40)):
        made.shares.filter(region__code=code).update(share=share)
    complete(play)
    refreshing.refresh_changed()
    return made


def test_the_parts_stand_on_the_page_and_add_up_to_the_margin(play, expected):
    shown = lost_area.lost_area(play.malang, region("35.07"))
    assert [bar.name for bar in shown.bars] == [
        "expected", "swing", "local", "turnout", "documents", "hard", "actual"
    ]  # fmt: skip
    assert sum(bar.votes for bar in shown.bars[:-1]) == shown.bars[-1].votes == -80
    assert all(0 <= bar.start <= bar.start + bar.width <= 1 for bar in shown.bars)
    text = text_of(play.budi, address(play, "35.07"))
    assert "Ke mana selisih hilang" in text
    assert "Survei, 1 Nov 2020" in text
    assert "Harapan per kecamatan belum ada" not in text


def test_with_only_a_target_nothing_is_invented(play):
    state_target(play)
    complete(play)
    refreshing.refresh_changed()
    text = text_of(play.budi, reverse("finding", args=[Finding.objects.get().pk]))
    assert "Harapan per kecamatan belum ada" in text
    assert "Belum dapat dibagi" in text
    assert "Perkiraan kita meleset: tidak ada dokumen" in text
    for word in ("Ayunan seluruh", "Sisa lokal", "Partisipasi"):
        assert word not in text


def test_from_the_contest_one_walks_down_to_the_tps(play, expected):
    page = text_of(play.budi, address(play, "35.07"))
    assert address(play, "35.07.05") in page
    page = text_of(play.budi, address(play, "35.07.05"))
    assert "60,00%" in page
    assert address(play, DESA) in page
    page = text_of(play.budi, address(play, DESA))
    # Nobody said anything of the desa or its TPS: what is expected is the kecamatan's, and says so.
    assert "Harapan wilayah di atasnya dipakai." in page
    assert "dari atasnya" in page
    assert reverse("station", args=[play.election.slug, play.result("dampit_1").pk]) in page


def test_a_desa_and_a_tps_with_an_expectation_of_their_own_are_judged_on_the_page_and_not_stored(play, expected):
    own = play.malang.pairs.get(usungan=True)
    told = {"expectation": expected, "pair": own, "region": region(DESA), "margin": 0.3, "margin_spread": 0.05}
    ExpectedShare.objects.create(**told, share=0.55)
    ExpectedShare.objects.create(**told, share=0.58, station=play.stations["dampit_2"])
    refreshing.refresh_changed()
    assert not Finding.objects.filter(region__code=DESA).exists()
    villages = {one.name: one for one in lost_area.lost_area(play.malang, region("35.07.05")).below}
    assert (villages["Desa Sukamaju"].is_off_target, villages["Desa Sukamaju"].expected) == (True, 0.55)
    assert villages["Kel. Pamotan"].is_off_target is False
    stations = lost_area.lost_area(play.malang, region(DESA)).below
    assert [(one.expected, one.inherited, one.is_off_target) for one in stations] == [
        (0.55, True, False), (0.58, False, True)
    ]  # fmt: skip


def test_with_our_c1s_the_winner_changes_and_the_page_says_so(play):
    state_target(play)
    complete(play, (110, 100, 0))
    document(play, "D2", DESA, differing((110, 80), (100, 130)), station=play.stations["dampit_1"])
    refreshing.refresh_changed()
    shown = lost_area.lost_area(play.malang, region("35.07"))
    case = shown.counterfactual
    assert (case.margin, case.margin_by_c1s, case.winner_changes, case.winner_by_c1s.number) == (-20, 40, True, 1)
    text = text_of(play.budi, reverse("finding", args=[Finding.objects.get(rule="W").pk]))
    assert "KRITIS" in text
    assert "Dokumen menentukan: menurut C1 kita paslon usungan tidak kalah." in text
    assert "Pemenang berubah: Sanusi-Didik" in text
    assert "TPS 001, Desa Sukamaju" in text


def test_a_winner_that_stays_is_held_against_the_threshold_with_our_c1s_too(play):
    state_target(play)
    complete(play)
    document(play, "D3", "35.07.05", {"proven": {"1": -2}})
    region_ = region("35.07")
    region_.population = 250_000
    region_.save()
    case = lost_area.lost_area(play.malang, region_).counterfactual
    assert (case.winner_changes, case.dispute.votes, case.dispute.missing) == (False, 16, 64)
    assert lost_area.lost_area(play.malang, region_).dispute.missing == 66
    assert "Pemenang tidak berubah" in text_of(play.budi, address(play, "35.07"))


@pytest.mark.parametrize(
    ("ago", "word"), [(None, "Penetapan belum ada."), (40, "Sudah lewat"), (0, "Tersisa ")], ids=str
)
def test_the_days_left_to_petition(play, expected, ago, word):
    if ago is not None:
        day = timezone.localdate() - dt.timedelta(days=ago)
        ContestOutcome.objects.create(contest=play.malang, announced_on=day, source="SK KPU 1")
    assert word in text_of(play.budi, address(play, "35.07"))


def test_staff_enter_the_announcement_in_the_admin_of_their_own_province(play, expected):
    play.dewi.is_staff = True
    play.dewi.save()
    add = reverse("admin:analytics_contestoutcome_add")
    assert f"{add}?contest={play.malang.pk}" in text_of(play.dewi, address(play, "35.07"))
    body = {"contest": play.malang.pk, "announced_on": "2020-12-15", "source": "SK KPU 412"}
    assert signed_in(play.dewi).post(add, body).status_code == 302
    assert ContestOutcome.objects.get().history.count() == 1


# The picture


def test_the_picture_is_an_image_of_its_own_that_no_other_reader_s_etag_opens(play, expected):
    client = signed_in(play.budi)
    first = client.get(address(play, "35.07", "lost-picture"))
    assert (first.status_code, first["Content-Type"]) == (200, "image/svg+xml")
    assert b"<script" not in first.content
    assert b"Dampit" in first.content
    known = {"If-None-Match": first["ETag"]}
    assert client.get(address(play, "35.07", "lost-picture"), headers=known).status_code == 304
    assert signed_in(play.agus).get(address(play, "35.07", "lost-picture"), headers=known).status_code == 404
    assert client.get(address(play, "35.07", "lost-picture") + "?ukuran=besar").status_code == 404


def test_without_an_expectation_there_is_no_picture(play):
    complete(play)
    assert signed_in(play.budi).get(address(play, "35.07", "lost-picture")).status_code == 404
    assert "Belum dapat digambar" in text_of(play.budi, address(play, "35.07"))


# Who may see it


@pytest.mark.parametrize("name", ["lost-area", "lost-picture"])
@pytest.mark.parametrize("code", ["35.07", "35.07.05", DESA])
def test_witnesses_operators_and_neighbours_find_nothing(play, expected, name, code):
    url = address(play, code, name)
    for who in ("siti", "oper", "agus", "wati"):
        assert signed_in(play.people[who]).get(url).status_code == 404, who
    assert Client().get(url).status_code == 302


def test_a_place_outside_the_contest_or_of_no_election_is_not_there(play, expected):
    client = signed_in(play.nasi)
    for url in (
        address(play, "35"),
        address(play, "35.24"),
        address(play, "35.07", contest=play.lamongan),
        address(play, "tidak-ada"),
        f"/analisis/lain/target/{play.malang.pk}/35.07/",
    ):
        assert client.get(url).status_code == 404, url


# Six hours


def test_a_row_says_projection_findings_and_what_to_do_next(play, expected):
    Target.objects.create(
        contest=play.malang, stated_on=dt.date(2020, 10, 14), stated_by="DPD", source="x",
        expected_share=Decimal("0.41"),
    )  # fmt: skip
    document(play, "H3", DESA, {}, station=play.stations["dampit_1"])
    document(play, "H1", DESA, {}, station=play.stations["dampit_1"], is_held=True)
    project(play, 0.9)
    refreshing.refresh_changed()
    page = signed_in(play.dewi).get(reverse("targets", args=[play.election.slug]))
    row = page.context["report"].rows[0]
    assert (row.contest, row.step.deed) == (play.malang, "evidence")
    # H3, and W of the contest and of Dampit; the one behind the limit is not counted.
    assert row.severities == [("CRITICAL", 0), ("HIGH", 3), ("MEDIUM", 0)]
    text = page.content.decode()
    assert "20,0% … 40,0%" in text
    assert "Kumpulkan bukti" in text


def test_what_may_still_decide_is_called_and_what_is_decided_is_watched(play):
    send(play, "dampit_1", [100, 80, 20])
    steps = []
    for chance in (None, 0.5, 0.01):
        if chance is not None:
            project(play, chance)
        report = signed_in(play.budi).get(reverse("targets", args=[play.election.slug])).context["report"]
        steps.append((str(report.rows[0].step.deed), report.rows[0].step.number))
    assert steps == [("call", 3), ("call", 3), ("watch", 0)]
    ProjectionRun.objects.all().delete()
    project(play, None, refusal="too_little")
    assert "belum cukup" in text_of(play.budi, reverse("targets", args=[play.election.slug]))


def test_a_new_projection_or_finding_is_news_on_the_list(play, expected):
    client, url = signed_in(play.budi), reverse("targets", args=[play.election.slug])
    tags = [client.get(url, headers={"HX-Request": "true"})["ETag"]]
    project(play, 0.5)
    tags.append(client.get(url, headers={"HX-Request": "true"})["ETag"])
    document(play, "H3", DESA, {}, station=play.stations["dampit_1"])
    tags.append(client.get(url, headers={"HX-Request": "true"})["ETag"])
    assert len(set(tags)) == 3


def test_the_loss_is_answered_on_its_own_page_and_by_those_who_decide(play, expected):
    finding = Finding.objects.get(rule="W", region=play.malang.region)
    client = Client()
    client.force_login(play.budi)
    page = client.get(reverse("finding", args=[finding.pk])).content.decode()
    seen = {"versi": finding.version, "peristiwa": finding.events.last().pk, "dari": ""}
    assert f'name="peristiwa" value="{seen["peristiwa"]}"' in page
    said = {"tindakan": "teruskan", "alasan": "Kumpulkan C1 Dampit untuk gugatan."}
    answered = client.post(reverse("finding-act", args=[finding.pk]), seen | said)
    assert (answered.status_code, answered["Location"]) == (302, reverse("finding", args=[finding.pk]))
    finding.refresh_from_db()
    assert finding.state == "diteruskan"
    assert said["alasan"] in client.get(answered["Location"]).content.decode()
    client.force_login(play.nasi)
    assert 'name="tindakan"' not in client.get(answered["Location"]).content.decode()
