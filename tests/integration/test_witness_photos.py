"""Claims about photos at the witness's page: what is taken, refused, carried along and shown."""

import hashlib
import re
from pathlib import Path

import pytest
from django.utils import timezone
from PIL import Image

from tallies import intake, photos
from tallies.models import Assignment, C1Form, Channel, Photo, PhotoState, PhotoUpload, QuarantinedForm
from tallies.submission import PhotoName
from tallies.views import witness
from tests import sending
from tests.cast import submission
from tests.witness_hands import address, again, fill, hidden, picture, text, upload


@pytest.fixture
def siti(play, client):
    client.force_login(play.siti)
    return client


def test_photos_brought_at_the_check_are_kept_for_the_sending(play, siti):
    data = picture()
    page = fill(siti, play, step="check", photos=[upload(data)])
    assert "Foto halaman 1 diterima" in text(page)
    again(siti, play, page)
    named = C1Form.objects.get().photo_names.values_list("page", "sha256")
    assert list(named) == [(1, hashlib.sha256(data).hexdigest())]


def test_the_receipt_tells_the_state_of_each_photo(play, siti):
    torn = picture(colour=(1, 2, 3), quality=95)
    # Whole enough for the header check, cut off in the picture data.
    torn = torn[:-40] + b"\xff\xd9"
    ready, waiting = picture(), picture(colour=(9, 9, 9))
    response = fill(siti, play, photos=[upload(ready), upload(torn)])
    photos.process_waiting()
    Photo.objects.filter(pk=hashlib.sha256(torn).hexdigest()).update(state=PhotoState.UNREADABLE)
    page = text(siti.get(response.url))
    assert "Foto 2 halaman" in page
    assert "Foto terpotong, ambil ulang" in page
    assert f"/{hashlib.sha256(ready).hexdigest()}/?ukuran=kecil" in page
    correction = siti.get(address(play))
    assert "Foto halaman 1 diterima" in text(correction)
    assert "Foto halaman 2: Foto terpotong, ambil ulang" in text(correction)
    again(siti, play, correction, photos=[upload(waiting)])
    named = dict(C1Form.objects.last().photo_names.values_list("page", "sha256"))
    assert named == {1: hashlib.sha256(ready).hexdigest(), 2: hashlib.sha256(waiting).hexdigest()}


def test_of_a_heic_that_only_the_decoder_finds_cut_off_the_witness_is_asked_for_another(play, siti):
    whole = sending.picture("HEIF", size=(600, 400))
    torn = whole[: len(whole) * 2 // 3]
    response = fill(siti, play, photos=[upload(torn, "c1.heic", "image/heic")])
    photos.process_waiting()
    assert "Foto terpotong, ambil ulang" in text(siti.get(response.url))
    correction = siti.get(address(play))
    assert "Foto halaman 1: Foto terpotong, ambil ulang" in text(correction)
    again(siti, play, correction, photos=[upload(whole, "c1.heic", "image/heic")])
    photos.process_waiting()
    [name] = C1Form.objects.last().photo_names.all()
    assert Photo.objects.get(pk=name.sha256).state == PhotoState.READY


def test_a_photo_that_is_still_on_the_phone_stays_named_in_a_correction(play, siti):
    sent = submission(play, "dampit_1", [100, 80, 20], photos=(PhotoName("a" * 64, 1),))
    intake.submit(sent, by=play.siti, channel=Channel.API)
    again(siti, play, siti.get(address(play)), votes_2="81", valid_votes="201")
    form = C1Form.objects.last()
    assert list(form.photo_names.values_list("sha256", flat=True)) == ["a" * 64]
    assert "Belum sampai di server" in text(siti.get(f"/saksi/kiriman/{form.uuid}/"))


def test_a_photo_can_be_taken_again(play, siti):
    page = fill(siti, play, step="check", photos=[upload(picture()), upload(picture(colour=(1, 1, 1)))])
    first = hidden(page)["kept_photos"][0].split(":")[1]
    better = picture(colour=(2, 2, 2))
    again(siti, play, page, dropped_photos=[first], photos=[upload(better)])
    named = C1Form.objects.get().photo_names.values_list("page", "sha256")
    assert dict(named)[1] == hashlib.sha256(better).hexdigest()
    assert len(named) == 2


def test_the_hash_of_a_photo_somebody_else_brought_is_refused(play, siti):
    data = picture()
    photos.receive(data, by=play.joko)
    response = fill(siti, play, kept_photos=[f"1:{hashlib.sha256(data).hexdigest()}"])
    assert response.status_code == 400
    assert "Foto ini tidak dikenal sebagai foto Anda" in text(response)
    assert C1Form.objects.count() == 0


@pytest.mark.parametrize(
    "name", ["1:../../etc/passwd", "0:" + "a" * 64, "13:" + "a" * 64, "a" * 64, "1:" + "A" * 64, "²:x"]
)
def test_a_broken_photo_name_is_refused(play, siti, name):
    response = fill(siti, play, kept_photos=[name])
    assert response.status_code == 400
    assert "tidak dikenal sebagai foto Anda" in text(response)
    assert C1Form.objects.count() == 0


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"<html><script>alert(1)</script></html>", "bukan foto"),
        (b"GIF89a" + bytes(40), "bukan foto"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "bukan foto"),
        (b"II*\x00" + bytes(40), "bukan foto"),
        (b"%!PS-Adobe-3.0 EPSF-3.0", "bukan foto"),
        (b"", "kosong"),
        (picture(size=(400, 400), quality=95)[:-300], "Foto terpotong, ambil ulang"),
    ],
)
def test_what_is_not_a_whole_photo_is_refused_by_content_and_the_figures_stay(play, siti, data, words):
    response = fill(siti, play, photos=[upload(data)])
    assert response.status_code == 400
    assert words in text(response)
    assert 'name="votes_1" value="100"' in text(response)
    assert (C1Form.objects.count(), Photo.objects.count()) == (0, 0)


def test_after_a_cut_off_photo_the_whole_one_works(play, siti):
    data = picture(size=(400, 400), quality=95)
    page = fill(siti, play, step="check", photos=[upload(data[:-300])])
    assert again(siti, play, page, photos=[upload(data)]).status_code == 302
    assert C1Form.objects.get().photo_names.count() == 1


@pytest.mark.parametrize("tail", [b"<html><script>alert(1)</script></html>", b"PK\x03\x04" + bytes(60)])
def test_of_a_polyglot_only_a_clean_copy_is_shown(play, siti, tail):
    data = picture() + tail
    response = fill(siti, play, photos=[upload(data)])
    photos.process_waiting()
    address_of_photo = re.search(r'<a href="(/hasil/foto/[^"]+)"', text(siti.get(response.url))).group(1)
    shown = siti.get(address_of_photo)
    content = b"".join(shown.streaming_content)
    assert (shown["Content-Type"], shown["X-Content-Type-Options"]) == ("image/jpeg", "nosniff")
    assert content.startswith(b"\xff\xd8")
    assert tail not in content


def test_a_photo_turned_by_its_exif_is_shown_upright_and_stripped(play, siti):
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "<script>alert(1)</script>"
    data = picture(size=(120, 60), exif=exif)
    fill(siti, play, photos=[upload(data)])
    photos.process_waiting()
    with (
        photos.store().open(photos.copy_name(hashlib.sha256(data).hexdigest())) as stream,
        Image.open(stream) as copy,
    ):
        assert copy.size == (60, 120)
        assert dict(copy.getexif()) == {}


ODD_NAMES = ["../../etc/passwd", "a\x00b.svg", "x" * 300 + ".exe", "\u202egpj.exe", "😀.html"]


@pytest.mark.parametrize(
    ("kind", "name"), list(zip(["JPEG", "PNG", "WEBP", "HEIF", "JPEG"], ODD_NAMES, strict=True)), ids=range(5)
)
def test_a_photo_of_each_kind_is_taken_whatever_it_is_called(play, siti, kind, name):
    data = picture(kind)
    assert fill(siti, play, photos=[upload(data, name=name, content_type="text/html")]).status_code == 302
    assert Photo.objects.get().format == kind
    # What lies there is named by the hash, whatever was sent before.
    assert photos.store().exists(photos.original_name(hashlib.sha256(data).hexdigest()))
    assert not Path(photos.store().location, "etc").exists()


def test_a_photo_over_the_limit_is_413_in_words_and_never_read(play, siti, settings, monkeypatch):
    settings.PHOTO_MAX_BYTES = 1000
    monkeypatch.setattr(photos, "receive", lambda *a, **k: pytest.fail("read in spite of its size"))
    response = fill(siti, play, photos=[upload(bytes(1001))])
    assert response.status_code == 413
    assert "Foto terlalu besar" in text(response)
    assert C1Form.objects.count() == 0


def test_25_megabytes_are_413(play, siti):
    response = fill(siti, play, photos=[upload(b"\xff\xd8" + bytes(25 * 1024 * 1024))])
    assert response.status_code == 413
    assert "Paling besar 20 MB" in text(response)


def test_more_photos_than_a_form_has_pages_are_refused_together(play, siti):
    many = [upload(picture(colour=(n * 15, 0, 0))) for n in range(13)]
    response = fill(siti, play, photos=many)
    assert response.status_code == 400
    assert "Paling banyak 12 foto" in text(response)
    assert Photo.objects.count() == 0


def test_beyond_the_share_of_a_witness_photos_are_refused_and_figures_still_go(play, siti, settings):
    settings.PHOTOS_PER_STATION_AND_WITNESS = 1  # siti guards two stations
    page = fill(siti, play, step="check", photos=[upload(picture(colour=(n * 60, 0, 0))) for n in range(3)])
    assert page.status_code == 429
    assert "Batas jumlah foto" in text(page)
    assert again(siti, play, page).status_code == 302
    assert C1Form.objects.get().photo_names.count() == 2


def test_the_same_photo_twice_for_one_form_is_one_photo(play, siti):
    data = picture()
    fill(siti, play, photos=[upload(data), upload(data, name="lain.jpg")])
    assert C1Form.objects.get().photo_names.count() == 1
    assert PhotoUpload.objects.count() == 1


def test_the_same_photo_for_two_stations_is_accepted_and_found(play, siti):
    data = picture()
    for station in ("dampit_1", "dampit_2"):
        assert fill(siti, play, station, photos=[upload(data)]).status_code == 302
    first, second = C1Form.objects.order_by("pk")
    assert list(photos.same_photo_elsewhere(first)) == [second]


def test_without_a_photo_the_page_says_so_and_sends(play, siti):
    page = fill(siti, play, step="check")
    assert "Belum ada foto." in text(page)
    assert again(siti, play, page).status_code == 302


def test_who_is_revoked_while_the_page_is_on_its_way_loses_nothing_typed(play, siti, monkeypatch):
    filled = witness.fill_tray

    def revoked_first(**options):
        Assignment.objects.filter(witness=play.siti).update(revoked_at=timezone.now())
        return filled(**options)

    monkeypatch.setattr(witness, "fill_tray", revoked_first)
    page = fill(siti, play, photos=[upload(picture())])
    assert QuarantinedForm.objects.exists() or 'name="votes_1"' in page.content.decode()
