"""A coordinator's evening in a browser: the overview, who is not in, a call, a reminder, a form on paper."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tallies import assigning, preparation
from tallies.models import C1Form, Channel, ContactAttempt, OutgoingSms
from tallies.preparation import NewStation
from tallies.sms import sending
from tallies.totals import rebuilding
from tests import cast
from tests.browsing import (  # noqa: F401  fixtures
    DESKTOP,
    NARROWEST,
    PHONE,
    Overheard,
    Stage,
    committed_for_a_module,
    quick_and_quiet_for_a_module,
    stage_for_a_module,
)
from tests.looking import small_targets, sticks_out, structure, tab_to, violations, walk_by_tab

pytestmark = pytest.mark.browser

TABLET = (820, 1180)
LIST = "/belum-masuk/pilkada-2020/"


def furnish(stage: Stage) -> None:
    """Gedangan leads and has two silent stations, one for each walk; Dampit trails."""
    play = stage.play
    for name, number in (("siti", "0812-0000-0001"), ("wati", "0812-0000-0009")):
        play.people[name].phone = number
        play.people[name].save()
    village = cast.region("35.07.06.2001").pk
    made = preparation.add_stations(play.election, [NewStation(village, n, 150 + n, 150) for n in (2, 3)])
    for number, station in enumerate(made):
        witness = cast.person(f"gita{number}", "saksi", phone=f"0812-0000-010{number}")
        assigning.assign(station, witness, by=play.dewi)
        play.stations[f"gedangan_{2 + number}"] = station
    rebuilding.rebuild(play.election)
    stage.send("gedangan_1", [150, 30, 20], by="siti")
    stage.send("dampit_1", [30, 150, 20], by="siti")


def looked_at(page: Page, size: tuple[int, int]) -> list[str]:
    controls = 32 if size == DESKTOP else 44
    return [
        *violations(page),
        *structure(page),
        *sticks_out(page),
        *small_targets(page, controls=controls, links=24),
    ]


@pytest.mark.parametrize(("size", "station"), [(DESKTOP, "gedangan_3"), (TABLET, "gedangan_2")])
def test_from_the_overview_to_a_form_on_paper(stage: Stage, size: tuple[int, int], station: str) -> None:
    result = stage.play.result(station)
    page = stage.page("budi", size)
    overheard = Overheard(page)
    page.goto("/hasil/pilkada-2020/35.07/")
    expect(page.locator("#newest li")).not_to_have_count(0)
    strongholds = page.locator("#work li", has_text="Kantong suara belum masuk")
    expect(strongholds.locator(".rows__number")).to_have_text(re.compile("[12]"))
    assert looked_at(page, size) == []

    # Who is not in: the stronghold first.
    strongholds.get_by_role("link").click()
    expect(page.locator("h1")).to_have_text("Kantong suara belum masuk")
    row = page.locator(f"#tps-{result.pk}")
    expect(row.get_by_role("link", name=re.compile("^0812"))).to_have_attribute("href", re.compile(r"^tel:\+62812"))
    assert [*looked_at(page, size), *walk_by_tab(page)] == []

    # A call, by keyboard: one press, and the focus stays where it was.
    button = f"#press-{result.pk}-tidak_diangkat"
    tab_to(page, button)
    page.keyboard.press("Enter")
    expect(row.locator(".silent__last b")).to_have_text("Tidak diangkat")
    expect(page.locator("#silent-said")).to_contain_text("Tercatat: TPS 00")
    assert page.evaluate("document.activeElement.id") == button[1:]
    row.get_by_text("Lain-lain").click()
    row.get_by_label("Apa hasilnya").fill("Istrinya mengangkat")
    row.get_by_role("button", name="Catat").click()
    expect(row.locator(".silent__last")).to_contain_text("Istrinya mengangkat")
    outcomes = ContactAttempt.objects.filter(result=result).order_by("pk").values_list("outcome", flat=True)
    assert list(outcomes) == ["tidak_diangkat", "lain"]

    # A reminder: whom it reaches first, then how far it is.
    row.locator("input[name=tps]").check()
    page.get_by_role("button", name="Ingatkan yang dipilih").click()
    expect(page.locator(".quote")).to_contain_text(f"{result.station.title} Sukamaju")
    assert looked_at(page, size) == []
    page.get_by_role("button", name="Kirim 1 pengingat").click()
    expect(page.locator("#progress")).to_contain_text("0 dari 1 SMS terkirim")
    sending.send_waiting()
    expect(page.locator("#progress")).to_contain_text("1 dari 1 SMS terkirim")
    assert looked_at(page, size) == []
    assert OutgoingSms.objects.filter(reminders__attempts__result=result).count() == 1

    # The form comes on paper.
    page.goto(LIST)
    page.locator(f"#tps-{result.pk}").get_by_role("link", name="Isi dari kertas").click()
    assert [*looked_at(page, size), *walk_by_tab(page)] == []
    for name, value in (("voters_total", 205), ("votes_1", 120), ("votes_2", 60), ("votes_3", 20)):
        page.fill(f"[name={name}]", str(value))
    page.fill("[name=valid_votes]", "201")
    page.fill("[name=invalid_votes]", "5")
    page.press("[name=invalid_votes]", "Enter")
    expect(page.get_by_role("button", name="Simpan C1")).to_be_visible()
    assert looked_at(page, size) == []
    page.fill("[name=valid_votes]", "200")
    page.get_by_role("button", name="Periksa kembali").last.click()
    expect(page.locator(".alert--done")).to_be_visible()
    page.get_by_role("button", name="Simpan C1").click()
    expect(page.locator("h1")).to_have_text("C1 tersimpan")
    form = C1Form.objects.get(station=result.station)
    assert (form.channel, form.submitted_by, form.checks) == (Channel.COUNT_ROOM, stage.person("budi"), [])
    expect(page.locator(".receipt__code")).to_have_text(form.receipt)
    assert looked_at(page, size) == []
    assert overheard.lines == []
    page.close()


@pytest.mark.parametrize("size", [PHONE, (NARROWEST, 640)])
def test_the_list_and_the_paper_fit_a_phone(stage: Stage, size: tuple[int, int]) -> None:
    page = stage.page("budi", size)
    overheard = Overheard(page)
    for address in (LIST, f"/belum-masuk/tps/{stage.play.result('pamotan_1').pk}/kertas/", f"{LIST}kertas/"):
        page.goto(address)
        assert [address, *violations(page), *sticks_out(page), *small_targets(page, controls=44, links=24)] == [
            address
        ]
    assert overheard.lines == []
    page.close()


def test_a_press_that_the_server_did_not_hear_is_said(stage: Stage) -> None:
    page = stage.page("budi")
    page.goto(LIST)
    page.route("**/catat/", lambda route: route.abort())
    row = page.locator(f"#tps-{stage.play.result('pamotan_1').pk}")
    row.get_by_role("button", name="Akan dikirim").click()
    expect(page.locator("#silent-failed")).to_be_visible()
    page.unroute("**/catat/")
    row.get_by_role("button", name="Akan dikirim").click()
    expect(page.locator("#silent-failed")).to_be_hidden()
    assert ContactAttempt.objects.filter(result=stage.play.result("pamotan_1")).count() == 1
    page.close()


def test_a_refreshed_report_keeps_the_work_that_is_left(stage: Stage) -> None:
    page = stage.page("budi")
    page.goto("/hasil/pilkada-2020/35.07/")
    expect(page.locator("#newest li")).not_to_have_count(0)
    page.evaluate("document.getElementById('work').dataset.seen = 'yes'")
    count = page.locator(".results-count .stat__value")
    before = count.inner_text()
    stage.send("dampit_2", [30, 150, 20], by="siti")
    page.evaluate("document.getElementById('report').dispatchEvent(new CustomEvent('refresh'))")
    expect(count).not_to_have_text(before)
    expect(page.locator("#work[data-seen=yes] .rows__number").first).to_have_text(re.compile("[0-9]"))
    expect(page.locator("#newest")).to_contain_text("TPS 002, Sukamaju")
    page.close()
