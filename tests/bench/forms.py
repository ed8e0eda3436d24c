"""A full C1 without contradictions whose figures follow from a number: as values, as SQL, as a request."""

from __future__ import annotations

import hashlib
import json
import uuid
from typing import Any

DPT, RECEIVED = 300, 308

#: votes = least + number * step % spread, by pair number; 300 voters are never exceeded.
_VOTES = {1: (50, 37, 60), 2: (40, 53, 50), 3: (20, 71, 30)}
_INVALID_SPREAD = 7


def votes(number: int) -> dict[int, int]:
    return {pair: least + number * step % spread for pair, (least, step, spread) in _VOTES.items()}


def sql_votes(number: str, pair: str) -> str:
    cases = " ".join(
        f"WHEN {which} THEN {least} + {number} * {step} %% {spread}"
        for which, (least, step, spread) in _VOTES.items()
    )
    return f"CASE {pair} {cases} END"


def figures(number: int) -> dict[str, int]:
    """Every figure but the pairs, by the names of `tallies.figures.FULL_FIELDS`."""
    valid, invalid = sum(votes(number).values()), number % _INVALID_SPREAD
    cast = valid + invalid
    found = _rows(cast, cast // 2, cast - cast // 2)
    return found | {"valid_votes": valid, "invalid_votes": invalid, "total_votes": cast}


def sql_figures(number: str) -> dict[str, str]:
    valid = (
        "("
        + " + ".join(f"{least} + ({number} * {step} %% {spread})" for least, step, spread in _VOTES.values())
        + ")"
    )
    invalid = f"({number} %% {_INVALID_SPREAD})"
    cast = f"({valid} + {invalid})"
    found = {name: str(value) for name, value in _rows(cast, f"({cast} / 2)", f"({cast} - {cast} / 2)").items()}
    found["ballots_unused"] = f"({RECEIVED} - {cast})"
    return found | {"valid_votes": valid, "invalid_votes": invalid, "total_votes": cast}


def _rows(cast: Any, male: Any, female: Any) -> dict[str, Any]:
    rows = {
        "registered_dpt": (DPT // 2, DPT // 2, DPT),
        "registered_dpph": (0, 0, 0),
        "registered_dptb": (0, 0, 0),
        "registered_total": (DPT // 2, DPT // 2, DPT),
        "voters_dpt": (male, female, cast),
        "voters_dpph": (0, 0, 0),
        "voters_dptb": (0, 0, 0),
        "voters_total": (male, female, cast),
        "disabled_voters": (1, 0, 1),
    }
    found = {
        name + part: value
        for name, values in rows.items()
        for part, value in zip(("_male", "_female", ""), values, strict=True)
    }
    unused = RECEIVED - cast if isinstance(cast, int) else None
    return found | {
        "ballots_received": RECEIVED,
        "ballots_used": cast,
        "ballots_spoiled": 0,
        "ballots_unused": unused,
    }


def photo_hash(number: int) -> str:
    return hashlib.sha256(f"photo of {number}".encode()).hexdigest()


def body(contest_id: int, station_id: int, number: int, key: uuid.UUID | None = None) -> bytes:
    """The JSON a phone sends for this station, with one photo named."""
    return json.dumps(
        {
            "uuid": str(key or uuid.uuid4()),
            "contest": contest_id,
            "station": station_id,
            "votes": {str(pair): number for pair, number in votes(number).items()},
            "figures": figures(number),
            "photos": [{"sha256": photo_hash(number), "page": 1}],
            "objection": False,
            "filled_at": "2024-02-14T15:04:05+07:00",
        }
    ).encode()
