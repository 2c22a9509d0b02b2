"""Reads XLSX through python-calamine: each cell as the text a person sees, as far as it is stored."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from coding.ingest.raw_table import (
    Parsed,
    RowCollector,
    SourceFile,
    column_names,
    listed,
    number_text,
    unreadable_frame,
)
from coding.ingest.workbook_scan import SheetScan, check_archive, scan_sheet
from coding.records import Progress, silent

if TYPE_CHECKING:
    from python_calamine import CalamineSheet, CalamineWorkbook

_PROGRESS_ROWS = 10_000


def read_workbook(
    file: SourceFile, sheet: str | None = None, most: int | None = None, progress: Progress = silent
) -> Parsed:
    """The table of one sheet: the one named, or else the first visible one (with a note).

    The header is the first row that is not empty; row numbers are the sheet's. Raises
    SourceFileError: cut, encrypted, too large unpacked, no such sheet, two columns with one name.
    """
    with _opened(file) as (archive, book):
        name, notes = _choose(file, book, sheet)
        scan = scan_sheet(file, archive, name)
        return _read_sheet(file, book.get_sheet_by_name(name), scan, notes, most, progress)


def read_all_sheets(file: SourceFile, most: int) -> list[Parsed]:
    """The first ``most`` rows of every visible sheet that is not empty; as :func:`read_workbook`."""
    tables = []
    with _opened(file) as (archive, book):
        for name in _visible(book):
            scan = scan_sheet(file, archive, name)
            sheet = book.get_sheet_by_name(name)
            if sheet.start is not None:
                tables.append(_read_sheet(file, sheet, scan, [], most, silent))
    return tables


@contextmanager
def _opened(file: SourceFile) -> Iterator[tuple[zipfile.ZipFile, CalamineWorkbook]]:
    """The workbook, measured before calamine opens it; what goes wrong becomes a SourceFileError."""
    import python_calamine

    damaged = "the workbook is cut or damaged"
    try:
        with zipfile.ZipFile(file.path) as archive:
            check_archive(file, archive)
            with python_calamine.load_workbook(str(file.path)) as book:
                yield archive, book
    except python_calamine.PasswordError:
        raise file.error("the workbook is encrypted with a password", "save it without a password") from None
    except (python_calamine.CalamineError, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError):
        raise file.error(damaged, "get it again, or open it in Excel and save it as .xlsx") from None
    except BaseException as error:
        # A panic inside the library is no Exception, and the file's fault all the same.
        if type(error).__name__ != "PanicException":
            raise
        raise file.error(damaged, "open it in Excel and save it as .xlsx") from None


def _visible(book: CalamineWorkbook) -> list[str]:
    from python_calamine import SheetTypeEnum, SheetVisibleEnum

    return [
        sheet.name
        for sheet in book.sheets_metadata
        if sheet.typ == SheetTypeEnum.WorkSheet and sheet.visible == SheetVisibleEnum.Visible
    ]


def _choose(file: SourceFile, book: CalamineWorkbook, told: str | None) -> tuple[str, list[str]]:
    names = _visible(book)
    if told is not None:
        if told not in book.sheet_names:
            raise file.error(
                f"there is no sheet {told}", f"set `sheet` to one of: {listed(book.sheet_names) or 'none'}"
            )
        return told, []
    if not names:
        raise file.error("the workbook has no visible sheet", "set `sheet` to the name of one")
    note = f"sheet {names[0]}"
    if len(names) > 1:
        note += f", the first of {len(names)} ({listed(names)}); set `sheet` for another"
    return names[0], [note]


def _read_sheet(
    file: SourceFile,
    sheet: CalamineSheet,
    scan: SheetScan,
    notes: list[str],
    most: int | None,
    progress: Progress,
) -> Parsed:
    rows = _text_rows(sheet, scan)
    number, header = next(((number, cells) for number, cells in rows if any(map(str.strip, cells))), (0, []))
    if not header:
        raise file.error(f"sheet {sheet.name} is empty", "give a sheet with at least a header row")
    before = [""] * (sheet.start[1] if sheet.start else 0)
    names = column_names(file, before + header, number)[len(before) :]
    collector, blank = RowCollector(len(names)), 0
    for number, cells in rows:
        if not any(cells):
            blank += 1
        else:
            if most is not None and len(collector) >= most:
                break
            collector.add(number, cells)
        if number % _PROGRESS_ROWS == 0:
            progress(f"reading {file.name}", number, scan.rows)
    progress(f"reading {file.name}", scan.rows, scan.rows)
    frame = collector.frame(names)
    unnamed = [name for name, given in zip(names, header, strict=True) if not given.strip()]
    unused = [name for name in unnamed if (frame[name] == "").all()]
    notes = [*notes, *_remarks(sheet, scan)]
    if blank:
        notes.append(f"{blank} blank row(s) left out")
    return Parsed(
        sheet.name, frame.drop(columns=unused), tuple(notes), unreadable_frame(collector.unreadable)
    )


def _remarks(sheet: CalamineSheet, scan: SheetScan) -> list[str]:
    """What a person should know about cells whose text is not simply what was typed."""
    remarks = []
    if scan.formulas:
        remarks.append(f"{scan.formulas} formula(s), read as their stored results")
    if scan.without_result:
        remarks.append(
            f"{scan.without_result} formula(s) without a stored result are blank here; "
            "open the workbook in Excel and save it"
        )
    if scan.errors:
        remarks.append(f"{scan.errors} cell(s) with an error value such as #N/A")
    if merged := len(sheet.merged_cell_ranges or []):
        remarks.append(f"{merged} merged range(s); only the first cell of each holds its text")
    return remarks


def _text_rows(sheet: CalamineSheet, scan: SheetScan) -> Iterator[tuple[int, list[str]]]:
    """(sheet row, cells as text), from the first row on."""
    first_column = sheet.start[1] if sheet.start else 0
    for number, values in enumerate(sheet.iter_rows() if sheet.start else ()):
        cells = [value if value.__class__ is str else _text(value) for value in values]
        for column, shown in scan.shown.get(number, ()):
            place = column - first_column
            if 0 <= place < len(cells):
                cells[place] = shown if isinstance(shown, str) else _zero_filled(cells[place], shown)
        yield number + 1, cells


def _zero_filled(text: str, width: int) -> str:
    return text.zfill(width) if text.isdigit() else text


def _text(value: Any) -> str:
    """A cell's value as text: whole numbers without ``.0``, dates as ISO 8601, TRUE and FALSE.

    Excel shows 15 digits of a number; what is stored beyond them is arithmetic noise.
    """
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        return number_text(float(f"{value:.15g}"))
    if isinstance(value, datetime | time):
        return value.isoformat(timespec="milliseconds").removesuffix(".000")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, timedelta):
        seconds = round(value.total_seconds())
        sign, seconds = ("-", -seconds) if seconds < 0 else ("", seconds)
        return f"{sign}{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    return str(value)
