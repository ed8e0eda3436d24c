"""Claims about who guards which TPS: put there, replaced, chosen, taken off, whole or not at all, and at once."""

import datetime as dt

import pytest
from django.utils import timezone

from accounts import activation, devices, enrolling, recording
from accounts.models import Activation, AdministrativeEvent, Role, User
from tallies import assigning, intake
from tallies.models import Assignment, C1Form, Phase, PollingStation, Reserve, Shift
from tallies.roster import candidates, coverage, district_witnesses, reserves, shifts, staffing, stations
from tallies.roster.candidates import Nearness
from tallies.roster.stations import State
from tests.cast import person, region, submission
from tests.phones import activated_phone, link_for
from tests.sending import at_once


def seen(station):
    return stations.row_of(station).seen


def guards(station):
    return sorted(str(guard.person) for guard in stations.row_of(station).guards)


def acts():
    return list(AdministrativeEvent.objects.order_by("pk").values_list("action", flat=True))


def station(play, name):
    return PollingStation.objects.select_related("region__parent__parent", "election").get(pk=play.stations[name].pk)


# Counted


def test_gaps_doubles_and_ready_phones_are_counted_below_a_place(play):
    activated_phone(play.siti, by=play.budi)
    reserves.name(play.election, region("35.07.05"), play.wati, by=play.dewi)
    reserves.name(play.election, region("35.07.05.2001"), play.wati, by=play.dewi)
    found = coverage.below(play.election, region("35.07"))
    assert [(line.region.code, line.counts) for line in found.gaps_first] == [
        ("35.07.05", coverage.Counts(stations=3, empty=1, double=1, active=2, reserves=2)),
        ("35.07.06", coverage.Counts(stations=1, empty=1)),
    ]
    assert (found.total.stations, found.total.empty, found.total.single, found.reserves) == (4, 2, 1, 1)
    [other, village] = coverage.below(play.election, region("35.07.05")).lines
    assert (village.counts.stations, village.counts.reserves, other.counts.empty) == (2, 1, 1)
    provinces = coverage.below(play.election, region("ID"))
    assert provinces.total == coverage.below(play.election, region("35")).total
    assert (provinces.total.stations, provinces.total.empty, provinces.total.double) == (6, 3, 1)


def test_a_revoked_assignment_and_an_ended_phone_count_no_more(play):
    activated_phone(play.siti, by=play.budi)
    for one in Assignment.objects.filter(witness=play.siti):
        assigning.revoke(one, by=play.budi)
    total = coverage.below(play.election, region("35.07")).total
    assert (total.empty, total.double, total.active) == (3, 0, 0)


def test_the_number_of_the_tab_follows_what_is_done_here_and_is_not_asked_of_a_nation(
    play, django_capture_on_commit_callbacks
):
    here = station(play, "gedangan_1")
    assert coverage.empty_lately(play.election, region("35.07")) == 2
    with django_capture_on_commit_callbacks(execute=True):
        staffing.assign(here, play.joko, seen="", by=play.budi)
    assert coverage.empty_lately(play.election, region("35.07")) == 1
    assert coverage.empty_lately(play.election, region("ID")) is None
    play.election.phase = Phase.CLOSED
    assert coverage.empty_lately(play.election, region("35.07")) is None


def test_an_old_number_is_shown_while_somebody_counts_anew(play, monkeypatch):
    place = region("35.07")
    assert coverage.empty_lately(play.election, place) == 2
    assigning.assign(play.stations["gedangan_1"], play.joko, by=play.budi)
    assert coverage.empty_lately(play.election, place) == 2  # a minute is not over
    monkeypatch.setattr(coverage, "FRESH_SECONDS", 0)
    key = coverage._empty_key(play.election, place)
    coverage.cache.add(f"{key}-counting", 1, 30)
    assert coverage.empty_lately(play.election, place) == 2
    coverage.cache.delete(f"{key}-counting")
    assert coverage.empty_lately(play.election, place) == 1


# The state of a TPS


def test_each_state_is_told(play):
    activated_phone(play.wati, by=play.agus)
    link_for(play.siti, by=play.budi)
    states = {name: stations.row_of(each).state for name, each in play.stations.items()}
    assert states == {
        "dampit_1": State.DOUBLE, "dampit_2": State.INVITED, "pamotan_1": State.NONE,
        "gedangan_1": State.NONE, "babat_1": State.ACTIVE, "babat_2": State.NONE,
    }  # fmt: skip
    activation.revoke(play.siti, by=play.budi)
    assert stations.row_of(play.stations["dampit_2"]).state == State.SLEEPING


# Acting


def test_somebody_is_assigned_and_is_no_reserve_any_more_with_both_events(play):
    toni, here = person("toni", Role.WITNESS), station(play, "pamotan_1")
    reserves.name(play.election, region("35.07.05"), toni, by=play.budi)
    before = len(acts())
    staffing.assign(here, toni, seen="", by=play.budi)
    assert guards(here) == ["Toni"]
    assert not Reserve.objects.active().exists()
    assert acts()[before:] == ["assignment made", "reserve ended"]
    event = AdministrativeEvent.objects.latest("pk")
    assert (event.actor, event.content["because"]) == (play.budi, "assigned")


def test_a_witness_may_guard_two(play):
    here = station(play, "pamotan_1")
    staffing.assign(here, play.joko, seen="", by=play.budi)
    assert [one.station.pk for one in staffing.elsewhere(play.joko, here)] == [play.stations["dampit_1"].pk]


@pytest.mark.parametrize("who", ["oper", "budi", "lina"])
def test_only_a_witness_of_a_tps_is_assigned(play, who):
    play.people["lina"] = person("lina", Role.DISTRICT_WITNESS, "35.07.05")
    here = station(play, "pamotan_1")
    with pytest.raises(staffing.NotAWitness):
        staffing.assign(here, play.people[who], seen="", by=play.dewi)
    assert guards(here) == []


def test_a_new_person_is_taken_in_and_assigned_or_neither(play, monkeypatch):
    here = station(play, "pamotan_1")
    made, is_new = staffing.assign_new(here, "Rina Wulandari", "0812 3456 7890", seen="", by=play.budi)
    assert (is_new, made.witness.phone, made.witness.region) == (True, "+6281234567890", here.region)
    again, is_new = staffing.assign_new(
        station(play, "gedangan_1"), "rina  wulandari", "+6281234567890", seen="", by=play.budi
    )
    assert (is_new, again.witness) == (False, made.witness)
    before, people = acts(), User.objects.count()
    monkeypatch.setattr(assigning, "assign", _broken)
    with pytest.raises(RuntimeError):
        staffing.assign_new(here, "Orang Lain", "0813 1111 2222", seen=seen(here), by=play.budi)
    assert (acts(), User.objects.count()) == (before, people)
    with pytest.raises(enrolling.PhoneTaken):
        staffing.assign_new(here, "Nama Lain", "0812 3456 7890", seen=seen(here), by=play.budi)


def _broken(*_args, **_more):
    raise RuntimeError("the power is cut")


def test_replaced_is_one_act_with_a_link_for_the_new_one(play):
    toni, here = person("toni", Role.WITNESS), station(play, "dampit_2")
    [old] = Assignment.objects.active().filter(station=here)
    before = len(acts())
    done = staffing.replace(here, old, toni, seen=seen(here), by=play.budi)
    assert (guards(here), done.assignment.witness) == (["Toni"], toni)
    assert activation.find(done.token).user == toni
    assert acts()[before:] == ["link issued", "assignment revoked", "assignment made"]
    old.refresh_from_db()
    assert old.revoked_by == play.budi


def test_who_has_a_phone_that_is_ready_needs_no_link(play):
    here = station(play, "dampit_2")
    activated_phone(play.joko, by=play.budi)
    [old] = Assignment.objects.active().filter(station=here)
    links = Activation.objects.count()
    done = staffing.replace(here, old, play.joko, seen=seen(here), by=play.budi)
    assert (done.token, Activation.objects.count()) == (None, links)


@pytest.mark.parametrize("where", ["issue", "revoke", "assign", "end_all_of"])
def test_a_replacement_that_is_cut_off_anywhere_leaves_the_old_witness(play, monkeypatch, where):
    toni, here = person("toni", Role.WITNESS), station(play, "dampit_2")
    reserves.name(play.election, here.region, toni, by=play.budi)
    [old] = Assignment.objects.active().filter(station=here)
    before, links = acts(), Activation.objects.count()
    module = {"issue": activation, "end_all_of": reserves}.get(where, assigning)
    monkeypatch.setattr(module, where, _broken)
    with pytest.raises(RuntimeError):
        staffing.replace(here, old, toni, seen=seen(here), by=play.budi)
    assert (guards(here), acts(), Activation.objects.count()) == (["Siti"], before, links)
    assert Reserve.objects.active().filter(person=toni).exists()


def test_what_the_replaced_phone_still_sends_is_kept_and_not_counted(play):
    toni, here = person("toni", Role.WITNESS), station(play, "dampit_2")
    [old] = Assignment.objects.active().filter(station=here)
    staffing.replace(here, old, toni, seen=seen(here), by=play.budi)
    intake.quarantine(submission(play, "dampit_2", [1, 2, 3]), by=play.siti)
    assert not C1Form.objects.filter(station=here).exists()
    assert play.result("dampit_2").form is None


def test_of_two_witnesses_one_is_kept(play):
    here = station(play, "dampit_1")
    kept = Assignment.objects.active().get(station=here, witness=play.joko)
    [ended] = staffing.keep_one(here, kept, seen=seen(here), by=play.budi)
    assert (guards(here), ended.witness) == (["Joko"], play.siti)
    assert Assignment.objects.active().filter(witness=play.siti).count() == 1  # the other TPS stays


def test_who_is_taken_off_is_gone_once(play):
    here = station(play, "dampit_2")
    [old] = Assignment.objects.active().filter(station=here)
    before = seen(here)
    staffing.take_off(here, old, seen=before, by=play.budi)
    assert guards(here) == []
    with pytest.raises(staffing.Changed):
        staffing.take_off(here, old, seen=before, by=play.budi)
    assert acts().count("assignment revoked") == 1


def test_whoever_saw_something_older_changes_nothing(play):
    here, toni = station(play, "pamotan_1"), person("toni", Role.WITNESS)
    staffing.assign(here, play.joko, seen="", by=play.budi)
    with pytest.raises(staffing.Changed):
        staffing.assign(here, toni, seen="", by=play.rina)
    assert guards(here) == ["Joko"]


def test_an_assignment_of_another_tps_is_not_ended_here(play):
    here, other = station(play, "dampit_2"), station(play, "dampit_1")
    joko = Assignment.objects.active().get(station=other, witness=play.joko)
    for act in (
        lambda: staffing.take_off(here, joko, seen=seen(here), by=play.budi),
        lambda: staffing.keep_one(here, joko, seen=seen(here), by=play.budi),
        lambda: staffing.replace(here, joko, play.wati, seen=seen(here), by=play.budi),
    ):
        with pytest.raises(staffing.Changed):
            act()
    assert (guards(here), guards(other)) == (["Siti"], ["Joko", "Siti"])


def test_of_a_closed_election_nobody_is_assigned(play):
    play.election.phase = Phase.CLOSED
    play.election.save()
    with pytest.raises(staffing.ElectionClosed):
        staffing.assign(station(play, "pamotan_1"), play.joko, seen="", by=play.budi)


# At once


def test_two_who_assign_at_once_one_acts_and_the_other_reads_what_happened(committed_play):
    play = committed_play
    toni = person("toni", Role.WITNESS)
    for name in ("pamotan_1", "gedangan_1", "babat_2"):
        here = station(play, name)
        people = [(play.joko, play.budi), (toni, play.rina)]

        def act(place, here=here, people=people):
            try:
                return staffing.assign(here, people[place][0], seen="", by=people[place][1]).witness_id
            except staffing.Changed:
                return "changed"

        found = at_once(2, act)
        assert found.count("changed") == 1
        assert [one.person.pk for one in stations.row_of(here).guards] == [
            each for each in found if each != "changed"
        ]


def test_two_who_replace_at_once_make_one_replacement_and_one_link(committed_play):
    play = committed_play
    here, new = station(play, "dampit_2"), [person("toni", Role.WITNESS), person("lia", Role.WITNESS)]
    [old] = Assignment.objects.active().filter(station=here)
    before = seen(here)

    def act(place):
        try:
            return staffing.replace(here, old, new[place], seen=before, by=play.budi).token
        except staffing.Changed:
            return None

    tokens = [token for token in at_once(2, act) if token]
    assert len(tokens) == len(stations.row_of(here).guards) == Activation.objects.usable().count() == 1
    assert acts().count("assignment revoked") == 1


def test_two_who_plan_hours_for_one_operator_at_once_plan_one(committed_play):
    play, now = committed_play, timezone.now()

    def act(place):
        try:
            begins = now + dt.timedelta(hours=place)
            return shifts.plan(
                play.election, region("35.07"), play.oper, begins, begins + dt.timedelta(hours=6), by=play.budi
            )
        except shifts.Overlaps:
            return None

    assert [bool(one) for one in at_once(2, act)].count(True) == Shift.objects.count() == 1


def test_two_who_name_one_reserve_at_once_name_one(committed_play):
    play = committed_play
    found = at_once(2, lambda _place: reserves.name(play.election, region("35.07.05"), play.siti, by=play.budi))
    assert found[0] == found[1]
    assert (Reserve.objects.count(), acts().count("reserve named")) == (1, 1)


# Whom to ask


def test_the_nearest_reserve_stands_on_top(play):
    here = station(play, "pamotan_1")
    for name, code in (
        ("jauh", "35.07.06.2001"),
        ("tetangga", "35.07.05.2001"),
        ("dekat", "35.07.05.1002"),
        ("camat", "35.07.05"),
    ):
        reserves.name(play.election, region(code), person(name, Role.WITNESS), by=play.budi)
    reserves.name(play.election, region("35.24.01"), person("lamongan", Role.WITNESS), by=play.agus)
    found = candidates.find(play.budi, here)
    assert [(str(one.person), one.nearness) for one in found] == [
        ("Dekat", Nearness.VILLAGE), ("Camat", Nearness.DISTRICT),
        ("Tetangga", Nearness.DISTRICT), ("Jauh", Nearness.REGENCY),
    ]  # fmt: skip
    assert [str(one.person) for one in candidates.find(play.budi, here, "jau")] == ["Jauh"]


def test_others_of_the_own_region_are_found_by_name_and_number_with_where_they_guard(play):
    here = station(play, "pamotan_1")
    play.siti.phone = "0812 3456 7890"
    play.siti.save()
    [by_name] = candidates.find(play.budi, here, "SIT")
    assert [one.title for one in by_name.guards] == ["TPS 001", "TPS 002"]
    assert [one.person for one in candidates.find(play.budi, here, "0812-3456-7890")] == [play.siti]
    assert [one.person for one in candidates.find(play.budi, here, "3456")] == [play.siti]
    assert candidates.find(play.budi, here, "wati") == []
    assert candidates.find(play.budi, station(play, "dampit_2"), "sit") == []  # guards there already


def test_nobody_of_another_kabupaten_and_no_office_holder_is_found(play):
    play.wati.phone = "0813 1111 2222"
    play.wati.save()
    here = station(play, "pamotan_1")
    assert candidates.find(play.budi, here, "0813 1111 2222") == []
    assert [one.person for one in candidates.find(play.dewi, here, "0813 1111 2222")] == [play.wati]
    for name in ("rina", "oper", "dewi"):
        assert candidates.find(play.budi, here, name) == []
    assert candidates.assignable(play.budi, User.objects.filter(pk=play.wati.pk)) == []
    assert candidates.assignable(play.siti, User.objects.all()) == []
    assert candidates.assignable(play.budi, User.objects.all()) == [play.joko, play.siti]


# Reserves, saksi PPK, hours


def test_a_reserve_is_named_once_and_ended_once(play):
    one = reserves.name(play.election, region("35.07.05"), play.siti, by=play.budi)
    assert reserves.name(play.election, region("35.07.05"), play.siti, by=play.rina) == one
    assert (reserves.end(one, by=play.rina), reserves.end(one, by=play.budi)) == (True, False)
    assert acts()[-2:] == ["reserve named", "reserve ended"]
    with pytest.raises(reserves.NotAPlace):
        reserves.name(play.election, region("35.07"), play.siti, by=play.budi)
    with pytest.raises(reserves.NotAReserve):
        reserves.name(play.election, region("35.07.05"), play.oper, by=play.budi)


def test_a_kecamatan_without_saksi_ppk_stands_first(play):
    made, is_new = district_witnesses.add(region("35.07.05"), "Lina Marlina", "0812 0000 1111", by=play.budi)
    assert (is_new, made.role, made.region) == (True, Role.DISTRICT_WITNESS, region("35.07.05"))
    assert [(line.district.name, len(line.people)) for line in district_witnesses.lines(region("35.07"))] == [
        ("Gedangan", 0), ("Dampit", 1),
    ]  # fmt: skip
    with pytest.raises(district_witnesses.HasAnotherRole):
        district_witnesses.add(region("35.07.06"), "Lina Marlina", "0812 0000 1111", by=play.budi)
    with pytest.raises(enrolling.MayNotEnrol):
        district_witnesses.add(region("35.24.01"), "Orang Lain", "", by=play.budi)


def test_hours_of_one_operator_may_touch_and_not_overlap(play):
    begins, six = timezone.now(), dt.timedelta(hours=6)
    asked = {"election": play.election, "regency": region("35.07"), "person": play.oper, "by": play.budi}
    first = shifts.plan(begins_at=begins, ends_at=begins + six, **asked)
    shifts.plan(begins_at=begins + six, ends_at=begins + 2 * six, **asked)
    for start, end in ((begins, begins + six), (begins + dt.timedelta(hours=5), begins + 3 * six)):
        with pytest.raises(shifts.Overlaps):
            shifts.plan(begins_at=start, ends_at=end, **asked)
    for start, end in ((begins, begins), (begins, begins - six), (begins, begins + dt.timedelta(hours=25))):
        with pytest.raises(shifts.WrongHours):
            shifts.plan(begins_at=start, ends_at=end, **asked)
    assert [shifts.is_now(one, begins) for one in shifts.planned(play.election, region("35.07"))] == [True, False]
    assert (shifts.cancel(first, by=play.budi), shifts.cancel(first, by=play.budi)) == (True, False)
    shifts.plan(begins_at=begins, ends_at=begins + six, **asked)
    with pytest.raises(shifts.NotAnOperator):
        shifts.plan(play.election, region("35.24"), play.oper, begins + 5 * six, begins + 6 * six, by=play.dewi)
    assert acts()[-4:] == ["shift planned", "shift planned", "shift cancelled", "shift planned"]


def test_no_event_of_the_roster_holds_a_telephone_number(play):
    here = station(play, "pamotan_1")
    staffing.assign_new(here, "Rina Wulandari", "0812 3456 7890", seen="", by=play.budi)
    reserves.name(play.election, here.region, play.siti, by=play.budi)
    told = str(list(AdministrativeEvent.objects.values_list("content", flat=True)))
    assert "3456" not in told
    assert recording.subject_of(here) == f"pollingstation:{here.pk}"


# In one order


@pytest.fixture
def people_first(play, monkeypatch):
    """Whether every person was held before the first chain: who holds a person may be waiting for that chain."""
    held = []
    known = set(User.objects.values_list("pk", flat=True))  # whom nobody else knows yet nobody else holds
    chain, people = recording._locked, devices.lock_all

    def hold_chain(key):
        held.append(key)
        return chain(key)

    def hold_people(keys):
        found = people(keys)
        held.extend(one.pk for one in found if one.pk in known)
        return found

    monkeypatch.setattr(recording, "_locked", hold_chain)
    monkeypatch.setattr(devices, "lock_all", hold_people)
    monkeypatch.setattr(devices, "lock", lambda key: hold_people([key])[0])

    def is_so():
        first = list(dict.fromkeys(held))
        assert {type(one) for one in first} == {int, str}
        return first == sorted(first, key=lambda key: isinstance(key, str))

    return is_so


def test_a_replacement_holds_both_people_before_the_first_chain(play, people_first):
    here = station(play, "dampit_1")
    old = Assignment.objects.active().filter(station=here).first()
    staffing.replace(here, old, play.wati, seen=seen(here), by=play.budi)
    assert people_first()


def test_a_replacement_by_somebody_new_holds_the_old_person_before_the_first_chain(play, people_first):
    here = station(play, "dampit_1")
    old = Assignment.objects.active().filter(station=here).first()
    staffing.replace_with_new(here, old, "Nur Aini", "081299990000", seen=seen(here), by=play.budi)
    assert people_first()


def test_keeping_one_of_several_holds_all_others_before_the_first_chain(play, people_first):
    here = station(play, "dampit_1")
    Assignment.objects.create(station=here, witness=play.wati)
    kept = Assignment.objects.active().filter(station=here).order_by("-pk").first()
    staffing.keep_one(here, kept, seen=seen(here), by=play.budi)
    assert people_first()


def test_revoking_many_holds_the_people_before_the_first_chain(play, people_first):
    assigning.revoke_all(Assignment.objects.active().select_related("station__region"), by=play.dewi)
    assert people_first()


def test_a_replacement_who_also_guards_elsewhere_comes_without_a_link(play):
    here = station(play, "dampit_2")
    old = Assignment.objects.active().get(station=here)
    done = staffing.replace(here, old, play.wati, seen=seen(here), by=play.budi)
    assert (guards(here), done.token) == (["Wati"], None)
    assert not Activation.objects.exists()
