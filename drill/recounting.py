"""The sums of every region, as the senders remember them, against the stored totals. Run inside what is rehearsed.

(Models are imported inside the function, because settings are ready only then.)
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

from drill.remembering import Night


def wrong_totals(night: Night) -> list[str]:
    """Stored totals that differ from the sum of what the senders remember, at every level."""
    from regions.models import Region
    from tallies.models import Contest, ContestTotal, PairTotal, PollingStation

    tops = set(Contest.objects.values_list("region_id", flat=True))
    # Where a contest is held its totals end.
    parents = {pk: None if pk in tops else parent for pk, parent in Region.objects.values_list("pk", "parent_id")}
    desa = dict(PollingStation.objects.values_list("pk", "region_id"))
    expected: dict[int, Counter[str]] = defaultdict(Counter)
    for station in desa:
        _add(expected, parents, desa[station], {"stations": 1})
    for station, one in night.counted().items():
        _add(expected, parents, desa[station], _said(one))
    found: dict[int, Counter[str]] = defaultdict(Counter)
    for region, *numbers in ContestTotal.objects.values_list("region_id", *_PROGRESS.values()):
        found[region].update(dict(zip(_PROGRESS, numbers, strict=True)))
    for region, number, votes, verified in PairTotal.objects.values_list(
        "region_id", "pair__number", "votes", "votes_verified"
    ):
        found[region][f"pair {number}"] += votes
        found[region][f"pair {number} verified"] += verified
    return [
        f"region {region}, {name}: stored {found[region][name]}, remembered {expected[region][name]}"
        for region in sorted(set(expected) | set(found))
        for name in sorted(set(expected[region]) | set(found[region]))
        if expected[region][name] != found[region][name]
    ]


#: What of the stored progress is recounted.
_PROGRESS = {
    "stations": "stations",
    "in": "stations_in",
    "valid": "valid_votes",
    "invalid": "invalid_votes",
    "disputed": "stations_disputed",
    "verified": "stations_verified",
    "rejected": "stations_rejected",
}


def _said(one: dict[str, Any]) -> dict[str, int]:
    """What the form that counts adds to the sums of its region, or a rejected one without another."""
    if one["rejected"]:
        return {"rejected": 1}
    said = {f"pair {number}": votes for number, votes in enumerate(one["votes"], start=1)}
    if one["verified"]:
        said |= {f"{name} verified": votes for name, votes in said.items()} | {"verified": 1}
    valid = sum(one["votes"])
    return said | {"in": 1, "valid": valid, "invalid": one["invalid"], "disputed": int(one["disputed"])}


def _add(sums: dict[int, Counter[str]], parents: dict[int, int | None], region: int, more: dict[str, int]) -> None:
    place: int | None = region
    while place is not None:
        sums[place].update(more)
        place = parents[place]
