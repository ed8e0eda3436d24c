"""What the pages show, as JSON: rows and reports serialised, nothing computed here."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from tallies.api.result_serializers import PlaceSerializer
from tallies.count_room import work_queue
from tallies.figures import FULL_FIELDS
from tallies.models import (
    WITH_FIGURES,
    ContactOutcome,
    ErrorKind,
    Finding,
    FormKind,
    Office,
    Outcome,
    Phase,
    PhotoState,
    PhotoSubject,
    Review,
)
from tallies.silent.calling import LISTED

MARKS = ("counted", "rejected", "moved", "proposed", "rival", "equal", "superseded", "settled")
STATES = ("not_in", "pending", "verified", "disputed", "needs_fix", "rejected")
_FIGURE = {"type": "integer", "minimum": 0, "nullable": True}


class RegionSerializer(PlaceSerializer):
    """``level``: 0 nation, 1 provinsi, 2 kabupaten/kota, 3 kecamatan, 4 desa/kelurahan."""


class RegionDetailSerializer(RegionSerializer):
    time_zone = serializers.CharField(source="zone")
    parent = RegionSerializer(allow_null=True, help_text="Null where it lies outside of what is visible.")
    children = RegionSerializer(many=True)


class ElectionSerializer(serializers.Serializer):
    slug = serializers.CharField()
    name = serializers.CharField()
    date = serializers.DateField()
    phase = serializers.ChoiceField(choices=Phase.choices)
    form_kind = serializers.ChoiceField(choices=FormKind.choices)
    party_name = serializers.CharField()
    is_practice = serializers.SerializerMethodField(help_text="Its figures are not counted.")
    is_simulation = serializers.BooleanField()

    def get_is_practice(self, election: Any) -> bool:
        return election.practice_of_id is not None


class PairSerializer(serializers.Serializer):
    number = serializers.IntegerField(help_text="0 is kolom kosong.")
    name = serializers.CharField()
    usungan = serializers.BooleanField()


class ContestSerializer(serializers.Serializer):
    id = serializers.IntegerField()
    title = serializers.CharField()
    office = serializers.ChoiceField(choices=Office.choices)
    region = RegionSerializer()
    pairs = PairSerializer(many=True, source="pairs.all", help_text="In ballot order.")


class _StationFacts(serializers.Serializer):
    """Which station, and how it stands. ``source`` of each is a station result."""

    id = serializers.IntegerField(source="pk", help_text="Of the station's result, as in its addresses.")
    contest = serializers.IntegerField(source="contest_id")
    region = RegionSerializer(source="station.region")
    district = RegionSerializer(source="station.region.parent")
    number = serializers.IntegerField(source="station.number")
    registered_voters = serializers.IntegerField(source="station.registered_voters", allow_null=True)
    review = serializers.ChoiceField(choices=Review.choices)
    disputed = serializers.BooleanField()
    has_proposal = serializers.SerializerMethodField()

    def get_has_proposal(self, result: Any) -> bool:
        return result.proposed_form_id is not None


class StationRowSerializer(serializers.Serializer):
    station = _StationFacts(source="result")
    state = serializers.ChoiceField(choices=STATES, help_text="As the page shows it: a difference before the review.")
    is_in = serializers.BooleanField(source="result.is_in")
    voters = serializers.SerializerMethodField()
    valid_votes = serializers.SerializerMethodField()
    invalid_votes = serializers.SerializerMethodField()
    votes = serializers.ListField(
        child=serializers.IntegerField(allow_null=True), help_text="In ballot order; null: blank, or not in."
    )

    def _counted(self, line: Any) -> Any:
        return line.result.form if line.result.is_in else None

    @extend_schema_field(_FIGURE)
    def get_voters(self, line: Any) -> int | None:
        form = self._counted(line)
        return form.voters_total if form else None

    @extend_schema_field(_FIGURE)
    def get_valid_votes(self, line: Any) -> int | None:
        form = self._counted(line)
        return form.effective_valid if form else None

    @extend_schema_field(_FIGURE)
    def get_invalid_votes(self, line: Any) -> int | None:
        form = self._counted(line)
        return form.invalid_votes if form else None


class _Page(serializers.Serializer):
    next = serializers.CharField(allow_null=True, help_text="The `after` of the next page; null: the last.")


class StationPageSerializer(_Page):
    results = StationRowSerializer(many=True)


class QueueRowSerializer(serializers.Serializer):
    station = _StationFacts(source="*")
    group = serializers.SerializerMethodField()
    checks = serializers.SerializerMethodField(help_text="Codes of what does not add up in the counted form.")
    received_at = serializers.DateTimeField(source="form.received_at", allow_null=True, default=None)
    submitted_by = serializers.CharField(source="form.submitted_by", allow_null=True, default=None)

    @extend_schema_field({"type": "string", "enum": [str(one) for one in work_queue.Group]})
    def get_group(self, result: Any) -> str:
        return str(work_queue.group_of(result))

    @extend_schema_field({"type": "array", "items": {"type": "string"}})
    def get_checks(self, result: Any) -> list[str]:
        return list(result.form.checks) if result.form else []


class QueuePageSerializer(_Page):
    results = QueueRowSerializer(many=True)


class AttemptSerializer(serializers.Serializer):
    outcome = serializers.ChoiceField(choices=ContactOutcome.choices)
    note = serializers.CharField()
    by = serializers.CharField()
    at = serializers.DateTimeField()


class SilentRowSerializer(serializers.Serializer):
    station = _StationFacts(source="row.result")
    stronghold = serializers.BooleanField(help_text="Our pair leads in its kecamatan.")
    at_stake = serializers.IntegerField(
        source="row.area.at_stake", allow_null=True, default=None, help_text="Of the kecamatan: votes of our lead."
    )
    attempts = AttemptSerializer(many=True, help_text=f"The newest first, {LISTED} at most.")


class SilentPageSerializer(_Page):
    count = serializers.IntegerField(help_text="All stations asked for.")
    strongholds = serializers.IntegerField(help_text="Those of them where our pair leads.")
    counted_at = serializers.DateTimeField(allow_null=True)
    results = SilentRowSerializer(many=True)


class NewestRowSerializer(StationRowSerializer):
    received_at = serializers.DateTimeField(source="result.form.received_at")


class NewestPageSerializer(_Page):
    results = NewestRowSerializer(many=True)


class WorkLeftSerializer(serializers.Serializer):
    """Stations, by what is to be done about them."""

    differences = serializers.IntegerField()
    strongholds = serializers.IntegerField(help_text="Not in, of kecamatan where our pair leads.")
    unreadable = serializers.IntegerField(help_text="Whose counted form names a photo nobody can read.")
    pending = serializers.IntegerField()
    reading = serializers.IntegerField(help_text="Waiting for the second reading.")
    needs_fix = serializers.IntegerField()
    rejected = serializers.IntegerField()
    reports = serializers.IntegerField(help_text="Reports of errors that nobody has answered, not stations.")


class ReportEntrySerializer(serializers.Serializer):
    kind = serializers.ChoiceField(choices=ErrorKind.choices)
    text = serializers.CharField()
    by = serializers.CharField()
    at = serializers.DateTimeField()


class ReportAnswerSerializer(serializers.Serializer):
    text = serializers.CharField()
    by = serializers.CharField()
    at = serializers.DateTimeField()


class ErrorReportSerializer(serializers.Serializer):
    """What is said about one station until somebody answers."""

    id = serializers.IntegerField(source="pk")
    station = _StationFacts(source="result")
    opened_at = serializers.DateTimeField()
    closed_at = serializers.DateTimeField(allow_null=True)
    entries = ReportEntrySerializer(many=True, source="entries.all", help_text="The oldest first.")
    answer = ReportAnswerSerializer(allow_null=True, default=None, help_text="Null while it is open.")


class ErrorReportPageSerializer(_Page):
    results = ErrorReportSerializer(many=True)


class QuarantineSerializer(serializers.Serializer):
    count = serializers.IntegerField(help_text="What revoked witnesses still sent; counted to 99.")
    more = serializers.BooleanField(help_text="There are more than the count says.")


class IntervalSerializer(serializers.Serializer):
    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    arrived = serializers.IntegerField()
    verified = serializers.IntegerField()
    all_arrived = serializers.IntegerField()
    all_verified = serializers.IntegerField()
    coverage = serializers.FloatField(allow_null=True)


class ArrivalsSerializer(serializers.Serializer):
    office = serializers.ChoiceField(choices=Office.choices)
    stations = serializers.IntegerField()
    counted_at = serializers.DateTimeField(allow_null=True)
    intervals = IntervalSerializer(many=True)


# One station


class StationDecisionSerializer(serializers.Serializer):
    outcome = serializers.ChoiceField(choices=Outcome.choices)
    reason = serializers.CharField()
    decided_by = serializers.CharField()
    decided_at = serializers.DateTimeField()


class NamedPhotoSerializer(serializers.Serializer):
    sha256 = serializers.CharField()
    page = serializers.IntegerField()
    subject = serializers.ChoiceField(choices=PhotoSubject.choices)
    state = serializers.ChoiceField(choices=PhotoState.choices, allow_null=True, help_text="Null: not arrived.")
    url = serializers.CharField(allow_null=True, help_text="Where the copy is; null while there is none.")


class ChangeSerializer(serializers.Serializer):
    label = serializers.CharField()
    before = serializers.IntegerField(allow_null=True)
    after = serializers.IntegerField(allow_null=True)


class VersionSerializer(serializers.Serializer):
    """One form of the station: who sent what, what was decided about it, and its photos."""

    uuid = serializers.UUIDField(source="form.uuid")
    receipt = serializers.CharField(source="form.receipt")
    mark = serializers.ChoiceField(choices=MARKS)
    channel = serializers.CharField(source="form.channel")
    submitted_by = serializers.CharField(source="form.submitted_by")
    received_at = serializers.DateTimeField(source="form.received_at")
    filled_at = serializers.DateTimeField(source="form.filled_at", allow_null=True, help_text="As the phone claims.")
    against = serializers.UUIDField(source="against.uuid", allow_null=True, default=None)
    votes = serializers.SerializerMethodField(help_text="By ballot number; null: a blank box.")
    figures = serializers.SerializerMethodField(help_text="What the form has besides the votes; null: a blank box.")
    checks = serializers.ListField(child=serializers.CharField(), source="form.checks")
    confirmed = serializers.ListField(child=serializers.CharField(), source="form.confirmed")
    objection = serializers.BooleanField(source="form.objection", allow_null=True)
    note = serializers.CharField(source="form.note")
    changes = ChangeSerializer(many=True)
    decisions = StationDecisionSerializer(many=True)
    photos = serializers.SerializerMethodField()

    @extend_schema_field({"type": "object", "additionalProperties": _FIGURE})
    def get_votes(self, version: Any) -> dict[str, int | None]:
        return {str(number): votes for number, votes in version.form.figures.votes.items()}

    @extend_schema_field({"type": "object", "additionalProperties": _FIGURE})
    def get_figures(self, version: Any) -> dict[str, int | None]:
        asked = self.context["fields"]
        return {name: getattr(version.form, name) for name in FULL_FIELDS if name in asked}

    @extend_schema_field(NamedPhotoSerializer(many=True))
    def get_photos(self, version: Any) -> list[dict[str, Any]]:
        return [
            {
                "sha256": name.sha256,
                "page": name.page,
                "subject": name.subject,
                "state": photo.state if photo else None,
                "url": reverse("api-form-photo", args=[version.form.uuid, name.sha256])
                if photo and photo.state == PhotoState.READY
                else None,
            }
            for name, photo in version.photos
        ]


class QuestionSerializer(serializers.Serializer):
    code = serializers.CharField()
    text = serializers.CharField()
    confirmed = serializers.BooleanField()


class RivalSerializer(serializers.Serializer):
    uuid = serializers.UUIDField(source="form.uuid")
    text = serializers.CharField()
    changes = ChangeSerializer(many=True)


class StationDetailSerializer(serializers.Serializer):
    station = _StationFacts(source="result")
    state = serializers.SerializerMethodField()
    contest_title = serializers.CharField(source="result.contest.title")
    pairs = PairSerializer(many=True, source="result.contest.pairs.all")
    events = serializers.IntegerField(source="result.audit_seq", help_text="How many events its chain has.")
    questions = QuestionSerializer(many=True)
    rivals = RivalSerializer(many=True)
    versions = VersionSerializer(many=True, help_text="The newest first.")

    @extend_schema_field({"type": "string", "enum": list(STATES)})
    def get_state(self, report: Any) -> str:
        return self.context["state"]


class ReadingSerializer(serializers.Serializer):
    """What a second person saw on the photos of a form, without having seen its figures."""

    uuid = serializers.UUIDField()
    form = serializers.UUIDField(source="form.uuid")
    round = serializers.IntegerField(help_text="1: the whole form; 2: the boxes that differed, once more.")
    reader = serializers.CharField()
    first_reader = serializers.CharField(help_text="Who filled in the form.")
    finding = serializers.ChoiceField(choices=Finding.choices)
    differing = serializers.ListField(child=serializers.CharField(), help_text="Names of the boxes that differ.")
    confirmed = serializers.ListField(child=serializers.CharField())
    reason = serializers.CharField()
    claimed_at = serializers.DateTimeField()
    read_at = serializers.DateTimeField()
    votes = serializers.SerializerMethodField(help_text="By ballot number; empty where nothing could be read.")
    figures = serializers.SerializerMethodField(help_text="What was read besides; empty where nothing could be.")

    @extend_schema_field({"type": "object", "additionalProperties": _FIGURE})
    def get_votes(self, reading: Any) -> dict[str, int | None]:
        return {str(number): votes for number, votes in reading.figures.votes.items()}

    @extend_schema_field({"type": "object", "additionalProperties": _FIGURE})
    def get_figures(self, reading: Any) -> dict[str, int | None]:
        asked = self.context["fields"] if reading.finding in WITH_FIGURES else ()
        return {name: getattr(reading, name) for name in FULL_FIELDS if name in asked}


class ReadingPageSerializer(_Page):
    results = ReadingSerializer(many=True)


class EventSerializer(serializers.Serializer):
    seq = serializers.IntegerField()
    at = serializers.DateTimeField()
    actor = serializers.CharField(allow_null=True)
    action = serializers.CharField()
    content = serializers.SerializerMethodField()
    previous = serializers.CharField()
    digest = serializers.CharField()

    @extend_schema_field(OpenApiTypes.OBJECT)
    def get_content(self, event: Any) -> dict[str, Any]:
        return event.content


class EventPageSerializer(_Page):
    results = EventSerializer(many=True)
