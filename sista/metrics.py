"""Numbers for Prometheus: what each process counts, and what the database knows.

Web processes and Celery's children each count for themselves; where there are
several, prometheus_client adds them up from files in
``PROMETHEUS_MULTIPROC_DIR`` (set in the settings). Label values are patterns
and kinds, never a place or a person.
"""

from __future__ import annotations

import contextlib
import hmac
import ipaddress
import logging
import os
import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any, Protocol
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

log = logging.getLogger(__name__)


def _make_folder() -> None:
    """Make the folder of the counts; empty it when all who wrote there are gone.

    Before prometheus_client is imported: it decides then how it counts.
    """
    name = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    if not name:
        return
    folder = Path(name)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # Only what is there now: a process that starts beside this one makes its files later.
        left = {path: int(found[1]) for path in folder.iterdir() if (found := re.search(r"_(\d+)\.db$", path.name))}
        if not any(Path(f"/proc/{pid}").exists() for pid in left.values()):
            for path in left:
                path.unlink(missing_ok=True)
    except OSError as error:
        log.warning("each process counts for itself, %s cannot be used: %s", name, error.strerror)
        del os.environ["PROMETHEUS_MULTIPROC_DIR"]


_make_folder()

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest  # noqa: E402
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4  # noqa: E402
from prometheus_client.metrics_core import GaugeMetricFamily, Metric  # noqa: E402
from prometheus_client.multiprocess import MultiProcessCollector  # noqa: E402
from prometheus_client.registry import Collector  # noqa: E402

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4

_own = CollectorRegistry()
REQUESTS = Counter("sista_requests", "Requests answered.", ["method", "route", "status"], registry=_own)
REQUEST_SECONDS = Histogram(
    "sista_request_seconds",
    "Time a request took in the web process.",
    ["method", "route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
    registry=_own,
)
FORMS = Counter("sista_forms", "C1 forms stored, by the channel they came through.", ["channel"], registry=_own)
REFUSED = Counter("sista_refused", "Forms the intake refused, by the code of the reason.", ["reason"], registry=_own)
PAGE_READS = Counter(
    "sista_page_reads",
    "Pages that only read, by the database that answered and why it was the primary.",
    ["database", "why"],
    registry=_own,
)
SMS = Counter("sista_sms", "SMS that came in, by what became of them.", ["outcome"], registry=_own)
JOB_SECONDS = Histogram(
    "sista_job_seconds",
    "Time a round of work outside requests took: drain, findings, photos, messages.",
    ["job"],
    buckets=(0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60),
    registry=_own,
)


def count_request(method: str, route: str, status: int, seconds: float) -> None:
    REQUESTS.labels(method, route, str(status)).inc()
    REQUEST_SECONDS.labels(method, route).observe(seconds)


def count_form(channel: str) -> None:
    FORMS.labels(channel).inc()


def count_refused(reason: str) -> None:
    """``reason`` is a code of ours, never what somebody sent."""
    REFUSED.labels(reason).inc()


def count_page_read(database: str, why: str) -> None:
    PAGE_READS.labels(database, why).inc()


def count_sms(outcome: str) -> None:
    SMS.labels(outcome).inc()


@contextlib.contextmanager
def timed(job: str) -> Iterator[None]:
    """Count the time of one round of ``job``."""
    began = time.perf_counter()
    try:
        yield
    finally:
        JOB_SECONDS.labels(job).observe(time.perf_counter() - began)


class Waiting(Protocol):
    """What the database knows of work that waits (`tallies.waiting`); ages in seconds."""

    outbox_rows: int
    outbox_age: float
    photos_waiting: int
    photos_age: float
    findings_waiting: int
    findings_age: float
    sms_waiting: int


def exposition(
    stored: Callable[[], Waiting | None] | None = None, behind: Callable[[], float | None] | None = None
) -> bytes:
    """All numbers in Prometheus' text format; with ``stored`` also what the database knows, None when it is away.

    ``behind``, where there is a replica, says how many seconds late it is at most; None when it may not be read.
    """
    registry = CollectorRegistry()
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        MultiProcessCollector(registry)
        told = generate_latest(registry)
    else:
        told = generate_latest(_own)
    if stored is not None:
        facts = CollectorRegistry()
        facts.register(_StoredFacts(stored, behind))
        told += generate_latest(facts)
    return told


class _StoredFacts(Collector):
    """What the database knows, asked for at each scrape; when it is away, that."""

    def __init__(
        self, stored: Callable[[], Waiting | None], behind: Callable[[], float | None] | None = None
    ) -> None:
        self._stored, self._behind = stored, behind

    def collect(self) -> Iterable[Metric]:
        if self._behind is not None:
            late = self._behind()
            yield GaugeMetricFamily(
                "sista_replica_up", "1 when pages may be read from the replica.", late is not None
            )
            if late is not None:
                yield GaugeMetricFamily("sista_replica_behind_seconds", "How late it is at most.", late)
        facts = self._stored()
        yield GaugeMetricFamily("sista_database_up", "1 when the database answers.", 0 if facts is None else 1)
        if facts is not None:
            yield GaugeMetricFamily("sista_outbox_rows", "Changes the totals do not know yet.", facts.outbox_rows)
            yield GaugeMetricFamily("sista_outbox_age_seconds", "Age of the oldest of them.", facts.outbox_age)
            yield GaugeMetricFamily("sista_photos_waiting", "Photos whose copy is not made.", facts.photos_waiting)
            yield GaugeMetricFamily("sista_photos_age_seconds", "Age of the oldest of them.", facts.photos_age)
            yield GaugeMetricFamily(
                "sista_findings_waiting", "Changes the rules have not looked at.", facts.findings_waiting
            )
            yield GaugeMetricFamily("sista_findings_age_seconds", "Age of the oldest of them.", facts.findings_age)
            yield GaugeMetricFamily("sista_sms_waiting", "SMS the gateway has not taken yet.", facts.sms_waiting)


def may_read(request: Mapping[str, Any], token: str) -> bool:
    """True for this machine itself and for who brings the token. ``request`` is a WSGI environment."""
    given = request.get("HTTP_AUTHORIZATION", "")
    if token and hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
        return True
    # A proxy on this machine brings the whole world from 127.0.0.1, and says so.
    forwarded = any(name.startswith("HTTP_X_FORWARDED_") or name == "HTTP_FORWARDED" for name in request)
    return not forwarded and _is_loopback(request.get("REMOTE_ADDR", ""))


def _is_loopback(address: str) -> bool:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    return (getattr(found, "ipv4_mapped", None) or found).is_loopback


class _QuietHandler(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        pass


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


def serve(port: int, token: str) -> WSGIServer:
    """Answer ``/metrics`` at ``port``, in a thread: for a Celery worker, which has no web server."""
    server = make_server("", port, _application(token), _Server, _QuietHandler)
    threading.Thread(target=server.serve_forever, name="metrics", daemon=True).start()
    return server


def _application(token: str) -> Callable[..., Iterable[bytes]]:
    def application(request: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if request.get("PATH_INFO") != "/metrics":
            start_response("404 Not Found", [("Content-Type", "text/plain")])
            return [b"/metrics\n"]
        if not may_read(request, token):
            start_response("401 Unauthorized", [("WWW-Authenticate", "Bearer")])
            return [b""]
        start_response("200 OK", [("Content-Type", CONTENT_TYPE), ("Cache-Control", "no-store")])
        # No database here: Celery's children inherit this process's connections.
        return [exposition()]

    return application
