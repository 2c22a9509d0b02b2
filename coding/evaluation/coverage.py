"""How much could be coded without a person at a given precision: as counted, and as proven.

Cases are taken in the order of their cross-validated confidence, the most confident first; cases of
equal confidence are taken whole.

*Counted*: the largest share whose agreement is at least the precision. It may be luck.

*Proven* (fixed-sequence testing): begin at the fewest cases that could prove the precision without an
error, go down step by step, and stop at the first step whose one-sided exact lower bound is below the
precision. The chance that the share goes further than the truth allows is at most 1 − confidence.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from coding.evaluation.intervals import USUAL_CONFIDENCE, cases_needed, lower_bound

#: The precisions that every evaluation reports.
PRECISIONS = (0.95, 0.98, 0.99)

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Reach:
    """Down to ``threshold`` (a confidence) ``cases`` are taken, of which ``agreed`` are right: of all
    cases the share ``share``. ``lower`` is the one-sided bound. Nothing reached: threshold None."""

    threshold: float | None = None
    cases: int = 0
    agreed: int = 0
    share: float = 0.0
    rows: int = 0
    rows_share: float = 0.0
    lower: float | None = None


@dataclass(frozen=True, slots=True)
class Coverage:
    """What one precision allows. ``needed``: cases without an error that would prove it;
    ``without_error``: how many of the most confident cases come before the first error."""

    precision: float
    confidence: float
    cases: int
    rows: int
    counted: Reach
    proven: Reach
    needed: int
    without_error: int

    @property
    def missing(self) -> int:
        """How many cases without an error are missing at least, where nothing is proven."""
        return 0 if self.proven.threshold is not None else max(self.needed - self.without_error, 1)


def coverage(
    confidence: pd.Series,
    agreed: pd.Series,
    rows: pd.Series,
    precision: float,
    certainty: float = USUAL_CONFIDENCE,
) -> Coverage:
    """Of cases with a confidence (NaN: never taken), an outcome (1 or 0) and their count of records.

    >>> says = pd.Series([0.9, 0.8, 0.8, 0.1])
    >>> found = coverage(says, pd.Series([1, 1, 0, 0]), pd.Series([1, 1, 1, 1]), 0.6)
    >>> found.counted.threshold, found.counted.cases, found.counted.share
    (0.8, 3, 0.75)
    """
    steps = _steps(confidence, agreed, rows)
    total, all_rows = len(confidence), int(rows.sum())
    needed = cases_needed(precision, certainty)
    counted = _last(steps["agreed"] >= precision * steps["cases"] - 1e-9)
    proven = _proven(steps, precision, certainty, needed)
    clean = steps.loc[steps["cases"] == steps["agreed"], "cases"]
    return Coverage(
        precision=precision,
        confidence=certainty,
        cases=total,
        rows=all_rows,
        counted=_reach(steps, counted, total, all_rows, certainty),
        proven=_reach(steps, proven, total, all_rows, certainty),
        needed=needed,
        without_error=int(clean.max()) if len(clean) else 0,
    )


def precision_curve(confidence: pd.Series, agreed: pd.Series) -> pd.DataFrame:
    """Every step down: ``threshold, cases, agreed, share, precision`` (floats 0 to 1)."""
    steps = _steps(confidence, agreed, pd.Series(0, index=confidence.index))
    share = steps["cases"] / max(len(confidence), 1)
    return steps.assign(share=share, precision=steps["agreed"] / steps["cases"]).drop(columns="rows")


def _steps(confidence: pd.Series, agreed: pd.Series, rows: pd.Series) -> pd.DataFrame:
    """Cumulative counts down to each distinct confidence, the highest first."""
    frame = pd.DataFrame(
        {
            "threshold": confidence.to_numpy(dtype=np.float64),
            "agreed": agreed.to_numpy(dtype=np.float64),
            "rows": rows.to_numpy(dtype=np.int64),
        }
    ).dropna(subset=["threshold"])
    by_step = frame.groupby("threshold", sort=True).agg(
        cases=("agreed", "size"), agreed=("agreed", "sum"), rows=("rows", "sum")
    )
    return by_step[::-1].cumsum().astype("int64").reset_index()


def _last(holds: pd.Series) -> int:
    found = np.flatnonzero(holds.to_numpy(dtype=bool))
    return int(found[-1]) if len(found) else -1


def _proven(steps: pd.DataFrame, precision: float, certainty: float, needed: int) -> int:
    reached = -1
    pairs = zip(steps["cases"].to_list(), steps["agreed"].to_list(), strict=True)
    for at, (cases, agreed) in enumerate(pairs):
        if cases < needed:
            continue
        if lower_bound(agreed, cases, certainty) < precision:
            break
        reached = at
    return reached


def _reach(steps: pd.DataFrame, at: int, total: int, all_rows: int, certainty: float) -> Reach:
    if at < 0:
        return Reach()
    row = steps.iloc[at]
    cases, agreed, rows = int(row["cases"]), int(row["agreed"]), int(row["rows"])
    return Reach(
        threshold=float(row["threshold"]),
        cases=cases,
        agreed=agreed,
        share=round(cases / total, 4),
        rows=rows,
        rows_share=round(rows / all_rows, 4) if all_rows else 0.0,
        lower=round(lower_bound(agreed, cases, certainty), 4),
    )
