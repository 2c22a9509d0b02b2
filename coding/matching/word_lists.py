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

from dictionaries.model import RELEASE_FILE
from dictionaries.open_events import MEASURED_FOLDER
from dictionaries.wording import SPELLING_FILE

WORDING_FOLDER = Path(__file__).with_name("wording")
THESAURUS_FOLDER = Path(__file__).with_name("thesaurus")


@dataclass(frozen=True, slots=True)
class Group:
    """A row of the thesaurus: ``term`` says in plain words what its ``equivalents`` say too.

    ``kind`` says what is named: ``body``, ``symptom``, ``condition``, ``organism``, ``test`` …
    """

    kind: str
    term: str
    equivalents: tuple[str, ...]
    source: str


@dataclass(frozen=True, slots=True)
class Broader:
    """``term`` is a part or a kind of ``broader``; ``kind`` is ``site``, ``finding`` or ``organism``."""

    kind: str
    term: str
    broader: str
    source: str


@dataclass(frozen=True, slots=True)
class Form:
    """A Greek or Latin form that begins or ends medical words (``position``), and its ``meaning``."""

    form: str
    position: str
    meaning: str
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
    """The words of a kind: ``stop``, ``ordered`` or ``negation`` (see ``words.csv``)."""
    return frozenset(row["word"] for row in _rows(WORDING_FOLDER / "words.csv") if row["kind"] == kind)


@cache
def phrases_of_role(role: str) -> frozenset[str]:
    """The words and phrases that qualify in a way (``severity``, ``side``, ``cause`` …)."""
    return frozenset(row["word"] for row in _rows(WORDING_FOLDER / "qualifiers.csv") if row["kind"] == role)


@cache
def ranking_abbreviations() -> dict[str, tuple[str, ...]]:
    """Abbreviations that only help to rank → their readings; several where it is ambiguous."""
    found: dict[str, list[str]] = {}
    for row in _rows(WORDING_FOLDER / "abbreviations_ranking.csv"):
        found.setdefault(row["abbreviation"], []).append(row["expansion"])
    return {abbreviation: tuple(readings) for abbreviation, readings in found.items()}


@cache
def opposites() -> dict[str, tuple[str, int]]:
    """Word → (axis, pole 1 or 2): ``left`` and ``right`` are the poles of ``side``."""
    rows = _rows(WORDING_FOLDER / "opposites.csv")
    return {row["word"]: (row["axis"], int(row["pole"])) for row in rows}


#: The files of the thesaurus that hold no groups.
BROADER_FILE, FORMS_FILE = "broader.csv", "combining_forms.csv"


@cache
def thesaurus() -> tuple[Group, ...]:
    """Every group of the thesaurus, by file name and then as written."""
    files = sorted(THESAURUS_FOLDER.glob("*.csv"))
    return tuple(
        Group(row["kind"], row["term"], tuple(row["equivalents"].split("|")), row["source"])
        for path in files
        if path.name not in (BROADER_FILE, FORMS_FILE)
        for row in _rows(path)
    )


@cache
def broader_rows() -> tuple[Broader, ...]:
    """What is a part or a kind of what."""
    return tuple(Broader(**row) for row in _rows(THESAURUS_FOLDER / BROADER_FILE))


@cache
def form_rows() -> tuple[Form, ...]:
    """The forms that medical words are made of."""
    return tuple(Form(**row) for row in _rows(THESAURUS_FOLDER / FORMS_FILE))


@cache
def data_checksum() -> str:
    """SHA-256 over the names and contents of the data files, the open event dictionary among them."""
    digest = hashlib.sha256()
    folders = (WORDING_FOLDER, THESAURUS_FOLDER)
    digest.update((MEASURED_FOLDER / RELEASE_FILE).read_bytes())
    for path in [SPELLING_FILE, *(path for folder in folders for path in sorted(folder.glob("*.csv")))]:
        digest.update(path.name.encode("utf-8") + b"\0" + path.read_bytes().replace(b"\r\n", b"\n") + b"\0")
    return digest.hexdigest()
