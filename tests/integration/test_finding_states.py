"""After any sequence of what people do, the findings say what the rules say now, and every answer stands.

The oracle reads what counts by itself and asks the pure rules, knowing nothing of what changed and what was asked.
"""

from __future__ import annotations

from collections import defaultdict
from contextlib import suppress
from typing import Any

from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from analytics.examining import running
from analytics.findings import acting
from analytics.findings.acting import ActionRefused, Seen
from analytics.models import Finding, FindingState
from analytics.rule_settings import rules_of
from analytics.rules import arithmetic
from analytics.rules.copies import same_files
from analytics.rules.digits import Row, another_station
from analytics.rules.documents import StationC1, official_figure, recap_against_c1s, two_readings
from regions.models import Level, Region
from tallies import intake, preparation
from tallies.count_room import moving, verification
from tallies.count_room.verification import DecisionRefused
from tallies.figures import StationFacts
from tallies.intake import IntakeRefused
from tallies.models import COUNTED_REVIEWS, C1Form, Channel, ExaminationRow, RecapForm, StationResult
from tallies.official import importing
from tallies.official.reading import newest_figures
from tallies.recap import settling
from tallies.recap.reading import counted_recap
from tallies.submission import PhotoName
from tallies.totals import aggregation
from tests import cast, recaps

STATIONS = ("dampit_1", "dampit_2", "pamotan_1", "gedangan_1")
PEOPLE = ("siti", "joko", "budi")
#: Equal ones, a wrong sum, more than the register, a blank box, more than the ballots.
FIGURES: tuple[tuple[list[int | None], dict[str, int | None]], ...] = (
    ([80, 100, 20], {}),
    ([100, 80, 20], {}),
    ([80, 100, 20], {"valid_votes": 220, "voters_total": 225}),
    ([200, 90, 20], {"voters_total": 315}),
    ([80, None, 20], {}),
)
PHOTOS = ("ab" * 32, "cd" * 32)
#: What another has done meanwhile, and what the page would not have offered.
REFUSALS = (ActionRefused, DecisionRefused, IntakeRefused, settling.SettlingRefused, importing.NotUndone)
ASKED = ("D1", "D2", "D3", "D4", "H1", "H2", "H3", "H4", "E3", "P1")

stations, people = st.sampled_from(STATIONS), st.sampled_from(PEOPLE)
figures, photos, which = st.sampled_from(FIGURES), st.sampled_from(PHOTOS), st.integers(0, 10)

Key = tuple[str, int | None, int | None]


class Count(RuleBasedStateMachine):
    """People, and an examiner who runs whenever it likes."""

    play: Any

    def __init__(self) -> None:
        super().__init__()
        self.savepoint = transaction.atomic()
        self.savepoint.__enter__()
        self.imports: list[Any] = []

    @rule(station=stations, by=people, said=figures, photo=photos)
    def submit(self, station, by, said, photo):
        self._send(station, by, said, photo)

    @rule(n=which, said=figures, photo=photos)
    def correct(self, n, said, photo):
        if form := self._nth(C1Form.objects.all(), n):
            self._send(self._name(form.station_id), form.submitted_by.username, said, photo, supersedes=form.uuid)

    def _send(self, station, by, said, photo, **more):
        votes, values = said
        given = cast.submission(self.play, station, votes, values=values, photos=(PhotoName(photo, 1),), **more)
        with suppress(*REFUSALS):
            intake.submit(given, by=self.play.people[by], channel=Channel.API)

    @rule(n=which, reason=st.sampled_from(["", "Bukan C1"]))
    def decide(self, n, reason):
        if form := self._nth(C1Form.objects.all(), n):
            seen = self._result(form).audit_seq
            with suppress(*REFUSALS):
                if reason:
                    verification.reject(form, by=self.play.rina, reason=reason, seen=seen)
                else:
                    verification.approve(form, by=self.play.rina, seen=seen)

    @rule(n=which, station=stations)
    def move_form(self, n, station):
        if form := self._nth(C1Form.objects.all(), n):
            target, seen = self.play.result(station), self._result(form).audit_seq
            with suppress(*REFUSALS):
                moving.move(form, target, reason="Salah TPS", by=self.play.rina, seen=seen)

    @rule(village=st.sampled_from([recaps.SUKAMAJU, recaps.PAMOTAN, "35.07.06.2001"]))
    def move_station(self, village):
        station = self.play.result("dampit_2").station
        preparation.move_station(station, cast.region(village))

    @rule(off=st.sampled_from([0, 30]), n=which)
    def recap(self, off, n):
        """What the C1s say now, or with votes that moved; every third one corrects the version before."""
        parts = {code: self._sums(code) for code in (recaps.SUKAMAJU, recaps.PAMOTAN)}
        parts[recaps.SUKAMAJU][1] += off
        last = RecapForm.objects.order_by("-pk").first()
        more = {"supersedes": last.uuid} if last and n % 3 == 0 else {}
        with suppress(*REFUSALS):
            recaps.send(self.play, recaps.columns(parts), by=self.play.parto, **more)

    @rule(n=which, act=st.sampled_from([settling.choose, settling.reject]))
    def settle_recap(self, n, act):
        if form := self._nth(RecapForm.objects.all(), n):
            with suppress(*REFUSALS):
                act(form, by=self.play.rina, seen=recaps.result(self.play).audit_seq, reason="Sesuai kertas")

    @rule(station=stations, said=st.sampled_from([[80, 100, 20], [60, 120, 20]]))
    def official(self, station, said):
        self.imports.append(recaps.official(self.play, {station: said}))

    @rule()
    def undo(self):
        if self.imports:
            importing.undo(self.imports.pop(), by=self.play.budi)

    @rule(n=which, act=st.sampled_from(["explain", "confirm", "escalate", "reopen", "assign"]))
    def answer(self, n, act):
        if finding := self._nth(Finding.objects.all(), n):
            seen = Seen(finding.version, finding.events.order_by("pk").last().pk)
            said = self.play.rina if act == "assign" else "Sudah dilihat"
            with suppress(*REFUSALS):
                getattr(acting, act)(finding, said, seen=seen, by=self.play.budi)

    @rule()
    def examine(self):
        aggregation.drain()
        running.examine_changed()

    def teardown(self):
        try:
            self.examine()
            check(self.play)
            self._again()
            before = snapshot()
            check(self.play)
            self._again()
            assert snapshot() == before, "examined again, with nothing new"
        finally:
            transaction.set_rollback(True)
            self.savepoint.__exit__(None, None, None)

    def _again(self):
        ExaminationRow.objects.bulk_create(
            ExaminationRow(contest_id=one.contest_id, region_id=one.station.region_id, station_id=one.station_id)
            for one in StationResult.objects.filter(contest=self.play.malang).select_related("station")
        )
        running.examine_changed()

    def _nth(self, rows, n):
        found = list(rows.order_by("pk"))
        return found[n % len(found)] if found else None

    def _name(self, key):
        return next(name for name, station in self.play.stations.items() if station.pk == key)

    def _result(self, form):
        return StationResult.objects.get(contest=form.contest_id, station=form.station_id)

    def _sums(self, code):
        return [sum(one.form.figures.votes[n] or 0 for one in counted(self.play, code)) for n in (1, 2, 3)]


# What has to hold


def counted(play, code="35.07"):
    rows = StationResult.objects.filter(contest=play.malang, review__in=COUNTED_REVIEWS)
    here = Region.objects.within(cast.region(code))
    return list(rows.filter(station__region__in=here).select_related("form", "station", "contest__election"))


def expected(play) -> dict[Key, Any]:
    """What the pure rules say of what counts now, with the part that a finding's numbers must show."""
    rules = rules_of(play.election)
    found: dict[Key, Any] = {}
    rows = counted(play)
    official = newest_figures(play.malang, [one.station_id for one in rows])
    for one in rows:
        own = one.form.figures
        place = (None, one.station_id)
        facts = StationFacts(one.station.registered_male + one.station.registered_female)
        told = arithmetic.examine(own, facts, play.election.thresholds, own=1, exempt=False, settings=rules)
        for broken in told:
            found.setdefault((broken.code, *place), [one.form_id])
        rival = next((r for r in intake.open_rivals(one) if two_readings(own.votes, r.figures.votes)), None)
        if rival:
            found["D1", *place] = [one.form_id, f"form {rival.pk}"]
        stated = official.get(one.station_id)
        differs = stated and official_figure(own.votes, stated, own=1, rival=2, area_margin=0, settings=rules)
        if differs:
            found["D2", *place] = [one.form_id, [(d.pair, d.first, d.second) for d in differs.differences]]
    return found | copies(rows) | of_recap(play)


def copies(rows) -> dict[Key, Any]:
    photos = {one.station_id: [name.sha256 for name in one.form.photo_names.all()] for one in rows}
    found: dict[Key, Any] = {}
    for one in same_files((station, sha256) for station, named in photos.items() for sha256 in named):
        for station in one.stations:
            found["P1", None, station] = [one.digest, sorted(set(one.stations) - {station})]
    desa = defaultdict(list)
    for one in rows:
        figures = one.form.figures
        every = (*figures.votes.values(), figures.get("valid_votes"), figures.get("invalid_votes"))
        every += (figures.get("voters_total"),)
        if None not in every:
            desa[one.station.region_id, every].append(one)
    for (_region, every), same in desa.items():
        last = max(same, key=lambda one: one.form_id)
        lines = [Row(one.station_id, every, frozenset(photos[one.station_id])) for one in same]
        told = another_station(lines[same.index(last)], lines)
        if told is not None:
            found["E3", None, last.station_id] = [last.form_id, list(told.stations)]
    return found


def of_recap(play) -> dict[Key, Any]:
    region = cast.region(recaps.DAMPIT)
    recap = counted_recap(play.malang, region)
    if recap is None:
        return {}
    proven, missing = False, 0
    for key, votes in recap.columns.items():
        inside = Region.objects.within(Region.objects.get(pk=key)).filter(level=Level.VILLAGE)
        c1s = [
            StationC1(dict(one.form.figures.votes) if one.is_in else None, 308)
            for one in StationResult.objects.filter(contest=play.malang, station__region__in=inside)
        ]
        one = recap_against_c1s(c1s, votes, own=1)
        proven = proven or one.kind is not None
        missing = one.missing if key == region.pk else missing
    return {("D4" if missing else "D3", region.pk, None): [recap.form.pk, missing]} if proven else {}


def shown(finding) -> Any:
    """Of its numbers what `expected` says of the rule."""
    said = finding.numbers
    if finding.rule == "D1":
        return [*said["forms"], said["second"]]
    if finding.rule == "D2":
        return [*said["forms"], [(d["pair"], d["first"], d["second"]) for d in said["differences"]]]
    if finding.rule == "E3":
        return [*said["forms"], said["stations"]]
    if finding.rule == "P1":
        return [said["digest"], said["stations"]]
    if finding.rule in ("D3", "D4"):
        return [said["recap_form"], said["missing"]]
    return said["forms"]


def check(play):
    said = expected(play)
    there = {}
    for one in Finding.objects.filter(contest=play.malang, rule__in=ASKED):
        there[one.rule, None if one.station_id else one.region_id, one.station_id] = one
        numbers = list(one.versions.order_by("number").values_list("number", flat=True))
        assert numbers == list(range(1, one.version + 1)), "versions without a gap"
    for key, what in said.items():
        finding = there.get(key)
        assert finding is not None, f"{key} was never written down"
        assert finding.state != FindingState.CLOSED, f"{key} is so, and closed"
        assert shown(finding) == what, f"{key} shows other figures than those that count"
    stale = {key for key, one in there.items() if one.is_active and key not in said}
    assert not stale, f"{stale} stand, and are no longer so"
    stations = StationResult.objects.filter(contest=play.malang).values_list("station_id", "station__region_id")
    where = dict(stations)
    assert all(one.region_id == where[one.station_id] for one in there.values() if one.station_id and one.is_active)


def snapshot():
    rows = Finding.objects.order_by("pk")
    return list(rows.values_list("rule", "station", "region", "state", "version", "numbers", "severity", "stake"))


def test_after_any_sequence_the_findings_say_what_the_rules_say(play):
    recaps.recap_witness(play)

    class OfPlay(Count):
        pass

    OfPlay.play = play
    run_state_machine_as_test(
        OfPlay,
        settings=settings(
            max_examples=12,
            stateful_step_count=14,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
