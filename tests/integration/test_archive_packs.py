"""Claims about the archive of a region as a file: all is in it, it checks itself, it is its owner's alone."""

import csv
import hashlib
import io
import json
import subprocess
import zipfile
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import AdministrativeEvent
from tallies import intake, photos
from tallies.archive import pack_jobs
from tallies.models import ArchivePack, Channel, ExportState
from tallies.submission import PhotoName, hash_of
from tests import recaps
from tests.cast import region, submission
from tests.sending import picture


@pytest.fixture
def archive(play):
    taken, _new = photos.receive(picture(seed=5), by=play.siti)
    photos.process_waiting()
    form = send(play, "dampit_1", [100, 80, 20], photos=(PhotoName(taken.pk, 1),), note="=1+1")
    send(play, "gedangan_1", [1, 2, 3])
    send(play, "babat_1", [30, 40], by="wati")
    recaps.read_alike(play)
    play.people |= {"form": form, "sha256": taken.pk}
    return play


def send(play, station, votes, by="siti", **changes):
    return intake.submit(submission(play, station, votes, **changes), by=play.people[by], channel=Channel.API).form


def made(play, code="35.07", by="budi"):
    pack = pack_jobs.ask(play.election, region(code), by=play.people[by])
    assert pack_jobs.run_waiting() == 1
    pack.refresh_from_db()
    assert pack.state == ExportState.READY
    return pack


def test_everything_of_the_region_is_in_it_and_nothing_else(archive, tmp_path):
    pack = made(archive)
    with pack_jobs.store().open(pack.stored_name) as stream:
        data = stream.read()
    assert hashlib.sha256(data).hexdigest() == pack.sha256
    folder = tmp_path / "dibuka"
    with zipfile.ZipFile(io.BytesIO(data)) as box:
        box.extractall(folder)
    assert (pack.forms, pack.recaps, pack.photos, pack.photos_missing) == (2, 1, 2, 0)

    forms = [json.loads(line) for line in (folder / "formulir-c1.jsonl").read_text().splitlines()]
    assert [one["tps"] for one in forms] == ["35.07.05.2001.001", "35.07.06.2001.001"]
    assert all(hash_of(one["isi"]) == one["content_hash"] for one in forms)
    [row, _other] = list(csv.DictReader(io.StringIO((folder / "formulir-c1.csv").read_text("utf-8-sig"))))
    assert (row["paslon_1"], row["paslon_2"], row["valid_votes"], row["dihitung"]) == ("100", "80", "200", "ya")
    assert row["catatan"] == "'=1+1"
    recap = json.loads((folder / "d-hasil.jsonl").read_text())
    assert {one["wilayah"] for one in recap["kolom"]} == {"35.07.05", "35.07.05.2001", "35.07.05.1002"}
    assert (folder / "foto" / f"{archive.sha256}.jpg").read_bytes() == picture(seed=5)
    events = (folder / "jejak-audit.jsonl").read_text().splitlines()
    assert json.loads(events[0])["action"] == "form received"
    assert "35.24" not in (folder / "formulir-c1.jsonl").read_text()
    assert "sha256sum -c MANIFEST.sha256" in (folder / "README.txt").read_text()

    checked = subprocess.run(["sha256sum", "-c", "--quiet", "MANIFEST.sha256"], cwd=folder, check=False)
    assert checked.returncode == 0
    listed = {line.split("  ")[1] for line in (folder / "MANIFEST.sha256").read_text().splitlines()}
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert there - listed == {"MANIFEST.sha256"}


def test_a_photo_that_is_lost_or_damaged_is_named(archive, tmp_path):
    (tmp_path / "photos" / photos.original_name(archive.sha256)).write_bytes(b"not it")
    pack = made(archive, "35.07.05")
    assert (pack.photos, pack.photos_missing) == (1, 1)
    with zipfile.ZipFile(pack_jobs.store().open(pack.stored_name)) as box:
        assert archive.sha256 in box.read("foto-hilang.txt").decode()


def test_it_is_its_owners_alone_and_each_download_is_recorded(archive, client):
    client.force_login(archive.budi)
    offered = client.get(reverse("archive-pack-offer", args=["pilkada-2020", "35.07"]))
    assert offered.status_code == 200
    asked = client.post(reverse("archive-pack-offer", args=["pilkada-2020", "35.07"]))
    again = client.post(reverse("archive-pack-offer", args=["pilkada-2020", "35.07"]))
    assert asked.url == again.url  # pressed twice: one file
    pack = ArchivePack.objects.get()
    assert client.get(reverse("archive-pack-file", args=[pack.uuid])).status_code == 404
    assert client.get(asked.url).status_code == 200
    pack_jobs.run_waiting()
    assert client.get(asked.url).status_code == 200
    whole = client.get(reverse("archive-pack-file", args=[pack.uuid]))
    assert hashlib.sha256(b"".join(whole.streaming_content)).hexdigest() == ArchivePack.objects.get().sha256
    event = AdministrativeEvent.objects.get(action="archive downloaded")
    assert (event.actor, event.subject, event.region.code) == (archive.budi, f"archivepack:{pack.pk}", "35.07")
    for name in ("rina", "dewi", "agus", "nasi", "siti", "oper"):
        client.force_login(archive.people[name])
        for address in ("archive-pack", "archive-pack-file"):
            assert client.get(reverse(address, args=[pack.uuid])).status_code == 404, name
        assert client.post(reverse("archive-pack-remove", args=[pack.uuid])).status_code == 404
    client.force_login(archive.budi)
    assert client.post(reverse("archive-pack-remove", args=[pack.uuid])).status_code == 302
    assert not pack_jobs.store().exists(pack.stored_name)


def test_who_only_reads_and_a_region_too_large_get_none(archive, client):
    client.force_login(archive.nasi)
    assert client.get(reverse("archive-pack-offer", args=["pilkada-2020", "35.07"])).status_code == 403
    client.force_login(archive.dewi)
    assert client.get(reverse("archive-pack-offer", args=["pilkada-2020", "35"])).status_code == 404
    assert client.get(reverse("archive-pack-offer", args=["pilkada-2020", "35.07.05.2001"])).status_code == 404


def test_too_many_bytes_and_too_many_files_are_refused_with_a_sentence(archive, client, settings):
    client.force_login(archive.budi)
    address = reverse("archive-pack-offer", args=["pilkada-2020", "35.07"])
    settings.ARCHIVE_MOST_BYTES = 10
    assert client.post(address).status_code == 413
    settings.ARCHIVES_PER_PERSON = 0
    assert client.post(address).status_code == 429
    assert not ArchivePack.objects.exists()


def test_the_right_is_looked_at_again_when_it_is_made(archive):
    pack = pack_jobs.ask(archive.election, region("35.07"), by=archive.budi)
    archive.budi.region = region("35.24")
    archive.budi.save()
    pack_jobs.run_waiting()
    pack.refresh_from_db()
    assert pack.state == ExportState.FAILED


def test_a_run_that_was_killed_is_taken_over_and_a_day_later_it_is_gone(archive):
    pack = pack_jobs.ask(archive.election, region("35.07"), by=archive.budi)
    gone = timezone.now() - timedelta(seconds=1)
    ArchivePack.objects.update(state="berjalan", claim=pack.uuid, claimed_until=gone, attempts=1)
    assert pack_jobs.run_waiting() == 1
    ArchivePack.objects.update(expires_at=gone)
    assert pack_jobs.remove_expired() == 1
    assert not pack_jobs.store().exists(pack.stored_name)
    assert not ArchivePack.objects.exists()


def test_it_stays_held_while_it_is_read_and_while_a_slow_store_takes_it(archive, monkeypatch):
    """Neither can say how far it is; another run that took it over would begin all of it anew, three times."""
    held = []

    def still_held():
        later = timezone.now() + timedelta(minutes=10)
        held.append(ArchivePack.objects.filter(claimed_until__gt=later).exists())

    write, store = pack_jobs.write_pack, pack_jobs.store()

    def slowly_read(*arguments):
        still_held()
        return write(*arguments)

    class SlowStore:
        def delete(self, name):
            store.delete(name)

        def save(self, name, content):
            still_held()
            return store.save(name, content)

    monkeypatch.setattr(pack_jobs, "write_pack", slowly_read)
    monkeypatch.setattr(pack_jobs, "store", SlowStore)
    pack_jobs.ask(archive.election, region("35.07.05"), by=archive.budi)
    assert pack_jobs.run_waiting() == 1
    assert held == [True, True]
