"""Join and shrink the small modules of a large script, for lines on which each request and each byte is felt.

The modules stay the source; what is served is made of them whenever one of
them is newer. They share one scope, so their top-level names must differ, and
an import names what it takes by its own name; anything else is refused here.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import minify
from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.core.files.storage import FileSystemStorage

_IMPORT = re.compile(r'^import \{([^}]*)\} from "\./([a-z_]+)\.js";\n', re.MULTILINE)
_TOP_LEVEL = re.compile(r"^(?:export )?(?:async )?(?:function|const|let|class) (\w+)", re.MULTILINE)
_EXPORT = re.compile(r"^export ", re.MULTILINE)
_EXPORTED = re.compile(r"^export (?:async )?(?:function|const|class) (\w+)", re.MULTILINE)
_SEVERAL = re.compile(r"^(?:export )?const \{([^}]*)\}", re.MULTILINE)


class ScriptError(Exception):
    """The modules cannot be joined."""


def joined(folder: Path, entry: str, *, elsewhere: frozenset[str] = frozenset(), elsewhere_file: str = "") -> str:
    """One script out of the module ``entry`` and those it imports, each once, before those that need it.

    Modules in ``elsewhere`` are left out and imported from ``elsewhere_file``.
    """
    order: list[str] = []
    imported: set[str] = set()

    def visit(name: str, path: tuple[str, ...]) -> None:
        if name in order:
            return
        for names, needed in _IMPORT.findall((folder / f"{name}.js").read_text()):
            if " as " in names:
                raise ScriptError(f"{name}.js renames what it imports")
            if needed in elsewhere:
                imported.update(part.strip() for part in names.split(",") if part.strip())
            elif needed not in path:  # modules may need one another inside their functions
                visit(needed, (*path, needed))
        if name not in order:
            order.append(name)

    visit(entry, (entry,))
    parts = [_IMPORT.sub("", (folder / f"{name}.js").read_text()) for name in order]
    _refuse_doubled(order, parts, imported)
    head = f'import {{ {", ".join(sorted(imported))} }} from "./{elsewhere_file}";\n' if imported else ""
    # Inside a function every name may be made short.
    inside = "\n".join(_EXPORT.sub("", part) for part in parts)
    exported = ", ".join(name for part in parts for name in _EXPORTED.findall(part))
    if not _EXPORT.search(parts[-1]):
        return f"{head}(async () => {{\n{inside}\n}})();\n"
    given = f"{{ {exported} }}"
    return f"{head}const {given} = (() => {{\n{inside}\nreturn {given};\n}})();\nexport {given};\n"


def _refuse_doubled(order: list[str], parts: list[str], imported: set[str]) -> None:
    seen = dict.fromkeys(imported, "an import")
    for module, text in zip(order, parts, strict=True):
        several = [name.split("=")[0].strip() for found in _SEVERAL.findall(text) for name in found.split(",")]
        for name in [*_TOP_LEVEL.findall(text), *filter(None, several)]:
            if name in seen:
                raise ScriptError(f"{name} stands in {module}.js and in {seen[name]}")
            seen[name] = f"{module}.js"


class JoinedScriptsFinder(BaseFinder):
    """Finds the scripts of ``settings.JOINED_SCRIPTS`` among the static files, made when asked for."""

    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> Any:
        # Django 5.2 renames the argument.
        found = [str(self._made(path))] if path in settings.JOINED_SCRIPTS else []
        return found if find_all or kwargs.get("all") else (found[0] if found else [])

    def list(self, ignore_patterns: Any) -> Iterator[tuple[str, FileSystemStorage]]:
        for path in settings.JOINED_SCRIPTS:
            self._made(path)
            yield path, self._storage

    @cached_property
    def _storage(self) -> FileSystemStorage:
        return FileSystemStorage(location=settings.DATA_DIR / "scripts")

    def _made(self, path: str) -> Path:
        target = Path(self._storage.path(path))
        folder, entry, elsewhere, file = settings.JOINED_SCRIPTS[path]
        newest = max(source.stat().st_mtime for source in folder.glob("*.js"))
        if not target.exists() or target.stat().st_mtime < newest:
            target.parent.mkdir(parents=True, exist_ok=True)
            text = joined(folder, entry, elsewhere=frozenset(elsewhere), elsewhere_file=file)
            with tempfile.NamedTemporaryFile("w", dir=target.parent, delete=False) as stream:
                stream.write(minify.string("application/javascript", text))
            Path(stream.name).replace(target)  # two processes may be at it
        return target
