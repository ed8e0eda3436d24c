"""Claims about the overview of a place: its numbers are those of the lists behind it, and nobody sees another's."""

import pytest
from django.utils import timezone

from accounts.models import Role
from analytics.models import Finding
from analytics.standing.reading import standing
from regions.models import Level, Region
from tallies import assigning, intake
from tallies.models import Assignment, Channel, ContestTotal, Office
from tallies.totals import aggregation
from tests import phones
from tests.cast import person, region, submission

pytestmark = pytest.mark.django_db


def line(read, code):
    [found] = [one for one in read.lines if one.region.code == code]
    return found


@pytest.fixture
def evening(play):
    """A form is in, a phone is active, a finding is open in Malang and one in Lamongan."""
    intake.submit_as_witness(submission(play, "dampit_1", [90, 40, 20]), by=play.siti, channel=Channel.API)
    aggregation.drain()
    phones.activated_phone(play.siti, by=play.budi)
    for contest, severity in ((play.malang, 4), (play.malang, 2), (play.lamongan, 3)):
        Finding.objects.create(
            contest=contest,
            region=contest.region,
            rule="W" if severity != 2 else "S1",
            severity=severity,
            opened_at=timezone.now(),
            updated_at=timezone.now(),
        )
    return play


def test_a_provinsi_is_read_kabupaten_by_kabupaten(evening):
    read = standing(evening.election, Office.REGENT, region("35"))
    malang, lamongan = line(read, "35.07"), line(read, "35.24")
    assert (malang.stations, malang.people.empty, malang.people.active) == (4, 2, 2)
    assert (malang.progress.stations_in, malang.progress.stations) == (1, 4)
    assert (malang.critical, malang.high, malang.others) == (1, 0, 1)
    assert (lamongan.people.empty, lamongan.critical, lamongan.high) == (1, 0, 1)
    assert (malang.desks, lamongan.desks) == (2, 1)
    assert (read.total.stations, read.total.progress.stations_in, read.total.desks) == (6, 1, 3)


def test_its_numbers_are_those_of_a_recount(evening):
    read = standing(evening.election, Office.REGENT, region("35.07"))
    for one in read.lines:
        stations = evening.election.stations.within(one.region)
        assert one.people.stations == stations.count()
        assert one.people.empty == stations.unguarded().count()
        assert one.progress.stations_in == ContestTotal.objects.get(region=one.region).stations_in


def test_the_nation_is_read_provinsi_by_provinsi(evening):
    nation = Region.objects.get(level=Level.NATION)
    read = standing(evening.election, Office.REGENT, nation)
    assert [one.region.code for one in read.lines] == ["35"]
    assert line(read, "35").progress.stations_in == 1
    assert line(read, "35").critical == 1


def test_a_revoked_witness_is_not_counted(evening):
    assigning.revoke(Assignment.objects.get(witness=evening.wati), by=evening.dewi)
    read = standing(evening.election, Office.REGENT, region("35"))
    assert line(read, "35.24").people.empty == 2


@pytest.mark.parametrize(
    ("who", "code", "status"),
    [
        ("nasi", "ID", 200),
        ("dewi", "35", 200),
        ("dewi", "ID", 404),
        ("budi", "35.07", 200),
        ("budi", "35", 404),
        ("agus", "35.07", 404),
        ("oper", "35.07", 404),
        ("siti", "35.07", 404),
        ("nasi", "35.07.05.2001", 404),
    ],
)
def test_who_sees_which_place(client, evening, who, code, status):
    client.force_login(evening.people[who])
    assert client.get(f"/analisis/pilkada-2020/{code}/pantauan/").status_code == status


def test_it_costs_the_same_however_many_regions_there_are(client, evening, django_assert_max_num_queries):
    client.force_login(evening.nasi)
    client.get("/analisis/pilkada-2020/ID/pantauan/")
    with django_assert_max_num_queries(16):
        client.get("/analisis/pilkada-2020/ID/pantauan/")


def test_nobody_changes_anything_there(client, evening):
    person("dpp2", Role.NATIONAL, "ID")
    client.force_login(evening.nasi)
    assert client.post("/analisis/pilkada-2020/ID/pantauan/").status_code == 405
