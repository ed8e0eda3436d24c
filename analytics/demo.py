"""The demonstration election: Pilkada serentak 2020 in East Java, official totals, simulated stations.

There are no public figures per TPS for 2020. The stations are a seeded split of
the official totals that adds up exactly; the election says that it is a
simulation. Every form goes through the intake function, every approval through
verification. UUIDs are made from election, contest and station, so that a
second run adds nothing.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from itertools import pairwise
from multiprocessing import get_context
from typing import Any

from django.db import connection, connections

from accounts.models import User
from analytics import demo_accounts, demo_photos
from analytics.demo_plan import RESERVE_RATE, ContestPlan, Spot, plan_contest
from analytics.models import Target
from analytics.off_target import refreshing
from regions.importing import import_regions, rows_from_package
from regions.models import Level, Region
from sista.database import writing
from sista.progress import nobody
from tallies import intake, photos, preparation
from tallies.count_room import verification
from tallies.demo.pilkada_2020 import CONTESTS, STATION_CAP, VOTING_DAY, DemoContest
from tallies.models import (
    C1Form,
    Channel,
    Contest,
    Election,
    FormKind,
    Office,
    Phase,
    PollingStation,
    ReadingMode,
    Review,
    StationResult,
)
from tallies.preparation import NewPair, NewStation
from tallies.submission import PhotoName, Submission
from tallies.totals import aggregation

SLUG = "pilkada-2020-jatim"
NAME = "Pilkada serentak 2020 Jawa Timur"

#: A city won, a city and a regency lost against the target, and a lone pair against the empty box.
DEFAULT_CONTESTS = ("35.72", "35.75", "35.16", "35.21")
DEFAULT_SEED = 2020

#: Contests whose pages have photos to show: those of the two coordinators one can sign in as.
PHOTO_CONTESTS = ("35.72", "35.75")
PHOTOS_A_CONTEST = 6
#: Where the demonstration's operator works there are more: something to read.
PHOTOS_TO_READ = 60
#: Photos whose copy is made at once; those of the others are made when the program runs.
COPIED_AT_ONCE = 30

#: Forms in one transaction. On SQLite a commit of its own for each form waits for the disk.
CHUNK = 500

#: No day of the list was found; the last one of its year stands for it, and the source says so.
TARGETS_STATED_ON = date(2019, 12, 31)
TARGETS_STATED_BY = "PDI Perjuangan"
TARGETS_SOURCE = "Daftar 13 daerah target tahun 2019; tanggal pastinya tidak ditemukan, dicatat akhir tahun"

Say = Callable[[str], None]


class Part(StrEnum):
    """What is being made of a contest."""

    STATIONS = "stations"
    FORMS = "forms"
    DECISIONS = "decisions"


#: Told the contest's name, the part of it, how much is done, of how much.
TellPart = Callable[[str, Part, int, int], None]


class SeedingRefused(Exception):
    """What is there already does not fit what was asked; the text is for the person who asked."""


@dataclass(frozen=True)
class Stage:
    """One contest with everything its forms need. ``stations`` and ``guards`` are keyed by (desa code, number)."""

    fact: DemoContest
    plan: ContestPlan
    contest: Contest
    coordinator: User
    stations: dict[tuple[str, int], PollingStation]
    guards: dict[tuple[str, int], User]

    def station(self, spot: Spot) -> PollingStation | None:
        """The station of ``spot``; None when somebody moved or removed it since."""
        return self.stations.get(spot.key)


@dataclass(frozen=True)
class Played:
    """What one contest took."""

    name: str
    stations: int
    new: int
    seconds: float


def seed(
    codes: Sequence[str], *, seed: int, complete: bool, workers: int = 1, say: Say, tell: TellPart = nobody
) -> int:
    """Make the demonstration with the contests of ``codes``; return how many forms are new.

    ``complete`` sends every station and disputes nothing: the totals are the
    official ones. ``workers`` > 1 plays as many contests at a time
    (PostgreSQL). ``say`` hears of each contest that is done, ``tell`` meanwhile,
    unless several are played. Raises `SeedingRefused`.
    """
    if workers > 1 and connection.vendor != "postgresql":
        raise SeedingRefused("--workers lebih dari 1 hanya dengan PostgreSQL: SQLite punya satu penulis.")
    facts = _facts(codes)
    _require_regions(facts, say)
    demo_accounts.ensure_accounts()
    election = _election()
    new = 0
    for played in _play_all(election, facts, workers, tell, seed=seed, complete=complete):
        say(f"{played.name}: {played.stations} TPS, {played.new} formulir baru ({played.seconds:.0f} detik)")
        new += played.new
    aggregation.drain()
    refreshing.refresh_changed()
    photos.process_waiting(limit=COPIED_AT_ONCE)
    return new


def _facts(codes: Sequence[str]) -> list[DemoContest]:
    by_code = {fact.code: fact for fact in CONTESTS}
    if unknown := [code for code in codes if code not in by_code]:
        raise SeedingRefused(f"Bukan kontes Pilkada 2020 Jawa Timur: {', '.join(unknown)}.")
    return [by_code[code] for code in dict.fromkeys(codes)]


def _require_regions(facts: Iterable[DemoContest], say: Say) -> None:
    if not Region.objects.filter(level=Level.VILLAGE).exists():
        say("Wilayah diimpor dari paket …")
        import_regions(rows_from_package())
    wanted = {fact.code for fact in facts} | {a.region for a in demo_accounts.ACCOUNTS if a.region}
    if missing := wanted - set(Region.objects.filter(code__in=wanted).values_list("code", flat=True)):
        raise SeedingRefused(
            f"Wilayah tidak ada: {', '.join(sorted(missing))}. Peragaan memakai kode Kemendagri dari paket."
        )


def _election() -> Election:
    with writing():
        election, _created = Election.objects.get_or_create(
            slug=SLUG,
            defaults={
                "name": NAME,
                "date": VOTING_DAY,
                "phase": Phase.OPEN,
                "form_kind": FormKind.FULL,
                "party_name": "PDI Perjuangan",
                "reserve_rate": RESERVE_RATE,
                "station_cap": STATION_CAP,
                "reading_mode": ReadingMode.ALL,
                "is_simulation": True,
            },
        )
    if not election.is_simulation:
        raise SeedingRefused(f"Pemilihan {SLUG} sudah ada dan bukan simulasi; tidak ada yang ditulis.")
    return election


def _play_all(
    election: Election, facts: list[DemoContest], workers: int, tell: TellPart, **wishes: Any
) -> Iterator[Played]:
    if workers == 1:
        yield from (_play(election, fact, tell=tell, **wishes) for fact in facts)
        return
    # A connection must not cross a fork; each process opens its own.
    connections.close_all()
    with ProcessPoolExecutor(workers, mp_context=get_context("fork")) as pool:
        largest_first = sorted(facts, key=lambda fact: -fact.stations)
        for future in as_completed([pool.submit(_play, election, fact, **wishes) for fact in largest_first]):
            yield future.result()


def _play(election: Election, fact: DemoContest, *, seed: int, complete: bool, tell: TellPart = nobody) -> Played:
    started = time.monotonic()
    tell(fact.name, Part.STATIONS, 0, fact.stations)
    stage = _set_up(election, fact, seed=seed)
    counted = [i for i in range(len(stage.plan.spots)) if complete or i not in stage.plan.withheld]
    to_read = not complete and fact.code == demo_accounts.HOME_CONTEST
    most = PHOTOS_TO_READ if to_read else PHOTOS_A_CONTEST
    new = _send(stage, _first_forms(stage, counted, photographed=most), tell)
    if not complete:
        new += _send(stage, _rival_forms(stage))
        _verify(stage, tell)
    return Played(fact.name, len(stage.plan.spots), new, time.monotonic() - started)


# Setting up


def _set_up(election: Election, fact: DemoContest, *, seed: int) -> Stage:
    region = Region.objects.get(code=fact.code)
    villages = dict(
        Region.objects.within(region).filter(level=Level.VILLAGE).order_by("first").values_list("code", "pk")
    )
    plan = plan_contest(fact, list(villages), seed=seed)
    coordinator = demo_accounts.coordinator_of(region)
    with writing():
        contest = _contest(election, region, fact)
        stations = _stations(contest)
        if not stations:
            preparation.add_stations(election, [_new_station(spot, villages) for spot in plan.spots])
            stations = _stations(contest)
            preparation.announce_stations(election, {station.region_id for station in stations.values()})
        _require_same_plan(fact, plan, stations)
        guards = _guards(fact, plan, stations, by=coordinator)
    return Stage(fact, plan, contest, coordinator, stations, guards)


def _new_station(spot: Spot, villages: dict[str, int]) -> NewStation:
    return NewStation(villages[spot.village], spot.number, spot.registered_male, spot.registered_female)


def _contest(election: Election, region: Region, fact: DemoContest) -> Contest:
    contest = Contest.objects.filter(election=election, region=region, office=Office.REGENT).first()
    if contest is None:
        pairs = [NewPair(p.number, p.name, p.backing, p.usungan) for p in fact.pairs]
        contest = preparation.create_contest(election, region, Office.REGENT, pairs)
    if fact.target and not contest.targets.exists():
        Target.objects.create(
            contest=contest, stated_on=TARGETS_STATED_ON, stated_by=TARGETS_STATED_BY, source=TARGETS_SOURCE
        )
    return contest


def _stations(contest: Contest) -> dict[tuple[str, int], PollingStation]:
    rows = PollingStation.objects.filter(election=contest.election_id).within(contest.region).select_related("region")
    return {(station.region.code, station.number): station for station in rows}


def _require_same_plan(fact: DemoContest, plan: ContestPlan, stations: dict[Any, PollingStation]) -> None:
    """Refuse another seed: its figures would be sent as rivals of those that are there.

    A few stations may differ, because somebody tried the administration.
    """
    same = sum(
        (station := stations.get(spot.key)) is not None
        and (station.registered_male, station.registered_female) == (spot.registered_male, spot.registered_female)
        for spot in plan.spots
    )
    if same < len(plan.spots) * 0.9:
        raise SeedingRefused(
            f"{fact.name} sudah dibuat dengan --seed lain; pakai --seed yang sama atau basis data baru."
        )


def _guards(
    fact: DemoContest, plan: ContestPlan, stations: dict[tuple[str, int], PollingStation], *, by: User
) -> dict[tuple[str, int], User]:
    """One witness a station; the demonstration's own guards two that are not in, in one desa if possible."""
    own = set(_own_stations(plan)) if fact.code == demo_accounts.HOME_CONTEST else set()
    usernames = {
        spot.key: demo_accounts.WITNESS if i in own else f"saksi-{spot.code}" for i, spot in enumerate(plan.spots)
    }
    people = demo_accounts.ensure_witnesses(
        [name for name in dict.fromkeys(usernames.values()) if name != demo_accounts.WITNESS],
        rng_seed=f"saksi {fact.code}",
    )
    people[demo_accounts.WITNESS] = User.objects.get(username=demo_accounts.WITNESS)
    guards = {key: people[username] for key, username in usernames.items()}
    demo_accounts.assign_missing(((stations[key], guards[key]) for key in guards if key in stations), by=by)
    return guards


def _own_stations(plan: ContestPlan) -> list[int]:
    withheld = sorted(plan.withheld)
    for one, next_one in pairwise(withheld):
        if plan.spots[one].village == plan.spots[next_one].village:
            return [one, next_one]
    return withheld[:2]


# Sending


@dataclass(frozen=True)
class _Form:
    spot: Spot
    by: User
    submission: Submission
    photographed: bool


def _first_forms(stage: Stage, counted: Iterable[int], *, photographed: int) -> list[_Form]:
    """The figures of the official split, each from the station's own witness."""
    counted = list(counted)
    with_photo = set(_photographed(stage, counted, photographed))
    return [
        _Form(spot, stage.guards[spot.key], _submission(stage, spot, spot.figures, "pertama"), i in with_photo)
        for i in counted
        if stage.station(spot := stage.plan.spots[i])
    ]


def _photographed(stage: Stage, counted: list[int], most: int) -> list[int]:
    if stage.fact.code not in PHOTO_CONTESTS:
        return []
    waiting = [i for i in counted if i not in stage.plan.verified and i not in stage.plan.disputed]
    return sorted(stage.plan.disputed)[:2] + waiting[: most - 2]


def _rival_forms(stage: Stage) -> list[_Form]:
    """At the disputed stations a second witness says something else."""
    spots = {f"saksi-{stage.plan.spots[i].code}-b": i for i in sorted(stage.plan.disputed)}
    spots = {name: i for name, i in spots.items() if stage.station(stage.plan.spots[i])}
    people = demo_accounts.ensure_witnesses(spots, rng_seed=f"saksi kedua {stage.fact.code}")
    guards = [(stage.stations[stage.plan.spots[i].key], people[name]) for name, i in spots.items()]
    demo_accounts.assign_missing(guards, by=stage.coordinator)
    forms = []
    for name, i in spots.items():
        spot = stage.plan.spots[i]
        submission = _submission(stage, spot, stage.plan.disputed[i], "kedua")
        forms.append(_Form(spot, people[name], submission, stage.fact.code in PHOTO_CONTESTS and len(forms) < 2))
    return forms


def _submission(stage: Stage, spot: Spot, figures: Any, which: str) -> Submission:
    key = uuid.uuid5(uuid.NAMESPACE_URL, f"sista:{SLUG}/{stage.fact.code}/{spot.code}/{which}")
    return Submission(uuid=key, contest_id=stage.contest.pk, station_id=stage.stations[spot.key].pk, figures=figures)


def _send(stage: Stage, forms: Sequence[_Form], tell: TellPart = nobody) -> int:
    """Send what is not there yet, in chunks, draining behind them; return how many were new."""
    new = 0
    for start in range(0, len(forms), CHUNK):
        chunk = forms[start : start + CHUNK]
        known = set(
            C1Form.objects.filter(uuid__in=[form.submission.uuid for form in chunk]).values_list("uuid", flat=True)
        )
        missing = [form for form in chunk if form.submission.uuid not in known]
        # Photos lie on disk before the transaction begins: slow I/O stays outside of it.
        ready = [
            replace(form.submission, photos=_bring_photos(stage, form)) if form.photographed else form.submission
            for form in missing
        ]
        with writing():
            for number, (form, submission) in enumerate(zip(missing, ready, strict=True)):
                tell(stage.fact.name, Part.FORMS, start + number, len(forms))
                intake.submit(submission, by=form.by, channel=Channel.SIMULATION)
        tell(stage.fact.name, Part.FORMS, min(start + CHUNK, len(forms)), len(forms))
        new += len(missing)
        if missing:
            aggregation.drain()
    return new


def _bring_photos(stage: Stage, form: _Form) -> tuple[PhotoName, ...]:
    station = stage.stations[form.spot.key]
    pairs = [(pair.number, pair.name) for pair in stage.fact.pairs]
    place = f"{station.title}, {station.region.title}, {stage.fact.name}"
    names = []
    for page in (1, 2):
        # The second page lies on its side, as phones hand it in: EXIF says how to turn it.
        picture = demo_photos.draw(form.submission.figures, place=place, pairs=pairs, page=page, turned=page == 2)
        photo, _is_new = photos.receive(picture, by=form.by)
        names.append(PhotoName(photo.sha256, page))
    return tuple(names)


# Verifying


def _verify(stage: Stage, tell: TellPart) -> None:
    """Let the coordinator approve the planned stations at which nothing but the first form happened."""
    wanted = {station.pk for i in stage.plan.verified if (station := stage.station(stage.plan.spots[i])) is not None}
    untouched = (
        StationResult.objects.filter(contest=stage.contest, review=Review.PENDING, audit_seq=1)
        .select_related("form")
        .order_by("pk")
    )
    results = [result for result in untouched if result.station_id in wanted]
    for start in range(0, len(results), CHUNK):
        with writing():
            for number, result in enumerate(results[start : start + CHUNK], start=start + 1):
                tell(stage.fact.name, Part.DECISIONS, number, len(results))
                assert result.form is not None, "pending means that a form counts"
                verification.approve(result.form, by=stage.coordinator, seen=result.audit_seq)
        aggregation.drain()
