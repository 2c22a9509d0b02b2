"""Read a dictionary that comes as one table: CSV, TSV or XLSX, every cell as text.

Rows are counted as a spreadsheet does: the first row of the file is row 1.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import pandas as pd

from dictionaries.checking import Problems
from dictionaries.model import DictionaryError
from schemas.tables import text_frame

DELIMITERS = ",\t;|"

#: An XLSX file that unpacks to more than this, or this many times its size, is not read.
_MOST_BYTES = 1_000_000_000
_MOST_TIMES = 300
_LONGEST_CELL = 1_000_000

Sheet = list[tuple[int, list[str]]]


@dataclass(frozen=True)
class Table:
    """A table's columns as text, with ``row`` (int64) beside them; and the sheet they stood in."""

    frame: pd.DataFrame
    columns: tuple[str, ...]
    sheet: str = ""


def read_table(
    path: Path,
    *,
    delimiter: str | None = None,
    encodings: Sequence[str] = ("utf-8-sig",),
    sheet: str | None = None,
    is_header: Callable[[Sequence[str]], bool] | None = None,
) -> Table:
    """Read a table. Blank rows are left out; cells lose blanks around them.

    The header is the first row with something in it, or the first that ``is_header`` takes (of any
    sheet, where ``sheet`` does not name one). Raises DictionaryError for a file that cannot be read,
    has no such header, a column twice, or rows of another width.
    """
    if path.suffix.lower() in {".xlsx", ".xlsm", ".xls"}:
        sheets = _read_workbook(path, sheet)
    else:
        sheets = {"": _read_delimited(path, delimiter, encodings)}
    for name, rows in sheets.items():
        filled = [(number, cells) for number, cells in rows if any(cells)]
        for position, (_, cells) in enumerate(filled):
            if is_header is None or is_header(cells):
                return _as_table(path, name, cells, filled[position + 1 :])
    if not any(any(cells) for rows in sheets.values() for _, cells in rows):
        raise DictionaryError(f"{path}: the file is empty")
    raise DictionaryError(f"{path}: no row with the expected column names")


def _as_table(path: Path, sheet: str, header: list[str], rows: Sheet) -> Table:
    columns = tuple(" ".join(name.split()) for name in header)
    while columns and not columns[-1]:
        columns = columns[:-1]
    twice = sorted({name for name in columns if name and columns.count(name) > 1})
    if twice:
        raise DictionaryError(f"{path}: the column {twice[0]!r} is there twice; rename one")
    if not rows:
        raise DictionaryError(f"{path}: a header and no rows")
    width = len(columns)
    problems = Problems(str(path), "row")
    kept: Sheet = []
    for number, cells in rows:
        if len(cells) < width or any(cells[width:]):
            plural = "" if len(cells) == 1 else "s"
            problems.add("", f"{len(cells)} column{plural} instead of {width}", number)
        kept.append((number, cells))
    problems.raise_if_any()
    frame = text_frame({name: [cells[at] for _, cells in kept] for at, name in enumerate(columns) if name})
    frame["row"] = pd.Series([number for number, _ in kept], dtype="int64")
    return Table(frame, tuple(name for name in columns if name), sheet)


def _read_delimited(path: Path, delimiter: str | None, encodings: Sequence[str]) -> Sheet:
    text = decoded(path, encodings)
    found = delimiter or _delimiter(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=found, strict=True)
    limit = csv.field_size_limit(_LONGEST_CELL)
    rows: Sheet = []
    begins = 1
    try:
        for cells in reader:
            rows.append((len(rows) + 1, [cell.strip() for cell in cells]))
            begins = reader.line_num + 1
    except csv.Error as error:
        raise DictionaryError(
            f"{path} line {begins}: {error}; a quote may be open, or the file cut"
        ) from None
    finally:
        csv.field_size_limit(limit)
    return rows


def decoded(path: Path, encodings: Sequence[str]) -> str:
    """A text file's content in the first encoding that fits. Raises DictionaryError naming the line."""
    data = path.read_bytes()
    for encoding in encodings:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
        except LookupError:
            raise DictionaryError(f"{path}: {encoding!r} is not an encoding; use utf-8 or cp1252") from None
    raise DictionaryError(
        f"{path} line {line}: not {' or '.join(encodings).replace('utf-8-sig', 'UTF-8')} text; "
        "save the file as UTF-8, or name its encoding in a description"
    )


def _delimiter(text: str) -> str:
    header = next((line for line in text.split("\n") if line.strip()), "")
    counts = [header.count(mark) for mark in DELIMITERS]
    return DELIMITERS[counts.index(max(counts))] if any(counts) else ","


def _read_workbook(path: Path, sheet: str | None) -> dict[str, Sheet]:
    import python_calamine

    _refuse_bomb(path)
    try:
        book = python_calamine.CalamineWorkbook.from_path(str(path))
        names = book.sheet_names
        if sheet is not None and sheet not in names:
            raise DictionaryError(f"{path}: no sheet {sheet!r}; sheets here: {', '.join(names)}")
        chosen = [sheet] if sheet is not None else names
        return {name: _rows(book.get_sheet_by_name(name).to_python(skip_empty_area=False)) for name in chosen}
    except (python_calamine.CalamineError, OSError, ValueError) as error:
        raise DictionaryError(f"{path}: not a readable workbook ({type(error).__name__})") from None


def _rows(cells: Sequence[Sequence[object]]) -> Sheet:
    return [(number, [_text(cell) for cell in row]) for number, row in enumerate(cells, 1)]


def _text(cell: object) -> str:
    """A cell as text: a whole number without ``.0``, so that a code stays a code."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime | date):
        return cell.isoformat()
    return str(cell).strip()


def _refuse_bomb(path: Path) -> None:
    if not zipfile.is_zipfile(path):
        return
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(item.file_size for item in archive.infolist())
    except (zipfile.BadZipFile, OSError) as error:
        raise DictionaryError(f"{path}: not a readable workbook ({type(error).__name__})") from None
    if unpacked > _MOST_BYTES or unpacked > _MOST_TIMES * max(path.stat().st_size, 100_000):
        raise DictionaryError(f"{path}: unpacks to {unpacked} bytes; this is no dictionary")
