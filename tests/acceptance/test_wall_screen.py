"""A big screen in a real browser: it follows by itself, says when it is cut off, is empty once its link has ended."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.cache import cache
from playwright.sync_api import Page, expect

from tallies import preparation
from tallies.models import Office, WallLink
from tallies.preparation import NewPair
from tallies.totals import rebuilding, wall_links
from tests import cast
from tests.browsing import (  # noqa: F401  fixtures
    Overheard,
    Stage,
    committed_for_a_module,
    quick_and_quiet_for_a_module,
    stage_for_a_module,
)

pytestmark = pytest.mark.browser

WALL = (1920, 1080)


def furnish(stage: Stage) -> None:
    """More contests of one provinsi than a screen holds at once."""
    cast.import_regions(
        [cast.Row(f"35.{n}", "35", cast.Level.REGENCY, f"Kabupaten Nomor {n}") for n in range(41, 71)]
    )
    for number in range(41, 71):
        pairs = [NewPair(1, "Contoh-Satu", usungan=True), NewPair(2, "Contoh-Dua")]
        preparation.create_contest(stage.play.election, cast.region(f"35.{number}"), Office.REGENT, pairs)
    for code, number_of_pairs in (("35.80", 3), ("35.81", 5)):
        cast.import_regions([cast.Row(code, "35", cast.Level.REGENCY, f"Kabupaten Nomor {code}")])
        pairs = [
            NewPair(number, f"Muhammad Contoh Fahmawati-Abdurrahman Contoh Al Barra {number}", usungan=number == 1)
            for number in range(1, number_of_pairs + 1)
        ]
        preparation.create_contest(stage.play.election, cast.region(code), Office.REGENT, pairs)
    rebuilding.rebuild(stage.play.election)
    stage.send("dampit_1", [100, 80, 20], by="siti")


def opened(stage: Stage, code: str = "35.07", **options: object) -> tuple[WallLink, Page, Overheard]:
    """A new link, on a screen of its own with a clock that only the test moves."""
    lasts = dt.timedelta(days=1)
    link, token = wall_links.make(
        stage.play.election, cast.region(code), Office.REGENT, lasts=lasts, language="id", by=stage.person("budi")
    )
    context = stage.context(viewport={"width": WALL[0], "height": WALL[1]}, **options)
    page = context.new_page()
    overheard = Overheard(page)
    page.clock.install(time=0)
    page.clock.pause_at(1_000)
    page.goto(f"/layar/{token}/")
    return link, page, overheard


def footer(page: Page) -> object:
    return page.locator(".wall__foot")


def test_a_screen_follows_a_new_form_without_reload(stage):
    _link, page, overheard = opened(stage)
    expect(footer(page)).to_contain_text("TPS masuk 1 dari 4")
    page.evaluate("window.stayed = true")
    stage.send("dampit_2", [10, 20, 30], by="siti")
    cache.clear()  # what is kept for fifteen seconds
    page.clock.run_for(5_100)
    expect(footer(page)).to_contain_text("TPS masuk 2 dari 4")
    expect(page.locator(".result").first).to_contain_text("110 suara")
    assert page.evaluate("window.stayed") is True
    assert page.context.cookies() == []
    assert overheard.lines == []


@pytest.mark.parametrize("how", ["revoked", "expired"])
def test_a_screen_whose_link_has_ended_shows_no_number_any_more(stage, how):
    link, page, _overheard = opened(stage)
    expect(page.locator("body")).to_contain_text("Sanusi-Didik")
    if how == "revoked":
        wall_links.revoke(link, by=stage.person("budi"))
        page.clock.run_for(5_100)
    else:
        page.context.set_offline(True)  # nobody can tell it
        page.clock.fast_forward(24 * 3600 * 1000 + 6_000)
    expect(page.locator("h1")).to_have_text("Layar ini sudah berakhir")
    assert page.locator("body").inner_text().split("\n")[0] == "Layar ini sudah berakhir"
    assert page.locator(".result, .wall__foot, [data-clock]").count() == 0
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.clock.run_for(30_000)
    assert asked == []
    page.context.close()


def test_a_lost_connection_is_said_and_the_old_numbers_stay_with_their_time(stage):
    _link, page, _overheard = opened(stage)
    alert = page.locator("#wall-lost")
    counted = footer(page).locator("time").inner_text()
    expect(alert).to_be_hidden()
    page.context.set_offline(True)
    page.clock.run_for(5_100)
    expect(alert).to_contain_text("Tidak tersambung sejak")
    expect(page.locator("body")).to_contain_text("Sanusi-Didik")
    assert footer(page).locator("time").inner_text() == counted
    page.context.set_offline(False)
    page.clock.run_for(5_100)
    expect(alert).to_be_hidden()


def names(page: Page) -> list[str]:
    return page.locator("tr[data-item]:visible th").all_inner_texts()


def test_a_list_that_is_too_long_turns_its_pages_by_itself(stage):
    _link, page, _overheard = opened(stage, "35")
    # Cut off, so that no answer comes in between; the alert takes room from the list.
    page.context.set_offline(True)
    page.clock.run_for(5_100)
    expect(page.locator("#wall-lost")).to_be_visible()
    first = names(page)
    expect(page.locator("[data-position]")).to_contain_text("Halaman 1 dari")
    pages = int(page.locator("[data-position]").inner_text().split()[-1])
    found = list(first)
    for _ in range(pages - 1):
        page.clock.run_for(12_000)
        found += names(page)
    assert len(found) == 34 == len(set(found))
    page.clock.run_for(12_000)
    assert names(page) == first
    table, foot = page.locator(".wall__turn").bounding_box(), footer(page).bounding_box()
    assert table["y"] + table["height"] <= foot["y"]


def test_who_wants_no_motion_gets_the_whole_list_to_scroll(stage):
    _link, page, _overheard = opened(stage, "35", reduced_motion="reduce")
    assert len(names(page)) == 34
    page.clock.run_for(12_000)
    assert len(names(page)) == 34
    box = page.locator(".wall__turn").first
    assert box.evaluate("(e) => [e.scrollHeight > e.clientHeight, getComputedStyle(e).overflowY]") == [True, "auto"]


@pytest.mark.parametrize(("code", "number_of_pairs"), [("35.80", 3), ("35.81", 5)])
def test_all_pairs_stand_there_at_once_whatever_their_names(stage, code, number_of_pairs):
    _link, page, _overheard = opened(stage, code)
    expect(page.locator(".result:visible")).to_have_count(number_of_pairs)
    bottom = max(box["y"] + box["height"] for box in (one.bounding_box() for one in page.locator(".result").all()))
    assert bottom <= page.locator(".wall__turn").first.evaluate("(e) => e.getBoundingClientRect().bottom") + 1


def test_nothing_of_a_screen_is_smaller_than_a_hall_can_read(stage):
    for code in ("35.07", "35"):
        _link, page, _overheard = opened(stage, code)
        small = page.evaluate(
            """() => {
              const words = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
              const found = [];
              while (words.nextNode()) {
                const e = words.currentNode.parentElement;
                if (!words.currentNode.data.trim() || !e.checkVisibility()) continue;
                if (e.closest(".visually-hidden, .skip-link")) continue;
                const size = parseFloat(getComputedStyle(e).fontSize);
                if (size < 22) found.push(`${size}: ${words.currentNode.data.trim()}`);
              }
              return found;
            }"""
        )
        assert small == []
        assert page.evaluate("[document.documentElement.scrollHeight, innerHeight]") == [WALL[1], WALL[1]]
