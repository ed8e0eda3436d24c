"""Claims about photos in an S3 store: received, processed, shown; private; and what its absence gets."""

import datetime as dt
import hashlib
import io
import os
import random
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from django.core.files import File
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone
from moto.moto_server.threaded_moto_server import ThreadedMotoServer
from PIL import Image

from sista import health
from sista.photo_storage import PhotoStoreAway
from tallies import intake, photo_pieces, photos
from tallies.exports import jobs as export_jobs
from tallies.models import Channel, PartialPhoto, Photo, PhotoState, PhotoUpload
from tallies.submission import PhotoName
from tests.cast import submission
from tests.sending import PIECE, send_photo, send_piece

BUCKET = "sista-photos"


def picture_of_noise():
    """A PNG of 150 KB: three pieces."""
    out = io.BytesIO()
    Image.frombytes("RGB", (224, 224), random.Random(1).randbytes(224 * 224 * 3)).save(out, "PNG")
    return out.getvalue()


def picture(shade=200):
    out = io.BytesIO()
    Image.new("RGB", (640, 480), (shade, 20, 20)).save(out, "JPEG")
    return out.getvalue()


@pytest.fixture(scope="module")
def s3():
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


def options(endpoint):
    return {
        "BACKEND": "sista.photo_storage_s3.S3PhotoStorage",
        "OPTIONS": {
            "bucket_name": BUCKET,
            "endpoint_url": endpoint,
            "region_name": "us-east-1",
            "access_key": "access",
            "secret_key": "secret",
        },
    }


@pytest.fixture
def bucket(s3, settings):
    settings.STORAGES = {**settings.STORAGES, "photos": options(s3)}
    store = photos.store()
    store.make_bucket()
    yield store
    for found in store.client.list_objects_v2(Bucket=BUCKET).get("Contents", []):
        store.delete(found["Key"])


@pytest.fixture
def no_store(settings):
    # Nobody listens there.
    settings.STORAGES = {**settings.STORAGES, "photos": options("http://127.0.0.1:1")}


def put(client, data):
    sha256 = hashlib.sha256(data).hexdigest()
    return client.put(reverse("api-photo", args=[sha256]), data, content_type="application/octet-stream")


def form_with_photo(play, data):
    name = PhotoName(hashlib.sha256(data).hexdigest(), 1)
    sent = submission(play, "dampit_1", [100, 80, 20], photos=(name,))
    return intake.submit(sent, by=play.siti, channel=Channel.API).form


def test_a_photo_is_received_processed_and_shown(play, client, bucket):
    data = picture()
    form = form_with_photo(play, data)
    client.force_login(play.siti)
    assert put(client, data).status_code == 201
    assert photos.process_waiting() == 1
    sha256 = hashlib.sha256(data).hexdigest()
    client.force_login(play.budi)
    for query in ({}, {"ukuran": "kecil"}):
        shown = client.get(reverse("photo", args=[form.uuid, sha256]), query)
        assert (shown.status_code, shown.headers["Content-Type"]) == (200, "image/jpeg")
        with Image.open(io.BytesIO(b"".join(shown.streaming_content))) as image:
            assert image.format == "JPEG"
    client.force_login(play.agus)
    assert client.get(reverse("photo", args=[form.uuid, sha256])).status_code == 404


def test_the_original_in_the_store_is_what_was_sent(play, client, bucket):
    data = picture(10)
    client.force_login(play.siti)
    put(client, data)
    with bucket.open(photos.original_name(hashlib.sha256(data).hexdigest())) as stream:
        assert stream.read() == data


def test_a_stranger_reads_nothing_and_no_address_leaves(bucket, s3):
    bucket.save("copy/x.jpg", ContentFile(b"a form"))
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(f"{s3}/{BUCKET}/copy/x.jpg", timeout=5)
    assert not bucket.is_public()
    with pytest.raises(NotImplementedError):
        bucket.url("copy/x.jpg")


def test_the_same_name_again_is_the_same_object(bucket):
    assert [bucket.save("copy/y.jpg", ContentFile(b"bytes")) for _time in range(2)] == ["copy/y.jpg", "copy/y.jpg"]
    assert len(bucket.client.list_objects_v2(Bucket=BUCKET)["Contents"]) == 1


def test_a_name_that_is_not_there(bucket):
    assert not bucket.exists("copy/none.jpg")
    with pytest.raises(FileNotFoundError):
        bucket.open("copy/none.jpg")
    bucket.delete("copy/none.jpg")


def test_preparing_makes_the_bucket_once(s3, settings, capsys):
    settings.STORAGES = {**settings.STORAGES, "photos": options(s3)}
    settings.STORAGES["photos"]["OPTIONS"]["bucket_name"] = "another-bucket"
    call_command("prepare_photo_store")
    call_command("prepare_photo_store")
    assert capsys.readouterr().out.splitlines() == [
        "Bucket another-bucket made; strangers cannot read it.",
        "Bucket another-bucket was there; strangers cannot read it.",
    ]


def test_a_public_bucket_is_refused(bucket, monkeypatch):
    save = bucket.save

    def save_for_all(name, content):
        name = save(name, content)
        bucket.client.put_object_acl(Bucket=BUCKET, Key=name, ACL="public-read")
        return name

    monkeypatch.setattr(bucket, "save", save_for_all)
    with pytest.raises(CommandError, match="Anybody can read the bucket sista-photos"):
        call_command("prepare_photo_store")


def test_preparing_without_a_store_says_what_to_check(no_store):
    with pytest.raises(CommandError, match="check S3_ENDPOINT, S3_ACCESS_KEY and S3_SECRET_KEY"):
        call_command("prepare_photo_store", wait=0)


def test_without_the_store_a_photo_waits_on_the_phone(play, client, no_store):
    client.force_login(play.siti)
    response = put(client, picture())
    assert response.status_code == 503
    assert int(response.headers["Retry-After"]) > 0
    assert response.json()["code"] == "photo_store_away"
    assert response.json()["detail"] == "Penyimpanan foto sedang tidak dapat dihubungi. Coba lagi sebentar lagi."
    assert (Photo.objects.count(), PhotoUpload.objects.count()) == (0, 0)


def test_a_photo_comes_again_when_the_store_is_back(play, client, s3, settings, no_store):
    client.force_login(play.siti)
    data = picture(30)
    assert put(client, data).status_code == 503
    settings.STORAGES = {**settings.STORAGES, "photos": options(s3)}
    photos.store().make_bucket()
    assert put(client, data).status_code == 201


def pieces(bucket):
    return bucket.names_older_than("pieces", timezone.now() + dt.timedelta(minutes=1))


def test_a_photo_in_pieces_is_one_object_in_the_end(play, bucket):
    data = picture_of_noise()
    answers = [send_piece(play.siti, data, offset) for offset in range(0, len(data), PIECE)]
    assert [answer.status_code for answer in answers] == [204, 204, 201]
    assert pieces(bucket) == []
    with bucket.open(photos.original_name(hashlib.sha256(data).hexdigest())) as stream:
        assert stream.read() == data


def test_the_pieces_in_the_store_are_as_many_as_the_row_counts(play, bucket):
    data = picture_of_noise()
    for offset in (0, PIECE, PIECE):
        answer = send_piece(play.siti, data, offset)
    assert (answer.status_code, answer["Upload-Offset"]) == (409, str(PIECE * 2))
    assert len(pieces(bucket)) == 2


@pytest.mark.parametrize("received", [0, PIECE, PIECE * 2])
def test_without_the_store_a_piece_waits_on_the_phone(play, bucket, settings, received):
    data = picture_of_noise()
    for offset in range(0, received, PIECE):
        send_piece(play.siti, data, offset)
    with_store = settings.STORAGES
    settings.STORAGES = {**settings.STORAGES, "photos": options("http://127.0.0.1:1")}
    answer = send_piece(play.siti, data, received)
    assert (answer.status_code, answer.json()["code"]) == (503, "photo_store_away")
    assert int(answer.headers["Retry-After"]) > 0
    settings.STORAGES = with_store
    assert [send_piece(play.siti, data, offset).status_code for offset in range(received, len(data), PIECE)][
        -1
    ] == 201


def test_stale_pieces_in_the_store_are_removed(play, bucket, monkeypatch):
    send_photo(play.siti, picture())
    send_piece(play.siti, picture_of_noise(), 0)
    assert photo_pieces.remove_stale() == 0
    later = timezone.now() + dt.timedelta(days=8, minutes=1)
    monkeypatch.setattr("django.utils.timezone.now", lambda: later)
    assert photo_pieces.remove_stale() == 1
    assert (pieces(bucket), PartialPhoto.objects.count()) == ([], 0)
    assert bucket.exists(photos.original_name(hashlib.sha256(picture()).hexdigest()))


def test_without_the_store_a_form_is_taken_in(play, no_store):
    assert form_with_photo(play, picture()).pk
    assert play.result("dampit_1").is_in


def test_without_the_store_a_shown_photo_says_so(play, client, bucket, settings):
    data = picture(40)
    form = form_with_photo(play, data)
    client.force_login(play.siti)
    put(client, data)
    photos.process_waiting()
    settings.STORAGES = {**settings.STORAGES, "photos": options("http://127.0.0.1:1")}
    response = client.get(reverse("photo", args=[form.uuid, hashlib.sha256(data).hexdigest()]))
    assert (response.status_code, "Retry-After" in response.headers) == (503, True)


def test_without_the_store_work_waits_and_is_not_given_up(play, client, bucket, settings):
    client.force_login(play.siti)
    put(client, picture(50))
    with_store = settings.STORAGES
    settings.STORAGES = {**settings.STORAGES, "photos": options("http://127.0.0.1:1")}
    with pytest.raises(PhotoStoreAway):  # the round ends at once: a store that hangs would hang at each photo
        photos.process_waiting()
    assert Photo.objects.get().state == PhotoState.RECEIVED
    settings.STORAGES = with_store
    assert photos.process_waiting() == 1
    assert Photo.objects.get().state == PhotoState.READY


def test_readiness_tells_of_the_store(client, db, bucket, settings):
    health.forget_photo_store()
    assert client.get("/readyz").json()["photos"] == "ok"
    assert "Contents" not in bucket.client.list_objects_v2(Bucket=BUCKET)
    settings.STORAGES = {**settings.STORAGES, "photos": options("http://127.0.0.1:1")}
    health.forget_photo_store()
    response = client.get("/readyz")
    assert (response.status_code, response.json()["photos"]) == (503, "down")
    health.forget_photo_store()


def test_the_environment_chooses_the_store(tmp_path):
    """In a process of its own: settings are read once."""
    secret = tmp_path / "secret"
    secret.write_text("from-a-file\n")
    asked = (
        "import django; django.setup(); from django.core.files.storage import storages; s = storages['photos'];"
        "print(type(s).__name__, s.bucket_name, s.endpoint_url, s.region_name, s.access_key, s.secret_key)"
    )
    environ = {
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": "sista.settings",
        "SISTA_DATA": str(tmp_path),
        "S3_BUCKET": "sista-photos",
        "S3_ENDPOINT": "http://seaweedfs:8333/",
        "S3_ACCESS_KEY": "access",
        "S3_SECRET_KEY_FILE": str(secret),
    }
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, "-c", asked], cwd=root, env=environ, capture_output=True, text=True, timeout=30
    )
    assert done.stdout == "S3PhotoStorage sista-photos http://seaweedfs:8333 us-east-1 access from-a-file\n"


def test_a_file_that_is_taken_away_lies_in_the_bucket_and_is_replaced_by_its_name(bucket, s3, settings):
    settings.STORAGES |= {"exports": options(s3) | {"BACKEND": "sista.photo_storage_s3.S3FileStorage"}}
    name = "exports/one.csv"
    for content in (b"x" * 2_000_000, b"shorter"):
        with tempfile.SpooledTemporaryFile(1000) as out:
            out.write(content)
            out.seek(0)
            export_jobs.store().save(name, File(out))
            assert not out.closed
        with export_jobs.store().open(name) as kept:
            assert kept.read() == content
    export_jobs.store().delete(name)
    with pytest.raises(FileNotFoundError):
        export_jobs.store().open(name)
