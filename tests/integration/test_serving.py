"""`manage.py serve`, what ``./run`` ends in: it prepares, serves, refuses politely, and leaves no process behind."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.processes import accepts, below, clean_environment, free_port, is_alive, wait_until

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 90
REGIONS = "code,parent_code,level,name\nID,,nasional,Indonesia\n35,ID,provinsi,Jawa Timur\n"
#: An election keeps the demonstration out: this is about processes.
ELECTION = (
    "import datetime; from tallies.models import Election; "
    "Election.objects.create(name='Kosong', slug='kosong', date=datetime.date(2020, 12, 9), party_name='Partai Kita')"
)


def manage(data: Path, *arguments: str) -> None:
    command = [sys.executable, str(ROOT / "manage.py"), *arguments]
    subprocess.run(command, env=clean_environment(SISTA_DATA=str(data)), check=True, timeout=SECONDS)


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    """A folder with a small database; its name has a space, as folders have."""
    data = tmp_path_factory.mktemp("served data") / "with space"
    file = tmp_path_factory.mktemp("regions") / "regions.csv"
    file.write_text(REGIONS)
    manage(data, "migrate", "--verbosity", "0")
    manage(data, "import_regions", "--file", str(file))
    manage(data, "shell", "--command", ELECTION)
    return data


class Served:
    def __init__(self, data: Path, **environment: str) -> None:
        self.port = free_port()
        settings = clean_environment(SISTA_DATA=str(data), PORT=str(self.port), **environment)
        self.process = subprocess.Popen(
            [sys.executable, str(ROOT / "manage.py"), "serve"],
            env=settings,
            cwd=data.parent,  # from any folder
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.said = ""

    def wait_until_it_says_where(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.said += line
            if f"http://127.0.0.1:{self.port}" in line:
                return
        raise AssertionError(f"ended without serving:\n{self.said}")

    def ends(self) -> int:
        rest, _ = self.process.communicate(timeout=SECONDS)
        self.said += rest
        return self.process.returncode


@pytest.fixture
def served(data) -> Iterator[Served]:
    one = Served(data)
    one.wait_until_it_says_where()
    yield one
    if one.process.poll() is None:
        one.process.terminate()
        one.ends()


def get(port: int, path: str) -> http.client.HTTPResponse:
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    link.request("GET", path, headers={"Connection": "close"})
    return link.getresponse()


def test_it_answers_when_it_says_where(served):
    assert get(served.port, "/healthz").status == 200


def test_static_files_are_collected_under_their_hash(served, data):
    manifest = json.loads((data / "static" / "staticfiles.json").read_text())["paths"]
    answer = get(served.port, f"/static/{manifest['css/sista.css']}")
    assert answer.status == 200
    assert "immutable" in answer.headers["Cache-Control"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_everything_it_started(data, number):
    served = Served(data)
    served.wait_until_it_says_where()
    started = below(served.process.pid)
    assert len([line for line in started.values() if "gunicorn" in line]) == 2  # the arbiter and its one worker
    served.process.send_signal(number)
    assert served.ends() == 0
    assert [line for pid, line in started.items() if is_alive(pid)] == []
    assert not accepts(served.port)


def test_a_shell_that_makes_its_jobs_deaf_to_ctrl_c_is_no_obstacle(data):
    # "./run &" in a script: the shell sets SIGINT to be ignored, and programs inherit that.
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        served = Served(data)
    finally:
        signal.signal(signal.SIGINT, before)
    served.wait_until_it_says_where()
    served.process.send_signal(signal.SIGINT)
    assert served.ends() == 0


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process that its parent died")
def test_killed_outright_it_leaves_no_process(data):
    served = Served(data)
    served.wait_until_it_says_where()
    started = below(served.process.pid)
    served.process.kill()
    wait_until(lambda: not any(map(is_alive, started)), seconds=30, what="no process left")


def test_a_part_that_dies_ends_the_whole(served):
    arbiter = next(pid for pid, line in below(served.process.pid).items() if f"{served.port}" in line)
    started = below(served.process.pid)
    os.kill(arbiter, signal.SIGKILL)
    assert served.ends() == 1
    assert "web ended by itself" in served.said
    wait_until(lambda: not any(map(is_alive, started)), seconds=30, what="no process left")


def test_a_taken_port_is_a_sentence_before_anything_is_done(served, tmp_path):
    taken = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), "serve"],
        env=clean_environment(SISTA_DATA=str(tmp_path / "another"), PORT=str(served.port)),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert taken.returncode == 1
    assert f"Port {served.port} is taken" in taken.stderr
    assert "Traceback" not in taken.stderr
    assert not (tmp_path / "another" / "sista.sqlite3").exists()


def test_one_folder_of_data_is_served_once(served, data):
    second = Served(data)
    assert second.ends() == 1
    assert "Another Sista already serves" in second.said
    assert get(served.port, "/healthz").status == 200


def test_a_second_start_keeps_the_data_and_says_nothing_of_making_it(data):
    for _ in range(2):
        served = Served(data)
        served.wait_until_it_says_where()
        served.process.terminate()
        assert served.ends() == 0
    for step in ("database", "regions", "election", "static"):
        assert step not in served.said.lower()
    assert (data / "secret-key").stat().st_mode & 0o077 == 0
