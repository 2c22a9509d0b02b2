"""What makes a release whole, whatever format it came in; and how its faults are listed.

Everything wrong is collected and named with file and line, so that one look says what to repair.
Messages hold codes and places, never whole names: a licensed dictionary stays out of logs.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from dictionaries.content import ReleaseContent, path_columns
from dictionaries.model import DictionaryError, Release
from schemas.vocabulary import TermStatus

#: How many faults a message lists; all are counted.
SHOWN = 50

#: Control characters, and the mark that a decoder left where text was damaged.
CONTROL = "[\\x00-\\x1f\\x7f-\\x9f\N{REPLACEMENT CHARACTER}]"

_LONGEST_VALUE = 40


class Problems:
    """Collects the faults of one release. ``unit`` is what places are counted in."""

    def __init__(self, what: str, unit: Literal["line", "row"] = "line") -> None:
        self._what = what
        self._unit = unit
        self._files: list[str] = []
        self._found: list[tuple[int, int, int, str]] = []
        self.count = 0

    def add(self, file: str, message: str, line: int = 0) -> None:
        """One fault, of a line or (line 0) of a whole file."""
        self.count += 1
        self._keep(file, line, message)

    def add_rows(self, file: str, rows: pd.DataFrame, message: str, place: str = "line") -> None:
        """One fault per row: ``message`` is a template over its columns, ``place`` its line."""
        self.count += len(rows)
        if rows.empty:
            return
        for row in rows.sort_values(place, kind="stable").head(SHOWN).to_dict("records"):
            values = {str(name): _shortened(value) for name, value in row.items()}
            self._keep(file, int(row[place]), message.format(**values))

    def _keep(self, file: str, line: int, message: str) -> None:
        if file not in self._files:
            self._files.append(file)
        self._found.append((self._files.index(file), line, len(self._found), message))

    def raise_if_any(self) -> None:
        """Raise a DictionaryError that lists what was found, by file and line."""
        if not self.count:
            return
        lines = []
        for file, line, _, message in sorted(self._found)[:SHOWN]:
            name = self._files[file]
            where = f"{name} {self._unit} {line}" if line and name else name or f"{self._unit} {line}"
            lines.append(f"  {where}: {message}" if where != f"{self._unit} 0" else f"  {message}")
        errors = "1 error" if self.count == 1 else f"{self.count} errors"
        shown = f", the first {len(lines)} are" if self.count > len(lines) else ""
        head = f"{self._what}: broken, and not imported; {errors}{shown}:"
        raise DictionaryError("\n".join([head, *lines]))


def _shortened(value: object) -> object:
    if isinstance(value, str) and len(value) > _LONGEST_VALUE:
        return value[:_LONGEST_VALUE] + "…"
    return value


def first_of(frame: pd.DataFrame, columns: Sequence[str], place: str) -> pd.DataFrame:
    """The rows that repeat ``columns`` of an earlier row, with the earlier one's place as ``first``."""
    again = frame[frame.duplicated(list(columns))]
    if again.empty:
        return again.assign(first=pd.Series(dtype="int64"))
    firsts = frame.drop_duplicates(list(columns))[[*columns, place]].rename(columns={place: "first"})
    return again.merge(firsts, on=list(columns), how="left")


def with_control(texts: pd.Series) -> pd.Series:
    """True where a text holds a control character or damaged text."""
    return texts.str.contains(CONTROL, regex=True)


def is_in(values: pd.Series, among: pd.Series) -> pd.Series:
    """``values.isin(among)`` by Arrow, which hashes texts without making Python strings of them."""
    found = pc.is_in(pa.array(values, pa.large_string()), value_set=pa.array(among, pa.large_string()))
    return pd.Series(found.to_numpy(zero_copy_only=False), index=values.index)


def check_content(content: ReleaseContent) -> None:
    """Check a parsed release whole. Raises DictionaryError listing everything that is wrong.

    Codes are unique on their level, nothing is blank, every parent exists, every preferred term has
    exactly one primary path, paths name terms that exist, and something can be coded to.
    """
    release = content.release
    _check_release(release)
    problems = Problems(content.source or release.label, "row")
    terms = _placed(content.terms)
    paths = _placed(content.paths)
    _check_terms(release, terms, problems)
    _check_parents(release, terms, problems)
    _check_paths(release, terms, paths, problems)
    coding = terms[(terms["level"] == release.coding_level) & (terms["status"] == TermStatus.CURRENT)]
    if coding.empty:
        problems.add("", f"there is no current term on level {release.coding_level} to code to")
    problems.raise_if_any()


def _placed(frame: pd.DataFrame) -> pd.DataFrame:
    return frame if "row" in frame.columns else frame.assign(row=0)


def _check_release(release: Release) -> None:
    levels = release.levels
    bad = [level for level in levels if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_ ]{0,31}", level)]
    if bad or not levels or len(set(levels)) < len(levels):
        raise DictionaryError(
            f"{release.label}: levels must have different names of letters, digits, '_' and spaces, "
            f"beginning with a letter; found {', '.join(map(repr, levels)) or 'none'}"
        )
    for role in ("coding_level", "preferred_level"):
        level = getattr(release, role)
        if level not in levels:
            raise DictionaryError(f"{release.label}: {role} {level!r} is not one of {', '.join(levels)}")
    if levels.index(release.coding_level) > levels.index(release.preferred_level):
        raise DictionaryError(f"{release.label}: coding_level must not be above preferred_level")


def _check_terms(release: Release, terms: pd.DataFrame, problems: Problems) -> None:
    problems.add_rows("", terms[terms["code"].str.strip() == ""], "{level} code is blank", "row")
    problems.add_rows("", terms[terms["text"].str.strip() == ""], "{level} {code} has no text", "row")
    for column in ("code", "text"):
        bad = terms[with_control(terms[column])]
        problems.add_rows("", bad, f"{{level}} {column} holds a control character or damaged text", "row")
    padded = terms[terms["code"] != terms["code"].str.strip()]
    problems.add_rows("", padded, "{level} code {code!r} has blanks around it", "row")
    unknown = terms[~terms["level"].isin(release.levels)]
    problems.add_rows("", unknown, "{level!r} is not a level of this dictionary", "row")
    statuses = {str(status) for status in TermStatus}
    problems.add_rows("", terms[~terms["status"].isin(statuses)], "status {status!r} is not known", "row")
    again = first_of(terms, ["code", "level"], "row")
    located = again[again["first"] > 0]
    problems.add_rows("", located, "{level} code {code} is already in row {first}", "row")
    problems.add_rows("", again[again["first"] == 0], "{level} code {code} is there twice", "row")
    if release.numeric_codes:
        letters = terms[~terms["code"].str.fullmatch(r"[0-9]+")]
        problems.add_rows("", letters, "{level} code {code!r} is not a number", "row")


def _check_parents(release: Release, terms: pd.DataFrame, problems: Problems) -> None:
    below = release.levels[: release.levels.index(release.preferred_level)]
    preferred = terms.loc[terms["level"] == release.preferred_level, "code"]
    low = terms[terms["level"].isin(below)]
    orphans = low[~is_in(low["parent"], preferred)]
    message = f"{{level}} {{code}} belongs to {release.preferred_level} {{parent!r}}, which does not exist"
    problems.add_rows("", orphans, message, "row")
    high = terms[~terms["level"].isin(below) & (terms["parent"] != "")]
    problems.add_rows("", high, "{level} {code} must have no parent: its paths say where it belongs", "row")


def _check_paths(release: Release, terms: pd.DataFrame, paths: pd.DataFrame, problems: Problems) -> None:
    preferred = terms[terms["level"] == release.preferred_level]
    name = release.preferred_level
    lost = paths[~is_in(paths["code"], preferred["code"])]
    problems.add_rows("", lost, f"a path names {name} {{code}}, which does not exist", "row")
    for level in release.upper_levels:
        known = terms.loc[terms["level"] == level, "code"]
        bad = paths[~is_in(paths[f"{level}_code"], known)].rename(columns={f"{level}_code": "upper"})
        message = f"the path of {name} {{code}} names {level} {{upper!r}}, which does not exist"
        problems.add_rows("", bad, message, "row")
    twice = paths[paths.duplicated([c for c in path_columns(release) if c != "primary"])]
    problems.add_rows("", twice, f"a path of {name} {{code}} is there twice", "row")
    primary = paths.loc[paths["primary"], "code"]
    none = preferred[~is_in(preferred["code"], primary)]
    problems.add_rows("", none, f"{name} {{code}} has no primary path", "row")
    many = paths[paths["primary"]]
    many = many[many["code"].duplicated()]
    problems.add_rows("", many, f"{name} {{code}} has more than one primary path", "row")
