"""The witness's page on a cheap phone and a 2G line: 50 kbit/s, 400 ms, a CPU four times slower."""

from __future__ import annotations

import time
from typing import Any

from django.core.management import call_command
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from accounts.models import Role, User
from tallies import assigning
from tallies.models import PollingStation
from tests.bench import country
from tests.bench.measurement import Measurement, median
from tests.bench.parts import WebServer, web_server
from tests.bench.running import Options

CHROMIUM = "/usr/bin/chromium"
BITS_PER_SECOND, LATENCY_MS, CPU = 50_000, 400, 4
TIMES = 3
READY = "main a[href='#/ponsel']"


def measure(options: Options) -> list[Measurement]:
    call_command("collectstatic", verbosity=0, interactive=False, ignore_patterns=["rest_framework"])
    cookie = _witness()
    first, bytes_in, later = [], [], []
    with web_server() as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        for _ in range(TIMES):
            context = _phone(browser, server, cookie)
            seconds, received = _visit(context, server, "/saksi/")
            first.append(seconds)
            bytes_in.append(received)
            later += [_visit(context, server, "/saksi/ponsel/")[0] for _ in range(TIMES)]
            context.close()
        browser.close()
    return [
        Measurement("phone.first", max(first), "s, worst", "<= 15"),
        Measurement("phone.first.bytes", median(bytes_in) / 1024, "KB received", "<= 60"),
        Measurement("phone.later", max(later), "s, worst", "<= 2"),
    ]


def _witness() -> str:
    """Somebody with two stations, signed in: the cookies."""
    election = country.big_election(country.EMBEDDED)
    witness, _made = User.objects.get_or_create(username="saksi-ponsel", defaults={"role": Role.WITNESS})
    for station in PollingStation.objects.filter(election=election).order_by("pk")[:2]:
        assigning.assign(station, witness, by=witness)
    return country.sign_in(witness).headers["Cookie"]


def _phone(browser: Browser, server: WebServer, cookie: str) -> BrowserContext:
    size = {"width": 360, "height": 640}
    context = browser.new_context(viewport=size, is_mobile=True, has_touch=True, locale="id-ID")  # type: ignore[arg-type]
    address = f"http://127.0.0.1:{server.port}"
    pairs = (part.split("=", 1) for part in cookie.split("; "))
    context.add_cookies([{"name": name, "value": value, "url": address} for name, value in pairs])
    return context


def _visit(context: BrowserContext, server: WebServer, path: str) -> tuple[float, float]:
    """Open the page until its first screen answers: seconds, and bytes that came until its worker was ready."""
    page = context.new_page()
    received = _slowed(context, page)
    began = time.perf_counter()
    page.goto(f"http://127.0.0.1:{server.port}{path}", wait_until="commit", timeout=120_000)
    page.wait_for_selector(READY, timeout=120_000)
    seconds = time.perf_counter() - began
    page.evaluate("navigator.serviceWorker.ready.then(() => 1)")
    page.close()
    return seconds, sum(received)


def _slowed(context: BrowserContext, page: Page) -> list[float]:
    """Put the page on the slow line; the list returned gathers the bytes that come, with their headers."""
    session = context.new_cdp_session(page)
    bytes_a_second = BITS_PER_SECOND / 8
    line = {"offline": False, "latency": LATENCY_MS}
    line |= {"downloadThroughput": bytes_a_second, "uploadThroughput": bytes_a_second}
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", line)
    session.send("Emulation.setCPUThrottlingRate", {"rate": CPU})
    received: list[float] = []

    def came(event: dict[str, Any]) -> None:
        received.append(event["encodedDataLength"])

    session.on("Network.loadingFinished", came)
    return received
