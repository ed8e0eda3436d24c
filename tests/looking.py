"""What a careful reader finds wrong with a page in a browser: sentences, and none when all is well."""

from __future__ import annotations

import re
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

_AXE = Axe()
_WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
_AXE_OPTIONS = {
    "rules": {"target-size": {"enabled": True}},
    "resultTypes": ["violations"],
    # Only for css-orientation-lock, and it trips over imported stylesheets.
    "preload": False,
}


def violations(page: Page, *, good_practice: bool = True) -> list[str]:
    """What axe finds, by WCAG 2.2 A and AA and its own good practice."""
    tags = [*_WCAG, "best-practice"] if good_practice else _WCAG
    response = _AXE.run(page, options=_AXE_OPTIONS | {"runOnly": {"type": "tag", "values": tags}}).response
    return [
        f"axe {found['id']}: {node['html'][:160]} — {(node.get('failureSummary') or '')[:240]}"
        for found in response["violations"]
        for node in found["nodes"][:3]
    ]


def structure(page: Page) -> list[str]:
    """One h1, a title, and a skip link that leads into the main part."""
    found = []
    headings = page.locator("h1:visible").count()
    if headings != 1:
        found.append(f"{headings} h1")
    if not page.title().strip():
        found.append("no title")
    before_the_first_stop(page)
    page.keyboard.press("Tab")
    if not page.evaluate("document.activeElement.matches('a[href^=\"#\"]')"):
        return [*found, "the first stop is no skip link"]
    page.keyboard.press("Enter")
    if not page.evaluate("document.activeElement.matches('main')"):
        found.append("the skip link does not lead into main")
    return found


def before_the_first_stop(page: Page) -> None:
    """Where the next Tab goes to the first stop, as after opening a page without an autofocus."""
    page.evaluate(
        """() => {
          document.body.tabIndex = -1;
          document.body.focus();
          document.body.removeAttribute("tabindex");
          scrollTo(0, 0);
        }"""
    )


def sticks_out(page: Page) -> list[str]:
    """Sideways scrolling of the page, and what causes it."""
    return page.evaluate(
        """() => {
          const wide = document.documentElement.scrollWidth, seen = document.documentElement.clientWidth;
          if (wide <= seen) return [];
          const cause = [...document.querySelectorAll("body *")]
            .filter((e) => e.getBoundingClientRect().right > seen + 1 && !e.closest(".table-scroll"))
            .slice(0, 3).map((e) => e.outerHTML.slice(0, 90));
          return [`${seen}: the page is ${wide} wide: ${cause.join(" ; ")}`];
        }"""
    )


def cut_off(page: Page) -> list[str]:
    """Tables wider than the place they have: on a desktop every column is seen at once."""
    return page.evaluate(
        """() => [...document.querySelectorAll(".table-scroll")]
          .filter((e) => e.scrollWidth > e.clientWidth)
          .map((e) => `${innerWidth}: ${e.ariaLabel} is ${e.scrollWidth} of ${e.clientWidth} wide`)"""
    )


def small_targets(page: Page, *, controls: int, links: int) -> list[str]:
    """Controls and links lower than so many pixels. A link inside a sentence is exempt, as in WCAG 2.5.8."""
    return page.evaluate(
        """([controls, links]) => {
          const hidden = (e) => !e.checkVisibility({visibilityProperty: true}) || e.closest(".visually-hidden")
            || e.disabled || e.getBoundingClientRect().bottom < 0 || e.tabIndex < 0;
          const inSentence = (e) => e.matches("a") && getComputedStyle(e).display === "inline"
            && e.parentElement.matches("p, li, dd, small, .alert__body, p *, li *")
            && e.parentElement.textContent.trim().length > e.textContent.trim().length;
          // A label is part of its control's target.
          const height = (e) => {
            const boxes = [e, ...(e.labels || [])].map((one) => one.getBoundingClientRect()).filter((r) => r.height);
            return Math.max(...boxes.map((r) => r.bottom)) - Math.min(...boxes.map((r) => r.top));
          };
          return [...document.querySelectorAll("a[href], button, input, select, textarea, summary")]
            .filter((e) => !hidden(e) && !inSentence(e))
            .map((e) => [e, height(e), e.matches("a:not(.button)") ? links : controls])
            .filter(([, got, wanted]) => got < wanted - 0.5)
            .map(([e, got, wanted]) =>
              `${innerWidth}: ${got.toFixed(1)} px high, less than ${wanted}: ${e.outerHTML.slice(0, 110)}`);
        }""",
        [controls, links],
    )


_STOPS = """() => {
  const radios = new Set();
  return [...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex]")]
    .filter((e) => e.checkVisibility({visibilityProperty: true}) && e.tabIndex >= 0 && !e.disabled
      && e.type !== "hidden")
    .filter((e) => {
      // A group of radio buttons is one stop.
      if (e.type !== "radio") return true;
      const group = `${e.form && e.form.id}${e.name}`;
      return !radios.has(group) && radios.add(group);
    }).length;
}"""

#: What the focused element looks like; null on the body.
_FOCUS = """() => {
  const e = document.activeElement;
  if (!e || e === document.body) return null;
  const carriers = [e, e.closest(".figure, .search, .choice, .select2"), e.labels && e.labels[0]].filter(Boolean);
  const ringed = carriers.some((one) => {
    const style = getComputedStyle(one);
    return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
  });
  const box = e.getClientRects()[0] || e.getBoundingClientRect();
  const inside = (value, end) => Math.min(Math.max(value, 1), end - 1);
  const x = inside(box.left + box.width / 2, innerWidth), y = inside(box.top + box.height / 2, innerHeight);
  const hit = document.elementFromPoint(x, y);
  const seen = box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
  const onTop = hit && (e.contains(hit) || hit.contains(e) || carriers.some((one) => one.contains(hit)));
  e.dataset.walked = Number(e.dataset.walked || 0) + 1;
  const what = e.outerHTML.replace(/ data-walked="\\d+"/, "").slice(0, 110);
  return {ringed, seen, onTop, what, again: e.dataset.walked > 1};
}"""


def walk_by_tab(page: Page) -> list[str]:
    """Tab through the whole page: every stop ringed and in sight, all of them reached, and out again."""
    before_the_first_stop(page)
    stops, found, reached = page.evaluate(_STOPS), [], 0
    # Day, month, hour and the rest of a field with a date are stops inside one.
    parts = 8 * page.locator("input[type=datetime-local], input[type=date]").count()
    for _ in range(stops + 3 + parts):
        page.keyboard.press("Tab")
        focus: dict[str, Any] | None = page.evaluate(_FOCUS)
        if focus is not None and focus["again"] and re.search('type="date(time-local)?"', focus["what"]):
            continue
        if focus is None or focus["again"]:
            break
        reached += 1
        for fact, sentence in (("ringed", "no ring on"), ("seen", "out of sight:"), ("onTop", "covered:")):
            if not focus[fact]:
                found.append(f"{sentence} {focus['what']}")
    if reached < stops:
        found.append(f"Tab reaches {reached} of {stops} stops, the last is {page.evaluate(_FOCUS)}")
    return found


def tab_to(page: Page, target: str, most: int = 60) -> None:
    """Press Tab until ``target`` (a CSS selector) has the focus, as somebody without a mouse does."""
    for _ in range(most):
        if page.evaluate("(target) => document.activeElement.matches(target)", target):
            focus = page.evaluate(_FOCUS)
            assert focus["ringed"], f"no ring on {focus['what']}"
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{target} is not reached by Tab; the focus is on {page.evaluate(_FOCUS)}")
