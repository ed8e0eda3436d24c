"""The tables of what is expected, what was found and what is projected, a file a noun."""

from analytics.models.evidence import EvidenceDownload, EvidencePack, EvidenceProblem, EvidenceState
from analytics.models.expectations import Expectation, ExpectationEvent, ExpectationMethod, ExpectedShare
from analytics.models.findings import (
    ACTIVE_STATES,
    REASON_LENGTH,
    SETTLED_STATES,
    STANDING_STATES,
    AttachmentKind,
    Finding,
    FindingAttachment,
    FindingEvent,
    FindingState,
    FindingVersion,
    Rule,
    Severity,
)
from analytics.models.import_drafts import ImportDraft, ImportKind
from analytics.models.outcomes import ContestOutcome
from analytics.models.projections import ProjectionRun
from analytics.models.rule_settings import ElectionRules
from analytics.models.swing_memory import SwingMemory
from analytics.models.targets import Target

__all__ = [
    "ACTIVE_STATES",
    "REASON_LENGTH",
    "SETTLED_STATES",
    "STANDING_STATES",
    "AttachmentKind",
    "ContestOutcome",
    "ElectionRules",
    "EvidenceDownload",
    "EvidencePack",
    "EvidenceProblem",
    "EvidenceState",
    "Expectation",
    "ExpectationEvent",
    "ExpectationMethod",
    "ExpectedShare",
    "Finding",
    "FindingAttachment",
    "FindingEvent",
    "FindingState",
    "FindingVersion",
    "ImportDraft",
    "ImportKind",
    "ProjectionRun",
    "Rule",
    "Severity",
    "SwingMemory",
    "Target",
]
