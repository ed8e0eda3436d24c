"""The services of docker-compose.yml as processes of this machine, for where no container engine runs."""

from __future__ import annotations

import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text()) if (ROOT / "docker-compose.yml").exists() else {}
_ALL: dict[str, dict[str, Any]] = COMPOSE.get("services", {})
#: Those of `docker compose up`, and those that `--profile grow` adds.
SERVICES = {name: given for name, given in _ALL.items() if not given.get("profiles")}
GROWN = {name: given for name, given in _ALL.items() if given.get("profiles") == ["grow"]}
DOCKERFILE = (ROOT / "Dockerfile").read_text() if (ROOT / "Dockerfile").exists() else ""
#: The variables that the image sets.
IMAGE = dict(re.findall(r"^(?:ENV)? +(\w+)=(\S+)", DOCKERFILE, re.MULTILINE))
#: The port the web service listens at inside its container.
WEB_PORT = "8000"
INTERPOLATION = re.compile(r"\$\{(\w+)(?::?([-?])([^}]*))?\}")


def interpolated(text: str, values: Mapping[str, str]) -> str:
    """Put values in for ``${NAME}``, ``${NAME:-default}`` and ``${NAME:?message}``, and one $ for two."""

    def value(found: re.Match[str]) -> str:
        name, kind, rest = found.groups()
        if values.get(name):
            return values[name]
        if kind == "?":
            raise KeyError(f"{name}: {rest}")
        return rest or ""

    return "$".join(INTERPOLATION.sub(value, part) for part in text.split("$$"))


def environment_of(service: str, values: Mapping[str, str]) -> dict[str, str]:
    given = SERVICES[service].get("environment") or {}
    if isinstance(given, list):
        given = dict(line.split("=", 1) for line in given)
    return {name: interpolated("" if value is None else str(value), values) for name, value in given.items()}


def words(command: str | list[str], values: Mapping[str, str]) -> list[str]:
    parts = shlex.split(command) if isinstance(command, str) else [str(part) for part in command]
    return [interpolated(part, values) for part in parts]


def free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


def until(true: Callable[[], Any], what: str, seconds: float = 60) -> Any:
    """Wait for ``true`` to become so and return what it said."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = true()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError(f"not within {seconds} seconds: {what}")


@dataclass
class Processes:
    """Services as processes: their own commands and environment, with the addresses of this machine.

    ``here`` replaces the variables that name other containers. A container has all ports to itself; here each
    service that answers ``/metrics`` gets a free one.
    """

    here: dict[str, str]
    logs: Path
    port: int = field(default_factory=free_port)
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    metrics_ports: dict[str, str] = field(default_factory=dict)

    def environment(self, service: str) -> dict[str, str]:
        # The programs of the virtual environment stand where the image has them.
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        home = {"PATH": path, "HOME": str(self.logs), "LANG": "C.UTF-8"}
        image = {name: value.replace("/tmp/", f"{self.own_tmp(service)}/") for name, value in IMAGE.items()}
        given = environment_of(service, self.here)
        if "SISTA_METRICS_PORT" in given:
            given["SISTA_METRICS_PORT"] = self.metrics_ports.setdefault(service, str(free_port()))
        return home | image | given | self.here

    def own_tmp(self, service: str) -> Path:
        """Its /tmp: a container has its own."""
        folder = self.logs / f"tmp-{service}"
        folder.mkdir(exist_ok=True)
        return folder

    def command(self, service: str, command: str | list[str]) -> list[str]:
        here = {f":{WEB_PORT}": f":{self.port}", "0.0.0.0": "127.0.0.1", "/tmp/": f"{self.own_tmp(service)}/"}
        found = words(command, self.here)
        for container, machine in here.items():
            found = [word.replace(container, machine) for word in found]
        return found

    def start(self, service: str) -> None:
        assert service not in self.running
        with (self.logs / f"{service}.log").open("ab") as log:
            self.running[service] = subprocess.Popen(
                self.command(service, SERVICES[service]["command"]),
                cwd=ROOT,
                env=self.environment(service),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def run_once(self, service: str) -> None:
        """Run a one-shot service to its end, which must be a good one."""
        self.start(service)
        status = self.running.pop(service).wait(timeout=400)
        assert status == 0, self.log(service)

    def kill(self, service: str) -> None:
        """End a service with all its processes, as the end of a container does."""
        process = self.running.pop(service)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def stop(self) -> None:
        for service in list(self.running):
            self.kill(service)

    def log(self, service: str) -> str:
        return (self.logs / f"{service}.log").read_text(errors="replace")

    def is_healthy(self, service: str) -> bool:
        """Run the service's health check once."""
        kind, *test = SERVICES[service]["healthcheck"]["test"]
        command = ["sh", "-c", *test] if kind == "CMD-SHELL" else test
        done = subprocess.run(
            self.command(service, command),
            cwd=ROOT,
            env=self.environment(service),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=60,
        )
        return done.returncode == 0

    def python(self, code: str, *arguments: str) -> str:
        """Run ``code`` with Django, in the web service's environment."""
        done = subprocess.run(
            [sys.executable, "-c", f"import django; django.setup()\n{code}", *arguments],
            cwd=ROOT,
            env=self.environment("web") | {"DJANGO_SETTINGS_MODULE": "sista.settings"},
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout
