"""What the pages share on which a C1 is typed: by its witness, or from paper."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from tallies.entry import EntryForm, Question
from tallies.photo_tray import PhotoTray
from tallies.wording import QUESTION
from tallies.wording_refusals import MOST_PHOTOS


def entry_context(
    entry: EntryForm, tray: PhotoTray, questions: list[Question] | None, refusal: str
) -> dict[str, Any]:
    """The boxes in paper order with what is asked of them; ``questions`` (even none) are there to look once more."""
    asked = questions or []
    return {
        "entry": entry,
        "sections": entry.sections(asked),
        "tray": tray,
        "objection_options": [{"value": value, "label": label} for value, label in entry.fields["objection"].choices],
        "most_photos": MOST_PHOTOS,
        "is_check": questions is not None,
        "questions": asked,
        "question": QUESTION,
        "refusal": refusal,
    }


def under_a_new_key(entry: EntryForm, **changes: str) -> EntryForm:
    """The same figures, as a form of their own: the page was gone back to and changed after it was sent."""
    data = entry.data.copy()
    data["uuid"] = str(uuid4())
    for name, value in changes.items():
        data[name] = value
    anew = EntryForm(data, result=entry.result, user=entry.user)
    anew.full_clean()
    return anew
