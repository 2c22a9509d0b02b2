"""Texts that nobody meant as a verbatim neither break the engine nor grow its listings."""

from __future__ import annotations

import pytest
from made_dictionary import requests_of, rules_of

from coding.matching.candidates import NEARLY_SAME
from coding.matching.concepts import MOST_TAKEN_APART, taken_apart
from coding.matching.engine import match_requests
from coding.matching.index import MatchIndex
from coding.matching.similar_words import MOST_MISSPELLED, corrections


def test_no_word_of_endless_forms_is_taken_apart() -> None:
    assert taken_apart("cardiomyopathy") == ("heart", "muscle", "disease")
    assert taken_apart("cardio" * 2_000) == ()
    assert taken_apart(("cardio" * 20)[: MOST_TAKEN_APART + 1]) == ()


def test_an_endless_word_is_no_misspelling(open_events: MatchIndex) -> None:
    space = open_events.ranker.space
    assert corrections(space, ["headacche"], True)["headacche"].words == ("headache",)
    assert corrections(space, ["headache" * 5_000, "q" * (MOST_MISSPELLED + 1)], True) == {}


def test_a_long_verbatim_has_reasons_that_can_be_read(open_events: MatchIndex) -> None:
    words = " ".join(f"word{at} ra" for at in range(10_000))
    found = match_requests(requests_of([f"rash; {words}"]), open_events, rules_of())
    assert found.candidates["term"].iloc[0] == "Rash"
    assert found.candidates["reason"].str.len().max() < 1_000
    assert found.flags["detail"].str.len().max() < 1_000


@pytest.mark.parametrize("verbatim", ["Acute hepatitis 1,000mg", "jaw pain 101.2 cm"])
def test_a_measured_value_is_named_where_nothing_else_is(open_events: MatchIndex, verbatim: str) -> None:
    first = match_requests(requests_of([verbatim]), open_events, rules_of()).candidates.iloc[0]
    assert (first["rules"], first["reason"]) == ("measure_ignored", "measured value ignored")


def test_a_candidate_always_has_a_reason(open_events: MatchIndex) -> None:
    asked = requests_of(["Decrease i peak flow rate", "Burn on foot"])
    found = match_requests(asked, open_events, rules_of()).candidates
    assert (found["reason"] == NEARLY_SAME).any()
    assert (found["reason"] != "").all()
