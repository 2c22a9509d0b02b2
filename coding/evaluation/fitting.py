"""Fit a confidence model on decided cases: a ridge logistic curve that small samples cannot bend.

What is known beforehand is built in: a higher score or lead and a known class never lower the
confidence; a twin, lost or added information and an unsure reading never raise it. The curve is
fitted on all cases; each method then has an offset from it that is drawn to zero, so that methods
with few cases stay near the rate of all. Two made-up cases, one right and one wrong, stand in for
what has not been seen: no number of right cases gives a confidence of 1.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from coding.matching.confidence import (
    FEATURES,
    PARAMETER_DIGITS,
    ConfidenceModel,
    Floats,
    feature_matrix,
    standardised,
)

#: Decided cases from which on a confidence is given at all.
LEAST_CASES = 60
#: Weight of the ridge on every number but the intercept.
RIDGE = 1.0
#: Cases of a method from which on it has an offset of its own.
LEAST_OF_METHOD = 5

_SIGN = {
    "score": 1, "lead": 1, "placed": 1, "clean": 1,
    "twin": -1, "lost": -1, "added": -1, "unsure": -1, "lost_close": -1,
}  # fmt: skip


def fit_confidence(signals: pd.DataFrame, agreed: pd.Series) -> ConfidenceModel:
    """Fit on ``Matches.signals`` of decided cases and whether (bool) people agreed with each.

    The order of the rows does not matter. Raises ValueError without any case.
    """
    if signals.empty:
        raise ValueError("a confidence cannot be fitted on no case at all")
    order = signals["key"].argsort(kind="stable")
    signals, right = signals.iloc[order], agreed.iloc[order].to_numpy(dtype=np.float64)
    features = feature_matrix(signals)
    means = np.round(_means(features), PARAMETER_DIGITS)
    scales = np.round(_scales(features), PARAMETER_DIGITS)
    standard = standardised(features, means, scales)
    curve = np.round(_curve(standard, right), PARAMETER_DIGITS) + 0.0  # no negative zero
    said = curve[0] + standard @ curve[1:]
    return ConfidenceModel(
        intercept=float(curve[0]),
        weights=tuple(curve[1:].tolist()),
        means=tuple(means.tolist()),
        scales=tuple(scales.tolist()),
        methods=_offsets(signals["method"].to_numpy(dtype=object), said, right),
        cases=len(signals),
    )


def _offsets(methods: npt.NDArray[np.object_], said: Floats, right: Floats) -> dict[str, float]:
    """How far each method lies from the curve of all, for those with enough cases."""
    found = {}
    for name in sorted({str(method) for method in methods}):
        own = methods == name
        if own.sum() >= LEAST_OF_METHOD:
            column = np.ones((int(own.sum()), 1))
            offset = _solve(column, right[own], said[own], np.array([RIDGE]), [(None, None)])[0]
            found[name] = float(np.round(offset, PARAMETER_DIGITS) + 0.0)
    return found


def _means(features: Floats) -> Floats:
    given = ~np.isnan(features)
    return np.asarray(np.where(given, features, 0).sum(axis=0) / np.maximum(given.sum(axis=0), 1))


def _scales(features: Floats) -> Floats:
    """Standard deviations; 1 where all cases are the same."""
    given = ~np.isnan(features)
    apart = np.where(given, features - _means(features), 0)
    spread = np.sqrt((apart**2).sum(axis=0) / np.maximum(given.sum(axis=0), 1))
    return np.where(spread > 1e-6, spread, 1.0)


def _curve(standard: Floats, right: Floats) -> Floats:
    """The intercept and the weights of the signals, within their signs."""
    # The two made-up cases are average ones: all signals 0.
    columns = np.vstack([standard, np.zeros((2, standard.shape[1]))])
    columns = np.hstack([np.ones((len(columns), 1)), columns])
    ridge = np.full(columns.shape[1], RIDGE)
    ridge[0] = 0.0
    limits = {1: (0.0, None), -1: (None, 0.0), 0: (None, None)}
    bounds = [limits[0], *(limits[_SIGN.get(name, 0)] for name in FEATURES)]
    return _solve(columns, np.concatenate([right, [1.0, 0.0]]), np.zeros(len(columns)), ridge, bounds)


def _solve(
    columns: Floats,
    right: Floats,
    base: Floats,
    ridge: Floats,
    bounds: Sequence[tuple[float | None, float | None]],
) -> Floats:
    """The weights with the least penalised log loss, beside ``base``, within their bounds."""
    from scipy.optimize import minimize

    def loss(weights: Floats) -> tuple[float, Floats]:
        total = base + columns @ weights
        value = np.logaddexp(0, total).sum() - right @ total + (ridge * weights**2).sum() / 2
        chance = 1 / (1 + np.exp(-np.clip(total, -500, 500)))
        return float(value), np.asarray(columns.T @ (chance - right) + ridge * weights)

    options = {"maxiter": 2_000, "ftol": 1e-15, "gtol": 1e-9}
    start = np.zeros(columns.shape[1])
    return np.asarray(minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options).x)
