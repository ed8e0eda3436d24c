"""Periksa paket bukti Sista tanpa Sista: Python 3.8 ke atas, tanpa paket lain, tanpa jaringan.

    python verify.py                      memeriksa folder tempat berkas ini berada
    python verify.py bukti.zip            memeriksa ZIP tanpa membukanya
    python verify.py --manifest SIDIK     juga membandingkan SHA-256 manifest.json dengan yang tercetak

Keluar dengan 0 bila semua cocok, 1 bila ada yang tidak cocok, 2 bila ini bukan paket bukti.

This file goes into every pack as it is. It may use the standard library of Python 3.8 only, and nothing of
this project: its rules restate `tallies.submission`, `tallies.audit` and `tallies.totals.aggregation`.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
import zipfile

FORMAT, VERSION = "sista-bukti", 1
MANIFEST, REPORTS = "manifest.json", "laporan.json"
IN = ("pending", "verified", "needs_fix")
#: What an operating system leaves in a folder by itself.
LITTER = ("Thumbs.db", "desktop.ini", ".DS_Store")
MOST_LINES = 200
CHUNK = 1024 * 1024


class Unreadable(Exception):
    """This is no pack, or one that cannot be read at all."""


class Pack:
    """The files of a pack, in a folder or in a ZIP, by their names with forward slashes."""

    def __init__(self, path):
        self.path = path
        self.zip = None
        try:
            if os.path.isdir(path):
                self.names = self._walk()
            else:
                self.zip = zipfile.ZipFile(path)
                self.names = [one.filename for one in self.zip.infolist() if not one.is_dir()]
        except (OSError, zipfile.BadZipFile) as error:
            raise Unreadable(f"{path} tidak dapat dibuka: {error}") from error

    def close(self):
        if self.zip:
            self.zip.close()

    def _walk(self):
        found = []
        for folder, _folders, files in os.walk(self.path):
            for name in files:
                full = os.path.relpath(os.path.join(folder, name), self.path)
                found.append(full.replace(os.sep, "/"))
        return sorted(found)

    def open(self, name):
        return self.zip.open(name) if self.zip else open(os.path.join(self.path, *name.split("/")), "rb")

    def digest(self, name):
        """SHA-256 and size of one file."""
        with self.open(name) as stream:
            return digest_of(stream)

    def json(self, name):
        with self.open(name) as stream:
            return json.loads(stream.read().decode("utf-8"))


class Report:
    """What was found, in sentences, and what was counted."""

    def __init__(self):
        self.problems = []
        self.notes = []
        self.counts = {}

    def wrong(self, where, what):
        self.problems.append(f"{where}: {what}")

    def count(self, what, number=1):
        self.counts[what] = self.counts.get(what, 0) + number


def digest_of(stream):
    """SHA-256 and size of what is left in ``stream``."""
    seen, size = hashlib.sha256(), 0
    while True:
        chunk = stream.read(CHUNK)
        if not chunk:
            return seen.hexdigest(), size
        seen.update(chunk)
        size += len(chunk)


def digest_of_file(path):
    with open(path, "rb") as stream:
        return digest_of(stream)[0]


def canonical(content):
    """SHA-256 over the canonical JSON, as the application makes it."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def check(path, expected=None):
    """Check a folder or a ZIP; return the report and the SHA-256 of its manifest. Raises Unreadable."""
    pack, report = Pack(path), Report()
    try:
        if MANIFEST not in pack.names:
            raise Unreadable(f"{MANIFEST} tidak ada di {path}")
        sidik = pack.digest(MANIFEST)[0]
        try:
            manifest = pack.json(MANIFEST)
            if manifest["format"] != FORMAT or manifest["version"] != VERSION:
                raise Unreadable(f"{MANIFEST}: jenis atau versi paket tidak dikenal")
            listed = {one["name"]: one for one in manifest["files"]}
        except (ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
            raise Unreadable(f"{MANIFEST} rusak: {error!r}") from error
        if expected and expected.strip().lower() != sidik:
            report.wrong(MANIFEST, f"SHA-256 {sidik}, seharusnya {expected}")
        check_files(pack, listed, sidik, report)
        check_contents(pack, listed, report)
    finally:
        pack.close()
    return report, sidik


# Files


def check_files(pack, listed, sidik, report):
    """Every file is there once, with the size and SHA-256 that is written down, and none is more."""
    listed = dict(listed)
    try:
        reports = pack.json(REPORTS)
        if reports["manifest_sha256"] != sidik:
            report.wrong(REPORTS, "menyebut manifest.json lain")
        listed.update((one["name"], one) for one in reports["files"])
    except KeyError:
        report.wrong(REPORTS, "hilang atau tidak lengkap")
    except (OSError, ValueError, TypeError, zipfile.BadZipFile):
        report.wrong(REPORTS, "hilang atau rusak")
    seen = set()
    for name in pack.names:
        if name in seen:
            report.wrong(name, "ada dua kali")
        seen.add(name)
        if name in listed or name in (MANIFEST, REPORTS):
            continue
        if name.split("/")[-1] in LITTER:
            report.notes.append(f"{name} dibuat oleh komputer, bukan bagian paket")
        else:
            report.wrong(name, "bukan bagian paket: ditambahkan sesudahnya")
    for name, entry in sorted(listed.items()):
        if name not in seen:
            report.wrong(name, "hilang")
            continue
        try:
            found, size = pack.digest(name)
        except (OSError, zipfile.BadZipFile) as error:
            report.wrong(name, f"tidak dapat dibaca: {error}")
            continue
        if (found, size) != (entry.get("sha256"), entry.get("size")):
            report.wrong(name, f"berubah (SHA-256 {found}, {size} byte)")
        report.count("berkas")


# Contents


def check_contents(pack, listed, report):
    loaded = {}
    for name in ("figures.json", "totals.json", "photos.json"):
        try:
            loaded[name] = pack.json(name)
        except (OSError, KeyError, ValueError, zipfile.BadZipFile):
            report.wrong(name, "hilang atau rusak, isinya tidak dapat diperiksa")
            return
    try:
        stations = loaded["figures.json"]["stations"]
        photos = {one["sha256"]: one for one in loaded["photos.json"]["photos"]}
        totals = loaded["totals.json"]
        people = loaded["figures.json"]["people"]
        whole = loaded["figures.json"]["is_whole_region"]
    except (KeyError, TypeError) as error:
        report.wrong("figures.json", f"susunannya berubah: {error!r}")
        return
    check_photos(photos, listed, report)
    codes = set()
    for place, station in enumerate(stations):
        where = f"TPS ke-{place + 1}"
        try:
            where = "TPS {}".format(station["code"])
            if station["code"] in codes:
                report.wrong(where, "ada dua kali")
            codes.add(station["code"])
            check_station(station, where, photos, people, report)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            report.wrong(where, f"isinya tidak lengkap: {error!r}")
    if not whole:
        return
    try:
        check_totals(stations, totals["regions"], report)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        report.wrong("totals.json", f"isinya tidak lengkap: {error!r}")


def check_photos(photos, listed, report):
    """A photo that is in is named by its own SHA-256; one that is not says why."""
    for sha256, photo in sorted(photos.items()):
        name = photo.get("file", "")
        if photo.get("missing"):
            report.notes.append("foto {} tidak ada di arsip: {}".format(sha256, photo["missing"]))
        elif not re.match(rf"photos/{re.escape(sha256)}\.[a-z]+$", name):
            report.wrong("photos.json", f"foto {sha256} bernama {name}")
        elif listed.get(name, {}).get("sha256") != sha256:
            report.wrong(name, "SHA-256-nya bukan namanya, atau tidak tercatat di manifest.json")
        else:
            report.count("foto asli")


def check_station(station, where, photos, people, report):
    report.count("TPS")
    forms = {one["uuid"]: one for one in station["forms"]}
    if len(forms) != len(station["forms"]):
        report.wrong(where, "satu formulir ada dua kali")
    for form in station["forms"]:
        check_form(form, station, where, photos, people, report)
    check_chain(station, where, forms, report)
    state = station["state"]
    counted = [one["id"] for one in station["forms"] if one["counts"]]
    should = [state["form"]] if state["review"] in IN else []
    if counted != should:
        report.wrong(where, "formulir yang dihitung tidak sesuai keadaannya")


def check_form(form, station, where, photos, people, report):
    """A version: its content hash covers every figure, vote, photo name and remark of it."""
    report.count("formulir")
    where = "{}, formulir {}".format(where, form["receipt"])
    content = form["content"]
    if (content["contest_id"], content["station_id"]) != (station["contest_id"], station["station_id"]):
        report.wrong(where, "formulir TPS lain")
    if canonical(content) != form["hash"]:
        report.wrong(where, "angka atau isinya berubah: sidik isi tidak cocok")
    if effective_valid(content) != form["effective_valid"]:
        report.wrong(
            where,
            "suara sah yang dihitung {}, dari isinya {}".format(form["effective_valid"], effective_valid(content)),
        )
    named = sorted(entry[1] for entry in content["photos"])
    if named != sorted(photo["sha256"] for photo in form["photos"]):
        report.wrong(where, "daftar fotonya berubah")
    for photo in form["photos"]:
        if photo["arrived"] and photo["sha256"] not in photos:
            report.wrong(where, "foto {} tidak tercatat di photos.json".format(photo["sha256"]))
    if str(form["submitted_by"]) not in people:
        report.wrong(where, "pengirimnya tidak tercatat")


def effective_valid(content):
    """Valid votes as written, or the sum of the pairs where the box is blank."""
    written = content["values"].get("valid_votes")
    if written is not None:
        return written
    votes = list(content["votes"].values())
    return None if not votes or None in votes else sum(votes)


def check_chain(station, where, forms, report):
    """The audit chain: each link's digest, its order, its head, and what it says of forms and decisions."""
    previous, events = "", station["events"]
    said_forms, said_decisions, said_readings = {}, {}, {}
    for number, event in enumerate(events, start=1):
        report.count("peristiwa")
        body = [
            station["result_id"],
            event["seq"],
            event["at"],
            event["actor"],
            event["action"],
            event["content"],
            event["previous"],
        ]
        if event["seq"] != number:
            report.wrong(where, f"peristiwa {number} hilang dari rantai audit")
        if canonical(body) != event["digest"] or event["previous"] != previous:
            report.wrong(where, "rantai audit putus pada peristiwa {}".format(event["seq"]))
        previous, content = event["digest"], event["content"]
        if "uuid" in content:
            said_forms[content["uuid"]] = content
        if "decision" in content:
            said_decisions[content["decision"]["id"]] = content["decision"]
        if "reading" in content:
            said_readings[content["reading"]["id"]] = content["reading"]
    if (station["audit_seq"], station["audit_head"]) != (len(events), previous):
        report.wrong(where, "ujung rantai audit tidak cocok")
    elif events and events[-1]["content"].get("state") != station["state"]:
        report.wrong(where, "keadaannya berubah tanpa peristiwa")
    elif not events and station["state"]["form"]:
        report.wrong(where, "formulir dihitung tanpa peristiwa")
    for uuid in sorted(set(forms) | set(said_forms)):
        receipt = forms[uuid]["receipt"] if uuid in forms else uuid
        if uuid not in said_forms:
            report.wrong(where, f"formulir {receipt} tidak ada di rantai audit")
        elif uuid not in forms:
            report.wrong(where, f"formulir {receipt} hilang")
        else:
            said = said_forms[uuid]
            keys = ("uuid", "hash", "channel", "submitted_by", "received_at", "checks", "effective_valid")
            differing = [key for key in keys if forms[uuid][key] != said[key]]
            if differing:
                report.wrong(where, "formulir {} tidak sesuai rantai audit: {}".format(receipt, ", ".join(differing)))
    compare(where, "keputusan", station["decisions"], said_decisions, report)
    compare(where, "bacaan kedua", station["readings"], said_readings, report)


def compare(where, what, stored, said, report):
    found = {one["id"]: one for one in stored}
    for key in sorted(set(found) | set(said)):
        if found.get(key) != said.get(key):
            report.wrong(where, f"{what} {key} tidak sesuai rantai audit")
        else:
            report.count(what)


# Sums


def station_sums(station):
    """What one station adds to its desa and every region above, and the votes of the pairs."""
    state, review = station["state"], station["state"]["review"]
    is_in, verified, disputed = review in IN, review == "verified", bool(state["disputed"])
    form = next((one for one in station["forms"] if one["counts"]), None)
    male, female = station["registered_male"], station["registered_female"]
    dpt = None if male is None or female is None else male + female
    values = form["content"]["values"] if form else {}
    voters = values.get("voters_total")
    known = is_in and voters is not None and dpt is not None
    sums = {
        "stations": 1,
        "stations_in": int(is_in),
        "stations_verified": int(verified),
        "stations_disputed": int(is_in and disputed),
        "stations_verified_disputed": int(verified and disputed),
        "stations_rejected": int(review == "rejected"),
        "registered_voters": dpt or 0,
        "voters": voters or 0,
        "turnout_voters": voters if known else 0,
        "turnout_registered": dpt if known else 0,
        "valid_votes": (effective_valid(form["content"]) or 0) if form else 0,
        "invalid_votes": values.get("invalid_votes") or 0,
    }
    votes = form["content"]["votes"] if form else {}
    return sums, {number: [vote or 0, (vote or 0) if verified else 0] for number, vote in votes.items()}


def check_totals(stations, regions, report):
    """The stored totals of every region are the sums of the stations' counted forms."""
    fresh = {}
    for station in stations:
        sums, votes = station_sums(station)
        for code in station["within"]:
            have, have_votes = fresh.setdefault(code, ({}, {}))
            for name, number in sums.items():
                have[name] = have.get(name, 0) + number
            for number, both in votes.items():
                old = have_votes.get(number, [0, 0])
                have_votes[number] = [old[0] + both[0], old[1] + both[1]]
    stored = {one["code"]: one for one in regions}
    for code in sorted(set(stored) | set(fresh)):
        if code not in stored:
            report.wrong(f"totals.json, wilayah {code}", "hilang")
            continue
        report.count("wilayah")
        sums, votes = fresh.get(code, ({}, {}))
        where = f"totals.json, wilayah {code}"
        for name, number in sorted(stored[code]["progress"].items()):
            if number != sums.get(name, 0):
                report.wrong(where, f"{name} tertulis {number}, jumlah TPS-nya {sums.get(name, 0)}")
        for number in sorted(set(stored[code]["votes"]) | set(votes)):
            have, should = stored[code]["votes"].get(number), votes.get(number, [0, 0])
            if have != should:
                report.wrong(
                    where, f"paslon {number} tertulis {have}, jumlah TPS-nya {should} (semua, terverifikasi)"
                )


# Words


def say(text):
    sys.stdout.write(text + "\n")


def main(arguments):
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")  # an old Windows console knows few letters
    expected = None
    if "--manifest" in arguments:
        place = arguments.index("--manifest")
        expected = "".join(arguments[place + 1 : place + 2])
        arguments = arguments[:place] + arguments[place + 2 :]
    if len(arguments) > 1 or any(one.startswith("-") for one in arguments):
        say((__doc__ or "").split("\n\nThis file")[0])
        return 2
    path = arguments[0] if arguments else os.path.dirname(os.path.abspath(__file__))
    try:
        report, sidik = check(path, expected)
    except Unreadable as error:
        say(f"BUKAN PAKET BUKTI: {error}")
        return 2
    for line in report.problems[:MOST_LINES]:
        say(f"SALAH  {line}")
    if len(report.problems) > MOST_LINES:
        say(f"... dan {len(report.problems) - MOST_LINES} lagi")
    for line in report.notes:
        say(f"CATATAN  {line}")
    counted = ", ".join(f"{number} {what}" for what, number in sorted(report.counts.items()))
    say(f"Diperiksa: {counted}.")
    say(f"SHA-256 manifest.json: {sidik}")
    if os.path.isfile(path):
        say(f"SHA-256 berkas ZIP:    {digest_of_file(path)}")
    if report.problems:
        say(f"HASIL: TIDAK COCOK, {len(report.problems)} kesalahan.")
        return 1
    say("HASIL: COCOK. Bandingkan SHA-256 manifest.json di atas dengan yang tercetak di laporan.pdf.")
    return 0


if __name__ == "__main__":
    code = main(sys.argv[1:])
    if os.name == "nt" and "PROMPT" not in os.environ and sys.stdin and sys.stdin.isatty():
        input("Tekan Enter untuk menutup.")  # opened by a double click
    sys.exit(code)
