"""The second reading: another person types what the photo shows, without seeing the first figures.

Equal figures verify the form by rule. Where they differ, the differing boxes
are asked once more; what differs still goes to a coordinator, as does a photo
of something else. The first figures leave this module in one form only: the
names of the boxes that differ.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _

from sista import rows
from sista.database import writing
from tallies import audit, in_flight, locking
from tallies.checks import disagreement
from tallies.count_room import claims, verification
from tallies.figures import FULL_FIELDS, Figures
from tallies.intake import ACCEPTING_PHASES, save_and_announce
from tallies.models import (
    WITH_FIGURES,
    Finding,
    Outcome,
    Reading,
    ReadingClaim,
    ReadingState,
    ReadingVote,
    StationResult,
)
from tallies.submission import hash_of

#: What the witness reads when the photo cannot be.
UNREADABLE = _("Foto tidak terbaca. Ambil foto baru yang tajam dan terang, lalu kirim lagi.")


class ReadingRefused(Exception):
    """The reading was not stored; ``code`` names why, the wording is elsewhere."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class NotClaimed(ReadingRefused):
    """The reader does not hold this form (any more); the next one is to be taken."""


@dataclass(frozen=True)
class Sent:
    """What a reader hands in. ``uuid`` is the page's: pressed twice, it is one reading.

    ``form_id`` is the form that was on the page. With a finding other than
    ``None`` the figures are not read; ``reason`` says more.
    """

    uuid: UUID
    form_id: int
    figures: Figures | None = None
    confirmed: Sequence[str] = ()
    finding: Finding | None = None
    reason: str = ""

    @property
    def content_hash(self) -> str:
        figures = self.figures or Figures({})
        return hash_of(
            {
                "form": self.form_id,
                "votes": {str(number): votes for number, votes in sorted(figures.votes.items())},
                "values": {name: value for name, value in sorted(figures.values.items()) if value is not None},
                "confirmed": sorted(self.confirmed),
                "finding": str(self.finding or ""),
                "reason": self.reason,
            }
        )


def asked_fields(claim: ReadingClaim) -> tuple[str, ...]:
    """Names of the boxes to read: those that differed when the form is read again, else () for all."""
    first = _first_round(claim)
    return tuple(first.differing) if first else ()


def asked_then(reading: Reading) -> tuple[str, ...]:
    """What `asked_fields` said when ``reading``, which is stored, was typed."""
    if reading.round == 1:
        return ()
    return tuple(Reading.objects.get(form=reading.form_id, round=1).differing)


def read(sent: Sent, *, by: Any) -> Reading:
    """Store what ``by`` saw and draw the consequence. The same ``uuid`` again answers with what is stored.

    Raises `NotClaimed` when the form is not (or no longer) the reader's, and
    `ReadingRefused` for figures that are not those of the contest's form
    (``wrong_pairs``), for a used uuid (``key_reused``), and for a finding without a reason.
    """
    with writing():
        known = _known(sent, by)
        if known is not None:
            return known
        try:
            claim, result = _held(sent, by)
        except NotClaimed:
            # Pressed twice at once: the other request was first, and ended the claim.
            known = _known(sent, by)
            if known is None:
                raise
            return known
        # The same, where the form is to be read again and the claim goes on.
        known = _known(sent, by)
        if known is not None:
            return known
        first = _first_round(claim)
        reading = _reading(sent, claim, result, first, by=by)
        _store(reading, sent, result, first)
        _follow(reading, result, by=by)
        if reading.finding == Finding.DIFFERS and reading.round == 1:
            # It may be given up meanwhile, from a page of another election: the reading is stored all the same.
            ReadingClaim.objects.filter(pk=claim.pk).update(expires_at=claims.end_of_a_claim())
        else:
            claim.delete()
    return reading


def _known(sent: Sent, by: Any) -> Reading | None:
    known = Reading.objects.filter(uuid=sent.uuid).first()
    if known is not None and (known.reader_id != by.pk or known.content_hash != sent.content_hash):
        raise ReadingRefused("key_reused")
    return known


def _held(sent: Sent, by: Any) -> tuple[ReadingClaim, StationResult]:
    """Lock the result of the claim, then read both anew."""
    claim = ReadingClaim.objects.filter(reader=by.pk, form=sent.form_id).select_related("form").first()
    if claim is None:
        raise NotClaimed("not_claimed")
    in_flight.join(claim.form.contest_id)
    rows_ = StationResult.objects.select_for_update(of=("self",)).select_related("contest__election", "station")
    result = rows_.get(pk=claim.result_id)
    still_mine = ReadingClaim.objects.filter(pk=claim.pk, reader=by.pk).exists()
    election = result.contest.election
    if not still_mine or election.phase not in ACCEPTING_PHASES:
        raise NotClaimed("not_claimed")
    if not claims.to_read(by, election).filter(pk=result.pk, form=claim.form_id).exists():
        raise NotClaimed("form_changed")
    return claim, result


def _first_round(claim: ReadingClaim) -> Reading | None:
    return Reading.objects.filter(form=claim.form_id, round=1).prefetch_related("votes__pair").first()


def _reading(sent: Sent, claim: ReadingClaim, result: StationResult, first: Reading | None, *, by: Any) -> Reading:
    form = claim.form
    reading = Reading(
        uuid=sent.uuid,
        result=result,
        form=form,
        round=2 if first else 1,
        reader=by,
        first_reader_id=form.submitted_by_id,
        confirmed=sorted(sent.confirmed),
        claimed_at=claim.claimed_at,
        read_at=timezone.now(),
        content_hash=sent.content_hash,
    )
    if sent.figures is None:
        if sent.finding is None or sent.finding in WITH_FIGURES or not sent.reason.strip():
            raise ReadingRefused("reason_missing")
        reading.finding, reading.reason = sent.finding, sent.reason.strip()
        return reading
    figures = _whole(sent.figures, first, result)
    for name in FULL_FIELDS:
        setattr(reading, name, figures.values.get(name))
    difference = disagreement(form.figures, figures)
    reading.differing = list(difference.fields) if difference else []
    reading.finding = Finding.DIFFERS if difference else Finding.EQUAL
    return reading


def _whole(figures: Figures, first: Reading | None, result: StationResult) -> Figures:
    """The figures of the whole form: in the second round only those that differed are taken from what was sent."""
    asked = result.contest.election.fields
    if first is None:
        if set(figures.votes) != set(locking.pairs_of(result.contest_id)) or not set(figures.values) <= set(asked):
            raise ReadingRefused("wrong_pairs")
        return replace(figures, values={name: figures.values.get(name) for name in asked})
    before, again = first.figures, set(first.differing)
    return Figures(
        votes={n: figures.votes.get(n) if f"votes_{n}" in again else votes for n, votes in before.votes.items()},
        values={name: (figures if name in again else before).values.get(name) for name in asked},
    )


def _store(reading: Reading, sent: Sent, result: StationResult, first: Reading | None) -> None:
    reading.save(force_insert=True)
    if sent.figures is None:
        return
    votes = _whole(sent.figures, first, result).votes
    pairs = locking.pairs_of(result.contest_id)
    rows.insert(*(ReadingVote(reading=reading, pair_id=key, votes=votes[n]) for n, key in pairs.items()))


def _follow(reading: Reading, result: StationResult, *, by: Any) -> None:
    """What the finding means for the station. Each is one audit event, and the totals hear of it."""
    if reading.finding == Finding.UNREADABLE:
        _record(reading, result, by=by)
        verification.decide(result, reading.form, Outcome.NEEDS_FIX, by=by, reason=_unreadable(), reading=reading)
    elif reading.finding == Finding.EQUAL:
        _record(reading, result, by=by)
        verification.decide(result, reading.form, Outcome.VERIFIED, by=by, reason="", reading=reading)
    elif reading.finding == Finding.DIFFERS and reading.round == 1:
        result.reading = ReadingState.AGAIN
        _record(reading, result, by=by)
        rows.update(result, "reading", "audit_seq", "audit_head")  # no total changes
    else:
        result.reading, result.disputed = ReadingState.COORDINATOR, True
        _record(reading, result, by=by)
        save_and_announce(result)


def _unreadable() -> str:
    with translation.override("id"):  # stored, and read by the witness
        return str(UNREADABLE)


def _record(reading: Reading, result: StationResult, *, by: Any) -> None:
    content = {"reading": audit.reading_content(reading)}
    audit.record(result, "second reading", by=by, at=reading.read_at, content=content)


def history_of(result: StationResult) -> QuerySet[Reading]:
    """Readings of every form the station ever had, for whom `readings_of` is for."""
    rows_ = Reading.objects.filter(result=result.pk).select_related("form", "reader", "first_reader")
    return rows_.prefetch_related("votes__pair").order_by("pk")


def readings_of(result: StationResult) -> list[Reading]:
    """Readings of the form that counts, with figures and people: for those who see figures, never for an operator."""
    rows_ = Reading.objects.filter(result=result.pk, form=result.form_id)
    return list(rows_.select_related("reader", "first_reader").prefetch_related("votes__pair"))
