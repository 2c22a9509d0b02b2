"""Pandera models of the form frames: what was read (text pass) and what was made of it (typed
pass), per domain, and the frame that an extract stores.

Two passes, because lazy validation stops checking a column that could not be converted. A check
is named after its :class:`schemas.rules.Rule`; a failure whose name is no rule is a fault of the
program, not of the data. The index is ``position``: 0, 1, 2 … over the frame that is checked.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import pandas as pd
import pandera.pandas as pa
import pyarrow
import pyarrow.compute as pc

from schemas.rules import VERBATIM_LIMIT, Rule
from schemas.vocabulary import Domain

#: The source's own columns beside the roles.
RAW_COLUMNS = r"^raw\..+$"

_TEXT_ROLES = {
    "subject": "the subject's identifier",
    "record_id": "what identifies the record within the subject",
    "site": "the site",
    "visit": "the visit or event of the EDC",
    "start": "start date",
    "end": "end date",
    "severity": "severity or grade",
    "serious": "whether the event is serious",
    "outcome": "outcome",
    "action": "action taken",
    "causality": "relation to the treatment",
    "indication": "what a treatment was given for, as the site wrote it",
    "route": "route of administration",
    "dose": "dose",
    "form": "pharmaceutical form",
    "strength": "strength",
    "country": "country",
    "sex": "sex",
    "age": "age in years",
    "verbatim": "what the site wrote; never altered",
}
_PROVENANCE = {
    "source": "the source's name in study.yaml",
    "file": "the file, relative to the study's folder",
    "sheet": "the sheet, item group or dataset, or blank",
    "row": "the row as a spreadsheet counts, the header being row 1",
}
_EARLIER = {
    "earlier_code": "code of an earlier coding that the study counts",
    "earlier_term": "term of an earlier coding that the study counts",
}


def _array(column: pd.Series) -> Any:
    return pyarrow.array(column)


def _matches(column: pd.Series, pattern: str) -> pd.Series:
    # RE2, which knows Unicode's classes; Python's re does not.
    found = pc.match_substring_regex(_array(column), pattern)
    return pd.Series(found.to_numpy(zero_copy_only=False), index=column.index, dtype="bool")


def _filled(column: pd.Series) -> pd.Series:
    return pd.Series((column.str.strip() != "").to_numpy(dtype=bool), index=column.index)


def _holds_letter_or_digit(column: pd.Series) -> pd.Series:
    # A blank one is already said to be missing.
    return _matches(column, r"[\p{L}\p{N}]") | ~_filled(column)


def _without_control_characters(column: pd.Series) -> pd.Series:
    return ~_matches(column, r"\p{Cc}")


def _short_enough(column: pd.Series) -> pd.Series:
    return pd.Series(column.str.len().to_numpy() <= VERBATIM_LIMIT, index=column.index)


def _check(rule: Rule, function: Any, **options: Any) -> pa.Check:
    # One failure case is enough: which rows fail stands in the check's output, and listing a
    # million failing values takes Pandera half a minute.
    return pa.Check(function, name=str(rule), n_failure_cases=1, **options)


def _verbatim_checks(domain: Domain) -> list[pa.Check]:
    if domain is Domain.DM:
        return []
    return [
        _check(Rule.VERBATIM_MISSING, _filled),
        _check(Rule.VERBATIM_ONLY_PUNCTUATION, _holds_letter_or_digit),
        _check(Rule.VERBATIM_CONTROL_CHARACTERS, _without_control_characters),
        _check(Rule.VERBATIM_TOO_LONG, _short_enough),
    ]


def _position() -> pa.Index:
    return pa.Index("int64", name="position", unique=True)


def text_schema(domain: Domain, readable: Mapping[str, tuple[Rule, pd.Series]]) -> pa.DataFrameSchema:
    """The text pass: the roles of one source as they were read.

    ``readable``: role → the rule and, by position, whether the value could be read by it (as a
    date, in the code list, as an age). Columns that no rule speaks of are not looked at.
    """

    def could_be_read(known: pd.Series) -> Any:
        return lambda column: known.loc[column.index]

    columns = {}
    described = {**dict.fromkeys(readable, "read, but not stored under a role"), **_TEXT_ROLES}
    for role, description in described.items():
        checks = []
        if role == "subject":
            checks = [_check(Rule.SUBJECT_MISSING, _filled)]
        if role == "verbatim":
            checks = _verbatim_checks(domain)
        if role in readable:
            rule, known = readable[role]
            checks.append(_check(rule, could_be_read(known)))
        if checks:
            columns[role] = pa.Column("str", checks, description=description)
    return pa.DataFrameSchema(columns, index=_position(), name=f"{domain} as read")


def typed_schema(domain: Domain, subjects: Collection[str] | None) -> pa.DataFrameSchema:
    """The typed pass: parsed values of all sources of a domain.

    ``key`` and ``event`` (int64) number the distinct record keys, and the distinct subject, folded
    verbatim and start; ``start_earliest``/``end_latest`` (datetime64[s]) are the outermost times the
    dates can mean; ``subjects`` are those of the demographics, None where the study has none.
    """
    columns = {
        "subject": pa.Column("str", _subject_checks(domain, subjects)),
        "key": pa.Column("int64", _check(Rule.RECORD_KEY_TWICE, _first_of_its_kind)),
        "serious": pa.Column("str", pa.Check.isin(["Y", "N", ""])),
        "sex": pa.Column("str", pa.Check.isin(["M", "F", ""])),
        "age": pa.Column("float64", pa.Check.in_range(0, 130), nullable=True),
        "start_earliest": pa.Column("datetime64[s]", nullable=True),
        "end_latest": pa.Column("datetime64[s]", nullable=True),
    }
    if domain is not Domain.DM:
        columns["event"] = pa.Column("int64", _check(Rule.SAME_EVENT_TWICE, _first_of_its_kind))
    order = _check(Rule.END_BEFORE_START, _ends_after_start, ignore_na=False)
    return pa.DataFrameSchema(columns, checks=[order], index=_position(), name=f"{domain} parsed")


def _subject_checks(domain: Domain, subjects: Collection[str] | None) -> list[pa.Check]:
    if domain is Domain.DM:
        return [_check(Rule.SUBJECT_TWICE, _first_of_its_kind)]
    if subjects is None:
        return []
    known = pyarrow.array(sorted(subjects), type=pyarrow.large_string())

    def in_demographics(column: pd.Series) -> pd.Series:
        found = pc.is_in(_array(column), value_set=known)
        return pd.Series(found.to_numpy(zero_copy_only=False), index=column.index, dtype="bool")

    return [_check(Rule.SUBJECT_UNKNOWN, in_demographics)]


def _first_of_its_kind(column: pd.Series) -> pd.Series:
    return ~column.duplicated()


def _ends_after_start(frame: pd.DataFrame) -> pd.Series:
    # Written as a negation: a date that is not known (NaT) is no finding.
    return ~(frame["end_latest"] < frame["start_earliest"])


def form_schema(domain: Domain) -> pa.DataFrameSchema:
    """The form frame of a domain as an extract stores it; nothing else may be in it."""
    described = {**_TEXT_ROLES, **_PROVENANCE, **_EARLIER}
    columns = {
        name: pa.Column("int64" if name == "row" else "str", description=description)
        for name, description in described.items()
    }
    columns[RAW_COLUMNS] = pa.Column("str", regex=True, required=False, description="the source's own column")
    return pa.DataFrameSchema(columns, strict=True, name=f"{domain} forms")
