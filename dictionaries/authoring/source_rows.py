"""Source files of an open dictionary: CSV that people edit, sorted by row, ``|`` between values of a cell."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable
from pathlib import Path

from dictionaries.model import DictionaryError
from dictionaries.wording import wording_key

#: The name fields of the MedDRA file layout end here.
LONGEST_NAME = 100


def source_files(folder: Path) -> list[Path]:
    """The source files by name. Raises DictionaryError when the folder has none."""
    files = sorted(folder.glob("*.csv"), key=lambda path: path.name)
    if not files:
        raise DictionaryError(f"{folder}: no source files of an open dictionary here")
    return files


def source_checksum(folder: Path) -> str:
    """The SHA-256 over the source files' names and contents, in the order of their names."""
    digest = hashlib.sha256()
    for path in source_files(folder):
        digest.update(path.name.encode("utf-8") + b"\0")
        digest.update(path.read_bytes().replace(b"\r\n", b"\n") + b"\0")
    return digest.hexdigest()


def read_rows(path: Path, columns: tuple[str, ...]) -> list[dict[str, str]]:
    """The rows of a source file, each with its ``place`` (file and line).

    Raises DictionaryError for other columns, a row of another width or space around a value.
    """
    rows = []
    with path.open(encoding="utf-8", newline="") as lines:
        reader = csv.reader(lines)
        header = tuple(next(reader, ()))
        if header != columns:
            raise DictionaryError(f"{path.name}: columns are {', '.join(header)}, not {', '.join(columns)}")
        for values in reader:
            place = f"{path.name} line {reader.line_num}"
            if len(values) != len(columns):
                raise DictionaryError(f"{place}: {len(values)} values, not {len(columns)}")
            if any(value != " ".join(value.split()) for value in values):
                raise DictionaryError(f"{place}: space around or twice inside a value; take it out")
            rows.append({**dict(zip(columns, values, strict=True)), "place": place})
    return rows


def unique_rows(path: Path, columns: tuple[str, ...], name: str) -> list[dict[str, str]]:
    """As :func:`read_rows`; raises DictionaryError when a value of ``name`` stands in two rows."""
    rows = read_rows(path, columns)
    seen: dict[str, str] = {}
    for row in rows:
        key = wording_key(row[name])
        if key in seen:
            raise DictionaryError(f"{row['place']}: {row[name]} stands in {seen[key]} already")
        seen[key] = row["place"]
    return rows


def sort_key(values: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """The order of rows in a source file: by value, capitals beside their small letters."""
    return tuple((value.casefold(), value) for value in values)


def split(cell: str) -> tuple[str, ...]:
    """The values of a cell."""
    return tuple(cell.split("|")) if cell else ()
