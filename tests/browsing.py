"""A browser before a running server: one data set, one server, one browser for a whole test module.

A module that wants it imports the three fixtures ``…_for_a_module``. The data
are committed, because the server answers from threads with connections of
their own; they are flushed when the module ends.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection, connections
from django.test import Client, override_settings
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from pytest_django.live_server_helper import LiveServer

from accounts.models import Role, User
from tallies import assigning, intake, preparation
from tallies.models import C1Form, Channel, PollingStation, StationResult
from tallies.preparation import NewStation
from tallies.totals import aggregation
from tests import cast, own_stores, triggers
from tests.cast import Play
from tests.safety import require_test_database

CHROMIUM = "/usr/bin/chromium"
#: Two tests at once on two busy cores: what is waited for may take a while, and is not timed here.
expect.set_options(timeout=15_000)
#: The phone and the desktop that the pages are designed for.
PHONE, DESKTOP = (360, 640), (1440, 900)
#: The narrowest screen on which nothing may stick out.
NARROWEST = 320


@pytest.fixture(name="_quick_and_quiet", autouse=True, scope="module")
def quick_and_quiet_for_a_module(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The same as in conftest, but for the whole module: its photos outlive a test."""
    with quick_and_quiet(tmp_path_factory.mktemp("browser")):
        yield


@contextmanager
def quick_and_quiet(folder: Path) -> Iterator[None]:
    caches = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": str(folder)}}
    hashers = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    with override_settings(STORAGES=own_stores.in_folder(folder), CACHES=caches, PASSWORD_HASHERS=hashers):
        yield


@pytest.fixture(name="db", scope="module")
def committed_for_a_module(django_db_setup: None, django_db_blocker: Any, _quick_and_quiet: None) -> Iterator[None]:
    """The database, committed and open for the whole module. (pytest-django makes one where a test asks for `db`.)"""
    with django_db_blocker.unblock():
        require_test_database()
        # Playwright's event loop runs in the thread of the tests; the ORM minds.
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
        try:
            yield
        finally:
            # SQLite flushes row by row, and the triggers are made to refuse just that.
            _run(triggers.drop_statements)
            call_command("flush", verbosity=0, interactive=False, reset_sequences=False)
            _run(triggers.create_statements)
            cache.clear()
            del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


def _run(statements: Callable[[str], list[str]]) -> None:
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            for statement in statements("sqlite"):
                cursor.execute(statement)


@pytest.fixture(name="stage", scope="module")
def stage_for_a_module(db: None, request: pytest.FixtureRequest) -> Iterator[Stage]:
    """The play with what the module's ``furnish(stage)`` adds, the server, and the browser."""
    with open_stage(getattr(request.module, "furnish", lambda stage: None)) as stage:
        yield stage


@contextmanager
def open_stage(furnish: Callable[[Stage], None]) -> Iterator[Stage]:
    """The furnished stage over an empty test database."""
    with _browser() as browser:
        server = LiveServer("127.0.0.1")
        try:
            stage = Stage(cast.make_play(), server.url, browser)
            furnish(stage)
            yield stage
            for context in stage.contexts:
                context.close()
        finally:
            server.stop()
            # Beside an event loop the thread has connections of its own; nobody else finds them to close.
            connections.close_all()


@contextmanager
def _browser() -> Iterator[Browser]:
    # Not pytest-playwright's fixtures: they live for the session, and so would their event loop.
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Stage:
    """Where the tests of a module play."""

    play: Play
    url: str
    browser: Browser
    contexts: list[BrowserContext] = field(default_factory=list)
    _kept: dict[str | None, BrowserContext] = field(default_factory=dict)

    def context(self, who: str | None = None, **options: Any) -> BrowserContext:
        """A browser of its own, signed in as ``who`` unless None."""
        options = {"base_url": self.url, "locale": "id-ID", "timezone_id": "Asia/Jakarta"} | options
        context = self.browser.new_context(**options)
        context.set_default_timeout(10_000)
        self.contexts.append(context)
        if who:
            client = Client()
            client.force_login(self.play.people[who])
            session = client.cookies["sessionid"].value
            context.add_cookies([{"name": "sessionid", "value": session, "url": self.url}])
        return context

    def page(self, who: str | None = None, size: tuple[int, int] = DESKTOP) -> Page:
        """A fresh page in the one browser that ``who`` keeps for the module."""
        if who not in self._kept:
            self._kept[who] = self.context(who)
        page = self._kept[who].new_page()
        page.set_viewport_size({"width": size[0], "height": size[1]})
        return page

    def station(self, witness: str, village: str = "35.07.05.1002") -> StationResult:
        """A station of its own for one test, with ``witness`` (made if need be) to guard it."""
        people, region = self.play.people, cast.region(village)
        if witness not in people:
            people[witness] = cast.person(witness, Role.WITNESS)
        number = PollingStation.objects.filter(election=self.play.election, region=region).count() + 1
        [made] = preparation.add_stations(self.play.election, [NewStation(region.pk, number, 150, 150)])
        preparation.announce_stations(self.play.election, [region.pk])
        assigning.assign(made, people[witness], by=people["dewi"])
        self.play.stations[f"{witness}'s"] = made
        aggregation.drain()
        return self.play.result(f"{witness}'s")

    def send(self, station: str, votes: list[int | None], *, by: str, **changes: Any) -> C1Form:
        """A form from a phone, and the totals drained."""
        sent = cast.submission(self.play, station, votes, **changes)
        form = intake.submit(sent, by=self.play.people[by], channel=Channel.API).form
        aggregation.drain()
        return form

    def person(self, name: str) -> User:
        return self.play.people[name]


@dataclass
class Overheard:
    """What a page says that nobody should hear: console errors, foreign addresses, files that are not there."""

    page: Page
    lines: list[str] = field(default_factory=list)
    #: The page itself may answer 4xx (a page that refuses is looked at too); its parts may not.
    document: str = ""

    def __post_init__(self) -> None:
        self.page.on("console", lambda message: self._console(message.type, message.text))
        self.page.on("pageerror", lambda error: self.lines.append(f"script error: {error}"))
        self.page.on("request", self._request)
        self.page.on("response", self._response)

    def _console(self, kind: str, text: str) -> None:
        # A refused document is reported as a failed resource; parts are looked at in _response.
        if kind in ("error", "warning") and not text.startswith("Failed to load resource"):
            self.lines.append(f"console {kind}: {text}")

    def _request(self, request: Any) -> None:
        address = urlsplit(request.url)
        if address.scheme not in ("data", "blob") and address.hostname != "127.0.0.1":
            self.lines.append(f"another host: {request.url}")

    def _response(self, response: Any) -> None:
        if response.status >= 400 and not response.request.is_navigation_request():
            self.lines.append(f"{response.status} {response.url}")
