from __future__ import annotations

import pytest
from django.apps import apps
from django.db import connection, models
from django.utils import translation
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from tests import cast, own_stores, play_again, quick_flush, triggers
from tests.migrated_once import Template
from tests.skipping import pytest_make_collect_report, pytest_runtest_makereport  # noqa: F401  hooks

# A busy machine is slow, not wrong: no example has a time limit.
hypothesis_settings.register_profile("sista", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis_settings.load_profile("sista")
quick_flush.install()

FIRST_KEY = 1_000_000


@pytest.fixture(scope="session")
def django_db_keepdb(django_db_keepdb):
    """SQLite's test database is a copied file in a folder of its own: Django need not remove one, before or after."""
    return django_db_keepdb or connection.vendor == "sqlite"


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix, tmp_path_factory, django_db_blocker, django_db_use_migrations
):
    """Put SQLite's test database into a file, as it is in the embedded default, and take the migrated copy.

    Threads share a database in memory through one page cache, whose table
    locks do not wait: a reader beside a writer fails at once.
    """
    if connection.vendor == "sqlite":
        connection.settings_dict["TEST"]["NAME"] = str(tmp_path_factory.mktemp("database") / "test.sqlite3")
    template = Template(connection.settings_dict["TEST"])
    if django_db_use_migrations:
        with django_db_blocker.unblock():
            template.use()
    yield template
    template.release()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_modify_db_settings, django_db_use_migrations, django_db_blocker):
    """Let keys begin beyond a million, as they do in a used database: a page must not write 1.000.001 into a form."""
    if django_db_use_migrations:
        with django_db_blocker.unblock():
            django_db_modify_db_settings.keep()
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        for model in apps.get_models(include_auto_created=True):
            key, table = model._meta.pk, model._meta.db_table
            if not isinstance(key, models.AutoField | models.BigAutoField):
                continue
            if connection.vendor == "sqlite":
                cursor.execute("DELETE FROM sqlite_sequence WHERE name = %s", [table])
                cursor.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)", [table, FIRST_KEY])
            else:
                cursor.execute("SELECT setval(pg_get_serial_sequence(%s, %s), %s)", [table, key.column, FIRST_KEY])


@pytest.fixture(autouse=True)
def _quick_and_quiet(settings, tmp_path):
    """Cheap password hashes, private stores, nobody listening for totals, no language left by a request."""
    translation.activate(settings.LANGUAGE_CODE)
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.STORAGES = own_stores.in_folder(tmp_path)
    settings.CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": str(tmp_path)}
    }


@pytest.fixture
def play(db):
    return play_again.play()


@pytest.fixture
def committed_play(transactional_db):
    """The same, committed: for threads that come with connections of their own."""
    yield cast.make_play()
    if connection.vendor == "sqlite":
        # The flush deletes row by row there, and the triggers are made to refuse just that.
        with connection.cursor() as cursor:
            for statement in triggers.drop_statements("sqlite"):
                cursor.execute(statement)


@pytest.fixture(autouse=True)
def _triggers_back(request):
    """Put the triggers back that `committed_play` took away for its flush."""
    yield
    if "committed_play" in request.fixturenames and connection.vendor == "sqlite":
        request.getfixturevalue("django_db_blocker").unblock()
        with connection.cursor() as cursor:
            for statement in triggers.create_statements("sqlite"):
                cursor.execute(statement)
