"""Keep tests away from data that is served."""

from pathlib import Path

import pytest
from django.db import connection


def require_test_database() -> None:
    """Fail unless the connection leads to a test database.

    pytest-django makes one only when a collected test asks for ``db``; a
    class whose data is made once asks in a fixture, which does not count. Run
    alone, it would write to the configured database.
    """
    if not Path(str(connection.settings_dict["NAME"])).name.startswith("test"):
        pytest.fail("No test database was made: run the whole file, or the whole suite.", pytrace=False)
