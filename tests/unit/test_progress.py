"""What a long command says meanwhile: a terminal's line is written over, a pipe gets a line now and then."""

import io

import pytest
from django.core.management.base import OutputWrapper

from sista.progress import Progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def count(progress, clock, *, seconds, steps=1000):
    for step in range(1, steps + 1):
        clock.now += seconds / steps
        progress.at(f"{step} of {steps}")


def test_a_pipe_gets_a_line_now_and_then_and_the_last_word(clock):
    out = io.StringIO()
    progress = Progress(OutputWrapper(out), clock)
    progress.begin("Counting …")
    count(progress, clock, seconds=12)
    progress.end()
    said = out.getvalue().splitlines()
    assert len(said) == 3
    assert said[-1] == "1000 of 1000"


def test_a_pipe_hears_of_the_next_step_after_a_long_one_of_which_nothing_could_be_said(clock):
    out = io.StringIO()
    progress = Progress(OutputWrapper(out), clock)
    progress.begin("One statement …")
    clock.now += 60
    progress.begin("Another …")
    progress.end()
    assert out.getvalue() == "Another …\n"


def test_a_pipe_hears_nothing_of_what_is_over_soon(clock):
    out = io.StringIO()
    progress = Progress(OutputWrapper(out), clock)
    for step in ("One …", "Two …"):
        progress.begin(step)
        count(progress, clock, seconds=2)
    progress.end()
    assert out.getvalue() == ""


def test_a_terminal_has_one_line_a_step_and_reads_at_once_what_is_done(clock):
    out = Terminal()
    progress = Progress(OutputWrapper(out), clock)
    for step in ("Counting a long list …", "Again …"):
        progress.begin(step)
        assert out.getvalue().endswith("\r" + step)
        count(progress, clock, seconds=1, steps=100)
    progress.end()
    lines = out.getvalue().split("\n")
    assert [line.split("\r")[-1].rstrip() for line in lines] == ["100 of 100", "100 of 100", ""]
    assert all(line.count("\r") < 15 for line in lines)


def test_a_shorter_line_leaves_nothing_of_the_longer_one(clock):
    out = Terminal()
    progress = Progress(OutputWrapper(out), clock)
    progress.begin("a long line of words")
    clock.now += 1
    progress.at("short")
    assert out.getvalue().split("\r")[-1] == "short".ljust(len("a long line of words"))


def test_a_line_never_wraps(clock, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    out = Terminal()
    Progress(OutputWrapper(out), clock).begin("x" * 200)
    assert len(out.getvalue()) < 41


def test_errors_are_not_its_colour(clock):
    out = io.StringIO()
    stream = OutputWrapper(out)
    stream.style_func = str.upper
    progress = Progress(stream, clock)
    clock.now += 60
    progress.begin("counting")
    assert out.getvalue() == "counting\n"
