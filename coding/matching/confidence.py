"""How often the best candidate of a verbatim is right, as decided cases have shown.

A model is plain numbers: a logistic curve over a few signals of the best candidate, with an offset
for each method. It is fitted in :mod:`coding.evaluation.fitting`, can stand in the ledger as JSON,
and needs numpy alone to be used.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]

#: What is said of the best candidate (:mod:`coding.matching.signals`).
SIGNALS = ("score", "margin", "placed", "twin", "lost", "added", "unsure")
#: What the curve is over: the lead (the margin, as far as it says anything), ``clean`` for a candidate
#: with a lead and without any doubt, and lost information where the lead is small, counted apart.
FEATURES = ("score", "lead", "placed", "twin", "lost", "added", "unsure", "clean", "lost_close")
#: A larger margin says nothing further; a smaller one than the second leaves a doubt.
MOST_LEAD, LEAST_LEAD = 0.25, 0.05
#: Version of the meaning of the numbers.
MODEL_VERSION = 1
#: A signal counts as at most so many standard deviations from its mean: further out nothing was seen.
MOST_APART = 5.0
#: Digits of a confidence, and of the numbers of a model, so that machines agree.
CONFIDENCE_DIGITS, PARAMETER_DIGITS = 4, 6

_FIELDS = {"version", "intercept", "weights", "means", "scales", "methods", "cases"}


def feature_matrix(signals: pd.DataFrame) -> Floats:
    """The signals as numbers, cases × FEATURES; NaN where one is not given."""
    given = {name: signals[name].to_numpy(dtype=np.float64, na_value=np.nan) for name in SIGNALS}
    lead = np.clip(given["margin"], 0, MOST_LEAD)
    doubts = given["twin"] + given["lost"] + given["added"] + given["unsure"]
    known = ~np.isnan(doubts + lead)
    clean = np.where(known, (doubts == 0) & (lead >= LEAST_LEAD), np.nan)
    columns = given | {"lead": lead, "clean": clean, "lost_close": given["lost"] * (MOST_LEAD - lead)}
    return np.column_stack([columns[name] for name in FEATURES])


def standardised(features: Floats, means: Floats, scales: Floats) -> Floats:
    """Features in standard deviations from their mean, at most MOST_APART; 0 where one is not given."""
    return np.asarray(np.clip(np.nan_to_num((features - means) / scales), -MOST_APART, MOST_APART))


@dataclass(frozen=True, slots=True)
class ConfidenceModel:
    """The numbers of a model. ``weights``, ``means`` and ``scales`` are in the order of FEATURES,
    ``methods`` holds the offset of each method that was seen often enough; ``cases`` says how many
    decided cases it was fitted on."""

    intercept: float
    weights: tuple[float, ...]
    means: tuple[float, ...]
    scales: tuple[float, ...]
    methods: Mapping[str, float]
    cases: int

    def of(self, signals: pd.DataFrame) -> Floats:
        """The confidence (0 to 1, four digits) of each row of ``Matches.signals``.

        A signal that is not given counts as that of an average case.
        """
        standard = standardised(feature_matrix(signals), np.array(self.means), np.array(self.scales))
        # Summed feature by feature: a matrix product may round differently on another machine.
        total = np.full(len(signals), self.intercept)
        for number, weight in enumerate(self.weights):
            total += weight * standard[:, number]
        total += np.array([self.methods.get(str(name), 0.0) for name in signals["method"]], dtype=np.float64)
        chance = np.round(1 / (1 + np.exp(-np.clip(total, -40, 40))), CONFIDENCE_DIGITS)
        least = 10.0**-CONFIDENCE_DIGITS  # nothing is certain, either way
        return np.asarray(np.clip(chance, least, 1 - least), dtype=np.float64)

    def to_json(self) -> dict[str, Any]:
        """The model as plain JSON values; equal models give equal values."""
        return {
            "version": MODEL_VERSION,
            "intercept": self.intercept,
            "weights": dict(zip(FEATURES, self.weights, strict=True)),
            "means": dict(zip(FEATURES, self.means, strict=True)),
            "scales": dict(zip(FEATURES, self.scales, strict=True)),
            "methods": dict(sorted(self.methods.items())),
            "cases": self.cases,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """The model that :meth:`to_json` wrote. Raises ValueError for anything else."""
        if set(data) != _FIELDS or data["version"] != MODEL_VERSION:
            raise ValueError("not the numbers of a confidence model of this version")
        columns: dict[str, tuple[float, ...]] = {}
        for name in ("weights", "means", "scales"):
            if set(data[name]) != set(FEATURES):
                raise ValueError(f"{name}: not the signals of this version")
            columns[name] = tuple(float(data[name][feature]) for feature in FEATURES)
        methods = {str(name): float(value) for name, value in data["methods"].items()}
        model = cls(
            intercept=float(data["intercept"]),
            weights=columns["weights"],
            means=columns["means"],
            scales=columns["scales"],
            methods=methods,
            cases=int(data["cases"]),
        )
        numbers = (model.intercept, *model.weights, *model.means, *model.scales, *methods.values())
        if not all(map(math.isfinite, numbers)) or min(model.scales) <= 0:
            raise ValueError("a confidence model holds finite numbers, and scales above zero")
        return model
