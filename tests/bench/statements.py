"""Which SQL a request is: counted, and turned into a pgbench script."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext, override_settings

from tests.bench.phones import Request, WrongAnswer


@contextmanager
def counted() -> Iterator[list[str]]:
    """Collect the statements run inside, without BEGIN and COMMIT (which are no work of the application)."""
    found: list[str] = []

    def note(execute: Callable, sql: str, params, many, context):
        found.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield found


def answer_here(request: Request) -> None:
    """Answer a request in this process, through the same middleware as in the server."""
    client = Client(enforce_csrf_checks=True, raise_request_exception=True)
    headers = {name: value for name, value in request.headers.items() if name != "Content-Type"}
    kind = request.headers.get("Content-Type", "application/octet-stream")
    answer = client.generic(
        request.method, request.path, request.body or b"", content_type=kind, headers={**headers, "Host": "127.0.0.1"}
    )
    if answer.status_code != request.expected:
        raise WrongAnswer(f"{request.method} {request.path}: {answer.status_code} {answer.content[:400]!r}")


def recorded(request: Request) -> list[str]:
    """The SQL of a request with its values, transaction control included."""
    with override_settings(PREPARE_ON_SERVER=False), CaptureQueriesContext(connection) as captured:
        answer_here(request)
    return [query["sql"] for query in captured.captured_queries]
