"""Many phones at once: keep-alive connections in threads, and what their requests took."""

from __future__ import annotations

import http.client
import itertools
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from django.db.models import QuerySet

from tests.bench import forms
from tests.bench.country import SignedIn
from tests.bench.measurement import percentile
from tests.bench.parts import WebServer

Work = TypeVar("Work")
#: What a phone sends at once of a photo in pieces.
PIECE = 64 * 1024
#: The second web process may still be importing when the first one answers.
SECONDS_TO_ANSWER = 180


class WrongAnswer(Exception):
    """A request was not answered as the benchmark expects; the figures would be of something else."""


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes | None = None
    expected: int = 200


@dataclass
class Delivery:
    """``acknowledged``: when each answer was there, on the clock of `time.monotonic`."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    acknowledged: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        return len(self.latencies) / self.seconds

    def latency_ms(self, share: float) -> float:
        return percentile(self.latencies, share) * 1000


def deliver(
    server: WebServer, requests: Sequence[Request], *, clients: int, each_second: float | None = None
) -> Delivery:
    """Send every request once, from ``clients`` connections; at a fixed rate if asked. Raises `WrongAnswer`."""
    delivery, started = Delivery(), time.monotonic()

    def send(link: http.client.HTTPConnection, placed: tuple[int, Request]) -> None:
        place, request = placed
        if each_second:
            time.sleep(max(0.0, started + place / each_second - time.monotonic()))
        _send(link, request, delivery)

    share_out(server, enumerate(requests), send, connections=clients)
    delivery.seconds = time.monotonic() - started
    return delivery


def share_out(
    server: WebServer,
    works: Iterable[Work],
    do: Callable[[http.client.HTTPConnection, Work], None],
    *,
    connections: int,
) -> None:
    """Call ``do`` for each of ``works``, in order, by whichever connection is free. Raises what one raised."""
    waiting, one_at_a_time, failures = iter(works), threading.Lock(), []

    def phone() -> None:
        link = http.client.HTTPConnection("127.0.0.1", server.port, timeout=SECONDS_TO_ANSWER)
        try:
            while not failures:
                with one_at_a_time:
                    work = next(waiting, None)
                if work is None:
                    return
                do(link, work)
        except (WrongAnswer, OSError, http.client.HTTPException) as error:
            failures.append(error)
        finally:
            link.close()

    threads = [threading.Thread(target=phone, daemon=True) for _one in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


def _send(link: http.client.HTTPConnection, request: Request, delivery: Delivery) -> None:
    sent = time.monotonic()
    link.request(request.method, request.path, request.body, dict(request.headers))
    answer = link.getresponse()
    said = answer.read()
    now = time.monotonic()
    if answer.status != request.expected:
        raise WrongAnswer(f"{request.method} {request.path}: {answer.status} {said[:400]!r}")
    delivery.latencies.append(now - sent)
    delivery.acknowledged.append(now)


def fetch(server: WebServer, request: Request) -> tuple[Mapping[str, str], bytes]:
    """Send one request and return the headers and the body of its answer."""
    link = http.client.HTTPConnection("127.0.0.1", server.port, timeout=SECONDS_TO_ANSWER)
    try:
        link.request(request.method, request.path, request.body, dict(request.headers))
        answer = link.getresponse()
        said = answer.read()
        if answer.status != request.expected:
            raise WrongAnswer(f"{request.method} {request.path}: {answer.status} {said[:400]!r}")
        return dict(answer.headers), said
    finally:
        link.close()


@dataclass(frozen=True)
class OpenStation:
    """A station without a form, and the witness who guards it."""

    contest_id: int
    station_id: int
    result_id: int
    region_id: int
    witness: SignedIn

    def form(self) -> Request:
        headers = {**self.witness.headers, "Content-Type": "application/json"}
        body = forms.body(self.contest_id, self.station_id, self.station_id)
        return Request("POST", "/api/v1/forms/", headers, body, expected=201)


class FormQueue:
    """First forms for stations that are open; none is used twice."""

    def __init__(self, open_results: QuerySet, witnesses: Sequence[SignedIn]) -> None:
        rows = open_results.values_list("contest_id", "station_id", "pk", "station__region_id", "form_id")
        guarded = zip(rows, itertools.cycle(witnesses), strict=False)
        self._free = iter([OpenStation(*row[:4], witness) for row, witness in guarded if row[4] is None])

    def stations(self, count: int) -> list[OpenStation]:
        """Return ``count`` stations in the order of their ids. Raises `WrongAnswer` when they are used up."""
        found = list(itertools.islice(self._free, count))
        if len(found) < count:
            raise WrongAnswer("no station is open any more")
        return found

    def take(self, count: int) -> list[Request]:
        return [station.form() for station in self.stations(count)]


def photos_in_pieces(bodies: Iterable[tuple[str, bytes]], witnesses: Sequence[SignedIn]) -> list[Request]:
    """The same in pieces, one after another: for a single client, because each goes on where the last one ended."""
    turns = itertools.cycle(witnesses)
    return [piece for sha256, data in bodies for piece in _pieces(sha256, data, next(turns))]


def _pieces(sha256: str, data: bytes, witness: SignedIn) -> Iterator[Request]:
    for offset in range(0, len(data), PIECE):
        body = data[offset : offset + PIECE]
        place = {"Upload-Offset": str(offset), "Upload-Length": str(len(data))}
        expected = 201 if offset + PIECE >= len(data) else 204
        headers = {**witness.headers, **place, "Content-Type": "application/octet-stream"}
        yield Request("PATCH", f"/api/v1/photos/{sha256}/", headers, body, expected)


def photos(bodies: Iterable[tuple[str, bytes]], witnesses: Sequence[SignedIn]) -> list[Request]:
    """Uploads of (hash, bytes), from the witnesses in turn."""
    turns = itertools.cycle(witnesses)
    return [
        Request(
            "PUT",
            f"/api/v1/photos/{sha256}/",
            {**next(turns).headers, "Content-Type": "application/octet-stream"},
            data,
            expected=201,
        )
        for sha256, data in bodies
    ]
