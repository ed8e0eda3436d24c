"""The pages of D.Hasil: who is let in, what each role sees, what happens twice, late and on an old page."""

from __future__ import annotations

import re
import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from tallies.models import Phase, RecapDecision, RecapForm, RecapReading, Review
from tallies.recap import second_reading
from tallies.recap.entry import box_name
from tallies.totals import aggregation
from tests import cast, reading, recaps
from tests.recaps import DAMPIT, PAMOTAN, SUKAMAJU, columns, key, send
from tests.sending import picture

PARTS = {SUKAMAJU: [4127, 1379, 683], PAMOTAN: [3719, 1487, 657]}
OTHER = {SUKAMAJU: [4139, 1379, 671], PAMOTAN: [3719, 1487, 657]}
FIGURES = ("4.127", "4127", "3.719", "3719", "7.846", "7846")


@pytest.fixture
def parto(play):
    return recaps.recap_witness(play)


def client_of(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def address(name: str, play, code: str = DAMPIT) -> str:
    return reverse(name, args=[play.malang.pk, code])


def body(given, **changes) -> dict:
    """What the sheet posts: the boxes of ``given``."""
    boxes = {
        box_name(region, row): "" if (value := figures.get(row)) is None else str(value)
        for region, figures in given.items()
        for row in (*figures.vote_fields, *figures.values)
    }
    return boxes | {"uuid": str(uuid.uuid4()), "step": "send", "asked": "", "supersedes": ""} | changes


def text(answer) -> str:
    return answer.content.decode()


# The way in


@pytest.mark.parametrize(
    ("who", "to"),
    [("budi", "/rekap/pilkada-2020/"), ("dewi", "/rekap/pilkada-2020/"), ("oper", "/rekap/bacaan/")],
)
def test_each_role_begins_where_its_work_is(play, who, to):
    assert client_of(play.people[who]).get("/rekap/").url == to


def test_a_witness_of_a_ppk_lands_on_the_recap_and_sends_it_with_a_photo(play, parto):
    client = client_of(parto)
    assert client.get("/").url == reverse("recap-home")
    home = text(client.get("/rekap/"))
    assert address("recap-entry", play) in home
    entry = text(client.get(address("recap-entry", play)))
    assert [entry.index(name) for name in ("Desa Sukamaju", "Kel. Pamotan", "Jumlah akhir")]
    sent = body(columns(PARTS), photos=SimpleUploadedFile("d.jpg", picture()), dated_on="11-12-2020", note="Lengkap")
    answer = client.post(address("recap-entry", play), sent, follow=True)
    form = RecapForm.objects.get()
    assert form.receipt in text(answer)
    assert (form.submitted_by, str(form.dated_on), form.note) == (parto, "2020-12-11", "Lengkap")
    assert (form.photo_names.count(), recaps.result(play).reading) == (1, "waiting")
    assert "7.846" in text(answer)
    assert address("recap", play) in text(client.get("/rekap/"))


def test_the_coordinators_tabs_lead_to_the_recaps(play):
    page = text(client_of(play.budi).get("/hasil/pilkada-2020/35.07/"))
    assert f'href="{reverse("recaps", args=["pilkada-2020"])}"' in page


# Entering


def test_what_does_not_add_up_is_asked_once_beside_its_row_and_then_taken(play, parto):
    client, given = client_of(parto), columns(PARTS, votes_1=7900)
    sent = body(given)
    asked = client.post(address("recap-entry", play), sent)
    assert not RecapForm.objects.exists()
    assert "kolom berjumlah 7.846, tetapi jumlah akhir tertulis 7.900" in text(asked)
    keys = re.findall(r'name="asked" value="([^"]+)"', text(asked))
    assert len(keys) == 2  # the pair, and the sum of the pairs
    answered = sent | {"asked": keys, "confirmed": keys[:1]}
    assert client.post(address("recap-entry", play), answered).status_code == 302
    form = RecapForm.objects.get()
    assert len(form.checks) == 2
    assert len(form.confirmed) == 1


@pytest.mark.parametrize("bad", ["-1", "1e3", "1_000", " 12 ", "12.0", "12345678", "١٢", "O"])
def test_only_digits_are_figures(play, parto, bad):
    sent = body(columns(PARTS)) | {box_name(key(PAMOTAN), "votes_2"): bad}
    answer = client_of(parto).post(address("recap-entry", play), sent)
    assert answer.status_code == 400
    assert "paling banyak tujuh" in text(answer)
    assert not RecapForm.objects.exists()


def test_a_post_that_was_cut_off_is_not_taken_for_blank_boxes(play, parto):
    sent = body(columns(PARTS))
    del sent[box_name(key(PAMOTAN), "votes_2")]
    assert client_of(parto).post(address("recap-entry", play), sent).status_code == 400
    assert not RecapForm.objects.exists()


def test_pressed_twice_it_is_one_and_a_changed_page_gets_a_key_of_its_own(play, parto):
    client, sent = client_of(parto), body(columns(PARTS))
    client.post(address("recap-entry", play), sent)
    again = client.post(address("recap-entry", play), sent, follow=True)
    assert "Tidak ada yang ganda" in text(again)
    assert RecapForm.objects.count() == 1
    changed = client.post(address("recap-entry", play), body(columns(OTHER), uuid=sent["uuid"]))
    assert changed.status_code == 409
    assert sent["uuid"] not in text(changed)
    assert RecapForm.objects.count() == 1


def test_a_correction_begins_with_what_was_sent(play, parto):
    form = send(play, columns(PARTS), by=parto, photos=(recaps.photo(parto),))
    page = text(client_of(parto).get(address("recap-entry", play)))
    assert f'value="{form.uuid}"' in page
    assert 'value="4127"' in page
    kept = re.search(r'name="kept_photos" value="([^"]+)"', page)[1]
    sent = body(columns(OTHER), supersedes=str(form.uuid), kept_photos=kept)
    assert client_of(parto).post(address("recap-entry", play), sent).status_code == 302
    assert recaps.result(play).form.supersedes == form
    assert recaps.result(play).form.photo_names.count() == 1


@pytest.mark.parametrize(("phase", "word"), [(Phase.CLOSED, "sudah ditutup"), (Phase.PREPARATION, "belum dibuka")])
def test_outside_of_its_time_the_page_says_why(play, parto, phase, word):
    play.election.phase = phase
    play.election.save()
    for user in (parto, play.budi):
        assert word in text(client_of(user).get(address("recap-entry", play)))
        answer = client_of(user).post(address("recap-entry", play), body(columns(PARTS)))
        assert (answer.status_code, word in text(answer)) == (409, True)
    assert not RecapForm.objects.exists()


# Who sees what


@pytest.fixture
def sent(play, parto):
    """Malang's recap with a rival, its photo, and somebody in Lamongan and in another kecamatan."""
    form = send(play, columns(PARTS), by=parto, photos=(recaps.photo(parto),))
    send(play, columns(OTHER), by=play.budi)
    recaps.recap_witness(play, "lina", "35.24.01")
    recaps.recap_witness(play, "tono", "35.07.06")
    play.people["oper_l"] = cast.person("oper_l", "operator", "35.24")
    return form


@pytest.mark.parametrize("who", ["agus", "lina", "oper_l", "wati", "siti", "tono"])
def test_of_another_place_nothing_is_there(play, sent, who):
    client = client_of(play.people[who])
    sha256 = sent.photo_names.get().sha256
    for path in (
        address("recap", play), address("recap-entry", play), address("recap", play, "35.07"),
        reverse("recap-photo", args=[sent.uuid, sha256]), reverse("recap-reading", args=[sent.uuid]),
        "/rekap/pilkada-2020/?wilayah=35.07",
    ):  # fmt: skip
        for answer in (client.get(path), client.post(path, body(columns(OTHER)))):
            assert answer.status_code in (404, 405), path
    settled = client.post(address("recap-settle", play), {"pilihan": f"form:{sent.pk}", "seen": 2, "alasan": "x"})
    assert settled.status_code == 404
    assert (RecapForm.objects.count(), RecapDecision.objects.count()) == (2, 0)


def test_a_second_witness_of_the_kecamatan_sees_no_figures_of_the_first(play, sent):
    sari = recaps.recap_witness(play, "sari")
    page = text(client_of(sari).get(address("recap", play))) + text(client_of(sari).get(address("recap-entry", play)))
    assert [one for one in FIGURES if one in page] == []
    assert (
        client_of(sari).get(reverse("recap-photo", args=[sent.uuid, sent.photo_names.get().sha256])).status_code
        == 404
    )
    assert client_of(sari).post(address("recap-settle", play), {}).status_code == 403
    assert client_of(sari).get("/rekap/pilkada-2020/").status_code == 404


def test_an_operator_reads_photos_and_sees_no_figures(play, sent):
    client = client_of(play.oper)
    assert "D.Hasil Kec. Dampit" in text(client.get("/rekap/bacaan/"))
    pages = [client.get("/rekap/bacaan/"), client.get(reverse("recap-reading", args=[sent.uuid]))]
    assert [answer.status_code for answer in pages] == [200, 200]
    assert [one for one in FIGURES for answer in pages if one in text(answer)] == []
    assert "Parto" not in "".join(map(text, pages))
    photo = reverse("recap-photo", args=[sent.uuid, sent.photo_names.get().sha256])
    assert client.get(photo)["Content-Type"] == "image/jpeg"
    for path in (address("recap", play), address("recap-entry", play), "/rekap/pilkada-2020/"):
        assert client.get(path).status_code == 404
    assert client.post(reverse("recap-reading", args=[sent.uuid]), body(columns(PARTS))).status_code == 302
    # Read: the photo is no longer the operator's.
    assert client.get(photo).status_code == 404
    assert client.get(reverse("recap-reading", args=[sent.uuid])).url == "/rekap/bacaan/"


def test_who_only_reads_sees_it_and_may_not_enter_or_decide(play, sent):
    client = client_of(play.nasi)
    assert "7.846" in text(client.get(address("recap", play)))
    assert client.get(address("recap-entry", play)).status_code == 403
    assert client.post(address("recap-settle", play), {}).status_code == 403


def test_a_photo_that_was_only_named_is_shown_to_nobody(play, parto):
    page = recaps.photo(play.siti)
    form = send(play, columns(PARTS), by=parto)
    form.photo_names.create(sha256=page.sha256, page=1, brought_by=parto)
    assert client_of(play.budi).get(reverse("recap-photo", args=[form.uuid, page.sha256])).status_code == 404


# Beside the C1s


def test_the_difference_to_the_c1_stands_beside_each_pair_and_says_when_c1_are_missing(play, parto):
    reading.send(play, "pamotan_1", [90, 60, 20], by=play.budi)
    reading.send(play, "dampit_1", [40, 30, 10], by=play.siti)
    aggregation.drain()
    send(play, columns({SUKAMAJU: [100, 50, 25], PAMOTAN: [80, 70, 20]}), by=parto)
    page = text(client_of(play.budi).get(address("recap", play)))
    rows = {}
    for name, row in re.findall(
        r'<tr class="[^"]*"><th scope="row">([^<]+)(?:<small.*?)?</th>(.*?)</tr>', page, re.DOTALL
    ):
        cells = [re.sub("<[^>]+>", " ", cell) for cell in re.findall("<td.*?</td>", row, re.DOTALL)]
        rows[name] = [re.sub(r"\s+", " ", cell).strip() for cell in cells]
    assert rows["Kel. Pamotan"] == ["1 dari 1", "80", "90", "−10", "70", "60", "+10", "20", "20", "0", "Selisih"]
    assert rows["Desa Sukamaju"][:4] == ["1 dari 2", "100", "40", "+60"]
    assert rows["Desa Sukamaju"][-1] == "C1 belum lengkap"


# What is in


def test_the_list_says_what_is_in_and_what_is_missing(play, parto):
    send(play, columns(PARTS), by=parto)
    page = text(client_of(play.budi).get("/rekap/pilkada-2020/"))
    assert "1 dari 3 D.Hasil masuk" in page
    assert page.count("Belum masuk</span>") == 2
    province = text(client_of(play.dewi).get("/rekap/pilkada-2020/"))
    assert "1 dari 2" in province
    assert "0 dari 1" in province
    assert "1 dari 3 D.Hasil masuk" in text(client_of(play.dewi).get("/rekap/pilkada-2020/?wilayah=35.07"))


def test_the_kabupaten_is_entered_with_a_column_a_kecamatan(play):
    given = columns({DAMPIT: [30_000, 20_000, 10_000], "35.07.06": [3, 2, 1]}, "35.07")
    answer = client_of(play.budi).post(address("recap-entry", play, "35.07"), body(given))
    assert answer.status_code == 302
    assert recaps.result(play, "35.07").form.columns_by_region == given


# Settling


def test_a_coordinator_settles_once_and_an_old_page_changes_nothing(play, sent):
    seen = recaps.result(play).audit_seq
    choice = {"pilihan": f"form:{sent.pk}", "seen": seen, "tindakan": "tetapkan"}
    rina = client_of(play.rina)
    assert rina.post(address("recap-settle", play), choice | {"alasan": " "}).status_code == 400
    assert rina.post(address("recap-settle", play), {"alasan": "Cocok", "seen": seen}).status_code == 400
    assert rina.post(address("recap-settle", play), choice | {"alasan": "Cocok"}).status_code == 302
    late = client_of(play.dewi).post(address("recap-settle", play), choice | {"alasan": "Cocok"})
    assert (late.status_code, "sudah berubah sejak Anda membukanya" in text(late)) == (409, True)
    assert RecapDecision.objects.count() == 1
    assert (recaps.result(play).review, recaps.result(play).disputed) == (Review.VERIFIED, False)


def test_the_own_version_cannot_be_chosen_and_the_page_says_so(play, sent):
    mine = RecapForm.objects.get(submitted_by=play.budi)
    budi = client_of(play.budi)
    page = text(budi.get(address("recap", play)))
    assert re.search(rf'value="form:{mine.pk}" disabled', page)
    choice = {"pilihan": f"form:{mine.pk}", "seen": recaps.result(play).audit_seq, "alasan": "Punya saya"}
    assert budi.post(address("recap-settle", play), choice).status_code == 409
    assert not RecapDecision.objects.exists()


def test_what_the_second_reader_saw_can_be_chosen(play, parto):
    form = send(play, columns(PARTS), by=parto, photos=(recaps.photo(parto),))
    client_of(play.oper).post(reverse("recap-reading", args=[form.uuid]), body(columns(OTHER)))
    page = text(client_of(play.budi).get(address("recap", play)))
    assert "4.139" in page
    choice = {"pilihan": f"reading:{RecapReading.objects.get().pk}", "seen": recaps.result(play).audit_seq}
    client_of(play.budi).post(address("recap-settle", play), choice | {"alasan": "Angka 39"})
    assert recaps.result(play).form.columns_by_region[key(SUKAMAJU)].votes[1] == 4139
    own = text(client_of(parto).get(address("recap", play)))
    assert "Disimpan sebagai pembanding" in own


def test_an_unreadable_photo_needs_a_sentence(play, parto):
    form = send(play, columns(PARTS), by=parto, photos=(recaps.photo(parto),))
    path, client = reverse("recap-reading", args=[form.uuid]), client_of(play.oper)
    empty = {name: "" for name in body(columns(PARTS)) if name.startswith("k")}
    said = empty | {"uuid": str(uuid.uuid4()), "step": "unreadable"}
    assert client.post(path, said).status_code == 400
    assert client.post(path, said | {"alasan": "Halaman dua gelap"}).status_code == 302
    assert "Halaman dua gelap" in text(client_of(play.budi).get(address("recap", play)))


def test_a_reader_who_is_late_is_told_and_nothing_changes(play, parto):
    form = send(play, columns(PARTS), by=parto, photos=(recaps.photo(parto),))
    second_reading.read(form, form.columns_by_region, by=play.rina, uuid=uuid.uuid4())
    answer = client_of(play.oper).post(reverse("recap-reading", args=[form.uuid]), body(columns(OTHER)), follow=True)
    assert "sudah dibaca orang lain" in text(answer)
    assert RecapReading.objects.count() == 1
