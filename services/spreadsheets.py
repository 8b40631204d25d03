"""Spreadsheets as plain tables of cells, and tables as workbooks. The libraries are loaded only when one is opened."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from domain.roster.model import Cell, Table

MOST_ROWS = 20_000
MOST_COLUMNS = 100
MOST_BYTES = 20 * 1024 * 1024
_MERGED = re.compile(rb'<mergeCell [^>]*ref="([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})"')


class Unreadable(ValueError):
    """The file is none of the kinds we read; the message is Chinese and says what to do."""


def read_tables(path: Path) -> list[Table]:
    """Every sheet of an .xlsx, or the one table of a .csv (UTF-8 with or without BOM, GBK, GB18030)."""
    try:
        raw = path.read_bytes()
    except OSError as problem:
        raise Unreadable(f"打不开文件{path}:{problem.strerror or problem}") from problem
    return tables_of(raw)


def tables_of(raw: bytes) -> list[Table]:
    """By what the bytes are, not by what the name says."""
    if len(raw) > MOST_BYTES:
        raise Unreadable(f"文件太大(超过{MOST_BYTES // 1024 // 1024}MB),请删去图片和无关的表后再试")
    if raw.startswith(b"PK\x03\x04"):
        return _of_workbook(raw)
    if raw.startswith(b"\xd0\xcf\x11\xe0"):
        raise Unreadable("这是旧格式(.xls),请在表格软件里“另存为”.xlsx 后再导入")
    if raw.startswith((b"%PDF", b"\x89PNG", b"\xff\xd8")):
        raise Unreadable("这不是表格文件,请导入 .xlsx 或 .csv")
    return [Table("", _of_csv(_decoded(raw)))]


def _decoded(raw: bytes) -> str:
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _or_unreadable(raw, "utf-16")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return _or_unreadable(raw, "gb18030")


def _or_unreadable(raw: bytes, encoding: str) -> str:
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError:
        raise Unreadable("文字编码认不出,请在表格软件里另存为 .xlsx 或“CSV UTF-8”后再导入") from None


def _of_csv(text: str) -> list[list[Cell]]:
    if "\0" in text:
        raise Unreadable("这不是表格文件,请导入 .xlsx 或 .csv")
    head = text[:4096]
    delimiter = max(",\t;", key=head.count)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as problem:
        raise Unreadable(f"这个 .csv 读不出来({problem}),请另存为 .xlsx 后再导入") from problem
    return [[cell or None for cell in row[:MOST_COLUMNS]] for row in rows[:MOST_ROWS]]


def _of_workbook(raw: bytes) -> list[Table]:
    import openpyxl

    try:
        book = openpyxl.load_workbook(io.BytesIO(raw), read_only=True, data_only=True)
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            return [_of_sheet(sheet, archive) for sheet in book.worksheets if sheet.sheet_state == "visible"]
    except Exception as problem:
        raise Unreadable("这个 .xlsx 打不开,可能已损坏或加了密码,请另存为新的 .xlsx 后再试") from problem


def _of_sheet(sheet: Any, archive: zipfile.ZipFile) -> Table:
    """`sheet` is openpyxl's ReadOnlyWorksheet, whose stubs are wrong."""
    sheet.reset_dimensions()  # some programs write a wrong size
    rows: list[list[Any]] = [_trimmed(row) for row in sheet.iter_rows(max_row=MOST_ROWS, values_only=True)]
    _fill_merged(rows, archive.read(sheet._worksheet_path))
    return Table(sheet.title, rows)


def _trimmed(row: Sequence[Any]) -> list[Any]:
    """Without the empty cells at the end: a formatted column may reach far out."""
    cells = list(row[:MOST_COLUMNS])
    while cells and cells[-1] is None:
        cells.pop()
    return cells


def _fill_merged(rows: list[list[Any]], xml: bytes) -> None:
    """Give every cell of a merged range its value; the read-only reader knows no merged cells."""
    for left, top, right, bottom in _MERGED.findall(xml):
        first, last = int(top) - 1, min(int(bottom), len(rows))
        if first >= len(rows) or _number(left) >= len(rows[first]):
            continue
        value = rows[first][_number(left)]
        for row in rows[first:last]:
            end = min(_number(right), MOST_COLUMNS - 1) + 1
            row.extend([None] * (end - len(row)))
            row[_number(left) : end] = [value] * (end - _number(left))


def _number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number - 1


def write_workbook(sheets: Mapping[str, Sequence[Sequence[str]]], choices: Mapping[str, Sequence[str]]) -> bytes:
    """A workbook of text cells, the first row of each sheet a frozen heading. `choices` are lists by heading.

    Everything is written as text: what starts with "=" must not become a formula, a code keeps its zeros.
    """
    import xlsxwriter

    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True})
    head = book.add_format({"bold": True, "bg_color": "#DDE8F0", "text_wrap": True, "valign": "top"})
    body = book.add_format({"num_format": "@", "text_wrap": True, "valign": "top"})
    for name, rows in sheets.items():
        _write_sheet(book.add_worksheet(name), rows, choices, (head, body))
    book.close()
    return buffer.getvalue()


def _write_sheet(
    sheet: Any, rows: Sequence[Sequence[str]], choices: Mapping[str, Sequence[str]], formats: tuple[Any, Any]
) -> None:
    head, body = formats
    for column, title in enumerate(rows[0]):
        width = max([len(title) * 2, *(len(line) * 2 for row in rows[1:] for line in _line(row, column))])
        sheet.set_column(column, column, min(width + 2, 48), body)
        if title in choices:
            sheet.data_validation(1, column, MOST_ROWS, column, {"validate": "list", "source": list(choices[title])})
    for number, row in enumerate(rows):
        for column, text in enumerate(row):
            sheet.write_string(number, column, text, body if number else head)
    sheet.freeze_panes(1, 0)


def _line(row: Sequence[str], column: int) -> Iterable[str]:
    return row[column].splitlines() if column < len(row) else ()
