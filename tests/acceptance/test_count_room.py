"""An operator reads photos by keyboard alone: as many presses as there are digits and boxes, and nothing is lost."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from analytics import demo_photos
from tallies import photos
from tallies.count_room import claims
from tallies.models import C1Form, Finding, Reading, ReadingClaim, ReadingMode
from tallies.submission import PhotoName
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
from tests.looking import small_targets, sticks_out, structure, violations, walk_by_tab
from tests.reading import report

pytestmark = pytest.mark.browser

READING = "/kamar-hitung/pilkada-2020/"
BETWEEN = (1024, 768)


def furnish(stage: Stage) -> None:
    stage.play.election.reading_mode = ReadingMode.ALL
    stage.play.election.save()


def form_for(stage: Stage, witness: str, votes: list[int], *, pages: int = 2) -> C1Form:
    """A form with its photos, which show what it says."""
    stage.station(witness)
    sent = cast.submission(stage.play, f"{witness}'s", votes)
    pairs = [(pair.number, pair.name) for pair in stage.play.malang.pairs.all()]
    named = []
    for page in range(1, pages + 1):
        drawn = demo_photos.draw(sent.figures, place=witness, pairs=pairs, page=min(page, 2))
        photo, _new = photos.receive(drawn + bytes(page), by=stage.person(witness))
        named.append(PhotoName(photo.sha256, page))
    photos.process_waiting()
    return stage.send(f"{witness}'s", votes, by=witness, photos=tuple(named))


@pytest.fixture
def room(stage: Stage) -> Iterator[Page]:
    """The reader's page before it is opened; what a test left waiting is read away afterwards."""
    page = stage.page("oper")
    overheard = Overheard(page)
    yield page
    page.close()
    clear(stage)
    assert overheard.lines == []


def clear(stage: Stage) -> None:
    """Nothing waits any more."""
    oper = stage.person("oper")
    claims.release(oper)
    while claim := claims.take(oper, stage.play.election):
        report(claim.form, Finding.NOT_C1, by=oper, reason="sudah")


class Presses:
    """Counts what is pressed, one key at a time."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.count = 0

    def __call__(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)
            self.count += 1

    def figures(self, *values: str) -> None:
        """Each figure digit by digit, and Enter."""
        for value in values:
            self(*value, "Enter")


def expect_form(page: Page, form: C1Form) -> None:
    expect(page.locator(f"#work[data-form='{form.pk}']")).to_be_visible()


def expect_nothing_waits(page: Page) -> None:
    expect(page.locator("[data-nothing-waits]")).to_be_visible()


# By keyboard alone


@pytest.mark.parametrize("onward", ["Enter", "Tab"])
def test_a_form_costs_its_digits_and_one_key_a_box_and_the_next_is_open(stage, room, onward):
    first = form_for(stage, f"satu-{onward}", [121, 104, 31])
    second = form_for(stage, f"dua-{onward}", [9, 0, 7])
    room.goto(READING)
    expect_form(room, first)
    press = Presses(room)
    figures = ["261", "121", "104", "X31", "256", "XX5"]
    for figure in figures[:-1]:
        press(*figure, onward)
    press(*figures[-1], "Enter")
    expect_form(room, second)
    assert press.count == sum(map(len, figures)) + len(figures) == 24
    expect(room.locator("[name=voters_total]")).to_be_focused()
    reading = Reading.objects.get(form=first)
    assert (reading.finding, reading.figures.votes) == (Finding.EQUAL, {1: 121, 2: 104, 3: 31})
    assert room.url.endswith(READING)


def test_three_forms_one_of_them_corrected_and_one_that_cannot_be_read(stage, room):
    forms = [form_for(stage, f"urut{place}", [100 + place, 60, 20]) for place in range(3)]
    room.goto(READING)
    press = Presses(room)
    press.figures("185", "100", "60", "20", "180", "5")
    expect_form(room, forms[1])
    press.figures("186", "107", "60", "20", "181", "5")
    expect(room.locator(".reading .alert--ask").first).to_contain_text("Baca sekali lagi kotak ini.")
    assert room.locator("input[data-figure]").count() == 1
    expect(room.locator("[name=votes_1]")).to_be_focused()
    expect(room.locator("[name=votes_1]")).to_have_value("")
    press.figures("101")
    expect_form(room, forms[2])
    press("1", "F6")
    expect(room.locator("[name=note]")).to_be_focused()
    press("Enter")
    expect_nothing_waits(room)
    findings = {form.pk: list(form.readings.values_list("round", "finding")) for form in forms}
    assert list(findings.values()) == [[(1, "equal")], [(1, "differs"), (2, "equal")], [(1, "unreadable")]]


def test_a_report_is_confirmed_with_one_key_and_given_up_without_losing_a_figure(stage, room):
    form = form_for(stage, "lapor", [100, 60, 20])
    room.goto(READING)
    press = Presses(room)
    press("1", "8", "5", "Enter", "1", "0", "F9")
    expect(room.locator("[data-report-says]")).to_contain_text("Foto ganda.")
    press("Escape")
    expect(room.locator("[name=votes_1]")).to_be_focused()
    press("0", "Enter")
    assert [room.input_value(f"[name={name}]") for name in ("voters_total", "votes_1")] == ["185", "100"]
    press("F7", *"TPS", "Space", "2", "Enter")
    expect_nothing_waits(room)
    reading = Reading.objects.get(form=form)
    assert (reading.finding, reading.reason) == (Finding.WRONG_STATION, "TPS 2")


def test_a_key_that_is_held_down_runs_through_no_boxes_and_an_empty_box_is_asked_about(stage, room):
    form = form_for(stage, "tahan", [100, 60, 20])
    room.goto(READING)
    room.keyboard.down("Enter")
    for _ in range(8):
        room.keyboard.down("Enter")  # a repeat
    room.keyboard.up("Enter")
    expect(room.locator("[name=votes_1]")).to_be_focused()
    room.locator("[name=invalid_votes]").focus()
    room.keyboard.press("Enter")
    expect(room.locator("[data-empty-boxes]")).to_be_visible()
    expect(room.locator("[name=voters_total]")).to_be_focused()
    assert not Reading.objects.filter(form=form).exists()
    room.click("[data-all-blank]")
    room.keyboard.press("Enter")
    expect(room.locator("[data-again], .reading .alert--ask").first).to_be_visible()
    assert set(Reading.objects.get(form=form).figures.votes.values()) == {None}


# Beside the figures


def test_sums_and_contradictions_are_shown_while_typing_and_block_nothing(stage, room):
    form = form_for(stage, "jumlah", [100, 60, 20])
    room.goto(READING)
    press = Presses(room)
    press.figures("185", "100", "60", "20")
    expect(room.locator("[data-figure-sum]")).to_have_text("180")
    press(*"170", "Enter")
    mark = room.locator(".figure-row:has([name=valid_votes]) .reading__mark")
    expect(mark).to_have_text("Jumlah suara paslon tidak sama dengan suara sah")
    room.locator("[data-confirmations] label").click()
    room.locator("[name=invalid_votes]").focus()
    press("1", "5", "Enter")
    expect(room.locator("[data-again]")).to_be_visible()
    reading = Reading.objects.get(form=form)
    assert (reading.confirmed, reading.differing) == (["C1-E09"], ["valid_votes", "invalid_votes"])


def test_the_photo_of_the_part_is_shown_and_what_is_chosen_by_hand_is_kept_for_the_part(stage, room):
    form_for(stage, "halaman", [100, 60, 20])
    second = form_for(stage, "halaman-lagi", [101, 60, 20])
    room.goto(READING)
    seen = room.locator("[data-viewer-photo]:visible")
    expect(seen).to_have_id("foto-1")
    press = Presses(room)
    press.figures("185")
    expect(seen).to_have_id("foto-2")
    press("PageUp")
    expect(seen).to_have_id("foto-1")
    press("+", "-", "+")
    assert [room.input_value("[name=votes_1]"), room.evaluate("document.activeElement.name")] == ["", "votes_1"]
    wide = seen.locator("img").bounding_box()["width"]
    press.figures("100", "60")
    expect(seen).to_have_id("foto-1")
    press.figures("20")
    expect(seen).to_have_id("foto-2")  # part V was left to itself
    press.figures("180", "5")
    expect_form(room, second)
    press.figures("186")
    expect(seen).to_have_id("foto-1")
    # As large as it was left.
    expect(seen.locator("img")).to_have_js_property("complete", True)
    assert abs(seen.locator("img").bounding_box()["width"] - wide) < 1


def test_the_photo_is_moved_by_wheel_hand_and_keys_outside_of_the_boxes(stage, room):
    form_for(stage, "geser", [100, 60, 20])
    room.goto(READING)
    image, stage_ = room.locator("[data-viewer-photo]:visible img"), room.locator("[data-viewer-stage]")
    room.wait_for_function("document.querySelector('[data-viewer-photo] img').complete")

    def width() -> float:
        return round(image.bounding_box()["width"])

    whole = width()
    stage_.hover()
    room.mouse.wheel(0, -400)
    assert width() > whole * 2
    scrolled = stage_.evaluate("(e) => e.scrollTop")
    room.mouse.down()
    room.mouse.move(600, 300, steps=3)
    room.mouse.up()
    assert stage_.evaluate("(e) => e.scrollTop") != scrolled
    stage_.focus()
    room.keyboard.press("0")
    assert width() == whole
    room.keyboard.press("b")
    expect(image).to_have_class(re.compile("is-bright"))
    room.locator("[name=votes_1]").focus()
    room.keyboard.type("b0r")
    assert room.input_value("[name=votes_1]") == "b0r"
    assert width() == whole


def test_two_fingers_make_the_photo_larger(stage, room):
    form_for(stage, "jari", [100, 60, 20])
    page = stage.context("oper", has_touch=True, viewport={"width": PHONE[0], "height": PHONE[1]}).new_page()
    page.goto(READING)
    page.wait_for_function("document.querySelector('[data-viewer-photo] img').complete")
    before, after = page.evaluate(
        """() => {
          const stage = document.querySelector("[data-viewer-stage]"), image = stage.querySelector("img");
          const touch = (identifier, clientX) => new Touch({ identifier, target: stage, clientX, clientY: 300 });
          const send = (kind, apart) => stage.dispatchEvent(new TouchEvent(kind, {
            touches: [touch(1, 180 - apart / 2), touch(2, 180 + apart / 2)], bubbles: true, cancelable: true,
          }));
          const before = image.getBoundingClientRect().width;
          send("touchstart", 60);
          send("touchmove", 120);
          return [before, image.getBoundingClientRect().width];
        }"""
    )
    assert abs(after - 2 * before) < 2
    page.close()


# When something goes wrong


def test_figures_stay_when_the_line_breaks_and_are_saved_by_pressing_again(stage, room):
    form = form_for(stage, "putus", [100, 60, 20])
    room.goto(READING)
    room.route("**" + READING, lambda route: route.abort() if route.request.method == "POST" else route.continue_())
    press = Presses(room)
    press.figures("185", "100", "60", "20", "180", "5")
    expect(room.locator("[data-trouble=connection]")).to_be_visible()
    assert room.input_value("[name=votes_1]") == "100"
    expect(room.locator("[name=invalid_votes]")).to_be_focused()
    room.unroute("**" + READING)
    press("Enter")
    expect_nothing_waits(room)
    expect(room.locator("[data-trouble=connection]")).to_be_hidden()
    assert Reading.objects.get(form=form).finding == Finding.EQUAL


def test_an_answer_that_is_lost_is_no_second_reading(stage, room):
    form = form_for(stage, "jawaban", [100, 60, 20])
    following = form_for(stage, "jawaban-lagi", [101, 60, 20])
    room.goto(READING)

    def lose(route):
        if route.request.method == "POST":
            route.fetch()
            route.abort()
        else:
            route.continue_()

    room.route("**" + READING, lose)
    press = Presses(room)
    press.figures("185", "100", "60", "20", "180", "5")
    expect(room.locator("[data-trouble=connection]")).to_be_visible()
    room.unroute("**" + READING)
    press("Enter")
    expect_form(room, following)
    assert Reading.objects.filter(form=form).count() == 1


def test_a_reader_who_was_signed_out_is_told_and_keeps_the_figures(stage, room):
    form_for(stage, "keluar", [100, 60, 20])
    context = stage.context("oper")
    page = context.new_page()
    page.goto(READING)
    context.clear_cookies(name="sessionid")
    press = Presses(page)
    press.figures("185", "100", "60", "20", "180", "5")
    expect(page.locator("[data-trouble=refused]")).to_be_visible()
    assert page.input_value("[name=votes_1]") == "100"
    page.close()


def test_the_time_that_is_over_is_told(stage, room):
    form_for(stage, "waktu", [100, 60, 20])
    page = stage.page("oper")  # beside the room: it hears an answer that refuses
    page.clock.install()
    page.goto(READING)
    expect(page.locator("[data-left-clock]")).to_have_text(re.compile(r"^[45]\.\d\d$"))
    page.clock.fast_forward(301_000)
    page.clock.run_for(1000)
    expect(page.locator("[data-time-over]")).to_be_visible()
    page.keyboard.press("1")  # somebody is there again, and so is the form
    expect(page.locator("[data-time-over]")).to_be_hidden()
    ReadingClaim.objects.all().delete()
    page.clock.fast_forward(61_000)
    page.keyboard.press("8")
    expect(page.locator("[data-time-over]")).to_be_visible()
    assert page.input_value("[name=voters_total]") == "18"
    page.close()


def test_without_scripts_a_form_is_read_too(stage, room):
    form = form_for(stage, "tanpa", [100, 60, 20])
    page = stage.context("oper", java_script_enabled=False).new_page()
    page.goto(READING)
    figures = {"voters_total": 185, "votes_1": 100, "votes_2": 60, "votes_3": 20, "valid_votes": 180}
    for name, value in (figures | {"invalid_votes": 5}).items():
        page.fill(f"[name={name}]", str(value))
    page.press("[name=invalid_votes]", "Enter")
    page.wait_for_load_state()
    expect(page.locator(".alert--done")).to_contain_text("Tersimpan.")
    assert Reading.objects.get(form=form).finding == Finding.EQUAL
    page.close()


# For everybody


def test_the_pages_are_accessible_wide_and_narrow(stage, room):
    form_for(stage, "lihat", [100, 60, 20])
    found: list[str] = []

    def look(name: str) -> None:
        for size in (DESKTOP, BETWEEN, PHONE):
            room.set_viewport_size({"width": size[0], "height": size[1]})
            controls, links = (32, 24) if size == DESKTOP else (40, 24) if size == BETWEEN else (44, 44)
            some = violations(room) + sticks_out(room)
            if size != BETWEEN:
                some += small_targets(room, controls=controls, links=links)
            found.extend(f"{name} {size}: {one}" for one in some)
        room.set_viewport_size({"width": NARROWEST, "height": 640})
        found.extend(f"{name}: {one}" for one in sticks_out(room))
        room.set_viewport_size({"width": DESKTOP[0], "height": DESKTOP[1]})

    room.goto(READING)
    found += structure(room) + walk_by_tab(room)
    look("reading")
    Presses(room).figures("185")
    room.fill("[name=votes_1]", "1")
    room.fill("[name=votes_2]", "1")
    room.fill("[name=votes_3]", "1")
    room.fill("[name=valid_votes]", "9")
    room.keyboard.press("F8")
    room.keyboard.press("Escape")
    room.keyboard.press("?")
    room.keyboard.press("F8")
    expect(room.locator("[data-confirmations]")).to_be_visible()
    look("marked and reported")
    room.keyboard.press("Enter")
    expect_nothing_waits(room)
    look("nothing waits")
    room.goto(READING + "saya/")
    found += structure(room)
    look("own")
    assert not found, "\n".join(found)


def test_on_a_phone_the_photo_stays_above_the_boxes(stage, room):
    form_for(stage, "ponsel", [100, 60, 20])
    room.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    room.goto(READING)
    for name in ("voters_total", "votes_3", "invalid_votes"):
        box = room.locator(f"[name={name}]")
        box.focus()
        viewer, boxed = room.locator(".viewer").bounding_box(), box.bounding_box()
        assert viewer["y"] >= 0, name
        assert viewer["y"] + viewer["height"] <= boxed["y"] < PHONE[1] - boxed["height"] + 1, name
