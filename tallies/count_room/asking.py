"""Ask for second readings anew when an election changes which forms it wants read twice."""

from __future__ import annotations

from django.db.models import Exists, OuterRef

from sista.database import writing
from tallies.models import (
    OPEN_READINGS,
    Election,
    FormPhoto,
    PhotoSubject,
    ReadingMode,
    ReadingState,
    Review,
    StationResult,
)


def ask_anew(election: Election) -> int:
    """Let the forms that came in before wait for a reader, or wait no longer; return of how many that is true.

    Only what nobody has verified; a difference that was found stays before its coordinator.
    """
    pages = FormPhoto.objects.filter(form=OuterRef("form"), subject=PhotoSubject.C1)
    unverified = StationResult.objects.filter(contest__election=election, review=Review.PENDING)
    not_asked = unverified.filter(Exists(pages), reading=ReadingState.NONE)
    asked = unverified.filter(reading__in=OPEN_READINGS)
    with writing():
        if election.reading_mode == ReadingMode.LOOK:
            return asked.update(reading=ReadingState.NONE)
        if election.reading_mode == ReadingMode.ALL:
            return not_asked.update(reading=ReadingState.WAITING)
        fewer = asked.filter(form__checks=[]).update(reading=ReadingState.NONE)
        return fewer + not_asked.exclude(form__checks=[]).update(reading=ReadingState.WAITING)
