"""Make an expectation of a contest from an earlier election in the same places.

Before the vote nothing of the later election is known, so nothing is fitted to it: the shares are those of then,
and their spread is measured on two elections that are past, or the stated default. Decision 0026.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from django.utils import timezone
from django.utils.translation import gettext as _

from analytics.expectations import choosing, earlier_returns
from analytics.expectations.carrying import (
    DEFAULT_SWING,
    Measured,
    carry,
    margin,
    margin_spread,
    measure,
    rival_part,
)
from analytics.expectations.earlier_returns import EarlierPairs, EarlierReturns, NothingEarlier, Small
from analytics.expecting import ExpectingSettings, shares_of_districts, shares_of_stations
from analytics.models import Expectation, ExpectationMethod, ExpectedShare
from analytics.projecting.returns import Floats
from regions.models import Level, Region
from sista.database import writing
from tallies.models import Contest, Election, Pair

ROWS_AT_A_TIME = 2000


class NotOurs(Exception):
    """The party supports nobody in the contest: there is no pair to expect anything of."""


@dataclass(frozen=True)
class Draft:
    """What would be written, and what it rests on. ``shares`` (K) by kecamatan, NaN where nothing is known."""

    contest: Contest
    pair: Pair
    earlier: Election
    returns: EarlierReturns
    shares: Floats
    villages: Floats
    stations: Floats
    share: float
    margin: float
    share_spread: float
    rival_part: float
    measured: Measured | None
    measured_on: Election | None

    @property
    def margin_spread(self) -> float:
        return margin_spread(self.share_spread, self.rival_part)

    @property
    def districts_matched(self) -> int:
        return int((self.returns.by_district.whole > 0).sum())

    @property
    def districts_expected(self) -> int:
        return int((~np.isnan(self.shares)).sum())

    @property
    def fit(self) -> dict[str, Any]:
        """What was measured and what was assumed, as it is stored."""
        returns, measured = self.returns, self.measured
        found: dict[str, Any] = {
            "pairs": [{"contest": p.contest_id, "number": p.number, "name": p.name} for p in returns.whose.pairs],
            "office": returns.whose.contests[0].office,
            "districts": len(returns.districts.keys),
            "districts_matched": self.districts_matched,
            "villages": returns.villages_in_all,
            "villages_matched": len(returns.villages.keys),
            "stations": returns.stations_in_all,
            "stations_matched": len(returns.stations.keys),
            "earlier_stations": returns.earlier_stations,
            "earlier_stations_in": returns.stations_in,
            "share": self.share,
            "margin": self.margin,
            "margin_spread": self.margin_spread,
            "share_spread": self.share_spread,
            "rival_part": self.rival_part,
            "slope": measured.slope if measured else 1.0,
            "spread_is_default": measured is None,
            "fewest_regencies": ExpectingSettings().fewest_regencies,
            "measured": None,
        }
        if measured and self.measured_on:
            spread = asdict(measured.spread)
            line = spread.pop("fit")
            found["measured"] = {
                "from": self.measured_on.slug,
                "to": self.earlier.slug,
                "regencies": measured.regencies,
                "start": line["start"],
                "slope": line["slope"],
                "mean": measured.mean,
                "without": measured.without,
                "with_slope": measured.with_slope,
                **spread,
            }
        return found


def draft_from_earlier(
    contest: Contest,
    earlier: Election,
    *,
    earlier_pair: Pair | None = None,
    office: str = "",
    measured_on: Election | None = None,
) -> Draft:
    """Work out the expectation that `make_from_earlier` would write; nothing is written.

    ``measured_on``: an election before ``earlier``: from how shares moved between those two come slope and
    spread, where they share enough kabupaten. Raises `NotOurs` and `NothingEarlier`.
    """
    pair = Pair.objects.filter(contest=contest, usungan=True).first()
    if pair is None:
        raise NotOurs
    whose = earlier_returns.pairs_of_earlier(contest, earlier, pair=earlier_pair, office=office)
    returns = earlier_returns.read(contest, whose)
    measured = _measured(contest, whose, measured_on) if measured_on else None
    tree, votes = returns.districts.tree, returns.by_district
    drawn = shares_of_districts(tree, votes.part, votes.whole)
    shares = carry(tree, drawn, votes.whole, measured.slope if measured else 1.0)
    share = float(votes.part.sum() / votes.whole.sum())
    part = rival_part(list(returns.rivals), pairs=contest.pairs.count())
    return Draft(
        contest=contest,
        pair=pair,
        earlier=earlier,
        returns=returns,
        shares=shares,
        villages=_drawn(returns.villages, shares),
        stations=_drawn(returns.stations, shares),
        share=share,
        margin=margin(share, part),
        share_spread=measured.share_spread if measured else DEFAULT_SWING,
        rival_part=part,
        measured=measured,
        measured_on=measured_on if measured else None,
    )


def make_from_earlier(
    contest: Contest,
    earlier: Election,
    *,
    earlier_pair: Pair | None = None,
    office: str = "",
    measured_on: Election | None = None,
    stated_on: dt.date | None = None,
    by: Any,
) -> Expectation:
    """Write a new expectation of ``contest`` and let it be in force; the earlier one stays, no longer in force.

    Asked again for what is in force already, return that. Raises `NotOurs` and `NothingEarlier`.
    """
    draft = draft_from_earlier(contest, earlier, earlier_pair=earlier_pair, office=office, measured_on=measured_on)
    rows = list(_rows(draft))
    digest = _digest(rows)
    with writing():
        choosing.hold(contest.pk)
        same = Expectation.objects.active().filter(contest=contest, earlier=earlier, fit__digest=digest).first()
        if same is not None:
            return same
        choosing.retire(contest.pk, by=by)
        expectation = Expectation.objects.create(
            contest=contest,
            method=ExpectationMethod.EARLIER,
            source=_("Hasil %(election)s") % {"election": earlier.name},
            stated_on=stated_on or timezone.localdate(),
            made_by=by,
            earlier=earlier,
            fit=draft.fit | {"digest": digest, "places": sum(row.station_id is None for row in rows)},
        )
        for row in rows:
            row.expectation = expectation
        ExpectedShare.objects.bulk_create(rows, batch_size=ROWS_AT_A_TIME)
        choosing.record(expectation, choosing.Action.MADE, by=by)
    return expectation


def _measured(contest: Contest, whose: EarlierPairs, before: Election) -> Measured | None:
    """What moved between ``before`` and the earlier election, over all places that both were held in.

    None with too few kabupaten in both, or when the party supported nobody then.
    """
    later = _everywhere(whose.contests[0].election, whose.contests[0].office, besides=whose)
    offices = Contest.objects.filter(election=before, pairs__usungan=True).order_by("office")
    held = set(offices.values_list("office", flat=True))
    if not held:
        return None
    first = _everywhere(before, later.contests[0].office if later.contests[0].office in held else min(held))
    nation = Region.objects.ancestors_of(contest.region)[0]
    districts = earlier_returns.districts_within(nation)
    of_later = earlier_returns.votes_of_districts(later, districts, nation)
    of_first = earlier_returns.votes_of_districts(first, districts, nation)
    shares = shares_of_districts(districts.tree, of_first.part, of_first.whole)
    # A kecamatan that had no votes is no evidence, although its kabupaten would lend it a share.
    shares = np.where(of_first.whole > 0, shares, np.nan)
    found = np.where(of_later.whole > 0, of_later.part / np.maximum(of_later.whole, 1), np.nan)
    try:
        return measure(districts.tree, shares, found, of_later.whole)
    except ValueError:
        return None


def _everywhere(election: Election, office: str, *, besides: EarlierPairs | None = None) -> EarlierPairs:
    """Whom the party supported in all contests of an office; in those of ``besides``, whom that names."""
    named = besides or EarlierPairs((), ())
    pairs = Pair.objects.filter(contest__election=election, contest__office=office, usungan=True)
    supported = [*named.pairs, *pairs.exclude(contest__in=named.contests)]
    contests = Contest.objects.filter(pk__in={pair.contest_id for pair in supported})
    return EarlierPairs(tuple(contests.select_related("region", "election")), tuple(supported))


def _drawn(small: Small, of_district: Floats) -> Floats:
    return shares_of_stations(small.votes.part, small.votes.whole, district=small.district, of_district=of_district)


def _rows(draft: Draft) -> Iterator[ExpectedShare]:
    """The contest's region and the kabupaten in it, kecamatan, desa, TPS; unsaved, without their expectation."""
    returns = draft.returns
    yield from _large(draft)
    for key, share, turnout in zip(returns.districts.keys, draft.shares, returns.by_district.turnout, strict=True):
        if not np.isnan(share):
            yield _share(draft, key, share, turnout, has_margin=True)
    # How much a desa or TPS swings was not measured: no margin, so no spread.
    small = returns.villages
    for key, share, turnout in zip(small.keys, draft.villages, small.votes.turnout, strict=True):
        yield _share(draft, key, share, turnout, has_margin=False)
    small = returns.stations
    for key, village, share in zip(small.keys, small.villages, draft.stations, strict=True):
        yield ExpectedShare(region_id=village, station_id=key, pair=draft.pair, share=float(share))


def _large(draft: Draft) -> Iterator[ExpectedShare]:
    """As they voted then: nothing is above them that could be lent."""
    here, districts = draft.contest.region, draft.returns.districts
    votes = draft.returns.by_district
    regency_of = districts.tree.regency_of
    groups = {here.pk: np.ones(len(regency_of), dtype=bool)}
    if here.level < Level.REGENCY:
        groups |= {key: regency_of == number for number, key in enumerate(districts.regencies)}
    for key, inside in groups.items():
        whole = votes.whole[inside].sum()
        if whole:
            known = inside & ~np.isnan(votes.turnout)
            turnout = np.average(votes.turnout[known], weights=votes.whole[known]) if known.any() else np.nan
            yield _share(draft, key, votes.part[inside].sum() / whole, turnout, has_margin=True)


def _share(draft: Draft, region: int, share: float, turnout: float, *, has_margin: bool) -> ExpectedShare:
    return ExpectedShare(
        region_id=region,
        pair=draft.pair,
        share=float(share),
        turnout=None if np.isnan(turnout) else min(float(turnout), 1.0),
        margin=margin(float(share), draft.rival_part) if has_margin else None,
        margin_spread=draft.margin_spread if has_margin else None,
    )


def _digest(rows: list[ExpectedShare]) -> str:
    facts = [(row.region_id, row.station_id, row.share, row.turnout, row.margin, row.margin_spread) for row in rows]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


__all__ = ["Draft", "NotOurs", "NothingEarlier", "draft_from_earlier", "make_from_earlier"]
