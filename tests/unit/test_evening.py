"""The simulated evening: queues whose waits are known by formula, and an evening from which nothing gets lost."""

from __future__ import annotations

import io
import json
import math
import random
from dataclasses import replace

import pytest
from django.core.management import CommandError, call_command

from drill.evening import costs, run, table
from drill.evening.costs import Costs
from drill.evening.flow import House, Size
from drill.evening.machine import Machine, Process, Queue, least_loaded

#: Round figures, none of them measured.
COSTS = Costs(4.0, 1.5, 2.0, 0.3, 6.0, 2.0, 50.0, 8.0, 50.0, 270.0)
MANY = 60_000


def mean_time(serve, *, rate, service, seed=1):
    """Seconds from coming to being done, on the mean over ``MANY`` at random; ``serve(machine)`` is asked."""
    chance, machine, times, moment = random.Random(seed), Machine(64), [], 0.0
    ask = serve(machine)

    def come():
        came = machine.now
        ask(service(chance), lambda: times.append(machine.now - came))

    for _one in range(MANY):
        moment += chance.expovariate(rate)
        machine.at(moment, come)
    machine.run()
    assert len(times) == MANY
    return sum(times) / MANY


def exponential(chance):
    return chance.expovariate(1.0)


def constant(_chance):
    return 1.0


def erlang_c(servers, offered):
    """Of all who come to so many servers, the share that waits (Erlang 1917)."""
    last = offered**servers / math.factorial(servers) * servers / (servers - offered)
    return last / (sum(offered**n / math.factorial(n) for n in range(servers)) + last)


@pytest.mark.parametrize("load", [0.3, 0.6, 0.8])
def test_one_server_with_random_times_waits_as_m_m_1_says(load):
    found = mean_time(lambda machine: Queue(machine, 1).ask, rate=load, service=exponential)
    assert found == pytest.approx(1 / (1 - load), rel=0.06)


@pytest.mark.parametrize("load", [0.3, 0.6, 0.8])
def test_one_server_with_equal_times_waits_as_pollaczek_and_khinchine_say(load):
    found = mean_time(lambda machine: Queue(machine, 1).ask, rate=load, service=constant)
    assert found == pytest.approx(1 + load / (2 * (1 - load)), rel=0.04)


@pytest.mark.parametrize(("servers", "load"), [(2, 0.6), (4, 0.8), (16, 0.9)])
def test_many_servers_wait_as_erlang_c_says(servers, load):
    offered = servers * load
    found = mean_time(lambda machine: Queue(machine, servers).ask, rate=offered, service=exponential)
    assert found == pytest.approx(1 + erlang_c(servers, offered) / (servers - offered), rel=0.06)


@pytest.mark.parametrize("service", [exponential, constant])
def test_a_shared_core_gives_everyone_the_same_time_whatever_the_work(service):
    """Processor sharing: the mean depends on the mean of the work alone (Kleinrock, volume 2)."""

    def one_core(machine):
        machine.cores = 1
        return machine.work

    assert mean_time(one_core, rate=0.7, service=service) == pytest.approx(1 / 0.3, rel=0.06)


def test_cores_are_shared_evenly_and_none_works_twice_as_fast():
    machine, done = Machine(2), []
    for number, seconds in enumerate([1.0, 1.0, 2.0]):
        machine.work(seconds, lambda number=number: done.append((number, round(machine.now, 9))))
    machine.run()
    # Three on two cores advance at 2/3: the short ones end at 1.5, the rest of the long one has a core of its own.
    assert done == [(0, 1.5), (1, 1.5), (2, 2.5)]
    assert machine.worked == pytest.approx(4.0)


def test_a_process_lets_in_as_many_as_it_has_threads():
    machine = Machine(1)
    process, inside = Process(machine, 2), []
    for number in range(3):
        process.enter(lambda number=number: inside.append(number))
    assert (inside, process.load) == ([0, 1], 3)
    process.leave()
    assert (inside, process.load) == ([0, 1, 2], 2)


def test_who_comes_goes_to_the_process_with_the_least_to_do():
    machine = Machine(1)
    busy, idle = Process(machine, 16), Process(machine, 16)
    busy.enter(lambda: None)
    assert {id(least_loaded([busy, idle], random.Random(n))) for n in range(20)} == {id(idle)}


# An evening


@pytest.mark.parametrize("size", [Size(1, 1, 2), Size(2, 4, 3, turns=3), Size(4, 16, 20, phones=1.0)])
def test_what_comes_in_goes_out(size):
    machine = Machine(size.cores)
    house = House(machine, size, COSTS, random.Random(5))
    for number in range(300):
        machine.at(number / 100, house.form)
        machine.at(number / 100, lambda: house.photo(0.2))
    machine.run()
    assert (len(house.waits.forms), len(house.waits.lags), len(house.waits.photos)) == (300, 300, 300)
    assert house.waits.photos_here == house.waits.photos_made == 300
    assert all(process.load == process.lock.busy == process.lock.waiting == 0 for process in house.web)
    everyone = [*(process.lock for process in house.web), house.workers, house.drainer, house.phones]
    # PostgreSQL's work has no queue of its own: the cores have done at least what the queues have.
    assert machine.worked >= sum(queue.done for queue in everyone) - 1e-6


def test_a_lone_form_takes_its_costs_and_no_more():
    lone = replace(COSTS, cv=0.0)
    assert run.steady(Size(1, 1, 2), lone, rate=0.01, forms=50, seed=1) == pytest.approx([0.0075] * 45)


def test_more_load_is_more_wait_and_more_processes_are_less():
    def p95(web, rate):
        return run.percentile(run.steady(Size(web, 1, 8, turns=3), COSTS, rate=rate, forms=5000, seed=3), 0.95)

    assert p95(1, 60) < p95(1, 150) < p95(1, 220)
    assert p95(2, 220) < p95(1, 220) / 1.5


@pytest.fixture(scope="module")
def evenings():
    """10,000 stations in twenty minutes and in forty: the same rates."""
    size = Size(2, 1, 6, turns=2)
    return [run.evening(size, COSTS, run.Night(180_000, 1, share, 1)) for share in (0.03, 0.06)]


def test_a_shorter_evening_of_the_same_rates_tells_the_same(evenings):
    short, long = evenings
    assert short.web_busy == pytest.approx(long.web_busy, rel=0.1)
    assert short.peak_p95 == pytest.approx(long.peak_p95, rel=0.25)
    assert short.photos_most == pytest.approx(long.photos_most, rel=0.25)
    assert short.photos_done == pytest.approx(long.photos_done, rel=0.1)


def test_photos_wait_where_more_come_than_can_be_made_and_the_table_tells(evenings):
    told = evenings[0]
    # 41.7 a second at the peak, and one worker makes 20: more comes from 0.207 to 0.293 of the evening.
    assert told.workers_busy == pytest.approx(1.0, abs=0.02)
    more = 0.0428 * 21_600 * (41.67 - 20)  # a triangle as wide on both sides of the peak
    assert told.photos_most == pytest.approx(more, rel=0.1)
    assert 0.293 * 6 < told.photos_done < 3
    # All cores: forms, photos at the web processes and in PostgreSQL, and one worker.
    assert told.offered == pytest.approx((41.67 * 0.0135 + 1) / 6, rel=0.01)


def test_where_more_comes_than_the_web_can_do_waits_are_those_of_a_whole_evening():
    night = run.Night(400_000, 0, 0.02, 1)
    told = run.evening(Size(1, 1, 4, turns=1), replace(COSTS, form_web=15.0), night)
    assert told.offered == pytest.approx(92.6 * 0.015, rel=0.01)
    # Above 66.7 a second for 0.14 of the peak's share of six hours: minutes, not the seconds of the short one.
    assert told.peak_p95 > 60
    assert table.rows([told])[1][3] == "1.39*"


@pytest.mark.parametrize(
    ("forms", "milliseconds"), [(1, 8), (100, 50), (550, 160), (1000, 270), (10, 8 + 9 / 99 * 42)]
)
def test_a_drain_costs_what_was_measured_and_in_between_on_a_line(forms, milliseconds):
    assert COSTS.drain_seconds(forms) * 1000 == pytest.approx(milliseconds)


def test_costs_vary_as_much_as_was_measured():
    chance = random.Random(1)
    drawn = [COSTS.varied(4.0, chance) for _one in range(20_000)]
    mean = sum(drawn) / len(drawn)
    deviation = math.sqrt(sum((one - mean) ** 2 for one in drawn) / len(drawn))
    assert (mean, deviation / mean) == (pytest.approx(0.004, rel=0.02), pytest.approx(0.3, rel=0.03))


# The command


def printed(**changes):
    figures = {name: value for name, value in (vars(COSTS) | changes).items() if value is not None}
    lines = [json.dumps({"name": f"queueing.cost.{name}", "figure": value}) for name, value in figures.items()]
    return "\n".join(["a table", *lines, '{"name": "queueing.other", "figure": null}'])


def test_costs_are_read_from_what_the_benchmark_prints():
    assert costs.read(printed().splitlines()) == COSTS
    with pytest.raises(costs.Incomplete, match=r"^queueing\.cost\.cv$"):
        costs.read(printed(cv=None).splitlines())


@pytest.mark.parametrize(("text", "found"), [("1..3", [1, 2, 3]), ("1,4,8", [1, 4, 8]), ("1..2,9", [1, 2, 9])])
def test_numbers_of_processes(text, found):
    assert table.numbers(text) == found


@pytest.mark.parametrize("text", ["", "0", "3..1", "x", "1..", "-1"])
def test_no_numbers_of_processes(text):
    with pytest.raises(ValueError):
        table.numbers(text)


def test_the_command_prints_a_row_each_and_the_same_as_json(tmp_path):
    measured, written, out = tmp_path / "queueing.txt", tmp_path / "evening.json", io.StringIO()
    measured.write_text(printed())
    options = {"measured": measured, "web": "1,2", "workers": "1", "stations": 20_000, "share": 0.01}
    call_command("simulate_evening", json=written, stdout=out, stderr=io.StringIO(), **options)
    lines = out.getvalue().splitlines()
    told = json.loads(written.read_text())
    assert len(lines) == 3
    assert [(one["web"], one["cores"]) for one in told["evenings"]] == [(1, 6), (2, 7)]
    assert told["costs"] == vars(COSTS)
    call_command("simulate_evening", json=written, stdout=io.StringIO(), stderr=io.StringIO(), **options)
    assert json.loads(written.read_text()) == told


@pytest.mark.parametrize("wrong", [{"web": "0"}, {"share": 0}, {"share": 1.5}, {"cores": -1}, {"photos": -1}])
def test_the_command_refuses_what_is_no_evening(tmp_path, wrong):
    measured = tmp_path / "queueing.txt"
    measured.write_text(printed())
    with pytest.raises(CommandError):
        call_command("simulate_evening", measured=measured, stdout=io.StringIO(), **wrong)


def test_the_command_says_what_was_not_measured(tmp_path):
    measured = tmp_path / "queueing.txt"
    measured.write_text(printed(drain_100=None))
    with pytest.raises(CommandError, match="drain_100"):
        call_command("simulate_evening", measured=measured, stdout=io.StringIO())
