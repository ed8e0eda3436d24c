"""A coordinator's evening in a browser, from the first sign-in to the file that is taken home."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import openpyxl
import pytest
from django.core.cache import cache
from django.core.management import call_command
from playwright.sync_api import Page, expect

from tallies import assigning, photos, preparation
from tallies.models import C1Form, ContactAttempt, Reminder
from tallies.preparation import NewStation
from tallies.submission import PhotoName
from tallies.totals import aggregation, rebuilding
from tests import cast
from tests.browsing import (  # noqa: F401  fixtures
    DESKTOP,
    Overheard,
    Stage,
    committed_for_a_module,
    quick_and_quiet_for_a_module,
    stage_for_a_module,
)
from tests.looking import sticks_out, violations
from tests.reading import read_all_twice
from tests.sending import picture

pytestmark = pytest.mark.browser

TABLET = (820, 1180)
HOME = "/hasil/pilkada-2020/35.07/"


def furnish(stage: Stage) -> None:
    """Gedangan, where our pair leads, is a stronghold: its silent stations come first."""
    read_all_twice(stage.play)
    rebuilding.rebuild(stage.play.election)
    stage.send("gedangan_1", [150, 30, 20], by="siti")


@dataclass
class Evening:
    """The stations of one walk, all of one witness, and the two forms that an operator reads."""

    witness: str
    silent: int
    #: A form stands at ``wrong`` that belongs to ``right``.
    wrong: int
    right: int
    right_number: int
    equal: C1Form
    differing: C1Form


@pytest.fixture(params=[DESKTOP, TABLET], ids=["desktop", "tablet"])
def size(request: pytest.FixtureRequest) -> tuple[int, int]:
    return request.param


@pytest.fixture
def evening(stage: Stage, size: tuple[int, int]) -> Evening:
    play, village = stage.play, cast.region("35.07.06.2001").pk
    first = {DESKTOP: 11, TABLET: 21}[size]
    witness = f"saksi-{first}"
    play.people[witness] = cast.person(witness, "saksi", phone=f"0812-0000-01{first}")
    made = preparation.add_stations(play.election, [NewStation(village, first + n, 150, 150) for n in range(6)])
    names = [f"{name} {first}" for name in ("silent", "wrong", "right", "equal", "differing", "late")]
    play.stations |= dict(zip(names, made, strict=True))
    for station in made:
        assigning.assign(station, play.people[witness], by=play.dewi)
    preparation.announce_stations(play.election, [village])
    stage.send(f"wrong {first}", [90, 60, 30], by=witness)
    equal, differing = (
        stage.send(f"{name} {first}", votes, by=witness, photos=(brought(stage, witness, first + place),))
        for place, (name, votes) in enumerate({"equal": [104, 70, 20], "differing": [118, 60, 20]}.items())
    )
    keys = [play.result(name).pk for name in names]
    return Evening(witness, *keys[:3], first + 2, equal, differing)


def brought(stage: Stage, who: str, seed: int) -> PhotoName:
    photo, _new = photos.receive(picture(size=(600, 800), seed=seed), by=stage.person(who))
    photos.process_waiting()
    return PhotoName(photo.sha256, 1)


def seen(page: Page) -> None:
    """What stands there is whole and readable."""
    assert [page.url, *sticks_out(page), *violations(page)] == [page.url]


def test_a_coordinators_evening(stage: Stage, size: tuple[int, int], evening: Evening, tmp_path: Path) -> None:
    first = evening.right_number - 2
    page = stage.context(viewport={"width": size[0], "height": size[1]}).new_page()
    overheard = Overheard(page)
    sign_in(page)

    # What is missing, and who to call about it.
    page.locator("#work").get_by_role("link", name="Kantong suara belum masuk").click()
    row = page.locator(f"#tps-{evening.silent}")
    row.get_by_role("button", name="Tidak diangkat").click()
    expect(row.locator(".silent__last b")).to_have_text("Tidak diangkat")
    seen(page)
    row.locator("input[name=tps]").check()
    page.get_by_role("button", name="Ingatkan yang dipilih").click()
    page.get_by_role("button", name="Kirim 1 pengingat").click()
    expect(page.locator("#progress")).to_contain_text("0 dari 1 SMS terkirim")
    outcomes = ContactAttempt.objects.filter(result=evening.silent).order_by("pk").values_list("outcome", flat=True)
    assert (list(outcomes), Reminder.objects.get(attempts__result=evening.silent).by) == (
        ["tidak_diangkat", "pengingat"],
        stage.person("budi"),
    )

    # Its form comes on paper.
    page.get_by_role("link", name="Daftar").click()
    page.locator(f"#tps-{evening.silent}").get_by_role("link", name="Isi dari kertas").click()
    for name, value in figures([107, 60, 20]).items():
        page.fill(f"[name={name}]", str(value))
    page.get_by_role("button", name="Periksa kembali").last.click()
    page.get_by_role("button", name="Simpan C1").click()
    expect(page.locator("h1")).to_have_text("C1 tersimpan")
    aggregation.drain()

    # An operator reads two photos: one like the witness, one otherwise, and still otherwise when asked again.
    operator = stage.page("oper", size)
    operator.goto("/")
    read(operator, evening.equal, [104, 70, 20])
    read(operator, evening.differing, [113, 60, 20])
    expect(operator.locator("#work")).to_contain_text("Baca sekali lagi")
    read(operator, evening.differing, [113, 60, 20])
    expect(operator.locator("#work")).to_contain_text("Tidak ada foto yang menunggu")
    operator.close()
    aggregation.drain()

    # The difference, side by side with the photo.
    page.get_by_role("link", name="Verifikasi", exact=True).click()
    page.get_by_role("navigation", name="Saring").get_by_role("link", name="Selisih").click()
    expect(page.locator(".queue tbody tr")).to_contain_text(["Bacaan kedua berbeda"] if size == DESKTOP else ["TPS"])
    page.locator(".queue tbody a").click()
    expect(page.locator(".decide")).to_contain_text("3 angka berbeda")
    seen(page)
    page.get_by_label("Pakai ini").nth(1).check()
    page.locator("#verify").get_by_label("Salah ketik saksi").check()
    page.locator("#verify button").click()
    expect(page.locator(".alert--done")).to_contain_text("Angka TPS 0")

    # A form that belongs to another TPS.
    page.goto("/verifikasi/pilkada-2020/?saring=menunggu")
    page.get_by_role("link", name=f"TPS 0{first + 1}").click()
    page.locator("summary", has_text="Pindahkan ke TPS lain").click()
    page.locator("[name=pindah-ke-village]").select_option(value=str(cast.region("35.07.06.2001").pk))
    page.locator("[name=pindah-ke-number]").fill(str(evening.right_number))
    page.get_by_label("Saksi memilih TPS yang salah").check()
    page.get_by_role("button", name="Pindahkan").click()
    expect(page.locator(".alert--done")).to_contain_text("Formulir dipindahkan ke")
    aggregation.drain()

    # The witness sees what became of them, and says what is wrong.
    witness = stage.page(evening.witness, size)
    witness.goto("/saksi/?biasa")
    home = witness.locator("main")
    expect(home).to_contain_text("Dipindahkan DPC ke TPS lain.")
    expect(home).to_contain_text("Saksi memilih TPS yang salah")
    expect(home).to_contain_text("Diperbaiki dan diverifikasi DPC")
    expect(home).to_contain_text("Semua terkirim dan diperiksa.")
    witness.locator(f"a[href='/laporan/tps/{stage.play.result(f'equal {first}').pk}/']").click()
    witness.get_by_label("Formulir palsu atau diubah").check()
    witness.get_by_role("button", name="Kirim laporan").click()
    expect(witness.locator(".alert--inform").first).to_contain_text("Menunggu jawaban DPC.")

    page.goto(HOME)
    page.locator("#work").get_by_role("link", name="Laporan kesalahan").click()
    page.locator("summary", has_text="Jawab dan tutup").click()
    page.get_by_label("Jawaban").fill("Sudah dicocokkan dengan fotonya.")
    page.get_by_role("button", name="Tutup laporan").click()
    expect(page.locator("main")).to_contain_text("Tidak ada laporan yang terbuka")
    witness.reload()
    expect(witness.locator("main")).to_contain_text("Sudah dicocokkan dengan fotonya.")
    witness.close()

    follow_on_the_wall(stage, page, evening, first)
    take_home(page, tmp_path)
    call_command("rebuild_totals", "--check")
    call_command("verify_audit")
    assert overheard.lines == []
    page.context.close()


def sign_in(page: Page) -> None:
    """From the door to the own kabupaten."""
    page.goto("/")
    page.fill("[name=username]", "budi")
    page.fill("[name=password]", cast.PASSWORD)
    page.get_by_role("button", name="Masuk").click()
    expect(page).to_have_url(re.compile(re.escape(HOME)))
    expect(page.locator("#newest li")).not_to_have_count(0)
    seen(page)


def figures(votes: list[int]) -> dict[str, int]:
    typed = {f"votes_{number}": vote for number, vote in enumerate(votes, start=1)}
    return typed | {"voters_total": sum(votes) + 5, "valid_votes": sum(votes), "invalid_votes": 5}


def read(page: Page, form: C1Form, votes: list[int]) -> None:
    """Type what stands on the photo of ``form`` into the boxes that are asked for."""
    expect(page.locator(f"#work[data-form='{form.pk}']")).to_be_visible()
    for name, value in figures(votes).items():
        box = page.locator(f"#work [name={name}]")
        if box.count():
            box.fill(str(value))
    page.get_by_role("button", name="Simpan, buka berikutnya").click()
    page.wait_for_load_state("networkidle")


def follow_on_the_wall(stage: Stage, page: Page, evening: Evening, first: int) -> None:
    """A screen without a session follows a new form by itself, and is empty once its link is revoked."""
    page.get_by_role("link", name="Kelola", exact=True).click()
    page.get_by_role("link", name="Layar besar").click()
    page.get_by_role("button", name="Buat tautan").click()
    address = page.locator(".wall-links__url").inner_text()
    cache.clear()  # of another screen of the same place
    screen = stage.context(viewport={"width": 1920, "height": 1080}).new_page()
    screen.clock.install(time=0)
    screen.clock.pause_at(1_000)
    screen.goto(address)
    counted = int(re.findall(r"\d+", screen.locator(".wall__foot").inner_text().split("TPS masuk")[1])[0])
    screen.evaluate("window.stayed = true")
    stage.send(f"late {first}", [101, 60, 20], by=evening.witness)
    cache.clear()  # what is kept for fifteen seconds
    screen.clock.run_for(5_100)
    expect(screen.locator(".wall__foot")).to_contain_text(f"TPS masuk {counted + 1} dari")
    assert (screen.evaluate("window.stayed"), screen.context.cookies()) == (True, [])
    page.get_by_role("link", name="Kembali ke daftar").click()
    page.get_by_role("button", name="Cabut tautan").first.click()
    expect(page.locator(".alert--done")).to_contain_text("Tautan dicabut")
    screen.clock.run_for(5_100)
    expect(screen.locator("h1")).to_have_text("Layar ini sudah berakhir")
    screen.context.close()


def take_home(page: Page, folder: Path) -> None:
    """The stations as a file: their votes add up to those of the page."""
    page.goto(HOME)
    shown = [
        int(text.split()[0].replace(".", ""))
        for text in page.locator(".results-votes .result__votes").all_inner_texts()
    ]
    page.get_by_role("link", name="Semua unduhan daerah ini").click()
    with page.expect_download() as awaited:
        page.get_by_role("link", name="Setiap TPS, XLSX").click()
    awaited.value.save_as(folder / "tps.xlsx")
    rows = list(openpyxl.load_workbook(folder / "tps.xlsx").worksheets[0].iter_rows(values_only=True))
    head = next(row for row in rows if "Nomor TPS" in row)
    body = rows[rows.index(head) + 1 :]
    added = []
    for pair in ("Sanusi-Didik", "Lathifah-Budi", "Heri-Gunadi"):
        [place] = [at for at, title in enumerate(head) if title and pair in str(title)]
        added.append(sum(row[place] for row in body if isinstance(row[place], int)))
    assert added == shown
