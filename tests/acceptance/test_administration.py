"""From an empty database to an activated witness, as a DPD person gets there: three spreadsheets and a browser.

A kabupaten of 5,184 TPS, with the desa of Kota Surabaya from the region package.
"""

from __future__ import annotations

import csv
import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pypdfium2
import pytest
import zxingcpp
from django.core.management import call_command
from django.db import connections
from playwright.sync_api import Page, expect

from accounts.models import AdministrativeEvent, Device, Role, User
from regions.importing import import_regions, rows_from_package
from regions.models import Level, Region
from sista import background
from tallies.models import Assignment, Contest, Election, PollingStation, StationResult
from tallies.totals import rebuilding
from tests import browsing, cast
from tests.browsing import committed_for_a_module, quick_and_quiet_for_a_module  # noqa: F401  fixtures

pytestmark = pytest.mark.browser

KABUPATEN, STATIONS = "35.78", 5_184


@pytest.fixture(name="desk", scope="module")
def desk_of_a_new_province(db) -> Iterator[tuple[str, browsing.Browser]]:
    """Regions, one DPD person and one superuser: nothing else is there."""
    above = {"ID", "35", KABUPATEN}
    import_regions(row for row in rows_from_package() if row.code in above or row.code.startswith(f"{KABUPATEN}."))
    cast.person("dewi", Role.PROVINCE_STAFF, "35", is_staff=True)
    cast.person("root", Role.NATIONAL, "ID", is_staff=True, is_superuser=True)
    with browsing._browser() as browser:
        server = browsing.LiveServer("127.0.0.1")
        try:
            yield server.url, browser
        finally:
            server.stop()
            connections.close_all()


@contextmanager
def working() -> Iterator[None]:
    """The rounds of the one web process beside its requests."""
    over = threading.Event()

    def rounds() -> None:
        try:
            while not over.wait(0.2):
                background.work(background.TOTALS_JOBS + background.EXPORT_JOBS)
        finally:
            connections.close_all()

    thread = threading.Thread(target=rounds)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(60)


def places() -> list[tuple[str, int]]:
    """(desa, number) of 5,184 TPS, spread over all desa."""
    villages = list(Region.objects.filter(level=Level.VILLAGE).order_by("first").values_list("code", flat=True))
    each, more = divmod(STATIONS, len(villages))
    return [(code, number) for at, code in enumerate(villages) for number in range(1, each + (at < more) + 1)]


def spreadsheet(folder: Path, name: str, rows: list[tuple]) -> Path:
    path = folder / name
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, delimiter=";").writerows(rows)
    return path


def signed_in(desk, who: str) -> Page:
    url, browser = desk
    context = browser.new_context(base_url=url, locale="id-ID", viewport={"width": 1440, "height": 900})
    context.set_default_timeout(20_000)
    page = context.new_page()
    page.goto("/masuk/")
    page.fill("[name=username]", who)
    page.fill("[name=password]", cast.PASSWORD)
    page.click("button.button--main")
    page.wait_for_url(lambda address: "/masuk/" not in address)
    return page


def bring_in(page: Page, kind: str, file: Path, rows: int) -> None:
    """Upload, look, import, and wait until it is done."""
    page.goto("/impor/")
    page.select_option("[name=kind]", kind)
    page.set_input_files("input[type=file]", file)
    page.click("button:has-text('Periksa berkas')")
    button = page.locator("button.button--main:has-text('Impor')")
    expect(button).to_be_visible(timeout=180_000)
    expect(button).to_have_text(f"Impor {rows:,} baris".replace(",", "."))
    expect(page.locator("dl.facts").first).to_contain_text("Baris bermasalah, tidak ikut0")
    button.click()
    expect(page.locator(".alert--done")).to_be_visible(timeout=300_000)


def test_from_an_empty_database_to_an_activated_witness(desk, tmp_path):
    root, dewi = signed_in(desk, "root"), signed_in(desk, "dewi")

    # An election, by whoever runs the server; its contest, by DPD.
    root.goto("/admin/tallies/election/add/")
    root.locator("[name=name]").press_sequentially("Pilkada 2030")
    expect(root.locator("[name=slug]")).to_have_value("pilkada-2030")
    root.fill("[name=date]", "2030-12-09")
    root.click("input[name=_save]")
    expect(root.locator("#result_list")).to_contain_text("Pilkada 2030")
    dewi.goto("/admin/tallies/contest/add/")
    dewi.select_option("[name=election]", label="Pilkada 2030")
    dewi.select_option("[name=office]", "bupati")
    dewi.click(".field-region .select2-selection")
    dewi.locator(".select2-search__field").fill(KABUPATEN)
    dewi.locator(".select2-results__option--highlighted, .select2-results__option").filter(
        has_text="Surabaya"
    ).first.click()
    dewi.click("input[name=_save]")
    assert Contest.objects.get().region.code == KABUPATEN

    # Three spreadsheets.
    stations = places()
    files = [
        (
            "tps",
            [("kode_desa", "nomor_tps", "dpt_l", "dpt_p"), *((code, n, 140, 150) for code, n in stations)],
        ),
        (
            "paslon",
            [
                ("kode_wilayah", "jabatan", "nomor", "nama", "pengusung", "usungan"),
                (KABUPATEN, "wali kota", 1, "Eri - Armuji", "Partai Kita", "ya"),
                (KABUPATEN, "wali kota", 2, "Machfud - Mujiaman", "Koalisi", "tidak"),
            ],
        ),
        (
            "saksi",
            [
                ("nama", "telepon", "kode_desa", "nomor_tps"),
                *((f"Saksi {at:05d}", f"0812{at:08d}", code, n) for at, (code, n) in enumerate(stations)),
            ],
        ),
    ]
    with working():
        for kind, rows in files:
            bring_in(dewi, kind, spreadsheet(tmp_path, f"{kind}.csv", rows), len(rows) - 1)
        assert (PollingStation.objects.count(), StationResult.objects.count()) == (STATIONS, STATIONS)
        assert Assignment.objects.active().count() == STATIONS

        # The same file once more changes nothing.
        dewi.goto("/impor/")
        dewi.select_option("[name=kind]", "tps")
        dewi.set_input_files("input[type=file]", tmp_path / "tps.csv")
        dewi.click("button:has-text('Periksa berkas')")
        expect(dewi.locator("dl.facts").first).to_contain_text("Sama dengan yang ada5.184", timeout=180_000)

        # Nobody is missing.
        dewi.goto(f"/penugasan/pilkada-2030/{KABUPATEN}/")
        expect(dewi.locator("main")).to_contain_text("TPS tanpa saksi")

        # The letters of one kecamatan, and the code of the first.
        district = Region.objects.filter(level=Level.DISTRICT).order_by("first").first()
        dewi.goto(f"/penugasan/mandat/?wilayah={district.code}")
        dewi.click("button:has-text('Cetak surat')")
        link = dewi.locator("a.button--main:has-text('Unduh PDF')")
        expect(link).to_be_visible(timeout=180_000)
        with dewi.expect_download() as download:
            link.click()
        paper = pypdfium2.PdfDocument(download.value.path())
    assert len(paper) >= Assignment.objects.filter(station__region__parent=district).count()
    codes = [code.text for code in zxingcpp.read_barcodes(paper[0].render(scale=3).to_pil())]
    [address] = [code for code in codes if "/aktivasi/" in code]

    # The witness's phone.
    url, browser = desk
    phone = browser.new_context(base_url=url, locale="id-ID", viewport={"width": 360, "height": 640}).new_page()
    phone.goto(urlsplit(address).path)
    expect(phone.locator("h1")).to_contain_text("Saksi 0")
    phone.fill("[name=pin]", "408213")
    phone.fill("[name=again]", "408213")
    phone.click("button:has-text('Aktifkan ponsel ini')")
    phone.wait_for_url("**/saksi/**")
    expect(phone.locator("main")).to_contain_text("TPS")
    [device] = Device.objects.active()
    assert device.user.full_name.startswith("Saksi 0")

    # Opened by two persons; nothing of it changed a total.
    cast.person("dina", Role.PROVINCE_STAFF, "35", is_staff=True)
    dewi.goto("/pemilihan/pilkada-2030/")
    dewi.click("button:has-text('Usulkan fase Pemungutan')")
    expect(dewi.locator("main")).to_contain_text("Menunggu orang kedua")
    expect(dewi.locator("button:has-text('Setujui')")).to_have_count(0)
    dina = signed_in(desk, "dina")
    dina.goto("/pemilihan/pilkada-2030/")
    dina.click("button:has-text('Setujui fase Pemungutan')")
    expect(dina.locator(".alert--done")).to_be_visible()
    election = Election.objects.get()
    assert election.phase == "terbuka"
    assert rebuilding.differences(election) == []

    # Who did it is written down, and verifies.
    assert AdministrativeEvent.objects.filter(action="assignment made").count() == STATIONS
    dewi_did = AdministrativeEvent.objects.filter(actor=User.objects.get(username="dewi"))
    assert {"assignment made", "phase proposed"} <= set(dewi_did.values_list("action", flat=True))
    call_command("verify_audit", stdout=io.StringIO(), stderr=io.StringIO())
