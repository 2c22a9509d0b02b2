"""XLSX: text as a person sees it, true row numbers, and workbooks that must be refused."""

from __future__ import annotations

import io
import tempfile
import zipfile
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from coding.ingest import workbook_scan
from coding.ingest.raw_table import RawTable, SourceFile, SourceFileError
from coding.ingest.reading import read_headers
from coding.ingest.workbook import read_workbook

Read = Callable[..., RawTable]


def book(path: Path, sheets: dict[str, list[list[Any]]], start: tuple[int, int] = (0, 0)) -> Path:
    """A workbook with these rows, the first one at ``start``; None leaves a cell out."""
    with xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False}) as made:
        for name, rows in sheets.items():
            sheet = made.add_worksheet(name)
            for number, row in enumerate(rows, start[0]):
                for column, value in enumerate(row, start[1]):
                    if value is not None:
                        sheet.write(number, column, value)
    return path


def changed(path: Path, change: Callable[[str, bytes], bytes]) -> None:
    """Write the workbook anew with each part changed."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, change(name, data))


def rows(table: RawTable) -> list[list[str]]:
    return table.frame.to_numpy().tolist()


def formatted(path: Path, cells: list[tuple[Any, str]]) -> None:
    """One row of values, each with a number format, under the header c0, c1, …"""
    with xlsxwriter.Workbook(str(path)) as made:
        sheet = made.add_worksheet("AE")
        for column, (value, number_format) in enumerate(cells):
            sheet.write(0, column, f"c{column}")
            style = made.add_format({"num_format": number_format})
            if isinstance(value, datetime | date | time | timedelta):
                sheet.write_datetime(1, column, value, style)
            else:
                sheet.write(1, column, value, style)


@pytest.mark.parametrize(
    ("value", "number_format", "text"),
    [
        (10058, "General", "10058"),
        (10003058.0, "0", "10003058"),
        (1.5, "General", "1.5"),
        (0.1 + 0.2, "General", "0.3"),
        (-3, "General", "-3"),
        (0.25, "0%", "0.25"),
        (0.0000001, "General", "0.0000001"),
        (109, "00000000000", "00000000109"),
        (12345678, "000000", "12345678"),
        (1.5, "000000", "1.5"),
        (True, "General", "TRUE"),
        (False, "General", "FALSE"),
        (date(2020, 1, 2), "yyyy-mm-dd", "2020-01-02"),
        (date(2020, 1, 2), "dd/mm/yy", "2020-01-02"),
        (datetime(2020, 1, 2, 13, 14, 15), "yyyy-mm-dd hh:mm:ss", "2020-01-02T13:14:15"),
        (datetime(2020, 1, 2, 13, 14, 15, 123000), "yyyy-mm-dd hh:mm:ss", "2020-01-02T13:14:15.123"),
        (time(13, 14), "hh:mm", "13:14:00"),
        (1.5, "[h]:mm", "36:00:00"),
        ("001", "General", "001"),
        ("NA", "General", "NA"),
        ("  two\nlines ", "General", "  two\nlines "),
    ],
)
def test_cells_are_text_as_shown(
    tmp_path: Path, read_file: Read, value: Any, number_format: str, text: str
) -> None:
    formatted(tmp_path / "ae.xlsx", [(value, number_format)])
    assert rows(read_file("ae.xlsx")) == [[text]]


def test_the_header_is_the_first_row_that_is_not_empty(tmp_path: Path, read_file: Read) -> None:
    content = [[" SUBJ ", None, "AETERM"], ["001", "x", "pain"], [None], ["002", None, "rash"]]
    book(tmp_path / "ae.xlsx", {"AE": content}, start=(3, 1))
    table = read_file("ae.xlsx")
    assert list(table.frame.columns) == ["SUBJ", "column_3", "AETERM"]
    assert rows(table) == [["001", "x", "pain"], ["002", "", "rash"]]
    assert list(table.frame.index) == [5, 7]
    assert (table.sheet, table.notes) == ("AE", ("sheet AE", "1 blank row(s) left out"))
    assert {str(dtype) for dtype in table.frame.dtypes} == {"str"}


def test_header_only_is_a_table_without_rows(tmp_path: Path, read_file: Read) -> None:
    book(tmp_path / "ae.xlsx", {"AE": [["SUBJ", "AETERM"]]})
    assert read_file("ae.xlsx").frame.shape == (0, 2)


def test_sheets_are_chosen_by_name_or_the_first_with_a_note(tmp_path: Path, read_file: Read) -> None:
    book(tmp_path / "all.xlsx", {"AE": [["SUBJ"], ["1"]], "CM": [["SUBJ"], ["2"]]})
    assert rows(read_file("all.xlsx", sheet="CM")) == [["2"]]
    table = read_file("all.xlsx")
    assert (table.sheet, rows(table)) == ("AE", [["1"]])
    assert table.notes == ("sheet AE, the first of 2 (AE, CM); set `sheet` for another",)
    with pytest.raises(SourceFileError, match="no sheet MH; set `sheet` to one of: AE, CM"):
        read_file("all.xlsx", sheet="MH")


def test_formulas_errors_and_merged_cells_are_told(tmp_path: Path, read_file: Read) -> None:
    with xlsxwriter.Workbook(str(tmp_path / "ae.xlsx")) as made:
        sheet = made.add_worksheet("AE")
        sheet.write_row(0, 0, ["SUBJ", "A", "B"])
        sheet.write(1, 0, "001")
        sheet.write_formula(1, 1, "=1+1", None, 2)
        sheet.write_formula(1, 2, '="a"&"b"', None, "ab")
        sheet.write(2, 0, "002")
        sheet.write_formula(2, 1, "=1/0", None, "#DIV/0!")
        sheet.merge_range(3, 0, 3, 2, "003")
    table = read_file("ae.xlsx")
    assert rows(table) == [["001", "2", "ab"], ["002", "#DIV/0!", ""], ["003", "", ""]]
    assert table.notes == (
        "sheet AE",
        "3 formula(s), read as their stored results",
        "1 cell(s) with an error value such as #N/A",
        "1 merged range(s); only the first cell of each holds its text",
    )


def test_formulas_without_a_stored_result_are_told(tmp_path: Path, read_file: Read) -> None:
    made = openpyxl.Workbook()
    sheet = made.active
    assert sheet is not None
    sheet.append(["SUBJ", "A"])
    sheet.append(["001", "=B1&B1"])
    made.save(tmp_path / "ae.xlsx")
    table = read_file("ae.xlsx")
    assert rows(table) == [["001", ""]]
    assert table.notes[2].startswith("1 formula(s) without a stored result are blank here; open")


def test_read_headers_gives_every_sheet_that_is_not_empty(tmp_path: Path) -> None:
    path = book(tmp_path / "all.xlsx", {"AE": [["S", "A"], ["1", "x"], ["2", "y"]], "No": [], "CM": [["S"]]})
    assert [(sheet, columns, len(first)) for sheet, columns, first in read_headers(path, rows=1)] == [
        ("AE", ["S", "A"], 1),
        ("CM", ["S"], 0),
    ]


def test_two_columns_with_one_name(tmp_path: Path, read_file: Read) -> None:
    book(tmp_path / "ae.xlsx", {"AE": [["A", "B", "A"]]}, start=(0, 1))
    with pytest.raises(SourceFileError, match="row 1: columns with the same name: A in columns 2, 4"):
        read_file("ae.xlsx")


def test_an_empty_sheet(tmp_path: Path, read_file: Read) -> None:
    book(tmp_path / "ae.xlsx", {"AE": []})
    with pytest.raises(SourceFileError, match="sheet AE is empty"):
        read_file("ae.xlsx")


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_a_cut_workbook(tmp_path: Path, read_file: Read, share: float) -> None:
    path = book(tmp_path / "ae.xlsx", {"AE": [["SUBJ"], ["001"]]})
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(SourceFileError, match=r"ae.xlsx: .*cut or damaged"):
        read_file("ae.xlsx")


def test_a_damaged_sheet(tmp_path: Path, read_file: Read) -> None:
    path = book(tmp_path / "ae.xlsx", {"AE": [["SUBJ"], ["001"]]})
    with zipfile.ZipFile(path) as archive:
        part = archive.getinfo("xl/worksheets/sheet1.xml")
    data = bytearray(path.read_bytes())
    place = part.header_offset + 30 + len(part.filename) + part.compress_size // 2
    data[place : place + 8] = b"\xff" * 8
    path.write_bytes(data)
    with pytest.raises(SourceFileError, match="cut or damaged"):
        read_file("ae.xlsx")


def test_a_zip_bomb_is_refused_before_it_unpacks(tmp_path: Path, read_file: Read) -> None:
    path = book(tmp_path / "ae.xlsx", {"AE": [["SUBJ"], ["001"]]})
    bomb = b"<worksheet>" + b" " * (120 * 1024 * 1024)
    changed(path, lambda name, data: bomb if name.endswith("sheet1.xml") else data)
    with pytest.raises(SourceFileError, match=r"unpacks to 120 MB \(\d+ times its size\); this looks like"):
        read_file("ae.xlsx")


def test_a_lying_zip_header_is_refused(tmp_path: Path, read_file: Read) -> None:
    path = book(tmp_path / "ae.xlsx", {"AE": [["SUBJ"], ["001"]]})
    with zipfile.ZipFile(path) as archive:
        size = archive.getinfo("xl/worksheets/sheet1.xml").file_size
    data = path.read_bytes().replace(size.to_bytes(4, "little"), (10).to_bytes(4, "little"))
    path.write_bytes(data)
    with pytest.raises(SourceFileError, match="cut or damaged"):
        read_file("ae.xlsx")


def test_one_cell_far_away_takes_no_memory(tmp_path: Path, read_file: Read) -> None:
    with xlsxwriter.Workbook(str(tmp_path / "ae.xlsx")) as made:
        sheet = made.add_worksheet("AE")
        sheet.write(0, 0, "SUBJ")
        sheet.write(1_048_575, 16_383, "x")
    with pytest.raises(SourceFileError, match="reaches to row 1,048,576 and column 16,384; delete"):
        read_file("ae.xlsx")


def test_entities_in_a_workbook_are_refused(tmp_path: Path, read_file: Read) -> None:
    path = book(tmp_path / "ae.xlsx", {"AE": [["SUBJ"], ["001"]]})
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'
    changed(
        path,
        lambda name, data: data.replace(b"<styleSheet", bomb + b"<styleSheet") if "styles" in name else data,
    )
    with pytest.raises(SourceFileError, match=r"the part xl/styles.xml of the workbook cannot be read"):
        read_file("ae.xlsx")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, r"old Excel workbook \(XLS\).*save it as .xlsx"),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"),
            "encrypted with a password; save it without a password as .xlsx",
        ),
        (b"<html><table><tr><td>SUBJ</td></tr></table></html>", "web page .*save it as .xlsx"),
    ],
)
def test_other_workbooks_say_what_to_save_as(read: Read, content: bytes, message: str) -> None:
    with pytest.raises(SourceFileError, match=message):
        read("ae.xls", content)


@pytest.mark.parametrize(
    ("part", "message"),
    [
        ("xl/workbook.bin", r"binary Excel workbook \(XLSB\); open it in Excel and save it as .xlsx"),
        ("content.xml", r"OpenDocument file \(ODS\)"),
        ("ae.csv", "this is a zip archive, not a table; unpack it"),
    ],
)
def test_other_archives(read: Read, part: str, message: str) -> None:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr(part, "x")
    with pytest.raises(SourceFileError, match=message):
        read("ae.xlsx", data.getvalue())


def test_a_prefixed_and_self_closing_sheet_is_scanned() -> None:
    scan = workbook_scan.SheetScan()
    workbook_scan._scan_rows(
        scan,
        b'<x:row r="7"><x:c r="AB7"><x:f>A1&gt;2</x:f></x:c><x:c r="AC7" t="e"/>'
        b'<x:c r="AD7" t="e"><x:v>#N/A</x:v></x:c><x:c r="AE7" s="3"><x:v>9</x:v></x:c></x:row>',
        {3: 6},
    )
    assert (scan.rows, scan.columns, scan.formulas, scan.without_result, scan.errors) == (7, 31, 1, 1, 1)
    assert scan.shown == {6: [(29, "#N/A"), (30, 6)]}


CELLS = st.text(
    st.characters(
        exclude_categories=["Cs", "Cc"], include_characters="\n\t", exclude_characters="\ufffe\uffff"
    ),
    max_size=10,
) | st.sampled_from(["'=1+1", "=1+1", "NA", "001", "_x000D_", " ", "&lt;", "</row>", "é", "頭痛"])


@settings(max_examples=40)
@given(
    table=st.integers(1, 4).flatmap(lambda w: st.lists(st.lists(CELLS, min_size=w, max_size=w), max_size=6))
)
def test_any_workbook_of_texts_reads_back(table: list[list[str]]) -> None:
    width = len(table[0]) if table else 2
    content = [[f"C{number}" for number in range(width)], *[[cell or None for cell in row] for row in table]]
    with tempfile.TemporaryDirectory() as folder:
        path = book(Path(folder) / "t.xlsx", {"T": content})
        parsed = read_workbook(SourceFile(path, "t.xlsx"))
    kept = [(number, row) for number, row in enumerate(table, 2) if any(row)]
    assert parsed.frame.to_numpy().tolist() == [row for _, row in kept]
    assert list(parsed.frame.index) == [number for number, _ in kept]
