"""Claims about letters of mandate: one valid one an assignment, a link told once, a killed run that is continued."""

import io
import re
import zipfile
from threading import Thread

import pypdfium2
import pytest
import time_machine
import zxingcpp
from django.contrib.sessions.backends.db import SessionStore
from django.db import IntegrityError, connections, transaction
from django.urls import reverse
from django.utils import timezone

from accounts import activation
from accounts.models import Activation, AdministrativeEvent, Device, Refusal, Role
from regions.models import Region
from tallies import assigning, ending_mandates, preparation
from tallies.mandates import issuing, jobs
from tallies.models import Assignment, Mandate, MandateBatch, MandateFile, MandateState, PageFormat, Phase, Printed
from tallies.preparation import NewStation
from tests.cast import person, region

ORIGIN = "https://saksi.example.id"


class Killed(BaseException):
    """As kill -9: no code of ours runs after it."""


@pytest.fixture
def budi(play, client):
    client.force_login(play.budi)
    return client


def printed(play, code="35.07", *, by=None, run=True, **wanted):
    """Letters of a region, made."""
    batch = jobs.ask(play.election, region(code), by=by or play.budi, origin=ORIGIN, **wanted)
    if run:
        jobs.run_waiting()
        batch.refresh_from_db()
    return batch


def pages(data):
    """(text, the addresses of the QR codes) of each page."""
    paper = pypdfium2.PdfDocument(data)
    found = []
    for page in paper:
        picture = page.render(scale=3).to_pil()
        codes = [one.text for one in zxingcpp.read_barcodes(picture)]
        found.append((page.get_textpage().get_text_bounded(), sorted(codes)))
    return found


def pages_of(batch):
    found = []
    for file in batch.files.order_by("region__first"):
        with jobs.store().open(file.stored_name) as stream:
            found += pages(stream.read())
    return found


def token_in(address):
    return re.fullmatch(rf"{re.escape(ORIGIN)}/aktivasi/([^/]+)/", address.replace("http://testserver", ORIGIN))[1]


def events(action):
    return AdministrativeEvent.objects.filter(action=action)


# Issuing


def test_each_assignment_gets_a_letter_with_its_number_and_a_link_that_activates(play, client):
    batch = printed(play)
    assert (batch.state, batch.letters_done) == (MandateState.READY, 3)
    letters = list(Mandate.objects.order_by("seq"))
    assert [one.number for one in letters] == [f"{n:04d}/SM/35.07/2020" for n in (1, 2, 3)]
    assert {one.name for one in letters} == {"Siti", "Joko"}
    assert events("mandate issued").count() == 3
    assert "aktivasi" not in str(list(AdministrativeEvent.objects.values_list("content", flat=True)))
    found = pages_of(batch)
    for letter, (text, codes) in zip(letters, found, strict=True):
        station = letter.assignment.station
        for words in (letter.number, letter.name, station.title, "Sukamaju", "Dampit", "Kabupaten Malang"):
            assert words in text
        for words in ("Partai Kita", "Pemilihan Bupati Malang 2020", "Rabu, 9 Desember 2020", "Ketua", "Sekretaris"):
            assert words in text
        assert "LATIHAN" not in text
        [code] = codes
        assert activation.find(token_in(code)).user == letter.assignment.witness
        assert activation.find(token_in(code)) == letter.activation
    # Siti guards two stations: one link, on both letters.
    assert len({code for _text, [code] in found}) == 2
    first = token_in(found[0][1][0])
    who = activation.find(first).user
    answer = client.post(reverse("activate", args=[first]), {"pin": "739154", "again": "739154"})
    assert answer.status_code == 302
    assert Device.objects.active().get().user == who


def test_four_letters_of_a6_lie_on_one_sheet(play):
    for number in range(10, 12):
        [station] = preparation.add_stations(play.election, [NewStation(region("35.07.05.2001").pk, number, 1, 1)])
        assigning.assign(station, person(f"saksi{number}", Role.WITNESS), by=play.dewi)
    found = pages_of(printed(play, page_format=PageFormat.A6))
    assert [len(codes) for _text, codes in found] == [4, 1]
    assert all(activation.find(token_in(code)) for _text, codes in found for code in codes)


def test_each_kecamatan_is_a_file_and_each_kabupaten_counts_for_itself(play):
    assigning.assign(play.stations["gedangan_1"], play.joko, by=play.dewi)
    batch = printed(play)
    assert [one.region.name for one in batch.files.all()] == ["Dampit", "Gedangan"]
    printed(play, "35.24", by=play.agus)
    numbers = sorted(Mandate.objects.values_list("number", flat=True))
    assert numbers == sorted([*(f"{n:04d}/SM/35.07/2020" for n in (1, 2, 3, 4)), "0001/SM/35.24/2020"])
    # Joko's link stands on the first letter; the one in the other kecamatan says so, and ends nothing.
    other = Mandate.objects.get(assignment__station=play.stations["gedangan_1"])
    assert other.activation is None
    assert Activation.objects.usable().filter(user=play.joko).exists()
    text, [code] = pages_of(batch)[-1]
    assert "nomor=0004" in code
    assert "Tautan aktivasi ada di surat" in text.replace("\r\n", " ")


def test_a_practice_says_so_on_the_letter_and_in_its_number(play):
    play.election.practice_of = type(play.election).objects.create(
        name="Asli", slug="asli", date=play.election.date, phase=Phase.PREPARATION
    )
    play.election.save()
    text = pages_of(printed(play))[0][0]
    assert text.count("LATIHAN. Surat ini tidak berlaku di TPS.") == 2
    assert Mandate.objects.earliest("seq").number == "0001/SM-LATIHAN/35.07/2020"


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("=HYPERLINK(1)", "=HYPERLINK(1)"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("{nb}", "{nb}"),
        ("Ni Luh Ayu **Dewi** Pṛthivī", "Ni Luh Ayu **Dewi** Prthivi"),
        ("A" * 120, "A" * 40),
    ],
)
def test_a_name_stands_on_the_letter_as_text_whatever_is_in_it(play, budi, name, written):
    play.siti.full_name = play.joko.full_name = name
    play.siti.save()
    play.joko.save()
    text = pages_of(printed(play))[0][0]
    assert written in text.replace("\r\n", "" if len(name) > 100 else " ")
    assert ("disalin ke huruf Latin" in text) == ("ṛ" in name)
    page = budi.get(reverse("mandate-list")).content.decode()
    assert "<script>alert" not in page


# Printing again


def test_what_has_a_letter_gets_none_again_unless_asked_for(play):
    printed(play)
    assert printed(play).problem == "kosong"
    assert Mandate.objects.count() == 3


def test_printing_all_again_replaces_each_letter_and_ends_its_link_and_leaves_active_phones_alone(play, rf):
    before = pages_of(printed(play))
    siti = next(token_in(code) for text, [code] in before if "Siti" in text)
    joko = next(token_in(code) for text, [code] in before if "Joko" in text)
    _activated(siti, rf)
    again = printed(play, printed=Printed.ALL)
    assert again.letters_done == 3
    assert Mandate.objects.valid().count() == 3
    assert all(one.replaces and one.replaces.reason for one in Mandate.objects.valid())
    assert activation.find(joko) is None
    assert Device.objects.active().get().user == play.siti
    found = pages_of(again)
    for text, [code] in found:
        if "Siti" in text:
            assert "nomor=" in code
            assert "sudah aktif" in text
        else:
            assert activation.find(token_in(code)).user == play.joko
    assert events("mandate replaced").count() == 3


def _activated(token, rf):
    request = rf.post("/")
    request.session = SessionStore()
    activation.activate(token, "739154", request)


# Ending


def test_revoking_an_assignment_ends_its_letter_in_the_same_transaction(play):
    printed(play)
    mandate = Mandate.objects.get(assignment__witness=play.joko)
    assigning.revoke(mandate.assignment, by=play.budi)
    mandate.refresh_from_db()
    assert (mandate.is_valid, mandate.revoked_by, mandate.reason) == (False, play.budi, "Penugasan dicabut")
    assert not Activation.objects.usable().filter(user=play.joko).exists()
    assert events("mandate revoked").count() == 1


def test_a_link_on_two_letters_lives_until_both_have_ended(play):
    printed(play)
    one, two = Mandate.objects.filter(assignment__witness=play.siti).select_related("assignment__station__region")
    ending_mandates.end([one], by=play.budi, reason="hilang")
    assert Activation.objects.usable().filter(user=play.siti).exists()
    ending_mandates.end([two], by=play.budi, reason="hilang")
    assert not Activation.objects.usable().filter(user=play.siti).exists()


def test_an_assignment_has_one_valid_letter_in_the_database(play):
    printed(play)
    one = Mandate.objects.first()
    one.pk, one.seq = None, 99
    with pytest.raises(IntegrityError), transaction.atomic():
        one.save()


# Killed, twice, at once


def test_a_run_killed_before_its_letters_are_valid_is_begun_anew_under_the_same_numbers(play, monkeypatch):
    batch = printed(play, run=False)

    def killed(*_args):
        raise Killed

    with monkeypatch.context() as broken:
        broken.setattr(issuing, "_issue", killed)
        with pytest.raises(Killed):
            jobs.run_waiting()
    assert Mandate.objects.count() == Activation.objects.count() == 0
    file = MandateFile.objects.get()
    assert (file.sha256, jobs.store().exists(file.stored_name)) == ("", True)  # a paper whose links open nothing
    [dead] = pages(jobs.store().open(file.stored_name).read())[0][1]
    assert activation.find(token_in(dead)) is None
    assert jobs.run_waiting() == 0  # claimed still
    with time_machine.travel(timezone.now() + timezone.timedelta(seconds=issuing.CLAIM_SECONDS + 1)):
        assert jobs.run_waiting() == 1
        assert [one.seq for one in Mandate.objects.order_by("seq")] == [1, 2, 3]
        assert not jobs.store().exists(file.stored_name)
        assert all(activation.find(token_in(code)) for _text, [code] in pages_of(batch))


def test_a_run_killed_between_two_kecamatan_goes_on_with_the_second(play, monkeypatch):
    assigning.assign(play.stations["gedangan_1"], play.joko, by=play.dewi)
    batch = printed(play, run=False)
    whole, made = issuing.make_file, []

    def once(*args):
        if made:
            raise Killed
        made.append(whole(*args))
        return made[0]

    with monkeypatch.context() as broken:
        broken.setattr(issuing, "make_file", once)
        with pytest.raises(Killed):
            jobs.run_waiting()
    first = MandateFile.objects.exclude(sha256="").get()
    links = set(Activation.objects.usable().values_list("pk", flat=True))
    with time_machine.travel(timezone.now() + timezone.timedelta(seconds=issuing.CLAIM_SECONDS + 1)):
        assert jobs.run_waiting() == 1
    batch.refresh_from_db()
    assert (batch.state, batch.letters_done) == (MandateState.READY, 4)
    assert MandateFile.objects.get(pk=first.pk).sha256 == first.sha256
    assert links <= set(Activation.objects.usable().values_list("pk", flat=True))


def test_who_is_revoked_while_the_paper_is_written_gets_no_letter(play, monkeypatch):
    batch = printed(play, run=False)
    write, turns = issuing.paper.write, []

    def revoked_meanwhile(*args):
        write(*args)
        if not turns:
            assigning.revoke(play.joko.assignments.get(), by=play.budi)
        turns.append(1)

    monkeypatch.setattr(issuing.paper, "write", revoked_meanwhile)
    jobs.run_waiting()
    batch.refresh_from_db()
    assert (len(turns), batch.letters_done) == (2, 2)
    assert not Mandate.objects.filter(assignment__witness=play.joko).exists()
    assert not any("Joko" in text for text, _codes in pages_of(batch))


def test_a_run_that_lost_its_claim_makes_nothing_valid(play, monkeypatch):
    batch = printed(play, run=False)
    write = issuing.paper.write

    def overtaken(*args):
        write(*args)
        MandateBatch.objects.update(claim=batch.uuid)

    monkeypatch.setattr(issuing.paper, "write", overtaken)
    jobs.run_waiting()
    assert Mandate.objects.count() == Activation.objects.count() == 0


def test_two_batches_over_the_same_witnesses_at_once_make_one_letter_each(committed_play):
    play = committed_play
    for by, code in ((play.budi, "35.07"), (play.rina, "35.07.05")):
        jobs.ask(play.election, region(code), by=by, origin=ORIGIN)

    def run():
        jobs.run_waiting()
        connections.close_all()

    threads = [Thread(target=run) for _ in range(2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert Mandate.objects.valid().count() == Mandate.objects.count() == 3
    assert Activation.objects.open().count() == 2


def test_pressed_twice_it_is_one_batch(play):
    assert printed(play, run=False) == printed(play, run=False)


# The pages


def test_a_region_is_chosen_printed_fetched_and_written_down(play, budi):
    page = budi.get(reverse("mandates"), {"wilayah": "35.07.05"}).content.decode()
    assert "Cetak surat di Kec. Dampit" in page
    answer = budi.post(f"{reverse('mandates')}?wilayah=35.07.05", {"ukuran": "a6", "surat": "belum"})
    batch = MandateBatch.objects.get()
    assert answer.url == reverse("mandate-batch", args=[batch.uuid])
    assert "Menunggu giliran." in budi.get(answer.url).content.decode()
    jobs.run_waiting()
    assert "3 surat siap." in budi.get(answer.url).content.decode()
    address = reverse("mandate-file", args=[batch.uuid, "35.07.05"])
    budi.head(address)
    assert events("mandates downloaded").count() == 0
    got = budi.get(address)
    assert got["Cache-Control"] == "private, no-store"
    assert len(pages(b"".join(got.streaming_content))) == 1
    packed = budi.get(reverse("mandate-files", args=[batch.uuid]))
    [name] = zipfile.ZipFile(io.BytesIO(b"".join(packed.streaming_content))).namelist()
    assert name == "surat-mandat-pilkada-2020-35-07-05-dampit.pdf"
    assert events("mandates downloaded").count() == 2
    budi.post(reverse("mandate-batch-remove", args=[batch.uuid]))
    assert budi.get(address).status_code == 404
    assert Mandate.objects.valid().count() == 3


def test_the_file_is_its_makers_alone_and_gone_after_a_day(play, client):
    batch = printed(play)
    addresses = [
        reverse("mandate-batch", args=[batch.uuid]),
        reverse("mandate-file", args=[batch.uuid, "35.07.05"]),
        reverse("mandate-files", args=[batch.uuid]),
    ]
    for who in (play.rina, play.agus, play.dewi, play.nasi, play.siti, play.oper):
        client.force_login(who)
        assert [client.get(one).status_code for one in addresses] == [404, 404, 404], who
    client.force_login(play.budi)
    with time_machine.travel(batch.expires_at):
        client.force_login(play.budi)
        assert [client.get(one).status_code for one in addresses[1:]] == [404, 404]
        assert jobs.remove_expired() == 1
    assert not jobs.store().exists(batch.files.get().stored_name)


def test_who_moved_away_gets_neither_letters_nor_file(play, client):
    batch = printed(play, run=False)
    play.budi.region = region("35.24")
    play.budi.save()
    jobs.run_waiting()
    batch.refresh_from_db()
    assert batch.problem == "hak"
    assert Mandate.objects.count() == 0


@pytest.mark.parametrize(("who", "status"), [("siti", 404), ("oper", 404), ("nasi", 403), ("agus", 200)])
def test_who_may_come_to_the_pages(play, client, who, status):
    client.force_login(play.people[who])
    assert client.get(reverse("mandates")).status_code == status
    assert client.get(reverse("mandate-list")).status_code == status


def test_a_coordinator_of_another_kabupaten_finds_no_letter_and_may_end_none(play, client):
    printed(play)
    mandate = Mandate.objects.first()
    client.force_login(play.agus)
    assert client.get(reverse("mandate", args=[mandate.pk])).status_code == 404
    for name in ("mandate-revoke", "mandate-replace"):
        assert client.post(reverse(name, args=[mandate.pk]), {"cabut-reason": "x"}).status_code == 404
    assert mandate.name not in client.get(reverse("mandate-list"), {"cari": mandate.number}).content.decode()
    page = client.get(reverse("mandate-check"), {"nomor": mandate.number}).content.decode()
    assert "tidak ditemukan" in page
    assert mandate.name not in page
    assert client.post(f"{reverse('mandates')}?wilayah=35.07").status_code == 302
    assert MandateBatch.objects.latest("pk").region == region("35.24")  # an unknown place is the own one
    assert Refusal.objects.filter(user=play.agus).count() == 3


def test_a_number_is_looked_up_however_it_is_typed(play, budi):
    printed(play)
    check = reverse("mandate-check")
    assert "Surat 0001/SM/35.07/2020 berlaku." in budi.get(check, {"nomor": " 1/sm/35.07/2020"}).content.decode()
    assert "bukan nomor surat" in budi.get(check, {"nomor": "tujuh\0"}).content.decode()
    assert "tidak ditemukan" in budi.get(check, {"nomor": "9999/SM/35.07/2020"}).content.decode()
    mandate = Mandate.objects.get(seq=1)
    budi.post(reverse("mandate-revoke", args=[mandate.pk]), {"cabut-reason": "Mengundurkan diri"})
    page = budi.get(check, {"nomor": mandate.number}).content.decode()
    assert "sudah dicabut" in page
    assert "Mengundurkan diri" in page


def test_one_letter_is_replaced_with_a_new_link_and_the_old_number_says_by_which(play, budi):
    before = pages_of(printed(play))
    mandate = Mandate.objects.get(assignment__witness=play.joko)
    old = next(token_in(code) for text, [code] in before if "Joko" in text)
    answer = budi.post(
        reverse("mandate-replace", args=[mandate.pk]), {"ganti-reason": "Hilang", "ganti-page_format": "a4"}
    )
    assert activation.find(old)  # until the new letter is ready the old one is valid
    jobs.run_waiting()
    assert "1 surat siap." in budi.get(answer.url).content.decode()
    assert activation.find(old) is None
    batch = MandateBatch.objects.latest("pk")
    [(text, [code])] = pages_of(batch)
    assert activation.find(token_in(code)).user == play.joko
    assert "0004/SM/35.07/2020" in text
    mandate.refresh_from_db()
    assert mandate.reason == "Hilang"
    page = budi.get(reverse("mandate-check"), {"nomor": mandate.number}).content.decode()
    assert "Diganti surat 0004/SM/35.07/2020" in page
    again = budi.post(reverse("mandate-replace", args=[mandate.pk]), {"ganti-reason": "x", "ganti-page_format": "a4"})
    assert again.url == reverse("mandate", args=[mandate.pk])  # it has ended: nothing is printed
    assert budi.post(reverse("mandate-revoke", args=[mandate.pk]), {"cabut-reason": ""}).status_code == 400


def test_a_province_chooses_a_kabupaten_first(play, client):
    client.force_login(play.dewi)
    page = client.get(reverse("mandates")).content.decode()
    assert "Pilih wilayahnya di atas" in page
    assert "Kabupaten Lamongan" in page
    assert client.post(reverse("mandates")).status_code == 403
    client.post(f"{reverse('mandates')}?wilayah=35.24")
    assert MandateBatch.objects.get().region == Region.objects.get(code="35.24")


def test_letters_end_with_the_assignments_that_are_revoked_together(play):
    printed(play)
    ended = list(Mandate.objects.valid().select_related("assignment__station__region"))
    assert assigning.revoke_all([one.assignment for one in ended], by=play.budi) == len(ended) > 1
    assert not Mandate.objects.valid().exists()
    assert not Activation.objects.open().exists()
    assert events("mandate revoked").count() == len(ended)


def test_a_letter_of_somebody_who_also_guards_elsewhere_carries_no_link(play):
    assigning.assign(play.stations["gedangan_1"], play.wati, by=play.budi)
    printed(play)
    assert Mandate.objects.valid().get(assignment__witness=play.wati).activation is None
    assert not Activation.objects.filter(user=play.wati).exists()


def test_a_link_that_no_letter_carries_ends_with_the_last_assignment(play):
    """Who kept it could open the work that another kabupaten gave the person afterwards."""
    token = activation.issue(play.siti, by=play.budi)
    first, second = Assignment.objects.active().filter(witness=play.siti).order_by("pk")
    assigning.revoke(first, by=play.budi)
    assert activation.find(token) is not None
    assigning.revoke(second, by=play.budi)
    assert activation.find(token) is None
