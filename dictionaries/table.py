"""Any table as a dictionary, by a description of its columns (:mod:`dictionaries.description`).

One row gives a term of the lowest level with the terms above it. A name that stands for two
preferred terms (a trade name of two ingredients) gives two terms with the same text, one for each:
such a name is not unique, and no exact match may choose between them.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from dictionaries.checking import Problems, first_of, is_in
from dictionaries.content import (
    Progress,
    ReleaseContent,
    checksum_of,
    folded,
    generated_code,
    quiet,
)
from dictionaries.description import LevelColumns, TableDescription, read_description
from dictionaries.model import ATTRIBUTE_COLUMNS, DictionaryError, Release
from dictionaries.tabular import read_table
from schemas.tables import text_frame
from schemas.vocabulary import TermStatus

_FIELDS = ("code", "text", "status", "parent")


def read_described_table(
    path: Path,
    description: Path,
    *,
    name: str | None = None,
    version: str | None = None,
    language: str | None = None,
    progress: Progress = quiet,
) -> ReleaseContent:
    """Read and check a table as its description says. Raises DictionaryError listing what is wrong.

    ``name``, ``version`` and ``language`` take the place of what the description says. The
    checksum covers table and description.
    """
    told = read_description(description)
    version = version or told.version
    if not version:
        raise DictionaryError(f"{description}: version: missing; write it here or give it with --release")
    progress("reading", 0, 0)
    delimiter = told.delimiter.replace("\\t", "\t") if told.delimiter else None
    encodings = (told.encoding,) if told.encoding else ("utf-8-sig",)
    table = read_table(path, delimiter=delimiter, encodings=encodings, sheet=told.sheet)
    missing = {column: key for column, key in told.columns().items() if column not in table.columns}
    if missing:
        asked = ", ".join(f"{column!r} (for {key})" for column, key in missing.items())
        raise DictionaryError(f"{path}: no column {asked}; columns here: {', '.join(table.columns)}")
    progress("checking", 0, 0)
    rows = table.frame
    for column, values in told.only.items():
        rows = rows[rows[column].isin(values)]
    if rows.empty:
        raise DictionaryError(f"{path}: no row has what `only` asks for")
    release = Release(
        name=name or told.name,
        version=version,
        language=language or told.language,
        checksum=checksum_of({path.name.lower(): path.read_bytes(), "description": description.read_bytes()}),
        levels=tuple(item.level for item in told.levels),
        coding_level=told.levels[0].level,
        preferred_level=told.preferred,
        licensed=told.licensed,
        numeric_codes=told.codes == "numeric",
        note=told.note,
    )
    return _Reader(told, release, path).content(rows.reset_index(drop=True))


class _Reader:
    """Turns the rows of one table into the frames of a release, collecting what is wrong."""

    def __init__(self, told: TableDescription, release: Release, path: Path) -> None:
        self._told = told
        self._release = release
        self._path = path
        self._problems = Problems(str(path), "row")

    def content(self, rows: pd.DataFrame) -> ReleaseContent:
        told, release = self._told, self._release
        texts = {item.level: self._texts(rows, item) for item in told.levels}
        status = self._status(rows)
        self._problems.raise_if_any()
        codes = self._codes(rows, texts)
        self._problems.raise_if_any()
        frames = []
        for number, item in enumerate(told.levels):
            split = number == 0 and release.preferred_level != item.level
            frame = text_frame(
                {
                    "code": codes[item.level],
                    "text": texts[item.level],
                    "status": status if number == 0 else [str(TermStatus.CURRENT)] * len(rows),
                    "parent": codes[release.preferred_level] if split else [""] * len(rows),
                }
            )
            frame["row"] = rows["row"]
            frames.append(self._distinct(frame, item).assign(level=item.level))
        if told.own_terms:
            frames[0] = self._with_own_terms(frames[0], frames[1])
        paths = self._paths(rows, codes)
        self._problems.raise_if_any()
        terms = pd.concat(frames, ignore_index=True)
        attributes = self._attributes(rows, codes[release.coding_level])
        return ReleaseContent(release, terms, paths, attributes, source=str(self._path))

    def _texts(self, rows: pd.DataFrame, item: LevelColumns) -> pd.Series:
        texts = rows[item.text].str.split().str.join(" ")
        self._problems.add_rows("", rows[texts == ""], f"{item.text} is blank", "row")
        return texts

    def _status(self, rows: pd.DataFrame) -> pd.Series:
        chosen = self._told.status
        if chosen is None:
            return pd.Series(str(TermStatus.CURRENT), index=rows.index, dtype="str")
        meaning = {
            **dict.fromkeys(chosen.noncurrent, str(TermStatus.NONCURRENT)),
            **dict.fromkeys(chosen.current, str(TermStatus.CURRENT)),
        }
        status = rows[chosen.column].map(meaning)
        unknown = rows[status.isna()].rename(columns={chosen.column: "_value"})
        allowed = ", ".join(map(repr, meaning))
        self._problems.add_rows("", unknown, f"{chosen.column} is {{_value!r}}, not one of {allowed}", "row")
        return status

    def _codes(self, rows: pd.DataFrame, texts: Mapping[str, pd.Series]) -> dict[str, pd.Series]:
        codes: dict[str, pd.Series] = {}
        # From the top, because a generated code of the lowest level needs its preferred term's code.
        for item in reversed(self._told.levels):
            if item.code is not None:
                found = rows[item.code]
                if item.code_width:
                    found = found.str.zfill(item.code_width).where(found != "", "")
                self._check_codes(rows, item, found)
                codes[item.level] = found
            elif item is self._told.levels[0] and item.level != self._told.preferred:
                codes[item.level] = _generated(item.level, texts[item.level], codes[self._told.preferred])
            else:
                codes[item.level] = _generated(item.level, texts[item.level])
        return codes

    def _check_codes(self, rows: pd.DataFrame, item: LevelColumns, found: pd.Series) -> None:
        self._problems.add_rows("", rows[found == ""], f"{item.code} is blank", "row")
        if self._told.codes == "numeric":
            wrong = rows.assign(_value=found)[(found != "") & ~found.str.fullmatch("[0-9]+")]
            self._problems.add_rows("", wrong, f"{item.code} {{_value!r}} is not a number", "row")

    def _distinct(self, frame: pd.DataFrame, item: LevelColumns) -> pd.DataFrame:
        """Each term once; a code that stands for two things is a fault of the later row."""
        # With generated codes case and white space do not tell two texts apart; the first one is kept.
        compared = frame.assign(_text=frame["text"].map(folded) if item.code is None else frame["text"])
        once = compared.drop_duplicates(["code", "_text", "status", "parent"])
        again = first_of(once, ["code"], "row")
        firsts = once.drop_duplicates("code").set_index("code")
        for column, what in (("_text", "text"), ("status", "status"), ("parent", "preferred term")):
            differ = again[again["code"].map(firsts[column]) != again[column]]
            message = f"{item.level} code {{code}} has another {what} than in row {{first}}"
            self._problems.add_rows("", differ, message, "row")
        return frame.loc[once.drop_duplicates("code").index]

    def _with_own_terms(self, terms: pd.DataFrame, preferred: pd.DataFrame) -> pd.DataFrame:
        """Every preferred term as a term to code to, where no row gives it by its own name."""
        lowest, above = self._told.levels[0], self._told.levels[1]
        there = set(zip(terms["parent"], terms["text"].map(folded), strict=True))
        lacks = [
            (code, folded(text)) not in there
            for code, text in zip(preferred["code"], preferred["text"], strict=True)
        ]
        own = preferred[lacks].assign(level=lowest.level, parent=preferred["code"])
        if lowest.code is None:
            own["code"] = _generated(lowest.level, own["text"], own["code"])
        taken = own[is_in(own["code"], terms["code"])]
        message = f"{above.level} code {{code}} is also a {lowest.level} code; set own_terms: false"
        self._problems.add_rows("", taken, message, "row")
        return pd.concat([terms, own], ignore_index=True)

    def _paths(self, rows: pd.DataFrame, codes: Mapping[str, pd.Series]) -> pd.DataFrame:
        release, chosen = self._release, self._told.primary
        upper = {f"{level}_code": codes[level] for level in release.upper_levels}
        paths = text_frame({"code": codes[release.preferred_level], **upper})
        primary = rows[chosen.column].isin(chosen.values) if chosen else pd.Series(True, index=rows.index)
        paths.insert(1, "primary", primary.to_numpy(dtype=bool))
        paths["row"] = rows["row"]
        keys = ["code", *upper]
        # The same path in several rows is primary when one of them says so.
        flagged = paths.sort_values("primary", ascending=False, kind="stable").drop_duplicates(keys)
        many = first_of(flagged[flagged["primary"]], ["code"], "row")
        hint = "" if chosen else "; name the column that tells the primary path under `primary`"
        message = f"{release.preferred_level} {{code}} is placed differently in row {{first}}{hint}"
        self._problems.add_rows("", many, message, "row")
        return flagged.sort_values("row", kind="stable", ignore_index=True)

    def _attributes(self, rows: pd.DataFrame, codes: pd.Series) -> pd.DataFrame:
        parts = [text_frame({column: [] for column in ATTRIBUTE_COLUMNS})]
        for name, column in self._told.attributes.items():
            values: dict[str, Any] = {
                "code": codes,
                "level": [self._release.coding_level] * len(rows),
                "name": [name] * len(rows),
                "value": rows[column],
            }
            part = text_frame(values)
            parts.append(part[~part["value"].isin(["", *self._told.nothing])])
        return pd.concat(parts, ignore_index=True).drop_duplicates(ignore_index=True)


def _generated(level: str, texts: pd.Series, parents: pd.Series | None = None) -> pd.Series:
    keys = pd.DataFrame({"text": texts, "parent": "" if parents is None else parents})
    distinct = keys.drop_duplicates()
    made = [
        generated_code(level, text, parent) if parent else generated_code(level, text)
        for text, parent in zip(distinct["text"], distinct["parent"], strict=True)
    ]
    known = pd.Series(made, index=pd.MultiIndex.from_frame(distinct))
    return pd.Series(known.loc[pd.MultiIndex.from_frame(keys)].to_numpy(), index=texts.index, dtype="str")
