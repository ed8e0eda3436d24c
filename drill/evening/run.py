"""One evening from the closing of the polls until all is in, and a steady stream of forms for the comparison."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from drill import arrivals
from drill.evening.costs import Costs
from drill.evening.flow import House, Size
from drill.evening.machine import Machine

HOURS = 6.0
#: Seconds between two pieces of a photo on the mean, in an evening of full length: 64 KB over a bad line.
PIECE_GAP = 10.0
#: The peak is looked at from so much before it to so much after, in shares of the evening.
AROUND_PEAK = 0.01
LOOKS = 1000


@dataclass(frozen=True)
class Night:
    """``share``: of the stations and of the six hours, so that the rates stay. 1.0 is the whole."""

    stations: int
    photos: int
    share: float
    seed: int

    @property
    def seconds(self) -> float:
        return HOURS * 3600 * self.share

    @property
    def forms(self) -> int:
        return round(self.stations * self.share)

    def at_peak(self) -> float:
        """Forms a second."""
        return arrivals.PEAK * self.stations / (HOURS * 3600)


@dataclass(frozen=True)
class Told:
    """Seconds, shares of what there is (``…_busy``, of the peak), photos, hours after closing.

    ``offered``: work that comes at the peak over what the web processes or all cores can do in that time; from 1 on a
    queue grows until the peak is over, and its waits are told as those of a whole evening (over ``share``). So are
    ``photos_most`` where the workers get more than they can make; ``photos_done``: from when no second's work waits.
    """

    web: int
    workers: int
    cores: float
    offered: float
    form_p50: float
    form_p95: float
    form_p99: float
    peak_p95: float
    lag_p95: float
    web_busy: float
    workers_busy: float
    cores_busy: float
    photos_most: int
    photos_done: float

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def offered(size: Size, costs: Costs, night: Night) -> float:
    """See `Told`. Photo workers count with what they can do at most: what they leave waits and harms no form."""
    each, photos = night.at_peak() / 1000, night.photos
    web = each * (costs.form_web + photos * costs.photo_web)
    postgres = each * (costs.form_postgres + photos * costs.photo_postgres)
    decoding = min(each * photos * costs.photo_decoding, float(size.workers))
    return max(web / size.web, (web + postgres + decoding) / size.cores)


def evening(
    size: Size, costs: Costs, night: Night, *, progress: Callable[[float], None] = lambda _share: None
) -> Told:
    """Simulate one evening. ``progress`` hears of the share that is over."""
    chance = random.Random(night.seed)
    machine = Machine(size.cores)
    house = House(machine, size, costs, chance)
    coming = iter(arrivals.moments(night.forms, night.seconds, chance))
    gap = PIECE_GAP * night.share

    def come() -> None:
        house.form()
        for _photo in range(night.photos):
            machine.after(chance.expovariate(1 / gap), lambda: house.photo(gap))
        next_form()

    def next_form() -> None:
        moment = next(coming, None)
        if moment is not None:
            machine.at(moment, come)

    next_form()
    busy, backlog = _run_and_look(machine, house, night, progress)
    return _told(size, costs, night, house, busy, backlog)


def _run_and_look(
    machine: Machine, house: House, night: Night, progress: Callable[[float], None]
) -> tuple[list[float], list[tuple[float, int]]]:
    """Run to the end; return how busy web, workers and cores were at the peak, and the photos waiting by moment."""

    def work() -> list[float]:
        return [sum(one.lock.done for one in house.web), house.workers.done, machine.worked]

    first, last = ((arrivals.PEAK_AT + side * AROUND_PEAK) * night.seconds for side in (-1, 1))
    machine.run(first)
    before = work()
    backlog = [(first, house.workers.waiting)]
    machine.run(last)
    busy = [(after - past) / (last - first) for past, after in zip(before, work(), strict=True)]
    step = night.seconds / LOOKS
    for look in range(math.ceil(last / step), LOOKS * 1000):
        machine.run(look * step)
        backlog.append((look * step, house.workers.waiting))
        if look % (LOOKS // 20) == 0:
            progress(look / LOOKS)
        if look >= LOOKS and house.waits.photos_made == night.forms * night.photos == house.waits.photos_here:
            break
    machine.run()
    return busy, backlog


def _told(
    size: Size, costs: Costs, night: Night, house: House, busy: list[float], backlog: Sequence[tuple[float, int]]
) -> Told:
    middle, around = arrivals.PEAK_AT * night.seconds, AROUND_PEAK * night.seconds
    asked = offered(size, costs, night)
    longer = 1 / night.share if asked >= 1 else 1.0
    waits = [seconds for _came, seconds in house.waits.forms]
    peak = [seconds for came, seconds in house.waits.forms if abs(came - middle) <= around]
    decoding = night.at_peak() * night.photos * costs.photo_decoding / 1000
    more = 1 / night.share if decoding >= size.workers else 1.0
    #: A queue of a second's work is no backlog.
    behind = [moment for moment, waiting in backlog if waiting > size.workers * 1000 / costs.photo_decoding]
    p50, p95, p99 = (percentile(waits, share) * longer for share in (0.5, 0.95, 0.99))
    return Told(
        web=size.web,
        workers=size.workers,
        cores=size.cores,
        offered=asked,
        form_p50=p50,
        form_p95=p95,
        form_p99=p99,
        peak_p95=percentile(peak, 0.95) * longer,
        lag_p95=percentile(house.waits.lags, 0.95),
        web_busy=busy[0] / size.web,
        workers_busy=busy[1] / size.workers,
        cores_busy=busy[2] / size.cores,
        photos_most=round(max(waiting for _moment, waiting in backlog) * more),
        photos_done=max(behind, default=0.0) / night.share / 3600,
    )


def steady(size: Size, costs: Costs, *, rate: float, forms: int, seed: int) -> list[float]:
    """Seconds to the answer of ``forms`` forms that come at random, ``rate`` a second, without the first tenth."""
    chance = random.Random(seed)
    machine = Machine(size.cores)
    house = House(machine, size, costs, chance)
    moment = 0.0
    for _form in range(forms):
        moment += chance.expovariate(rate)
        machine.at(moment, house.form)
    machine.run()
    return [seconds for _came, seconds in sorted(house.waits.forms)[forms // 10 :]]


def percentile(values: Sequence[float], share: float) -> float:
    """The value that ``share`` of ``values`` does not exceed; 0 of none."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else 0.0
