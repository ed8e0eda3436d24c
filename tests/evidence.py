"""An evening in a kecamatan, its evidence pack, and how a lawyer looks at it."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
import zxingcpp
from django.utils import timezone

from analytics.evidence import jobs
from analytics.evidence.subject import Subject
from analytics.models import EvidencePack
from tallies import intake, photos
from tallies.count_room import verification
from tallies.models import Channel
from tallies.submission import PhotoName
from tallies.totals import aggregation
from tests.cast import Play, region, submission
from tests.sending import picture

ORIGIN = "https://sista.example"
PHONE = "081277665544"
DAMPIT = "35.07.05"


def photographed(who: Any, seed: int, **options: Any) -> str:
    photo, _new = photos.receive(picture(size=(450, 600), seed=seed, **options), by=who)
    return photo.pk


def furnish(play: Play) -> Play:
    """A kecamatan with a verified, a disputed, a corrected and a silent TPS; its neighbours too have figures."""
    play.siti.full_name, play.siti.phone = "Siti Rahayu", PHONE
    play.siti.save()
    pages = [photographed(play.siti, seed) for seed in (1, 2)]
    named = (PhotoName(pages[0], 1), PhotoName(pages[1], 1, "keberatan"), PhotoName("0" * 64, 2))
    first = submission(
        play, "dampit_1", [100, 80, 20], photos=named, note="Hujan, saksi lain pulang.", objection=True
    )
    intake.submit(first, by=play.siti, channel=Channel.API)
    intake.submit(submission(play, "dampit_1", [100, 88, 20]), by=play.joko, channel=Channel.API)
    sent = submission(play, "dampit_2", [70, 90, 10], values={"valid_votes": 171})
    form = intake.submit(sent, by=play.siti, channel=Channel.SMS).form
    fixed = submission(play, "dampit_2", [70, 91, 10], supersedes=form.uuid, filled_at=timezone.now())
    intake.submit(fixed, by=play.siti, channel=Channel.API)
    result = play.result("dampit_2")
    verification.approve(result.form, by=play.budi, seen=result.audit_seq)
    for station, votes in (("gedangan_1", [7, 8, 9]), ("babat_1", [40, 60])):
        intake.submit(submission(play, station, votes), by=play.dewi, channel=Channel.COUNT_ROOM)
    photos.process_waiting()
    aggregation.drain()
    return play


@pytest.fixture(name="evening")
def evening_in_dampit(play: Play) -> Play:
    return furnish(play)


def subject(play: Play, code: str = DAMPIT) -> Subject:
    return Subject(play.malang, region(code))


def made(play: Play, what: Subject | None = None, by: Any = None) -> EvidencePack:
    """Ask for a pack, and have it made."""
    pack = jobs.ask(what or subject(play), by=by or play.budi, origin=ORIGIN)
    jobs.make_waiting()
    pack.refresh_from_db()
    return pack


def fetched(pack: EvidencePack, folder: Path) -> Path:
    path = folder / "bukti.zip"
    with jobs.store().open(pack.stored_name) as stream, path.open("wb") as out:
        shutil.copyfileobj(stream, out)
    return path


def unpacked(pack: EvidencePack, folder: Path) -> Path:
    """Its files where no project is, the ZIP beside them."""
    with zipfile.ZipFile(fetched(pack, folder)) as box:
        box.extractall(folder / "dibuka")
    return folder / "dibuka"


def checked(folder: Path, *arguments: str) -> tuple[int, str]:
    """Run the verifier that lies in the pack as a lawyer does: alone, isolated, elsewhere. Its status and words."""
    command = [sys.executable, "-I", str(folder / "verify.py"), *arguments]
    run = subprocess.run(command, cwd=folder.parent, capture_output=True, text=True, timeout=60)
    return run.returncode, run.stdout + run.stderr


def paper_text(path: Path) -> str:
    document = pypdfium2.PdfDocument(path)
    try:
        return "\n".join(page.get_textpage().get_text_range() for page in document)
    finally:
        document.close()


def pages_of(path: Path) -> int:
    document = pypdfium2.PdfDocument(path)
    try:
        return len(document)
    finally:
        document.close()


def paper_codes(path: Path) -> set[str]:
    """What the QR codes on the paper say."""
    document = pypdfium2.PdfDocument(path)
    try:
        pictures = [page.render(scale=2).to_pil().convert("L") for page in document]
    finally:
        document.close()
    return {code.text for one in pictures for code in zxingcpp.read_barcodes(one)}
