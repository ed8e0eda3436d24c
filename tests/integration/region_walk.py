"""Hold ``within(region)`` against a walk over the parents, on whatever database is configured.

Run as a program it fills an empty database first and prints what it found as
JSON: a test starts it against a database whose collation is not that of the tests.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable

#: A nation, a provinsi, a kota whose code is the start of no other, kabupaten beside it, a kecamatan, a desa.
CODES = ["ID", "35", "35.78", "35.07", "35.7", "91", "91.03", "35.78.01", "35.78.01.1001"]


def mismatches(codes: Iterable[str]) -> list[str]:
    """A sentence for each region whose ``within`` is not what lies below it; unknown codes are left out."""
    from regions.models import Region

    children: dict[int | None, list[int]] = defaultdict(list)
    for pk, parent in Region.objects.order_by().values_list("pk", "parent_id"):
        children[parent].append(pk)
    found = []
    for region in Region.objects.filter(code__in=list(codes)):
        walked, pending = set(), [region.pk]
        while pending:
            one = pending.pop()
            walked.add(one)
            pending.extend(children[one])
        within = list(Region.objects.within(region).order_by().values_list("pk", flat=True))
        if len(within) != len(walked) or set(within) != walked:
            found.append(f"{region.code}: {len(within)} within, {len(walked)} below by the walk")
    return found


def main() -> None:
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    from regions import importing
    from regions.models import Region

    call_command("migrate", "regions", verbosity=0)
    importing.import_regions(importing.rows_from_package())
    with connection.cursor() as cursor:
        cursor.execute("SELECT '35.78.01.' < '35.78.~'")
        a_range_over_codes_would_work = cursor.fetchone()[0]
    print(  # noqa: T201  the answer to the test that started us
        json.dumps(
            {
                "a range over codes would work": a_range_over_codes_would_work,
                "regions": Region.objects.count(),
                "compared": Region.objects.filter(code__in=CODES).count(),
                "mismatches": mismatches(CODES),
            }
        )
    )


if __name__ == "__main__":
    main()
