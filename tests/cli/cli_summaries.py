"""Summaries as operations report them, for the tests of how they are shown."""

from __future__ import annotations

from pathlib import Path

from coding.operations.summaries import RunSummary, StatusSummary
from coding.records import RowAccount


def account(**changes: object) -> RowAccount:
    """An accounting of ten rows that closes."""
    values: dict[str, object] = {
        "source": "ae", "field": "AETERM", "dictionary": "open_events", "rows_in": 10, "coded": 6,
        "pending": 1, "queried": 1, "not_codable": 1, "quarantined": 1,
    }  # fmt: skip
    return RowAccount(**{**values, **changes})


def run_summary(**changes: object) -> RunSummary:
    """What a run of ten rows reports."""
    values: dict[str, object] = {
        "study": "ASPEN",
        "accounts": (account(),),
        "requests": 9,
        "new_requests": 3,
        "by_status": {"AUTOCODED": 6, "NEEDS_CODING": 3},
        "by_method": {"exact": 5, "normalised": 1},
        "issues": {("warning", "end_before_start"): 2, ("error", "verbatim_empty"): 1},
        "changes": {"AE": {"new": 10, "changed": 0, "unchanged": 0, "removed": 0}},
        "releases": ("open_events 2026.1",),
        "places": {"issues": Path("/trials/ASPEN/work/issues.csv")},
        "next_step": "trialcoder export ASPEN",
        "notes": ("read as UTF-8",),
        "seconds": {"ingest": 1.0, "coding": 0.5},
    }
    return RunSummary(**{**values, **changes})


def status_summary(**changes: object) -> StatusSummary:
    """Where that study stands."""
    values: dict[str, object] = {
        "study": "ASPEN",
        "accounts": (account(),),
        "by_status": {"AUTOCODED": 6},
        "by_method": {"exact": 6},
        "issues": {},
        "last_extract_at": "2026-01-02T03:04:05Z",
        "last_export_at": "",
        "ledger_sequence": 12,
        "next_step": "trialcoder export ASPEN",
    }
    return StatusSummary(**{**values, **changes})
