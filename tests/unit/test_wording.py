"""What a contradiction says to a person."""

from __future__ import annotations

import pytest
from django.utils import translation

from tallies.checks import CODES, Contradiction
from tallies.figures import FULL_FIELDS
from tallies.wording import FIELD_LABELS, QUESTION, TITLES, describe, field_label

NAMES = {1: "Ani – Budi", 2: "Citra – Dedi"}
PAIRS = ("votes_1", "votes_2", "valid_votes")


@pytest.fixture(autouse=True)
def indonesian():
    with translation.override("id"):
        yield


SENTENCES = [
    (
        Contradiction("C1-E01", (), 203, 202, "registered_dpph"),
        "DPPh: laki-laki dan perempuan berjumlah 203, tetapi kolom jumlah 202. Selisih 1.",
    ),
    (
        Contradiction("C1-E02", (), 195, 196, "registered_total_male"),
        "DPT, DPPh dan DPTb (laki-laki) berjumlah 195, tetapi jumlah pemilih 196. Selisih 1.",
    ),
    (
        Contradiction("C1-E03", (), 300, 310, "voters_total"),
        "Pengguna DPT, DPPh dan DPTb berjumlah 300, tetapi jumlah pengguna hak pilih 310. Selisih 10.",
    ),
    (
        Contradiction("C1-E04", (), 211, 210, "voters_dpt_female"),
        "Pengguna DPT (perempuan) 211, lebih banyak daripada DPT 210. Selisih 1.",
    ),
    (
        Contradiction("C1-E05", (), 301, 300, "disabled_voters"),
        "Pemilih disabilitas 301, lebih banyak daripada pengguna hak pilih 300. Selisih 1.",
    ),
    (
        Contradiction("C1-E06", (), 411, 410),
        "Surat suara digunakan, rusak/keliru coblos dan tidak digunakan berjumlah 411, "
        "tetapi yang diterima 410. Selisih 1.",
    ),
    (
        Contradiction("C1-E07", (), 300, 1299),
        "Suara sah dan tidak sah berjumlah 300, tetapi surat suara digunakan 1.299. Selisih 999.",
    ),
    (
        Contradiction("C1-E08", (), 366, 368),
        "Suara sah dan tidak sah berjumlah 366, tetapi pengguna hak pilih 368. Selisih 2.",
    ),
    (
        Contradiction("C1-E09", PAIRS, 240, 246),
        "Paslon berjumlah 240, tetapi suara sah 246. Selisih 6.",
    ),
    (
        Contradiction("C1-E09", ("votes_0", "votes_1", "valid_votes"), 280, 290),
        "Paslon dan kolom kosong berjumlah 280, tetapi suara sah 290. Selisih 10.",
    ),
    (
        Contradiction("C1-E10", (), 300, 299, "ballots_received"),
        "Suara sah dan tidak sah berjumlah 300, lebih banyak daripada surat suara diterima: 299. Selisih 1.",
    ),
    (
        Contradiction("C1-E10", (), 419, 418, "registered_dpt"),
        "Suara sah dan tidak sah berjumlah 419, lebih banyak daripada DPT, DPPh, DPTb dan cadangan: 418. Selisih 1.",
    ),
    (
        Contradiction("C1-E11", (), 300, 290),
        "Suara sah dan tidak sah berjumlah 300, tetapi baris jumlahnya 290. Selisih 10.",
    ),
    (
        Contradiction("C1-W01", (), 410, 413),
        "Surat suara diterima 413, sedangkan DPT dan cadangan berjumlah 410. Selisih 3.",
    ),
    (Contradiction("C1-W02", (), 501, 500), "DPT 501, lebih banyak daripada batas satu TPS: 500."),
    (
        Contradiction("C1-W03", (), 409, 408),
        "Suara sah dan tidak sah berjumlah 409. Menurut DPT, TPS ini paling banyak 408 suara.",
    ),
    (Contradiction("C1-W04", (), 33, 323), "Suara tidak sah 33 dari 323 suara (10,22%)."),
    (
        Contradiction("C1-W05", ("votes_2", "votes_1"), 290, 290),
        "Semua suara sah (290) untuk paslon 2 (Citra – Dedi).",
    ),
    (
        Contradiction("C1-W05", ("votes_0", "votes_1", "votes_3"), 0, 290),
        "Tidak ada suara (0) untuk kolom kosong, paslon 1 (Ani – Budi), paslon 3.",
    ),
    (Contradiction("C1-W06", (), 0, 37), "Semua angka di formulir ini 0."),
    (
        Contradiction("C1-W07", (), 453, 400),
        "DPT di formulir 453, tetapi di data TPS 400. Selisih 53.",
    ),
    (
        Contradiction("C1-W08", ("registered_dpt_male", "votes_1"), 2, 37),
        "Dua laporan TPS ini berbeda pada 2 dari 37 angka: DPT – laki-laki, Paslon 1 (Ani – Budi).",
    ),
    (
        Contradiction("C1-W08", ("voters_total", "votes_1", "votes_2", "valid_votes", "invalid_votes"), 5, 5),
        "Dua laporan TPS ini berbeda pada 5 dari 5 angka: Jumlah pengguna hak pilih, "
        "Paslon 1 (Ani – Budi), Paslon 2 (Citra – Dedi), Suara sah, 1 angka lain.",
    ),
]


@pytest.mark.parametrize(("contradiction", "sentence"), SENTENCES)
def test_contradiction_is_one_plain_sentence(contradiction, sentence) -> None:
    assert describe(contradiction, NAMES) == sentence


def test_every_code_has_a_sentence_and_a_title() -> None:
    assert {one.code for one, _ in SENTENCES} == set(CODES)
    assert tuple(TITLES) == CODES


def test_every_box_has_its_own_label() -> None:
    assert set(FIELD_LABELS) == set(FULL_FIELDS)
    labels = [str(label) for label in FIELD_LABELS.values()]
    assert len(set(labels)) == len(labels)
    assert field_label("registered_dpt_male", NAMES) == "DPT – laki-laki"
    assert field_label("voters_dptb", NAMES) == "Pengguna DPTb – jumlah"
    assert field_label("voters_total", NAMES) == "Jumlah pengguna hak pilih"
    assert field_label("valid_votes", NAMES) == "Suara sah"


def test_pair_is_labelled_by_number_and_name() -> None:
    assert field_label("votes_1", NAMES) == "Paslon 1 (Ani – Budi)"
    assert field_label("votes_3", NAMES) == "Paslon 3"
    assert field_label("votes_0", NAMES) == "Kolom kosong"


def test_share_of_nothing_is_unknown() -> None:
    assert describe(Contradiction("C1-W04", (), 0, 0), NAMES) == "Suara tidak sah 0 dari 0 suara (–)."


def test_the_question_asks_what_the_paper_says() -> None:
    assert str(QUESTION) == "Apakah di formulir memang tertulis begitu?"
