"""What the party can know the same evening, told by those who need it: the election of 9 December 2020 as it was."""

from __future__ import annotations

import csv
import datetime as dt
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Role, User
from analytics.models import Finding, Severity, Target
from analytics.off_target import refreshing
from analytics.rules.dispute_threshold import dispute
from regions.importing import Row, import_regions
from regions.models import Level, Region
from tallies import preparation
from tallies.models import Contest, ContestTotal, Election, Office, PairTotal, Phase
from tallies.preparation import NewPair, NewStation
from tallies.totals import rebuilding
from tests import cast

pytestmark = [pytest.mark.django_db, pytest.mark.returns]

SOURCE = Path(__file__).resolve().parents[3] / "shared" / "data" / "pilkada2020_jatim_19.csv"
#: Points of the lost targets, by the list of thirteen.
LOST = {
    "Kabupaten Jember": -24.5,
    "Kabupaten Lamongan": -22.6,
    "Kabupaten Tuban": -44.3,
    "Kabupaten Mojokerto": -45.8,
    "Kota Pasuruan": -35.9,
    "Kabupaten Blitar": -17.7,
}


@dataclass
class Jatim:
    """The 19 contests with their official votes as totals; every TPS is in."""

    election: Election
    contests: dict[str, Contest]
    rows: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    dewi: User | None = None


def published() -> dict[str, list[dict[str, str]]]:
    if not SOURCE.exists():
        pytest.skip(f"{SOURCE.name} is not beside this checkout")
    by_name: dict[str, list[dict[str, str]]] = defaultdict(list)
    with SOURCE.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            by_name[row["kab_kota"]].append(row)
    return by_name


@pytest.fixture
def jatim() -> Jatim:
    rows = published()
    codes = {name: of[0]["kode"] for name, of in rows.items()}
    tree = [Row("ID", "", Level.NATION, "Indonesia"), Row("35", "ID", Level.PROVINCE, "Jawa Timur")]
    for name, code in sorted(codes.items(), key=lambda one: one[1]):
        tree += [
            Row(code, "35", Level.REGENCY, name),
            Row(f"{code}.01", code, Level.DISTRICT, "Kota"),
            Row(f"{code}.01.2001", f"{code}.01", Level.VILLAGE, "Sukamaju"),
        ]
    import_regions(tree)
    election = Election.objects.create(
        name="Pilkada 2020", slug="pilkada-2020", date=dt.date(2020, 12, 9), phase=Phase.RECAP, party_name="Partai"
    )
    contests = {}
    for name, of in rows.items():
        pairs = [NewPair(int(r["paslon_no"]), r["paslon"], usungan=r["usungan_pdip"] == "1") for r in of]
        contests[name] = preparation.create_contest(election, cast.region(codes[name]), Office.REGENT, pairs)
        if of[0]["target_pdip_2019"] == "1":
            said = {"stated_on": dt.date(2019, 12, 31), "stated_by": "DPD", "source": "Daftar 13 daerah target"}
            Target.objects.create(contest=contests[name], **said)
    villages = Region.objects.filter(level=Level.VILLAGE)
    preparation.add_stations(election, [NewStation(one.pk, 1, 150, 150) for one in villages])
    rebuilding.rebuild(election)
    _count(contests, rows)
    dewi = cast.person("dewi", Role.PROVINCE_STAFF, "35")
    return Jatim(election, contests, rows, dewi)


def _count(contests: dict[str, Contest], rows: dict[str, list[dict[str, str]]]) -> None:
    """The official votes stand in the totals, with as many TPS as there were."""
    for name, contest in contests.items():
        stations = int(rows[name][0]["tps"] or 1552)
        valid = sum(int(one["suara"]) for one in rows[name])
        ContestTotal.objects.filter(contest=contest).update(
            stations=stations, stations_in=stations, valid_votes=valid, counted_at=timezone.now()
        )
        for one in rows[name]:
            pair = contest.pairs.get(number=int(one["paslon_no"]))
            for region in Region.objects.within(contest.region):
                PairTotal.objects.update_or_create(
                    contest=contest, region=region, pair=pair, defaults={"votes": int(one["suara"])}
                )


def test_we_know_which_expected_wins_became_losses_by_how_much_and_that_no_document_explains_them(jatim):
    refreshing.refresh_changed()
    found = {one.region.name: one for one in Finding.objects.open().filter(rule="W").select_related("region")}
    assert {name: round(one.numbers["margin_share"] * 100, 1) for name, one in found.items()} == LOST
    assert {(one.severity, one.numbers["cause"]) for one in found.values()} == {(Severity.INFO, "missed")}
    assert {one.numbers["evidence"] for one in found.values()} == {0.0}
    client = Client()
    client.force_login(jatim.dewi)
    # Whatever their population: 2% is the widest band there is.
    Region.objects.filter(level=Level.REGENCY).update(population=100_000)
    for one in found.values():
        text = client.get(reverse("finding", args=[one.pk])).content.decode()
        assert "Perkiraan kita meleset" in text
        assert "2,0% = " in text
        assert "Di luar ambang: lebih" in text
        assert "Belum ada dokumen yang berbeda dari C1 kita" in text
        assert "Penetapan belum ada." in text


def test_of_thirteen_targets_six_are_lost_and_four_are_won_that_nobody_expected(jatim):
    refreshing.refresh_changed()
    client = Client()
    client.force_login(jatim.dewi)
    report = client.get(reverse("targets", args=[jatim.election.slug])).context["report"]
    assert (len(report.rows), len(report.targets), report.off_target, report.ahead) == (19, 13, 6, 7)
    assert {row.contest.region.name for row in report.rows[:6]} == set(LOST)
    won = {row.contest.region.name for row in report.ahead_outside}
    assert won == {"Kabupaten Malang", "Kabupaten Ponorogo", "Kabupaten Gresik", "Kabupaten Situbondo"}


def test_banyuwangi_is_won_by_more_than_the_threshold_of_the_court(jatim):
    contest = jatim.contests["Kabupaten Banyuwangi"]
    votes = sorted(PairTotal.objects.filter(region=contest.region).values_list("votes", flat=True))
    assert Finding.objects.filter(contest=contest).count() == 0
    held = dispute(population=1_700_000, is_province=False, valid_votes=sum(votes), margin=votes[-1] - votes[-2])
    assert (held.votes, held.margin, held.inside) == (4_185, 40_734, False)
