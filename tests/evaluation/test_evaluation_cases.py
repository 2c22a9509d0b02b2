"""Answers found in a release, gathered into cases, put into folds."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_cases import answers_of

from coding.evaluation.answers import (
    AMBIGUOUS,
    AS_LOWER_TERM,
    DISAGREE,
    NONCURRENT,
    NOT_GIVEN,
    UNKNOWN_CODE,
    UNKNOWN_NAME,
    Answer,
    AnswerFinder,
)
from coding.evaluation.cases import decided_cases
from coding.evaluation.folds import fold_count, fold_numbers
from coding.evaluation.held_out import decided_once
from coding.evaluation.measures import codes_for_history
from coding.matching.index import MatchIndex
from coding.records import fold
from dictionaries.model import Dictionary


@pytest.mark.parametrize(
    ("given_", "found"),
    [
        (("102", "", ""), Answer("102", "101", "900")),
        (("102.0", "", ""), Answer("102", "101", "900")),
        (("102", "HEAD pain ", "headache"), Answer("102", "101", "900")),
        (("", "eruption", ""), Answer("302", "301", "910")),
        (("", "", "Rash"), Answer("", "301", "910")),
        (("", "", "301"), Answer("", "301", "910")),
        (("", "", "Pruritus"), Answer("", "701", "910")),
        # Both terms of that name belong to one preferred term.
        (("", "itch", ""), Answer("", "701", "910")),
        (("", "", "Head pain"), Answer("", "101", "900", note=AS_LOWER_TERM)),
        (("103", "", ""), Answer("", "101", "900", note=NONCURRENT)),
        # The term is not known, but the preferred term is.
        (("", "no such name", "Rash"), Answer("", "301", "910")),
        (("NO_TERM", "", ""), Answer("NO_TERM", "NO_TERM", "NO_TERM")),
        (("999", "", ""), Answer(problem=UNKNOWN_CODE)),
        (("999", "", "Rash"), Answer(problem=UNKNOWN_CODE)),
        (("102", "Rash", ""), Answer(problem=DISAGREE)),
        (("102", "", "Rash"), Answer(problem=DISAGREE)),
        (("", "cold", ""), Answer(problem=AMBIGUOUS)),
        (("", "", "Cold"), Answer(problem=AMBIGUOUS)),
        (("", "no such name", ""), Answer(problem=UNKNOWN_NAME)),
        (("", "", "no such name"), Answer(problem=UNKNOWN_NAME)),
        (("", "", ""), Answer(problem=NOT_GIVEN)),
    ],
)
def test_what_an_answer_means(dictionary: Dictionary, given_: tuple[str, str, str], found: Answer) -> None:
    assert AnswerFinder(dictionary).find(*given_) == found


def rows_of(frame: pd.DataFrame, *names: str) -> list[tuple[object, ...]]:
    return list(frame[list(names)].itertuples(index=False, name=None))


def test_the_most_frequent_answer_is_the_cases(dictionary: Dictionary) -> None:
    answers = answers_of(
        [
            {"verbatim": "Sore head", "code": "101", "rows": 3, "key": "a"},
            {"verbatim": "sore head", "code": "201", "rows": 2, "key": "a"},
            {"verbatim": "spots", "code": "301", "key": "b"},
        ]
    )
    found = decided_cases(answers, dictionary)
    assert rows_of(found.frame, "key", "folded", "code", "preferred", "class", "rows", "same_answer") == [
        ("a", "sore head", "101", "101", "900", 5, 3),
        ("b", "spots", "301", "301", "910", 1, 1),
    ]
    assert rows_of(found.inconsistent, "key", "code", "rows") == [("a", "101", 3), ("a", "201", 2)]
    assert found.counts == {}


def test_without_a_most_frequent_answer_there_is_no_case(dictionary: Dictionary) -> None:
    answers = answers_of(
        [
            {"verbatim": "sore head", "code": "101", "key": "a"},
            {"verbatim": "sore head", "code": "201", "key": "a"},
        ]
    )
    found = decided_cases(answers, dictionary)
    assert found.frame.empty
    assert rows_of(found.inconsistent, "key", "code") == [("a", "101"), ("a", "201")]
    assert found.counts == {"verbatims without a most frequent answer": 1}


def test_an_answer_at_the_preferred_term_goes_with_one_of_its_codes(dictionary: Dictionary) -> None:
    answers = answers_of(
        [
            {"verbatim": "sore head", "code": "102", "key": "a"},
            {"verbatim": "sore head", "preferred": "Headache", "rows": 4, "key": "a"},
        ]
    )
    found = decided_cases(answers, dictionary)
    assert rows_of(found.frame, "code", "rows", "same_answer") == [("102", 5, 5)]
    assert found.inconsistent.empty


def test_what_the_release_does_not_know_is_listed(dictionary: Dictionary) -> None:
    answers = answers_of(
        [
            {"verbatim": "a", "code": "999", "key": "a", "rows": 7},
            {"verbatim": "b", "code": "103", "key": "b"},
        ]
    )
    found = decided_cases(answers, dictionary, {"splits": 2})
    assert rows_of(found.unusable, "verbatim", "given_code", "problem", "rows") == [
        ("a", "999", UNKNOWN_CODE, 7)
    ]
    assert found.counts == {"splits": 2, NONCURRENT: 1}
    assert rows_of(found.frame, "code", "preferred") == [("", "101")]


def test_the_fingerprint_says_what_the_cases_say(dictionary: Dictionary) -> None:
    one = answers_of([{"verbatim": "a", "code": "101", "key": "a"}])
    assert decided_cases(one, dictionary).fingerprint == decided_cases(one, dictionary).fingerprint
    for change in ({"code": "102"}, {"rows": 2}, {"sequence": 9}, {"domain": "MH"}, {"key": "b"}):
        other = answers_of([{"verbatim": "a", "code": "101", "key": "a", **change}])
        assert decided_cases(other, dictionary).fingerprint != decided_cases(one, dictionary).fingerprint


def test_same_verbatims_lie_in_the_same_fold() -> None:
    texts = [f"pain number {at}" for at in range(200)]
    turned = [f"number {at} pain" for at in range(200)]
    folds, further = fold_numbers([fold(text) for text in texts], turned, frozenset())
    assert folds.tolist() == further.tolist()
    assert set(folds.tolist()) == set(range(10))
    # A case keeps its fold when others come.
    fewer, _ = fold_numbers([fold(text) for text in texts[:100]], [], frozenset())
    assert fewer.tolist() == folds[:100].tolist()


def test_few_verbatims_are_a_fold_each() -> None:
    folds, further = fold_numbers(["rash", "nausea", "rashes"], ["cough", "nausea"], frozenset())
    assert folds[0] == folds[2] != folds[1]
    assert further.tolist() == [-1, folds[1]]
    assert (fold_count(1_000, 1_000), fold_count(3, 1_000), fold_count(5_000, 5_000)) == (10, 3, 5)


words = st.sampled_from(["ab", "cb", "bca", "dd"])


@given(st.lists(st.lists(words, min_size=1, max_size=4).map(" ".join), max_size=40))
def test_every_verbatim_has_a_fold(texts: list[str]) -> None:
    folds, _ = fold_numbers(texts, [], frozenset())
    assert len(folds) == len(texts)
    assert all(0 <= number < 10 for number in folds)
    by_text: dict[str, set[int]] = {}
    for text, number in zip(texts, folds.tolist(), strict=True):
        by_text.setdefault(" ".join(sorted(text.split())), set()).add(number)
    assert all(len(numbers) == 1 for numbers in by_text.values())


def test_what_was_decided_differently_is_not_history() -> None:
    decided = pd.DataFrame(
        {
            "folded": ["a", "a", "b", "b", "c", "d"],
            "code": ["101", "101", "101", "201", "NO_TERM", ""],
            "source": ["synonym", "decision", "decision", "decision", "decision", "decision"],
        }
    )
    assert rows_of(decided_once(decided), "folded", "code", "source") == [("a", "101", "synonym")]


def test_a_preferred_term_alone_is_history_as_the_term_that_stands_for_it(
    dictionary: Dictionary, index: MatchIndex
) -> None:
    answers = answers_of(
        [
            {"verbatim": "a", "preferred": "Headache", "key": "a"},
            {"verbatim": "b", "code": "302", "key": "b"},
            {"verbatim": "c", "preferred": "Pruritus", "key": "c"},
            {"verbatim": "d", "preferred": "601", "key": "d"},
        ]
    )
    cases = decided_cases(answers, dictionary).frame
    # Pruritus has terms with its own code only: 701.
    assert codes_for_history(cases, index).to_list() == ["101", "302", "701", "601"]
