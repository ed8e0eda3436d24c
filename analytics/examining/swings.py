"""S1, S2 and E2 over all TPS of the desa that changed: a new neighbour is new evidence about the others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from analytics.examining.found import Found, Place
from analytics.examining.stations import Branch, ContestFacts, Integers, StationTable
from analytics.examining.swing_memory import ROW, Memory
from analytics.models import Rule
from analytics.rules.beta_binomial import Floats
from analytics.rules.digits import best_order_ratios, swapped_columns
from analytics.rules.false_discovery import q_values
from analytics.rules.settings import RuleSettings
from analytics.rules.swing import (
    Around,
    Expectation,
    StationVotes,
    improbable_zero,
    standing_swings,
    surroundings,
    tail_probabilities,
)

#: What this module finds at stations.
RULES = (Rule.SWAPPED, Rule.STATION_SWING, Rule.IMPROBABLE_ZERO)


@dataclass(frozen=True)
class Surrounded:
    """The TPS of a table that can be compared. ``rows`` of the table; ``shares``: expected, a column a pair."""

    table: StationTable
    rows: Integers
    district: Integers
    regency: Integers
    shares: Floats
    rho: Floats

    def expected_of(self, station: int, numbers: Iterable[int]) -> dict[int, float]:
        """Return the expected share by pair number; empty where nothing is known."""
        place = np.searchsorted(self.table.station[self.rows], station)
        if place >= len(self.rows) or self.table.station[self.rows[place]] != station:
            return {}
        shares = self.shares[place]
        return {} if np.isnan(shares).any() else dict(zip(numbers, shares.tolist(), strict=True))


def surround(
    facts: ContestFacts, table: StationTable, branch: Branch, totals: Mapping[int, Integers], settings: RuleSettings
) -> Surrounded:
    """Say of each TPS in ``table`` what its desa, kecamatan and kabupaten let one expect, without itself."""
    rows = np.flatnonzero(table.is_whole & (table.cast > 0))
    region = table.region[rows].tolist()
    district = np.array([branch.district_of[one] for one in region], dtype=np.int64)
    regency = np.array([branch.regency_of[one] for one in region], dtype=np.int64)
    nothing = np.zeros(len(facts.numbers), dtype=np.int64)
    # The width is said: of no row numpy cannot guess it, and a desa whose only form was rejected has none.
    shape = (len(rows), len(facts.numbers))
    of_district = np.array([totals.get(one, nothing) for one in district.tolist()], dtype=np.int64).reshape(shape)
    of_regency = np.array([totals.get(one, nothing) for one in regency.tolist()], dtype=np.int64).reshape(shape)
    shares = np.empty(shape)
    rho = np.empty(len(rows))
    for column in range(len(facts.numbers)):
        known = surroundings(
            _votes(table, rows, district, regency, column),
            settings,
            around=Around(
                of_district[:, column], of_district.sum(axis=1), of_regency[:, column], of_regency.sum(axis=1)
            ),
        )
        shares[:, column], rho = known.share, known.rho
    return Surrounded(table, rows, district, regency, shares, rho)


def _votes(table: StationTable, rows: Integers, district: Integers, regency: Integers, column: int) -> StationVotes:
    return StationVotes(
        votes=table.votes[rows, column],
        valid=table.cast[rows],
        village=table.region[rows],
        district=district,
        regency=regency,
    )


# S1


def remember(
    facts: ContestFacts, around: Surrounded, memories: Mapping[int, Memory], branch: Branch
) -> dict[int, Memory]:
    """Test the TPS of ``around`` and put them in the memory of their kabupaten; return the memories that changed."""
    column = facts.own_column
    if column is None:
        return {}
    table, rows = around.table, around.rows
    stations = _votes(table, rows, around.district, around.regency, column)
    p = tail_probabilities(stations, Expectation(around.shares[:, column], around.rho))
    tested = np.empty(len(rows), dtype=ROW)
    tested["station"], tested["region"] = table.station[rows], table.region[rows]
    tested["votes"], tested["valid"] = stations.votes, stations.valid
    tested["expected"], tested["p"] = around.shares[:, column], p
    here = {*memories, *(branch.regency_of[one] for one in table.region.tolist())}
    return {
        # All of the table: one that moved here from another kabupaten is no longer in the memory of that.
        regency: memories.get(regency, Memory.empty()).replaced(tested[around.regency == regency], table.station)
        for regency in sorted(here)
    }


def station_swings(
    facts: ContestFacts, memories: Iterable[Memory], is_open: set[int], settings: RuleSettings
) -> list[Found]:
    """S1 in each kabupaten by itself. ``is_open``: stations whose finding stands now."""
    found = []
    for memory in memories:
        rows = memory.rows
        if not len(rows):
            continue
        swings = standing_swings(
            rows["votes"].astype(np.int64),
            rows["valid"].astype(np.int64),
            rows["expected"],
            rows["p"],
            q_values(rows["p"]),
            is_open=np.isin(rows["station"], list(is_open)),
            settings=settings,
        )
        for one in swings:
            row = rows[one.row]
            votes, valid = int(row["votes"]), int(row["valid"])
            found.append(
                Found(
                    rule=Rule.STATION_SWING,
                    place=Place(facts.contest.pk, int(row["region"]), int(row["station"])),
                    severity=one.severity,
                    numbers={
                        "share": round(one.share, 4),
                        "expected": round(one.expected, 4),
                        "votes": round(one.votes),
                        "own_votes": votes,
                        "valid": valid,
                        "p": float(f"{one.p:.2g}"),
                        "q": float(f"{one.q:.2g}"),
                    },
                    basis=[votes, valid],
                    # Votes that a rival has too much are lost twice to the margin.
                    stake=max(0, round(-2 * one.votes)),
                )
            )
    return found


# E2 and S2


def swapped(facts: ContestFacts, around: Surrounded, settings: RuleSettings) -> list[Found]:
    """E2: columns that fit much better in another order."""
    known = ~np.isnan(around.shares).any(axis=1)
    if len(facts.numbers) < 2 or not known.any():
        return []
    places = np.flatnonzero(known)
    votes = around.table.votes[around.rows[places]]
    ratios = best_order_ratios(votes, around.shares[places], settings)
    found = []
    for place in places[ratios > settings.swap_log_ratio].tolist():
        row = int(around.rows[place])
        written = dict(zip(facts.numbers, around.table.votes[row].tolist(), strict=True))
        shares = dict(zip(facts.numbers, around.shares[place].tolist(), strict=True))
        one = swapped_columns(written, shares, settings)
        if one is None:
            continue
        suggestion = {"votes": {str(k): v for k, v in one.votes.items()}, "fields": {}, "reason": "swapped"}
        found.append(
            Found(
                rule=Rule.SWAPPED,
                place=Place(facts.contest.pk, int(around.table.region[row]), int(around.table.station[row])),
                severity=one.severity,
                numbers={
                    "votes": {str(k): v for k, v in written.items()},
                    "swapped": suggestion["votes"],
                    "expected": {str(k): round(v, 4) for k, v in shares.items()},
                    "log_ratio": round(one.log_ratio, 1),
                    "forms": [int(around.table.form[row])],
                },
                basis=sorted(written.items()),
                stake=max(0, _margin(facts, one.votes) - _margin(facts, written)),
                suggestions=(suggestion,),
            )
        )
    return found


def zeros(facts: ContestFacts, around: Surrounded, witnessed: set[int], settings: RuleSettings) -> list[Found]:
    """S2. ``witnessed``: forms that a witness sent from the TPS."""
    if facts.own is None:
        return []
    votes, cast = around.table.votes[around.rows], around.table.cast[around.rows]
    found = []
    for place in zero_places(facts, around).tolist():
        row = int(around.rows[place])
        form = int(around.table.form[row])
        shares = {
            number: share
            for number, share in zip(facts.numbers, around.shares[place].tolist(), strict=True)
            if not np.isnan(share)
        }
        written = dict(zip(facts.numbers, votes[place].tolist(), strict=True))
        one = improbable_zero(
            written,
            shares,
            own=facts.own,
            witness_present=form in witnessed,
            rho=float(around.rho[place]),
            settings=settings,
        )
        if one is None:
            continue
        valid = int(cast[place])
        found.append(
            Found(
                rule=Rule.IMPROBABLE_ZERO,
                place=Place(facts.contest.pk, int(around.table.region[row]), int(around.table.station[row])),
                severity=one.severity,
                numbers={
                    "rival": one.rival,
                    "valid": valid,
                    "log_chance": round(one.log_chance, 1),
                    "expected": round(shares.get(facts.own, 0.0), 4),
                    "forms": [form],
                },
                basis=sorted(written.items()),
                stake=round(2 * shares.get(facts.own, 0.0) * valid),
            )
        )
    return found


def zero_places(facts: ContestFacts, around: Surrounded) -> Integers:
    """Places in ``around`` where our pair has none, or another has all."""
    column = facts.own_column
    if column is None or not len(around.rows):
        return np.empty(0, dtype=np.int64)
    votes, cast = around.table.votes[around.rows], around.table.cast[around.rows]
    others = np.delete(votes, column, axis=1)
    all_theirs = (others == cast[:, None]).any(axis=1) if others.shape[1] else np.zeros(len(cast), dtype=bool)
    return np.flatnonzero((votes[:, column] == 0) | all_theirs)


def _margin(facts: ContestFacts, votes: Mapping[int, int]) -> int:
    """Our lead over the strongest other; 0 where we back nobody."""
    others = [count for number, count in votes.items() if number != facts.own]
    return 0 if facts.own is None or not others else votes[facts.own] - max(others)
