"""Which program is rehearsed: a hash over its source."""

from __future__ import annotations

import hashlib
from pathlib import Path

#: What is served; not what tests it or describes it.
PARTS = ("accounts", "analytics", "drill", "locale", "regions", "sista", "static", "tallies", "templates")
FILES = ("manage.py", "run", "requirements.txt")
#: Made from the others.
DERIVED = (".pyc", ".mo")


def source_hash(root: Path) -> str:
    """SHA-256 over names and contents, in the order of the names: the same wherever it is checked out."""
    found = [path for part in PARTS for path in (root / part).rglob("*") if path.suffix not in DERIVED]
    found += [root / name for name in FILES]
    digest = hashlib.sha256()
    for path in sorted((path for path in found if path.is_file()), key=lambda one: one.relative_to(root).as_posix()):
        inside = hashlib.sha256(path.read_bytes()).hexdigest()
        digest.update(f"{inside}  {path.relative_to(root).as_posix()}\n".encode())
    return digest.hexdigest()
