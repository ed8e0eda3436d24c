"""The tables of the tally, a file a noun."""

from tallies.models.elections import Contest, Election, FormKind, Office, Pair, Phase
from tallies.models.forms import (
    C1Form,
    Channel,
    FormPhoto,
    PartialPhoto,
    Photo,
    PhotoState,
    PhotoUpload,
    QuarantinedForm,
    Vote,
)
from tallies.models.results import (
    COUNTED_REVIEWS,
    AuditEvent,
    Decision,
    OutboxRow,
    Outcome,
    Review,
    StationResult,
)
from tallies.models.stations import Assignment, PollingStation
from tallies.models.totals import PROGRESS_FIELDS, ContestTotal, PairTotal, PartyTotal

__all__ = [
    "COUNTED_REVIEWS",
    "PROGRESS_FIELDS",
    "Assignment",
    "AuditEvent",
    "C1Form",
    "Channel",
    "Contest",
    "ContestTotal",
    "Decision",
    "Election",
    "FormKind",
    "FormPhoto",
    "Office",
    "OutboxRow",
    "Outcome",
    "Pair",
    "PairTotal",
    "PartialPhoto",
    "PartyTotal",
    "Phase",
    "Photo",
    "PhotoState",
    "PhotoUpload",
    "PollingStation",
    "QuarantinedForm",
    "Review",
    "StationResult",
    "Vote",
]
