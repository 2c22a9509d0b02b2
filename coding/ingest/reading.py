"""Reads source files of every format into text tables: the way in to this folder's readers.

CSV and TSV, XLSX, SAS transport and SAS7BDAT, ODM-XML 1.3 and Dataset-JSON 1.1. Whatever the
format, every cell is text, "" is not given, and what could not be read is told.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd

from coding.ingest import dataset_json, delimited, odm, sas, workbook
from coding.ingest.file_format import file_format
from coding.ingest.raw_table import Parsed, RawTable, SourceFile, SourceFileError
from coding.records import Progress, silent
from coding.study import Source

__all__ = ["RawTable", "SourceFileError", "file_name", "find_files", "read_headers", "read_source"]

_MAGIC = frozenset("*?[")


def find_files(source: Source, study_folder: Path) -> list[Path]:
    """The files of a source, sorted by path: the one named, or those a pattern matches.

    A relative path is taken from the study's folder and must stay inside it, also through symbolic
    links; a full path is taken as given. Hidden files and Excel's lock files (``~$…``) don't match a
    pattern. Raises SourceFileError when there is none, or one leads out of the folder.
    """
    if "\x00" in source.file or ".." in Path(source.file).parts:
        raise SourceFileError(source.file[:200], "the path must not contain `..`", "give the full path")
    path = Path(source.file)
    base = Path(path.anchor) if path.is_absolute() else study_folder
    with _readable(source.file):
        return _find(source, path, base, study_folder)


def _find(source: Source, path: Path, base: Path, study_folder: Path) -> list[Path]:
    exact = base / path
    if exact.is_file():
        found = [exact]
    elif exact.is_dir():
        raise SourceFileError(
            source.file, "this is a folder", f"name its files: {source.file.rstrip('/')}/*.csv"
        )
    elif _MAGIC & set(source.file):
        pattern = str(path.relative_to(path.anchor)) if path.is_absolute() else source.file
        found = [one for one in base.glob(pattern) if one.is_file() and not one.name.startswith((".", "~$"))]
    else:
        found = []
    if not found:
        raise SourceFileError(
            source.file,
            "no such file",
            f"put it into {study_folder}, or correct `file` of source {source.name}",
        )
    if not path.is_absolute():
        inside = study_folder.resolve()
        for one in found:
            if not one.resolve().is_relative_to(inside):
                raise SourceFileError(
                    source.file,
                    "a symbolic link leads out of the study's folder",
                    "put the file itself into the folder, or give its full path",
                )
    return sorted(found, key=lambda one: one.as_posix())


def read_source(source: Source, study_folder: Path, progress: Progress = silent) -> list[RawTable]:
    """All files of a source, one table each. Raises SourceFileError for a file that cannot be read
    as a whole; single broken rows are in each table's ``unreadable``."""
    tables = []
    for path in find_files(source, study_folder):
        file = SourceFile(path, file_name(path, study_folder))
        with _readable(file.name):
            parsed, sha256 = _read_file(file, source, progress)
        tables.append(
            RawTable(
                source=source.name,
                file=file.name,
                sheet=parsed.sheet,
                sha256=sha256,
                frame=parsed.frame,
                notes=parsed.notes,
                unreadable=parsed.unreadable,
            )
        )
    return tables


def read_headers(path: Path, rows: int = 50) -> list[tuple[str, list[str], pd.DataFrame]]:
    """(sheet, item group or data set; columns; first rows) for every table in a file.

    Reads no more of the file than its format demands: of CSV, XPT and SAS7BDAT the beginning.
    Raises SourceFileError.
    """
    file = SourceFile(path, path.name)
    with _readable(file.name):
        kind = file_format(file)
        if kind in {"csv", "tsv"}:
            tables = [delimited.read_delimited(file, delimiter=_delimiter(kind), most=rows)[0]]
        elif kind == "xlsx":
            tables = workbook.read_all_sheets(file, most=rows)
        elif kind == "odm":
            tables = odm.read_item_groups(file, most=rows)
        elif kind == "dataset-json":
            tables = [dataset_json.read_dataset_json(file, most=rows)]
        elif kind == "xpt":
            tables = [sas.read_transport(file, most=rows)]
        else:
            tables = [sas.read_sas7bdat(file, most=rows)]
    return [(table.sheet, list(table.frame.columns), table.frame) for table in tables]


def _read_file(file: SourceFile, source: Source, progress: Progress) -> tuple[Parsed, str]:
    kind = file_format(file, source.format)
    if kind in {"csv", "tsv"}:
        return delimited.read_delimited(file, source.encoding, _delimiter(kind), progress=progress)
    sha256 = _sha256(file)
    if kind == "xlsx":
        return workbook.read_workbook(file, source.sheet, progress=progress), sha256
    if kind == "odm":
        return odm.read_odm(file, source.item_group, progress=progress), sha256
    if kind == "dataset-json":
        return dataset_json.read_dataset_json(file, progress=progress), sha256
    if kind == "xpt":
        return sas.read_transport(file, source.encoding, progress=progress), sha256
    return sas.read_sas7bdat(file, source.encoding, progress=progress), sha256


def _delimiter(kind: str) -> str | None:
    return "\t" if kind == "tsv" else None


def file_name(path: Path, study_folder: Path) -> str:
    """The name a file goes by wherever the study's folder lies: relative to it, or the name alone
    for a file outside."""
    for one, folder in ((path, study_folder), (path.resolve(), study_folder.resolve())):
        if one.is_relative_to(folder):
            return one.relative_to(folder).as_posix()
    return path.name


def _sha256(file: SourceFile) -> str:
    with file.path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@contextmanager
def _readable(name: str) -> Iterator[None]:
    """What the operating system refuses, said so that a person can act."""
    try:
        yield
    except FileNotFoundError:
        raise SourceFileError(name, "the file has disappeared", "put it back and run again") from None
    except PermissionError:
        raise SourceFileError(
            name, "no permission to read it", "give this account the right to read it"
        ) from None
    except OSError as error:
        raise SourceFileError(
            name,
            f"it cannot be read ({error.strerror or type(error).__name__})",
            "check the disk and the path",
        ) from None
    except MemoryError:
        raise SourceFileError(
            name, "there is not enough memory to read it", "give it as CSV, in parts"
        ) from None
