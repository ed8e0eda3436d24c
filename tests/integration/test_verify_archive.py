"""Claims about `verify_archive`: what was accepted is whole, and each thing that is not is named."""

import json
import os
import time
from io import StringIO
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.core.management import CommandError, call_command
from django.db import connection
from moto.moto_server.threaded_moto_server import ThreadedMotoServer

from tallies import append_only, intake, photos
from tallies.archive.results_hash import results_hash
from tallies.models import Channel, InvitationReport, RecapVote, Vote
from tallies.submission import PhotoName
from tallies.witnesses import invitations
from tests import recaps
from tests.cast import submission
from tests.sending import picture


@pytest.fixture
def store(tmp_path):
    return tmp_path / "photos"


@pytest.fixture
def archive(play, store):
    """A C1 with a photo in Malang and one in Lamongan, a C6 report, and a D.Hasil."""
    taken, _new = photos.receive(picture(seed=5), by=play.siti)
    photos.process_waiting()
    send(play, "dampit_1", [100, 80, 20], photos=(PhotoName(taken.pk, 1),))
    send(play, "babat_1", [30, 40], by="wati")
    report = invitations.Report(intake_uuid(), play.stations["dampit_1"].pk, 300, 290, 10)
    invitations.submit(report, by=play.siti, channel=Channel.API)
    recaps.read_alike(play)
    play.people["photo"] = taken
    return play


def intake_uuid():
    import uuid

    return uuid.uuid4()


def send(play, station, votes, by="siti", **changes):
    return intake.submit(submission(play, station, votes, **changes), by=play.people[by], channel=Channel.API).form


def verified(*arguments):
    """The lines of the command, and what its last one says."""
    out = StringIO()
    failed = False
    try:
        call_command("verify_archive", *arguments, stdout=out, stderr=StringIO())
    except SystemExit as end:
        failed = end.code == 1
    *lines, last = out.getvalue().splitlines()
    said = json.loads(last)
    assert (said["differences"] > 0) == failed == bool(lines)
    return lines, said


def sql(statement, *parameters):
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        assert cursor.rowcount == 1


@pytest.fixture
def without_triggers(archive):
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    for statement in append_only.drop_statements(connection.vendor):
        with connection.cursor() as cursor:
            cursor.execute(statement)
    return archive


def test_an_archive_that_nobody_touched_is_whole(archive):
    lines, said = verified()
    assert lines == []
    # Two photos, each with its copy and its thumbnail.
    assert said == {"stations": 6, "recaps": 1, "invitations": 1, "photos": 2, "files": 6, "differences": 0}


def test_one_figure_one_vote_and_one_box_of_a_recap_are_named(without_triggers):
    play = without_triggers
    form = play.result("dampit_1").form
    sql("UPDATE tallies_c1form SET invalid_votes = invalid_votes + 1 WHERE id = %s", form.pk)
    [line], _said = verified()
    assert str(form.uuid) in line
    assert "berubah" in line

    other = play.result("babat_1").form
    sql("UPDATE tallies_vote SET votes = votes + 1 WHERE id = %s", Vote.objects.filter(form=other).first().pk)
    lines, _said = verified()
    assert len(lines) == 2
    assert any(str(other.uuid) in one for one in lines)

    sql("UPDATE tallies_recapvote SET votes = votes + 1 WHERE id = %s", RecapVote.objects.first().pk)
    lines, _said = verified()
    assert len(lines) == 3
    assert any(one.startswith("rekap") for one in lines)


def test_a_report_of_invitations_that_was_changed_is_named(without_triggers):
    report = InvitationReport.objects.get()
    sql("UPDATE tallies_invitationreport SET handed_out = 12 WHERE id = %s", report.pk)
    assert verified()[0] == [f"laporan C6 {report.uuid} berubah"]


def test_one_byte_of_a_photo_is_named_with_its_station(archive, store):
    path = store / photos.original_name(archive.people["photo"].pk)
    flip(path)
    [line], _said = verified()
    assert archive.people["photo"].pk in line
    assert "35.07.05.2001.001" in line
    assert "berubah" in line


def test_a_file_that_is_gone_and_one_that_belongs_to_nothing_are_named(archive, store):
    sha256 = archive.people["photo"].pk
    (store / photos.thumbnail_name(sha256)).unlink()
    stray = store / "original" / "ab" / ("ab" * 32)
    stray.parent.mkdir(parents=True, exist_ok=True)
    stray.write_bytes(b"?")
    old = time.time() - 7200
    os.utime(stray, (old, old))
    lines, _said = verified()
    assert [("hilang" in one, "tanpa catatan" in one) for one in lines] == [(True, False), (False, True)]
    assert sha256 in lines[0]
    assert "ab" * 32 in lines[1]


def test_a_file_that_came_just_now_may_still_get_its_row(archive, store):
    stray = store / "original" / "ab" / ("ab" * 32)
    stray.parent.mkdir(parents=True, exist_ok=True)
    stray.write_bytes(b"?")
    assert verified()[0] == []


def test_only_the_region_or_the_election_asked_for(archive, store):
    flip(store / photos.original_name(archive.people["photo"].pk))
    assert verified("--region", "35.24")[0] == []
    assert len(verified("--region", "35.07")[0]) == 1
    assert len(verified("--election", archive.election.slug)[0]) == 1
    with pytest.raises(CommandError, match="99"):
        verified("--region", "99")


def test_a_hash_of_results_moves_with_what_counts_and_with_nothing_else(archive):
    before = results_hash(archive.election)
    assert results_hash(archive.election) == before
    invitations.submit(
        invitations.Report(intake_uuid(), archive.stations["dampit_2"].pk, 1, 1, 0),
        by=archive.siti,
        channel=Channel.API,
    )
    assert results_hash(archive.election) == before
    send(archive, "dampit_2", [1, 0, 0])
    after = results_hash(archive.election)
    assert after != before
    out = StringIO()
    call_command("results_hash", "--election", archive.election.slug, stdout=out)
    assert out.getvalue() == f"{after}  {archive.election.slug}\n"


@pytest.fixture
def objects(settings):
    """Photos as objects of an S3-compatible store."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    options = {
        "bucket_name": "arsip", "endpoint_url": f"http://{host}:{port}", "region_name": "us-east-1",
        "access_key": "k", "secret_key": "s",
    }  # fmt: skip
    backend = {"BACKEND": "sista.photo_storage_s3.S3PhotoStorage", "OPTIONS": options}
    settings.STORAGES = settings.STORAGES | {"photos": backend}
    storages._storages.clear()
    photos.store().make_bucket()
    yield photos.store()
    storages._storages.clear()
    server.stop()


def test_objects_of_a_store_are_held_against_their_hashes_too(play, objects):
    taken, _new = photos.receive(picture(seed=5), by=play.siti)
    photos.process_waiting()
    send(play, "dampit_1", [100, 80, 20], photos=(PhotoName(taken.pk, 1),))
    assert verified()[0] == []
    objects.save(photos.original_name(taken.pk), ContentFile(b"not it"))
    objects.delete(photos.copy_name(taken.pk))
    lines, said = verified()
    assert said["differences"] == 2
    assert "berubah" in lines[0]
    assert "hilang" in lines[1]


def flip(path: Path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
