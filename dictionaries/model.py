"""One model for every dictionary: terms on ordered levels, and the paths that join them.

A release is stored in its own folder and never changed:

* ``release.json``: the :class:`Release`, as JSON;
* ``terms.parquet``: ``code, text, level, status, parent`` (``parent`` is the code of the
  preferred term for a term on a level below the preferred level, else blank);
* ``paths.parquet``: one row per preferred term and path: ``code`` (of the preferred term),
  ``primary`` (bool) and ``<level>_code`` for each level above the preferred one;
* optional ``attributes.parquet``: ``code, level, name, value`` (CTCAE grades, SOC abbreviations …);
* optional ``groups.parquet``: ``group_code, group, algorithm, code, level, scope, status`` (SMQs …;
  a group within a group has the level ``SMQ``) and, for what algorithms need, ``category, weight,
  kind, group_level``; and ``history.parquet``: ``code, text, version, level, status, action``.

All columns are text except ``primary``.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from schemas.tables import read_parquet, text_frame
from schemas.vocabulary import TermStatus

TERM_COLUMNS = ("code", "text", "level", "status", "parent")
ATTRIBUTE_COLUMNS = ("code", "level", "name", "value")
GROUP_COLUMNS = (
    "group_code", "group", "algorithm", "code", "level", "scope", "status",
    "category", "weight", "kind", "group_level",
)  # fmt: skip
HISTORY_COLUMNS = ("code", "text", "version", "level", "status", "action")
RELEASE_FILE = "release.json"
TERMS_FILE = "terms.parquet"
PATHS_FILE = "paths.parquet"
ATTRIBUTES_FILE = "attributes.parquet"
GROUPS_FILE = "groups.parquet"
HISTORY_FILE = "history.parquet"


class DictionaryError(Exception):
    """A dictionary that cannot be read, is broken, or is not there. The message is for people."""


@dataclass(frozen=True, slots=True)
class Term:
    """One term of a dictionary on one of its levels."""

    code: str
    text: str
    level: str
    status: TermStatus


@dataclass(frozen=True, slots=True)
class Release:
    """What identifies a release, and how its levels are ordered.

    ``levels`` go from the lowest to the highest; verbatims are coded to terms of
    ``coding_level`` and analysed by ``preferred_level``. ``checksum`` is the SHA-256 over the
    source files' names and contents. ``licensed`` content never enters a workbook for people
    without the licence; ``open`` releases say ``not for submissions`` in ``note``.
    """

    name: str
    version: str
    language: str
    checksum: str
    levels: tuple[str, ...]
    coding_level: str
    preferred_level: str
    licensed: bool
    numeric_codes: bool
    note: str = ""

    @property
    def label(self) -> str:
        """``MedDRA 27.1`` or, for another language than English, ``MedDRA 27.1 (Japanese)``."""
        suffix = "" if self.language == "English" else f" ({self.language})"
        return f"{self.name} {self.version}{suffix}"

    @property
    def for_submissions(self) -> bool:
        """Whether data coded with it may go to an authority; the dictionaries that ship say no."""
        return "not for submissions" not in self.note.casefold()

    @property
    def identity(self) -> str:
        """What a decision records as its release: label, language and the checksum's beginning."""
        return f"{self.name} {self.version} {self.language} sha256:{self.checksum[:16]}"

    @property
    def upper_levels(self) -> tuple[str, ...]:
        """The levels above the preferred one, lowest first."""
        return self.levels[self.levels.index(self.preferred_level) + 1 :]


@dataclass(frozen=True, slots=True)
class HierarchyPath:
    """A term and what it rolls up to, lowest level first, along one path."""

    terms: tuple[Term, ...]
    primary: bool


class Dictionary:
    """An opened release. Frames are loaded when first asked for and must not be modified."""

    def __init__(self, release: Release, folder: Path) -> None:
        self.release = release
        self.folder = folder

    @classmethod
    def open(cls, folder: Path) -> Dictionary:
        """Open a stored release. Raises DictionaryError when the folder does not hold one."""
        try:
            data = json.loads((folder / RELEASE_FILE).read_text(encoding="utf-8"))
            data["levels"] = tuple(data["levels"])
            release = Release(**data)
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise DictionaryError(
                f"{folder}: not a dictionary release ({error}); import it with `trialcoder dictionary add`"
            ) from error
        return cls(release, folder)

    @cached_property
    def terms(self) -> pd.DataFrame:
        """All terms: ``code, text, level, status, parent`` as text. Raises DictionaryError."""
        return self._stored(TERMS_FILE)

    @cached_property
    def paths(self) -> pd.DataFrame:
        """One row per preferred term and path: ``code, primary, <level>_code …``."""
        return self._stored(PATHS_FILE)

    @cached_property
    def attributes(self) -> pd.DataFrame:
        """Further facts about terms: ``code, level, name, value``; empty where there are none."""
        return self._optional(ATTRIBUTES_FILE, ATTRIBUTE_COLUMNS)

    @cached_property
    def groups(self) -> pd.DataFrame:
        """Query groups such as SMQs; empty where the release has none."""
        return self._optional(GROUPS_FILE, GROUP_COLUMNS)

    @cached_property
    def history(self) -> pd.DataFrame:
        """What happened to terms in earlier releases; empty where the release does not say."""
        return self._optional(HISTORY_FILE, HISTORY_COLUMNS)

    def _optional(self, name: str, columns: tuple[str, ...]) -> pd.DataFrame:
        if (self.folder / name).exists():
            return self._stored(name)
        return text_frame({column: [] for column in columns})

    def _stored(self, name: str) -> pd.DataFrame:
        try:
            return read_parquet(self.folder / name)
        except (OSError, ValueError) as error:
            raise DictionaryError(
                f"{self.folder / name}: cannot be read ({type(error).__name__}); "
                "remove the release's folder and import it again with `trialcoder dictionary add`"
            ) from None

    @cached_property
    def coding_terms(self) -> pd.DataFrame:
        """Terms a verbatim can be coded to: ``code, text, status, preferred_code``, sorted by code."""
        release = self.release
        rows = self.terms[self.terms["level"] == release.coding_level]
        same = release.coding_level == release.preferred_level
        result = pd.DataFrame(
            {
                "code": rows["code"],
                "text": rows["text"],
                "status": rows["status"],
                "preferred_code": rows["code"] if same else rows["parent"],
            }
        )
        if result["code"].is_monotonic_increasing:
            return result.reset_index(drop=True)
        return result.sort_values("code", ignore_index=True)

    @cached_property
    def primary_paths(self) -> pd.DataFrame:
        """The primary path of every codable term, wide, indexed by the coding-level code.

        Columns: for each level from the coding level up ``<level>_code`` and ``<level>`` (the
        text), and ``status`` of the coding-level term.
        """
        release = self.release
        coding, preferred = release.coding_level, release.preferred_level
        terms = self.coding_terms
        columns = {f"{coding}_code": terms["code"], coding: terms["text"], "status": terms["status"]}
        if coding != preferred:
            columns[f"{preferred}_code"] = terms["preferred_code"]
            columns[preferred] = self._texts(preferred, terms["preferred_code"])
        primary = self.paths[self.paths["primary"]]
        rows = _positions(terms["preferred_code"], primary["code"])
        for level in release.upper_levels:
            columns[f"{level}_code"] = _taken(primary[f"{level}_code"], rows)
        for level in release.upper_levels:
            columns[level] = _taken(self._texts(level, primary[f"{level}_code"]), rows)
        return pd.DataFrame(columns).set_index(pd.Index(terms["code"], name="code"))

    def _texts(self, level: str, codes: pd.Series) -> pd.Series:
        """The texts of ``codes`` on a level; NaN where there is none."""
        rows = self.terms[self.terms["level"] == level]
        return _taken(rows["text"], _positions(codes, rows["code"]))

    def term(self, code: str, level: str | None = None) -> Term | None:
        """The term of a code on a level (the coding level unless told), or None."""
        level = level or self.release.coding_level
        hit = self.terms[(self.terms["code"] == code) & (self.terms["level"] == level)]
        if hit.empty:
            return None
        row = hit.iloc[0]
        return Term(str(row["code"]), str(row["text"]), level, TermStatus(str(row["status"])))

    def hierarchy(self, code: str) -> list[HierarchyPath]:
        """Every path of a coding-level code, the primary one first. Unknown code: empty list."""
        term = self.term(code)
        if term is None:
            return []
        row = self.coding_terms.loc[self.coding_terms["code"] == code].iloc[0]
        preferred_code = str(row["preferred_code"])
        low = [term]
        if self.release.coding_level != self.release.preferred_level:
            preferred = self.term(preferred_code, self.release.preferred_level)
            low += [preferred] if preferred else []
        paths = self.paths[self.paths["code"] == preferred_code]
        found = []
        for _, path in paths.sort_values("primary", ascending=False, kind="stable").iterrows():
            above = [self.term(str(path[f"{level}_code"]), level) for level in self.release.upper_levels]
            found.append(HierarchyPath((*low, *(item for item in above if item)), bool(path["primary"])))
        return found


def _positions(wanted: pd.Series, among: pd.Series) -> pa.Array:
    """Where each wanted text stands, null where it does not. Arrow's hash table is several times
    faster here than an index of Python strings."""
    return pc.index_in(pa.array(wanted), value_set=pa.array(among))


def _taken(values: pd.Series, rows: pa.Array) -> pd.Series:
    return pd.Series(pc.take(pa.array(values), rows).to_pandas(), dtype="str")


def write_release_file(release: Release, folder: Path) -> None:
    """Write ``release.json`` beside the release's frames."""
    text = json.dumps(asdict(release), indent=2, sort_keys=True, ensure_ascii=False)
    (folder / RELEASE_FILE).write_text(text + "\n", encoding="utf-8")
