"""The models agree with the types that travel, and every rule is documented."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pandera.pandas as pa
import pytest

from coding.ingest.validation import QUARANTINE_COLUMNS
from coding.records import EARLIER_COLUMNS, FORM_COLUMNS, ISSUE_COLUMNS, PROVENANCE_COLUMNS
from schemas.forms import RAW_COLUMNS, form_schema, text_schema, typed_schema
from schemas.listings import CHANGES, ISSUES, QUARANTINED
from schemas.rules import QUARANTINING, RULES, Rule
from schemas.vocabulary import Domain, Severity

DOCS = Path(__file__).resolve().parents[2] / "docs" / "records.md"


def test_the_documentation_lists_every_rule_with_its_severity() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \|", DOCS.read_text(encoding="utf-8"), re.MULTILINE)
    assert rows == [(str(rule), str(RULES[rule].severity)) for rule in Rule]


def test_errors_quarantine() -> None:
    assert {str(rule) for rule in QUARANTINING} == {
        "verbatim_unreadable",
        "subject_missing",
        "verbatim_missing",
        "verbatim_only_punctuation",
    }
    assert all(RULES[rule].severity is Severity.ERROR for rule in QUARANTINING)


@pytest.mark.parametrize("domain", list(Domain))
def test_the_form_model_has_the_columns_that_travel(domain: Domain) -> None:
    names = set(form_schema(domain).columns)
    assert names == {*FORM_COLUMNS, *PROVENANCE_COLUMNS, *EARLIER_COLUMNS, RAW_COLUMNS}


def test_the_listings_have_the_columns_that_travel() -> None:
    assert tuple(ISSUES.columns) == ISSUE_COLUMNS
    assert tuple(QUARANTINED.columns) == (*QUARANTINE_COLUMNS, RAW_COLUMNS)


@pytest.mark.parametrize("schema", [ISSUES, QUARANTINED, CHANGES, *map(form_schema, Domain)])
def test_every_column_is_described(schema: pa.DataFrameSchema) -> None:
    assert all(column.description for column in schema.columns.values())


@pytest.mark.parametrize("domain", list(Domain))
def test_every_check_of_the_passes_is_a_rule(domain: Domain) -> None:
    known = pd.Series([True])
    text = text_schema(domain, {"start": (Rule.DATE_UNREADABLE, known)})
    named = {check.name for column in text.columns.values() for check in column.checks}
    typed = typed_schema(domain, ["S1"])
    named |= {check.name for check in typed.checks}
    named |= {check.name for name in ("subject", "key") for check in typed.columns[name].checks}
    assert named <= {str(rule) for rule in Rule}
    assert ("verbatim_missing" in named) is (domain is not Domain.DM)
    assert ("subject_twice" in named) is (domain is Domain.DM)
    assert ("subject_unknown" in named) is (domain is not Domain.DM)


def test_a_listing_with_two_issues_of_one_row_and_rule_is_refused() -> None:
    row = dict.fromkeys(ISSUE_COLUMNS, "x") | {"row": 2, "rule": "code_list", "severity": "warning"}
    text = {name: "str" for name in ISSUE_COLUMNS if name != "row"}
    ISSUES.validate(pd.DataFrame([row]).astype(text))
    with pytest.raises(pa.errors.SchemaError):
        ISSUES.validate(pd.DataFrame([row, row]).astype(text))
