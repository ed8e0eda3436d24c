"""The thresholds of an election: as measured, with what it departs in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from decimal import Decimal
from typing import Any, TypeVar

from analytics.models import ElectionRules
from analytics.projecting.settings import ProjectionSettings
from analytics.rules.settings import RuleSettings
from tallies.models import Election

Settings = TypeVar("Settings", RuleSettings, ProjectionSettings)


def rules_of(election: Election) -> RuleSettings:
    row = ElectionRules.objects.filter(election=election).first()
    return changed(RuleSettings(), row.rules if row else {})


def rules_of_each(elections: Iterable[int]) -> dict[int, RuleSettings]:
    """Return the thresholds by the key of the election, in one query."""
    elections = set(elections)
    rows = dict(ElectionRules.objects.filter(election__in=elections).values_list("election", "rules"))
    return {key: changed(RuleSettings(), rows.get(key, {})) for key in elections}


def projection_of(election: Election) -> ProjectionSettings:
    row = ElectionRules.objects.filter(election=election).first()
    return changed(ProjectionSettings(), row.projection if row else {})


def changed(settings: Settings, departures: Mapping[str, Any]) -> Settings:
    """Return ``settings`` with the named plain fields changed. Raises ValueError for an unknown name or kind."""
    known = {one.name: getattr(settings, one.name) for one in fields(settings)}
    values = {}
    for name, value in departures.items():
        if name not in known or not isinstance(known[name], (int, float, Decimal)):
            raise ValueError(name)
        if isinstance(value, bool) or not isinstance(value, (int, float, str)):
            raise ValueError(name)
        try:
            values[name] = type(known[name])(str(value))
        except ArithmeticError as error:
            raise ValueError(name) from error
    return replace(settings, **values)
