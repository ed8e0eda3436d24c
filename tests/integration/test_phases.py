"""Claims about the phases of an election and its practice: two persons, one step, and nothing real ever goes."""

import threading
from types import SimpleNamespace

import pytest
from django.contrib import admin
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts import recording
from accounts.models import AdministrativeEvent, Role
from tallies import assigning, intake, phases, practice
from tallies.models import (
    Assignment,
    C1Form,
    Channel,
    Contest,
    Election,
    Pair,
    Phase,
    PhaseChange,
    PollingStation,
    StationResult,
)
from tallies.totals import aggregation, rebuilding
from tests.cast import person, region, submission


@pytest.fixture
def desk(play):
    """Two people of the DPD."""
    play.people["dina"] = person("dina", Role.PROVINCE_STAFF, "35")
    return play


def refused(code, call, *args, **kwargs):
    with pytest.raises(phases.PhaseRefused) as caught:
        call(*args, **kwargs)
    assert caught.value.code == code


def phase(election):
    return Election.objects.get(pk=election.pk).phase


def test_a_phase_changes_when_a_second_person_agrees(desk):
    change = phases.propose(desk.election, Phase.RECAP, "", by=desk.dewi)
    assert phase(desk.election) == Phase.OPEN
    refused("same_person", phases.confirm, change, by=desk.dewi)
    assert phase(desk.election) == Phase.OPEN
    phases.confirm(change, by=desk.dina)
    assert phase(desk.election) == Phase.RECAP
    done = list(AdministrativeEvent.objects.filter(action__startswith="phase").order_by("id"))
    assert [(one.action, one.actor) for one in done] == [("phase proposed", desk.dewi), ("phase changed", desk.dina)]
    assert done[1].content | {"proposed_by": 0} == {
        "election": "pilkada-2020",
        "from": "terbuka",
        "to": "rekap",
        "reason": "",
        "proposed_by": 0,
    }


def test_the_database_refuses_one_person_alone(desk):
    with pytest.raises(IntegrityError), transaction.atomic():
        PhaseChange.objects.create(
            election=desk.election,
            from_phase=Phase.OPEN,
            to_phase=Phase.RECAP,
            proposed_by=desk.dewi,
            outcome="disetujui",
            decided_by=desk.dewi,
            decided_at=timezone.now(),
        )


def test_only_one_step_and_back_with_a_reason(desk):
    refused("no_step", phases.propose, desk.election, Phase.CLOSED, "", by=desk.dewi)
    refused("no_step", phases.propose, desk.election, Phase.OPEN, "", by=desk.dewi)
    refused("no_step", phases.propose, desk.election, "besok", "", by=desk.dewi)
    refused("reason_missing", phases.propose, desk.election, Phase.PREPARATION, "  ", by=desk.dewi)
    change = phases.propose(desk.election, Phase.PREPARATION, "Pemungutan diundur", by=desk.dewi)
    phases.confirm(change, by=desk.dina)
    assert phase(desk.election) == Phase.PREPARATION


def test_one_proposal_waits_at_a_time_and_ends_once(desk):
    change = phases.propose(desk.election, Phase.RECAP, "", by=desk.dewi)
    refused("already_proposed", phases.propose, desk.election, Phase.RECAP, "", by=desk.dina)
    phases.turn_down(change, by=desk.dina)
    refused("decided", phases.confirm, change, by=desk.dina)
    again = phases.propose(desk.election, Phase.RECAP, "", by=desk.dewi)
    assert phases.turn_down(again, by=desk.dewi).outcome == "ditarik"
    assert phase(desk.election) == Phase.OPEN


def test_a_proposal_for_another_phase_than_now_is_not_confirmed(desk):
    change = phases.propose(desk.election, Phase.RECAP, "", by=desk.dewi)
    Election.objects.filter(pk=desk.election.pk).update(phase=Phase.CLOSED)
    refused("moved", phases.confirm, change, by=desk.dina)


def test_who_may_lead_the_phases(desk):
    for name in ("budi", "nasi", "oper", "siti"):
        refused("not_yours", phases.propose, desk.election, Phase.RECAP, "", by=desk.people[name])
    other = person("bali", Role.PROVINCE_STAFF, "35")
    other.region = region("35.07")
    assert not phases.may_change(other, desk.election)


def test_a_contest_without_two_pairs_does_not_open(desk):
    Election.objects.filter(pk=desk.election.pk).update(phase=Phase.PREPARATION)
    Pair.objects.filter(contest=desk.lamongan, number=1).delete()
    refused("unmet", phases.propose, desk.election, Phase.OPEN, "", by=desk.dewi)
    Pair.objects.create(contest=desk.lamongan, number=1, name="Suhandoyo-Astiti")
    phases.propose(desk.election, Phase.OPEN, "", by=desk.dewi)


def test_the_page_leads_two_persons_through(client, desk):
    address = f"/pemilihan/{desk.election.slug}/"
    client.force_login(desk.dewi)
    assert client.post(f"{address}fase/", {"to": "rekap"}).status_code == 302
    change = PhaseChange.objects.get()
    own = client.post(f"{address}fase/{change.pk}/", {"answer": "setuju"})
    assert own.status_code == 409
    assert "Orang kedua harus orang lain" in own.content.decode()
    client.force_login(desk.budi)
    assert client.post(f"{address}fase/{change.pk}/", {"answer": "setuju"}).status_code == 403
    assert client.get(address).status_code == 200
    client.force_login(desk.dina)
    assert "Setujui fase Rekap" in client.get(address).content.decode()
    assert client.post(f"{address}fase/{change.pk}/", {"answer": "setuju"}).status_code == 302
    assert phase(desk.election) == Phase.RECAP


def test_the_admin_does_not_change_a_phase(client, desk):
    desk.dewi.is_staff = desk.dewi.is_superuser = True
    desk.dewi.save()
    client.force_login(desk.dewi)
    client.post(f"/admin/tallies/election/{desk.election.pk}/change/", {"phase": "selesai", "name": "Lain"})
    assert phase(desk.election) == Phase.OPEN


def test_what_the_admin_saves_does_not_bring_an_earlier_phase_back(rf, desk):
    opened = Election.objects.get(pk=desk.election.pk)
    # Decided between the admin's reading of the row and its writing.
    phases.confirm(phases.propose(desk.election, Phase.RECAP, "", by=desk.dewi), by=desk.dina)
    opened.name = "Pilkada Serentak"
    request = rf.post("/")
    request.user = desk.dewi
    admin.site.get_model_admin(Election).save_model(request, opened, SimpleNamespace(changed_data=["name"]), True)
    assert (phase(desk.election), Election.objects.get(pk=desk.election.pk).name) == (Phase.RECAP, "Pilkada Serentak")


# Practice


@pytest.fixture
def copy(desk):
    made = practice.make(desk.election, region("35.07"), by=desk.budi)
    rebuilding.rebuild(made)
    return made


def test_practice_has_the_stations_pairs_and_witnesses_of_its_region(desk, copy):
    assert (copy.practice_of, copy.phase) == (desk.election, Phase.OPEN)
    codes = {one.code for one in PollingStation.objects.filter(election=copy).select_related("region")}
    assert codes == {one.code for one in desk.stations.values() if one.code.startswith("35.07")}
    (contest,) = copy.contests.all()
    assert [pair.number for pair in contest.pairs.all()] == [1, 2, 3]
    assert StationResult.objects.filter(contest=contest).count() == len(codes)
    guards = {(one.station.code, one.witness) for one in Assignment.objects.filter(station__election=copy)}
    assert guards == {
        ("35.07.05.2001.001", desk.siti),
        ("35.07.05.2001.002", desk.siti),
        ("35.07.05.2001.001", desk.joko),
    }


def send(desk, copy):
    station = PollingStation.objects.get(election=copy, region__code="35.07.05.2001", number=1)
    (contest,) = copy.contests.all()
    sent = submission(desk, "dampit_1", [80, 40, 20])
    sent = type(sent)(**{**sent.__dict__, "station_id": station.pk, "contest_id": contest.pk})
    intake.submit_as_witness(sent, by=desk.siti, channel=Channel.API)
    aggregation.drain()


def test_practice_goes_with_its_forms_and_nothing_real_does(desk, copy):
    intake.submit_as_witness(submission(desk, "dampit_1", [90, 40, 20]), by=desk.siti, channel=Channel.API)
    send(desk, copy)
    assert C1Form.objects.count() == 2
    real = {model: model.objects.filter(election=desk.election).count() for model in (Contest, PollingStation)} | {
        Assignment: Assignment.objects.filter(station__election=desk.election).count()
    }
    practice.remove(copy, by=desk.budi)
    if connection.vendor == "sqlite":
        connection.check_constraints()
    assert not Election.objects.filter(pk=copy.pk).exists()
    assert not PollingStation.objects.filter(election=copy.pk).exists()
    assert C1Form.objects.get().contest == desk.malang
    for model, number in real.items():
        path = "station__election" if model is Assignment else "election"
        assert model.objects.filter(**{path: desk.election}).count() == number
    assert rebuilding.differences(desk.election) == []
    assert [one.actor for one in AdministrativeEvent.objects.filter(action="practice removed")] == [desk.budi]


def test_the_chain_of_the_kabupaten_is_held_last_while_practice_goes(desk, copy, monkeypatch):
    held, locked = [], recording._locked
    monkeypatch.setattr(
        recording,
        "_locked",
        lambda key: held.append(PollingStation.objects.filter(election=copy).count()) or locked(key),
    )
    practice.remove(copy, by=desk.budi)
    assert held == [0]


def test_a_real_election_is_not_removed_by_anybody(desk, copy):
    desk.dewi.is_superuser = True
    with pytest.raises(practice.PracticeRefused):
        practice.remove(desk.election, by=desk.dewi)
    assert Election.objects.filter(pk=desk.election.pk).exists()


def test_only_the_own_region_is_practised_and_removed(client, desk, copy):
    for name, code in (("agus", "35.07"), ("budi", "35.24"), ("siti", "35.07"), ("nasi", "35.07")):
        with pytest.raises(practice.PracticeRefused):
            practice.make(desk.election, region(code), by=desk.people[name])
    for name, status in (("agus", 404), ("siti", 404), ("nasi", 403), ("oper", 404)):
        client.force_login(desk.people[name])
        assert client.post(f"/pemilihan/{copy.slug}/hapus/", {"name": copy.name}).status_code == status, name
    client.force_login(desk.budi)
    assert client.post(f"/pemilihan/{copy.slug}/hapus/", {"name": "lain"}).status_code == 400
    assert Election.objects.filter(pk=copy.pk).exists()
    assert client.post(f"/pemilihan/{copy.slug}/hapus/", {"name": copy.name}).status_code == 302
    assert not Election.objects.filter(pk=copy.pk).exists()


def test_two_practices_under_one_name_at_once_are_a_sentence(client, desk, copy, monkeypatch):
    monkeypatch.setattr(practice, "_free_slug", lambda election, region: copy.slug)
    client.force_login(desk.budi)
    answer = client.post(f"/pemilihan/{desk.election.slug}/latihan/", {"region": "35.07"})
    assert answer.status_code == 409
    assert "di saat yang sama" in answer.content.decode()
    assert Election.objects.filter(practice_of=desk.election).count() == 1


def test_the_phase_of_practice_changes_by_one_person(desk, copy):
    desk.budi.role, desk.budi.region = Role.PROVINCE_STAFF, region("35")
    change = phases.propose(copy, Phase.RECAP, "", by=desk.budi)
    assert (change.outcome, phase(copy)) == ("disetujui", Phase.RECAP)


def test_a_witness_who_was_taken_off_is_not_copied(desk):
    assigning.revoke(Assignment.objects.get(witness=desk.joko), by=desk.budi)
    made = practice.make(desk.election, region("35.07"), by=desk.budi)
    assert not Assignment.objects.filter(station__election=made, witness=desk.joko).exists()


def test_two_who_confirm_at_once_change_it_once(committed_play):
    desk = committed_play
    people = [person(name, Role.PROVINCE_STAFF, "35") for name in ("dina", "doni")]
    change = phases.propose(desk.election, Phase.RECAP, "", by=desk.dewi)
    said = []

    def confirm(by):
        try:
            phases.confirm(change, by=by)
            said.append("changed")
        except phases.PhaseRefused as error:
            said.append(error.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=confirm, args=(by,)) for by in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(said) == ["changed", "decided"]
    assert phase(desk.election) == Phase.RECAP
    assert AdministrativeEvent.objects.filter(action="phase changed").count() == 1
