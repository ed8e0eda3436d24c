"""The orders in which a table of results may be read: an allow-list, shared by page, export and nothing typed in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from regions.models import Level, Region

Order = Callable[[Any], Any]


def _last_if_none(value: float | None, *, sign: int = 1) -> tuple[bool, float]:
    return value is None, sign * (value or 0)


#: The columns a table may be sorted by, each in its one direction; the first is the default.
CHILD_ORDERS: dict[str, Order] = {
    "belum": lambda line: -line.progress.stations_missing,
    "nama": lambda line: line.region.name,
    "masuk": lambda line: -line.progress.stations_in,
    "janggal": lambda line: -line.progress.stations_disputed,
    "unggul": lambda line: _last_if_none(line.lead_share, sign=-1),
}
STATES = ("disputed", "needs_fix", "rejected", "not_in", "pending", "verified")
STATION_ORDERS: dict[str, Order] = {
    "nomor": lambda line: line.result.station.number,
    "keadaan": lambda line: STATES.index(line.state),
}
CONTEST_ORDERS: dict[str, Order] = {
    "poin": lambda line: _last_if_none(line.usungan_margin_share),
    "nama": lambda line: line.region.name,
    "usungan": lambda line: _last_if_none(line.usungan and line.usungan.share, sign=-1),
    "masuk": lambda line: -(line.progress.stations_in if line.progress else 0),
    "belum": lambda line: -(line.progress.stations_missing if line.progress else 0),
}
#: Columns whose one direction is upward.
ASCENDING = ("nama", "nomor", "poin", "keadaan")


def orders_at(region: Region, *, within_a_contest: bool) -> dict[str, Order]:
    """The orders of the table that the page of ``region`` shows."""
    if not within_a_contest:
        return CONTEST_ORDERS
    return STATION_ORDERS if region.level == Level.VILLAGE else CHILD_ORDERS


def chosen(orders: dict[str, Order], asked: str) -> str:
    """``asked`` where it is one of ``orders``, else the first; "" where there are none."""
    return asked if asked in orders else next(iter(orders), "")
