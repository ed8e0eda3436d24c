"""What belongs to Malang, asked for by those whom it is none of: every address of the count room, with real keys.

The list of addresses is the resolver's own. One that is not named here, with the
keys that would lead to Malang's data, fails the first test. The same walk is made with a key and with none in
test_another_kabupaten_by_key.py, and where it may be seen in test_own_kabupaten.py.
"""

from __future__ import annotations

import datetime as dt
import io
import re
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.apps import apps
from django.test import Client
from django.urls import get_resolver, reverse
from django.urls.resolvers import URLResolver
from django.utils import timezone

from accounts import api_tokens
from accounts.models import AdministrativeEvent, ApiToken, EventChain, Refusal, Role, RunningSession
from analytics.evidence import jobs as evidence_jobs
from analytics.evidence.subject import Subject
from analytics.expectations import importing
from analytics.findings import acting
from analytics.findings.acting import Seen
from analytics.models import EvidenceDownload, EvidencePack, Expectation, FindingAttachment, ImportDraft
from analytics.models import Finding as RuleFinding
from tallies import assigning, intake, photos, preparation
from tallies.archive import pack_jobs
from tallies.count_room import error_reports
from tallies.exports import jobs
from tallies.exports.tables import Filters
from tallies.importing import confirming
from tallies.mandates import jobs as mandate_jobs
from tallies.master_data import importing as master_data
from tallies.models import (
    ArchivePack,
    Assignment,
    C1Form,
    Channel,
    ContactOutcome,
    ErrorReport,
    ExportJob,
    Finding,
    Mandate,
    MandateBatch,
    MasterImport,
    Office,
    OfficialFigure,
    OfficialImport,
    QuarantinedForm,
    ReadingClaim,
    RecapForm,
    RecapResult,
    Reminder,
    Reserve,
    Shift,
    StationResult,
    WallLink,
)
from tallies.official import importing as official_importing
from tallies.official import receiving, turns
from tallies.preparation import NewStation
from tallies.roster import reserves, shifts
from tallies.silent import calling, paper, reminding
from tallies.submission import PhotoName
from tallies.totals import aggregation, rebuilding, wall_links
from tallies.totals.places import place_for
from tallies.witnesses import invitations, messaging
from tests import cast, finding_makers, reading, recaps
from tests.reading import read_all_twice
from tests.sending import form_body, picture

SLUG = "pilkada-2020"
#: Figures that stand nowhere else by chance.
VOTES, RIVAL, SEEN, PAPER = [4127, 1379, 2683], [4139, 1373, 2687], [4157, 1381, 2689], [3719, 1487, 2657]
RECAP = [31847, 24371, 17389]
WORDS = {
    "name": "Sitisari", "coordinator": "Budihardjo", "operator": "Operatama", "note": "Saksi lain pulang awal",
    "remark": "Lampiran kosong melompong", "report": "Halaman dua terlipat", "answer": "Foto pengganti datang",
    "message": "Pindai ulang sampulnya", "call": "Suaminya mengangkat", "wall": "Aula Kepanjen",
    "token": "papan-rapat-kita", "reminder": "Segera kabari posko", "late": "Sinyal kembali subuh",
    "recap": "Kotak suara basah", "source": "Pleno Kepanjen",
    "finding": "Berita acara menyusul",
    "survey": "Survei Kanjuruhan",
}  # fmt: skip
#: Known to who guards a TPS of Malang, and to nobody of Lamongan.
PUBLIC = ("Sanusi-Didik", "Lathifah-Budi", "Heri-Gunadi", "Kabupaten Malang", "Dampit", "Pamotan", "Gedangan")
PHONES = ("0812-7766-5544", "081277665544", "6281277665544")

#: Addresses that hold nothing of a kabupaten, or ask for a secret that only its owner has.
ELSEWHERE = {
    "home", "sign-in", "sign-out", "new-password", "activate", "pin", "change-pin", "set-language", "phone",
    "sign-in-code", "second-factor", "second-factor-set-up", "recovery-file",
    "master-import-template",
    "phone-worker", "phone-manifest", "party-css", "sms-inbound", "api-schema", "components", "targets",
    "finding",
    "evidence-verifier",
}  # fmt: skip


@dataclass(frozen=True)
class Ask:
    """One request: the parts of the address, its query, and what a POST sends."""

    parts: dict[str, Any] = field(default_factory=dict)
    query: dict[str, Any] = field(default_factory=dict)
    body: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Malang:
    """Keys of everything there is to find."""

    play: cast.Play
    form: C1Form
    result: StationResult
    silent: StationResult
    #: The form an operator holds, and its photo.
    held: C1Form
    sha256: str
    typed: C1Form
    recap: RecapForm
    reminder: Reminder
    job: ExportJob
    report: Any
    #: One that was imported, and one that waits for it.
    official: tuple[OfficialImport, OfficialImport]
    master: tuple[MasterImport, MasterImport]
    link: WallLink
    token: Any
    finding: Any
    expectation: Expectation
    draft: ImportDraft
    pack: EvidencePack
    archive: ArchivePack
    reserve: Reserve
    shift: Shift
    batch: MandateBatch
    mandate: Mandate


@pytest.fixture(name="malang")
def furnished_malang(play) -> Malang:
    """Everything that can be in the rooms, in Malang; in Lamongan a form, so that no page is empty."""
    for name, word in (("siti", "name"), ("budi", "coordinator"), ("oper", "operator")):
        play.people[name].full_name = WORDS[word]
        play.people[name].phone = PHONES[0] if name == "siti" else ""
        play.people[name].save()
    play.people["oper_lamongan"] = cast.person("tetangga", Role.OPERATOR, "35.24")
    play.people["toni"] = cast.person("toni", Role.WITNESS)
    add = [NewStation(cast.region("35.07.06.2001").pk, number, 150, 150) for number in (2, 3, 4)]
    made = preparation.add_stations(play.election, add)
    play.stations |= dict(zip(("gedangan_2", "gedangan_3", "gedangan_4"), made, strict=True))
    assigning.assign(play.stations["gedangan_3"], play.toni, by=play.dewi)
    assigning.assign(play.stations["gedangan_4"], play.siti, by=play.dewi)
    rebuilding.rebuild(play.election)
    read_all_twice(play)
    photo, _new = photos.receive(picture(seed=3), by=play.siti)
    photos.process_waiting()
    named = (PhotoName(photo.pk, 1),)
    form = reading.send(play, "dampit_1", VOTES, by=play.siti, note=WORDS["note"], photos=named)
    reading.send(play, "dampit_1", RIVAL, by=play.joko)
    _read_twice(play)
    held = reading.send(play, "gedangan_4", VOTES, by=play.siti, photos=named)
    assert reading.take(play.oper, play.election) == held
    typed = paper.submit(cast.submission(play, "pamotan_1", PAPER), by=play.budi).form
    revoked = assigning.assign(play.stations["pamotan_1"], play.siti, by=play.dewi)
    assigning.revoke(revoked, by=play.dewi)
    intake.quarantine(cast.submission(play, "pamotan_1", VOTES, note=WORDS["late"]), by=play.siti)
    invitations.submit(
        invitations.Report(uuid.uuid4(), play.stations["dampit_1"].pk, 4127, 4111, 16),
        by=play.siti, channel=Channel.API,
    )  # fmt: skip
    messaging.send(play.stations["dampit_1"], WORDS["message"], by=play.budi)
    assigning.assign(play.stations["gedangan_2"], play.siti, by=play.dewi)
    silent = play.result("gedangan_2")
    calling.record(silent, ContactOutcome.OTHER, by=play.budi, key=uuid.uuid4(), note=WORDS["call"])
    text = f"{WORDS['reminder']} {reminding.PLACE}"
    reminder = reminding.send(play.budi, play.election, [silent.pk], text, key=uuid.uuid4())
    said = error_reports.tell(play.result("dampit_1"), "buram", WORDS["report"], by=play.siti)
    error_reports.close(said.entry.report, WORDS["answer"], seen=said.entry.pk, by=play.budi)
    said = error_reports.tell(play.result("dampit_1"), "buram", WORDS["report"], by=play.siti)
    link, _token = wall_links.make(
        play.election, cast.region("35.07"), Office.REGENT, lasts=dt.timedelta(days=1), language="id",
        name=WORDS["wall"], by=play.budi,
    )  # fmt: skip
    job = jobs.ask(place_for(play.budi, SLUG, "35.07", office=""), "tps", Filters(), "csv", rows=7, by=play.budi)
    jobs.run_waiting()
    token, _text = api_tokens.make(WORDS["token"], cast.region("35.07"), 9, by=play.budi)
    by = recaps.recap_witness(play)
    given = recaps.columns({recaps.PAMOTAN: RECAP, recaps.SUKAMAJU: RECAP})
    recap = recaps.send(play, given, by=by, photos=(recaps.photo(by),), note=WORDS["recap"])
    recaps.recap_witness(play, "lina", "35.24.01")
    official = (_official(play), _official(play))
    official_importing.confirm(official[0], by=play.budi)
    turns.run(official[0])
    master = (_master(play), _master(play))
    confirming.confirm(master[0], by=play.budi)
    master_data.run(master[0])
    finding = finding_makers.write(play, "D2", numbers={"differences": [{"pair": 1, "first": 4127, "second": 4139}]})
    seen_there = Seen(1, finding.events.get().pk)
    acting.note(finding, WORDS["finding"], seen=seen_there, by=play.budi, files=[finding_makers.PDF])
    draft, expectation = _expected(play)
    reading.send(play, "babat_1", [30, 100], by=play.wati)
    aggregation.drain()
    pack = evidence_jobs.ask(Subject(play.malang, cast.region("35.07.05")), by=play.budi, origin="https://x.example")
    Client().force_login(play.budi)
    evidence_jobs.make_waiting()
    pack.refresh_from_db()
    assert pack.is_ready, pack.problem
    archive = pack_jobs.ask(play.election, cast.region("35.07.05"), by=play.budi)
    assert pack_jobs.run_waiting() == 1
    batch = mandate_jobs.ask(play.election, cast.region("35.07.05"), by=play.budi, origin="https://x.example")
    mandate_jobs.run_waiting()
    return Malang(
        play,
        form,
        play.result("dampit_1"),
        silent,
        held,
        photo.pk,
        typed,
        recap,
        reminder,
        job,
        said.entry.report,
        official,
        master,
        link,
        token,
        finding,
        expectation,
        draft,
        pack,
        archive,
        *_standing_by(play),
        batch,
        Mandate.objects.filter(assignment__witness=play.siti).earliest("pk"),
    )


def _standing_by(play: cast.Play) -> tuple[Reserve, Shift]:
    """A reserve of Dampit, and hours in the count room of Malang."""
    reserve = reserves.name(play.election, cast.region("35.07.05"), play.siti, by=play.budi)
    begins = timezone.now()
    hours = (begins, begins + dt.timedelta(hours=6))
    return reserve, shifts.plan(play.election, cast.region("35.07"), play.oper, *hours, by=play.budi)


def _official(play: cast.Play) -> OfficialImport:
    """A file that was looked at: official figures of Malang, with a row that is wrong."""
    text = f"kode desa;tps;1;2;3\n35.07.05.2001;1;{VOTES[0]};{RIVAL[1]};{SEEN[2]}\n35.07.05.2001;2;1.379;1;1\n"
    said = receiving.Statement(
        play.election,
        Office.REGENT,
        play.malang,
        cast.region("35.07"),
        WORDS["source"],
        dt.datetime(2020, 12, 15, tzinfo=dt.UTC),
    )
    one = receiving.receive(io.BytesIO(text.encode()), "pleno.csv", said, by=play.budi)
    turns.run(one)
    return one


def _master(play: cast.Play) -> MasterImport:
    """A file that was looked at: TPS of Malang, with a row that is wrong."""
    text = f"kode desa;tps;L;P\n35.07.05.2001;1;150;150\n35.07.05.2001;2;{WORDS['source']};150\n"
    one = master_data.receive(
        io.BytesIO(text.encode()), f"{WORDS['source']}.csv", kind="tps", election=play.election,
        region=play.budi.scope, by=play.budi,
    )  # fmt: skip
    master_data.run(one)
    return one


def _expected(play: cast.Play) -> tuple[ImportDraft, Expectation]:
    """A file that a DPD looks at, and an expectation that is not in force (any more)."""
    text = b"kode;paslon;bagian\n35.07;1;41,27%\n"
    drafts = [
        importing.look_at(
            io.BytesIO(text), "harapan.csv", play.election, kind="harapan", contest=play.malang,
            source=WORDS["survey"], within=play.dewi.scope, by=play.dewi,
        )
        for _time in (1, 2)
    ]  # fmt: skip
    made = importing.import_draft(drafts[0], by=play.dewi).expectation
    Expectation.objects.update(is_active=False)
    return drafts[1], made


def _read_twice(play: cast.Play) -> None:
    """A form whose second reading differs twice: it stands before the coordinator with the reader's figures."""
    form = reading.send(play, "dampit_2", VOTES, by=play.siti)
    for _round in (1, 2):
        assert reading.take(play.oper, play.election) == form
        reading.read(form, reading.figures(SEEN), by=play.oper)
    other = reading.send(play, "gedangan_1", VOTES, by=play.siti)
    assert reading.take(play.oper, play.election) == other
    reading.report(other, Finding.WRONG_STATION, by=play.oper, reason=WORDS["remark"])


def distinctive(malang: Malang) -> list[str]:
    """What no answer may hold: figures as they are stored and as they are written, words, telephones, receipts."""
    numbers = {one for votes in (VOTES, RIVAL, SEEN, PAPER, RECAP) for one in (*votes, sum(votes), sum(votes) + 5)}
    written = [f"{one:,}".replace(",", ".") for one in numbers]
    receipts = [form.receipt for form in (malang.form, malang.typed, malang.held)]
    return [*map(str, sorted(numbers)), *written, *WORDS.values(), *PHONES, *receipts, *PUBLIC]


def told(answer: Any, words: list[str]) -> list[str]:
    """Those of ``words`` that an answer holds, its headers too. Keys and digests may spell one inside."""
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    text = body.decode("utf-8", "replace") + str(answer.headers)
    return [one for one in words if re.search(rf"(?<![\w.-]){re.escape(one)}(?![\w-])", text)]


# Every address

_CODES = ("35.07", "35.07.05", "35.07.05.2001")


def _api_result(m: Malang) -> list[Ask]:
    return [Ask({"slug": SLUG, "pk": m.result.pk})]


def _regions(m: Malang) -> list[Ask]:
    return [Ask({"slug": SLUG, "code": code}) for code in _CODES]


def _of_result(m: Malang) -> list[Ask]:
    return [Ask({"result_id": one.pk}) for one in (m.result, m.silent, m.play.result("dampit_2"))]


def _decide(m: Malang) -> list[Ask]:
    asks = []
    for name in ("dampit_1", "dampit_2", "pamotan_1", "gedangan_1"):
        result = m.play.result(name)
        common = {"seen": result.audit_seq, "form": result.form_id, "tindakan": "verifikasi", "tetapkan-note": "x"}
        asks += [
            Ask({"result_id": result.pk}, body=common | {"tindakan": action, f"{action}-text": "Karena"})
            for action in ("verifikasi", "tolak", "perbaikan", "koreksi", "pindah")
        ]
    return asks


def _export(m: Malang) -> list[Ask]:
    return [
        Ask({"slug": SLUG, "code": "35.07", "table": table, "file_format": kind})
        for table in ("suara", "kontes", "wilayah", "tps", "antrean", "temuan", "evaluasi", "evaluasi-saksi")
        for kind in ("csv", "xlsx", "pdf")
    ]


def _act(m: Malang) -> dict[str, Any]:
    return {"alasan": "Karena", "versi": 1, "peristiwa": 10**9, "kepada": m.play.budi.pk}


def _remind(m: Malang) -> list[Ask]:
    body = {"tps": str(m.silent.pk), "wilayah": "35.07", "kunci": str(uuid.uuid4()), "text": "Kabari [TPS]"}
    return [Ask({"slug": SLUG}, body=body), Ask({"slug": SLUG}, body=body | {"langkah": "kirim"})]


def _reading(m: Malang) -> list[Ask]:
    body = {"uuid": str(uuid.uuid4()), "form": m.held.pk}
    typed = {f"votes_{number}": vote for number, vote in enumerate(VOTES, start=1)}
    return [
        Ask({"slug": SLUG}, body=body | typed | {"voters_total": 1, "valid_votes": 1, "invalid_votes": 0}),
        Ask({"slug": SLUG}, body=body | {"finding": "not_c1"}),
    ]


def _panel_of(m: Malang) -> dict[str, Any]:
    return {"tps": m.result.station_id, "aksi": "pilih"}


def _guard_of(m: Malang) -> dict[str, Any]:
    guards = list(Assignment.objects.active().filter(station=m.result.station_id).order_by("pk"))
    return {"saksi": guards[0].pk, "seen": "-".join(str(one.pk) for one in guards)}


def _new_one() -> dict[str, Any]:
    return {"tempat": "35.07.05", "nama": "Orang Baru", "telepon": ""}


def _areas(m: Malang) -> list[Ask]:
    return [Ask({"slug": SLUG, "contest_id": m.play.malang.pk, "code": code}) for code in _CODES]


def _recap(m: Malang) -> list[Ask]:
    body = {"uuid": str(uuid.uuid4()), "step": "send"}
    return [Ask({"contest_id": m.play.malang.pk, "code": code}, body=body) for code in ("35.07", "35.07.05")]


def _settle_recap(m: Malang, action: str) -> dict[str, Any]:
    return {"pilihan": f"form:{m.recap.pk}", "seen": 1, "alasan": "Cocok", "tindakan": action}


ADDRESSES: dict[str, Callable[[Malang], list[Ask]]] = {
    # A lost target, down the tree
    "lost-area": _areas,
    "lost-picture": _areas,
    # Results and the stations
    "results-home": lambda m: [Ask()],
    "photo": lambda m: [Ask({"uuid": m.form.uuid, "sha256": m.sha256})],
    "station": lambda m: [Ask({"slug": SLUG, **one.parts}) for one in _of_result(m)],
    "station-message": lambda m: [Ask({"slug": SLUG, "result_id": m.result.pk}, body={"text": "Halo"})],
    "arrivals": _regions,
    "arrivals-picture": _regions,
    "work-left": _regions,
    "region": _regions,
    "projection": _regions,
    "projection-picture": _regions,
    "information": _regions,
    "information-picture": lambda m: [
        Ask({"slug": SLUG, "code": "35.07"}, {"gambar": kind}) for kind in ("harapan", "partisipasi")
    ],
    # Tables as files
    "export-job": lambda m: [Ask({"uuid": m.job.uuid})],
    "export-file": lambda m: [Ask({"uuid": m.job.uuid})],
    "export-remove": lambda m: [Ask({"uuid": m.job.uuid})],
    "exports": _regions,
    "export": _export,
    # Official figures brought in
    "official-imports": lambda m: [
        Ask(),
        Ask(body={"about": m.play.malang.pk, "source": "x", "as_of": "2020-12-15T10:00"}),
    ],
    **{
        name: lambda m: [Ask({"uuid": one.uuid}, body={"kolom-desa": 1, "kolom-tps": 0}) for one in m.official]
        for name in (
            "official-import",
            "official-import-columns",
            "official-import-confirm",
            "official-import-undo",
            "official-import-discard",
        )
    },
    # Master data brought in
    "master-imports": lambda m: [Ask(), Ask(body={"kind": "tps", "election": m.play.election.pk})],
    **{
        name: lambda m: [Ask({"uuid": one.uuid}, body={"kolom-desa": 1, "kolom-tps": 0}) for one in m.master]
        for name in (
            "master-import",
            "master-import-columns",
            "master-import-confirm",
            "master-import-undo",
            "master-import-discard",
        )
    },
    # Evidence packs
    "evidence-packs": lambda m: [Ask()],
    "evidence": lambda m: [Ask({"uuid": m.pack.uuid})],
    "evidence-file": lambda m: [Ask({"uuid": m.pack.uuid})],
    "evidence-remove": lambda m: [Ask({"uuid": m.pack.uuid})],
    "region-evidence": _regions,
    "finding-evidence": lambda m: [Ask({"finding_id": m.finding.pk})],
    # The archive
    "archive-home": lambda m: [Ask()],
    "archive": lambda m: [
        Ask({"slug": SLUG}),
        *(
            Ask({"slug": SLUG}, {"wilayah": "35.07.05", "jenis": kind})
            for kind in ("c1", "rekap", "karantina", "foto")
        ),
        Ask({"slug": SLUG}, {"cari": "35.07.05.2001.001"}),
    ],
    "archive-form": lambda m: [Ask({"uuid": m.form.uuid}), Ask({"uuid": m.typed.uuid})],
    "archive-recap": lambda m: [Ask({"uuid": m.recap.uuid})],
    "archive-quarantined": lambda m: [Ask({"uuid": QuarantinedForm.objects.get().uuid})],
    "archive-pack-offer": lambda m: [Ask({"slug": SLUG, "code": code}) for code in ("35.07", "35.07.05")],
    "archive-pack": lambda m: [Ask({"uuid": m.archive.uuid})],
    "archive-pack-file": lambda m: [Ask({"uuid": m.archive.uuid})],
    "archive-pack-remove": lambda m: [Ask({"uuid": m.archive.uuid})],
    "retention": lambda m: [Ask()],
    "retention-election": lambda m: [Ask({"slug": SLUG}, body={"days": 1825, "reason": "UU"})],
    "retention-confirm": lambda m: [Ask({"slug": SLUG, "pk": 1})],
    "retention-withdraw": lambda m: [Ask({"slug": SLUG, "pk": 1})],
    # Letters of mandate
    "mandates": lambda m: [Ask(), Ask({}, {"wilayah": "35.07.05"}, {"ukuran": "a6", "surat": "semua"})],
    "mandate-list": lambda m: [Ask(), Ask({}, {"cari": m.mandate.number})],
    "mandate-check": lambda m: [Ask({}, {"nomor": m.mandate.number})],
    "mandate": lambda m: [Ask({"pk": m.mandate.pk})],
    "mandate-revoke": lambda m: [Ask({"pk": m.mandate.pk}, body={"cabut-reason": "x"})],
    "mandate-replace": lambda m: [Ask({"pk": m.mandate.pk}, body={"ganti-reason": "x", "ganti-page_format": "a4"})],
    "mandate-batch": lambda m: [Ask({"uuid": m.batch.uuid})],
    "mandate-files": lambda m: [Ask({"uuid": m.batch.uuid})],
    "mandate-file": lambda m: [Ask({"uuid": m.batch.uuid, "code": "35.07.05"})],
    "mandate-batch-remove": lambda m: [Ask({"uuid": m.batch.uuid})],
    # Verification
    "verification-decide": _decide,
    "verification-queue": lambda m: [
        Ask({"slug": SLUG}, {"saring": view}) for view in ("semua", "selisih", "menunggu", "dibaca")
    ],
    "quarantine": lambda m: [Ask({"slug": SLUG})],
    # Error reports
    "error-report-close": lambda m: [Ask({"pk": m.report.pk}, body={"jawaban": "Selesai", "seen": 10**9})],
    "error-reports": lambda m: [Ask({"slug": SLUG}), Ask({"slug": SLUG}, {"saring": "ditutup"})],
    "error-report": lambda m: [Ask({"result_id": m.result.pk}, body={"kind": "palsu", "text": "Salah"})],
    # Not in: called, reminded, typed
    "silent": lambda m: [Ask({"slug": SLUG}), Ask({"slug": SLUG}, {"wilayah": "35.07.06", "keadaan": "kantong"})],
    "silent-attempt": lambda m: [
        Ask({"result_id": m.silent.pk}, body={"kunci": str(uuid.uuid4()), "hasil": "tidak_diangkat"})
    ],
    "silent-remind": _remind,
    "silent-reminder": lambda m: [Ask({"slug": SLUG, "uuid": m.reminder.uuid})],
    "paper-form": _of_result,
    "paper-receipt": lambda m: [Ask({"uuid": m.typed.uuid}), Ask({"uuid": m.form.uuid})],
    "paper-find": lambda m: [Ask({"slug": SLUG}), Ask({"slug": SLUG}, {"kode": "35.07.06.2001.002"})],
    # Second reading
    "count-room": lambda m: [Ask()],
    "reading-photo": lambda m: [Ask({"form_id": m.held.pk, "sha256": m.sha256})],
    "reading": _reading,
    "reading-hold": lambda m: [Ask({"slug": SLUG}, body={"form": m.held.pk})],
    "reading-queue": lambda m: [Ask({"slug": SLUG})],
    "own-readings": lambda m: [Ask({"slug": SLUG})],
    # D.Hasil
    "recap-home": lambda m: [Ask()],
    "recaps": lambda m: [Ask({"slug": SLUG}), Ask({"slug": SLUG}, {"wilayah": "35.07"})],
    "recap": _recap,
    "recap-entry": _recap,
    "recap-settle": lambda m: [
        Ask({"contest_id": m.play.malang.pk, "code": "35.07.05"}, body=_settle_recap(m, action))
        for action in ("tetapkan", "tolak")
    ],
    "recap-readings": lambda m: [Ask()],
    "recap-reading": lambda m: [
        Ask({"uuid": m.recap.uuid}, body={"uuid": str(uuid.uuid4()), "step": "unreadable", "alasan": "Gelap"})
    ],
    "recap-photo": lambda m: [Ask({"uuid": m.recap.uuid, "sha256": m.recap.photo_names.get().sha256})],
    # What is expected
    "expectations": lambda m: [Ask({"slug": SLUG})],
    "expectation-import": lambda m: [
        Ask({"slug": SLUG}, {"kontes": m.play.malang.pk}, {"jenis": "harapan", "kontes": m.play.malang.pk})
    ],
    "expectation-preview": lambda m: [Ask({"slug": SLUG, "uuid": m.draft.uuid})],
    "contest-expectations": lambda m: [
        Ask({"slug": SLUG, "contest_id": m.play.malang.pk}),
        Ask({"slug": SLUG, "contest_id": m.play.malang.pk}, {"harapan": m.expectation.pk}),
    ],
    "expectation-make": lambda m: [Ask({"slug": SLUG, "contest_id": m.play.malang.pk}, body={"dari": "1-bupati"})],
    "expectation-activate": lambda m: [
        Ask({"slug": SLUG, "contest_id": m.play.malang.pk}, body={"harapan": m.expectation.pk})
    ],
    "manage": lambda m: [Ask()],
    "standing": _regions,
    # How the work went
    "evaluation-home": lambda m: [Ask({"slug": SLUG})],
    "evaluation": _regions,
    "evaluation-witnesses": lambda m: [
        *_regions(m),
        *(Ask({"slug": SLUG, "code": "35.07"}, {"urut": order}) for order in ("belum", "lambat", "foto", "angka")),
    ],
    "evaluation-readers": _regions,
    "evaluation-report": _regions,
    "trail": lambda m: [Ask(), Ask(query={"wilayah": "35.07"}), Ask(query={"orang": "Budi", "jenis": "penugasan"})],
    # Elections, their phases and practice
    "elections": lambda m: [Ask()],
    "election": lambda m: [Ask({"slug": SLUG})],
    "phase-propose": lambda m: [Ask({"slug": SLUG}, body={"to": "rekap"})],
    "phase-decide": lambda m: [Ask({"slug": SLUG, "pk": 1}, body={"answer": "setuju"})],
    "practice-make": lambda m: [Ask({"slug": SLUG}, body={"region": "35.07"})],
    "practice-remove": lambda m: [Ask({"slug": SLUG}, body={"name": "Pilkada 2020"})],
    # Links to witnesses
    "phones": lambda m: [Ask(), Ask(query={"cari": "siti"})],
    "phone-link": lambda m: [Ask({"pk": m.play.siti.pk})],
    "phone-revoke": lambda m: [Ask({"pk": m.play.siti.pk})],
    "phone-lost": lambda m: [Ask({"pk": m.play.siti.pk})],
    # Who guards which TPS
    "roster-home": lambda m: [Ask()],
    "roster": lambda m: [*_regions(m), Ask({"slug": SLUG, "code": _CODES[2]}, _panel_of(m))],
    "roster-assign": lambda m: [Ask({"pk": m.result.station_id}, body={"orang": m.play.siti.pk})],
    "roster-replace": lambda m: [Ask({"pk": m.result.station_id}, body=_guard_of(m) | {"orang": m.play.toni.pk})],
    "roster-keep": lambda m: [Ask({"pk": m.result.station_id}, body=_guard_of(m))],
    "roster-take-off": lambda m: [Ask({"pk": m.result.station_id}, body=_guard_of(m))],
    "roster-reserves": lambda m: [
        *_regions(m),
        Ask({"slug": SLUG, "code": "35.07.05"}, {"cari": "siti"}, _new_one()),
    ],
    "roster-end-reserve": lambda m: [Ask({"pk": m.reserve.pk})],
    "roster-districts": lambda m: [*_regions(m), Ask({"slug": SLUG, "code": "35.07.05"}, body=_new_one())],
    "roster-shifts": lambda m: [
        Ask(
            {"slug": SLUG, "code": "35.07"},
            body={"orang": m.play.oper.pk, "mulai": "2020-12-11T07:00", "selesai": "2020-12-11T13:00"},
        )
    ],
    "roster-cancel-shift": lambda m: [Ask({"pk": m.shift.pk})],
    # Big screens: who has the secret address sees it; who guesses sees nothing
    "wall-links": lambda m: [Ask()],
    "wall-make": lambda m: [Ask(body={"shows": f"{m.play.election.pk}-kwk", "days": 3, "language": "id"})],
    "wall-make-again": lambda m: [Ask({"pk": m.link.pk})],
    "wall-revoke": lambda m: [Ask({"pk": m.link.pk})],
    "wall": lambda m: [Ask({"token": m.link.token_hash})],
    # A witness's own
    "witness-home": lambda m: [Ask({}, {"biasa": ""}), Ask({}, {"biasa": "", "salah": m.result.station_id})],
    "witness-form": _of_result,
    "witness-invitation": lambda m: [Ask({"station_id": m.result.station_id})],
    "witness-receipt": lambda m: [Ask({"uuid": m.form.uuid}), Ask({"uuid": m.typed.uuid})],
    # Findings
    "findings": lambda m: [
        Ask({"slug": SLUG}),
        Ask({"slug": SLUG}, {"wilayah": "35.07"}),
        Ask({"slug": SLUG}, {"temuan": m.finding.pk}),
    ],
    "finding": lambda m: [Ask({"finding_id": m.finding.pk})],
    "finding-act": lambda m: [
        Ask({"finding_id": m.finding.pk}, body=_act(m) | {"tindakan": action})
        for action in ("tugaskan", "jelaskan", "teruskan", "pastikan", "buka-lagi", "catat")
    ],
    "finding-attachment": lambda m: [
        Ask({"finding_id": m.finding.pk, "attachment_id": FindingAttachment.objects.get().pk})
    ],
    # Accounts
    "account": lambda m: [Ask()],
    "sessions-end": lambda m: [Ask()],
    "session-end": lambda m: [Ask({"pk": one.pk}) for one in RunningSession.objects.filter(user=m.play.budi)],
    "person-account": lambda m: [
        Ask({"pk": one.pk}, body={"tindakan": action})
        for one in (m.play.siti, m.play.budi, m.play.oper)
        for action in ("sesi", "akhiri", "atur-ulang", "batas")
    ],
    # Programs
    "api-tokens": lambda m: [Ask(body={"name": "x", "region": cast.region("35.07").pk, "days": 9})],
    "api-token-revoke": lambda m: [Ask({"pk": m.token.pk})],
    "api-forms": lambda m: [Ask(body=form_body(m.play, "dampit_1", VOTES))],
    "api-form": lambda m: [Ask({"uuid": m.form.uuid})],
    "api-invitations": lambda m: [
        Ask(body={"uuid": str(uuid.uuid4()), "station": m.result.station_id, "received": 9})
    ],
    "api-photo": lambda m: [Ask({"sha256": m.sha256})],
    "api-witness": lambda m: [Ask()],
    "api-elections": lambda m: [Ask()],
    "api-contests": lambda m: [Ask({"slug": SLUG})],
    "api-queue": lambda m: [Ask({"slug": SLUG}), Ask({"slug": SLUG}, {"view": "dibaca"})],
    "api-quarantine": lambda m: [Ask({"slug": SLUG})],
    "api-stations": _regions,
    "api-arrivals": _regions,
    "api-station": _api_result,
    "api-events": _api_result,
    "api-readings": _api_result,
    "api-newest": _regions,
    "api-work-left": _regions,
    "api-error-reports": lambda m: [Ask({"slug": SLUG})],
    "api-silent": lambda m: [Ask({"slug": SLUG})],
    "api-region": lambda m: [Ask({"code": code}) for code in _CODES],
    "api-form-photo": lambda m: [Ask({"uuid": m.form.uuid, "sha256": m.sha256})],
    "api-results": _regions,
}

#: Of an election that is theirs too, but for others to do.
REFUSED = {
    "agus": {
        "expectation-import", "retention", "retention-election", "retention-confirm", "retention-withdraw",
        "phase-propose", "phase-decide", "practice-remove",
    }
}  # fmt: skip
#: They lead on to one of their election.
LEADS_ON = {("recap-home", 302), ("archive-home", 302), ("roster-home", 302), ("evaluation-home", 302)}
PROGRAMS = {name for name in ADDRESSES if name.startswith("api-") and not name.startswith("api-token")}
#: Their own desks, which answer with what is theirs. Everything else is not there for them.
_DESK = {"witness-home", "api-witness", "api-forms", "api-invitations", "account", "sessions-end", "session-end"}
DESKS = {
    "agus": _DESK | {
        "results-home", "verification-queue", "quarantine", "error-reports", "silent", "silent-remind", "paper-find",
        "phones", "wall-links", "wall-make", "recap-home", "recaps", "recap-readings", "api-tokens",
        "api-elections", "api-contests", "api-queue",
        "official-imports", "master-imports", "api-quarantine", "api-error-reports", "api-silent",
        "findings",
        "expectations",
        "evidence-packs",
        "elections", "election", "trail", "manage",
        "archive", "archive-home",
        "roster-home",
        "mandates", "mandate-list", "mandate-check",
        "evaluation-home",
    },
    "oper_lamongan": _DESK | {
        "paper-find", "count-room", "reading", "reading-hold", "reading-queue", "own-readings",
        "recap-home", "recap-readings",
    },
    "lina": _DESK | {"recap-home"},
    "wati": _DESK,
    "toni": _DESK,
}  # fmt: skip


def names(resolver: URLResolver) -> Iterator[str]:
    """Every named address of the program, those of the admin left out: tests of its own walk them."""
    for one in resolver.url_patterns:
        if isinstance(one, URLResolver):
            if one.namespace != "admin":
                yield from names(one)
        elif one.name:
            yield one.name


def test_every_address_is_walked_or_known_to_hold_nothing_of_a_kabupaten():
    assert sorted(names(get_resolver())) == sorted({*ADDRESSES, *ELSEWHERE})


def walk(
    malang: Malang, client: Client, methods: tuple[str, ...] = ("get", "post")
) -> Iterator[tuple[str, str, Any]]:
    """Ask every address: its name, what was asked, the answer."""
    for name, asks in ADDRESSES.items():
        kind = {"content_type": "application/json"} if name in PROGRAMS else {}
        for ask in asks(malang):
            address = reverse(name, kwargs=ask.parts, query=ask.query or None)
            if "get" in methods:
                yield name, f"GET {address}", client.get(address)
            if "post" in methods:
                yield name, f"POST {address}", client.post(address, ask.body, **kind)


def state() -> dict[str, Any]:
    """What is stored: rows of every table, and the columns in which somebody else could have meddled."""
    # A refusal is recorded, also as an act; of other acts there are none.
    left_out = {Refusal, ReadingClaim, Reminder, MandateBatch, AdministrativeEvent, EventChain}
    models = [
        one
        for one in apps.get_models()
        if one not in left_out and one._meta.app_label in ("accounts", "tallies", "analytics")
    ]
    models += [EvidencePack, EvidenceDownload]
    rows: dict[str, Any] = {one._meta.label: one.objects.count() for one in models}
    rows["events"] = AdministrativeEvent.objects.exclude(action="access refused").count()
    for model, columns in (
        (StationResult, ("pk", "form", "proposed_form", "review", "disputed", "reading", "audit_head")),
        (RecapResult, ("pk", "form", "review", "disputed", "reading", "audit_head")),
        (WallLink, ("pk", "token_hash", "revoked_at", "expires_at")),
        (ApiToken, ("pk", "revoked_at")),
        (ErrorReport, ("pk", "closed_at")),
        (ExportJob, ("pk", "state", "sha256")),
        (OfficialImport, ("pk", "state", "columns")),
        (MasterImport, ("pk", "state", "columns")),
        (OfficialFigure, ("pk", "standing")),
        (RuleFinding, ("pk", "state", "assigned_to", "version")),
        (Expectation, ("pk", "is_active")),
        (ImportDraft, ("pk", "imported_at")),
        (EvidencePack, ("pk", "state", "sha256")),
        (ArchivePack, ("pk", "state", "sha256")),
        (Assignment, ("pk", "revoked_at")),
        (Reserve, ("pk", "ended_at")),
        (Shift, ("pk", "ended_at")),
    ):
        rows[f"{model._meta.label} rows"] = list(model.objects.order_by("pk").values_list(*columns))
    return rows


@pytest.mark.parametrize("who", DESKS)
def test_of_another_place_nothing_is_there_nothing_is_told_and_nothing_changes(malang, who):
    client = Client()
    client.force_login(malang.play.people[who])
    words = [one for one in distinctive(malang) if who != "toni" or one not in PUBLIC]
    before, seen = state(), set()
    for name, asked, answer in walk(malang, client):
        assert told(answer, words) == [], asked
        assert answer.status_code < 500, asked
        if name in REFUSED.get(who, ()):
            assert answer.status_code in (403, 405), asked
        elif name not in DESKS[who]:
            assert answer.status_code in (404, 405), asked
        elif answer.status_code == 200 or (name, answer.status_code) in LEADS_ON:
            seen.add(name)
    assert state() == before
    assert ReadingClaim.objects.get(form=malang.held).reader == malang.play.oper
    assert list(Reminder.objects.exclude(pk=malang.reminder.pk).filter(messages__isnull=False)) == []
    assert {batch.region.code for batch in MandateBatch.objects.exclude(pk=malang.batch.pk)} <= {"35.24"}
    # The desks were looked at, not refused.
    assert len(seen) >= len(DESKS[who]) - 7
    # A station that is not theirs, asked for by its key, is written down.
    assert Refusal.objects.filter(user=malang.play.people[who], path__contains=str(malang.result.pk)).exists()
