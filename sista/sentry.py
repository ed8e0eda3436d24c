"""Errors to a Sentry of the party's own (``SENTRY_DSN``): where in the code, never about whom.

What leaves is built anew from what is allowed, as the log lines are
(`sista.logging_json`): a field that a later version of the SDK adds stays here.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from sista.logging_json import FRAMES, WithoutAddresses, message_of

#: Of the event itself. ``transaction`` is the pattern of the address, or the task's name.
_PLAIN = ("event_id", "timestamp", "platform", "level", "logger", "transaction", "environment", "release", "sdk")
_OF_A_FRAME = ("filename", "function", "module", "lineno", "in_app", "context_line", "pre_context", "post_context")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_addresses = WithoutAddresses()


def start(dsn: str, transport: Any = None) -> None:
    """Report errors of views and tasks and log lines of level ERROR. ``transport``: a test's network."""
    import sentry_sdk
    from sentry_sdk.integrations.celery import CeleryIntegration
    from sentry_sdk.integrations.django import DjangoIntegration

    sentry_sdk.init(
        dsn=dsn,
        transport=transport,
        send_default_pii=False,
        include_local_variables=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
        server_name="-",
        auto_enabling_integrations=False,
        integrations=[DjangoIntegration(transaction_style="url", middleware_spans=False), CeleryIntegration()],
        auto_session_tracking=False,
        send_client_reports=False,
        propagate_traces=False,
        trace_propagation_targets=[],
        before_send=allowed,
        before_send_transaction=lambda _event, _hint: None,
    )


def allowed(event: Mapping[str, Any], hint: Mapping[str, Any]) -> dict[str, Any]:
    """Of ``event`` what may leave. Of an error its type and places: PostgreSQL quotes the row in its text."""
    told = {name: event[name] for name in _PLAIN if event.get(name)}
    if event.get("transaction_info", {}).get("source") == "url":
        told.pop("transaction", None)  # no pattern fitted, so it is the address as it was sent
    method = event.get("request", {}).get("method")
    if method in _METHODS:
        told["request"] = {"method": method}
    errors = event.get("exception", {}).get("values", [])
    if errors:
        told["exception"] = {"values": [_error(error) for error in errors]}
    record = hint.get("log_record")
    if isinstance(record, logging.LogRecord):
        _addresses.filter(record)
        told["logentry"] = {"formatted": message_of(record)}
    return told


def _error(error: Mapping[str, Any]) -> dict[str, Any]:
    frames = (error.get("stacktrace") or {}).get("frames", [])[-FRAMES:]
    kept = [{name: frame[name] for name in _OF_A_FRAME if frame.get(name) is not None} for frame in frames]
    return {"type": error.get("type"), "module": error.get("module"), "stacktrace": {"frames": kept}}
