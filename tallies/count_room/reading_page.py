"""What the page of a reading shows: the photos of the form a reader holds, and boxes in the order of the paper.

Nothing here is read from the form but its kind and its photos.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

from django.utils import timezone
from django.utils.crypto import salted_hmac

from tallies import checks, wording
from tallies.count_room import claims, readings
from tallies.count_room.reading_form import ReadingForm
from tallies.entry import Section
from tallies.models import FormKind, FormPhoto, ReadingClaim, StationResult

#: The page of the paper that holds a part, by the kind of the form; a form with fewer photos shows the nearest.
PAGE_OF_PART = {
    FormKind.FULL: {"registered": 1, "voters": 1, "ballots": 1, "disabled": 1, "votes": 2, "after": 2},
    FormKind.SHORT: {"before": 1, "votes": 2, "after": 2},
}

#: Relations that need nothing but the boxes: what is known of the station would tell which one it is.
SHOWN_CODES = tuple(code for code in checks.CODES if code.startswith("C1-E"))


@dataclass(frozen=True)
class Shown:
    """One part of the form, and the photo (from 1) on which it stands."""

    section: Section
    photo: int


class ReadingPage:
    """The form a claim is on, as its reader sees it. ``form``: what was typed before, when it is shown again."""

    def __init__(self, claim: ReadingClaim, *, user: Any, form: ReadingForm | None = None) -> None:
        self.claim = claim
        self.result = StationResult.objects.select_related("contest__election").get(pk=claim.result_id)
        self.asked = readings.asked_fields(claim)
        self.form = form or ReadingForm(result=self.result, form_id=claim.form_id, user=user, asked=self.asked)

    @property
    def code(self) -> str:
        return code_of(self.claim.form_id)

    @cached_property
    def photos(self) -> list[FormPhoto]:
        return list(claims.pages_of(self.claim))

    @property
    def parts(self) -> list[Shown]:
        pages = PAGE_OF_PART[FormKind(self.result.contest.election.form_kind)]
        return [Shown(section, self._photo_of(pages[section.slug])) for section in self.form.sections()]

    @property
    def is_again(self) -> bool:
        return bool(self.asked)

    @property
    def seconds_left(self) -> int:
        return seconds_left(self.claim)

    @property
    def facts(self) -> dict[str, Any]:
        """What the browser adds up with: the arithmetic of `tallies.checks`, and what its codes are called."""
        return {
            "equalities": [asdict(equality) for equality in checks.EQUALITIES],
            "limits": self.result.contest.election.thresholds.as_text,
            "titles": {code: str(wording.TITLES[code]) for code in SHOWN_CODES},
        }

    def _photo_of(self, page: int) -> int:
        """The last photo up to ``page``; the first one when all are of later pages."""
        reached = [place for place, photo in enumerate(self.photos, start=1) if photo.page <= page]
        same = [place for place, photo in enumerate(self.photos, start=1) if photo.page == page]
        return (same or reached[-1:] or [1])[0]


def seconds_left(claim: ReadingClaim) -> int:
    return max(0, int((claim.expires_at - timezone.now()).total_seconds()))


def code_of(form_id: int) -> str:
    """A short neutral name of a form, to talk about it: it says nothing, and leads nowhere."""
    digest = salted_hmac("tallies.count_room.reading_page", str(form_id)).hexdigest().upper()
    return f"{digest[:4]}-{digest[4:6]}"
