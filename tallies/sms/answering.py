"""Take in a message, understand it, hand its figures to the intake, and lay down the answer.

A message is stored before it is read, and read under a lock on its own row:
whether the gateway delivers it twice, at once, or the process dies on the way,
it is understood once and answered once.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Coalesce, Least
from django.utils import timezone, translation

from accounts.models import User
from accounts.phone_numbers import may_be_answered
from sista import metrics
from sista.database import writing
from sista.templatetags.formats import as_zone, format_clock
from tallies import intake
from tallies.figures import Figures
from tallies.models import (
    Assignment,
    C1Form,
    Channel,
    InboundSms,
    OutgoingSms,
    Phase,
    SmsOutcome,
    StationResult,
)
from tallies.sms import reading, sending, wording
from tallies.sms.reading import INVALID, Complaint, Unclear
from tallies.submission import PhotoName, Submission
from tallies.wording import TITLES

log = logging.getLogger(__name__)

#: Names the keys of forms and answers: the same message yields the same key.
_NAMESPACE = UUID("5b0f2d3e-6f0f-4c53-9d5c-2f6f6d0c7a11")
#: What one number may send; a witness with ten stations stays below it.
MESSAGES, WINDOW = 30, timedelta(minutes=10)
#: An unknown sender is answered once in this time.
SILENCE = timedelta(hours=1)
#: A message that was not read by the one who took it in is read by the sweep, so many times.
UNREAD_AFTER, MOST_TRIES, BATCH = timedelta(seconds=30), 5, 50


@dataclass(frozen=True)
class Understood:
    """What became of a message, and the answer; "" where there is none."""

    outcome: SmsOutcome
    answer: str = ""
    detail: str = ""
    person: User | None = None
    station_id: int | None = None
    form: C1Form | None = None


def take_in(*, gateway: str, gateway_id: str, sender: str, text: str, arrived_at: datetime | None) -> InboundSms:
    """Store a message and answer it. One that was delivered before changes nothing."""
    with writing():
        inbound, _created = InboundSms.objects.get_or_create(
            gateway=gateway,
            gateway_id=gateway_id,
            defaults={"sender": sender, "text": text, "arrived_at": arrived_at},
        )
    return inbound if inbound.outcome else answer(inbound.pk)


def answer_waiting() -> int:
    """Read what was stored and never read, because a process died in between."""
    before = timezone.now() - UNREAD_AFTER
    unread = InboundSms.objects.filter(outcome="", received_at__lt=before, tries__lt=MOST_TRIES)
    keys = list(unread.order_by("received_at").values_list("pk", flat=True)[:BATCH])
    for key in keys:
        with writing():
            InboundSms.objects.filter(pk=key).update(tries=F("tries") + 1)
        try:
            answer(key)
        except Exception:
            # One message that cannot be read must not hold up those behind it.
            log.exception("an SMS could not be read")
    return len(keys)


def answer(key: int) -> InboundSms:
    """Understand a stored message and lay down its answer, in one transaction; nothing when it is read already."""
    with writing():
        inbound = InboundSms.objects.select_for_update().get(pk=key)
        if inbound.outcome:
            return inbound
        understood = _understand(inbound)
        inbound.outcome, inbound.detail = understood.outcome, understood.detail
        inbound.person, inbound.form = understood.person, understood.form
        inbound.station_id = understood.station_id
        if understood.answer and may_be_answered(inbound.sender):
            inbound.answer = _lay_down(inbound, understood)
        inbound.save(update_fields=["outcome", "detail", "person", "station", "form", "answer"])
        transaction.on_commit(lambda: metrics.count_sms(understood.outcome))
    return inbound


def _lay_down(inbound: InboundSms, understood: Understood) -> OutgoingSms | None:
    """Store the answer; it goes out after the commit. None when it may not be given again so soon."""
    name = f"answer {inbound.pk}"
    if understood.outcome == SmsOutcome.UNKNOWN_SENDER:
        # Of two messages at once the database lets one be answered.
        name = f"unknown {inbound.sender} {inbound.received_at:%Y%m%d%H}"
    text = wording.plain(understood.answer)
    return sending.enqueue(inbound.sender, text, person=understood.person, key=uuid5(_NAMESPACE, name))


def _understand(inbound: InboundSms) -> Understood:
    # Locked: of two messages of one person the second sees what the first one brought.
    people = list(
        User.objects.select_for_update(no_key=True)
        .current()
        .filter(phone=inbound.sender)
        .exclude(phone="")
        .order_by("pk")[:2]
    )
    earlier = InboundSms.objects.filter(sender=inbound.sender).exclude(pk=inbound.pk)
    if earlier.filter(received_at__gt=inbound.received_at - WINDOW).count() >= MESSAGES:
        told = earlier.filter(received_at__gt=inbound.received_at - WINDOW, outcome=SmsOutcome.TOO_OFTEN)
        person = people[0] if len(people) == 1 else None
        silent = not people or told.exists()
        with translation.override(people[0].language if people else None):
            return Understood(SmsOutcome.TOO_OFTEN, "" if silent else str(wording.TOO_OFTEN), person=person)
    if not people:
        told = earlier.filter(received_at__gt=inbound.received_at - SILENCE, answer__isnull=False)
        return Understood(SmsOutcome.UNKNOWN_SENDER, "" if told.exists() else _in_indonesian(wording.UNKNOWN_SENDER))
    with translation.override(people[0].language):
        if len(people) > 1:
            return Understood(SmsOutcome.SHARED_NUMBER, str(wording.SHARED_NUMBER))
        return _Message(inbound, people[0]).understood()


def _in_indonesian(sentence: Any) -> str:
    with translation.override("id"):
        return str(sentence)


class _Message:
    """One message of one known person."""

    def __init__(self, inbound: InboundSms, person: User) -> None:
        self.inbound = inbound
        self.person = person

    def understood(self) -> Understood:
        try:
            heard = reading.hear(self.inbound.text)
            results, tokens, is_revoked = self._place(heard)
        except Unclear as trouble:
            return self._complaint(trouble, wording.unclear(trouble))
        except _SeveralStations as trouble:
            sentence = wording.several_stations(trouble.number, trouble.codes)
            return self._complaint(Unclear(Complaint.SEVERAL_STATIONS), sentence)
        return self._at(_meant(results, heard), heard, tokens, is_revoked=is_revoked)

    def _complaint(self, trouble: Unclear, sentence: str, station_id: int | None = None) -> Understood:
        return Understood(SmsOutcome.UNCLEAR, sentence, trouble.code, self.person, station_id)

    def _place(self, heard: reading.Heard) -> tuple[list[StationResult], tuple[reading.Token, ...], bool]:
        """Return the results of the station that is meant, the figures, and whether it is theirs no longer."""
        mine = Assignment.objects.filter(witness=self.person)
        guarded = set(mine.active().values_list("station", flat=True))
        left = set(mine.values_list("station", flat=True)) - guarded
        trouble: Unclear | None = None
        for stations, is_revoked in ((guarded, False), (left, True)):
            results = _results_at(stations)
            if heard.is_practice:
                results = [result for result in results if result.contest.election.practice_of_id]
            # The same TPS stands in the real election and in the practice.
            places = {(r.station.region_id, r.station.number): r.station for r in results}
            named = [reading.Place(s.pk, s.region.code, s.number) for s in places.values()]
            try:
                place, tokens = reading.place_of(heard, named)
            except Unclear as complaint:
                if complaint.code == Complaint.SEVERAL_STATIONS and not is_revoked:
                    number = int(complaint.word)
                    codes = [station.code for station in places.values() if station.number == number]
                    raise _SeveralStations(complaint.word, codes[:2]) from complaint
                trouble = trouble or complaint
                continue
            at = next(key for key, station in places.items() if station.pk == place.key)
            return [r for r in results if (r.station.region_id, r.station.number) == at], tokens, is_revoked
        assert trouble is not None
        raise trouble

    def _at(
        self,
        results: Sequence[StationResult],
        heard: reading.Heard,
        tokens: Sequence[reading.Token],
        *,
        is_revoked: bool,
    ) -> Understood:
        if not results:
            trouble = Unclear(Complaint.NOT_YOURS, heard.tokens[0].digits)
            return self._complaint(trouble, wording.unclear(trouble))
        station = results[0].station
        if len(results) > 1:
            offices = [result.contest.office for result in results]
            trouble = Unclear(Complaint.UNCLEAR)
            return self._complaint(trouble, wording.several_contests(station.title, offices), station.pk)
        (result,) = results
        is_practice = result.contest.election.practice_of_id is not None
        ballot = list(result.contest.pairs.values_list("number", flat=True))
        if result.contest.election.phase not in intake.ACCEPTING_PHASES and not is_revoked:
            return self._closed(result, is_practice)
        try:
            figures = reading.figures_of(tokens, ballot)
        except Unclear as trouble:
            sentence = wording.unclear_figures(trouble, station.title, ballot, is_practice=is_practice)
            return self._complaint(trouble, sentence, station.pk)
        return self._submit(_Report(result, figures, ballot, is_practice), is_revoked=is_revoked)

    def _closed(self, result: StationResult, is_practice: bool) -> Understood:
        sentence = wording.closed(result.station.title, is_practice=is_practice)
        return Understood(SmsOutcome.CLOSED, sentence, "", self.person, result.station_id)

    def _submit(self, report: _Report, *, is_revoked: bool) -> Understood:
        result = report.result
        own = C1Form.objects.filter(contest=result.contest_id, station=result.station_id, submitted_by=self.person)
        newest = own.order_by("-pk").first()
        if newest is not None and not is_revoked:
            if _same_figures(newest, report.figures):
                return self._stored(SmsOutcome.REPEATED, "repeated", newest, report)
            if self._is_overtaken(own):
                return self._stored(SmsOutcome.OVERTAKEN, "overtaken", newest, report)
        try:
            receipt = intake.submit_as_witness(
                report.submission(self.person, newest), by=self.person, channel=Channel.SMS
            )
        except intake.AssignmentRevoked:
            sentence = wording.quarantined(result.station.title, is_practice=report.is_practice)
            return Understood(SmsOutcome.QUARANTINED, sentence, "", self.person, result.station_id)
        except intake.PhaseClosed:
            return self._closed(result, report.is_practice)
        if newest is None:
            return self._stored(SmsOutcome.ACCEPTED, "accepted", receipt.form, report)
        waits = StationResult.objects.filter(pk=result.pk, proposed_form=receipt.form).exists()
        return self._stored(SmsOutcome.CORRECTED, "proposed" if waits else "corrected", receipt.form, report)

    def _is_overtaken(self, own: Any) -> bool:
        """True when figures that are newer than the message are here already."""
        at = self.inbound.arrived_at
        if at is None:
            return False
        by_sms = InboundSms.objects.filter(form__in=own, arrived_at__gt=at)
        # By phone or page the moment of filling in, where it is told: a phone without signal sends later, too.
        otherwise = own.exclude(channel=Channel.SMS).annotate(
            since=Least(Coalesce("filled_at", "received_at"), "received_at")  # a clock may be ahead
        )
        return by_sms.exists() or otherwise.filter(since__gt=at).exists()

    def _stored(self, outcome: SmsOutcome, kind: str, form: C1Form, report: _Report) -> Understood:
        region, station = report.result.station.region, report.result.station
        check = TITLES.get(form.checks[0]) if form.checks and outcome != SmsOutcome.OVERTAKEN else None
        clock = format_clock(
            form.received_at, as_zone(region.zone), seconds=False, language=translation.get_language()
        )
        sentence = wording.about_form(
            kind,
            is_practice=report.is_practice,
            place=(station.title, region.name),
            time=clock,
            figures=wording.figures_of(_stored_figures(form), report.ballot),
            code=form.receipt,
            check=str(check or ""),
        )
        return Understood(outcome, sentence, "", self.person, station.pk, form)


class _SeveralStations(Exception):
    def __init__(self, number: str, codes: Sequence[str]) -> None:
        super().__init__(number)
        self.number = number
        self.codes = codes


@dataclass(frozen=True)
class _Report:
    """Figures for one contest at one station."""

    result: StationResult
    figures: dict[int, int]
    ballot: Sequence[int]
    is_practice: bool

    def submission(self, person: User, newest: C1Form | None) -> Submission:
        """The form, as a correction of the sender's newest one; the same figures after the same form have one key."""
        result, supersedes = self.result, newest.uuid if newest else None
        written = " ".join(f"{number}={self.figures[number]}" for number in sorted(self.figures))
        name = f"form {person.pk} {result.contest_id} {result.station_id} {written} {supersedes}"
        return Submission(
            uuid=uuid5(_NAMESPACE, name),
            contest_id=result.contest_id,
            station_id=result.station_id,
            figures=Figures(
                votes={number: self.figures[number] for number in self.ballot},
                values={"invalid_votes": self.figures[INVALID]},
            ),
            # The photos show the paper, whatever was typed from it.
            photos=tuple(PhotoName(one.sha256, one.page, one.subject) for one in newest.photo_names.all())
            if newest
            else (),
            # A message says nothing of an objection: it does not withdraw one.
            objection=newest.objection if newest else None,
            note=newest.note if newest else "",
            supersedes=supersedes,
        )


def _results_at(stations: set[int]) -> list[StationResult]:
    return list(
        StationResult.objects.filter(station__in=stations)
        .select_related("contest__election", "contest__region", "station__region")
        .order_by("station__region__first", "station__number", "pk")
    )


def _meant(results: Sequence[StationResult], heard: reading.Heard) -> list[StationResult]:
    """The results that the message may be for: of the election that is open, and of the office it names.

    The real election goes before its practice. Only while the real one is being
    prepared the practice takes its place: figures that come after the end of
    the real one must not be thanked for as practice.
    """
    if heard.office:
        results = [result for result in results if result.contest.office == heard.office]
    real = [result for result in results if result.contest.election.practice_of_id is None]
    practice = [result for result in results if result.contest.election.practice_of_id is not None]
    order = [practice] if heard.is_practice else [real, practice]
    for group in order:
        accepting = [result for result in group if result.contest.election.phase in intake.ACCEPTING_PHASES]
        if accepting:
            return accepting
        if any(result.contest.election.phase == Phase.CLOSED for result in group):
            return group[:1]
    return list(results[:1])


def _stored_figures(form: C1Form) -> dict[int, int]:
    figures = form.figures
    found = {**figures.votes, INVALID: figures.get("invalid_votes")}
    return {number: value for number, value in found.items() if value is not None}


def _same_figures(form: C1Form, figures: dict[int, int]) -> bool:
    return _stored_figures(form) == figures
