"""Claims about what a benchmark makes for itself: a database that is nobody else's, requests due by chance."""

import itertools
import random

import pytest

from tests.bench import open_loop, parts


def test_a_database_may_be_named_and_each_has_a_lock_of_its_own(monkeypatch):
    monkeypatch.delenv("SISTA_BENCH_DATABASE", raising=False)
    names = [parts.database_name()]
    monkeypatch.setenv("SISTA_BENCH_DATABASE", "sista_bench_two")
    names.append(parts.database_name())
    assert names == ["sista_bench", "sista_bench_two"]
    assert len({parts.lock_of(name) for name in names}) == 2


@pytest.mark.parametrize("name", ["sista", "postgres", "sista_benchmark", "sista_bench_", "sista_bench_x; DROP", ""])
def test_a_name_that_could_be_somebodys_is_refused(monkeypatch, name):
    monkeypatch.setenv("SISTA_BENCH_DATABASE", name)
    with pytest.raises(parts.CannotRun, match="sista_bench_"):
        parts.database_name()


def test_requests_are_due_at_the_rate_and_independent_of_each_other():
    due = [at for at, _request in open_loop.at_random([None] * 20_000, 50.0, random.Random(1))]
    gaps = [later - at for at, later in itertools.pairwise(due)]
    mean = sum(gaps) / len(gaps)
    assert mean == pytest.approx(1 / 50, rel=0.03)
    # Of gaps that know nothing of each other the deviation is the mean.
    assert (sum((gap - mean) ** 2 for gap in gaps) / len(gaps)) ** 0.5 == pytest.approx(mean, rel=0.05)
