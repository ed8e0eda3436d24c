"""A process whose children drain until somebody kills them: `test_celery` does.

A line on standard input makes the next child; its process number is printed.
A fork is there at once, where a new interpreter would take a second.
"""

from __future__ import annotations

import os
import sys
import time

BATCH = 3


def main() -> None:
    import django

    django.setup()
    from tallies.totals import aggregation

    for _line in sys.stdin:
        child = os.fork()
        if child == 0:
            while True:
                aggregation.drain(batch=BATCH)
                time.sleep(0.005)
        print(child, flush=True)  # noqa: T201  the answer
        os.waitpid(child, 0)


if __name__ == "__main__":
    main()
