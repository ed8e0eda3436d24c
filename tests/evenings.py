"""Evenings at two stations: who does what, drawn by numbers, and a tally of what came of it."""

from __future__ import annotations

import random
import time
import uuid
from collections import Counter
from typing import Any

from hypothesis import strategies as st

from tallies import intake
from tallies.count_room import moving, readings, verification
from tallies.count_room.readings import ReadingRefused, Sent
from tallies.count_room.verification import DecisionRefused
from tallies.figures import Figures
from tallies.intake import IntakeRefused
from tallies.models import C1Form, Channel, Finding, Phase, StationResult
from tallies.submission import PhotoName, Submission
from tallies.totals import aggregation
from tests import cast
from tests.reading import arrived, figures, send, take

FIGURES = ([100, 60, 20], [1, 2, 3], [7, 8, 9])
STATIONS = ("dampit_1", "dampit_2")
REFUSALS = (DecisionRefused, ReadingRefused, IntakeRefused)


def decide(play: Any, act: Any, form: C1Form, **more: Any) -> Any:
    """Let a coordinator, who looked just now, decide on ``form``."""
    seen = StationResult.objects.get(contest=form.contest_id, station=form.station_id).audit_seq
    return act(form, by=more.pop("by", play.budi), seen=seen, **more)


def move(play: Any, form: C1Form, station: str, **more: Any) -> Any:
    return decide(play, lambda one, **how: moving.move(one, play.result(station), reason="Salah TPS", **how), form)


class Tally:
    """What many evenings were made of: an evening at which everything is refused shows nothing."""

    def __init__(self) -> None:
        self.evenings = 0
        #: (act, "done", "refused" or "nothing there") → how often
        self.acts: Counter[tuple[str, str]] = Counter()
        self.refusals: Counter[tuple[str, str]] = Counter()
        #: Sequences of acts and what came of each, without who and where.
        self.courses: set[int] = set()
        self._began = (time.monotonic(), time.process_time())

    def add(self, evening: Evening) -> None:
        self.evenings += 1
        self.acts.update(evening.course)
        self.refusals.update(evening.refusals)
        self.courses.add(hash(tuple(evening.course)))

    def done(self, act: str) -> int:
        """How often ``act`` was done, whatever it was called beyond its name."""
        return sum(number for (name, end), number in self.acts.items() if end == "done" and name.split()[0] == act)

    def line(self) -> str:
        wall, cpu = time.monotonic() - self._began[0], time.process_time() - self._began[1]
        each = f"{wall / self.evenings:.2f} s, {cpu / self.evenings:.2f} s of CPU each"
        return f"{self.evenings} evenings, {len(self.courses)} different courses, {each}"

    def __str__(self) -> str:
        total, done = self.acts.total(), sum(number for (_, end), number in self.acts.items() if end == "done")
        lines = [self.line(), f"{total / self.evenings:.1f} acts an evening, {done / total:.0%} of them done", ""]
        lines.append(f"{'act':28}{'done':>8}{'refused':>9}{'nothing there':>15}")
        for act in sorted({act for act, _ in self.acts}):
            ends = [self.acts[act, end] for end in ("done", "refused", "nothing there")]
            lines.append(f"{act:28}{ends[0]:8}{ends[1]:9}{ends[2]:15}")
        lines += ["", "refused with"]
        lines += [f"{number:8}  {act}: {code}" for (act, code), number in self.refusals.most_common()]
        return "\n".join(lines)


class Evening:
    """Who does what to two stations; a refusal is an answer, any other exception a defect.

    An act returns True, False when there was nothing to do it to, or a word
    where it has to be told apart from others of its name.
    """

    def __init__(self, play: Any) -> None:
        self.play = play
        self.read: list[tuple[Sent, Any]] = []
        self.course: list[tuple[str, str]] = []
        self.refusals: list[tuple[str, str]] = []

    def do(self, action: str, dice: random.Random) -> None:
        try:
            came = getattr(self, action)(dice)
        except REFUSALS as refusal:
            self.course.append((action, "refused"))
            self.refusals.append((action, refusal.code))
            return
        name = f"{action} {came}" if isinstance(came, str) else action
        self.course.append((name, "nothing there" if came is False else "done"))

    def submit(self, dice):
        station = dice.choice(STATIONS)
        # Joko guards the first one only.
        who = dice.choice([self.play.siti, self.play.joko])
        photos = {} if dice.random() < 0.8 else {"photos": ()}
        send(self.play, station, dice.choice(FIGURES), by=who, **photos)
        return True

    def send_again(self, dice):
        """A phone that heard no answer sends the same once more, however late."""
        form = self._form(dice, channel=Channel.API)
        if not form:
            return False
        again = Submission(
            uuid=form.uuid,
            contest_id=form.contest_id,
            station_id=form.station_id,
            figures=_as_sent(form),
            photos=tuple(PhotoName(one.sha256, one.page, one.subject) for one in form.photo_names.all()),
            supersedes=form.supersedes.uuid if form.supersedes else None,
        )
        before = self._results()
        receipt = intake.submit(again, by=form.submitted_by, channel=Channel.API)
        assert (receipt.form, receipt.created) == (form, False)
        assert self._results() == before
        return True

    def count(self, dice):
        """Totals follow between any two acts, not only at the end."""
        aggregation.drain()
        return True

    def correct_own(self, dice):
        form = self._form(dice, submitted_by__in=[self.play.siti, self.play.joko])
        if not form:
            return False
        by, again = form.submitted_by, arrived(form.submitted_by, dice.random())
        send(self.play, self._name(form), dice.choice(FIGURES), by=by, supersedes=form.uuid, photos=(again,))
        return True

    def read_equal(self, dice):
        form = take(self.play.oper, self.play.election)
        return self._read(form, figures=_as_sent(form)) if form else False

    def read_other(self, dice):
        form = take(self.play.oper, self.play.election)
        return self._read(form, figures=figures(dice.choice(FIGURES))) if form else False

    def report(self, dice):
        form = take(self.play.oper, self.play.election)
        finding = dice.choice([Finding.UNREADABLE, Finding.WRONG_STATION, Finding.NOT_C1])
        return self._read(form, finding=finding, reason=str(finding.label)) if form else False

    def read_again(self, dice):
        """The same page sent once more, however late."""
        if not self.read:
            return False
        sent, stored = dice.choice(self.read)
        before = self._results()
        assert readings.read(sent, by=self.play.oper) == stored
        assert self._results() == before
        return True

    def take(self, dice):
        return take(self.play.oper, self.play.election) is not None

    def approve(self, dice):
        return self._decide(dice, verification.approve)

    def reject(self, dice):
        return self._decide(dice, verification.reject, reason="Bukan C1")

    def ask_for_fix(self, dice):
        return self._decide(dice, verification.ask_for_fix, reason="Foto buram")

    def correct(self, dice):
        form = self._form(dice)
        if not form:
            return False
        seen = cast.submission(self.play, self._name(form), dice.choice(FIGURES), supersedes=form.uuid)
        decide(self.play, verification.correct, form, submission=seen, reason="Salah ketik", by=self._who(dice))
        return True

    def adopt(self, dice):
        result = self.play.result(dice.choice(STATIONS))
        seen = [one for one in readings.readings_of(result) if one.figures.votes]
        if not seen:
            return False
        verification.adopt(seen[-1], by=self._who(dice), seen=result.audit_seq, reason="Salah ketik saksi")
        return True

    def move(self, dice):
        form = self._form(dice)
        if not form:
            return False
        here = self._name(form)
        there = here if dice.random() < 0.1 else next(name for name in STATIONS if name != here)
        move(self.play, form, there)
        return f"{here} > {there}"

    def phase(self, dice):
        self.play.election.phase = dice.choice([Phase.OPEN, Phase.OPEN, Phase.RECAP])
        self.play.election.save()
        return True

    def _decide(self, dice, act, **more):
        form = self._form(dice)
        if not form:
            return False
        decide(self.play, act, form, by=self._who(dice), **more)
        return True

    def _read(self, form, **seen):
        sent = Sent(uuid.uuid4(), form.pk, **seen)
        self.read.append((sent, readings.read(sent, by=self.play.oper)))
        return True

    def _results(self):
        return list(StationResult.objects.order_by("pk").values())

    def _who(self, dice):
        return dice.choice([self.play.budi, self.play.rina])

    def _name(self, form):
        return next(name for name, station in self.play.stations.items() if station.pk == form.station_id)

    def _form(self, dice, **like):
        """A form of the two stations, three times out of four one that is of any weight."""
        forms = list(C1Form.objects.filter(**like).order_by("pk"))
        counted = set(StationResult.objects.exclude(form=None).values_list("form_id", flat=True))
        replaced = set(C1Form.objects.exclude(supersedes=None).values_list("supersedes_id", flat=True))
        weighty = [form for form in forms if form.pk in counted or form.pk not in replaced]
        chosen = weighty if weighty and dice.random() < 0.75 else forms
        return dice.choice(chosen) if chosen else None


def _as_sent(form: C1Form) -> Figures:
    """The figures of ``form`` without the boxes that its paper does not have."""
    known = {name: value for name, value in form.figures.values.items() if value is not None}
    return Figures(votes=form.figures.votes, values=known)


ACTIONS = [name for name in vars(Evening) if not name.startswith("_") and name != "do"]
#: As often as they happen: what people send, what is read, what is decided.
OFTEN = ["submit", "submit", "correct_own", "correct_own", "read_other", "read_equal", "move", "reject", "approve"]

_dice = st.integers(0, 2**32)
#: Most begin with what there is to read and to decide; some with nothing at all.
_openings = st.lists(st.tuples(st.just("submit"), _dice), max_size=3)
_acts = st.lists(st.tuples(st.sampled_from(ACTIONS + OFTEN), _dice), min_size=4, max_size=14)
evenings = st.builds(list.__add__, _openings, _acts)
