"""What the API takes and answers. Fields take exactly what they name: no "12.0" for 12, no "yes" for true."""

from __future__ import annotations

import datetime as dt
import functools
import re
import uuid
from collections.abc import Iterable
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from tallies.checks import CODES
from tallies.figures import FULL_FIELDS, MAX_FIGURE, Figures, parse_figure, vote_field
from tallies.models import Outcome, PhotoSubject, Review
from tallies.submission import PhotoName, Submission
from tallies.witnesses.invitations import Report
from tallies.wording_refusals import MOST_PHOTOS, refusal_sentence

MOST_PAGES = 20
#: A phone's clock may be wrong by decades; outside of this no page could show it.
EARLIEST = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
LATEST = dt.datetime(2100, 1, 1, tzinfo=dt.UTC)
_PAIR_NUMBER = re.compile(r"0|[1-9][0-9]{0,2}")
_FIGURE_SCHEMA = {
    "oneOf": [
        {"type": "integer", "minimum": 0, "maximum": MAX_FIGURE},
        {"type": "string", "pattern": "^[0-9]{0,4}$"},
    ],
    "nullable": True,
}


def refuse(code: str) -> ValidationError:
    return ValidationError(refusal_sentence(code), code=code)


class StrictField(serializers.Field):
    """A field that says one sentence for a missing, an empty and a wrong value."""

    code = "bad_value"

    def fail(self, key: str, **kwargs: Any) -> Any:
        raise refuse(self.code)

    def to_internal_value(self, data: Any) -> Any:
        try:
            return self.parse(data)
        except (ValueError, OverflowError) as error:
            raise refuse(self.code) from error

    def to_representation(self, value: Any) -> Any:
        return value

    def parse(self, data: Any) -> Any:
        """Return the value, or raise ``ValueError``."""
        raise NotImplementedError


@extend_schema_field(OpenApiTypes.UUID)
class StrictUUID(StrictField):
    code = "bad_uuid"

    def parse(self, data: Any) -> uuid.UUID:
        if not isinstance(data, str) or len(data) != 36:
            raise ValueError("36 characters")
        return uuid.UUID(data)


@extend_schema_field({"type": "integer", "minimum": 1})
class StrictId(StrictField):
    def parse(self, data: Any) -> int:
        if not isinstance(data, int) or isinstance(data, bool) or not 0 < data < 2**63:
            raise ValueError("a positive integer")
        return data


@extend_schema_field(_FIGURE_SCHEMA)
class StrictFigure(StrictField):
    """One box, read as everywhere: by `tallies.figures.parse_figure`."""

    code = "bad_figure"

    def parse(self, data: Any) -> int | None:
        return parse_figure(data)


@extend_schema_field({"type": "integer", "minimum": 1, "maximum": MOST_PAGES})
class StrictPage(StrictId):
    def parse(self, data: Any) -> int:
        if super().parse(data) > MOST_PAGES:
            raise ValueError("no form has as many pages")
        return data


@extend_schema_field({"type": "string", "pattern": "^[0-9a-f]{64}$"})
class StrictHash(StrictField):
    def parse(self, data: Any) -> str:
        if not isinstance(data, str) or not re.fullmatch("[0-9a-f]{64}", data):
            raise ValueError("SHA-256 in lower-case hex")
        return data


@extend_schema_field(OpenApiTypes.BOOL)
class StrictBool(StrictField):
    def parse(self, data: Any) -> bool:
        if not isinstance(data, bool):
            raise ValueError("true or false")
        return data


@extend_schema_field({"type": "string", "enum": list(CODES)})
class CheckCode(StrictField):
    def parse(self, data: Any) -> str:
        if not isinstance(data, str) or data not in CODES:
            raise ValueError("the code of a check")
        return data


@extend_schema_field({"type": "string", "maxLength": 500})
class Note(StrictField):
    def parse(self, data: Any) -> str:
        if not isinstance(data, str) or "\0" in data:
            raise ValueError("text; PostgreSQL takes no NUL")
        if len(data) > 500:
            raise refuse("note_too_long")
        data.encode()  # half a surrogate pair is not text: UnicodeEncodeError is a ValueError
        return data


@extend_schema_field(OpenApiTypes.DATETIME)
class ClaimedTime(StrictField):
    """The phone's clock, kept as claimed; it must name its offset."""

    code = "bad_time"

    def parse(self, data: Any) -> dt.datetime:
        if not isinstance(data, str):
            raise ValueError("ISO 8601")
        claimed = dt.datetime.fromisoformat(data)
        if claimed.tzinfo is None or not EARLIEST <= claimed <= LATEST:
            raise ValueError("a moment between 1970 and 2100")
        return claimed.astimezone(dt.UTC)


class FigureMap(StrictField):
    """Names to figures, each read by `tallies.figures.parse_figure`; errors go by the name of the box."""

    def parse(self, data: Any) -> dict[Any, int | None]:
        if not isinstance(data, dict):
            raise ValueError("an object")
        found, wrong = {}, {}
        for name, given in data.items():
            key, field = self.read_name(name)
            if key is None:
                wrong[field] = refusal_sentence("unknown_field")
                continue
            try:
                found[key] = parse_figure(given)
            except ValueError:
                wrong[field] = refusal_sentence("bad_figure")
        if wrong:
            raise ValidationError(wrong)
        return found

    def read_name(self, name: str) -> tuple[Any, str]:
        """Return the key to store (None: no such box) and the name of the field in an error."""
        raise NotImplementedError


@extend_schema_field({"type": "object", "additionalProperties": _FIGURE_SCHEMA, "example": {"1": 142, "2": 80}})
class VoteMap(FigureMap):
    def read_name(self, name: str) -> tuple[Any, str]:
        if _PAIR_NUMBER.fullmatch(name):
            return int(name), vote_field(int(name))
        return None, _short(name)


@extend_schema_field(
    {"type": "object", "properties": dict.fromkeys(FULL_FIELDS, _FIGURE_SCHEMA), "additionalProperties": False}
)
class RowMap(FigureMap):
    def read_name(self, name: str) -> tuple[Any, str]:
        return (name, name) if name in FULL_FIELDS else (None, _short(name))


def _short(name: str) -> str:
    """A name of the sender's choice, fit to be sent back."""
    return name[:60].encode("ascii", "backslashreplace").decode() or '""'


class StrictSerializer(serializers.Serializer):
    """An object with no key but those it knows."""

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, dict):
            raise refuse("bad_request")
        if unknown := [name for name in data if name not in self.fields]:
            raise ValidationError({_short(name): refusal_sentence("unknown_field") for name in unknown})
        return super().to_internal_value(data)


class StrictList(serializers.ListField):
    """A list of at most ``most`` items."""

    def __init__(self, *, most: int, code: str = "bad_value", **kwargs: Any) -> None:
        self.most = most
        self.code = code
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> list[Any]:
        if not isinstance(data, list):
            raise refuse("bad_value")
        if len(data) > self.most:
            raise refuse(self.code)
        return super().to_internal_value(data)

    def fail(self, key: str, **kwargs: Any) -> Any:
        raise refuse("bad_value")


@extend_schema_field({"type": "string", "enum": PhotoSubject.values})
class StrictSubject(StrictField):
    def parse(self, data: Any) -> str:
        if not isinstance(data, str) or data not in PhotoSubject.values:
            raise ValueError("what a photo may show")
        return data


class PageNameSerializer(StrictSerializer):
    sha256 = StrictHash()
    page = StrictPage()


class PhotoNameSerializer(PageNameSerializer):
    subject = StrictSubject(default=PhotoSubject.C1.value, help_text="What the photo shows.")


class PhotoList(StrictList):
    """Photo names, each photo once."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(most=MOST_PHOTOS, code="too_many_photos", default=list, **kwargs)

    def to_internal_value(self, data: Any) -> list[Any]:
        photos = super().to_internal_value(data)
        if len({photo["sha256"] for photo in photos}) < len(photos):
            raise refuse("bad_value")
        return photos


class FormSerializer(StrictSerializer):
    """One C1 as sent by a witness. A blank box is null, "" or left out; it is not 0."""

    uuid = StrictUUID(help_text="Made by the sender; the same key with the same form is one form.")
    contest = StrictId()
    station = StrictId()
    votes = VoteMap(help_text="Votes by pair number, exactly the pairs of the contest.")
    figures = RowMap(default=dict, help_text="The other boxes; only those the election's form asks for.")
    photos = PhotoList(child=PhotoNameSerializer())
    supersedes = StrictUUID(allow_null=True, default=None, help_text="The uuid of the version this one corrects.")
    confirmed = StrictList(
        child=CheckCode(), most=len(CODES), default=list, help_text="Contradictions that stand on the paper."
    )
    objection = StrictBool(allow_null=True, default=None)
    note = Note(default="")
    filled_at = ClaimedTime(allow_null=True, default=None, help_text="The phone's clock, kept as claimed.")


def submission_of(data: Any) -> Submission:
    """What was sent, as the intake takes it. Raises ``ValidationError``."""
    sent = _form_reader().run_validation(data)
    return Submission(
        uuid=sent["uuid"],
        contest_id=sent["contest"],
        station_id=sent["station"],
        figures=Figures(votes=sent["votes"], values=sent["figures"]),
        photos=tuple(PhotoName(photo["sha256"], photo["page"], photo["subject"]) for photo in sent["photos"]),
        supersedes=sent["supersedes"],
        confirmed=tuple(sorted(set(sent["confirmed"]))),
        objection=sent["objection"],
        note=sent["note"],
        filled_at=sent["filled_at"],
    )


@functools.cache
def _form_reader() -> FormSerializer:
    """One for all: made anew for every form, it would copy its fourteen fields each time."""
    return FormSerializer()


class InvitationSerializer(StrictSerializer):
    """What became of the invitations (C6) of a station. A blank box is null, "" or left out; it is not 0."""

    uuid = StrictUUID(help_text="Made by the sender; the same key with the same report is one report.")
    station = StrictId()
    received = StrictFigure(allow_null=True, default=None)
    handed_out = StrictFigure(allow_null=True, default=None)
    not_delivered = StrictFigure(allow_null=True, default=None)
    photos = PhotoList(child=PageNameSerializer())
    supersedes = StrictUUID(allow_null=True, default=None, help_text="The uuid of the version this one corrects.")
    filled_at = ClaimedTime(allow_null=True, default=None, help_text="The phone's clock, kept as claimed.")


def report_of(data: Any) -> Report:
    """What was sent, as `tallies.witnesses.invitations` takes it. Raises ``ValidationError``."""
    sent = InvitationSerializer().run_validation(data)
    names = tuple(PhotoName(photo["sha256"], photo["page"]) for photo in sent.pop("photos"))
    return Report(station_id=sent.pop("station"), photos=names, **sent)


# Answers


class InvitationReceiptSerializer(serializers.Serializer):
    """Facts of a stored report; none of them ever changes."""

    uuid = serializers.UUIDField()
    receipt = serializers.CharField(help_text="Short code to read out.")
    received_at = serializers.DateTimeField()
    station = serializers.IntegerField(source="station_id")


class StoredPhotoNameSerializer(serializers.Serializer):
    page = serializers.IntegerField()
    sha256 = serializers.CharField()
    subject = serializers.ChoiceField(
        choices=PhotoSubject.choices, required=False, help_text="Left out for a page of the C1."
    )

    def to_representation(self, instance: Any) -> dict[str, Any]:
        name = super().to_representation(instance)
        return {key: value for key, value in name.items() if value != PhotoSubject.C1}


class ReceiptSerializer(serializers.Serializer):
    """Facts of a stored form. None of them ever changes, so a repeated form gets the same answer."""

    uuid = serializers.UUIDField()
    receipt = serializers.CharField(help_text="Short code to read out.")
    received_at = serializers.DateTimeField()
    filled_at = serializers.DateTimeField(allow_null=True)
    contest = serializers.IntegerField(source="contest_id")
    station = serializers.IntegerField(source="station_id")
    checks = serializers.ListField(child=serializers.CharField(), help_text="Codes of what does not add up.")
    confirmed = serializers.ListField(child=serializers.CharField())
    photos = serializers.SerializerMethodField()

    @extend_schema_field(StoredPhotoNameSerializer(many=True))
    def get_photos(self, form: Any) -> list[dict[str, Any]]:
        return _photo_names(PhotoName(*one) for one in form.photo_names.values_list("sha256", "page", "subject"))


def _photo_names(names: Iterable[PhotoName]) -> list[dict[str, Any]]:
    # By page and hash, not in the order of one sending: a repeated form may list them otherwise.
    return [dict(zip(("page", "sha256", "subject"), entry, strict=False)) for entry in sorted(n.entry for n in names)]


class _FactsSerializer(ReceiptSerializer):
    """Without what has to be asked for."""

    photos = None


@functools.cache
def _facts() -> _FactsSerializer:
    return _FactsSerializer()


def receipt_of(form: Any, photos: Iterable[PhotoName]) -> dict[str, Any]:
    """What `ReceiptSerializer` says of ``form``, which names ``photos``: without a query and without new fields."""
    return {**_facts().to_representation(form), "photos": _photo_names(photos)}


class DecisionSerializer(serializers.Serializer):
    outcome = serializers.ChoiceField(choices=Outcome.choices)
    reason = serializers.CharField()
    decided_at = serializers.DateTimeField()


class FormStateSerializer(serializers.Serializer):
    """What became of a form so far."""

    review = serializers.ChoiceField(choices=Review.choices, help_text="Of the station, whichever form counts.")
    counted = serializers.BooleanField(help_text="This form is the one that counts.")
    disputed = serializers.BooleanField()
    photos_missing = StoredPhotoNameSerializer(many=True)
    decision = DecisionSerializer(allow_null=True, help_text="The newest decision about this form.")


class FormDetailSerializer(ReceiptSerializer):
    state = serializers.SerializerMethodField()

    @extend_schema_field(FormStateSerializer)
    def get_state(self, form: Any) -> dict[str, Any]:
        return FormStateSerializer(self.context["state"]).data


class StoredPhotoSerializer(serializers.Serializer):
    sha256 = serializers.CharField()
    size = serializers.IntegerField()
    format = serializers.CharField()
    width = serializers.IntegerField()
    height = serializers.IntegerField()


class RefusalSerializer(serializers.Serializer):
    code = serializers.CharField(help_text="For the program.")
    detail = serializers.CharField(help_text="For the person, in the person's language.")
    fields = serializers.DictField(child=serializers.CharField())  # type: ignore[assignment]
