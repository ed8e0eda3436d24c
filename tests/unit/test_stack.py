"""A function with room on the stack is still the same function."""

import sys

import pytest

from sista.stack import SLOTS, roomy


@roomy
def add(one: int, *others: int, doubled: bool = False) -> int:
    """Add up."""
    return (one + sum(others)) * (2 if doubled else 1)


def test_it_takes_and_returns_the_same():
    assert add(1, 2, doubled=True) == 6
    assert add.__name__ == "add"
    assert add.__doc__ == "Add up."


def test_an_error_passes():
    with pytest.raises(TypeError):
        add("1")


def test_its_frame_is_larger_than_a_chunk_and_it_may_call_itself():
    """The recursion limit counts calls, not bytes: a frame of this size is no reason to stop early."""
    assert roomy(lambda: sys._getframe(1).f_code.co_stacksize)() == SLOTS > 16 * 1024 // 8

    @roomy
    def down(depth: int) -> int:
        return down(depth - 1) if depth else 0

    assert down(100) == 0
