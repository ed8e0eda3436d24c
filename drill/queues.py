"""What each generated phone has to send and when: the night as a list of queues."""

from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass, field, replace

from drill import arrivals, papers
from drill.papers import Paper

#: Shares of the forms.
SENT_AGAIN, LATE, USED_KEY, FOREIGN = 0.05, 0.01, 0.005, 0.005
#: Of the photos.
IN_PIECES = 0.5
#: A correction or a rival comes so much later, in shares of the night.
LATER = (0.02, 0.2)


@dataclass
class Send:
    """One thing to send, not before ``due`` (seconds of the night)."""

    kind: str
    paper: Paper
    due: float
    in_pieces: bool = False
    remembered: bool = False

    @property
    def is_form(self) -> bool:
        return self.kind != "photo"


@dataclass
class Phone:
    """Sends one thing at a time, the next one only when the last is answered, as the witness's page does."""

    cookie: str
    waiting: deque[Send] = field(default_factory=deque)
    delay: float = 0.0
    failing_since: float | None = None


@dataclass(frozen=True)
class Witness:
    station: int
    cookie: str


def one_form(witness: Witness, contest: int, chance: random.Random, *, with_photo: bool) -> Phone:
    """A phone with one form to send at once, and its photo."""
    first = _first(witness, contest, chance, with_photo=with_photo)
    sends = [Send("first", first, 0.0)] + ([Send("photo", first, 0.0)] if with_photo else [])
    return Phone(witness.cookie, deque(sends))


def _first(witness: Witness, contest: int, chance: random.Random, *, with_photo: bool) -> Paper:
    first = papers.paper(witness.station, contest, chance)
    return replace(first, photo=papers.photo_hash(first.key)) if with_photo else first


def phones_of_a_night(
    witnesses: list[Witness], *, contest: int, seconds: float, photo_share: float, chance: random.Random
) -> list[Phone]:
    """Each witness sends one form; some twice, some with a photo, some another one later, some a wrong one."""
    phones = []
    for witness, due in zip(witnesses, arrivals.moments(len(witnesses), seconds, chance), strict=True):
        has_photo = chance.random() < photo_share
        first = _first(witness, contest, chance, with_photo=has_photo)
        later = due + chance.uniform(*LATER) * seconds
        phone = Phone(witness.cookie)
        phone.waiting.append(Send("first", first, due))
        if chance.random() < SENT_AGAIN:
            phone.waiting.append(Send("again", first, due))
        if has_photo:
            phone.waiting.append(Send("photo", first, due, in_pieces=chance.random() < IN_PIECES))
        if chance.random() < USED_KEY:
            wrong = papers.other_than(first, chance, supersedes=False)
            wrong = Paper(wrong.station, contest, wrong.votes, wrong.invalid, key=first.key)
            phone.waiting.append(Send("used key", wrong, due))
        if chance.random() < FOREIGN:
            elsewhere = next(one.station for one in witnesses if one.station != witness.station)
            phone.waiting.append(Send("foreign station", papers.paper(elsewhere, contest, chance), due))
        # Late ones stay within the night, so that they too meet faults.
        if chance.random() < LATE:
            supersedes = chance.random() < 0.5
            other = papers.other_than(first, chance, supersedes=supersedes)
            phone.waiting.append(Send("correction" if supersedes else "rival", other, min(later, seconds)))
        phones.append(phone)
    return phones
