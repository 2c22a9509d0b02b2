"""Reads Dataset-JSON 1.1, as one JSON document or as NDJSON (metadata, then a record a line)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NoReturn

from coding.ingest.raw_table import (
    Parsed,
    RowCollector,
    SourceFile,
    column_names,
    number_text,
    unreadable_frame,
)
from coding.records import Progress, silent

_PROGRESS_ROWS = 25_000
_AGAIN = "get it again, it is probably cut"


class _WrongJsonError(ValueError):
    """Valid for Python's json module and not for JSON: NaN, Infinity."""


def read_dataset_json(file: SourceFile, most: int | None = None, progress: Progress = silent) -> Parsed:
    """The data set of a Dataset-JSON 1.1 file, in either form.

    null becomes "", numbers text without ``.0``, true and false TRUE and FALSE. A record of the
    wrong length is an unreadable row. Raises SourceFileError: not UTF-8, not JSON (with the line),
    not Dataset-JSON 1.1, or a count of records other than ``records``.
    """
    metadata, rows, form = _opened(file)
    names = _check_metadata(file, metadata)
    collector = RowCollector(len(names))
    records = metadata["records"]
    seen = 0
    for seen, row in enumerate(rows, 1):
        if most is not None and seen > most:
            break
        _add(collector, seen + 1, row)
        if seen % _PROGRESS_ROWS == 0:
            progress(f"reading {file.name}", seen, records)
    if most is None and seen != records:
        raise file.error(f"`records` says {records} but the file holds {seen}", _AGAIN)
    progress(f"reading {file.name}", seen, seen)
    frame = collector.frame(names)
    version = str(metadata["datasetJSONVersion"])
    notes = (f"Dataset-JSON {version} ({form})", "encoding UTF-8")
    return Parsed(str(metadata["name"]), frame, notes, unreadable_frame(collector.unreadable))


def _opened(file: SourceFile) -> tuple[dict[str, Any], Iterator[Any], str]:
    """Metadata, records, and the form's name."""
    with file.path.open("rb") as stream:
        first = stream.readline()
        more = bool(stream.readline().strip())
    if more and first.strip().endswith(b"}"):
        metadata = _loads(file, _utf8(file, first))
        if isinstance(metadata, dict) and "rows" not in metadata:
            return metadata, _ndjson_rows(file), "NDJSON"
    document = _loads(file, _utf8(file, file.path.read_bytes()))
    if not isinstance(document, dict):
        raise file.error("this is JSON, but not Dataset-JSON", "give a Dataset-JSON 1.1 file")
    rows = document.pop("rows", [])
    if not isinstance(rows, list):
        raise file.error("`rows` is not a list", "give a Dataset-JSON 1.1 file")
    return document, iter(rows), "JSON"


def _ndjson_rows(file: SourceFile) -> Iterator[Any]:
    """The records of an NDJSON file; a line that is no JSON comes as None, unless it is the last:
    then the file is cut."""
    broken, decode = 0, _decoder().decode
    with file.path.open("rb") as stream:
        stream.readline()
        for number, line in enumerate(stream, 2):
            if not line.strip():
                continue
            if broken:
                broken = 0
                yield None
            try:
                row = decode(line.decode("utf-8").strip())
            except (ValueError, RecursionError):
                broken = number
                continue
            yield row
    if broken:
        raise file.error(f"line {broken}, the last one, is not JSON", _AGAIN)


def _check_metadata(file: SourceFile, metadata: dict[str, Any]) -> list[str]:
    """The columns' names. Raises SourceFileError for what is not Dataset-JSON 1.1."""
    version = metadata.get("datasetJSONVersion")
    if not isinstance(version, str):
        raise file.error(
            "this is JSON, but not Dataset-JSON (`datasetJSONVersion` is missing)",
            "give a Dataset-JSON 1.1 file",
        )
    if not (version == "1.1" or version.startswith("1.1.")):
        raise file.error(f"this is Dataset-JSON {version[:20]}", "convert it to Dataset-JSON 1.1")
    missing = [key for key in ("itemGroupOID", "records", "name", "columns") if key not in metadata]
    if missing:
        raise file.error(f"`{'`, `'.join(missing)}` is missing", "give a complete Dataset-JSON 1.1 file")
    try:
        metadata["records"] = int(metadata["records"])
        names = [str(column["name"]) for column in metadata["columns"]]
    except (TypeError, ValueError, KeyError):
        raise file.error(
            "`records` is not a number, or a column has no `name`", "give a valid Dataset-JSON 1.1 file"
        ) from None
    if not names:
        raise file.error("it has no columns", "give a Dataset-JSON file with columns")
    return column_names(file, names)


def _add(collector: RowCollector, number: int, row: Any) -> None:
    if row is None or not isinstance(row, list):
        collector.refuse(number, "the record is not a JSON list")
    elif len(row) != collector.width:
        collector.refuse(number, f"{len(row)} values where there are {collector.width} columns")
    elif any(isinstance(value, list | dict) for value in row):
        collector.refuse(number, "a value is a list or an object, not a text or number")
    else:
        collector.add(number, [value if value.__class__ is str else _text(value) for value in row])


def _text(value: str | bool | None) -> str:
    """null and booleans as text; numbers have become text while parsing."""
    if value is None:
        return ""
    return ("TRUE" if value else "FALSE") if isinstance(value, bool) else value


def _integer(text: str) -> str:
    return "0" if text == "-0" else text


def _decimal(text: str) -> str:
    value = float(text)
    return text if value in {float("inf"), float("-inf")} else number_text(value)


def _constant(name: str) -> NoReturn:
    raise _WrongJsonError(name)


def _decoder() -> json.JSONDecoder:
    """Numbers become text at once, so that none is too long and none loses a digit."""
    return json.JSONDecoder(parse_int=_integer, parse_float=_decimal, parse_constant=_constant)


def _utf8(file: SourceFile, data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = 1 + data[: error.start].count(b"\n")
        raise file.error(f"line {line} is not UTF-8, as JSON must be", "save it as UTF-8") from None


def _loads(file: SourceFile, text: str) -> Any:
    try:
        return _decoder().decode(text.strip())
    except json.JSONDecodeError as error:
        at_end = error.pos >= len(text.strip()) or error.msg.startswith("Unterminated")
        problem = "the JSON ends too early" if at_end else "it is not valid JSON"
        raise file.error(f"{problem} (line {error.lineno}, character {error.colno})", _AGAIN) from None
    except _WrongJsonError as error:
        raise file.error(f"{error} is no JSON number", "write null for a missing number") from None
    except RecursionError:
        raise file.error("the JSON is nested too deeply", "give a Dataset-JSON 1.1 file") from None
