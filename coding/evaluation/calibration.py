"""Whether confidences mean what they say: Brier score, calibration error, the reliability table."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from coding.evaluation.intervals import Rate, rate_of
from coding.matching.confidence import Floats

#: Bins of the reliability table, each with at least so many cases.
MOST_BINS, LEAST_IN_BIN = 10, 20


@dataclass(frozen=True, slots=True)
class Bin:
    """Cases of neighbouring confidence: their mean confidence, and how many were right."""

    lowest: float
    highest: float
    confidence: float
    observed: Rate


@dataclass(frozen=True, slots=True)
class Calibration:
    """``brier``: mean squared distance of confidence and outcome, 0 is best. ``brier_of_rate``: the
    same for one who always says the overall rate. ``error``: expected calibration error. Four digits."""

    cases: int
    brier: float
    brier_of_rate: float
    error: float
    bins: tuple[Bin, ...]


def calibration(confidence: pd.Series, agreed: pd.Series) -> Calibration | None:
    """Of cases with a confidence (0 to 1) and an outcome (1 or 0); None without any.

    Bins have equal counts, as near as that goes; equal confidences are kept together.
    """
    if confidence.empty:
        return None
    order = np.argsort(confidence.to_numpy(), kind="stable")
    said = confidence.to_numpy(dtype=np.float64)[order]
    right = agreed.to_numpy(dtype=np.float64)[order]
    bins = tuple(_bin(said[begin:end], right[begin:end]) for begin, end in _edges(said))
    apart = sum(
        item.observed.cases * abs(item.confidence - item.observed.agreed / item.observed.cases)
        for item in bins
    )
    rate = right.mean()
    return Calibration(
        cases=len(said),
        brier=round(float(((said - right) ** 2).mean()), 4),
        brier_of_rate=round(float(rate * (1 - rate)), 4),
        error=round(float(apart / len(said)), 4),
        bins=bins,
    )


def _edges(said: Floats) -> list[tuple[int, int]]:
    count = max(min(MOST_BINS, len(said) // LEAST_IN_BIN), 1)
    wanted = np.linspace(0, len(said), count + 1).round().astype(int)[1:-1]
    # An edge within equal confidences moves to their end.
    moved = [int(np.searchsorted(said, said[edge - 1], side="right")) for edge in wanted]
    edges = sorted({0, *moved, len(said)})
    return list(pairwise(edges))


def _bin(said: Floats, right: Floats) -> Bin:
    return Bin(
        lowest=float(said[0]),
        highest=float(said[-1]),
        confidence=round(float(said.mean()), 4),
        observed=rate_of(int(right.sum()), len(said)),
    )
