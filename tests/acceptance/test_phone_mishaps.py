"""Mishaps on the phone that must cost nothing: two tabs, a hurried hand, a phone that is handed on."""

from __future__ import annotations

import io

import pytest
from PIL import Image, ImageFilter
from playwright.sync_api import Page, expect

from accounts.devices import WHO_COOKIE
from tallies import photos
from tallies.models import C1Form, PhotoUpload
from tests.browsing import (  # noqa: F401  fixtures
    Stage,
    committed_for_a_module,
    quick_and_quiet_for_a_module,
    stage_for_a_module,
)
from tests.phone_hands import (  # noqa: F401  fixture
    HOME,
    at,
    begin,
    check,
    fill_in,
    kept,
    line_for_a_test,
    phone,
    photo,
    send,
    send_form,
    settled,
    signal,
    signed_in,
    until,
    until_sent,
    visit,
    write,
)

pytestmark = pytest.mark.browser

#: The figures have gone; the photo's last piece got no answer.
_LEAVE_THE_PHOTO = """async (key) => {
  const opened = indexedDB.open("sista");
  await new Promise((resolve) => { opened.onsuccess = resolve; });
  const transaction = opened.result.transaction(["photos", "outbox"], "readwrite");
  transaction.objectStore("outbox").clear();
  const store = transaction.objectStore("photos");
  const found = store.get(key);
  found.onsuccess = () => store.put({ ...found.result, unsure: true });
  await new Promise((resolve) => { transaction.oncomplete = resolve; });
  opened.result.close();
}"""


def blurred(seed: int) -> bytes:
    image = Image.open(io.BytesIO(photo(seed)))
    out = io.BytesIO()
    image.filter(ImageFilter.GaussianBlur(6)).save(out, "JPEG", quality=90)
    return out.getvalue()


def file(data: bytes) -> dict[str, object]:
    return {"name": "c1.jpg", "mimeType": "image/jpeg", "buffer": data}


def test_a_blurred_photo_that_is_left_as_it_is_goes_with_the_form_that_names_it(stage, line):
    result = stage.station("mira")
    page = visit(phone(stage, "mira", line))
    at(page, f"tps/{result.pk}")
    page.click("#yes")
    page.set_input_files("main input[type=file]", file(blurred(901)))
    expect(page.locator("#use")).to_be_visible()
    assert [one["state"] for one in kept(page)["photos"]] == ["doubtful"]
    at(page, f"angka/{result.pk}/0")
    write(page)
    check(page)
    uuid = send(page)
    until_sent(page)
    [(_name, stored)] = photos.photos_of(C1Form.objects.get(uuid=uuid))
    assert stored is not None


def test_a_form_that_was_sent_in_one_tab_is_not_overwritten_from_another(stage, line):
    result = stage.station("nadia")
    context = phone(stage, "nadia", line)
    first = visit(context)
    begin(first, result, [])
    second = context.new_page()
    second.goto(f"{HOME}#/angka/{result.pk}/0")
    expect(second.locator("#f-votes_1")).to_be_visible()
    write(first)
    check(first)
    signal(context, line, there=False)
    uuid = send(first)
    second.fill("#f-votes_1", "7")
    second.wait_for_timeout(300)
    found = kept(second)
    assert found["drafts"] == []
    assert [(item["uuid"], item["shown"]["votes"]["1"]) for item in found["outbox"]] == [(uuid, 100)]
    signal(context, line, there=True)
    until_sent(first)
    [form] = C1Form.objects.filter(submitted_by=stage.person("nadia"))
    assert form.figures.votes[1] == 100


def test_nothing_is_typed_into_a_draft_while_a_photo_is_made_ready(stage, line):
    result = stage.station("olga")
    context = phone(stage, "olga", line)
    context.add_init_script(
        """const real = window.createImageBitmap;
        window.createImageBitmap = async (...given) => {
          await new Promise((resolve) => setTimeout(resolve, 1500));
          return real(...given);
        };"""
    )
    page = visit(context)
    at(page, f"tps/{result.pk}")
    page.click("#yes")
    page.set_input_files("main input[type=file]", file(photo(911)))
    page.wait_for_function("document.body.inert")
    expect(page.locator("#done")).to_be_visible()
    assert page.evaluate("document.body.inert") is False
    [draft] = kept(page)["drafts"]
    assert [one["page"] for one in draft["photos"]] == [1]


def test_a_file_that_is_no_picture_leaves_the_page_usable(stage, line):
    result = stage.station("puput")
    page = visit(phone(stage, "puput", line))
    at(page, f"tps/{result.pk}")
    page.click("#yes")
    page.set_input_files("main input[type=file]", file(b"bukan foto"))
    expect(page.locator(".alert--failed")).to_contain_text("Foto tidak terbuka")
    assert page.evaluate("document.body.inert") is False
    page.click("#later")
    expect(page.locator("#f-votes_1")).to_be_visible()


def test_a_half_sent_photo_of_one_person_does_not_hold_up_the_photos_of_the_next(stage, line):
    first, second = stage.station("rosa"), stage.station("santi")
    context = phone(stage, "rosa", line)
    page = visit(context)
    signal(context, line, there=False)
    send_form(page, first, [921])
    [waiting] = kept(page)["photos"]
    page.evaluate(_LEAVE_THE_PHOTO, waiting["key"])
    signed_in(context, stage.person("santi"), line.url)
    signal(context, line, there=True)
    page.goto(HOME)
    settled(page)
    until(page, lambda: page.locator(f"a[href^='#/tps/{second.pk}']").count(), "the second one's station")
    fill_in(page, second, [922])
    send(page)
    until(page, lambda: PhotoUpload.objects.filter(uploaded_by=stage.person("santi")).count() == 1, "the photo")
    assert not PhotoUpload.objects.filter(uploaded_by=stage.person("rosa")).exists()


def test_the_news_that_are_kept_are_not_shown_to_who_signed_in_after(stage, line):
    result = stage.station("tiara")
    context = phone(stage, "tiara", line)
    page = visit(context)
    expect(page.locator(f"#tps-{result.station_id}")).to_be_visible()
    other = stage.station("umi")
    context.add_cookies([{"name": WHO_COOKIE, "value": str(stage.person("umi").pk), "url": line.url}])
    signal(context, line, there=False)
    _opened(page)
    expect(page.locator(".alert")).to_contain_text("belum pernah dibuka di ponsel ini")
    assert page.locator(f"#tps-{result.station_id}").count() == 0
    assert page.locator(f"#tps-{other.station_id}").count() == 0


def test_the_other_language_without_a_network_takes_nothing_away(stage, line):
    result = stage.station("vivi")
    context = phone(stage, "vivi", line)
    page = visit(context)
    signal(context, line, there=False)
    at(page, "ponsel")
    page.click("#language")
    page.wait_for_timeout(1000)
    _opened(page)
    expect(page.locator(f"#tps-{result.station_id}")).to_be_visible()
    signal(context, line, there=True)
    at(page, "ponsel")
    page.click("#language")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    at(page, "")
    settled(page)
    signal(context, line, there=False)
    _opened(page)
    expect(page.locator("html")).to_have_attribute("lang", "en")


def _opened(page: Page) -> None:
    """Close the page and open it again, as far as one page can."""
    page.goto("about:blank")
    page.goto(HOME)
