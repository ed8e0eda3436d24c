"""Look at a file, then import it: nothing is written in between but the draft its maker looks at."""

from __future__ import annotations

import datetime as dt
import hashlib
import uuid
from decimal import Decimal
from typing import IO, Any

from django.db import IntegrityError
from django.utils import timezone
from django.utils.translation import gettext as _

from analytics.expectations import choosing
from analytics.expectations.expectation_file import MOST_ROWS, FileRead, Row, read_expectation
from analytics.expectations.target_file import read_targets
from analytics.models import Expectation, ExpectationMethod, ExpectedShare, ImportDraft, ImportKind, Target
from regions.models import Region
from sista.database import writing
from sista.spreadsheets.limits import FileRefused, Limits
from sista.spreadsheets.opening import opened
from tallies.models import Contest, Election

LIMITS = Limits(file_bytes=20 * 1024 * 1024, rows=MOST_ROWS, sheets=128 * 1024 * 1024)
ROWS_AT_A_TIME = 2000
#: A draft nobody imported is gone after this time, and when its maker has made so many others.
KEPT_FOR = dt.timedelta(days=1)
MOST_DRAFTS = 5
#: Bad rows kept in a draft; a file with more has another fault.
MOST_PROBLEMS = 1000


class Moved(Exception):
    """A place or pair that the draft names is not there any more: the file has to be looked at again."""


class NoSource(Exception):
    """Neither the file nor who brought it says where the figures are from."""


def look_at(
    file: IO[bytes],
    name: str,
    election: Election,
    *,
    kind: str,
    contest: Contest | None,
    source: str = "",
    stated_on: dt.date | None = None,
    within: Region,
    by: Any,
) -> ImportDraft:
    """Read ``file`` into a draft for ``by``. What the file says of source and date goes before what is given.

    Raises `FileRefused` where it is no table, lacks a column or says nothing at all, and `NoSource`.
    """
    with opened(file, LIMITS) as sheet:
        if kind == ImportKind.TARGETS or contest is None:
            found = read_targets(sheet.lines, election, within=within)
        else:
            found = read_expectation(sheet.lines, contest, within=within)
    _require_table(found)
    if kind == ImportKind.EXPECTATION and not (found.source or source):
        raise NoSource
    file.seek(0)
    digest = hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]
    problems = [(one.line, one.column, one.value, one.reason) for one in found.problems]
    with writing():
        _tidy(by)
        return ImportDraft.objects.create(
            uuid=uuid.uuid4(),
            election=election,
            kind=kind,
            contest=contest,
            file_name="".join(letter for letter in name if letter.isprintable())[-200:],
            digest=digest,
            source=found.source or source,
            stated_on=found.stated_on or stated_on or timezone.localdate(),
            rows=found.rows,
            problems=problems[:MOST_PROBLEMS],
            made_by=by,
        )


def import_draft(draft: ImportDraft, *, by: Any) -> ImportDraft:
    """Write what the draft holds, in one transaction; imported already, it stays as it is.

    Raises `Moved` when what it names is gone meanwhile; then nothing is written.
    """
    try:
        with writing():
            draft = ImportDraft.objects.select_for_update().get(pk=draft.pk)
            if draft.imported_at is None:
                if draft.kind == ImportKind.EXPECTATION:
                    draft.expectation = _write_expectation(draft, by=by)
                    draft.imported_rows = len(draft.rows)
                else:
                    draft.imported_rows = _write_targets(draft)
                draft.imported_at, draft.rows, draft.problems = timezone.now(), [], []
                draft.save()
    except (IntegrityError, Contest.DoesNotExist) as error:
        raise Moved from error
    return draft


def _require_table(found: FileRead) -> None:
    if found.missing:
        raise FileRefused(
            _("Kolom ini tidak ditemukan, atau ada dua: %(names)s.") % {"names": ", ".join(found.missing)}
        )
    if not found.rows and not found.problems:
        raise FileRefused(_("Berkas ini tidak memuat satu baris pun di bawah judulnya."))


def _tidy(by: Any) -> None:
    """Remove what ``by`` looked at and never imported."""
    mine = ImportDraft.objects.filter(made_by=by, imported_at=None)
    mine.filter(made_at__lt=timezone.now() - KEPT_FOR).delete()
    newest = list(mine.order_by("-pk").values_list("pk", flat=True)[: MOST_DRAFTS - 1])
    mine.exclude(pk__in=newest).delete()


def _write_expectation(draft: ImportDraft, *, by: Any) -> Expectation:
    assert draft.contest_id is not None
    choosing.hold(draft.contest_id)
    choosing.retire(draft.contest_id, by=by)
    stated = [Row(*values) for values in draft.rows]
    expectation = Expectation.objects.create(
        contest_id=draft.contest_id,
        method=ExpectationMethod.IMPORTED,
        source=draft.source,
        stated_on=draft.stated_on,
        made_by=by,
        fit={
            "file": draft.file_name,
            "digest": draft.digest,
            "rows": len(stated),
            "places": len({row.region for row in stated if row.station is None}),
        },
    )
    shares = [
        ExpectedShare(
            expectation=expectation,
            region_id=row.region,
            station_id=row.station,
            pair_id=row.pair,
            share=row.share,
            turnout=row.turnout,
            margin=row.margin,
            margin_spread=row.spread,
        )
        for row in stated
    ]
    ExpectedShare.objects.bulk_create(shares, batch_size=ROWS_AT_A_TIME)
    choosing.record(expectation, choosing.Action.MADE, by=by)
    return expectation


def _write_targets(draft: ImportDraft) -> int:
    """Each row is a new target in the place of the active one; one that says the same already stays."""
    written = 0
    for contest, share, stated_by, day, source in draft.rows:
        choosing.hold(contest)
        said = {
            "contest_id": contest,
            "expected_share": None if share is None else Decimal(share),
            "stated_by": stated_by,
            "stated_on": dt.date.fromisoformat(day),
            "source": source,
        }
        if Target.objects.active().filter(**said).exists():
            continue
        Target.objects.active().filter(contest=contest).update(is_active=False)
        Target.objects.create(**said)
        written += 1
    return written
