"""The words of the queue where no template writes them: its filters, states, and why a row is in it."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from tallies import wording
from tallies.count_room.work_queue import View
from tallies.models import StationResult

VIEWS: dict[View, Promise] = {
    View.ALL: gettext_lazy("Semua"),
    View.DIFFERENCES: pgettext_lazy("daftar", "Selisih"),
    View.PENDING: gettext_lazy("Menunggu"),
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


def state(name: str) -> str:
    return str(STATES[name])


def reasons(result: StationResult) -> list[str]:
    """What there is to look at, as the row of the page says it."""
    if result.disputed:
        return [_("Dua laporan berbeda")]
    if result.proposed_form_id:
        return [_("Usulan perbaikan menunggu")]
    codes = result.form.checks if result.form else []
    return [str(wording.TITLES[code]) for code in codes if code in wording.TITLES]
