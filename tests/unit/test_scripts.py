"""Joining the modules of a large script: what is taken, in which order, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from sista.scripts import ScriptError, joined


def modules(folder: Path, **texts: str) -> Path:
    for name, text in texts.items():
        (folder / f"{name}.js").write_text(text)
    return folder


def test_what_is_needed_stands_before_what_needs_it_and_once(tmp_path):
    modules(
        tmp_path,
        top='import { left } from "./left.js";\nimport { base } from "./base.js";\nleft(base);\n',
        left='import { base } from "./base.js";\nexport function left() { base(); }\n',
        base="export const base = () => 1;\n",
    )
    text = joined(tmp_path, "top")
    assert text.count("const base") == 1
    assert text.index("const base") < text.index("function left") < text.index("left(base)")
    assert "import" not in text
    assert "export" not in text


def test_modules_left_to_another_script_are_imported_from_it(tmp_path):
    modules(tmp_path, top='import { base } from "./base.js";\nbase();\n', base="export const base = () => 1;\n")
    text = joined(tmp_path, "top", elsewhere=frozenset({"base"}), elsewhere_file="other.js")
    assert text.startswith('import { base } from "./other.js";\n')
    assert "const base" not in text


def test_a_script_that_others_import_exports_all_its_modules_do(tmp_path):
    modules(
        tmp_path,
        top='import { base } from "./base.js";\nexport function top() { return base; }\n',
        base="export const base = 1;\nconst own = 2;\n",
    )
    assert joined(tmp_path, "top").endswith("export { base, top };\n")


def test_one_name_twice_is_refused(tmp_path):
    modules(
        tmp_path,
        top='import { base } from "./base.js";\nconst size = 1;\n',
        base="export const base = 1;\nlet size = 2;\n",
    )
    with pytest.raises(ScriptError, match=r"size stands in top\.js and in base\.js"):
        joined(tmp_path, "top")


def test_a_renamed_import_is_refused(tmp_path):
    modules(tmp_path, top='import { base as other } from "./base.js";\n', base="export const base = 1;\n")
    with pytest.raises(ScriptError, match=r"renames"):
        joined(tmp_path, "top")
