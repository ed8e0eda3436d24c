"""Claims about the big screen: whose links they are, what a screen shows to whom, and that an ended one is gone."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.core.cache import cache
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import Refusal, Role, User
from regions.models import Region
from tallies import intake, preparation
from tallies.models import Channel, Election, FormKind, Office, Phase, WallLink
from tallies.preparation import NewPair, NewStation
from tallies.totals import aggregation, rebuilding, reporting, wall_links
from tallies.views import wall
from tests.cast import person, region, submission

LINKS = "/layar/"
ADDRESS = re.compile(r"http://testserver(/layar/[\w-]{43}/)")


def as_(user):
    client = Client()
    client.force_login(user)
    return client


def link(play, code="35.07", *, by="budi", office=Office.REGENT, days=1, language="id", election=None):
    """The row of a new link, and its address."""
    row, token = wall_links.make(
        election or play.election,
        region(code),
        office,
        lasts=timedelta(days=days),
        language=language,
        by=play.people[by],
    )
    return row, f"/layar/{token}/"


def send(play, station, votes, by="siti"):
    intake.submit(submission(play, station, votes), by=play.people[by], channel=Channel.API)
    aggregation.drain()


def text(answer):
    return answer.content.decode()


def seen(answer):
    """What a person reads of a page: tags away, blanks made one."""
    body = re.sub(r"<template.*?</template>", "", text(answer), flags=re.S)
    return " ".join(re.sub(r"<[^>]+>", " ", body).split())


def asked(play, **changes):
    values = {"shows": f"{play.election.pk}-bupati", "name": "Aula", "days": "3", "language": "id"}
    return values | changes


# Links


def test_a_coordinator_makes_a_link_for_the_own_kabupaten_and_reads_it_once(play):
    client = as_(play.budi)
    page = client.post(reverse("wall-make"), asked(play))
    address = ADDRESS.search(text(page)).group(1)
    made = WallLink.objects.get()
    assert (made.region, made.office, made.made_by, made.name) == (region("35.07"), "bupati", play.budi, "Aula")
    assert made.expires_at - made.made_at == timedelta(days=3)
    token = address.split("/")[2]
    assert token not in str(WallLink.objects.values().get())
    assert token not in text(client.get(LINKS))
    assert "no-store" in page["Cache-Control"]
    assert Client().get(address).status_code == 200


@pytest.mark.parametrize(("who", "code"), [("dewi", "35"), ("nasi", "ID"), ("agus", "35.24")])
def test_everybody_with_figures_makes_links_for_the_own_region_and_no_other(play, who, code):
    as_(play.people[who]).post(reverse("wall-make"), asked(play) | {"region": "35.07"})
    assert WallLink.objects.get().region.code == code


@pytest.mark.parametrize(
    "changes",
    [
        {"shows": "1-bupati"},
        {"shows": "gubernur"},
        {"days": "3000"},
        {"days": "x"},
        {"language": "fr"},
        {"shows": ""},
    ],
)
def test_a_link_for_what_is_not_offered_is_not_made(play, changes):
    answer = as_(play.budi).post(reverse("wall-make"), asked(play, **changes))
    assert answer.status_code == 400
    assert not WallLink.objects.exists()


def test_a_closed_election_is_not_offered(play):
    Election.objects.update(phase=Phase.CLOSED)
    client = as_(play.budi)
    assert "Belum ada yang dapat diperlihatkan" in text(client.get(LINKS))
    assert client.post(reverse("wall-make"), asked(play)).status_code == 400


def test_a_name_with_a_script_is_shown_as_text(play):
    client = as_(play.budi)
    client.post(reverse("wall-make"), asked(play, name="<script>alert(1)</script>"))
    page = text(client.get(LINKS))
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert" not in page


def addresses(row):
    return {
        "list": ("get", LINKS),
        "make": ("post", reverse("wall-make")),
        "again": ("post", reverse("wall-make-again", args=[row.pk])),
        "revoke": ("post", reverse("wall-revoke", args=[row.pk])),
    }


@pytest.mark.parametrize("who", ["siti", "oper"])
def test_witnesses_and_operators_find_no_page_of_links(play, who):
    row, address = link(play)
    client = as_(play.people[who])
    for method, path in addresses(row).values():
        assert getattr(client, method)(path, asked(play)).status_code == 404
    assert Refusal.objects.filter(user=play.people[who], status=404).count() == 4
    assert list(WallLink.objects.all()) == [row]
    assert Client().get(address).status_code == 200


def test_who_is_not_signed_in_goes_to_the_door(play):
    row, _address = link(play)
    for method, path in addresses(row).values():
        assert getattr(Client(), method)(path).url == f"/masuk/?next={path}"
    assert list(WallLink.objects.filter(revoked_at=None)) == [row]


def test_the_link_of_another_kabupaten_is_not_there(play):
    row, address = link(play)
    theirs, _address = link(play, "35.24", by="agus")
    client = as_(play.agus)
    page = client.get(LINKS)
    assert [one for one, _may_end in page.context["links"]] == [theirs]
    assert "Malang" not in seen(page)
    for name in ("wall-revoke", "wall-make-again"):
        assert client.post(reverse(name, args=[row.pk])).status_code == 404
    assert Refusal.objects.filter(user=play.agus, status=404).count() == 2
    assert Client().get(address).status_code == 200
    assert WallLink.objects.count() == 2


def test_who_only_reads_ends_own_links_and_none_below(play):
    row, address = link(play)
    own, own_address = link(play, "ID", by="nasi")
    client = as_(play.nasi)
    assert [(one, may) for one, may in client.get(LINKS).context["links"]] == [(own, True), (row, False)]
    for name in ("wall-revoke", "wall-make-again"):
        assert client.post(reverse(name, args=[row.pk])).status_code == 403
    assert client.post(reverse("wall-revoke", args=[own.pk])).status_code == 302
    assert [Client().get(one).status_code for one in (address, own_address)] == [200, 410]


def test_the_dpd_ends_what_a_dpc_made(play):
    row, address = link(play)
    as_(play.dewi).post(reverse("wall-revoke", args=[row.pk]))
    assert Client().get(address).status_code == 410
    assert WallLink.objects.get().revoked_by == play.dewi


def test_a_link_is_revoked_once(play):
    row, _address = link(play)
    client = as_(play.budi)
    assert "langsung kosong" in text(client.post(reverse("wall-revoke", args=[row.pk]), follow=True))
    first = WallLink.objects.get().revoked_at
    assert "Tidak ada yang berubah" in text(as_(play.rina).post(reverse("wall-revoke", args=[row.pk]), follow=True))
    assert (WallLink.objects.get().revoked_at, WallLink.objects.get().revoked_by) == (first, play.budi)


def test_made_again_the_old_address_is_gone_and_the_new_one_shows_the_same(play):
    row, old = link(play, days=7, language="en")
    page = as_(play.rina).post(reverse("wall-make-again", args=[row.pk]))
    new = ADDRESS.search(text(page)).group(1)
    assert [Client().get(one).status_code for one in (old, new)] == [410, 200]
    again = WallLink.objects.exclude(pk=row.pk).get()
    assert (again.region, again.office, again.language, again.made_by) == (row.region, "bupati", "en", play.rina)
    assert again.lifetime == timedelta(days=7)


def test_the_list_costs_the_same_for_one_link_and_for_three(play):
    client = as_(play.budi)
    client.get(LINKS)  # the number beside the tab is counted once a minute
    counts = []
    for more in (1, 2):
        for _ in range(more):
            wall_links.revoke(link(play)[0], by=play.rina)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            client.get(LINKS)
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_a_list_of_many_is_bounded_and_goes_on(play, monkeypatch):
    made = [link(play)[0] for _ in range(5)]
    monkeypatch.setattr(wall_links, "PAGE", 2)
    client, found, url = as_(play.budi), [], LINKS
    while url:
        page = client.get(url)
        found += [one for one, _may_end in page.context["links"]]
        url = page.context["next_url"]
    assert found == made[::-1]
    for where in ("x", "-1", "9" * 30, "²"):
        assert len(client.get(LINKS, {"sebelum": where}).context["links"]) == 2


def test_the_database_holds_a_link_to_its_word(play):
    row, _address = link(play)
    for changes in ({"revoked_at": timezone.now()}, {"revoked_by": play.budi}, {"expires_at": row.made_at}):
        with pytest.raises(IntegrityError), transaction.atomic():
            WallLink.objects.filter(pk=row.pk).update(**changes)


# The screen


def test_a_screen_shows_the_numbers_of_the_report_and_their_frame(play):
    send(play, "dampit_1", [100, 80, 20])
    _row, address = link(play)
    page = seen(Client().get(address))
    line = reporting.contest_report(play.malang, region("35.07")).line
    assert [row.votes for row in line.pairs] == [100, 80, 20]
    for words in (
        "Kabupaten Malang Pemilihan Bupati Malang 2020",
        "Paslon 1 Sanusi-Didik usungan kita 100 suara 50,00%",
        "Paslon 3 Heri-Gunadi 20 suara 10,00%",
        "TPS masuk 1 dari 4",
        "Hasil sementara, bukan hasil resmi KPU",
        "dihitung pada",
        "Unggul per kecamatan, poin",
        "Dampit 33%",
    ):
        assert words in page


def test_a_screen_of_a_provinsi_shows_contests_and_never_adds_pairs_by_number(play):
    send(play, "dampit_1", [100, 80, 20])
    send(play, "babat_1", [70, 30], by="wati")
    _row, address = link(play, "35", by="dewi")
    page = seen(Client().get(address))
    for words in (
        "Jawa Timur Pilkada 2020",
        "Kontes yang diungguli 1 dari 2 Unggul 1 Tertinggal 1 Imbang 0 Belum dihitung 0",
        "Paslon usungan 43,33% 130 suara Paslon lain 56,67% 170 suara",
        "Kabupaten Malang Unggul 50,00% +10,0 1 dari 4",
        "Kabupaten Lamongan Tertinggal 30,00% −40,0 1 dari 2",
        "TPS masuk 2 dari 6",
    ):
        assert words in page


def test_a_screen_of_the_nation_is_there_too(play):
    _row, address = link(play, "ID", by="nasi")
    page = seen(Client().get(address))
    assert "Indonesia Pilkada 2020" in page
    assert "Belum dihitung 2" in page
    assert "TPS masuk 0 dari 6" in page


def test_a_screen_names_no_person_but_candidates_and_nothing_of_the_neighbour(play):
    send(play, "dampit_1", [100, 80, 20])
    send(play, "babat_1", [71, 29], by="wati")
    _row, address = link(play)
    for client in (Client(), as_(play.budi), as_(play.dewi)):
        page = text(client.get(address)).replace("Lathifah-Budi", "")  # a candidate
        names = {user.full_name for user in User.objects.all()} | {user.username for user in User.objects.all()}
        assert {name for name in names if re.search(rf"\b{name}\b", page)} == set()
        assert "Lamongan" not in page
        assert "TPS 001" not in page


def test_a_screen_is_the_same_for_everybody_and_makes_no_session(play):
    _row, address = link(play)
    clients = [Client(), as_(play.agus), as_(play.siti), as_(play.oper)]
    as_(play.agus).post("/bahasa/", {"language": "en"})
    answers = [client.get(address) for client in clients]
    strip = re.compile(r'data-seconds-left="\d+"')
    assert len({strip.sub("", text(answer)) for answer in answers}) == 1
    assert answers[0].cookies == {}
    assert "sessionid" not in clients[0].cookies
    assert "csrf" not in text(answers[0])


def test_a_screen_is_kept_by_nobody_and_names_its_address_to_nobody(play):
    _row, address = link(play)
    gone, gone_address = link(play)
    wall_links.revoke(gone, by=play.budi)
    for path in (address, f"{address}?isi", gone_address, f"{gone_address}?isi", "/layar/tidak-ada/"):
        answer = Client().get(path)
        assert answer["Referrer-Policy"] == "no-referrer"
        assert "noindex" in answer["X-Robots-Tag"]
        assert {"private", "no-store"} <= set(answer["Cache-Control"].replace(" ", "").split(","))
        assert answer.cookies == {}
    assert '<meta name="robots" content="noindex, nofollow">' in text(Client().get(address))


def test_the_address_is_in_no_log_and_no_record(play, caplog):
    _row, address = link(play)
    token = address.split("/")[2]
    caplog.set_level("DEBUG")
    client = as_(play.siti)
    client.get(address)
    client.get(f"/layar/{token[::-1]}/")
    assert token not in caplog.text
    assert token[::-1] not in caplog.text
    assert [one.path for one in Refusal.objects.all()] == ["/layar/***/"]


def test_only_reading_is_possible(play):
    _row, address = link(play)
    for method in ("post", "put", "delete", "patch"):
        assert getattr(Client(), method)(address).status_code == 405
    assert "<form" not in text(Client().get(address))
    assert re.findall(r"<a [^>]*href=\"([^\"]*)", text(Client().get(address))) == ["#content"]


def test_a_practice_is_banded_at_top_and_bottom(play):
    practice = Election.objects.create(
        name="Latihan", slug="latihan", date=play.election.date, phase=Phase.OPEN, form_kind=FormKind.SHORT,
        practice_of=play.election,
    )  # fmt: skip
    preparation.create_contest(practice, region("35.07"), Office.REGENT, [NewPair(1, "A", usungan=True)])
    preparation.add_stations(practice, [NewStation(region("35.07.05.2001").pk, 1, 150, 150)])
    rebuilding.rebuild(practice)
    _row, address = link(play, election=practice)
    assert text(Client().get(address)).count("LATIHAN. Angka ini tidak dihitung.") == 2
    assert "LATIHAN" not in text(Client().get(link(play)[1]))


def test_simulated_data_say_so(play):
    Election.objects.update(is_simulation=True)
    assert "Data simulasi" in seen(Client().get(link(play)[1]))


def test_a_screen_speaks_the_language_of_its_link(play):
    _row, address = link(play, language="en")
    answer = as_(play.budi).get(address)
    assert answer["Content-Language"] == "en"
    assert '<html lang="en">' in text(answer)
    assert "Provisional result" in text(answer) or "not the official" in text(answer)
    assert "Hasil sementara" not in text(answer)


def test_a_region_whose_contest_was_taken_back_says_so(play):
    _row, address = link(play, office=Office.GOVERNOR)
    assert "Tidak ada kontes di daerah ini" in seen(Client().get(address))


# The end


@pytest.mark.parametrize("part", ["", "?isi"])
def test_a_revoked_link_is_gone_at_once_although_its_numbers_are_kept(play, part):
    send(play, "dampit_1", [100, 80, 20])
    row, address = link(play)
    _other, other_address = link(play)
    etag = Client().get(address + part).headers.get("ETag", "")
    wall_links.revoke(row, by=play.budi)
    answer = Client().get(address + part, headers={"If-None-Match": etag})
    assert answer.status_code == 410
    assert "Layar ini sudah berakhir" in text(answer)
    assert not re.search(r"Malang|Sanusi|100|50,00", text(answer))
    assert Client().get(other_address).status_code == 200


@pytest.mark.parametrize("part", ["", "?isi"])
def test_an_expired_link_is_gone(play, part):
    _row, address = link(play, days=1)
    assert Client().get(address + part).status_code == 200
    with time_machine.travel(timezone.now() + timedelta(days=1, seconds=1), tick=False):
        assert Client().get(address + part).status_code == 410


@pytest.mark.parametrize("token", ["x", "0" * 43, "%00", "a" * 5000, "tautan%2F1"])
def test_an_address_that_was_never_made_is_not_found(play, token):
    link(play)
    answer = Client().get(f"/layar/{token}/")
    assert answer.status_code == 404
    assert "Malang" not in text(answer)


# Kept for a while


def test_ten_screens_read_the_numbers_once(play, monkeypatch):
    send(play, "dampit_1", [100, 80, 20])
    _row, address = link(play)
    read, real = [], wall._read
    monkeypatch.setattr(wall, "_read", lambda one: read.append(one) or real(one))
    Client().get(address)
    for _ in range(10):
        with CaptureQueriesContext(connection) as queries:
            assert Client().get(f"{address}?isi").status_code == 200
        # The link itself, so that a revoked one is gone at once.
        assert len(queries) == 1
    assert len(read) == 1


def test_a_new_form_is_shown_before_the_numbers_are_older_than_they_may_be(play, settings):
    settings.WALL_SECONDS = 15
    _row, address = link(play)
    start = timezone.now()
    with time_machine.travel(start, tick=False) as clock:
        before = Client().get(f"{address}?isi")
        send(play, "dampit_1", [100, 80, 20])
        assert text(Client().get(f"{address}?isi")) == text(before)
        clock.shift(15)
        after = Client().get(f"{address}?isi", headers={"If-None-Match": before["ETag"]})
    assert after.status_code == 200
    assert "TPS masuk 1 dari 4" in seen(after)


def test_while_one_screen_reads_anew_the_others_are_not_kept_waiting(play, settings):
    settings.WALL_SECONDS = 15
    row, address = link(play)
    start = timezone.now()
    with time_machine.travel(start, tick=False) as clock:
        Client().get(address)
        send(play, "dampit_1", [100, 80, 20])
        clock.shift(11)
        # Somebody has begun.
        cache.add(f"wall:{row.election_id}:{row.region_id}:bupati:id:reading", 1, timeout=5)
        assert "TPS masuk 0 dari 4" in seen(Client().get(f"{address}?isi"))
        clock.shift(5)
        assert "TPS masuk 1 dari 4" in seen(Client().get(f"{address}?isi"))


def test_nothing_new_is_said_with_a_304(play):
    _row, address = link(play)
    part = Client().get(f"{address}?isi")
    again = Client().get(f"{address}?isi", headers={"If-None-Match": part["ETag"]})
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", part["ETag"])
    assert part["ETag"] in text(Client().get(address)).replace("&quot;", '"')


def test_that_a_screen_is_on_is_written_once_a_minute(play):
    row, address = link(play)
    start = timezone.now()
    with time_machine.travel(start, tick=False) as clock:
        written = []
        for _ in range(3):
            Client().get(f"{address}?isi")
            written.append(WallLink.objects.get(pk=row.pk).last_seen_at)
            clock.shift(30)
    assert written == [start, start, start + timedelta(seconds=60)]
    assert "terakhir dibuka" in text(as_(play.budi).get(LINKS))


def test_the_way_is_there_for_who_makes_links_and_for_nobody_else(play):
    assert 'href="/kelola/"' in text(as_(play.nasi).get("/hasil/", follow=True))
    assert f'href="{LINKS}"' in text(as_(play.nasi).get("/kelola/"))
    assert 'href="/kelola/"' not in text(as_(play.siti).get("/saksi/?biasa"))
    assert f'href="{LINKS}"' not in text(as_(play.siti).get("/saksi/?biasa"))


def test_many_contests_cost_as_many_questions_as_few(db, play):
    """More contests in a provinsi: the same number of queries."""
    _row, address = link(play, "35", by="dewi")
    counts = []
    for more in (0, 2):
        for number in range(more):
            made = Region.objects.create(
                code=f"35.9{number}", name=f"Kabupaten Baru {number}", level=2, parent=region("35"),
                first=region("35").last, last=region("35").last,
            )  # fmt: skip
            preparation.create_contest(play.election, made, Office.REGENT, [NewPair(1, "A", usungan=True)])
        cache.clear()
        Client().get(address)
        cache.clear()
        with CaptureQueriesContext(connection) as queries:
            Client().get(address)
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_a_superuser_of_a_desa_sees_its_pairs(play):
    person("akar", Role.NATIONAL, "ID", is_superuser=True, is_staff=True)
    send(play, "dampit_1", [100, 80, 20])
    _row, address = link(play, "35.07.05.2001")
    page = seen(Client().get(address))
    assert "Desa Sukamaju Pemilihan Bupati Malang 2020" in page
    assert "TPS masuk 1 dari 2" in page
