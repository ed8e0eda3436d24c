"""Read a list of targets: in which contests the party expects to win, who said so and when."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from analytics.expectations.expectation_file import FileRead
from regions.models import Region
from sista.spreadsheets import cells, headers
from sista.spreadsheets.headers import Field
from sista.spreadsheets.opening import Line
from sista.spreadsheets.records import Record, records
from tallies.models import Contest, Election, Office, Pair

FIELDS = (
    Field("kode", gettext_lazy("Kode wilayah"), ("wilayah", "region", "region code", "kode daerah", "code")),
    Field("jabatan", gettext_lazy("Jabatan"), ("office",), required=False),
    Field("bagian", gettext_lazy("Bagian suara"), ("share", "target", "bagian harapan"), required=False),
    Field("oleh", gettext_lazy("Dinyatakan oleh"), ("stated by", "oleh")),
    Field("tanggal", gettext_lazy("Tanggal pernyataan"), ("date", "tanggal", "stated on", "dinyatakan pada")),
    Field("sumber", gettext_lazy("Sumber"), ("source",)),
)
OFFICES = {
    "presiden": Office.PRESIDENT,
    "gubernur": Office.GOVERNOR,
    "bupati": Office.REGENT,
    "wali kota": Office.REGENT,
    "walikota": Office.REGENT,
}


def read_targets(lines: Iterable[Line], election: Election, *, within: Region) -> FileRead:
    """Read the targets of contests in ``within``, the reader's region. Nothing is written.

    A row to write is (contest, share or None, stated by, day as ISO, source). Raises `FileRefused` while the
    lines are read.
    """
    header, rest = headers.found(lines, FIELDS)
    if header.missing or header.doubtful:
        labels = {one.name: str(one.label) for one in FIELDS}
        return FileRead(missing=[labels[name] for name in (*header.missing, *header.doubtful)])
    ours = Exists(Pair.objects.filter(contest=OuterRef("pk"), usungan=True))
    contests: dict[str, list[Any]] = defaultdict(list)
    for contest in Contest.objects.filter(election=election).select_related("region").annotate(is_backed=ours):
        contests[contest.region.code].append(contest)
    found, seen, today = FileRead(), dict[int, int](), timezone.localdate()
    for row in records(header, rest):
        contest = _contest(row, contests, within)
        share = row.read("bagian", cells.share)
        said = [row.read("oleh", cells.text(120), required=True), row.read("tanggal", cells.date, required=True)]
        source = row.read("sumber", cells.text(300), required=True)
        if isinstance(said[1], dt.date) and said[1] > today:
            row.refuse(_("tanggal di masa depan"), "tanggal", said[1])
        if contest is not None and not contest.is_backed:
            row.refuse(_("tidak ada paslon usungan di kontes ini"), "kode", contest.region.code)
        if contest is not None and contest.pk in seen:
            row.refuse(_("kontes ini sudah ada di baris %(line)s") % {"line": seen[contest.pk]}, "kode")
        found.problems += row.problems
        if contest is not None and not row.problems:
            seen[contest.pk] = row.line
            text = None if share is None else str(round(share, 4))
            found.rows.append((contest.pk, text, said[0], str(said[1]), source))
    return found


def _contest(row: Record, contests: dict[str, list[Any]], within: Region) -> Any:
    code = row.read("kode", cells.code, required=True)
    asked = row.read("jabatan", cells.text(40))
    if code is None:
        return None
    held = contests.get(code, [])
    if asked:
        office = OFFICES.get(asked.casefold())
        held = [one for one in held if one.office == office]
    if not held:
        row.refuse(_("tidak ada kontes di kode ini"), "kode", code)
    elif len(held) > 1:
        row.refuse(_("ada beberapa kontes di kode ini; isi kolom jabatan"), "kode", code)
    elif not within.contains(held[0].region):
        row.refuse(_("di luar wilayah Anda"), "kode", code)
    else:
        return held[0]
    return None
