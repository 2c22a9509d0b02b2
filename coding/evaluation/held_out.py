"""Cross-validation: every case is matched and judged without its own verbatim ever having been seen.

With history the cases of the other folds count as decided before. The confidence of a case comes
from a model that was fitted on cases of other folds, whose own signals came about without the case's
fold either: for each pair of folds both are matched with what is left.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pandas as pd

from coding.evaluation.fitting import fit_confidence
from coding.evaluation.judging import judge, requests_of_cases
from coding.matching.confidence import ConfidenceModel
from coding.matching.engine import Matches
from coding.records import NO_TERM, Progress, silent

#: Requests and what was decided before (``folded, code, source``, or None) → matches.
Matcher = Callable[[pd.DataFrame, pd.DataFrame | None], Matches]

Flags = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

DECIDED_COLUMNS = ("folded", "code", "source")
#: The level on which a confidence is measured: what is analysed. Where a release codes to preferred
#: terms, it is the coding level too.
MEASURED = "agree_preferred"


@dataclass(frozen=True)
class CrossValidation:
    """Decided cases with their folds, and how they are matched.

    ``cases``: CASE_COLUMNS, sorted by key; ``folds``: the fold of each. ``decided``: what people
    decided, case by case and beyond, DECIDED_COLUMNS and ``fold``; None to match without history.
    """

    cases: pd.DataFrame
    folds: Ints
    matcher: Matcher
    class_of: Mapping[str, str]
    decided: pd.DataFrame | None

    def judged(self, progress: Progress = silent, wanted: Flags | None = None) -> pd.DataFrame:
        """JUDGED_COLUMNS of each case (or those ``wanted``), matched without the cases of its fold."""
        stage = "match without the own fold"
        chosen = np.ones(len(self.cases), dtype=bool) if wanted is None else wanted
        if self.decided is None:
            return self._judge(chosen, ())
        parts = []
        numbers = np.unique(self.folds[chosen])
        for done, number in enumerate(numbers):
            progress(stage, done, len(numbers))
            parts.append(self._judge(chosen & (self.folds == number), (int(number),)))
        progress(stage, len(numbers), len(numbers))
        return _in_order(parts, self.cases.loc[chosen, "key"])

    def confidences(self, judged: pd.DataFrame, progress: Progress = silent) -> pd.Series:
        """The confidence of each judged case (all cases), NaN where there is no candidate."""
        found = pd.Series(np.nan, index=judged.index, dtype="float64")
        without = self._without_pairs(judged, progress)
        for number in np.unique(self.folds):
            rest = without(int(number))
            fitting = rest[usable_for_fitting(rest)]
            own = (self.folds == number) & judged["score"].notna().to_numpy()
            if len(fitting) and own.any():
                model = fit_confidence(fitting, fitting[MEASURED].astype(bool))
                found[own] = model.of(judged[own])
        return found

    def _without_pairs(self, judged: pd.DataFrame, progress: Progress) -> Callable[[int], pd.DataFrame]:
        """For a fold: the cases of the others, matched without that fold too."""
        if self.decided is None:
            return lambda number: judged[self.folds != number]
        stage = "match without pairs of folds"
        pairs = list(combinations(np.unique(self.folds).tolist(), 2))
        parts: dict[int, list[pd.DataFrame]] = {}
        for done, (one, other) in enumerate(pairs):
            progress(stage, done, len(pairs))
            both = np.isin(self.folds, (one, other))
            found = self._judge(both, (one, other))
            of_one = self.folds[both] == one
            parts.setdefault(one, []).append(found[~of_one])
            parts.setdefault(other, []).append(found[of_one])
        progress(stage, len(pairs), len(pairs))
        return lambda number: pd.concat(parts.get(number, [judged.iloc[:0]]), ignore_index=True)

    def _judge(self, asked: Flags, unseen: tuple[int, ...]) -> pd.DataFrame:
        cases = self.cases[asked].reset_index(drop=True)
        decided = self.decided
        if decided is not None:
            decided = decided_once(decided[~decided["fold"].isin(unseen)])
        return judge(cases, self.matcher(requests_of_cases(cases), decided), self.class_of)


def decided_once(decided: pd.DataFrame) -> pd.DataFrame:
    """What people decided as the matcher takes it: DECIDED_COLUMNS, a row per folded verbatim, sorted.

    "No term" says nothing about other verbatims, and verbatims that were decided differently (in
    other contexts or domains) say nothing certain: both are left out.
    """
    coded = decided[(decided["code"] != "") & (decided["code"] != NO_TERM.code)]
    found = coded.drop_duplicates(["folded", "code"])
    found = found[~found["folded"].duplicated(keep=False)]
    return found.sort_values("folded", ignore_index=True)[list(DECIDED_COLUMNS)]


def usable_for_fitting(judged: pd.DataFrame) -> pd.Series:
    """Cases with a candidate, and an answer that says whether it is right."""
    return judged["score"].notna() & judged[MEASURED].notna()


def final_model(judged: pd.DataFrame) -> ConfidenceModel | None:
    """The model for verbatims that nobody has decided yet, fitted on all judged cases."""
    usable = judged[usable_for_fitting(judged)]
    return fit_confidence(usable, usable[MEASURED].astype(bool)) if len(usable) else None


def _in_order(parts: list[pd.DataFrame], keys: pd.Series) -> pd.DataFrame:
    found = pd.concat(parts, ignore_index=True).set_index("key")
    return found.loc[keys.to_list()].reset_index()
