"""Bring a file of expected shares or of targets: look at it first, then import it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from analytics.expectations import expectation_file, importing, listing, target_file
from analytics.models import ImportDraft, ImportKind
from analytics.views.expectations import election_of, require_may_state
from regions.models import Region
from sista.keys import key_in
from sista.spreadsheets.limits import FileRefused
from sista.templatetags.formats import format_number
from tallies.models import Contest, Election

#: Of a preview: rows shown of those that are good, and of those that are not.
SHOWN_ROWS, SHOWN_PROBLEMS = 20, 200


class UploadForm(forms.Form):
    jenis = forms.ChoiceField(label=_("Isi berkas"), choices=ImportKind.choices)
    kontes = forms.ChoiceField(
        label=_("Kontes"),
        required=False,
        help_text=_("Untuk harapan per tempat. Daftar target memuat kontesnya sendiri."),
    )
    berkas = forms.FileField(
        label=_("Berkas CSV atau XLSX"),
        allow_empty_file=True,
        error_messages={"required": _("Pilih berkasnya dahulu.")},
    )
    sumber = forms.CharField(
        label=_("Sumber"),
        max_length=300,
        required=False,
        help_text=_("Dari mana angka ini, misalnya Survei Oktober. Kosong bila ada di berkas."),
    )
    tanggal = forms.DateField(
        label=_("Tanggal pernyataan"),
        required=False,
        input_formats=["%Y-%m-%d", "%d/%m/%Y"],
        error_messages={"invalid": _("Tulis tanggal seperti 2020-10-09 atau 9/10/2020.")},
        help_text=_("Seperti 9/10/2020. Kosong: hari ini, atau yang ada di berkas."),
    )

    def __init__(self, data: Any = None, files: Any = None, *, election: Election, scope: Region) -> None:
        super().__init__(data, files, initial={"jenis": ImportKind.EXPECTATION})
        self.contests = {str(one.pk): one for one in listing.contests_within(election, scope)}
        places = [(key, one.region.title) for key, one in self.contests.items()]
        self.fields["kontes"].choices = [("", gettext("Pilih")), *places]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        chosen = cleaned.get("kontes") or "kontes" in self.errors
        if cleaned.get("jenis") == ImportKind.EXPECTATION and not chosen:
            self.add_error("kontes", gettext("Pilih kontesnya."))
        if (day := cleaned.get("tanggal")) and day > timezone.localdate():
            self.add_error("tanggal", gettext("Tanggal ini di masa depan."))
        return cleaned

    @property
    def contest(self) -> Contest | None:
        wanted = self.cleaned_data["jenis"] == ImportKind.EXPECTATION
        return self.contests[self.cleaned_data["kontes"]] if wanted else None


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: HttpRequest, slug: str) -> HttpResponse:
    """Bring a file (GET: the form, ``?kontes=`` chosen); POST reads it and leads to what it says."""
    election, scope = election_of(request, slug)
    require_may_state(request.user)
    if request.method != "POST":
        form = UploadForm(election=election, scope=scope)
        form.initial["kontes"] = key_in(request.GET.get("kontes", ""))
        return _upload_page(request, election, form)
    form = UploadForm(request.POST, request.FILES, election=election, scope=scope)
    if form.is_valid():
        given = form.cleaned_data
        try:
            draft = importing.look_at(
                given["berkas"].file,
                given["berkas"].name,
                election,
                kind=given["jenis"],
                contest=form.contest,
                source=given["sumber"],
                stated_on=given["tanggal"],
                within=scope,
                by=request.user,
            )
        except importing.NoSource:
            form.add_error("sumber", gettext("Sumbernya belum disebut, juga tidak di berkas."))
        except FileRefused as refusal:
            form.add_error("berkas", str(refusal))
        else:
            return redirect("expectation-preview", slug, draft.uuid)
    return _upload_page(request, election, form, status=400)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def preview(request: HttpRequest, slug: str, uuid: UUID) -> HttpResponse:
    """Show what a file would write and which rows not; POST writes it. Its maker's alone."""
    election, scope = election_of(request, slug)
    mine = ImportDraft.objects.filter(election=election, made_by=request.user).select_related("contest__region")
    draft = get_object_or_404(mine, uuid=uuid)
    if draft.contest is not None:
        get_object_or_404(listing.contests_within(election, scope), pk=draft.contest_id)
    require_may_state(request.user)
    if request.method == "POST" and (draft.rows or draft.imported_at):
        try:
            draft = importing.import_draft(draft, by=request.user)
        except importing.Moved:
            messages.error(request, gettext("Wilayah, TPS, atau paslon berubah sejak berkas dibaca. Unggah lagi."))
            return redirect("expectation-import", slug)
        messages.success(request, _imported(draft.imported_rows or 0))
        if draft.contest_id:
            return redirect("contest-expectations", slug, draft.contest_id)
        return redirect("expectations", slug)
    context = {
        "election": election,
        "party_stylesheet": reverse("party-css", args=[slug]),
        "draft": draft,
        "rows": _rows(draft),
        "problems": draft.problems[:SHOWN_PROBLEMS],
        "more_problems": max(len(draft.problems) - SHOWN_PROBLEMS, 0),
        "bad_rows": len({line for line, *_rest in draft.problems}),
    }
    return render(request, "analytics/expectation_preview.html", context)


def _imported(rows: int) -> str:
    said = {"number": format_number(rows)}
    return ngettext("%(number)s baris diimpor.", "%(number)s baris diimpor.", rows) % said


def _upload_page(request: HttpRequest, election: Election, form: UploadForm, status: int = 200) -> HttpResponse:
    context = {
        "election": election,
        "party_stylesheet": reverse("party-css", args=[election.slug]),
        "form": form,
        "expectation_fields": expectation_file.FIELDS,
        "target_fields": target_file.FIELDS,
    }
    return render(request, "analytics/expectation_import.html", context, status=status)


def _rows(draft: ImportDraft) -> list[dict[str, Any]]:
    """The first rows of a draft with the names of what they name by key."""
    some = draft.rows[:SHOWN_ROWS]
    if draft.kind == ImportKind.TARGETS:
        contests = Contest.objects.filter(pk__in=[row[0] for row in some]).select_related("region")
        places = {one.pk: one.region for one in contests}
        return [
            {"region": places.get(contest), "share": share and float(share), "by": by, "day": day, "source": source}
            for contest, share, by, day, source in some
        ]
    stated = [expectation_file.Row(*row) for row in some]
    regions = Region.objects.in_bulk([row.region for row in stated])
    pairs = {pair.pk: pair for pair in draft.contest.pairs.all()} if draft.contest else {}
    numbers = expectation_file.numbers_of([row.station for row in stated if row.station])
    return [
        {
            "region": regions.get(row.region),
            "tps": numbers.get(row.station) if row.station else None,
            "pair": pairs.get(row.pair),
            "row": row,
        }
        for row in stated
    ]
