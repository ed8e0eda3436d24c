"""A coordinator's evening: who is not in, whom to call, what came of it, reminders."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_POST, require_safe

from accounts.views import safe_next
from regions.models import Level, Region
from sista.keys import key_in
from tallies import intake
from tallies.models import REMINDER_LENGTH, ContactOutcome, Election, Reminder, StationResult
from tallies.silent import calling, reminding, silent_list
from tallies.silent.reminding import ReminderRefused
from tallies.silent.silent_list import UNTRIED, Asked, Position, View
from tallies.views.results import zone_of
from tallies.wording_refusals import refusal_sentence

# The list


@login_required
@require_safe
def silent_page(request: HttpRequest, slug: str) -> HttpResponse:
    """List the stations of the reader's region that are not in, those to call first at the top.

    ``?wilayah=`` narrows, ``?keadaan=`` and ``?hasil=`` filter, ``?setelah=`` pages; a value they do not know does
    nothing.
    """
    election, scope = _election(request, slug)
    asked = _asked(request.GET, scope)
    after = Position.read(request.GET.get("setelah", ""))
    page = silent_list.page(request.user, election, asked, after=after)
    context = _list_context(request, election, asked) | {
        "rows": page.rows,
        "count": page.count,
        "strongholds": page.strongholds,
        "counted_at": page.counted_at,
        "several_contests": len({row.result.contest_id for row in page.rows}) > 1,
        "next_url": _address(request.path, scope, asked, setelah=str(page.next)) if page.next else "",
        # The place is in the address of a file.
        "export_query": _address("", asked.place, asked).removeprefix("?"),
        "first_url": _address(request.path, scope, asked) if after else "",
        "may_remind": request.user.may_decide and election.phase in intake.ACCEPTING_PHASES,
    }
    return render(request, "silent/list.html", context)


def _list_context(request: HttpRequest, election: Election, asked: Asked) -> dict[str, Any]:
    scope = request.user.scope
    here = reverse("silent", args=[election.slug])
    labels = silent_list.VIEW_LABELS.items()
    return {
        "election": election,
        "party_stylesheet": reverse("party-css", args=[election.slug]),
        "scope": scope,
        "place": asked.place,
        "above": _above(asked.place, scope),
        "choices": _choices(asked.place, scope),
        "view": asked.view,
        "last": asked.last,
        "views": [(label, _address(here, scope, asked, keadaan=one), one == asked.view) for one, label in labels],
        "outcomes": [(one, label) for one, label in _last_labels().items()],
        "is_filtered": bool(asked.last) or asked.view != View.SILENT or asked.place != scope,
        "here": request.get_full_path(),
        "asked": _query(scope, asked),
        "zone": zone_of(list(Region.objects.ancestors_of(scope))),
        "presses": calling.BUTTONS,
        "new_key": uuid4,
    }


def _election(request: HttpRequest, slug: str) -> tuple[Election, Region]:
    """The election and the reader's region; 404 for who has none."""
    scope = request.user.scope
    if scope is None:
        raise Http404
    return get_object_or_404(Election.objects.visible_to(request.user), slug=slug), scope


def _asked(query: QueryDict, scope: Region) -> Asked:
    code = query.get("wilayah", "").replace("\0", "")
    place = Region.objects.within(scope).select_related("parent").filter(code=code).first() if code else None
    view, last = query.get("keadaan", ""), query.get("hasil", "")
    return Asked(
        place or scope,
        View(view) if view in list(View) else View.SILENT,
        last if last in silent_list.LAST_FILTERS else "",
    )


def _query(scope: Region, asked: Asked) -> dict[str, str]:
    """What of an address is not as it is anyway."""
    return {
        "wilayah": asked.place.code if asked.place != scope else "",
        "keadaan": asked.view if asked.view != View.SILENT else "",
        "hasil": asked.last,
    }


def _address(path: str, scope: Region, asked: Asked, **changes: str) -> str:
    query = {name: value for name, value in (_query(scope, asked) | changes).items() if value}
    return f"{path}?{urlencode(query)}" if query else path


def _above(place: Region, scope: Region) -> Region | None:
    """The kecamatan of a desa that is asked for."""
    return place.parent if place.level == Level.VILLAGE and place != scope else None


def _choices(place: Region, scope: Region) -> list[Region]:
    """What the list of regions offers: down to the desa of a kecamatan, and what lies beside a desa."""
    around = place.parent if place.level == Level.VILLAGE and place != scope else place
    return list(Region.objects.within(scope).filter(parent=around).order_by("first"))


def _last_labels() -> dict[str, str]:
    return {UNTRIED: _("Belum dihubungi")} | {one.value: str(one.label) for one in ContactOutcome}


# A call


@login_required
@require_POST
def record_attempt(request: HttpRequest, result_id: int) -> HttpResponse:
    """Write down what came of a call: the row anew for htmx, else back to where the button stood.

    Outside the reader's region: 404. Who sees and does not decide: 403.
    """
    if request.user.scope is None:
        raise Http404
    visible = StationResult.objects.visible_to(request.user).with_place()
    result = get_object_or_404(visible, pk=result_id)
    key, outcome = _key(request), request.POST.get("hasil", "")
    if outcome not in ContactOutcome.values:
        raise BadRequest("hasil is missing")
    error = ""
    try:
        calling.record(
            result, ContactOutcome(outcome), by=request.user, key=key, note=request.POST.get("catatan", "")
        )
    except calling.AttemptRefused as refused:
        error = refusal_sentence(refused.code)
    if request.htmx and "baris" in request.POST:
        return _row(request, result, error)
    place = f"{result.station.title}, {result.station.region.title}"
    if error:
        messages.error(request, f"{place}: {error}")
    else:
        messages.success(request, _("Tercatat: %(place)s.") % {"place": place})
    return redirect(safe_next(request, reverse("silent", args=[result.contest.election.slug])))


def _row(request: HttpRequest, result: StationResult, error: str) -> HttpResponse:
    [row] = silent_list.rows_of([result], {})
    context = {
        "row": row,
        "election": result.contest.election,
        "error": error,
        "is_noted": not error,
        "zone": zone_of(list(Region.objects.ancestors_of(request.user.scope))),
        "here": safe_next(request, reverse("silent", args=[result.contest.election.slug])),
        "presses": calling.BUTTONS,
        "new_key": uuid4,
    }
    return render(request, "silent/_call.html", context)


def _key(request: HttpRequest) -> UUID:
    try:
        return UUID(request.POST.get("kunci", ""))
    except ValueError as error:
        raise BadRequest("kunci is missing") from error


# Reminders


class ReminderForm(forms.Form):
    text = forms.CharField(
        label=_lazy("Isi pengingat"),
        widget=forms.Textarea(attrs={"rows": 2, "maxlength": REMINDER_LENGTH}),
        help_text=_lazy("[TPS] diganti dengan nama TPS. Paling banyak 120 huruf."),
    )

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        self.fields["text"].error_messages["required"] = refusal_sentence("reminder_without_place")

    def clean_text(self) -> str:
        try:
            return reminding.checked_text(self.cleaned_data["text"])
        except ReminderRefused as refused:
            raise forms.ValidationError(refusal_sentence(refused.code)) from refused


@login_required
@require_POST
def remind(request: HttpRequest, slug: str) -> HttpResponse:
    """Say whom a reminder would reach; with ``langkah=kirim`` send it.

    ``tps`` names the stations, or ``semua`` all of the list's filter. What was
    shown is what is sent: the second step names them one by one.
    """
    election, scope = _election(request, slug)
    if not request.user.may_decide:
        raise PermissionDenied
    asked = _asked(request.POST, scope)
    keys = _chosen(request, election, asked)
    back = _address(reverse("silent", args=[slug]), scope, asked)
    if not keys:
        messages.error(request, refusal_sentence("reminder_for_nobody"))
        return redirect(back)
    sends = request.POST.get("langkah") == "kirim"
    form = ReminderForm(request.POST if "text" in request.POST else {"text": reminding.standard_text(asked.view)})
    refusal, status = "", 200 if form.is_valid() else 400
    if sends and form.is_valid():
        try:
            said, press = form.cleaned_data["text"], _key(request)
            made = reminding.send(request.user, election, keys, said, key=press, view=asked.view)
            return redirect("silent-reminder", slug, made.uuid)
        except ReminderRefused as refused:
            refusal, status = refusal_sentence(refused.code, **refused.details), 409
    text = form.cleaned_data.get("text") or reminding.standard_text(asked.view)
    context = {
        "election": election,
        "party_stylesheet": reverse("party-css", args=[slug]),
        "form": form,
        "plan": reminding.plan(request.user, election, keys, text, view=asked.view),
        "keys": ",".join(map(str, keys)),
        "key": request.POST.get("kunci") or uuid4(),
        "asked": _query(scope, asked),
        "back": back,
        "refusal": refusal,
        "left_out": int(request.POST.get("semua") == "1" and len(keys) == reminding.MOST),
        "most": reminding.MOST,
        "minutes": settings.REMINDER_MINUTES,
    }
    return render(request, "silent/remind.html", context, status=status)


def _chosen(request: HttpRequest, election: Election, asked: Asked) -> list[int]:
    """Keys of the stations that are named, or of the first of all that are listed."""
    if request.POST.get("semua") == "1" and "tps" not in request.POST:
        return silent_list.first_keys(request.user, election, asked, most=reminding.MOST)
    words = ",".join(request.POST.getlist("tps")).split(",")
    keys = [key for word in words if (key := key_in(word)) is not None]
    return list(dict.fromkeys(keys))[: reminding.MOST]


@login_required
@require_safe
def reminder(request: HttpRequest, slug: str, uuid: UUID) -> HttpResponse:
    """How far a reminder is, and whom it did not reach; for htmx only the first. 404 outside the reader's region."""
    election, scope = _election(request, slug)
    visible = Reminder.objects.visible_to(request.user).filter(election=election).select_related("by")
    made = get_object_or_404(visible, uuid=uuid)
    context = {
        "election": election,
        "reminder": made,
        "progress": reminding.progress_of(made),
        "zone": zone_of(list(Region.objects.ancestors_of(scope))),
    }
    if request.htmx:
        return render(request, "silent/_progress.html", context)
    context |= {
        "party_stylesheet": reverse("party-css", args=[slug]),
        "unreached": reminding.unreached_of(made, request.user),
        "minutes": settings.REMINDER_MINUTES,
    }
    return render(request, "silent/reminder.html", context)
