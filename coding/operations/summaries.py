"""What operations report back: counts and places, never a verbatim or a subject."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from coding.records import RowAccount


@dataclass(frozen=True, slots=True)
class RunSummary:
    """What a run of ``code_study`` did.

    ``by_status`` and ``by_method`` count coding requests; ``issues`` counts findings by
    (severity, rule); ``changes`` counts records by domain and kind against the extract before;
    ``places`` says where files lie (name → path); ``requests``/``new_requests`` are counts.
    """

    study: str
    accounts: tuple[RowAccount, ...]
    requests: int
    new_requests: int
    by_status: Mapping[str, int]
    by_method: Mapping[str, int]
    issues: Mapping[tuple[str, str], int]
    changes: Mapping[str, Mapping[str, int]]
    releases: tuple[str, ...]
    places: Mapping[str, Path]
    next_step: str
    notes: tuple[str, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The summary as plain JSON values."""
        data = asdict(self)
        data["issues"] = [
            {"severity": severity, "rule": rule, "count": count}
            for (severity, rule), count in sorted(self.issues.items())
        ]
        data["places"] = {name: str(path) for name, path in self.places.items()}
        return data


@dataclass(frozen=True, slots=True)
class ExportSummary:
    """What an export wrote: the package's folder, rows per dataset, and what is still open."""

    study: str
    package: Path
    sequence: int
    datasets: Mapping[str, int]
    accounts: tuple[RowAccount, ...]
    uncoded_requests: int
    files: Mapping[str, str]
    next_step: str
    notes: tuple[str, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The summary as plain JSON values."""
        return {**asdict(self), "package": str(self.package)}


@dataclass(frozen=True, slots=True)
class StatusSummary:
    """Where a study stands, from its ledger and last extract; nothing is read anew."""

    study: str
    accounts: tuple[RowAccount, ...]
    by_status: Mapping[str, int]
    by_method: Mapping[str, int]
    issues: Mapping[tuple[str, str], int]
    last_extract_at: str
    last_export_at: str
    ledger_sequence: int
    next_step: str

    def to_json(self) -> dict[str, Any]:
        """The summary as plain JSON values."""
        data = asdict(self)
        data["issues"] = [
            {"severity": severity, "rule": rule, "count": count}
            for (severity, rule), count in sorted(self.issues.items())
        ]
        return data


@dataclass(frozen=True, slots=True)
class SuggestSummary:
    """What ``suggest`` did for a plain list of verbatims."""

    rows: int
    distinct: int
    by_method: Mapping[str, int]
    release: str
    output: Path
    seconds: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """The summary as plain JSON values."""
        return {**asdict(self), "output": str(self.output)}


@dataclass(frozen=True, slots=True)
class ReleaseEvaluation:
    """What was measured over one release: ``figures`` as the JSON beside the page has them,
    ``sentences`` for people, ``places`` of the files."""

    release: str
    figures: Mapping[str, Any]
    sentences: tuple[str, ...]
    places: Mapping[str, Path]


@dataclass(frozen=True, slots=True)
class EvaluationSummary:
    """What ``evaluate`` measured for a study or a file, release by release."""

    subject: str
    evaluations: tuple[ReleaseEvaluation, ...]
    next_step: str
    notes: tuple[str, ...] = ()
    seconds: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """The summary as plain JSON values."""
        data = asdict(self)
        for item, told in zip(self.evaluations, data["evaluations"], strict=True):
            told["places"] = {name: str(path) for name, path in item.places.items()}
        return data
