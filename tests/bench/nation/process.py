"""Do one piece of work in this process and tell what it took: ``python -m tests.bench.nation.process WORK [CODE]``.

A process of its own, so that its peak of memory is its own. ``plain`` in the answer is the memory before it began.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable

import django

from tests.bench.export_process import peak_kilobytes

Work = Callable[[str], int]


def main(name: str, code: str) -> None:
    django.setup()
    from tests.bench.nation import works
    from tests.bench.nation.cost import spent

    work = works.find(name)
    plain = peak_kilobytes()
    took, rows = spent(lambda: work(code))
    facts = {"wall": took.wall_ms / 1000, "cpu": took.cpu_ms / 1000, "rows": rows}
    sys.stdout.write(json.dumps(facts | {"plain_mb": plain / 1024, "peak_mb": peak_kilobytes() / 1024}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "ID")
