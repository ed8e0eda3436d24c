"""English stands beside Bahasa Indonesia everywhere: nothing visible escapes the catalogue, and it lacks nothing."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from babel.messages.pofile import read_po, write_po

from sista.management.commands import messages
from tests.visible_words import (
    GETTEXT,
    beyond_the_catalogue,
    holes,
    in_python,
    in_script,
    in_template,
    indonesian_sentences,
)

ROOT = Path(__file__).resolve().parents[2]
#: For developers, with made-up people and places; in one language.
DEVELOPER_PAGES = ("templates/developer/", "sista/component_page.py")
#: They speak to a terminal, to a file's owner or to an operator.
TERMINAL = (
    "management/", "tallies/demo/", "analytics/demo", "regions/importing.py", "sista/environment.py",
    "tallies/replay.py", "tallies/audit.py", "tallies/recap/auditing.py", "tallies/totals/rebuilding.py",
    "tallies/trail/sealing.py", "accounts/recording.py",
    "tallies/archive/database_copies.py", "tallies/archive/backing_up.py", "tallies/archive/restoring.py",
    "tallies/archive/verifying.py",
)  # fmt: skip
#: The OpenAPI document: English, for programmers.
SCHEMA = "tallies/api/"
#: Said twice, in both languages: at that moment nobody knows whose request it is.
BOTH_LANGUAGES = "sista/web_worker.py"
#: What an evidence pack is made of: for an Indonesian court, and in its language whoever had it made. Decision 0033.
FOR_THE_COURT = (
    "analytics/evidence/verify.py", "analytics/evidence/readme.py", "analytics/evidence/making.py",
    "tallies/archive/packing_readme.py", "tallies/archive/packing.py",
    "analytics/evidence/paper.py", "analytics/evidence/paper_summary.py", "analytics/evidence/paper_stations.py",
)  # fmt: skip
SAME_IN_ENGLISH = {
    "%(number)s TPS", "%(number)s %(level)s", "%(number)s %(levels)s", "DPP", "DPPh", "DPT", "DPTb", "INFO", "TPS",
    "target", "Target", "C6 (C.Pemberitahuan)", "WhatsApp",
}  # fmt: skip


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def files(folder: str, *suffixes: str) -> list[Path]:
    return sorted(path for path in (ROOT / folder).rglob("*") if path.suffix in suffixes)


TEMPLATES = [path for path in files("templates", ".html", ".txt") if not relative(path).startswith(DEVELOPER_PAGES)]
PYTHON = [
    path
    for app in messages.APPS
    for path in files(app, ".py")
    if "migrations" not in path.parts and not relative(path).startswith(DEVELOPER_PAGES)
]
SCRIPTS = files("static/js", ".js", ".mjs")


def speaks_to_people(path: Path) -> bool:
    return not any(part in relative(path) for part in TERMINAL)


# The catalogue


@pytest.fixture(scope="module")
def stored():
    with messages.catalogue_path().open("rb") as stream:
        return read_po(stream, locale="en")


@pytest.fixture(scope="module")
def fresh():
    return messages.updated()


def texts_of(message) -> list[tuple[str, str]]:
    """Pairs of a source text and its English."""
    if isinstance(message.id, str):
        return [(message.id, message.string)]
    return list(zip(message.id, message.string, strict=True))


def test_every_text_of_the_tree_has_english(fresh):
    assert messages.untranslated(fresh) == []


def test_the_stored_catalogue_is_what_the_command_would_write(fresh):
    written = io.BytesIO()
    write_po(written, fresh, sort_output=True, include_lineno=False, width=118)
    kept = messages.catalogue_path().read_text().splitlines()
    expected = written.getvalue().decode().splitlines()

    def body(lines):
        # Where a text stands may lag behind: it translates nothing.
        return [line for line in lines if not line.startswith(("#:", '"Generated-By'))]

    assert body(kept) == body(expected), "run: ./run manage messages"


def test_english_leaves_the_same_to_be_filled_in(stored):
    wrong = []
    for message in stored:
        for source, english in texts_of(message) if message.id else []:
            edges = [(text[:1].isspace(), text[-1:].isspace()) for text in (source, english)]
            if holes(source) != holes(english) or edges[0] != edges[1]:
                wrong.append((source, english))
    assert wrong == []


def test_english_is_not_the_indonesian_once_more(stored):
    same = {source for message in stored if message.id for source, english in texts_of(message) if source == english}
    assert same - SAME_IN_ENGLISH == set()


def test_a_missing_and_a_doubtful_text_are_found(fresh):
    catalogue = read_po(
        io.BytesIO(
            b'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'
            b'msgid "Kirim"\nmsgstr ""\n\n#, fuzzy\nmsgid "Simpan"\nmsgstr "Save"\n\n'
            b'msgid "%(n)s foto"\nmsgid_plural "%(n)s foto"\nmsgstr[0] "%(n)s photo"\nmsgstr[1] ""\n\n'
            b'msgid "Batal"\nmsgstr "Cancel"\n'
        ),
        locale="en",
    )
    assert messages.untranslated(catalogue) == ["Kirim", "Simpan", "%(n)s foto"]


# The tree


def test_templates_hold_no_visible_word_of_their_own():
    found = {relative(path): in_template(path.read_text()) for path in TEMPLATES}
    assert {name: words for name, words in found.items() if words} == {}


def test_python_shows_nothing_without_gettext():
    found = {
        relative(path): in_python(path.read_text())
        for path in PYTHON
        if speaks_to_people(path) and not relative(path).startswith(SCHEMA)
    }
    assert {name: lines for name, lines in found.items() if lines} == {}


def test_no_indonesian_sentence_passes_by_gettext():
    spared = (BOTH_LANGUAGES, *FOR_THE_COURT)
    found = {
        relative(path): indonesian_sentences(path.read_text())
        for path in PYTHON
        if speaks_to_people(path) and relative(path) not in spared
    }
    assert {name: lines for name, lines in found.items() if lines} == {}


def test_the_extractor_can_read_every_call_of_gettext():
    found = {relative(path): beyond_the_catalogue(path.read_text()) for path in PYTHON}
    assert {name: lines for name, lines in found.items() if lines} == {}
    assert set(messages.KEYWORDS) == GETTEXT


def test_scripts_hold_no_sentence():
    found = {relative(path): in_script(path.read_text()) for path in SCRIPTS}
    assert {name: texts for name, texts in found.items() if texts} == {}


def test_the_rules_look_at_the_whole_house():
    names = {relative(path) for path in (*TEMPLATES, *PYTHON, *SCRIPTS)}
    assert names > {
        "templates/404.html", "templates/witness/form.html", "tallies/wording.py", "accounts/forms.py",
        "tallies/api/refusals.py", "sista/outage.py", "analytics/admin.py", "static/js/live.js",
    }  # fmt: skip
    assert len(TEMPLATES) > 60 < len(PYTHON)


# The rules find what they are for.


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("<p>Belum</p>", "Belum"),
        ("<p>{% translate 'Belum' %} masuk</p>", "masuk"),
        ("<p>{% blocktranslate %}Belum{% endblocktranslate %}{{ number }}suara</p>", "suara"),
        ('<a aria-label="Antrean">{{ x }}</a>', "Antrean"),
        ('<img alt="Foto {{ page }}">', "Foto"),
        ('<input type="submit" value="Kirim">', "Kirim"),
        ('<textarea placeholder="Catatan"></textarea>', "Catatan"),
        ("<{% if url %}a{% else %}p{% endif %} class='x'>Nama</{% if url %}a{% else %}p{% endif %}>", "Nama"),
        ("{% block title %}Hasil – Sista{% endblock %}", "Hasil"),
        ('{% include "components/_empty.html" with icon="clock" title="Kosong" only %}', "Kosong"),
        ("<b>&ouml;lnya</b>", "ölnya"),
    ],
)
def test_a_visible_word_is_found(text, word):
    assert in_template(text) == [word]


@pytest.mark.parametrize(
    "text",
    [
        "{# Belum #}{% comment %}Belum{% endcomment %}<p class='belum' id=\"masuk\">{{ x }}</p>",
        '<p title="{% translate \'Belum\' %}">{% translate "Belum" context "x" %} · C1-W08 TPS 014 Sista</p>',
        "{% block icon %}lock{% endblock %}{% block page_class %}page--form{% endblock %}",
        '<script type="module" src="x.js"></script><input type="hidden" value="kirim" name="tindakan">',
        "{% blocktranslate count n=x %}Satu{% plural %}{{ n }} angka{% endblocktranslate %}",
    ],
)
def test_a_page_without_words_of_its_own_passes(text):
    assert in_template(text) == []


def test_a_translated_variable_is_found():
    assert len(in_template("{% translate label %}")) == 1


@pytest.mark.parametrize(
    "source",
    [
        'messages.success(request, "Tersimpan.")',
        'messages.error(request, f"{name} ditolak")',
        'messages.add_message(request, 20, "Tersimpan.")',
        'raise ValidationError("Salah.")',
        'raise forms.ValidationError("Salah %s." % name)',
        'form.add_error("words", "Tulis" if x else _("Pilih"))',
        'forms.CharField(label="Alasan")',
        'forms.CharField(error_messages={"required": "Kosong."})',
        'models.CharField("nama", max_length=4)',
        'models.ForeignKey(Region, verbose_name="wilayah")',
        'models.CharField(_("x"), choices=[("a", "Ada"), ("t", _("Tidak"))])',
        'class Meta:\n    verbose_name = "paslon"',
        'class Phase(models.TextChoices):\n    OPEN = "terbuka", "Terbuka"',
        '@admin.action(description="Cabut")\ndef revoke(): pass',
        'HttpResponse("Tidak ada".format())',
    ],
)
def test_a_text_without_gettext_is_found(source):
    assert len(in_python(source)) == 1


@pytest.mark.parametrize(
    "source",
    [
        'messages.success(request, _("Tersimpan. %(x)s") % {"x": "Dampit"})',
        'forms.CharField(label=_lazy("Alasan"), widget=forms.TextInput(attrs={"rows": "dua"}))',
        'class TimeZone(models.TextChoices):\n    WIB = "Asia/Jakarta", "WIB"',
        'models.CharField(_("bahasa"), choices=[("id", "Bahasa Indonesia"), ("en", "English")])',
        'models.ForeignKey("tallies.Election", verbose_name=pgettext_lazy("x", "pemilihan"))',
        'log.error("nothing was kept of %s", name)',
    ],
)
def test_a_translated_text_passes(source):
    assert in_python(source) == []


@pytest.mark.parametrize(
    ("source", "count"),
    [
        ('x = "Kiriman ini belum tersimpan."', 1),
        ('x = b"Kiriman ini belum tersimpan."', 1),
        ('x = _("Kiriman ini belum tersimpan.")', 0),
        ('"""Kiriman ini belum tersimpan."""', 0),
        ('x = "/saksi/kirim/"', 0),
    ],
)
def test_an_indonesian_sentence_anywhere_is_found(source, count):
    assert len(indonesian_sentences(source)) == count


@pytest.mark.parametrize(
    ("source", "count"),
    [
        ("from django.utils.translation import gettext as t", 1),
        ("from django.utils.translation import gettext_lazy as _lazy", 0),
        ("_(name)", 1),
        ('_(f"{name} ditolak")', 1),
        ('_("satu " "kalimat")', 0),
        ('ngettext("%(n)s foto", "%(n)s foto", count)', 0),
        ("ngettext(one, many, count)", 2),
    ],
)
def test_a_call_that_no_extractor_reads_is_found(source, count):
    assert len(beyond_the_catalogue(source)) == count


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ('show("Belum terkirim")', 1),
        ("show(`Masih ${n} foto lagi`)", 1),
        ('button.textContent = "Batal"', 1),
        ("box.setAttribute('aria-label', 'Tutup')", 1),
        ('alert("Batal")', 1),
        ('// Belum terkirim "lagi ya"\n/* "satu dua" */', 0),
        ('form.querySelector("input, textarea")?.closest("tr td")', 0),
        ("style.margin = `${a}px ${b}px`", 0),
        ('output.textContent = "–"; event.key === "Enter"', 0),
    ],
)
def test_a_sentence_in_a_script_is_found(text, count):
    assert len(in_script(text)) == count
