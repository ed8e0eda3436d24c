"""``python -m tests.pictures FOLDER [WORD …]``: a picture of every page, for people to look at.

Each page of `tests.pages_seen` (or those whose name has
one of the words), on a phone and on a desktop, in both languages, over a test
database of its own: ``FOLDER/id-360/07-witness-home.png``.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

#: Taller pages are cut: nobody scrolls through a picture of 30 screens.
MOST_PIXELS = 4000


def main(folder: Path, words: list[str]) -> int:
    with tempfile.TemporaryDirectory(prefix="sista-pictures-") as data, _test_database(Path(data)):
        from tests import pages_seen as pages
        from tests.browsing import open_stage, quick_and_quiet

        wanted = [
            (number, seen)
            for number, seen in enumerate([*pages.PAGES, *pages.ADMIN], start=1)
            if not words or any(word in seen.name for word in words)
        ]
        with quick_and_quiet(Path(data)), open_stage(pages.furnish) as stage:
            for language in ("id", "en"):
                _choose(stage, language)
                for number, seen in wanted:
                    _take(
                        stage, seen, folder, language, f"{number:02}-{seen.name.replace(',', '').replace(' ', '-')}"
                    )
    sys.stdout.write(f"{2 * 2 * len(wanted)} pictures in {folder}\n")
    return 0


@contextmanager
def _test_database(data: Path) -> Iterator[None]:
    os.environ |= {
        "SISTA_TEST": "1",
        "SISTA_DATA": str(data),
        "DJANGO_SETTINGS_MODULE": "sista.settings",
        "SISTA_LOG": "WARNING",
    }
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # Playwright's event loop runs in this thread
    os.environ.pop("DATABASE_URL", None)
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection
    from django.test.utils import setup_test_environment, teardown_test_environment

    call_command("compile_translations", verbosity=0)
    setup_test_environment()
    connection.settings_dict["TEST"]["NAME"] = str(data / "test.sqlite3")
    connection.creation.create_test_db(verbosity=0)
    try:
        yield
    finally:
        teardown_test_environment()


def _choose(stage: Any, language: str) -> None:
    """Everybody reads this language from now on, also who is not signed in."""
    from accounts.models import User

    User.objects.update(language=language)
    stage.page(None).context.add_cookies([{"name": "django_language", "value": language, "url": stage.url}])


def _take(stage: Any, seen: Any, folder: Path, language: str, name: str) -> None:
    from tests.browsing import DESKTOP, PHONE

    page = stage.page(seen.who)
    page.set_default_timeout(5_000)
    try:
        page.goto(seen.address(stage) if callable(seen.address) else seen.address)
        if seen.before:
            seen.before(stage, page)
            page.evaluate("scrollTo(0, 0)")  # a sticky part stands where a reader first sees it
        for width, height in (PHONE, DESKTOP):
            page.set_viewport_size({"width": width, "height": height})
            page.wait_for_load_state("networkidle")
            target = folder / f"{language}-{width}" / f"{name}.png"
            tall = min(page.evaluate("document.documentElement.scrollHeight"), MOST_PIXELS)
            page.screenshot(path=target, full_page=True, clip={"x": 0, "y": 0, "width": width, "height": tall})
    finally:
        page.close()


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
