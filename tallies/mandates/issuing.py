"""Make one file of letters: reserve their numbers, write the paper, then let numbers and links be valid at once.

The tokens exist in the memory of the run and on the paper, nowhere else. The file is stored before the one
transaction that makes its links work: a run that was killed before it leaves a paper whose links open nothing,
and the next one prints it again under the same numbers; killed after it, the file is there and whole.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.core.files.base import ContentFile
from django.core.files.storage import Storage
from django.db.models import F
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

from accounts import activation, devices, recording
from accounts.recording import Act
from regions.models import Region
from sista import claimed_jobs
from sista.claimed_jobs import ClaimLost
from sista.database import writing
from tallies import ending_mandates
from tallies.mandates import numbers, paper, planning
from tallies.mandates.paper import Letter, Sheet
from tallies.mandates.planning import Carries, Due
from tallies.models import Assignment, Mandate, MandateBatch, MandateCounter, MandateFile

CLAIM_SECONDS = 120
#: How often a file is written again because somebody was assigned or revoked meanwhile.
TRIES = 4
#: Why a letter ended that another one stands for.
REPLACED = "Diganti surat baru"


class Moving(Exception):
    """Assignments or phones of this kecamatan changed each time its letters were written."""


@dataclass(frozen=True)
class _Draft:
    """A letter with its number and, where it carries a link, the token."""

    due: Due
    seq: int
    number: str
    token: str


@sensitive_variables("drafts", "letters")
def make_file(batch: MandateBatch, file: MandateFile, store: Storage, tell: Callable[[int], None]) -> int:
    """Write, store and issue the letters of one kecamatan; return how many. Raises `Moving`, `ClaimLost`."""
    district = file.region
    regency = planning.regency_of(district)
    for _turn in range(TRIES):
        due = planning.due(batch, district)
        if not due:
            return 0
        first = _reserve(file, regency, batch, len(due))
        drafts = _drafts(batch, regency, due, first)
        now = timezone.now()
        out = io.BytesIO()
        letters = (_letter(batch, district, regency, one) for one in drafts)
        paper.write(_sheet(batch, district, regency, now), letters, batch.page_format, out, tell)
        out.seek(0)
        size, digest = claimed_jobs.measured(out)
        _store(file, batch, store, out.getvalue())
        if _issue(batch, file, regency, drafts, now, size, digest):
            return len(drafts)
    raise Moving(district.code)


def _reserve(file: MandateFile, regency: Region, batch: MandateBatch, count: int) -> int:
    """The first of ``count`` numbers that follow one another; the same ones for a file that is written again."""
    if file.first_number is not None and count <= file.reserved:
        return file.first_number
    with writing():
        MandateCounter.objects.get_or_create(election=batch.election, regency=regency)
        counter = MandateCounter.objects.select_for_update().get(election=batch.election, regency=regency)
        if file.first_number is not None and file.first_number + file.reserved - 1 == counter.last:
            first = file.first_number  # nobody took any since: the row goes on
        else:
            first = counter.last + 1
        counter.last = first + count - 1
        counter.save(update_fields=["last"])
        file.first_number, file.reserved = first, count
        file.save(update_fields=["first_number", "reserved"])
    return first


def _drafts(batch: MandateBatch, regency: Region, due: list[Due], first: int) -> list[_Draft]:
    tokens: dict[int, str] = {}
    found = []
    for seq, one in enumerate(due, start=first):
        token = ""
        if one.carries == Carries.LINK:
            token = tokens.setdefault(one.assignment.witness_id, activation.new_token())
        election = batch.election
        number = numbers.number(
            seq, regency.code, election.date.year, is_practice=election.practice_of_id is not None
        )
        found.append(_Draft(one, seq, number, token))
    return found


def _sheet(batch: MandateBatch, district: Region, regency: Region, now: datetime) -> Sheet:
    election = batch.election
    return Sheet(
        party=election.party_name,
        election=election.name,
        contests=tuple(planning.contests_over(election, district)),
        day=election.date,
        city=regency.name.removeprefix("Kabupaten ").removeprefix("Kota "),
        is_practice=election.practice_of_id is not None,
        issued_at=now,
    )


def _letter(batch: MandateBatch, district: Region, regency: Region, draft: _Draft) -> Letter:
    assignment = draft.due.assignment
    if draft.token:
        path = reverse("activate", args=[draft.token])
    else:
        path = f"{reverse('mandate-check')}?{urlencode({'nomor': draft.number})}"
    return Letter(
        number=draft.number,
        name=str(assignment.witness),
        station=assignment.station.title,
        village=assignment.station.region.name,
        district=district.name,
        regency=regency.title,
        address=f"{batch.origin}{path}",
        code_says=_said(draft.due),
    )


def _said(due: Due) -> str:
    return {
        Carries.LINK: _(
            "Pindai dengan ponsel Anda sendiri untuk mengaktifkannya. Sekali pakai. Jangan difoto orang lain."
        ),
        Carries.ACTIVE: _("Ponsel saksi sudah aktif. Kode ini hanya untuk memeriksa nomor surat."),
        Carries.ELSEWHERE: _("Tautan aktivasi ada di surat %(number)s. Kode ini hanya untuk memeriksa nomor.")
        % {"number": due.other},
        Carries.NO_PHONE: _("Kode ini hanya untuk memeriksa nomor surat."),
    }[due.carries]


def _store(file: MandateFile, batch: MandateBatch, store: Storage, content: bytes) -> None:
    """A name of its own for each run: one that was away for long cannot write over what another made."""
    assert batch.claim is not None
    name = f"exports/mandat-{batch.uuid}-{file.region.code}-{batch.claim.hex[:8]}.pdf"
    if file.stored_name and file.stored_name != name:
        store.delete(file.stored_name)
    claimed_jobs.hold(batch, seconds=CLAIM_SECONDS)
    file.stored_name = name
    # Not over the name of a file that another run has made whole meanwhile.
    MandateFile.objects.filter(pk=file.pk, sha256="").update(stored_name=name)
    store.delete(name)
    store.save(name, ContentFile(content))


@sensitive_variables("drafts")
def _issue(
    batch: MandateBatch,
    file: MandateFile,
    regency: Region,
    drafts: list[_Draft],
    now: datetime,
    size: int,
    digest: str,
) -> bool:
    """Make the printed letters and links valid; False when they are no longer the ones to print."""
    by = batch.made_by
    with writing():
        # People, then assignments, then letters: the order of all who change any of them.
        devices.lock_all({one.due.assignment.witness_id for one in drafts})
        held = Assignment.objects.select_for_update().filter(pk__in=[one.due.assignment.pk for one in drafts])
        list(held.order_by("pk").values_list("pk", flat=True))
        if [one.key for one in planning.due(batch, file.region)] != [one.due.key for one in drafts]:
            return False
        _still_mine(batch)
        tokens = {one.due.assignment.witness_id: one.token for one in drafts if one.token}
        earlier = [one.due.earlier for one in drafts if one.due.earlier]
        ending_mandates.end(earlier, by=by, reason=batch.reason or REPLACED, action="mandate replaced")
        links = activation.issue_all(tokens, by=by)
        made = Mandate.objects.bulk_create(
            (_row(batch, file, regency, one, now, links.get(one.due.assignment.witness_id)) for one in drafts),
            batch_size=500,
        )
        recording.record_all((_act(mandate, one) for mandate, one in zip(made, drafts, strict=True)), by=by)
        MandateFile.objects.filter(pk=file.pk).update(
            stored_name=file.stored_name,
            letters=len(made),
            links=sum(1 for one in drafts if one.token),
            size=size,
            sha256=digest,
            finished_at=timezone.now(),
        )
    return True


def _still_mine(batch: MandateBatch) -> None:
    """Hold the batch's row while its letters become valid: a second run could not claim it meanwhile."""
    mine = MandateBatch.objects.unfinished().filter(pk=batch.pk, claim=batch.claim)
    if not mine.update(attempts=F("attempts")):
        raise ClaimLost(batch.pk)


def _row(batch: MandateBatch, file: MandateFile, regency: Region, draft: _Draft, now: datetime, link: Any) -> Mandate:
    assignment = draft.due.assignment
    return Mandate(
        election=batch.election,
        regency=regency,
        seq=draft.seq,
        number=draft.number,
        assignment=assignment,
        name=str(assignment.witness)[:150],
        activation=link if draft.token else None,
        issued_in=file,
        issued_at=now,
        issued_by=batch.made_by,
        replaces=draft.due.earlier,
    )


def _act(mandate: Mandate, draft: _Draft) -> Act:
    assignment = draft.due.assignment
    content = {
        "number": mandate.number,
        "assignment": assignment.pk,
        "station": assignment.station_id,
        "witness": assignment.witness_id,
        "link": bool(draft.token),
        "replaces": draft.due.earlier.number if draft.due.earlier else None,
    }
    return Act("mandate issued", assignment.station.region, mandate, content)
