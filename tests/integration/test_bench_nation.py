"""Claims about the nation that is measured: what SQL made of it is what the intake would have."""

import pytest
from django.core.management import call_command
from django.db import connection

from regions.models import Level, Region
from tallies import audit
from tallies.models import C1Form, Decision, PollingStation, Review, StationResult
from tallies.totals import rebuilding
from tests.bench.nation import ground, keys, pages, returns, works

STATIONS = 203
pytestmark = [
    pytest.mark.services,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="it is made by PostgreSQL"),
]


@pytest.fixture(name="nation")
def made_nation(play):
    """A small one, in the tree the tests have."""
    made = ground.make(STATIONS)
    returns.make(ground.contest().pk)
    return made


def test_it_has_as_many_stations_as_were_asked_for_and_each_desa_has_its_part(nation):
    villages = Region.objects.filter(level=Level.VILLAGE).count()
    numbers = PollingStation.objects.filter(election=nation).values_list("region", "number")
    assert len(numbers) == STATIONS
    in_each = [sum(one == region for one, _number in numbers) for region in {region for region, _n in numbers}]
    assert len(in_each) == min(villages, STATIONS)
    assert max(in_each) - min(in_each) <= 1


def test_its_chains_hashes_readings_and_decisions_are_those_the_application_would_have_written(nation):
    results = StationResult.objects.filter(contest__election=nation)
    assert list(audit.verify(results)) == []
    assert results.filter(review=Review.VERIFIED).count() == Decision.objects.filter(result__in=results).count() > 0
    assert C1Form.objects.filter(contest__election=nation).count() == results.exclude(form=None).count()


def test_a_form_that_is_changed_behind_its_back_is_found_in_it(nation):
    """So that an empty list above says something."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(
            "UPDATE tallies_c1form SET voters_total = voters_total + 1 WHERE id = "
            "(SELECT MIN(id) FROM tallies_c1form WHERE contest_id = %s)",
            [ground.contest().pk],
        )
        cursor.execute("SET session_replication_role = origin")
    assert len(list(audit.verify(StationResult.objects.filter(contest__election=nation)))) == 1


def test_its_totals_agree_with_a_fresh_sum(nation):
    rebuilding.rebuild(nation)
    assert rebuilding.differences(nation) == []
    call_command("rebuild_totals", check=True, election=nation.slug)


def test_every_page_of_every_desk_is_walked_and_what_has_no_key_is_named(nation):
    rebuilding.rebuild(nation)
    known = keys.keys()
    seen = {
        who: {one.page.name for one in pages.walk(who, user, keys.pages(known, user.region)[0])}
        for who, user in keys.people(known).items()
    }
    desks = {
        "region",
        "station",
        "verification-queue",
        "silent",
        "archive",
        "roster",
        "evaluation",
        "trail",
    }
    assert {"DPP": desks - seen["DPP"], "DPD": desks - seen["DPD"], "DPC": desks - seen["DPC"]} == {
        "DPP": set(), "DPD": set(), "DPC": set(),
    }  # fmt: skip
    assert {"witness-home", "witness-form"} <= seen["saksi"]
    assert {"count-room", "own-readings"} <= seen["operator"]


def test_what_is_walked_at_the_nation_and_not_in_a_kabupaten_is_asked_for_too(nation):
    found, _missing = keys.pages(keys.keys(), keys.person("nasional").region)
    assert {f"/hasil/{nation.slug}/ID/", f"/hasil/{nation.slug}/35.07.05/"} <= {one.address for one in found}


@pytest.mark.parametrize("name", ["rules", "drain", "verify_audit", "rebuild_totals", "results_hash", "file:tps:csv"])
def test_long_work_goes_through_the_stations_of_a_place(nation, name):
    rebuilding.rebuild(nation)
    inside = PollingStation.objects.within(Region.objects.get(code="35.07")).filter(election=nation).count()
    rows = works.find(name)("35.07")
    if name in ("rebuild_totals", "results_hash"):
        assert rows == PollingStation.objects.count()
    elif name == "drain":
        inside = StationResult.objects.within(Region.objects.get(code="35.07")).filter(contest__election=nation)
        assert rows == inside.exclude(form=None).count() > 0
    else:
        assert rows >= inside * 0.8
