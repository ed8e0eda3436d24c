"""A witness with nothing but GSM sends the C1 as a message, and reads in the answer what was understood.

The table is the claim: what is written, what comes back. Siti guards TPS 1 and
2 of Sukamaju, each in a real election with three pairs; Wati guards a TPS of
Lamongan. Times and codes differ from run to run and stand as TIME and CODE.
"""

import re

import pytest

from accounts.models import User
from tallies.models import C1Form, Channel
from tests import texting
from tests.texting import answer_to

SITI = "+6281234567890"
#: What Siti sent before, for the messages that come after something.
BEFORE = "C1 002 100 90 10 5"

TAKEN = "C1 TPS 001 Sukamaju diterima TIME. 1: 142, 2: 98, 3: 40, tidak sah 12. Kode CODE. Salah? Kirim ulang."
EXAMPLE = "Contoh: C1 014 142 98 12"
NOT_A_C1 = f"Tidak dimengerti. Tulis C1, kode TPS, suara tiap paslon, lalu tidak sah. {EXAMPLE}"
NOTHING_SAID = f"Kurang: kode TPS dan angka. Tulis C1, kode TPS, suara tiap paslon, lalu tidak sah. {EXAMPLE}"
NOT_YOURS = "Belum diterima: TPS {} tidak ada di tugas Anda. Periksa kodenya, atau telepon DPC."
UNREADABLE = f'Belum diterima: "{{}}" tidak terbaca. Tulis angka saja. {EXAMPLE}'
UNCLEAR = f"Belum diterima: pemisah angka tidak jelas. Pakai spasi, urut paslon, lalu tidak sah. {EXAMPLE}"
MISSING = "C1 TPS 001 belum diterima. Terbaca {}. Kurang: {}. Kirim ulang semua."
TOO_MANY = (
    "C1 TPS 001 belum diterima: ada {} angka, seharusnya 4: paslon 1, paslon 2, paslon 3, tidak sah. Kirim ulang."
)

MESSAGES = [
    # Well formed, as different hands write it
    ("C1 35.07.05.2001.001 142 98 40 12", TAKEN),
    ("C1 3507052001001 142 98 40 12", TAKEN),
    ("C1 35 07 05 2001 1 142 98 40 12", TAKEN),
    ("C1 001 142 98 40 12", TAKEN),
    ("c1 1 142 98 40 12", TAKEN),
    ("C 1 TPS 1 142 98 40 12", TAKEN),
    ("C1: TPS01 142, 98, 40, 12", TAKEN),
    ("cl tps 1 142;98;40;12", TAKEN),
    ("C1#1#142#98#40#12", TAKEN),
    ("C1 1/142/98/40/12", TAKEN),
    ("c1.1.142.98.40.12", TAKEN),
    ("C1-1-142-98-40-12", TAKEN),
    ("C1 1 = 142 = 98 = 40 = 12", TAKEN),
    ("  C1\n1\n142\n98\n40\n12\n", TAKEN),
    ("C1 OO1 l42 98 4O I2", TAKEN),
    ("C1 1 142 98 40 tidak sah 12", TAKEN),
    ("C1 TPS 001 1: 142, 2: 98, 3: 40, tidak sah 12", TAKEN),
    ("C1 1 2=98 1=142 3=40 ts=12", TAKEN),
    ("C1 1 paslon 1 142 paslon 2 98 paslon 3 40 tdk sah 12", TAKEN),
    ("C1 1 142 98 40 12 terima kasih", TAKEN),
    # After something was sent
    (
        "C1 2 100 90 10 5",
        "C1 TPS 002 Sukamaju sudah diterima TIME. 1: 100, 2: 90, 3: 10, tidak sah 5. Kode CODE. Salah? Kirim ulang.",
    ),
    (
        "C1 2 100 91 10 5",
        "Perbaikan C1 TPS 002 Sukamaju diterima TIME. 1: 100, 2: 91, 3: 10, tidak sah 5. Kode CODE. "
        "Salah? Kirim ulang.",
    ),
    # Something does not add up: taken, and asked about
    (
        "C1 1 400 98 40 12",
        "C1 TPS 001 Sukamaju diterima TIME. 1: 400, 2: 98, 3: 40, tidak sah 12. Kode CODE. "
        "Periksa: Suara melebihi DPT. Salah? Kirim ulang.",
    ),
    # Something is missing, or too much
    ("C1 1 142 98 40", MISSING.format("1: 142, 2: 98, 3: 40", "tidak sah")),
    ("C1 1 142", MISSING.format("1: 142", "paslon 2, paslon 3, tidak sah")),
    ("C1 1 1: 142, 3: 40, tidak sah 12", MISSING.format("1: 142, 3: 40, tidak sah 12", "paslon 2")),
    ("C1 1 142 98 40 dua belas", MISSING.format("1: 142, 2: 98, 3: 40", "tidak sah")),
    ("C1 1", "C1 TPS 001 belum diterima. Kurang: paslon 1, paslon 2, paslon 3, tidak sah."),
    ("C1 1 142 98 40 12 292", TOO_MANY.format(5)),
    ("C1 1 142 98 40 12.5", UNCLEAR),
    ("C1 1 1.142 98 40", UNCLEAR),
    ("C1 1 1: 142 98 40 12", UNCLEAR),
    # Not figures
    ("C1 1 142 98 40 -12", f"Belum diterima: -12 bukan angka suara. Kirim ulang. {EXAMPLE}"),
    ("C1 1 142 98x 40 12", UNREADABLE.format("98x")),
    ("C1 1 142 98 40 sah 280", UNREADABLE.format("sah")),
    ("C1 1 142 98 40 12345", UNREADABLE.format("12345")),
    # Not a station of hers: Pamotan's and Lamongan's exist, 35.99 does not
    ("C1 7 142 98 40 12", NOT_YOURS.format("7")),
    ("C1 35.07.05.1002.001 142 98 40 12", NOT_YOURS.format("35.07.05.1002.001")),
    ("C1 35.24.01.2001.001 142 98 12", NOT_YOURS.format("35.24.01.2001.001")),
    ("C1 35.99.01.2001.001 142 98 12", NOT_YOURS.format("35.99.01.2001.001")),
    # Not a C1
    ("C1", NOTHING_SAID),
    ("Halo, saya Siti", NOT_A_C1),
    ("C14 142 98 40 12", NOT_A_C1),
    ("", NOT_A_C1),
]


@pytest.fixture(autouse=True)
def _gateway(settings, play):
    settings.SMS_SECRET = texting.SECRET
    User.objects.filter(username="siti").update(phone="0812-3456-7890")
    assert answer_to(BEFORE, SITI).startswith("C1 TPS 002 Sukamaju diterima")


def steady(answer):
    """Put TIME and CODE for what differs from run to run."""
    answer = re.sub(r"\d\d[.:]\d\d WIB", "TIME", answer)
    return re.sub(r"\b[0-9A-Z]{2}-[0-9A-Z]{4}\b", "CODE", answer)


@pytest.mark.parametrize(("message", "answer"), MESSAGES, ids=[repr(message) for message, _ in MESSAGES])
def test_what_is_written_and_what_comes_back(message, answer):
    before = C1Form.objects.count()
    given = answer_to(message, SITI)
    assert steady(given) == answer
    assert len(given) <= 160
    is_new = " diterima TIME" in answer and "sudah" not in answer
    assert C1Form.objects.count() - before == is_new


def test_the_table_is_long_enough_to_mean_something():
    assert len({message for message, _ in MESSAGES}) >= 40


def test_what_was_taken_is_what_was_written(play):
    answer_to("C1 OO1 l42 98 4O I2", SITI)
    form = C1Form.objects.latest("pk")
    assert (form.channel, form.submitted_by, form.station) == (Channel.SMS, play.siti, play.stations["dampit_1"])
    assert form.figures.votes == {1: 142, 2: 98, 3: 40}
    assert (form.figures.get("invalid_votes"), form.figures.get("valid_votes")) == (12, None)
    assert play.result("dampit_1").form == form


def test_the_same_in_english_for_who_chose_it():
    User.objects.filter(username="siti").update(language="en")
    assert steady(answer_to("C1 1 142 98 40", SITI)) == (
        "C1 TPS 001 not received. Read 1: 142, 2: 98, 3: 40. Missing: invalid. Send all again."
    )
