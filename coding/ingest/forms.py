"""A source's raw tables → one text form frame: roles beside the source's own columns.

Nothing is parsed here; every value is the source's text (trimmed, except for what is coded).
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from coding.ingest.arrow_text import as_frame, as_texts, is_filled, joined, repeated, trimmed, union
from coding.ingest.code_lists import check_code_lists
from coding.ingest.dates import DateFormatError, check_date_format
from coding.ingest.raw_table import RawTable
from coding.records import EARLIER_COLUMNS, FORM_COLUMNS, PROVENANCE_COLUMNS, RAW_PREFIX, UserError
from coding.study import Source
from schemas.vocabulary import Domain

#: Source columns that hold an existing coding travel as ``raw.SRC_<name>``, so that no one takes
#: them for this study's coding and the exported names stay free.
SOURCE_CODING_PREFIX = "SRC_"

#: Columns of the text form frame that do not outlive ingest: the birth date, the name of the
#: source column that the verbatim came from, and the number of the table within its source.
PASSING_COLUMNS = ("birth_date", "verbatim_column", "table")

#: What is coded is never altered, not even trimmed.
_UNTOUCHED = ("verbatim", "indication")

_LEVELS = "LLT|PT|HLT|HLGT|SOC"
_LEVEL_ENDS = "NAME|TERM|CODE|CD|N|C|LIST"
_EVENT_CODING = (
    rf"{{domain}}_?(?:{_LEVELS})_?(?:{_LEVEL_ENDS})?",
    rf"(?:{_LEVELS})_?(?:{_LEVEL_ENDS})",
    "LLT|HLT|HLGT",
    "{domain}(?:MODIFY|DECOD|BODSYS|BDSYCD)",
    "MODTERM|DICTINSTANCE|CODEDONDATE",
)
_DRUG_CODING = (
    "{domain}(?:MODIFY|DECOD|CLAS|CLASCD)",
    "PRFTERM|DRUG_?(?:CD|CODE)|PREFERRED_?NAME|ATC[1-5]?_?(?:CODE|CD|CLASS|TEXT|TERM)?",
    "MODTERM|DICTINSTANCE|CODEDONDATE",
)
_CODING_COLUMNS: dict[Domain, tuple[str, ...]] = {
    Domain.AE: _EVENT_CODING,
    Domain.MH: _EVENT_CODING,
    Domain.CE: _EVENT_CODING,
    Domain.PR: _EVENT_CODING,
    Domain.CM: _DRUG_CODING,
    Domain.DM: (),
}


class ColumnError(UserError):
    """A column that study.yaml names is not in the file."""


def check_source(source: Source) -> None:
    """Check what the configuration says of a source, before any file is read.

    Raises DateFormatError or CodeListError naming the key.
    """
    try:
        check_date_format(source.date_format)
    except DateFormatError as error:
        raise DateFormatError(f"sources.{source.name}: {error}") from None
    check_code_lists(source)


def is_coding_column(domain: Domain, name: str) -> bool:
    """Whether a source column holds an existing coding, by its name.

    >>> is_coding_column(Domain.AE, "IT.AELLTCD"), is_coding_column(Domain.AE, "AETERM")
    (True, False)
    """
    plain = re.sub(r"^IT\.", "", name.strip(), flags=re.IGNORECASE)
    patterns = (pattern.replace("{domain}", domain) for pattern in _CODING_COLUMNS[domain])
    return any(re.fullmatch(pattern, plain, re.IGNORECASE) for pattern in patterns)


def text_forms(source: Source, tables: Sequence[RawTable], never_show: Collection[str]) -> pd.DataFrame:
    """All rows of a source as one frame: FORM_COLUMNS, PROVENANCE_COLUMNS, EARLIER_COLUMNS,
    PASSING_COLUMNS and ``raw.*``; ``row`` and ``table`` are int64, the rest text.

    ``record_id`` is blank where no part of it is given. Columns of ``never_show`` are left out
    for good. Raises ColumnError for a mapped column that is not there.
    """
    hidden = {name.strip().casefold() for name in never_show}
    _require_columns(source, tables, hidden)
    return union([_table_forms(source, table, number, hidden) for number, table in enumerate(tables)])


def role_columns(source: Source) -> dict[str, str]:
    """Role → the source's own column (several are joined by ``, ``), as issues name them."""
    columns = source.columns
    named = columns.given()
    named["verbatim"] = ", ".join(columns.verbatim)
    named["record_id"] = ", ".join(columns.record_id)
    return named


def _require_columns(source: Source, tables: Sequence[RawTable], hidden: Collection[str]) -> None:
    used = _used_columns(source)
    problems = []
    for table in tables:
        names = [str(name) for name in table.frame.columns]
        where = f"source {source.name}, file {table.file}" + (f", sheet {table.sheet}" if table.sheet else "")
        for name in used:
            if name.strip().casefold() in hidden:
                problems.append(f"{where}: the column {name} is mapped but also listed under never_show")
            elif name not in names:
                problems.append(f"{where}: there is no column {name}; {_nearest(name, names, hidden)}")
    if problems:
        raise ColumnError("\n".join(problems))


def _used_columns(source: Source) -> list[str]:
    columns = source.columns
    used = [*columns.verbatim, *columns.record_id, *columns.given().values()]
    if source.earlier_coding:
        used += [name for name in (source.earlier_coding.code, source.earlier_coding.term) if name]
    return list(dict.fromkeys(used))


def _nearest(name: str, names: Iterable[str], hidden: Collection[str]) -> str:
    shown = {other.casefold(): other for other in names if other.strip().casefold() not in hidden}
    near = difflib.get_close_matches(name.casefold(), shown, n=3, cutoff=0.5)
    if near:
        return f"the nearest names there are {', '.join(shown[item] for item in near)}"
    some = list(shown.values())
    listed = ", ".join(some[:20]) + (" …" if len(some) > 20 else "")
    return f"the columns there are {listed or 'none'}"


def _table_forms(source: Source, table: RawTable, number: int, hidden: Collection[str]) -> pd.DataFrame:
    unreadable = set(table.unreadable["row"])
    frame = table.frame
    if unreadable:
        frame = frame[~frame.index.isin(unreadable)]
    length = len(frame)
    texts = {str(name): as_texts(frame[name]) for name in frame.columns}
    blank = repeated("", length)
    columns: dict[str, Any] = dict.fromkeys(FORM_COLUMNS, blank)
    for role, name in source.columns.given().items():
        columns[role] = texts[name] if role in _UNTOUCHED else trimmed(texts[name])
    columns.setdefault("birth_date", blank)
    columns["verbatim"], columns["verbatim_column"] = _first_filled(source.columns.verbatim, texts, blank)
    columns["record_id"] = _record_id([trimmed(texts[name]) for name in source.columns.record_id], blank)
    columns |= _earlier(source, texts, blank)
    columns |= {
        "source": repeated(source.name, length),
        "file": repeated(table.file, length),
        "sheet": repeated(table.sheet, length),
        "row": pa.array(frame.index.to_numpy(dtype=np.int64)),
        "table": pa.array(np.full(length, number, dtype=np.int64)),
    }
    ordered = (*FORM_COLUMNS, *PROVENANCE_COLUMNS, *EARLIER_COLUMNS, *PASSING_COLUMNS)
    raw = {name: array for name, array in texts.items() if name.strip().casefold() not in hidden}
    return as_frame({name: columns[name] for name in ordered} | _raw_names(source, raw))


def _first_filled(names: Sequence[str], texts: dict[str, Any], blank: Any) -> tuple[Any, Any]:
    """The first filled of several columns and its name; where none is, the first and all names."""
    if not names:
        return blank, blank
    length = len(blank)
    verbatim, column = texts[names[0]], repeated(", ".join(names), length)
    for name in reversed(names):
        filled = pa.array(is_filled(texts[name]))
        verbatim = pa.compute.if_else(filled, texts[name], verbatim)
        column = pa.compute.if_else(filled, repeated(name, length), column)
    return verbatim, column


def _record_id(parts: list[Any], blank: Any) -> Any:
    if not parts:
        return blank
    if len(parts) == 1:
        return parts[0]
    given = np.logical_or.reduce([is_filled(part) for part in parts])
    return pa.compute.if_else(pa.array(given), joined(parts, "/"), blank)


def _earlier(source: Source, texts: dict[str, Any], blank: Any) -> dict[str, Any]:
    told = source.earlier_coding
    code = trimmed(texts[told.code]) if told and told.code else blank
    term = trimmed(texts[told.term]) if told and told.term else blank
    # Extracts that went through a spreadsheet or SAS carry codes as 10003058.0.
    return {
        "earlier_code": pa.compute.replace_substring_regex(code, r"^([0-9]+)\.0+$", r"\1"),
        "earlier_term": term,
    }


def _raw_names(source: Source, raw: dict[str, Any]) -> dict[str, Any]:
    """``raw.<name>``, or ``raw.SRC_<name>`` for existing coding that no role reads."""
    roles = {*source.columns.verbatim, *source.columns.record_id, *source.columns.given().values()}
    taken = {name for name in raw if name in roles or not is_coding_column(source.domain, name)}
    result: dict[str, Any] = {}
    for name, array in raw.items():
        new = name
        while name not in taken and (new == name or new in raw):
            new = SOURCE_CODING_PREFIX + new
        result[RAW_PREFIX + new] = array
    return result
