"""What the summaries in Prefect say, word for word."""

from __future__ import annotations

from pathlib import Path

import pytest

from coding.operations.summaries import ExportSummary, RunSummary
from coding.records import RowAccount
from flows.artifacts import _slug, export_markdown, run_markdown

ACCOUNT = RowAccount("ae", "AETERM", "open_events", 1500, 900, 550, 0, 20, 30)


def run_summary(*accounts: RowAccount) -> RunSummary:
    return RunSummary(
        study="S-1",
        accounts=accounts,
        requests=1200,
        new_requests=7,
        by_status={"AUTOCODED": 900},
        by_method={"exact": 850, "normalised": 50},
        issues={("warning", "end_before_start"): 3, ("error", "verbatim_empty"): 2},
        changes={"AE": {"new": 4, "removed": 1}},
        releases=("open_events 1",),
        places={"to code": Path("/w/to|code.csv")},
        next_step="look at issues.csv; code what is open",
        notes=("CE is read\nand not coded",),
    )


def test_the_summary_of_a_coding_run() -> None:
    assert (
        run_markdown(run_summary(ACCOUNT))
        == """\
# Study S-1: coding run

**900 of 1,500 verbatims are coded** (60 %), 550 wait for a person.

## What to do next

- look at issues.csv
- code what is open

## Where every row went

| Field | Dictionary | Rows | Where they went |
| --- | --- | ---: | --- |
| ae: AETERM | open_events | 1,500 | 900 coded, 550 pending, 20 not codable, 30 quarantined |

Every line adds up: no row is lost and none is counted twice.

## Coding requests

1,200 distinct requests, 7 of them new with this extract.

| Status | Requests |
| --- | ---: |
| AUTOCODED | 900 |

| Method | Requests |
| --- | ---: |
| exact | 850 |
| normalised | 50 |

## Records against the extract before

| Domain | New | Changed | Unchanged | Removed |
| --- | ---: | ---: | ---: | ---: |
| AE | 4 | 0 | 0 | 1 |

## Findings in the data

| Severity | Rule | Findings |
| --- | --- | ---: |
| error | verbatim_empty | 2 |
| warning | end_before_start | 3 |

An *error* put its row in quarantine; a row with a *warning* was coded all the same.

## Where the files lie

| What | Where |
| --- | --- |
| to code | `/w/to\\|code.csv` |

## Dictionaries

- open_events 1

## Notes

- CE is read and not coded
"""
    )


def test_an_accounting_that_does_not_close_is_said_loudly() -> None:
    lost = RowAccount("ae", "AETERM", "open_events", 10, 3, 3, 0, 0, 3)

    assert "**1 of these lines do not add up" in run_markdown(run_summary(ACCOUNT, lost))
    assert "Every line adds up" not in run_markdown(run_summary(ACCOUNT, lost))


def test_a_study_without_rows_divides_by_nothing() -> None:
    assert "No verbatim to code was found." in run_markdown(run_summary())


def test_the_summary_of_a_package() -> None:
    summary = ExportSummary(
        study="S-1",
        package=Path("/w/packages/000012"),
        sequence=12,
        datasets={"AE": 1470},
        accounts=(ACCOUNT,),
        uncoded_requests=0,
        files={"ae.csv": "0" * 64},
        next_step="",
    )

    text = export_markdown(summary)

    assert text.startswith(
        "# Study S-1: package 12\n\nEvery coding request is settled.\n\n"
        "## Where it lies\n\n`/w/packages/000012`\n"
    )
    assert "| AE | 1,470 |" in text
    assert f"| `ae.csv` | `{'0' * 64}` |" in text


@pytest.mark.parametrize(
    ("study", "slug"), [("ASPEN", "aspen"), ("S-1", "s-1"), ("A.b_C..9-", "a-b-c-9"), ("0", "0")]
)
def test_an_artifact_key_has_only_letters_digits_and_dashes(study: str, slug: str) -> None:
    assert _slug(study) == slug
