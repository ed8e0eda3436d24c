"""The projection over orders in which the TPS of 2019 could have come in: does the interval hold, is it of use.

No database is read. An order is a time of arrival for each TPS: an effect of its kabupaten,
one of its kecamatan and its own, with the spreads of ``tests/projection_replay.py``.
"""

from __future__ import annotations

import time

from analytics.expecting import expect
from analytics.projecting.projection import project
from tests.bench.measurement import Measurement, median, say
from tests.bench.running import Options
from tests.projection_replay import AS_2019, UNEVEN, Record, replay
from tests.returns_2019 import LATER, RETURNS, Election, governor_2024, read

ORDERS, ORDERS_LONG = 200, 1000
#: Part of the TPS seen → the least the nominal 90% interval may cover.
PARTS = {0.1: 0.75, 0.3: 0.85, 0.6: 0.85}
#: An interval that always covers is too wide.
AT_MOST = 0.97


def measure(options: Options) -> list[Measurement]:
    if not RETURNS.exists():
        say(f"The real returns are not here: {RETURNS}")
        return [Measurement("projection", None, "no returns")]
    election = read()
    orders = ORDERS_LONG if options.long else ORDERS
    found = [_speed(election)]
    for spread in (AS_2019, UNEVEN):
        say(f"{orders} orders with the spread {spread.regency} by kabupaten and {spread.district} by kecamatan")
        for part, record in replay(election, spread, tuple(PARTS), orders).items():
            found += _told(f"projection.{spread.name}.{part:.0%}", record, PARTS[part])
    return [*found, *_real_order(election), *_from_one_end(election), *_expected(election, orders)]


def _speed(election: Election) -> Measurement:
    returns = election.seen(election.order(AS_2019, 0), 0.3)
    spent = []
    for _round in range(5):
        started = time.process_time()
        project(returns)
        spent.append(time.process_time() - started)
    return Measurement("projection.cpu", median(spent) * 1000, "CPU-ms")


def _told(name: str, record: Record, at_least: float) -> list[Measurement]:
    return [
        Measurement(f"{name}.answered", record.answered, f"of {record.orders}"),
        Measurement(f"{name}.covered", record.coverage, "of answers", f">= {at_least}"),
        Measurement(f"{name}.not_always", record.coverage, "of answers", f"<= {AT_MOST}"),
        Measurement(f"{name}.half_width", record.half_width, "points"),
        Measurement(f"{name}.rmse", record.rmse, "points", f"<= {record.naive_rmse:.4f}"),
        Measurement(f"{name}.naive_rmse", record.naive_rmse, "points"),
        Measurement(f"{name}.bias", record.bias, "points"),
    ]


def _real_order(election: Election) -> list[Measurement]:
    """One order, so nothing can be said about coverage."""
    order, found = election.real_order(), []
    for part in PARTS:
        answer = project(election.seen(order, part))
        for pair in answer.pairs[:1]:
            name, truth = f"projection.real.{part:.0%}", election.shares[0]
            found += [
                Measurement(f"{name}.error", (pair.share - truth) * 100, "points"),
                Measurement(f"{name}.naive_error", (pair.counted - truth) * 100, "points"),
                Measurement(f"{name}.half_width", (pair.high - pair.low) * 50, "points"),
            ]
    return found


def _from_one_end(election: Election) -> list[Measurement]:
    """Kabupaten after kabupaten from one end: at 10, 30, 60 and 80% seen no answer may be given."""
    found = []
    for name, direction in (("east", 1), ("west", -1)):
        seen = [election.seen(direction * election.east_first(), part) for part in (0.1, 0.3, 0.6, 0.8)]
        refused = sum(project(returns).refusal is not None for returns in seen)
        found.append(Measurement(f"projection.{name}_first.refused", refused, f"of {len(seen)}", f">= {len(seen)}"))
    return found


def _expected(election: Election, orders: int) -> list[Measurement]:
    """With an expectation from another election, five years away: it may help little, and must not hurt."""
    if not LATER.exists():
        return []
    expected = expect(election.tree, 0, *governor_2024(election))
    say("The same orders with an expectation")
    found = []
    for part, record in replay(election, AS_2019, tuple(PARTS), orders, expected=expected).items():
        found += _told(f"projection.expected.{part:.0%}", record, PARTS[part])
    return found
