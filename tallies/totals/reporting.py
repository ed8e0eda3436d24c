"""Read the stored totals: the one definition of each number, for page, API, export and wall.

Shares are of the votes of all pairs, so that they add up to one. Everything
is read from totals the drainer wrote; nothing here counts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from functools import cached_property
from itertools import islice

from django.db.models import Count, F, Q, QuerySet, Sum

from regions.models import LEVEL_WORDS, Level, Region
from sista.prepared import prepared
from tallies.figures import FULL_FIELDS
from tallies.models import Contest, ContestTotal, Election, Pair, PairTotal, PartyTotal, StationResult, Vote
from tallies.models.totals import Progress
from tallies.station_place import StationPlace


@dataclass(frozen=True)
class PairLine:
    """One pair in one region. ``share`` is a fraction of all pairs' votes, None while there are none."""

    pair: Pair
    votes: int
    votes_verified: int
    share: float | None
    share_verified: float | None
    leads: bool


@dataclass(frozen=True)
class RegionLine:
    """One region of a contest: its progress (None before the first count) and its pairs in ballot order.

    What is derived is kept: to order 700 kecamatan asks each of them some ten times.
    """

    region: Region
    progress: ContestTotal | None
    pairs: tuple[PairLine, ...]

    @property
    def leader(self) -> PairLine | None:
        """The pair with most votes; None while nothing is in, or in a tie."""
        return next((line for line in self.pairs if line.leads), None)

    @cached_property
    def usungan(self) -> PairLine | None:
        return next((line for line in self.pairs if line.pair.usungan), None)

    @cached_property
    def strongest_rival(self) -> PairLine | None:
        """The strongest pair that is not ours."""
        return max((line for line in self.pairs if not line.pair.usungan), key=lambda line: line.votes, default=None)

    @cached_property
    def lead_votes(self) -> int | None:
        """Votes between the first and the second pair; None while nothing is in."""
        votes = sorted((line.votes for line in self.pairs), reverse=True)
        return votes[0] - votes[1] if len(votes) > 1 and votes[0] else None

    @property
    def lead_share(self) -> float | None:
        return None if self.lead_votes is None else self.lead_votes / sum(line.votes for line in self.pairs)

    @cached_property
    def usungan_margin(self) -> int | None:
        """Our votes minus the strongest rival's; None while nothing is in or we back nobody."""
        if self.usungan is None or self.strongest_rival is None or self.lead_votes is None:
            return None
        return self.usungan.votes - self.strongest_rival.votes

    @property
    def usungan_margin_share(self) -> float | None:
        return None if self.usungan_margin is None else self.usungan_margin / sum(line.votes for line in self.pairs)

    @cached_property
    def standing(self) -> str:
        """How our pair stands: leading, trailing, tied, waiting (nothing in), or unbacked (we have none)."""
        if self.usungan is None:
            return "unbacked"
        if self.usungan_margin is None:
            return "waiting"
        if self.usungan_margin == 0:
            return "tied"
        return "leading" if self.usungan_margin > 0 else "trailing"

    @property
    def verified_share(self) -> float | None:
        """Part of the stations that are in that is verified; None while nothing is in."""
        if self.progress is None or not self.progress.stations_in:
            return None
        return self.progress.stations_verified / self.progress.stations_in


@dataclass(frozen=True)
class ContestReport:
    """A region of a contest with what lies below it: regions, or stations in a desa."""

    contest: Contest
    line: RegionLine
    children: tuple[RegionLine, ...]
    stations: tuple[StationLine, ...]

    @property
    def counted_at(self) -> datetime | None:
        return self.line.progress.counted_at if self.line.progress else None

    @property
    def coverage(self) -> Fraction | None:
        return coverage_rounded_down(self.line.progress)


@dataclass(frozen=True)
class StationLine:
    """A station of a desa and the votes of its counted form, in ballot order (None: blank or not in)."""

    result: StationResult
    votes: tuple[int | None, ...]

    @property
    def most(self) -> int | None:
        """The votes of the pair that leads here; None when nobody does."""
        known = [votes for votes in self.votes if votes]
        return max(known) if known and known.count(max(known)) == 1 else None

    @property
    def state(self) -> str:
        return station_state(self.result)


@dataclass(frozen=True)
class PartyReport:
    """A region above its contests: the party's total, and each contest as a line."""

    election: Election
    office: str
    region: Region
    total: PartyTotal | None
    contests: tuple[tuple[Contest, RegionLine], ...]
    children: tuple[PartyTotal, ...]

    @property
    def counted_at(self) -> datetime | None:
        return self.total.counted_at if self.total else None

    @property
    def coverage(self) -> Fraction | None:
        return coverage_rounded_down(self.total)

    @property
    def other_share(self) -> float | None:
        """Share of the other pairs; None while there are no votes."""
        if self.total is None:
            return None
        both = self.total.party_votes + self.total.other_votes
        return self.total.other_votes / both if both else None

    @property
    def verified_share(self) -> float | None:
        """Share of our pairs in the verified votes; None while there are none."""
        if self.total is None:
            return None
        both = self.total.party_votes_verified + self.total.other_votes_verified
        return self.total.party_votes_verified / both if both else None


def station_state(result: StationResult) -> str:
    """The one state a station is shown in: a difference is named before the review."""
    return "disputed" if result.is_in and result.disputed else str(result.review)


def coverage_rounded_down(progress: Progress | None) -> Fraction | None:
    """Part of the stations that is in, down to the hundredth of a percent: 4,998 of 4,999 are never "100,00%"."""
    if progress is None or not progress.stations:
        return None
    return Fraction(progress.stations_in * 10_000 // progress.stations, 10_000)


def contest_report(contest: Contest, region: Region) -> ContestReport:
    """Report ``region`` of ``contest`` (the contest's own region or one below it)."""
    pairs = _pairs(contest.pk)
    lines = {line.region.pk: line for line in region_lines(contest, pairs, [region, *_children(region.pk)])}
    children = tuple(line for pk, line in lines.items() if pk != region.pk and line.progress is not None)
    stations = tuple(_station_lines(contest, pairs, region)) if region.level == Level.VILLAGE else ()
    return ContestReport(contest, lines[region.pk], children, stations)


@prepared
def _pairs(contest: int) -> QuerySet[Pair]:
    return Pair.objects.filter(contest=contest)


@prepared
def _children(region: int) -> QuerySet[Region]:
    return Region.objects.filter(parent=region).order_by("first")


def contest_stamp(contest: Contest, region: Region) -> str:
    """What `contest_report` would show now, as a short text that changes with it; one query, two in a desa.

    A desa also shows its stations, which are ahead of the totals until the next drain.
    """
    stamp = [contest.pk, region.pk, _contest_counted_at(contest.pk, region.pk)]
    if region.level == Level.VILLAGE:
        stations = StationResult.objects.filter(contest=contest, station__region=region)
        stamp += stations.aggregate(number=Count("pk"), events=Sum("audit_seq")).values()
    return repr(stamp)


def party_stamp(election: Election, office: str, region: Region) -> str:
    """The same for `party_report`, from one query: its lines are written together with the party's total."""
    return repr([election.pk, office, region.pk, _party_counted_at(election.pk, office, region.pk)])


@prepared
def _contest_counted_at(contest: int, region: int) -> QuerySet[ContestTotal, tuple[datetime]]:
    return ContestTotal.objects.filter(contest=contest, region=region).values_list("counted_at")


@prepared
def _party_counted_at(election: int, office: str, region: int) -> QuerySet[PartyTotal, tuple[datetime]]:
    totals = PartyTotal.objects.filter(election=election, office=office, region=region)
    return totals.values_list("counted_at")


def region_lines(contest: Contest, pairs: list[Pair], regions: Iterable[Region]) -> list[RegionLine]:
    """Lines of ``regions`` in the given order, from two queries."""
    regions = list(regions)
    progress = {t.region_id: t for t in ContestTotal.objects.filter(contest=contest, region__in=regions)}
    votes: dict[int, dict[int, tuple[int, int]]] = defaultdict(dict)
    rows = PairTotal.objects.filter(contest=contest, region__in=regions)
    for region, pair, counted, verified in rows.values_list("region_id", "pair_id", "votes", "votes_verified"):
        votes[region][pair] = (counted, verified)
    return [RegionLine(r, progress.get(r.pk), pair_lines(pairs, votes[r.pk])) for r in regions]


def pair_lines(pairs: list[Pair], votes: dict[int, tuple[int, int]]) -> tuple[PairLine, ...]:
    """Lines in ballot order, with shares and the leader (nobody in a tie)."""
    counted = [votes.get(pair.pk, (0, 0)) for pair in pairs]
    total, total_verified = sum(c for c, _ in counted), sum(v for _, v in counted)
    most = max((c for c, _ in counted), default=0)
    alone = most > 0 and [c for c, _ in counted].count(most) == 1
    return tuple(
        PairLine(
            pair=pair,
            votes=number,
            votes_verified=verified,
            share=number / total if total else None,
            share_verified=verified / total_verified if total_verified else None,
            leads=alone and number == most,
        )
        for pair, (number, verified) in zip(pairs, counted, strict=True)
    )


def newest_stations(contest: Contest, region: Region, *, most: int, before: int | None = None) -> list[StationLine]:
    """The stations of ``region`` whose counted form came last, the newest first, from three queries.

    ``before``: key of a form; of a station that is corrected meanwhile a later page may tell again.
    """
    # Along the index of the results themselves, which knows no NULL here: ordered by the form that is joined to
    # them, all of a nation would be sorted to find the last six.
    results = StationResult.objects.filter(contest=contest, form__isnull=False).within(region).counted()
    if before is not None:
        results = results.filter(form__lt=before)
    newest = results.select_related("station__region__parent", "form").order_by("-form_id")[:most]
    return list(_lines_of(newest, {contest.pk: list(_pairs(contest.pk))}))


def _station_lines(contest: Contest, pairs: list[Pair], village: Region) -> Iterator[StationLine]:
    results = StationResult.objects.filter(contest=contest, station__region=village).select_related(
        "station__region", "form"
    )
    return _lines_of(results.order_by("station__number"), {contest.pk: pairs})


#: Stations read at a time where there may be a hundred thousand of them.
STATIONS_AT_A_TIME = 1000


def station_lines(contests: Iterable[Contest], region: Region) -> Iterator[StationLine]:
    """Yield the stations of ``region`` that vote in ``contests``, along the tree, however many there are.

    Each with its contest's own pairs. A query for every thousand stations, and one for their votes.
    """
    contests = list(contests)
    # Not joined with the regions: building the same desa anew for each of its stations took a third of the time.
    results = StationResult.objects.filter(contest__in=contests).within(region).select_related("station", "form")
    results = results.defer(*_UNTOLD).prefetch_related("station__region__parent")
    results = results.order_by("station__region__first", "station__number", "contest")
    return _lines_of(results, _pairs_by_contest(contests))


def station_page(
    contests: Iterable[Contest], region: Region, wanted: Q, *, after: StationPlace | None, size: int
) -> tuple[list[StationLine], StationPlace | None]:
    """A page of the stations of ``region`` that are ``wanted``, and the place after which more follow."""
    contests = list(contests)
    results = StationResult.objects.filter(wanted, contest__in=contests).within(region)
    if after is not None:
        results = results.filter(after.following)
    results = results.select_related("station__region__parent", "form").defer(*_UNTOLD)
    found = results.order_by("station__region__first", "station__number", "pk")[: size + 1]
    lines = list(_lines_of(found, _pairs_by_contest(contests)))
    if len(lines) <= size:
        return lines, None
    return lines[:size], StationPlace.of(lines[size - 1].result)


#: Boxes of the form that no line tells.
_UNTOLD = tuple(
    f"form__{name}" for name in FULL_FIELDS if name not in ("voters_total", "valid_votes", "invalid_votes")
)


def _lines_of(results: QuerySet[StationResult], pairs: dict[int, list[Pair]]) -> Iterator[StationLine]:
    rows = results.iterator(chunk_size=STATIONS_AT_A_TIME)
    while chunk := list(islice(rows, STATIONS_AT_A_TIME)):
        counted = [result.form_id for result in chunk if result.is_in]
        votes = {
            (form, pair): number
            for form, pair, number in Vote.objects.filter(form__in=counted).values_list("form", "pair", "votes")
        }
        for result in chunk:
            form = result.form_id if result.is_in else None
            yield StationLine(result, tuple(votes.get((form, pair.pk)) for pair in pairs[result.contest_id]))


def _pairs_by_contest(contests: Iterable[Contest]) -> dict[int, list[Pair]]:
    pairs: dict[int, list[Pair]] = defaultdict(list)
    for pair in Pair.objects.filter(contest__in=list(contests)):
        pairs[pair.contest_id].append(pair)
    return pairs


def station_votes(
    contests: Iterable[Contest], villages: Iterable[int], pairs: Iterable[int]
) -> list[tuple[int, int, int, int]]:
    """Return (desa, number of the TPS, votes of ``pairs``, votes of all pairs) of the TPS that are in; one query."""
    results = StationResult.objects.counted().filter(contest__in=list(contests), station__region__in=list(villages))
    ours = Sum("form__votes__votes", filter=Q(form__votes__pair__in=list(pairs)), default=0)
    rows = results.order_by().values_list("station__region_id", "station__number")
    return list(rows.annotate(ours=ours, all=Sum("form__votes__votes", default=0)))


def party_report(election: Election, office: str, region: Region) -> PartyReport:
    """Report a region that lies above contests of ``office``."""
    contests = list(
        Contest.objects.filter(election=election, office=office, region__first__range=(region.first, region.last))
        .exclude(region=region)
        .select_related("region", "election")
        .order_by("region__first")
    )
    total = PartyTotal.objects.filter(election=election, office=office, region=region).first()
    below = PartyTotal.objects.filter(election=election, office=office, region__parent=region).select_related(
        "region"
    )
    return PartyReport(
        election, office, region, total, tuple(zip(contests, own_lines(contests), strict=True)), tuple(below)
    )


def district_lines(
    election: Election, within: Region, *, level: int = Level.DISTRICT
) -> list[tuple[int, RegionLine]]:
    """Each kecamatan (or region of another ``level``) of each contest within ``within``, along the tree.

    With the contest's key, from three queries.
    """
    inside = {"contest__election": election, "region__level": level}
    inside["region__first__range"] = (within.first, within.last)
    progress = ContestTotal.objects.filter(**inside).select_related("region").order_by("region__first", "contest")
    votes: dict[tuple[int, int], dict[int, tuple[int, int]]] = defaultdict(dict)
    rows = PairTotal.objects.filter(**inside).order_by()
    for contest, region, pair, counted, verified in rows.values_list(
        "contest_id", "region_id", "pair_id", "votes", "votes_verified"
    ):
        votes[contest, region][pair] = (counted, verified)
    pairs: dict[int, list[Pair]] = defaultdict(list)
    for row in Pair.objects.filter(contest__election=election):
        pairs[row.contest_id].append(row)
    return [
        (
            total.contest_id,
            RegionLine(
                total.region, total, pair_lines(pairs[total.contest_id], votes[total.contest_id, total.region_id])
            ),
        )
        for total in progress
    ]


def own_lines(contests: list[Contest]) -> list[RegionLine]:
    """The line of each contest at its own region, from three queries."""
    progress = {
        t.contest_id: t for t in ContestTotal.objects.filter(contest__in=contests, region=F("contest__region"))
    }
    votes: dict[int, dict[int, tuple[int, int]]] = defaultdict(dict)
    for total in PairTotal.objects.filter(contest__in=contests, region=F("contest__region")):
        votes[total.contest_id][total.pair_id] = (total.votes, total.votes_verified)
    pairs = _pairs_by_contest(contests)
    return [RegionLine(c.region, progress.get(c.pk), pair_lines(pairs[c.pk], votes[c.pk])) for c in contests]


EXPORT_COLUMNS = [
    "contest",
    "region_code",
    "region",
    "pair_number",
    "pair",
    "votes",
    "votes_verified",
    "stations",
    "stations_in",
    "stations_verified",
    "valid",
    "invalid",
]


def export_totals(
    election: Election, level_word: str, *, within: Region | None = None, office: str = ""
) -> QuerySet[ContestTotal]:
    """The regions that `export_rows` reports. Raises `KeyError` for a level that is none."""
    totals = ContestTotal.objects.filter(contest__election=election, region__level=LEVEL_WORDS[level_word])
    if within is not None:
        totals = totals.filter(region__first__range=(within.first, within.last))
    return totals.filter(contest__office=office) if office else totals


def export_rows(
    election: Election, level_word: str, *, within: Region | None = None, office: str = ""
) -> Iterator[list[object]]:
    """Yield the rows of ``export_results``: the numbers the pages show, one a region and pair.

    ``level_word`` is one of `regions.models.LEVEL_WORDS`. Raises `KeyError` for another word.
    """
    totals = export_totals(election, level_word, within=within, office=office)
    totals = totals.select_related("contest__region", "contest__election", "region").order_by(
        "region__first", "contest"
    )
    pairs: dict[int, list[Pair]] = defaultdict(list)
    for pair in Pair.objects.filter(contest__election=election):
        pairs[pair.contest_id].append(pair)
    rows = totals.iterator(chunk_size=2000)
    # One query of votes for 500 regions, whatever the level: 8,000 desa would be 8,000 of them.
    while chunk := list(islice(rows, 500)):
        votes = _votes_of(chunk)
        for total in chunk:
            yield from _export_lines(
                total, pair_lines(pairs[total.contest_id], votes[total.contest_id, total.region_id])
            )


def _votes_of(totals: list[ContestTotal]) -> dict[tuple[int, int], dict[int, tuple[int, int]]]:
    votes: dict[tuple[int, int], dict[int, tuple[int, int]]] = defaultdict(dict)
    rows = PairTotal.objects.filter(
        contest__in={total.contest_id for total in totals}, region__in=[total.region_id for total in totals]
    )
    for contest, region, pair, counted, verified in rows.values_list(
        "contest_id", "region_id", "pair_id", "votes", "votes_verified"
    ):
        votes[contest, region][pair] = (counted, verified)
    return votes


def _export_lines(total: ContestTotal, lines: Iterable[PairLine]) -> Iterator[list[object]]:
    for line in lines:
        yield [
            total.contest.title,
            total.region.code,
            total.region.name,
            line.pair.number,
            line.pair.name,
            line.votes,
            line.votes_verified,
            total.stations,
            total.stations_in,
            total.stations_verified,
            total.valid_votes,
            total.invalid_votes,
        ]
