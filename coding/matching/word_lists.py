"""The matching room's data: abbreviations, word lists, what says "no event", and the thesaurus.

Everything lies as CSV beside this module (``wording/`` and ``thesaurus/``), so that a medical reader
can check and extend it without reading code. :func:`data_checksum` is part of every index's
fingerprint: a changed row makes cached candidates lapse.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from dictionaries.wording import SPELLING_FILE

WORDING_FOLDER = Path(__file__).with_name("wording")
THESAURUS_FOLDER = Path(__file__).with_name("thesaurus")


@dataclass(frozen=True, slots=True)
class Equivalent:
    """A row of the thesaurus: ``term`` and ``equivalent`` name nearly the same thing.

    ``kind`` is ``lay`` (lay and medical word), ``body`` (noun and adjective of a part of the body)
    or ``general``. Rows suggest, both ways; they never settle anything.
    """

    term: str
    equivalent: str
    kind: str
    source: str


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines)


@cache
def abbreviations() -> dict[tuple[str, ...], tuple[str, ...]]:
    """Reviewed abbreviations that mean one thing only: words → words."""
    rows = _rows(WORDING_FOLDER / "abbreviations.csv")
    return {tuple(row["abbreviation"].split()): tuple(row["expansion"].split()) for row in rows}


@cache
def no_event_phrases() -> dict[str, str]:
    """Whole folded verbatims that name no event → ``placeholder`` or ``absence``."""
    return {row["phrase"]: row["kind"] for row in _rows(WORDING_FOLDER / "no_event.csv")}


@cache
def words_of_kind(kind: str) -> frozenset[str]:
    """The words of a kind: ``stop``, ``ordered``, ``negation`` or ``light`` (see ``words.csv``)."""
    return frozenset(row["word"] for row in _rows(WORDING_FOLDER / "words.csv") if row["kind"] == kind)


@cache
def opposites() -> dict[str, tuple[str, int]]:
    """Word → (axis, pole 1 or 2): ``left`` and ``right`` are the poles of ``side``."""
    rows = _rows(WORDING_FOLDER / "opposites.csv")
    return {row["word"]: (row["axis"], int(row["pole"])) for row in rows}


@cache
def thesaurus() -> tuple[Equivalent, ...]:
    """Every row of the thesaurus, by file name and then as written."""
    files = sorted(THESAURUS_FOLDER.glob("*.csv"))
    return tuple(Equivalent(**row) for path in files for row in _rows(path))


@cache
def data_checksum() -> str:
    """SHA-256 over the names and contents of the data files."""
    digest = hashlib.sha256()
    folders = (WORDING_FOLDER, THESAURUS_FOLDER)
    for path in [SPELLING_FILE, *(path for folder in folders for path in sorted(folder.glob("*.csv")))]:
        digest.update(path.name.encode("utf-8") + b"\0" + path.read_bytes().replace(b"\r\n", b"\n") + b"\0")
    return digest.hexdigest()
