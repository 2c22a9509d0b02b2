"""What changed between two releases of an open dictionary, by code.

A change has its kind:

=====================  ==========================================================================
kind                   what happened
=====================  ==========================================================================
added                  the code is new on its level
renamed                the same term, written otherwise
moved                  a lowest-level term now belongs to another preferred term
retired                a term is non-current from now on; it keeps its code
restored               a non-current term is current again
promoted, demoted      a wording became, or is no longer, a preferred term
removed                a class or group above the preferred terms is there no more
primary path           the primary path of a preferred term leads elsewhere
paths                  secondary paths were added or taken away
=====================  ==========================================================================
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from dictionaries.content import ReleaseContent
from dictionaries.model import HISTORY_COLUMNS, Dictionary, Release
from schemas.tables import text_frame
from schemas.vocabulary import TermStatus

CHANGE_COLUMNS = ("change", "level", "code", "term", "was", "now")


@dataclass(frozen=True, slots=True)
class _Term:
    text: str
    status: str
    parent: str


def with_history(content: ReleaseContent, previous: Path | None) -> tuple[ReleaseContent, pd.DataFrame]:
    """A new release with its history, and what it changes in the stored release ``previous``.

    A first release has neither. Raises DictionaryError when ``previous`` holds no release.
    """
    if previous is None:
        return content, text_frame({name: [] for name in CHANGE_COLUMNS})
    before = Dictionary.open(previous)
    changes = changes_between(before, content)
    return replace(content, history=history_of(before, content, changes)), changes


def changes_between(before: Dictionary, after: ReleaseContent) -> pd.DataFrame:
    """The changes as ``change, level, code, term, was, now``, sorted; ``term`` is the new text."""
    rows = sorted(
        (*_term_changes(before.release, before.terms, after.terms), *_path_changes(before, after)),
        key=lambda row: (row[0], before.release.levels.index(row[1]), row[2]),
    )
    return text_frame({name: [row[at] for row in rows] for at, name in enumerate(CHANGE_COLUMNS)})


def history_of(before: Dictionary, after: ReleaseContent, changes: pd.DataFrame) -> pd.DataFrame:
    """The history that the new release carries: in which release each term came, and what happened.

    Columns are those of ``history.parquet``. A previous release without a history is where its
    terms came from.
    """
    earlier = before.history
    if earlier.empty:
        earlier = before.terms.assign(version=before.release.version, action="added")
    status = {(level, code): status for level, code, status in _keys(after.terms, "status")}
    now = changes[changes["change"] != "paths"].reset_index(drop=True)
    new = text_frame(
        {
            "code": now["code"],
            "text": now["term"],
            "version": [after.release.version] * len(now),
            "level": now["level"],
            "status": [status.get(key, "") for key in zip(now["level"], now["code"], strict=True)],
            "action": now["change"],
        }
    )
    every = pd.concat([earlier[list(HISTORY_COLUMNS)], new], ignore_index=True)
    order = {level: at for at, level in enumerate(after.release.levels)}
    return every.sort_values(
        ["level", "code", "version", "action"],
        key=lambda column: column.map(order) if column.name == "level" else column,
        kind="stable",
        ignore_index=True,
    )


def _keys(terms: pd.DataFrame, column: str) -> Iterator[tuple[str, str, str]]:
    return zip(terms["level"], terms["code"], terms[column], strict=True)


def _by_key(terms: pd.DataFrame) -> dict[tuple[str, str], _Term]:
    columns = ("level", "code", "text", "status", "parent")
    return {
        (level, code): _Term(text, status, parent)
        for level, code, text, status, parent in zip(*(terms[name] for name in columns), strict=True)
    }


_Row = tuple[str, str, str, str, str, str]


def _term_changes(release: Release, before: pd.DataFrame, after: pd.DataFrame) -> Iterator[_Row]:
    old, new = _by_key(before), _by_key(after)
    preferred = release.preferred_level
    names = {code: term.text for (level, code), term in new.items() if level == preferred}
    old_names = {code: term.text for (level, code), term in old.items() if level == preferred}
    for (level, code), term in new.items():
        was = old.get((level, code))
        if was is None:
            promoted = level == preferred and (release.coding_level, code) in old
            yield ("promoted" if promoted else "added"), level, code, term.text, "", ""
            continue
        if was.text != term.text:
            yield "renamed", level, code, term.text, was.text, term.text
        if was.parent != term.parent:
            parents = old_names.get(was.parent, ""), names.get(term.parent, "")
            yield "moved", level, code, term.text, *parents
        if was.status != term.status:
            kind = "retired" if term.status == TermStatus.NONCURRENT else "restored"
            yield kind, level, code, term.text, was.status, term.status
    for (level, code), term in old.items():
        if (level, code) not in new:
            kind = "demoted" if level == preferred else "removed"
            yield kind, level, code, term.text, "", ""


def _path_changes(before: Dictionary, after: ReleaseContent) -> Iterator[_Row]:
    release = after.release
    old, new = _paths(before.release, before.terms, before.paths), _paths(release, after.terms, after.paths)
    is_preferred = after.terms["level"] == release.preferred_level
    rows = after.terms[is_preferred]
    names = dict(zip(rows["code"], rows["text"], strict=True))
    for code, paths in new.items():
        was = old.get(code)
        if was is None:
            continue
        if was[0] != paths[0]:
            yield "primary path", release.preferred_level, code, names[code], was[0], paths[0]
        if was[1:] != paths[1:]:
            both = " | ".join(was[1:]), " | ".join(paths[1:])
            yield "paths", release.preferred_level, code, names[code], *both


def _paths(release: Release, terms: pd.DataFrame, paths: pd.DataFrame) -> dict[str, tuple[str, ...]]:
    """Code → its paths in words, lowest level first: the primary one, then the others sorted."""
    words = {}
    for level in release.upper_levels:
        rows = terms[terms["level"] == level]
        named = dict(zip(rows["code"], rows["text"], strict=True))
        words[level] = paths[f"{level}_code"].map(named)
    lines = pd.DataFrame(words).agg(" < ".join, axis=1)
    found: dict[str, list[str]] = {}
    ordered = sorted(zip(paths["code"], ~paths["primary"], lines, strict=True))
    for code, _, line in ordered:
        found.setdefault(code, []).append(line)
    return {code: tuple(listed) for code, listed in found.items()}
