"""Claims about the files that are prepared beside the requests: one owner, one file, a day, whatever is killed."""

import csv
import datetime as dt
import hashlib
import io
from threading import Thread

import pytest
import time_machine
from django.contrib.messages import get_messages
from django.db import connections
from django.urls import reverse
from django.utils import timezone

from accounts.models import Refusal, Role
from tallies import intake
from tallies.exports import files, jobs
from tallies.exports.tables import Filters
from tallies.models import Channel, ExportJob, ExportState
from tallies.totals import aggregation
from tallies.totals.places import place_for
from tests.cast import region, submission

TABLE = "/unduh/pilkada-2020/35.07/tps.csv"


class Killed(BaseException):
    """As kill -9: no code of ours runs after it."""


@pytest.fixture(autouse=True)
def _few_rows_are_many(settings):
    settings.EXPORT_DIRECT_ROWS = 2


@pytest.fixture
def counted(play):
    for station, votes in {"dampit_1": [100, 80, 20], "babat_1": [40, 60]}.items():
        intake.submit(submission(play, station, votes), by=play.dewi, channel=Channel.COUNT_ROOM)
    aggregation.drain()
    return play


@pytest.fixture
def budi(counted, client):
    client.force_login(counted.budi)
    return client


def asked(client, address=TABLE):
    """Press the button; return the job."""
    response = client.post(address)
    assert response.status_code == 302, response.status_code
    return ExportJob.objects.get(uuid=response.url.split("/")[3])


def page_of(job):
    return reverse("export-job", args=[job.uuid])


def file_of(job):
    return reverse("export-file", args=[job.uuid])


def content(client, job):
    return b"".join(client.get(file_of(job)).streaming_content)


# The way of a file


def test_a_long_table_is_offered_then_prepared_then_handed_out(budi):
    page = budi.get(TABLE).content.decode()
    assert "Siapkan berkas" in page
    assert "Tabel ini 4 baris." in page
    assert ExportJob.objects.count() == 0  # looking at the offer asks for nothing
    job = asked(budi)
    assert (job.state, job.rows_of) == (ExportState.WAITING, 4)
    assert "Menunggu giliran." in budi.get(page_of(job)).content.decode()
    assert budi.get(file_of(job)).status_code == 404
    assert jobs.run_waiting() == 1
    job.refresh_from_db()
    assert (job.state, job.rows_done, job.rows_of, job.attempts) == (ExportState.READY, 4, 4, 1)
    data = content(budi, job)
    assert (job.size, job.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    page = budi.get(page_of(job)).content.decode()
    assert "Unduh berkas" in page
    assert job.sha256 in page


def test_the_prepared_file_is_byte_for_byte_the_one_answered_at_once(budi, settings):
    for file_format in ("csv", "xlsx"):
        address = TABLE.replace("csv", file_format)
        job = asked(budi, address)
        jobs.run_waiting()
        prepared = content(budi, job)
        settings.EXPORT_DIRECT_ROWS = 50
        assert b"".join(budi.get(address).streaming_content) == prepared
        settings.EXPORT_DIRECT_ROWS = 2


def test_the_file_keeps_the_filters_of_the_page_and_the_language_of_the_reader(counted, budi):
    counted.budi.language = "en"
    counted.budi.save()
    job = asked(budi, "/unduh/pilkada-2020/35.07/suara.csv?tingkat=desa&urut=nama")
    assert (job.query, job.language) == ("jabatan=bupati&tingkat=desa&urut=nama", "en")
    jobs.run_waiting()
    text = content(budi, job).decode("utf-8-sig")
    assert "Provisional, not the official KPU result" in text
    rows = list(csv.reader(io.StringIO(text, newline="")))
    assert {row[1] for row in rows[rows.index([]) + 2 :]} == {"35.07.05.2001", "35.07.05.1002", "35.07.06.2001"}


def test_a_table_too_long_for_paper_is_offered_in_the_other_formats(budi, monkeypatch):
    monkeypatch.setitem(files.MOST_ROWS, "pdf", 3)
    page = budi.get(TABLE.replace("csv", "pdf")).content.decode()
    assert "hanya sampai 3 baris" in page
    assert "Siapkan berkas" not in page
    assert TABLE in page
    budi.post(TABLE.replace("csv", "pdf"))
    assert ExportJob.objects.count() == 0


# Whose it is


def test_only_its_owner_sees_and_opens_a_file(counted, budi, client):
    job = asked(budi)
    jobs.run_waiting()
    addresses = [page_of(job), file_of(job)]
    for who in ("rina", "dewi", "nasi", "agus", "siti", "oper"):
        client.force_login(counted.people[who])
        assert {one: client.get(one).status_code for one in addresses} == dict.fromkeys(addresses, 404), who
        assert client.post(reverse("export-remove", args=[job.uuid])).status_code == 404
        assert Refusal.objects.filter(user=counted.people[who], status=404).count() == 3
    assert str(job.uuid) not in client.get("/unduh/pilkada-2020/35.07/").content.decode()
    client.logout()
    assert {client.get(one).status_code for one in addresses} == {302}
    assert ExportJob.objects.count() == 1


@pytest.mark.parametrize("loss", ["moved", "demoted", "closed"])
def test_who_lost_the_region_lost_the_file(counted, budi, loss):
    ready, waiting = asked(budi), None
    jobs.run_waiting()
    waiting = asked(budi)
    person = counted.budi
    if loss == "moved":
        person.region = region("35.24")
    elif loss == "demoted":
        person.role = Role.OPERATOR
    else:
        person.is_active = False
    person.save()
    assert budi.get(file_of(ready)).status_code in (302, 404)
    jobs.run_waiting()
    waiting.refresh_from_db()
    assert (waiting.state, waiting.sha256) == (ExportState.FAILED, "")
    assert not jobs.store().exists(waiting.stored_name)


# Twice, at once, killed, late


def test_asked_twice_it_is_one_file_and_done_it_may_be_asked_again(budi):
    first = asked(budi)
    assert asked(budi) == first
    assert asked(budi, TABLE + "?urut=keadaan") != first
    jobs.run_waiting()
    assert asked(budi) != first


def test_a_file_that_nobody_wrote_in_its_day_may_be_asked_for_again(budi):
    asked(budi)
    ExportJob.objects.update(expires_at=timezone.now())
    job = asked(budi)
    assert budi.get(page_of(job)).status_code == 200
    assert ExportJob.objects.count() == 1


def test_a_person_has_so_many_files_and_no_more(counted, budi, settings):
    settings.EXPORTS_PER_PERSON = 1
    job = asked(budi)
    jobs.run_waiting()
    response = budi.post(TABLE)
    assert response.status_code == 429
    assert "Hapus satu" in response.content.decode()
    response = budi.post(reverse("export-remove", args=[job.uuid]))
    assert [str(one) for one in get_messages(response.wsgi_request)] == ["Berkas dihapus."]
    assert not jobs.store().exists(job.stored_name)
    asked(budi)


def test_a_run_that_was_killed_is_taken_up_again_and_makes_the_same_file(budi, monkeypatch):
    job = asked(budi)

    def killed(*_args, **_options):
        raise Killed

    with monkeypatch.context() as broken:
        broken.setattr(files, "counting", killed)
        with pytest.raises(Killed):
            jobs.run_waiting()
    job.refresh_from_db()
    assert (job.state, job.sha256) == (ExportState.RUNNING, "")
    assert jobs.run_waiting() == 0  # it may be working still
    with time_machine.travel(timezone.now() + dt.timedelta(seconds=jobs.CLAIM_SECONDS + 1)):
        assert jobs.run_waiting() == 1
    job.refresh_from_db()
    assert (job.state, job.attempts) == (ExportState.READY, 2)
    assert hashlib.sha256(content(budi, job)).hexdigest() == job.sha256


def test_killed_between_the_file_and_its_row_it_is_done_again_under_the_same_name(budi, monkeypatch):
    job = asked(budi)

    def killed(*_args, **_options):
        raise Killed

    with monkeypatch.context() as broken:
        broken.setattr(jobs, "_finish", killed)
        with pytest.raises(Killed):
            jobs.run_waiting()
    assert jobs.store().exists(job.stored_name)
    with time_machine.travel(timezone.now() + dt.timedelta(seconds=jobs.CLAIM_SECONDS + 1)):
        assert jobs.run_waiting() == 1
    assert jobs.store().listdir("exports")[1] == [f"{job.uuid}.csv"]


def test_a_file_that_fails_every_time_is_given_up(budi, monkeypatch):
    job = asked(budi)

    def broken(*_args, **_options):
        raise OSError("no room")

    with monkeypatch.context() as away:
        away.setattr(files, "counting", broken)
        for turn in range(jobs.ATTEMPTS):
            later = timezone.now() + dt.timedelta(seconds=turn * (jobs.CLAIM_SECONDS + 1))
            with time_machine.travel(later), pytest.raises(OSError):
                jobs.run_waiting()
        later = timezone.now() + dt.timedelta(seconds=jobs.ATTEMPTS * (jobs.CLAIM_SECONDS + 1))
        with time_machine.travel(later):
            jobs.run_waiting()
    job.refresh_from_db()
    assert job.state == ExportState.FAILED
    assert "Berkas tidak dapat disiapkan." in budi.get(page_of(job)).content.decode()


def test_a_run_that_was_overtaken_writes_nothing(budi, monkeypatch):
    job = asked(budi)
    claimed = jobs._claim_next()
    ExportJob.objects.update(claimed_until=timezone.now() - dt.timedelta(seconds=1))
    assert jobs.run_waiting() == 1  # another run
    job.refresh_from_db()
    digest = job.sha256
    assert jobs._finish(claimed, state=ExportState.FAILED) is False
    job.refresh_from_db()
    assert (job.state, job.sha256) == (ExportState.READY, digest)


def test_after_a_day_file_and_row_are_gone(budi):
    job = asked(budi)
    jobs.run_waiting()
    assert jobs.remove_expired() == 0
    with time_machine.travel(timezone.now() + dt.timedelta(hours=24, seconds=1)):
        assert budi.get(page_of(job)).status_code == 404
        assert jobs.remove_expired() == 1
        assert jobs.remove_expired() == 0
    assert not jobs.store().exists(job.stored_name)
    assert ExportJob.objects.count() == 0


def test_a_removed_job_stops_the_run_that_writes_it(budi, monkeypatch):
    job = asked(budi)
    real = files.counting

    def removed_meanwhile(rows, tell, *, every):
        ExportJob.objects.all().delete()
        return real(rows, tell, every=every)

    monkeypatch.setattr(files, "counting", removed_meanwhile)
    assert jobs.run_waiting() == 0
    assert not jobs.store().exists(job.stored_name)


def test_progress_is_told_while_it_is_read_and_holds_the_claim(committed_play, client, monkeypatch):
    client.force_login(committed_play.budi)
    job = asked(client)
    monkeypatch.setattr(jobs, "SAY_SECONDS", 0.0)
    monkeypatch.setattr(files, "ROWS_BETWEEN_TELLING", 1)
    told = []
    real = files.counting

    def looking(rows, tell, *, every):
        def tell_and_look(done):
            before = ExportJob.objects.get().claimed_until
            tell(done)
            # Over the connection that reads one moment: it does not see what was written since.
            told.append((done, before))

        return real(rows, tell_and_look, every=every)

    monkeypatch.setattr(files, "counting", looking)
    assert jobs.run_waiting() == 1
    assert [done for done, _ in told] == [1, 2, 3, 4]
    assert len({before for _, before in told}) == 1
    job.refresh_from_db()
    assert (job.state, job.rows_done) == (ExportState.READY, 4)


def test_a_form_that_comes_in_meanwhile_bends_no_file(committed_play, monkeypatch):
    """Frame and rows are of one moment: what comes in while the file is written is in neither."""
    play = committed_play
    place = place_for(play.budi, "pilkada-2020", "35.07", office="")
    real = files.counting

    def interrupted(rows, tell, *, every):
        rows = iter(real(rows, tell, every=every))
        yield next(rows)

        def send():
            sent = submission(play, "gedangan_1", [9, 9, 9])
            intake.submit(sent, by=play.dewi, channel=Channel.COUNT_ROOM)
            aggregation.drain()
            connections.close_all()

        thread = Thread(target=send)
        thread.start()
        thread.join()
        yield from rows

    monkeypatch.setattr(files, "counting", interrupted)
    make = lambda: jobs.table_of(play.budi, place, "tps", Filters())  # noqa: E731
    text = files.written(make, "csv").read().decode("utf-8-sig")
    assert "0 dari 4" in text
    assert [line.split(",")[5] for line in text.splitlines()[-4:]] == ["Belum masuk"] * 4
    monkeypatch.setattr(files, "counting", real)
    text = files.written(make, "csv").read().decode("utf-8-sig")
    assert "1 dari 4" in text
    assert text.splitlines()[-1].split(",")[5] == "Menunggu verifikasi"
