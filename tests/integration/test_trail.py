"""Claims about the record beside the figures: sealed each minute, verified, read by whom it concerns."""

import io
import threading
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.core.management import call_command
from django.db import IntegrityError, InternalError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from accounts import recording
from accounts.models import AdministrativeEvent, EventChain
from tallies import assigning, intake, practice
from tallies.models import Assignment, AuditEvent, AuditSeal, Channel
from tallies.trail import sealing
from tests import triggers
from tests.cast import region, submission


@pytest.fixture
def told(play):
    """Two acts and a form, sealed."""
    recording.record("phase proposed", by=play.dewi, region=region("35"), content={"from": "terbuka", "to": "rekap"})
    intake.submit_as_witness(submission(play, "dampit_1", [90, 40, 20]), by=play.siti, channel=Channel.API)
    sealed()
    return play


def sealed():
    """Two rounds: the first sees what is there, the second seals so far."""
    return sealing.seal_new() + sealing.seal_new()


def verified(**options):
    out = io.StringIO()
    try:
        call_command("verify_audit", stdout=out, stderr=io.StringIO(), **options)
        status = 0
    except SystemExit as end:
        status = end.code
    return status, out.getvalue()


def without_triggers():
    with connection.cursor() as cursor:
        for statement in triggers.drop_statements(connection.vendor):
            cursor.execute(statement)


def change(statement, *values):
    """What somebody with the keys of the database could do."""
    without_triggers()
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def test_everything_recorded_is_sealed_and_verifies(told):
    seal = AuditSeal.objects.first()
    assert seal.ranges["acts"]["count"] == AdministrativeEvent.objects.count()
    assert seal.ranges["figures"]["count"] == AuditEvent.objects.count() == 1
    assert verified()[0] == 0
    assert verified(head=seal.digest)[0] == 0


def test_nothing_new_makes_no_seal(told):
    number = AuditSeal.objects.count()
    assert (sealed(), AuditSeal.objects.count()) == (0, number)
    recording.record("phase withdrawn", by=told.dewi)
    assert sealed() == 1


def test_a_changed_act_is_named(told):
    event = AdministrativeEvent.objects.get(action="phase proposed")
    change("UPDATE accounts_administrativeevent SET action = 'phase changed' WHERE id = %s", event.pk)
    status, said = verified()
    assert status == 1
    assert f"wilayah:35: peristiwa {event.seq} berubah" in said


def test_a_removed_act_is_named(told):
    recording.record("phase withdrawn", by=told.dewi, region=region("35"))
    first = AdministrativeEvent.objects.get(action="phase proposed")
    change("DELETE FROM accounts_administrativeevent WHERE id = %s", first.pk)
    status, said = verified()
    assert status == 1
    assert f"wilayah:35: peristiwa {first.seq} hilang" in said


def test_a_chain_rewritten_with_its_head_is_named_by_its_seal(told):
    """Whoever holds the database makes a sound chain of other content: the chain agrees, the seal does not."""
    without_triggers()
    chain = EventChain.objects.get(key="wilayah:35")
    previous = ""
    for event in chain.events.order_by("seq"):
        if event.action == "phase proposed":
            event.content = {"from": "terbuka", "to": "persiapan"}
        event.previous = previous
        previous = event.digest = recording.digest_of(chain.key, event)
        event.save()
    EventChain.objects.filter(pk=chain.pk).update(head=previous)
    assert list(recording.verify()) == []
    status, said = verified()
    assert (status, "segel 2: peristiwa acts" in said) == (1, True)


def test_seals_rewritten_too_do_not_have_the_head_that_was_written_down(told):
    head = AuditSeal.objects.first().digest
    without_triggers()
    previous = ""
    for seal in AuditSeal.objects.order_by("seq"):
        seal.seen = seal.seen | {"acts": seal.seen["acts"] + 1}
        seal.previous = previous
        previous = seal.digest = sealing.digest_of(seal)
        seal.save()
    assert list(sealing.verify()) == []
    assert verified(head=head)[0] == 1


@pytest.mark.parametrize("statement", ["UPDATE tallies_auditseal SET seq = 99", "DELETE FROM tallies_auditseal"])
def test_the_database_refuses_to_change_or_remove_a_seal(told, statement):
    with pytest.raises((IntegrityError, InternalError)), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_practice_may_go_and_the_seals_still_hold(told):
    made = practice.make(told.election, region("35.07"), by=told.budi)
    station = made.stations.get(region__code="35.07.05.2001", number=1)
    sent = submission(told, "dampit_1", [80, 40, 20])
    sent = type(sent)(**{**sent.__dict__, "station_id": station.pk, "contest_id": made.contests.get().pk})
    intake.submit_as_witness(sent, by=told.siti, channel=Channel.API)
    sealed()
    practice.remove(made, by=told.budi)
    sealed()
    assert verified()[0] == 0


def test_the_head_is_kept_as_a_file_of_its_hour(told, tmp_path):
    assert (sealing.publish_head(), sealing.publish_head()) == (1, 0)
    [file] = (tmp_path / "kept" / "seal-heads").iterdir()
    assert AuditSeal.objects.first().digest in file.read_text()


@pytest.mark.services
@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one writer: nothing meets here")
@pytest.mark.parametrize("minutes", [0, 1])
def test_a_seal_waits_for_work_that_began_before_it(committed_play, monkeypatch, minutes):
    """Keys commit out of order: one that appeared inside a sealed range would look like an insertion.

    Whatever the clock here says: work began by the clock of the database.
    """
    behind = SimpleNamespace(now=lambda: timezone.now() - timedelta(minutes=minutes))
    monkeypatch.setattr(sealing, "timezone", behind)
    recording.record("before", by=committed_play.dewi)
    sealing.seal_new()
    begun, go_on = threading.Event(), threading.Event()

    def slow():
        try:
            with transaction.atomic():
                recording.record("slow", by=committed_play.siti)
                begun.set()
                go_on.wait(30)
        finally:
            connection.close()

    thread = threading.Thread(target=slow)
    thread.start()
    begun.wait(30)
    recording.record("quick", by=committed_play.dewi)
    sealing.seal_new()  # sees "quick", whose key is above that of "slow"
    assert sealing.seal_new() == 0  # and must not seal so far yet
    go_on.set()
    thread.join(30)
    assert sealing.seal_new() >= 2
    assert list(sealing.verify()) == []


# The page


def test_a_coordinator_reads_what_happened_in_the_kabupaten(client, told):
    assigning.revoke(Assignment.objects.filter(witness=told.joko).get(), by=told.budi)
    assigning.revoke(Assignment.objects.filter(witness=told.wati).get(), by=told.agus)
    client.force_login(told.rina)
    page = client.get("/jejak/", {"jenis": "penugasan"}).content.decode()
    assert "penugasan dicabut" in page
    assert "35.07.05.2001.001" in page
    assert "35.24.01.2001" not in page
    assert "akses ditolak" not in page


def test_filters_and_pages_are_an_allow_list(client, told):
    client.force_login(told.dewi)
    assert client.get("/jejak/", {"jenis": "x'--", "tanggal": "kemarin", "sebelum": "x"}).status_code == 200
    assert client.get("/jejak/", {"wilayah": "51"}).status_code == 404
    assert client.get("/jejak/", {"orang": "tidak ada"}).content.decode().count("Tidak ada yang cocok") == 1
    client.force_login(told.siti)
    assert client.get("/jejak/").status_code == 404


def test_a_download_is_written_down(client, told):
    client.force_login(told.budi)
    address = reverse("export", args=["pilkada-2020", "35.07", "tps", "csv"])
    assert client.get(address).status_code == 200
    event = AdministrativeEvent.objects.filter(action="table downloaded").latest("pk")
    assert (event.actor, event.region.code, event.content["table"]) == (told.budi, "35.07", "tps")


@pytest.mark.parametrize(
    "query", ["wilayah=%00", "wilayah=35%00.07", "orang=%00", "tanggal=0001-01-01", "tanggal=9999-12-31"]
)
def test_an_address_that_nobody_wrote_by_hand_is_no_error(client, told, query):
    client.force_login(told.dewi)
    assert client.get(f"{reverse('trail')}?{query}").status_code in (200, 404)


def test_an_import_is_told_by_its_kind_and_election_not_by_keys(client, told):
    content = {"kind": "tps", "election": told.election.slug, "file": "ab" * 32, "rows": 59, "number": 59}
    recording.record("master data imported", by=told.budi, region=region("35.07"), content=content)
    client.force_login(told.rina)
    page = client.get("/jejak/", {"jenis": "impor"}).content.decode()
    assert "tps · pilkada-2020 · 59" in page
    assert "abab" not in page
