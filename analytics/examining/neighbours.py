"""E3, P4 and H5 of a desa; P1 and P2 between stations: what looks like a copy of what stands elsewhere."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence

import numpy as np

from analytics.examining.found import Found, Place
from analytics.examining.stations import ContestFacts, StationTable
from analytics.models import STANDING_STATES, Finding, Rule
from analytics.rules.arithmetic import full_turnout_area
from analytics.rules.copies import SameFile, SamePicture, identical_figures, same_files, same_pictures
from analytics.rules.digits import Row, another_station
from analytics.rules.settings import RuleSettings
from regions.models import Region
from tallies.models import COUNTED_REVIEWS, FormPhoto, Photo, PhotoState, PhotoSubject, StationResult

#: What is found here at a station, and at a desa.
STATION_RULES = (Rule.OTHER_STATION, Rule.SAME_FILE, Rule.SAME_PICTURE)
PHOTO_RULES = (Rule.SAME_FILE, Rule.SAME_PICTURE)
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
    facts: ContestFacts, changed: Collection[int], settings: RuleSettings
) -> tuple[list[Found], set[Place]]:
    """P1 and P2 of the ``changed`` stations and of all that they look alike with, or did; and the places asked about.

    Each of two is found at both, with everything that it is a copy of: else what stands at one would depend on which
    of the others was looked at last.
    """
    asked = _partners(facts, changed)
    concerned = {*changed, *(place.station or 0 for place in asked)}
    return _same_files(facts, concerned) + _same_pictures(facts, concerned, settings), asked


def _partners(facts: ContestFacts, changed: Collection[int]) -> set[Place]:
    """Where a finding stands at a changed station, or names one."""
    rules = Finding.objects.filter(contest=facts.contest, rule__in=PHOTO_RULES)
    standing = rules.filter(state__in=STANDING_STATES)
    rows = standing.values_list("station_id", "region_id", "numbers__stations")
    return {
        Place(facts.contest.pk, region, station)
        for station, region, others in rows
        if station in changed or not set(changed).isdisjoint(others or ())
    }


def _same_files(facts: ContestFacts, concerned: set[int]) -> list[Found]:
    near = _sharing(facts, concerned)
    # Those that were not concerned themselves share other files with others still.
    wider = _sharing(facts, {station for _form, station, _region, _sha256 in near})
    asked = concerned | _stations_of(same_files((row[1], row[3]) for row in near))
    where = {station: region for _form, station, region, _sha256 in wider}
    forms = {station: form for form, station, _region, _sha256 in wider}
    found = []
    by_station: defaultdict[int, list[tuple[str, tuple[int, ...]]]] = defaultdict(list)
    severity = {}
    for one in same_files((station, sha256) for _form, station, _region, sha256 in wider):
        for station in asked.intersection(one.stations):
            by_station[station].append((one.digest, one.stations))
            severity[station] = one.severity
    for station, files in sorted(by_station.items()):
        stations = sorted({other for _digest, whose in files for other in whose} - {station})
        digests = sorted(digest for digest, _whose in files)
        numbers = {"digest": digests[0], "photos": digests, "stations": stations, "forms": [forms[station]]}
        place = Place(facts.contest.pk, where[station], station)
        found.append(Found(Rule.SAME_FILE, place, severity[station], numbers, basis=[digests, stations]))
    return found


def _sharing(facts: ContestFacts, stations: set[int]) -> list[tuple[int, int, int, str]]:
    """What names a file that a counted form of ``stations`` names."""
    mine = set(_named(facts).filter(form__station__any_of=sorted(stations)).values_list("sha256", flat=True))
    return list(_named(facts).filter(sha256__in=sorted(mine)).values_list(*_NAMED)) if mine else []


def _stations_of(files: Iterable[SameFile]) -> set[int]:
    return {station for one in files for station in one.stations}


def _same_pictures(facts: ContestFacts, concerned: set[int], settings: RuleSettings) -> list[Found]:
    """Within each kabupaten: who copies takes a neighbour's, and the square of a nation is out of reach."""
    found: dict[int, Found] = {}
    for regency in Region.objects.filter(pk__in=_regencies_of(facts, concerned)).order_by("pk"):
        named = list(
            _named(facts)
            .filter(form__station__region__first__range=(regency.first, regency.last))
            .values_list(*_NAMED)
        )
        hashes = _hashes({sha256 for _form, _station, _region, sha256 in named})
        rows = [row for row in named if row[3] in hashes]
        pictures = [(row[1], hashes[row[3]]) for row in rows]

        def alike(
            stations: Collection[int], rows: Rows = rows, pictures: list[tuple[int, bytes]] = pictures
        ) -> list[SamePicture]:
            against = [n for n, row in enumerate(rows) if row[1] in stations]
            pairs = same_pictures(pictures, settings, against=against) if against else ()
            # The same bytes are P1's.
            return [one for one in pairs if rows[one.first][3] != rows[one.second][3]]

        near = alike(concerned)
        asked = concerned | {rows[place][1] for one in near for place in (one.first, one.second)}
        for one in sorted(
            [*near, *alike(asked - concerned)], key=lambda pair: (pair.distance, pair.first, pair.second)
        ):
            for me, other in ((rows[one.first], rows[one.second]), (rows[one.second], rows[one.first])):
                if me[1] in found or me[1] not in asked:
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
Rows = list[tuple[int, int, int, str]]


def _named(facts: ContestFacts):
    """Photos of C1 pages that counted forms of the contest name; a rejected form is nobody's copy."""
    counted = StationResult.objects.filter(contest=facts.contest, review__in=COUNTED_REVIEWS)
    return FormPhoto.objects.filter(subject=PhotoSubject.C1, form__counted_in__in=counted).order_by("pk")


def _regencies_of(facts: ContestFacts, stations: set[int]) -> set[int]:
    """The kabupaten of those of ``stations`` that have a photo."""
    rows = _named(facts).filter(form__station__any_of=sorted(stations))
    return set(rows.order_by().values_list("form__station__region__parent__parent_id", flat=True))


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
