"""Requests that come when they are due, whether the last ones were answered or not, as people send them."""

from __future__ import annotations

import heapq
import http.client
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.bench.measurement import percentile
from tests.bench.parts import WebServer
from tests.bench.phones import Request, WrongAnswer, share_out

SENDERS = 48


@dataclass
class Arrived:
    """Seconds from when a request was due to its answer, by its kind; ``late``: from due to sent, of all."""

    times: dict[str, list[float]] = field(default_factory=dict)
    late: list[float] = field(default_factory=list)
    seconds: float = 0.0

    def ms(self, kind: str, share: float) -> float:
        return percentile(self.times[kind], share) * 1000


def at_random(requests: Sequence[Request], rate: float, chance: random.Random) -> list[tuple[float, Request]]:
    """The requests with the moments at which they are due: ``rate`` a second, independent of each other (Poisson)."""
    moment, found = 0.0, []
    for request in requests:
        moment += chance.expovariate(rate)
        found.append((moment, request))
    return found


def send(server: WebServer, streams: dict[str, Sequence[tuple[float, Request]]]) -> Arrived:
    """Send each request of each stream when it is due, over ``SENDERS`` connections. Raises `WrongAnswer`.

    Time begins when a request is due: what waits because all connections wait has waited too.
    """
    due = list(
        heapq.merge(*([(at, kind, one) for at, one in stream] for kind, stream in streams.items()), key=_moment)
    )
    arrived = Arrived({kind: [] for kind in streams})
    began = time.monotonic() + 0.2

    def send_one(link: http.client.HTTPConnection, one: tuple[float, str, Request]) -> None:
        at, kind, request = one
        time.sleep(max(0.0, began + at - time.monotonic()))
        _send(link, began + at, kind, request, arrived)

    share_out(server, due, send_one, connections=SENDERS)
    arrived.seconds = time.monotonic() - began
    return arrived


def _moment(one: tuple[float, str, Request]) -> float:
    return one[0]


def _send(link: http.client.HTTPConnection, due: float, kind: str, request: Request, arrived: Arrived) -> None:
    arrived.late.append(time.monotonic() - due)
    try:
        link.request(request.method, request.path, request.body, dict(request.headers))
        answer = link.getresponse()
    except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
        # Idle longer than the server keeps a connection: a phone opens another.
        link.close()
        link.request(request.method, request.path, request.body, dict(request.headers))
        answer = link.getresponse()
    said = answer.read()
    if answer.status != request.expected:
        raise WrongAnswer(f"{request.method} {request.path}: {answer.status} {said[:400]!r}")
    arrived.times[kind].append(time.monotonic() - due)
