"""The archive of a region as a ZIP: forms, D.Hasil, quarantine as lines, the originals, a list for `sha256sum -c`.

Text as of one moment; photos never change and are read after it, one at a time.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import IO, Any

from django.db.models import QuerySet
from django.utils import timezone, translation

from sista.database import one_snapshot
from tallies import audit, photos
from tallies.archive.browsing import state_of
from tallies.archive.packing_readme import README
from tallies.exports.csv_file import MARK, csv_line
from tallies.exports.pack_file import PackFile
from tallies.figures import FULL_FIELDS
from tallies.models import ArchivePack, AuditEvent, C1Form, Photo, QuarantinedForm, RecapForm, StationResult
from tallies.recap.pages import pages_of
from tallies.submission import content_of_stored

log = logging.getLogger(__name__)

#: Told how many of how many photos are in.
Tell = Callable[[int, int], None]

AT_A_TIME = 200
EXTENSIONS = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp", "HEIF": "heic"}
#: A telephone number serves as a user name here and there; a pack holds none.
_NUMBER = re.compile(r"\+?[0-9][0-9 .-]{7,}")
#: Always: who opens it need not have an account, nor the language of who made it.
LANGUAGE = "id"


@dataclass
class Packed:
    """What went in. ``photo_files``: name in the ZIP by SHA-256, in the order in which the forms name them."""

    forms: int = 0
    recaps: int = 0
    photos: int = 0
    missing: list[str] = field(default_factory=list)
    photo_files: dict[str, str] = field(default_factory=dict)


def write_pack(pack: ArchivePack, path: Path, tell: Tell) -> Packed:
    """Write the ZIP of ``pack`` to ``path``."""
    packed, moment = Packed(), timezone.now()
    with translation.override(LANGUAGE), path.open("w+b") as out, closing(PackFile(out, moment)) as box:
        with one_snapshot():
            _write_text(box, pack, packed)
        _write_photos(box, packed, tell)
        if packed.missing:
            box.add("foto-hilang.txt", "".join(f"{one}\n" for one in packed.missing).encode())
        box.add("README.txt", _readme(pack, packed, moment).encode())
        lines = "".join(f"{one['sha256']}  {one['name']}\n" for one in box.take_list())
        box.add("MANIFEST.sha256", lines.encode())
    return packed


def _write_text(box: PackFile, pack: ArchivePack, packed: Packed) -> None:
    inside = {"station__region__first__range": (pack.region.first, pack.region.last)}
    forms = C1Form.objects.filter(station__election=pack.election, **inside)
    forms = forms.order_by("station__region__first", "station__number", "pk")
    with tempfile.TemporaryFile() as sheet:
        columns = _columns(pack)
        _csv(sheet, columns, mark=True)
        with box.entry("formulir-c1.jsonl") as out:
            for form in _in_parts(forms):
                record = _form(form)
                packed.forms += 1
                out.write(_line(record))
                _csv(sheet, [_flat(record).get(name) for name in columns])
        sheet.seek(0)
        with box.entry("formulir-c1.csv") as out:
            while data := sheet.read(1024 * 1024):
                out.write(data)
    _gather_photos(pack, packed)
    with box.entry("d-hasil.jsonl") as out:
        for recap in _recaps(pack):
            packed.recaps += 1
            out.write(_line(_recap(recap, packed)))
    with box.entry("karantina.jsonl") as out:
        rows = QuarantinedForm.objects.filter(station__election=pack.election, **inside)
        for one in rows.select_related("station__region", "submitted_by").order_by("pk").iterator(AT_A_TIME):
            out.write(_line(_quarantined(one)))
    with box.entry("jejak-audit.jsonl") as out:
        results = StationResult.objects.filter(contest__election=pack.election, **inside).order_by("pk")
        for event in _events(results):
            out.write(_line(event))


def _in_parts(forms: QuerySet[C1Form]) -> Iterator[C1Form]:
    rows = forms.select_related(
        "station__region", "contest__region", "contest__election", "submitted_by", "supersedes"
    )
    yield from rows.prefetch_related("votes__pair", "photo_names", "counted_in").iterator(chunk_size=AT_A_TIME)


def _form(form: C1Form) -> dict[str, Any]:
    state, counts = state_of(form)
    return {
        "uuid": str(form.uuid),
        "tps": form.station.code,
        "desa": form.station.region.name,
        "kontes": form.contest.title,
        "kode_terima": form.receipt,
        "keadaan": state,
        "dihitung": counts,
        "dikirim_oleh": name_of(form.submitted_by),
        "lewat": str(form.channel),
        "diterima": form.received_at.isoformat(),
        "isi": content_of_stored(form),
        "content_hash": form.content_hash,
        "pemeriksaan": audit.form_content(form)["checks"],
    }


def _columns(pack: ArchivePack) -> list[str]:
    numbers = {
        pair
        for contest in pack.election.contests.touching(pack.region)  # type: ignore[attr-defined]
        for pair in contest.pairs.values_list("number", flat=True)
    }
    head = [
        "uuid",
        "tps",
        "desa",
        "kontes",
        "kode_terima",
        "keadaan",
        "dihitung",
        "dikirim_oleh",
        "lewat",
        "diterima",
    ]
    return [*head, *(f"paslon_{one}" for one in sorted(numbers)), *FULL_FIELDS, "catatan", "content_hash"]


def _flat(record: dict[str, Any]) -> dict[str, Any]:
    content = record["isi"]
    votes = {f"paslon_{number}": said for number, said in content["votes"].items()}
    counts = {"dihitung": "ya" if record["dihitung"] else "tidak"}
    return record | votes | content["values"] | counts | {"catatan": content["note"]}


def _gather_photos(pack: ArchivePack, packed: Packed) -> None:
    """The photos that the forms' own senders brought."""
    forms = C1Form.objects.filter(
        station__election=pack.election, station__region__first__range=(pack.region.first, pack.region.last)
    )
    rows = forms.order_by("station__region__first", "station__number", "pk").prefetch_related("photo_names")
    keys = rows.only("pk", "submitted_by").iterator(chunk_size=AT_A_TIME)
    while part := list(islice(keys, AT_A_TIME)):
        for named in photos.photos_of_each(part).values():
            for _name, photo in named:
                _note_photo(photo, packed)


def _note_photo(photo: Photo | None, packed: Packed) -> None:
    if photo is not None:
        packed.photo_files.setdefault(photo.sha256, f"foto/{photo.sha256}.{EXTENSIONS.get(photo.format, 'bin')}")


def _recaps(pack: ArchivePack) -> Iterator[RecapForm]:
    rows = RecapForm.objects.filter(
        contest__election=pack.election, region__first__range=(pack.region.first, pack.region.last)
    )
    rows = rows.select_related("region", "contest__region", "contest__election", "submitted_by", "supersedes")
    rows = rows.prefetch_related("columns__votes__pair", "columns__region", "photo_names", "counted_in")
    yield from rows.order_by("region__first", "pk").iterator(chunk_size=50)


def _recap(form: RecapForm, packed: Packed) -> dict[str, Any]:
    for _name, photo in pages_of(form):
        _note_photo(photo, packed)
    state, counts = state_of(form)
    columns = [
        {
            "wilayah": column.region.code,
            "nama": column.region.name,
            "suara": {str(number): votes for number, votes in sorted(column.figures.votes.items())},
            "angka": column.figures.values,
        }
        for column in form.columns.all()
    ]
    return {
        "uuid": str(form.uuid),
        "wilayah": form.region.code,
        "kontes": form.contest.title,
        "kode_terima": form.receipt,
        "keadaan": state,
        "dihitung": counts,
        "dikirim_oleh": name_of(form.submitted_by),
        "diterima": form.received_at.isoformat(),
        "tanggal_di_formulir": form.dated_on.isoformat() if form.dated_on else None,
        "menggantikan": str(form.supersedes.uuid) if form.supersedes else None,
        "kolom": columns,
        "catatan": form.note,
        "foto": [{"halaman": name.page, "sha256": name.sha256} for name in form.photo_names.all()],
        "content_hash": form.content_hash,
    }


def _quarantined(form: QuarantinedForm) -> dict[str, Any]:
    return {
        "uuid": str(form.uuid),
        "tps": form.station.code,
        "dikirim_oleh": name_of(form.submitted_by),
        "diterima": form.received_at.isoformat(),
        "isi": form.content,
    }


def _events(results: QuerySet[StationResult]) -> Iterator[dict[str, Any]]:
    keys = iter(results.values_list("pk", "station__region__code", "station__number").iterator(AT_A_TIME))
    while part := list(islice(keys, AT_A_TIME)):
        codes = {pk: f"{code}.{number:03d}" for pk, code, number in part}
        for event in AuditEvent.objects.filter(result__in=codes).order_by("result", "seq"):
            yield {
                "tps": codes[event.result_id],
                "seq": event.seq,
                "at": event.at.isoformat(),
                "actor": event.actor_id,
                "action": event.action,
                "content": event.content,
                "previous": event.previous,
                "digest": event.digest,
            }


def _write_photos(box: PackFile, packed: Packed, tell: Tell) -> None:
    """Add the originals; one that the store has lost or damaged is named, and the pack goes on."""
    for number, (sha256, name) in enumerate(packed.photo_files.items(), start=1):
        tell(number, len(packed.photo_files))
        try:
            with photos.store().open(photos.original_name(sha256)) as stream:
                data = stream.read()
        except FileNotFoundError:
            log.error("the original of photo %s is missing in the store", sha256[:12])
            packed.missing.append(f"{sha256} hilang dari penyimpanan")
            continue
        if hashlib.sha256(data).hexdigest() != sha256:
            log.error("the original of photo %s is damaged in the store", sha256[:12])
            packed.missing.append(f"{sha256} rusak di penyimpanan")
            continue
        box.add(name, data)
        packed.photos += 1


def _readme(pack: ArchivePack, packed: Packed, moment: Any) -> str:
    return README.format(
        region=f"{pack.region.title} ({pack.region.code})",
        election=pack.election.name,
        moment=moment.isoformat(timespec="seconds"),
        forms=packed.forms,
        recaps=packed.recaps,
        photos=packed.photos,
        missing=len(packed.missing),
    )


def _line(content: Any) -> bytes:
    return (json.dumps(content, ensure_ascii=False, sort_keys=True) + "\n").encode()


def _csv(out: IO[bytes], cells: Any, *, mark: bool = False) -> None:
    out.write(((MARK if mark else "") + csv_line(cells) + "\r\n").encode())


def name_of(user: Any) -> str:
    name = str(user)
    return f"Akun {user.pk}" if _NUMBER.fullmatch(name) else name
