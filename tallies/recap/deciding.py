"""Write a decision about a recap, and what follows from it. Under the lock of its result."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from tallies.models import Outcome, ReadingState, RecapDecision, RecapForm, RecapReading, RecapResult, Review
from tallies.recap import auditing
from tallies.recap.counting import is_disputed


def decide(
    result: RecapResult,
    form: RecapForm,
    outcome: Outcome,
    *,
    by: Any,
    reason: str,
    reading: RecapReading | None = None,
) -> RecapDecision:
    """Verify, choose or reject ``form``. The database refuses a decision on a version ``by`` entered."""
    newest = RecapForm.objects.filter(contest=result.contest_id, region=result.region_id).order_by("-pk").first()
    decision = RecapDecision.objects.create(
        result=result,
        form=form,
        outcome=outcome,
        reason=reason,
        settled_through=newest,
        reading=reading,
        entered_by_id=form.submitted_by_id,
        decided_by=by,
        decided_at=timezone.now(),
    )
    if outcome == Outcome.REJECTED:
        if form.pk == result.form_id:
            result.review, result.reading = Review.REJECTED, ReadingState.NONE
        result.disputed = is_disputed(result)
    else:
        read = RecapReading.objects.filter(form=form).exists()
        result.form, result.review, result.disputed = form, Review.VERIFIED, False
        result.reading = ReadingState.DONE if read else ReadingState.NONE
    content = {"decision": auditing.decision_content(decision)}
    auditing.record(result, f"recap {outcome}", by=by, at=decision.decided_at, content=content)
    return decision
