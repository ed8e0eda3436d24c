"""Reports of errors at a station, and the answers to them.

No total, no queue and no decision reads them: they tell a person where to look.
Whoever writes holds the station result, so that what is said while a report is
closed either is in it, and then it stays open, or opens the next.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch, QuerySet
from django.utils import timezone

from regions.models import Region
from sista.database import writing
from tallies.models import (
    ANSWER_LENGTH,
    REPORT_LENGTH,
    Election,
    ErrorKind,
    ErrorReport,
    ErrorReportAnswer,
    ErrorReportEntry,
    StationResult,
)

PAGE = 20
#: A list is counted so far; "99+" is enough to know.
COUNTED = 99
#: Entries of one person about one station, over all of its reports.
PER_PERSON = 12


class ReportRefused(Exception):
    """What is not written; ``code`` names why (see `tallies.wording_refusals`)."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Told:
    """``is_new``: False when this person had said the same already, and nothing was written."""

    entry: ErrorReportEntry
    is_new: bool


def tell(result: StationResult, kind: str, text: str, *, by: Any) -> Told:
    """Say that something is wrong at ``result``: in its open report, or in a new one.

    The caller has found that ``by`` may see the place, or holds it (an operator
    a claimed photo). Raises `ReportRefused`; a missing signature with nothing
    else said is no error and is refused as that.
    """
    text = _checked(kind, text)
    with writing():
        held = StationResult.objects.select_for_update(of=("self",)).get(pk=result.pk)
        if held.form_id is None:
            raise ReportRefused("nothing_to_report")
        said = ErrorReportEntry.objects.filter(report__result=held, by=by)
        before = said.filter(report__closed_at=None, kind=kind).first()
        if before is not None:
            return Told(before, is_new=False)
        if said.count() >= PER_PERSON:
            raise ReportRefused("too_many_reports")
        report, now = ErrorReport.objects.open().filter(result=held).first(), timezone.now()
        if report is None:
            report = ErrorReport.objects.create(result=held, opened_at=now)
        entry = ErrorReportEntry.objects.create(report=report, kind=kind, text=text, by=by, at=now)
    return Told(entry, is_new=True)


def _checked(kind: str, text: str) -> str:
    if kind not in ErrorKind.values:
        raise ReportRefused("report_kind")
    # A browser sends two characters for the one it counts at the end of a line.
    text = text.replace("\r\n", "\n").replace("\0", "").strip()
    if len(text) > REPORT_LENGTH:
        raise ReportRefused("report_too_long")
    if kind == ErrorKind.UNSIGNED and not text:
        raise ReportRefused("unsigned_is_no_error")
    if kind == ErrorKind.OTHER and not text:
        raise ReportRefused("report_missing")
    return text


def close(report: ErrorReport, answer: str, *, seen: int, by: Any) -> ErrorReportAnswer:
    """Close ``report`` with an answer that those who wrote in it read.

    ``seen``: key of the last entry that ``by`` has read. Raises
    `ErrorReport.DoesNotExist` for a report ``by`` does not see,
    `PermissionDenied` for who may not decide, and `ReportRefused`:
    ``report_closed``, ``report_grown``, ``answer_missing`` or ``answer_too_long``.
    """
    if not ErrorReport.objects.visible_to(by).filter(pk=report.pk).exists():
        raise ErrorReport.DoesNotExist
    if not by.may_decide:
        raise PermissionDenied
    answer = answer.replace("\r\n", "\n").replace("\0", "").strip()
    if not answer:
        raise ReportRefused("answer_missing")
    if len(answer) > ANSWER_LENGTH:
        raise ReportRefused("answer_too_long")
    with writing():
        StationResult.objects.select_for_update(of=("self",)).get(pk=report.result_id)
        held = ErrorReport.objects.get(pk=report.pk)
        if held.closed_at is not None:
            raise ReportRefused("report_closed")
        if held.entries.filter(pk__gt=seen).exists():
            raise ReportRefused("report_grown")
        held.closed_at = timezone.now()
        held.save(update_fields=["closed_at"])
        return ErrorReportAnswer.objects.create(report=held, text=answer, by=by, at=held.closed_at)


# Read


def visible(user: Any, election: Election) -> QuerySet[ErrorReport]:
    return ErrorReport.objects.visible_to(user).filter(result__contest__election=election)


def count(user: Any, election: Election) -> int:
    """How many are open, at most one more than `COUNTED`."""
    return visible(user, election).open()[: COUNTED + 1].count()


def page(
    user: Any,
    election: Election,
    *,
    closed: bool = False,
    within: Region | None = None,
    before: int | None = None,
    size: int | None = None,
) -> tuple[list[ErrorReport], int | None]:
    """The newest reports (older than the row ``before``), and the row after which more follow."""
    size = size or PAGE
    rows = _with_words(_asked(user, election, closed, within))
    if before is not None:
        rows = rows.filter(pk__lt=before)
    found = list(rows.select_related(*_PLACE).order_by("-pk")[: size + 1])
    return found[:size], found[size - 1].pk if len(found) > size else None


def count_entries(user: Any, election: Election, *, closed: bool, within: Region, most: int | None) -> int:
    """How many entries the reports of ``within`` have, counted no further than ``most``."""
    entries = ErrorReportEntry.objects.filter(report__in=_asked(user, election, closed, within)).order_by()
    return (entries if most is None else entries[:most]).count()


def _asked(user: Any, election: Election, closed: bool, within: Region | None) -> QuerySet[ErrorReport]:
    reports = visible(user, election).filter(closed_at__isnull=not closed).order_by()
    if within is None:
        return reports
    return reports.filter(result__station__region__first__range=(within.first, within.last))


def of_result(result: StationResult) -> list[ErrorReport]:
    """The reports of one station, the newest first: for those who may see it with its figures."""
    return list(_with_words(ErrorReport.objects.filter(result=result)).order_by("-pk")[:PAGE])


def own_entries(user: Any, results: Iterable[StationResult]) -> dict[int, list[ErrorReportEntry]]:
    """What ``user`` said about each of ``results``, the newest first, with the answers: one query."""
    entries = ErrorReportEntry.objects.filter(by=user, report__result__in=[result.pk for result in results])
    found: dict[int, list[ErrorReportEntry]] = {}
    for entry in entries.select_related("report__answer__by").order_by("-pk"):
        found.setdefault(entry.report.result_id, []).append(entry)
    return found


_PLACE = ("result__contest__election", "result__contest__region", "result__station__region__parent", "result__form")


def _with_words(reports: QuerySet[ErrorReport]) -> QuerySet[ErrorReport]:
    entries = Prefetch("entries", ErrorReportEntry.objects.select_related("by"))
    return reports.select_related("answer__by").prefetch_related(entries)
