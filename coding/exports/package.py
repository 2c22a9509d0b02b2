"""A package on disk: tables written into a temporary folder that takes its name when it is whole.

Nothing in it depends on the machine, the clock or the time zone: times come from the ledger.
"""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Iterator, Mapping
from datetime import datetime
from hashlib import file_digest
from pathlib import Path
from typing import Any

import pandas as pd

from schemas.tables import write_csv, write_text, write_xlsx

MANIFEST = "manifest.json"


class PackageWriter:
    """Writes a package's files below ``folder`` and remembers rows and checksums."""

    def __init__(self, folder: Path, created: datetime, xlsx_row_limit: int) -> None:
        self.folder = folder
        self.created = created
        self.xlsx_row_limit = xlsx_row_limit
        self.files: dict[str, dict[str, Any]] = {}
        self.left_out: list[str] = []

    def table(self, name: str, frame: pd.DataFrame) -> None:
        """Write ``name.csv`` and, within the study's row limit, ``name.xlsx``."""
        write_csv(frame, self.folder / f"{name}.csv")
        self._remember(f"{name}.csv", len(frame))
        if len(frame) > self.xlsx_row_limit:
            self.left_out.append(f"{name}.xlsx: more than {self.xlsx_row_limit} rows")
            return
        write_xlsx({Path(name).name: frame}, self.folder / f"{name}.xlsx", self.created)
        self._remember(f"{name}.xlsx", len(frame))

    def text(self, name: str, content: str) -> None:
        """Write a text file."""
        write_text(content, self.folder / name)
        self._remember(name, None)

    def manifest(self, facts: Mapping[str, Any]) -> str:
        """Write the manifest, which lists every other file; returns its SHA-256."""
        data = {**facts, "files": self.files, "left_out": self.left_out}
        write_text(
            json.dumps(data, indent=2, sort_keys=True, ensure_ascii=False) + "\n", self.folder / MANIFEST
        )
        return file_checksum(self.folder / MANIFEST)

    def _remember(self, name: str, rows: int | None) -> None:
        entry: dict[str, Any] = {"sha256": file_checksum(self.folder / name)}
        if rows is not None:
            entry["rows"] = rows
        self.files[name] = entry


def file_checksum(path: Path) -> str:
    """SHA-256 of a file as hex."""
    with path.open("rb") as stream:
        return file_digest(stream, "sha256").hexdigest()


@contextlib.contextmanager
def whole_folder(final: Path) -> Iterator[Path]:
    """A temporary folder beside ``final`` that replaces it when the block ends well.

    Leftovers of killed runs are removed. Hold the study: two writers must not share ``final``.
    """
    final.parent.mkdir(parents=True, exist_ok=True)
    temporary = final.parent / f".{final.name}.partial"
    old = final.parent / f".{final.name}.old"
    for leftover in (temporary, old):
        shutil.rmtree(leftover, ignore_errors=True)
    temporary.mkdir()
    try:
        yield temporary
        if final.exists():
            final.rename(old)
        temporary.rename(final)
        shutil.rmtree(old, ignore_errors=True)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
