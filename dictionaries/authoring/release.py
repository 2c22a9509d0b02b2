"""From rows to a stored release: what the builds of the open dictionaries do alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import pandas as pd

from dictionaries.authoring.changes import with_history
from dictionaries.authoring.wordings import Lowest
from dictionaries.checking import check_content
from dictionaries.content import ReleaseContent, path_columns, write_content
from dictionaries.model import ATTRIBUTE_COLUMNS, TERM_COLUMNS, DictionaryError, Release
from dictionaries.wording import wording_key
from schemas.tables import text_frame, write_csv

#: The ``rule`` of a wording that was released once and is given up; every other one is current.
GIVEN_UP = "noncurrent"


def with_given_up(
    lowest: list[Lowest], given_up: Mapping[str, str], preferred: Iterable[str]
) -> list[Lowest]:
    """The wordings and those of ``noncurrent.csv`` (wording → preferred term), which stay for ever.

    Raises DictionaryError for one that is current too, or whose preferred term is not there.
    """
    names = {wording_key(text): text for text in preferred}
    current = {wording_key(item.text) for item in lowest}
    found = []
    for text, parent in sorted(given_up.items()):
        if wording_key(text) in current:
            raise DictionaryError(f"noncurrent.csv: {text} is a current term; take it out of one place")
        if wording_key(parent) not in names:
            raise DictionaryError(f"noncurrent.csv: {text}: there is no preferred term {parent}")
        found.append(Lowest(text, names[wording_key(parent)], GIVEN_UP))
    return [*lowest, *found]


def terms_frame(rows: Iterable[tuple[str, str, str, str, str]], levels: tuple[str, ...]) -> pd.DataFrame:
    """``terms`` of (code, text, level, status, parent), by level and code."""
    ordered = sorted(rows, key=lambda row: (levels.index(row[2]), row[0]))
    return text_frame({name: [row[at] for row in ordered] for at, name in enumerate(TERM_COLUMNS)})


def paths_frame(rows: Iterable[tuple[str | bool, ...]], release: Release) -> pd.DataFrame:
    """``paths`` of (code, primary, the codes of the upper levels), by code, the primary one first."""
    names = path_columns(release)
    columns = list(zip(*sorted(rows, key=lambda row: (row[0], not row[1], row[2:])), strict=True))
    frame = text_frame({name: columns[at] for at, name in enumerate(names) if name != "primary"})
    frame.insert(1, "primary", pd.Series(columns[1], dtype="bool"))
    return frame


def attributes_frame(rows: Iterable[tuple[str, str, str, str]], levels: tuple[str, ...]) -> pd.DataFrame:
    """``attributes`` of (code, level, name, value), by level, code, name and value."""
    ordered = sorted(rows, key=lambda row: (levels.index(row[1]), row[0], row[2], row[3]))
    return text_frame({name: [row[at] for row in ordered] for at, name in enumerate(ATTRIBUTE_COLUMNS)})


def store(
    content: ReleaseContent, previous: Path | None, folder: Path, changes_file: Path
) -> tuple[ReleaseContent, pd.DataFrame]:
    """Check and store a release with its history; returns it and what it changes in ``previous``.

    A first release (``previous`` is None) has no history and no file of changes. Raises
    DictionaryError when the release is not whole.
    """
    whole, changes = with_history(content, previous)
    check_content(whole)
    for place in (folder, changes_file.parent):
        place.mkdir(parents=True, exist_ok=True)
    write_content(whole, folder)
    if previous is not None:
        write_csv(changes, changes_file)
    return whole, changes
