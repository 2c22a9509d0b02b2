"""Reading verbatims, and the word lists that the rules need."""

from __future__ import annotations

import pandas as pd
import pytest

from coding.matching.normalisation import normalise
from coding.matching.parsing import read_verbatims
from coding.matching.word_lists import abbreviations, no_event_phrases, opposites, words_of_kind
from coding.records import fold


@pytest.mark.parametrize(
    ("verbatim", "no_event", "negated", "questioned"),
    [
        ("Headache", False, False, False),
        ("None.", True, True, False),
        ("N/A", True, False, False),
        ("unknown", True, False, False),
        ("No adverse events", True, True, False),
        ("none of the above pains", False, True, False),
        ("No headache", False, True, False),
        ("Denies chest pain", False, True, False),
        ("Without rash", False, True, False),
        ("rash w/o itch", False, True, False),
        ("didn't sleep", False, True, False),
        ("didn’t sleep", False, True, False),
        ("Rash (-)", False, True, False),
        ("HIV -ve", False, True, False),
        ("negative for strep", False, True, False),
        ("Knot in stomach", False, False, False),
        ("Nose bleed", False, False, False),
        ("Cramp, want of sleep", False, False, False),
        ("? MI", False, False, True),
    ],
)
def test_reading(verbatim: str, no_event: bool, negated: bool, questioned: bool) -> None:
    texts = pd.Series([verbatim], dtype="str")
    reading = read_verbatims(texts, texts.map(fold))
    found = (bool(reading.no_event[0]), bool(reading.negated[0]), bool(reading.questioned[0]))
    assert found == (no_event, negated, questioned)


@pytest.mark.parametrize(
    ("verbatim", "signed"),
    [
        ("ALT \u2191", True),
        ("(+) rash", True),
        ("HIV+", True),
        ("a + b", False),
        ("- rash", False),
        ("<3 days", True),
    ],
)
def test_signs_that_folding_takes_away(verbatim: str, signed: bool) -> None:
    texts = pd.Series([verbatim], dtype="str")
    assert bool(read_verbatims(texts, texts.map(fold)).signed[0]) is signed


def test_tables_are_written_as_they_are_looked_up() -> None:
    assert all(fold(phrase) == phrase for phrase in no_event_phrases())
    assert set(no_event_phrases().values()) == {"placeholder", "absence"}
    for expansion in abbreviations().values():
        assert normalise(" ".join(expansion), frozenset({"stop_words"})).words == expansion
    assert all(normalise(word).words == (word,) for word in opposites())


def test_no_abbreviation_is_one_that_the_context_decides() -> None:
    assert not {("mi",), ("ap",), ("cp",), ("sob",), ("pe",), ("ms",), ("ra",)} & set(abbreviations())


def test_no_rule_may_drop_a_word_that_carries_a_concept() -> None:
    concepts = {
        "no",
        "not",
        "without",
        "severe",
        "acute",
        "chronic",
        "mild",
        "left",
        "right",
        "a",
        "with",
        "and",
    }
    assert words_of_kind("stop").isdisjoint(concepts)
    assert words_of_kind("stop").isdisjoint(words_of_kind("negation"))
