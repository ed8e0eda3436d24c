"""What the phone makes of a photo before it is sent: upright, small, looked at for blur, the camera's record kept."""

from __future__ import annotations

import base64
import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PIL import ExifTags, Image, ImageFilter, ImageOps
from playwright.sync_api import Page, Route, sync_playwright

from tallies import photos
from tests.browsing import CHROMIUM

SCRIPTS = Path(__file__).resolve().parents[2] / "static" / "js" / "phone"
REAL = Path(__file__).resolve().parents[3] / "shared" / "data" / "c1-photos"

pytestmark = pytest.mark.browser

_PREPARE = """async (given) => {
  const { prepare } = await import("/photos.js");
  const bytes = Uint8Array.from(atob(given), (letter) => letter.charCodeAt(0));
  const made = await prepare(new File([bytes], "foto.jpg"));
  let text = "";
  for (const byte of new Uint8Array(await made.blob.arrayBuffer())) text += String.fromCharCode(byte);
  return { data: btoa(text), sha256: made.sha256, sharpness: made.sharpness, blurred: made.blurred };
}"""


@dataclass(frozen=True)
class Made:
    data: bytes
    sha256: str
    sharpness: float
    blurred: bool

    @property
    def image(self) -> Image.Image:
        return Image.open(io.BytesIO(self.data))


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    """A page that serves the phone's modules from the disk."""

    def answer(route: Route) -> None:
        name = route.request.url.rsplit("/", 1)[-1]
        if name.endswith(".js"):
            route.fulfill(body=(SCRIPTS / name).read_text(), content_type="text/javascript")
        else:
            route.fulfill(body="<title>x</title>", content_type="text/html")

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        shown = browser.new_page()
        shown.route("**/*", answer)
        shown.goto("http://127.0.0.1:9/")  # a secure context, as the page has
        yield shown
        browser.close()


def prepared(page: Page, data: bytes) -> Made:
    said = page.evaluate(_PREPARE, base64.b64encode(data).decode())
    return Made(base64.b64decode(said["data"]), said["sha256"], said["sharpness"], said["blurred"])


def jpeg(image: Image.Image, **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", **{"quality": 90} | options)
    return out.getvalue()


def noisy(size: tuple[int, int]) -> Image.Image:
    """What compresses worst: a phone's photo of paper has less in it."""
    return Image.effect_noise(size, 60).convert("RGB")


def test_a_large_photo_becomes_small_and_keeps_its_shape(page: Page) -> None:
    made = prepared(page, jpeg(noisy((3000, 4000))))
    assert made.image.format == "JPEG"
    assert max(made.image.size) <= 2000
    assert abs(made.image.width / made.image.height - 3 / 4) < 0.01
    assert made.sha256 == hashlib.sha256(made.data).hexdigest()
    assert made.blurred is False


def test_a_photo_that_lay_on_its_side_stands_upright_and_keeps_when_and_where_it_was_taken(page: Page) -> None:
    lying = Image.new("RGB", (800, 600), "white")
    lying.paste("red", (0, 0, 200, 600))  # upright: the upper quarter
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    exif[ExifTags.Base.Make] = "Ponsel"
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = "2020:12:09 13:30:05"
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitudeRef] = "S"
    made = prepared(page, jpeg(lying, exif=exif))
    assert made.image.size == (600, 800)
    _copy, _thumbnail, facts, _hash = photos.render(made.data)
    assert facts["orientation"] == 1
    assert (facts["taken_at"], facts["make"]) == ("2020:12:09 13:30:05", "Ponsel")
    assert facts["gps"]
    red = Image.open(io.BytesIO(_copy)).convert("RGB")
    assert red.getpixel((300, 100))[1] < 80 < red.getpixel((300, 700))[1]


def test_what_is_no_picture_is_refused(page: Page) -> None:
    with pytest.raises(Exception, match=r"(?i)decoded|image"):
        prepared(page, b"<html>bukan foto</html>")


@pytest.mark.returns
@pytest.mark.skipif(not REAL.exists(), reason="real photos are not here")
def test_real_photos_pass_and_the_same_ones_blurred_are_asked_about(page: Page) -> None:
    seen = []
    for path in sorted(REAL.glob("*.[jJ]*")):
        upright = ImageOps.exif_transpose(Image.open(path)).convert("RGB")
        blurred = upright.filter(ImageFilter.GaussianBlur(0.004 * min(upright.size)))
        made = prepared(page, path.read_bytes())
        assert len(made.data) <= 350 * 1024
        seen.append((path.name, made.blurred, prepared(page, jpeg(blurred)).blurred))
    assert len(seen) >= 9
    assert [name for name, is_asked, _is_asked_blurred in seen if is_asked] == []
    assert [name for name, _is_asked, is_asked_blurred in seen if not is_asked_blurred] == []
