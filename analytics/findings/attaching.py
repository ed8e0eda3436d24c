"""Files laid beside an answer: a photo or a PDF, known by its content, kept private under its hash."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.files.base import ContentFile

from analytics.models import AttachmentKind, FindingAttachment, FindingEvent
from tallies import photos
from tallies.photo_sending import PhotoRefused

MOST_BYTES = 10 * 1024 * 1024
#: Files of one answer.
MOST_FILES = 4
#: Readers look for the end mark in the last kilobyte.
_PDF_TAIL = 1024


class AttachmentRefused(Exception):
    """A file that is not taken; ``code`` names why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Kept:
    """A file whose bytes are in the store."""

    kind: AttachmentKind
    sha256: str
    size: int


def pdf_name(sha256: str) -> str:
    return f"attachment/{sha256[:2]}/{sha256}.pdf"


def keep(files: Sequence[bytes], *, by: Any) -> list[Kept]:
    """Check the files and put them into the store; call it before the transaction that names them.

    The same file twice is one. Raises `AttachmentRefused`: ``too_many_files``, ``attachment_too_large``,
    ``attachment_empty``, ``attachment_kind``, ``attachment_cut_off`` or ``attachment_not_taken``. Nothing is stored
    when one is refused.
    """
    if len(files) > MOST_FILES:
        raise AttachmentRefused("too_many_files")
    kinds = [_kind(data) for data in files]
    kept = []
    for data, kind in zip(files, kinds, strict=True):
        sha256 = hashlib.sha256(data).hexdigest()
        if kind == AttachmentKind.PDF:
            photos.store().save(pdf_name(sha256), ContentFile(data))
        else:
            try:
                photos.receive(data, by=by)
            except PhotoRefused as refused:
                raise AttachmentRefused("attachment_not_taken") from refused
        kept.append(Kept(kind, sha256, len(data)))
    return list({one.sha256: one for one in kept}.values())


def name(event: FindingEvent, kept: Sequence[Kept]) -> None:
    """Write down which files belong to ``event``; inside its transaction."""
    FindingAttachment.objects.bulk_create(
        FindingAttachment(event=event, number=number, kind=one.kind, sha256=one.sha256, size=one.size)
        for number, one in enumerate(kept, start=1)
    )


def _kind(data: bytes) -> AttachmentKind:
    """What ``data`` is, by its content alone."""
    if len(data) > MOST_BYTES:
        raise AttachmentRefused("attachment_too_large")
    if not data:
        raise AttachmentRefused("attachment_empty")
    if data.startswith(b"%PDF-"):
        # Only from the first byte: what begins as something else is taken for that by somebody.
        if b"%%EOF" not in data[-_PDF_TAIL:]:
            raise AttachmentRefused("attachment_cut_off")
        return AttachmentKind.PDF
    try:
        photos.inspect(data)
    except PhotoRefused as refused:
        raise AttachmentRefused("attachment_cut_off" if refused.code == "cut_off" else "attachment_kind") from refused
    return AttachmentKind.PHOTO
