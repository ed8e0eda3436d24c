"""The witness's phone on bad lines and none: what was sent is on the server once, and nothing is lost on the way."""

from __future__ import annotations

import datetime as dt
import hashlib

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.sessions import SessionStore
from tallies import assigning, photos
from tallies.models import Assignment, C1Form, Photo, QuarantinedForm, StationResult
from tallies.totals import rebuilding
from tests import cast, phones
from tests.browsing import (  # noqa: F401  fixtures
    Stage,
    committed_for_a_module,
    quick_and_quiet_for_a_module,
    stage_for_a_module,
)
from tests.phone_hands import (  # noqa: F401  fixture
    HOME,
    fill_in,
    kept,
    line_for_a_test,
    phone,
    same_phone,
    send,
    send_form,
    settled,
    signal,
    signed_in,
    states,
    until,
    until_sent,
    visit,
)

pytestmark = pytest.mark.browser


def forms_of(stage: Stage, who: str) -> list[C1Form]:
    return list(C1Form.objects.filter(submitted_by=stage.person(who)).order_by("pk"))


def all_arrived_once(stage: Stage, who: str, page: Page, uuids: list[str], pictures: int) -> None:
    """The forms and their photos are on the server, each once, byte for byte what the phone says it has."""
    forms = forms_of(stage, who)
    assert sorted(str(form.uuid) for form in forms) == sorted(uuids)
    named = [name.sha256 for form in forms for name, _ in photos.photos_of(form)]
    assert len(named) == len(set(named)) == pictures
    assert sorted(named) == sorted(photo["sha256"] for photo in kept(page)["photos"])
    for sha256 in named:
        with photos.store().open(photos.original_name(sha256)) as stored:
            assert hashlib.sha256(stored.read()).hexdigest() == sha256
    assert set(states(page)) == {"sent"}


# From the activation on


def test_from_the_activation_on_everything_works_offline_and_after_the_browser_was_closed(stage, line, tmp_path):
    results = [stage.station("ayu") for _ in range(3)]
    context = same_phone(stage, tmp_path, line)
    page = context.new_page()
    page.goto(phones.link_for(stage.person("ayu"), by=stage.person("budi")))
    page.fill("[name=pin]", phones.PIN)
    page.fill("[name=again]", phones.PIN)
    page.click("button.button--main")
    # The activation leads to the plain page, and that one on to the page of the phone.
    page.wait_for_url(f"**{HOME}")
    settled(page)
    context.close()
    line.is_down = True
    # The browser is opened where there is no network: a cold start.
    context = same_phone(stage, tmp_path, line)
    page = context.new_page()
    page.goto(HOME)
    uuids = [send_form(page, result, [10 * at + 1, 10 * at + 2]) for at, result in enumerate(results, start=1)]
    expect(page.locator("h1")).to_have_text("Tersimpan di ponsel")
    assert states(page) == ["waiting"] * 9
    context.close()
    context = same_phone(stage, tmp_path, line)
    page = context.new_page()
    page.goto(HOME)
    expect(page.locator(".alert--queue")).to_contain_text("3 formulir dan 6 foto terkirim sendiri begitu ada sinyal")
    assert forms_of(stage, "ayu") == []
    signal(context, line, there=True)
    until_sent(page)
    all_arrived_once(stage, "ayu", page, uuids, 6)
    expect(page.locator(".alert--queue")).to_have_count(0)
    for form in forms_of(stage, "ayu"):
        page.goto(f"{HOME}#/kiriman/{form.uuid}")
        expect(page.locator(".receipt__code")).to_have_text(form.receipt)
    context.close()


# Bad lines


def test_with_a_quarter_of_the_requests_cut_on_a_slow_line_little_is_sent_twice(stage, line):
    """50 kbit/s, every fourth request lost, before or after the server has done its work."""
    result = stage.station("bayu")
    context = phone(stage, "bayu", line)
    page = visit(context)
    line.become(lost=0.25, bits=50_000, seed=31)
    uuid = send_form(page, result, [101, 102], size=(420, 560))
    until_sent(page, seconds=120)
    all_arrived_once(stage, "bayu", page, [uuid], 2)
    sizes = sum(photo["blob"] for photo in kept(page)["photos"])
    assert line.cut["before"] >= 1
    assert line.cut["after"] >= 1
    assert sizes <= line.bodies["PATCH"] < 1.25 * sizes


def test_with_a_quarter_of_the_requests_cut_three_forms_arrive_once(stage, line):
    results = [stage.station("citra") for _ in range(3)]
    context = phone(stage, "citra", line)
    page = visit(context)
    line.become(lost=0.25, seed=2)
    uuids = [send_form(page, result, [200 + 2 * at, 201 + 2 * at]) for at, result in enumerate(results)]
    until_sent(page, seconds=60, again=True)
    all_arrived_once(stage, "citra", page, uuids, 6)
    assert line.cut["before"] + line.cut["after"] >= 5
    sizes = sum(photo["blob"] for photo in kept(page)["photos"])
    assert sizes <= line.bodies["PATCH"] < 1.25 * sizes


def test_a_line_that_breaks_again_and_again_is_tried_again_soon(stage, line):
    """A wait that only ever doubles would be minutes long after these many cuts."""
    result = stage.station("lestari")
    page = visit(phone(stage, "lestari", line))
    line.become(every_other=True)
    uuid = send_form(page, result, [251])
    until_sent(page, seconds=45)
    assert line.cut["before"] >= 6
    all_arrived_once(stage, "lestari", page, [uuid], 1)


def test_the_server_may_stop_in_the_middle_and_start_again(stage, line):
    result = stage.station("dian")
    server = LiveServer("127.0.0.1")
    line.target = server.url
    context = phone(stage, "dian", line)
    page = visit(context)
    line.become(bits=400_000)
    signal(context, line, there=False)
    uuid = send_form(page, result, [301, 302])
    signal(context, line, there=True)
    until(page, lambda: any(photo["offset"] for photo in kept(page)["photos"]), "a photo on its way")
    server.stop()
    until(page, lambda: page.locator("text=Menunggu sinyal").count(), "waiting again")
    assert "waiting" in states(page)
    server = LiveServer("127.0.0.1")
    line.target = server.url
    until_sent(page)
    all_arrived_once(stage, "dian", page, [uuid], 2)
    server.stop()


# Who is signed in, and where


def test_a_session_that_ended_meanwhile_keeps_the_queue_until_the_person_signs_in(stage, line):
    result = stage.station("eka")
    context = phone(stage, "eka", line)
    page = visit(context)
    signal(context, line, there=False)
    uuid = send_form(page, result, [401])
    Session.objects.all().delete()
    SessionStore.clear_expired()
    context.clear_cookies(name="sessionid")
    signal(context, line, there=True)
    page.click("#finish")
    expect(page.locator(".alert:has-text('Masuk lagi untuk mengirim')")).to_be_visible()
    assert (states(page), forms_of(stage, "eka")) == (["waiting", "waiting"], [])
    page.click("main a:has-text('Masuk')")
    page.fill("[name=username]", "eka")
    page.fill("[name=password]", cast.PASSWORD)
    page.click("button.button--main")
    settled(page)
    until_sent(page)
    all_arrived_once(stage, "eka", page, [uuid], 1)


def test_nothing_of_one_person_is_sent_by_another_on_the_same_phone(stage, line):
    first, second = stage.station("fajar"), stage.station("galih")
    context = phone(stage, "fajar", line)
    page = visit(context)
    signal(context, line, there=False)
    uuid = send_form(page, first, [501])
    signed_in(context, stage.person("galih"), line.url)
    signal(context, line, there=True)
    page.goto(HOME)
    settled(page)
    until(page, lambda: page.locator(f"a[href^='#/tps/{second.pk}']").count(), "the second one's station")
    assert page.locator(f"a[href^='#/tps/{first.pk}']").count() == 0
    other = send_form(page, second, [502])
    until(page, lambda: [str(form.uuid) for form in forms_of(stage, "galih")] == [other], "the second one's form")
    page.wait_for_timeout(500)
    until(page, lambda: states(page).count("sent") == 2, "the second one's form and photo on the phone as sent")
    # The first one's form and photo: waiting, untouched, on nobody's account.
    assert {item["uuid"]: item["state"] for item in kept(page)["outbox"]} == {uuid: "waiting", other: "sent"}
    assert not C1Form.objects.filter(uuid=uuid).exists()
    assert forms_of(stage, "fajar") == []
    signed_in(context, stage.person("fajar"), line.url)
    page.goto(HOME)
    settled(page)
    until_sent(page)
    assert [str(form.uuid) for form in forms_of(stage, "fajar")] == [uuid]
    assert Photo.objects.filter(sha256__in=[photo["sha256"] for photo in kept(page)["photos"]]).count() == 2


def test_what_comes_after_the_assignment_was_revoked_is_kept_and_never_counted(stage, line):
    result = stage.station("hana")
    context = phone(stage, "hana", line)
    page = visit(context)
    signal(context, line, there=False)
    uuid = send_form(page, result, [601])
    assigning.revoke(Assignment.objects.active().get(witness=stage.person("hana")), by=stage.person("dewi"))
    signal(context, line, there=True)
    until(page, lambda: {item["state"] for item in kept(page)["outbox"]} == {"refused"}, "refused")
    assert [str(one.uuid) for one in QuarantinedForm.objects.filter(station=result.station)] == [uuid]
    assert StationResult.objects.get(pk=result.pk).form is None
    assert rebuilding.differences(stage.play.election) == []
    [item] = kept(page)["outbox"]
    page.goto(HOME)
    assert item["reason"]
    expect(page.locator(f".alert--failed:has-text('{item['reason']}')")).to_be_visible()
    # The figures stay where the witness can still read them.
    assert item["shown"]["votes"] == {"1": 100, "2": 80, "3": 20}


@pytest.mark.parametrize("days", [-1, 1])
def test_a_clock_that_is_a_day_off_is_recorded_as_it_is(stage, line, days):
    who = f"iwan{days}"
    result = stage.station(who)
    context = phone(stage, who, line)
    off = dt.timedelta(days=days)
    context.clock.set_system_time(timezone.now() + off)
    page = visit(context)
    before = timezone.now()
    send_form(page, result, [])
    until_sent(page)
    [form] = forms_of(stage, who)
    assert before <= form.received_at <= timezone.now()
    assert abs(form.filled_at - (before + off)) < dt.timedelta(minutes=2)
