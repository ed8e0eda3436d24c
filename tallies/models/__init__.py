"""The tables of the tally, a file a noun."""

from tallies.models.contacts import NOTE_LENGTH, REMINDER_LENGTH, ContactAttempt, ContactOutcome, Reminder
from tallies.models.elections import Contest, Election, FormKind, Office, Pair, Phase, ReadingMode
from tallies.models.error_reports import (
    ANSWER_LENGTH,
    REPORT_LENGTH,
    ErrorKind,
    ErrorReport,
    ErrorReportAnswer,
    ErrorReportEntry,
)
from tallies.models.exports import ExportJob, ExportState, FileFormat
from tallies.models.forms import (
    C1Form,
    Channel,
    FormPhoto,
    PartialPhoto,
    Photo,
    PhotoState,
    PhotoSubject,
    PhotoUpload,
    QuarantinedForm,
    Vote,
)
from tallies.models.invitations import INVITATION_FIGURES, InvitationPhoto, InvitationReport
from tallies.models.messages import MESSAGE_LENGTH, StationMessage
from tallies.models.readings import WITH_FIGURES, Finding, Reading, ReadingClaim, ReadingVote
from tallies.models.results import (
    COUNTED_REVIEWS,
    OPEN_READINGS,
    AuditEvent,
    Decision,
    OutboxRow,
    Outcome,
    ReadingState,
    Review,
    StationResult,
)
from tallies.models.sms import InboundSms, OutgoingSms, SendingState, SmsOutcome
from tallies.models.stations import Assignment, PollingStation
from tallies.models.totals import PROGRESS_FIELDS, ContestTotal, PairTotal, PartyTotal
from tallies.models.walls import WALL_NAME_LENGTH, WallLink

__all__ = [
    "ANSWER_LENGTH",
    "COUNTED_REVIEWS",
    "INVITATION_FIGURES",
    "MESSAGE_LENGTH",
    "NOTE_LENGTH",
    "OPEN_READINGS",
    "PROGRESS_FIELDS",
    "REMINDER_LENGTH",
    "REPORT_LENGTH",
    "WALL_NAME_LENGTH",
    "WITH_FIGURES",
    "Assignment",
    "AuditEvent",
    "C1Form",
    "Channel",
    "ContactAttempt",
    "ContactOutcome",
    "Contest",
    "ContestTotal",
    "Decision",
    "Election",
    "ErrorKind",
    "ErrorReport",
    "ErrorReportAnswer",
    "ErrorReportEntry",
    "ExportJob",
    "ExportState",
    "FileFormat",
    "Finding",
    "FormKind",
    "FormPhoto",
    "InboundSms",
    "InvitationPhoto",
    "InvitationReport",
    "Office",
    "OutboxRow",
    "Outcome",
    "OutgoingSms",
    "Pair",
    "PairTotal",
    "PartialPhoto",
    "PartyTotal",
    "Phase",
    "Photo",
    "PhotoState",
    "PhotoSubject",
    "PhotoUpload",
    "PollingStation",
    "QuarantinedForm",
    "Reading",
    "ReadingClaim",
    "ReadingMode",
    "ReadingState",
    "ReadingVote",
    "Reminder",
    "Review",
    "SendingState",
    "SmsOutcome",
    "StationMessage",
    "StationResult",
    "Vote",
    "WallLink",
]
