"""Claims about any bytes brought as a table: they end in rows or in a sentence, and in no other way."""

import csv as csv_module
import io
import zipfile
from contextlib import suppress

import openpyxl
import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from sista.spreadsheets import cells, headers, opening, records
from sista.spreadsheets.cells import Unreadable
from sista.spreadsheets.headers import Field
from sista.spreadsheets.limits import FileRefused, Limits
from tests.examples import many
from tests.mutations import mutated

LIMITS = Limits(file_bytes=1 << 20, rows=200, columns=40, row_letters=5000, sheets=1 << 21, texts=1 << 20)
FIELDS = [Field("desa", "Kode desa"), Field("tps", "Nomor TPS"), Field("suara_1", "Suara 1", ("1",), required=False)]
READERS = [cells.whole_number(4), cells.code, cells.share, cells.date, cells.text()]


def rows_of(content):
    """All rows as they stand, each cell read in every way; None where the file was refused in words."""
    lines = refused = None
    try:
        with opening.opened(io.BytesIO(content), LIMITS) as sheet:
            lines = list(sheet.lines)
    except FileRefused as refusal:
        refused = str(refusal)
    if lines is None:
        assert refused.endswith(".")
        return None
    assert len(lines) <= LIMITS.rows + 100
    assert all(len(line.cells) <= LIMITS.columns for line in lines)
    header, rest = headers.found(iter(lines), FIELDS)
    for record in records.records(header, rest):
        for field in FIELDS:
            for read in READERS:
                record.read(field.name, read)
        assert all(str(problem) for problem in record.problems)
    for cell in {cell for line in lines for cell in line.cells if not cells.is_blank(cell)}:
        for read in READERS:
            with suppress(Unreadable):
                read(cell)
    return [line.cells for line in lines]


starts = st.sampled_from(
    [b"", b"sep=", b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"PK\x03\x04", b"desa;tps;1\n", b'"']
)
csvlike = st.text('abc;,\t"\r\n\u2028 019%éİ\x85', max_size=60)
any_bytes = st.one_of(
    st.binary(max_size=200),
    csvlike.map(str.encode),
    csvlike.map(lambda text: text.encode("utf-16")),
    csvlike.map(lambda text: text.encode("cp1252", "replace")),
)


@many(300, same=True)
@given(starts, any_bytes)
def test_any_bytes_are_rows_or_a_sentence(start, rest):
    rows_of(start + rest)


@many(150, same=True)
@given(
    st.lists(st.lists(st.text('abcé;,\t"\n 0\u2013', max_size=6), min_size=2, max_size=4), min_size=1, max_size=6),
    st.sampled_from([";", ",", "\t"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
)
def test_what_was_written_as_csv_is_what_is_read(rows, delimiter, encoding, end, says):
    """Under a plain header, from which the delimiter is told; or under a first line that says it."""
    out = io.StringIO(newline="")
    out.write(f"sep={delimiter}{end}" if says else "")
    table = [["kolom a", "kolom b"], *rows]
    csv_module.writer(out, delimiter=delimiter, lineterminator=end).writerows(table)
    read = rows_of(out.getvalue().encode(encoding))
    assert read == [tuple(row) for row in table if any(row)]


def workbook(kind):
    """A small one as each of the two writers that people's programs resemble makes it."""
    table = [["Kode desa", "Nomor TPS", "1"], ["35.07.05.2001", 1, 100.5], ["35.07.05.2001", 2, "12%"]]
    out = io.BytesIO()
    if kind == "openpyxl":
        book = openpyxl.Workbook()
        for row in table:
            book.active.append(row)
        book.save(out)
    else:
        with xlsxwriter.Workbook(out) as book:
            day = book.add_format({"num_format": "yyyy-mm-dd"})
            for number, row in enumerate(table):
                book.worksheets_objs or book.add_worksheet()
                book.worksheets_objs[0].write_row(number, 0, row)
            book.worksheets_objs[0].write_number(1, 3, 44174, day)
    return out.getvalue()


def parts_of(content):
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        return {member.filename: book.read(member) for member in book.infolist()}


def packed(parts, method=zipfile.ZIP_STORED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as book:
        for name, content in parts.items():
            book.writestr(name, content)
    return out.getvalue()


@pytest.mark.parametrize("kind", ["openpyxl", "xlsxwriter"])
def test_a_workbook_of_which_bytes_are_wrong_is_rows_or_a_sentence(kind):
    whole = workbook(kind)
    assert len(rows_of(whole)) == 3

    @many(100, same=True)
    @given(mutated(whole))
    def ask(content):
        rows_of(content)

    ask()


@pytest.mark.parametrize("kind", ["openpyxl", "xlsxwriter"])
def test_a_workbook_of_which_a_part_says_something_else_is_rows_or_a_sentence(kind):
    """The ZIP is whole: what is wrong comes past its checksums, to the reader of the part."""
    parts = parts_of(workbook(kind))

    @many(100, same=True)
    @given(st.sampled_from(sorted(parts)).flatmap(lambda name: st.tuples(st.just(name), mutated(parts[name]))))
    def ask(changed):
        name, content = changed
        rows_of(packed(parts | {name: content}))

    ask()


numbers = st.one_of(
    st.from_regex(r"-?[0-9]{1,6}(\.[0-9]{1,4})?(E[+-]?[0-9]{1,4})?", fullmatch=True),
    st.sampled_from(["9" * 400, "-" + "9" * 400, "9" * 4999, "nan", "inf", "1E400", "", " ", "1_000", "١٢", "x"]),
)


@many(100, same=True)
@given(
    st.lists(st.tuples(st.sampled_from(["n", "s", "str", "b", "d", "e", "inlineStr", "?"]), numbers), max_size=5),
    st.sampled_from(["", ' s="1"', ' s="99"', ' s="-1"', ' s="x"']),
)
def test_a_cell_of_any_type_with_any_value_is_rows_or_a_sentence(written, style):
    row = "".join(f'<c t="{kind}"{style}><v>{value}</v><is><t>{value}</t></is></c>' for kind, value in written)
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    sheet = f'<worksheet xmlns="{main}"><sheetData><row r="1">{row}</row></sheetData></worksheet>'
    rows_of(packed(parts_of(workbook("xlsxwriter")) | {"xl/worksheets/sheet1.xml": sheet}))
