"""What a witness does with a page: open it, write figures, press a button."""

from __future__ import annotations

import io
import re

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

HIDDEN = re.compile(r'<input type="hidden" name="([a-z_]+)" value="([^"]*)"')
GOOD = {"votes_1": "100", "votes_2": "80", "votes_3": "20", "voters_total": "205"}
GOOD |= {"valid_votes": "200", "invalid_votes": "5", "note": ""}


def address(play, station="dampit_1"):
    return f"/saksi/{play.result(station).pk}/c1/"


def hidden(page):
    """The hidden fields of a page, as a browser sends them back."""
    found = {}
    for name, value in HIDDEN.findall(page.content.decode()):
        found.setdefault(name, []).append(value)
    found.pop("csrfmiddlewaretoken", None)
    return found


def fill(client, play, station="dampit_1", step="send", **changes):
    """Open the form, write ``changes`` over good figures, press a button."""
    at = address(play, station)
    return client.post(at, hidden(client.get(at)) | GOOD | changes | {"step": step})


def again(client, play, page, station="dampit_1", step="send", **changes):
    """Press a button on the page that came back."""
    return client.post(address(play, station), hidden(page) | GOOD | changes | {"step": step})


def picture(kind="JPEG", size=(60, 80), colour=(200, 190, 180), **options):
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, kind, **options)
    return out.getvalue()


def upload(data, name="c1.jpg", content_type="image/jpeg"):
    return SimpleUploadedFile(name, data, content_type)


def text(response):
    return response.content.decode()
