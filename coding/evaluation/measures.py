"""An evaluation: decided cases, cross-validated, and everything that is counted about them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from coding.evaluation.agreement import ALL, Agreement, agreement
from coding.evaluation.answers import class_of_preferred
from coding.evaluation.calibration import Calibration, calibration
from coding.evaluation.cases import Cases
from coding.evaluation.coverage import PRECISIONS, Coverage, coverage
from coding.evaluation.fitting import LEAST_CASES
from coding.evaluation.folds import fold_numbers
from coding.evaluation.held_out import (
    DECIDED_COLUMNS,
    MEASURED,
    CrossValidation,
    Matcher,
    final_model,
    usable_for_fitting,
)
from coding.evaluation.judging import JUDGED_COLUMNS
from coding.matching.confidence import ConfidenceModel
from coding.matching.index import MatchIndex
from coding.records import Progress, fold, silent
from dictionaries.model import Release

#: Version of how things are measured; part of every fingerprint of a kept result.
EVALUATION_VERSION = "1"


@dataclass(frozen=True)
class Evaluation:
    """What was measured on decided cases of one release.

    ``judged``: CASE_COLUMNS, JUDGED_COLUMNS, ``fold`` and ``confidence`` (cross-validated; NaN where
    there is no candidate, or too few cases). ``model`` is for verbatims that nobody decided yet.
    """

    subject: str
    release: Release
    cases: Cases
    judged: pd.DataFrame
    folds: int
    history: bool
    model: ConfidenceModel | None

    @property
    def measured(self) -> pd.DataFrame:
        """The judged cases whose answer names a preferred term (all do, but for faults)."""
        return self.judged[self.judged[MEASURED].notna()]

    @property
    def level_names(self) -> dict[str, str]:
        """``code``, ``preferred`` and ``class`` → the release's own names: LLT, PT, SOC."""
        release = self.release
        names = {"code": release.coding_level, "preferred": release.preferred_level}
        return names | ({"class": release.levels[-1]} if release.upper_levels else {})

    def agreement(self, by: str = "") -> tuple[Agreement, ...]:
        """Agreement of all cases, or by ``domain`` or ``method``. Where the release codes to preferred
        terms, the coding level is that level and is not told twice."""
        same = self.release.coding_level == self.release.preferred_level
        told = agreement(self.judged, by)
        return tuple(
            item for item in told if item.level in self.level_names and not (same and item.level == "code")
        )

    def calibration(self) -> Calibration | None:
        """Of the cases with a confidence; None where it is not measured."""
        usable = self.judged[self.judged["confidence"].notna() & usable_for_fitting(self.judged)]
        return calibration(usable["confidence"], usable[MEASURED])

    def coverage(self, by: str = "") -> dict[str, tuple[Coverage, ...]]:
        """What PRECISIONS allow, for all cases or by ``domain`` or ``method``; {} if not measured."""
        measured = self.measured
        if self.judged["confidence"].isna().all():
            return {}
        groups = measured.groupby(by, sort=True) if by else [(ALL, measured)]
        return {
            str(name): tuple(
                coverage(part["confidence"], part[MEASURED], part["rows"], precision)
                for precision in PRECISIONS
            )
            for name, part in groups
        }

    def to_json(self) -> dict[str, Any]:
        """Everything but the cases themselves, as plain JSON values."""
        calibrated = self.calibration()
        return {
            "subject": self.subject,
            "release": self.release.identity,
            "levels": self.level_names,
            "cases": len(self.judged),
            "rows": int(self.judged["rows"].sum()),
            "cases_sha256": self.cases.fingerprint,
            "left_out": dict(self.cases.counts),
            "not_in_release": len(self.cases.unusable),
            "answered_differently": int(self.cases.inconsistent["key"].nunique()),
            "folds": self.folds,
            "history": self.history,
            "agreement": [_agreement_json(item) for item in self.agreement()],
            "agreement_by_domain": [_agreement_json(item) for item in self.agreement("domain")],
            "agreement_by_method": [_agreement_json(item) for item in self.agreement("method")],
            "calibration": None if calibrated is None else asdict(calibrated),
            "coverage": _coverage_json(self.coverage()),
            "coverage_by_domain": _coverage_json(self.coverage("domain")),
            "coverage_by_method": _coverage_json(self.coverage("method")),
            "confidence_model": None if self.model is None else self.model.to_json(),
        }


def _agreement_json(item: Agreement) -> dict[str, Any]:
    return {**asdict(item), "rows_share": item.rows_share}


def _coverage_json(found: Mapping[str, tuple[Coverage, ...]]) -> dict[str, Any]:
    return {
        name: [{**asdict(item), "missing": item.missing} for item in items] for name, items in found.items()
    }


def cross_validation(
    cases: Cases, index: MatchIndex, matcher: Matcher, synonyms: pd.DataFrame | None, *, history: bool = True
) -> CrossValidation:
    """The cross-validation of decided cases over an index.

    ``synonyms``: DECIDED_COLUMNS, what people decided beyond the cases, or None. With ``history``
    both count as decided before, but for the fold that is asked about.
    """
    frame = cases.frame
    further = frame.iloc[:0] if synonyms is None else synonyms
    folds, further_folds = fold_numbers(frame["folded"].to_list(), further["folded"].to_list(), index.without)
    own = pd.DataFrame(
        {"folded": frame["folded"], "code": codes_for_history(frame, index), "source": frame["source"]}
    )
    columns = list(DECIDED_COLUMNS)
    decided = pd.concat([further[columns].assign(fold=further_folds), own.assign(fold=folds)])
    class_of = class_of_preferred(index.dictionary)
    return CrossValidation(frame, folds, matcher, class_of, decided if history else None)


def codes_for_history(frame: pd.DataFrame, index: MatchIndex) -> pd.Series:
    """The code of each case; where only the preferred term is known, that of the current term which
    stands for it (its own code, or its name), or ""."""
    if (frame["code"] != "").all():
        return frame["code"]
    names = index.dictionary.terms
    names = names[names["level"] == index.dictionary.release.preferred_level]
    named = dict(zip(names["code"], names["text"].map(fold), strict=True))
    stands: dict[str, tuple[bool, str]] = {}
    for row, preferred in enumerate(index.preferred):
        own = index.codes[row] == preferred
        if index.current[row] and (own or index.folded[row] == named.get(preferred)):
            one = (not own, index.codes[row])
            stands[preferred] = min(stands.get(preferred, one), one)
    codes = [
        code or stands.get(preferred, (False, ""))[1]
        for code, preferred in zip(frame["code"], frame["preferred"], strict=True)
    ]
    return pd.Series(codes, index=frame.index, dtype="str")


def judged_cases(validation: CrossValidation, progress: Progress = silent) -> pd.DataFrame:
    """CASE_COLUMNS, JUDGED_COLUMNS, ``fold`` and ``confidence`` of every case, none of whose own
    verbatim had been seen. Below LEAST_CASES no confidence is given: it stays NaN."""
    judged = validation.judged(progress)
    enough = int(usable_for_fitting(judged).sum()) >= LEAST_CASES
    confidence = validation.confidences(judged, progress) if enough else np.nan
    return beside_cases(validation.cases, judged).assign(fold=validation.folds, confidence=confidence)


def beside_cases(cases: pd.DataFrame, judged: pd.DataFrame) -> pd.DataFrame:
    """Cases with what the matcher says about them."""
    said = judged[[name for name in JUDGED_COLUMNS if name != "key"]]
    return pd.concat([cases.reset_index(drop=True), said], axis=1)


def evaluation_of(
    subject: str, release: Release, cases: Cases, judged: pd.DataFrame, *, history: bool = True
) -> Evaluation:
    """The evaluation of judged cases, as :func:`judged_cases` gives them."""
    enough = bool(judged["confidence"].notna().any())
    return Evaluation(
        subject=subject,
        release=release,
        cases=cases,
        judged=judged,
        folds=int(judged["fold"].nunique()),
        history=history,
        model=final_model(judged) if enough else None,
    )


def score_coverage(judged: pd.DataFrame, precision: float, certainty: float) -> Coverage:
    """What a precision allows the outcome ``score``: over the cases that the rules leave to it.

    ``judged``: JUDGED_COLUMNS with ``confidence`` and ``rows``, as :func:`judged_cases` gives them; a
    frame without any row has no need of columns.
    """
    if judged.empty:
        nothing = pd.Series(dtype="float64")
        return coverage(nothing, nothing, nothing, precision, certainty)
    left = judged[judged["by_score"] & judged[MEASURED].notna()]
    return coverage(left["confidence"], left[MEASURED], left["rows"], precision, certainty)
