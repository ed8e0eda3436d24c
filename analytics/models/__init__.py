"""The tables of what is expected, what was found and what is projected, a file a noun."""

from analytics.models.expectations import Expectation, ExpectationMethod, ExpectedShare
from analytics.models.findings import (
    ACTIVE_STATES,
    REASON_LENGTH,
    SETTLED_STATES,
    AttachmentKind,
    Finding,
    FindingAttachment,
    FindingEvent,
    FindingState,
    FindingVersion,
    Rule,
    Severity,
)
from analytics.models.outcomes import ContestOutcome
from analytics.models.projections import ProjectionRun
from analytics.models.rule_settings import ElectionRules
from analytics.models.swing_memory import SwingMemory
from analytics.models.targets import Target

__all__ = [
    "ACTIVE_STATES",
    "REASON_LENGTH",
    "SETTLED_STATES",
    "AttachmentKind",
    "ContestOutcome",
    "ElectionRules",
    "Expectation",
    "ExpectationMethod",
    "ExpectedShare",
    "Finding",
    "FindingAttachment",
    "FindingEvent",
    "FindingState",
    "FindingVersion",
    "ProjectionRun",
    "Rule",
    "Severity",
    "SwingMemory",
    "Target",
]
