"""Claims about queries composed once and rows written without the ORM's composing: they do what the ORM does."""

import uuid

import pytest
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef
from django.db.transaction import TransactionManagementError

from accounts.models import User
from regions.models import Region
from sista import rows
from sista.prepared import prepared
from tallies import audit, intake, locking
from tallies.models import Assignment, AuditEvent, C1Form, Channel, PairTotal, Photo, StationResult, Vote
from tallies.totals import aggregation
from tests.cast import submission


@prepared
def _results(contest: int, witness: int):
    mine = Assignment.objects.active().filter(station=OuterRef("station"), witness=witness)
    found = StationResult.objects.select_related("station__region", "contest__election").filter(contest=contest)
    return found.annotate(mine=Exists(mine)).order_by("pk")


@prepared
def _keys(name: str):
    return User.objects.filter(username=name).values_list("pk", "username", "is_active")


@prepared
def _forms(key: uuid.UUID):
    return C1Form.objects.filter(uuid=key)


@prepared
def _guards(stations: list[int]):
    return Assignment.objects.filter(station__any_of=stations).order_by("pk").values_list("pk")


def test_a_list_of_keys_finds_what_in_finds_for_any_number_of_them(play):
    for names in ([], ["dampit_1"], ["dampit_2", "dampit_1"], list(play.stations)):
        keys = [play.stations[name].pk for name in names]
        assert _guards(keys) == list(Assignment.objects.filter(station__in=keys).order_by("pk").values_list("pk"))
    assert _guards([play.stations["dampit_1"].pk]) != []


def test_instances_are_those_of_the_orm_with_what_they_are_related_to(play, django_assert_num_queries):
    contest = play.result("dampit_1").contest
    with django_assert_num_queries(1):
        found = _results(contest.pk, play.siti.pk)
        places = [(one.station.region.name, one.contest.election.slug) for one in found]
    expected = list(StationResult.objects.filter(contest=contest).order_by("pk"))
    assert found == expected
    assert places == [(one.station.region.name, one.contest.election.slug) for one in expected]
    assert {one.station_id for one in found if one.mine} == set(
        Assignment.objects.active().filter(witness=play.siti).values_list("station", flat=True)
    )


def test_each_call_binds_its_own_values(play):
    assert _keys("siti") == [(play.siti.pk, "siti", True)]
    assert _keys(name="budi") == [(play.budi.pk, "budi", True)]
    assert _keys("nobody") == []


def test_a_key_is_found_on_either_database(play):
    form = intake.submit(submission(play, "dampit_1", [1, 2, 3]), by=play.siti, channel=Channel.API).form
    [found] = _forms(form.uuid)
    assert (found.pk, found.uuid, found.received_at, found.checks) == (
        form.pk,
        form.uuid,
        form.received_at,
        form.checks,
    )
    assert _forms(uuid.uuid4()) == []


def test_a_parameter_that_is_lost_on_the_way_is_an_error(db):
    @prepared
    def lost(first: int):
        return Region.objects.all()

    with pytest.raises(TypeError, match="first"):
        lost(1)


def test_rows_are_stored_as_the_orm_stores_them(play):
    sent = submission(play, "dampit_1", [100, 80, None])
    form = intake.submit(sent, by=play.siti, channel=Channel.API).form
    stored = C1Form.objects.get(pk=form.pk)
    for field in C1Form._meta.concrete_fields:
        assert getattr(stored, field.attname) == getattr(form, field.attname), field.name
    assert list(stored.votes.order_by("pair__number").values_list("votes", flat=True)) == [100, 80, None]
    event = AuditEvent.objects.get(result=play.result("dampit_1"))
    assert event.content["uuid"] == str(form.uuid)
    assert list(audit.verify()) == []


def test_a_stored_row_may_be_saved_again_by_the_orm(play):
    row = User(username="wayan", password="!", role="saksi", full_name="Wayan")
    rows.insert(row)
    row.full_name = "Wayan Sari"
    row.save()
    assert User.objects.get(username="wayan").full_name == "Wayan Sari"


def test_a_row_that_is_there_already_is_left_as_it_is(play):
    facts = {"size": 1, "format": "JPEG", "width": 1, "height": 1}
    assert rows.insert_if_new(Photo(sha256="a" * 64, **facts)) is True
    assert rows.insert_if_new(Photo(sha256="a" * 64, **facts | {"size": 2})) is False
    assert Photo.objects.get(pk="a" * 64).size == 1


def test_the_database_refuses_what_it_would_refuse_from_the_orm(play):
    form = intake.submit(submission(play, "dampit_1", [1, 2, 3]), by=play.siti, channel=Channel.API).form
    vote = form.votes.first()
    with pytest.raises(IntegrityError):
        rows.insert(Vote(form=form, pair_id=vote.pair_id, votes=1))


def test_an_update_of_a_row_that_is_gone_says_so(play):
    result = play.result("dampit_1")
    result.pk = -1
    with pytest.raises(StationResult.DoesNotExist):
        rows.update(result, "disputed")


def test_nothing_to_insert_asks_nothing(db, django_assert_num_queries):
    with django_assert_num_queries(0):
        rows.insert()


TOTAL = ("contest_id", "region_id", "pair_id", "votes", "votes_verified")


def test_an_upsert_changes_what_is_there_adds_what_is_not_and_leaves_the_rest(play):
    intake.submit(submission(play, "dampit_1", [100, 80, 20]), by=play.siti, channel=Channel.API)
    aggregation.drain()
    before = list(PairTotal.objects.order_by("pk").values_list("pk", *TOTAL))
    (pk, *changed), (left, *other), *_rest = before
    PairTotal.objects.filter(pk=left).delete()
    rows.upsert(PairTotal, TOTAL, [(*changed[:3], 7, 5), tuple(other)], unique=TOTAL[:3])
    assert PairTotal.objects.values_list("pk", "votes", "votes_verified").get(pk=pk) == (pk, 7, 5)
    assert PairTotal.objects.filter(**dict(zip(TOTAL, other, strict=True))).count() == 1
    assert PairTotal.objects.count() == len(before)


def test_an_upsert_of_nothing_asks_nothing(db, django_assert_num_queries):
    with django_assert_num_queries(0):
        rows.upsert(PairTotal, TOTAL, [], unique=TOTAL[:3])


def test_a_lock_outside_a_transaction_is_an_error_every_time(committed_play):
    sent = submission(committed_play, "dampit_1", [1, 2, 3])
    with transaction.atomic():
        locking.lock_for_intake(sent, by=committed_play.siti)
    with pytest.raises(TransactionManagementError):
        locking.lock_for_intake(sent, by=committed_play.siti)
