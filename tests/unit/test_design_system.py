"""The design system keeps its promises: contrast, no inline styles, icons that exist, safe error pages."""

import re
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser

import pytest
from django.conf import settings
from django.template import Context
from django.template.loader import get_template, render_to_string
from django.test import RequestFactory
from django.utils import translation

from sista.component_page import ICONS, FiguresForm, Pair, component_page

BASE = settings.BASE_DIR
CSS = (BASE / "static/css/sista.css").read_text()
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(autouse=True)
def _static_files_as_they_lie(settings):
    """Templates are read without a manifest, whatever the environment says: nothing was collected."""
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": plain}


#: text, ground, least ratio: 4.5 for text, 3 for the edges of controls and the ring (WCAG 1.4.3, 1.4.11).
TEXT_ON_GROUND = [
    ("ink", "surface", 4.5),
    ("ink-2", "surface", 4.5),
    ("ink-2", "ground", 4.5),
    ("ink-3", "surface", 4.5),
    ("ink-3", "sunken", 4.5),
    ("link", "surface", 4.5),
    ("link", "ground", 4.5),
    ("action-text", "action", 4.5),
    ("action-text", "action-pressed", 4.5),
    ("party-text", "party", 4.5),
    ("rival-text", "rival-1", 4.5),
    ("rival-text", "rival-2", 4.5),
    ("ink", "practice", 4.5),
    ("ink", "selected", 4.5),
    ("ink", "asked", 4.5),
    *((f"{state}-text", f"{state}-ground", 4.5) for state in ("not-in", "pending", "verified", "disputed")),
    *((f"{state}-text", f"{state}-ground", 4.5) for state in ("rejected", "failed")),
    *((f"{level}-text", f"{level}-ground", 4.5) for level in ("critical", "high", "medium", "info")),
    *(("ramp-text", f"ramp-{step}", 4.5) for step in (1, 2, 3)),
    *(("ramp-text-deep", f"ramp-{step}", 4.5) for step in (4, 5)),
    ("line-strong", "surface", 3),
    ("focus", "surface", 3),
    ("focus", "ground", 3),
    ("disputed-edge", "surface", 3),
    ("failed-text", "surface", 3),
]


def tokens(selector):
    """Return the colours of the first rule with this selector."""
    body = CSS.split(selector + " {", 1)[1].split("}", 1)[0]
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", body))


def luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("mode", [":root", '[data-contrast="more"]'])
@pytest.mark.parametrize(("text", "ground", "least"), TEXT_ON_GROUND)
def test_colours_keep_their_contrast(mode, text, ground, least):
    colours = tokens(":root") | tokens(mode)
    assert contrast(colours[text], colours[ground]) >= least


def test_high_contrast_by_choice_equals_high_contrast_by_system():
    system = CSS.split("@media (prefers-contrast: more) {", 1)[1]
    by_system = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", system.split(":root {", 1)[1].split("}", 1)[0]))
    assert by_system == tokens('[data-contrast="more"]')


class PageReader(HTMLParser):
    """Collects what the content security policy or a screen reader would trip over."""

    def __init__(self):
        super().__init__()
        self.inline_styles, self.inline_scripts, self.icons = [], [], set()
        self.ids, self.referred, self.headings = [], set(), []

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        if tag == "style" or "style" in found or any(name.startswith("on") for name in found):
            self.inline_styles.append((tag, attrs))
        if tag == "script" and "src" not in found:
            self.inline_scripts.append(attrs)
        if tag == "use":
            self.icons.add(found["href"].split("#")[1])
        if tag == "h1":
            self.headings.append(tag)
        if found.get("id"):
            self.ids.append(found["id"])
        for name in ("for", "aria-describedby"):
            self.referred |= set((found.get(name) or "").split())


def read(html):
    reader = PageReader()
    reader.feed(html)
    return reader


def component_html(query=""):
    request = RequestFactory().get("/components/" + query)
    with translation.override("id"):
        return component_page(request).content.decode()


def test_every_component_passes_a_strict_content_security_policy():
    reader = read(component_html())
    assert (reader.inline_styles, reader.inline_scripts) == ([], [])


def test_no_key_is_written_with_thousands_separators():
    """``{{ form.pk }}`` is 1.049 from the thousandth form on, and no address or form takes that back."""
    key = re.compile(r"\{\{ *[\w.]*\b(?:pk|id|\w+_id|audit_seq) *\}\}|\{% firstof [^%]*(?:\.pk|_id|audit_seq)\b")
    texts = (BASE / "templates").rglob("*.html")
    wrong = {str(path.relative_to(BASE)): key.findall(path.read_text()) for path in texts}
    fine = {"{{ field.auto_id }}", "{{ question.element_id }}", "{{ one.element_id }}", "{{ id }}", "{{ scroll_id }}"}
    assert {path: found for path, keys in wrong.items() if (found := set(keys) - fine)} == {}


def test_labels_and_descriptions_point_at_something():
    reader = read(component_html())
    assert reader.referred - set(reader.ids) == set()
    assert len(reader.ids) == len(set(reader.ids))
    assert len(reader.headings) == 1


def test_every_icon_used_is_in_the_sprite_and_every_icon_of_the_sprite_is_shown():
    root = ElementTree.parse(BASE / "static/img/icons.svg").getroot()
    drawn = {symbol.get("id") for symbol in root.iter(SVG + "symbol")}
    assert read(component_html()).icons == drawn == set(ICONS)


def test_a_practice_election_is_banded_at_top_and_bottom():
    # The page itself shows the band once, as a component.
    sentence = "LATIHAN. Angka ini tidak dihitung."
    assert component_html().count(sentence) == 1
    banded = component_html("?latihan")
    assert banded.count(sentence) == 3
    assert banded.index(sentence) < banded.index("<header") < banded.index("</main>") < banded.rindex(sentence)


@pytest.mark.parametrize("name", ["400", "403", "403_csrf", "404", "500"])
def test_error_pages_render_without_any_context(name, monkeypatch):
    def broken(*args, **kwargs):
        raise ValueError("no manifest")

    # A missing static manifest must not take the error page down as well.
    monkeypatch.setattr("django.contrib.staticfiles.storage.StaticFilesStorage.url", broken)
    html = get_template(f"{name}.html").template.render(Context())
    reader = read(html)
    assert len(reader.headings) == 1
    assert (reader.inline_styles, reader.inline_scripts) == ([], [])


def test_server_error_says_its_code_when_it_has_one():
    with translation.override("id"):
        assert "dengan kode G-2B91" in render_to_string("500.html", {"code": "G-2B91"})
        assert "kode" not in render_to_string("500.html")


def figure_box(data, **context):
    form = FiguresForm(data)
    return render_to_string("components/_figure_box.html", {"field": form["total_votes"], **context})


def test_figure_box_keeps_a_written_zero_and_an_empty_paper_apart():
    assert 'value="0"' in figure_box({"total_votes": "0"})
    assert 'value=""' in figure_box({})


def test_figure_box_is_one_numeric_field_linked_to_its_error():
    html = figure_box({"total_votes": "2O5"}, described_by="question")
    assert html.count("<input") == 1
    assert 'inputmode="numeric"' in html
    assert 'aria-invalid="true"' in html
    assert 'aria-describedby="id_total_votes_hint id_total_votes_error question"' in html
    assert "figure--error" in html


def test_figure_box_grows_a_box_for_a_fourth_digit():
    assert "figure--4" in figure_box({"total_votes": "1204"})
    assert "figure--4" not in figure_box({"total_votes": "204"})


@pytest.mark.parametrize(
    ("pair", "colour"),
    [
        (Pair(3, "A", usungan=True), "square--party"),
        (Pair(2, "B"), "square--rival-1"),
        (Pair(3, "C"), "square--rival-2"),
        (Pair(0, "Kolom kosong"), "square--blank"),
    ],
)
def test_number_square_takes_the_party_colour_only_for_the_supported_pair(pair, colour):
    html = render_to_string("components/_number_square.html", {"pair": pair})
    assert re.findall(r"square--[\w-]+", html) == [colour]


def test_unknown_share_is_a_dash_over_an_empty_track():
    row = {"pair": Pair(1, "A", usungan=True), "votes": None, "share": None}
    html = render_to_string("components/_result_bar.html", {"row": row})
    assert '<div class="result__share">–</div>' in html
    assert 'width="0%"' in html


def test_bar_widths_have_a_dot_where_the_text_has_a_comma():
    row = {"pair": Pair(1, "A", usungan=True), "votes": 597_540, "share": 0.5694}
    with translation.override("id"):
        html = render_to_string("components/_result_bar.html", {"row": row})
    assert 'width="56.94%"' in html
    assert "56,94%" in html
