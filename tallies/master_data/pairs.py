"""Pairs of the contests. Once a C1 is in, numbers and usungan stand; names may still be put right."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from simple_history.utils import bulk_create_with_history, bulk_update_with_history

from regions.models import Region
from sista.spreadsheets import cells
from sista.spreadsheets.cells import Unreadable
from sista.spreadsheets.headers import Field, plain
from sista.spreadsheets.records import Problem, Record
from tallies import preparation
from tallies.figures import EMPTY_BOX
from tallies.importing.confirming import NotUndone
from tallies.importing.places import dotted
from tallies.importing.previewing import Batch
from tallies.master_data.judging import Judge, Row, changes_of, write_down
from tallies.master_data.standing import stands_on, still_as_written, write_removal
from tallies.models import C1Form, Contest, MasterImport, Office, Pair, PairTotal

THING = "pair"
CODE, OFFICE, NUMBER, NAME, BACKING, USUNGAN = "kode_wilayah", "jabatan", "nomor", "nama", "pengusung", "usungan"
FIELDS = (
    Field(CODE, _lazy("Kode wilayah kontes"), ("kode", "kode kabupaten", "kode kabupaten kota", "wilayah")),
    Field(OFFICE, _lazy("Jabatan"), ("pemilihan", "kontes", "jenis")),
    Field(NUMBER, _lazy("Nomor urut"), ("no urut", "no", "nomor paslon", "no paslon")),
    Field(NAME, _lazy("Nama paslon"), ("paslon", "pasangan", "pasangan calon", "nama pasangan calon")),
    Field(BACKING, _lazy("Pengusung"), ("partai pengusung", "koalisi", "partai"), required=False),
    Field(USUNGAN, _lazy("Usungan kita"), ("usungan", "kita usung", "diusung"), required=False),
)
EXAMPLE = (
    ("kode_wilayah", "jabatan", "nomor", "nama", "pengusung", "usungan"),
    ("35.07", "bupati", "1", "Nama Calon - Nama Wakil", "Partai A, Partai B", "ya"),
)
_NUMBER = cells.whole_number(2)
_OFFICES = {
    "presiden": Office.PRESIDENT, "pilpres": Office.PRESIDENT, "gubernur": Office.GOVERNOR, "pilgub": Office.GOVERNOR,
    "bupati": Office.REGENT, "wali kota": Office.REGENT, "walikota": Office.REGENT, "bupati wali kota": Office.REGENT,
    "bupati walikota": Office.REGENT, "pilbup": Office.REGENT, "pilwali": Office.REGENT,
}  # fmt: skip
_YES, _NO = {"ya", "y", "1", "x", "yes", "true", "benar"}, {"tidak", "t", "0", "no", "n", "false", "bukan"}


def _office(cell: Any) -> str:
    found = _OFFICES.get(plain(cell))
    if found is None:
        raise Unreadable(_("bukan jabatan. Tulis bupati, wali kota, gubernur, atau presiden"))
    return str(found)


def _yes(cell: Any) -> bool:
    word = plain(cell)
    if word not in _YES | _NO:
        raise Unreadable(_("tulis ya atau tidak"))
    return word in _YES


class PairJudge(Judge):
    _codes: dict[int, str]
    _regions: dict[str, Region]

    def look_up(self, records: Sequence[Record]) -> None:
        read = {record.line: record.read(CODE, cells.code, required=True) for record in records}
        self._codes = {line: dotted(code) for line, code in read.items() if code}
        self._regions = {each.code: each for each in Region.objects.filter(code__in=set(self._codes.values()))}
        contests = Contest.objects.filter(
            election=self.one.election_id, region__in={each.pk for each in self._regions.values()}
        ).select_related("region", "election")
        if self.writing:
            preparation.hold_pairs(self.one.election_id, contests.values_list("pk", flat=True))
        self._contests = {(each.region_id, each.office): each for each in self.locked(contests.order_by("pk"))}
        keys = [each.pk for each in self._contests.values()]
        self._pairs = {(each.contest_id, each.number): each for each in Pair.objects.filter(contest__in=keys)}
        self._frozen = set(
            C1Form.objects.filter(contest__in=keys).order_by().values_list("contest", flat=True).distinct()
        )

    def judged(self, record: Record, batch: Batch) -> Row | None:
        code, office = self._codes.get(record.line), record.read(OFFICE, _office, required=True)
        number, name = record.read(NUMBER, _NUMBER, required=True), record.read(NAME, cells.text(160), required=True)
        backing, usungan = record.read(BACKING, cells.text(300)), record.read(USUNGAN, _yes)
        region = self.region_of(record, self._regions.get(code), code) if code else None
        if region is None or office is None or number is None or name is None:
            return None
        contest = self._contests.get((region.pk, office))
        if contest is None:
            return record.refuse(_("kontes ini belum ada. Staf DPD membuatnya di Administrasi"), value=code)
        if number == EMPTY_BOX:
            return record.refuse(_("kolom kosong dibuat sendiri, jangan ditulis"), NUMBER, number)
        self.once(
            record, (contest.pk, number), batch, _("paslon ini sudah ada di baris %(line)s. Keduanya tidak dipakai")
        )
        if usungan:
            self.once(
                record, ("usungan", contest.pk), batch, _("usungan sudah di baris %(line)s. Keduanya tidak dipakai")
            )
        pair = self._pairs.get((contest.pk, number)) or Pair(contest=contest, number=number)
        pair.contest = contest
        before = None if pair.pk is None else {"name": pair.name, "backing": pair.backing, "usungan": pair.usungan}
        after = (before or {"backing": "", "usungan": False}) | {"name": name}
        after |= {key: said for key, said in (("backing", backing), ("usungan", usungan)) if said is not None}
        if contest.pk in self._frozen and (before is None or before["usungan"] != after["usungan"]):
            return record.refuse(_("sudah ada C1 di kontes ini: nomor dan usungan tidak dapat diubah, nama dapat"))
        return Row(record.line, before, after, pair)

    def look_across(self, batch: Batch) -> None:
        """A contest has one usungan: a file that names another has to say that the old one no longer is."""
        said = {row.thing.pk for row in batch.rows if row.thing.pk and not row.after["usungan"]}
        standing = {pair.contest_id: pair for pair in self._pairs.values() if pair.usungan and pair.pk not in said}
        for row in list(batch.rows):
            old = standing.get(row.thing.contest_id)
            if row.after["usungan"] and old is not None and old.pk != row.thing.pk:
                batch.rows.remove(row)
                batch.bad += 1
                reason = _("paslon %(number)s sudah usungan. Tulis tidak di barisnya") % {"number": old.number}
                batch.problems.append(Problem(row.line, "", "", reason))

    def write(self, rows: list[Row], *, by: Any) -> None:
        for row in rows:
            row.thing.name, row.thing.backing = row.after["name"], row.after["backing"]
            row.thing.usungan = row.after["usungan"]
        how = {"default_user": by, "default_change_reason": self.reason}
        _save([row.thing for row in rows if row.before is not None], how)
        new = [row.thing for row in rows if row.before is None]
        if new:
            bulk_create_with_history(new, Pair, **how)
        write_down(self.one, ((THING, row.thing.pk, row) for row in rows))
        _complete({row.thing.contest for row in rows}, by, self.reason)


def _save(changed: list[Pair], how: dict[str, Any]) -> None:
    # One usungan a contest holds at every moment: first those that no longer are.
    for usungan in (False, True):
        some = [pair for pair in changed if pair.usungan == usungan]
        if some:
            bulk_update_with_history(some, Pair, ["name", "backing", "usungan"], **how)


def _complete(contests: set[Contest], by: Any, why: str) -> None:
    """A lone pair runs against kolom kosong, two do not; totals follow."""
    for contest in sorted(contests, key=lambda each: each.pk):
        pairs = list(contest.pairs.all())
        empty = [pair for pair in pairs if pair.is_empty_box]
        if empty and len(pairs) != 2 and not stands_on(Pair, [pair.pk for pair in empty], but=(PairTotal,)):
            write_removal(empty, by=by, why=why)
            _remove(empty)
        preparation.complete_contest(contest)


def _remove(pairs: list[Pair]) -> None:
    """Remove pairs and their totals. Their history says so already: no signal is sent."""
    keys = [pair.pk for pair in pairs]
    PairTotal.objects.filter(pair__in=keys)._raw_delete(connection.alias)  # type: ignore[attr-defined]
    Pair.objects.filter(pk__in=keys)._raw_delete(connection.alias)  # type: ignore[attr-defined]


def take_back(one: MasterImport, *, by: Any) -> int:
    """Remove the pairs that ``one`` made and let the names before stand again.

    Raises `NotUndone` where a C1 of the contest is in and more than a name would change, or a pair was changed since.
    """
    why, number, contests = f"batal impor {one.uuid}", 0, set()
    touched = Pair.objects.filter(pk__in=one.changes.values("key")).order_by().values_list("contest", flat=True)
    preparation.hold_pairs(one.election_id, touched.distinct())
    for part in changes_of(one):
        rows = Pair.objects.select_related("contest__region", "contest__election")
        pairs = rows.select_for_update(of=("self",)).order_by("pk").in_bulk([each.key for each in part])
        made, changed = [], []
        for each in part:
            pair = pairs.get(each.key)
            if pair is None:
                continue
            now = {"name": pair.name, "backing": pair.backing, "usungan": pair.usungan}
            still_as_written(now, each, str(pair))
            more = each.before is None or each.before["usungan"] != pair.usungan
            if more and C1Form.objects.filter(contest=pair.contest).exists():
                raise NotUndone(_("Sudah ada C1 di %(contest)s.") % {"contest": pair.contest.title})
            if each.before is None:
                made.append(pair)
            else:
                pair.name, pair.backing, pair.usungan = (each.before[key] for key in ("name", "backing", "usungan"))
                changed.append(pair)
        if stands_on(Pair, [pair.pk for pair in made], but=(PairTotal,)):
            raise NotUndone(_("Sudah ada angka untuk paslon yang dibuat impor ini."))
        write_removal(made, by=by, why=why)
        _remove(made)
        _save(changed, {"default_user": by, "default_change_reason": why})
        contests |= {pair.contest for pair in (*made, *changed)}
        number += len(made) + len(changed)
    _complete(contests, by, why)
    return number
