"""Claims about photos of which bytes are wrong: taken or refused with a code we have words for, in no other way."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tallies import photos
from tallies.photo_sending import PhotoRefused
from tests.examples import many
from tests.mutations import mutated
from tests.sending import picture

CODES = {"not_a_photo", "cut_off", "too_many_pixels"}
EXIF = Image.Exif()
EXIF[0x0112], EXIF[0x0110], EXIF[0x8825] = 6, "Telepon", {1: "S", 2: (7.0, 58.0, 1.5)}
WHOLE = {
    "JPEG": picture("JPEG", exif=EXIF),
    "progressive": picture("JPEG", progressive=True),
    "PNG": picture("PNG", exif=EXIF),
    "WEBP": picture("WEBP", exif=EXIF),
    "HEIF": picture("HEIF", size=(64, 48)),
}


def taken(data):
    """True for what `photos.receive` would take in, having looked at it."""
    try:
        kind, width, height = photos.inspect(data)
    except PhotoRefused as refusal:
        found = refusal.code
    else:
        assert kind in photos.FORMATS
        assert 0 < width * height <= photos.MAX_PIXELS.get(kind, photos.MAX_PIXELS_OTHER)
        return True
    assert found in CODES
    return False


@pytest.mark.parametrize("kind", WHOLE)
def test_a_photo_of_which_bytes_are_wrong_is_taken_or_refused_in_words(kind):
    assert taken(WHOLE[kind])

    @many(60, same=True)
    @given(mutated(WHOLE[kind]))
    def ask(data):
        if taken(data):
            shown(data)

    ask()


def shown(data):
    """Make the copies as a worker does, which sets the photo aside where the decoder fails in whatever way."""
    try:
        copy, thumbnail, facts, _like = photos.render(data)
    except MemoryError:
        raise
    except Exception:
        return
    for made, side in ((copy, photos.COPY_SIDE), (thumbnail, photos.THUMBNAIL_SIDE)):
        with Image.open(io.BytesIO(made)) as image:
            assert image.format == "JPEG"
            assert max(image.size) <= side
            assert not image.getexif()
    assert "\\u0000" not in repr(facts)


@many(200, same=True)
@given(
    st.sampled_from(
        [
            b"",
            b"\xff\xd8\xff\xe0",
            b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
            b"RIFF\x10\0\0\0WEBPVP8 ",
            b"\0\0\0\x18ftypheic",
            b"GIF89a",
            b"II*\0",
        ]
    ),
    st.binary(max_size=64),
)
def test_what_only_begins_like_a_photo_is_refused_in_words(start, rest):
    taken(start + rest)
