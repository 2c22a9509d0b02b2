"""From the raw tables of a study to checked form frames, one per domain. Nothing is lost: every
row read is in a form frame or among the quarantined."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from coding.ingest.arrow_text import union
from coding.ingest.code_lists import LIST_ROLES, standard_values
from coding.ingest.dates import Dates, parse_dates
from coding.ingest.demographics import Demographics, add_sex_and_age, parse_ages
from coding.ingest.forms import text_forms
from coding.ingest.raw_table import RawTable
from coding.ingest.record_keys import (
    Repeats,
    composite_ids,
    demographic_ids,
    event_codes,
    repeats,
    unique_ids,
)
from coding.ingest.validation import (
    QUARANTINE_COLUMNS,
    IssueContext,
    issues_of,
    quarantine_reasons,
    quarantined_rows,
    sorted_issues,
    text_findings,
    typed_findings,
    unreadable_issues,
)
from coding.records import (
    EARLIER_COLUMNS,
    FORM_COLUMNS,
    PROVENANCE_COLUMNS,
    RAW_PREFIX,
    Progress,
    silent,
)
from coding.study import Source, Study
from schemas.rules import Rule
from schemas.vocabulary import Domain

#: The columns of a stored form frame before its ``raw.*`` columns.
STORED_COLUMNS = (*FORM_COLUMNS, *PROVENANCE_COLUMNS, *EARLIER_COLUMNS)
_DATE_ROLES = ("start", "end", "birth_date")
#: What must agree too before a treatment counts as entered twice: forms ask for medications at
#: every visit, and a changed dose is a new entry with the same start.
_TREATMENT_DETAILS = ("visit", "indication", "route", "dose", "form", "strength")


@dataclass(frozen=True)
class SourceRows:
    """Where the rows of a source went: ``rows_in == kept + quarantined``."""

    rows_in: int
    kept: int
    quarantined: int


@dataclass(frozen=True)
class StudyForms:
    """The form frames by domain (in the order of study.yaml), the quarantined rows, the issues,
    and the count of each source's rows."""

    forms: dict[Domain, pd.DataFrame]
    quarantined: pd.DataFrame
    issues: pd.DataFrame
    rows: dict[str, SourceRows]


@dataclass(frozen=True)
class _SourceForms:
    """The parsed rows of a source that go on, and what was kept out or found."""

    parsed: pd.DataFrame
    quarantined: pd.DataFrame
    issues: pd.DataFrame
    rows: SourceRows


def study_forms(
    study: Study, read: Callable[[Source], Sequence[RawTable]], progress: Progress = silent
) -> StudyForms:
    """Read, map and check all sources of a study. ``read`` gives the raw tables of a source.

    Demographics come first, since the other domains take sex and age from them. Raises UserError
    for a mapped column that is not there.
    """
    # One source at a time, so that the raw tables of the one before can go.
    order = sorted(study.sources, key=lambda source: source.domain is not Domain.DM)
    parts: dict[str, _SourceForms] = {}
    for number, source in enumerate(order):
        progress("read and check", number, len(order))
        parts[source.name] = _source_forms(source, read(source), study.never_show)
    demographics = Demographics.of(parts[study.demographics].parsed) if study.demographics else None
    subjects = _known_subjects(study, parts)
    forms: dict[Domain, pd.DataFrame] = {}
    issues = [part.issues for part in parts.values()]
    for domain in dict.fromkeys(source.domain for source in study.sources):
        names = [source.name for source in study.sources if source.domain is domain]
        rows = union([parts[name].parsed for name in names])
        forms[domain], found = _domain_forms(study, domain, rows, demographics, subjects)
        issues.append(found)
    progress("read and check", len(order), len(order))
    names = [source.name for source in study.sources]
    return StudyForms(
        forms=forms,
        quarantined=_all_quarantined([parts[name].quarantined for name in names]),
        issues=sorted_issues(union(issues), names),
        rows={name: parts[name].rows for name in names},
    )


def _source_forms(source: Source, tables: Sequence[RawTable], never_show: Sequence[str]) -> _SourceForms:
    text = text_forms(source, tables, never_show)
    parsed, readable = _parsed(source, text)
    findings = text_findings(source.domain, text, readable)
    context = IssueContext({source.name: source}, {})
    issues = [issues_of(findings, text, context)]
    reason = quarantine_reasons(findings, len(text))
    out = (reason != "").to_numpy(dtype=bool)
    quarantined = [quarantined_rows(source.domain, text[out], reason[out])]
    unreadable = _unreadable(source, tables)
    if len(unreadable):
        issues.append(unreadable_issues(unreadable))
        quarantined.append(_unreadable_rows(source, unreadable))
    kept = parsed[~out].reset_index(drop=True) if out.any() else parsed
    apart = union(quarantined)
    rows = SourceRows(len(text) + len(unreadable), len(kept), len(apart))
    return _SourceForms(kept, apart, union(issues), rows)


def _parsed(source: Source, text: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, tuple[Rule, pd.Series]]]:
    """The text forms with dates as ISO, standard values and ages; and what could be read."""
    given = source.columns.given()
    values: dict[str, pd.Series] = {}
    readable: dict[str, tuple[Rule, pd.Series]] = {}

    def keep(role: str, rule: Rule, value: pd.Series, known: Any) -> None:
        values[role] = value
        readable[role] = (rule, pd.Series(known, index=text.index))

    for role in given:
        if role in _DATE_ROLES:
            dates = parse_dates(text[role], source.date_format)
            keep(role, Rule.DATE_UNREADABLE, dates.iso, dates.readable)
        elif role in LIST_ROLES:
            keep(role, Rule.CODE_LIST, *standard_values(text[role], role, source.code_lists.get(role)))
        elif role == "age":
            keep(role, Rule.AGE_UNREADABLE, *parse_ages(text[role]))
    return text.assign(**values), readable


def _unreadable(source: Source, tables: Sequence[RawTable]) -> pd.DataFrame:
    frames = [
        table.unreadable.assign(source=source.name, file=table.file, sheet=table.sheet, table=number).astype(
            {"source": "str", "file": "str", "sheet": "str", "table": "int64"}
        )
        for number, table in enumerate(tables)
    ]
    return union(frames)


def _unreadable_rows(source: Source, unreadable: pd.DataFrame) -> pd.DataFrame:
    rows = unreadable.assign(
        domain=str(source.domain), reason=str(Rule.VERBATIM_UNREADABLE), subject="", verbatim=""
    )
    return rows[list(QUARANTINE_COLUMNS)]


def _known_subjects(study: Study, parts: dict[str, _SourceForms]) -> frozenset[str] | None:
    frames = [parts[source.name].parsed for source in study.sources if source.domain is Domain.DM]
    if not frames:
        return None
    return frozenset(subject for frame in frames for subject in frame["subject"].unique())


def _domain_forms(
    study: Study,
    domain: Domain,
    rows: pd.DataFrame,
    demographics: Demographics | None,
    subjects: frozenset[str] | None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    start, end = parse_dates(rows["start"]), parse_dates(rows["end"])
    if domain is Domain.DM:
        rows = add_sex_and_age(rows.assign(record_id=demographic_ids(rows)), start, None)
    else:
        rows = add_sex_and_age(rows.assign(record_id=composite_ids(rows)), start, demographics)
    ids, keys = unique_ids(rows)
    typed = _typed(rows, start, end, keys)
    first = {Rule.RECORD_KEY_TWICE: keys.first}
    if domain is Domain.DM:
        first[Rule.SUBJECT_TWICE] = repeats(_subject_codes(rows)).first
    else:
        events = repeats(event_codes(rows, _further(domain)))
        typed["event"] = events.codes
        first[Rule.SAME_EVENT_TWICE] = events.first
    findings = typed_findings(domain, typed, subjects)
    sources = {source.name: source for source in study.sources}
    issues = issues_of(findings, rows, IssueContext(sources, first))
    raw = [name for name in rows.columns if name.startswith(RAW_PREFIX)]
    return rows.assign(record_id=ids)[[*STORED_COLUMNS, *raw]], issues


def _further(domain: Domain) -> tuple[str, ...]:
    return _TREATMENT_DETAILS if domain in {Domain.CM, Domain.PR} else ()


def _subject_codes(rows: pd.DataFrame) -> Any:
    return pd.factorize(rows["subject"])[0].astype(np.int64)


def _typed(rows: pd.DataFrame, start: Dates, end: Dates, keys: Repeats) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "subject": rows["subject"],
            "key": keys.codes,
            "serious": rows["serious"],
            "sex": rows["sex"],
            "age": pd.to_numeric(rows["age"].replace("", None)).astype("float64"),
            "start_earliest": start.earliest,
            "end_latest": end.latest_beside(start),
        }
    )


def _all_quarantined(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    frame = union(parts)
    raw = [name for name in frame.columns if name.startswith(RAW_PREFIX)]
    return frame[[*QUARANTINE_COLUMNS, *raw]]
