"""Pages used in a real browser: by keyboard, live, without scripts, from the witness to the coordinator and back."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connections
from playwright.sync_api import Page, expect

from accounts.models import User
from sista import background
from tallies import audit, photos
from tallies.models import (
    C1Form,
)
from tallies.totals import rebuilding
from tests import cast, finding_makers
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
from tests.looking import tab_to, violations
from tests.pages_seen import c1, figures, furnish, resize, result  # noqa: F401  furnish: for the stage
from tests.sending import picture

pytestmark = pytest.mark.browser


def test_a_phone_spends_one_line_on_the_masthead_and_one_on_the_way_back_in_both_languages(stage):
    page = stage.page("rina", PHONE)
    for language in ("en", "id"):
        User.objects.filter(username="rina").update(language=language)
        page.goto("/hasil/pilkada-2020/35.07.05.2001/")
        brand, side, trail = (
            page.locator(what).bounding_box() for what in (".brand", ".masthead__side", ".breadcrumb ol")
        )
        assert abs(brand["y"] + brand["height"] / 2 - side["y"] - side["height"] / 2) < 8
        assert trail["height"] <= 46
        assert page.locator(".breadcrumb a:visible").count() == 2


def test_the_sum_of_the_pairs_stands_in_line_with_the_boxes(stage):
    page = stage.page("siti")
    page.goto(c1(stage, "dampit_1"))
    for size in (PHONE, DESKTOP):
        resize(page, *size)
        rows = [page.locator(".figure-row--sum"), page.locator(".figure-row:has([name=valid_votes])")]
        labels = {row.locator(".figure-row__label").bounding_box()["x"] for row in rows}
        boxes = {row.locator(".figure").bounding_box()["x"] for row in rows}
        assert (len(labels), len(boxes)) == (1, 1), size
    page.close()


@pytest.mark.parametrize("language", ["id", "en"])
@pytest.mark.parametrize(
    ("who", "address", "line"),
    [
        ("lati", lambda s: "/saksi/?biasa", ".practice-band"),
        ("budi", lambda s: f"/hasil/pilkada-2020/tps/{result(s, 'dampit_1').pk}/", ".facts dd"),
        ("dewi", lambda s: "/admin/", ".unfinished th.unfinished__number"),
    ],
)
def test_on_a_phone_a_warning_a_code_and_a_heading_take_one_line(stage, language, who, address, line):
    User.objects.filter(username=who).update(language=language)
    page = stage.page(who, PHONE)
    try:
        page.goto(address(stage))
        lines = page.locator(line).first.evaluate(
            """(e) => {
              const text = document.createRange();
              text.selectNodeContents(e);
              return new Set([...text.getClientRects()].map((box) => Math.round(box.top))).size;
            }"""
        )
        assert lines == 1
    finally:
        page.close()
        User.objects.filter(username=who).update(language="id")


def test_the_fields_of_an_admin_form_are_equally_high(stage):
    User.objects.filter(username="dewi").update(language="en")  # its longest label takes two lines
    page = stage.page("dewi")
    page.goto("/admin/accounts/user/add/")
    for size in (DESKTOP, PHONE):
        resize(page, *size)
        fields = page.locator(".form-row input:visible").all()
        heights = {round(box["height"]) for box in (field.bounding_box() for field in fields) if box}
        assert len(heights) == 1, (size, heights)
    page.close()
    User.objects.filter(username="dewi").update(language="id")


# Without a mouse


def follow(page: Page, target: str, key: str = "Enter") -> None:
    """Go to a link or button by Tab and on to the page it leads to."""
    tab_to(page, target)
    with page.expect_navigation():
        page.keyboard.press(key)


def write(page: Page, **values: int) -> None:
    for name, value in values.items():
        tab_to(page, f"[name={name}]")
        page.keyboard.type(str(value))


def test_a_witness_sends_a_c1_without_a_mouse(stage):
    stage.station("tari")
    page = stage.page("tari", PHONE)
    page.goto("/saksi/?biasa")
    follow(page, ".button--main")
    expect(page.locator("h1")).to_have_text("Isi angka")
    write(page, votes_1=100, votes_2=80, votes_3=20)
    expect(page.locator("[data-figure-sum]")).to_have_text("200")
    write(page, voters_total=205, valid_votes=200, invalid_votes=5)
    tab_to(page, "#objection-ada")
    page.keyboard.press("Space")
    page.keyboard.press("ArrowRight")
    assert page.is_checked("#objection-tidak")
    follow(page, "button.button--main[value=check]")
    expect(page.locator("h1")).to_have_text("Periksa kembali")
    follow(page, "button[value=send]", "Space")
    expect(page.locator("h1")).to_have_text("Angka terkirim")
    form = C1Form.objects.get(submitted_by=stage.person("tari"))
    assert (form.figures.votes, form.objection) == ({1: 100, 2: 80, 3: 20}, False)
    follow(page, ".button--main")
    # On to the page that works without a network, which knows of it.
    expect(page.locator(".items")).to_contain_text("Terkirim, menunggu verifikasi")


def test_a_coordinator_verifies_without_a_mouse(stage):
    mine = stage.station("vera")
    stage.send("vera's", [100, 80, 20], by="vera")
    page = stage.page("rina")
    page.goto("/hasil/pilkada-2020/35.07/")
    follow(page, "nav.tabs a[href*=verifikasi]")
    follow(page, f"a[href^='/verifikasi/tps/{mine.pk}/']")
    follow(page, "#verify button")
    expect(page.locator(".alert--done")).to_contain_text("terverifikasi")
    mine.refresh_from_db()
    assert mine.review == "verified"


def faces(page: Page) -> list[str]:
    """What the tiles show: only the chosen one of their two faces is seen."""
    return page.locator("#report .tile__face:visible .tile__value").all_inner_texts()


@pytest.mark.parametrize("scripts", [True, False], ids=["", "without scripts"])
def test_a_reader_chooses_what_the_tiles_show_without_a_mouse_or_a_request(stage, scripts):
    context = stage.context("budi", java_script_enabled=scripts)
    page = context.new_page()
    # What is fetched after the page, and moves it, is there.
    page.goto("/hasil/pilkada-2020/35.07/?urut=nama", wait_until="networkidle")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    shown = faces(page)
    assert all(text.endswith("%") for text in shown)
    # The browser brings what has the focus into sight; from there nothing moves.
    page.locator("#peta-cakupan").focus()
    stood = page.locator("#report .tile").first.bounding_box()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#peta-unggul")).to_be_checked()
    assert faces(page) != shown
    assert page.locator("#report .tile").first.bounding_box() == stood
    assert [url for url in asked if "peta" in url] == []
    page.keyboard.press("ArrowLeft")
    assert faces(page) == shown


def test_a_tile_leads_to_its_region(stage):
    page = stage.page("budi")
    page.goto("/hasil/pilkada-2020/35.07/")
    follow(page, ".tile[href*='35.07.06']")
    expect(page.locator("h1")).to_have_text("Kec. Gedangan")


@pytest.mark.parametrize("size", [PHONE, (1440, 900)], ids=["phone", "desktop"])
def test_the_picture_of_arrivals_is_drawn_in_the_room_kept_for_it(stage, size):
    page = stage.page("budi", size)
    overheard = Overheard(page)
    page.goto("/hasil/pilkada-2020/35.07/")
    picture = page.locator("#report img[src*=kedatangan]")
    picture.scroll_into_view_if_needed()
    expect(picture).to_have_js_property("complete", True)
    drawn = picture.evaluate("(img) => [img.currentSrc.includes('ukuran=kecil'), img.naturalWidth]")
    assert drawn == ([True, 328] if size == PHONE else [False, 560])
    frame = page.locator("#report .chart-frame").bounding_box()
    assert picture.bounding_box()["height"] == pytest.approx(frame["height"], abs=1)
    assert overheard.lines == []


def test_a_picture_of_arrivals_opened_alone_keeps_its_look(stage):
    page = stage.page("budi")
    overheard = Overheard(page)
    page.goto("/hasil/pilkada-2020/35.07/kedatangan.svg")
    assert page.evaluate("getComputedStyle(document.querySelector('.series path')).fill") == "none"
    assert overheard.lines == []


# Live


def is_at(page: Page, number: str) -> Any:
    return expect(page.locator("#report .results-count .stat__value")).to_contain_text(number, timeout=9000)


def watch(page: Page) -> None:
    """From now on count what moves, and notice a reload."""
    page.evaluate(
        """() => {
          window.moved = [];
          new PerformanceObserver((list) => list.getEntries().forEach((entry) => window.moved.push(
            entry.value.toFixed(4) + " " + entry.sources.map((s) => s.node?.outerHTML?.slice(0, 90)).join(" ; "))))
            .observe({type: "layout-shift"});
        }"""
    )


def standing(page: Page) -> dict[str, Any]:
    """Where everything is. The browser does not count a shift of what was swapped for new nodes: boxes do."""
    return page.evaluate(
        """() => {
          const all = (what) => [...document.querySelectorAll(what)];
          const box = (e) => {
            const {x, y, width, height} = e.getBoundingClientRect();
            return [x, y, width, height].map(Math.round);
          };
          return {
            moved: window.moved, focus: document.activeElement.id, scrolled: scrollY,
            rows: all("tr[data-row]").map((row) => row.dataset.row),
            panels: all("#report .panel, #report h1").map(box),
            tiles: all("#report .tile").map((tile) => [tile.id, ...box(tile)]),
            chosen: all("#report [name=peta]:checked").map((radio) => radio.value),
            cells: all("#report tr[data-row]:first-child > *").map(box),
          };
        }"""
    )


@pytest.mark.parametrize("size", [PHONE, (1440, 420)], ids=["phone", "desktop"])
def test_a_page_refreshes_itself_and_nothing_moves(stage, size):
    witness = f"lia{size[0]}"
    stage.station(witness)
    page = stage.page("budi", size)
    # By its lead: the new form turns the order of the two kecamatan round.
    page.goto("/hasil/pilkada-2020/35.07/?urut=unggul")
    before = int(page.locator("#report .results-count .stat__value").inner_text().split()[0])
    turned = [1000, 1000, 0] if page.locator("#report tbody th").first.inner_text() == "Dampit" else [0, 0, 1300]
    page.check("#peta-unggul")
    page.focus("#report tbody th a >> nth=1")
    # The browser's own remedy would hide what moves.
    page.evaluate("document.documentElement.style.overflowAnchor = 'none'")
    page.wait_for_timeout(100)
    watch(page)
    stood = standing(page)
    assert stood["scrolled"] > 0
    assert (stood["chosen"], len(stood["tiles"])) == (["unggul"], 2)
    stage.send(f"{witness}'s", turned, by=witness)
    is_at(page, f"{before + 1}")
    expect(page.locator("[data-reorder]")).to_be_visible()
    page.wait_for_timeout(300)
    assert standing(page) == stood
    # Only whoever asks gets the new order.
    page.click("[data-reorder]")
    assert standing(page)["rows"] == stood["rows"][::-1]


def test_a_new_finding_is_offered_and_moves_no_row(stage):
    page = stage.page("budi")
    page.goto("/analisis/pilkada-2020/temuan/")
    names = "[...document.querySelectorAll('tr[data-row]')].map((row) => row.dataset.row)"
    stood = page.evaluate(names)
    page.focus("tr[data-row] a.wide-only >> nth=3")
    focused = page.evaluate("document.activeElement.id")
    new = finding_makers.write(stage.play, "D1", "gedangan_1", severity=4, stake=9_000)
    expect(page.locator("[data-reorder]")).to_have_text("1 baru, urutkan lagi", use_inner_text=True)
    assert page.evaluate(names) == [*stood, str(new.pk)]
    assert page.evaluate("document.activeElement.id") == focused
    page.click("[data-reorder]")
    assert page.evaluate(names) == [str(new.pk), *stood]
    new.delete()
    page.close()


def test_a_lost_connection_is_said_and_the_old_numbers_stay(stage):
    context = stage.context("budi")
    page = context.new_page()
    page.clock.install()
    page.goto("/hasil/pilkada-2020/35.07/")
    expect(page.locator("#work .rows__number").first).not_to_have_text("–")
    shown = page.locator("#report").inner_text()
    page.focus("#report tbody th a >> nth=0")
    focused = page.evaluate("document.activeElement.id")
    expect(page.locator("#live-lost")).to_be_hidden()
    context.set_offline(True)
    page.clock.run_for(5_100)
    expect(page.locator("#live-lost")).to_be_visible()
    expect(page.locator("#live-lost")).to_contain_text("Tidak tersambung sejak")
    expect(page.locator("#live-state [data-live=lost]")).to_be_visible()
    assert page.locator("#report").inner_text() == shown
    assert page.evaluate("document.activeElement.id") == focused
    assert violations(page) == []
    context.set_offline(False)
    page.clock.run_for(5_100)
    expect(page.locator("#live-lost")).to_be_hidden()


# Without JavaScript


def test_the_whole_path_of_a_witness_needs_no_javascript(stage, tmp_path):
    stage.station("nur")
    photo = tmp_path / "c1.jpg"
    photo.write_bytes(picture(size=(900, 1200), seed=7))
    page = stage.context(java_script_enabled=False, viewport={"width": NARROWEST, "height": PHONE[1]}).new_page()
    page.goto("/saksi/")
    page.fill("[name=username]", "nur")
    page.fill("[name=password]", cast.PASSWORD)
    page.click("button.button--main")
    page.click("a.button--main:has-text('Isi angka C1')")
    page.set_input_files("[name=photos]", photo)
    figures(page, voters_total=205, valid_votes=201, invalid_votes=4)
    page.check("#objection-ada")
    page.fill("[name=note]", "Pemilih pindahan tanpa surat")
    page.click("button.button--main[value=check]")
    expect(page.locator("h1")).to_have_text("Periksa kembali")
    for answer in page.locator("[name=confirmed]").all():
        answer.check()
    page.click("button[value=send]")
    expect(page.locator("h1")).to_have_text("Angka terkirim")
    expect(page.locator(".receipt__code")).to_have_text(C1Form.objects.get(submitted_by__username="nur").receipt)
    photos.process_waiting()
    page.click(".button--main")
    expect(page.locator("img.thumb")).to_have_js_property("naturalWidth", 240)
    page.click("button:has-text('Keluar')")
    expect(page.locator("h1")).to_have_text("Masuk")
    form = C1Form.objects.get(submitted_by=stage.person("nur"))
    assert (form.confirmed, form.objection, form.note) == (form.checks, True, "Pemilih pindahan tanpa surat")
    assert form.checks


# The main job


@contextmanager
def worker() -> Iterator[None]:
    """The embedded worker's rounds, as the one web process makes them."""
    over = threading.Event()

    def rounds() -> None:
        try:
            while not over.wait(0.2):
                background.work(background.TOTALS_JOBS + background.PHOTO_JOBS)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        thread = pool.submit(rounds)
        try:
            yield
        finally:
            over.set()
        thread.result(30)


def test_from_the_witness_to_the_coordinator_and_back(stage, tmp_path):
    """A witness sends; the coordinator sees it at once, compares the photo, verifies; the witness reads it."""
    mine = stage.station("sari", village="35.07.06.2001")
    photo = tmp_path / "c1.jpg"
    photo.write_bytes(picture(size=(1200, 1600), seed=9))
    witness, coordinator = stage.page("sari", PHONE), stage.page("budi")
    coordinator.goto("/hasil/pilkada-2020/35.07.06.2001/")
    is_at(coordinator, "1 dari 2")
    with worker():
        witness.goto("/saksi/?biasa")
        witness.click(".button--main")
        witness.set_input_files("[name=photos]", photo)
        figures(witness, voters_total=205, valid_votes=200, invalid_votes=5)
        witness.click("button.button--main[value=check]")
        witness.click("button[value=send]")
        expect(witness.locator("h1")).to_have_text("Angka terkirim")
        sent = time.monotonic()
        is_in = coordinator.locator("#report .results-count .stat__value:has-text('2 dari 2')")
        while not is_in.count() and time.monotonic() - sent < 10:
            coordinator.reload()
        seconds = time.monotonic() - sent
        coordinator.click("nav.tabs a[href*=verifikasi]")
        coordinator.click(f"a[href^='/verifikasi/tps/{mine.pk}/']")
        shown = coordinator.locator("[data-viewer-photo] img")
        while not shown.count() and time.monotonic() - sent < 20:
            coordinator.reload()
        expect(shown).to_have_js_property("naturalWidth", 1200)
        coordinator.click("#verify button")
        expect(coordinator.locator(".alert--done")).to_contain_text("terverifikasi")
    witness.goto("/saksi/?biasa")
    expect(witness.locator("main")).to_contain_text("Terverifikasi")
    # Two seconds on a machine of one's own; a shared one may be slow.
    assert seconds < 4
    assert list(audit.verify()) == []
    assert rebuilding.differences(stage.play.election) == []
