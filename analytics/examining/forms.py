"""H1 to H5, E1, D1, T2 and P3 of the TPS that changed: one form by itself, its rivals, its versions, its photos."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count

from analytics.examining.found import Found, Place
from analytics.examining.stations import NONE, ContestFacts, FormFacts, StationTable
from analytics.models import Rule
from analytics.rules import arithmetic, lateness
from analytics.rules.copies import odd_photo
from analytics.rules.digits import Repair, repairs
from analytics.rules.documents import Difference, TwoReadings, two_readings
from analytics.rules.invitations import Invitations, above_invitations
from analytics.rules.settings import RuleSettings
from tallies import intake
from tallies.evaluation.timing import CLOSES
from tallies.figures import Figures, StationFacts, Thresholds
from tallies.models import C1Form, Channel, FormPhoto, Photo, ReadingState, StationResult
from tallies.witnesses import invitations

#: What this module finds at stations.
RULES = (
    Rule.TWO_READINGS,
    Rule.SUM_OF_PAIRS,
    Rule.FORM_RELATIONS,
    Rule.ABOVE_BALLOTS,
    Rule.ABOVE_REGISTER,
    Rule.FULL_TURNOUT,
    Rule.ABOVE_INVITATIONS,
    Rule.PHOTO_FACTS,
    Rule.LATE_VERSION,
)
#: Who sent these stood at the TPS.
WITNESS_CHANNELS = (Channel.PAGE, Channel.API, Channel.SMS)

#: The relation beside which a repair is shown.
_SUM = "C1-E09"

Expected = Callable[[int], Mapping[int, float]]


@dataclass(frozen=True)
class Surroundings:
    """What is known beside the forms themselves, by station, form or sender; ``recap_on`` by desa."""

    exempt: frozenset[int]
    versions: Mapping[int, int]
    photo_facts: Mapping[int, Sequence[tuple[str, dict[str, Any]]]]
    stations_of_sender: Mapping[int, int]
    witness_forms: frozenset[int]
    recap_on: Mapping[int, date]
    invitations: Mapping[int, Sequence[Invitations]] = field(default_factory=dict)


def read_surroundings(
    facts: ContestFacts,
    forms: Mapping[int, FormFacts],
    stations: Sequence[int],
    exempt: Iterable[int],
    recap_on: Mapping[int, date],
) -> Surroundings:
    """Read it for the changed ``stations`` and their counted ``forms``, in five queries."""
    versions = dict(
        C1Form.objects.filter(contest=facts.contest, station__any_of=list(stations))
        .order_by()
        .values("station_id")
        .annotate(n=Count("pk"))
        .values_list("station_id", "n")
    )
    witnessed = C1Form.objects.filter(pk__any_of=list(forms), channel__in=WITNESS_CHANNELS).order_by()
    witness_forms = frozenset(witnessed.values_list("pk", flat=True))
    senders = sorted({forms[pk].sent_by for pk in witness_forms})
    per_sender: dict[int, int] = {}
    if senders:
        sent = C1Form.objects.filter(contest__election=facts.contest.election, submitted_by__any_of=senders)
        sent = sent.filter(channel__in=WITNESS_CHANNELS).order_by()
        per_sender = dict(
            sent.values("submitted_by_id")
            .annotate(n=Count("station", distinct=True))
            .values_list("submitted_by_id", "n")
        )
    told = {
        station: tuple(Invitations(*figures) for figures in reports)
        for station, reports in invitations.newest_figures(stations).items()
    }
    photo_facts = _photo_facts(forms)
    return Surroundings(frozenset(exempt), versions, photo_facts, per_sender, witness_forms, recap_on, told)


def _photo_facts(forms: Mapping[int, FormFacts]) -> dict[int, list[tuple[str, dict[str, Any]]]]:
    names: defaultdict[str, list[int]] = defaultdict(list)
    for form, sha256 in FormPhoto.objects.filter(form__any_of=list(forms)).values_list("form_id", "sha256"):
        names[sha256].append(form)
    found: defaultdict[int, list[tuple[str, dict[str, Any]]]] = defaultdict(list)
    if names:
        for sha256, stated in Photo.objects.filter(pk__in=list(names)).order_by("pk").values_list("sha256", "facts"):
            for form in names[sha256]:
                found[form].append((sha256, stated))
    return found


def examine(
    facts: ContestFacts,
    table: StationTable,
    rows: Sequence[int],
    forms: Mapping[int, FormFacts],
    beside: Surroundings,
    expected: Expected,
    settings: RuleSettings,
) -> list[Found]:
    """Ask every rule of one form about the stations in ``rows`` of ``table``."""
    thresholds = facts.contest.election.thresholds
    found: list[Found] = []
    disputed: dict[int, Place] = {}
    for row in rows:
        form = forms.get(int(table.form[row])) if table.is_in[row] else None
        if form is None:
            continue
        place = Place(facts.contest.pk, int(table.region[row]), int(table.station[row]))
        registered = int(table.registered[row])
        station = StationFacts(None if registered == NONE else registered)
        found += _of_figures(facts, place, form, station, thresholds, beside, expected, settings)
        found += _of_invitations(place, form, station, beside)
        found += _of_time(facts, place, form, beside, settings)
        found += _of_photos(facts, place, form, beside, settings)
        if table.disputed[row]:
            disputed[place.station or 0] = place
    return found + _differences(facts, disputed, forms, expected, settings)


# One form


def _of_figures(
    facts: ContestFacts,
    place: Place,
    form: FormFacts,
    station: StationFacts,
    thresholds: Thresholds,
    beside: Surroundings,
    expected: Expected,
    settings: RuleSettings,
) -> list[Found]:
    own = NONE if facts.own is None else facts.own
    told = arithmetic.examine(
        form.figures, station, thresholds, own=own, exempt=place.station in beside.exempt, settings=settings
    )
    broken: defaultdict[str, list[arithmetic.BrokenRelation]] = defaultdict(list)
    found = []
    for one in told:
        if isinstance(one, arithmetic.BrokenRelation):
            broken[one.code].append(one)
        elif isinstance(one, arithmetic.AboveRegister):
            numbers = {
                "votes_cast": one.votes_cast,
                "allowed": one.allowed,
                "additional": one.additional,
                "ballots": one.ballots,
            }
            found.append(
                _found(Rule.ABOVE_REGISTER, place, one.severity, form, numbers, one.votes_cast - one.allowed)
            )
        else:
            found.append(_found(Rule.FULL_TURNOUT, place, one.severity, form, {"voters": one.voters}, 0))
    for code, relations in broken.items():
        numbers = {
            "relations": [
                {
                    "code": one.relation.code,
                    "row": one.relation.row,
                    "left": one.relation.left,
                    "right": one.relation.right,
                    "gap": one.gap,
                }
                for one in relations
            ]
        }
        suggested: list[dict[str, Any]] = []
        if code != Rule.ABOVE_BALLOTS:
            mends = _SUM if code == Rule.SUM_OF_PAIRS else relations[0].relation.code
            shares = expected(place.station or 0)
            suggested = [
                suggestion(one)
                for one in repairs(form.figures, station, thresholds, mends=mends, expected=shares, settings=settings)
            ]
        stake = max(abs(one.gap) for one in relations) if code != Rule.FORM_RELATIONS else 0
        severity = max(one.severity for one in relations)
        found.append(_found(code, place, severity, form, numbers, stake, suggested))
    return found


def suggestion(repair: Repair) -> dict[str, Any]:
    """A repair as a finding keeps it: values by pair and by field, and the slip it supposes."""
    votes = {one.field.removeprefix("votes_"): one.value for one in repair.changes if one.field.startswith("votes_")}
    fields = {one.field: one.value for one in repair.changes if not one.field.startswith("votes_")}
    return {"votes": votes, "fields": fields, "reason": str(repair.slip)}


def _of_invitations(place: Place, form: FormFacts, station: StationFacts, beside: Surroundings) -> list[Found]:
    one = above_invitations(form.figures, station, beside.invitations.get(place.station or 0, ()))
    if one is None:
        return []
    numbers = {
        "voters": one.voters,
        "registered": one.registered,
        "expected": one.expected,
        "excess": one.excess,
        "received": one.told.received,
        "handed_out": one.told.handed_out,
        "not_delivered": one.told.not_delivered,
    }
    basis = [form.form, one.told.report]
    return [_found(Rule.ABOVE_INVITATIONS, place, one.severity, form, numbers, one.excess, basis=basis)]


def _of_time(
    facts: ContestFacts, place: Place, form: FormFacts, beside: Surroundings, settings: RuleSettings
) -> list[Found]:
    versions = beside.versions.get(place.station or 0, 1)
    corrected = form.received_at.date() if form.supersedes is not None else None
    one = lateness.late_version(
        versions=versions,
        corrected_on=corrected,
        recap_on=beside.recap_on.get(place.region),
        settings=settings,
    )
    if one is None:
        return []
    numbers = {"versions": one.versions, "days": one.days}
    return [_found(Rule.LATE_VERSION, place, one.severity, form, numbers, 0, basis=numbers)]


def _of_photos(
    facts: ContestFacts, place: Place, form: FormFacts, beside: Surroundings, settings: RuleSettings
) -> list[Found]:
    # By the clock of the place, and so does that of the camera.
    closes = datetime.combine(facts.contest.election.date, CLOSES)
    sent_for = beside.stations_of_sender.get(form.sent_by) if form.form in beside.witness_forms else None
    odd: list[dict[str, Any]] = []
    severity = 0
    photos = beside.photo_facts.get(form.form, ())
    for number, (sha256, stated) in enumerate(photos or [("", {})]):
        taken = taken_at(stated)
        # A camera whose clock was never set says 1970, or the year it was made: no fact about this day.
        near = taken is not None and abs(taken - closes) < timedelta(days=30)
        for one in odd_photo(
            taken_at=taken if near else None,
            closed_at=closes,
            # Nobody publishes where a desa is: no distance can be said yet.
            km_from_village=None,
            device_stations=sent_for if number == 0 else None,
            settings=settings,
        ):
            odd.append({"fact": str(one.fact), "number": round(one.number), "photo": sha256})
            severity = max(severity, one.severity)
    if not odd:
        return []
    numbers = {"facts": odd, "fact": odd[0]["fact"], "number": odd[0]["number"]}
    basis = sorted({(one["fact"], one["photo"]) for one in odd})
    return [_found(Rule.PHOTO_FACTS, place, severity, form, numbers, 0, basis=basis)]


def taken_at(facts: Mapping[str, Any]) -> datetime | None:
    """When the camera says that it took the photo, by its own clock; ``None`` where it says nothing readable."""
    try:
        return datetime.strptime(str(facts.get("taken_at", "")), "%Y:%m:%d %H:%M:%S")
    except ValueError:
        return None


# What stands beside the form


def _differences(
    facts: ContestFacts,
    disputed: Mapping[int, Place],
    forms: Mapping[int, FormFacts],
    expected: Expected,
    settings: RuleSettings,
) -> list[Found]:
    """D1 of the stations where something is open: a rival form, or a second reading that differs still."""
    results = (
        StationResult.objects.filter(contest=facts.contest, station__any_of=sorted(disputed), disputed=True)
        .select_related("form", "contest__election", "station")
        .order_by("station_id")
    )
    found = []
    for result in results:
        place, form = disputed[result.station_id], forms.get(result.form_id or 0)
        if form is None:
            continue
        others = [(f"form {rival.pk}", rival.figures) for rival in intake.open_rivals(result)]
        if result.reading == ReadingState.COORDINATOR:
            last = (
                result.readings.filter(form=result.form_id).prefetch_related("votes__pair").order_by("-round").first()
            )
            if last is not None and last.differing:
                others.append((f"reading {last.pk}", last.figures))
        told = [(one, *other) for other in others if (one := two_readings(form.figures.votes, other[1].votes))]
        if told:
            # The first is shown; an answer was given for all that there were.
            sources = [source for _one, source, _figures in told]
            found.append(_two_readings(facts, place, form, *told[0], sources, settings))
    return found


def _two_readings(
    facts: ContestFacts,
    place: Place,
    form: FormFacts,
    one: TwoReadings,
    source: str,
    other: Figures,
    sources: Sequence[str],
    settings: RuleSettings,
) -> Found:
    numbers = {
        "differences": [_difference(one) for one in one.differences],
        "is_swap": one.is_swap,
        "second": source,
    }
    suggested = [
        {
            "votes": {str(difference.pair): difference.second for difference in one.differences},
            "fields": {},
            "reason": "second_reading",
        }
    ]
    moved = abs(_margin(facts, form.figures.votes) - _margin(facts, other.votes))
    return _found(
        Rule.TWO_READINGS, place, one.severity, form, numbers, moved, suggested, basis=[form.form, *sources]
    )


def _difference(one: Difference) -> dict[str, int | None]:
    return {"pair": one.pair, "first": one.first, "second": one.second}


def _margin(facts: ContestFacts, votes: Mapping[int, int | None]) -> int:
    others = [count or 0 for number, count in votes.items() if number != facts.own]
    return 0 if facts.own is None or not others else (votes.get(facts.own) or 0) - max(others)


def _found(
    rule: str,
    place: Place,
    severity: int,
    form: FormFacts,
    numbers: dict[str, Any],
    stake: int,
    suggestions: Sequence[Mapping[str, Any]] = (),
    basis: Any = None,
) -> Found:
    return Found(
        rule=rule,
        place=place,
        severity=severity,
        numbers=numbers | {"forms": [form.form]},
        basis=[form.form] if basis is None else basis,
        stake=stake,
        suggestions=suggestions,
    )
