"""Every threshold of the rules, as one election has it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType

from analytics.rules.slips import ERROR_SHARES, Slip


@dataclass(frozen=True)
class RuleSettings:
    """Shares are fractions (0.25 = 25%), ``rho`` are overdispersions, the rest votes, counts or as named.

    The defaults were measured on the presidential returns of 2019 (two readings of 796,468 TPS).
    ``swing_pseudo_votes`` and ``swing_least`` were chosen on that one election: fit them again by
    replay when another is to be had. Limits of the form itself are in ``tallies.figures.Thresholds``.
    """

    # D2: from this share of the area's margin on, a difference is critical.
    margin_share: Decimal = Decimal("0.25")
    # H1: from this many votes on, a wrong sum is high.
    sum_high: int = 10
    # H5: from this share of a desa's TPS on, full turnout is worth a look.
    full_turnout_share: Decimal = Decimal("0.30")
    # E1
    suggestions: int = 3
    slip_shares: Mapping[Slip, float] = field(default_factory=lambda: ERROR_SHARES)
    # E2: log likelihood ratio, natural logarithm.
    swap_log_ratio: float = 6.0
    # P2: differing bits of 256.
    picture_same: int = 20
    picture_review: int = 40
    # P3
    photo_far_km: float = 5.0
    device_stations: int = 5
    # P4
    identical_stations: int = 3
    # Spread of a TPS's share round that of its area.
    rho_village: float = 0.066
    rho_district: float = 0.094
    rho_regency: float = 0.122
    # S1
    swing_pseudo_votes: float = 30.0
    swing_q: float = 0.01
    swing_least: float = 0.15
    # A finding that stands is closed above this q only, so that it does not come and go.
    swing_q_closes: float = 0.05
    # S2
    zero_probability: float = 1e-6
    # S3
    area_z: float = 3.5
    area_q: float = 0.05
    # T2
    versions: int = 3
    # W: from this chance on a win was expected, and a loss is.
    win_chance: float = 0.80
    loss_chance: float = 0.80
    # W: with fewer areas than this their spread says nothing of one of them.
    fewest_areas: int = 5


DEFAULTS = RuleSettings()

#: For callers that have no expectation.
NO_SHARES: Mapping[int, float] = MappingProxyType({})
