"""Read and write the tables that people and other programs open: as text, whole or not at all,
the same bytes each time, and never as formulas.

A spreadsheet program takes a cell that begins with ``= + - @`` (or a tab or carriage return) for a
formula, also in a CSV file. In CSV such a text gets one apostrophe in front; a text that already
begins with apostrophes followed by one of these characters gets one more, so that
:func:`read_csv` takes exactly one away again and nothing is lost. Numbers such as ``-5`` are left
as they are. In XLSX such a cell is written as text and needs no mark.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

#: Excel's limits of rows a sheet (with the header) and of characters a cell.
XLSX_MAX_ROWS = 1_048_576
XLSX_MAX_CELL = 32_767

_RISKY = r"^'*[=+\-@\t\r]"
_NUMBER = r"^[+\-]?[0-9]+(\.[0-9]+)?([eE][+\-]?[0-9]+)?$"


@contextlib.contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """A temporary path beside ``path`` that takes its place when the block ends well.

    After an exception, or a killed process, ``path`` is what it was before.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".partial", dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        with temporary.open("rb") as written:
            os.fsync(written.fileno())
        temporary.chmod(0o644)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def clear_leftovers(folder: Path) -> None:
    """Remove temporary files that killed writers left in a folder. Nobody else may be writing there."""
    for leftover in folder.glob(".*.partial"):
        leftover.unlink(missing_ok=True)


@contextlib.contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Hold a folder that several processes write to, cleared of what killed writers left in it.

    The others wait. The operating system frees the folder when the process ends.
    """
    from filelock import FileLock

    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / ".lock"):
        clear_leftovers(folder)
        yield


def write_text(text: str, path: Path) -> None:
    """Write a UTF-8 text file atomically, with ``\\n`` line ends on every machine."""
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def text_frame(columns: Mapping[str, Any]) -> pd.DataFrame:
    """A frame of text columns; an empty one keeps the text dtype."""
    return pd.DataFrame({name: pd.Series(values, dtype="str") for name, values in columns.items()})


def write_csv(frame: pd.DataFrame, path: Path) -> None:
    """Write UTF-8 CSV (comma, ``\\n``, every text quoted), formula-safe and atomic."""
    table = pa.Table.from_pandas(frame, preserve_index=False)
    columns = [_formula_safe(column) for column in table.columns]
    safe = pa.table(columns, names=[_safe_name(str(name)) for name in frame.columns])
    options = pyarrow.csv.WriteOptions(quoting_style="needed", quoting_header="needed")
    with atomic_path(path) as temporary:
        pyarrow.csv.write_csv(safe, temporary, options)


def read_csv(path: Path) -> pd.DataFrame:
    """Read what :func:`write_csv` wrote: every column as text, blanks as ``""``."""
    frame = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8", skip_blank_lines=False)
    for name in frame.columns:
        frame[name] = frame[name].str.replace(r"^'(?='*[=+\-@\t\r])", "", regex=True)
    return frame.rename(columns=lambda name: name[1:] if name.startswith("'=") else name)


def write_parquet(frame: pd.DataFrame, path: Path) -> None:
    """Write a frame as Parquet (zstd), atomically; the index is not stored."""
    with atomic_path(path) as temporary:
        pq.write_table(pa.Table.from_pandas(frame, preserve_index=False), temporary, compression="zstd")


def read_parquet(path: Path, columns: list[str] | None = None) -> pd.DataFrame:
    """Read a Parquet file that :func:`write_parquet` wrote."""
    return pd.read_parquet(path, columns=columns)


def write_xlsx(sheets: Mapping[str, pd.DataFrame], path: Path, created: datetime) -> None:
    """Write one sheet per frame: text cells (whole numbers as such), frozen header, filter, widths.

    ``created`` (UTC) becomes the file's time, so that the same tables give the same bytes.
    Raises ValueError for a frame above Excel's row limit.
    """
    import xlsxwriter

    for name, frame in sheets.items():
        if len(frame) + 1 > XLSX_MAX_ROWS:
            raise ValueError(f"sheet {name}: {len(frame)} rows are more than an Excel sheet holds")
    with atomic_path(path) as temporary:
        options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        with xlsxwriter.Workbook(str(temporary), options) as book:
            book.set_properties({"created": created.replace(tzinfo=None)})
            bold = book.add_format({"bold": True, "bg_color": "#D9E2EC", "text_wrap": True})
            quoted = book.add_format({"quote_prefix": True})
            for name, frame in sheets.items():
                _write_sheet(book.add_worksheet(name[:31]), frame, bold, quoted)


def _write_sheet(sheet: Any, frame: pd.DataFrame, bold: Any, quoted: Any) -> None:
    columns = [_cells(frame.iloc[:, number]) for number in range(frame.shape[1])]
    numbers = {number for number, kind in enumerate(frame.dtypes) if pd.api.types.is_integer_dtype(kind)}
    _lay_out(sheet, frame, columns)
    for number, name in enumerate(frame.columns):
        sheet.write_string(0, number, str(name), bold)
    for row in range(len(frame)):
        for number, cells in enumerate(columns):
            cell = cells[row]
            if not cell:
                continue
            if number in numbers:
                sheet.write_number(row + 1, number, int(cell))
            elif cell[0] in "=+-@\t\r":
                sheet.write_string(row + 1, number, cell[:XLSX_MAX_CELL], quoted)
            else:
                sheet.write_string(row + 1, number, cell[:XLSX_MAX_CELL])


def _lay_out(sheet: Any, frame: pd.DataFrame, columns: list[list[str]]) -> None:
    """What a person would set: header in view, filter, widths, and a landscape page as wide as the table."""
    last_row, last_column = max(len(frame), 1), max(len(columns) - 1, 0)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, last_row, last_column)
    for number, name in enumerate(frame.columns):
        longest = max([len(str(name)), *(len(cell) for cell in columns[number][:200])], default=8)
        sheet.set_column(number, number, min(max(longest + 2, 8), 60))
    # Codes are text on purpose; no green corners for that.
    sheet.ignore_errors({"number_stored_as_text": f"A1:{_cell_name(last_row, last_column)}"})
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)


def _cell_name(row: int, column: int) -> str:
    from xlsxwriter.utility import xl_rowcol_to_cell

    return str(xl_rowcol_to_cell(row, column))


def _cells(column: pd.Series) -> list[str]:
    return ["" if value is None else value for value in _as_text(pa.array(column)).to_pylist()]


def _as_text(column: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    if pa.types.is_large_string(column.type) or pa.types.is_string(column.type):
        return column
    return pc.cast(column, pa.large_string())


def _formula_safe(column: pa.ChunkedArray) -> pa.ChunkedArray:
    text = _as_text(column)
    if len(text) == 0:
        return text
    risky = pc.and_(
        pc.match_substring_regex(text, _RISKY), pc.invert(pc.match_substring_regex(text, _NUMBER))
    )
    mark, nothing = pa.scalar("'", text.type), pa.scalar("", text.type)
    marked = pc.binary_join_element_wise(mark, text, nothing)
    safe = pc.if_else(risky, marked, text)
    # A blank is written as nothing at all, not as an empty pair of quotes.
    return pc.if_else(pc.equal(safe, ""), pa.scalar(None, safe.type), safe)


def _safe_name(name: str) -> str:
    return f"'{name}" if name[:1] in {"=", "+", "-", "@"} else name
