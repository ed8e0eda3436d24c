"""Master data come in: a file is received, looked at, written in batches, taken back.

One import of an election runs at a time (a constraint). A batch is one
transaction: what it made and changed, the history of it, what has to be counted
anew. Killed in between, another run reads the file again: what is written says
the same already.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import IO, Any

from django.db import IntegrityError
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts import recording
from regions.models import Region
from sista.database import writing
from sista.spreadsheets.headers import Field
from sista.spreadsheets.limits import FileRefused
from sista.spreadsheets.records import Record
from tallies.importing import previewing, receiving, turns
from tallies.importing.confirming import NotUndone, hold, undoing, was_written
from tallies.importing.previewing import Batch, in_batches, left_out
from tallies.importing.ways import Tell, Way
from tallies.master_data.judging import Judge
from tallies.master_data.kinds import judge_of, kind_of
from tallies.models import Election, ImportState, MasterImport, MasterKind, Phase

#: Rows that no longer fit when they are written, kept in words.
MOST_LATE = 100


def receive(file: IO[bytes], name: str, *, kind: str, election: Election, region: Region, by: Any) -> MasterImport:
    """Keep ``file`` and find its columns; rows outside ``region`` will be refused.

    Raises `FileRefused` (nothing is kept) and `TooManyImports`.
    """
    return receiving.keep(WAY, MasterImport(kind=kind, election=election, region=region), file, name, by=by)


def _fields(one: MasterImport) -> list[Field]:
    return list(kind_of(one).fields)


def _missing(one: MasterImport, columns: Mapping[str, int]) -> list[str]:
    return kind_of(one).missing(columns)


def _look(one: MasterImport, tell: Tell) -> dict[str, Any]:
    if is_closed(one):
        raise FileRefused(_("Pemilihan ini sudah selesai. Impor tidak mengubah apa pun lagi."))
    judge = judge_of(one)
    with receiving.records_of(WAY, one) as records:
        return previewing.looked_at(judge.batches(records), _news, tell, judge.notes)


def _news(rows: list[Any]) -> list[str]:
    return [row.news for row in rows]


def _write(one: MasterImport, tell: Tell) -> dict[str, Any]:
    judge, done, fit, late = judge_of(one, left_out(one), writing=True), 0, 0, []
    known = {problem.line for problem in previewing.problems_of(one)} | left_out(one)
    with receiving.records_of(WAY, one) as records:
        for some in in_batches(records):
            done += len(some)
            try:
                batch = _batch(one, judge, some, done)
            except IntegrityError:
                # Somebody made the same by hand between reading and writing: read again, it is there.
                batch = _batch(one, judge, some, done)
            fit += len(batch.rows)
            late += [problem for problem in batch.problems if problem.line not in known][: MOST_LATE - len(late)]
            tell(done)
    written = one.changes.count()
    with writing():
        hold(one, done)
        _say("master data imported", one, written, by=one.imported_by)
    # What fitted when it was looked at and no longer did is told, as far as the preview had told of all it left out.
    told = [] if one.rows_bad > len(known) else [[each.line, each.column, each.value, each.reason] for each in late]
    return {"written": written, "report": one.report | {"late": told, "late_rows": max(one.rows_fit - fit, 0)}}


def _batch(one: MasterImport, judge: Judge, records: Sequence[Record], done: int) -> Batch:
    with writing():
        hold(one, done)
        # Held: neither does its phase change under a batch, nor does a contest begin beside it.
        one.election = Election.objects.select_for_update(no_key=True).get(pk=one.election_id)
        if is_closed(one):
            raise FileRefused(_("Pemilihan ini sudah selesai. Impor tidak mengubah apa pun lagi."))
        for record in records:
            record.problems.clear()
        batch = judge.batch(records)
        news = [row for row in batch.rows if row.news]
        if news:
            judge.write(news, by=one.imported_by)
    return batch


def is_closed(one: MasterImport) -> bool:
    """True where the phase lets no figure change. How many people live somewhere is none of the election's."""
    return one.election.phase == Phase.CLOSED and one.kind != MasterKind.POPULATION


def _say(action: str, one: MasterImport, number: int, *, by: Any) -> None:
    said = {
        "kind": one.kind,
        "election": one.election.slug,
        "file": one.sha256,
        "rows": one.rows_fit,
        "number": number,
    }
    recording.record(action, by=by, region=one.region, subject=one, content=said)


WAY = Way(MasterImport, _fields, _missing, _look, _write)


def run(one: MasterImport, tell: Tell | None = None) -> bool:
    """Do what its state asks for, unless another run is at it; return whether it was done. ``one`` is read anew."""
    done = turns.run(WAY, one, tell)
    if one.kind == MasterKind.WITNESSES and one.state == ImportState.DONE:
        # Numbers of telephones: nothing needs the file any more.
        receiving.store().delete(one.stored_name)
    return done


def run_waiting() -> int:
    """Work on the files that wait, the oldest first; return how many were done."""
    return sum(run(one) for one in turns.waiting(WAY))


def remove_abandoned() -> int:
    """Remove the files that nobody imported within a day."""
    return receiving.remove_abandoned(WAY)


# Undoing


def newer_than(one: MasterImport) -> Any:
    """The imports of the same kind that were confirmed after ``one`` for some of the same places."""
    region = one.region
    touching = Q(region__first__range=(region.first, region.last)) | Q(
        region__first__lte=region.first, region__last__gte=region.last
    )
    same = MasterImport.objects.filter(touching, election=one.election_id, kind=one.kind)
    return same.filter(imported_at__gt=one.imported_at).exclude(state=ImportState.UNDONE)


def may_undo(one: MasterImport) -> bool:
    return was_written(one) and not is_closed(one) and not newer_than(one).exists()


def undo(one: MasterImport, *, by: Any) -> int:
    """Let what was before ``one`` be again; return how many things changed.

    One transaction. Raises `NotUndone` with a sentence, and `Busy` while an import of the election runs.
    """
    try:
        with undoing(one, by=by):
            one.election = Election.objects.select_for_update(no_key=True).get(pk=one.election_id)
            if is_closed(one):
                raise NotUndone(_("Pemilihan ini sudah selesai."))
            if newer_than(one).exists():
                raise NotUndone
            number = kind_of(one).take_back(one, by=by)
            _say("master data import undone", one, number, by=by)
            return number
    except IntegrityError as error:
        # Something came to stand on it in this very moment.
        raise NotUndone from error
