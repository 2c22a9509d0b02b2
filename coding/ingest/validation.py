"""Two passes of Pandera over form frames, turned at once into small issue records.

``SchemaErrors`` holds the whole frame that was checked, patients and all: it never leaves here.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from coding.ingest.arrow_text import (
    Codes,
    as_frame,
    as_series,
    as_texts,
    distinct,
    joined_where,
    repeated,
    union,
)
from coding.ingest.forms import role_columns
from coding.records import ISSUE_COLUMNS, PROVENANCE_COLUMNS, RAW_PREFIX, UserError
from coding.study import Source
from schemas.rules import QUARANTINING, RULE_ORDER, RULES, Rule
from schemas.vocabulary import Domain

if TYPE_CHECKING:
    import pandera.pandas

_ENABLED, _DEPTH = "PANDERA_VALIDATION_ENABLED", "PANDERA_VALIDATION_DEPTH"

#: A value in the listing of issues is cut after so many characters.
VALUE_LENGTH = 200

#: Beside ISSUE_COLUMNS while issues are gathered: the table within its source, to sort by.
_TABLE = "table"

QUARANTINE_COLUMNS = (*PROVENANCE_COLUMNS, "domain", "reason", "subject", "verbatim")

#: The role that a column of the typed pass speaks of.
_ROLE_OF = {"key": "record_id", "event": "verbatim"}


class ValidationOffError(UserError):
    """Validation is switched off in the environment."""


class ValidationFaultError(RuntimeError):
    """A check failed that is no rule: a fault of the program. Holds no data of the study."""


def refuse_without_validation() -> None:
    """Raises ValidationOffError where the environment switches Pandera's validation, or a part
    of it, off."""
    # Pandera takes anything but these for "off".
    if os.environ.get(_ENABLED, "True") not in {"True", "true", "1"}:
        raise ValidationOffError(
            f"{_ENABLED} in the environment switches validation off, and unchecked data is not coded; "
            f"remove {_ENABLED} and run again"
        )
    if os.environ.get(_DEPTH, "SCHEMA_AND_DATA") != "SCHEMA_AND_DATA":
        raise ValidationOffError(
            f"{_DEPTH} in the environment switches a part of the validation off; "
            f"remove {_DEPTH} and run again"
        )


@dataclass(frozen=True)
class Finding:
    """Rows (by position, ascending) that fail a rule in one role."""

    rule: Rule
    role: str
    positions: Codes


def text_findings(
    domain: Domain, forms: pd.DataFrame, readable: Mapping[str, tuple[Rule, pd.Series]]
) -> list[Finding]:
    """The text pass over the roles of one source; ``forms`` has the index 0, 1, 2 …"""
    from schemas.forms import text_schema

    return _failures(text_schema(domain, readable), _indexed(forms))


def typed_findings(domain: Domain, typed: pd.DataFrame, subjects: frozenset[str] | None) -> list[Finding]:
    """The typed pass over the parsed rows of a domain; ``typed`` has the index 0, 1, 2 …"""
    from schemas.forms import typed_schema

    return _failures(typed_schema(domain, subjects), _indexed(typed))


def check_listing(schema: pandera.pandas.DataFrameSchema, frame: pd.DataFrame) -> None:
    """Check a frame of ours against its model. Raises ValidationFaultError without any data."""
    failed = _failed_checks(schema, _indexed(frame))
    if failed:
        raise ValidationFaultError(f"{schema.name}: {', '.join(check.name for check in failed)}")


def _indexed(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.set_axis(pd.RangeIndex(len(frame), name="position"), axis=0)


@dataclass(frozen=True)
class _FailedCheck:
    """A check that failed: its name, the column ("" for a check of the whole frame), and row by
    row whether it passed; None where it could not be made at all."""

    check: str
    column: str
    passed: pd.Series | None

    @property
    def name(self) -> str:
        return f"{self.check} ({self.column})" if self.column else self.check


def _failed_checks(schema: Any, frame: pd.DataFrame) -> list[_FailedCheck]:
    import pandera.pandas as pandera
    from pandera.config import get_config_context

    if not get_config_context().validation_enabled:
        raise ValidationOffError("Pandera's validation is switched off in this process")
    try:
        schema.validate(frame, lazy=True)
    except pandera.errors.SchemaErrors as error:
        return [_failed(item, schema) for item in error.schema_errors]
    return []


def _failed(error: Any, schema: Any) -> _FailedCheck:
    column = "" if error.schema is schema or error.schema.name == schema.name else str(error.schema.name)
    if isinstance(error.check_output, pd.Series):
        return _FailedCheck(str(error.check.name), column, error.check_output)
    return _FailedCheck(str(error.reason_code), column, None)


def _failures(schema: Any, frame: pd.DataFrame) -> list[Finding]:
    findings = []
    for failed in _failed_checks(schema, frame):
        if failed.check not in RULE_ORDER or failed.passed is None or len(failed.passed) != len(frame):
            raise ValidationFaultError(f"{schema.name}: the check {failed.name} cannot be made")
        rule = Rule(failed.check)
        # A check of the whole frame has no column of its own; its rule says which is meant.
        role = "end" if rule is Rule.END_BEFORE_START else _ROLE_OF.get(failed.column, failed.column)
        findings.append(Finding(rule, role, np.flatnonzero(~failed.passed.to_numpy(dtype=np.bool_))))
    return findings


@dataclass(frozen=True)
class IssueContext:
    """What turns findings into issues: the sources by name, and per rule the position of the
    earlier row that a row repeats."""

    sources: Mapping[str, Source]
    first: Mapping[Rule, Codes]


def issues_of(findings: Sequence[Finding], forms: pd.DataFrame, context: IssueContext) -> pd.DataFrame:
    """One row per row and rule: ISSUE_COLUMNS and ``table``. ``forms`` has the index 0, 1, 2 …
    and is what the findings' positions count."""
    rules: dict[Rule, list[Finding]] = {}
    for finding in findings:
        rules.setdefault(finding.rule, []).append(finding)
    frames = [_issues_of_rule(rule, found, forms, context) for rule, found in rules.items()]
    return union(frames) if frames else no_issues()


def no_issues() -> pd.DataFrame:
    """An empty frame of issues."""
    columns = {name: pd.Series(dtype="str") for name in (*ISSUE_COLUMNS, _TABLE)}
    return pd.DataFrame(columns).astype({"row": "int64", _TABLE: "int64"})


def _issues_of_rule(
    rule: Rule, found: list[Finding], forms: pd.DataFrame, context: IssueContext
) -> pd.DataFrame:
    positions = np.unique(np.concatenate([finding.positions for finding in found]))
    roles = [finding.role for finding in found]
    needed = dict.fromkeys((*PROVENANCE_COLUMNS, _TABLE, "subject", "start", "verbatim_column", *roles))
    rows = forms[list(needed)].iloc[positions]
    text = RULES[rule]
    length = len(rows)
    columns, values = [], []
    for finding in found:
        here = pa.array(np.isin(positions, finding.positions))
        columns.append((here, _column_names(rows, finding.role, context)))
        values.append((here, _values(rows, rule, finding.role)))
    issues = {
        **{name: as_texts(rows[name]) for name in ("source", "file", "sheet")},
        "row": pa.array(rows["row"].to_numpy()),
        "column": joined_where(columns, ", "),
        "rule": repeated(str(rule), length),
        "severity": repeated(str(text.severity), length),
        "message": _messages(rule, rows, positions, forms, context),
        "what_to_do": repeated(text.what_to_do, length),
        "value": joined_where(values, "; "),
        "subject": as_texts(rows["subject"]),
        _TABLE: pa.array(rows["table"].to_numpy()),
    }
    return as_frame(issues)


def _column_names(rows: pd.DataFrame, role: str, context: IssueContext) -> Any:
    if role == "verbatim":
        return as_texts(rows["verbatim_column"])
    return _by_source(rows, lambda source: role_columns(source).get(role, ""), context)


def _by_source(rows: pd.DataFrame, text_of: Any, context: IssueContext) -> Any:
    codes, names = distinct(as_texts(rows["source"]))
    texts = [text_of(context.sources[name]) for name in names]
    return pa.array(texts, type=pa.large_string()).take(pa.array(codes))


def _values(rows: pd.DataFrame, rule: Rule, role: str) -> Any:
    texts = as_texts(rows[role])
    if rule is Rule.END_BEFORE_START:
        opened = pa.scalar(" (start ", pa.large_string())
        closed = pa.scalar(")", pa.large_string())
        nothing = pa.scalar("", pa.large_string())
        texts = pc.binary_join_element_wise(texts, opened, as_texts(rows["start"]), closed, nothing)
    long = pc.greater(pc.utf8_length(texts), VALUE_LENGTH)
    return pc.if_else(long, pc.utf8_replace_slice(texts, VALUE_LENGTH, 2**31 - 1, "…"), texts)


def _messages(
    rule: Rule, rows: pd.DataFrame, positions: Codes, forms: pd.DataFrame, context: IssueContext
) -> Any:
    message = RULES[rule].message
    if rule is Rule.DATE_UNREADABLE:
        return _by_source(rows, lambda source: f"{message} ({_expected(source)} is expected)", context)
    if rule not in context.first:
        return repeated(message, len(rows))
    earlier = forms[["file", "row"]].iloc[context.first[rule][positions]]
    nothing = pa.scalar("", pa.large_string())
    numbers = pa.array(earlier["row"].to_numpy().astype(str), type=pa.large_string())
    parts = [pa.scalar(f"{message} (first in ", pa.large_string()), as_texts(earlier["file"])]
    parts += [pa.scalar(", row ", pa.large_string()), numbers, pa.scalar(")", pa.large_string())]
    return pc.binary_join_element_wise(*parts, nothing)


def _expected(source: Source) -> str:
    return "ISO 8601" if source.date_format == "ISO" else source.date_format


def unreadable_issues(unreadable: pd.DataFrame) -> pd.DataFrame:
    """Issues of rows that no reader could read: ``source, file, sheet, row, table, reason``."""
    text = RULES[Rule.VERBATIM_UNREADABLE]
    issues = unreadable[["source", "file", "sheet", "row", _TABLE]].assign(
        column="",
        rule=str(Rule.VERBATIM_UNREADABLE),
        severity=str(text.severity),
        message=text.message + ": " + unreadable["reason"],
        what_to_do=text.what_to_do,
        value="",
        subject="",
    )
    return issues[[*ISSUE_COLUMNS, _TABLE]]


def sorted_issues(issues: pd.DataFrame, sources: Sequence[str]) -> pd.DataFrame:
    """Issues as they are listed: by source (in the study's order), table, row and rule."""
    order = {name: number for number, name in enumerate(sources)}
    ranks = [issues["row"], issues["rule"].map(RULE_ORDER), issues["source"].map(order), issues[_TABLE]]
    rule, row, table, source = ranks[1], ranks[0], ranks[3], ranks[2]
    places = np.lexsort([rule.to_numpy(), row.to_numpy(), table.to_numpy(), source.to_numpy()])
    return issues.iloc[places][list(ISSUE_COLUMNS)].reset_index(drop=True)


def quarantine_reasons(findings: Sequence[Finding], length: int) -> pd.Series:
    """Per position the first rule that keeps the row out, or "" for a row that goes on."""
    reason = np.full(length, len(QUARANTINING), dtype=np.int64)
    for finding in findings:
        if finding.rule in QUARANTINING:
            at = finding.positions
            reason[at] = np.minimum(reason[at], QUARANTINING.index(finding.rule))
    names = pa.array([*(str(rule) for rule in QUARANTINING), ""], type=pa.large_string())
    return as_series(names.take(pa.array(reason)))


def quarantined_rows(domain: Domain, forms: pd.DataFrame, reason: pd.Series) -> pd.DataFrame:
    """Rows kept out, with all their own columns: QUARANTINE_COLUMNS and ``raw.*``."""
    rows = forms.assign(domain=str(domain), reason=reason)
    raw = [name for name in forms.columns if name.startswith(RAW_PREFIX)]
    return rows[[*QUARANTINE_COLUMNS, *raw]].astype({"domain": "str"})
