"""An extract: what was read from a study's source files, checked and stored under its checksum.

STUDY/extracts/<first 16 hex digits of the id>/
  extract.json            the id and what it was made from; rows by source; SHA-256 of the files here
  forms_AE.parquet …      one form frame per domain
  quarantined.parquet     rows that are not coded
  issues.parquet          what validation found

The id is the SHA-256 over the source files (name and content), the part of the configuration that
ingest reads and :data:`INGEST_VERSION`. The same files are therefore never read twice, and an
extract never changes: it is written beside its place and renamed when it is whole.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import tempfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from coding.ingest.forms import check_source
from coding.ingest.raw_table import RawTable
from coding.ingest.reading import file_name, find_files, read_source
from coding.ingest.study_forms import StudyForms, study_forms
from coding.ingest.validation import check_listing, refuse_without_validation
from coding.records import Progress, UserError, canonical_json, silent
from coding.study import Source, Study
from coding.workspace import writing_to
from schemas.tables import read_parquet, write_parquet, write_text
from schemas.vocabulary import Domain

#: Raised whenever the same files and configuration would give other frames than before.
INGEST_VERSION = "1"

EXTRACTS = "extracts"
_META, _QUARANTINED, _ISSUES = "extract.json", "quarantined.parquet", "issues.parquet"
_FOLDER_DIGITS = 16
_LEFTOVER = ".partial-"


class ExtractError(UserError):
    """An extract that cannot be taken or opened."""


@dataclass(frozen=True)
class Extract:
    """A stored extract. Frames are read anew with every call."""

    folder: Path
    id: str

    @cached_property
    def meta(self) -> dict[str, Any]:
        """``extract.json``: ``sources`` (name → domain, files with sheet, sha256, rows and notes,
        rows_in, kept, quarantined), ``domains`` (name → rows), ``issues``, ``files``."""
        data: dict[str, Any] = json.loads((self.folder / _META).read_text(encoding="utf-8"))
        return data

    @property
    def domains(self) -> tuple[Domain, ...]:
        """The domains the study reads, in the order of study.yaml; DM among them."""
        return tuple(Domain(name) for name in self.meta["domains"])

    def forms(self, domain: Domain, columns: list[str] | None = None) -> pd.DataFrame:
        """The form frame of a domain (or some of its columns), in source, file and row order.

        Raises KeyError for a domain the study does not read.
        """
        if domain not in self.meta["domains"]:
            raise KeyError(domain)
        return read_parquet(self.folder / _forms_name(domain), columns)

    def quarantined(self) -> pd.DataFrame:
        """Rows that are not coded: place, ``domain, reason, subject, verbatim`` and ``raw.*``."""
        return read_parquet(self.folder / _QUARANTINED)

    def issues(self) -> pd.DataFrame:
        """What validation found: ISSUE_COLUMNS, by source, file, row and rule."""
        return read_parquet(self.folder / _ISSUES)


def take_extract(study: Study, study_folder: Path, progress: Progress = silent) -> Extract:
    """Read and check the study's source files, or reuse the extract that was made from the same.

    Hold the study first. Raises UserError: a source that cannot be read, a mapped column that is
    not there, validation switched off, a folder that cannot be written.
    """
    refuse_without_validation()
    for source in study.sources:
        check_source(source)
    inputs = _inputs(study, study_folder, progress)
    extract_id = _checksum_of(inputs)
    folder = _folder(study_folder, extract_id)
    with writing_to(folder.parent):
        folder.parent.mkdir(parents=True, exist_ok=True)
        _clear_leftovers(folder.parent)
    if folder.exists() and not _faults(folder, extract_id):
        return Extract(folder, extract_id)
    reader = _Reader(study_folder, {item["file"]: item["sha256"] for item in inputs["files"]}, progress)
    made = study_forms(study, reader.read, progress)
    with writing_to(folder.parent):
        _store(made, reader.tables, inputs, extract_id, folder, progress)
    return Extract(folder, extract_id)


def open_extract(study_folder: Path, extract_id: str) -> Extract:
    """Open a stored extract by its id. Raises ExtractError when it is not there or not as it was
    written."""
    if not re.fullmatch(r"[0-9a-f]{64}", extract_id):
        raise ExtractError("the id of an extract is 64 hex digits")
    folder = _folder(study_folder, extract_id)
    faults = _faults(folder, extract_id)
    if faults:
        raise ExtractError(
            f"{folder}: {'; '.join(faults)}; restore the folder from a backup, or delete it and run the "
            "study again with the same source files"
        )
    return Extract(folder, extract_id)


class _Reader:
    """Reads sources for :func:`study_forms` and keeps what the tables were, without their rows."""

    def __init__(self, study_folder: Path, checksums: dict[str, str], progress: Progress) -> None:
        self.study_folder, self.checksums, self.progress = study_folder, checksums, progress
        self.tables: dict[str, list[dict[str, Any]]] = {}

    def read(self, source: Source) -> list[RawTable]:
        tables = read_source(source, self.study_folder, self.progress)
        for table in tables:
            if self.checksums.get(table.file) != table.sha256:
                raise ExtractError(f"source {source.name}: {table.file} changed while it was read; run again")
        self.tables[source.name] = [
            {
                "file": table.file,
                "sheet": table.sheet,
                "sha256": table.sha256,
                "rows": len(table.frame),
                "unreadable": len(table.unreadable),
                "columns": [str(name) for name in table.frame.columns],
                "notes": list(table.notes),
            }
            for table in tables
        ]
        return tables


def _inputs(study: Study, study_folder: Path, progress: Progress) -> dict[str, Any]:
    """What the id is the checksum of."""
    files: dict[str, str] = {}
    for number, source in enumerate(study.sources):
        progress("checksums", number, len(study.sources))
        for path in find_files(source, study_folder):
            name = file_name(path, study_folder)
            if name in files and files[name] != _sha256(path):
                raise ExtractError(
                    f"source {source.name}: another source reads a different file named {name}"
                )
            files[name] = _sha256(path)
    return {
        "version": INGEST_VERSION,
        "files": [{"file": name, "sha256": files[name]} for name in sorted(files)],
        "sources": [source.model_dump(mode="json") for source in study.sources],
        "demographics": study.demographics,
        "never_show": sorted(study.never_show),
    }


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ExtractError(f"{path}: cannot be read ({error.strerror})") from None


def _checksum_of(value: object) -> str:
    return hashlib.sha256(canonical_json(value).encode("utf-8")).hexdigest()


def _folder(study_folder: Path, extract_id: str) -> Path:
    return study_folder / EXTRACTS / extract_id[:_FOLDER_DIGITS]


def _forms_name(domain: str) -> str:
    return f"forms_{domain}.parquet"


def _store(
    made: StudyForms,
    tables: dict[str, list[dict[str, Any]]],
    inputs: dict[str, Any],
    extract_id: str,
    folder: Path,
    progress: Progress,
) -> None:
    temporary = Path(tempfile.mkdtemp(prefix=f"{_LEFTOVER}{folder.name}-", dir=folder.parent))
    try:
        frames = _checked_frames(made)
        for number, (name, frame) in enumerate(frames.items()):
            progress("store", number, len(frames))
            write_parquet(frame, temporary / name)
        meta = {
            "id": extract_id,
            "inputs": inputs,
            "sources": {
                source["name"]: {
                    "domain": source["domain"],
                    "files": tables[source["name"]],
                    "rows_in": made.rows[source["name"]].rows_in,
                    "kept": made.rows[source["name"]].kept,
                    "quarantined": made.rows[source["name"]].quarantined,
                }
                for source in inputs["sources"]
            },
            "domains": {str(domain): len(frame) for domain, frame in made.forms.items()},
            "issues": len(made.issues),
            "files": {name: _sha256(temporary / name) for name in frames},
        }
        meta["checksum"] = _checksum_of(meta)
        text = json.dumps(meta, indent=2, ensure_ascii=False)
        write_text(text + "\n", temporary / _META)
        temporary.chmod(0o755)
        if folder.exists():
            shutil.rmtree(folder)
        temporary.rename(folder)
        progress("store", len(frames), len(frames))
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _checked_frames(made: StudyForms) -> dict[str, pd.DataFrame]:
    """The frames by file name, each held against its model."""
    from schemas.forms import form_schema
    from schemas.listings import ISSUES, QUARANTINED

    for domain, frame in made.forms.items():
        check_listing(form_schema(domain), frame)
    check_listing(QUARANTINED, made.quarantined)
    check_listing(ISSUES, made.issues)
    frames = {_forms_name(domain): frame for domain, frame in made.forms.items()}
    return {**frames, _QUARANTINED: made.quarantined, _ISSUES: made.issues}


def _faults(folder: Path, extract_id: str) -> list[str]:
    """What is wrong with a stored extract; nothing when it is as it was written."""
    try:
        meta = json.loads((folder / _META).read_text(encoding="utf-8"))
        checksum = meta.pop("checksum")
        listed = dict(meta["files"])
        sound = checksum == _checksum_of(meta) and meta["id"] == extract_id == _checksum_of(meta["inputs"])
    except FileNotFoundError:
        return ["there is no such extract"]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return [f"{_META} cannot be read"]
    if not sound:
        return [f"{_META} is not as it was written"]
    faults = []
    for name, written in sorted(listed.items()):
        if not (folder / name).is_file():
            faults.append(f"{name} is missing")
        elif _sha256(folder / name) != written:
            faults.append(f"{name} is not as it was written")
    return faults


def _clear_leftovers(extracts: Path) -> None:
    """Remove what killed runs left; the study is held, so nobody is writing there."""
    for leftover in sorted(extracts.glob(f"{_LEFTOVER}*")):
        shutil.rmtree(leftover, ignore_errors=True)
