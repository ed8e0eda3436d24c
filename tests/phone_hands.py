"""What a witness does with the page on the phone: takes photos, writes figures, sends, closes the browser."""

from __future__ import annotations

import io
import random
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from PIL import Image, ImageDraw
from playwright.sync_api import BrowserContext, Page, expect

from accounts.models import User
from tallies.models import StationResult
from tests.browsing import CHROMIUM, PHONE, Stage
from tests.phone_line import Line
from tests.processes import wait_until

HOME = "/saksi/ponsel/"
GOOD = {"votes_1": 100, "votes_2": 80, "votes_3": 20, "voters_total": 205, "valid_votes": 200, "invalid_votes": 5}
DEVICE: dict[str, Any] = {
    "viewport": {"width": PHONE[0], "height": PHONE[1]}, "is_mobile": True, "has_touch": True,
    "locale": "id-ID", "timezone_id": "Asia/Jakarta",
}  # fmt: skip
SECONDS = 30
SHEET = (600, 800)


@pytest.fixture(name="line")
def line_for_a_test(stage: Stage) -> Iterator[Line]:
    """The line between the phones of one test and the server."""
    line = Line(stage.url)
    yield line
    for context in [one for one in stage.contexts if getattr(one, "line", None) is line]:
        context.close()
        stage.contexts.remove(context)
    line.close()


def phone(stage: Stage, who: str | None, line: Line, **options: Any) -> BrowserContext:
    """A phone of its own on ``line``, signed in as ``who``; it ends with the line."""
    context = stage.context(who, **(DEVICE | {"base_url": line.url} | options))
    context.line = line  # type: ignore[attr-defined]
    return context


def signal(context: BrowserContext, line: Line, *, there: bool) -> None:
    """Network, or none: for the pages, which are told so, and for the service worker."""
    line.is_down = not there
    context.set_offline(not there)


def signed_in(context: BrowserContext, user: User, url: str) -> None:
    """Sign in where the page of that is not what is tested."""
    client = Client()
    client.force_login(user)
    session = client.cookies["sessionid"].value
    # For days, as the real cookie: a browser that is closed keeps it.
    context.add_cookies([{"name": "sessionid", "value": session, "url": url, "expires": 4_000_000_000}])


def same_phone(stage: Stage, folder: Path, line: Line) -> BrowserContext:
    """The browser that keeps what it has in ``folder``: closed and opened again it is the same phone."""
    context = stage.browser.browser_type.launch_persistent_context(
        folder, executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"],
        base_url=line.url, **DEVICE,
    )  # fmt: skip
    context.set_default_timeout(10_000)
    context.set_offline(line.is_down)
    return context


def visit(context: BrowserContext, *, address: str = HOME) -> Page:
    """Open the page and wait until it needs no network any more."""
    page = context.new_page()
    page.goto(address)
    settled(page)
    return page


def settled(page: Page) -> None:
    expect(page.locator("main a[href='#/ponsel'], main .alert").first).to_be_visible()
    page.wait_for_function("() => navigator.serviceWorker.controller?.state === 'activated'")


@cache
def photo(seed: int, size: tuple[int, int] = SHEET) -> bytes:
    """A sharp photo of a sheet full of writing; another ``seed`` is another sheet."""
    dice = random.Random(seed)
    image = Image.new("RGB", size, (250, 248, 240))
    pen = ImageDraw.Draw(image)
    for y in range(20, size[1] - 20, 22):
        pen.text((30, y), " ".join(str(dice.randrange(10_000)) for _ in range(size[0] // 40)), fill=(20, 30, 60))
    out = io.BytesIO()
    image.save(out, "JPEG", quality=90)
    return out.getvalue()


def take_photo(page: Page, seed: int, size: tuple[int, int] = SHEET) -> None:
    file = {"name": "c1.jpg", "mimeType": "image/jpeg", "buffer": photo(seed, size)}
    page.set_input_files("main input[type=file]", file)
    expect(page.locator("#done")).to_be_visible()


def begin(page: Page, result: StationResult, photos: list[int], size: tuple[int, int] = SHEET) -> None:
    """From my TPS to the figures, with a photo of each of the seeds."""
    at(page, f"tps/{result.pk}")
    page.click("#yes")
    for number, seed in enumerate(photos, start=1):
        if number > 1:
            at(page, f"foto/{result.pk}/{number}")
            expect(page.locator("#done")).to_have_count(0)
        take_photo(page, seed, size)
    page.click("#done" if photos else "#later")


def at(page: Page, path: str) -> None:
    """Go to one of the page's own addresses, as a link on it would."""
    page.evaluate("(path) => { location.hash = `/${path}`; }", path)
    page.wait_for_function("(path) => location.hash === `#/${path}`", arg=path)


def write(page: Page, **figures: Any) -> None:
    """Write the boxes of a short form; what is not named is consistent."""
    for name, value in (GOOD | figures).items():
        page.fill(f"#f-{name}", str(value))
    page.press("#f-invalid_votes", "Tab")


def fill_in(page: Page, result: StationResult, photos: list[int], **figures: Any) -> None:
    """All of a short form up to "check again"."""
    begin(page, result, photos, figures.pop("size", SHEET))
    write(page, **figures)
    check(page)


def check(page: Page) -> None:
    page.click("main form .button--main")
    expect(page.locator("#objection-no")).to_be_visible()
    page.check("#objection-no", force=True)
    page.click("main .button--main")
    expect(page.locator("#send")).to_be_enabled()


def send(page: Page) -> str:
    """Press "Kirim"; return the key of what is now kept on the phone."""
    page.click("#send")
    expect(page.locator("#finish")).to_be_visible()
    return page.evaluate("location.hash").split("/")[-1]


def send_form(page: Page, result: StationResult, photos: list[int], **more: Any) -> str:
    fill_in(page, result, photos, **more)
    return send(page)


_KEPT = """async () => {
  const opened = indexedDB.open("sista");
  const done = (request) => new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  const database = await done(opened);
  try {
    const kept = {};
    for (const store of ["outbox", "photos", "drafts"]) {
      kept[store] = await done(database.transaction(store).objectStore(store).getAll());
      for (const record of kept[store]) if (record.blob) record.blob = record.blob.size;
    }
    return kept;
  } finally { database.close(); }
}"""


def kept(page: Page) -> dict[str, list[dict[str, Any]]]:
    """What the phone keeps: outbox, photos, drafts. A photo's ``blob`` is its size here."""
    return page.evaluate(_KEPT)


def states(page: Page) -> list[str]:
    """The state of each form and photo on the phone, sorted."""
    found = kept(page)
    return sorted(record["state"] for record in (*found["outbox"], *found["photos"]))


def until(page: Page, holds: Callable[[], object], what: str, *, seconds: int = SECONDS, again: bool = False) -> None:
    """Wait with the page alive. ``again``: the signal comes and goes, and each time the phone tries anew."""

    def looked() -> object:
        page.wait_for_timeout(100)
        if again:
            page.evaluate("dispatchEvent(new Event('online'))")
        return holds()

    wait_until(looked, seconds=seconds, what=what)


def until_sent(page: Page, *, seconds: int = SECONDS, again: bool = False) -> None:
    until(page, lambda: set(states(page)) == {"sent"}, "all sent", seconds=seconds, again=again)
