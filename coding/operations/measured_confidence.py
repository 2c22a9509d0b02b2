"""The confidence of a study's suggestions, and how far a score may settle: both from decided cases.

What was judged is kept in the workspace's cache under a fingerprint of all it depends on: a run
without new decisions measures nothing anew.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

import numpy as np
import pandas as pd

from coding import TOOL_VERSION
from coding.evaluation.cases import Cases
from coding.evaluation.coverage import Coverage
from coding.evaluation.fitting import LEAST_CASES
from coding.evaluation.held_out import (
    CrossValidation,
    Matcher,
    decided_once,
    final_model,
    usable_for_fitting,
)
from coding.evaluation.measures import (
    EVALUATION_VERSION,
    beside_cases,
    cross_validation,
    judged_cases,
    score_coverage,
)
from coding.matching.confidence import ConfidenceModel
from coding.matching.engine import Matches, MatchRules, match_requests
from coding.operations.decided_answers import LedgerTables, study_cases, synonyms_decided
from coding.operations.matching_tools import MatchingTools
from coding.operations.study_run import StudyRun
from coding.records import Progress, canonical_json, fold, silent
from coding.study import Outcomes
from schemas.tables import alone_in, read_parquet, text_frame, write_parquet
from schemas.vocabulary import Outcome

SYNONYM_COLUMNS = ("folded", "context", "code", "text", "scope")
#: As many cases as a model is fitted on where nothing else is measured; more would change nothing
#: but the time it takes.
MOST_FITTED = 3_000


@dataclass(frozen=True)
class Evidence:
    """What decided cases say for one dictionary of a study.

    ``decided``: DECIDED_COLUMNS for the matcher, or None where nobody decided anything; ``model``:
    None below LEAST_CASES; ``proof``: None unless the study lets a score settle by proof.
    """

    cases: Cases | None = None
    decided: pd.DataFrame | None = None
    model: ConfidenceModel | None = None
    proof: Coverage | None = None
    judged: int = 0

    @property
    def threshold(self) -> float | None:
        """The confidence from which on a score may settle, or None."""
        return None if self.proof is None else self.proof.proven.threshold


def asks_for_proof(outcomes: Outcomes) -> bool:
    """Whether a score settles in this study, by proof only."""
    return outcomes.score is not Outcome.CANDIDATE and outcomes.score_precision is not None


def measuring_matcher(tools: MatchingTools, outcomes: Outcomes, do_not_autocode: frozenset[str]) -> Matcher:
    """Matches as the study does, but without synonyms (answers, here) and with every score settling,
    so that it shows which requests the rules leave to the score."""
    nothing = text_frame({name: [] for name in SYNONYM_COLUMNS})
    told = outcomes.model_copy(
        update={"score": Outcome.NEEDS_APPROVAL, "score_minimum": 0.0, "score_precision": None}
    )
    rules = MatchRules(
        do_not_autocode=do_not_autocode, synonyms=nothing, outcomes=told, further=tools.further
    )

    def match(requests: pd.DataFrame, decided: pd.DataFrame | None) -> Matches:
        return match_requests(requests, tools.index, replace(rules, decided=decided), silent)

    return match


@dataclass(frozen=True)
class StudyMeasuring:
    """Decided cases of one dictionary of a study, and how they are measured."""

    run: StudyRun
    tools: MatchingTools
    cases: Cases
    synonyms: pd.DataFrame
    do_not_autocode: frozenset[str]

    @classmethod
    def of(
        cls, run: StudyRun, tools: MatchingTools, tables: LedgerTables, requests: pd.DataFrame
    ) -> StudyMeasuring:
        """Gather them from the ledger's tables and the extract's requests."""
        return cls(
            run=run,
            tools=tools,
            cases=study_cases(tools.index.dictionary, tables, requests),
            synonyms=synonyms_decided(tools.index.dictionary, tables.synonyms),
            do_not_autocode=frozenset(fold(item) for item in run.study.do_not_autocode),
        )

    def validation(self, *, history: bool = True) -> CrossValidation:
        """The cross-validation of the cases."""
        matcher = measuring_matcher(self.tools, self.run.study.outcomes, self.do_not_autocode)
        return cross_validation(self.cases, self.tools.index, matcher, self.synonyms, history=history)

    def judged(self, progress: Progress = silent, *, history: bool = True) -> pd.DataFrame:
        """Every case with its cross-validated confidence, from the cache where it is there."""
        kind = "measured" if history else "without-history"
        return self._kept(kind, lambda: judged_cases(self.validation(history=history), progress))

    def fitted_on(self, progress: Progress = silent) -> pd.DataFrame:
        """The judged cases that a model needs, without their confidence: quicker than all of that."""
        return self._kept("fitted", lambda: self._sample(progress))

    def _sample(self, progress: Progress) -> pd.DataFrame:
        frame = self.cases.frame
        wanted = np.zeros(len(frame), dtype=bool)
        wanted[:MOST_FITTED] = True  # sorted by their keys, which are hashes: a fair choice
        judged = self.validation().judged(progress, wanted)
        return beside_cases(frame[wanted], judged)

    def _kept(self, kind: str, make: Callable[[], pd.DataFrame]) -> pd.DataFrame:
        folder = self.run.workspace.cache / "evaluation" / self.run.study.study
        name = "".join(
            letter if letter.isalnum() else "_" for letter in self.tools.index.dictionary.release.name
        )
        path = folder / f"{name}-{kind}-{self._fingerprint()[:32]}.parquet"
        if path.exists():
            return read_parquet(path)
        found = make()
        # Evaluations do not hold the study: one may run beside a run.
        with alone_in(folder):
            write_parquet(found, path)
            for old in folder.glob(f"{name}-{kind}-*.parquet"):
                if old != path:
                    old.unlink(missing_ok=True)
        return found

    def _fingerprint(self) -> str:
        outcomes = self.run.study.outcomes.model_dump(mode="json")
        parts: list[Any] = [
            EVALUATION_VERSION,
            TOOL_VERSION,
            self.tools.fingerprint,
            self.cases.fingerprint,
            [self.synonyms[name].to_list() for name in self.synonyms.columns],
            sorted(self.do_not_autocode),
            {name: value for name, value in outcomes.items() if not name.startswith("score")},
        ]
        return sha256(canonical_json(parts).encode("utf-8")).hexdigest()


def gather_evidence(
    run: StudyRun, tools: MatchingTools, tables: LedgerTables, requests: pd.DataFrame, progress: Progress
) -> Evidence:
    """What people decided, the model fitted on it, and what it proves about the score."""
    measuring = StudyMeasuring.of(run, tools, tables, requests)
    outcomes, cases = run.study.outcomes, measuring.cases
    if cases.frame.empty and measuring.synonyms.empty and not asks_for_proof(outcomes):
        return Evidence(cases)
    validation = measuring.validation()
    decided = decided_once(validation.decided) if validation.decided is not None else None
    found = Evidence(cases, decided if decided is not None and len(decided) else None)
    if asks_for_proof(outcomes) and outcomes.score_precision is not None:
        judged = measuring.judged(progress) if len(cases.frame) else cases.frame
        proof = score_coverage(judged, outcomes.score_precision, outcomes.score_confidence)
        return replace(found, model=_model(judged), proof=proof, judged=len(judged))
    if len(cases.frame) < LEAST_CASES:
        return found
    return replace(found, model=_model(measuring.fitted_on(progress)))


def _model(judged: pd.DataFrame) -> ConfidenceModel | None:
    """The model where enough cases have a candidate and an answer."""
    if len(judged) < LEAST_CASES:
        return None
    return final_model(judged) if int(usable_for_fitting(judged).sum()) >= LEAST_CASES else None
