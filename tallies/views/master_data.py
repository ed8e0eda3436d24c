"""Master data of an election are brought in here: TPS and DPT, pairs, witnesses, population, C6."""

from __future__ import annotations

from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
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
from tallies.exports.csv_file import MARK, csv_line
from tallies.importing import confirming, receiving
from tallies.master_data import importing
from tallies.master_data.importing import WAY
from tallies.master_data.kinds import KINDS, template_of
from tallies.models import Election, MasterImport, MasterKind
from tallies.views import bringing
from tallies.views.scopes import acting_scope

#: On one page.
IMPORTS = 20


class MasterFileForm(forms.Form):
    """A file, what it holds, and of which election."""

    kind = forms.ChoiceField(label=_("Isi berkas"), choices=MasterKind.choices)
    election = forms.ModelChoiceField(label=_("Pemilihan"), queryset=Election.objects.none(), empty_label=None)
    file = forms.FileField(
        label=_("Berkas XLSX atau CSV"),
        widget=forms.FileInput(attrs={"accept": ".xlsx,.csv,.txt"}),
        error_messages={"required": _("Pilih berkasnya."), "empty": _("Berkas ini kosong.")},
        max_length=None,
    )

    def __init__(self, data: Any = None, files: Any = None, *, user: User, initial: Any = None) -> None:
        super().__init__(data, files, initial=initial)
        self.fields["election"].queryset = Election.objects.visible_to(user)

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > settings.IMPORT_MAX_BYTES:
            raise forms.ValidationError(bringing.too_large("import_master"))
        return file


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def imports(request: HttpRequest) -> HttpResponse:
    """List what can be imported and what was, with a form for one more file; a POST takes it in and looks at it.

    404 for who has no region, 403 for who only reads. ``?isi=`` chooses a kind, ``?sebelum=`` pages.
    """
    scope = acting_scope(request)
    with timezone.override(ZoneInfo(scope.zone)):
        if request.method != "POST":
            return _list(request, scope, MasterFileForm(user=request.user, initial={"kind": request.GET.get("isi")}))
        form = MasterFileForm(request.POST, request.FILES, user=request.user)
        one = _received(form, scope, request.user) if form.is_valid() else None
        if one is None:
            return _list(request, scope, form, status=400)
    bringing.work_if_short(WAY, one)
    return redirect("master-import", one.uuid)


def _received(form: MasterFileForm, scope: Region, user: User) -> MasterImport | None:
    given = form.cleaned_data
    file = given["file"]
    try:
        return importing.receive(
            file.file, file.name, kind=given["kind"], election=given["election"], region=scope, by=user
        )
    except (FileRefused, receiving.TooManyImports) as refused:
        form.add_error("file", str(refused))
    return None


def _list(request: HttpRequest, scope: Region, form: MasterFileForm, status: int = 200) -> HttpResponse:
    before = key_in(request.GET.get("sebelum", ""))
    known = MasterImport.objects.visible_to(request.user).select_related("election", "region", "imported_by")
    if before:
        known = known.filter(pk__lt=before)
    some = list(known[: IMPORTS + 1])
    context = {
        "form": form,
        "scope": scope,
        "kinds": [(MasterKind(kind).value, MasterKind(kind).label, each.about) for kind, each in KINDS.items()],
        "imports": some[:IMPORTS],
        "before": before,
        "next": some[IMPORTS - 1].pk if len(some) > IMPORTS else None,
        "zone": scope.zone,
        "most": bringing.most_megabytes(),
    }
    return render(request, "master_data/imports.html", context, status=status)


@login_required
@require_safe
def template(request: HttpRequest, kind: str) -> HttpResponse:
    """A CSV with the columns of a kind and rows that show how they are filled; it names no real person."""
    acting_scope(request)
    if kind not in KINDS:
        raise Http404
    # Excel of this country parts columns at semicolons.
    lines = [csv_line(row, delimiter=";") for row in template_of(kind)]
    answer = HttpResponse(MARK + "\r\n".join(lines) + "\r\n", content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="contoh-{kind}.csv"'
    return answer


# One import


@never_cache
@login_required
@require_safe
def master_import(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Tell what a file holds and would do, how far it is, or what came of it; for htmx only the part that changes."""
    one = _own(request, uuid)
    name = "master_data/_import.html" if request.htmx else "master_data/import.html"
    told = {
        "zone": one.region.zone,
        "address": bringing.addresses("master-import", one),
        "notes": one.report.get("notes", ()),
        "late": one.report.get("late", ()),
        "late_rows": one.report.get("late_rows", 0),
        "may_undo": importing.may_undo(one),
    }
    return render(request, name, bringing.told(request, WAY, one) | told)


@login_required
@require_POST
def choose_columns(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Take which column of the file holds what, and look at the file again."""
    one = _own(request, uuid)
    bringing.take_columns(request, WAY, one)
    return redirect("master-import", one.uuid)


@login_required
@require_POST
def confirm(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Import what fits; pressed twice it is one import."""
    one = _own(request, uuid)
    bringing.confirm(request, WAY, one)
    return redirect("master-import", one.uuid)


@login_required
@require_POST
def undo(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Let what was before be again, while nothing stands on what was imported."""
    one = _own(request, uuid)
    try:
        number = importing.undo(one, by=request.user)
        said = ngettext("Impor dibatalkan: %(number)s perubahan.", "Impor dibatalkan: %(number)s perubahan.", number)
        messages.success(request, said % {"number": number})
    except confirming.Busy:
        bringing.say_busy(request)
    except confirming.NotUndone as error:
        messages.info(
            request,
            gettext("Impor ini tidak dapat dibatalkan.")
            + " "
            + (str(error) or gettext("Ada yang lebih baru, atau sudah dibatalkan.")),
        )
    return redirect("master-import", one.uuid)


@login_required
@require_POST
def discard(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Remove a file that was never imported."""
    one = _own(request, uuid)
    if not receiving.discard(one):
        return redirect("master-import", uuid)
    messages.success(request, gettext("Berkas dihapus. Tidak ada yang berubah."))
    return redirect("master-imports")


def _own(request: HttpRequest, uuid: UUID) -> MasterImport:
    acting_scope(request)
    visible = MasterImport.objects.visible_to(request.user)
    return get_object_or_404(visible.select_related("election", "region", "imported_by", "undone_by"), uuid=uuid)
