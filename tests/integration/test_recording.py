"""Claims about the record of administrative acts: complete, chained, in the act's own transaction, never changed."""

import pytest
from django.db import IntegrityError, InternalError, connection, transaction

from accounts import enrolling, recording, rights
from accounts.models import AdministrativeEvent, EventChain, Role
from sista.database import writing
from tallies import assigning
from tests.cast import region

pytestmark = pytest.mark.django_db


def events(action):
    return list(AdministrativeEvent.objects.filter(action=action).order_by("id"))


def test_an_assignment_and_its_end_are_recorded_once(play):
    made = len(events("assignment made"))
    assignment = assigning.assign(play.stations["pamotan_1"], play.joko, by=play.budi)
    assigning.assign(play.stations["pamotan_1"], play.joko, by=play.rina)
    assigning.revoke(assignment, by=play.rina)
    assigning.revoke(assignment, by=play.budi)
    new, ended = events("assignment made")[made:], events("assignment revoked")
    assert [(one.actor, one.content["code"]) for one in new] == [(play.budi, "35.07.05.1002.001")]
    assert [(one.actor, one.subject) for one in ended] == [(play.rina, f"assignment:{assignment.pk}")]
    assignment.refresh_from_db()
    assert assignment.revoked_by == play.rina


def test_what_is_undone_leaves_no_event(play):
    before = AdministrativeEvent.objects.count()

    def interrupted():
        with writing():
            assigning.assign(play.stations["pamotan_1"], play.joko, by=play.budi)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        interrupted()
    assert AdministrativeEvent.objects.count() == before


def test_events_of_a_kabupaten_are_one_chain_however_deep_they_happened(play):
    for code in ("35.07.05.2001", "35.07", "35.07.06"):
        recording.record("tried", by=play.budi, region=region(code))
    recording.record("tried", by=play.agus, region=region("35.24"))
    recording.record("tried", by=play.siti)
    chains = {one.chain.key for one in events("tried")}
    assert chains == {"wilayah:35.07", "wilayah:35.24", f"orang:{play.siti.pk % 32:02d}"}
    for chain in EventChain.objects.all():
        rows = list(chain.events.order_by("seq"))
        assert [row.seq for row in rows] == list(range(1, len(rows) + 1))
        assert [row.previous for row in rows] == ["", *(row.digest for row in rows[:-1])]
        assert all(recording.digest_of(chain.key, row) == row.digest for row in rows)
        assert (chain.seq, chain.head) == (rows[-1].seq, rows[-1].digest)


def test_a_digest_covers_every_column(play):
    event = recording.record("tried", by=play.budi, region=region("35.07"), subject=play.siti, content={"a": 1})
    own = recording.digest_of(event.chain.key, event)
    for name, other in (
        ("action", "other"),
        ("actor_id", play.rina.pk),
        ("region_id", region("35.24").pk),
        ("subject", "user:1"),
        ("content", {"a": 2}),
        ("seq", 99),
        ("previous", "x"),
    ):
        kept = getattr(event, name)
        setattr(event, name, other)
        assert recording.digest_of(event.chain.key, event) != own, name
        setattr(event, name, kept)


@pytest.mark.parametrize("statement", ["UPDATE {} SET action = 'x'", "DELETE FROM {}"])
def test_the_database_refuses_to_change_or_delete_an_event(play, statement):
    recording.record("tried", by=play.budi)
    table = AdministrativeEvent._meta.db_table
    with pytest.raises((IntegrityError, InternalError)), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement.format(table))
    assert events("tried")


def test_refused_access_is_recorded_with_its_address(client, play):
    client.force_login(play.agus)
    path = f"/hasil/tps/{play.stations['dampit_1'].pk}/"
    assert client.get(path).status_code == 404
    (event,) = events("access refused")
    assert (event.actor, event.content) == (play.agus, {"method": "GET", "path": path, "status": 404})


def test_an_event_is_seen_by_those_whose_region_it_is_in(play):
    event = recording.record("tried", by=play.dewi, region=region("35.07.05"))
    seen = {
        name: AdministrativeEvent.objects.visible_to(one).filter(pk=event.pk).exists()
        for name, one in play.people.items()
    }
    assert {name for name, sees in seen.items() if sees} == {"budi", "rina", "dewi", "nasi"}


# Enrolling


def test_a_number_and_a_name_are_one_person_in_every_election(play):
    first, new = enrolling.enrol("Siti  Rahayu", "0812-3456-7890", by=play.budi)
    again, known = enrolling.enrol("siti rahayu", "+62 812 3456 7890", by=play.agus)
    assert (new, known, again) == (True, False, first)
    assert not first.has_usable_password()
    assert [one.actor for one in events("person enrolled")] == [play.budi]


def test_a_number_of_somebody_else_is_refused(play):
    enrolling.enrol("Siti Rahayu", "0812-3456-7890", by=play.budi)
    with pytest.raises(enrolling.PhoneTaken):
        enrolling.enrol("Bagus Prakoso", "081234567890", by=play.budi)


def test_without_a_number_namesakes_are_two(play):
    first, _new = enrolling.enrol("Siti Rahayu", by=play.budi)
    other, new = enrolling.enrol("Siti Rahayu", by=play.budi)
    assert new
    assert first != other


@pytest.mark.parametrize(
    ("who", "role", "code", "may"),
    [
        ("budi", Role.WITNESS, None, True),
        ("budi", Role.OPERATOR, "35.07", True),
        ("budi", Role.OPERATOR, "35.24", False),
        ("budi", Role.COORDINATOR, "35.07", False),
        ("budi", Role.DISTRICT_WITNESS, "35.07.05", True),
        ("budi", Role.DISTRICT_WITNESS, "35.07", False),
        ("dewi", Role.COORDINATOR, "35.24", True),
        ("dewi", Role.PROVINCE_STAFF, "35", False),
        ("nasi", Role.WITNESS, None, False),
        ("siti", Role.WITNESS, None, False),
        ("oper", Role.WITNESS, None, False),
    ],
)
def test_who_may_give_which_role_and_where(play, who, role, code, may):
    assert rights.may_give(play.people[who], role, region(code) if code else None) is may
