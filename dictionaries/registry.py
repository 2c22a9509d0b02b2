"""Which releases there are, and opening one by its name."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from dictionaries.model import RELEASE_FILE, TERMS_FILE, Dictionary, DictionaryError, Release
from schemas.tables import read_parquet
from schemas.vocabulary import TermStatus

#: Where the releases that ship with the program lie, beside this file.
_SHIPPED = "*/releases/*"


class StoredRelease(NamedTuple):
    """A release, its folder, and how many terms it has on each level (lowest first)."""

    release: Release
    folder: Path
    counts: Mapping[str, int]


def shipped_folders() -> list[Path]:
    """The folders of the releases that ship with the program, sorted."""
    return sorted(path.parent for path in Path(__file__).parent.glob(f"{_SHIPPED}/{RELEASE_FILE}"))


def list_releases(folders: Sequence[Path]) -> list[StoredRelease]:
    """Every release in ``folders`` and every one that ships, by name, version (older first) and language.

    A folder is one of releases (``NAME/VERSION-LANGUAGE``) or a release itself. What stands in an
    earlier folder, or in ``folders`` at all, hides a shipped release of the same identity.
    """
    return [
        StoredRelease(found.release, found.folder, _counts(found))
        for found in sorted(_all(folders), key=lambda item: _order(item.release))
    ]


def open_dictionary(
    name: str,
    version: str | None = None,
    language: str = "English",
    *,
    folders: Sequence[Path] = (),
    newest: bool = False,
) -> Dictionary:
    """Open a release by name (upper and lower case do not count), version and language.

    Releases in ``folders`` come before shipped ones. Without a version there must be only one, or
    the newest is taken when ``newest``: right for looking something up, never for a study, whose
    release must not change unsaid. Raises DictionaryError that lists what there is.
    """
    every = sorted(_all(folders), key=lambda item: _order(item.release))
    named = [item for item in every if item.release.name.casefold() == name.casefold()]
    if not named:
        there = ", ".join(dict.fromkeys(item.release.name for item in every)) or "none"
        raise DictionaryError(
            f"there is no dictionary {name}; dictionaries here: {there}; "
            "add one with `trialcoder dictionary add`"
        )
    spoken = [item for item in named if item.release.language.casefold() == language.casefold()]
    fitting = [
        item for item in spoken if version is None or item.release.version.casefold() == version.casefold()
    ]
    if len(fitting) == 1 or (fitting and newest):
        return fitting[-1]
    there = ", ".join(item.release.label for item in named)
    if not fitting:
        asked = f"{version} in {language}" if version is not None else f"in {language}"
        raise DictionaryError(f"{named[0].release.name} {asked} is not here; releases here: {there}")
    raise DictionaryError(
        f"there are several releases of {named[0].release.name}: {there}; say which "
        f"(`{named[0].release.name}@{fitting[-1].release.version}`, or `release:` in study.yaml)"
    )


def _identity(release: Release) -> tuple[str, str, str]:
    return release.name.casefold(), release.version.casefold(), release.language.casefold()


def _order(release: Release) -> tuple[str, list[tuple[int, str]], str]:
    """The order of releases: 9.1 before 10.0, which their texts would turn round."""
    parts = re.findall(r"\d+|\D+", release.version.casefold())
    return (
        release.name.casefold(),
        [(int(part), "") if part.isdecimal() else (-1, part) for part in parts],
        release.language.casefold(),
    )


def _all(folders: Sequence[Path]) -> list[Dictionary]:
    found: dict[tuple[str, str, str], Dictionary] = {}
    for folder in (*folders, *shipped_folders()):
        for place in _release_folders(folder):
            dictionary = Dictionary.open(place)
            found.setdefault(_identity(dictionary.release), dictionary)
    return list(found.values())


def _release_folders(folder: Path) -> list[Path]:
    if (folder / RELEASE_FILE).is_file():
        return [folder]
    # Folders that begin with a dot are imports under way, or what a killed one left.
    return sorted(
        path.parent
        for path in folder.glob(f"*/*/{RELEASE_FILE}")
        if not path.relative_to(folder).parts[0].startswith(".")
    )


def _counts(dictionary: Dictionary) -> dict[str, int]:
    try:
        levels = read_parquet(dictionary.folder / TERMS_FILE, ["level"])["level"].value_counts()
    except (OSError, ValueError):
        levels = dictionary.terms["level"].value_counts()  # says what is wrong
    return {level: int(levels.get(level, 0)) for level in dictionary.release.levels}


def search_terms(
    dictionary: Dictionary, text: str, limit: int = 20, *, level: str | None = None
) -> pd.DataFrame:
    """Terms of a level (the coding level unless told) that hold every word of ``text``.

    At most ``limit`` rows: ``code, text, level, status, preferred_code, preferred, top`` (``top`` is
    the highest level on the primary path; the last three are blank where they do not apply). A code
    or text that is exactly ``text`` comes first, then texts that begin with it, that hold it, that
    hold its words; current before non-current, short before long. Case does not count.
    """
    release = dictionary.release
    level = level or release.coding_level
    if level not in release.levels:
        raise DictionaryError(
            f"{level!r} is no level of {release.label}; levels: {', '.join(release.levels)}"
        )
    rows = dictionary.terms[dictionary.terms["level"] == level]
    lower, asked = rows["text"].str.lower(), " ".join(text.lower().split())
    hit = pd.Series(bool(asked), index=rows.index)
    for word in asked.split():
        hit &= lower.str.contains(word, regex=False)
    exact_code = rows["code"].str.lower() == asked
    rows = rows[hit | exact_code]
    lower = lower[rows.index]
    rank = pd.Series(3, index=rows.index)
    rank[lower.str.contains(asked, regex=False)] = 2
    rank[lower.str.startswith(asked)] = 1
    rank[(lower == asked) | exact_code[rows.index]] = 0
    found = rows.assign(
        _rank=rank,
        _noncurrent=rows["status"] != TermStatus.CURRENT,
        _length=rows["text"].str.len(),
        _lower=lower,
    ).sort_values(["_rank", "_noncurrent", "_length", "_lower", "code"], kind="stable")
    found = found.head(max(limit, 0))
    return _with_path(dictionary, found[["code", "text", "level", "status"]], level)


def _with_path(dictionary: Dictionary, found: pd.DataFrame, level: str) -> pd.DataFrame:
    release = dictionary.release
    result = found.reset_index(drop=True)
    if level != release.coding_level:
        return result.assign(preferred_code="", preferred="", top="")
    paths = dictionary.primary_paths.loc[result["code"]]
    preferred, top = release.preferred_level, release.levels[-1]
    return result.assign(
        preferred_code=paths[f"{preferred}_code"].to_numpy(),
        preferred=paths[preferred].to_numpy(),
        top=paths[top].to_numpy(),
    )
