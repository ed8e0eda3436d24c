"""Claims about evidence packs: they check themselves without us, and whoever changes a byte or a figure is found."""

import ast
import hashlib
import json
import shutil
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest

from analytics.evidence import verify
from analytics.models import EvidenceState
from tallies import photos
from tests.evidence import PHONE, checked, evening_in_dampit, made, paper_text, unpacked  # noqa: F401  fixtures
from tests.sending import picture

#: Made once: whoever changes a pack changes a copy.
_MADE: dict[str, Path | SimpleNamespace] = {}


@pytest.fixture
def kept(request, tmp_path, tmp_path_factory):
    """What is known of the pack of a kecamatan, and a copy of its files where no project is."""
    if not _MADE:
        pack = made(request.getfixturevalue("evening"))
        assert pack.state == EvidenceState.READY, pack.problem
        _MADE["folder"] = unpacked(pack, tmp_path_factory.mktemp("paket"))
        _MADE["pack"] = SimpleNamespace(
            manifest_sha256=pack.manifest_sha256,
            sha256=pack.sha256,
            counts=(pack.stations, pack.stations_in, pack.photos),
        )
    shutil.copytree(_MADE["folder"].parent, tmp_path / "salinan")
    return _MADE["pack"], tmp_path / "salinan" / "dibuka"


def told(capsys, *arguments):
    """As `checked`, in this process: most of what is asked here is asked many times."""
    status = verify.main([str(one) for one in arguments])
    return status, capsys.readouterr().out


# What a lawyer does with it


def test_the_pack_of_a_kecamatan_verifies_without_us(kept):
    pack, folder = kept
    status, said = checked(folder, "--manifest", pack.manifest_sha256)
    assert status == 0, said
    for words in ("3 TPS", "4 formulir", "2 foto asli", "1 keputusan", "5 peristiwa", "3 wilayah"):
        assert words in said
    assert hashlib.sha256((folder / "manifest.json").read_bytes()).hexdigest() == pack.manifest_sha256
    assert f"SHA-256 manifest.json: {pack.manifest_sha256}" in said
    status, said = checked(folder, str(folder.parent / "bukti.zip"))
    assert status == 0, said
    assert f"SHA-256 berkas ZIP:    {pack.sha256}" in said
    assert pack.counts == (3, 2, 2)


def test_it_runs_where_only_python_38_is_and_unpacks_everywhere(kept):
    _pack, folder = kept
    source = (folder / "verify.py").read_text()
    tree = ast.parse(source, feature_version=(3, 8))
    used = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    used |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert used == {"__future__", "hashlib", "json", "os", "re", "sys", "zipfile"}
    called = {node.func.attr for node in ast.walk(tree) if isinstance(node, ast.Call) and hasattr(node.func, "attr")}
    assert called.isdisjoint({"removeprefix", "removesuffix", "is_relative_to", "batched"})  # of later versions
    names = [path.relative_to(folder).as_posix() for path in folder.rglob("*")]
    assert all(name.isascii() and not set(name) & set('\\:*?"<>|') for name in names), names
    assert b"\r\n" in (folder / "README.txt").read_bytes()


def test_the_originals_are_byte_for_byte_what_the_witness_sent(evening, kept):
    _pack, folder = kept
    found = sorted((folder / "photos").iterdir())
    assert len(found) == 2
    for path in found:
        assert hashlib.sha256(path.read_bytes()).hexdigest() == path.stem
        with photos.store().open(photos.original_name(path.stem)) as stream:
            assert stream.read() == path.read_bytes()


def test_every_version_says_who_when_and_how_and_nobodys_number(evening, kept):
    _pack, folder = kept
    figures = json.loads((folder / "figures.json").read_text())
    silent, first, second = figures["stations"]
    assert (silent["code"], silent["forms"], silent["state"]["review"]) == ("35.07.05.1002.001", [], "not_in")
    assert [one["channel"] for one in second["forms"]] == ["sms", "ponsel"]
    assert [one["counts"] for one in second["forms"]] == [False, True]
    assert second["forms"][1]["content"]["supersedes"] == second["forms"][0]["uuid"]
    assert [one["state"]["disputed"] for one in (first, second)] == [True, False]
    names = {one["name"] for one in figures["people"].values()}
    assert names == {"Siti Rahayu", "Joko", "Budi"}
    everything = b"".join(path.read_bytes() for path in folder.rglob("*") if path.suffix in (".json", ".txt", ".py"))
    for number in (PHONE, "0812-7766-5544", "6281277665544"):
        assert number.encode() not in everything
        assert number not in paper_text(folder / "laporan.pdf")


# Whoever changes something is found


def load(folder, name):
    return json.loads((folder / name).read_text())


def store_json(folder, name, content):
    (folder / name).write_text(json.dumps(content, ensure_ascii=False, indent=1))


def seal(folder):
    """Make manifest and list of papers anew, as somebody would who wants to hide what was changed."""
    for name in ("manifest.json", "laporan.json"):
        listed = load(folder, name)
        listed["files"] = [one for one in listed["files"] if (folder / one["name"]).exists()]
        for one in listed["files"]:
            data = (folder / one["name"]).read_bytes()
            one |= {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        if name == "laporan.json":
            listed["manifest_sha256"] = hashlib.sha256((folder / "manifest.json").read_bytes()).hexdigest()
        store_json(folder, name, listed)


def flip(path, place=-100):
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize(
    "name", ["photos", "laporan.pdf", "README.txt", "verify.py", "findings.json", "manifest.json"]
)
def test_one_byte_is_enough(kept, capsys, name):
    pack, folder = kept
    path = folder / name if name != "photos" else next((folder / name).iterdir())
    if name == "verify.py":
        path.write_text(path.read_text() + "# \n")
    else:
        flip(path)
    status, said = told(capsys, folder, "--manifest", pack.manifest_sha256)
    assert status in (1, 2), said
    assert path.name in said


@pytest.mark.parametrize("name", ["photos", "laporan.pdf", "totals.json", "laporan.json", "manifest.json"])
def test_a_file_that_is_missing_is_named(kept, capsys, name):
    _pack, folder = kept
    path = folder / name if name != "photos" else next((folder / name).iterdir())
    path.unlink()
    status, said = told(capsys, folder)
    assert status in (1, 2), said
    assert path.name in said


def test_a_file_that_was_added_is_named_and_what_a_computer_leaves_is_not(kept, capsys):
    _pack, folder = kept
    (folder / "photos" / "Thumbs.db").write_bytes(b"x")
    assert told(capsys, folder)[0] == 0
    (folder / "photos" / ("a" * 64 + ".jpg")).write_bytes(picture(seed=9))
    status, said = told(capsys, folder)
    assert status == 1
    assert f"photos/{'a' * 64}.jpg: bukan bagian paket" in said
    path = folder.parent / "bukti.zip"
    with zipfile.ZipFile(path, "a") as box, pytest.warns(UserWarning, match="Duplicate"):
        box.writestr("README.txt", "lain")
    status, said = told(capsys, path)
    assert status == 1
    assert "README.txt: ada dua kali" in said


def _vote(figures):
    figures["stations"][1]["forms"][0]["content"]["votes"]["1"] += 1


def _number(figures):
    figures["stations"][2]["forms"][0]["content"]["values"]["invalid_votes"] -= 1


def _hash_too(figures):
    form = figures["stations"][2]["forms"][1]
    form["content"]["votes"]["2"] += 9
    form["hash"] = verify.canonical(form["content"])


def _event(figures):
    figures["stations"][1]["events"][0]["actor"] += 1


def _event_with_its_digest(figures):
    station = figures["stations"][1]
    event = station["events"][0]
    event["actor"] += 1
    body = [station["result_id"], *(event[key] for key in ("seq", "at", "actor", "action", "content", "previous"))]
    event["digest"] = verify.canonical(body)


def _last_event_gone(figures):
    figures["stations"][2]["events"].pop()


def _first_event_gone(figures):
    figures["stations"][2]["events"].pop(0)


def _version_gone(figures):
    figures["stations"][1]["forms"].pop()


def _reason(figures):
    figures["stations"][2]["decisions"][0]["reason"] = "lain"


def _review(figures):
    figures["stations"][1]["state"]["review"] = "rejected"


def _other_counts(figures):
    for form in figures["stations"][1]["forms"]:
        form["counts"] = not form["counts"]


def _register(figures):
    figures["stations"][0]["registered_male"] += 1


def _station_gone(figures):
    figures["stations"].pop(0)


def _photo_name(figures):
    figures["stations"][1]["forms"][0]["photos"].pop()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_vote, "TPS 35.07.05.2001.001, formulir"),
        (_number, "sidik isi tidak cocok"),
        (_hash_too, "tidak sesuai rantai audit: hash"),
        (_event, "TPS 35.07.05.2001.001: rantai audit putus pada peristiwa 1"),
        (_event_with_its_digest, "TPS 35.07.05.2001.001: rantai audit putus pada peristiwa 2"),
        (_last_event_gone, "TPS 35.07.05.2001.002: ujung rantai audit tidak cocok"),
        (_first_event_gone, "TPS 35.07.05.2001.002: peristiwa 1 hilang dari rantai audit"),
        (_version_gone, "TPS 35.07.05.2001.001: formulir"),
        (_reason, "TPS 35.07.05.2001.002: keputusan"),
        (_review, "TPS 35.07.05.2001.001: keadaannya berubah tanpa peristiwa"),
        (_other_counts, "TPS 35.07.05.2001.001: formulir yang dihitung"),
        (_register, "totals.json, wilayah 35.07.05.1002: registered_voters"),
        (_station_gone, "totals.json, wilayah 35.07.05: stations tertulis 3, jumlah TPS-nya 2"),
        (_photo_name, "daftar fotonya berubah"),
    ],
)
def test_a_changed_figure_is_found_even_when_the_manifest_was_made_anew(kept, capsys, change, words):
    pack, folder = kept
    figures = load(folder, "figures.json")
    change(figures)
    store_json(folder, "figures.json", figures)
    status, said = told(capsys, folder)
    assert status == 1
    assert "figures.json: berubah" in said
    seal(folder)
    status, said = told(capsys, folder)
    assert status == 1, said
    assert words in said
    assert "figures.json: berubah" not in said
    assert f"seharusnya {pack.manifest_sha256}" in told(capsys, folder, "--manifest", pack.manifest_sha256)[1]


def test_a_sum_that_is_no_sum_is_found(kept, capsys):
    _pack, folder = kept
    totals = load(folder, "totals.json")
    totals["regions"][0]["votes"]["1"][0] += 30
    totals["regions"][1]["progress"]["stations_in"] += 1
    store_json(folder, "totals.json", totals)
    seal(folder)
    status, said = told(capsys, folder)
    assert status == 1
    assert "wilayah 35.07.05: paslon 1 tertulis [200, 70], jumlah TPS-nya [170, 70]" in said
    assert "wilayah 35.07.05.1002: stations_in tertulis 1" in said


def test_a_photo_taken_out_with_all_its_traces_is_missed_by_its_form(kept, capsys):
    _pack, folder = kept
    listed = load(folder, "photos.json")
    gone = listed["photos"].pop()
    (folder / gone["file"]).unlink()
    store_json(folder, "photos.json", listed)
    seal(folder)
    status, said = told(capsys, folder)
    assert status == 1
    assert f"foto {gone['sha256']} tidak tercatat" in said


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 half a file", b"{}"])
def test_what_is_no_pack_is_called_so(capsys, tmp_path, content):
    other = tmp_path / "lain.zip"
    other.write_bytes(content)
    status, said = told(capsys, other)
    assert status == 2
    assert "BUKAN PAKET BUKTI" in said
    assert "Traceback" not in said


def test_rubbish_in_the_figures_is_named_without_a_traceback(kept, capsys):
    _pack, folder = kept
    figures = load(folder, "figures.json")
    figures["stations"][1] = {"code": "35.07.05.2001.001", "forms": 7}
    figures["stations"][2]["events"][0]["content"] = None
    store_json(folder, "figures.json", figures)
    status, said = told(capsys, folder)
    assert status == 1
    assert "Traceback" not in said
    assert "TPS 35.07.05.2001.001: isinya tidak lengkap" in said
