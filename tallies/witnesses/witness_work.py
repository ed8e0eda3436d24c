"""What a witness works on, what became of it, and whom to call: for the pages and for the phone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from django.db.models import F, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from accounts.models import Role, User
from regions.models import Region
from tallies.models import Assignment, C1Form, Channel, Outcome, Phase, PollingStation, Review, StationResult

# The stations


def results_of(user: Any) -> QuerySet[StationResult]:
    """Results of the stations ``user`` guards now: the real election before its practice, the newest day first.

    Which stations is asked first: in one question with ten tables PostgreSQL does not look for the best order of
    them (``join_collapse_limit``), and begins with all stations of the nation.
    """
    stations = list(Assignment.objects.active().filter(witness=user).values_list("station", flat=True))
    return (
        StationResult.objects.with_place()
        .filter(station__in=stations)
        .select_related("form", "proposed_form")
        .order_by(
            F("contest__election__practice_of").asc(nulls_first=True),
            "-contest__election__date",
            "station__region__first",
            "station__number",
            "station",
            "contest",
        )
    )


# Whom to call


@dataclass(frozen=True)
class Callee:
    """A coordinator to telephone."""

    name: str
    phone: str

    @property
    def address(self) -> str:
        return "tel:" + re.sub(r"[^0-9+]", "", self.phone)


def callees_of(region: Region) -> list[Callee]:
    """The coordinators over ``region`` who left a telephone number, at most two."""
    # By the keys of the few regions above, which an index knows, and not by range: that looks at everybody there is.
    above = Region.objects.ancestors_of(region).order_by().values("pk")
    people = User.objects.current().filter(role=Role.COORDINATOR, region__in=above).exclude(phone="")
    return [Callee(str(person), person.phone) for person in people.order_by("full_name", "pk")[:2]]


# What became of a form


@dataclass(frozen=True)
class Fate:
    """``code`` is pending, verified, needs_fix, rejected, moved, proposed, corrected, replaced or kept."""

    code: str
    reason: str = ""
    disputed: bool = False

    @property
    def came_back(self) -> bool:
        """The witness is asked to send again."""
        return self.code in ("rejected", "needs_fix", "moved")

    @property
    def icon(self) -> str:
        """The state component that draws it."""
        states = {
            "moved": "not_in",
            "proposed": "pending",
            "corrected": "verified",
            "replaced": "not_in",
            "kept": "pending",
        }
        return states.get(self.code, self.code)

    @property
    def icon_name(self) -> str:
        names = {"needs_fix": "disputed", "not_in": "not-in"}
        return names.get(self.icon, self.icon)


def fate_of(form: C1Form, result: StationResult) -> Fate:
    """Tell what became of ``form``, with the coordinator's reason where there is one."""
    decision = form.decisions.last()
    if decision and decision.outcome == Outcome.REJECTED:
        return Fate("rejected", decision.reason)
    if decision and decision.moved_to:
        return Fate("moved", f"{_where(decision.moved_to.station)} {decision.reason}")
    if result.form_id == form.pk:
        reason = decision.reason if decision and result.review == Review.NEEDS_FIX else ""
        return Fate(result.review, reason, result.disputed)
    if result.proposed_form_id == form.pk:
        return Fate("proposed")
    later = form.superseded_by.order_by("-pk").first()
    if later is None:
        return Fate("kept", disputed=result.disputed)
    if later.submitted_by_id == form.submitted_by_id:
        return Fate("replaced")
    decided = later.decisions.last()
    return Fate("corrected", decided.reason if decided else "")


def _where(station: PollingStation) -> str:
    return _("Sekarang di %(station)s, %(village)s.") % {"station": station.title, "village": station.region.title}


#: What a witness reads who sent nothing, while others typed the C1 from its paper: to send it now would make a rival.
PAPER_CAME = (
    _lazy("C1 TPS ini sudah sampai di DPC dari kertas."),
    _lazy("Anda tidak perlu mengirim lagi. Kirim hanya bila angka Anda berbeda."),
)


def came_on_paper(result: StationResult) -> bool:
    """The form that counts was typed in the count room. Reads ``form``."""
    return result.is_in and result.form is not None and result.form.channel == Channel.COUNT_ROOM


def correction_code(start: C1Form, result: StationResult) -> str:
    """What a correction of ``start`` will do: again, waits, beside, or replaces."""
    counts = result.form_id == start.pk or result.proposed_form_id == start.pk
    if not result.is_in:
        return "again"
    if counts and (result.review == Review.VERIFIED or result.contest.election.phase == Phase.RECAP):
        return "waits"
    return "replaces" if counts else "beside"
