"""Official figures of TPS are brought in here: a file, what it would do, the import, its undoing."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.validators import URLValidator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import User
from regions.models import Region
from sista.keys import key_in
from sista.spreadsheets.limits import FileRefused
from tallies.models import SOURCE_LENGTH, Contest, Election, Office, OfficialImport
from tallies.official import importing, receiving
from tallies.official.receiving import Statement
from tallies.official.way import WAY
from tallies.views import bringing
from tallies.views.scopes import acting_scope

#: On one page.
IMPORTS = 20
#: The day first, as it is written here.
MOMENTS = [f"{day} {time}" for day in ("%d/%m/%Y", "%d-%m-%Y", "%Y-%m-%d") for time in ("%H.%M", "%H:%M")]


class OfficialFileForm(forms.Form):
    """A file and where it is from. ``about``: contests of the reader's region, or all of an office."""

    about = forms.ChoiceField(label=_("Kontes"))
    source = forms.CharField(
        label=_("Sumber"),
        max_length=SOURCE_LENGTH,
        help_text=_("Siapa yang mengumumkan, misalnya KPU kabupaten."),
    )
    source_url = forms.CharField(label=_("Alamat sumber"), max_length=500, required=False)
    as_of = forms.DateTimeField(
        label=_("Keadaan pada"),
        # No datetime-local: within it the keyboard stops seven times, and it writes the date in the browser's order.
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        input_formats=MOMENTS,
        help_text=_("Waktu yang tertulis di sumbernya, misalnya 15/12/2020 10.00."),
        error_messages={"invalid": _("Isi tanggal dan jam seperti 15/12/2020 10.00.")},
    )
    file = forms.FileField(
        label=_("Berkas XLSX atau CSV"),
        widget=forms.FileInput(attrs={"accept": ".xlsx,.csv,.txt"}),
        help_text=_("Sebaris satu TPS: kode desa dan nomor TPS, suara setiap paslon, sah, tidak sah."),
        error_messages={"required": _("Pilih berkasnya."), "empty": _("Berkas ini kosong.")},
        max_length=None,
    )

    def __init__(self, data: Any = None, files: Any = None, *, user: User, scope: Region) -> None:
        super().__init__(data, files)
        self._scope = scope
        self._abouts = _abouts(user)
        self.fields["about"].choices = [(key, label) for key, (label, *_rest) in self._abouts.items()]

    def clean_source_url(self) -> str:
        address = self.cleaned_data["source_url"].strip()
        if address:
            URLValidator(["https", "http"], message=_("Tulis alamat lengkap, mulai dengan https://"))(address)
        return address

    def clean_as_of(self) -> dt.datetime:
        moment = self.cleaned_data["as_of"]
        if moment > timezone.now() + dt.timedelta(hours=1):
            raise forms.ValidationError(_("Waktu ini belum tiba. Periksa tanggalnya."))
        return moment

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > settings.IMPORT_MAX_BYTES:
            raise forms.ValidationError(bringing.too_large("import_official"))
        return file

    @property
    def statement(self) -> Statement:
        given = self.cleaned_data
        _label, election, office, contest = self._abouts[given["about"]]
        # The smaller of the two: rows outside the contest are refused, and so are those outside the reader's region.
        region = contest.region if contest and self._scope.contains(contest.region) else self._scope
        return Statement(election, office, contest, region, given["source"], given["as_of"], given["source_url"])


def _abouts(user: User) -> dict[str, tuple[str, Election, str, Contest | None]]:
    contests = (
        Contest.objects.visible_to(user)
        .select_related("election", "region")
        .order_by("-election__date", "-election", "region__first")
    )
    found: dict[str, tuple[str, Election, str, Contest | None]] = {}
    numbers: dict[tuple[int, str], int] = {}
    for contest in contests:
        election = contest.election
        numbers[election.pk, contest.office] = numbers.get((election.pk, contest.office), 0) + 1
        if numbers[election.pk, contest.office] == 2:
            label = gettext("Semua kontes %(office)s, %(election)s") % {
                "office": Office(contest.office).label, "election": election.name
            }  # fmt: skip
            found[f"{election.pk}-{contest.office}"] = (label, election, contest.office, None)
        found[str(contest.pk)] = (f"{contest.title}, {election.name}", election, contest.office, contest)
    return found


# The list, and a new file


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def imports(request: HttpRequest) -> HttpResponse:
    """List the imports of the reader's region with a form for one more; a POST takes a file in and looks at it.

    404 for who has no region, 403 for who only reads. ``?sebelum=`` pages.
    """
    scope = acting_scope(request)
    with timezone.override(ZoneInfo(scope.zone)):
        if request.method != "POST":
            return _list(request, scope, OfficialFileForm(user=request.user, scope=scope))
        form = OfficialFileForm(request.POST, request.FILES, user=request.user, scope=scope)
        one = _received(form, request.user) if form.is_valid() else None
        if one is None:
            return _list(request, scope, form, status=400)
    bringing.work_if_short(WAY, one)
    return redirect("official-import", one.uuid)


def _received(form: OfficialFileForm, user: User) -> OfficialImport | None:
    file = form.cleaned_data["file"]
    try:
        return receiving.receive(file.file, file.name, form.statement, by=user)
    except (FileRefused, receiving.TooManyImports) as refused:
        form.add_error("file", str(refused))
    return None


def _list(request: HttpRequest, scope: Region, form: OfficialFileForm, status: int = 200) -> HttpResponse:
    before = key_in(request.GET.get("sebelum", ""))
    known = OfficialImport.objects.visible_to(request.user).select_related(
        "election", "contest__region", "region", "imported_by"
    )
    if before:
        known = known.filter(pk__lt=before)
    some = list(known[: IMPORTS + 1])
    context = {
        "form": form,
        "scope": scope,
        "imports": some[:IMPORTS],
        "before": before,
        "next": some[IMPORTS - 1].pk if len(some) > IMPORTS else None,
        "zone": scope.zone,
        "most": bringing.most_megabytes(),
    }
    return render(request, "official/imports.html", context, status=status)


# One import


@never_cache
@login_required
@require_safe
def official_import(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Tell what a file holds and would do, how far it is, or what came of it; for htmx only the part that changes."""
    one = _own(request, uuid)
    template = "official/_import.html" if request.htmx else "official/import.html"
    return render(request, template, _told(request, one))


def _told(request: HttpRequest, one: OfficialImport) -> dict[str, Any]:
    return bringing.told(request, WAY, one) | {
        "zone": one.region.zone,
        "address": bringing.addresses("official-import", one),
        "about": one.contest or gettext("Semua kontes %(office)s") % {"office": one.get_office_display()},
        "may_undo": importing.may_undo(one),
    }


@login_required
@require_POST
def choose_columns(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Take which column of the file holds what, and look at the file again."""
    one = _own(request, uuid)
    bringing.take_columns(request, WAY, one)
    return redirect("official-import", one.uuid)


@login_required
@require_POST
def confirm(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Import what fits; pressed twice it is one import."""
    one = _own(request, uuid)
    bringing.confirm(request, WAY, one)
    return redirect("official-import", one.uuid)


@login_required
@require_POST
def undo(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Let what stood before stand again, while nothing newer does."""
    one = _own(request, uuid)
    try:
        number = importing.undo(one, by=request.user)
        said = ngettext(
            "Impor dibatalkan: %(number)s TPS kembali seperti sebelumnya.",
            "Impor dibatalkan: %(number)s TPS kembali seperti sebelumnya.",
            number,
        )
        messages.success(request, said % {"number": number})
    except importing.Busy:
        bringing.say_busy(request)
    except importing.NotUndone:
        messages.info(
            request, gettext("Impor ini tidak dapat dibatalkan lagi: ada yang lebih baru, atau sudah dibatalkan.")
        )
    return redirect("official-import", one.uuid)


@login_required
@require_POST
def discard(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Remove a file that was never imported."""
    one = _own(request, uuid)
    if not receiving.discard(one):
        return redirect("official-import", uuid)
    messages.success(request, gettext("Berkas dihapus. Tidak ada angka yang berubah."))
    return redirect("official-imports")


def _own(request: HttpRequest, uuid: UUID) -> OfficialImport:
    acting_scope(request)
    visible = OfficialImport.objects.visible_to(request.user)
    related = ("election", "contest__region", "contest__election", "region", "imported_by", "undone_by")
    return get_object_or_404(visible.select_related(*related), uuid=uuid)
