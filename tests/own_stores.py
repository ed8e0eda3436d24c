"""Stores of files that are a test's alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings


def in_folder(folder: Path) -> dict[str, Any]:
    """``STORAGES`` as they are set up, but photos and prepared files in ``folder`` and pages' own files unhashed."""
    exports = settings.STORAGES["exports"]
    return settings.STORAGES | {
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
        "photos": {
            "BACKEND": "sista.photo_storage.DurableFileSystemStorage",
            "OPTIONS": {"location": folder / "photos"},
        },
        "exports": exports | {"OPTIONS": exports["OPTIONS"] | {"location": folder / "kept"}},
    }
