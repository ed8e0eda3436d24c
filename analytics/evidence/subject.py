"""What an evidence pack is about: a region of a contest, or a finding with the stations it rests on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet

from analytics.models import EvidencePack, Finding
from regions.models import Region
from tallies.models import C1Form, Contest, StationResult


@dataclass(frozen=True)
class Subject:
    contest: Contest
    region: Region
    finding: Finding | None = None

    @classmethod
    def of_finding(cls, finding: Finding) -> Subject:
        return cls(finding.contest, finding.region, finding)

    @classmethod
    def of_pack(cls, pack: EvidencePack) -> Subject:
        return cls(pack.contest, pack.region, pack.finding)

    @property
    def is_whole_region(self) -> bool:
        """All stations of the region are in: then its totals can be added up again from the pack."""
        return self.finding is None or self.finding.station_id is None

    def results(self, user: Any) -> QuerySet[StationResult]:
        """The stations that belong into the pack, as far as ``user`` may see them.

        Of a finding at a station also those whose forms or photos it rests on: the twin of a copied photo is
        half of the evidence.
        """
        results = StationResult.objects.filter(contest=self.contest).visible_to(user)
        if self.finding is None or self.finding.station_id is None:
            return results.within(self.region)
        forms = C1Form.objects.filter(contest=self.contest)
        numbers = self.finding.numbers
        named = forms.filter(Q(pk__in=_keys(numbers.get("forms"))) | _photographed(numbers.get("photos")))
        return results.filter(Q(station=self.finding.station_id) | Q(station__in=named.values("station")))

    def is_too_large(self, user: Any) -> bool:
        most = settings.EVIDENCE_MOST_STATIONS
        return self.results(user).order_by()[: most + 1].count() > most


def _photographed(photos: Any) -> Q:
    hashes = [one for one in _listed(photos) if isinstance(one, str)]
    return Q(photo_names__sha256__in=hashes)


def _keys(forms: Any) -> list[int]:
    return [one for one in _listed(forms) if isinstance(one, int) and not isinstance(one, bool)]


def _listed(value: Any) -> Iterable[Any]:
    """What a rule wrote down as a list, or as names with one each."""
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []
