"""Claims about what is being written while a phase or the pairs change: one waits for the other, nothing is mixed."""

import io
import threading
from contextlib import contextmanager
from dataclasses import replace

import pytest
from django.db import OperationalError, connection, transaction
from django.test import Client
from django.urls import reverse

from accounts.models import Role
from tallies import audit, in_flight, intake, phases, preparation
from tallies.count_room import moving, verification
from tallies.importing import confirming
from tallies.importing.confirming import NotUndone
from tallies.master_data import importing, pairs
from tallies.models import (
    C1Form,
    Channel,
    Election,
    ImportState,
    MasterImport,
    Pair,
    Phase,
    PhaseChange,
    RecapForm,
    StationResult,
)
from tallies.recap import auditing
from tests import recaps
from tests.cast import person, submission
from tests.reading import arrived, figures, read, read_all_twice, take

pytestmark = [
    pytest.mark.services,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer"),
    pytest.mark.django_db(transaction=True),
]

VOTES = [100, 60, 20]
#: Nothing that has to wait goes on meanwhile; what does not wait is done long before.
A_WHILE = 0.7


@pytest.fixture
def play(committed_play):
    committed_play.people["dina"] = person("dina", Role.PROVINCE_STAFF, "35")
    return committed_play


class Beside:
    """``act`` in a thread with a connection of its own; what it returned or raised is in ``found``."""

    def __init__(self, act):
        self.found = None
        self._thread = threading.Thread(target=self._run, args=(act,))
        self._thread.start()

    def _run(self, act):
        try:
            self.found = act()
        except Exception as error:
            self.found = error
        finally:
            connection.close()

    def is_done(self, seconds=A_WHILE):
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def end(self):
        assert self.is_done(30)
        return self.found


@contextmanager
def halted(monkeypatch, module, name, act):
    """``act`` beside, halted where it calls ``name`` the first time: inside its transaction, until the block ends."""
    reached, go_on, real = threading.Event(), threading.Event(), getattr(module, name)

    def wait(*args, **kwargs):
        if not reached.is_set():
            reached.set()
            assert go_on.wait(30)
        return real(*args, **kwargs)

    monkeypatch.setattr(module, name, wait)
    beside = Beside(act)
    try:
        assert reached.wait(10), beside.found
        yield beside
    finally:
        go_on.set()
        beside.end()


def send(play, station="dampit_1", votes=VOTES, **changes):
    return intake.submit(submission(play, station, votes, **changes), by=play.siti, channel=Channel.API).form


def form(play):
    return lambda: send(play)


def decision(play):
    sent = send(play)
    return lambda: verification.approve(sent, by=play.budi, seen=1)


def move(play):
    sent, target = send(play), play.result("dampit_2")
    return lambda: moving.move(sent, target, by=play.budi, seen=1, reason="TPS 2")


def reading(play):
    read_all_twice(play)
    sent = send(play, photos=(arrived(play.siti, "page"),))
    assert take(play.oper, play.election) == sent
    return lambda: read(sent, figures(VOTES), by=play.oper)


def recap(play):
    parto = recaps.recap_witness(play)
    return lambda: recaps.send(play, by=parto)


def phase_of(play):
    return Election.objects.get(pk=play.election.pk).phase


def confirmed(play, to):
    """What confirms the step from the phase the election has now."""
    change = phases.propose(play.election, to, "", by=play.dewi)
    return lambda: phases.confirm(change, by=play.dina)


@pytest.mark.parametrize("what", [form, decision, move, reading, recap])
def test_a_phase_changes_only_after_what_is_in_flight(play, monkeypatch, what):
    act = what(play)
    confirm = confirmed(play, Phase.RECAP)
    where = auditing if what is recap else audit
    with halted(monkeypatch, where, "record", act) as first:
        change = Beside(confirm)
        assert not change.is_done()
        assert phase_of(play) == Phase.OPEN
    assert not isinstance(first.found, Exception), first.found
    assert isinstance(change.end(), PhaseChange)
    assert phase_of(play) == Phase.RECAP


def closing(play):
    play.election.phase = Phase.RECAP
    play.election.save()
    return confirmed(play, Phase.CLOSED)


@pytest.mark.parametrize("what", [form, decision, reading, recap])
def test_what_comes_while_an_election_closes_finds_it_closed(play, monkeypatch, what):
    act = what(play)
    with halted(monkeypatch, phases, "_record", closing(play)):
        late = Beside(act)
        assert not late.is_done()
    refused = late.end()
    assert getattr(refused, "code", "") in ("phase_closed", "recap_closed", "not_claimed"), refused
    assert phase_of(play) == Phase.CLOSED
    assert not RecapForm.objects.exists()
    assert what is not form or not C1Form.objects.exists()


def test_forms_do_not_wait_for_one_another(play, monkeypatch):
    with halted(monkeypatch, audit, "record", form(play)):
        other = Beside(lambda: send(play, "dampit_2"))
        assert other.is_done(10)
        assert isinstance(other.found, C1Form)


def test_a_proposal_waits_for_nothing(play, monkeypatch):
    with halted(monkeypatch, audit, "record", form(play)):
        proposing = Beside(lambda: phases.propose(play.election, Phase.RECAP, "", by=play.dewi))
        assert proposing.is_done(10)
        assert isinstance(proposing.found, PhaseChange)


# Pairs


def importing_of(play, row):
    """What imports a fourth pair from a file that was looked at while no C1 was in."""
    text = f"kode;jabatan;nomor;nama;pengusung;usungan\n{row}\n".encode()
    one = importing.receive(
        io.BytesIO(text), "data.csv", kind="paslon", election=play.election, region=play.budi.scope, by=play.budi
    )
    importing.run(one)
    assert confirming.confirm(one, by=play.budi)
    one.refresh_from_db()
    return lambda: importing.run(one)


FOURTH = "35.07;bupati;4;Dewa-Agung;;tidak"


def test_a_pair_is_refused_for_the_first_form_that_was_in_flight(play, monkeypatch):
    add = importing_of(play, FOURTH)
    with halted(monkeypatch, audit, "record", form(play)) as first:
        bringing = Beside(add)
        assert not bringing.is_done()
    assert bringing.end() is True
    assert MasterImport.objects.get().state == ImportState.DONE
    assert MasterImport.objects.get().report["late_rows"] == 1
    numbers = set(Pair.objects.filter(contest=play.malang).values_list("number", flat=True))
    assert set(first.found.votes.values_list("pair__number", flat=True)) == numbers == {1, 2, 3}


def test_a_form_without_the_pair_that_is_just_made_is_refused(play, monkeypatch):
    with halted(monkeypatch, pairs, "write_down", importing_of(play, FOURTH)):
        late = Beside(form(play))
        assert not late.is_done()
    assert isinstance(late.end(), intake.WrongPairs)
    assert late.found.details == {"missing": [4], "unknown": []}
    assert not C1Form.objects.exists()


def test_an_import_of_pairs_is_not_taken_back_under_the_first_form(play, monkeypatch):
    importing_of(play, FOURTH)()
    one = MasterImport.objects.get()
    with halted(monkeypatch, audit, "record", lambda: send(play, votes=[*VOTES, 7])) as first:
        undoing = Beside(lambda: importing.undo(one, by=play.budi))
        assert not undoing.is_done()
    assert isinstance(undoing.end(), NotUndone)
    assert set(first.found.votes.values_list("pair__number", flat=True)) == {1, 2, 3, 4}


def test_a_pair_that_an_editor_adds_is_refused_for_the_first_form_that_was_in_flight(play, monkeypatch):
    editor, address = Client(), reverse("admin:tallies_contest_change", args=[play.malang.pk])
    play.budi.is_staff = True
    play.budi.save()
    editor.force_login(play.budi)
    page = editor.get(address).context
    body = {"election": play.election.pk, "region": play.malang.region_id, "office": play.malang.office}
    rows = page["inline_admin_formsets"][0].formset
    body |= {
        rows.add_prefix(n) + f"-{f}": v for n, one in enumerate(rows.initial_forms) for f, v in one.initial.items()
    }
    body |= {f"pairs-{n}-id": one.instance.pk for n, one in enumerate(rows.initial_forms)}
    body |= {f"pairs-{n}-contest": play.malang.pk for n in range(4)}
    body |= {"pairs-TOTAL_FORMS": 4, "pairs-INITIAL_FORMS": 3, "pairs-3-number": 4, "pairs-3-name": "Dewa-Agung"}
    body = {key: value for key, value in body.items() if value is not None and value is not False}
    with halted(monkeypatch, audit, "record", form(play)):
        saving = Beside(lambda: editor.post(address, body))
        assert not saving.is_done()
    assert saving.end().status_code == 403
    assert Pair.objects.filter(contest=play.malang).count() == 3


def test_a_form_that_never_ends_keeps_a_phase_back_and_no_other_form(play, monkeypatch):
    """Its machine lost power: the server's side stays in its transaction, for hours."""
    monkeypatch.setattr(in_flight, "LONGEST_WAIT", "300ms")
    change = phases.propose(play.election, Phase.RECAP, "", by=play.dewi)
    with halted(monkeypatch, audit, "record", form(play)):
        asked = Beside(lambda: phases.confirm(change, by=play.people["dina"]))
        assert isinstance(asked.end(), OperationalError)
        others = Beside(lambda: send(play, "dampit_2"))
        assert others.end().station == play.stations["dampit_2"]
    play.election.refresh_from_db()
    assert play.election.phase == Phase.OPEN


def test_a_name_is_mended_while_forms_come_in(play, monkeypatch):
    send(play, "dampit_2")
    with halted(monkeypatch, audit, "record", form(play)):
        mended = Beside(transaction.atomic(lambda: preparation.hold_pairs(play.election.pk, [play.malang.pk])))
        assert mended.is_done(10), "it waited for a form"


def test_a_contest_whose_key_no_lock_can_have_is_none(play):
    with pytest.raises(StationResult.DoesNotExist):
        intake.submit(
            replace(submission(play, "dampit_1", VOTES), contest_id=2**31), by=play.siti, channel=Channel.API
        )
