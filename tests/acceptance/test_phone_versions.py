"""What a phone kept for an earlier version of the page is sent by a later one."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tallies.models import C1Form
from tallies.views import phone as phone_views
from tests.browsing import (  # noqa: F401  fixtures
    Stage,
    committed_for_a_module,
    quick_and_quiet_for_a_module,
    stage_for_a_module,
)
from tests.phone_hands import (  # noqa: F401  fixture
    HOME,
    kept,
    line_for_a_test,
    phone,
    photo,
    send_form,
    settled,
    signal,
    until,
    until_sent,
    visit,
)

pytestmark = pytest.mark.browser

#: Records as they were written by the first version of the page. Never to be changed: phones in the field have them.
QUEUE = Path(__file__).with_name("phone_queue_1.json")

_PUT = """async ([records, bytes]) => {
  const blob = new Blob([Uint8Array.from(atob(bytes), (one) => one.charCodeAt(0))], { type: "image/jpeg" });
  const request = indexedDB.open("sista", 1);
  request.onupgradeneeded = () => {
    request.result.createObjectStore("keep");
    request.result.createObjectStore("drafts", { keyPath: "key" });
    request.result.createObjectStore("photos", { keyPath: "key" });
    request.result.createObjectStore("outbox", { keyPath: "uuid" });
  };
  const database = await new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  const transaction = database.transaction(["outbox", "photos", "drafts"], "readwrite");
  transaction.objectStore("outbox").put(records.outbox);
  transaction.objectStore("photos").put({ ...records.photo, blob });
  transaction.objectStore("drafts").put(records.draft);
  await new Promise((resolve) => { transaction.oncomplete = resolve; });
  database.close();
}"""


def frozen(**places: Any) -> dict[str, Any]:
    """The frozen records, with this database's keys in the places of theirs."""
    text = QUEUE.read_text()
    for name, value in places.items():
        if isinstance(value, int):
            text = text.replace(f'"${name}"', str(value))
        text = text.replace(f"${name}", str(value))
    return json.loads(text)


def test_a_queue_of_the_first_version_is_sent(stage, line):
    mine, drafted = stage.station("mira"), stage.station("mira")
    data = photo(700)
    records = frozen(
        person=stage.person("mira").pk, result=mine.pk, station=mine.station_id,
        contest=mine.contest_id, drafted=drafted.pk, sha256=hashlib.sha256(data).hexdigest(),
    )  # fmt: skip
    context = phone(stage, "mira", line)
    page = context.new_page()
    # A page of the same origin that does not touch the database.
    page.goto("/static/img/favicon.svg")
    page.evaluate(_PUT, [records, base64.b64encode(data).decode()])
    page.goto(HOME)
    settled(page)
    until_sent(page)
    form = C1Form.objects.get(submitted_by=stage.person("mira"))
    assert str(form.uuid) == records["outbox"]["uuid"]
    assert form.figures.votes == {1: 100, 2: 80, 3: 20}
    assert [one["sha256"] for one in kept(page)["photos"]] == [hashlib.sha256(data).hexdigest()]
    # The draft goes on where it was left.
    page.click("a:has-text('Lanjutkan mengisi')")
    expect(page.locator("#f-votes_1")).to_have_value("41")


def test_a_new_version_takes_over_while_a_queue_waits(stage, line, monkeypatch):
    result = stage.station("nina")
    context = phone(stage, "nina", line)
    page = visit(context)
    [old] = page.evaluate("caches.keys()")
    signal(context, line, there=False)
    uuid = send_form(page, result, [711])
    monkeypatch.setattr(phone_views, "_version", lambda language: "0123456789abcdef")
    signal(context, line, there=True)
    page.goto(HOME)
    until(page, lambda: page.evaluate("caches.keys()") == ["saksi-0123456789abcdef"], "the old cache gone")
    assert old != "saksi-0123456789abcdef"
    until_sent(page)
    assert [str(form.uuid) for form in C1Form.objects.filter(submitted_by=stage.person("nina"))] == [uuid]
    # The new one opens the page too.
    signal(context, line, there=False)
    page.goto(HOME)
    expect(page.locator("main")).to_contain_text("Kiriman Anda")
