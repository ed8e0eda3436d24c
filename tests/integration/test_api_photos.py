"""Claims about the address that takes photos: what is accepted, what is shown, what is refused and why."""

import io
import re
import resource
import tracemalloc
from contextlib import suppress
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.urls import reverse
from PIL import ExifTags, Image, ImageOps
from rest_framework.test import APIClient

from accounts.models import Refusal
from tallies import assigning, photos
from tallies.api import photo_views
from tallies.models import Assignment, Photo, PhotoState, PhotoUpload
from tests.sending import at_once, client_of, form_body, picture, pixel_bomb, send, send_photo, sha256_of

RETURNS = Path(django_settings.BASE_DIR).parent / "shared" / "data" / "c1-photos"


def photo_url(data):
    return reverse("api-photo", args=[sha256_of(data)])


def refused(answer, status, code):
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.content
    assert set(answer.json()) == {"code", "detail", "fields"}
    assert "Kode:" not in answer.json()["detail"], "the code has no sentence"
    assert not Photo.objects.exists()
    assert not stored_files()


def stored_files():
    root = Path(photos.store().location)
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


def shown(data):
    """The bytes of the copy that pages show."""
    with photos.store().open(photos.copy_name(sha256_of(data))) as stream:
        return stream.read()


# Accepted


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF"])
def test_a_photo_is_stored_and_the_copy_is_made_later(play, kind):
    data = picture(kind)
    answer = send_photo(play.siti, data)
    assert answer.status_code == 201, answer.content
    assert answer.json() == {
        "sha256": sha256_of(data),
        "size": len(data),
        "format": kind,
        "width": 120,
        "height": 80,
    }
    assert stored_files() == [photos.original_name(sha256_of(data))]
    assert photos.process_waiting() == 1
    assert Photo.objects.get().state == PhotoState.READY
    with Image.open(io.BytesIO(shown(data))) as copy:
        assert (copy.format, copy.size) == ("JPEG", (120, 80))


def test_the_same_photo_again_is_200_and_one_photo(play):
    data = picture()
    answers = [send_photo(play.siti, data) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [201, 200, 200]
    assert len({answer.content for answer in answers}) == 1
    assert (Photo.objects.count(), PhotoUpload.objects.count()) == (1, 1)


def test_a_photo_that_another_witness_has_too_is_new_to_this_one(play):
    data = picture()
    assert [send_photo(play.people[who], data).status_code for who in ("siti", "joko")] == [201, 201]
    assert (Photo.objects.count(), PhotoUpload.objects.count()) == (1, 2)


def test_one_photo_eight_times_at_once_is_one_photo(committed_play):
    data = picture()
    clients = [client_of(committed_play.siti) for _ in range(8)]
    put = "application/octet-stream"
    answers = at_once(8, lambda n: clients[n].generic("PUT", photo_url(data), data, content_type=put).status_code)
    assert sorted(answers) == [200] * 7 + [201]
    assert stored_files() == [photos.original_name(sha256_of(data))]


@pytest.mark.parametrize("content_type", ["image/jpeg", "text/html", "application/json", "", "multipart/form-data"])
def test_what_the_sender_calls_the_bytes_is_ignored(play, content_type):
    data = picture()
    assert send_photo(play.siti, data, content_type=content_type).status_code == 201
    assert (Photo.objects.get().format, Photo.objects.get().size) == ("JPEG", len(data))


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "a\x00b.jpg", "x" * 300, "\u202egpj.exe", "🗳️.jpg", 'x"; filename="y.svg']
)
def test_a_file_name_decides_nothing(play, name):
    data = picture()
    disposition = f'attachment; filename="{name}"'.encode().decode("latin-1")
    assert send_photo(play.siti, data, HTTP_CONTENT_DISPOSITION=disposition).status_code == 201
    assert stored_files() == [photos.original_name(sha256_of(data))]


def test_a_body_larger_than_django_keeps_in_memory_is_read(play, settings):
    data = picture("PNG", size=(1400, 900))
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = len(data) - 1
    assert send_photo(play.siti, data).status_code == 201


def test_a_photo_of_twenty_megabytes_is_accepted(play):
    data = picture()
    data += b"\x00" * (django_settings.PHOTO_MAX_BYTES - len(data))
    assert send_photo(play.siti, data).status_code == 201


# Refused


def test_no_bytes_are_400(play):
    refused(send_photo(play.siti, b""), 400, "empty")


def test_25_megabytes_are_413_before_anything_is_read(play):
    class Unread(io.RawIOBase):
        def read(self, size=-1):
            raise AssertionError("the body was read")

    refused(send_photo(play.siti, b"\xff" * 25_000_000), 413, "too_large")
    client = client_of(play.siti)
    answer = client.put(
        photo_url(b"x"), CONTENT_LENGTH=str(25_000_000), **{"wsgi.input": Unread()}, content_type="image/jpeg"
    )
    refused(answer, 413, "too_large")


def peak_kilobytes(*, anew=False):
    """The most memory the process held, since the last call with ``anew`` where Linux lets us begin anew."""
    if anew:
        with suppress(OSError):
            Path("/proc/self/clear_refs").write_text("5")
    with suppress(OSError):
        return int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1])
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def test_a_pixel_bomb_is_refused_before_it_is_decoded(play):
    bomb = pixel_bomb(30_000)
    assert len(bomb) < 900_000
    client = client_of(play.siti)
    assert client.generic("PUT", photo_url(b"warm"), b"warm").status_code == 400  # what a first request loads
    before = peak_kilobytes(anew=True)
    tracemalloc.start()
    answer = client.generic("PUT", photo_url(bomb), bomb, content_type="image/png")
    _now, traced = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    grown = peak_kilobytes() - before
    refused(answer, 400, "too_many_pixels")
    assert traced < 20 * len(bomb)
    assert grown < 40_000, "unpacked it takes 880 MB"


@pytest.mark.parametrize(("kind", "accepted"), [("JPEG", 201), ("PNG", 400)])
def test_fifty_megapixels_are_a_phone_as_jpeg_and_a_bomb_as_png(play, kind, accepted):
    out = io.BytesIO()
    Image.new("L", (8200, 6100), 128).save(out, kind)
    assert send_photo(play.siti, out.getvalue()).status_code == accepted


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
NOT_PHOTOS = {
    "svg": SVG,
    "xml": b'<?xml version="1.0"?>' + SVG,
    "gif": picture("GIF"),
    "tiff": picture("TIFF"),
    "bmp": picture("BMP"),
    "ico": picture("ICO", size=(32, 32)),
    "ppm": picture("PPM"),
    "jpeg 2000": picture("JPEG2000"),
    "avif": picture("AVIF"),
    "eps": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\nshowpage\n%%EOF\n",
    "pdf": b"%PDF-1.4\n%%EOF\n",
    "html": b"<!doctype html><script>alert(1)</script>",
    "zip": b"PK\x05\x06" + b"\x00" * 18,
    "text": b"ini foto",
    "only the first bytes of a JPEG": b"\xff\xd8\xff\xe0",
}


@pytest.mark.parametrize("what", NOT_PHOTOS)
def test_what_is_no_photo_by_its_content_is_400(play, what):
    refused(send_photo(play.siti, NOT_PHOTOS[what], content_type="image/jpeg"), 400, "not_a_photo")


@pytest.mark.parametrize("share", [0.3, 0.7, 0.98])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_photo_that_is_cut_off_is_refused_and_the_whole_one_works(play, kind, share):
    whole = picture(kind, size=(600, 400))
    refused(send_photo(play.siti, whole[: int(len(whole) * share)]), 400, "cut_off")
    assert send_photo(play.siti, whole).status_code == 201


def test_a_cut_off_jpeg_is_not_saved_by_the_end_mark_of_its_thumbnail(play):
    exif = Image.Exif()
    exif[0x9286] = picture(size=(40, 30))  # a whole JPEG inside the EXIF
    whole = picture(size=(600, 400), exif=exif)
    assert whole.count(b"\xff\xd9") == 2
    refused(send_photo(play.siti, whole[:-400]), 400, "cut_off")
    assert "ambil ulang" in send_photo(play.siti, whole[:-400]).json()["detail"]
    assert send_photo(play.siti, whole).status_code == 201


def test_bytes_that_are_not_those_of_the_address_are_refused(play):
    refused(send_photo(play.siti, picture(), sha256="0" * 64), 400, "hash_mismatch")


@pytest.mark.parametrize("name", ["0" * 63, "A" * 64, "g" * 64, "0" * 65, "..", "٠" * 64, "0" * 63 + "\n"])
def test_an_address_that_is_no_hash_is_404(play, name):
    refused(send_photo(play.siti, picture(), sha256=name), 404, "not_found")


def test_a_body_that_ends_early_is_refused(play):
    data = picture()
    answer = client_of(play.siti).generic(
        "PUT", photo_url(data), data, content_type="image/jpeg", **{"wsgi.input": io.BytesIO(data[:100])}
    )
    refused(answer, 400, "cut_off")


class Breaks(io.RawIOBase):
    """A body whose reading fails half-way, as the web server lets it fail."""

    def __init__(self, first, error):
        self.pieces = [first]
        self.error = error

    def read(self, size=-1):
        if self.pieces:
            return self.pieces.pop()
        raise self.error


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (TimeoutError(107, "the request arrives too slowly"), 408, "too_slow"),
        (ConnectionResetError(104, "the phone went away"), 400, "cut_off"),
    ],
)
def test_a_body_that_breaks_off_is_told_apart_from_one_that_drips(play, error, status, code):
    data = picture()
    broken = {"wsgi.input": Breaks(data[:100], error)}
    refused(client_of(play.siti).generic("PUT", photo_url(data), data, **broken), status, code)
    assert send_photo(play.siti, data).status_code == 201


# Access


def test_only_who_may_send_forms_or_decide_may_send_photos(play):
    assigning.revoke(play.joko.assignments.get(), by=play.dewi)
    answers = {who: send_photo(play.people[who], picture(seed=n)) for n, who in enumerate(play.people)}
    allowed = {who for who, answer in answers.items() if answer.status_code == 201}
    assert allowed == {"siti", "wati", "budi", "rina", "agus", "dewi", "oper"}
    assert {answers[who].status_code for who in ("joko", "nasi")} == {403}
    assert answers["nasi"].json()["code"] == "not_allowed"
    assert set(Refusal.objects.values_list("user__username", flat=True)) == {"joko", "nasi"}


def test_without_signing_in_nothing_is_taken(play):
    data = picture()
    refused(APIClient().put(photo_url(data), data, content_type="image/jpeg"), 403, "not_signed_in")


def test_without_the_csrf_token_nothing_is_taken(play):
    data = picture()
    client = client_of(play.siti, enforce_csrf_checks=True)
    refused(client.put(photo_url(data), data, content_type="image/jpeg"), 403, "csrf_failed")
    client.cookies["csrftoken"] = "x" * 32
    put = client.generic("PUT", photo_url(data), data, content_type="image/jpeg", HTTP_X_CSRFTOKEN="x" * 32)
    assert put.status_code == 201


def test_head_tells_only_who_sent_it(play):
    data = picture()
    assert client_of(play.siti).head(photo_url(data)).status_code == 404
    send_photo(play.siti, data)
    send(play.siti, form_body(play, "dampit_1", [1, 2, 3], photos=[{"sha256": sha256_of(data), "page": 1}]))
    told = {who: client_of(user).head(photo_url(data)).status_code for who, user in play.people.items()}
    assert told == dict.fromkeys(play.people, 404) | {"siti": 200}
    assert client_of(play.siti).head(photo_url(data)).content == b""
    assert client_of(play.siti).head(reverse("api-photo", args=["nothing"])).status_code == 404


@pytest.mark.parametrize("method", ["get", "post", "delete"])
def test_nobody_reads_or_removes_a_photo_here(play, method):
    data = picture()
    send_photo(play.siti, data)
    assert getattr(client_of(play.siti), method)(photo_url(data)).status_code == 405
    assert Photo.objects.exists()


def test_the_limit_is_by_station_and_witness_and_stops_nobody_else(play, settings):
    settings.PHOTOS_PER_STATION_AND_WITNESS = 2
    joko = [send_photo(play.joko, picture(seed=n)).status_code for n in range(4)]
    assert joko == [201, 201, 429, 429]
    assert send_photo(play.joko, picture(seed=0)).status_code == 200, "what is here already is no new photo"
    siti = [send_photo(play.siti, picture(seed=n)).status_code for n in range(5, 10)]
    assert siti == [201, 201, 201, 201, 429], "two stations, twice as many"
    answer = send_photo(play.joko, picture(seed=20))
    assert answer.json()["code"] == "too_many"
    assert send(play.joko, form_body(play, "dampit_1", [100, 80, 20])).status_code == 201


def test_a_photo_and_its_form_come_in_any_order(play):
    data = picture()
    body = form_body(play, "dampit_1", [100, 80, 20], photos=[{"sha256": sha256_of(data), "page": 1}])
    assert [send_photo(play.siti, data).status_code, send(play.siti, body).status_code] == [201, 201]
    state = client_of(play.siti).get(reverse("api-form", args=[body["uuid"]])).json()["state"]
    assert state["photos_missing"] == []


# The copy


def exif_with(**more):
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = more.get("make", "Samsung")
    exif[ExifTags.Base.Model] = "SM-A055F"
    exif[ExifTags.Base.Orientation] = more.get("orientation", 6)
    exif[ExifTags.Base.ImageDescription] = "<script>alert('exif')</script>"
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = "2020:12:09 13:45:00"
    place = exif.get_ifd(ExifTags.IFD.GPSInfo)
    place[ExifTags.GPS.GPSLatitudeRef] = "S"
    place[ExifTags.GPS.GPSLatitude] = (8.0, 12.0, 36.5)
    return exif


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF"])
def test_what_exif_says_is_kept_as_a_fact_and_not_in_the_copy(play, kind):
    data = picture(kind, exif=exif_with().tobytes())  # as bytes, or a HEIC would not say that it lies on its side
    send_photo(play.siti, data)
    photos.process_waiting()
    facts = Photo.objects.get().facts
    turned = 1 if kind == "HEIF" else 6  # a HEIC says it outside of its EXIF, and is turned as it is decoded
    assert (facts["taken_at"], facts["make"], facts["orientation"]) == ("2020:12:09 13:45:00", "Samsung", turned)
    assert facts["gps"]["1"] == "S"
    assert "36.5" in facts["gps"]["2"]
    for name in (photos.copy_name, photos.thumbnail_name):
        with photos.store().open(name(sha256_of(data))) as stream:
            kept = stream.read()
        assert b"Exif" not in kept
        assert b"Samsung" not in kept
        assert b"<script" not in kept
        with Image.open(io.BytesIO(kept)) as copy:
            assert (dict(copy.getexif()), copy.size) == ({}, (80, 120))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_copy_is_upright(play, orientation):
    data = picture(exif=exif_with(orientation=orientation), quality=95)
    send_photo(play.siti, data)
    photos.process_waiting()
    with Image.open(io.BytesIO(data)) as original, Image.open(io.BytesIO(shown(data))) as copy:
        upright = ImageOps.exif_transpose(original).convert("RGB")
        assert copy.size == upright.size
        # The coloured quarter stands in the same corner.
        corners = [(5, 5), (-5, 5), (5, -5), (-5, -5)]
        points = [(x % copy.width, y % copy.height) for x, y in corners]
        near = [max(map(abs, map(int.__sub__, copy.getpixel(at), upright.getpixel(at)))) < 40 for at in points]
        assert near == [True] * 4


@pytest.mark.parametrize(
    "make", ["Sam\x00sung\x00", "三星 🗳 é", "\u202egnusmaS", "x" * 5000, "=cmd|' /C calc'!A0"], ids=range(5)
)
def test_odd_text_in_exif_survives(play, make):
    out = io.BytesIO()
    with Image.open(io.BytesIO(picture())) as image:
        exif = exif_with()
        exif[ExifTags.Base.Make] = make.encode()
        image.save(out, "JPEG", exif=exif)
    assert send_photo(play.siti, out.getvalue()).status_code == 201
    photos.process_waiting()
    photo = Photo.objects.get()
    assert (photo.state, photo.facts["orientation"]) == (PhotoState.READY, 6)
    assert "\x00" not in photo.facts["make"]
    assert 0 < len(photo.facts["make"]) <= 100


def test_exif_that_cannot_be_read_costs_the_facts_and_not_the_photo(play):
    whole = picture(exif=exif_with())
    start = whole.index(b"Exif\x00\x00") + 6
    data = whole[:start] + b"\xff" * 60 + whole[start + 60 :]
    assert send_photo(play.siti, data).status_code == 201
    photos.process_waiting()
    assert Photo.objects.get().state == PhotoState.READY
    assert b"Samsung" not in shown(data)


def test_a_photo_that_cannot_be_decoded_keeps_no_other_waiting(play):
    """A HEIC cut off in its picture data is found out only by the decoder, which raises EOFError."""
    heic = picture("HEIF", size=(600, 400))
    for seed, data in enumerate((heic[: len(heic) * 2 // 3], picture(seed=1))):
        assert send_photo(play.siti, data).status_code == 201, seed
    assert photos.process_waiting() == 2
    assert list(Photo.objects.order_by("received_at").values_list("state", flat=True)) == [
        PhotoState.UNREADABLE,
        PhotoState.READY,
    ]


def test_an_original_that_is_gone_keeps_no_other_waiting(play):
    lost, kept = picture(seed=1), picture(seed=2)
    for data in (lost, kept):
        send_photo(play.siti, data)
    photos.store().delete(photos.original_name(sha256_of(lost)))
    assert photos.process_waiting() == 1
    assert Photo.objects.get(pk=sha256_of(kept)).state == PhotoState.READY


def test_a_photo_that_another_round_has_made_is_not_decoded_again(play, monkeypatch):
    first, second = picture(seed=1), picture(seed=2)
    for data in (first, second):
        send_photo(play.siti, data)
    decoded = []
    render = photos.render

    def quicker_than_the_other(data):
        decoded.append(data)
        if data == first:
            assert photos.process(sha256_of(second))
        return render(data)

    monkeypatch.setattr(photos, "render", quicker_than_the_other)
    assert photos.process_waiting() == 1
    assert decoded == [first, second]


PAGE = b"<html><script>alert('polyglot')</script></html>"


def polyglots():
    comment = picture(comment=PAGE)
    return {
        "html behind": picture() + PAGE,
        "html inside": comment,
        "zip behind": picture() + b"PK\x05\x06" + b"\0" * 18,
    }


@pytest.mark.parametrize("which", polyglots())
def test_of_a_polyglot_only_the_picture_is_shown(play, which):
    data = polyglots()[which]
    assert send_photo(play.siti, data).status_code == 201
    body = form_body(play, "dampit_1", [100, 80, 20], photos=[{"sha256": sha256_of(data), "page": 1}])
    send(play.siti, body)
    photos.process_waiting()
    answer = client_of(play.budi).get(reverse("photo", args=[body["uuid"], sha256_of(data)]))
    content = b"".join(answer.streaming_content)
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/jpeg")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert b"script" not in content
    assert b"PK\x05\x06" not in content
    assert content == shown(data)


# Several workers


def test_two_workers_share_the_photos_instead_of_making_each_twice(play, monkeypatch):
    """The second begins while the first is in the middle of one, as whenever there is more than one worker."""
    for seed in range(3):
        send_photo(play.siti, picture(seed=seed))
    render, made, by_the_other = photos.render, [], []

    def slowly(data):
        made.append(data)
        if len(made) == 1:
            by_the_other.append(photos.process_waiting())
        return render(data)

    monkeypatch.setattr(photos, "render", slowly)
    assert photos.process_waiting() + by_the_other[0] == 3
    assert (by_the_other, len(made)) == ([2], 3)


def test_a_photo_whose_store_failed_is_taken_up_again_at_once(play, monkeypatch):
    send_photo(play.siti, picture())
    with monkeypatch.context() as patch:
        patch.setattr(photos, "_settle", _disk_full)
        assert photos.process_waiting() == 0
    assert photos.process_waiting() == 1


def _disk_full(*_args):
    raise OSError(28, "full")


# The real ones


@pytest.mark.returns
def test_ten_real_photos_are_accepted_and_upright(play):
    if not RETURNS.exists():
        pytest.skip("the photos are not beside the project")
    files = sorted(path for path in RETURNS.iterdir() if path.suffix != ".csv")
    assert len(files) == 10
    turned = 0
    for path in files:
        data = path.read_bytes()
        assert send_photo(play.siti, data).status_code == 201, path.name
    assert photos.process_waiting() == 10
    for path in files:
        with Image.open(path) as image:
            orientation = image.getexif().get(ExifTags.Base.Orientation, 1)
            upright = ImageOps.exif_transpose(image).size
        with Image.open(io.BytesIO(shown(path.read_bytes()))) as copy:
            assert abs(copy.width / copy.height - upright[0] / upright[1]) < 0.01, path.name
            assert dict(copy.getexif()) == {}
            turned += orientation != 1
    assert turned == 1


def test_the_share_is_that_of_the_moment_a_photo_has_arrived(play, settings, monkeypatch):
    """One sent slowly does not keep the place it found when it began."""
    settings.PHOTOS_PER_STATION_AND_WITNESS = 1
    stations = Assignment.objects.active().filter(witness=play.siti).count()
    read = photo_views.read_photo

    def slowly(*arguments, **options):
        monkeypatch.setattr(photo_views, "read_photo", read)
        for number in range(stations):
            assert send_photo(play.siti, picture(seed=50 + number)).status_code == 201
        return read(*arguments, **options)

    monkeypatch.setattr(photo_views, "read_photo", slowly)
    assert send_photo(play.siti, picture(seed=1)).status_code == 429
