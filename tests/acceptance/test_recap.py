"""D.Hasil in a real browser: a saksi PPK types it on a phone, an operator reads the photo, a coordinator settles."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tallies import photos
from tallies.models import RecapForm
from tests import recaps
from tests.browsing import (  # noqa: F401  fixtures
    PHONE,
    Overheard,
    Stage,
    committed_for_a_module,
    quick_and_quiet_for_a_module,
    stage_for_a_module,
)
from tests.looking import sticks_out
from tests.sending import picture

pytestmark = pytest.mark.browser

#: Down a column, as the paper has its rows; the desa of Dampit in the order of their codes, then the total.
PAMOTAN = [500, 305, 512, 305, 120, 100, 80, 300, 5, 305]
SUKAMAJU = [400, 257, 410, 257, 100, 90, 60, 250, 7, 257]
TOTAL = [900, 562, 922, 562, 220, 190, 140, 550, 12, 562]


def furnish(stage: Stage) -> None:
    recaps.recap_witness(stage.play)
    stage.send("pamotan_1", [118, 100, 82], by="budi")


def test_a_recap_from_the_phone_at_the_ppk_to_the_coordinators_decision(stage):
    _types_on_the_phone(stage)
    _reads_the_photo(stage)
    page = stage.page("budi")
    overheard = Overheard(page)
    page.goto("/rekap/pilkada-2020/")
    page.get_by_role("link", name="Kec. Dampit").click()
    pamotan = page.locator(".recap-compare tr", has_text="Kel. Pamotan")
    expect(pamotan).to_contain_text("+2")
    expect(pamotan).to_contain_text("Selisih")
    page.get_by_label("Parto").check()
    page.get_by_label("Alasan").fill("Cocok dengan salinan kertas")
    page.get_by_role("button", name="Tetapkan versi ini").click()
    expect(page.locator(".alert--done")).to_contain_text("Keputusan tersimpan")
    assert recaps.result(stage.play).review == "verified"
    assert overheard.lines == []


def _types_on_the_phone(stage: Stage) -> None:
    page = stage.page("parto", PHONE)
    overheard = Overheard(page)
    page.goto("/")
    page.get_by_role("link", name="Isi D.Hasil Kecamatan").click()
    page.set_input_files("#id_photos", {"name": "d.jpg", "mimeType": "image/jpeg", "buffer": picture()})
    page.locator("input[data-row]:visible").first.focus()
    # Enter goes down a column and on to the next one; one desa is shown at a time.
    for number, column in enumerate((PAMOTAN, SUKAMAJU, [*TOTAL[:4], 222, *TOTAL[5:]])):
        assert page.locator("input[data-row]:visible").count() == 10
        for place, figure in enumerate(column):
            page.keyboard.type(str(figure))
            if (number, place) != (2, 9):
                page.keyboard.press("Enter")
    expect(page.locator("[data-recap-sum=votes_1]")).to_have_text("220")
    assert sticks_out(page) == []
    _press(page, "Periksa kembali")
    asked = page.locator(".recap-asked .alert--ask:visible")
    expect(asked.first).to_contain_text("kolom berjumlah 220, tetapi jumlah akhir tertulis 222")
    page.locator("input[data-row=votes_1]:visible").fill("220")
    _press(page, "Periksa kembali")
    expect(page.locator(".alert--done")).to_contain_text("Semua jumlah cocok")
    _press(page, "Kirim")
    expect(page.get_by_role("heading", name="D.Hasil Anda")).to_be_visible()
    form = RecapForm.objects.get()
    expect(page.locator(".receipt__code")).to_have_text(form.receipt)
    assert (form.checks, form.photo_names.count()) == ([], 1)
    assert overheard.lines == []


def _press(page: Page, name: str) -> None:
    page.locator("form[data-recap] button:visible:not(.visually-hidden)", has_text=name).click()


def _reads_the_photo(stage: Stage) -> None:
    photos.process_waiting()
    page = stage.page("oper")
    overheard = Overheard(page)
    page.goto("/")
    page.get_by_role("link", name="Rekap", exact=True).click()
    page.get_by_role("link", name="D.Hasil Kec. Dampit").click()
    expect(page.locator(".viewer img")).to_be_visible()
    rows = zip(PAMOTAN, SUKAMAJU, TOTAL, strict=True)
    seen = [figure for row in rows for figure in row]
    for box, figure in zip(page.locator("input[data-row]").all(), [*seen[:12], 126, *seen[13:]], strict=True):
        assert box.input_value() == ""
        box.fill(str(figure))
    page.get_by_role("button", name="Simpan bacaan").click()
    expect(page.locator(".alert--done")).to_contain_text("Bacaan tersimpan")
    assert recaps.result(stage.play).disputed
    assert overheard.lines == []
