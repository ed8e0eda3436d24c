"""Claims about the making of evidence packs: whose they are, of one moment, whatever is pressed twice or killed."""

import datetime as dt
import gc
import hashlib
import io
import json
import random
import tracemalloc
from threading import Thread

import pytest
import time_machine
from django.core.files.base import ContentFile
from django.db import IntegrityError, connections
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from accounts.models import Refusal, Role
from analytics.evidence import facts, jobs, making, papers
from analytics.evidence.subject import Subject
from analytics.examining.found import Found, Place
from analytics.examining.recording import record
from analytics.models import (
    EvidenceDownload,
    EvidencePack,
    EvidenceProblem,
    EvidenceState,
    Finding,
    FindingEvent,
    FindingState,
)
from sista import claimed_jobs
from tallies import intake, photos, preparation
from tallies.models import Channel, ContestTotal, OutboxRow, Photo, PhotoState, PhotoUpload
from tallies.preparation import NewStation
from tallies.submission import PhotoName
from tallies.totals import aggregation
from tests.cast import region, submission
from tests.evidence import (  # noqa: F401  fixtures
    DAMPIT,
    ORIGIN,
    checked,
    evening_in_dampit,
    furnish,
    made,
    paper_text,
    photographed,
    subject,
    unpacked,
)
from tests.sending import at_once

OFFER = f"/analisis/bukti/pilkada-2020/{DAMPIT}/"


class Killed(BaseException):
    """As kill -9: no code of ours runs after it."""


@pytest.fixture
def budi(evening, client):
    client.force_login(evening.budi)
    return client


def asked(client, address=OFFER):
    """Press the button; return the pack."""
    response = client.post(address)
    assert response.status_code == 302, response.content.decode()
    return EvidencePack.objects.get(uuid=response.url.split("/")[4])


def page_of(pack):
    return reverse("evidence", args=[pack.uuid])


def file_of(pack):
    return reverse("evidence-file", args=[pack.uuid])


def later(seconds):
    return time_machine.travel(timezone.now() + dt.timedelta(seconds=seconds))


# The way of a pack


def test_a_pack_is_offered_made_handed_out_and_written_down(budi, evening):
    assert OFFER in budi.get("/hasil/pilkada-2020/35.07.05/").content.decode()
    page = budi.get(OFFER).content.decode()
    assert "angka 3 TPS" in page
    assert "tanpa nomor telepon" in page
    assert EvidencePack.objects.count() == 0  # looking at the offer asks for nothing
    pack = asked(budi)
    assert "Menunggu giliran." in budi.get(page_of(pack)).content.decode()
    assert budi.get(file_of(pack)).status_code == 404
    assert jobs.make_waiting() == 1
    pack.refresh_from_db()
    page = budi.get(page_of(pack)).content.decode()
    for words in ("Unduh paket", pack.manifest_sha256, pack.sha256, "2 dari 3"):
        assert words in page
    budi.head(file_of(pack))
    assert EvidenceDownload.objects.count() == 0
    answer = budi.get(file_of(pack))
    data = b"".join(answer.streaming_content)
    assert (len(data), hashlib.sha256(data).hexdigest()) == (pack.size, pack.sha256)
    assert answer["Cache-Control"] == "private, no-store"
    [fetched] = EvidenceDownload.objects.all()
    assert (fetched.by, fetched.manifest_sha256) == (evening.budi, pack.manifest_sha256)
    assert budi.get(reverse("evidence-verifier")).content == making.Path(making.verify.__file__).read_bytes()


def test_what_was_made_and_fetched_stays_written_when_the_file_is_gone(budi, evening, client):
    pack = asked(budi)
    jobs.make_waiting()
    pack.refresh_from_db()
    budi.get(file_of(pack))
    assert jobs.remove_expired_packs() == 0
    with later(24 * 3600 + 1):
        assert jobs.remove_expired_packs() == 1
        assert jobs.remove_expired_packs() == 0
    assert not jobs.store().exists(pack.stored_name)
    assert budi.get(file_of(pack)).status_code == 404
    page = budi.get(page_of(pack)).content.decode()
    assert pack.manifest_sha256 in page
    assert "Berkasnya sudah dihapus" in page
    client.force_login(evening.dewi)
    page = client.get(reverse("evidence-packs")).content.decode()
    assert "Budi" in page
    assert pack.manifest_sha256 in page
    assert page_of(pack) not in page  # the record, not the file


def test_its_maker_may_remove_it_and_the_record_stays(budi):
    pack = asked(budi)
    jobs.make_waiting()
    assert budi.post(reverse("evidence-remove", args=[pack.uuid])).status_code == 302
    pack.refresh_from_db()
    assert pack.state == EvidenceState.REMOVED
    assert pack.manifest_sha256
    assert not jobs.store().exists(pack.stored_name)


# Whose it is


def test_only_its_maker_opens_a_pack(budi, evening, client):
    pack = asked(budi)
    jobs.make_waiting()
    addresses = [page_of(pack), file_of(pack)]
    for who in ("rina", "dewi", "nasi", "agus", "siti", "oper"):
        client.force_login(evening.people[who])
        assert {client.get(one).status_code for one in addresses} == {404}, who
        assert client.post(reverse("evidence-remove", args=[pack.uuid])).status_code == 404
        assert Refusal.objects.filter(user=evening.people[who], status=404).count() == 3
    client.logout()
    assert {client.get(one).status_code for one in addresses} == {302}
    assert EvidenceDownload.objects.count() == 0


@pytest.mark.parametrize(("who", "status"), [("agus", 404), ("siti", 404), ("oper", 404), ("nasi", 403)])
def test_who_may_not_decide_here_makes_no_pack(evening, client, who, status):
    finding = _finding(evening)
    client.force_login(evening.people[who])
    for address in (OFFER, f"/analisis/temuan/{finding.pk}/bukti/"):
        assert client.get(address).status_code == status
        assert client.post(address).status_code == status
    assert EvidencePack.objects.count() == 0
    assert client.get(reverse("evidence-packs")).status_code == (200 if who == "agus" else status)


@pytest.mark.parametrize("loss", ["moved", "demoted", "closed"])
def test_who_lost_the_region_lost_the_pack(budi, evening, loss):
    ready = asked(budi)
    jobs.make_waiting()
    waiting = asked(budi)
    person = evening.budi
    if loss == "moved":
        person.region = region("35.24")
    elif loss == "demoted":
        person.role = Role.NATIONAL
        person.region = region("ID")
    else:
        person.is_active = False
    person.save()
    assert budi.get(file_of(ready)).status_code in (302, 403, 404)
    jobs.make_waiting()
    waiting.refresh_from_db()
    assert (waiting.state, waiting.problem) == (EvidenceState.FAILED, EvidenceProblem.NO_RIGHT)
    assert not jobs.store().exists(waiting.stored_name)


def test_above_the_contests_and_of_too_many_stations_there_is_none(budi, evening, client, settings):
    settings.EVIDENCE_MOST_STATIONS = 2
    page = budi.get(OFFER).content.decode()
    assert "paling banyak 2 TPS" in page
    assert "/analisis/bukti/pilkada-2020/35.07.05.2001/?jabatan=bupati" in page
    assert budi.post(OFFER).status_code == 200
    assert EvidencePack.objects.count() == 0
    assert asked(budi, "/analisis/bukti/pilkada-2020/35.07.05.2001/").region.code == "35.07.05.2001"
    client.force_login(evening.dewi)
    assert client.get("/analisis/bukti/pilkada-2020/35/").status_code == 404


# Of a finding


def _finding(play):
    """A copied photo at two TPS of Malang: the rule names the forms of both."""
    [station, other] = [play.stations[name] for name in ("dampit_1", "gedangan_1")]
    numbers = {"forms": [play.result("gedangan_1").form_id], "photos": [], "distance": 7}
    place = Place(play.malang.pk, station.region_id, station.pk)
    record([Found("P2", place, 2, numbers, basis=[1], stake=40)], set())
    finding = Finding.objects.get()
    assert other.region_id != finding.region_id
    now = timezone.now()
    FindingEvent.objects.create(
        finding=finding, at=now, actor=play.rina, action="explained", reason="Foto lembar yang sama, difoto dua kali."
    )
    Finding.objects.update(state=FindingState.EXPLAINED, closed_at=now)
    return finding


def test_of_a_finding_the_stations_it_rests_on_and_what_people_answered(budi, evening, tmp_path):
    finding = _finding(evening)
    page = budi.get(reverse("finding", args=[finding.pk])).content.decode()
    assert f"/analisis/temuan/{finding.pk}/bukti/" in page
    pack = asked(budi, f"/analisis/temuan/{finding.pk}/bukti/")
    jobs.make_waiting()
    pack.refresh_from_db()
    folder = unpacked(pack, tmp_path)
    assert checked(folder)[0] == 0
    figures = json.loads((folder / "figures.json").read_text())
    assert [one["code"] for one in figures["stations"]] == ["35.07.05.2001.001", "35.07.06.2001.001"]
    assert json.loads((folder / "totals.json").read_text())["regions"] == []
    plain = " ".join(paper_text(folder / "laporan.pdf").split())
    for words in (
        "Temuan P2: Gambar yang sama di dua TPS",
        "TPS 001, Desa Sukamaju (35.07.05.2001.001)",
        "Dijelaskan Rina Foto lembar yang sama, difoto dua kali.",
        "distance 7",
    ):
        assert words in plain, words


def test_of_a_finding_nothing_of_a_neighbour_who_used_the_same_photo(evening, tmp_path):
    """A photo brought by a witness of Lamongan too: its name here, its people and figures there."""
    sha256 = Photo.objects.earliest("received_at").pk
    PhotoUpload.objects.create(photo_id=sha256, uploaded_by=evening.wati)
    sent = submission(evening, "babat_1", [41, 59], photos=(PhotoName(sha256, 1),))
    intake.submit(sent, by=evening.wati, channel=Channel.API)
    aggregation.drain()
    finding = _finding(evening)
    Finding.objects.update(numbers={"photos": [sha256]})
    finding.refresh_from_db()
    pack = made(evening, Subject.of_finding(finding))
    everything = b"".join(path.read_bytes() for path in unpacked(pack, tmp_path).rglob("*.json"))
    assert sha256.encode() in everything
    for word in (b"Wati", b"35.24", b"Babat"):
        assert word not in everything


# Of one moment


def test_a_form_that_comes_in_meanwhile_is_in_no_part_of_the_pack(committed_play, tmp_path, monkeypatch):
    play = furnish(committed_play)
    real = facts.totals

    def interrupted(what):
        def send():
            intake.submit(submission(play, "pamotan_1", [9, 9, 9]), by=play.dewi, channel=Channel.COUNT_ROOM)
            aggregation.drain()
            connections.close_all()

        thread = Thread(target=send)
        thread.start()
        thread.join()
        return real(what)

    monkeypatch.setattr(facts, "totals", interrupted)
    pack = made(play)
    assert (pack.state, pack.stations_in) == (EvidenceState.READY, 2)
    folder = unpacked(pack, tmp_path)
    assert checked(folder)[0] == 0
    assert json.loads((folder / "figures.json").read_text())["region_stations_in"] == 2
    assert play.result("pamotan_1").is_in


def test_forms_that_the_totals_do_not_know_yet_are_counted_first(evening, tmp_path):
    intake.submit(submission(evening, "pamotan_1", [5, 6, 7]), by=evening.dewi, channel=Channel.COUNT_ROOM)
    assert OutboxRow.objects.count() == 1
    pack = made(evening)
    assert (pack.state, pack.stations_in) == (EvidenceState.READY, 3)
    assert checked(unpacked(pack, tmp_path))[0] == 0


def test_while_totals_never_rest_there_is_no_pack(evening, monkeypatch):
    intake.submit(submission(evening, "pamotan_1", [5, 6, 7]), by=evening.dewi, channel=Channel.COUNT_ROOM)
    monkeypatch.setattr(making.aggregation, "drain", lambda **one: 0)
    monkeypatch.setattr(making, "PAUSE_SECONDS", 0)
    pack = made(evening)
    assert (pack.state, pack.problem) == (EvidenceState.FAILED, EvidenceProblem.MOVING)


def test_a_pack_that_does_not_verify_is_not_handed_out(evening, caplog):
    ContestTotal.objects.filter(region__code=DAMPIT).update(valid_votes=999)
    pack = made(evening)
    assert (pack.state, pack.problem) == (EvidenceState.FAILED, EvidenceProblem.DOES_NOT_VERIFY)
    assert "valid_votes tertulis 999, jumlah TPS-nya 371" in caplog.text
    assert not jobs.store().exists(pack.stored_name)


def test_an_original_that_the_store_lost_or_damaged_is_named(evening, tmp_path):
    lost, damaged = Photo.objects.order_by("received_at").values_list("pk", flat=True)
    photos.store().delete(photos.original_name(lost))
    path = photos.store().path(photos.original_name(damaged))
    with open(path, "ab") as stream:
        stream.write(b"x")
    pack = made(evening)
    assert (pack.state, pack.photos) == (EvidenceState.READY, 0)
    folder = unpacked(pack, tmp_path)
    status, said = checked(folder)
    assert status == 0
    assert f"foto {lost} tidak ada di arsip: berkasnya hilang" in said
    assert f"foto {damaged} tidak ada di arsip: berkasnya rusak" in said
    assert "Foto asli tidak ada: berkasnya hilang dari penyimpanan." in paper_text(folder / "laporan.pdf")


# Twice, at once, killed


def test_a_run_that_lost_its_claim_leaves_the_pack_of_the_other_alone(evening, budi, monkeypatch):
    pack, real = asked(budi), jobs.write_pack

    def slow(mine, path, tell):
        made = real(mine, path, tell)
        if mine.attempts == 1:
            with later(jobs.CLAIM_SECONDS + 1):
                assert jobs.make_waiting() == 1  # another run finds it free, and is done first
        return made

    monkeypatch.setattr(jobs, "write_pack", slow)
    assert jobs.make_waiting() == 0
    pack.refresh_from_db()
    assert (pack.state, pack.attempts) == (EvidenceState.READY, 2)
    with jobs.store().open(pack.stored_name) as stream:
        assert hashlib.sha256(stream.read()).hexdigest() == pack.sha256


def test_a_pack_is_held_while_it_is_measured_and_stored(evening, budi, monkeypatch):
    pack, store, seen = asked(budi), jobs.store(), []
    monkeypatch.setattr(claimed_jobs, "SAY_SECONDS", 0)
    real = store.save

    def far_away(name, content, **options):
        now = timezone.now()
        for minutes in range(1, 6):
            with time_machine.travel(now + dt.timedelta(minutes=minutes)):
                assert content.read(10)
                seen.append(jobs.make_waiting())
        content.seek(0)
        return real(name, content, **options)

    monkeypatch.setattr(store, "save", far_away)
    monkeypatch.setattr(jobs, "store", lambda: store)
    assert jobs.make_waiting() == 1
    pack.refresh_from_db()
    assert seen == [0] * 5
    assert (pack.state, pack.attempts) == (EvidenceState.READY, 1)


def test_asked_twice_it_is_one_pack_and_done_it_may_be_asked_again(budi):
    first = asked(budi)
    assert asked(budi) == first
    assert asked(budi, "/analisis/bukti/pilkada-2020/35.07.05.2001/") != first
    jobs.make_waiting()
    assert asked(budi) != first
    with pytest.raises(IntegrityError):
        EvidencePack.objects.create(
            made_by=first.made_by, contest=first.contest, region=first.region, expires_at=timezone.now()
        )


def test_pressed_by_several_hands_at_once_it_is_one_pack(committed_play):
    play = committed_play
    packs = at_once(4, lambda _place: jobs.ask(subject(play), by=play.budi, origin=ORIGIN).pk)
    assert len(set(packs)) == 1
    assert EvidencePack.objects.count() == 1


def test_a_person_has_so_many_packs_and_no_more(budi, settings):
    settings.EVIDENCE_PER_PERSON = 1
    pack = asked(budi)
    jobs.make_waiting()
    response = budi.post(OFFER)
    assert response.status_code == 429
    assert "Anda sudah punya 1 paket." in response.content.decode()
    budi.post(reverse("evidence-remove", args=[pack.uuid]))
    asked(budi)


@pytest.mark.parametrize("where", ["_add_photo", "_written"])
def test_a_run_that_was_killed_is_taken_up_again(budi, tmp_path, monkeypatch, where):
    pack = asked(budi)

    def killed(*_args, **_options):
        raise Killed

    with monkeypatch.context() as broken:
        broken.setattr(making, where, killed)
        with pytest.raises(Killed):
            jobs.make_waiting()
    pack.refresh_from_db()
    assert (pack.state, pack.sha256) == (EvidenceState.RUNNING, "")
    assert jobs.make_waiting() == 0  # it may be working still
    with later(jobs.CLAIM_SECONDS + 1):
        assert jobs.make_waiting() == 1
    pack.refresh_from_db()
    assert (pack.state, pack.attempts) == (EvidenceState.READY, 2)
    assert checked(unpacked(pack, tmp_path))[0] == 0


def test_killed_between_the_file_and_its_row_there_is_one_file(budi, monkeypatch):
    pack = asked(budi)

    def killed(*_args, **_options):
        raise Killed

    with monkeypatch.context() as broken:
        broken.setattr(jobs, "_finish", killed)
        with pytest.raises(Killed):
            jobs.make_waiting()
    assert jobs.store().exists(pack.stored_name)
    with later(jobs.CLAIM_SECONDS + 1):
        assert jobs.make_waiting() == 1
    assert jobs.store().listdir("exports")[1] == [f"bukti-{pack.uuid}.zip"]


def test_a_pack_that_fails_every_time_is_given_up(budi, monkeypatch):
    pack = asked(budi)

    def broken(*_args, **_options):
        raise OSError("no room")

    with monkeypatch.context() as away:
        away.setattr(making, "_written", broken)
        for turn in range(jobs.ATTEMPTS):
            with later(turn * (jobs.CLAIM_SECONDS + 1)), pytest.raises(OSError):
                jobs.make_waiting()
        with later(jobs.ATTEMPTS * (jobs.CLAIM_SECONDS + 1)):
            jobs.make_waiting()
    pack.refresh_from_db()
    assert (pack.state, pack.problem) == (EvidenceState.FAILED, EvidenceProblem.GIVEN_UP)
    assert "Paket tidak dapat disiapkan." in budi.get(page_of(pack)).content.decode()


def test_a_pack_removed_while_it_is_made_leaves_no_file(budi, monkeypatch):
    pack = asked(budi)
    real = making._written

    def removed_meanwhile(*args):
        jobs.remove(EvidencePack.objects.get())
        return real(*args)

    monkeypatch.setattr(making, "_written", removed_meanwhile)
    assert jobs.make_waiting() == 0
    pack.refresh_from_db()
    assert pack.state == EvidenceState.REMOVED
    assert not jobs.store().exists(pack.stored_name)


def test_progress_is_told_while_photos_pass(budi, monkeypatch):
    monkeypatch.setattr(jobs, "SAY_SECONDS", 0.0)
    pack, told = asked(budi), []
    real = making._add_photo

    def looking(*args):
        found = real(*args)
        told.append(EvidencePack.objects.values_list("steps_done", "steps_of").get())
        return found

    monkeypatch.setattr(making, "_add_photo", looking)
    jobs.make_waiting()
    assert told == [(1, 5), (2, 5)]  # two photos, three stations
    pack.refresh_from_db()
    assert (pack.steps_done, pack.steps_of) == (5, 5)


# Memory


def _with_photos(play, number):
    """So many originals of a megabyte each at one TPS. The picture is random: nothing packs it smaller."""
    names = []
    for place in range(number):
        data = place.to_bytes(4, "big") * (256 * 1024)
        sha256 = hashlib.sha256(data).hexdigest()
        photos.store().save(photos.original_name(sha256), ContentFile(data))
        facts_of = {"size": len(data), "format": "JPEG", "width": 9, "height": 9, "state": PhotoState.UNREADABLE}
        Photo.objects.get_or_create(sha256=sha256, defaults=facts_of)
        PhotoUpload.objects.get_or_create(photo_id=sha256, uploaded_by=play.siti)
        names.append(PhotoName(sha256, place + 1))
    intake.submit(
        submission(play, "dampit_2", [1, number, 0], photos=tuple(names)), by=play.siti, channel=Channel.API
    )


def test_memory_does_not_grow_with_the_documents(play, monkeypatch):
    """A document of one station each: what the last one held is gone when the next one is written."""
    monkeypatch.setattr(papers, "STATIONS_A_VOLUME", 1)
    village, peaks = region("35.07.05.2001"), []
    for first, number in ((10, 1), (20, 1), (30, 4)):  # the first one fills caches
        new = [NewStation(village.pk, first + place, 150, 150) for place in range(number)]
        for station in preparation.add_stations(play.election, new):
            noise = random.Random(station.pk).randbytes(900 * 1200 * 3 // 4)
            out = io.BytesIO()
            Image.frombytes("RGB", (450, 600), noise).resize((900, 1200)).save(out, "JPEG", quality=95)
            photo, _new = photos.receive(out.getvalue(), by=play.dewi)
            play.stations["new"] = station
            sent = submission(play, "new", [1, 2, 3], photos=(PhotoName(photo.pk, 1),))
            intake.submit(sent, by=play.dewi, channel=Channel.COUNT_ROOM)
        photos.process_waiting()
        aggregation.drain()
        gc.disable()  # it might come at the right moment by chance
        try:
            peaks.append(_traced(play))
        finally:
            gc.enable()
    assert peaks[2] < peaks[1] + 2, peaks


def _traced(play):
    """Megabytes at the peak of making a pack."""
    tracemalloc.start()
    try:
        pack = made(play)
        assert pack.state == EvidenceState.READY, pack.problem
        return tracemalloc.get_traced_memory()[1] / 1e6
    finally:
        tracemalloc.stop()


def test_memory_does_not_grow_with_the_photos(evening):
    peaks = []
    for number in (2, 40):
        _with_photos(evening, number)
        aggregation.drain()
        peaks.append(_traced(evening))
    assert EvidencePack.objects.latest("pk").size > 40e6
    assert peaks[1] < peaks[0] + 4, peaks
