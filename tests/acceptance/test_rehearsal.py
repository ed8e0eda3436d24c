"""A small night is rehearsed on parts of its own, and its report says what became of every form."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.processes import clean_environment

ROOT = Path(__file__).resolve().parents[2]
SMALL = ["--stations", "300", "--minutes", "0.4", "--rate", "7", "--faults", "worker-kill,postgres-cut,disk-full"]
#: How fast a machine is that runs tests beside it is not what is claimed here.
OF_TIME = " s"


@pytest.fixture(scope="module")
def rehearsed(tmp_path_factory):
    """The command as ``./run drill`` runs it: its report, its last words, where it kept its things."""
    # Not below pytest's folder, which is closed to others: PostgreSQL does not run as root.
    out, temporary = tmp_path_factory.mktemp("report"), Path(tempfile.mkdtemp())
    temporary.chmod(0o711)
    environment = clean_environment(SISTA_DATA=str(out / "data"), TMPDIR=str(temporary))
    (out / "data").mkdir()
    command = [sys.executable, "manage.py", "drill", *SMALL, "--out", str(out)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode in (0, 1), done.stdout + done.stderr
    report = json.loads((out / "report.json").read_text())
    yield report, done, temporary, out
    shutil.rmtree(temporary)


@pytest.mark.services
def test_nothing_that_was_acknowledged_is_lost_doubled_or_summed_wrongly(rehearsed):
    report, done, _temporary, _out = rehearsed
    broken = [one for one in report["bounds"] if not one["kept"] and not str(one["bound"]).endswith(OF_TIME)]
    assert broken == [], done.stdout
    assert report["final"]["acknowledged"] >= report["plan"]["forms"]
    assert report["final"]["stored"] == report["final"]["acknowledged"]


@pytest.mark.services
def test_every_fault_was_made_under_load_and_passed(rehearsed):
    report, _done, _temporary, _out = rehearsed
    made = {one["fault"] for one in report["faults"]}
    # A machine may allow no small disk; the report says so then.
    assert made | set(report["left_out"]) == {"worker-kill", "postgres-cut", "disk-full"}
    assert {"worker-kill", "postgres-cut"} <= made
    assert [one["fault"] for one in report["faults"] if one["recovery"] is None] == []
    answers = report["http"]["by_kind"]
    assert answers["first"].get("503", 0) + answers["first"].get("no answer", 0) > 0
    if "disk-full" in made:
        assert answers["photo"]["507"] > 0


@pytest.mark.services
def test_the_zero_report_comes_first_and_both_name_the_same_data(rehearsed):
    report, done, _temporary, _out = rehearsed
    assert done.stdout.index("## Zero report") < done.stdout.index("The night begins")
    assert (report["zero"]["forms"], report["zero"]["totals_not_zero"], report["zero"]["stations"]) == (0, 0, 300)
    assert report["zero"]["data_hash"] == report["final"]["data_hash"]
    assert report["source_hash"] in done.stdout
    assert report["final"]["results_hash"] in done.stdout


@pytest.mark.services
def test_the_exit_code_says_whether_every_bound_was_kept(rehearsed):
    report, done, _temporary, out = rehearsed
    assert done.returncode == (0 if all(one["kept"] for one in report["bounds"]) else 1)
    written = (out / "report.md").read_text()
    assert all(f"| {one['what']} | {one['is']} |" in written for one in report["bounds"])


@pytest.mark.services
def test_nothing_is_left_behind(rehearsed):
    _report, _done, temporary, out = rehearsed
    assert list(temporary.glob("sista-drill-*")) == []
    assert [path for path in Path("/proc").glob("[0-9]*/environ") if str(temporary).encode() in _read(path)] == []
    # Nor a session with which somebody else could send.
    assert "sessionid" not in "".join(path.read_text(errors="replace") for path in out.glob("*.*"))


def _read(path: Path) -> bytes:
    """What the system lets us read of a process that may have ended."""
    try:
        return path.read_bytes()
    except OSError:
        return b""


@pytest.mark.parametrize("missing", ["redis-server", "initdb"])
def test_a_machine_without_the_programs_is_told_what_to_install(missing, tmp_path, monkeypatch):
    from drill import programs

    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(programs, "POSTGRES_FOLDERS", (str(tmp_path / "*"),))
    find = programs.redis_program if missing == "redis-server" else programs.postgres_folder
    with pytest.raises(programs.CannotRun, match=rf"{missing} is not on this machine.*apt install"):
        find()
