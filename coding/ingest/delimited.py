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
from typing import BinaryIO

from coding.ingest.raw_table import Parsed, RowCollector, SourceFile, column_names, unreadable_frame
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
    """The records of a file one by one; ``None`` stands for one with a broken quote. ``row`` is
    the spreadsheet row of the last one, ``place`` its lines."""

    def __init__(self, file: SourceFile, lines: Iterator[str], delimiter: str, skipped: int) -> None:
        self.file, self.row = file, skipped
        self._reader = csv.reader(lines, delimiter=delimiter, strict=True)
        self._skipped, self._before = skipped, 0

    def __iter__(self) -> Iterator[list[str] | None]:
        reader = self._reader
        while True:
            self._before = reader.line_num
            try:
                fields: list[str] | None = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                self._check_broken(str(error))
                fields = None
            self.row += 1
            yield fields

    @property
    def place(self) -> str:
        first, last = self._before + 1 + self._skipped, self._reader.line_num + self._skipped
        return f"line {first}" if last <= first else f"lines {first} to {last}"

    def _check_broken(self, problem: str) -> None:
        if "end of data" in problem or self._reader.line_num - self._before > _MAX_BROKEN_LINES:
            raise self.file.error(
                f"a quote opened in the record of line {self._before + 1 + self._skipped} is never closed",
                "close it, and write a quote that belongs to the text twice; a cut file, get again",
            )


@dataclass
class _Shape:
    """How many fields a record has: ``fewest`` leaves out blank names at the header's end."""

    names: list[str]
    fewest: int
    blank: int = 0
    trailing: int = 0


def _read_records(records: _Records, most: int | None, raw: BinaryIO, progress: Progress) -> Parsed:
    rows = iter(records)
    shape = _read_header(records, rows)
    collector = RowCollector(len(shape.names))
    stage, size = f"reading {records.file.name}", records.file.path.stat().st_size
    for count, fields in enumerate(rows):
        if most is not None and count >= most:
            break
        if fields is None:
            collector.refuse(
                records.row, f"a quote inside a quoted cell that is not written twice ({records.place})"
            )
        elif len(fields) == len(shape.names) and any(fields):
            collector.add(records.row, fields)
        else:
            _add_odd(records, fields, shape, collector)
        if count % _PROGRESS_ROWS == 0:
            progress(stage, raw.tell(), size)
    progress(stage, size, size)
    frame = collector.frame(shape.names)
    notes = []
    unused = [name for name in shape.names[shape.fewest :] if (frame[name] == "").all()]
    if unused:
        frame = frame.drop(columns=unused)
        notes.append(f"{len(unused)} blank column(s) at the end left out")
    if shape.trailing:
        notes.append(f"{shape.trailing} row(s) with delimiters after the last column")
    if shape.blank:
        notes.append(f"{shape.blank} blank row(s) left out")
    return Parsed("", frame, tuple(notes), unreadable_frame(collector.unreadable))


def _read_header(records: _Records, rows: Iterator[list[str] | None]) -> _Shape:
    """The first row that is not blank."""
    for fields in rows:
        if fields is None:
            raise records.file.error(
                "the header has a quote inside a quoted name", "write the quote twice", records.row
            )
        if any(name.strip().strip("\ufeff") for name in fields):
            names = column_names(records.file, fields, records.row)
            fewest = len(fields)
            while not fields[fewest - 1].strip():
                fewest -= 1
            return _Shape(names, fewest)
    raise records.file.error("the file has no header", "give a file with at least a header line")


def _add_odd(records: _Records, fields: list[str], shape: _Shape, collector: RowCollector) -> None:
    """A record that is blank or has not exactly the header's number of fields."""
    width = len(shape.names)
    if not any(fields):
        shape.blank += 1
    elif shape.fewest <= len(fields) < width:
        collector.add(records.row, fields + [""] * (width - len(fields)))
    elif len(fields) > width and not any(fields[width:]):
        shape.trailing += 1
        collector.add(records.row, fields[:width])
    else:
        collector.refuse(
            records.row,
            f"{len(fields)} fields where the header has {shape.fewest} ({records.place}); "
            "a delimiter inside a cell must stand in quotes",
        )
