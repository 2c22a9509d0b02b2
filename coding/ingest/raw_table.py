"""What every reader of a source file hands back, and the errors it raises.

A reader turns one file into text: the frame, notes on how it was read, and the rows that could not
be read. Nothing is guessed away in silence and no row is lost.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from coding.records import UserError

#: A longer cell (bytes of UTF-8) is no answer on a form; its row is reported as unreadable.
MAX_CELL_BYTES = 1_000_000

#: As many columns as an Excel sheet holds; more is a file read with the wrong delimiter.
MAX_COLUMNS = 16_384

#: Rows turned into columns at a time. Small batches stay in the processor's cache: 500 rows take
#: a third of the time that 20,000 take.
BATCH_ROWS = 500


class SourceFileError(UserError):
    """A source file that cannot be read. ``file``, ``row`` and ``column`` say where."""

    def __init__(
        self, file: str, problem: str, what_to_do: str, row: int | None = None, column: str | None = None
    ) -> None:
        where = file
        if row is not None:
            where += f", row {row}"
        if column is not None:
            where += f", column {column}"
        super().__init__(f"{where}: {problem}; {what_to_do}")
        self.file, self.row, self.column = file, row, column
        self.problem, self.what_to_do = problem, what_to_do


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file to read: where it lies and the name it has in messages."""

    path: Path
    name: str

    def error(
        self, problem: str, what_to_do: str, row: int | None = None, column: str | None = None
    ) -> SourceFileError:
        """The error to raise about this file."""
        return SourceFileError(self.name, problem, what_to_do, row, column)


@dataclass(frozen=True)
class Parsed:
    """One table of a file: a sheet, an item group, a dataset, or the whole file (sheet "")."""

    sheet: str
    frame: pd.DataFrame
    notes: tuple[str, ...]
    unreadable: pd.DataFrame


@dataclass(frozen=True)
class RawTable:
    """One table as it stood in its file.

    ``source`` is the name in study.yaml; ``file`` the path relative to the study's folder (posix),
    or the name alone for a file outside; ``sheet`` the sheet, item group or form OID, dataset name
    or ""; ``sha256`` that of the file. ``frame``: every column text, "" = not given, index int64
    named ``row``: spreadsheet rows (the header is row 1) for CSV and XLSX, record number + 1 for
    the rest. ``unreadable``: columns ``row`` (int64) and ``reason``, the rows that are not in
    ``frame``; reasons hold no patient data.
    """

    source: str
    file: str
    sheet: str
    sha256: str
    frame: pd.DataFrame
    notes: tuple[str, ...]
    unreadable: pd.DataFrame


def unreadable_frame(rows: Sequence[tuple[int, str]]) -> pd.DataFrame:
    """The frame of unreadable rows, by row number."""
    ordered = sorted(rows)
    return pd.DataFrame(
        {
            "row": pd.Series([row for row, _ in ordered], dtype="int64"),
            "reason": pd.Series([reason for _, reason in ordered], dtype="str"),
        }
    )


def column_names(file: SourceFile, header: Sequence[str], row: int | None = None) -> list[str]:
    """The header as column names: trimmed, blank ones named ``column_N`` (N counts from 1).

    Raises SourceFileError when two columns have one name or there are too many.
    """
    if len(header) > MAX_COLUMNS:
        raise file.error(
            f"{len(header)} columns, more than the {MAX_COLUMNS} that can be read",
            "check the delimiter and the encoding",
            row,
        )
    stripped = [name.strip().strip("\ufeff").strip() for name in header]
    names = [name or f"column_{number}" for number, name in enumerate(stripped, 1)]
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        places = "; ".join(
            f"{_shorten(name)} in columns "
            + ", ".join(str(number) for number, own in enumerate(names, 1) if own == name)
            for name in twice[:5]
        )
        raise file.error(f"columns with the same name: {places}", "give every column a name of its own", row)
    return names


def _shorten(text: str, length: int = 60) -> str:
    return text if len(text) <= length else text[:length] + "…"


def listed(names: Sequence[str], most: int = 20) -> str:
    """Names for a message: the first of them, and how many more there are."""
    shown = ", ".join(_shorten(name) for name in names[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown


def number_text(value: float) -> str:
    """A number as text: shortest form that reads back the same, no ``.0``, no exponent where
    that is readable.

    >>> number_text(10058.0), number_text(12.5), number_text(1e-7)
    ('10058', '12.5', '0.0000001')
    """
    if value.is_integer() and abs(value) < 1e21:
        return str(int(value))
    text = repr(value)
    if "e" in text and 1e-16 < abs(value) < 1e21:
        return np.format_float_positional(value, trim="-")
    return text


class RowCollector:
    """Gathers rows of text cells into columns, a batch at a time, so that memory stays near the
    size of the text. A row that cannot be kept goes to ``unreadable``."""

    def __init__(self, width: int) -> None:
        self.width = width
        self.unreadable: list[tuple[int, str]] = []
        self._rows: list[Sequence[str]] = []
        self._numbers: list[int] = []
        self._kept_numbers: list[npt.NDArray[np.int64]] = []
        self._chunks: list[list[Any]] = [[] for _ in range(width)]
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, number: int, cells: Sequence[str]) -> None:
        """Keep a row of exactly ``width`` cells."""
        self._rows.append(cells)
        self._numbers.append(number)
        self._count += 1
        if len(self._rows) >= BATCH_ROWS:
            self._flush()

    def add_batch(self, first: int, rows: list[list[str]]) -> None:
        """Keep rows of exactly ``width`` cells that follow one another, numbered from ``first``."""
        self._flush()
        self._rows.extend(rows)
        self._numbers.extend(range(first, first + len(rows)))
        self._count += len(rows)
        self._flush()

    def refuse(self, number: int, reason: str) -> None:
        """Report a row as unreadable."""
        self.unreadable.append((number, reason))

    def _flush(self) -> None:
        if not self._rows:
            return
        try:
            arrays = self._arrays()
        except UnicodeEncodeError:
            self._set_aside(_without_characters, "holds half of a character (a lone surrogate)")
            arrays = self._arrays()
        if any(array.nbytes > MAX_CELL_BYTES and _too_long(array) for array in arrays):
            self._set_aside(_with_long_cell, f"a cell longer than {MAX_CELL_BYTES:,} bytes")
            arrays = self._arrays()
        for chunks, array in zip(self._chunks, arrays, strict=True):
            chunks.append(array)
        self._kept_numbers.append(np.array(self._numbers, dtype=np.int64))
        self._rows, self._numbers = [], []

    def _arrays(self) -> list[Any]:
        columns = zip(*self._rows, strict=True) if self._rows else [()] * self.width
        return [pa.array(column, type=pa.large_string()) for column in columns]

    def _set_aside(self, broken: Callable[[Sequence[str]], bool], reason: str) -> None:
        kept = []
        for number, cells in zip(self._numbers, self._rows, strict=True):
            if broken(cells):
                self.refuse(number, reason)
            else:
                kept.append((number, cells))
        self._numbers = [number for number, _ in kept]
        self._rows = [cells for _, cells in kept]

    def frame(self, names: Sequence[str]) -> pd.DataFrame:
        """The rows kept so far under these names; the collector is empty afterwards."""
        self._flush()
        columns = []
        for number in range(self.width):
            columns.append(pa.chunked_array(self._chunks[number], type=pa.large_string()).combine_chunks())
            self._chunks[number] = []
        numbers = np.concatenate([np.empty(0, np.int64), *self._kept_numbers])
        self._kept_numbers = []
        return arrow_frame(dict(zip(names, columns, strict=True)), numbers)


def arrow_frame(columns: dict[str, Any], numbers: npt.NDArray[np.int64]) -> pd.DataFrame:
    """A frame of text columns over Arrow arrays (not copied), with row numbers as its index."""
    index = pd.Index(numbers, dtype="int64", name="row")
    dtype = pd.StringDtype(na_value=np.nan)
    arrays = {name: pd.array(array, dtype=dtype) for name, array in columns.items()}
    return pd.DataFrame(arrays, index=index, copy=False)


def _too_long(array: Any) -> bool:
    return bool(pc.max(pc.binary_length(array)).as_py() > MAX_CELL_BYTES)


def _with_long_cell(cells: Sequence[str]) -> bool:
    return any(len(cell) * 4 > MAX_CELL_BYTES and len(cell.encode()) > MAX_CELL_BYTES for cell in cells)


def _without_characters(cells: Sequence[str]) -> bool:
    return any("\ud800" <= character <= "\udfff" for cell in cells for character in cell)
