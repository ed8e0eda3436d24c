"""An earlier election in the places of the play: what an expectation can be made from."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from tallies import intake, preparation
from tallies.figures import Figures
from tallies.models import Channel, Contest, Election, FormKind, Office, Phase
from tallies.preparation import NewPair, NewStation
from tallies.submission import Submission
from tallies.totals import aggregation, rebuilding
from tests.cast import Play, region

#: (desa, TPS) → votes of the pairs; DPT 400 each. In Lamongan the party supported number 2.
MALANG = {
    ("35.07.05.2001", 1): [120, 80],
    ("35.07.05.2001", 2): [60, 140],
    ("35.07.05.1002", 1): [90, 110],
    ("35.07.06.2001", 1): [150, 50],
}
LAMONGAN = {("35.24.01.2001", 1): [130, 70]}


def held(
    play: Play,
    votes: Mapping[str, Mapping[tuple[str, int], Sequence[int]]] | None = None,
    *,
    slug: str = "pilkada-2015",
    year: int = 2015,
    office: str = Office.REGENT,
    ours: Mapping[str, int] | None = None,
    **facts: Any,
) -> Election:
    """Hold an election with one contest a key of ``votes`` (a region's code), everything in and counted."""
    votes = {"35.07": MALANG, "35.24": LAMONGAN} if votes is None else votes
    ours = {"35.07": 1, "35.24": 2} if ours is None else ours
    election = Election.objects.create(
        name=slug.replace("-", " ").title(), slug=slug, date=dt.date(year, 12, 9), phase=Phase.OPEN,
        form_kind=FormKind.SHORT, party_name="Partai Kita", **facts,
    )  # fmt: skip
    for code, stations in votes.items():
        many = len(next(iter(stations.values())))
        pairs = [NewPair(n, f"Lama-{code}-{n}", usungan=ours.get(code) == n) for n in range(1, many + 1)]
        contest = preparation.create_contest(election, region(code), office, pairs)
        places = [NewStation(region(village).pk, number, 200, 200) for village, number in stations]
        made = preparation.add_stations(election, places)
        for station, figures in zip(made, stations.values(), strict=True):
            _send(play, contest, station.pk, figures)
    rebuilding.rebuild(election)
    aggregation.drain()
    election.phase = Phase.CLOSED
    election.save()
    return election


def _send(play: Play, contest: Contest, station: int, votes: Sequence[int]) -> None:
    total = sum(votes)
    values = {"voters_total": total, "valid_votes": total, "invalid_votes": 0}
    figures = Figures(votes=dict(enumerate(votes, start=1)), values=values)
    sent = Submission(uuid=uuid.uuid4(), contest_id=contest.pk, station_id=station, figures=figures)
    intake.submit(sent, by=play.dewi, channel=Channel.REPLAY)
