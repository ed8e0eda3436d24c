"""E3, P4 and H5 of a desa; P1 and P2 between stations: what looks like a copy of what stands elsewhere."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from analytics.examining.found import Found, Place
from analytics.examining.stations import Branch, ContestFacts, StationTable
from analytics.models import Rule
from analytics.rules.arithmetic import full_turnout_area
from analytics.rules.copies import identical_figures, same_files, same_pictures
from analytics.rules.digits import Row, another_station
from analytics.rules.settings import RuleSettings
from regions.models import Region
from tallies.models import FormPhoto, Photo, PhotoState, PhotoSubject, StationResult

#: What is found here at a station, and at a desa.
STATION_RULES = (Rule.OTHER_STATION, Rule.SAME_FILE, Rule.SAME_PICTURE)
VILLAGE_RULES = (Rule.IDENTICAL_FIGURES, Rule.FULL_TURNOUT)

Figures = tuple[int | None, ...]


def in_villages(facts: ContestFacts, table: StationTable, settings: RuleSettings) -> list[Found]:
    """E3 at the later of two equal rows, P4 and H5 at the desa."""
    return _equal_rows(facts, table, settings) + _full_turnout(facts, table, settings)


def _equal_rows(facts: ContestFacts, table: StationTable, settings: RuleSettings) -> list[Found]:
    groups: defaultdict[tuple[int, ...], list[int]] = defaultdict(list)
    columns = np.column_stack([table.region, table.votes, table.valid, table.invalid, table.voters])
    # A row with a blank box, or of zeros, equals too many others.
    usable = np.flatnonzero(table.is_whole & (columns >= 0).all(axis=1) & (table.cast > 0))
    for row, key in zip(usable.tolist(), map(tuple, columns[usable].tolist()), strict=True):
        groups[key].append(row)
    twins = {key: rows for key, rows in groups.items() if len(rows) > 1}
    if not twins:
        return []
    photos = _photos_of([int(table.form[row]) for rows in twins.values() for row in rows])
    villages: defaultdict[int, list[tuple[int, Figures]]] = defaultdict(list)
    found = []
    for (region, *figures), rows in twins.items():
        same = [Row(int(table.station[row]), tuple(figures), photos.get(int(table.form[row]), ())) for row in rows]
        villages[region] += [(one.station, one.figures) for one in same]
        # Of two equal ones the later is the one to ask about.
        last = max(rows, key=lambda row: int(table.form[row]))
        one = another_station(same[rows.index(last)], same)
        if one is not None:
            votes = table.votes[last].tolist()
            found.append(
                Found(
                    rule=Rule.OTHER_STATION,
                    place=Place(facts.contest.pk, int(region), one.station),
                    severity=one.severity,
                    numbers={
                        "other_station": one.stations[0],
                        "stations": list(one.stations),
                        "votes": {str(n): v for n, v in zip(facts.numbers, votes, strict=True)},
                        "forms": [int(table.form[last])],
                    },
                    basis=[int(table.form[last]), list(one.stations)],
                    stake=_lead(facts, votes),
                )
            )
    return found + [_identical(facts, region, rows, settings) for region, rows in villages.items() if rows]


def _identical(
    facts: ContestFacts, region: int, rows: Sequence[tuple[int, Figures]], settings: RuleSettings
) -> Found:
    told = identical_figures(rows, settings=settings)
    groups = [{"figures": list(one.figures), "stations": list(one.stations)} for one in told]
    largest = max(told, key=lambda one: (one.severity, len(one.stations)))
    return Found(
        rule=Rule.IDENTICAL_FIGURES,
        place=Place(facts.contest.pk, int(region)),
        severity=largest.severity,
        numbers={"figures": list(largest.figures), "stations": list(largest.stations), "groups": groups},
        basis=groups,
    )


def _full_turnout(facts: ContestFacts, table: StationTable, settings: RuleSettings) -> list[Found]:
    known = table.is_in & (table.voters > 0) & (table.registered > 0)
    full = known & (table.voters == table.registered)
    found = []
    for region in np.unique(table.region[full]).tolist():
        here = known & (table.region == region)
        one = full_turnout_area((full[here]).tolist(), settings)
        if one is None:
            continue
        stations = table.station[here & full].tolist()
        numbers = {"stations": stations, "compared": one.compared, "full": one.stations}
        found.append(
            Found(Rule.FULL_TURNOUT, Place(facts.contest.pk, region), one.severity, numbers, basis=sorted(stations))
        )
    return found


def _lead(facts: ContestFacts, votes: Sequence[int]) -> int:
    column = facts.own_column
    if column is None or len(votes) < 2:
        return 0
    return abs(votes[column] - max(votes[:column] + votes[column + 1 :]))


# Photos


def of_photos(
    facts: ContestFacts,
    changed: Mapping[int, int],
    branch: Branch,
    settings: RuleSettings,
) -> list[Found]:
    """P1 and P2 of the ``changed`` stations (form by station) against all others; each two is found at both."""
    digests = _photos_of(list(changed.values()))
    if not digests:
        return []
    mine = {sha256 for photos in digests.values() for sha256 in photos}
    return _same_files(facts, mine) + _same_pictures(facts, changed, digests, branch, settings)


def _same_files(facts: ContestFacts, mine: set[str]) -> list[Found]:
    named = list(_named(facts).filter(sha256__in=sorted(mine)).values_list(*_NAMED))
    where = {station: region for _form, station, region, _sha256 in named}
    forms = {station: form for form, station, _region, _sha256 in named}
    found = []
    by_station: defaultdict[int, list[tuple[str, tuple[int, ...]]]] = defaultdict(list)
    severity = {}
    for one in same_files((station, sha256) for _form, station, _region, sha256 in named):
        for station in one.stations:
            by_station[station].append((one.digest, one.stations))
            severity[station] = one.severity
    for station, files in by_station.items():
        stations = sorted({other for _digest, whose in files for other in whose} - {station})
        digests = sorted(digest for digest, _whose in files)
        numbers = {"digest": digests[0], "photos": digests, "stations": stations, "forms": [forms[station]]}
        place = Place(facts.contest.pk, where[station], station)
        found.append(Found(Rule.SAME_FILE, place, severity[station], numbers, basis=[digests, stations]))
    return found


def _same_pictures(
    facts: ContestFacts,
    changed: Mapping[int, int],
    digests: Mapping[int, set[str]],
    branch: Branch,
    settings: RuleSettings,
) -> list[Found]:
    """Within each kabupaten: who copies takes a neighbour's, and the square of a nation is out of reach."""
    with_photos = {form for form, named in digests.items() if named}
    regencies = {branch.regency_of[region] for region in _regions_of(facts, changed, with_photos)}
    found: dict[int, Found] = {}
    for regency in Region.objects.filter(pk__in=regencies).order_by("pk"):
        named = list(
            _named(facts)
            .filter(form__station__region__first__range=(regency.first, regency.last))
            .values_list(*_NAMED)
        )
        hashes = _hashes({sha256 for _form, _station, _region, sha256 in named})
        rows = [row for row in named if row[3] in hashes]
        of_changed = [n for n, row in enumerate(rows) if row[1] in changed]
        pairs = same_pictures([(row[1], hashes[row[3]]) for row in rows], settings, against=of_changed)
        for one in sorted(pairs, key=lambda pair: pair.distance):
            # The same bytes are P1's.
            if rows[one.first][3] == rows[one.second][3]:
                continue
            for me, other in ((rows[one.first], rows[one.second]), (rows[one.second], rows[one.first])):
                if me[1] in found:
                    continue
                numbers = {
                    "distance": one.distance,
                    "to_review": one.to_review,
                    "stations": [other[1]],
                    "photos": [me[3], other[3]],
                    "forms": [me[0]],
                }
                place = Place(facts.contest.pk, me[2], me[1])
                found[me[1]] = Found(Rule.SAME_PICTURE, place, one.severity, numbers, basis=sorted([me[3], other[3]]))
    return list(found.values())


_NAMED = ("form_id", "form__station_id", "form__station__region_id", "sha256")


def _named(facts: ContestFacts):
    """Photos of C1 pages that counted forms of the contest name."""
    counted = StationResult.objects.filter(contest=facts.contest, form__isnull=False)
    return FormPhoto.objects.filter(subject=PhotoSubject.C1, form__counted_in__in=counted).order_by("pk")


def _regions_of(facts: ContestFacts, changed: Mapping[int, int], forms: set[int]) -> set[int]:
    stations = [station for station, form in changed.items() if form in forms]
    rows = StationResult.objects.filter(contest=facts.contest, station__in=stations)
    return set(rows.values_list("station__region_id", flat=True))


def _photos_of(forms: Iterable[int]) -> dict[int, set[str]]:
    found: defaultdict[int, set[str]] = defaultdict(set)
    rows = FormPhoto.objects.filter(form__any_of=list(forms), subject=PhotoSubject.C1)
    for form, sha256 in rows.values_list("form_id", "sha256"):
        found[form].add(sha256)
    return found


def _hashes(digests: set[str]) -> dict[str, bytes]:
    ready = Photo.objects.filter(state=PhotoState.READY).exclude(picture_hash="")
    rows = ready.filter(pk__in=sorted(digests)).values_list("pk", "picture_hash")
    return {pk: bytes.fromhex(text) for pk, text in rows}
