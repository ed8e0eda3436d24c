"""What each generated phone has to send and when: the night as a list of queues."""

from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from drill import papers
from drill.desks import Act
from drill.papers import Paper

if TYPE_CHECKING:
    from drill.deciding import Desks

#: Shares of the forms.
SENT_AGAIN, LATE, USED_KEY, FOREIGN = 0.05, 0.01, 0.005, 0.005
#: Of the photos.
IN_PIECES = 0.5
#: A correction or a rival comes so much later, in shares of the night.
LATER = (0.02, 0.2)


@dataclass
class Send:
    """One thing to send, not before ``due`` (seconds of the night). ``cookie``: of whom, where it is another's."""

    kind: str
    paper: Paper
    due: float
    in_pieces: bool = False
    remembered: bool = False
    cookie: str = ""

    @property
    def is_form(self) -> bool:
        return self.kind != "photo"


@dataclass
class Phone:
    """Sends one thing at a time, the next one only when the last is answered, as the witness's page does."""

    cookie: str
    waiting: deque[Send | Act] = field(default_factory=deque)
    delay: float = 0.0


@dataclass(frozen=True)
class Witness:
    """Of one station, which pages call ``result``: a number in a desa (``village``) of a kabupaten (its code)."""

    station: int
    cookie: str
    result: int = 0
    village: int = 0
    number: int = 0
    regency: str = ""


def one_form(witness: Witness, contest: int, chance: random.Random, *, with_photo: bool) -> Phone:
    """A phone with one form to send at once, and its photo."""
    first = _first(witness, contest, chance, with_photo=with_photo)
    sends = [Send("first", first, 0.0)] + ([Send("photo", first, 0.0)] if with_photo else [])
    return Phone(witness.cookie, deque(sends))


def _first(witness: Witness, contest: int, chance: random.Random, *, with_photo: bool) -> Paper:
    first = papers.paper(witness.station, contest, chance)
    return replace(first, photo=papers.photo_hash(first.key)) if with_photo else first


def phones_of_a_night(
    sending: list[tuple[Witness, float]],
    *,
    contest: int,
    seconds: float,
    photo_share: float,
    chance: random.Random,
    desks: Desks | None = None,
) -> list[Phone]:
    """Each witness sends one form, some twice, some with a photo, some another one later, some a wrong one.

    ``sending``: who, and when, in that order. Where ``desks`` move a form to another TPS, its witness's form is in
    the same queue: what happens at the two stations has one order.
    """
    phones = []
    for witness, due in sending:
        if desks is not None and not desks.begins(witness):
            continue
        has_photo = chance.random() < photo_share
        first = _first(witness, contest, chance, with_photo=has_photo)
        later = min(due + chance.uniform(*LATER) * seconds, seconds)
        waiting: list[Send | Act] = [Send("first", first, due)]
        if chance.random() < SENT_AGAIN:
            waiting.append(Send("again", first, due))
        if has_photo:
            waiting.append(Send("photo", first, due, in_pieces=chance.random() < IN_PIECES))
        if chance.random() < USED_KEY:
            wrong = papers.other_than(first, chance, supersedes=False)
            wrong = Paper(wrong.station, contest, wrong.votes, wrong.invalid, key=first.key)
            waiting.append(Send("used key", wrong, due))
        if chance.random() < FOREIGN:
            elsewhere = next(one.station for one, _due in sending if one.station != witness.station)
            waiting.append(Send("foreign station", papers.paper(elsewhere, contest, chance), due))
        acts = desks.acts(witness, first, due, chance) if desks else []
        waiting.extend(acts)
        # Late ones stay within the night, so that they too meet faults.
        if chance.random() < LATE:
            supersedes = chance.random() < 0.5
            other = papers.other_than(first, chance, supersedes=supersedes)
            if supersedes:
                # A coordinator's page offers what counts: behind a correction its buttons are about that one.
                later = max(later, *(one.due for one in acts if isinstance(one, Act)), 0.0)
            waiting.append(Send("correction" if supersedes else "rival", other, later))
            if desks and len(acts) == 1 and acts[0].kind == "verify":
                waiting.append(desks.settle(witness, first, max(later, acts[0].due) + 1))
        phones.append(Phone(witness.cookie, deque(sorted(waiting, key=lambda one: one.due))))
    return phones
