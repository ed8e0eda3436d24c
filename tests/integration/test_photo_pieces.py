"""Claims about a photo that comes in pieces: nothing twice, nothing mixed, nobody else's, and whole at the end."""

import datetime as dt
import errno
import io
import os
import random
import threading
from itertools import groupby
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.db import OperationalError, connection, transaction
from django.urls import reverse
from django.utils import timezone
from PIL import Image
from rest_framework.test import APIClient

from accounts.models import Refusal
from sista import background
from sista.photo_storage import DurableFileSystemStorage
from tallies import assigning, photo_pieces, photos
from tallies.models import PartialPhoto, Photo, PhotoUpload
from tests.sending import PIECE, at_once, client_of, pixel_bomb, send_photo, send_piece, sha256_of

LEAST = django_settings.PHOTO_PIECE_MIN_BYTES


def noise(seed=0, *, side=320):
    """A PNG of 307 KB that nothing packs any smaller; another ``seed`` is another photo."""
    image = Image.frombytes("RGB", (side, side), random.Random(seed).randbytes(side * side * 3))
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


DATA, OTHER = noise(1), noise(2)


def offsets(data, size=PIECE):
    return range(0, len(data), size)


def send_all(user, data, **changes):
    return [send_piece(user, data, offset, **changes) for offset in offsets(data)]


def told(user, data):
    """What HEAD says: is the photo whole, and how much of it is here."""
    answer = client_of(user).head(reverse("api-photo", args=[sha256_of(data)]))
    assert answer.content == b""
    return answer.status_code, int(answer["Upload-Offset"])


def original(data):
    with photos.store().open(photos.original_name(sha256_of(data))) as stream:
        return stream.read()


def stored_files(folder=""):
    root = Path(photos.store().location)
    return sorted(str(path.relative_to(root)) for path in (root / folder).rglob("*") if path.is_file())


def refused(answer, status, code):
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.content
    assert set(answer.json()) == {"code", "detail", "fields"}
    assert "Kode:" not in answer.json()["detail"], "the code has no sentence"


def wrong_offset(answer, received):
    refused(answer, 409, "wrong_offset")
    assert int(answer["Upload-Offset"]) == received


def in_reach(user, data, received):
    """So much of it is here, and the rest completes it."""
    assert told(user, data) == (404, received)
    answers = [send_piece(user, data, offset) for offset in range(received, len(data), PIECE)]
    assert [answer.status_code for answer in answers] == [204] * (len(answers) - 1) + [201]
    assert original(data) == data


# Whole at the end


def test_the_last_piece_stores_the_photo_as_if_it_had_come_whole(play):
    answers = send_all(play.siti, DATA)
    assert [answer.status_code for answer in answers] == [204, 204, 204, 204, 201]
    assert [int(answer["Upload-Offset"]) for answer in answers] == [PIECE * n for n in (1, 2, 3, 4)] + [len(DATA)]
    assert answers[-1].json() == send_photo(play.siti, DATA).json()
    assert original(DATA) == DATA
    assert (PhotoUpload.objects.count(), PartialPhoto.objects.count()) == (1, 0)
    assert stored_files() == [photos.original_name(sha256_of(DATA))]


def test_pieces_may_be_of_any_size_between_the_limits(play):
    offset, sizes = 0, [LEAST, PIECE, LEAST + 1, 50_000, PIECE, 65_000, PIECE]
    for size in sizes:
        answer = send_piece(play.siti, DATA, offset, size=size)
        offset += size
    assert (answer.status_code, original(DATA)) == (201, DATA)


def test_a_small_photo_is_one_piece(play):
    data = noise(side=60)
    assert [answer.status_code for answer in send_all(play.siti, data)] == [201]
    assert not PartialPhoto.objects.exists()


def test_head_tells_how_much_is_here_and_that_is_no_refusal(play):
    assert told(play.siti, DATA) == (404, 0)
    for offset in offsets(DATA)[:-1]:
        send_piece(play.siti, DATA, offset)
        assert told(play.siti, DATA) == (404, offset + PIECE)
    send_piece(play.siti, DATA, offset + PIECE)
    assert told(play.siti, DATA) == (200, len(DATA))
    assert not Refusal.objects.exists()


def test_a_piece_that_comes_again_adds_nothing(play):
    assert send_piece(play.siti, DATA, 0).status_code == 204
    for _ in range(2):
        wrong_offset(send_piece(play.siti, DATA, 0), PIECE)
    assert len(stored_files()) == 1
    in_reach(play.siti, DATA, PIECE)


def test_any_piece_of_a_whole_photo_says_that_it_is_whole(play):
    send_photo(play.siti, DATA)
    answers = send_all(play.siti, DATA)
    assert {(answer.status_code, int(answer["Upload-Offset"])) for answer in answers} == {(200, len(DATA))}
    assert not PartialPhoto.objects.exists()


def test_a_photo_sent_whole_after_its_first_pieces_is_whole(play):
    send_piece(play.siti, DATA, 0)
    assert send_photo(play.siti, DATA).status_code == 201
    assert told(play.siti, DATA) == (200, len(DATA))
    assert [answer.status_code for answer in send_all(play.siti, DATA)][-1] == 200


@pytest.mark.parametrize("offset", [0, PIECE, PIECE * 2 - 1, PIECE * 2 + 1, PIECE * 3])
def test_a_piece_at_a_wrong_offset_is_told_the_true_one(play, offset):
    for before in (0, PIECE):
        send_piece(play.siti, DATA, before)
    wrong_offset(send_piece(play.siti, DATA, offset), PIECE * 2)
    assert len(stored_files()) == 2
    in_reach(play.siti, DATA, PIECE * 2)


def test_whoever_begins_in_the_middle_is_sent_to_the_beginning(play):
    wrong_offset(send_piece(play.siti, DATA, PIECE), 0)
    wrong_offset(send_piece(play.siti, DATA, PIECE * 4), 0)
    assert (stored_files(), PartialPhoto.objects.count()) == ([], 0)


# Whose it is


def test_a_part_is_neither_seen_nor_completed_by_another(play):
    for offset in offsets(DATA)[:-1]:
        send_piece(play.siti, DATA, offset)
    assert {who: told(user, DATA) for who, user in play.people.items()} == dict.fromkeys(play.people, (404, 0)) | {
        "siti": (404, PIECE * 4)
    }
    wrong_offset(send_piece(play.joko, DATA, PIECE * 4), 0)
    assert [answer.status_code for answer in send_all(play.joko, DATA)] == [204, 204, 204, 204, 201]
    in_reach(play.siti, DATA, PIECE * 4)
    assert PhotoUpload.objects.count() == 2


def test_wrong_bytes_of_another_do_not_spoil_mine(play):
    send_piece(play.siti, DATA, 0)
    send_piece(play.joko, OTHER, 0, sha256=sha256_of(DATA))
    in_reach(play.siti, DATA, PIECE)


def test_who_may_not_send_photos_may_not_send_pieces(play):
    answers = {who: send_piece(play.people[who], DATA, 0).status_code for who in play.people}
    assert {who for who, status in answers.items() if status == 204} == set(play.people) - {"nasi"}
    assert answers["nasi"] == 403


@pytest.mark.parametrize("received", [0, PIECE, PIECE * 4])
def test_a_witness_revoked_in_the_middle_sends_no_more(play, received):
    for offset in range(0, received, PIECE):
        send_piece(play.joko, DATA, offset)
    before = stored_files()
    assigning.revoke(play.joko.assignments.get(), by=play.dewi)
    refused(send_piece(play.joko, DATA, received), 403, "not_allowed")
    assert told(play.joko, DATA) == (404, received)
    assert stored_files() == before


def test_without_signing_in_or_the_csrf_token_nothing_is_taken(play):
    refused(send_piece(None, DATA, 0, client=APIClient()), 403, "not_signed_in")
    refused(send_piece(None, DATA, 0, client=client_of(play.siti, enforce_csrf_checks=True)), 403, "csrf_failed")
    assert stored_files() == []


# What cannot be a piece


@pytest.mark.parametrize("name", ["Upload-Offset", "Upload-Length"])
@pytest.mark.parametrize("value", ["", "-1", "+1", " 0", "1e3", "0x10", "1.0", "1_000", "٣", "²", "9" * 10, "nan"])
def test_a_number_that_is_none_is_refused(play, name, value):
    refused(send_piece(play.siti, DATA, 0, headers={name: value.encode().decode("latin-1")}), 400, "bad_piece")
    assert stored_files() == []


def test_a_request_without_the_two_numbers_is_refused(play):
    address = reverse("api-photo", args=[sha256_of(DATA)])
    refused(client_of(play.siti).generic("PATCH", address, DATA[:PIECE]), 400, "bad_piece")


def test_an_address_that_is_no_hash_is_404(play):
    refused(send_piece(play.siti, DATA, 0, sha256="A" * 64), 404, "not_found")


@pytest.mark.parametrize(
    ("offset", "body"),
    [(0, b""), (0, DATA[: LEAST - 1]), (PIECE * 4, DATA[PIECE * 4 :] + b"x"), (len(DATA), b"x"), (len(DATA), b"")],
    ids=["empty", "too small", "beyond the end", "after the end", "empty at the end"],
)
def test_a_piece_that_cannot_be_one_is_refused_and_the_rest_stays(play, offset, body):
    for before in offsets(DATA)[: offset // PIECE]:
        send_piece(play.siti, DATA, before)
    refused(send_piece(play.siti, DATA, offset, body=body), 400, "bad_piece")
    in_reach(play.siti, DATA, min(offset, PIECE * 4))


class Unread(io.RawIOBase):
    def read(self, size=-1):
        raise AssertionError("the body was read")


def test_a_photo_too_large_is_413_at_its_first_piece_before_anything_is_read(play):
    most = django_settings.PHOTO_MAX_BYTES
    too_long = {"headers": {"Upload-Length": str(most + 1)}, "wsgi.input": Unread()}
    refused(send_piece(play.siti, DATA, 0, **too_long), 413, "too_large")
    assert send_piece(play.siti, DATA, 0, headers={"Upload-Length": str(most)}).status_code == 204


def test_a_piece_too_large_is_413_before_anything_is_read(play):
    refused(send_piece(play.siti, DATA, 0, size=PIECE + 1, **{"wsgi.input": Unread()}), 413, "piece_too_large")


def test_a_length_of_nothing_is_an_empty_photo(play):
    refused(send_piece(play.siti, DATA, 0, headers={"Upload-Length": "0"}), 400, "empty")


def test_another_length_begins_again(play):
    """Of one hash and two lengths one is wrong, and the phone must not be caught in its first mistake."""
    send_piece(play.siti, DATA, 0, headers={"Upload-Length": str(len(DATA) + 1)})
    wrong_offset(send_piece(play.siti, DATA, PIECE), 0)
    assert stored_files() == []
    in_reach(play.siti, DATA, 0)


# What is wrong as a whole


def starts_again(user, data, code):
    """Its last piece is refused with ``code``, and nothing of it is left."""
    answers = send_all(user, data)
    refused(answers[-1], 400, code)
    assert told(user, data) == (404, 0)
    assert (stored_files(), Photo.objects.count(), PartialPhoto.objects.count()) == ([], 0, 0)


def test_a_hash_that_is_not_that_of_the_bytes_drops_the_pieces_and_a_new_start_works(play):
    spoilt = DATA[:1000] + OTHER[1000:2000] + DATA[2000:]
    for offset in offsets(DATA):
        answer = send_piece(play.siti, DATA, offset, body=spoilt[offset : offset + PIECE])
    refused(answer, 400, "hash_mismatch")
    assert (stored_files(), PartialPhoto.objects.count()) == ([], 0)
    in_reach(play.siti, DATA, 0)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (random.Random(7).randbytes(150_000), "not_a_photo"),
        (DATA[:-1000], "cut_off"),
        (pixel_bomb(20_000), "too_many_pixels"),
    ],
    ids=["no photo", "cut off", "pixel bomb"],
)
def test_what_is_not_taken_whole_is_not_taken_in_pieces(play, data, code):
    starts_again(play.siti, data, code)
    refused(send_photo(play.siti, data), 400, code)


# Limits


def test_the_share_of_photos_is_looked_at_before_the_first_piece_is_kept(play, settings):
    settings.PHOTOS_PER_STATION_AND_WITNESS = 1
    send_photo(play.joko, OTHER)
    refused(send_piece(play.joko, DATA, 0), 429, "too_many")
    assert PartialPhoto.objects.count() == 0
    assert stored_files("pieces") == []
    assert send_piece(play.siti, DATA, 0).status_code == 204


def test_a_share_that_is_used_up_meanwhile_keeps_the_pieces(play, settings):
    settings.PHOTOS_PER_STATION_AND_WITNESS = 1
    for offset in offsets(DATA)[:-1]:
        send_piece(play.joko, DATA, offset)
    send_photo(play.joko, OTHER)
    refused(send_piece(play.joko, DATA, PIECE * 4), 429, "too_many")
    settings.PHOTOS_PER_STATION_AND_WITNESS = 2
    in_reach(play.joko, DATA, PIECE * 4)


def test_of_too_many_parts_the_oldest_makes_room_and_nobody_elses(play, settings):
    settings.PARTIAL_PHOTOS_PER_PERSON = 3
    mine = [noise(seed) for seed in range(10, 14)]
    send_piece(play.joko, mine[0], 0)
    for data in mine:
        assert send_piece(play.siti, data, 0).status_code == 204
    assert [told(play.siti, data)[1] for data in mine] == [0, PIECE, PIECE, PIECE]
    assert told(play.joko, mine[0]) == (404, PIECE)
    assert len(stored_files()) == 4
    wrong_offset(send_piece(play.siti, mine[0], PIECE), 0)
    in_reach(play.siti, mine[1], PIECE)


# What breaks


class Breaks(io.RawIOBase):
    """A body whose reading fails after ``first``, as the web server lets it fail."""

    def __init__(self, first, error):
        self.pieces = [first]
        self.error = error

    def read(self, size=-1):
        if self.pieces:
            return self.pieces.pop()
        raise self.error


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (Breaks(DATA[PIECE : PIECE + 40_000], ConnectionResetError(104, "the phone went away")), 400, "cut_off"),
        (Breaks(DATA[PIECE : PIECE + 40_000], TimeoutError(107, "the request arrives too slowly")), 408, "too_slow"),
        (io.BytesIO(DATA[PIECE : PIECE + 40_000]), 400, "cut_off"),
    ],
    ids=["breaks", "drips", "ends early"],
)
def test_of_a_piece_that_does_not_arrive_whole_nothing_is_kept(play, body, status, code):
    send_piece(play.siti, DATA, 0)
    refused(send_piece(play.siti, DATA, PIECE, **{"wsgi.input": body}), status, code)
    assert len(stored_files()) == 1
    in_reach(play.siti, DATA, PIECE)


def test_the_bytes_are_synced_before_the_row_counts_them(play, monkeypatch):
    steps = []

    def note(execute, sql, params, many, context):
        if "tallies_partialphoto" in sql and sql.startswith(("INSERT", "UPDATE")):
            steps.append(sql[:6])
        return execute(sql, params, many, context)

    fsync, replace = os.fsync, os.replace
    monkeypatch.setattr("os.fsync", lambda handle: (steps.append("sync"), fsync(handle)))
    monkeypatch.setattr("os.replace", lambda *paths: (steps.append("name"), replace(*paths)))
    with connection.execute_wrapper(note):
        for offset in offsets(DATA)[:2]:
            send_piece(play.siti, DATA, offset)
    saved = ["sync", "name", "sync"]
    assert [step for step, _again in groupby(steps)] == [*saved, "INSERT", *saved, "UPDATE"]


@pytest.mark.parametrize("received", [0, PIECE])
def test_power_cut_between_bytes_and_row_leaves_the_old_offset(play, received):
    for offset in offsets(DATA)[: received // PIECE]:
        send_piece(play.siti, DATA, offset)
    client = client_of(play.siti)

    def fails(execute, sql, params, many, context):
        if "tallies_partialphoto" in sql and sql.startswith(("INSERT", "UPDATE")):
            raise OperationalError("gone")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(fails):
        answer = send_piece(play.siti, DATA, received, client=client)
    refused(answer, 503, "try_again")
    assert len(stored_files()) == received // PIECE + 1, "the piece waits for the sweep"
    in_reach(play.siti, DATA, received)


@pytest.mark.parametrize("received", [0, PIECE, PIECE * 4])
def test_a_full_disk_is_507_and_the_offset_stays(play, monkeypatch, received):
    for offset in offsets(DATA)[: received // PIECE]:
        send_piece(play.siti, DATA, offset)

    def full(self, name, content):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(DurableFileSystemStorage, "_save", full)
        answer = send_piece(play.siti, DATA, received)
    refused(answer, 507, "storage_full")
    assert int(answer["Retry-After"]) > 0
    in_reach(play.siti, DATA, received)


def test_a_piece_that_the_store_lost_starts_the_photo_again(play):
    for offset in offsets(DATA)[:-1]:
        send_piece(play.siti, DATA, offset)
    photos.store().delete(stored_files()[1])
    wrong_offset(send_piece(play.siti, DATA, PIECE * 4), 0)
    assert stored_files() == []
    in_reach(play.siti, DATA, 0)


def test_pieces_that_cannot_be_removed_cost_the_photo_nothing(play, monkeypatch):
    for offset in offsets(DATA)[:-1]:
        send_piece(play.siti, DATA, offset)

    def fails(self, name):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(DurableFileSystemStorage, "delete", fails)
    assert send_piece(play.siti, DATA, PIECE * 4).status_code == 201
    assert len(stored_files("pieces")) == 4


# At once


def test_the_same_piece_eight_times_at_once_is_one_piece(committed_play):
    clients = [client_of(committed_play.siti) for _ in range(8)]
    for offset in offsets(DATA):
        answers = at_once(8, lambda n, at=offset: send_piece(None, DATA, at, client=clients[n]))
        found = sorted(answer.status_code for answer in answers)
        if offset + PIECE < len(DATA):
            assert found == [204] + [409] * 7
            assert {int(answer["Upload-Offset"]) for answer in answers} == {offset + PIECE}
            assert len(stored_files()) == offset // PIECE + 1
        else:
            assert found == [200] * 7 + [201]
    assert original(DATA) == DATA
    assert stored_files() == [photos.original_name(sha256_of(DATA))]


def test_of_two_pieces_at_once_the_slower_one_may_still_be_the_next(play, monkeypatch, settings):
    """It finds the row too short, and a moment later just right: another came between. Its part is not dropped."""
    settings.PARTIAL_PHOTOS_PER_PERSON = 1
    send_piece(play.siti, DATA, 0)
    written, others = photo_pieces._written, [DATA[PIECE : 2 * PIECE]]

    def too_early(statement, values):
        if not others:
            return written(statement, values)
        send_piece(play.siti, DATA, PIECE, body=others.pop())
        return False

    monkeypatch.setattr(photo_pieces, "_written", too_early)
    assert send_piece(play.siti, DATA, 2 * PIECE).status_code == 204
    assert len(stored_files()) == 3
    in_reach(play.siti, DATA, 3 * PIECE)


def test_two_senders_of_pieces_of_different_sizes_never_mix_them(committed_play):
    """Two tabs of one person, each following what it is told: the bytes fit, whoever wins."""
    clients = [client_of(committed_play.siti) for _ in range(2)]
    for seed in range(20, 25):
        data = noise(seed)

        def follow(place, data=data):
            offset, size = 0, (LEAST * 3, PIECE)[place]
            while True:
                answer = send_piece(None, data, offset, size=size, client=clients[place])
                if answer.status_code in (200, 201):
                    return answer.status_code
                assert answer.status_code in (204, 409), answer.content
                offset = int(answer["Upload-Offset"])

        assert sorted(at_once(2, follow)) in ([200, 201], [200, 200], [201, 201])
        assert original(data) == data
    assert not PartialPhoto.objects.exists()
    assert stored_files("pieces") == []


def test_a_piece_that_was_counted_while_another_request_completed_the_photo_goes_with_it(play, monkeypatch):
    """Both followed the same offset: one sent the last bytes, the other one more piece before they were written."""
    for offset in offsets(DATA)[:-1]:
        send_piece(play.siti, DATA, offset)
    last = offsets(DATA)[-1]
    receive = photos.receive

    def late(data, **kwargs):
        answer = send_piece(play.siti, DATA, last, size=LEAST)
        assert answer.status_code == 204, answer.content
        return receive(data, **kwargs)

    monkeypatch.setattr(photos, "receive", late)
    assert send_piece(play.siti, DATA, last).status_code == 201
    assert not PartialPhoto.objects.exists()
    assert stored_files("pieces") == []


@pytest.mark.services
@pytest.mark.skipif(connection.vendor != "postgresql", reason="needs PostgreSQL: DATABASE_URL=postgres://…")
def test_a_piece_that_waits_for_another_connection_is_told_the_offset_after_it(committed_play):
    """One connection has moved the row and not committed; the other waits, and must not move it too."""
    siti = committed_play.siti
    send_piece(siti, DATA, 0)
    moved, waits, second = threading.Event(), threading.Event(), client_of(siti)

    def act(place):
        if place == 0:
            with transaction.atomic():
                assert PartialPhoto.objects.filter(received=PIECE).update(received=PIECE + LEAST) == 1
                moved.set()
                assert waits.wait(20)
            return None
        assert moved.wait(20)
        return send_piece(None, DATA, PIECE, client=second)

    def watch():
        with connection.cursor() as cursor:
            while not waits.is_set():
                cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
                if cursor.fetchone()[0]:
                    waits.set()
        connection.close()

    watcher = threading.Thread(target=watch)
    watcher.start()
    wrong_offset(at_once(2, act)[1], PIECE + LEAST)
    watcher.join(20)
    assert len(stored_files()) == 1, "the piece that came second is gone"


# Stale


def age(name, days):
    path = photos.store().path(name)
    then = timezone.now() - dt.timedelta(days=days)
    os.utime(path, (then.timestamp(), then.timestamp()))


def begun(data, days):
    PartialPhoto.objects.filter(sha256=sha256_of(data)).update(started_at=timezone.now() - dt.timedelta(days=days))


def test_parts_that_are_never_completed_are_removed_and_young_ones_are_not(play):
    send_piece(play.siti, DATA, 0)
    for name in stored_files():
        age(name, 8.1)
    begun(DATA, 8.1)
    send_piece(play.siti, OTHER, 0)
    begun(OTHER, 6.9)
    assert photo_pieces.remove_stale() == 1
    assert told(play.siti, DATA) == (404, 0)
    in_reach(play.siti, OTHER, PIECE)


def test_the_row_goes_a_day_before_its_bytes(play):
    send_piece(play.siti, DATA, 0)
    for name in stored_files():
        age(name, 7.5)
    begun(DATA, 7.5)
    assert photo_pieces.remove_stale() == 0
    assert (PartialPhoto.objects.count(), len(stored_files())) == (0, 1)


def test_pieces_that_no_row_names_are_removed_and_photos_are_not(play):
    send_photo(play.siti, DATA)
    folder = Path(photos.store().path("pieces/ab"))
    folder.mkdir(parents=True)
    for name in ("ab" * 16, "tmpl0st", "young"):
        (folder / name).write_bytes(b"x")
    for name in stored_files():
        if "young" not in name:
            age(name, 30)
    assert photo_pieces.remove_stale() == 2
    assert stored_files() == [photos.original_name(sha256_of(DATA)), "pieces/ab/young"]
    assert photo_pieces.remove_stale() == 0


def test_the_sweep_finds_nothing_where_nothing_ever_came(db):
    assert photo_pieces.remove_stale() == 0


def test_both_ways_of_working_remove_what_is_stale(settings):
    tasks = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert "tallies.tasks.remove_stale_pieces" in tasks
    assert "remove_stale" in {job.__name__ for job in background.PHOTO_JOBS}


def test_an_hourly_job_is_done_once_an_hour_and_again_when_it_failed(monkeypatch):
    now, done = [1000.0], []
    monkeypatch.setattr("time.monotonic", lambda: now[0])

    def job():
        done.append(now[0])
        if len(done) == 2:
            raise OSError("the store is away")
        return 1

    hourly = background.every(3600, job)
    assert [hourly(), hourly()] == [1, 0]
    now[0] += 3600
    with pytest.raises(OSError, match="away"):
        hourly()
    assert [hourly(), hourly()] == [1, 0]
    assert done == [1000.0, 4600.0, 4600.0]


def test_a_piece_of_a_photo_that_came_whole_meanwhile_is_told_so_and_the_half_goes(play):
    send_piece(play.siti, DATA, 0)
    assert send_photo(play.siti, DATA).status_code == 201
    assert send_piece(play.siti, DATA, PIECE).status_code == 200
    assert not PartialPhoto.objects.exists()
