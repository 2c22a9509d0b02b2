"""The model of confidence, how it is fitted, and whether it means what it says."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coding.evaluation.calibration import Bin, calibration
from coding.evaluation.fitting import fit_confidence
from coding.evaluation.intervals import rate_of
from coding.matching.confidence import FEATURES, SIGNALS, ConfidenceModel, feature_matrix

MODEL = ConfidenceModel(
    intercept=0.5,
    weights=(2.0, 1.0, 0.1, -0.5, -0.25, 0.0, -0.2, 0.3, -0.1),
    means=(0.7, 0.15, 0.5, 0.1, 0.3, 0.2, 0.2, 0.4, 0.05),
    scales=(0.2, 0.1, 0.5, 0.3, 0.5, 0.4, 0.4, 0.5, 0.1),
    methods={"exact": 1.0, "score": -0.5},
    cases=80,
)


def signals(rows: list[tuple[str, float, float, bool, bool, bool, bool]]) -> pd.DataFrame:
    """Signals with the keys k000, k001 … of candidates whose class is known."""
    names = ["method", "score", "margin", "twin", "lost", "added", "unsure"]
    frame = pd.DataFrame(rows, columns=names)
    return frame.assign(key=[f"k{at:03d}" for at in range(len(rows))], placed=True)


def test_a_confidence_worked_out_by_hand() -> None:
    found = MODEL.of(signals([("exact", 0.9, 0.3, True, False, False, False)]))
    # 0.5 + 2·1 + 1·1 + 0.1·1 − 0.5·3 + 0.25·0.6 + 0 + 0.2·0.5 − 0.3·0.8 + 0.1·0.5 + 1 = 3.16
    assert found.tolist() == [round(1 / (1 + np.exp(-3.16)), 4)] == [0.9593]


def test_a_clean_candidate_has_a_lead_and_no_doubt() -> None:
    rows = [
        ("score", 0.9, 0.3, False, False, False, False),
        ("score", 0.9, 0.04, False, False, False, False),
        ("score", 0.9, 0.3, False, True, False, False),
        ("score", 0.9, 0.1, False, True, False, True),
    ]
    found = pd.DataFrame(feature_matrix(signals(rows)), columns=list(FEATURES))
    assert found["lead"].tolist() == [0.25, 0.04, 0.25, 0.1]
    assert found["clean"].tolist() == [1.0, 0.0, 0.0, 0.0]
    assert found["lost_close"].round(4).tolist() == [0.0, 0.0, 0.0, 0.15]


def test_signals_that_are_not_given_count_as_average_ones() -> None:
    nothing = signals([("unheard of", np.nan, np.nan, False, False, False, False)])
    nothing[list(SIGNALS)] = np.nan
    assert MODEL.of(nothing).tolist() == [round(1 / (1 + np.exp(-0.5)), 4)] == [0.6225]


def test_no_signals_give_no_confidences() -> None:
    assert MODEL.of(signals([])).tolist() == []


def test_a_model_travels_as_json() -> None:
    text = json.dumps(MODEL.to_json(), sort_keys=True)
    again = ConfidenceModel.from_json(json.loads(text))
    assert again == MODEL
    assert json.dumps(again.to_json(), sort_keys=True) == text


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"intercept": float("nan")},
        {"scales": {**MODEL.to_json()["scales"], "score": 0.0}},
        {"weights": {"score": 1.0}},
        {"more": 1},
    ],
)
def test_other_numbers_are_no_model(change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        ConfidenceModel.from_json({**MODEL.to_json(), **change})


floats = st.floats(0, 1, allow_nan=False)
rows = st.tuples(
    st.sampled_from(["exact", "normalised", "score"]),
    floats, floats, st.booleans(), st.booleans(), st.booleans(), st.booleans(),
)  # fmt: skip


@given(st.lists(st.tuples(rows, st.booleans()), min_size=1, max_size=40), rows, floats)
def test_a_higher_score_never_lowers_the_confidence(
    cases: list[tuple[tuple[str, float, float, bool, bool, bool, bool], bool]],
    asked: tuple[str, float, float, bool, bool, bool, bool],
    higher: float,
) -> None:
    frame = signals([row for row, _ in cases])
    model = fit_confidence(frame, pd.Series([right for _, right in cases]))
    one = signals([asked])
    other = one.assign(score=np.maximum(one["score"], higher))
    worse = one.assign(lost=True, added=True, twin=True, unsure=True)
    assert model.of(other)[0] >= model.of(one)[0] >= model.of(worse)[0]
    assert 0 < model.of(one)[0] < 1


def fitted(agreed: list[bool], method: str = "score") -> ConfidenceModel:
    frame = signals([(method, 0.2 + at / 100, 0.1, False, False, False, False) for at in range(len(agreed))])
    return fit_confidence(frame, pd.Series(agreed))


def test_no_number_of_right_cases_gives_certainty() -> None:
    frame = signals([("score", 0.9, 0.5, False, False, False, False)] * 60)
    model = fit_confidence(frame, pd.Series([True] * 60))
    assert 0.97 < model.of(frame)[0] < 0.995


def test_the_order_of_the_cases_does_not_matter() -> None:
    frame = signals(
        [("score", at / 80, 0.1, at % 7 == 0, at % 3 == 0, False, at % 5 == 0) for at in range(80)]
    )
    right = pd.Series([at > 30 for at in range(80)])
    turned = fit_confidence(frame[::-1].reset_index(drop=True), right[::-1].reset_index(drop=True))
    assert turned == fit_confidence(frame, right)


def test_a_rare_method_stays_near_the_rate_of_all() -> None:
    many = [("score", 0.8, 0.2, False, False, False, False)] * 60
    few = [("normalised", 0.8, 0.2, False, False, False, False)] * 4
    some = [("normalised", 0.8, 0.2, False, False, False, False)] * 6
    right = [at % 4 != 0 for at in range(60)]
    asked = signals([("normalised", 0.8, 0.2, False, False, False, False)])
    of_few = fit_confidence(signals(many + few), pd.Series(right + [False] * 4))
    assert "normalised" not in of_few.methods
    of_some = fit_confidence(signals(many + some), pd.Series(right + [False] * 6))
    # Six wrong ones lower it, but far from to nothing.
    assert 0.2 < of_some.of(asked)[0] < 0.6 < of_few.of(asked)[0] < 0.75
    assert 45 / 64 - 0.02 < of_few.of(asked)[0] < 45 / 64


def test_what_separates_right_from_wrong_is_found() -> None:
    model = fitted([False] * 30 + [True] * 30)
    low, high = model.of(
        signals([("score", score, 0.1, False, False, False, False) for score in (0.25, 0.75)])
    )
    assert low < 0.1
    assert high > 0.9


def test_nothing_can_be_fitted_on_nothing() -> None:
    with pytest.raises(ValueError, match="no case at all"):
        fit_confidence(signals([]), pd.Series([], dtype=bool))


def test_a_model_keeps_how_many_cases_it_rests_on() -> None:
    assert fitted([True, False] * 40).cases == 80
    assert replace(MODEL, cases=0).of(signals([])).size == 0


def test_calibration_worked_out_by_hand() -> None:
    says = pd.Series([0.25] * 20 + [0.75] * 20)
    right = pd.Series([1.0] * 4 + [0.0] * 16 + [1.0] * 16 + [0.0] * 4)
    found = calibration(says, right)
    assert found is not None
    assert found.bins == (
        Bin(0.25, 0.25, 0.25, rate_of(4, 20)),
        Bin(0.75, 0.75, 0.75, rate_of(16, 20)),
    )
    assert (found.brier, found.brier_of_rate, found.error, found.cases) == (0.1625, 0.25, 0.05, 40)


def test_equal_confidences_share_a_bin() -> None:
    found = calibration(pd.Series([0.5] * 100), pd.Series([1.0, 0.0] * 50))
    assert found is not None
    assert [item.observed.cases for item in found.bins] == [100]


def test_few_cases_give_one_bin_and_none_gives_nothing() -> None:
    found = calibration(pd.Series([0.1, 0.9]), pd.Series([0.0, 1.0]))
    assert found is not None
    assert found.bins == (Bin(0.1, 0.9, 0.5, rate_of(1, 2)),)
    assert calibration(pd.Series(dtype="float64"), pd.Series(dtype="float64")) is None


@given(st.lists(st.tuples(floats, st.booleans()), min_size=1, max_size=200))
def test_bins_hold_every_case_in_order(cases: list[tuple[float, bool]]) -> None:
    found = calibration(
        pd.Series([says for says, _ in cases]), pd.Series([float(right) for _, right in cases])
    )
    assert found is not None
    assert sum(item.observed.cases for item in found.bins) == len(cases)
    edges = [edge for item in found.bins for edge in (item.lowest, item.highest)]
    assert edges == sorted(edges)
    assert 0 <= found.error <= 1
