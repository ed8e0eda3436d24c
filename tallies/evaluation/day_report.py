"""The report after the day: what was in when, where it was slow, what to train; from the numbers of the pages."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction

from django.db.models import Count, F

from regions.models import Region
from tallies.evaluation import by_reader, by_region
from tallies.evaluation.advice import Advice, Lesson, advice
from tallies.evaluation.by_reader import ReaderLine
from tallies.evaluation.by_region import RegionEvaluation
from tallies.evaluation.ground import Ground
from tallies.evaluation.timing import median_of_all, reached, sent_by
from tallies.totals.arrivals import Arrivals

#: Hours after the start at which the report looks back.
HOURS = (1, 2, 3, 4, 6, 8, 11, 24)
SLOWEST = 20
#: Readers who have this many settled forms are worth a sentence.
ENOUGH = 10


@dataclass(frozen=True)
class Mark:
    """``sent``: first forms sent by then; ``came_in``: stations in by then, as the arrival curve has it."""

    at: datetime
    sent: int
    came_in: int | None


@dataclass(frozen=True)
class VillageLine:
    """``median``: of all its stations, None while more than half sent nothing; ``slowest``: of those that did."""

    village: Region
    stations: int
    sent: int
    median: int | None
    slowest: int | None

    @property
    def missing(self) -> int:
        return self.stations - self.sent


@dataclass(frozen=True)
class DayReport:
    """``half``, ``most``: minutes by which half and 90% of all stations had sent."""

    evaluation: RegionEvaluation
    marks: tuple[Mark, ...]
    half: int | None
    most: int | None
    slowest: tuple[VillageLine, ...]
    readers: tuple[ReaderLine, ...]
    advice: tuple[Advice, ...]

    @property
    def forms_settled(self) -> int:
        return sum(one.settled for one in self.readers)

    @property
    def forms_wrong(self) -> int:
        return sum(one.wrong for one in self.readers)

    @property
    def error_rate(self) -> Fraction | None:
        return Fraction(self.forms_wrong, self.forms_settled) if self.forms_settled else None

    @property
    def boxes_wrong(self) -> int:
        return sum(one.boxes for one in self.readers)

    @property
    def above_average(self) -> list[ReaderLine]:
        """Readers with twice the error rate of all and enough forms to say so; the worst first, five at most."""
        rate = self.error_rate
        if not rate:
            return []
        found = [one for one in self.readers if one.settled >= ENOUGH and (one.error_rate or 0) >= 2 * rate]
        return found[:5]


def day_report(ground: Ground, office: str, arrivals: Arrivals) -> DayReport:
    """Read everything the report says of a region."""
    evaluation = by_region.evaluated(ground, office)
    total, times = evaluation.total, evaluation.times
    readers = tuple(by_reader.shared_readers(ground))
    return DayReport(
        evaluation=evaluation,
        marks=tuple(_marks(ground, times, arrivals)),
        half=reached(times, -(-total.stations // 2)),
        most=reached(times, -(-total.stations * 9 // 10)),
        slowest=tuple(slowest_villages(ground)),
        readers=readers,
        advice=tuple(_advice(evaluation, readers)),
    )


def _marks(ground: Ground, times: Mapping[int, int], arrivals: Arrivals) -> list[Mark]:
    if not times:
        return []
    found, last = [], max(times)
    for hours in HOURS:
        at = ground.starts.astimezone(ground.zone) + timedelta(hours=hours)
        ended = [one.all_arrived for one in arrivals.intervals if one.end <= at]
        found.append(Mark(at, sent_by(times, hours * 60 - 1), ended[-1] if ended else 0))
        if hours * 60 > last:
            break
    return found


def slowest_villages(ground: Ground, most: int = SLOWEST) -> list[VillageLine]:
    """Desa whose stations sent last: by the median of all, where more than half sent nothing before the others."""
    stations = dict(
        ground.results()
        .order_by()
        .annotate(village=F("station__region"))
        .values("village")
        .annotate(n=Count("pk"))
        .values_list("village", "n")
    )
    times: dict[int, Counter[int]] = defaultdict(Counter)
    rows = ground.first_forms().order_by().annotate(village=F("station__region"), minute=ground.minutes())
    grouped = rows.values("village", "minute").annotate(n=Count("pk"))
    for village, minute, number in grouped.values_list("village", "minute", "n"):
        times[village][minute] += number
    lines = []
    for village, number in stations.items():
        mine = times.get(village, Counter())
        lines.append((village, number, mine.total(), median_of_all(mine, number), max(mine, default=None)))
    lines.sort(key=lambda one: (one[3] is not None, (one[2] - one[1]) if one[3] is None else -one[3], one[0]))
    chosen = lines[:most]
    villages = Region.objects.select_related("parent").in_bulk([one[0] for one in chosen])
    return [VillageLine(villages[one[0]], *one[1:]) for one in chosen]


def _advice(evaluation: RegionEvaluation, readers: tuple[ReaderLine, ...]) -> list[Advice]:
    total = evaluation.total
    return advice(
        {
            Lesson.ACTIVATE: (total.witnesses - total.activated_before, total.witnesses),
            Lesson.SEND: (total.stations - total.sent.count, total.stations),
            Lesson.PHOTO: (total.photos, total.forms),
            Lesson.TYPE: (total.versions, total.forms),
            Lesson.READ: (sum(one.wrong for one in readers), sum(one.settled for one in readers)),
            Lesson.INVITATIONS: (total.polling_stations - total.invitations, total.polling_stations),
            Lesson.SETTLE: (total.disputed, total.stations_in),
        }
    )
