"""Find what a person would read although no translation knows it: in templates, Python and JavaScript.

Each rule is a function from the text of a file to the words it holds, so that
the rules themselves are tested on text that breaks them.
"""

from __future__ import annotations

import ast
import html
import re
from collections.abc import Iterator
from html.parser import HTMLParser

WORD = re.compile(r"[^\W\d_]{2,}")
#: The same in every language: our name, the languages' own names, what the paper and the clock abbreviate.
SAME_EVERYWHERE = {"Sista", "English", "Bahasa", "Indonesia", "TPS", "DPT", "WIB", "WITA", "WIT"}
#: Codes of the paper and of its checks ("C1", "C1-W08"), receipts ("K7-4Q2M") and digests: their letters are no
#: words, though chance spells "be" in them now and then.
CODE = re.compile(r"\bC1(?:-[EW]\d\d)?\b|\b[0-9A-Z]{2}-[0-9A-Z]{4}\b|\b\w*\d\w*\b")


def words(text: str) -> list[str]:
    return [word for word in WORD.findall(CODE.sub("", html.unescape(text))) if word not in SAME_EVERYWHERE]


# Templates

_COMMENT = re.compile(r"{%\s*comment\b.*?{%\s*endcomment\s*%}|{#.*?#}", re.DOTALL)
_TRANSLATED = re.compile(r"{%\s*blocktrans(?:late)?\b.*?{%\s*endblocktrans(?:late)?\s*%}", re.DOTALL)
#: Blocks that fill an attribute (a class, the name of an icon), not text.
_ATTRIBUTE_BLOCK = re.compile(r"{%\s*block (?:icon|page_class|body_class)\s*%}[\w -]*{%\s*endblock\s*%}")
_SYNTAX = re.compile(r"{%.*?%}|{{.*?}}", re.DOTALL)
_TRANSLATE = re.compile(r"""{%\s*trans(?:late)?\s+(?:"[^"]*"|'[^']*')""")
_ANY_TRANSLATE = re.compile(r"{%\s*trans(?:late)?\b")
#: What a component is given to show, written as a literal: include "…" with title="Belum ada".
_SHOWN = re.compile(r"""\b(?:\w+_)?(?:label|title|text|bold|legend|note)=(?:"([^"]*)"|'([^']*)')""")
_READ_ATTRIBUTES = {
    "aria-label", "aria-description", "aria-roledescription", "aria-valuetext",
    "alt", "title", "placeholder", "label",
}  # fmt: skip


#: A key is called what is printed on it.
_SILENT = ("script", "style", "kbd")


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.found += [word for name in _READ_ATTRIBUTES & given.keys() for word in words(given[name])]
        if tag == "input" and given.get("type") in ("submit", "button", "reset"):
            self.found += words(given.get("value", ""))
        if tag == "meta" and given.get("name") == "description":
            self.found += words(given.get("content", ""))
        self.silent += tag in _SILENT

    def handle_endtag(self, tag: str) -> None:
        self.silent -= tag in _SILENT

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.found += words(data)


def in_template(text: str) -> list[str]:
    """Words of text nodes and of attributes that are read out, and literals handed to components."""
    text = _COMMENT.sub("", text)
    if len(_TRANSLATE.findall(text)) != len(_ANY_TRANSLATE.findall(text)):
        return ["{% translate %} of a variable: no catalogue can know it"]
    text = _ATTRIBUTE_BLOCK.sub("", _TRANSLATED.sub("", text))
    handed = [words("".join(given)) for tag in _SYNTAX.findall(text) for given in _SHOWN.findall(tag)]
    # Joined, not spaced: "<{% if url %}a{% else %}p{% endif %} class" must stay a tag.
    return [*in_markup(_SYNTAX.sub("", text)), *(word for some in handed for word in some)]


def in_markup(markup: str) -> list[str]:
    """Words of a page as it is read or heard."""
    reader = _Reader()
    reader.feed(markup)
    reader.close()
    return reader.found


# Python

#: The functions of gettext by the names they go by here.
GETTEXT = {
    "gettext", "gettext_lazy", "ngettext", "ngettext_lazy",
    "pgettext", "pgettext_lazy", "npgettext", "npgettext_lazy", "_", "_lazy",
}  # fmt: skip
_MESSAGES = {"debug": 1, "info": 1, "success": 1, "warning": 1, "error": 1, "add_message": 2}
_SHOWN_NAMES = {
    "label", "labels", "help_text", "help_texts", "verbose_name", "verbose_name_plural", "short_description",
    "description", "empty_label", "empty_value_display", "error_messages", "site_header", "site_title", "index_title",
}  # fmt: skip
#: The first argument is shown.
_SHOWN_CALLS = {"ValidationError", "HttpResponse", "HttpResponseBadRequest", "HttpResponseForbidden"}


def in_python(source: str) -> list[str]:
    """Texts that are shown and pass through no gettext: messages, errors, labels, names, choices."""
    tree = ast.parse(source)
    return [f"{node.lineno}: {text}" for node in _shown(tree) for text in _literals(node) if words(text)]


def _shown(tree: ast.AST) -> Iterator[ast.expr]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield from _shown_by_call(node)
        elif isinstance(node, ast.Assign) and any(_name(target) in _SHOWN_NAMES for target in node.targets):
            yield node.value
        elif isinstance(node, ast.ClassDef) and any(_name(base).endswith("Choices") for base in node.bases):
            yield from _labels_of_choices(node)


def _shown_by_call(call: ast.Call) -> Iterator[ast.expr]:
    called = _name(call.func)
    owner = _name(call.func.value) if isinstance(call.func, ast.Attribute) else ""
    if owner == "messages" and called in _MESSAGES:
        yield from call.args[_MESSAGES[called] :]
    elif called in _SHOWN_CALLS or (owner == "models" and called.endswith("Field")):
        yield from call.args[:1]
    elif called == "add_error":
        yield from call.args[1:]
    for keyword in call.keywords:
        if keyword.arg in _SHOWN_NAMES:
            yield keyword.value
        elif keyword.arg == "choices" and isinstance(keyword.value, ast.List | ast.Tuple):
            yield from (pair.elts[-1] for pair in keyword.value.elts if isinstance(pair, ast.Tuple))


def _labels_of_choices(node: ast.ClassDef) -> Iterator[ast.expr]:
    for line in node.body:
        if isinstance(line, ast.Assign) and isinstance(line.value, ast.Tuple):
            yield line.value.elts[-1]


def _literals(node: ast.expr) -> Iterator[str]:
    """The literals of a shown expression, those given to gettext left out."""
    if isinstance(node, ast.Call) and _name(node.func) in GETTEXT:
        return
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.Dict):
        for value in node.values:
            yield from _literals(value)
    elif isinstance(node, ast.BinOp):
        yield from _literals(node.left)
        if isinstance(node.op, ast.Add):
            yield from _literals(node.right)
    elif isinstance(node, ast.IfExp):
        yield from _literals(node.body)
        yield from _literals(node.orelse)
    elif isinstance(node, ast.JoinedStr):
        yield "".join(part.value for part in node.values if isinstance(part, ast.Constant))
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format":
        yield from _literals(node.func.value)


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def beyond_the_catalogue(source: str) -> list[str]:
    """Calls of gettext that no extractor can read: another name for it, or a text that is no literal."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation":
            named = [alias.asname for alias in node.names if alias.name in GETTEXT and alias.asname]
            found += [f"{node.lineno}: gettext as {name}" for name in named if name not in GETTEXT]
        elif isinstance(node, ast.Call) and _name(node.func) in GETTEXT:
            texts = node.args[:-1] if "ngettext" in _name(node.func) else node.args
            found += [f"{node.lineno}: {ast.unparse(one)}" for one in texts if not isinstance(one, ast.Constant)]
    return found


#: Frequent words of Indonesian that no English sentence and no identifier of ours holds.
_INDONESIAN = {
    "yang", "dan", "untuk", "dengan", "tidak", "belum", "sudah", "akan", "pada", "oleh", "ini", "itu", "dari", "atau",
    "karena", "masih", "harus", "boleh", "bukan", "lagi", "silakan", "tersimpan", "terkirim", "ditolak", "diterima",
    "pilih", "kirim", "coba", "ulangi",
}  # fmt: skip


def indonesian_sentences(source: str) -> list[str]:
    """Literals with two frequent words of Indonesian, wherever they go, that pass through no gettext."""
    tree = ast.parse(source)
    given = {
        id(part)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and _name(node.func) in GETTEXT
        for part in ast.walk(node)
    }
    # A lone literal is a docstring or a note.
    given |= {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    found = []
    for node in ast.walk(tree):
        value = getattr(node, "value", None) if isinstance(node, ast.Constant) and id(node) not in given else None
        text = value.decode(errors="replace") if isinstance(value, bytes) else value
        if isinstance(text, str) and len(_INDONESIAN & set(re.findall(r"[a-z]+", text.lower()))) > 1:
            found.append(f"{node.lineno}: {text[:60]}")
    return found


# JavaScript

_TOKENS = re.compile(
    r"""//[^\n]*|/\*.*?\*/|"((?:\\.|[^"\\\n])*)"|'((?:\\.|[^'\\\n])*)'|`((?:\\.|[^`\\])*)`""",
    re.DOTALL,
)
_PLACEHOLDER = re.compile(r"\$\{[^{}]*\}")
#: Followed by a selector, which may hold spaces and is not shown.
_SELECTS = re.compile(r"(?:querySelector(?:All)?|closest|matches)\??\.?\(\s*$")
#: Followed by something to be shown, were it a single word.
_SHOWS = re.compile(
    r"(?:\.(?:textContent|innerText|innerHTML|title|alt|placeholder|ariaLabel)\s*=|(?:alert|confirm|prompt)\(|"
    r"""setAttribute\(\s*["'](?:aria-label|title|alt|placeholder)["']\s*,)\s*$"""
)


def in_script(text: str) -> list[str]:
    """Literals with two words, except selectors, and single words that are put before a reader."""
    found = []
    for token in _TOKENS.finditer(text):
        literal = next((part for part in token.groups() if part is not None), None)
        if literal is None:
            continue
        before = text[: token.start()]
        plain = _PLACEHOLDER.sub("", literal).strip()
        # "12px 4px" is a length, not a sentence.
        said = [word for word in WORD.findall(plain) if word != "px"]
        is_sentence = " " in plain and len(said) > 1 and not _SELECTS.search(before)
        if is_sentence or (said and _SHOWS.search(before)):
            found.append(literal)
    return found


# The catalogue

_HOLES = re.compile(r"%\(\w+\)s|%s|{\w*}|</?\w+>")


def holes(text: str) -> list[str]:
    """What a text leaves to be filled in, and its tags."""
    return sorted(_HOLES.findall(text))
