"""Long pieces of work at a place of the nation, by name; each returns how many rows (or TPS) it went through."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice

from analytics.examining import running as examining
from analytics.off_target import refreshing
from analytics.projections import running as projections
from regions.models import Level, Region
from tallies import audit
from tallies.archive.results_hash import results_hash
from tallies.exports import files
from tallies.exports.tables import Filters, Row, Table, table_of
from tallies.models import AuditEvent, ExaminationRow, OutboxRow, PollingStation, StationResult
from tallies.totals import aggregation, rebuilding
from tallies.totals.places import place_for
from tallies.trail import sealing
from tests.bench import plain_sql
from tests.bench.nation import ground, keys
from tests.bench.phones import WrongAnswer

Work = Callable[[str], int]


def find(name: str) -> Work:
    """``file:TABLE:FORMAT`` or a name of `WORKS`."""
    if name.startswith("file:"):
        _file, table, file_format = name.split(":")
        return lambda code: _write(table, file_format, code)
    return WORKS[name]


def _stations(code: str) -> int:
    return PollingStation.objects.within(Region.objects.get(code=code)).count()


def _write(table: str, file_format: str, code: str) -> int:
    reader = keys.person("nasional")
    place = place_for(reader, ground.SLUG, code, office="")
    filters = Filters(office=place.office)
    written = 0

    def make() -> Table:
        whole = table_of(reader, place, table, filters)
        return replace(whole, rows=lambda: counted(whole))

    def counted(whole: Table) -> Iterator[Row]:
        nonlocal written
        for row in whole.rows():
            written += 1
            yield row

    files.written(make, file_format).close()
    return written


def _rules(code: str) -> int:
    """Everything below ``code`` examined, as after a change of every desa."""
    contest = ground.contest()
    villages = Region.objects.within(Region.objects.get(code=code)).filter(level=Level.VILLAGE)
    ExaminationRow.objects.all().delete()
    # Part by part: `bulk_create` holds all it is given, and their memory would be told as that of the rules.
    places = villages.values_list("pk", flat=True).iterator()
    while some := list(islice(places, 2000)):
        ExaminationRow.objects.bulk_create(ExaminationRow(contest=contest, region_id=one) for one in some)
    examining.examine_changed()
    return _stations(code)


def _drain(code: str) -> int:
    """A form of every TPS of ``code`` that is in has changed."""
    contest = ground.contest()
    results = StationResult.objects.within(Region.objects.get(code=code)).filter(contest=contest).exclude(form=None)
    queued = OutboxRow.objects.bulk_create(
        (
            OutboxRow(election_id=contest.election_id, contest=contest, region_id=region, station_id=station)
            for station, region in results.values_list("station_id", "station__region_id").iterator()
        ),
        batch_size=2000,
    )
    aggregation.drain()
    ExaminationRow.objects.all().delete()
    return len(queued)


def _verify(code: str) -> int:
    results = StationResult.objects.within(Region.objects.get(code=code))
    for sentence in audit.verify(results):
        raise WrongAnswer(sentence)
    return results.count()


def _check(_code: str) -> int:
    for sentence in rebuilding.differences(ground.election()):
        raise WrongAnswer(sentence)
    return _stations("ID")


def _rebuild(_code: str) -> int:
    rebuilding.rebuild(ground.election())
    return _stations("ID")


def _plain(_code: str) -> int:
    plain_sql.sum_all_levels(ground.contest().pk)
    return _stations("ID")


def _hash(_code: str) -> int:
    results_hash(ground.election())
    return _stations("ID")


def _project(_code: str) -> int:
    projections.run(ground.contest())
    return _stations("ID")


def _off_target(_code: str) -> int:
    refreshing.refresh_changed()
    return _stations("ID")


def _seal(_code: str) -> int:
    """The first notes how far there is anything, the second seals it."""
    sealing.seal_new()
    sealing.seal_new()
    return AuditEvent.objects.count()


def _verify_seals(_code: str) -> int:
    for sentence in sealing.verify():
        raise WrongAnswer(sentence)
    return AuditEvent.objects.count()


WORKS: dict[str, Work] = {
    "plain_sql": _plain,
    "rebuild_totals": _rebuild,
    "rebuild_totals --check": _check,
    "results_hash": _hash,
    "verify_audit": _verify,
    "seal": _seal,
    "verify seals": _verify_seals,
    "drain": _drain,
    "rules": _rules,
    "off target": _off_target,
    "projection": _project,
}
