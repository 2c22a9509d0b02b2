"""Where things lie: one folder with dictionaries, studies, the ledger and locks.

WORKSPACE/
  workspace.yaml              ledger URL (SQLite in this folder unless told)
  ledger.sqlite
  dictionaries/NAME/VERSION-LANGUAGE/
  studies/STUDY/study.yaml
  studies/STUDY/extracts/     what was read from the source files, by checksum
  studies/STUDY/work/         listings of the last run: issues, suggestions, changes
  studies/STUDY/packages/     what was exported
  cache/                      can be deleted at any time
  locks/
"""

from __future__ import annotations

import contextlib
import errno
import getpass
import json
import os
import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml
from filelock import FileLock, Timeout

from coding.records import UserError
from coding.study import STUDY_FILE, STUDY_ID, Study, load_study

WORKSPACE_FILE = "workspace.yaml"
WORKSPACE_VARIABLE = "TRIALCODER_WORKSPACE"
LEDGER_VARIABLE = "TRIALCODER_LEDGER_URL"


class WorkspaceError(UserError):
    """No workspace, no such study, or a folder that cannot be used."""


class StudyBusyError(UserError):
    """Another run holds the study."""

    exit_code = 4


_FULL_DISK = {errno.ENOSPC, errno.EDQUOT}
_NOT_WRITABLE = {errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO, errno.ENOTDIR, errno.EEXIST, errno.EFBIG}


@contextlib.contextmanager
def writing_to(folder: Path) -> Iterator[None]:
    """Turn a full disk, or a folder that cannot be written, into an error a person can act on.

    Raises WorkspaceError that names the folder; other errors go through as they are.
    """
    try:
        yield
    except OSError as error:
        if error.errno in _FULL_DISK or "No space left" in str(error):
            raise WorkspaceError(f"{folder}: the disk is full; free space and run again") from None
        if error.errno in _NOT_WRITABLE or "Permission denied" in str(error):
            why = error.strerror or type(error).__name__
            raise WorkspaceError(f"{folder}: cannot be written ({why}); check its permissions") from None
        raise


def current_actor() -> str:
    """The operating system's name of who runs this, as the ledger records it."""
    return os.environ.get("TRIALCODER_ACTOR") or getpass.getuser()


@dataclass(frozen=True, slots=True)
class Workspace:
    """A workspace folder. Nothing is read until asked for."""

    folder: Path

    @property
    def dictionaries(self) -> Path:
        return self.folder / "dictionaries"

    @property
    def cache(self) -> Path:
        return self.folder / "cache"

    @property
    def studies(self) -> Path:
        return self.folder / "studies"

    @property
    def ledger_url(self) -> str:
        """The SQLAlchemy URL of the ledger: environment, then workspace.yaml, then SQLite here."""
        told = os.environ.get(LEDGER_VARIABLE) or self._settings().get("ledger")
        return told or f"sqlite:///{(self.folder / 'ledger.sqlite').as_posix()}"

    def _settings(self) -> dict[str, str]:
        path = self.folder / WORKSPACE_FILE
        try:
            data = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise WorkspaceError(f"{path}: cannot be read ({type(error).__name__})") from None
        unknown = sorted(set(data) - {"ledger"}) if isinstance(data, dict) else ["?"]
        if unknown:
            raise WorkspaceError(f"{path}: {unknown[0]} is not a known key; allowed: ledger")
        return {key: str(value) for key, value in data.items() if value}

    def study_ids(self) -> list[str]:
        """The studies that have a study.yaml, sorted."""
        return sorted(path.parent.name for path in self.studies.glob(f"*/{STUDY_FILE}"))

    def study_folder(self, study_id: str) -> Path:
        """The folder of a study. Raises WorkspaceError for an id that is no plain name."""
        if not re.fullmatch(STUDY_ID, study_id):
            raise WorkspaceError(
                "the study id may only hold letters, digits, '.', '_' and '-'; "
                f"studies here: {', '.join(self.study_ids()) or 'none'}"
            )
        return self.studies / study_id

    def load_study(self, study_id: str) -> Study:
        """The study's checked configuration. Raises WorkspaceError or StudyError."""
        folder = self.study_folder(study_id)
        if not (folder / STUDY_FILE).exists():
            raise WorkspaceError(
                f"study {study_id} is not in this workspace; studies here: "
                f"{', '.join(self.study_ids()) or 'none'}"
            )
        study = load_study(folder / STUDY_FILE)
        if study.study != study_id:
            raise WorkspaceError(
                f"{folder / STUDY_FILE}: study is {study.study} but the folder is named {study_id}; "
                "make them the same"
            )
        return study

    @contextlib.contextmanager
    def hold_study(self, study_id: str) -> Iterator[None]:
        """Hold the study for one writer. The operating system frees it when the process ends.

        Raises StudyBusyError that says who holds it.
        """
        locks = self.folder / "locks"
        try:
            locks.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise WorkspaceError(f"{locks}: cannot be written ({error.strerror})") from None
        note = locks / f"{study_id}.holder.json"
        lock = FileLock(locks / f"{study_id}.lock", timeout=0, thread_local=False)
        try:
            lock.acquire()
        except Timeout:
            raise StudyBusyError(
                f"study {study_id} is being worked on {_holder(note)}; try again later"
            ) from None
        except OSError as error:
            raise WorkspaceError(f"{locks}: cannot be locked ({error.strerror})") from None
        try:
            holder = {"actor": current_actor(), "pid": os.getpid(), "machine": socket.gethostname()}
            with contextlib.suppress(OSError):
                note.write_text(json.dumps(holder), encoding="utf-8")
            yield
        finally:
            with contextlib.suppress(OSError):
                note.unlink(missing_ok=True)
            lock.release()


def _holder(note: Path) -> str:
    try:
        data = json.loads(note.read_text(encoding="utf-8"))
        return f"by {data['actor']} (process {data['pid']} on {data['machine']})"
    except (OSError, ValueError, KeyError):
        return "by another run"


def find_workspace(start: Path | None = None) -> Workspace:
    """The workspace of a folder or one of its parents; TRIALCODER_WORKSPACE where none is told.

    Raises WorkspaceError when there is none.
    """
    begin = start or Path(os.environ.get(WORKSPACE_VARIABLE) or Path.cwd())
    for folder in (begin.resolve(), *begin.resolve().parents):
        if (folder / WORKSPACE_FILE).is_file():
            return Workspace(folder)
    raise WorkspaceError(
        f"{begin}: no workspace here or above (no {WORKSPACE_FILE}); make one with `trialcoder init DIR`"
    )
