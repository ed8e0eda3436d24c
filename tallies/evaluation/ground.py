"""What an evaluation looks at: the forms of one office in a region, each at the station where it counts now.

A form that was moved is not its station's any more: it is the copy's, with the moment at which its sender sent
it. So a reading or decision about a moved form is held against the copy (`Moves`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Case, Exists, F, Func, IntegerField, OuterRef, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce

from regions.models import Level, Region, TimeZone
from tallies.evaluation.timing import closing
from tallies.models import Assignment, C1Form, Contest, Decision, Election, Outcome, StationResult
from tallies.totals.places import Place

MINUTE = timedelta(minutes=1)
#: Keys in one condition.
MOST_KEYS = 5_000


class MinuteNumber(Func):
    """Number of the minute since 1970, rounded down. (Django's Trunc calls Python for each row of SQLite.)"""

    output_field = IntegerField()
    template = "CAST(FLOOR(EXTRACT(EPOCH FROM %(expressions)s) / 60) AS integer)"

    def as_sqlite(self, compiler, connection, **context):
        template = "CAST(strftime('%%%%s', %(expressions)s) AS integer) / 60"
        return super().as_sql(compiler, connection, template=template, **context)


@dataclass(frozen=True)
class Moves:
    """Forms that were moved, and their copies; a copy may have been moved on."""

    copies: dict[int, int] = field(default_factory=dict)

    def final(self, form: int) -> int:
        while form in self.copies:
            form = self.copies[form]
        return form


@dataclass(frozen=True)
class Ground:
    """One office in ``region``; ``senders`` and ``stations`` narrow it to what a page shows.

    ``starts`` is the moment from which minutes are counted at a station in the zone of the region.
    """

    election: Election
    region: Region
    contests: tuple[int, ...]
    is_whole: bool
    zone: ZoneInfo
    starts: datetime
    is_practice: bool
    moves: Moves
    senders: tuple[int, ...] | None = None

    def of(self, senders: Iterable[int]) -> Ground:
        """The same, of the forms of these people."""
        return replace(self, senders=tuple(senders))

    @property
    def day(self) -> datetime:
        """Midnight before the voting."""
        return self.starts.astimezone(self.zone).replace(hour=0, minute=0, second=0, microsecond=0)

    def at(self, row: str = "") -> Q:
        """The condition that ``row``, which has a contest and a station (a form or result), is of the ground."""
        lead = f"{row}__" if row else ""
        found = Q(**{f"{lead}contest__in": self.contests})
        return found if self.is_whole else found & self.in_region(f"{lead}station__")

    def in_region(self, station: str = "") -> Q:
        return Q(**{f"{station}region__first__range": (self.region.first, self.region.last)})

    def results(self) -> QuerySet[StationResult]:
        return StationResult.objects.filter(self.at())

    def forms(self) -> QuerySet[C1Form]:
        """The forms that were not moved away."""
        forms = self._standing(C1Form.objects.filter(self.at()))
        return forms if self.senders is None else forms.filter(submitted_by__in=self.senders)

    def first_forms(self) -> QuerySet[C1Form]:
        """The first form of each station."""
        return self._first()

    def first_forms_of_senders(self) -> QuerySet[C1Form]:
        """The first form of each sender at each station."""
        return self._first(submitted_by=OuterRef("submitted_by"))

    def _first(self, **same: Any) -> QuerySet[C1Form]:
        place = {"contest": OuterRef("contest"), "station": OuterRef("station"), "pk__lt": OuterRef("pk")}
        return self.forms().filter(~Exists(self._standing(C1Form.objects.filter(**place, **same))))

    def _standing(self, forms: QuerySet[C1Form]) -> QuerySet[C1Form]:
        """Without those that were moved away; where nothing was, the question costs a third of the page."""
        if not self.moves.copies:
            return forms
        return forms.filter(~Exists(Decision.objects.filter(form=OuterRef("pk"), outcome=Outcome.MOVED)))

    def assignments(self) -> QuerySet[Assignment]:
        """Who guards or guarded a station of the ground."""
        rows = Assignment.objects.filter(self.in_region("station__"), station__election=self.election)
        return rows if self.senders is None else rows.filter(witness__in=self.senders)

    def child(self, station: str = "station") -> str:
        """The way from a row to the key of the region right below in which ``station`` lies."""
        steps = Level.VILLAGE - self.region.level - 1
        return f"{station}__region" + "__parent" * max(steps, 0)

    @property
    def has_children(self) -> bool:
        return self.region.level < Level.VILLAGE

    def minutes(self) -> Any:
        """Minutes of a form after the start, by the clock of its station; negative before."""
        sent = SENT if self.moves.copies else F("received_at")
        return MinuteNumber(sent) + self._ahead() - Value(int(self.starts.timestamp() // 60))

    def _ahead(self) -> Any:
        """Minutes by which a station closes before the region does: its clock is ahead of that of the region."""
        none = Value(0, output_field=IntegerField())
        others = Region.objects.within(self.region).exclude(time_zone="").exclude(pk=self.region.pk)
        if self.is_practice:
            return none
        found = [
            (one, (self.starts - closing(self.election.date, ZoneInfo(one.time_zone))) // MINUTE)
            for one in others.order_by("-level", "first")
        ]
        if not any(ahead for _one, ahead in found):
            return none
        whens = [When(station__region__first__range=(one.first, one.last), then=Value(ahead)) for one, ahead in found]
        return Case(*whens, default=none, output_field=IntegerField())


#: When a form was sent: of a copy, when the one that was moved was; twice at most.
SENT = Coalesce("moved_by__form__moved_by__form__received_at", "moved_by__form__received_at", "received_at")
#: A version, and one by the sender of the version it replaces.
IS_VERSION = Q(supersedes__isnull=False)
IS_OWN_VERSION = Q(supersedes__submitted_by=F("submitted_by"))


def ground_of(place: Place) -> Ground:
    """What there is to evaluate at ``place``, which has an office."""
    contests = list(
        Contest.objects.filter(election=place.election, office=place.office)
        .touching(place.region)
        .select_related("region")
    )
    keys = tuple(contest.pk for contest in contests)
    zone = ZoneInfo(place.region.zone or TimeZone.WIB.value)
    is_practice = place.election.practice_of_id is not None
    moved = Decision.objects.filter(outcome=Outcome.MOVED, result__contest__in=keys)
    ground = Ground(
        election=place.election,
        region=place.region,
        contests=keys,
        is_whole=all(place.region.contains(contest.region) for contest in contests),
        zone=zone,
        starts=closing(place.election.date, zone),
        is_practice=is_practice,
        moves=Moves(dict(moved.values_list("form", "moved_to"))),
    )
    if is_practice:
        # It is held on any day: its own first form is what there is to count from.
        first = C1Form.objects.filter(contest__in=keys).order_by("pk").values_list("received_at", flat=True).first()
        return replace(ground, starts=first) if first else ground
    return ground


def in_batches(keys: Iterable[int]) -> Iterator[list[int]]:
    """``keys`` in order, as many at a time as one condition takes."""
    ordered = sorted(keys)
    return (ordered[start : start + MOST_KEYS] for start in range(0, len(ordered), MOST_KEYS))
