"""Reads CSV and TSV: comma, semicolon, tab or pipe, in any encoding, every cell as text.

Python's csv reader in strict mode does the parsing, so that a row with a broken quote or the wrong
number of fields is found where it stands; it becomes an unreadable row and the next ones go on.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO

from coding.ingest.raw_table import (
    BATCH_ROWS,
    Parsed,
    RowCollector,
    SourceFile,
    column_names,
    unreadable_frame,
)
from coding.ingest.text_encoding import encoding_name, scan_text
from coding.records import Progress, silent

DELIMITER_NAMES = {",": "','", ";": "';'", "\t": "tab", "|": "'|'"}

#: A broken quote that swallowed more lines than this has swallowed records.
_MAX_BROKEN_LINES = 500

_SAMPLE_CHARACTERS = 256 * 1024
_SAMPLE_RECORDS = 100
_HEAD_BYTES = 4 * 1024 * 1024
_PROGRESS_ROWS = 25_000


def read_delimited(
    file: SourceFile,
    encoding: str | None = None,
    delimiter: str | None = None,
    most: int | None = None,
    progress: Progress = silent,
) -> tuple[Parsed, str]:
    """The file's table and its SHA-256. ``encoding`` and ``delimiter`` are found unless told;
    ``most`` stops after so many records, and looks at the beginning of the file only.

    Rows are numbered as a spreadsheet does: a quoted line end makes no new row, a blank line does.
    Raises SourceFileError: cannot be decoded (with the line), a quote left open, two columns with
    one name, no header.
    """
    # The reader's own limit would drop the rest of a line; RowCollector refuses long cells instead.
    csv.field_size_limit(2**31 - 1)
    scan = scan_text(file, encoding, None if most is None else _HEAD_BYTES)
    with file.path.open(encoding=scan.encoding, errors="replace", newline="") as stream:
        sample = stream.read(_SAMPLE_CHARACTERS)
    # The line by which Excel is told the delimiter.
    line = re.match(r'"?sep=([,;|\t])"?(\r\n|\r|\n)', sample)
    found = line.group(1) if line else delimiter or _find_delimiter(sample)
    with file.path.open("rb") as raw:
        lines = io.TextIOWrapper(raw, encoding=scan.encoding, newline="")
        if line:
            next(lines)
        records = _Records(file, lines, found, skipped=1 if line else 0)
        try:
            parsed = _read_records(records, most, raw, progress)
        except UnicodeError:  # beyond what was looked at, or the file changed meanwhile
            raise file.error(
                f"it cannot be read as {encoding_name(scan.encoding)} after row {records.row}",
                "set `encoding`, or save it as UTF-8",
            ) from None
    notes = (scan.note, f"delimiter {DELIMITER_NAMES.get(found, repr(found))}", *parsed.notes)
    return Parsed("", parsed.frame, notes, parsed.unreadable), scan.sha256


def _find_delimiter(sample: str) -> str:
    """The delimiter that cuts most of the first records as it cuts the header."""
    best, best_score = ",", (0.0, 1)
    for delimiter in DELIMITER_NAMES:
        widths = _widths(sample, delimiter)
        if not widths or widths[0] < 2:
            continue
        agreeing = sum(1 for width in widths if width == widths[0]) / len(widths)
        if (agreeing, widths[0]) > best_score:
            best, best_score = delimiter, (agreeing, widths[0])
    return best


def _widths(sample: str, delimiter: str) -> list[int]:
    widths: list[int] = []
    reader = csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter)
    for fields in reader:
        if fields:
            widths.append(len(fields))
        if len(widths) > _SAMPLE_RECORDS:
            break
    # The last record of a cut sample is cut itself.
    return widths[:-1] if len(sample) >= _SAMPLE_CHARACTERS and len(widths) > 1 else widths


class _Records:
    """The records of a file in batches. ``row`` is the spreadsheet row of the last one so far."""

    def __init__(self, file: SourceFile, lines: Iterator[str], delimiter: str, skipped: int) -> None:
        self.file, self.row = file, skipped
        self._reader = csv.reader(lines, delimiter=delimiter, strict=True)
        self._skipped = skipped

    @property
    def line(self) -> int:
        """The line of the file that was read last."""
        return self._reader.line_num + self._skipped

    def batch(self, size: int) -> tuple[list[list[str]], bool]:
        """The next records, at most ``size``, and whether one with a broken quote follows them.
        Neither comes at the end of the file."""
        records: list[list[str]] = []
        before, broken = self.line, False
        try:
            for fields in islice(self._reader, size):
                records.append(fields)  # one by one: what was read before an error counts
        except csv.Error as error:
            first, broken = before + sum(map(_line_count, records)) + 1, True
            if "end of data" in str(error) or self.line - first > _MAX_BROKEN_LINES:
                raise self.file.error(
                    f"a quote opened in the record of line {first} is never closed",
                    "close it, and write a quote that belongs to the text twice; a cut file, get again",
                ) from None
        self.row += len(records) + broken
        return records, broken


def _line_count(fields: list[str]) -> int:
    """How many lines a record takes."""
    text = "".join(fields) if len(fields) < 2 else "\x1f".join(fields)
    return 1 + text.count("\n") + text.count("\r") - text.count("\r\n")


@dataclass
class _Table:
    """The table as it grows. ``fewest`` is the number of columns without blank names at the end."""

    names: list[str]
    fewest: int
    rows: RowCollector
    blank: int = 0
    trailing: int = 0

    def take(self, records: _Records, batch: list[list[str]], broken: bool, line: int) -> None:
        """Keep a batch of records; ``line`` is that before it."""
        width = len(self.names)
        first = records.row - len(batch) - broken + 1
        if set(map(len, batch)) <= {width} and all(map(any, batch)):
            self.rows.add_batch(first, batch)
        else:
            place = line
            for number, fields in enumerate(batch, first):
                start, place = place + 1, place + _line_count(fields)
                self._take_one(number, fields, start, place)
        if broken:
            start = line + sum(map(_line_count, batch)) + 1
            self.rows.refuse(
                records.row,
                f"a quote inside a quoted cell that is not written twice ({_place(start, records.line)})",
            )

    def _take_one(self, number: int, fields: list[str], first: int, last: int) -> None:
        width = len(self.names)
        if not any(fields):
            self.blank += 1
        elif self.fewest <= len(fields) <= width:
            self.rows.add(number, fields + [""] * (width - len(fields)))
        elif len(fields) > width and not any(fields[width:]):
            self.trailing += 1
            self.rows.add(number, fields[:width])
        else:
            self.rows.refuse(
                number,
                f"{len(fields)} fields where the header has {self.fewest} ({_place(first, last)}); "
                "a delimiter inside a cell must stand in quotes",
            )

    def finish(self) -> Parsed:
        """The table of all records taken."""
        frame = self.rows.frame(self.names)
        notes = []
        unused = [name for name in self.names[self.fewest :] if (frame[name] == "").all()]
        if unused:
            frame = frame.drop(columns=unused)
            notes.append(f"{len(unused)} blank column(s) at the end left out")
        if self.trailing:
            notes.append(f"{self.trailing} row(s) with delimiters after the last column")
        if self.blank:
            notes.append(f"{self.blank} blank row(s) left out")
        return Parsed("", frame, tuple(notes), unreadable_frame(self.rows.unreadable))


def _place(first: int, last: int) -> str:
    return f"line {first}" if last <= first else f"lines {first} to {last}"


def _read_records(records: _Records, most: int | None, raw: BinaryIO, progress: Progress) -> Parsed:
    table = _read_header(records)
    stage, size = f"reading {records.file.name}", records.file.path.stat().st_size
    left, told = most, 0
    while left is None or left > 0:
        line = records.line
        batch, broken = records.batch(BATCH_ROWS if left is None else min(BATCH_ROWS, left))
        if not batch and not broken:
            break
        table.take(records, batch, broken, line)
        left = None if left is None else left - len(batch) - broken
        if records.row - told >= _PROGRESS_ROWS:
            told = records.row
            progress(stage, raw.tell(), size)
    progress(stage, size, size)
    return table.finish()


def _read_header(records: _Records) -> _Table:
    """The first row that is not blank."""
    while True:
        batch, broken = records.batch(1)
        if broken:
            raise records.file.error(
                "the header has a quote inside a quoted name", "write the quote twice", records.row
            )
        if not batch:
            raise records.file.error("the file has no header", "give a file with at least a header line")
        header = batch[0]
        if any(name.strip().strip("\ufeff") for name in header):
            names = column_names(records.file, header, records.row)
            fewest = len(header)
            while not header[fewest - 1].strip():
                fewest -= 1
            return _Table(names, fewest, RowCollector(len(names)))
