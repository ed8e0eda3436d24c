"""In CI a skipped test is a failed one, unless it is the real returns that are absent."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SKIPPING = """
import pytest

def test_without_a_part():
    pytest.skip("no Chromium here")

@pytest.mark.returns
def test_without_the_file():
    pytest.skip("the file is not beside this checkout")

@pytest.mark.xfail
def test_known_to_fail():
    assert False
"""


def counts(tmp_path: Path, source: str, **environment: str) -> str:
    """The closing line of a run over one file that uses our hooks and nothing else of ours."""
    (tmp_path / "conftest.py").write_text(
        "from tests.skipping import pytest_make_collect_report, pytest_runtest_makereport\n"
    )
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers =\n    returns: the real returns\n")
    (tmp_path / "test_one.py").write_text(source)
    clean = {name: value for name, value in os.environ.items() if name not in ("CI", "PYTEST_ADDOPTS")}
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:django", "-p", "no:cacheprovider", str(tmp_path)],
        env={**clean, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return run.stdout.rstrip().splitlines()[-1]


def test_a_skip_for_want_of_a_part_fails_in_ci(tmp_path):
    assert "1 failed, 1 skipped, 1 xfailed" in counts(tmp_path, SKIPPING, CI="true")


def test_a_skip_is_a_skip_elsewhere(tmp_path):
    assert "2 skipped, 1 xfailed" in counts(tmp_path, SKIPPING)


@pytest.mark.parametrize(("environment", "expected"), [({"CI": "true"}, "1 error"), ({}, "1 skipped")])
def test_a_file_that_skips_itself_fails_in_ci(tmp_path, environment, expected):
    source = 'import pytest\npytest.importorskip("no_such_package")\n'
    assert expected in counts(tmp_path, source, **environment)
