"""The numbers of a result page as JSON: `tallies.totals.reporting` serialised, nothing computed here."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from tallies.models import Office


class _Share(serializers.FloatField):
    """A fraction, not rounded; null while there is nothing to divide."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(allow_null=True, min_value=0, max_value=1, **kwargs)


class PlaceSerializer(serializers.Serializer):
    code = serializers.CharField()
    name = serializers.CharField()
    level = serializers.IntegerField()


class ProgressSerializer(serializers.Serializer):
    stations = serializers.IntegerField()
    stations_in = serializers.IntegerField()
    stations_verified = serializers.IntegerField()
    stations_disputed = serializers.IntegerField()
    stations_rejected = serializers.IntegerField()
    stations_missing = serializers.IntegerField(help_text="Neither in nor rejected.")
    registered_voters = serializers.IntegerField()
    voters = serializers.IntegerField()
    valid_votes = serializers.IntegerField()
    invalid_votes = serializers.IntegerField()
    turnout = serializers.FloatField(allow_null=True)
    counted_at = serializers.DateTimeField()


class PairLineSerializer(serializers.Serializer):
    number = serializers.IntegerField(source="pair.number", help_text="0 is kolom kosong.")
    name = serializers.CharField(source="pair.name")
    usungan = serializers.BooleanField(source="pair.usungan")
    votes = serializers.IntegerField()
    votes_verified = serializers.IntegerField()
    share = _Share()
    share_verified = _Share()
    leads = serializers.BooleanField()


class RegionLineSerializer(serializers.Serializer):
    region = PlaceSerializer()
    progress = ProgressSerializer(allow_null=True)
    pairs = PairLineSerializer(many=True)


class StationLineSerializer(serializers.Serializer):
    id = serializers.IntegerField(source="result.station_id")
    number = serializers.IntegerField(source="result.station.number")
    review = serializers.CharField(source="result.review")
    disputed = serializers.BooleanField(source="result.disputed")
    votes = serializers.ListField(
        child=serializers.IntegerField(allow_null=True), help_text="In ballot order; null: blank, or not in."
    )


class ContestReportSerializer(serializers.Serializer):
    """A region of one contest, with the regions or the stations right below."""

    title = serializers.CharField(source="contest.title")
    line = RegionLineSerializer()
    children = RegionLineSerializer(many=True)
    stations = StationLineSerializer(many=True)


class PartyTotalSerializer(ProgressSerializer):
    region = PlaceSerializer()
    party_votes = serializers.IntegerField()
    party_votes_verified = serializers.IntegerField()
    other_votes = serializers.IntegerField()
    other_votes_verified = serializers.IntegerField()
    party_share = _Share()
    contests = serializers.IntegerField()
    contests_led = serializers.IntegerField()
    contests_trailing = serializers.IntegerField()
    contests_tied = serializers.IntegerField()
    contests_waiting = serializers.IntegerField()


class ContestLineSerializer(serializers.Serializer):
    title = serializers.CharField()
    line = RegionLineSerializer()


class PartyReportSerializer(serializers.Serializer):
    """A region above its contests: the party's pairs against the others, and each contest."""

    total = PartyTotalSerializer(allow_null=True)
    contests = serializers.SerializerMethodField()
    children = PartyTotalSerializer(many=True)

    @extend_schema_field(ContestLineSerializer(many=True))
    def get_contests(self, report: Any) -> list[dict[str, Any]]:
        lines = [{"title": contest.title, "line": line} for contest, line in report.contests]
        return ContestLineSerializer(lines, many=True).data


class ResultsSerializer(serializers.Serializer):
    """One of ``contest`` and ``party`` is null: a region lies within a contest, or above several."""

    election = serializers.CharField(help_text="Slug.")
    office = serializers.ChoiceField(choices=Office.choices)
    offices = serializers.ListField(child=serializers.CharField(), help_text="Every office held here.")
    region = PlaceSerializer()
    counted_at = serializers.DateTimeField(allow_null=True)
    contest = ContestReportSerializer(allow_null=True)
    party = PartyReportSerializer(allow_null=True)
