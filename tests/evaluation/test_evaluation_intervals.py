"""Exact limits of a share, and what is proven by how many cases."""

from __future__ import annotations

import math

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coding.evaluation.coverage import Coverage, Reach, coverage, precision_curve
from coding.evaluation.intervals import Rate, cases_needed, interval, lower_bound, rate_of


def at_least(agreed: int, cases: int, share: float) -> float:
    """The chance of so many or more, case by case."""
    return sum(
        math.comb(cases, count) * share**count * (1 - share) ** (cases - count)
        for count in range(agreed, cases + 1)
    )


def test_limits_that_stand_in_textbooks() -> None:
    assert interval(18, 20) == pytest.approx((0.6830173, 0.9876515), abs=1e-7)
    assert interval(0, 10) == pytest.approx((0.0, 0.3084971), abs=1e-7)
    assert interval(10, 10) == pytest.approx((0.6915029, 1.0), abs=1e-7)


@given(st.integers(1, 60).flatmap(lambda cases: st.tuples(st.integers(1, cases), st.just(cases))))
def test_the_lower_bound_is_where_the_count_becomes_unlikely(pair: tuple[int, int]) -> None:
    agreed, cases = pair
    bound = lower_bound(agreed, cases)
    assert at_least(agreed, cases, bound) == pytest.approx(0.05, abs=1e-9)
    assert bound <= agreed / cases
    low, high = interval(agreed, cases)
    assert low <= agreed / cases <= high


@pytest.mark.parametrize(("precision", "needed"), [(0.95, 59), (0.98, 149), (0.99, 299), (0.5, 5)])
def test_cases_without_an_error_that_prove_a_precision(precision: float, needed: int) -> None:
    assert cases_needed(precision) == needed
    assert lower_bound(needed, needed) >= precision > lower_bound(needed - 1, needed - 1)


def test_a_share_of_nothing_is_no_share() -> None:
    assert rate_of(0, 0) == Rate(0, 0, None, None, None)
    assert rate_of(18, 20) == Rate(18, 20, 0.9, 0.683, 0.9877)
    assert lower_bound(0, 0) == 0.0


def frame_of(steps: list[tuple[float, int, int]]) -> tuple[pd.Series, pd.Series]:
    """Confidences and outcomes from (confidence, right, wrong)."""
    says = [says for says, right, wrong in steps for _ in range(right + wrong)]
    outcome = [one for _, right, wrong in steps for one in [1] * right + [0] * wrong]
    return pd.Series(says, dtype="float64"), pd.Series(outcome, dtype="float64")


def covered(steps: list[tuple[float, int, int]], precision: float) -> Coverage:
    says, outcome = frame_of(steps)
    return coverage(says, outcome, pd.Series(2, index=says.index), precision)


def test_59_cases_without_an_error_prove_95_percent() -> None:
    found = covered([(0.9, 59, 0), (0.2, 0, 41)], 0.95)
    assert found.proven == Reach(0.9, 59, 59, 0.59, 118, 0.59, 0.9505)
    assert found.counted == Reach(0.9, 59, 59, 0.59, 118, 0.59, 0.9505)
    assert (found.needed, found.without_error, found.missing) == (59, 59, 0)


def test_58_cases_without_an_error_prove_nothing() -> None:
    found = covered([(0.9, 58, 0), (0.2, 0, 42)], 0.95)
    assert found.proven == Reach()
    assert found.counted.cases == 58
    assert (found.without_error, found.missing) == (58, 1)


def test_equal_confidences_are_taken_whole() -> None:
    found = covered([(0.9, 60, 0), (0.8, 30, 30)], 0.95)
    assert (found.proven.threshold, found.proven.cases) == (0.9, 60)
    tied = covered([(0.9, 60, 4)], 0.95)
    assert tied.proven == Reach()
    assert (tied.counted.cases, tied.without_error, tied.missing) == (0, 0, 59)


def test_the_proof_stops_at_its_first_failure_whatever_comes_after() -> None:
    steps = [(0.9, 59, 0), (0.8, 1, 1), (0.7, 900, 0)]
    found = covered(steps, 0.95)
    assert (found.proven.threshold, found.proven.cases) == (0.9, 59)
    # What is counted goes on: 960 of 961 agree.
    assert (found.counted.threshold, found.counted.agreed, found.counted.cases) == (0.7, 960, 961)


def test_an_error_before_the_proof_can_begin_is_counted_in() -> None:
    found = covered([(0.9, 0, 1), (0.8, 200, 0)], 0.95)
    # The first step with 59 cases is the one with 201, of which 200 agree.
    assert (found.proven.cases, found.proven.agreed, found.proven.lower) == (201, 200, 0.9766)


def test_cases_without_a_confidence_are_never_taken() -> None:
    says = pd.Series([0.9] * 59 + [float("nan")] * 41)
    found = coverage(says, pd.Series([1.0] * 100), pd.Series([1] * 100), 0.95)
    assert (found.cases, found.proven.cases, found.proven.share) == (100, 59, 0.59)
    nothing = coverage(says * float("nan"), says, pd.Series([1] * 100), 0.95)
    assert (nothing.counted, nothing.proven, nothing.missing) == (Reach(), Reach(), 59)


outcomes = st.lists(st.tuples(st.sampled_from([0.1, 0.3, 0.5, 0.7, 0.9]), st.booleans()), max_size=120)


@given(outcomes, st.sampled_from([0.5, 0.8, 0.9]))
def test_coverage_is_what_counting_by_hand_gives(cases: list[tuple[float, bool]], precision: float) -> None:
    says = pd.Series([one for one, _ in cases], dtype="float64")
    right = pd.Series([float(two) for _, two in cases], dtype="float64")
    found = coverage(says, right, pd.Series(1, index=says.index), precision)
    largest, proven = 0, 0
    open_ = True
    for threshold in sorted(set(says), reverse=True):
        taken = right[says >= threshold]
        if taken.mean() >= precision - 1e-9:
            largest = len(taken)
        if open_ and len(taken) >= cases_needed(precision):
            open_ = lower_bound(int(taken.sum()), len(taken)) >= precision
            proven = len(taken) if open_ else proven
    assert (found.counted.cases, found.proven.cases) == (largest, proven)


def test_the_curve_ends_with_everything() -> None:
    says, outcome = frame_of([(0.9, 3, 1), (0.4, 1, 3)])
    curve = precision_curve(says, outcome)
    assert curve.to_dict("list") == {
        "threshold": [0.9, 0.4],
        "cases": [4, 8],
        "agreed": [3, 4],
        "share": [0.5, 1.0],
        "precision": [0.75, 0.5],
    }
