"""Run the rules over what changed: take a batch, read, ask, write down. One examiner an election at a time.

Everything is read and computed outside of the writing transaction: with SQLite the one writer is the witnesses'.
What changes meanwhile is queued again by the change itself.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable

import numpy as np
from django.db import transaction
from django.db.models import Q

from analytics.examining import areas, batches, documents, forms, neighbours, swings
from analytics.examining.found import Asked, Found, Place
from analytics.examining.recording import record
from analytics.examining.stations import (
    Branch,
    ContestFacts,
    StationTable,
    read_branch,
    read_contest,
    read_forms,
    read_stations,
    read_totals,
)
from analytics.examining.swing_memory import Memory
from analytics.findings import flood
from analytics.models import ACTIVE_STATES, STANDING_STATES, ElectionRules, Expectation, Finding, Rule, SwingMemory
from analytics.rule_settings import rules_of
from analytics.rules.settings import RuleSettings
from regions.models import Level, Region
from sista.database import writing
from tallies.models import C1Form, Election, ExaminationRow

log = logging.getLogger(__name__)

#: Rules that ask about every TPS of a desa in which one changed.
_OF_NEIGHBOURS = (*swings.RULES, Rule.OTHER_STATION)
_STATION_RULES = (*forms.RULES, *swings.RULES, *neighbours.STATION_RULES, *documents.STATION_RULES)


class _Overtaken(Exception):
    """Another examiner wrote this batch down first."""


def examine_changed(*, limit: int = batches.BATCH) -> int:
    """Examine everything that waits; return how many findings opened, moved or closed."""
    changed = 0
    waiting = ExaminationRow.objects.order_by().values_list("contest__election", flat=True).distinct()
    for election in Election.objects.filter(pk__in=list(waiting)).order_by("pk"):
        try:
            while (moved := examine_batch(election, limit=limit)) is not None:
                changed += moved
        except (ValueError, ArithmeticError, LookupError):
            # Thresholds that are none, say: its rows wait on, and hold up no other election.
            log.exception("election %s was not examined", election.pk)
    return changed


def examine_batch(election: Election, *, limit: int = batches.BATCH) -> int | None:
    """Examine one batch of ``election``; return the findings that changed, ``None`` when nothing waits."""
    batch = batches.take(election, limit=limit)
    if batch is None:
        return None
    settings = rules_of(election)
    rules = ElectionRules.objects.filter(election=election).first()
    exempt = list(rules.exempt_stations.values_list("pk", flat=True)) if rules else []
    asked = [_examine(one, settings, exempt) for one in batch.contests]
    changed = 0
    try:
        with writing(), transaction.atomic():
            batches.lock(election)
            if not batches.let_go(batch):
                raise _Overtaken
            for answer in asked:
                answer.keep()
                changed += record(answer.found, answer.asked)
            if changed:
                flood.limit_open([one.contest for one in batch.contests])
    except _Overtaken:
        return 0
    return changed


class Answer:
    """What the rules say of one contest's part of a batch."""

    def __init__(self, facts: ContestFacts) -> None:
        self.facts = facts
        self.found: list[Found] = []
        self.asked: Asked = set()
        self.memories: dict[int, Memory] = {}

    def ask(self, rules: Iterable[str], places: Iterable[Place]) -> None:
        self.asked |= {(rule, place.key) for rule in rules for place in places}

    def keep(self) -> None:
        for regency, memory in sorted(self.memories.items()):
            SwingMemory.objects.update_or_create(
                contest=self.facts.contest, region_id=regency, defaults={"content": memory.pack()}
            )


def _examine(one: batches.ContestBatch, settings: RuleSettings, exempt: list[int]) -> Answer:
    facts = read_contest(one.contest)
    answer = Answer(facts)
    above: set[int] = set()
    branch = read_branch(one.villages)
    if one.villages:
        above = {*branch.district_of.values(), *branch.regency_of.values()}
        _examine_stations(facts, one, branch, settings, exempt, answer)
    everywhere = facts.contest.region_id in one.areas
    regencies = _regencies(facts, branch, everywhere=everywhere)
    if regencies:
        _examine_areas(facts, regencies, settings, answer)
    answer.found += documents.weighed_again(facts, settings, but=one)
    # A recap is held against the C1s below it: it is asked when either changed.
    asked = one.areas | documents.with_recap(facts, above)
    answer.found += documents.recaps(facts, asked)
    answer.ask(documents.AREA_RULES, [Place(facts.contest.pk, region) for region in asked])
    return answer


def _examine_stations(
    facts: ContestFacts,
    one: batches.ContestBatch,
    branch: Branch,
    settings: RuleSettings,
    exempt: list[int],
    answer: Answer,
) -> None:
    table = read_stations(facts, one.villages)
    rows = [
        row
        for row, (station, region) in enumerate(zip(table.station.tolist(), table.region.tolist(), strict=True))
        if station in one.stations or region in one.whole_villages
    ]
    stations = table.station[rows].tolist()
    above = {*branch.district_of.values(), *branch.regency_of.values()}
    around = swings.surround(facts, table, branch, read_totals(facts, above), settings)

    counted = read_forms(facts, [int(table.form[row]) for row in rows if table.is_in[row]])
    recap_on = documents.dates(facts, branch.district_of)
    beside = forms.read_surroundings(facts, counted, stations, exempt, recap_on)
    answer.found += forms.examine(
        facts, table, rows, counted, beside, lambda station: around.expected_of(station, facts.numbers), settings
    )
    places = {
        int(table.station[row]): Place(facts.contest.pk, int(table.region[row]), int(table.station[row]))
        for row in rows
        if table.is_in[row]
    }
    form_of = {int(table.station[row]): counted[int(table.form[row])] for row in rows if table.is_in[row]}
    answer.found += documents.official(facts, places, form_of, settings)
    # One that left its desa, or whose form was rejected, leaves a copy behind at the others.
    copies, copied = neighbours.of_photos(facts, {*stations, *one.stations}, settings)
    answer.found += copies
    answer.ask(neighbours.PHOTO_RULES, copied)
    answer.found += neighbours.in_villages(facts, table, settings)
    answer.found += swings.swapped(facts, around, settings)
    answer.found += swings.zeros(facts, around, _witnessed(around, facts), settings)
    _examine_swings(facts, table, branch, around, settings, answer)
    _ask_stations(table, rows, one, answer)


def _examine_swings(
    facts: ContestFacts,
    table: StationTable,
    branch: Branch,
    around: swings.Surrounded,
    settings: RuleSettings,
    answer: Answer,
) -> None:
    """S1: every TPS of the kabupaten is ranked again, those of the changed desa tested anew."""
    regencies = sorted(set(branch.regency_of.values()))
    stored = SwingMemory.objects.filter(contest=facts.contest, region__in=regencies)
    memories = {row.region_id: Memory.unpack(bytes(row.content)) for row in stored}
    answer.memories = swings.remember(facts, around, memories, branch)
    if not answer.memories:
        return
    here = np.concatenate([table.station, *(memory.rows["station"] for memory in memories.values())])
    standing = Finding.objects.filter(contest=facts.contest, rule=Rule.STATION_SWING, state__in=ACTIVE_STATES)
    places = [
        Place(facts.contest.pk, region, station) for station, region in standing.values_list("station", "region")
    ]
    inside = np.isin([place.station for place in places], here).tolist()
    is_open = [place for place, is_here in zip(places, inside, strict=True) if is_here]
    answer.found += swings.station_swings(
        facts, answer.memories.values(), {place.station for place in is_open}, settings
    )
    answer.ask([Rule.STATION_SWING], is_open)


def _witnessed(around: swings.Surrounded, facts: ContestFacts) -> set[int]:
    wanted = around.table.form[around.rows[swings.zero_places(facts, around)]].tolist()
    sent = C1Form.objects.filter(pk__in=wanted, channel__in=forms.WITNESS_CHANNELS)
    return set(sent.values_list("pk", flat=True))


def _regencies(facts: ContestFacts, branch: Branch, *, everywhere: bool) -> set[int]:
    """The kabupaten in which something changed: all of the contest when another expectation is in force."""
    if not everywhere:
        return set(branch.regency_of.values())
    inside = Region.objects.within(facts.contest.region).filter(level=Level.REGENCY)
    return set(inside.values_list("pk", flat=True))


def _examine_areas(facts: ContestFacts, regencies: set[int], settings: RuleSettings, answer: Answer) -> None:
    """S3 of all areas, T1 of ``regencies``. What stands is asked too where nothing is expected any more."""
    expectation = Expectation.objects.active().filter(contest=facts.contest).first()
    if expectation is not None:
        known = areas.read_areas(facts, expectation)
        answer.found += areas.swings(facts, known, settings)
        answer.found += areas.silent(facts, expectation, known, regencies)
    standing = Finding.objects.open().filter(contest=facts.contest, station=None)
    stale = Q(rule=Rule.AREA_SWING) | Q(rule=Rule.SILENT_STRONGHOLD, region__in=regencies)
    for rule, region in standing.filter(stale).values_list("rule", "region"):
        answer.ask([rule], [Place(facts.contest.pk, region)])


def _ask_stations(table: StationTable, rows: list[int], one: batches.ContestBatch, answer: Answer) -> None:
    """Ask about what stands now: of the changed TPS everything, of their neighbours what neighbours decide."""
    contest = answer.facts.contest.pk
    changed = set(table.station[rows].tolist())
    standing = Finding.objects.filter(contest=contest, region__any_of=sorted(one.villages), state__in=STANDING_STATES)
    for rule, region, station in standing.values_list("rule", "region_id", "station_id"):
        if station is None:
            asked = rule in neighbours.VILLAGE_RULES
        else:
            asked = rule in _OF_NEIGHBOURS or (station in changed and rule in _STATION_RULES)
        if asked:
            answer.ask([rule], [Place(contest, region, station)])
    # One that left the desa, or its contest, is asked about too: it is no longer found here.
    gone = set(one.stations) - set(table.station.tolist())
    if gone:
        left = Finding.objects.filter(contest=contest, station__in=gone, state__in=STANDING_STATES)
        for rule, region, station in left.values_list("rule", "region_id", "station_id"):
            answer.ask([rule], [Place(contest, region, station)])
