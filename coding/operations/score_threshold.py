"""The threshold from which on a score settles, as an event of the ledger, and in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import pandas as pd

from coding import TOOL_VERSION
from coding.evaluation.fitting import LEAST_CASES
from coding.evaluation.sentences import percent
from coding.ledger.ledger import Ledger, NewEvent
from coding.operations.measured_confidence import Evidence, asks_for_proof
from coding.operations.study_run import StudyRun
from coding.records import canonical_json
from dictionaries.model import Release
from schemas.vocabulary import Action


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The last threshold of each dictionary by its name: (sequence of the event, payload)."""

    last: dict[str, tuple[int, dict[str, Any]]]

    @classmethod
    def of(cls, ledger: Ledger, study: str) -> Thresholds:
        """Those that the ledger holds."""
        events = ledger.events_of(study, Action.SCORE_THRESHOLD_SET)
        return cls({event.payload["dictionary"]: (event.sequence, dict(event.payload)) for event in events})

    @property
    def sequences(self) -> dict[str, int]:
        """Dictionary → sequence of its last threshold."""
        return {name: sequence for name, (sequence, _) in self.last.items()}

    def event_for(self, payload: dict[str, Any]) -> NewEvent | None:
        """The event to record, or None where the last one says the same."""
        _, last = self.last.get(payload["dictionary"], (0, {}))
        same = {**last, "tool_version": ""} == {**payload, "tool_version": ""}
        return None if same else NewEvent(Action.SCORE_THRESHOLD_SET, payload)


def threshold_payload(release: Release, evidence: Evidence) -> dict[str, Any] | None:
    """What the ledger records about a threshold; None where the study asks for no proof.

    ``threshold`` is null where the evidence is too thin: then nothing is coded by score.
    """
    proof = evidence.proof
    if proof is None or evidence.cases is None:
        return None
    return {
        "dictionary": release.name,
        "release": release.identity,
        "level": release.preferred_level,
        "precision": proof.precision,
        "confidence": proof.confidence,
        "threshold": proof.proven.threshold,
        "cases": proof.proven.cases,
        "agreed": proof.proven.agreed,
        "lower_bound": proof.proven.lower,
        "measured_cases": proof.cases,
        "needed": proof.needed,
        "missing": missing_cases(evidence),
        "model": None if evidence.model is None else evidence.model.to_json(),
        "evidence_sha256": evidence_checksum(evidence.cases.frame),
        "tool_version": TOOL_VERSION,
    }


def missing_cases(evidence: Evidence) -> int:
    """How many decided cases without an error are missing at least; 0 where there is a threshold."""
    if evidence.proof is None or evidence.proof.missing == 0:
        return 0
    return max(evidence.proof.missing, LEAST_CASES - evidence.judged)


def evidence_checksum(cases: pd.DataFrame) -> str:
    """SHA-256 of the canonical JSON of ``[request, code, sequence of the decision]``, by request;
    a code that stands by a synonym has the sequence 0."""
    rows = zip(cases["key"].to_list(), cases["code"].to_list(), cases["sequence"].to_list(), strict=True)
    return sha256(canonical_json([list(row) for row in rows]).encode("utf-8")).hexdigest()


def threshold_notes(run: StudyRun, ledger: Ledger) -> Iterator[str]:
    """For each dictionary that is coded by score: from which confidence on, or what is missing."""
    outcomes = run.study.outcomes
    if not asks_for_proof(outcomes):
        return
    last = Thresholds.of(ledger, run.study.study).last
    for name in run.dictionaries:
        _, payload = last.get(name, (0, {}))
        if payload:
            yield f"{name}: {threshold_words(payload)}"


def threshold_words(payload: dict[str, Any]) -> str:
    """What a threshold event says, as a sentence."""
    asked = f"{percent(payload['precision'])} agreement with {percent(payload['confidence'])} confidence"
    if payload["threshold"] is None:
        return (
            f"nothing is coded by score: {asked} takes {payload['needed']:,} decided verbatims without an "
            f"error; at least {payload['missing']:,} more are needed"
        )
    return (
        f"coded by score from confidence {payload['threshold']:.4f} on: {asked}, proven on "
        f"{payload['cases']:,} decided verbatims ({payload['agreed']:,} agree)"
    )


def numbered(events: Sequence[NewEvent], begin: int) -> dict[str, int]:
    """Dictionary → the sequence that its new threshold will have, the first event being ``begin``."""
    return {
        str(event.payload["dictionary"]): begin + at
        for at, event in enumerate(events)
        if event.action is Action.SCORE_THRESHOLD_SET
    }
