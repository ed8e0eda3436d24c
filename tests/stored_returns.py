"""The real returns of 2019 of some kabupaten as stored forms and totals, one station as the file has it."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
from django.utils import timezone

from accounts.models import Role
from regions.importing import Row, import_regions
from regions.models import Level, Region
from tallies import preparation
from tallies.models import C1Form, Channel, Contest, Election, FormKind, Office, Phase, Review, StationResult, Vote
from tallies.preparation import NewPair, NewStation
from tallies.totals import rebuilding
from tests import cast, returns_2019
from tests.returns_2019 import Tree

#: Probolinggo, Madiun and Batu: 1,968 TPS in 11 kecamatan, 6 without a DPT.
CITIES = ("3574", "3577", "3579")
read = cache(returns_2019.read)


@dataclass
class Stored:
    """``election``: the same stations as arrays; ``results``: keys of the stored ones, in their order."""

    contest: Contest
    election: returns_2019.Election
    results: list[int]

    def let_in(self, seen: np.ndarray) -> None:
        """Let exactly the stations of ``seen`` be in, and count."""
        keys = np.array(self.results)
        StationResult.objects.filter(contest=self.contest).update(review=Review.NOT_IN, form=None)
        forms = dict(C1Form.objects.filter(contest=self.contest).values_list("station_id", "pk"))
        rows = StationResult.objects.in_bulk(keys[seen].tolist()).values()
        for row in rows:
            row.form_id, row.review = forms[row.station_id], Review.PENDING
        StationResult.objects.bulk_update(rows, ["form", "review"], batch_size=500)
        rebuilding.rebuild(self.contest.election)


def some_of(election: returns_2019.Election, codes: tuple[str, ...]) -> returns_2019.Election:
    """The same returns of these kabupaten alone."""
    tree = election.tree
    regencies = [number for number, code in enumerate(election.regency_codes) if code in codes]
    districts = np.flatnonzero(np.isin(tree.regency_of, regencies))
    stations = np.isin(election.district, districts)
    return returns_2019.Election(
        tree=Tree(np.searchsorted(regencies, tree.regency_of[districts]), np.zeros(len(regencies), dtype=np.intp)),
        regency_codes=tuple(election.regency_codes[one] for one in regencies),
        district_codes=tuple(election.district_codes[one] for one in districts),
        district=np.searchsorted(districts, election.district[stations]),
        registered=election.registered[stations],
        votes=election.votes[stations],
        arrived=election.arrived[stations],
    )


def store(codes: tuple[str, ...] = CITIES, *, whole: bool = True) -> Stored:
    """Store them as one contest of the province (``whole``) or of the first of ``codes``, each kecamatan one desa."""
    election = some_of(read(), codes if whole else codes[:1])
    import_regions(_rows(election))
    row = Election.objects.create(
        name="Pemilihan 2019", slug="2019", date=dt.date(2019, 4, 17), phase=Phase.OPEN, form_kind=FormKind.SHORT,
        party_name="Partai Kita",
    )  # fmt: skip
    region = Region.objects.get(level=Level.PROVINCE if whole else Level.REGENCY)
    contest = preparation.create_contest(
        row, region, Office.GOVERNOR if whole else Office.REGENT, [NewPair(1, "A", usungan=True), NewPair(2, "B")]
    )
    villages = [Region.objects.get(code=code).pk for code in _villages(election)]
    made = preparation.add_stations(row, list(_stations(election, villages)))
    results = dict(StationResult.objects.filter(contest=contest).values_list("station_id", "pk"))
    _forms(contest, [station.pk for station in made], election.votes)
    rebuilding.rebuild(row)
    return Stored(contest, election, [results[station.pk] for station in made])


def _districts(election: returns_2019.Election) -> list[str]:
    regencies = [election.regency_codes[one] for one in election.tree.regency_of]
    return [f"35.{one[2:]}.{number:02}" for number, one in enumerate(regencies, start=1)]


def _villages(election: returns_2019.Election) -> list[str]:
    return [f"{code}.1001" for code in _districts(election)]


def _rows(election: returns_2019.Election) -> list[Row]:
    rows = [Row("ID", "", Level.NATION, "Indonesia"), Row("35", "ID", Level.PROVINCE, "Jawa Timur")]
    rows += [Row(f"35.{code[2:]}", "35", Level.REGENCY, f"Kota {code}") for code in election.regency_codes]
    rows += [Row(code, code[:5], Level.DISTRICT, f"Kecamatan {code}") for code in _districts(election)]
    return rows + [Row(code, code[:-5], Level.VILLAGE, "Kelurahan") for code in _villages(election)]


def _stations(election: returns_2019.Election, villages: list[int]) -> Iterator[NewStation]:
    numbers = dict.fromkeys(villages, 0)
    for district, registered in zip(election.district, election.registered, strict=True):
        village = villages[district]
        numbers[village] += 1
        known = None if np.isnan(registered) else int(registered)
        yield NewStation(village, numbers[village], known, None if known is None else 0)


def _forms(contest: Contest, stations: list[int], votes: np.ndarray) -> None:
    sender, now = cast.person("pengirim", Role.WITNESS), timezone.now()
    C1Form.objects.bulk_create(
        (
            C1Form(
                uuid=uuid.uuid4(), contest=contest, station_id=station, submitted_by=sender,
                channel=Channel.SIMULATION, content_hash="x", received_at=now,
                effective_valid=int(sum(row)), voters_total=int(sum(row)),
                valid_votes=int(sum(row)), invalid_votes=0,
            )
            for station, row in zip(stations, votes, strict=True)
        ),
        batch_size=500,
    )  # fmt: skip
    forms = dict(C1Form.objects.filter(contest=contest).values_list("station_id", "pk"))
    pairs = list(contest.pairs.order_by("number"))
    Vote.objects.bulk_create(
        (
            Vote(form_id=forms[station], pair=pair, votes=int(number))
            for station, row in zip(stations, votes, strict=True)
            for pair, number in zip(pairs, row, strict=True)
        ),
        batch_size=2000,
    )
