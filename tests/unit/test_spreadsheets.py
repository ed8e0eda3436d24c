"""Claims about the files that people bring: what is read of them, what is refused, and how much memory that takes."""

import datetime as dt
import io
import struct
import tracemalloc
import zipfile
from decimal import Decimal

import openpyxl
import pytest
import xlsxwriter

from sista.spreadsheets import cells, headers, opening, records
from sista.spreadsheets.headers import Field
from sista.spreadsheets.limits import FileRefused

FIELDS = [
    Field("desa", "Kode desa", ("kode wilayah", "kelurahan")),
    Field("tps", "Nomor TPS", ("tps", "no tps")),
    Field("suara_1", "Suara paslon 1", ("paslon 1", "pasangan calon 1", "1")),
    Field("sah", "Suara sah", ("jumlah suara sah",), required=False),
]


def csv(text, encoding="utf-8"):
    return io.BytesIO(text.encode(encoding))


def xlsx(*rows, **options):
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"strings_to_formulas": False} | options) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate(rows):
            for place, value in enumerate(row):
                sheet.write(number, place, value)
    out.seek(0)
    return out


def with_part(book, name, content):
    """The workbook with one of its parts replaced or added."""
    out = io.BytesIO()
    with zipfile.ZipFile(book) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for member in old.infolist():
            if member.filename != name:
                new.writestr(member, old.read(member))
        new.writestr(name, content)
    out.seek(0)
    return out


SHEET = "xl/worksheets/sheet1.xml"


def with_rows(rows):
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    return with_part(xlsx(["desa"]), SHEET, f'<worksheet xmlns="{main}"><sheetData>{rows}</sheetData></worksheet>')


def lines_of(file):
    with opening.opened(file) as sheet:
        return [(line.number, line.cells) for line in sheet.lines]


def read_in(file, said=None):
    with opening.opened(file) as sheet:
        header, lines = headers.found(sheet.lines, FIELDS, said=said)
        return header, list(records.records(header, lines))


# CSV


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_csv_of_any_kind_is_the_same_rows(delimiter, encoding, end):
    text = end.join(delimiter.join(row) for row in (["nama", "suara"], ["Café Señor", "12"], ["x", ""])) + end
    assert lines_of(csv(text, encoding)) == [(1, ("nama", "suara")), (2, ("Café Señor", "12")), (3, ("x", ""))]


def test_lines_are_counted_as_an_editor_does():
    text = 'a;b\n\n"dua\nbaris";1\n;;\nakhir;2'
    assert lines_of(csv(text)) == [(1, ("a", "b")), (3, ("dua\nbaris", "1")), (6, ("akhir", "2"))]


def test_the_delimiter_inside_quotes_is_none_and_sep_is_obeyed():
    assert lines_of(csv('"a,b,c";d\n1;2\n'))[1] == (2, ("1", "2"))
    assert lines_of(csv("sep=|\na|b\n1|2\n")) == [(2, ("a", "b")), (3, ("1", "2"))]


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "kosong"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "bukan"),
        (b"a;b\n\x81\x8d;1\n", "UTF-8"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "Excel lama"),
        (b"PK\x03\x04 and then nothing of a zip", "rusak"),
        (b'a;b\n"' + b"x" * 200_000 + b"\n", "tanda kutip"),
        (b"a;b\n" + b"x" * 2_000_000 + b"\n", "terlalu panjang"),
        (b";" * 300 + b"x\n", "256 kolom"),
    ],
    ids=["empty", "picture", "neither encoding", "old excel", "half a zip", "open quote", "endless line", "too wide"],
)
def test_what_is_no_table_is_refused_in_a_sentence(content, word):
    with pytest.raises(FileRefused, match=word):
        lines_of(io.BytesIO(content))


def test_a_million_rows_are_refused_before_the_first_is_read():
    with pytest.raises(FileRefused, match="900000 baris"), opening.opened(io.BytesIO(b"a;b\n" * 1_000_000)):
        pytest.fail("opened")


def test_rows_come_one_at_a_time():
    file = io.BytesIO(b"kode desa;tps;suara_1\n" + b"35.07.05.2001;1;100\n" * 30_000)
    tracemalloc.start()
    try:
        with opening.opened(file) as sheet:
            header, lines = headers.found(sheet.lines, FIELDS)
            number = sum(record.read("suara_1", cells.whole_number(4)) for record in records.records(header, lines))
        _now, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert number == 3_000_000
    assert most < 500_000  # the rows as text are 0.7 MB, as cells 6


# XLSX


def test_a_workbook_is_read_with_what_its_cells_are():
    day = dt.datetime(2020, 12, 9)
    book = openpyxl.Workbook()
    for row in (["kode", "n", "hari"], ["35.10", 12, day], [None, None, None], ["=1+1", 0.5, None]):
        book.active.append(row)
    book.active["A4"].data_type = "s"
    out = io.BytesIO()
    book.save(out)
    assert lines_of(out) == [(1, ("kode", "n", "hari")), (2, ("35.10", 12, day)), (4, ("=1+1", 0.5))]


def test_the_size_a_sheet_claims_is_not_believed():
    file = with_rows('<row r="1"><c r="A1"><v>1</v></c></row><row r="900"><c r="B900"><v>2</v></c></row>')
    assert lines_of(file) == [(1, (1,)), (900, (None, 2))]


@pytest.mark.parametrize(
    ("rows", "word"),
    [
        ('<row r="1"/><row r="99999999999999"><c><v>1</v></c></row>', "rusak"),
        ('<row r="7"><c><v>1</v></c></row><row r="3"><c><v>2</v></c></row>', "rusak"),
        ('<row r="1"><c r="XFD1"><v>1</v></c></row>', "256 kolom"),
        ("<row>" + "<c><v>1</v></c>" * 20_000 + "</row>", "256 kolom"),
        ("<x/>" * 30_000 + "<row><c><v>1</v></c></row>", "256 kolom"),
        ('<row><c t="inlineStr"><is><t>' + "x" * 2_000_000 + "</t></is></c></row>", "256 kolom"),
        ('<row><c t="s"><v>99</v></c></row>', "rusak"),
        ("<row><c><v>satu</v></c></row>", "rusak"),
        ("<row><c>", "rusak"),
    ],
    ids=[
        "far row",
        "rows backwards",
        "far column",
        "wide row",
        "padding",
        "long text",
        "no text",
        "no number",
        "cut",
    ],
)
def test_a_sheet_that_lies_is_refused(rows, word):
    with pytest.raises(FileRefused, match=word):
        lines_of(with_rows(rows))


def test_a_million_rows_of_a_workbook_are_refused_before_openpyxl_sees_them(monkeypatch):
    monkeypatch.setattr(openpyxl, "load_workbook", lambda *_args, **_options: pytest.fail("loaded"))
    with pytest.raises(FileRefused, match="900000 baris"):
        lines_of(with_rows("<row/>" * 1_000_000))


def test_a_bomb_is_refused_by_what_it_would_unpack_to(monkeypatch):
    monkeypatch.setattr(openpyxl, "load_workbook", lambda *_args, **_options: pytest.fail("loaded"))
    for part, size in ((SHEET, 600), ("xl/sharedStrings.xml", 80), ("xl/styles.xml", 9), ("xl/media/image1.png", 9)):
        file = with_part(xlsx(["a"]), part, b"0" * (1024 * 1024))
        # The directory at the end of the archive is what is believed, here as in zipfile.
        data = bytearray(file.getvalue())
        entry = data.rindex(part.encode()) - 46
        data[entry + 24 : entry + 28] = struct.pack("<I", size * 1024 * 1024)
        with pytest.raises(FileRefused, match="terlalu besar"):
            lines_of(io.BytesIO(bytes(data)))


def test_a_member_that_says_less_than_it_holds_is_cut_and_refused():
    file = with_part(xlsx(["a"]), SHEET, b"<worksheet>" + b" " * 1_000_000 + b"</worksheet>")
    data = bytearray(file.getvalue())
    entry = data.rindex(SHEET.encode()) - 46
    data[entry + 24 : entry + 28] = struct.pack("<I", 100)
    with pytest.raises(FileRefused, match="rusak"):
        lines_of(io.BytesIO(bytes(data)))


@pytest.mark.parametrize("part", [SHEET, "xl/workbook.xml", "xl/sharedStrings.xml", "[Content_Types].xml"])
@pytest.mark.parametrize("entity", ['<!ENTITY e SYSTEM "file:///etc/hostname">', '<!ENTITY e "lol">'])
def test_an_entity_is_refused_wherever_it_is_declared(part, entity):
    file = with_part(xlsx(["a"]), part, f"<!DOCTYPE x [{entity}]><x>&e;</x>")
    with pytest.raises(FileRefused, match="deklarasi"):
        lines_of(file)


def test_a_sheet_that_stands_where_none_belongs_is_not_read_uncounted():
    """The guard knows a sheet by its place; openpyxl follows the workbook to any, and through 10¹⁴ empty rows."""
    rows = '<row r="1"><c><v>1</v></c></row><row r="99999999999999"><c><v>1</v></c></row>'
    file = with_part(with_rows(rows), "xl/other/sheet1.xml", zipfile.ZipFile(with_rows(rows)).read(SHEET))
    relations = "xl/_rels/workbook.xml.rels"
    told = zipfile.ZipFile(file).read(relations).replace(b"worksheets/sheet1.xml", b"other/sheet1.xml")
    types = zipfile.ZipFile(file).read("[Content_Types].xml").replace(b"/worksheets/", b"/other/")
    file = with_part(with_part(file, relations, told), "[Content_Types].xml", types)
    without = io.BytesIO()
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(without, "w") as new:
        for member in old.infolist():
            if member.filename != SHEET:
                new.writestr(member, old.read(member))
    with pytest.raises(FileRefused, match="rusak"):
        lines_of(without)


def test_an_archive_that_points_before_its_beginning_is_broken(tmp_path):
    """In a file on disk that is an `OSError`, in memory a `ValueError`."""
    data = bytearray(xlsx(["a"]).getvalue())
    del data[8:10]
    path = tmp_path / "tabel.xlsx"
    path.write_bytes(data)
    for source in (path, io.BytesIO(bytes(data))):
        with pytest.raises(FileRefused, match="rusak"):
            lines_of(source)


def test_a_name_that_is_no_text_is_a_broken_archive():
    data = xlsx(["a"]).getvalue().replace(b"xl/styles.xml", b"xl/styl\xff\xff.xml")
    entry = data.rindex(b"xl/styl\xff\xff.xml") - 46
    marked = bytearray(data)
    marked[entry + 9] |= 0x08  # "the name is UTF-8"
    with pytest.raises(FileRefused, match="rusak"):
        lines_of(io.BytesIO(bytes(marked)))


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_workbook_packed_as_no_program_does_is_refused(method):
    out = io.BytesIO()
    with zipfile.ZipFile(xlsx(["a"])) as old, zipfile.ZipFile(out, "w", method) as new:
        for member in old.infolist():
            new.writestr(member.filename, old.read(member))
    with pytest.raises(FileRefused, match="rusak"):
        lines_of(out)


# Headers


@pytest.mark.parametrize(
    "labels",
    [
        ["kode desa", "tps", "suara_1"],
        ["KODE WILAYAH", "No. TPS", "Paslon 01"],
        ["Kélurahan", "NOMOR-TPS", "Pasangan  Calon 1"],
        ["desa", "Nomor\nTPS", "01"],
    ],
)
def test_names_are_forgiven(labels):
    header = headers.matched(labels, FIELDS)
    assert (header.columns, header.is_complete) == ({"desa": 0, "tps": 1, "suara_1": 2}, True)


def test_what_is_missing_or_doubtful_is_told_and_a_person_decides():
    header = headers.matched(["Kode", "TPS", "No TPS", "suara_1"], FIELDS)
    assert (header.missing, header.doubtful) == (("desa",), ("tps",))
    said = headers.matched(
        ["Kode", "TPS", "No TPS", "suara_1"], FIELDS, said={"desa": 0, "tps": 2, "hm": 1, "sah": 9}
    )
    assert said.columns == {"desa": 0, "tps": 2, "suara_1": 3}
    assert said.is_complete
    # A column that a person took for one field is not another's by its name.
    assert "tps" in headers.matched(["desa", "tps"], FIELDS, said={"desa": 1}).missing


def test_the_header_may_stand_below_a_title():
    header, rows = read_in(csv("Hasil resmi;;\nper 15 Desember;;\nkode desa;tps;suara_1\n35.07.05.2001;1;5\n"))
    assert (header.line, [row.line for row in rows]) == (3, [4])
    assert rows[0].read("desa", cells.code) == "35.07.05.2001"


def test_a_row_of_figures_is_no_header_although_a_pair_may_be_called_by_its_number():
    header, rows = read_in(csv("lokasi;nomor;A\n35.07.05.2001;1;5\n"))
    assert (header.labels, [row.line for row in rows]) == (("lokasi", "nomor", "A"), [2])


# Cells


@pytest.mark.parametrize("cell", ["0", "007", "12", "9999", 0, 12, 9999])
def test_a_whole_number(cell):
    assert cells.whole_number(4)(cell) == int(cell)


@pytest.mark.parametrize(
    "cell",
    ["1.234", "1,234", "12.0", "-1", "+1", "1e3", "1_000", " 12 ", "0x10", "1 234", "١٢", "１２", "²", "=12", "O",
     "12x", "10000", "9" * 5000, 12.0, -1, 10000, 10**30, True, dt.datetime(2020, 12, 9), "#N/A"],
)  # fmt: skip
def test_what_is_no_whole_number(cell):
    with pytest.raises(cells.Unreadable):
        cells.whole_number(4)(cell)


@pytest.mark.parametrize(
    ("cell", "value"),
    [("56,94%", "0.5694"), ("56.94 %", "0.5694"), ("0,5694", "0.5694"), ("56,94", "0.5694"), (0.5694, "0.5694"),
     ("100%", "1"), ("0", "0"), ("1", "1"), ("1%", "0.01"), (57, "0.57")],
)  # fmt: skip
def test_a_share(cell, value):
    assert cells.share(cell) == Decimal(value)


@pytest.mark.parametrize(
    "cell", ["100,1%", "-1%", "1.049,5%", "setengah", "٥٠%", True, "101", -0.1, float("nan"), 10**400]
)
def test_what_is_no_share(cell):
    with pytest.raises(cells.Unreadable):
        cells.share(cell)


@pytest.mark.parametrize("cell", ["2020-12-09", "9/12/2020", "09-12-2020", "9.12.2020", dt.datetime(2020, 12, 9, 7)])
def test_a_date(cell):
    assert cells.date(cell) == dt.date(2020, 12, 9)


@pytest.mark.parametrize("cell", ["2020-13-01", "31/2/2020", "12/2020", "kemarin", 44174, "٩/١٢/٢٠٢٠"])
def test_what_is_no_date(cell):
    with pytest.raises(cells.Unreadable):
        cells.date(cell)


@pytest.mark.parametrize("cell", ['=HYPERLINK("http://x")', "+62812", "@nama", "-5", "<script>"])
def test_text_stays_text(cell):
    assert cells.text(40)(f" {cell}\n") == cell


def test_a_code_that_excel_changed_is_refused_with_the_way_out():
    assert [cells.code(cell) for cell in (" 35.07.05.2001.001 ", 3507052001)] == ["35.07.05.2001.001", "3507052001"]
    for cell, word in ((35.1, "bilangan"), (dt.datetime(2001, 5, 7), "tanggal"), ("=A1", "kode"), ("x" * 65, "kode")):
        with pytest.raises(cells.Unreadable, match=word):
            cells.code(cell)


def test_a_problem_names_row_and_column():
    _header, rows = read_in(csv("Kode Desa;No TPS;Paslon 1\n35.07.05.2001;1;1.234\n35.07.05.2001;;\n"))
    first, second = rows
    assert first.read("suara_1", cells.whole_number(4)) is None
    assert [str(one) for one in first.problems] == [
        "Baris 2, kolom Paslon 1: bukan bilangan bulat. Tulis angka saja, tanpa titik, koma, atau spasi (1.234)."
    ]
    assert (second.read("suara_1", cells.whole_number(4)), second.problems) == (None, [])
    second.read("tps", cells.whole_number(4), required=True)
    assert (second.read("sah", cells.whole_number(4)), str(second.problems[0])) == (
        None,
        "Baris 3, kolom No TPS: kosong.",
    )
    second.refuse("TPS ini tidak ada")
    assert str(second.problems[1]) == "Baris 3: TPS ini tidak ada."
