"""What a form costs over HTTP while more and more are stored, and what a photo costs, whole and in pieces."""

from __future__ import annotations

import json
from collections.abc import Sequence

from accounts.models import User
from tallies import intake
from tallies.api.serializers import submission_of
from tallies.models import Channel
from tests.bench import country, phones, pictures, statements
from tests.bench.country import SignedIn
from tests.bench.measurement import Measurement, median
from tests.bench.parts import PostgresMeter, WebServer, web_server
from tests.bench.phones import FormQueue, Request
from tests.bench.running import Options

CLIENTS = 8
ROUNDS, FORMS_A_ROUND = 3, 150
PHOTOS = 90
STORED = (1_000, 10_000, 100_000)

#: CPU-milliseconds a request: in the worker, and in PostgreSQL where it is on this machine.
Cost = tuple[float, float | None]


def measure(options: Options) -> list[Measurement]:
    size = country.PROVINCE
    election = country.big_election(size)
    witnesses = country.witnesses()
    queue = FormQueue(country.open_results(election, size), witnesses)
    costs: dict[int, Cost] = {}
    with web_server() as server:
        phones.deliver(server, queue.take(200), clients=CLIENTS)
        for stored in STORED:
            country.fill_to(election, size, stored)
            costs[stored] = cost_of(server, [queue.take(FORMS_A_ROUND) for _ in range(ROUNDS)])
        uploads = phones.photos(pictures.hashed(PHOTOS, series="intake"), witnesses)
        photo = cost_of(server, [uploads[start::ROUNDS] for start in range(ROUNDS)])
        pieces = _cost_in_pieces(server, witnesses)
    return [*_growth(costs), *_each(costs), *_photo(photo), *_pieces(pieces), *_statements(queue)]


def cost_of(server: WebServer, rounds: Sequence[Sequence[Request]], *, clients: int = CLIENTS) -> Cost:
    """The median over rounds, each sent by ``clients`` phones."""
    in_worker, in_postgres = [], []
    for requests in rounds:
        meter, before = PostgresMeter(), server.cpu_seconds()
        phones.deliver(server, requests, clients=clients)
        in_worker.append((server.cpu_seconds() - before) * 1000 / len(requests))
        seconds = meter.seconds()
        if seconds is not None:
            in_postgres.append(seconds * 1000 / len(requests))
    return median(in_worker), median(in_postgres) if in_postgres else None


def _growth(costs: dict[int, Cost]) -> list[Measurement]:
    first, last = (sum(part or 0 for part in costs[stored]) for stored in (STORED[0], STORED[-1]))
    return [Measurement("intake.growth", last / first, f"x to {STORED[-1]:,}", "<= 1.25")]


def _each(costs: dict[int, Cost]) -> list[Measurement]:
    found = []
    for stored, (worker, postgres) in costs.items():
        found.append(Measurement(f"intake.{stored}.worker", worker, "CPU-ms a form", "<= 5"))
        found.append(Measurement(f"intake.{stored}.postgres", postgres, "CPU-ms a form", "<= 2"))
    return found


def _photo(cost: Cost) -> list[Measurement]:
    worker, postgres = cost
    return [
        Measurement("intake.photo.put", worker + (postgres or 0), "CPU-ms 300 KB", "<= 5"),
        Measurement("intake.photo.put.postgres", postgres, "CPU-ms of it"),
    ]


def _cost_in_pieces(server: WebServer, witnesses: Sequence[SignedIn]) -> Cost:
    """The cost of a photo, not of a request."""
    sent = pictures.hashed(PHOTOS, series="pieces")
    rounds = [phones.photos_in_pieces(sent[start::ROUNDS], witnesses) for start in range(ROUNDS)]
    worker, postgres = cost_of(server, rounds, clients=1)
    a_photo = sum(map(len, rounds)) / PHOTOS
    return worker * a_photo, None if postgres is None else postgres * a_photo


def _pieces(cost: Cost) -> list[Measurement]:
    worker, postgres = cost
    return [
        Measurement("intake.pieces", worker, "CPU-ms 300 KB", "<= 15"),
        Measurement("intake.pieces.postgres", postgres, "CPU-ms beside"),
    ]


def _statements(queue: FormQueue) -> list[Measurement]:
    pieces = phones.photos_in_pieces(pictures.hashed(1, series="statements"), [queue.stations(1)[0].witness])
    statements.answer_here(pieces[0])
    with statements.counted() as in_piece:
        statements.answer_here(pieces[1])
    first, second, third, fourth = queue.take(4)
    statements.answer_here(first)
    with statements.counted() as in_request:
        statements.answer_here(second)
    witness = User.objects.get(username="saksi0000")
    _submit(third, witness)
    with statements.counted() as in_submit:
        _submit(fourth, witness)
    return [
        Measurement("intake.statements.submit", len(in_submit), "statements", "<= 10"),
        Measurement("intake.statements.request", len(in_request), "statements", "<= 14"),
        Measurement("intake.statements.piece", len(in_piece), "statements", "<= 5"),
    ]


def _submit(request: Request, witness: User) -> None:
    submission = submission_of(json.loads(request.body or b""))
    receipt = intake.submit(submission, by=witness, channel=Channel.API)
    assert receipt.created
    assert receipt.form.checks == [], "the benchmark's forms are free of contradictions"
