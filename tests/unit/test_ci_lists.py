"""Claims about what CI leaves out on PostgreSQL: files that are there, and that claim nothing a database decides."""

import re
import subprocess

import pytest
from django.conf import settings

CI = settings.BASE_DIR / ".ci" / "run"
#: What only constraints, triggers, locks, two connections or SQL of our own would be tested with.
OF_A_DATABASE = re.compile(
    r"committed_play|transactional_db|transaction=True|IntegrityError|\.vendor\b|\.cursor\(|select_for_update"
)

#: Asks for the vendor only to take away what it filled.
ONLY_TO_CLEAN_UP = {"tests/integration/test_region_package.py"}


def left_out(name: str) -> list[str]:
    """The files of one list in `.ci/run`, its braces resolved by the shell that runs it."""
    listed = re.search(rf"^{name}=\(.*?\)$", CI.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    assert listed, name
    script = f'{listed[0]}\nprintf "%s\\n" "${{{name}[@]}}"'
    told = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True).stdout
    return [line.removeprefix("--ignore=") for line in told.splitlines()]


@pytest.mark.parametrize("name", ["on_sqlite_only", "on_real_parts_only"])
def test_every_file_that_is_left_out_once_is_there(name):
    files = left_out(name)
    assert files
    assert [file for file in files if not (settings.BASE_DIR / file).is_file()] == []


def test_nothing_is_left_out_twice():
    assert set(left_out("on_sqlite_only")) & set(left_out("on_real_parts_only")) == set()


def test_what_postgresql_does_not_see_claims_nothing_a_database_decides():
    found = {
        file: OF_A_DATABASE.findall((settings.BASE_DIR / file).read_text(encoding="utf-8"))
        for file in set(left_out("on_sqlite_only")) - ONLY_TO_CLEAN_UP
    }
    assert {file: words for file, words in found.items() if words} == {}
