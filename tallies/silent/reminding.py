"""Remind the witnesses of stations that are not in, by SMS: each once, of however many stations."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid5

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError
from django.db.models import Count
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.phone_numbers import may_be_answered
from sista.database import writing
from tallies import intake
from tallies.models import (
    REMINDER_LENGTH,
    Assignment,
    ContactAttempt,
    ContactOutcome,
    Election,
    OutgoingSms,
    PollingStation,
    Reminder,
    SendingState,
    StationResult,
)
from tallies.silent.silent_list import View, condition_of
from tallies.sms import sending
from tallies.sms.wording import plain

#: Where the TPS stands in a text.
PLACE = "[TPS]"
#: Stations reminded by one press, at most: a gateway that is a telephone sends some ten a minute.
MOST = 2000
#: TPS named in one message; of more only the number is told.
_NAMED = 3


class ReminderRefused(Exception):
    """A reminder that is not sent; ``code`` names why, ``details`` are for its sentence."""

    def __init__(self, code: str, **details: Any) -> None:
        super().__init__(code)
        self.code = code
        self.details = details


@dataclass(frozen=True)
class Plan:
    """Who would be reminded, and whom a reminder does not reach, by reason."""

    results: tuple[StationResult, ...]
    #: Witness, text, and the keys of the results it is about.
    messages: tuple[tuple[User, str, tuple[int, ...]], ...]
    without_number: tuple[User, ...]
    too_soon: tuple[User, ...]
    unguarded: tuple[StationResult, ...]


def standard_text(view: View = View.SILENT) -> str:
    """What is sent unless it is changed: in Indonesian, whatever language the coordinator reads."""
    with translation.override("id"):
        sentences = {
            View.SILENT: _("C1 %(place)s belum kami terima. Kirim dari halaman Saksi atau lewat SMS."),
            View.STRONGHOLDS: _("C1 %(place)s belum kami terima. Kirim dari halaman Saksi atau lewat SMS."),
            View.REJECTED: _("C1 %(place)s ditolak. Baca alasannya di halaman Saksi, lalu kirim ulang."),
            View.NEEDS_FIX: _("C1 %(place)s perlu diperbaiki. Baca alasannya di halaman Saksi."),
            View.UNREADABLE: _("Foto C1 %(place)s tidak terbaca. Ambil ulang dan kirim lagi."),
        }
        return sentences[view] % {"place": PLACE}


def checked_text(text: str) -> str:
    """Return ``text`` as a plain phone shows it. Raises `ReminderRefused`."""
    text = plain(" ".join(text.split()))
    if PLACE not in text:
        raise ReminderRefused("reminder_without_place")
    if len(text) > REMINDER_LENGTH:
        raise ReminderRefused("reminder_too_long")
    return text


def plan(user: Any, election: Election, keys: Iterable[int], text: str, *, view: View = View.SILENT) -> Plan:
    """Say whom a reminder about the results ``keys`` would reach now; those no longer in ``view`` are left out."""
    results = _awaited(user, election, keys, view)
    guards = Assignment.objects.active().filter(station__in={one.station_id for one in results})
    of_witness: dict[User, list[StationResult]] = defaultdict(list)
    at_station = defaultdict(list)
    for one in results:
        at_station[one.station_id].append(one)
    guarded = set()
    text = f"LATIHAN. {text}" if election.practice_of_id else text
    for guard in guards.select_related("witness").order_by("witness__full_name", "witness", "pk"):
        of_witness[guard.witness] += at_station[guard.station_id]
        guarded.add(guard.station_id)
    dialled = [witness for witness in of_witness if may_be_answered(witness.phone)]
    recent = _reminded_since(dialled, timezone.now() - timedelta(minutes=settings.REMINDER_MINUTES))
    return Plan(
        results,
        tuple(
            (
                witness,
                text.replace(PLACE, plain(_named([one.station for one in of_witness[witness]]))),
                tuple(one.pk for one in of_witness[witness]),
            )
            for witness in dialled
            if witness.pk not in recent
        ),
        tuple(witness for witness in of_witness if witness not in dialled),
        tuple(witness for witness in dialled if witness.pk in recent),
        tuple(one for one in results if one.station_id not in guarded),
    )


def send(
    user: Any, election: Election, keys: Iterable[int], text: str, *, key: UUID, view: View = View.SILENT
) -> Reminder:
    """Lay down one message a witness, and write it down as an attempt at each of the stations.

    ``key`` is the press: the same again sends nothing and returns the first
    reminder. Raises `PermissionDenied` for who may not decide, and
    `ReminderRefused` when the election takes no forms, for a text that cannot be
    sent, and for another's ``key``.
    """
    if user.scope is None or not user.may_decide:
        raise PermissionDenied
    if election.phase not in intake.ACCEPTING_PHASES:
        raise ReminderRefused("phase_closed", phase=election.phase)
    text = checked_text(text)
    try:
        with writing():
            known = Reminder.objects.filter(uuid=key).first()
            return _own(known, user, election) if known else _send(user, election, list(keys), text, key, view)
    except IntegrityError:
        # Two presses at once: the database let one of them in.
        return _own(Reminder.objects.get(uuid=key), user, election)


def _own(known: Reminder, user: Any, election: Election) -> Reminder:
    if known.by_id != user.pk or known.election_id != election.pk:
        raise ReminderRefused("reminder_key_reused")
    return known


def _send(user: Any, election: Election, keys: list[int], text: str, key: UUID, view: View) -> Reminder:
    now = timezone.now()
    reminder = Reminder.objects.create(uuid=key, election=election, text=text, by=user, at=now)
    # Of two coordinators at once the second sees whom the first one has just reminded.
    stations = StationResult.objects.visible_to(user).filter(pk__in=keys).values("station")
    guards = Assignment.objects.active().filter(station__in=stations).values("witness")
    list(User.objects.select_for_update(no_key=True).filter(pk__in=guards).order_by("pk").values_list("pk"))
    planned = plan(user, election, keys, text, view=view)
    sent = sending.enqueue_all(
        OutgoingSms(key=uuid5(key, str(witness.pk)), to=witness.phone, text=said, person=witness)
        for witness, said, _results in planned.messages
    )
    through = Reminder.messages.through
    through.objects.bulk_create(through(reminder=reminder, outgoingsms=one) for one in sent)
    reached = {pk for _witness, _said, results in planned.messages for pk in results}
    ContactAttempt.objects.bulk_create(
        ContactAttempt(result=one, outcome=ContactOutcome.REMINDED, key=key, by=user, at=now, reminder=reminder)
        for one in planned.results
        if one.pk in reached
    )
    reminder.unreached = {
        "without_number": [witness.pk for witness in planned.without_number],
        "too_soon": [witness.pk for witness in planned.too_soon],
        "unguarded": [one.pk for one in planned.unguarded],
    }
    reminder.save(update_fields=["unreached"])
    return reminder


def _awaited(user: Any, election: Election, keys: Iterable[int], view: View) -> tuple[StationResult, ...]:
    visible = StationResult.objects.visible_to(user).filter(contest__election=election, pk__in=list(keys))
    rows = visible.filter(condition_of(view)).with_place()
    return tuple(rows.order_by("station__region__first", "station__number", "pk")[:MOST])


def _reminded_since(people: Iterable[User], moment: Any) -> set[int]:
    messages = OutgoingSms.objects.filter(person__in=list(people), reminders__at__gt=moment)
    return set(messages.exclude(state=SendingState.REFUSED).values_list("person", flat=True))


def _named(stations: Iterable[PollingStation]) -> str:
    """Name the stations as a witness knows them: "TPS 001 Sukamaju", of many the first three."""
    # Two contests at one station are one station.
    known = {one.pk: one for one in stations}.values()
    names = [f"{one.title} {one.region.name}" for one in known]
    with translation.override("id"):
        if len(names) > _NAMED:
            first, rest = ", ".join(names[:_NAMED]), len(names) - _NAMED
            return _("%(first)s dan %(rest)s TPS lain") % {"first": first, "rest": rest}
    return ", ".join(names)


# How far it is


@dataclass(frozen=True)
class Progress:
    waiting: int
    sent: int
    refused: int

    @property
    def total(self) -> int:
        return self.waiting + self.sent + self.refused


def progress_of(reminder: Reminder) -> Progress:
    """How many of the messages went out, and how many never will."""
    counted = dict(reminder.messages.order_by().values_list("state").annotate(number=Count("pk")))
    states = (SendingState.WAITING, SendingState.SENT, SendingState.REFUSED)
    return Progress(*(counted.get(state, 0) for state in states))


@dataclass(frozen=True)
class Unreached:
    without_number: list[User]
    too_soon: list[User]
    unguarded: list[StationResult]


def unreached_of(reminder: Reminder, user: Any) -> Unreached:
    """Whom the reminder did not reach, as far as ``user`` may see them."""
    kept = reminder.unreached
    people = User.objects.visible_to(user)
    return Unreached(
        list(people.filter(pk__in=kept.get("without_number", [])).order_by("full_name", "pk")),
        list(people.filter(pk__in=kept.get("too_soon", [])).order_by("full_name", "pk")),
        list(StationResult.objects.visible_to(user).with_place().filter(pk__in=kept.get("unguarded", []))),
    )
