"""The words of the queue, on its page and in its file: its filters, states, and why a row is in it."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from tallies import wording
from tallies.count_room.work_queue import Group, View, group_of
from tallies.models import ReadingState, StationResult
from tallies.totals import reporting

VIEWS: dict[View, Promise] = {
    View.ALL: gettext_lazy("Semua"),
    View.DIFFERENCES: pgettext_lazy("daftar", "Selisih"),
    View.PENDING: gettext_lazy("Menunggu"),
    View.READING: gettext_lazy("Menunggu bacaan kedua"),
    View.NEEDS_FIX: gettext_lazy("Perlu diperbaiki"),
    View.REJECTED: gettext_lazy("Ditolak"),
}
#: By `reporting.station_state`.
STATES: dict[str, Promise] = {
    "not_in": gettext_lazy("Belum masuk"),
    "pending": gettext_lazy("Menunggu verifikasi"),
    "verified": gettext_lazy("Terverifikasi"),
    "disputed": gettext_lazy("Janggal"),
    "needs_fix": gettext_lazy("Perlu diperbaiki"),
    "rejected": gettext_lazy("Ditolak"),
}


def state(result: StationResult) -> str:
    """The state of a row: a difference is named before the review, and who is to look at it next."""
    if group_of(result) == Group.READING:
        return str(VIEWS[View.READING])
    return str(STATES[reporting.station_state(result)])


def reasons(result: StationResult) -> list[str]:
    """What there is to look at."""
    if result.reading == ReadingState.COORDINATOR:
        return [_("Bacaan kedua berbeda")]
    if result.disputed:
        return [_("Dua laporan berbeda")]
    if result.proposed_form_id:
        return [_("Usulan perbaikan menunggu")]
    codes = result.form.checks if result.form else []
    return [str(wording.TITLES[code]) for code in codes if code in wording.TITLES]
