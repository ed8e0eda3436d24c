"""Log lines: for people at the screen, or as JSON for a collector. Neither names anyone.

What a log may hold: what happened, where in the code, to which kind of
address, how long it took, the role. Not: names, phone numbers, figures,
session keys, bodies, the numbers inside an address.
"""

from __future__ import annotations

import json
import logging
import re
import traceback
from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest

#: Frames of a traceback that are kept: the innermost.
FRAMES = 12
NO_ROUTE = "-"


def route_of(request: HttpRequest) -> str:
    """The pattern of the address, e.g. ``saksi/<int:result_id>/c1/``; "-" where none fits."""
    match = request.resolver_match
    return (match.route or "/") if match else NO_ROUTE


#: An activation link opens an account; servers write down addresses by themselves.
_SECRET = re.compile(r"(/aktivasi/)[^/\s?\"']+")


class WithoutAddresses(logging.Filter):
    """Put the pattern in place of the address in Django's own messages; hide what opens an account."""

    def filter(self, record: logging.LogRecord) -> bool:
        request = getattr(record, "request", None)
        if isinstance(request, HttpRequest) and isinstance(record.args, tuple):
            record.args = tuple(route_of(request) if one == request.path else one for one in record.args)
        if isinstance(record.args, tuple):
            record.args = tuple(_SECRET.sub(r"\1***", one) if isinstance(one, str) else one for one in record.args)
        return True


class LineFormatter(logging.Formatter):
    """Time, level, place, message; of an exception its types and every place, for whoever sits before it.

    Its text is left out as in JSON: a console is kept too, by whatever runs the process.
    """

    def __init__(self) -> None:
        super().__init__("{asctime} {levelname} {name}: {message}", style="{")

    def format(self, record: logging.LogRecord) -> str:
        # Not the base class's: it keeps on the record what another handler has made of the exception.
        record.message, record.asctime = message_of(record), self.formatTime(record)
        line = self.formatMessage(record)
        error = record.exc_info[1] if record.exc_info else None
        return "\n".join([line, *_traceback(error)]) if error else line


def _traceback(error: BaseException) -> list[str]:
    """As Python prints it, from the first error to what came of it, each without its text."""
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    sqlstate = getattr(error, "pgcode", None)
    told = _traceback(before) if before else []
    told += [one.rstrip("\n") for one in traceback.format_tb(error.__traceback__)]
    return [*told, f"{type(error).__name__} ({sqlstate})" if sqlstate else type(error).__name__]


class JsonFormatter(logging.Formatter):
    """One JSON object a line. ``extra={"facts": {…}}`` adds fields.

    Of an exception only its type, SQLSTATE and places are told. Its text is
    left out: PostgreSQL quotes the row there.
    """

    def format(self, record: logging.LogRecord) -> str:
        told: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": message_of(record),
            **getattr(record, "facts", {}),
        }
        if record.exc_info and record.exc_info[1]:
            told |= _error(record.exc_info[1])
        return json.dumps(told, ensure_ascii=False, default=str)


def message_of(record: logging.LogRecord) -> str:
    """The message; of an error in it only the type."""
    if isinstance(record.msg, BaseException):
        return type(record.msg).__name__
    if isinstance(record.args, tuple) and record.args:
        return record.msg % tuple(
            type(one).__name__ if isinstance(one, BaseException) else one for one in record.args
        )
    return record.getMessage()


def _error(error: BaseException) -> dict[str, Any]:
    frames = traceback.extract_tb(error.__traceback__)[-FRAMES:]
    told: dict[str, Any] = {
        "error": type(error).__name__,
        "where": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
    }
    if error.__cause__:
        told["cause"] = type(error.__cause__).__name__
        told["sqlstate"] = getattr(error.__cause__, "pgcode", None)
    return {key: value for key, value in told.items() if value}
