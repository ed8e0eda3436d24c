"""Collect the Indonesian strings of code and templates into the English catalogue."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation.template import templatize

APPS = ("sista", "regions", "accounts", "tallies", "analytics")
KEYWORDS = {
    "gettext": None,
    "gettext_lazy": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
    # The two short names of gettext and gettext_lazy; a test finds any other.
    "_": None,
    "_lazy": None,
}
CATALOGUE = "en/LC_MESSAGES/django.po"


def strings_in_tree() -> Iterator[tuple[str, int, object, str | None]]:
    """Yield (file, line, message id, context) for every string marked for translation."""
    root: Path = settings.BASE_DIR
    for app in APPS:
        for path in sorted((root / app).rglob("*.py")):
            if "migrations" not in path.parts:
                yield from _python(str(path.relative_to(root)), path.read_bytes())
    for path in sorted((root / "templates").rglob("*")):
        if path.suffix in (".html", ".txt"):
            # Django's own step: template tags become calls that a Python extractor reads.
            source = templatize(path.read_text(), origin=str(path))
            yield from _python(str(path.relative_to(root)), source.encode())


def _python(name: str, source: bytes) -> Iterator[tuple[str, int, object, str | None]]:
    for line, message, _comments, context in extract(
        "python", io.BytesIO(source), KEYWORDS, options={"encoding": "utf-8"}
    ):
        yield name, line, message, context


def template_catalogue() -> Catalog:
    found = Catalog(fuzzy=False, charset="utf-8")
    for name, _line, message, context in strings_in_tree():
        if message and message != ("", ""):
            # Without line numbers: they would change the file with every edit.
            found.add(message, locations=[(name, None)], context=context)
    return found


def catalogue_path() -> Path:
    return Path(settings.LOCALE_PATHS[0]) / CATALOGUE


def updated() -> Catalog:
    """The stored catalogue, brought up to what the tree holds now."""
    path = catalogue_path()
    if path.exists():
        with path.open("rb") as stream:
            stored = read_po(stream, locale="en")
    else:
        stored = Catalog(locale="en", project="Sista", charset="utf-8", fuzzy=False)
    # Without the time of the run: a file that says the same stays the same.
    stored.update(template_catalogue(), no_fuzzy_matching=True, update_creation_date=False)
    stored.obsolete.clear()
    return stored


def untranslated(catalogue: Catalog) -> list[str]:
    """Message ids without an English text."""
    missing = []
    for message in catalogue:
        texts = message.string if isinstance(message.string, list | tuple) else (message.string,)
        if message.id and (message.fuzzy or not all(texts)):
            missing.append(message.id if isinstance(message.id, str) else message.id[0])
    return missing


class Command(BaseCommand):
    help = "Update locale/en from the tree; with --check, fail when a string has no English."

    def add_arguments(self, parser):
        parser.add_argument("--check", action="store_true")

    def handle(self, *args, check: bool, **options):
        catalogue = updated()
        missing = untranslated(catalogue)
        if check and missing:
            raise CommandError("Tanpa bahasa Inggris:\n" + "\n".join(f"- {text}" for text in missing))
        if not check:
            path = catalogue_path()
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("wb") as stream:
                write_po(stream, catalogue, sort_output=True, include_lineno=False, width=118)
        self.stdout.write(f"{len(catalogue)} kalimat, {len(missing)} tanpa bahasa Inggris.")
