"""``./run``: what it installs, when, and what it passes on. Python is a stand-in that writes down its calls."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes import below, clean_environment, is_alive, wait_until

ROOT = Path(__file__).resolve().parents[2]
SHELL = shutil.which("dash") or "/bin/sh"
#: Stands in for the interpreter: records arguments, makes a copy of itself for ``-m venv``, and may dawdle.
PYTHON = f"""#!{sys.executable}
import json, os, shutil, sys, time
with open(os.environ["CALLS"], "a") as calls:
    calls.write(json.dumps(sys.argv[1:]) + "\\n")
if os.environ.get("WITHOUT", "no such word") in " ".join(sys.argv[1:3]):
    sys.exit(1)
if sys.argv[1:3] == ["-m", "venv"]:
    os.makedirs(sys.argv[3] + "/bin")
    shutil.copy(sys.argv[0], sys.argv[3] + "/bin/python")
if sys.argv[1:3] == ["-m", "pip"]:
    time.sleep(float(os.environ.get("PIP_SECONDS", "0")))
"""


class Project:
    """A copy of the script and the requirements in a folder with a space, and a PATH with nothing but our Python."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "a project"
        self.root.mkdir()
        for path in (ROOT / "run", *ROOT.glob("requirements*.txt")):
            shutil.copy(path, self.root)
        self.path = folder / "path"
        self.path.mkdir()
        for name in ("cat", "cksum", "dirname", "mkdir", "sed"):
            (self.path / name).symlink_to(shutil.which(name))
        self.calls_file = folder / "calls"
        self.elsewhere = folder / "elsewhere"
        self.elsewhere.mkdir()

    def with_python(self, name: str = "python3") -> Project:
        (self.path / name).write_text(PYTHON)
        (self.path / name).chmod(0o755)
        return self

    def environment(self, **changes: str) -> dict[str, str]:
        return clean_environment(PATH=str(self.path), CALLS=str(self.calls_file), **changes)

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        self.calls_file.write_text("")
        return subprocess.run(
            [SHELL, str(self.root / "run"), *arguments],
            env=self.environment(**environment),
            cwd=self.elsewhere,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def calls(self, *, starting: str = "") -> list[list[str]]:
        found = [json.loads(line) for line in self.calls_file.read_text().splitlines()]
        return [call for call in found if " ".join(call).startswith(starting)]


@pytest.fixture
def project(tmp_path) -> Project:
    return Project(tmp_path)


def test_it_is_posix_and_executable():
    assert os.access(ROOT / "run", os.X_OK)
    assert (ROOT / "run").read_text().startswith("#!/bin/sh\n")
    assert subprocess.run([SHELL, "-n", str(ROOT / "run")], check=False).returncode == 0


def test_without_python_it_says_what_to_install(project):
    done = project.run("manage", "check")
    assert done.returncode == 1
    assert "Python 3.11 or newer" in done.stderr
    assert "apt install python3" in done.stderr


def test_an_old_python_is_passed_over_for_a_newer_one(project):
    project.with_python("python3.12")
    (project.path / "python3").write_text("#!/bin/sh\nexit 1\n")
    (project.path / "python3").chmod(0o755)
    assert project.run("manage", "check").returncode == 0


def test_without_the_venv_module_it_says_what_to_install(project):
    done = project.with_python().run("manage", "check", WITHOUT="ensurepip")
    assert done.returncode == 1
    assert "python3-venv" in done.stderr


def test_packages_are_installed_once_and_again_when_a_list_changed(project):
    project.with_python()
    project.run("manage", "check")
    assert len(project.calls(starting="-m venv")) == 1
    assert len(project.calls(starting="-m pip install")) == 1
    project.run("manage", "check")
    assert project.calls(starting="-m venv") == project.calls(starting="-m pip install") == []
    with (project.root / "requirements.txt").open("a") as stream:
        stream.write("another==1.0\n")
    project.run("manage", "check")
    assert len(project.calls(starting="-m pip install")) == 1


def test_packages_that_failed_to_install_are_tried_again(project):
    project.with_python()
    failed = project.run("manage", "check", WITHOUT="-m pip")
    assert failed.returncode == 1
    assert "could not be installed" in failed.stderr
    assert project.run("manage", "check").returncode == 0
    assert len(project.calls(starting="-m pip install")) == 1


def test_the_tests_need_packages_that_serving_does_not(project):
    project.with_python()
    project.run()
    assert [call[-1] for call in project.calls(starting="-m pip install")] == [f"{project.root}/requirements.txt"]
    project.run("test", "--version")
    assert [call[-1] for call in project.calls(starting="-m pip install")] == [f"{project.root}/requirements-dev.txt"]


def test_arguments_of_a_command_arrive_as_they_were(project):
    project.with_python()
    arguments = ["shell", "-c", "print('a  b', \"$HOME\", `x`)", "", "--", "*", "--help", "ñ"]
    assert project.run("manage", *arguments).returncode == 0
    assert project.calls()[-1] == [f"{project.root}/manage.py", *arguments]


def test_arguments_of_the_tests_arrive_as_they_were(project):
    project.with_python()
    project.run("test", "-k", "one or two", "tests/unit")
    assert project.calls()[-1] == ["-m", "pytest", "-k", "one or two", "tests/unit"]


def test_a_rehearsal_needs_only_what_serving_needs(project):
    assert project.with_python().run("drill", "--faults", "redis-stop,web-kill").returncode == 0
    assert all("requirements-dev.txt" not in " ".join(call) for call in project.calls(starting="-m pip install"))
    assert project.calls()[-1][1:] == ["drill", "--faults", "redis-stop,web-kill"]


def test_an_audit_asks_about_all_that_is_served_with_packages_apart_from_it(project):
    assert project.with_python().run("audit").returncode == 0
    assert project.calls(starting="-m pip install")[0][-1] == f"{project.root}/requirements-audit.txt"
    assert (project.root / ".venv" / "audit" / "bin" / "python").exists()
    lists = [f"{project.root}/requirements{which}.txt" for which in ("", "-s3", "-sentry")]
    # Strict: a package that nobody knows of is not a clean one.
    assert project.calls()[-1][:3] == ["-m", "pip_audit", "--strict"]
    assert [given for given in project.calls()[-1] if given.endswith(".txt")] == lists


def test_an_audit_that_could_ask_nobody_is_no_clean_one(project):
    pinned = re.search(r"^django==(\S+)", (ROOT / "requirements.txt").read_text(), re.MULTILINE | re.IGNORECASE)
    done = project.with_python().run("audit", WITHOUT="urlopen")
    assert done.returncode == 3
    assert f"Nothing was looked up: https://pypi.org/pypi/Django/{pinned[1]}/json" in done.stdout
    assert project.calls(starting="-m pip") == []


def test_an_audit_that_finds_a_hole_fails(project):
    assert project.with_python().run("audit", WITHOUT="pip_audit").returncode == 1


def test_the_environment_may_lie_elsewhere_named_from_here(project):
    project.with_python().run("manage", "check", SISTA_VENV="packages")
    assert (project.elsewhere / "packages" / "bin" / "python").exists()
    assert not (project.root / ".venv").exists()


@pytest.mark.parametrize("arguments", [("nonsense",), ("serve", "8001")])
def test_what_it_does_not_know_is_answered_with_the_usage(project, arguments):
    done = project.with_python().run(*arguments)
    assert done.returncode == 2
    assert "Usage: ./run" in done.stderr
    assert project.calls() == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_packages_are_installed_ends_that_too(project, number):
    project.with_python()
    project.calls_file.write_text("")
    started = subprocess.Popen(
        [SHELL, str(project.root / "run")], env=project.environment(PIP_SECONDS="60"), stdout=subprocess.DEVNULL
    )
    wait_until(lambda: project.calls(starting="-m pip install"), seconds=20, what="pip runs")
    installing = below(started.pid)
    started.send_signal(number)
    assert started.wait(20) != 0
    assert installing
    assert [line for pid, line in installing.items() if is_alive(pid)] == []
