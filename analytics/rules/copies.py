"""Rules P: what looks like a copy. Photos by digest and by picture, facts of photos, and equal figures.

P1 one file for two TPS · P2 one picture for two TPS · P3 facts of a photo that do not fit · P4 equal figures of
neighbours. Stations are named by numbers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from analytics.rules.settings import DEFAULTS, RuleSettings
from analytics.rules.severity import Severity

#: Bytes of a perceptual hash. 64 bits cannot tell two forms of one template apart.
HASH_BYTES = 32

#: Pairs of hashes compared at once.
_BLOCK = 200_000


@dataclass(frozen=True)
class SameFile:
    """P1. ``stations``: two or more, ascending, that were sent the file with this SHA-256."""

    severity: Severity
    digest: str
    stations: tuple[int, ...]
    code: str = "P1"


@dataclass(frozen=True)
class SamePicture:
    """P2. ``distance``: bits in which the pictures differ, of 256. ``to_review``: near, not surely the same.

    ``first`` and ``second`` are places in the sequence given.
    """

    severity: Severity
    first: int
    second: int
    distance: int
    to_review: bool
    code: str = "P2"


class PhotoFact(StrEnum):
    BEFORE_CLOSING = "before_closing"
    FAR_AWAY = "far_away"
    MANY_STATIONS = "many_stations"


@dataclass(frozen=True)
class OddPhoto:
    """P3. ``numbers``: minutes before closing, kilometres, or stations of the device."""

    severity: Severity
    fact: PhotoFact
    number: float
    code: str = "P3"


@dataclass(frozen=True)
class IdenticalFigures:
    """P4. ``stations`` of one desa with the same figures, ascending."""

    severity: Severity
    figures: tuple[int, ...]
    stations: tuple[int, ...]
    code: str = "P4"


def same_files(photos: Iterable[tuple[int, str]]) -> tuple[SameFile, ...]:
    """P1: group (station, SHA-256) by digest. One station may send a file as often as it likes."""
    stations: defaultdict[str, set[int]] = defaultdict(set)
    for station, digest in photos:
        stations[digest].add(station)
    return tuple(
        SameFile(Severity.HIGH, digest, tuple(sorted(who)))
        for digest, who in sorted(stations.items())
        if len(who) > 1
    )


def same_pictures(
    photos: Sequence[tuple[int, bytes]],
    settings: RuleSettings = DEFAULTS,
    *,
    against: Sequence[int] | None = None,
) -> tuple[SamePicture, ...]:
    """P2: compare (station, 256-bit perceptual hash) of every two stations: same up to 20 bits, to review up to 40.

    A crop of 5% is beyond 40. Costs the square of the number of photos: 10,000 take about a second. With
    ``against`` (places in ``photos``) only these are held against all: twos of which neither is new were seen.
    """
    if any(len(one) != HASH_BYTES for _station, one in photos):
        raise ValueError("a perceptual hash has 32 bytes")
    if len(photos) < 2:
        return ()
    hashes = np.frombuffer(b"".join(one for _station, one in photos), dtype=np.uint64).reshape(len(photos), -1)
    found: list[SamePicture] = []
    rows = max(1, _BLOCK // len(photos))
    if against is not None:
        return _against(photos, hashes, sorted(set(against)), rows, settings)
    for start in range(0, len(photos), rows):
        # Each two once: a block is held against itself and what comes after it.
        distance = _distances(hashes[start : start + rows], hashes[start:])
        for one, other in np.argwhere(distance <= settings.picture_review):
            first, second = int(start + one), int(start + other)
            if first < second and photos[first][0] != photos[second][0]:
                found.append(_pictures(first, second, int(distance[one, other]), settings))
    return tuple(found)


def odd_photo(
    *,
    taken_at: datetime | None,
    closed_at: datetime | None,
    km_from_village: float | None,
    device_stations: int | None,
    settings: RuleSettings = DEFAULTS,
) -> tuple[OddPhoto, ...]:
    """P3: taken before the TPS closed, more than 5 km from the desa, a device of more than 5 TPS. Unknown is no fact.

    Clocks of phones are wrong and one witness may lend a phone to others: for information only.
    """
    found = []
    if taken_at is not None and closed_at is not None and taken_at < closed_at:
        early = (closed_at - taken_at).total_seconds() / 60
        found.append(OddPhoto(Severity.INFO, PhotoFact.BEFORE_CLOSING, early))
    if km_from_village is not None and km_from_village > settings.photo_far_km:
        found.append(OddPhoto(Severity.INFO, PhotoFact.FAR_AWAY, km_from_village))
    if device_stations is not None and device_stations > settings.device_stations:
        found.append(OddPhoto(Severity.INFO, PhotoFact.MANY_STATIONS, device_stations))
    return tuple(found)


def identical_figures(
    rows: Iterable[tuple[int, tuple[int | None, ...]]],
    *,
    alike: Collection[tuple[int, int]] = (),
    settings: RuleSettings = DEFAULTS,
) -> tuple[IdenticalFigures, ...]:
    """P4: TPS of one desa whose every figure is equal. High from three on, or where two photos look alike (P2).

    Two alone are for information: 697 such groups nationally in 2019. ``alike``: pairs of stations, in
    either order. Rows with a blank and rows of zeros are left out.
    """
    groups: defaultdict[tuple[int, ...], set[int]] = defaultdict(set)
    for station, figures in rows:
        known = tuple(figure for figure in figures if figure is not None)
        if len(known) == len(figures) and any(known):
            groups[known].add(station)
    pictures = {frozenset(two) for two in alike}
    return tuple(
        IdenticalFigures(_weight(stations, pictures, settings), figures, tuple(sorted(stations)))
        for figures, stations in sorted(groups.items(), key=lambda group: min(group[1]))
        if len(stations) > 1
    )


# Small parts


def _against(
    photos: Sequence[tuple[int, bytes]],
    hashes: NDArray[np.uint64],
    places: Sequence[int],
    rows: int,
    settings: RuleSettings,
) -> tuple[SamePicture, ...]:
    found: dict[tuple[int, int], SamePicture] = {}
    for start in range(0, len(places), rows):
        block = np.array(places[start : start + rows])
        distance = _distances(hashes[block], hashes)
        for one, other in np.argwhere(distance <= settings.picture_review):
            first, second = sorted((int(block[one]), int(other)))
            if photos[first][0] != photos[second][0]:
                found[first, second] = _pictures(first, second, int(distance[one, other]), settings)
    return tuple(found[two] for two in sorted(found))


def _distances(block: NDArray[np.uint64], hashes: NDArray[np.uint64]) -> NDArray[np.uint16]:
    """Return the differing bits of every row of ``block`` against every row of ``hashes``."""
    total = np.zeros((len(block), len(hashes)), dtype=np.uint16)
    for word in range(hashes.shape[1]):
        total += np.bitwise_count(block[:, word, None] ^ hashes[None, :, word])
    return total


def _pictures(first: int, second: int, distance: int, settings: RuleSettings) -> SamePicture:
    to_review = distance > settings.picture_same
    return SamePicture(Severity.INFO if to_review else Severity.MEDIUM, first, second, distance, to_review)


def _weight(stations: set[int], pictures: set[frozenset[int]], settings: RuleSettings) -> Severity:
    many = len(stations) >= settings.identical_stations
    return Severity.HIGH if many or any(two <= stations for two in pictures) else Severity.INFO
