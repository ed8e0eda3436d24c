"""Memory of every process while it works on the nation: the most that was seen, shared pages by share and in full."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from django.core.cache import cache
from django.core.management import call_command
from django.db import connection
from django.urls import reverse

from regions.models import Level, Region
from tallies import photos
from tallies.exports import jobs
from tallies.exports.tables import Filters
from tallies.models import ExportJob, ExportState, OutboxRow, Photo, PhotoState, StationResult
from tallies.totals.places import place_for
from tests.bench import country, filler, parts, phones, pictures
from tests.bench.measurement import Measurement, say
from tests.bench.nation import ground, keys, tables
from tests.bench.phones import Request, WrongAnswer
from tests.bench.running import Options

SECONDS_BETWEEN_LOOKS = 0.3
REGENCIES, PHOTOS, LONGEST = 60, 12, 300


def measure(options: Options) -> list[Measurement]:
    call_command("collectstatic", verbosity=0, interactive=False, ignore_patterns=["rest_framework"])
    reader = country.sign_in(keys.person("nasional"))
    headers = {"Cookie": reader.headers["Cookie"], "Accept": "text/html"}
    codes = Region.objects.filter(level=Level.REGENCY).order_by("pk").values_list("code", flat=True)[:REGENCIES]
    pages = [Request("GET", reverse("region", args=[ground.SLUG, code]), headers) for code in ("ID", *codes)]
    with (
        parts.web_server() as server,
        parts.task_workers() as workers,
        _watched({"web": server.pid, **workers}) as most,
    ):
        cache.clear()
        phones.deliver(server, pages, clients=4)
        _give_work()
        _await_the_end()
    rows = sorted((name, *(round(one / 1024) for one in sizes)) for name, sizes in most.items())
    tables.write("Memory at work", ("process", "PSS MB", "RSS MB"), rows)
    return [Measurement(f"nation.pss.{name}", pss, "MB, most seen") for name, pss, _rss in rows]


def _give_work() -> None:
    """Photos, a provinsi whose every TPS has changed, and a file of the nation."""
    reader, guard = keys.person("nasional"), keys.person(filler.first_guard())
    for sha256, data in pictures.hashed(PHOTOS, series=str(time.time())):
        photos.receive(data, by=guard, expected_sha256=sha256)
    contest = ground.contest()
    results = StationResult.objects.within(Region.objects.get(code="35")).filter(contest=contest).exclude(form=None)
    OutboxRow.objects.bulk_create(
        (
            OutboxRow(election_id=contest.election_id, contest=contest, region_id=region, station_id=station)
            for station, region in results.values_list("station_id", "station__region_id").iterator()
        ),
        batch_size=2000,
    )
    place = place_for(reader, ground.SLUG, "ID", office="")
    jobs.ask(place, "tps", Filters(office=place.office), "csv", rows=ground.STATIONS, by=reader)


def _await_the_end() -> None:
    began = time.monotonic()
    while True:
        left = {
            "outbox": OutboxRow.objects.count(),
            "photos": Photo.objects.filter(state=PhotoState.RECEIVED).count(),
            "files": ExportJob.objects.exclude(state=ExportState.READY).count(),
        }
        if not any(left.values()):
            return
        if time.monotonic() - began > LONGEST:
            raise WrongAnswer(f"still to do: {left}")
        time.sleep(1)


@contextmanager
def _watched(processes: dict[str, int]) -> Iterator[dict[str, tuple[int, int]]]:
    """The most kilobytes (PSS, RSS) of each with its children, and of the largest PostgreSQL backend."""
    most: dict[str, tuple[int, int]] = {}
    ended = threading.Event()

    def look() -> None:
        while not ended.wait(SECONDS_BETWEEN_LOOKS):
            for name, pid in processes.items():
                with suppress(FileNotFoundError, ProcessLookupError):
                    _note(most, name, [pid, *parts.children(pid)])
            for pid in _backends():
                with suppress(FileNotFoundError, ProcessLookupError, PermissionError):
                    _note(most, "postgres backend", [pid])
        connection.close()

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield most
    except BaseException:
        say(f"Seen so far: {most}")
        raise
    finally:
        ended.set()
        thread.join()


def _note(most: dict[str, tuple[int, int]], name: str, pids: list[int]) -> None:
    sizes = [_kilobytes(pid) for pid in pids]
    now = sum(pss for pss, _rss in sizes), sum(rss for _pss, rss in sizes)
    most[name] = max(most.get(name, (0, 0)), now)


def _kilobytes(pid: int) -> tuple[int, int]:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    found = {line.split(":")[0]: int(line.split()[1]) for line in lines[1:] if ":" in line}
    return found["Pss"], found["Rss"]


def _backends() -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pid FROM pg_stat_activity WHERE datname = current_database()")
        return [pid for (pid,) in cursor.fetchall()]
