"""Pandera models of the listings that ingest hands on: issues, quarantined rows, changes."""

from __future__ import annotations

import pandera.pandas as pa

from schemas.forms import RAW_COLUMNS
from schemas.rules import QUARANTINING, Rule
from schemas.vocabulary import Change, Domain, Severity

_RULES = [str(rule) for rule in Rule]
_DOMAINS = [str(domain) for domain in Domain]


def _text(description: str, allowed: list[str] | None = None) -> pa.Column:
    checks = [pa.Check.isin(allowed)] if allowed else []
    return pa.Column("str", checks, description=description)


_PLACE = {
    "source": _text("the source's name in study.yaml"),
    "file": _text("the file, relative to the study's folder"),
    "sheet": _text("the sheet, item group or dataset, or blank"),
    "row": pa.Column("int64", description="the row as a spreadsheet counts, the header being row 1"),
}

#: What validation found: at most one row for each row of a source and rule.
ISSUES = pa.DataFrameSchema(
    {
        **_PLACE,
        "column": _text("the source's own column (several are joined by a comma)"),
        "rule": _text("the rule's id", _RULES),
        "severity": _text("error: the row is quarantined; warning: it goes on", [str(s) for s in Severity]),
        "message": _text("what is wrong"),
        "what_to_do": _text("the way out"),
        "value": _text("the value, cut after 200 characters"),
        "subject": _text("the subject, or blank"),
    },
    unique=["source", "file", "sheet", "row", "rule"],
    strict=True,
    name="issues",
)

#: Rows that are not coded, with everything that was read of them.
QUARANTINED = pa.DataFrameSchema(
    {
        **_PLACE,
        "domain": _text("the domain", _DOMAINS),
        "reason": _text("the rule that keeps the row out", [str(rule) for rule in QUARANTINING]),
        "subject": _text("the subject, or blank"),
        "verbatim": _text("the verbatim, or blank"),
        RAW_COLUMNS: pa.Column("str", regex=True, required=False, description="the source's own column"),
    },
    unique=["source", "file", "sheet", "row"],
    strict=True,
    name="quarantined",
)

#: How an extract differs from the one before, record by record.
CHANGES = pa.DataFrameSchema(
    {
        "domain": _text("the domain", _DOMAINS),
        "subject": _text("the subject"),
        "record_id": _text("what identifies the record within the subject"),
        "change": _text("new, changed or removed", [str(c) for c in Change if c is not Change.UNCHANGED]),
        "columns": _text("what changed, by role, joined by a semicolon"),
        "verbatim_changed": pa.Column("bool", description="whether the verbatim is another"),
    },
    strict=True,
    name="changes",
)
