"""What a count can prove: exact (Clopper–Pearson) limits of a share, and how many cases that takes."""

from __future__ import annotations

import math
from dataclasses import dataclass

#: The confidence of the intervals in every table.
USUAL_CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Rate:
    """A share with its counts and its two-sided 95 % limits, all 0 to 1; of no case it is None."""

    agreed: int
    cases: int
    share: float | None
    low: float | None
    high: float | None


def rate_of(agreed: int, cases: int) -> Rate:
    """The share ``agreed / cases`` with its exact limits, rounded to four digits."""
    if cases == 0:
        return Rate(0, 0, None, None, None)
    low, high = interval(agreed, cases)
    return Rate(agreed, cases, round(agreed / cases, 4), round(low, 4), round(high, 4))


def interval(agreed: int, cases: int, confidence: float = USUAL_CONFIDENCE) -> tuple[float, float]:
    """The two-sided Clopper–Pearson interval.

    >>> [round(limit, 4) for limit in interval(18, 20)]
    [0.683, 0.9877]
    """
    return _limit_below(agreed, cases, (1 - confidence) / 2), 1 - _limit_below(
        cases - agreed, cases, (1 - confidence) / 2
    )


def lower_bound(agreed: int, cases: int, confidence: float = USUAL_CONFIDENCE) -> float:
    """The one-sided Clopper–Pearson lower bound: 0 of no case.

    >>> round(lower_bound(299, 299), 5), round(lower_bound(298, 298), 5)
    (0.99003, 0.99)
    """
    return _limit_below(agreed, cases, 1 - confidence) if cases else 0.0


def cases_needed(precision: float, confidence: float = USUAL_CONFIDENCE) -> int:
    """How many cases without an error prove a precision.

    >>> cases_needed(0.95), cases_needed(0.98), cases_needed(0.99)
    (59, 149, 299)
    """
    needed = max(math.ceil(math.log(1 - confidence) / math.log(precision)) - 1, 1)
    while lower_bound(needed, needed, confidence) < precision:
        needed += 1
    return needed


def _limit_below(agreed: int, cases: int, error: float) -> float:
    from scipy.stats import beta

    if agreed == 0:
        return 0.0
    if agreed == cases:  # beta.ppf, but exact
        return float(error ** (1 / cases))
    return float(beta.ppf(error, agreed, cases - agreed + 1))
