"""Reads SAS transport files (v5, v8) and SAS7BDAT through pyreadstat, every value as text.

Numbers are written without loss and without ``.0``; what SAS shows as a date, time or datetime
becomes ISO 8601; missing and special missing values become "". A transport file does not say how
its text is encoded, so its text is read as bytes and the encoding found as for CSV. pyreadstat
reads a cut file to where it ends and says nothing, so the file's length is checked first.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from coding.ingest.raw_table import (
    Parsed,
    SourceFile,
    arrow_frame,
    column_names,
    number_text,
    unreadable_frame,
)
from coding.ingest.text_encoding import check_encoding, encoding_name, guess_encoding
from coding.records import Progress, silent

_CHUNK_ROWS = 100_000
_RECORD = 80
_SAMPLE_TEXTS = 5_000
_DAMAGED = "get it again, it is probably cut"

_DATES = re.compile(
    r"DATE|DAY|DOWNAME|(DDMMYY|MMDDYY|YYMMDD)[BCDNPS]?|MONYY|(MMYY|YYMM)[CDNPS]?|YYMON|YYQR?[CDNPS]?|"
    r"JULDAY|JULIAN|YEAR|QTRR?|MONTH|WEEKDAY|MONNAME|WEEKDATX?|WORDDATX?|PDJUL[GI]|[BE]8601DA|IS8601DA|NLDATE\w*|MINGUO|NENGO|"
    r"HDATE|HEBDATE|EUR\w*DD\w*|WEEK[UVW]"
)
_DATETIMES = re.compile(
    r"DATETIME|DATEAMPM|DTDATE|DTMONYY|DTWKDATX|DTYEAR|DTYYQC|MDYAMPM|[BEI]S?8601D[TZXN]\w*|NLDATM\w*"
)
_TIMES = re.compile(r"TIME|TIMEAMPM|TOD|HHMM|HOUR|MMSS|[BEI]S?8601T[MZX]|[BE]8601LZ|NLTIM\w*")


def read_transport(
    file: SourceFile, encoding: str | None = None, most: int | None = None, progress: Progress = silent
) -> Parsed:
    """The data set of a transport file. Raises SourceFileError: cut, several data sets, a value
    that ``encoding`` does not decode (then the row is named)."""
    layout = _transport_layout(file)
    told = check_encoding(file, encoding) if encoding else None
    columns, metadata = _read_columns(file, "xport", "ISO-8859-1", most, layout.rows or 0, progress)
    rows = len(next(iter(columns.values()))) if columns else 0
    if most is None:
        layout.check(file, rows)
    decoded, note, broken = _decode(file, columns, told)
    return _parsed(file, metadata.table_name or "", decoded, [layout.version, note], broken)


def read_sas7bdat(
    file: SourceFile, encoding: str | None = None, most: int | None = None, progress: Progress = silent
) -> Parsed:
    """The data set of a SAS7BDAT file; the encoding it names is used unless another is told.

    Raises SourceFileError: cut, or text that does not decode.
    """
    _check_pages(file)
    if encoding:
        check_encoding(file, encoding)
    columns, metadata = _read_columns(file, "sas7bdat", encoding, most, 0, progress)
    note = f"encoding {encoding or metadata.file_encoding or 'not named in the file'}"
    return _parsed(file, metadata.table_name or file.path.stem, columns, ["SAS7BDAT", note], [])


def _parsed(
    file: SourceFile,
    name: str,
    columns: dict[str, Any],
    notes: Sequence[str],
    broken: Sequence[tuple[int, str]],
) -> Parsed:
    names = column_names(file, list(columns))
    rows = len(next(iter(columns.values()))) if columns else 0
    numbers = np.arange(2, rows + 2, dtype=np.int64)
    frame = arrow_frame(dict(zip(names, columns.values(), strict=True)), numbers)
    if broken:
        frame = frame[~frame.index.isin([row for row, _ in broken])]
    return Parsed(name, frame, tuple(note for note in notes if note), unreadable_frame(broken))


def _read_columns(
    file: SourceFile, kind: str, encoding: str | None, most: int | None, rows: int, progress: Progress
) -> tuple[dict[str, Any], Any]:
    """Column name → its texts, read in chunks so that a million records need little memory."""
    import pyreadstat

    read = pyreadstat.read_xport if kind == "xport" else pyreadstat.read_sas7bdat
    chunks: dict[str, list[Any]] = {}
    offset = 0
    while True:
        size = _CHUNK_ROWS if most is None else min(_CHUNK_ROWS, most)
        try:
            values, metadata = read(
                str(file.path),
                encoding=encoding,
                output_format="dict",
                disable_datetime_conversion=True,
                row_offset=offset,
                row_limit=size,
            )
        except UnicodeDecodeError:
            raise file.error(
                "its text cannot be read in the encoding the file names",
                "set `encoding` of this source to the encoding the file was written in",
            ) from None
        except (pyreadstat.ReadstatError, pyreadstat.PyreadstatError, ValueError, OverflowError):
            raise file.error("the SAS file is cut or damaged", _DAMAGED) from None
        formats = metadata.original_variable_types
        types = metadata.readstat_variable_types
        got = 0
        for name, column in values.items():
            text = types[name] == "string"
            chunks.setdefault(name, []).append(
                _strings(column) if text else _numbers(column, formats.get(name) or "")
            )
            got = len(column)
        offset += got
        progress(f"reading {file.name}", offset, max(rows, offset))
        if got < size or most is not None:
            break
    return {name: pa.chunked_array(parts, type=pa.large_string()) for name, parts in chunks.items()}, metadata


def _strings(values: Sequence[str | None]) -> Any:
    array = pa.array(values, type=pa.large_string(), from_pandas=True).fill_null("")
    return pc.utf8_rtrim(array, characters=" ")


def _numbers(values: Sequence[float | None], sas_format: str) -> Any:
    """Numbers, dates, times or datetimes as text."""
    numbers = np.array(values, dtype=np.float64)
    texts = np.full(len(numbers), "", dtype=object)
    given = ~np.isnan(numbers)
    distinct, places = np.unique(numbers[given], return_inverse=True)
    if len(distinct):
        texts[given] = np.array(_distinct_texts(distinct, sas_format), dtype=object)[places]
    return pa.array(texts, type=pa.large_string())


def _distinct_texts(values: npt.NDArray[np.float64], sas_format: str) -> list[str]:
    kind = _kind(sas_format)
    if kind == "number":
        return [number_text(float(value)) for value in values]
    return [_moment(float(value), kind) for value in values]


def _kind(sas_format: str) -> str:
    name = re.sub(r"[0-9.]+$", "", sas_format.upper())  # the width
    for kind, pattern in (("datetime", _DATETIMES), ("date", _DATES), ("time", _TIMES)):
        if pattern.fullmatch(name):
            return kind
    return "number"


def _moment(value: float, kind: str) -> str:
    """A SAS date (days since 1960), datetime or time (seconds) as ISO 8601; a value outside the
    years 1 to 9999 stays a number."""
    if kind == "time":
        return _clock(value)
    days = value if kind == "date" else value // 86_400
    if not -715_509 <= days <= 2_936_549:
        return number_text(value)
    day = str(np.datetime64("1960-01-01", "D") + int(days // 1))
    return day if kind == "date" else f"{day}T{_clock(value - days * 86_400)}"


def _clock(seconds: float) -> str:
    sign, thousandths = ("-" if seconds < 0 else ""), round(abs(seconds) * 1000)
    whole, fraction = divmod(thousandths, 1000)
    text = f"{sign}{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}"
    return f"{text}.{fraction:03d}" if fraction else text


@dataclass(frozen=True, slots=True)
class _TransportLayout:
    """Where the records of a transport file begin, how long each is, and how many there are
    (v8 says; v5 does not)."""

    version: str
    start: int
    length: int
    size: int
    tail: bytes
    rows: int | None

    def check(self, file: SourceFile, read: int) -> None:
        """Raises SourceFileError when the records that were read do not end where the file does."""
        if self.rows is not None and self.rows != read:
            raise file.error(f"the file says {self.rows} records but holds {read}", _DAMAGED)
        left = self.size - self.start - read * self.length
        blank = left == 0 or not self.tail[-left:].strip(b" ") if left <= len(self.tail) else False
        if left < 0 or not blank or (left >= _RECORD and left >= self.length):
            raise file.error(f"the file ends inside record {read + 1}", _DAMAGED)


def _transport_layout(file: SourceFile) -> _TransportLayout:
    """Read the headers: fixed records of 80 bytes. A file cut exactly at a record's end, which v5
    cannot tell, is the one case that passes."""
    size = file.path.stat().st_size
    if size % _RECORD:
        raise file.error(f"its length ({size:,} bytes) is not a multiple of 80", _DAMAGED)
    data = np.memmap(file.path, dtype=np.uint8, mode="r").reshape(-1, _RECORD)
    words, start = data.view("<u8"), np.frombuffer(b"HEADER RECORD***", dtype="<u8")
    headers = np.flatnonzero((words[:, 0] == start[0]) & (words[:, 1] == start[1]))
    kinds = {int(place): bytes(data[place, 20:28]).strip() for place in headers}
    members = [place for place, kind in kinds.items() if kind in {b"MEMBER", b"MEMBV8"}]
    if len(members) > 1:
        names = [bytes(data[place + 2, 8:16]).decode("latin-1").strip() for place in members]
        raise file.error(
            f"it holds {len(members)} data sets ({', '.join(names)})",
            "write each into a transport file of its own",
        )
    try:
        descriptor = bytes(data[members[0]])
        named = next(place for place, kind in kinds.items() if kind in {b"NAMESTR", b"NAMSTV8"})
        records = next(place for place, kind in kinds.items() if kind in {b"OBS", b"OBSV8"})
        variables, width = int(bytes(data[named, 54:58])), int(descriptor[74:78])
        block = data[named + 1 : records].tobytes()
        lengths = [struct.unpack_from(">h", block, number * width + 4)[0] for number in range(variables)]
    except (IndexError, StopIteration, ValueError, struct.error):
        raise file.error("the headers of the transport file are cut or damaged", _DAMAGED) from None
    count = bytes(data[records, 48:]).split()
    version_8 = kinds[records] == b"OBSV8"
    return _TransportLayout(
        version=f"SAS transport version {8 if version_8 else 5}",
        start=(records + 1) * _RECORD,
        length=max(1, sum(lengths)),
        size=size,
        tail=data[-64:].tobytes(),
        rows=int(count[0]) if version_8 and count and count[0].isdigit() else None,
    )


def _check_pages(file: SourceFile) -> None:
    """A SAS7BDAT file names its header's and pages' lengths and the number of pages."""
    with file.path.open("rb") as stream:
        head = stream.read(512)
    size = file.path.stat().st_size
    try:
        wide, shift = head[32] == 0x33, 4 if head[35] == 0x33 else 0
        order = "<" if head[37] == 1 else ">"
        header, page = struct.unpack_from(order + "II", head, 196 + shift)
        (pages,) = struct.unpack_from(order + ("Q" if wide else "I"), head, 204 + shift)
    except (IndexError, struct.error):
        raise file.error("the header of the SAS file is cut", _DAMAGED) from None
    if header + page * pages != size:
        raise file.error(f"the file should have {header + page * pages:,} bytes but has {size:,}", _DAMAGED)


def _decode(
    file: SourceFile, columns: dict[str, Any], told: str | None
) -> tuple[dict[str, Any], str, list[tuple[int, str]]]:
    """Texts that were read as bytes (ISO-8859-1), decoded; the note; rows that do not decode."""
    foreign = {
        name: array.unique()
        for name, array in columns.items()
        if not pc.all(pc.string_is_ascii(array), min_count=0).as_py()
    }
    if not foreign:
        return columns, "", []
    texts = [
        text.encode("latin-1")
        for distinct in foreign.values()
        for text in distinct.to_pylist()
        if not text.isascii()
    ]
    codec, guessed = (told, False) if told else _find_encoding(texts)
    decoded, broken = dict(columns), {}
    for name, distinct in foreign.items():
        table, wrong = [], set()
        for number, text in enumerate(distinct.to_pylist()):
            try:
                table.append(text.encode("latin-1").decode(codec))
            except UnicodeDecodeError:
                table.append("")
                wrong.add(number)
        places = pc.index_in(columns[name], value_set=distinct)
        decoded[name] = pc.take(pa.array(table, type=pa.large_string()), places)
        if wrong:
            rows = np.flatnonzero(np.isin(places.to_numpy(), list(wrong))) + 2
            broken.update(
                {int(row): f"column {name} cannot be read as {encoding_name(codec)}" for row in rows}
            )
    note = f"encoding {encoding_name(codec)}" + (
        " (guessed; set `encoding` if letters look wrong)" if guessed else ""
    )
    return decoded, note, list(broken.items())


def _find_encoding(texts: Sequence[bytes]) -> tuple[str, bool]:
    """UTF-8 if nearly all decode so (SAS cuts a long text at a byte, maybe inside a letter)."""
    failing = 0
    for text in texts:
        try:
            text.decode("utf-8")
        except UnicodeDecodeError:
            failing += 1
    if failing * 20 <= len(texts):
        return "utf-8", False
    return guess_encoding(b"\n".join(texts[:_SAMPLE_TEXTS])), True
