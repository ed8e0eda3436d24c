"""Make the election that is rehearsed, and a signed-in witness for every station. Run inside the rehearsed system.

Rows in bulk: 50,000 sign-ins would spend four hours on passwords.
A folder gets who sends and who decides, with their sessions, as JSON lines.
The last line on standard output is JSON: the key of the contest, and the zero report.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
from itertools import islice
from pathlib import Path

import django
from django.core.management import call_command

from drill import reading_back, signing_in

PAIRS = ("Anwar-Dewi", "Budi-Citra", "Eko-Fitri")
DPT_MALE, DPT_FEMALE = 148, 152
#: Jawa Timur first, then the other provinces in the order of their codes.
FIRST_PROVINCE = "35"
STATIONS_A_DESA = 10
#: So that few stations still lie in several kecamatan.
LEAST_DESA = 60
BATCH = 5000


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--stations", type=int, required=True)
    parser.add_argument("--people", type=Path, required=True, help="folder for the sessions")
    given = parser.parse_args()
    django.setup()
    call_command("migrate", verbosity=0, interactive=False)
    _make_regions(given.stations)
    contest = _make_election(given.stations)
    given.people.mkdir(mode=0o700)
    signing_in.witnesses(given.people / "witnesses")
    signing_in.coordinators(given.people / "coordinators")
    _settle()
    print(json.dumps({"contest": contest, "zero": reading_back.zero()}))  # noqa: T201


def _stations_a_desa(stations: int) -> int:
    return max(1, min(STATIONS_A_DESA, stations // LEAST_DESA))


def _make_regions(stations: int) -> None:
    """As many desa of the package as are needed, with what is above them."""
    from regions import importing
    from regions.models import Level

    needed = -(-stations // _stations_a_desa(stations))
    desa: list[str] = []
    for province in (FIRST_PROVINCE, None):
        if len(desa) < needed:
            rows = list(importing.rows_from_package(province))
            desa = [row.code for row in rows if row.level == Level.VILLAGE]
    desa.sort(key=lambda code: (not code.startswith(FIRST_PROVINCE), code))
    chosen = set(desa[:needed])
    above = {code[:length] for code in chosen for length in (2, 5, 8)} | {importing.NATION[0]}
    importing.import_regions(row for row in rows if row.code in chosen | above)


def _make_election(stations: int) -> int:
    from accounts.models import Role, User
    from regions.models import Level, Region
    from tallies import preparation
    from tallies.models import Assignment, Election, FormKind, Office, Phase, PollingStation

    election = Election.objects.create(
        name="Gladi",
        slug="gladi",
        date=dt.date.today(),
        phase=Phase.OPEN,
        form_kind=FormKind.FULL,
        party_name="Partai Kita",
        is_simulation=True,
    )
    pairs = [preparation.NewPair(number, name, usungan=number == 1) for number, name in enumerate(PAIRS, start=1)]
    nation = Region.objects.get(level=Level.NATION)
    contest = preparation.create_contest(election, nation, str(Office.PRESIDENT), pairs)
    a_desa = range(1, _stations_a_desa(stations) + 1)
    desa = Region.objects.filter(level=Level.VILLAGE).order_by("first").values_list("pk", flat=True)
    places = islice(((region, number) for region in desa for number in a_desa), stations)
    made = PollingStation.objects.bulk_create(
        (
            PollingStation(
                election=election,
                region_id=region,
                number=number,
                registered_male=DPT_MALE,
                registered_female=DPT_FEMALE,
            )
            for region, number in places
        ),
        batch_size=BATCH,
    )
    # An unusable password: their sessions are made below.
    people = (
        User(username=f"saksi-{one.pk}", full_name=f"Saksi {one.pk}", password="!", role=Role.WITNESS) for one in made
    )
    guards = User.objects.bulk_create(people, batch_size=BATCH)
    Assignment.objects.bulk_create(
        (Assignment(station=station, witness=guard) for station, guard in zip(made, guards, strict=True)),
        batch_size=BATCH,
    )
    preparation.add_missing_results(election)
    return int(contest.pk)


def _settle() -> None:
    """Let the totals know of the stations, and the planner of the rows."""
    from django.db import connection

    from tallies.models import Election
    from tallies.totals import rebuilding

    rebuilding.rebuild(Election.objects.get())
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")


if __name__ == "__main__":
    main()
