"""Claims about the pages of expectations: who reads, who states, and files that are looked at before an import."""

import datetime as dt
import io
from decimal import Decimal

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from analytics.expectations import importing
from analytics.expectations.making import make_from_earlier
from analytics.models import Expectation, ExpectedShare, ImportDraft, Target
from tests import cast, earlier

SLUG = "pilkada-2020"
LIST = f"/harapan/{SLUG}/"
IMPORT = f"/harapan/{SLUG}/impor/"


def signed_in(user):
    client = Client()
    client.force_login(user)
    return client


def of(contest, what=""):
    return f"{LIST}{contest.pk}/{what}"


def upload(play, text, *, kind="harapan", contest=None, user=None, name="harapan.csv", **given):
    content = text if isinstance(text, bytes) else text.encode()
    contest = play.malang if contest is None else contest
    body = {"jenis": kind, "kontes": contest.pk if kind == "harapan" else "", "sumber": "Survei Oktober"} | given
    body["berkas"] = SimpleUploadedFile(name, content)
    return signed_in(user or play.dewi).post(IMPORT, body)


def looked_at(play, text, **given):
    """The draft of a file, from the page that shows it."""
    answer = upload(play, text, **given)
    assert answer.status_code == 302, answer.content.decode()
    page = signed_in(given.get("user") or play.dewi).get(answer.url)
    assert page.status_code == 200
    return ImportDraft.objects.get(uuid=answer.url.strip("/").rpartition("/")[2]), page.content.decode()


def reasons(draft):
    return [(line, column, value, reason) for line, column, value, reason in draft.problems]


# Who reads and who states


@pytest.mark.parametrize(("who", "status"), [("dewi", 200), ("nasi", 200), ("budi", 200), ("agus", 404)])
def test_a_contest_is_read_by_its_dpc_dpd_and_dpp(play, who, status):
    make_from_earlier(play.malang, earlier.held(play), by=play.dewi)
    page = signed_in(play.people[who]).get(of(play.malang))
    assert page.status_code == status
    assert ("52,5" in page.content.decode()) == (status == 200)


@pytest.mark.parametrize("who", ["siti", "oper"])
def test_witnesses_and_operators_find_nothing(play, who):
    client = signed_in(play.people[who])
    for address in (LIST, IMPORT, of(play.malang), of(play.malang, "buat/")):
        assert client.get(address).status_code == 404


@pytest.mark.parametrize("who", ["budi", "nasi"])
def test_who_only_reads_states_nothing(play, who):
    made = make_from_earlier(play.malang, earlier.held(play), by=play.dewi)
    client = signed_in(play.people[who])
    for address in (IMPORT, of(play.malang, "buat/")):
        assert client.get(address).status_code == 403
        assert client.post(address, {}).status_code == 403
    assert client.post(of(play.malang, "berlakukan/"), {"harapan": made.pk}).status_code == 403
    assert "Berlakukan" not in client.get(of(play.malang)).content.decode()
    assert Expectation.objects.count() == 1


def test_the_list_names_the_contests_of_the_reader_only(play):
    text = signed_in(play.budi).get(LIST).content.decode()
    assert ("Kabupaten Malang" in text, "Kabupaten Lamongan" in text) == (True, False)
    text = signed_in(play.dewi).get(LIST).content.decode()
    assert ("Kabupaten Malang" in text, "Kabupaten Lamongan" in text) == (True, True)


def test_the_list_costs_the_same_for_more_contests(play, django_assert_max_num_queries):
    election = earlier.held(play)
    client = signed_in(play.dewi)
    with django_assert_max_num_queries(14):
        client.get(LIST)
    for contest in (play.malang, play.lamongan):
        make_from_earlier(contest, election, by=play.dewi)
    with django_assert_max_num_queries(14):
        text = client.get(LIST).content.decode()
    assert text.count("<small>Dari pemilihan lalu") == 2


# Made from an earlier election


def test_an_earlier_election_is_chosen_looked_at_and_made(play):
    election = earlier.held(play)
    client = signed_in(play.dewi)
    key = f"{election.pk}-bupati"
    assert "Pilkada 2015" in client.get(of(play.malang, "buat/")).content.decode()
    text = client.get(of(play.malang, "buat/"), {"dari": key}).content.decode()
    assert "2 dari 2" in text
    assert "15,9 poin per kecamatan" in text
    assert Expectation.objects.count() == 0
    answer = client.post(of(play.malang, "buat/"), {"dari": key}, follow=True)
    assert "Harapan dibuat dan berlaku" in answer.content.decode()
    assert Expectation.objects.get().made_by == play.dewi
    # The button pressed twice.
    client.post(of(play.malang, "buat/"), {"dari": key})
    assert Expectation.objects.count() == 1


def test_the_table_has_a_row_a_kecamatan_with_share_margin_and_chance(play):
    made = make_from_earlier(play.malang, earlier.held(play), by=play.dewi)
    page = signed_in(play.budi).get(of(play.malang))
    rows = [(one.stated.region.name, round(one.stated.share, 4)) for one in page.context["places"]]
    whole = 420 / 800
    assert rows == [
        ("Dampit", round((270 + 200 * whole) / 800, 4)),
        ("Gedangan", round((150 + 200 * whole) / 400, 4)),
    ]
    assert "±" in page.content.decode()
    assert page.context["shown"] == made


def test_what_is_no_earlier_election_cannot_be_asked_for(play):
    later = earlier.held(play, slug="pilkada-2024", year=2024)
    client = signed_in(play.dewi)
    for key in (f"{later.pk}-bupati", "0-bupati", "p1", "x", ""):
        assert client.get(of(play.malang, "buat/"), {"dari": key}).status_code == 400
        assert client.post(of(play.malang, "buat/"), {"dari": key}).status_code == 400
    assert Expectation.objects.count() == 0


def test_the_spread_is_measured_from_an_older_one_only(play):
    election = earlier.held(play)
    asked = {"dari": f"{election.pk}-bupati", "ukur": election.pk}
    page = signed_in(play.dewi).get(of(play.malang, "buat/"), asked)
    assert page.status_code == 400
    assert "lebih lama" in page.content.decode()


def test_another_one_is_put_in_force_and_shown(play):
    old = make_from_earlier(play.malang, earlier.held(play), by=play.dewi)
    other = earlier.held(play, slug="pilkada-2010", year=2010, ours={"35.07": 2})
    make_from_earlier(play.malang, other, by=play.dewi)
    client = signed_in(play.dewi)
    assert "tidak berlaku" in client.get(of(play.malang), {"harapan": old.pk}).content.decode()
    client.post(of(play.malang, "berlakukan/"), {"harapan": old.pk})
    assert Expectation.objects.active().get() == old
    assert client.post(of(play.lamongan, "berlakukan/"), {"harapan": old.pk}).status_code == 404
    assert client.get(of(play.lamongan), {"harapan": old.pk}).status_code == 404
    assert client.post(of(play.malang, "berlakukan/"), {"harapan": "x"}).status_code == 404


# A file of expected shares

GOOD = """Kode wilayah;TPS;Nomor paslon;Bagian suara;Partisipasi;Selisih;Sebaran
35.07;;1;52,5%;61%;+5,0%;12%
35.07.05;;1;48%;;−4%;12%
35.07.05;;2;52%;;;
35.07.05.2001;1;1;0,6;;;
35.07.05.2001.002;;1;30%;;;
"""


def test_a_file_is_looked_at_and_nothing_is_written_before_it_is_imported(play):
    draft, text = looked_at(play, GOOD)
    assert (reasons(draft), len(draft.rows)) == ([], 5)
    assert "Impor 5 baris" in text
    assert Expectation.objects.count() == 0
    answer = signed_in(play.dewi).post(f"{IMPORT}{draft.uuid}/", follow=True)
    assert "5 baris diimpor" in answer.content.decode()
    made = Expectation.objects.get()
    assert (made.source, made.made_by, made.is_active, made.method) == ("Survei Oktober", play.dewi, True, "impor")
    rows = made.shares.order_by("pk").values_list(
        "region__code", "station", "pair__number", "share", "turnout", "margin", "margin_spread"
    )
    assert list(rows) == [
        ("35.07", None, 1, 0.525, 0.61, 0.05, 0.12),
        ("35.07.05", None, 1, 0.48, None, -0.04, 0.12),
        ("35.07.05", None, 2, 0.52, None, None, None),
        ("35.07.05.2001", play.stations["dampit_1"].pk, 1, 0.6, None, None, None),
        ("35.07.05.2001", play.stations["dampit_2"].pk, 1, 0.3, None, None, None),
    ]


def test_pressed_twice_it_is_imported_once(play):
    draft, _text = looked_at(play, GOOD)
    for _time in (1, 2):
        signed_in(play.dewi).post(f"{IMPORT}{draft.uuid}/")
    assert (Expectation.objects.count(), ExpectedShare.objects.count()) == (1, 5)
    draft.refresh_from_db()
    assert (draft.rows, draft.imported_rows, draft.expectation) == ([], 5, Expectation.objects.get())


def test_an_import_takes_the_place_of_what_was_in_force_which_stays(play):
    old = make_from_earlier(play.malang, earlier.held(play), by=play.dewi)
    draft, _text = looked_at(play, GOOD)
    importing.import_draft(draft, by=play.dewi)
    old.refresh_from_db()
    assert (old.is_active, old.shares.exists(), Expectation.objects.count()) == (False, True, 2)


def test_every_bad_row_is_named_with_its_reason(play):
    text = GOOD + (
        "99.99;;1;50%;;;\n"
        "35.24.01;;1;50%;;;\n"
        "35.07.06;;1;150%;;;\n"
        "35.07.06;;9;50%;;;\n"
        "35.07.05;;1;49%;;;\n"
        "35.07.05.2001;77;1;50%;;;\n"
        "35.07.06;;2;50%;;3%;4%\n"
        "35.07.06;;1;;;;\n"
        "35.07.06;;1;40%;;;3%\n"
        "35.07.06;;x;40%;;;\n"
        "35.07.05;;3;10%;;;\n"
        ";;1;40%;;;\n"
    )
    draft, page = looked_at(play, text)
    found = {line: reason for line, _column, _value, reason in reasons(draft)}
    assert found == {
        7: "kode tidak dikenal",
        8: "di luar kontes ini",
        9: "bagian di luar 0% sampai 100%",
        10: "paslon ini tidak ada di kontes",
        11: "tempat dan paslon ini sudah ada di baris 3",
        12: "TPS ini tidak ada di pemilihan ini",
        13: "selisih hanya untuk paslon usungan",
        14: "tidak ada bagian, partisipasi, atau selisih",
        15: "sebaran tanpa selisih",
        16: "bukan bilangan bulat. Tulis angka saja, tanpa titik, koma, atau spasi",
        17: "bagian semua paslon di tempat ini lebih dari 100%",
        18: "kosong",
    }
    assert all(reason in page for reason in found.values())
    assert ("12 baris tidak diimpor" in page, "Impor 5 baris" in page) == (True, True)


def test_source_and_date_may_stand_in_the_file_once_for_all(play):
    head = "region;pair;share;source;date\n"
    draft, _text = looked_at(play, head + "35.07;1;50%;Survei A;9/10/2020\n35.07.05;1;50%;;\n", sumber="")
    assert (draft.source, draft.stated_on, reasons(draft)) == ("Survei A", dt.date(2020, 10, 9), [])
    text = head + "35.07;1;50%;Survei A;2020-10-09\n35.07.05;1;50%;Survei B;2020-10-10\n"
    draft, _text = looked_at(play, text, sumber="")
    assert [row[3] for row in reasons(draft)] == [
        "sumber lain dari baris sebelumnya",
        "tanggal lain dari baris sebelumnya",
    ]
    answer = upload(play, "region;pair;share\n35.07;1;50%\n", sumber="")
    assert (answer.status_code, "Sumbernya belum disebut" in answer.content.decode()) == (400, True)


def test_an_excel_file_is_read_the_same(play):
    book = openpyxl.Workbook()
    for row in (("Kode", "Paslon", "Bagian"), ("35.07.05", 1, 0.48), ("35.07.06", 1, "51,5%")):
        book.active.append(row)
    content = io.BytesIO()
    book.save(content)
    draft, _text = looked_at(play, content.getvalue(), name="harapan.xlsx")
    assert [row[3] for row in draft.rows] == [0.48, 0.515]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"", "kosong"),
        (b"a;b;c\n1;2;3\n", "Kode wilayah, Nomor paslon"),
        (b"kode;paslon;bagian\n", "tidak memuat satu baris pun"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 old", "XLSX atau CSV"),
    ],
)
def test_what_is_no_table_is_refused_with_a_sentence(play, text, said):
    answer = upload(play, text)
    assert answer.status_code == 400
    assert said in answer.content.decode()
    assert ImportDraft.objects.count() == 0


def test_a_file_for_a_contest_elsewhere_is_not_taken(play):
    """A DPD of another provinsi; and a contest that is not the reader's."""
    User.objects.filter(pk=play.dewi.pk).update(region=cast.region("35.24"))
    play.dewi.refresh_from_db()
    assert upload(play, GOOD).status_code == 400
    assert ImportDraft.objects.count() == 0


def test_a_draft_is_its_makers_alone(play):
    draft, _text = looked_at(play, GOOD)
    other = cast.person("dini", "dpd", "35")
    client = signed_in(other)
    assert client.get(f"{IMPORT}{draft.uuid}/").status_code == 404
    assert client.post(f"{IMPORT}{draft.uuid}/").status_code == 404
    assert Expectation.objects.count() == 0


def test_what_was_looked_at_and_never_imported_goes(play):
    _first, _text = looked_at(play, GOOD)
    imported, _text = looked_at(play, GOOD)
    importing.import_draft(imported, by=play.dewi)
    ImportDraft.objects.update(made_at=timezone.now() - dt.timedelta(days=2))
    second, _text = looked_at(play, GOOD)
    assert set(ImportDraft.objects.all()) == {imported, second}


def test_what_names_something_that_is_gone_is_not_imported(play):
    """The target's contest was taken away between looking and importing."""
    rows = "kode;oleh;tanggal;sumber\n35.07;DPD;2020-10-14;Rapat\n"
    draft, _text = looked_at(play, rows, kind="target")
    draft.rows[0][0] = 10**9
    draft.save()
    answer = signed_in(play.dewi).post(f"{IMPORT}{draft.uuid}/", follow=True)
    assert "Unggah lagi" in answer.content.decode()
    assert (Target.objects.count(), ImportDraft.objects.get().imported_at) == (0, None)


def test_a_script_in_a_file_is_text(play):
    _draft, page = looked_at(play, "kode;paslon;bagian\n<script>alert(1)</script>;1;50%\n35.07;1;=1+1\n")
    assert "<script>alert" not in page
    assert "=1+1" in page


# A list of targets

TARGETS = """kode;bagian;dinyatakan oleh;tanggal;sumber
35.07;52%;DPD Jatim;2020-10-14;Rapat DPD
35.24;;DPD Jatim;14/10/2020;Rapat DPD
"""


def test_targets_are_imported_dated_and_the_old_ones_stay(play):
    old = Target.objects.create(
        contest=play.malang, stated_on=dt.date(2019, 12, 31), stated_by="DPP", source="Daftar 2019"
    )
    draft, text = looked_at(play, TARGETS, kind="target")
    assert ("Impor 2 baris" in text, Target.objects.count()) == (True, 1)
    signed_in(play.dewi).post(f"{IMPORT}{draft.uuid}/")
    said = (
        Target.objects.active()
        .order_by("contest__region__first")
        .values_list("contest", "expected_share", "stated_by", "stated_on", "source")
    )
    assert list(said) == [
        (play.malang.pk, Decimal("0.52"), "DPD Jatim", dt.date(2020, 10, 14), "Rapat DPD"),
        (play.lamongan.pk, None, "DPD Jatim", dt.date(2020, 10, 14), "Rapat DPD"),
    ]
    old.refresh_from_db()
    assert old.is_active is False


def test_the_same_list_again_changes_nothing(play):
    for _time in (1, 2):
        draft, _text = looked_at(play, TARGETS, kind="target")
        importing.import_draft(draft, by=play.dewi)
    assert Target.objects.count() == 2


def test_bad_targets_are_named(play):
    play.lamongan.pairs.update(usungan=False)
    text = TARGETS + ("35.07;50%;DPD;2020-10-14;Rapat\n35.07.05;50%;DPD;2020-10-14;Rapat\n35.24;50%;;2099-01-01;\n")
    draft, _page = looked_at(play, text, kind="target")
    assert [(row[0], row[3]) for row in reasons(draft)] == [
        (3, "tidak ada paslon usungan di kontes ini"),
        (4, "kontes ini sudah ada di baris 2"),
        (5, "tidak ada kontes di kode ini"),
        (6, "kosong"),
        (6, "kosong"),
        (6, "tanggal di masa depan"),
        (6, "tidak ada paslon usungan di kontes ini"),
    ]
    assert len(draft.rows) == 1


def test_a_target_outside_the_own_region_is_not_imported(play):
    User.objects.filter(pk=play.dewi.pk).update(region=cast.region("35.24"))
    play.dewi.refresh_from_db()
    draft, _page = looked_at(play, TARGETS, kind="target")
    assert [(row[0], row[3]) for row in reasons(draft)] == [(2, "di luar wilayah Anda")]
    importing.import_draft(draft, by=play.dewi)
    assert Target.objects.get().contest == play.lamongan


# The admin


def test_the_admin_shows_an_expectation_and_changes_nothing(play):
    User.objects.filter(pk=play.dewi.pk).update(is_staff=True)
    play.dewi.refresh_from_db()
    made = make_from_earlier(play.malang, earlier.held(play), by=play.dewi)
    client = signed_in(play.dewi)
    page = client.get(reverse("admin:analytics_expectation_change", args=[made.pk]))
    assert page.status_code == 200
    assert "Kabupaten Malang" in page.content.decode()
    assert client.post(reverse("admin:analytics_expectation_change", args=[made.pk]), {}).status_code == 403
    assert client.post(reverse("admin:analytics_expectation_delete", args=[made.pk])).status_code == 403
    assert client.get(reverse("admin:analytics_expectation_add")).status_code == 403
    boss = cast.person("boss", "dpp", "ID", is_staff=True, is_superuser=True)
    address = reverse("admin:analytics_expectation_delete", args=[made.pk])
    assert signed_in(boss).post(address).status_code == 403
