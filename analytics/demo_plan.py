"""What the demonstration shows of one contest: its stations, their figures, and what became of each.

Plain values, decided by the facts of the contest, its villages and a seed; no database. The forms are
full ones: the split gives L and P of voters and DPT, from which every other row follows.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from random import Random

from tallies.checks import reserve_ballots
from tallies.demo.pilkada_2020 import STATION_CAP, DemoContest
from tallies.demo.splitting import ContestSplit, split_contest, spread_stations
from tallies.figures import FEMALE, MALE, Figures

RESERVE_RATE = Decimal("0.025")

WITHHELD_SHARE = 0.08
DISPUTED_SHARE = 0.01
VERIFIED_SHARE = 0.60

#: Spread of the log-weights with which a kecamatan and a desa are late: a few lack much, most lack little.
LATE_SPREAD = (1.3, 1.0)


@dataclass(frozen=True)
class Spot:
    """One station of the plan."""

    village: str
    number: int
    registered_male: int
    registered_female: int
    figures: Figures

    @property
    def key(self) -> tuple[str, int]:
        return self.village, self.number

    @property
    def code(self) -> str:
        return f"{self.village}-{self.number:03d}"


@dataclass(frozen=True)
class ContestPlan:
    """``withheld``, ``disputed`` and ``verified`` are positions in ``spots``; no station is in two of them."""

    spots: tuple[Spot, ...]
    withheld: frozenset[int]
    disputed: dict[int, Figures]
    verified: frozenset[int]


def plan_contest(fact: DemoContest, villages: Sequence[str], *, seed: int) -> ContestPlan:
    """Plan a contest over its village codes (``35.75.01.1001``: the kecamatan is what stands before the last dot)."""
    stations = spread_stations(fact.stations, villages, seed=_seed(fact, seed, "stations"))
    keys = [(village, number) for village in villages for number in range(1, stations[village] + 1)]
    split = split_contest(
        registered=fact.registered_voters,
        valid=fact.valid_votes,
        invalid=fact.invalid_votes,
        pair_votes={pair.number: pair.votes for pair in fact.pairs},
        station_groups=[(_kecamatan(village), village) for village, _number in keys],
        cap=STATION_CAP,
        seed=_seed(fact, seed, "figures"),
    )
    spots = tuple(
        Spot(village, number, int(split.dpt_male[i]), int(split.dpt_female[i]), _figures(split, i))
        for i, (village, number) in enumerate(keys)
    )
    rng = Random(_seed(fact, seed, "what becomes of it"))
    withheld = frozenset(_late(spots, rng))
    sent = [i for i in range(len(spots)) if i not in withheld]
    disputed = rng.sample(sent, math.ceil(DISPUTED_SHARE * len(spots)))
    settled = set(disputed)
    calm = [i for i in sent if i not in settled]
    return ContestPlan(
        spots=spots,
        withheld=withheld,
        disputed={i: misread(spots[i].figures, rng) for i in disputed},
        verified=frozenset(rng.sample(calm, round(VERIFIED_SHARE * len(calm)))),
    )


def _seed(fact: DemoContest, seed: int, purpose: str) -> int:
    return int.from_bytes(hashlib.sha256(f"{seed}/{fact.code}/{purpose}".encode()).digest()[:6], "big")


def _kecamatan(village: str) -> str:
    return village.rpartition(".")[0]


def _figures(split: ContestSplit, i: int) -> Figures:
    """Fill the full form of one station so that every relation on it holds.

    Nobody moved in or came without being on the list, no ballot was spoilt, and disabled voters are not
    told: there is no source for them, so they are none.
    """
    lists = {
        "registered_dpt": (int(split.dpt_male[i]), int(split.dpt_female[i])),
        "voters_dpt": (int(split.voters_male[i]), int(split.voters_female[i])),
        **dict.fromkeys(
            ("registered_dpph", "registered_dptb", "voters_dpph", "voters_dptb", "disabled_voters"), (0, 0)
        ),
    }
    lists["registered_total"], lists["voters_total"] = lists["registered_dpt"], lists["voters_dpt"]
    values: dict[str, int | None] = {}
    for row, (male, female) in lists.items():
        values |= {row + MALE: male, row + FEMALE: female, row: male + female}
    registered, voters = sum(lists["registered_dpt"]), sum(lists["voters_dpt"])
    received = registered + reserve_ballots(registered, RESERVE_RATE)
    values |= {
        "ballots_received": received,
        "ballots_used": voters,
        "ballots_spoiled": 0,
        "ballots_unused": received - voters,
        "valid_votes": int(split.valid[i]),
        "invalid_votes": int(split.invalid[i]),
        "total_votes": voters,
    }
    return Figures(votes={number: int(column[i]) for number, column in split.votes.items()}, values=values)


def _late(spots: Sequence[Spot], rng: Random) -> list[int]:
    """Draw the stations that are not in yet, in clusters: weighted sampling without replacement."""
    weights: dict[str, float] = {}
    for spot in spots:
        for place, spread in zip((_kecamatan(spot.village), spot.village), LATE_SPREAD, strict=True):
            weights.setdefault(place, math.exp(rng.gauss(0, spread)))
    # Efraimidis and Spirakis 2006: the smallest of -log(u) / weight are such a sample.
    keys = [
        -math.log(1 - rng.random()) / (weights[_kecamatan(spot.village)] * weights[spot.village]) for spot in spots
    ]
    order = sorted(range(len(spots)), key=keys.__getitem__)
    return order[: round(WITHHELD_SHARE * len(spots))]


def misread(figures: Figures, rng: Random) -> Figures:
    """Another witness's figures: votes moved between two pairs, or one pair's figure written down wrongly."""
    giver, taker = sorted(figures.votes, key=lambda number: -(figures.votes[number] or 0))[:2]
    amount = min(figures.votes[giver] or 0, rng.choice((1, 2, 10, 20))) or 1
    votes = dict(figures.votes)
    votes[taker] = (votes[taker] or 0) + amount
    if (votes[giver] or 0) >= amount and rng.random() < 0.5:
        votes[giver] = (votes[giver] or 0) - amount
    return Figures(votes=votes, values=figures.values)
