"""Room on CPython's stack of frames.

CPython 3.11 and later keep frames in chunks of 16 KB, and give a chunk back to
the kernel when the first frame in it returns. Where a loop calls across the
border of a chunk, each turn asks the kernel for memory and returns it. It is
chance which loop that is: the same result page took 25 to 40 CPU-milliseconds,
by the depth at which it was called, and takes 22 to 23 with room.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")
#: Slots of eight bytes. A frame that does not fit into a chunk gets one twice its size at least: here 256 KB, of
#: which half is left to the calls below, a thousand frames.
SLOTS = 15_500


def roomy(function: Callable[P, R]) -> Callable[P, R]:
    """Call ``function`` from a frame that is larger than a chunk."""

    @functools.wraps(function)
    def call(*args: P.args, **options: P.kwargs) -> R:
        return function(*args, **options)

    call.__code__ = call.__code__.replace(co_stacksize=SLOTS)
    return call
