from __future__ import annotations

import pytest
from django.db import connection

from tallies import append_only
from tests import cast


@pytest.fixture(autouse=True)
def _quick_and_quiet(settings, tmp_path):
    """Cheap password hashes, a private photo store, and nobody listening for totals."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.STORAGES = {
        **settings.STORAGES,
        "photos": {
            "BACKEND": "sista.photo_storage.DurableFileSystemStorage",
            "OPTIONS": {"location": tmp_path / "photos"},
        },
    }
    settings.CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": str(tmp_path)}
    }


@pytest.fixture
def play(db):
    return cast.make_play()


@pytest.fixture
def committed_play(transactional_db):
    """The same, committed: for threads that come with connections of their own."""
    yield cast.make_play()
    if connection.vendor == "sqlite":
        # The flush deletes row by row there, and the triggers are made to refuse just that.
        with connection.cursor() as cursor:
            for statement in append_only.drop_statements("sqlite"):
                cursor.execute(statement)


@pytest.fixture(autouse=True)
def _triggers_back(request):
    """Put the triggers back that `committed_play` took away for its flush."""
    yield
    if "committed_play" in request.fixturenames and connection.vendor == "sqlite":
        request.getfixturevalue("django_db_blocker").unblock()
        with connection.cursor() as cursor:
            for statement in append_only.create_statements("sqlite"):
                cursor.execute(statement)
