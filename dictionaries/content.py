"""What a loader hands on: a release and its frames, before they are stored.

A loader parses its format into a :class:`ReleaseContent`; :mod:`dictionaries.checking` checks it and
:func:`write_content` stores it in the layout of :mod:`dictionaries.model`.
"""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from dictionaries.model import (
    ATTRIBUTE_COLUMNS,
    ATTRIBUTES_FILE,
    GROUP_COLUMNS,
    GROUPS_FILE,
    HISTORY_COLUMNS,
    HISTORY_FILE,
    PATHS_FILE,
    RELEASE_FILE,
    TERM_COLUMNS,
    TERMS_FILE,
    Release,
    write_release_file,
)
from schemas.tables import text_frame, write_parquet

#: Called with the stage's name, how much is done and how much there is (0: unknown).
Progress = Callable[[str, int, int], None]


def quiet(stage: str, done: int, total: int) -> None:
    """A Progress that shows nothing."""


def _empty(columns: tuple[str, ...]) -> Callable[[], pd.DataFrame]:
    return lambda: text_frame({column: [] for column in columns})


@dataclass(frozen=True)
class ReleaseContent:
    """A parsed release: the frames of :mod:`dictionaries.model`, in any order of rows.

    ``terms`` and ``paths`` may carry a further column ``row`` (int, the row or line of ``source``
    that a term came from), which is used in messages and not stored.
    """

    release: Release
    terms: pd.DataFrame
    paths: pd.DataFrame
    attributes: pd.DataFrame = field(default_factory=_empty(ATTRIBUTE_COLUMNS))
    groups: pd.DataFrame = field(default_factory=_empty(GROUP_COLUMNS))
    history: pd.DataFrame = field(default_factory=_empty(HISTORY_COLUMNS))
    source: str = ""


def path_columns(release: Release) -> list[str]:
    """The columns of ``paths.parquet`` for a release."""
    return ["code", "primary", *(f"{level}_code" for level in release.upper_levels)]


def write_content(content: ReleaseContent, folder: Path, progress: Progress = quiet) -> None:
    """Store a checked release in a folder that exists; ``release.json`` is written last.

    Terms are sorted by level and code, paths by code with the primary one first, so that the same
    release gives the same bytes and opens without sorting.
    """
    release = content.release
    order = {level: number for number, level in enumerate(release.levels)}
    terms = content.terms[list(TERM_COLUMNS)]
    rank = terms["level"].map(order)
    terms = terms.assign(_rank=rank).sort_values(["_rank", "code"], ignore_index=True)
    columns = path_columns(release)
    paths = content.paths[columns].sort_values(
        ["code", "primary", *columns[2:]], ascending=[True, False, *([True] * len(columns[2:]))]
    )
    frames: list[tuple[str, pd.DataFrame]] = [
        (TERMS_FILE, terms[list(TERM_COLUMNS)]),
        (PATHS_FILE, paths),
    ]
    for name, frame in (
        (ATTRIBUTES_FILE, content.attributes.sort_values(["level", "code", "name"], kind="stable")),
        (GROUPS_FILE, content.groups),
        (HISTORY_FILE, content.history),
    ):
        if len(frame):
            frames.append((name, frame))
    for number, (name, frame) in enumerate(frames):
        progress("storing", number, len(frames))
        write_parquet(frame.reset_index(drop=True), folder / name)
    write_release_file(release, folder)
    # What is renamed into place next must be on the disk, not only in its cache.
    with (folder / RELEASE_FILE).open("rb") as written:
        os.fsync(written.fileno())
    progress("storing", len(frames), len(frames))


def checksum_of(files: Mapping[str, bytes]) -> str:
    """SHA-256 over names and contents, in order of the names; lower-case hex.

    Lengths go in before the bytes, so that text cannot move from one file to the next unseen.
    """
    digest = hashlib.sha256()
    for name in sorted(files):
        for part in (name.encode("utf-8"), files[name]):
            digest.update(len(part).to_bytes(8, "big"))
            digest.update(part)
    return digest.hexdigest()


def folded(text: str) -> str:
    """A text as generated codes and duplicates see it: case and white space do not count."""
    return " ".join(text.casefold().split())


def generated_code(*parts: str) -> str:
    """A stable code for a term whose source has none: ``G`` and ten letters or digits 2 to 7.

    It depends on the folded parts only, so that the same term has the same code in every release,
    and it never looks like a number to a spreadsheet program.

    >>> generated_code("NAME", "Aspirin") == generated_code("NAME", " ASPIRIN ")
    True
    """
    digest = hashlib.sha256("\x1f".join(folded(part) for part in parts).encode("utf-8")).digest()
    return "G" + base64.b32encode(digest).decode("ascii")[:10]


def attributes_frame(rows: Iterable[tuple[str, str, str, str]]) -> pd.DataFrame:
    """``(code, level, name, value)`` rows as a frame."""
    listed = list(rows)
    columns = zip(*listed, strict=True) if listed else ([], [], [], [])
    return text_frame(dict(zip(ATTRIBUTE_COLUMNS, map(list, columns), strict=True)))
