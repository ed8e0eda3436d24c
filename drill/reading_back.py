"""What the rehearsed system holds, before the first form and after the last. Run inside it.

As a program, with the senders' memory as argument: everything they remember against what is stored, the two
checks that the house has itself, and the hash of the results, as JSON. (Models are imported inside functions,
because settings are ready only then.)
"""

from __future__ import annotations

import hashlib
import io
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import django
from django.core.management import call_command

from drill import memory, recounting
from drill.remembering import night_of

#: So many sentences are told of each kind; the number is of all.
MOST_TOLD = 20


def zero() -> dict[str, Any]:
    from tallies.models import C1Form, ContestTotal, OutboxRow, PairTotal, PartyTotal, PollingStation

    in_totals = ContestTotal.objects.exclude(stations_in=0, valid_votes=0, invalid_votes=0, stations_disputed=0)
    return {
        "data_hash": data_hash(),
        "stations": PollingStation.objects.count(),
        "forms": C1Form.objects.count(),
        "outbox": OutboxRow.objects.count(),
        "totals": ContestTotal.objects.count() + PairTotal.objects.count() + PartyTotal.objects.count(),
        "totals_not_zero": in_totals.count()
        + PairTotal.objects.exclude(votes=0, votes_verified=0).count()
        + PartyTotal.objects.exclude(stations_in=0, valid_votes=0).count(),
        "rebuild_check": _check("rebuild_totals", "--check"),
    }


def _check(*command: str) -> dict[str, Any]:
    """Run one of our checks, which exits with another number than 0 when it finds something."""
    told = io.StringIO()
    try:
        call_command(*command, stdout=told, stderr=io.StringIO())
    except SystemExit as end:
        return {"clean": end.code == 0, "said": told.getvalue().strip()[-1000:]}
    return {"clean": True, "said": told.getvalue().strip().splitlines()[-1]}


def data_hash() -> str:
    """SHA-256 over regions, stations and pairs: what must not change while forms come in."""
    from regions.models import Region
    from tallies.models import Pair, PollingStation

    regions = Region.objects.order_by("first").values_list("code", "parent__code", "level", "name")
    stations = PollingStation.objects.order_by("region__first", "number").values_list(
        "region__code", "number", "registered_male", "registered_female"
    )
    pairs = Pair.objects.order_by("contest_id", "number").values_list("contest__office", "number", "name")
    return _hash_of(regions.iterator(), stations.iterator(), pairs)


def results_hash() -> str:
    """SHA-256 over every stored total, region by region, and over the votes that count at each station."""
    from tallies.models import PROGRESS_FIELDS, ContestTotal, PairTotal, StationResult

    progress = ContestTotal.objects.order_by("region__first").values_list("region__code", *PROGRESS_FIELDS)
    pairs = PairTotal.objects.order_by("region__first", "pair__number").values_list(
        "region__code", "pair__number", "votes", "votes_verified"
    )
    stations = StationResult.objects.order_by(
        "station__region__first", "station__number", "form__votes__pair__number"
    )
    counted = stations.exclude(form=None).values_list(
        "station__region__code", "station__number", "review", "form__votes__pair__number", "form__votes__votes"
    )
    return _hash_of(progress.iterator(), pairs.iterator(), counted.iterator())


def _hash_of(*parts: Iterable[Any]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        for row in part:
            digest.update(json.dumps(list(row), ensure_ascii=False).encode() + b"\n")
    return digest.hexdigest()


def final(path: Path) -> dict[str, Any]:
    night = night_of(memory.lines(path))
    stored = _stored_votes()
    keys = Counter(_stored_keys())
    lost = sorted(set(night.acknowledged) - set(keys))
    altered = [key for key in night.acknowledged if key in stored and stored[key] != night.facts_of(key)]
    doubled = [key for key, times in keys.items() if times > 1] + _same_paper_twice()
    moved, remembered = Counter(_stored_moves()), Counter(night.moved)
    return {
        "data_hash": data_hash(),
        "results_hash": results_hash(),
        "sent": len(night.sent),
        "acknowledged": len(night.acknowledged),
        "stored": sum(keys.values()),
        "lost": _told(lost),
        "altered": _told(altered),
        "doubled": _told(doubled),
        "never_sent": _told(sorted(set(keys) - set(night.sent))),
        "taken_though_wrong": _told(sorted(set(keys) & night.wrong)),
        "stored_unacknowledged": _told(sorted((set(keys) & set(night.sent)) - set(night.acknowledged) - night.wrong)),
        "decisions": sum(one["event"] == "decided" for one in night.course),
        "moves": len(night.moved),
        "wrong_moves": _told([str(one) for one in sorted(((moved - remembered) + (remembered - moved)).elements())]),
        "wrong_totals": _told(recounting.wrong_totals(night)),
        "photos_acknowledged": len(night.photos),
        "photos_lost": _told(sorted(_photos_lost(night.photos))),
        "photos_torn": _told(sorted(_photos_torn())),
        "rebuild_check": _check("rebuild_totals", "--check"),
        "audit": _check("verify_audit"),
    }


def _told(found: list[str]) -> dict[str, Any]:
    return {"number": len(found), "first": found[:MOST_TOLD]}


def _stored_keys() -> list[str]:
    from tallies.models import C1Form, Channel

    keys = C1Form.objects.exclude(channel=Channel.MOVE).values_list("uuid", flat=True)
    return [str(key) for key in keys.iterator()]


def _stored_moves() -> list[tuple[int, ...]]:
    """The copies that moves have made, whose keys the server chose: votes, invalid ones and station of each."""
    from tallies.models import C1Form, Channel

    keys = C1Form.objects.filter(channel=Channel.MOVE).values_list("uuid", flat=True)
    votes = _stored_votes()
    return [votes[str(key)] for key in keys.iterator()]


def _stored_votes() -> dict[str, tuple[int, ...]]:
    """Votes by pair, then the invalid ones and the station, by key."""
    from tallies.models import Vote

    votes: dict[str, list[int]] = defaultdict(list)
    beside: dict[str, tuple[int, int]] = {}
    rows = Vote.objects.order_by("form_id", "pair__number").values_list(
        "form__uuid", "votes", "form__invalid_votes", "form__station_id"
    )
    for key, one, invalid, station in rows.iterator():
        votes[str(key)].append(one)
        beside[str(key)] = (invalid, station)
    return {key: (*found, *beside[key]) for key, found in votes.items()}


def _same_paper_twice() -> list[str]:
    """One content at one station under two keys: nobody sent that."""
    from django.db.models import Count

    from tallies.models import C1Form

    rows = C1Form.objects.order_by().values("station_id", "content_hash").annotate(times=Count("id"))
    return [f"station {row['station_id']}" for row in rows.filter(times__gt=1)]


def _photos_lost(acknowledged: set[str]) -> set[str]:
    """Photos whose row or whose bytes are not there as they were sent."""
    from tallies import photos
    from tallies.models import Photo

    lost = acknowledged - set(Photo.objects.values_list("pk", flat=True))
    for sha256 in acknowledged - lost:
        try:
            with photos.store().open(photos.original_name(sha256)) as stream:
                data = stream.read()
        except FileNotFoundError:
            data = b""
        if hashlib.sha256(data).hexdigest() != sha256:
            lost.add(sha256)
    return lost


def _photos_torn() -> list[str]:
    """Originals in the store whose bytes are not those of their name: something half-written was left."""
    from tallies import photos

    folder = Path(photos.store().path("original"))
    files = (path for path in folder.rglob("*") if path.is_file() and len(path.name) == 64)
    return [path.name for path in files if hashlib.sha256(path.read_bytes()).hexdigest() != path.name]


def main() -> None:
    django.setup()
    print(json.dumps(final(Path(sys.argv[1]))))  # noqa: T201


if __name__ == "__main__":
    main()
