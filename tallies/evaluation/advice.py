"""What to train, from the shares of what went wrong: an allow-list of lessons, the largest excess first. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction


class Lesson(StrEnum):
    ACTIVATE = "activate"
    SEND = "send"
    PHOTO = "photo"
    TYPE = "type"
    READ = "read"
    INVITATIONS = "invitations"
    SETTLE = "settle"


#: From which share of the whole on there is something to train; at the limit it is reached.
LIMITS: Mapping[Lesson, Fraction] = {
    Lesson.ACTIVATE: Fraction(10, 100),  # witnesses without a phone before the day
    Lesson.SEND: Fraction(5, 100),  # stations from which nothing was sent
    Lesson.PHOTO: Fraction(3, 100),  # forms with a photo that was of no use
    Lesson.TYPE: Fraction(5, 100),  # forms that were corrected
    Lesson.READ: Fraction(2, 100),  # settled readings with a wrong box
    Lesson.INVITATIONS: Fraction(20, 100),  # stations without a C6 report
    Lesson.SETTLE: Fraction(2, 100),  # stations in that are disputed still
}


@dataclass(frozen=True)
class Advice:
    lesson: Lesson
    part: int
    whole: int

    @property
    def share(self) -> Fraction:
        return Fraction(self.part, self.whole)


def advice(counts: Mapping[Lesson, tuple[int, int]]) -> list[Advice]:
    """The lessons whose (part, whole) reaches the limit; of 0 of 0 there is nothing to learn."""
    found = [
        Advice(lesson, part, whole)
        for lesson, (part, whole) in counts.items()
        if whole > 0 and Fraction(part, whole) >= LIMITS[lesson]
    ]
    return sorted(found, key=lambda one: (-one.share / LIMITS[one.lesson], list(Lesson).index(one.lesson)))
