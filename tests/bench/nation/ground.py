"""The nation: its tree, its TPS, and the people who work there. Made once, found again."""

from __future__ import annotations

import datetime as dt

from django.db import connection, transaction

from accounts.models import Role, User
from analytics.models import Target
from regions.importing import import_regions, rows_from_package
from regions.models import Level, Region
from tallies import preparation
from tallies.models import Contest, Election, FormKind, Office, Phase, ReadingMode
from tests.bench import country, filler

SLUG = "bangsa"
STATIONS = 823_236
#: Number of the largest TPS of a desa: they are spread evenly.
NUMBERS = 10
OPERATORS_A_REGENCY = 4
OPERATOR = "operator"


def election() -> Election:
    return Election.objects.get(slug=SLUG)


def contest() -> Contest:
    return Contest.objects.select_related("election", "region").get(election__slug=SLUG)


def make(stations: int = STATIONS) -> Election:
    """Tree, election and contest, ``stations`` TPS, a witness at each, operators and staff of every level."""
    if not Region.objects.filter(level=Level.VILLAGE).exists():
        import_regions(rows_from_package())
    nation = Region.objects.get(level=Level.NATION)
    made = Election.objects.create(
        name="Pemilihan Presiden",
        slug=SLUG,
        date=dt.date(2024, 2, 14),
        phase=Phase.OPEN,
        form_kind=FormKind.FULL,
        party_name="Partai Kita",
        reading_mode=ReadingMode.ALL,
    )
    whole = preparation.create_contest(made, nation, Office.PRESIDENT, country.PAIRS)
    Target.objects.create(contest=whole, stated_on=dt.date(2024, 2, 1), stated_by="Ketua", source="Rapat")
    _add_stations(made.pk, stations)
    filler.add_guards(numbers_to=NUMBERS)
    _add_operators()
    for name, code, role in STAFF:
        User.objects.create(username=name, role=role, region=Region.objects.get(code=code))
    return made


#: Who looks at the pages, and the place whose pages the list of addresses asks for.
STAFF = (
    ("nasional", "ID", Role.NATIONAL),
    ("dpd", "35", Role.PROVINCE_STAFF),
    ("dpc", "35.07", Role.COORDINATOR),
)


def _add_stations(election_id: int, stations: int) -> None:
    """Desa by desa, as a file brings them: one or two numbers more or fewer, so that the sum is ``stations``."""
    with transaction.atomic(), connection.cursor() as cursor:
        filler.switch_triggers_off(cursor)
        cursor.execute(
            "WITH village AS (SELECT id, first, row_number() OVER (ORDER BY first) AS place, "
            "COUNT(*) OVER () AS all_ "
            "FROM regions_region WHERE level = 4) "
            "INSERT INTO tallies_pollingstation (election_id, region_id, number, registered_male, registered_female) "
            "SELECT %(election)s, village.id, number, 150, 150 FROM village CROSS JOIN LATERAL generate_series(1, "
            "(place * %(stations)s / all_ - (place - 1) * %(stations)s / all_)::int) number ORDER BY first, number",
            {"election": election_id, "stations": stations},
        )


def _add_operators() -> None:
    User.objects.bulk_create(
        (
            User(username=f"{OPERATOR}-{regency}-{number}", role=Role.OPERATOR, region_id=regency, password="!")
            for regency in Region.objects.filter(level=Level.REGENCY).values_list("pk", flat=True)
            for number in range(OPERATORS_A_REGENCY)
        ),
        batch_size=1000,
    )
