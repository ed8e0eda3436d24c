"""A disk of our own for the photos that can be full: a small file system in memory, and a file that fills it.

Needs no rights where the kernel lets a user have name spaces: one process holds a mount of its own, and
everything that touches photos is started inside. As root it is mounted plainly.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from drill import programs

BALLAST = "ballast"


class SmallDisk:
    """``how`` says in words what it is; empty where this machine allows none, and photos lie in a plain folder."""

    def __init__(self, folder: Path, megabytes: int, log: Path) -> None:
        self.folder, self.megabytes, self.log = folder, megabytes, log
        self.how = ""
        self._holder: subprocess.Popen[bytes] | None = None

    def make(self) -> None:
        self.folder.mkdir(parents=True)
        if sys.platform != "linux" or not shutil.which("mount"):
            return
        options = f"size={self.megabytes}m,mode=0700"
        mount = ["mount", "-t", "tmpfs", "-o", options, "sista-drill", str(self.folder)]
        if os.geteuid() == 0 and subprocess.run(mount, capture_output=True).returncode == 0:
            self.how = f"a tmpfs of {self.megabytes} MB, mounted as root"
        elif shutil.which("unshare") and shutil.which("nsenter"):
            self._hold(mount)

    def _hold(self, mount: list[str]) -> None:
        hold = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", '"$@" && echo held && exec cat', "-"]
        with self.log.open("ab") as log:
            holder = subprocess.Popen(
                [*hold, *mount], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, start_new_session=True
            )
        assert holder.stdout is not None
        if holder.stdout.readline() == b"held\n":
            self._holder = holder
            self.how = f"a tmpfs of {self.megabytes} MB in a user name space"
        else:
            holder.kill()
            holder.wait()

    def inside(self, command: list[str]) -> list[str]:
        """``command`` so that it sees the disk."""
        if self._holder is None:
            return command
        return ["nsenter", "--preserve-credentials", "--user", "--mount", "-t", str(self._holder.pid), "--", *command]

    @property
    def path(self) -> Path:
        """The disk as this process reaches it."""
        return Path(f"/proc/{self._holder.pid}/root{self.folder}") if self._holder else self.folder

    def fill(self) -> None:
        """Take every free byte."""
        with contextlib.suppress(OSError), (self.path / BALLAST).open("ab", buffering=0) as stream:
            while True:
                stream.write(bytes(64 * 1024))
        with contextlib.suppress(OSError), (self.path / BALLAST).open("ab", buffering=0) as stream:
            while True:
                stream.write(bytes(512))

    def free(self) -> None:
        (self.path / BALLAST).unlink(missing_ok=True)

    def remove(self) -> None:
        if self._holder is not None:
            assert self._holder.stdin is not None
            self._holder.stdin.close()
            programs.kill_session(self._holder)
        elif self.how:
            subprocess.run(["umount", "--lazy", str(self.folder)], capture_output=True)
