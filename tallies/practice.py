"""A practice election: made from a real one, and the only kind that may go again."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any

from django.db import IntegrityError, connection, models
from django.utils.text import slugify
from django.utils.translation import gettext as _

from accounts import recording
from regions.models import Region
from sista.database import writing
from tallies import phases
from tallies.models import Assignment, Contest, Election, Pair, Phase, PollingStation, StationResult

#: Stations of one practice: a kabupaten has up to 12,000; more would hold a request, and the one writer, too long.
MOST_STATIONS = 15_000
#: What a practice election has from the real one beside its own name.
_COPIED = (
    *("date", "form_kind", "party_name", "party_color", "reserve_rate", "station_cap", "turnout_limit"),
    *("invalid_share_limit", "invalid_count_limit", "reading_mode", "is_simulation"),
)


class PracticeRefused(ValueError):
    """It does not happen; ``code`` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def may_make(user: Any, election: Election) -> bool:
    """Who decides within the region of the election: DPC, DPD, superuser. Not of a practice election."""
    return bool(user.may_decide and user.scope is not None and election.practice_of_id is None)


def make(election: Election, region: Region, *, by: Any) -> Election:
    """Copy contests, pairs, stations and active assignments within ``region``, open for forms at once.

    The region lies in the maker's and holds, or lies in, a contest of the
    election. Raises `PracticeRefused`: ``not_yours``, ``nothing_there``, ``too_large``, ``at_once``.
    """
    if not may_make(by, election) or not by.scope.contains(region):
        raise PracticeRefused("not_yours")
    wanted = PollingStation.objects.filter(election=election).within(region).order_by()[: MOST_STATIONS + 1].count()
    if not wanted:
        raise PracticeRefused("nothing_there")
    if wanted > MOST_STATIONS:
        raise PracticeRefused("too_large")
    try:
        return _copied(election, region, by)
    except IntegrityError as error:  # somebody made one under the same name at the same moment
        raise PracticeRefused("at_once") from error


def _copied(election: Election, region: Region, by: Any) -> Election:
    with writing():
        name = _("Latihan %(place)s: %(election)s") % {"place": region.title, "election": election.name}
        copy = Election.objects.create(
            name=name[:120],
            slug=_free_slug(election, region),
            phase=Phase.OPEN,
            practice_of=election,
            **{field: getattr(election, field) for field in _COPIED},
        )
        _copy_stations(election, copy, region)
        for contest in Contest.objects.filter(election=election).touching(region).select_related("region"):
            twin = Contest.objects.create(election=copy, region=contest.region, office=contest.office)
            Pair.objects.bulk_create(
                Pair(contest=twin, number=p.number, name=p.name, backing=p.backing, usungan=p.usungan)
                for p in contest.pairs.all()
            )
            _make_results(twin)
        guarded = _copy_assignments(election, copy, by)
        recording.record(
            "practice made",
            by=by,
            region=region,
            subject=copy,
            content={"election": election.slug, "practice": copy.slug, "assignments": guarded},
        )
    return copy


def may_remove(user: Any, election: Election) -> bool:
    """Who may lead its phases, or holds a role that decides over all of its region."""
    if election.practice_of_id is None or not user.may_decide or user.scope is None:
        return False
    region = phases.region_of(election)
    made_here = PollingStation.objects.filter(election=election).select_related("region").order_by("region__first")
    first, last = made_here.first(), made_here.last()
    if first is None or last is None:
        return region is not None and user.scope.contains(region)
    return user.scope.contains(first.region) and user.scope.contains(last.region)


def remove(election: Election, *, by: Any) -> None:
    """Delete a practice election with everything in it, table by table.

    Django's own cascade would read every row first. Raises `PracticeRefused`: ``not_yours``, ``still_used``.
    """
    if not may_remove(by, election):
        raise PracticeRefused("not_yours")
    try:
        _remove(election, by)
    except IntegrityError as error:
        raise PracticeRefused("still_used") from error


def _remove(election: Election, by: Any) -> None:
    region = phases.region_of(election)
    with writing():
        _let_go(election.pk)
        for model, paths in _below():
            for path in paths:
                rows = model._default_manager.filter(**{path: election.pk})
                model._default_manager.filter(pk__in=rows.values("pk"))._raw_delete(connection.alias)
        Election.objects.filter(pk=election.pk)._raw_delete(connection.alias)
        # Last: everybody who writes down anything in this kabupaten waits for its chain.
        recording.record(
            "practice removed", by=by, region=region, content={"practice": election.slug, "name": election.name}
        )


def _below() -> list[tuple[type[models.Model], list[str]]]:
    """Every table that hangs on an election (``CASCADE``), the outermost first, and the ways from a row to it.

    What only names one and stands without it (``SET_NULL``) is not among them: `_let_go` is for that. What
    must not lose it (``PROTECT``) stops the removal: its key would lead nowhere, and the database refuses.
    """
    ways: dict[type[models.Model], list[str]] = {}
    depth: dict[type[models.Model], int] = {}
    for child, field, way, level in _relations():
        if field.remote_field.on_delete is models.CASCADE:
            ways.setdefault(child, []).append(way)
            depth[child] = max(depth.get(child, 0), level)
    return sorted(ways.items(), key=lambda item: -depth[item[0]])


def _let_go(key: int) -> None:
    """Empty the references of rows that stay."""
    for child, field, way, _level in _relations():
        if field.remote_field.on_delete is models.SET_NULL:
            rows = child._default_manager.filter(**{way: key})
            child._default_manager.filter(pk__in=rows.values("pk")).update(**{field.name: None})


def _relations() -> Iterator[tuple[type[models.Model], models.ForeignKey, str, int]]:
    """(model, its key, the way from it to an election, how far) over all foreign keys; a way passes a model once."""
    waiting = deque([(Election, "", 1, frozenset({Election}))])
    while waiting:
        model, way, level, seen = waiting.popleft()
        for relation in model._meta.get_fields(include_hidden=True):
            if not (relation.auto_created and (relation.one_to_many or relation.one_to_one)):
                continue
            child, field = relation.related_model, relation.field
            if child in seen:
                continue
            path = f"{field.name}__{way}" if way else field.name
            yield child, field, path, level
            if field.remote_field.on_delete is models.CASCADE:
                waiting.append((child, path, level + 1, seen | {child}))


def _free_slug(election: Election, region: Region) -> str:
    stem = f"latihan-{slugify(region.name)[:20]}-{election.slug}"[:44].strip("-")
    taken = set(Election.objects.filter(slug__startswith=stem).values_list("slug", flat=True))
    return next(slug for slug in (stem, *(f"{stem}-{n}" for n in range(2, 1000))) if slug not in taken)


def _copy_stations(election: Election, copy: Election, region: Region) -> None:
    """In one statement: a kabupaten has 5,000, a provinsi ten times as many."""
    _run(
        "INSERT INTO tallies_pollingstation (election_id, region_id, number, registered_male, registered_female)"
        " SELECT %s, s.region_id, s.number, s.registered_male, s.registered_female FROM tallies_pollingstation s"
        " JOIN regions_region r ON r.id = s.region_id"
        " WHERE s.election_id = %s AND r.first BETWEEN %s AND %s ORDER BY r.first, s.number",
        [copy.pk, election.pk, region.first, region.last],
    )


def _make_results(contest: Contest) -> None:
    lacking = PollingStation.objects.filter(election=contest.election).within(contest.region)
    keys = lacking.order_by("pk").values_list("pk", flat=True)
    StationResult.objects.bulk_create(
        (StationResult(contest=contest, station_id=key) for key in keys.iterator(chunk_size=5000)), batch_size=2000
    )


def _copy_assignments(election: Election, copy: Election, by: Any) -> int:
    twins = {
        (region, number): key
        for key, region, number in PollingStation.objects.filter(election=copy).values_list(
            "pk", "region_id", "number"
        )
    }
    active = Assignment.objects.active().filter(station__election=election).order_by("pk")
    wanted = [
        Assignment(station_id=twins[region, number], witness_id=witness, assigned_by=by)
        for witness, region, number in active.values_list("witness_id", "station__region_id", "station__number")
        if (region, number) in twins
    ]
    Assignment.objects.bulk_create(wanted, batch_size=2000)
    return len(wanted)


def _run(statement: str, values: list[Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
