"""Claims about the end of keeping personal data: two people decide, names and numbers go, every hash holds."""

import datetime as dt
import json
from io import StringIO

import pytest
from django.core.files.base import ContentFile
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from accounts import activation, enrolling, recording
from accounts.models import Activation, AdministrativeEvent, User
from tallies import assigning, intake, photos, preparation
from tallies.archive import retention
from tallies.archive.retention import RetentionRefused
from tallies.importing import receiving
from tallies.models import (
    Channel,
    Election,
    ErasedPerson,
    ImportState,
    InboundSms,
    Mandate,
    MasterImport,
    MasterKind,
    Office,
    OutgoingSms,
    Phase,
    Photo,
    Retention,
)
from tallies.preparation import NewPair, NewStation
from tallies.submission import PhotoName
from tests import cast, recaps
from tests.cast import region, submission
from tests.sending import picture

DAYS = 1825
REASON = "UU 27/2022 Pasal 16"


@pytest.fixture
def old(play):
    """An election of six years ago with forms, a photo with EXIF, messages, a link; and wati in one of today."""
    for number, name in enumerate(("siti", "joko", "wati"), start=1):
        User.objects.filter(pk=play.people[name].pk).update(phone=f"+62812555000{number}")
        play.people[name].refresh_from_db()
    taken, _new = photos.receive(picture(seed=5), by=play.siti)
    photos.process_waiting()
    Photo.objects.filter(pk=taken.pk).update(facts={"model": "Ponsel Siti"})
    send(play, "dampit_1", [100, 80, 20], photos=(PhotoName(taken.pk, 1),))
    send(play, "babat_1", [30, 40], by="wati")
    recaps.read_alike(play)
    InboundSms.objects.create(gateway_id="1", sender="+628125550001", text="C1 saya Siti", person=play.siti)
    OutgoingSms.objects.create(to="+628125550001", text="Terima kasih Siti", person=play.siti)
    activation.issue(play.joko, by=play.dewi)
    play.election.phase = Phase.CLOSED
    play.election.date = timezone.localdate() - dt.timedelta(days=2200)
    play.election.save()
    play.election.history.update(history_date=timezone.now() - dt.timedelta(days=2100))
    today = Election.objects.create(name="Kini", slug="kini", date=timezone.localdate(), phase=Phase.OPEN)
    preparation.create_contest(today, region("35.24"), Office.REGENT, [NewPair(1, "A-B", usungan=True)])
    [station] = preparation.add_stations(today, [NewStation(region("35.24.01.2001").pk, 1, 150, 150)])
    assigning.assign(station, play.wati, by=play.dewi)
    play.people |= {"sha256": taken.pk, "eko": cast.person("eko", "dpd", "35")}
    return play


def send(play, station, votes, by="siti", **changes):
    return intake.submit(submission(play, station, votes, **changes), by=play.people[by], channel=Channel.API).form


def proposed(play, by="dewi"):
    return retention.propose(play.election, days=DAYS, reason=REASON, by=play.people[by])


def test_names_numbers_and_ways_in_go_and_every_hash_still_holds(old):
    act = proposed(old)
    # siti, joko and parto, who brought the D.Hasil; wati guards in an election that is open.
    assert act.previewed == 3
    retention.confirm(act, by=old.eko)
    assert retention.erase_confirmed() == 3
    siti = User.objects.get(pk=old.siti.pk)
    assert (siti.full_name, siti.phone, siti.is_active) == (f"Saksi {siti.pk}", "", False)
    assert "siti" not in siti.username
    assert not siti.has_usable_password()
    wati = User.objects.get(pk=old.wati.pk)
    assert (wati.full_name, wati.phone) == ("Wati", "+628125550003")
    assert not Activation.objects.open().filter(user=old.joko).exists()
    assert Photo.objects.get(pk=old.sha256).facts == {}
    assert InboundSms.objects.get().sender == InboundSms.objects.get().text == ""
    sent = OutgoingSms.objects.get()
    assert (sent.to, sent.text, sent.state) == ("", "", "ditolak")

    for command in ("verify_audit", "verify_archive"):
        out = StringIO()
        call_command(command, stdout=out, stderr=StringIO())
    assert json.loads(out.getvalue().splitlines()[-1])["differences"] == 0
    act.refresh_from_db()
    assert act.done_at is not None
    assert retention.erase_confirmed() == 0
    told = [one.action for one in AdministrativeEvent.objects.filter(subject=f"retention:{act.pk}").order_by("id")]
    assert told == ["erasure proposed", "erasure confirmed", "people erased", "erasure done"]


def test_letters_imports_and_events_keep_no_name_either(old):
    person, _new = enrolling.enrol("Raharjo Kusuma", "+628125550009", by=old.dewi)
    assignment = assigning.assign(old.stations["dampit_2"], person, by=old.dewi)
    letter = Mandate.objects.create(
        election=old.election, regency=region("35.07"), seq=1, number="1", assignment=assignment,
        name="Raharjo Kusuma", issued_at=timezone.now(), issued_by=old.dewi,
    )  # fmt: skip
    wrong = [[2, "telepon", "08125550009", "nomor ini milik orang dengan nama lain"]]
    file = MasterImport.objects.create(
        election=old.election, region=region("35.07"), kind=MasterKind.WITNESSES, size=1, sha256="a" * 64,
        state=ImportState.FAILED, imported_at=timezone.now(), report={"problems": wrong},
    )  # fmt: skip
    receiving.store().save(file.stored_name, ContentFile(b"Raharjo;08125550009"))
    retention.confirm(proposed(old), by=old.eko)
    retention.erase_confirmed()
    letter.refresh_from_db()
    file.refresh_from_db()
    assert letter.name == f"Saksi {person.pk}"
    assert file.report == {}
    assert not receiving.store().exists(file.stored_name)
    told = str(list(AdministrativeEvent.objects.values_list("content", flat=True)))
    assert "raharjo" not in told.lower()
    assert list(recording.verify()) == []


def test_a_practice_that_nobody_removed_keeps_no_names(old):
    before = retention.candidates(old.election, DAYS).count()
    exercise = Election.objects.create(
        name="Latihan", slug="latihan", date=old.election.date, phase=Phase.OPEN, practice_of=old.election
    )
    [station] = preparation.add_stations(exercise, [NewStation(region("35.07.05.2001").pk, 1, 150, 150)])
    assigning.assign(station, old.siti, by=old.dewi)
    assert retention.candidates(old.election, DAYS).count() == before


def test_nothing_goes_before_another_person_confirmed(old):
    act = proposed(old)
    assert retention.erase_confirmed() == 0
    with pytest.raises(RetentionRefused, match="own"):
        retention.confirm(act, by=old.dewi)
    act.confirmed_by, act.confirmed_at = old.dewi, timezone.now()
    with pytest.raises(IntegrityError), transaction.atomic():
        act.save()
    assert User.objects.get(pk=old.siti.pk).full_name == "Siti"


def test_too_early_too_few_days_no_reason_and_twice_are_refused(old):
    for code, changes in (
        ("too_early", {"days": 2150}),
        ("days", {"days": 30}),
        ("reason", {"reason": " "}),
    ):
        with pytest.raises(RetentionRefused, match=code):
            retention.propose(old.election, **{"days": DAYS, "reason": REASON, "by": old.dewi} | changes)
    act = proposed(old)
    with pytest.raises(RetentionRefused, match="known"):
        proposed(old, by="eko")
    retention.withdraw(act, by=old.eko)
    with pytest.raises(RetentionRefused, match="moved"):
        retention.confirm(act, by=old.eko)
    assert Retention.objects.count() == 1
    proposed(old, by="eko")


def test_an_election_that_is_opened_again_stops_it(old):
    act = proposed(old)
    retention.confirm(act, by=old.eko)
    old.election.phase = Phase.OPEN
    old.election.save()
    assert retention.erase_confirmed() == 0
    assert not ErasedPerson.objects.exists()


def test_it_goes_on_where_it_was_interrupted(old, monkeypatch):
    act = proposed(old)
    retention.confirm(act, by=old.eko)
    monkeypatch.setattr(retention, "BATCH", 1)
    assert retention._erase_batch(act.pk) == 1
    assert ErasedPerson.objects.count() == 1
    assert retention.erase_confirmed() == 2
    assert ErasedPerson.objects.count() == 3


def test_closed_again_counts_from_the_last_time(old):
    since = retention.closed_since(old.election)
    old.election.phase = Phase.OPEN
    old.election.save()
    assert retention.closed_since(old.election) is None
    old.election.phase = Phase.CLOSED
    old.election.save()
    assert retention.closed_since(old.election) > since


def test_the_pages_are_those_of_the_dpd_that_holds_the_whole_election(old, client):
    slug = old.election.slug
    for name, status in (("siti", 404), ("oper", 404), ("budi", 403), ("agus", 403), ("nasi", 403), ("dewi", 200)):
        client.force_login(old.people[name])
        assert client.get(reverse("retention")).status_code == status, name
        assert client.get(reverse("retention-election", args=[slug])).status_code == status, name
    refused = client.post(reverse("retention-election", args=[slug]), {"days": 3, "reason": REASON})
    assert refused.status_code == 400
    client.post(reverse("retention-election", args=[slug]), {"days": DAYS, "reason": "<b>UU</b>"})
    act = Retention.objects.get()
    page = client.get(reverse("retention-election", args=[slug])).content.decode()
    assert "<b>UU</b>" not in page
    assert reverse("retention-confirm", args=[slug, act.pk]) not in page  # her own
    client.post(reverse("retention-confirm", args=[slug, act.pk]))
    act.refresh_from_db()
    assert act.confirmed_at is None
    client.force_login(old.eko)
    assert (
        reverse("retention-confirm", args=[slug, act.pk])
        in client.get(reverse("retention-election", args=[slug])).content.decode()
    )
    client.post(reverse("retention-confirm", args=[slug, act.pk]))
    act.refresh_from_db()
    assert act.confirmed_by == old.eko
    for _turn in range(2):
        assert client.get(reverse("retention")).status_code == 200
        assert client.get(reverse("retention-election", args=[slug])).status_code == 200
        retention.erase_confirmed()
