"""Every page that is looked at in a real browser, and the stage on which something of every state stands.

The pages are looked at in tests/acceptance/test_pages_of_*.py, a file for those who see them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from uuid import uuid4

from django.test import Client
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import Role
from analytics.evidence import jobs as evidence_jobs
from analytics.evidence.subject import Subject
from analytics.expectations import importing
from analytics.expectations.making import make_from_earlier
from analytics.findings import acting, flood
from analytics.findings.acting import Seen as SeenVersion
from analytics.models import ElectionRules, EvidencePack, EvidenceState, Finding, Target
from analytics.off_target import refreshing
from analytics.projections import running as projections
from tallies import assigning, intake, photos, preparation
from tallies.count_room import error_reports, verification
from tallies.exports import jobs
from tallies.exports.tables import Filters
from tallies.master_data import importing as master_data
from tallies.models import (
    Assignment,
    C1Form,
    Channel,
    Contest,
    Election,
    FormKind,
    InboundSms,
    Office,
    OfficialImport,
    Phase,
    RecapResult,
    StationResult,
)
from tallies.official import importing as official_importing
from tallies.official import receiving, turns
from tallies.preparation import NewPair, NewStation
from tallies.sms import answering
from tallies.submission import PhotoName
from tallies.totals import aggregation, rebuilding, wall_links
from tallies.totals.places import place_for
from tallies.witnesses import invitations, messaging
from tests import cast, earlier, finding_makers, phones, recaps
from tests.browsing import (  # noqa: F401  fixtures
    DESKTOP,
    NARROWEST,
    PHONE,
    Overheard,
    Stage,
    committed_for_a_module,
    quick_and_quiet_for_a_module,
    stage_for_a_module,
)
from tests.looking import cut_off, small_targets, sticks_out, structure, violations, walk_by_tab
from tests.sending import picture

# The scene


def furnish(stage: Stage) -> None:
    """Something of every state: sent, asked, disputed, refused, practised, closed; a target that is missed."""
    play = stage.play
    play.budi.phone = "0812-0000-0001"
    play.budi.save()
    for name in ("tono", "gita", "baru", "lati", "lama", "awal", "pina"):
        play.people[name] = cast.person(name, Role.WITNESS)
    play.people["ppk"] = cast.person("ppk", Role.DISTRICT_WITNESS, "35.07.05")
    play.people["super"] = cast.person("super", Role.NATIONAL, "ID", is_staff=True, is_superuser=True)
    play.dewi.is_staff = True
    play.dewi.save()
    for station, witness in (("pamotan_1", "tono"), ("gedangan_1", "gita")):
        assigning.assign(play.stations[station], play.people[witness], by=play.dewi)
    phones.activated_phone(play.tono, by=play.budi)
    phones.link_for(play.joko, by=play.budi)
    photo, _is_new = photos.receive(picture(size=(1200, 1600)), by=play.siti)
    photos.process_waiting()
    objection, _is_new = photos.receive(picture(size=(1200, 1600), seed=7), by=play.siti)
    photos.process_waiting()
    named = (PhotoName(photo.pk, 1), PhotoName("0" * 64, 2), PhotoName(objection.pk, 1, "keberatan"))
    stage.send("dampit_1", [80, 100, 20], by="siti", photos=named, objection=True, note="Saksi lain tidak hadir.")
    c6 = invitations.Report(uuid4(), play.stations["dampit_1"].pk, 300, 280, 10, photos=(PhotoName(photo.pk, 1),))
    invitations.submit(c6, by=play.siti, channel=Channel.API)
    for text in ("Foto halaman 2 belum kami terima. Kirim lagi begitu ada sinyal.", "Terima kasih."):
        messaging.send(play.stations["dampit_1"], text, by=play.budi)
    stage.send("dampit_1", [80, 108, 20], by="joko")
    stage.send("pamotan_1", [90, 110, 20], by="tono", values={"valid_votes": 222})
    asked = stage.send("gedangan_1", [10, 20, 30], by="gita")
    verification.ask_for_fix(asked, by=play.budi, seen=1, reason="Foto halaman 2 tidak terbaca")
    stage.send("babat_1", [30, 100], by="wati")
    recaps.send(play, by=play.ppk, photos=(recaps.photo(play.ppk, seed=9),))
    recaps.send(play, recaps.columns({recaps.SUKAMAJU: [110, 50, 25], recaps.PAMOTAN: [80, 60, 20]}), by=play.rina)
    _reports(stage)
    left = assigning.assign(play.stations["gedangan_1"], cast.person("pergi", Role.WITNESS), by=play.dewi)
    assigning.revoke(left, by=play.dewi)
    late = cast.submission(play, "gedangan_1", [12, 20, 30], note="Sinyal baru ada.")
    intake.quarantine(late, by=left.witness)
    for contest, share in ((play.malang, "0.47"), (play.lamongan, None)):
        said = {"stated_on": dt.date(2020, 10, 14), "stated_by": "DPD Jatim", "source": "Rapat DPD"}
        Target.objects.create(contest=contest, expected_share=share, **said)
    make_from_earlier(play.malang, earlier.held(play, slug="pilkada-2010", year=2010), by=play.dewi)
    _other_election(stage, "latihan", FormKind.FULL, Phase.OPEN, "lati", practice_of=play.election)
    _other_election(stage, "pilkada-2025", FormKind.SHORT, Phase.PREPARATION, "awal")
    _other_election(stage, "pilkada-2015", FormKind.SHORT, Phase.CLOSED, "lama")
    play.siti.phone = "0812-0000-0002"
    play.siti.save()
    for number, text in enumerate(("C1 35.07.05.2001.002 142 98 40", "LATIHAN C1 1 2 3 4", "Halo")):
        answering.take_in(
            gateway="gw", gateway_id=str(number), sender="+6281200000002", text=text, arrived_at=timezone.now()
        )
    aggregation.drain()
    refreshing.refresh_changed()
    _findings(stage)


def _findings(stage: Stage) -> None:
    """One of each rule: suggested, in somebody's hands, answered with a file, waiting behind the others."""
    play, form = stage.play, stage.play.result("dampit_1").form
    suggested = [{"votes": {"1": 104}, "fields": {"valid_votes": 220}, "reason": "digit"}]
    gravity = {"D3": 4, "D4": 4, "D1": 3, "D2": 3, "H3": 3, "P1": 3, "H5": 1, "P3": 1, "T2": 1}
    for rule, numbers in finding_makers.NUMBERS.items():
        if rule != "W":
            finding_makers.write(
                play,
                rule,
                "" if rule in ("D3", "D4", "S3", "T1") else "dampit_1",
                numbers=numbers | {"forms": [form.pk]},
                suggestions=suggested if rule in ("H1", "E1") else (),
                severity=gravity.get(rule, 2),
            )
    for rule, act, files in (("H2", acting.explain, [finding_makers.PDF]), ("D3", acting.note, [picture(seed=8)])):
        one = finding_of(rule)
        seen_there = SeenVersion(one.version, one.events.get().pk)
        act(one, "Saksi dan ketua KPPS membenarkan angka itu.", seen=seen_there, by=play.budi, files=files)
    one = finding_of("S1")
    acting.assign(one, play.rina, seen=SeenVersion(one.version, one.events.get().pk), by=play.budi)
    ElectionRules.objects.update_or_create(election=play.election, defaults={"most_open": 9})
    flood.limit_open([play.malang.pk])
    projections.run_changed()


def _reports(stage: Stage) -> None:
    """An open report of two people, and one that was answered."""
    play = stage.play
    for station, who, kind, text in (
        ("dampit_1", "siti", "salah_ketik", "Halaman 2: paslon 2 tertulis 101, bukan 100."),
        ("dampit_1", "budi", "palsu", ""),
        ("pamotan_1", "budi", "buram", "Halaman 1 terpotong di bawah."),
    ):
        told = error_reports.tell(result(stage, station), kind, text, by=play.people[who])
    error_reports.close(told.entry.report, "Foto baru sudah diterima.", seen=told.entry.pk, by=play.rina)


def _other_election(stage: Stage, slug: str, kind: str, phase: str, witness: str, **facts: Any) -> None:
    election = Election.objects.create(
        name=slug.title(), slug=slug, date=dt.date(2015, 12, 9), phase=phase, form_kind=kind,
        party_name="Partai Kita", **facts,
    )  # fmt: skip
    pairs = [NewPair(1, "Contoh-Satu", usungan=True), NewPair(2, "Contoh-Dua")]
    preparation.create_contest(election, cast.region("35.07"), Office.REGENT, pairs)
    [made] = preparation.add_stations(election, [NewStation(cast.region("35.07.05.2001").pk, 1, 150, 150)])
    assigning.assign(made, stage.person(witness), by=stage.person("dewi"))
    stage.play.stations[f"{witness}'s"] = made
    rebuilding.rebuild(election)


def result(stage: Stage, station: str) -> StationResult:
    return stage.play.result(station)


def first_sms() -> InboundSms:
    return InboundSms.objects.earliest("pk")


def c1(stage: Stage, station: str) -> str:
    return f"/saksi/{result(stage, station).pk}/c1/"


def decide(stage: Stage, station: str) -> str:
    return f"/verifikasi/tps/{result(stage, station).pk}/"


def figures(page: Page, **values: Any) -> None:
    """Write into the boxes; what is not named is consistent."""
    for name, value in ({"votes_1": 100, "votes_2": 80, "votes_3": 20} | values).items():
        page.fill(f"[name={name}]", str(value))


# What is done before a page is looked at: by names and places, for the pictures do it in both languages


def wrong_password(stage: Stage, page: Page) -> None:
    page.fill("[name=username]", "siti")
    page.fill("[name=password]", "bukan ini")
    page.press("[name=password]", "Enter")
    expect(page.locator("#sign-in-error")).to_be_visible()


def locked_out(stage: Stage, page: Page) -> None:
    for _ in range(7):
        Client().post("/masuk/", {"username": "tono", "password": "bukan ini"})
    page.fill("[name=username]", "tono")
    page.fill("[name=password]", "bukan ini")
    page.press("[name=password]", "Enter")
    expect(page.locator("[name=password]")).to_have_count(0)
    expect(page.locator("h1")).to_be_visible()


def check_with_questions(stage: Stage, page: Page) -> None:
    figures(page, voters_total=205, valid_votes=210, invalid_votes=5)
    page.click("button.button--main")
    expect(page.locator("button.button--main[value=send]")).to_be_visible()
    assert page.locator(".alert--ask .alert__actions").count() >= 1


def unreadable(stage: Stage, page: Page) -> None:
    page.fill("[name=votes_1]", "1O5")
    page.click("button.button--main")
    expect(page.locator(".alert--failed")).to_be_visible()


def revoked_meanwhile(stage: Stage, page: Page) -> None:
    mine = Assignment.objects.active().get(witness=stage.person("joko"))
    figures(page, voters_total=205, valid_votes=200, invalid_votes=5)
    assigning.revoke(mine, by=stage.person("dewi"))
    page.click("button.button--main")
    expect(page.locator(".alert--failed")).to_be_visible()
    assigning.assign(mine.station, stage.person("joko"), by=stage.person("dewi"))


def c6(stage: Stage, station: str) -> str:
    return f"/saksi/{stage.play.stations[station].pk}/c6/"


def invitations_asked(stage: Stage, page: Page) -> None:
    for name, figure in (("received", 300), ("handed_out", 280), ("not_delivered", 10)):
        page.fill(f"[name={name}]", str(figure))
    page.click("button.button--main")
    expect(page.locator("#pertanyaan")).to_be_visible()


def refuse_without_reason(stage: Stage, page: Page) -> None:
    refusal = page.locator("details:has([name=tindakan][value=tolak])")
    refusal.locator("summary").click()
    page.click("details[open] button.button--refuse")
    expect(page.locator(".field__error").first).to_be_visible()


def open_folds(stage: Stage, page: Page) -> None:
    for fold in page.locator("main details").all():
        if fold.get_attribute("open") is None:
            fold.locator("summary").click()


def prepared(stage: Stage, who: str, *, run: bool) -> str:
    """A long table, waiting or written."""
    person = stage.person(who)
    job = jobs.ask(place_for(person, "pilkada-2020", "35.07", office=""), "tps", Filters(), "csv", rows=4, by=person)
    if run:
        jobs.run_waiting()
    return f"/unduh/berkas/{job.uuid}/"


def evidence(stage: Stage, who: str, code: str, *, run: bool) -> str:
    """A pack, waiting or made; once, however often it is looked at."""
    subject, person = Subject(stage.play.malang, cast.region(code)), stage.person(who)
    ready = EvidencePack.objects.filter(made_by=person, region=subject.region, state=EvidenceState.READY)
    pack = (ready.first() if run else None) or evidence_jobs.ask(subject, by=person, origin=stage.url)
    if run and not pack.is_ready:
        evidence_jobs.make_waiting()
    return f"/analisis/bukti/paket/{pack.uuid}/"


def link_of(stage: Stage) -> str:
    return phones.link_for(stage.person("pina"), by=stage.person("budi"))


def two_pins(stage: Stage, page: Page) -> None:
    page.fill("[name=pin]", "123456")
    page.fill("[name=again]", phones.PIN)
    page.click("button.button--main")
    expect(page.locator(".field__error")).to_be_visible()


def activate(stage: Stage, page: Page) -> None:
    page.fill("[name=pin]", phones.PIN)
    page.fill("[name=again]", phones.PIN)
    page.click("button.button--main")
    page.wait_for_url("**/saksi/**")
    page.goto("/saksi/?biasa")  # and not on to the page that works without a network


def sign_out(stage: Stage, page: Page) -> None:
    activate(stage, page)
    page.click("form[action='/keluar/'] button")
    expect(page.locator("[name=pin]")).to_be_visible()


def guess(stage: Stage, page: Page) -> None:
    sign_out(stage, page)
    for _ in range(5):
        page.fill("[name=pin]", phones.OTHER_PIN)
        page.press("[name=pin]", "Enter")
        expect(page.locator(".field__error")).to_be_visible()
    expect(page.locator(".alert--failed")).to_be_visible()


def change_pin(stage: Stage, page: Page) -> None:
    activate(stage, page)
    page.click("a[href='/pin/ganti/']")
    expect(page.locator("[name=old_pin]")).to_be_visible()


def make_token(stage: Stage, page: Page) -> None:
    page.fill("[name=name]", "lembar kerja rapat")
    page.click("main button.button--main")
    expect(page.locator(".export-hash code")).to_be_visible()


def make_link(stage: Stage, page: Page) -> None:
    page.click("form[action$='/tautan/'] button >> nth=0")
    expect(page.locator(".link-sheet__qr")).to_be_visible()


def assigning_of(stage: Stage) -> str:
    return f"/penugasan/pilkada-2020/35.07.05.1002/?tps={stage.play.stations['pamotan_1'].pk}&cari=si"


def error_report(stage: Stage, station: str) -> str:
    return f"/laporan/tps/{result(stage, station).pk}/"


def missing_signature(stage: Stage, page: Page) -> None:
    stage.send("dampit_2", [10, 20, 30], by="siti")
    page.reload()
    page.check("[name=kind][value=tanda_tangan]")
    page.click("main button.button--main")
    expect(page.locator(".alert--ask")).to_be_visible()


def wall_of(stage: Stage, code: str, slug: str = "pilkada-2020") -> str:
    election = Election.objects.get(slug=slug)
    lasts = dt.timedelta(days=1)
    _link, token = wall_links.make(
        election, cast.region(code), Office.REGENT, lasts=lasts, language="id", name="Aula", by=stage.person("dewi")
    )
    return f"/layar/{token}/"


def wall_is_made(stage: Stage, page: Page) -> None:
    wall_of(stage, "35.07")
    page.reload()
    expect(page.locator(".wall-links__actions").first).to_be_visible()


def make_wall_link(stage: Stage, page: Page) -> None:
    page.click(".wall-links button.button--main")
    expect(page.locator(".wall-links__url")).to_be_visible()


def finding_of(rule: str) -> Finding:
    return Finding.objects.get(rule=rule)


def answer_without_reason(stage: Stage, page: Page) -> None:
    page.click("button[value=jelaskan]")
    expect(page.locator("#act-error")).to_be_visible()


def contest_2015() -> Contest:
    return Contest.objects.get(election__slug="pilkada-2015")


def expectation_to_be_made(stage: Stage) -> str:
    election = Election.objects.get(slug="pilkada-2010")
    return f"/harapan/pilkada-2020/{stage.play.malang.pk}/buat/?dari={election.pk}-bupati"


def looked_at_file(stage: Stage) -> str:
    text = "kode;paslon;bagian;selisih;sebaran\n35.07;1;52%;4%;12%\n35.07.05.2001.001;1;48%;;\n99.99;1;150%;;\n"
    return _looked_at(stage, text, kind="harapan", contest=stage.play.malang)


def looked_at_targets(stage: Stage) -> str:
    text = "kode;bagian;oleh;tanggal;sumber\n35.07;52%;DPD;2020-10-14;Rapat\n35.99;52%;DPD;2020-10-14;Rapat\n"
    return _looked_at(stage, text, kind="target", contest=None)


def _looked_at(stage: Stage, text: str, *, kind: str, contest: Contest | None) -> str:
    dewi = stage.person("dewi")
    file = BytesIO(text.encode())
    draft = importing.look_at(
        file, "harapan.csv", stage.play.election, kind=kind, contest=contest, source="Survei", within=dewi.scope,
        by=dewi,
    )  # fmt: skip
    return f"/harapan/pilkada-2020/impor/{draft.uuid}/"


@dataclass(frozen=True)
class Seen:
    """A page as one person sees it; ``address`` may ask the stage, ``before`` acts on the page first."""

    name: str
    who: str | None
    address: str | Callable[[Stage], str]
    before: Callable[[Stage, Page], None] | None = None
    status: int = 200

    def __str__(self) -> str:
        return self.name


def recap(stage: Stage, contest: str = "") -> str:
    """The page of Dampit's D.Hasil, of the election itself or of that which is closed."""
    slug = "pilkada-2015" if contest else "pilkada-2020"
    held = Contest.objects.get(election__slug=slug, region__code="35.07")
    return f"/rekap/kontes/{held.pk}/35.07.05/"


def recap_asked(stage: Stage, page: Page) -> None:
    page.locator("input[data-row=votes_1]:visible").first.fill("999")
    page.locator("button[value=check]:not(.visually-hidden)").click()
    expect(page.locator(".alert--ask").first).to_be_visible()


OFFICIAL = "35.07.05.2001;1;81;100;20;201;5\n35.07.05.2001;2;1.234;1;1;;\n35.24.01.2001;1;1;1;1;;\n"


def official(stage: Stage, header: str, *, then: Callable[[OfficialImport], Any] = turns.run) -> str:
    """The page of a file of official figures that budi brought."""
    malang = stage.play.malang
    moment = dt.datetime(2020, 12, 15, 3, tzinfo=dt.UTC)
    said = receiving.Statement(stage.play.election, malang.office, malang, malang.region, "KPU Malang", moment)
    file = BytesIO(f"{header}\n{OFFICIAL}".encode())
    one = receiving.receive(file, "rekap.csv", said, by=stage.person("budi"))
    then(one)
    return f"/impor/resmi/{one.uuid}/"


def master(stage: Stage, header: str) -> str:
    """The page of a file of TPS that budi brought: a new one, one under a form, one that is wrong."""
    text = f"{header}\n35.07.05.2001;91;150;151\n35.07.05.2001;1;150;152\n35.07.05.2001;2;1.234;1\n"
    one = master_data.receive(
        BytesIO(text.encode()), "dpt.csv", kind="tps", election=stage.play.election,
        region=cast.region("35.07"), by=stage.person("budi"),
    )  # fmt: skip
    master_data.run(one)
    return f"/impor/{one.uuid}/"


def import_it(one: OfficialImport) -> None:
    turns.run(one)
    official_importing.confirm(one, by=one.imported_by)
    turns.run(one)


KNOWN = "kode desa;tps;1;2;3;sah;tidak sah"
PAGES = [
    Seen("sign-in", None, "/masuk/"),
    Seen("sign-in refused", None, "/masuk/", wrong_password),
    Seen("sign-in locked", None, "/masuk/", locked_out),
    Seen("activation", None, link_of),
    Seen("activation, PIN refused", None, link_of, two_pins),
    Seen("activation, not to be used", None, "/aktivasi/tidak-ada/", status=404),
    Seen("PIN", "pina", link_of, sign_out),
    Seen("PIN, waiting", "pina", link_of, guess),
    Seen("new PIN", "pina", link_of, change_pin),
    Seen("witness home", "siti", "/saksi/?biasa"),
    Seen("witness home, wrong station", "tono", lambda s: f"/saksi/?biasa&salah={s.play.stations['pamotan_1'].pk}"),
    Seen("witness home, came back", "gita", "/saksi/?biasa"),
    Seen("witness home, no station", "baru", "/saksi/?biasa"),
    Seen("witness home, practice", "lati", "/saksi/?biasa"),
    Seen("witness home, closed", "lama", "/saksi/?biasa"),
    Seen("C1 short", "siti", lambda s: c1(s, "dampit_2")),
    Seen("C1 full", "lati", lambda s: c1(s, "lati's"), open_folds),
    Seen("C1 correction", "siti", lambda s: c1(s, "dampit_1")),
    Seen("C1 unreadable", "siti", lambda s: c1(s, "dampit_2"), unreadable),
    Seen("C1 asked", "siti", lambda s: c1(s, "dampit_2"), check_with_questions),
    Seen("C1 refused", "joko", lambda s: c1(s, "dampit_1"), revoked_meanwhile),
    Seen("witness home, before the vote", "awal", "/saksi/?biasa"),
    Seen("C6", "awal", lambda s: c6(s, "awal's")),
    Seen("C6 asked", "awal", lambda s: c6(s, "awal's"), invitations_asked),
    Seen("C6 correction", "siti", lambda s: c6(s, "dampit_1")),
    Seen("C6 closed", "lama", lambda s: c6(s, "lama's")),
    Seen("C1 closed", "lama", lambda s: c1(s, "lama's")),
    Seen("receipt", "siti", lambda s: f"/saksi/kiriman/{C1Form.objects.get(submitted_by=s.person('siti')).uuid}/"),
    Seen("elections", "budi", "/hasil/"),
    Seen("nation", "nasi", "/hasil/pilkada-2020/ID/"),
    Seen("province", "dewi", "/hasil/pilkada-2020/35/"),
    Seen("kabupaten", "budi", "/hasil/pilkada-2020/35.07/"),
    Seen("kecamatan", "budi", "/hasil/pilkada-2020/35.07.05/"),
    Seen("desa", "budi", "/hasil/pilkada-2020/35.07.05.2001/"),
    Seen("arrivals", "budi", "/hasil/pilkada-2020/35.07/kedatangan/"),
    Seen("arrivals, none yet", "budi", "/hasil/latihan/35.07/kedatangan/"),
    Seen("region without a contest", "agus", "/hasil/latihan/35.24/", status=404),
    Seen("practice results", "budi", "/hasil/latihan/35.07/"),
    Seen("station", "budi", lambda s: f"/hasil/pilkada-2020/tps/{result(s, 'dampit_1').pk}/"),
    Seen("station not in", "budi", lambda s: f"/hasil/pilkada-2020/tps/{result(s, 'dampit_2').pk}/"),
    Seen("downloads", "budi", "/unduh/pilkada-2020/35.07/"),
    Seen("download under way", "budi", lambda s: prepared(s, "budi", run=False)),
    Seen("download ready", "rina", lambda s: prepared(s, "rina", run=True)),
    Seen("official import", "budi", lambda s: official(s, KNOWN), open_folds),
    Seen("official import, columns", "budi", lambda s: official(s, "a;b;c;d;e;f;g")),
    Seen("official import under way", "budi", lambda s: official(s, KNOWN, then=lambda one: None)),
    Seen("official import done", "budi", lambda s: official(s, KNOWN, then=import_it)),
    Seen("official imports", "budi", "/impor/resmi/"),
    Seen("imports", "budi", "/impor/"),
    Seen("import of stations", "budi", lambda s: master(s, "desa;tps;l;p"), open_folds),
    Seen("import of stations, columns", "budi", lambda s: master(s, "a;b;c;d")),
    Seen("station with official figures", "budi", lambda s: f"/hasil/pilkada-2020/tps/{result(s, 'dampit_1').pk}/"),
    Seen("queue", "budi", "/verifikasi/pilkada-2020/"),
    Seen("quarantine", "budi", "/verifikasi/pilkada-2020/karantina/"),
    Seen("quarantine, nothing there", "agus", "/verifikasi/pilkada-2020/karantina/"),
    Seen("queue, nothing there", "budi", "/verifikasi/pilkada-2020/?saring=ditolak"),
    Seen("decide between two", "budi", lambda s: decide(s, "dampit_1"), open_folds),
    Seen("decide one", "budi", lambda s: decide(s, "pamotan_1")),
    Seen("decide with a correction", "budi", lambda s: decide(s, "pamotan_1") + "?perbaiki=1"),
    Seen("decide without the reason", "budi", lambda s: decide(s, "pamotan_1"), refuse_without_reason),
    Seen("decide, reading only", "nasi", lambda s: decide(s, "dampit_1")),
    Seen("silent", "budi", "/belum-masuk/pilkada-2020/"),
    Seen("silent, nobody found", "budi", "/belum-masuk/pilkada-2020/?hasil=nomor_salah"),
    Seen("silent, reading only", "nasi", "/belum-masuk/pilkada-2020/"),
    Seen("paper, which station", "oper", "/belum-masuk/pilkada-2020/kertas/?kode=35.07"),
    Seen("paper", "budi", lambda s: f"/belum-masuk/tps/{result(s, 'dampit_2').pk}/kertas/"),
    Seen("paper, in already", "budi", lambda s: f"/belum-masuk/tps/{result(s, 'dampit_1').pk}/kertas/"),
    Seen("recap, own", "ppk", lambda s: recap(s)),
    Seen("recap, entry on a phone", "ppk", lambda s: recap(s) + "isi/", recap_asked),
    Seen("recap, entry", "budi", lambda s: recap(s) + "isi/?perbaiki", recap_asked),
    Seen("recap, closed", "budi", lambda s: recap(s, "lama") + "isi/"),
    Seen("recap", "budi", lambda s: recap(s)),
    Seen("recaps of a kabupaten", "budi", "/rekap/pilkada-2020/"),
    Seen("recaps of a province", "dewi", "/rekap/pilkada-2020/"),
    Seen("recaps to read", "oper", "/rekap/bacaan/"),
    Seen("recap, second reading", "oper", lambda s: f"/rekap/bacaan/{RecapResult.objects.get().form.uuid}/"),
    Seen("roster", "budi", "/penugasan/pilkada-2020/35.07.05.2001/"),
    Seen("roster, somebody is assigned", "budi", assigning_of),
    Seen("roster, provinsi", "dewi", "/penugasan/pilkada-2020/35/"),
    Seen("roster, reserves", "budi", "/penugasan/pilkada-2020/35.07.05/cadangan/?cari=si"),
    Seen("roster, saksi PPK", "budi", "/penugasan/pilkada-2020/35.07/saksi-ppk/"),
    Seen("roster, operators", "budi", "/penugasan/pilkada-2020/35.07/operator/"),
    Seen("phones of witnesses", "budi", "/penugasan/aktivasi/"),
    Seen("phones of witnesses, nobody found", "dewi", "/penugasan/aktivasi/?cari=tidak+ada"),
    Seen("activation link", "budi", "/penugasan/aktivasi/?keadaan=tanpa", make_link),
    Seen("lost phone", "budi", lambda s: f"/penugasan/aktivasi/{s.person('tono').pk}/hilang/"),
    Seen("error report", "siti", lambda s: error_report(s, "dampit_1")),
    Seen("error report, signature", "siti", lambda s: error_report(s, "dampit_2"), missing_signature),
    Seen("error report of a coordinator", "budi", lambda s: error_report(s, "pamotan_1")),
    Seen("error reports", "budi", "/verifikasi/pilkada-2020/laporan/", open_folds),
    Seen("error reports, closed", "budi", "/verifikasi/pilkada-2020/laporan/?saring=ditutup"),
    Seen("big screens", "budi", "/layar/", wall_is_made),
    Seen("big screen link", "budi", "/layar/", make_wall_link),
    Seen("big screen kabupaten", None, lambda s: wall_of(s, "35.07")),
    Seen("big screen provinsi", None, lambda s: wall_of(s, "35")),
    Seen("big screen practice", None, lambda s: wall_of(s, "35.07", "latihan")),
    Seen("big screen ended", None, "/layar/tidak-ada/", status=404),
    Seen("targets", "dewi", "/analisis/pilkada-2020/target/"),
    Seen("expectations", "dewi", "/harapan/pilkada-2020/"),
    Seen("expectations of a contest", "dewi", lambda s: f"/harapan/pilkada-2020/{s.play.malang.pk}/"),
    Seen("expectations, reading only", "budi", lambda s: f"/harapan/pilkada-2020/{s.play.malang.pk}/"),
    Seen("expectation, nothing earlier", "dewi", lambda s: f"/harapan/pilkada-2015/{contest_2015().pk}/buat/"),
    Seen("expectation to be made", "dewi", expectation_to_be_made),
    Seen("expectation import", "dewi", "/harapan/pilkada-2020/impor/"),
    Seen("expectation looked at", "dewi", looked_at_file),
    Seen("targets looked at", "dewi", looked_at_targets),
    Seen("lost desa", "budi", lambda s: f"/analisis/pilkada-2020/target/{s.play.malang.pk}/35.07.05.2001/"),
    Seen("finding", "dewi", lambda s: f"/analisis/temuan/{Finding.objects.filter(rule='W')[0].pk}/"),
    Seen("findings", "budi", "/analisis/pilkada-2020/temuan/"),
    Seen("findings, one beside", "budi", lambda s: f"/analisis/pilkada-2020/temuan/?temuan={finding_of('H1').pk}"),
    Seen("findings, nothing there", "agus", "/analisis/pilkada-2020/temuan/?jenis=S"),
    Seen("finding of a rule", "budi", lambda s: f"/analisis/temuan/{finding_of('D3').pk}/"),
    Seen(
        "finding without a reason",
        "rina",
        lambda s: f"/analisis/temuan/{finding_of('S1').pk}/",
        answer_without_reason,
    ),
    Seen("finding, reading only", "nasi", lambda s: f"/analisis/temuan/{finding_of('E2').pk}/"),
    Seen("projection", "budi", "/analisis/pilkada-2020/35.07/proyeksi/"),
    Seen("projection, none yet", "budi", "/analisis/latihan/35.07/proyeksi/"),
    Seen("information", "budi", "/analisis/pilkada-2020/35.07/keterangan/"),
    Seen("evidence, offered", "budi", "/analisis/bukti/pilkada-2020/35.07.05/"),
    Seen("evidence, waiting", "rina", lambda s: evidence(s, "rina", "35.07.06", run=False)),
    Seen("evidence, ready", "budi", lambda s: evidence(s, "budi", "35.07.05", run=True)),
    Seen("evidence, packs", "budi", "/analisis/bukti/"),
    Seen("new password", "budi", "/sandi/"),
    Seen("account", "budi", "/akun/"),
    Seen("second factor set up", "budi", "/akun/langkah-kedua/pasang/"),
    Seen("account of a person", "dewi", lambda s: f"/akun/orang/{s.play.budi.pk}/"),
    Seen("tokens", "budi", "/akun/token/"),
    Seen("token made", "rina", "/akun/token/", make_token),
    Seen("recap, home", "ppk", "/"),
    Seen("count room, several elections", "oper", "/"),
    Seen("count room, no second reading", "oper", "/kamar-hitung/pilkada-2020/"),
    Seen("count room, practice", "oper", "/kamar-hitung/latihan/"),
    Seen("own readings, none", "oper", "/kamar-hitung/pilkada-2020/saya/"),
    Seen("components", "super", "/komponen/"),
    Seen("standing of a kabupaten", "budi", "/analisis/pilkada-2020/35.07/pantauan/"),
    Seen("standing of the nation", "nasi", "/analisis/pilkada-2020/ID/pantauan/"),
    Seen("desks", "budi", "/kelola/"),
    Seen("elections and phases", "budi", "/pemilihan/"),
    Seen("phases", "dewi", "/pemilihan/pilkada-2020/", open_folds),
    Seen("phases of practice", "dewi", "/pemilihan/latihan/", open_folds),
    Seen("trail", "dewi", "/jejak/"),
    Seen("trail, nothing fits", "dewi", "/jejak/?orang=tidak+ada"),
    Seen("not found", "budi", "/hasil/pilkada-2020/99.99/", status=404),
    Seen("forbidden", "budi", lambda s: c1(s, "dampit_1"), status=403),
]

ADMIN = [
    Seen("admin", "dewi", "/admin/"),
    Seen("admin list", "dewi", "/admin/tallies/pollingstation/"),
    Seen("admin list with filters", "super", "/admin/accounts/user/"),
    Seen("admin form", "dewi", lambda s: f"/admin/tallies/contest/{s.play.malang.pk}/change/"),
    Seen("admin new person", "dewi", "/admin/accounts/user/add/"),
    Seen("admin assignment", "dewi", "/admin/tallies/assignment/add/"),
    Seen("admin sms list", "dewi", "/admin/tallies/inboundsms/"),
    Seen("admin sms", "dewi", lambda s: f"/admin/tallies/inboundsms/{first_sms().pk}/change/"),
]


#: Who looks: strangers and witnesses, coordinators; everybody else is staff.
WITNESSES = {None, "siti", "tono", "gita", "baru", "lati", "lama", "awal", "pina", "joko"}
COORDINATORS = {"budi", "rina"}
OF_WITNESSES = [page for page in PAGES if page.who in WITNESSES]
OF_COORDINATORS = [page for page in PAGES if page.who in COORDINATORS]
OF_STAFF = [page for page in PAGES if page.who not in WITNESSES | COORDINATORS]


@contextmanager
def opened(stage: Stage, seen: Seen) -> Iterator[tuple[Page, Overheard]]:
    page = stage.page(seen.who)
    overheard = Overheard(page)
    try:
        answer = page.goto(seen.address(stage) if callable(seen.address) else seen.address)
        assert answer is not None
        assert answer.status == seen.status
        if seen.before:
            seen.before(stage, page)
        yield page, overheard
    finally:
        page.close()


def resize(page: Page, width: int, height: int) -> None:
    page.set_viewport_size({"width": width, "height": height})


def wrong_with(stage: Stage, seen: Seen) -> list[str]:
    """What axe, the keyboard and three widths find wrong with a page."""
    with opened(stage, seen) as (page, overheard):
        is_phone = page.locator("body.phone").count() == 1
        found = structure(page) + violations(page) + cut_off(page) + small_targets(page, controls=32, links=24)
        if not is_phone:
            found += walk_by_tab(page)
        resize(page, *PHONE)
        found += violations(page) + small_targets(page, controls=44, links=44) + sticks_out(page)
        if is_phone:
            found += walk_by_tab(page)
        resize(page, NARROWEST, PHONE[1])
        found += sticks_out(page) + overheard.lines
    return found
