"""Import a dictionary release: find its format, read and check it whole, store it once.

A release is written into a temporary folder and renamed into place, so that a folder
``NAME/VERSION-LANGUAGE`` is either whole or not there, whenever the program is killed.
"""

from __future__ import annotations

import contextlib
import re
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Literal, get_args

from dictionaries.checking import check_content
from dictionaries.content import Progress, ReleaseContent, quiet, write_content
from dictionaries.ctcae import looks_like_ctcae, read_ctcae
from dictionaries.icd10cm import (
    PACKAGE,
    looks_like_order_file,
    read_icd10cm_order_file,
    read_icd10cm_package,
)
from dictionaries.meddra import read_meddra, release_folder
from dictionaries.model import RELEASE_FILE, Dictionary, DictionaryError, Release
from dictionaries.table import read_described_table

Format = Literal["meddra", "icd-10-cm", "icd-10-cm-order", "ctcae", "table"]
FORMATS: tuple[str, ...] = get_args(Format)

_TABLES = {".csv", ".tsv", ".txt", ".xlsx", ".xlsm", ".xls"}
_TEMPORARY = ".importing-"

#: Names and versions become folders on every system, and ``NAME@VERSION`` on the command line.
_PART = r"[A-Za-z0-9]([A-Za-z0-9 ._+()-]{0,62}[A-Za-z0-9+)])?"
_LANGUAGE = r"[A-Za-z][A-Za-z ()]{0,40}"
_RESERVED = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))}


def import_release(
    path: Path | str,
    dictionaries_folder: Path,
    *,
    name: str | None = None,
    version: str | None = None,
    language: str | None = None,
    format: Format | None = None,
    description: Path | None = None,
    licensed: bool | None = None,
    progress: Progress = quiet,
) -> Release:
    """Import the release at ``path`` and return it as stored.

    ``path`` is a folder with MedDRA's ``.asc`` files, a CMS order file, NCI's CTCAE table, any table
    with a ``description``, or the word ``icd-10-cm`` for the simple-icd-10-cm package. ``name``,
    ``version``, ``language`` and ``licensed`` take the place of what the files say. Importing the
    same release again does nothing. Raises DictionaryError when the files are broken, when another
    content has the same name, version and language, or when nothing can be written.
    """
    source = Path(path)
    try:
        chosen = format or detect_format(source, description)
        content = _read(chosen, source, name, version, language, description, progress)
    except OSError as error:
        raise DictionaryError(
            f"{source}: cannot be read ({error.strerror or type(error).__name__})"
        ) from None
    if licensed is not None:
        content = replace(content, release=replace(content.release, licensed=licensed))
    release = replace(content.release, language=_title(content.release.language))
    _check_identity(release)
    check_content(content)
    try:
        with _import_lock(dictionaries_folder):
            return _store(replace(content, release=release), dictionaries_folder, progress)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise DictionaryError(f"{dictionaries_folder}: cannot be written ({reason})") from None


def detect_format(path: Path, description: Path | None = None) -> Format:
    """The format of what ``path`` names. Raises DictionaryError saying what is understood."""
    if description is not None:
        return "table"
    if not path.exists():
        if str(path).lower() == PACKAGE:
            return "icd-10-cm"
        raise DictionaryError(f"{path}: not found (the word {PACKAGE} stands for the ICD-10-CM package)")
    if path.is_dir():
        if release_folder(path) is not None:
            return "meddra"
        raise DictionaryError(
            f"{path}: no llt.asc here or in MedAscii; name the folder of a MedDRA release, or a table's file"
        )
    if looks_like_order_file(path):
        return "icd-10-cm-order"
    if path.suffix.lower() in _TABLES and looks_like_ctcae(path):
        return "ctcae"
    if path.suffix.lower() in _TABLES:
        raise DictionaryError(
            f"{path}: not an ICD-10-CM order file and not NCI's CTCAE table; "
            "for another table give a description of its columns with --description (docs/dictionaries.md)"
        )
    raise DictionaryError(f"{path}: not a dictionary that is understood; see docs/dictionaries.md")


def _read(
    chosen: str,
    path: Path,
    name: str | None,
    version: str | None,
    language: str | None,
    description: Path | None,
    progress: Progress,
) -> ReleaseContent:
    if chosen == "meddra":
        if not path.is_dir():
            raise DictionaryError(f"{path}: not a folder; name the folder with the .asc files")
        return read_meddra(path, name=name, version=version, language=language, progress=progress)
    if chosen == "table":
        if description is None:
            raise DictionaryError(f"{path}: a table needs a description of its columns (--description)")
        return read_described_table(
            path, description, name=name, version=version, language=language, progress=progress
        )
    if chosen == "icd-10-cm":
        content = read_icd10cm_package(name=name, version=version, progress=progress)
    elif chosen == "icd-10-cm-order":
        content = read_icd10cm_order_file(path, name=name, version=version, progress=progress)
    elif chosen == "ctcae":
        content = read_ctcae(path, name=name, version=version, progress=progress)
    else:
        raise DictionaryError(f"format {chosen!r} is not known; allowed: {', '.join(FORMATS)}")
    if language is None:
        return content
    return replace(content, release=replace(content.release, language=language))


def _title(language: str) -> str:
    """``ENGLISH`` and ``english`` are the same language, and the same folder."""
    return " ".join(language.split()).title()


def _check_identity(release: Release) -> None:
    for what, value, option in (("name", release.name, "--name"), ("version", release.version, "--release")):
        if not re.fullmatch(_PART, value) or value.split(".")[0].lower() in _RESERVED:
            raise DictionaryError(
                f"the dictionary's {what} {value[:70]!r} cannot be used: it may hold letters, digits, blanks "
                f"and . _ + - ( ), and begins and ends with a letter or digit; give another with {option}"
            )
    if not re.fullmatch(_LANGUAGE, release.language):
        raise DictionaryError(
            f"the language {release.language[:50]!r} cannot be used: write it as an English word, "
            "such as Japanese, with --language"
        )


@contextlib.contextmanager
def _import_lock(folder: Path) -> Iterator[None]:
    """One import at a time: whoever holds the lock knows that temporary folders are left-overs."""
    from filelock import FileLock, Timeout

    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / ".import.lock", timeout=60)
    try:
        lock.acquire()
    except Timeout:
        raise DictionaryError(f"{folder}: another import is running; try again when it has ended") from None
    try:
        yield
    finally:
        lock.release()


def _store(content: ReleaseContent, folder: Path, progress: Progress) -> Release:
    for stale in folder.glob(f"{_TEMPORARY}*"):
        shutil.rmtree(stale, ignore_errors=True)
    release = replace(content.release, name=_spelling(folder, content.release.name))
    target = folder / release.name / _spelling(folder / release.name, f"{release.version}-{release.language}")
    if target.exists():
        return _same_or_refuse(release, target)
    temporary = Path(tempfile.mkdtemp(prefix=_TEMPORARY, dir=folder))
    try:
        write_content(replace(content, release=release), temporary, progress)
        temporary.chmod(0o755)
        target.parent.mkdir(exist_ok=True)
        temporary.rename(target)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    return release


def _spelling(folder: Path, name: str) -> str:
    """How a name is already spelled in a folder: ``meddra`` is no other dictionary than ``MedDRA``."""
    there = sorted(item.name for item in folder.iterdir()) if folder.is_dir() else []
    return next((item for item in there if item.casefold() == name.casefold()), name)


def _same_or_refuse(release: Release, target: Path) -> Release:
    if not (target / RELEASE_FILE).is_file():
        raise DictionaryError(f"{target}: holds something else than a release; move it away and try again")
    stored = Dictionary.open(target).release
    if stored.checksum == release.checksum:
        return stored
    raise DictionaryError(
        f"{release.label} is already imported with another content (checksum {stored.checksum[:12]}, "
        f"these files {release.checksum[:12]}); a release never changes: give it another --release or --name"
    )
