"""An evening of second readings on real returns: each form ends where the rule says, and nobody reads one twice.

The returns of 2019 hold two real readings of each C1: the first is taken for
the witness's form, the second for what an operator sees on the photo.
"""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import random
import uuid
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.db import connection

from accounts.models import Role, User
from regions.importing import Row, import_regions
from regions.models import Level, Region
from sista.database import writing
from tallies import audit, intake, preparation
from tallies.checks import disagreement
from tallies.count_room import claims, readings, work_queue
from tallies.count_room.readings import Sent
from tallies.count_room.work_queue import View
from tallies.figures import Figures, parse_figure
from tallies.models import (
    C1Form,
    Channel,
    Decision,
    Election,
    Finding,
    FormKind,
    Office,
    Outcome,
    Phase,
    Photo,
    PhotoState,
    PhotoUpload,
    Reading,
    ReadingClaim,
    ReadingMode,
    ReadingState,
    Review,
    StationResult,
)
from tallies.preparation import NewPair, NewStation
from tallies.submission import PhotoName, Submission
from tallies.totals import aggregation, rebuilding
from tests.sending import at_once

RETURNS = Path(__file__).resolve().parents[3] / "shared" / "data" / "pilpres2019_tps_jatim.csv.gz"
#: SQLite has one writer: fewer forms say the same there.
FORMS, OPERATORS = 2000 if connection.vendor == "postgresql" else 400, 40
BOXES = {"voters_total": "jum", "valid_votes": "sah", "invalid_votes": "tsah"}

pytestmark = [pytest.mark.returns]


@dataclass(frozen=True)
class Case:
    """One form: what the witness sent, what stands on the photo, and how the operator goes about it."""

    form: C1Form
    on_photo: Figures
    manner: str

    @property
    def is_equal(self) -> bool:
        return disagreement(self.form.figures, self.on_photo) is None

    @property
    def end(self) -> tuple[str, str, bool]:
        """Review, reading and dispute, as the rule has them."""
        if self.manner == "unreadable":
            return Review.NEEDS_FIX, ReadingState.NONE, False
        if self.manner in ("wrong station", "stubborn") or not self.is_equal:
            return Review.PENDING, ReadingState.COORDINATOR, True
        return Review.VERIFIED, ReadingState.DONE, False


def records():
    """Rows of one kabupaten in which both readings have both pairs."""
    with gzip.open(RETURNS, "rt", encoding="utf-8") as stream:
        rows = (row for row in csv.DictReader(stream) if row["kel_kode"] and row["kab_kode"] == "35.07")
        whole = [row for row in rows if all(row[f"{who}_pas{n}"] for who in ("kpu", "kp") for n in (1, 2))]
    return list({(row["kel_kode"], row["tps"]): row for row in whole}.values())[:FORMS]


def figures(row, who):
    votes = {n: parse_figure(row[f"{who}_pas{n}"]) for n in (1, 2)}
    return Figures(votes, {name: parse_figure(row[f"{who}_{column}"]) for name, column in BOXES.items()})


def slipped(seen, by):
    """The same figures with a wrong digit in the first pair: what a tired hand makes of them."""
    return Figures(dict(seen.votes) | {1: (seen.votes[1] + by.randint(1, 9)) % 1000}, seen.values)


@pytest.fixture
def cases(committed_play):
    if not RETURNS.exists():
        pytest.skip(f"the real returns ({RETURNS.name}) are not beside this checkout")
    rows = records()
    places = {row["kec_kode"]: Row(row["kec_kode"], "35.07", Level.DISTRICT, row["kec"]) for row in rows}
    places |= {row["kel_kode"]: Row(row["kel_kode"], row["kec_kode"], Level.VILLAGE, row["kel"]) for row in rows}
    import_regions(places.values())
    election = Election.objects.create(
        name="Pilpres 2019",
        slug="pilpres-2019",
        date=dt.date(2019, 4, 17),
        phase=Phase.OPEN,
        form_kind=FormKind.SHORT,
        station_cap=300,
        reading_mode=ReadingMode.ALL,
    )
    province = Region.objects.get(code="35")
    contest = preparation.create_contest(
        election, province, Office.PRESIDENT, [NewPair(1, "Satu", usungan=True), NewPair(2, "Dua")]
    )
    keys = dict(Region.objects.values_list("code", "pk"))
    made = preparation.add_stations(
        election, [NewStation(keys[row["kel_kode"]], int(row["tps"]), None, None) for row in rows]
    )
    return list(_handed_in(rows, made, contest, committed_play.siti))


def _handed_in(rows, stations, contest, witness):
    chance = random.Random(2019)
    manners = random.Random(40).choices(
        ["plain", "slip", "stubborn", "unreadable", "wrong station"], weights=[88, 6, 2, 3, 1], k=len(rows)
    )
    names = [f"{chance.getrandbits(256):064x}" for _row in rows]
    facts = {"size": 1, "format": "JPEG", "width": 1, "height": 1, "state": PhotoState.READY}
    Photo.objects.bulk_create(Photo(sha256=name, **facts) for name in names)
    PhotoUpload.objects.bulk_create(PhotoUpload(photo_id=name, uploaded_by=witness) for name in names)
    with writing():
        for row, station, name, manner in zip(rows, stations, names, manners, strict=True):
            submission = Submission(
                uuid=uuid.uuid4(),
                contest_id=contest.pk,
                station_id=station.pk,
                figures=figures(row, "kpu"),
                photos=(PhotoName(name, 1),),
            )
            form = intake.submit(submission, by=witness, channel=Channel.API).form
            yield Case(form, figures(row, "kp"), manner)


def read_on(case, asked, operator, chance):
    seen, key = case.on_photo, uuid.uuid4()
    if case.manner == "unreadable":
        return Sent(key, case.form.pk, finding=Finding.UNREADABLE, reason="Buram")
    if case.manner == "wrong station":
        return Sent(key, case.form.pk, finding=Finding.WRONG_STATION, reason="Tertulis TPS lain")
    if case.manner == "stubborn" or (case.manner == "slip" and not asked):
        while not disagreement(case.form.figures, wrong := slipped(seen, chance)):
            pass
        return Sent(key, case.form.pk, wrong)
    return Sent(key, case.form.pk, seen)


def test_forty_operators_read_an_evenings_forms(cases, committed_play):
    by_form = {case.form.pk: case for case in cases}
    election = cases[0].form.contest.election
    regency = Region.objects.get(code="35.07")
    operators = User.objects.bulk_create(
        User(username=f"op{n}", role=Role.OPERATOR, region=regency, password="!") for n in range(OPERATORS)
    )

    def evening(place):
        operator, chance, done = operators[place], random.Random(place), []
        while (claim := claims.take(operator, election)) is not None:
            sent = read_on(by_form[claim.form_id], readings.asked_fields(claim), operator, chance)
            done.append(readings.read(sent, by=operator).pk)
        return done

    done = at_once(OPERATORS, evening)
    assert all(done), "every operator had something to read"
    assert sorted(pk for one in done for pk in one) == sorted(Reading.objects.values_list("pk", flat=True))
    assert not ReadingClaim.objects.exists()

    ended = dict.fromkeys(by_form)
    for result in StationResult.objects.filter(contest__election=election):
        ended[result.form_id] = (result.review, result.reading, result.disputed)
    assert ended == {pk: case.end for pk, case in by_form.items()}
    rounds = Counter(Reading.objects.values_list("form", "round"))
    assert set(rounds.values()) == {1}, "no form was read twice in one round"
    assert not Reading.objects.filter(reader=committed_play.siti).exists()

    # Identical readings verify in all cases; each verified one names both persons.
    plain = [case for case in cases if case.manner == "plain" and case.is_equal]
    assert {ended[case.form.pk][0] for case in plain} == {Review.VERIFIED}
    verified = Decision.objects.filter(outcome=Outcome.VERIFIED, reading__first_reader=committed_play.siti)
    assert verified.count() == sum(case.end[0] == Review.VERIFIED for case in cases)

    # Every difference stands before the coordinator of the kabupaten, and before no other.
    waiting = {pk for pk, case in by_form.items() if case.end[2]}
    assert waiting_for(committed_play.budi, election) == waiting
    assert waiting_for(committed_play.agus, election) == set()
    real = [case for case in cases if case.manner == "plain" and not case.is_equal]
    assert real, "the two readings of the returns differ somewhere"

    aggregation.drain()
    assert list(rebuilding.differences(election)) == []
    assert list(audit.verify(StationResult.objects.filter(contest__election=election))) == []


def waiting_for(coordinator, election):
    fresh = User.objects.get(pk=coordinator.pk)  # the tree has grown since, and the numbers of its regions moved
    page = work_queue.page(fresh, election, View.DIFFERENCES, size=FORMS)
    return {result.form_id for result in page.rows}
