"""Photos of forms: check what arrives, keep the original private, make the copy that is shown.

A request reads the header only (2-3 ms); decoding costs 47-50 ms and happens in
a worker. Content decides the type, the hash decides the path, and nothing the
sender calls the file is used.
"""

from __future__ import annotations

import hashlib
import io
import logging
import time
from collections.abc import Callable, Iterable
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.core.files.base import ContentFile
from django.core.files.storage import Storage, storages
from django.db.models import Exists, OuterRef
from PIL import ExifTags, Image, UnidentifiedImageError
from pillow_heif import register_heif_opener

from sista import rows
from sista.database import writing
from sista.photo_storage import PhotoStoreAway
from tallies.models import C1Form, ExaminationRow, InvitationReport, Photo, PhotoState, PhotoUpload, StationResult
from tallies.photo_sending import PhotoRefused, standing_of
from tallies.picture_hash import picture_hash

log = logging.getLogger(__name__)
register_heif_opener()

FORMATS = ("JPEG", "PNG", "WEBP", "HEIF")
#: Phones make JPEGs of 48-108 megapixels, and `draft` reads those small. Other
#: formats decode whole.
MAX_PIXELS = {"JPEG": 110_000_000}
MAX_PIXELS_OTHER = 40_000_000
Image.MAX_IMAGE_PIXELS = MAX_PIXELS["JPEG"]

COPY_SIDE = 2000
THUMBNAIL_SIDE = 320
#: A photo that one worker is at is left alone by the others for so long.
AT_WORK_SECONDS = 60
#: A worker goes on for so long, well before the broker gives its task to another as well.
WORK_SECONDS = 20


def store() -> Storage:
    return storages["photos"]


def original_name(sha256: str) -> str:
    return f"original/{sha256[:2]}/{sha256}"


def copy_name(sha256: str) -> str:
    return f"copy/{sha256[:2]}/{sha256}.jpg"


def thumbnail_name(sha256: str) -> str:
    return f"thumbnail/{sha256[:2]}/{sha256}.jpg"


def receive(data: bytes, *, by: Any, expected_sha256: str | None = None) -> tuple[Photo, bool]:
    """Take in the bytes of one photo; return it and whether it was new to ``by``.

    Raises `PhotoRefused` when it is empty, too large, not what it claims, cut
    off, a pixel bomb, or more than the sender's share, and `PermissionDenied`
    for who may send none. Sending it again is a no-op.
    """
    sha256 = hashlib.sha256(data).hexdigest()
    if not data:
        raise PhotoRefused("empty")
    if len(data) > settings.PHOTO_MAX_BYTES:
        raise PhotoRefused("too_large", 413)
    if expected_sha256 is not None and sha256 != expected_sha256:
        raise PhotoRefused("hash_mismatch")
    standing = standing_of(by, sha256)
    if standing.has_sent:
        return Photo.objects.get(pk=sha256), False
    standing.refuse()
    kind, width, height = inspect(data)
    # Bytes first, row second: a row always has its bytes, whatever the power does.
    store().save(original_name(sha256), ContentFile(data))
    photo = Photo(sha256=sha256, size=len(data), format=kind, width=width, height=height)
    with writing():
        rows.insert_if_new(photo)
        is_new = rows.insert_if_new(PhotoUpload(photo=photo, uploaded_by=by))
    return photo, is_new


def inspect(data: bytes) -> tuple[str, int, int]:
    """Read format, width and height from the header. Raises `PhotoRefused`."""
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            kind, (width, height) = image.format or "", image.size
    except Image.DecompressionBombError as error:
        raise PhotoRefused("too_many_pixels") from error
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
        # A WebP without its end does not even open.
        webp_cut_off = data[:4] == b"RIFF" and data[8:12] == b"WEBP" and _is_cut_off(data, "WEBP")
        raise PhotoRefused("cut_off" if webp_cut_off else "not_a_photo") from error
    if width * height > MAX_PIXELS.get(kind, MAX_PIXELS_OTHER):
        raise PhotoRefused("too_many_pixels")
    if _is_cut_off(data, kind):
        raise PhotoRefused("cut_off")
    return kind, width, height


def _is_cut_off(data: bytes, kind: str) -> bool:
    if kind == "JPEG":
        return b"\xff\xd9" not in data[_scan_start(data) :]
    if kind == "PNG":
        return b"IEND" not in data[-64:]
    if kind == "WEBP":
        return len(data) < int.from_bytes(data[4:8], "little") + 8
    return False  # HEIF: the worker finds out


def _scan_start(data: bytes) -> int:
    """Offset of a JPEG's picture data; the thumbnail in its EXIF has an end mark too."""
    position = 2
    while position + 4 <= len(data) and data[position] == 0xFF:
        if data[position + 1] == 0xDA:
            return position
        position += 2 + int.from_bytes(data[position + 2 : position + 4], "big")
    return len(data)


def process_waiting(*, limit: int = 200) -> int:
    """Make the copies of photos that wait; return how many.

    Safe to run twice at once, and of use: each leaves alone what another is at.
    """
    waiting = Photo.objects.filter(state=PhotoState.RECEIVED).order_by("received_at")
    done = 0
    for sha256 in list(waiting.values_list("pk", flat=True)[:limit]):
        at_work = f"photo-at-work:{sha256}"
        # Without a cache both do it, as before; a worker that was killed gives it back by and by.
        if not cache.add(at_work, 1, AT_WORK_SECONDS):
            continue
        try:
            done += process(sha256)
        except PhotoStoreAway:
            raise  # a store that hangs would hang once a photo
        except OSError:
            # The store, not the photo: it waits on, and the others are not kept waiting by it.
            log.exception("photo %s could not be read or its copy not be stored", sha256[:12])
        finally:
            cache.delete(at_work)
    return done


def work_through() -> bool:
    """Make copies until nothing is left for this worker, or its time is up: then return True."""
    began = time.monotonic()
    while process_waiting(limit=50):
        if time.monotonic() - began > WORK_SECONDS:
            return True
    return False


def process(sha256: str) -> bool:
    """Decode one photo, save the upright stripped copy and the thumbnail, keep the EXIF facts.

    Returns False, and does nothing, for one that no longer waits: another round was quicker.
    """
    if not Photo.objects.filter(pk=sha256, state=PhotoState.RECEIVED).exists():
        return False
    with store().open(original_name(sha256)) as stream:
        data = stream.read()
    try:
        copy, thumbnail, facts, like = render(data)
    except MemoryError:
        raise
    except Exception as error:  # decoders fail in their own ways: EOFError for a HEIC that is cut off, struct.error …
        log.info("photo %s is unreadable: %s", sha256[:12], type(error).__name__)
        _settle(sha256, PhotoState.UNREADABLE, {}, "")
        return True
    store().save(copy_name(sha256), ContentFile(copy))
    store().save(thumbnail_name(sha256), ContentFile(thumbnail))
    _settle(sha256, PhotoState.READY, facts, like)
    return True


def _settle(sha256: str, state: PhotoState, facts: dict[str, Any], like: str) -> None:
    """Store what became of a photo, and queue the stations whose counted form names it for the rules."""
    with writing():
        waiting = Photo.objects.filter(pk=sha256, state=PhotoState.RECEIVED)
        if not waiting.update(state=state, facts=facts, picture_hash=like):
            return
        named = StationResult.objects.filter(form__photo_names__sha256=sha256).order_by("pk")
        ExaminationRow.objects.bulk_create(
            ExaminationRow(contest_id=contest, region_id=region, station_id=station)
            for contest, region, station in named.values_list("contest_id", "station__region_id", "station_id")
        )


def render(data: bytes) -> tuple[bytes, bytes, dict[str, Any], str]:
    """Return the upright copy (JPEG, at most 2000 px, no metadata), its thumbnail, what EXIF says, and its hash."""
    with Image.open(io.BytesIO(data), formats=FORMATS) as image:
        facts = _facts(image)
        image.draft("RGB", (COPY_SIDE, COPY_SIDE))
        upright = _upright(image, facts.get("orientation")).convert("RGB")
    upright.thumbnail((COPY_SIDE, COPY_SIDE))
    copy, like = _jpeg(upright), picture_hash(upright)
    upright.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE))
    return copy, _jpeg(upright), facts, like


def _jpeg(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.info.clear()
    image.save(out, "JPEG", quality=82, optimize=True)
    return out.getvalue()


#: What makes a picture upright, by its EXIF orientation.
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def _upright(image: Image.Image, orientation: Any) -> Image.Image:
    # Not ImageOps.exif_transpose: it writes the EXIF anew, and a tag of the wrong type would cost the picture.
    turn = _TURNS.get(orientation) if isinstance(orientation, int) else None
    return image if turn is None else image.transpose(turn)


def _facts(image: Image.Image) -> dict[str, Any]:
    exif = _read(image.getexif) or Image.Exif()
    details = _read(lambda: exif.get_ifd(ExifTags.IFD.Exif)) or {}
    place = _read(lambda: {str(k): str(v) for k, v in exif.get_ifd(ExifTags.IFD.GPSInfo).items()})
    found = {
        "taken_at": details.get(ExifTags.Base.DateTimeOriginal) or exif.get(ExifTags.Base.DateTime),
        "make": exif.get(ExifTags.Base.Make),
        "model": exif.get(ExifTags.Base.Model),
        "orientation": exif.get(ExifTags.Base.Orientation),
        "gps": place or None,
    }
    # Bounded text only: EXIF is the sender's, and NUL breaks PostgreSQL's JSON.
    return {key: _plain(value) for key, value in found.items() if value is not None}


def _read(reader: Callable[[], Any]) -> Any:
    """What a part of the EXIF says, or None: it is the sender's, and reading it fails in many ways."""
    try:
        return reader()
    except Exception:
        return None


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in list(value.items())[:40]}
    return value if isinstance(value, int) else str(value).replace("\x00", "")[:100]


def photos_of(form: C1Form | InvitationReport) -> list[tuple[Any, Photo | None]]:
    """The photos a form or a C6 report names, each with the photo or None while it has not arrived."""
    names = list(form.photo_names.all())
    arrived = arrived_photos(form).in_bulk([name.sha256 for name in names])
    return [(name, arrived.get(name.sha256)) for name in names]


def photos_of_each(versions: Iterable[Any]) -> dict[int, tuple[tuple[Any, Photo | None], ...]]:
    """`photos_of` for many forms, or many C6 reports, by their keys: in two queries where names are prefetched."""
    versions = list(versions)
    hashes = {name.sha256 for version in versions for name in version.photo_names.all()}
    brought = set(PhotoUpload.objects.filter(photo__in=hashes).values_list("photo_id", "uploaded_by_id"))
    arrived = Photo.objects.in_bulk(hashes)
    return {
        version.pk: tuple(
            (name, arrived.get(name.sha256) if (name.sha256, version.submitted_by_id) in brought else None)
            for name in version.photo_names.all()
        )
        for version in versions
    }


def arrived_photos(form: C1Form | InvitationReport) -> Any:
    """Photos that the form's own sender brought: naming a hash shows nobody another's picture."""
    return Photo.objects.filter(
        Exists(PhotoUpload.objects.filter(photo=OuterRef("pk"), uploaded_by=form.submitted_by_id))
    )


def same_photo_elsewhere(form: C1Form) -> Any:
    """Forms of other stations that name a photo of this one (rule P1)."""
    return (
        C1Form.objects.filter(photo_names__sha256__in=form.photo_names.values("sha256"))
        .exclude(station=form.station_id)
        .distinct()
    )
