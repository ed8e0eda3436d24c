"""Rows of a CSV file: the delimiter is found, the encoding is found, one row is in memory at a time."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator
from typing import IO

from django.utils.translation import gettext as _

from sista.spreadsheets.limits import FileRefused, Limits

_CHUNK = 1 << 16
_BYTE_ORDER = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
#: In the order in which they win a draw.
DELIMITERS = (";", "\t", ",")


def read(file: IO[bytes], limits: Limits) -> tuple[int, Iterator[tuple[int, tuple[str, ...]]]]:
    """Return about how many lines there are, and the rows as (line they begin on, cells).

    UTF-8 with or without BOM, UTF-16 with one, else Windows-1252. ``sep=;`` on the
    first line is obeyed, as Excel does. Raises `FileRefused`; the rows do too.
    """
    encoding, lines = _encoding(file)
    if lines > limits.rows + 100:
        raise _too_long(limits)
    file.seek(0)
    # newline="": a line end inside quotes belongs to its cell.
    text = io.TextIOWrapper(file, encoding=encoding, newline="")
    try:
        delimiter, skip = _delimiter(text.readline(limits.row_letters))
        text.seek(0)
    finally:
        text.detach()
    file.seek(0)
    return lines, _rows(file, encoding, delimiter, skip, limits)


def _encoding(file: IO[bytes]) -> tuple[str, int]:
    """The encoding all of it can be read in, and its number of lines."""
    file.seek(0)
    start = file.read(4)
    marked = next((name for mark, name in _BYTE_ORDER if start.startswith(mark)), None)
    for name in [marked] if marked else ["utf-8", "cp1252"]:
        try:
            return name, _decoded_lines(file, name)
        except UnicodeDecodeError:
            continue
    raise FileRefused(_("Berkas ini bukan teks UTF-8 atau Windows-1252. Simpan ulang sebagai CSV UTF-8."))


def _decoded_lines(file: IO[bytes], encoding: str) -> int:
    file.seek(0)
    decoder, lines, last = codecs.getincrementaldecoder(encoding)(), 0, ""
    while True:
        chunk = file.read(_CHUNK)
        text = decoder.decode(chunk, final=not chunk)
        if "\0" in text:
            raise FileRefused(_("Berkas ini bukan tabel CSV atau XLSX."))
        # A lone \r ends a line too (old Macs); \r\n over two chunks may count twice, which is near enough.
        lines += text.count("\n") or text.count("\r")
        last = text[-1:] or last
        if not chunk:
            return lines + (last not in ("", "\n", "\r"))


def _delimiter(first: str) -> tuple[str, int]:
    """The delimiter, and how many lines to pass over."""
    plain = first.lstrip("\ufeff").strip("\r\n")
    if plain.lower().startswith("sep=") and len(plain) == 5:
        return plain[4], 1
    outside = "".join(plain.split('"')[::2])
    return max(DELIMITERS, key=lambda one: outside.count(one)), 0


def _rows(
    file: IO[bytes], encoding: str, delimiter: str, skip: int, limits: Limits
) -> Iterator[tuple[int, tuple[str, ...]]]:
    text = io.TextIOWrapper(file, encoding=encoding, newline="")
    try:
        reader = csv.reader(_bounded_lines(text, limits), delimiter=delimiter)
        began, found = 1, 0
        for cells in reader:
            if began > skip and any(cells):
                found += 1
                if found > limits.rows + 1:
                    raise _too_long(limits)
                if len(cells) > limits.columns:
                    raise FileRefused(
                        _("Baris %(line)s: lebih dari %(most)s kolom.") % {"line": began, "most": limits.columns}
                    )
                yield began, tuple(cells)
            began = reader.line_num + 1
    except csv.Error as error:
        # A quote that never closes swallows the file: the cell grows beyond what a cell may be.
        raise FileRefused(
            _("Baris %(line)s: tanda kutip atau sel tidak terbaca. Simpan ulang sebagai CSV.") % {"line": began}
        ) from error
    finally:
        text.detach()


def _bounded_lines(text: io.TextIOWrapper, limits: Limits) -> Iterator[str]:
    while line := text.readline(limits.row_letters + 1):
        if len(line) > limits.row_letters:
            raise FileRefused(_("Sebuah baris terlalu panjang. Berkas ini bukan tabel."))
        yield line


def _too_long(limits: Limits) -> FileRefused:
    return FileRefused(_("Lebih dari %(most)s baris. Bagi berkas ini menjadi beberapa.") % {"most": limits.rows})
