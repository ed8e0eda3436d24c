"""What the pages of every import do alike: a file's limit, its columns, its preview, its confirmation."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext

from sista.keys import key_in
from sista.spreadsheets.headers import letters
from tallies.importing import confirming, previewing, receiving, turns
from tallies.importing.ways import Way
from tallies.models import ImportState

#: Problems on one page.
PROBLEMS = 100


def most_megabytes() -> int:
    return settings.IMPORT_MAX_BYTES // 1024 // 1024


def too_large(command: str) -> str:
    sentence = gettext("Berkas ini lebih besar dari %(most)s MB. Pengelola server mengimpornya dengan %(command)s.")
    return sentence % {"most": most_megabytes(), "command": command}


def addresses(name: str, one: Any) -> dict[str, str]:
    """Where the buttons of an import's page lead; ``name`` is that of the page's own address."""
    parts = {part: reverse(f"{name}-{part}", args=[one.uuid]) for part in ("columns", "confirm", "undo", "discard")}
    return parts | {"show": reverse(name, args=[one.uuid])}


def told(request: HttpRequest, way: Way, one: Any) -> dict[str, Any]:
    """What the shared parts of an import's page show. ``?halaman=`` pages its problems."""
    problems = Paginator(previewing.problems_of(one), PROBLEMS)
    choosing = not one.imported_at and one.state in (ImportState.COLUMNS, ImportState.READY)
    fields = way.fields(one) if choosing else ()
    return {
        "one": one,
        "election": one.election,
        "problems": problems.get_page(request.GET.get("halaman")),
        "untold": one.rows_bad > problems.count,
        "columns": [(field.name, field.label, one.columns.get(field.name)) for field in fields],
        "places": [(place, label or letters(place)) for place, label in enumerate(one.labels)],
        "missing": way.missing(one, one.columns) if choosing else (),
    }


def work_if_short(way: Way, one: Any) -> None:
    """A short file is looked at, and written, while the person waits."""
    if one.is_working and turns.is_short(one):
        turns.run(way, one)


def take_columns(request: HttpRequest, way: Way, one: Any) -> None:
    """Take which column of the file holds what, and look at the file again."""
    chosen = {
        name.removeprefix("kolom-"): key_in(value)
        for name, value in request.POST.items()
        if name.startswith("kolom-")
    }
    columns = {name: place for name, place in chosen.items() if place is not None}
    if len(set(columns.values())) < len(columns):
        messages.error(request, gettext("Satu kolom dipilih dua kali. Setiap isian punya kolomnya sendiri."))
    elif receiving.choose_columns(way, one, columns):
        work_if_short(way, one)


def confirm(request: HttpRequest, way: Way, one: Any) -> None:
    """Import what fits; pressed twice it is one import."""
    try:
        if confirming.confirm(one, by=request.user):
            one.refresh_from_db()
            work_if_short(way, one)
    except confirming.Busy:
        say_busy(request)


def say_busy(request: HttpRequest) -> None:
    messages.info(
        request, gettext("Impor lain dari pemilihan ini sedang berjalan. Tunggu sampai selesai, lalu tekan lagi.")
    )
