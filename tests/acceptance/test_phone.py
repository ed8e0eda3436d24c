"""The witness's page on the phone: each step, what becomes of what was sent, and what stays when the phone fails."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tallies import assigning, preparation
from tallies.count_room import verification
from tallies.models import C1Form, Election, FormKind, Office, Phase, StationResult
from tallies.photos import photos_of
from tallies.preparation import NewPair, NewStation
from tallies.totals import rebuilding
from tests import cast
from tests.browsing import (  # noqa: F401  fixtures
    NARROWEST,
    PHONE,
    Overheard,
    Stage,
    committed_for_a_module,
    quick_and_quiet_for_a_module,
    stage_for_a_module,
)
from tests.looking import small_targets, sticks_out, structure, violations, walk_by_tab
from tests.phone_hands import (  # noqa: F401  fixture
    GOOD,
    HOME,
    at,
    begin,
    check,
    kept,
    line_for_a_test,
    phone,
    send,
    send_form,
    settled,
    signal,
    states,
    until,
    until_sent,
    visit,
    write,
)

pytestmark = pytest.mark.browser


def another_election(stage: Stage, who: str, slug: str, kind: str, **facts: Any) -> StationResult:
    """A TPS of ``who`` in an election of its own, with two pairs."""
    election = Election.objects.create(
        name=slug.title(), slug=slug, date=dt.date(2020, 12, 9), form_kind=kind, party_name="Partai Kita",
        **({"phase": Phase.OPEN} | facts),
    )  # fmt: skip
    pairs = [NewPair(1, "Contoh-Satu", usungan=True), NewPair(2, "Contoh-Dua")]
    preparation.create_contest(election, cast.region("35.07"), Office.REGENT, pairs)
    [made] = preparation.add_stations(election, [NewStation(cast.region("35.07.05.2001").pk, 1, 150, 150)])
    if who not in stage.play.people:
        stage.play.people[who] = cast.person(who, "saksi")
    assigning.assign(made, stage.person(who), by=stage.person("dewi"))
    rebuilding.rebuild(election)
    return StationResult.objects.get(station=made)


# Every step


def looked_at(page: Page, name: str) -> list[str]:
    """What a careful reader finds wrong with the screen: narrow and narrower, by axe and by keyboard."""
    # The frame of the page stays from step to step, and with it what an earlier walk noted there.
    page.evaluate("() => document.querySelectorAll('[data-walked]').forEach((one) => { delete one.dataset.walked; })")
    found = structure(page) + violations(page) + small_targets(page, controls=48, links=44) + sticks_out(page)
    found += walk_by_tab(page)
    page.set_viewport_size({"width": NARROWEST, "height": PHONE[1]})
    found += sticks_out(page)
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    return [f"{name}: {one}" for one in found]


def test_no_step_of_a_short_form_is_hard_to_read_or_to_reach(stage, line):
    result = stage.station("olga")
    page = phone(stage, "olga", line).new_page()
    heard = Overheard(page)
    page.goto(HOME)
    settled(page)
    found = looked_at(page, "my TPS")
    at(page, f"tps/{result.pk}")
    expect(page.locator("#yes")).to_be_visible()
    found += looked_at(page, "right station")
    at(page, f"tps/{result.pk}/salah")
    expect(page.locator("main a[href='#/']")).to_be_visible()
    found += looked_at(page, "wrong station")
    begin(page, result, [801])
    page.go_back()
    expect(page.locator("#done")).to_be_visible()
    found += looked_at(page, "photo")
    page.click("#done")
    found += looked_at(page, "figures, blank")
    write(page, valid_votes=246)
    expect(page.locator(".alert--ask").first).to_be_visible()
    found += looked_at(page, "figures, asked")
    page.click("main form .button--main")
    page.check("#objection-yes", force=True)
    found += looked_at(page, "objection")
    page.click("main .button--main")
    expect(page.locator("#send")).to_be_enabled()
    found += looked_at(page, "check again")
    send(page)
    until_sent(page)
    expect(page.locator(".receipt__code")).to_be_visible()
    found += looked_at(page, "receipt")
    for path in ("ponsel", "hapus", f"c6/{result.station_id}", "tps/0"):
        at(page, path)
        page.wait_for_timeout(150)
        found += looked_at(page, path)
    assert not found + heard.lines, "\n".join(found + heard.lines)


def test_no_step_of_a_full_form_is_hard_to_read_or_to_reach(stage, line):
    result = another_election(stage, "putri", "penuh", FormKind.FULL)
    page = phone(stage, "putri", line).new_page()
    heard = Overheard(page)
    page.goto(HOME)
    settled(page)
    begin(page, result, [])
    found = []
    for part in range(5):
        page.wait_for_function("(hash) => location.hash === hash", arg=f"#/angka/{result.pk}/{part}")
        expect(page.locator("main form input").first).to_be_visible()
        found += looked_at(page, f"part {part + 1}")
        for box in page.locator("main form input.figure__text").all():
            box.fill("7")
            box.press("Tab")
        page.click("main form .button--main")
    expect(page.locator("#objection-no")).to_be_visible()
    page.click("main .button--main")
    expect(page.locator("#send")).to_be_enabled()
    found += looked_at(page, "check again")
    uuid = send(page)
    until_sent(page)
    form = C1Form.objects.get(uuid=uuid)
    assert set(form.figures.votes.values()) | set(form.figures.values.values()) == {7}
    found += looked_at(page, "receipt")
    assert not found + heard.lines, "\n".join(found + heard.lines)


# Practice, corrections, news


def test_practice_is_for_any_number_of_times_and_never_in_the_election(stage, line):
    result = another_election(stage, "qori", "latihan", FormKind.SHORT, practice_of=stage.play.election)
    page = visit(phone(stage, "qori", line))
    for turn in (1, 2, 3):
        page.click(f"a:has-text('Mulai latihan ke-{turn}')")
        page.click("#yes")
        page.click("#sample")
        expect(page.locator("#done")).to_be_visible()
        expect(page.locator(".practice-band").first).to_be_visible()
        page.click("#done")
        expect(page.locator("#f-votes_1")).to_have_value("")
        for name, value in GOOD.items():
            if name != "votes_3":
                page.fill(f"#f-{name}", str(value))
        expect(page.locator(".practice-band").first).to_be_visible()
        check(page)
        expect(page.locator(".practice-band").first).to_be_visible()
        send(page)
        until_sent(page)
        expect(page.locator(".practice-band").first).to_be_visible()
        page.click("#finish")
    forms = C1Form.objects.filter(submitted_by=stage.person("qori"))
    assert forms.count() == 3
    assert {form.station.election_id for form in forms} == {result.station.election_id}
    assert rebuilding.differences(stage.play.election) == []


def test_a_correction_shows_what_changes_and_names_what_it_replaces(stage, line):
    result = stage.station("rani")
    page = visit(phone(stage, "rani", line))
    first = send_form(page, result, [821])
    until_sent(page)
    page.click("#finish")
    page.click("a:has-text('Perbaiki angka')")
    expect(page.locator("main")).to_contain_text("Ini memperbaiki kiriman Anda.")
    page.click("#yes")
    expect(page.locator("#f-votes_1")).to_have_value("100")
    page.fill("#f-votes_1", "101")
    page.fill("#f-valid_votes", "201")
    page.press("#f-valid_votes", "Tab")
    check(page)
    changes = page.locator("section:has(h2:text('Yang berubah')) li")
    assert [" ".join(text.split()) for text in changes.all_inner_texts()] == [
        "Sanusi-Didik 100 101",
        "A. Suara sah 200 201",
    ]
    second = send(page)
    until_sent(page)
    form = C1Form.objects.get(uuid=second)
    assert str(form.supersedes.uuid) == first
    assert len(photos_of(form)) == 1
    assert StationResult.objects.get(pk=result.pk).form == form


@pytest.mark.parametrize(
    ("decide", "words"),
    [
        (lambda form, by: verification.approve(form, by=by, seen=1), "Semua terkirim dan diperiksa."),
        (lambda form, by: verification.reject(form, by=by, seen=1, reason="Foto TPS lain"), "Foto TPS lain"),
        (lambda form, by: verification.ask_for_fix(form, by=by, seen=1, reason="Hal. 2 gelap"), "Hal. 2 gelap"),
    ],
    ids=["verified", "rejected", "needs fix"],
)
def test_what_the_coordinator_decides_is_on_the_phone_with_the_next_news(stage, line, request, decide, words):
    who = f"sri-{request.node.callspec.id.replace(' ', '-')}"
    result = stage.station(who)
    page = visit(phone(stage, who, line))
    uuid = send_form(page, result, [])
    until_sent(page)
    page.click("#finish")
    decide(C1Form.objects.get(uuid=uuid), stage.person("budi"))
    page.evaluate("dispatchEvent(new Event('online'))")
    expect(page.locator("main .alert", has_text=words)).to_be_visible()


def test_a_closed_election_says_why_and_takes_what_was_sent_off_the_phone(stage, line):
    result = another_election(stage, "tari", "berakhir", FormKind.SHORT)
    page = visit(phone(stage, "tari", line))
    begin(page, result, [841])
    for name, value in GOOD.items():
        if name != "votes_3":
            page.fill(f"#f-{name}", str(value))
    check(page)
    send(page)
    until_sent(page)
    page.click("#finish")
    Election.objects.filter(slug="berakhir").update(phase=Phase.CLOSED)
    page.reload()
    expect(page.locator("main")).to_contain_text("Pemilihan ini terkunci.")
    expect(page.locator("main")).to_contain_text("Perbaikan hanya lewat Staf DPD.")
    until(page, lambda: states(page) == [], "nothing kept")
    at(page, f"tps/{result.pk}")
    expect(page.locator("main .alert")).to_contain_text("Pemilihan ini terkunci.")
    expect(page.locator("#yes")).to_have_count(0)


def test_what_was_sent_can_be_removed_and_what_waits_cannot(stage, line):
    result = stage.station("umi")
    context = phone(stage, "umi", line)
    page = visit(context)
    signal(context, line, there=False)
    send_form(page, result, [851])
    at(page, "hapus")
    expect(page.locator("main .alert")).to_contain_text("Belum semua terkirim.")
    expect(page.locator("#remove")).to_have_count(0)
    signal(context, line, there=True)
    until_sent(page)
    at(page, "ponsel")
    page.click("main a:has-text('Hapus dari ponsel')")
    page.click("#remove")
    until(page, lambda: kept(page) == {"outbox": [], "photos": [], "drafts": []}, "an empty phone")
    assert C1Form.objects.filter(submitted_by=stage.person("umi")).count() == 1


# When the phone cannot


@pytest.mark.parametrize(
    "script",
    [
        "IDBFactory.prototype.open = () => { throw new DOMException('no', 'SecurityError'); };",
        "Object.defineProperty(Navigator.prototype, 'serviceWorker', { get: () => undefined });",
    ],
    ids=["no database", "no service worker"],
)
@pytest.mark.parametrize("address", [HOME, "/saksi/"])
def test_a_browser_that_keeps_nothing_gets_the_plain_page(stage, line, script, address):
    context = phone(stage, "siti", line)
    context.add_init_script(script)
    page = context.new_page()
    page.goto(address)
    expect(page.locator("[data-phone-cannot], a:has-text('Isi angka C1')").first).to_be_visible()
    assert page.url.startswith(f"{line.url}/saksi/")
    assert "ponsel" not in page.url


def test_without_javascript_the_plain_page_is_one_link_away(stage, line):
    page = phone(stage, "siti", line, java_script_enabled=False).new_page()
    page.goto(HOME)
    page.click("noscript a, a:has-text('Pakai halaman biasa')")
    expect(page.locator("a:has-text('Isi angka C1')").first).to_be_visible()


def test_a_full_phone_says_so_and_keeps_what_it_had(stage, line):
    result = stage.station("vera")
    page = visit(phone(stage, "vera", line))
    begin(page, result, [861])
    page.fill("#f-votes_1", "77")
    until(page, lambda: kept(page)["drafts"][0]["figures"] == {"votes_1": "77"}, "the first figure kept")
    page.evaluate(
        """() => {
          window.put = IDBObjectStore.prototype.put;
          IDBObjectStore.prototype.put = () => { throw new DOMException("full", "QuotaExceededError"); };
        }"""
    )
    page.fill("#f-votes_2", "78")
    expect(page.locator("main .alert--failed")).to_contain_text("Penyimpanan ponsel penuh.")
    assert kept(page)["drafts"][0]["figures"] == {"votes_1": "77"}
    assert len(kept(page)["photos"]) == 1
    # Room again: the next key stroke keeps both.
    page.evaluate("() => { IDBObjectStore.prototype.put = window.put; }")
    page.fill("#f-votes_3", "79")
    until(page, lambda: kept(page)["drafts"][0]["figures"] == {f"votes_{n}": f"7{n + 6}" for n in (1, 2, 3)}, "kept")
