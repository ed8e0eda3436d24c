"""Pictures like those a phone sends of a C1: text on uneven paper, as large in bytes as real ones."""

from __future__ import annotations

import hashlib
import io
import random

import numpy as np
from PIL import Image, ImageDraw

LEAST_BYTES, MOST_BYTES = 250_000, 350_000
SIDES = [(1600, 1200), (1200, 1600), (1800, 1350), (2000, 1500)]


def picture(number: int) -> bytes:
    """A JPEG of 250 to 350 KB; the same for the same number."""
    chance = np.random.default_rng(number)
    width, height = SIDES[number % len(SIDES)]
    paper = np.linspace(150, 235, height)[:, None, None] + chance.normal(0, 5, (height, width, 1))
    image = Image.fromarray(np.broadcast_to(paper, (height, width, 3)).clip(0, 255).astype("uint8"))
    _write(image, random.Random(number))
    sizes = (_jpeg(image, quality) for quality in range(92, 30, -4))
    return next(data for data in sizes if LEAST_BYTES <= len(data) <= MOST_BYTES)


def _write(image: Image.Image, chance: random.Random) -> None:
    pen = ImageDraw.Draw(image)
    for line in range(40, image.height - 40, 28):
        text = " ".join(str(chance.randrange(10_000)) for _ in range(image.width // 60))
        pen.text((40 + chance.randrange(20), line), text, fill=(30, 30, 60))
        pen.line((30, line + 20, image.width - 30, line + 20), fill=(90, 90, 90))


def _jpeg(image: Image.Image, quality: int) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality)
    return out.getvalue()


def hashed(count: int, *, series: str) -> list[tuple[str, bytes]]:
    """``count`` pictures with their SHA-256: a few drawn ones, told apart by a JPEG comment.

    A photo is taken in once: another ``series`` is another photo.
    """
    drawn = [picture(number) for number in range(min(count, len(SIDES) * 2))]
    found = []
    for number in range(count):
        data = drawn[number % len(drawn)]
        note = f"{series} {number}".encode()
        data = data[:2] + b"\xff\xfe" + (len(note) + 2).to_bytes(2, "big") + note + data[2:]
        found.append((hashlib.sha256(data).hexdigest(), data))
    return found
