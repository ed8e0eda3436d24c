"""Claims about the evaluation: numbers of a recount, charged to who did it, where the form counts now."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from statistics import median_low

import pytest
import time_machine
from django.utils import timezone

from accounts.models import Activation, Device, Role
from regions.models import Region
from tallies import assigning, intake, practice
from tallies.count_room import moving, verification
from tallies.evaluation import by_reader, by_region, by_witness
from tallies.evaluation.by_witness import After, Order
from tallies.evaluation.ground import ground_of
from tallies.models import C1Form, Channel, Decision, Finding, Outcome, Reading
from tallies.recap import second_reading, settling
from tallies.totals.places import place_for
from tallies.witnesses import invitations
from tests import cast, reading, recaps
from tests.reading import figures, read, read_all_twice, report, take

CLOSES = datetime(2020, 12, 9, 6, 0, tzinfo=UTC)
SLUG = "pilkada-2020"


def after(minutes):
    return time_machine.travel(CLOSES + timedelta(minutes=minutes), tick=False)


def send(play, minutes, station, votes, by="siti", **changes):
    with after(minutes):
        return reading.send(play, station, votes, by=play.people[by], **changes)


def phone(person, days):
    """A phone bound so many days before the voting."""
    link = Activation.objects.create(user=person, token_hash=uuid.uuid4().hex, expires_at=CLOSES)
    device = Device.objects.create(user=person, key_hash=uuid.uuid4().hex, activation=link)
    Device.objects.filter(pk=device.pk).update(bound_at=CLOSES - timedelta(days=days))


def decide(play, act, station, form, minutes=500, **more):
    with after(minutes):
        return act(form, by=play.budi, seen=play.result(station).audit_seq, **more)


@pytest.fixture
def worked(play):
    return work_an_evening(play)


def work_an_evening(play):
    """An evening in Malang.

    dampit_1: siti 704 for 104, read 104 twice, the reading is taken: siti's error. Joko sends another form, later.
    dampit_2: siti right, the operator wrong twice, siti's form is taken: the operator's error.
    pamotan_1: joko, whose assignment is revoked then; corrected by himself, then found unreadable.
    gedangan_1: nobody guards it; siti's form was sent for dampit_2 first, and moved there.
    """
    read_all_twice(play)
    play.people["jaka"] = cast.person("jaka", Role.OPERATOR, "35.07")
    for name, days in (("siti", 3), ("joko", 0)):
        phone(play.people[name], days)
    gone = assigning.assign(play.stations["pamotan_1"], play.joko, by=play.dewi)
    wrong_place = send(play, 5, "dampit_2", [50, 60, 7])
    with after(10):
        take(play.oper, play.election)
        report(wrong_place, Finding.WRONG_STATION, by=play.oper, reason="TPS 1 Gedangan")
    decide(play, moving.move, "dampit_2", wrong_place, minutes=20, target=play.result("gedangan_1"), reason="Foto")
    moved = play.result("gedangan_1").form
    with after(21):
        assert take(play.jaka, play.election) == moved
        read(moved, figures([50, 60, 7]), by=play.jaka)

    first = send(play, 30, "dampit_1", [121, 704, 31])
    with after(35):
        take(play.oper, play.election)
        for _round in (1, 2):
            seen = read(first, figures([121, 104, 31]), by=play.oper)
    with after(500):
        verification.adopt(seen, by=play.budi, seen=play.result("dampit_1").audit_seq, reason="Salah ketik saksi")

    second = send(play, 47, "dampit_2", [10, 20, 30], objection=True)
    with after(50):
        take(play.oper, play.election)
        for _round in (1, 2):
            read(second, figures([10, 28, 30]), by=play.oper)
    decide(play, verification.approve, "dampit_2", second, reason="Salah baca operator")

    third = send(play, 95, "pamotan_1", [7, 7, 7], by="joko")
    newer = send(play, 99, "pamotan_1", [7, 8, 7], by="joko", supersedes=third.uuid)
    with after(100):
        take(play.jaka, play.election)
        read(newer, figures([7, 9, 7]), by=play.jaka)
        report(newer, Finding.UNREADABLE, by=play.jaka, reason="Gelap")
    assigning.revoke(gone, by=play.dewi)
    with after(-60):
        invitations.submit(
            invitations.Report(uuid.uuid4(), play.stations["dampit_1"].pk, 290, 280, 10),
            by=play.siti,
            channel=Channel.API,
        )
    send(play, 40, "babat_1", [70, 61], by="wati")
    return play


def ground(play, code="35.07", who="budi"):
    return ground_of(place_for(play.people[who], SLUG, code, office=""))


def lines(play, code="35.07", who="budi"):
    found = by_region.evaluated_now(ground(play, code, who))
    return found.total, {region.code: line for region, line in found.children}


# Regions


def test_a_kabupaten_says_what_a_recount_says(worked):
    total, _children = lines(worked)
    moved_away = Decision.objects.filter(outcome=Outcome.MOVED).values_list("form", flat=True)
    forms = C1Form.objects.filter(contest=worked.malang).exclude(pk__in=moved_away)
    assert (total.stations, total.stations_in, total.forms) == (4, 4, forms.count())
    assert (total.versions, total.own_versions) == (2, 1)  # the adopted one, and joko's own
    assert (total.witnesses, total.activated, total.activated_before) == (2, 2, 1)
    # Siti's for Gedangan counts from when she sent it, not from when it was moved.
    minutes = [5, 30, 47, 95]
    assert (total.sent.count, total.sent.median, total.sent.slowest) == (4, median_low(minutes), 95)
    assert (total.read_apart, total.decided) == (2, 1)
    assert (total.unreadable, total.refused, total.damaged, total.photos) == (1, 1, 0, 2)
    assert (total.objections, total.invitations, total.polling_stations) == (1, 1, 4)
    assert total.read == Reading.objects.filter(result__contest=worked.malang).values("form").distinct().count()


def test_what_was_moved_is_charged_where_it_counts_now(worked):
    _total, children = lines(worked)
    dampit, gedangan = children["35.07.05"], children["35.07.06"]
    assert (dampit.stations_in, gedangan.stations_in) == (3, 1)
    # The reading that refused the photo was of Dampit; the form is Gedangan's now.
    assert (dampit.refused, gedangan.refused) == (0, 1)
    assert (gedangan.sent.count, gedangan.sent.median) == (1, 5)
    assert (dampit.sent.count, dampit.sent.median) == (3, 47)


def test_a_renamed_desa_changes_nothing_but_its_name(worked):
    before = lines(worked, "35.07.05")
    Region.objects.filter(code="35.07.05.2001").update(name="Sukamakmur")
    after_it = lines(worked, "35.07.05")
    assert after_it == before
    found = by_region.evaluated_now(ground(worked, "35.07.05"))
    assert {region.name for region, _line in found.children} == {"Sukamakmur", "Pamotan"}


@pytest.mark.parametrize("code", ["ID", "35", "35.07", "35.07.05"])
def test_what_is_below_adds_up_to_the_region(worked, code):
    total, children = lines(worked, code, who="nasi")
    for name in ("stations", "stations_in", "forms", "versions", "photos", "read", "decided", "invitations"):
        assert getattr(total, name) == sum(getattr(line, name) for line in children.values()), name


def test_a_witness_of_two_kecamatan_is_one_person(worked):
    assigning.assign(worked.stations["gedangan_1"], worked.siti, by=worked.dewi)
    total, children = lines(worked)
    assert (total.witnesses, [line.witnesses for line in children.values()]) == (2, [2, 1])


def test_minutes_are_by_the_clock_of_the_station(worked):
    """Lamongan moves to WITA, where 13.00 was an hour earlier: its 40 minutes are 100."""
    Region.objects.filter(code="35.24").update(time_zone="Asia/Makassar")
    total, children = lines(worked, "35", who="dewi")
    assert children["35.24"].sent.median == 100
    assert children["35.07"].sent.slowest == 95
    assert total.sent.slowest == 100
    assert lines(worked, "35.24", who="agus")[0].sent.median == 100


# Witnesses


def witnesses(play, code="35.07", who="budi", **asked):
    return {line.name: line for line in by_witness.page(ground(play, code, who), **asked).rows}


def test_each_witness_is_charged_with_the_own_forms(worked):
    found = witnesses(worked)
    siti, joko = found["Siti"], found["Joko"]
    assert [one.code for one in siti.stations] == ["35.07.05.2001.001", "35.07.05.2001.002", "35.07.06.2001.001"]
    assert (siti.sent, siti.slowest, siti.objections, siti.invitations) == (3, 47, 1, 1)
    # The operator's error at dampit_2 is not hers; what the coordinator set at dampit_1 is.
    assert (siti.versions, siti.own_versions, siti.decided, siti.read_apart) == (1, 0, 1, 2)
    assert (siti.refused, siti.unreadable) == (1, 0)
    assert (joko.versions, joko.own_versions, joko.unreadable, joko.photos) == (1, 1, 1, 1)
    assert (siti.is_revoked, joko.is_revoked) == (False, False)  # joko guards dampit_1 still


def test_a_revoked_witness_stays_with_what_was_sent(worked):
    worked.joko.assignments.update(revoked_at=timezone.now())
    joko = witnesses(worked)["Joko"]
    assert (joko.is_revoked, joko.sent, joko.own_versions) == (True, 1, 1)
    total, _children = lines(worked)
    assert (total.witnesses, total.own_versions) == (1, 1)


def test_where_a_form_was_moved_its_sender_is_listed_without_an_assignment(worked):
    found = witnesses(worked, "35.07.06")
    assert list(found) == ["Siti"]
    assert (found["Siti"].sent, found["Siti"].slowest, found["Siti"].refused) == (1, 5, 1)
    # And of what stayed in Dampit nothing is missing or doubled.
    siti = witnesses(worked, "35.07.05")["Siti"]
    assert (siti.sent, siti.slowest, siti.refused) == (2, 47, 0)


@pytest.mark.parametrize("order", Order)
def test_pages_of_one_row_are_the_whole_list(worked, order):
    for name in ("tono", "tini"):
        worked.people[name] = cast.person(name, Role.WITNESS)
        assigning.assign(worked.stations["gedangan_1"], worked.people[name], by=worked.dewi)
    here = ground(worked)
    whole = [line.person for line in by_witness.page(here, order).rows]
    found, place = [], None
    for _page in range(len(whole)):
        one = by_witness.page(here, order, place, size=1)
        found += [line.person for line in one.rows]
        place = After.read(str(one.next)) if one.next else None
    assert (found, place) == (whole, None)
    assert by_witness.count(here, order, None) == len(whole)
    names = [line.name for line in by_witness.page(here, order).rows]
    expected = {
        Order.LATE: ["Joko", "Siti"],
        Order.NOTHING: ["Tono", "Tini"],
        Order.VERSIONS: ["Siti", "Joko"],
        Order.FIGURES: ["Siti"],
    }
    if order in expected:
        assert names == expected[order]


def test_what_a_desk_typed_is_no_witness_s(worked):
    with after(200):
        typed = cast.submission(worked, "gedangan_1", [50, 60, 8])
        intake.submit(typed, by=worked.rina, channel=Channel.COUNT_ROOM)
    assert set(witnesses(worked)) == {"Siti", "Joko"}


# Readers


def readers(play, code="35.07", who="budi"):
    return {line.name: line for line in by_reader.readers(ground(play, code, who))}


def test_a_reading_s_error_is_charged_to_who_made_it(worked):
    found = readers(worked)
    oper, jaka = found["Oper"], found["Jaka"]
    # Three forms: one photo of another TPS, one where the witness was wrong, one read wrong in three boxes.
    assert (oper.forms, oper.settled, oper.wrong, oper.boxes, oper.unreadable) == (3, 2, 1, 3, 1)
    # Equal to the form that was moved; and one that ended without settled figures.
    assert (jaka.forms, jaka.settled, jaka.wrong, jaka.boxes, jaka.unreadable) == (2, 1, 0, 0, 1)
    assert (oper.error_rate.numerator, oper.error_rate.denominator) == (1, 2)


def test_a_later_correction_charges_both_who_had_agreed(worked):
    """Jaka read what Siti had typed; the coordinator finds both wrong."""
    result = worked.result("gedangan_1")
    corrected = cast.submission(worked, "gedangan_1", [50, 68, 7], supersedes=result.form.uuid)
    decide(worked, verification.correct, "gedangan_1", result.form, submission=corrected, reason="Salah ketik saksi")
    jaka = readers(worked)["Jaka"]
    assert (jaka.settled, jaka.wrong) == (1, 1)
    assert witnesses(worked, "35.07.06")["Siti"].decided == 1


def test_a_box_mended_at_the_second_look_is_no_error(worked):
    form = send(worked, 210, "babat_2", [5, 6], by="wati")
    worked.people["oper_l"] = cast.person("operl", Role.OPERATOR, "35.24")
    with after(220):
        take(worked.oper_l, worked.election)
        other = take(worked.oper_l, worked.election)
        if other != form:
            read(other, figures([70, 61]), by=worked.oper_l)
            take(worked.oper_l, worked.election)
        read(form, figures([5, 8]), by=worked.oper_l)
        read(form, figures([5, 6]), by=worked.oper_l)
    one = readers(worked, "35.24", "agus")["Operl"]
    assert (one.forms, one.settled, one.wrong, one.mended) == (2, 2, 0, 1)


def test_a_refused_form_charges_nobody(worked):
    second = worked.result("dampit_2").form
    decide(worked, verification.reject, "dampit_2", second, reason="Bukan formulir C1")
    oper = readers(worked)["Oper"]
    assert (oper.settled, oper.wrong) == (1, 0)


@pytest.mark.parametrize(("adopted", "wrong"), [(True, 0), (False, 1)])
def test_a_d_hasil_is_charged_to_its_reader_where_the_settled_one_says_otherwise(worked, adopted, wrong):
    by = recaps.recap_witness(worked)
    form = recaps.send(worked, by=by, photos=(recaps.photo(by),))
    said = recaps.columns({recaps.SUKAMAJU: [100, 50, 25], recaps.PAMOTAN: [80, 66, 20]})
    seen = second_reading.read(form, said, by=worked.oper, uuid=uuid.uuid4()).reading
    before = readers(worked)["Oper"]
    assert (before.recaps, before.recaps_settled, before.recaps_wrong) == (1, 0, 0)
    settle = settling.adopt if adopted else settling.choose
    settle(seen if adopted else form, by=worked.budi, seen=recaps.result(worked).audit_seq, reason="Dari kertas")
    oper = readers(worked)["Oper"]
    assert (oper.recaps, oper.recaps_settled, oper.recaps_wrong) == (1, 1, wrong)
    assert (oper.forms, oper.wrong) == (3, 1)


# Practice


def test_a_practice_counts_from_its_own_first_form(worked):
    copy = practice.make(worked.election, cast.region("35.07"), by=worked.budi)
    stations = {one.code: one for one in copy.stations.select_related("region")}
    fields = {"contest_id": copy.contests.get().pk}
    for minutes, code in ((0, "35.07.05.2001.001"), (25, "35.07.05.2001.002")):
        one = replace(cast.submission(worked, "dampit_1", [1, 2, 3]), station_id=stations[code].pk, **fields)
        with after(minutes - 9 * 24 * 60):
            intake.submit(one, by=worked.siti, channel=Channel.API)
    found = by_region.evaluated_now(ground_of(place_for(worked.budi, copy.slug, "35.07", office="")))
    assert (found.total.sent.count, found.total.sent.median, found.total.sent.slowest) == (2, 0, 25)
