"""Claims about `backup` and `restore`: what is accepted comes back whole, into a place of its own, or nothing does.

The backup is made of the database of the test, restored by processes of their own: into an empty data folder, or an
empty database of PostgreSQL.
"""

import json
import os
import sqlite3
import subprocess
import sys
import threading
from urllib.parse import urlsplit, urlunsplit

import psycopg2
import pytest
from django.conf import settings as chosen_settings
from django.core.management import call_command
from django.db import connection

from tallies import intake, photos
from tallies.archive import backing_up, database_copies
from tallies.archive.database_copies import CopyFailed
from tallies.archive.results_hash import results_hash
from tallies.models import Channel
from tallies.submission import PhotoName
from tests import recaps
from tests.cast import submission
from tests.processes import clean_environment
from tests.sending import picture


@pytest.fixture
def store(tmp_path):
    return tmp_path / "photos"


@pytest.fixture
def archive(committed_play, store):
    play = committed_play
    taken, _new = photos.receive(picture(seed=5), by=play.siti)
    photos.process_waiting()
    send(play, "dampit_1", [100, 80, 20], photos=(PhotoName(taken.pk, 1),))
    send(play, "babat_1", [30, 40], by="wati")
    recaps.read_alike(play)
    play.people["photo"] = taken
    return play


def send(play, station, votes, by="siti", **changes):
    return intake.submit(submission(play, station, votes, **changes), by=play.people[by], channel=Channel.API).form


class Elsewhere:
    """Another installation: a data folder of its own and, on PostgreSQL, an empty database."""

    def __init__(self, folder, url=""):
        self.folder = folder
        folder.mkdir()
        extra = {"DATABASE_URL": url} if url else {}
        self.environment = clean_environment(SISTA_DATA=str(folder), SISTA_SECRET_KEY="k" * 50, **extra)

    def manage(self, *arguments, **changes):
        return subprocess.run(
            [sys.executable, "manage.py", *map(str, arguments)],
            cwd=chosen_settings.BASE_DIR,
            env=self.environment | changes,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )

    def photo(self, sha256):
        return self.folder / "photos" / photos.original_name(sha256)


@pytest.fixture
def elsewhere(tmp_path):
    made = []

    def make(name):
        if connection.vendor == "sqlite":
            return Elsewhere(tmp_path / name)
        database = f"{connection.settings_dict['NAME']}_{name}"
        with connection.cursor() as cursor:
            cursor.execute(f'DROP DATABASE IF EXISTS "{database}"')
            cursor.execute(f'CREATE DATABASE "{database}"')
        made.append(database)
        parts = urlsplit(os.environ["DATABASE_URL"])
        return Elsewhere(tmp_path / name, urlunsplit(parts._replace(path=f"/{database}")))

    yield make
    for database in made:
        with connection.cursor() as cursor:
            cursor.execute(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')


def test_a_backup_comes_back_into_an_empty_place_and_from_there_into_another(archive, tmp_path, elsewhere):
    expected = results_hash(archive.election)
    folder = tmp_path / "cadangan"
    call_command("backup", folder)
    first = elsewhere("a")
    done = first.manage("restore", folder)
    assert done.returncode == 0, done.stderr
    assert first.manage("results_hash").stdout == f"{expected}  {archive.election.slug}\n"
    assert first.photo(archive.people["photo"].pk).read_bytes() == picture(seed=5)
    whole = first.manage("verify_archive")
    assert (whole.returncode, json.loads(whole.stdout.splitlines()[-1])["differences"]) == (0, 0)

    again = first.manage("backup", tmp_path / "lagi")
    assert again.returncode == 0, again.stderr
    second = elsewhere("b")
    assert second.manage("restore", tmp_path / "lagi").returncode == 0
    assert second.manage("results_hash").stdout == f"{expected}  {archive.election.slug}\n"

    # In use now: it is replaced only when somebody says so.
    refused = second.manage("restore", folder)
    assert refused.returncode == 1
    assert "--replace" in refused.stderr
    assert second.manage("restore", folder, "--replace").returncode == 0
    assert second.manage("rebuild_totals", "--check").returncode == 0


@pytest.mark.parametrize("part", ["database", "photo"])
def test_a_flipped_byte_is_named_and_nothing_is_restored(archive, tmp_path, elsewhere, part):
    folder = tmp_path / "cadangan"
    backup = backing_up.back_up(folder)
    name = photos.original_name(archive.people["photo"].pk)
    path = backup.folder / backup.manifest["database"]["name"] if part == "database" else folder / "foto" / name
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    place = elsewhere("c")
    done = place.manage("restore", folder)
    assert done.returncode == 1
    assert path.name in done.stdout
    assert "berubah" in done.stdout
    assert not (place.folder / "photos").exists()
    assert place.manage("restore", folder, "--replace").returncode == 1


def test_the_next_backup_brings_only_new_photos_and_both_are_whole(archive, tmp_path):
    folder = tmp_path / "cadangan"
    # Another photo came with the D.Hasil: each has an original and two copies.
    assert backing_up.back_up(folder).photos_copied == 6
    before = {path: path.stat().st_mtime_ns for path in (folder / "foto").rglob("*") if path.is_file()}
    photos.receive(picture(seed=9), by=archive.siti)
    second = backing_up.back_up(folder)
    assert second.photos_copied == 1
    assert second.manifest["photos"]["files"] == 7
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert len(backing_up.complete(folder)) == 2
    # What everybody's own tool reads.
    checked = subprocess.run(["sha256sum", "-c", "--quiet", second.folder / "foto.sha256"], cwd=folder, check=False)
    assert checked.returncode == 0


def test_a_backup_that_ends_in_the_middle_never_looks_complete(archive, tmp_path, monkeypatch):
    folder = tmp_path / "cadangan"

    def power_cut(*_arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(backing_up, "_sync", power_cut)
        with pytest.raises(KeyboardInterrupt):
            backing_up.back_up(folder)
    # Killed outright it could not even tidy up: the name alone says that it is no backup.
    (folder / f"{backing_up.UNFINISHED}20260101T000000Z-1").mkdir()
    assert backing_up.complete(folder) == []
    assert backing_up.back_up(folder).photos_copied == 0
    assert len(backing_up.complete(folder)) == 1


def test_what_comes_in_meanwhile_is_in_the_next_one(archive, tmp_path, monkeypatch):
    expected = results_hash(archive.election)

    def one_more():
        try:
            send(archive, "dampit_2", [1, 2, 3])
        finally:
            connection.close()

    def after_one_more():
        # While the copy is open, a phone sends: it neither waits nor is in it.
        phone = threading.Thread(target=one_more)
        phone.start()
        phone.join(20)
        assert not phone.is_alive()
        return {archive.election.slug: results_hash(archive.election)}

    monkeypatch.setattr(backing_up, "all_hashes", after_one_more)
    backup = backing_up.back_up(tmp_path / "cadangan")
    assert backup.manifest["results"] == {archive.election.slug: expected}
    assert results_hash(archive.election) != expected


def test_a_photo_that_the_store_lost_ends_the_backup_with_its_name(archive, tmp_path, store):
    (store / photos.original_name(archive.people["photo"].pk)).unlink()
    with pytest.raises(CopyFailed, match=archive.people["photo"].pk):
        backing_up.back_up(tmp_path / "cadangan")
    assert backing_up.complete(tmp_path / "cadangan") == []


def test_a_missing_or_older_program_is_explained(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(CopyFailed, match="postgresql-client"):
        database_copies._found("pg_dump")
    said = "server version: 17.2; pg_dump version: 15.1\npg_dump: error: aborting because of server version mismatch"
    assert "17.2" in database_copies._in_words("pg_dump", said)
    assert "lebih tua" in database_copies._in_words("pg_dump", said)


def test_a_running_program_is_not_replaced_under_its_feet(archive, tmp_path, elsewhere):
    """What it accepted meanwhile would be gone, and the phone that sent it keeps nothing after the receipt."""
    folder = tmp_path / "cadangan"
    call_command("backup", folder)
    place = elsewhere("d")
    assert place.manage("restore", folder).returncode == 0
    if connection.vendor == "sqlite":
        running = sqlite3.connect(place.folder / "sista.sqlite3")
        running.execute("PRAGMA journal_mode=WAL")
    else:
        running = psycopg2.connect(place.environment["DATABASE_URL"])
    asked = running.cursor()
    asked.execute("SELECT count(*) FROM accounts_user")
    asked.fetchone()
    if connection.vendor != "sqlite":
        running.commit()  # idle, as a worker between two requests: nothing holds up the restore
    done = place.manage("restore", folder, "--replace")
    running.close()
    assert done.returncode == 1
    assert "masih berjalan" in done.stderr
    assert place.manage("results_hash").returncode == 0
