"""A process that writes the exports that wait, slowly enough to be killed: `test_celery` does.

It says "writing" when a file has begun; its rows then never come.
"""

from __future__ import annotations

import sys
import time


def main() -> None:
    import django

    django.setup()
    from tallies.exports import files, jobs

    def stuck(rows, _tell, *, every):
        yield next(iter(rows))
        print("writing", flush=True)  # noqa: T201  the test listens
        time.sleep(60)

    files.counting = stuck
    sys.exit(jobs.run_waiting())


if __name__ == "__main__":
    main()
