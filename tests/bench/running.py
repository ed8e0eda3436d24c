"""Run one benchmark in this process, whose environment already names its database."""

from __future__ import annotations

import importlib
from dataclasses import dataclass

import django

from tests.bench.measurement import report


@dataclass(frozen=True)
class Options:
    """``long``: the large sizes, many minutes. ``folder``: for files, removed at the end."""

    long: bool
    folder: str


def run_here(name: str, options: Options) -> bool:
    """Measure and report; return whether every bound was kept. Module ``name`` has ``measure(options)``."""
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0, interactive=False)
    measurements = importlib.import_module(f"tests.bench.{name}").measure(options)
    report(measurements)
    return all(one.ok is not False for one in measurements)
