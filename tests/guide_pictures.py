"""``python -m tests.guide_pictures ADDRESS DATA``: the pictures of docs/panduan, from the running demonstration.

ADDRESS is where `./run` serves, DATA its folder (``SISTA_DATA``), which holds the
accounts. The pictures are those a reader of the guide will see: of the
demonstration's people, at the size of their device, with few colours so that they
stay small. What a page changes (a draft, a link) is left as it was found, but for
the witness's phone, which gets a new link.
"""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = "/usr/bin/chromium"
FOLDER = Path(__file__).resolve().parents[1] / "docs" / "panduan" / "gambar"
PHONE, DESKTOP = (360, 640), (1280, 800)
SLUG = "pilkada-2020-jatim"


@dataclass(frozen=True)
class Shot:
    """One picture: who looks where, and what is done on the page first."""

    name: str
    who: str
    address: str
    size: tuple[int, int] = DESKTOP
    before: Callable[[Page], None] = lambda page: None


def _ask_of_the_figures(page: Page) -> None:
    page.locator("a.button--main, a.button--wide").filter(has_text="angka").first.click()
    boxes = page.locator("input.figure-box__input, .figure-box input, input[inputmode=numeric]")
    for number, value in enumerate(("120", "96", "40")[: boxes.count()]):
        boxes.nth(number).fill(value)


def _first_difference(page: Page) -> None:
    page.locator("main table a, main .rows a").first.click()


def _first_photo(page: Page) -> None:
    button = page.get_by_role("button", name="Baca dari foto")
    if button.count():
        button.first.click()


SHOTS = (
    Shot("saksi-beranda", "saksi", "/saksi/?biasa", PHONE),
    Shot("saksi-isi-angka", "saksi", "/saksi/?biasa", PHONE, _ask_of_the_figures),
    Shot("operator-membaca", "operator", "/kamar-hitung/", DESKTOP, _first_photo),
    Shot("dpc-ringkasan", "dpc", f"/hasil/{SLUG}/35.75/"),
    Shot("dpc-penugasan", "dpc", "/penugasan/"),
    Shot("dpc-selisih", "dpc", f"/verifikasi/{SLUG}/", DESKTOP, _first_difference),
    Shot("dpd-impor", "dpd", "/impor/"),
    Shot("dpd-fase", "dpd", f"/pemilihan/{SLUG}/"),
)


def main(address: str, data: Path) -> int:
    passwords = json.loads((data / "demo-accounts.json").read_text())
    FOLDER.mkdir(parents=True, exist_ok=True)
    with _browser() as browser:
        for shot in SHOTS:
            page = _signed_in(browser, address, shot, passwords[shot.who])
            page.goto(shot.address)
            shot.before(page)
            page.wait_for_load_state("networkidle")
            _write(page.screenshot(), FOLDER / f"{shot.name}.png")
            page.context.close()
    sys.stdout.write(f"{len(SHOTS)} pictures in {FOLDER}\n")
    return 0


@contextmanager
def _browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        try:
            yield browser
        finally:
            browser.close()


def _signed_in(browser: Browser, address: str, shot: Shot, password: str) -> Page:
    width, height = shot.size
    context = browser.new_context(
        base_url=address, locale="id-ID", timezone_id="Asia/Jakarta", viewport={"width": width, "height": height}
    )
    page = context.new_page()
    page.goto("/masuk/?sandi")
    page.fill("[name=username]", shot.who)
    page.fill("[name=password]", password)
    page.locator("form[action*=masuk] button, main form button").first.click()
    page.wait_for_load_state("networkidle")
    return page


def _write(picture: bytes, path: Path) -> None:
    """As few colours as an interface has: a tenth of the size."""
    image = Image.open(io.BytesIO(picture)).convert("RGB").quantize(64)
    image.save(path, optimize=True)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1], Path(sys.argv[2])))
