"""Claims about the paper of an evidence pack: it says what the files say, and its codes lead to the archive."""

import json

import pypdfium2
import pytest
from django.urls import reverse
from PIL import Image

from analytics.evidence import papers
from tallies import intake, photos
from tallies.models import Channel
from tallies.submission import PhotoName
from tests.cast import submission
from tests.evidence import (  # noqa: F401  fixtures
    ORIGIN,
    checked,
    evening_in_dampit,
    made,
    pages_of,
    paper_codes,
    paper_text,
    photographed,
    unpacked,
)


@pytest.fixture
def kept(evening, tmp_path):
    pack = made(evening)
    return pack, unpacked(pack, tmp_path)


def test_the_paper_holds_what_the_files_hold(evening, kept):
    pack, folder = kept
    said = paper_text(folder / "laporan.pdf")
    plain = " ".join(said.split())
    result = evening.result("dampit_1")
    for words in (
        "Paket bukti Kec. Dampit",
        "Pemilihan Bupati Malang 2020",
        "Hasil sementara, bukan hasil resmi KPU",
        "2 dari 3 masuk",
        "35.07.05 Kec. Dampit 2 dari 3 170 171 30 371 10",
        "35.07.05.2001.001 Menunggu verifikasi 100 80 20 200 5 2 2 selisih versi",
        "Paslon 2: Lathifah-Budi 80 88",
        "Siti Rahayu, Saksi TPS",
        "Pesan singkat (SMS)",
        "Catatan pengirim: Hujan, saksi lain pulang.",
        "C1 halaman 1",
        "Keberatan halaman 1",
        "Foto belum diterima",
        result.audit_head,
        *(one["sha256"] for one in json.loads((folder / "photos.json").read_text())["photos"]),
    ):
        assert words in plain, words
    pages = pages_of(folder / "laporan.pdf")
    assert said.count(pack.manifest_sha256) == pages + 1  # at the foot of each, and on the first
    assert plain.count("Halaman ") == pages


def test_a_script_or_a_sign_of_the_writer_of_the_paper_is_text(evening, tmp_path):
    evening.siti.full_name = "<script>alert(1)</script> **Siti**"
    evening.siti.save()
    odd = "<b>tebal</b> {nb} __garis__ [klik](http://x.example) =HYPERLINK(1)"
    sent = submission(evening, "pamotan_1", [1, 2, 3], note=odd)
    intake.submit(sent, by=evening.siti, channel=Channel.COUNT_ROOM)
    folder = unpacked(made(evening), tmp_path)
    plain = " ".join(paper_text(folder / "laporan.pdf").split())
    assert "<script>alert(1)</script> **Siti**, Saksi TPS" in plain
    assert f"Catatan pengirim: {odd}" in plain


def test_the_codes_lead_to_the_entries_of_the_archive(evening, kept, client):
    _pack, folder = kept
    found = paper_codes(folder / "laporan.pdf")
    stations = [evening.result(name) for name in ("dampit_1", "dampit_2")]
    paths = [
        "/hasil/pilkada-2020/35.07.05/",
        *(reverse("station", args=["pilkada-2020", one.pk]) for one in stations),
    ]
    assert found == {ORIGIN + path for path in paths}
    client.force_login(evening.budi)
    assert [client.get(path).status_code for path in paths] == [200, 200, 200]


def test_photos_stand_upright_two_a_page(evening, tmp_path):
    sideways = photographed(evening.siti, 5, exif=_turned())
    named = (PhotoName(sideways, 1), PhotoName(photographed(evening.siti, 6), 2))
    form = intake.submit(
        submission(evening, "dampit_1", [1, 2, 3], photos=named), by=evening.siti, channel=Channel.API
    )
    photos.process_waiting()
    pack = made(evening)
    folder = unpacked(pack, tmp_path)
    document = pypdfium2.PdfDocument(folder / "laporan.pdf")
    on_page = []
    for page in document:
        found = [one for one in page.get_objects() if isinstance(one, pypdfium2.PdfImage)]
        if found:
            on_page.append([one.get_bounds() for one in found])
    assert form.created
    assert max(map(len, on_page)) == 2
    shapes = {round((right - left) / (top - bottom), 2) for page in on_page for left, bottom, right, top in page}
    assert shapes == {0.75, 1.33}  # 450 by 600 as taken; the one the phone held sideways lies now


def _turned():
    exif = Image.Exif()
    exif[0x0112] = 6
    return exif


def test_a_practice_and_a_simulation_say_so_on_every_page(evening, tmp_path):
    election = evening.election
    election.practice_of, election.is_simulation = election, True
    election.save()
    pack = made(evening)
    folder = unpacked(pack, tmp_path)
    path = folder / "laporan.pdf"
    said, pages = paper_text(path), pages_of(path)
    assert said.count("LATIHAN. Angka ini tidak dihitung.") == 2 * pages
    assert said.count("Data simulasi") >= pages
    assert "LATIHAN" in (folder / "README.txt").read_text()


def test_of_many_stations_there_is_a_volume_a_desa(evening, tmp_path, monkeypatch):
    monkeypatch.setattr(papers, "STATIONS_A_VOLUME", 1)
    pack = made(evening)
    folder = unpacked(pack, tmp_path)
    found = sorted(path.name for path in (folder / "laporan").iterdir())
    assert found == ["35.07.05.2001-2.pdf", "35.07.05.2001.pdf"]
    assert "35.07.05.2001-2.pdf" in "".join(paper_text(folder / "laporan.pdf").split())
    assert "TPS 002" in paper_text(folder / "laporan" / "35.07.05.2001-2.pdf")
    assert checked(folder)[0] == 0
