"""The cast and the place most tests play in.

Two kabupaten of one provinsi, so that every negative test has data that could
leak: Malang (three pairs) is ours, Lamongan (two pairs) is the neighbour's.
"""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass, field
from typing import Any

from accounts.models import Role, User
from regions.importing import Row, import_regions
from regions.models import Level, Region
from tallies import assigning, preparation
from tallies.figures import Figures
from tallies.models import Contest, Election, FormKind, Office, Phase, PollingStation, StationResult
from tallies.preparation import NewPair, NewStation
from tallies.submission import Submission
from tallies.totals import rebuilding

PASSWORD = "rahasia-sekali-9"

TREE = [
    Row("ID", "", Level.NATION, "Indonesia"),
    Row("35", "ID", Level.PROVINCE, "Jawa Timur"),
    Row("35.07", "35", Level.REGENCY, "Kabupaten Malang"),
    Row("35.07.05", "35.07", Level.DISTRICT, "Dampit"),
    Row("35.07.05.2001", "35.07.05", Level.VILLAGE, "Sukamaju"),
    Row("35.07.05.1002", "35.07.05", Level.VILLAGE, "Pamotan"),
    Row("35.07.06", "35.07", Level.DISTRICT, "Gedangan"),
    Row("35.07.06.2001", "35.07.06", Level.VILLAGE, "Sukamaju"),
    Row("35.24", "35", Level.REGENCY, "Kabupaten Lamongan"),
    Row("35.24.01", "35.24", Level.DISTRICT, "Babat"),
    Row("35.24.01.2001", "35.24.01", Level.VILLAGE, "Sukamaju"),
]


@dataclass
class Play:
    """Everything a test usually needs, by name."""

    election: Election
    malang: Contest
    lamongan: Contest
    stations: dict[str, PollingStation]
    people: dict[str, User] = field(default_factory=dict)

    def __getattr__(self, name: str) -> User:
        try:
            return self.__dict__["people"][name]
        except KeyError:
            raise AttributeError(name) from None

    def result(self, station: str) -> StationResult:
        return StationResult.objects.get(station=self.stations[station])


def region(code: str) -> Region:
    return Region.objects.get(code=code)


def person(username: str, role: str, code: str | None = None, **extra: Any) -> User:
    return User.objects.create_user(
        username,
        password=PASSWORD,
        role=role,
        region=region(code) if code else None,
        full_name=username.title(),
        **extra,
    )


def make_play(*, form_kind: str = FormKind.SHORT) -> Play:
    """Build the tree, one election with two contests and six stations, and the cast."""
    import_regions(TREE)
    election = Election.objects.create(
        name="Pilkada 2020",
        slug="pilkada-2020",
        date=dt.date(2020, 12, 9),
        phase=Phase.OPEN,
        form_kind=form_kind,
        party_name="Partai Kita",
    )
    malang = preparation.create_contest(
        election,
        region("35.07"),
        Office.REGENT,
        [NewPair(1, "Sanusi-Didik", usungan=True), NewPair(2, "Lathifah-Budi"), NewPair(3, "Heri-Gunadi")],
    )
    lamongan = preparation.create_contest(
        election,
        region("35.24"),
        Office.REGENT,
        [NewPair(1, "Suhandoyo-Astiti"), NewPair(2, "Kartika-Saim", usungan=True)],
    )
    places = {
        "dampit_1": ("35.07.05.2001", 1),
        "dampit_2": ("35.07.05.2001", 2),
        "pamotan_1": ("35.07.05.1002", 1),
        "gedangan_1": ("35.07.06.2001", 1),
        "babat_1": ("35.24.01.2001", 1),
        "babat_2": ("35.24.01.2001", 2),
    }
    made = preparation.add_stations(
        election, [NewStation(region(code).pk, number, 150, 150) for code, number in places.values()]
    )
    play = Play(election, malang, lamongan, dict(zip(places, made, strict=True)))
    _people(play)
    rebuilding.rebuild(election)
    return play


def _people(play: Play) -> None:
    play.people = {
        "siti": person("siti", Role.WITNESS),  # guards dampit_1 and dampit_2
        "joko": person("joko", Role.WITNESS),  # second witness at dampit_1
        "wati": person("wati", Role.WITNESS),  # guards babat_1, in Lamongan
        "budi": person("budi", Role.COORDINATOR, "35.07"),
        "rina": person("rina", Role.COORDINATOR, "35.07"),
        "agus": person("agus", Role.COORDINATOR, "35.24"),  # must see nothing of Malang
        "dewi": person("dewi", Role.PROVINCE_STAFF, "35"),
        "nasi": person("nasi", Role.NATIONAL, "ID"),
        "oper": person("oper", Role.OPERATOR, "35.07"),
    }
    for station, witness in (("dampit_1", "siti"), ("dampit_2", "siti"), ("dampit_1", "joko"), ("babat_1", "wati")):
        assigning.assign(play.stations[station], play.people[witness], by=play.people["dewi"])


def submission(play: Play, station: str, votes: list[int | None], **changes: Any) -> Submission:
    """A consistent short form for ``station`` unless ``changes`` say otherwise.

    ``values`` in ``changes`` overrides single figures.
    """
    contest = play.malang if not station.startswith("babat") else play.lamongan
    total = sum(v or 0 for v in votes)
    values = {"voters_total": total + 5, "valid_votes": total, "invalid_votes": 5} | changes.pop("values", {})
    return Submission(
        uuid=changes.pop("uuid", None) or uuid.uuid4(),
        contest_id=contest.pk,
        station_id=play.stations[station].pk,
        figures=Figures(votes=dict(enumerate(votes, start=1)), values=values),
        **changes,
    )
