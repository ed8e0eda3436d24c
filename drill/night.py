"""The night: phones send, faults are made one after the other, and each is over when all is caught up."""

from __future__ import annotations

import http.client
import random
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from drill import arrivals, faults, measuring, queues, turns
from drill.deciding import Desks
from drill.dripping import Drips
from drill.faults import Happened, System
from drill.memory import Memory
from drill.phones import Phones
from drill.plan import Plan
from drill.progress import Progress
from drill.queues import Witness
from drill.upgrading import LeftOut
from drill.watching import Watch

#: No form waits longer than this when all is caught up.
CAUGHT_UP_SECONDS = 1.0
#: What is not caught up or drained by then is told so, and the rehearsal goes on.
PATIENCE_AFTER_A_FAULT, LONGEST_DRAIN = 120.0, 180.0
SECONDS_BETWEEN_SCOUTS = 1.5
DRIPPING = 4


@dataclass
class Scouts:
    """Witnesses who send when we ask: whether a form goes through can be seen also when nobody else sends."""

    phones: Phones
    contest: int
    chance: random.Random
    waiting: list[Witness]

    def send(self, with_photo: bool = False) -> int | None:
        """Have one of them send now; return the station, or None when all have."""
        if not self.waiting:
            return None
        witness = self.waiting.pop()
        self.phones.send_now(queues.one_form(witness, self.contest, self.chance, with_photo=with_photo))
        return witness.station


@dataclass(frozen=True)
class People:
    """``coordinators``: the cookies of two by kabupaten."""

    witnesses: list[Witness]
    coordinators: dict[str, list[str]]
    contest: int


def pass_night(
    plan: Plan, system: System, memory_path: Path, people: People, say: Callable[[str], None]
) -> dict[str, Any]:
    """Begin, make the faults, await the end and that everything is in; return what was seen."""
    chance = random.Random(plan.seed)
    witnesses, contest = people.witnesses, people.contest
    chance.shuffle(witnesses)
    sending, dripping, kept = witnesses[: plan.forms], witnesses[plan.forms], witnesses[plan.forms + 1 :]
    moments = list(zip(sending, arrivals.moments(plan.forms, plan.seconds, chance), strict=True))
    phones_there = queues.phones_of_a_night(
        moments,
        contest=contest,
        seconds=plan.seconds,
        photo_share=plan.photo_share,
        chance=chance,
        desks=Desks(people.coordinators, moments, contest, plan.seconds),
    )
    memory, watch = Memory(memory_path), Watch(system.postgres.url)
    phones = Phones(system.line, memory, watch.acknowledged)
    progress = Progress(phones, watch, say)
    drips = Drips(system.keeper.port, [dripping.cookie] * DRIPPING)
    scouts = Scouts(phones, contest, chance, kept)
    say(f"The night begins: {plan.forms:,} witnesses send within {plan.minutes:g} minutes.")
    with ExitStack() as running:
        running.callback(memory.close)
        watch.begin()
        running.callback(watch.stop)
        running.callback(phones.stop)
        began = time.monotonic()
        phones.begin(phones_there)
        progress.begin()
        running.callback(progress.stop)
        drips.begin()
        running.callback(drips.stop)
        happened, left_out = _make_faults(plan, system, phones, watch, scouts, say)
        _await(lambda: time.monotonic() >= began + plan.seconds, plan.seconds)
        drips.stop()
        drained = _await(lambda: not phones.left and watch.oldest() == 0.0, LONGEST_DRAIN)
        ended = time.monotonic()
    for one in happened:
        one.refused = measuring.refused_between(phones.attempts, one.began, one.ended)
    return {
        "drained": drained is not None,
        "seconds_to_drain": round(ended - began - plan.seconds, 1),
        "unanswered": phones.left,
        "unexpected": phones.unexpected,
        "drips": dict(drips.answers),
        "faults": [one.as_json(began) for one in happened],
        "left_out": left_out,
        "http": measuring.statuses(phones.attempts),
        "intake": measuring.intake(phones.attempts, happened),
        "lag": measuring.lags(watch.lags, happened),
        "senders": {
            "processor_ms_a_request": round(1000 * phones.processor / max(1, len(phones.attempts)), 3),
            "waited_for_a_connection": measuring.spread(phones.waits),
        },
    }


def _make_faults(
    plan: Plan, system: System, phones: Phones, watch: Watch, scouts: Scouts, say: Callable[[str], None]
) -> tuple[list[Happened], dict[str, str]]:
    """The first round whole, then more while the night lasts; each after the last is caught up, and a quiet time."""
    began = time.monotonic()
    happened: list[Happened] = []
    left_out: dict[str, str] = {}
    system.send = scouts.send
    first = plan.first_round
    turn = 0
    while first and not set(plan.faults) <= set(left_out):
        left = began + plan.seconds - time.monotonic()
        is_first_round = turn < len(first)
        quiet = turns.quiet_before(turn, first, left, plan.quiet, plan.off) if is_first_round else plan.quiet
        name = first[turn % len(first)]
        if not is_first_round and left < quiet + turns.TAKES + plan.off.get(name, 0.0):
            break
        time.sleep(quiet)
        turn += 1
        if name in left_out:
            continue
        start = time.monotonic()
        try:
            what = faults.FAULTS[name](system)
        except LeftOut as why:
            left_out[name] = str(why)
            continue
        one = Happened(name, what, start, time.monotonic())
        one.recovery = _await_recovery(system, phones, watch, scouts)
        happened.append(one)
        recovered = "not caught up" if one.recovery is None else f"caught up after {one.recovery:.1f} s"
        say(f"{start - began:6.0f} s  {name}: {what}; {recovered}")
    return happened, left_out


def _await_recovery(system: System, phones: Phones, watch: Watch, scouts: Scouts) -> float | None:
    """Seconds until a form sent from now on is counted, none waits, no phone tries again and all parts are ready."""
    sent: list[int] = []
    next_scout = began = time.monotonic()

    def is_recovered() -> bool:
        nonlocal next_scout
        if time.monotonic() >= next_scout:
            station = scouts.send()
            next_scout = time.monotonic() + SECONDS_BETWEEN_SCOUTS
            sent.extend([station] if station else [])
        goes_through = not sent or any(watch.counted.get(station, 0) > began for station in sent)
        is_through = watch.oldest() < CAUGHT_UP_SECONDS and not phones.failing
        return goes_through and is_through and is_ready(system.keeper.port)

    return _await(is_recovered, PATIENCE_AFTER_A_FAULT)


def _await(true: Callable[[], bool], seconds: float) -> float | None:
    """Wait until ``true`` and return the seconds it took; None when it did not become so."""
    began = time.monotonic()
    while time.monotonic() < began + seconds + 1:
        if true():
            return time.monotonic() - began
        time.sleep(0.05)
    return None


def is_ready(port: int) -> bool:
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        link.request("GET", "/readyz")
        return link.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        link.close()
