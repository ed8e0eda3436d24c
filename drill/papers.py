"""What the generated witnesses send: a full C1 without contradictions, and a photo of it. Pure but for chance."""

from __future__ import annotations

import hashlib
import io
import json
import random
import uuid
from dataclasses import dataclass, field

from PIL import Image

DPT, RECEIVED = 300, 308
GENDERED = ("registered_dpt", "registered_dpph", "registered_dptb", "registered_total")
PHOTO_SIDES = (960, 720)


@dataclass(frozen=True)
class Paper:
    """One C1 as its sender knows it. ``supersedes``: the key of the version it corrects."""

    station: int
    contest: int
    votes: tuple[int, int, int]
    invalid: int
    key: str = field(default_factory=lambda: str(uuid.uuid4()))
    supersedes: str | None = None
    photo: str | None = None

    @property
    def valid(self) -> int:
        return sum(self.votes)

    def figures(self) -> dict[str, int]:
        """Every box of the form but the votes."""
        cast, valid = self.valid + self.invalid, self.valid
        figures = {"valid_votes": valid, "invalid_votes": self.invalid, "total_votes": cast}
        figures |= _gendered("registered_dpt", DPT) | _gendered("registered_total", DPT)
        figures |= _gendered("voters_dpt", cast) | _gendered("voters_total", cast) | _gendered("disabled_voters", 1)
        for row in ("registered_dpph", "registered_dptb", "voters_dpph", "voters_dptb"):
            figures |= _gendered(row, 0)
        return figures | {
            "ballots_received": RECEIVED,
            "ballots_used": cast,
            "ballots_spoiled": 0,
            "ballots_unused": RECEIVED - cast,
        }

    def body(self) -> bytes:
        said = {
            "uuid": self.key,
            "contest": self.contest,
            "station": self.station,
            "votes": {str(number): votes for number, votes in enumerate(self.votes, start=1)},
            "figures": self.figures(),
            "photos": [{"sha256": self.photo, "page": 1}] if self.photo else [],
            "objection": False,
        }
        if self.supersedes:
            said["supersedes"] = self.supersedes
        return json.dumps(said).encode()


def _gendered(row: str, total: int) -> dict[str, int]:
    return {f"{row}_male": total // 2, f"{row}_female": total - total // 2, row: total}


def paper(station: int, contest: int, chance: random.Random, photo: str | None = None) -> Paper:
    votes = (chance.randint(40, 110), chance.randint(30, 90), chance.randint(10, 60))
    return Paper(station, contest, votes, chance.randint(0, 8), photo=photo)


def other_than(one: Paper, chance: random.Random, *, supersedes: bool) -> Paper:
    """Another paper of the same station with other figures: a correction, or a rival that names nothing."""
    votes = (one.votes[0] + chance.choice((-7, -2, 3, 9)), *one.votes[1:])
    return Paper(one.station, one.contest, votes, one.invalid, supersedes=one.key if supersedes else None)


def read_anew(one: Paper, pair: int, more: int) -> Paper:
    """The same paper with other votes of one pair under a key of its own, naming none; no other makes the same."""
    votes = [*one.votes]
    votes[pair - 1] += more
    return Paper(one.station, one.contest, (votes[0], votes[1], votes[2]), one.invalid)


def photo_of(key: str) -> bytes:
    """A JPEG of some 260 KB, as phones make them, that is like no other, and the same for the same key."""
    width, height = PHOTO_SIDES
    coarse = Image.frombytes("L", (width // 4, height // 4), random.Random(key).randbytes(width * height // 16))
    out = io.BytesIO()
    coarse.resize(PHOTO_SIDES, Image.Resampling.NEAREST).save(out, "JPEG", quality=80)
    return out.getvalue()


def photo_hash(key: str) -> str:
    return hashlib.sha256(photo_of(key)).hexdigest()
