"""Reading verbatims, the data tables, and words that may stand for others."""

from __future__ import annotations

import pandas as pd
import pytest

from coding.matching.index import MatchIndex
from coding.matching.normalisation import normalise
from coding.matching.parsing import read_verbatims
from coding.matching.similar_words import match_words, reworded, stem
from coding.matching.word_lists import abbreviations, no_event_phrases, opposites, thesaurus, words_of_kind
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
    for row in thesaurus():
        assert row.kind in {"lay", "body", "general"}
        assert row.source
        assert row.term != row.equivalent
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


@pytest.mark.parametrize(
    ("one", "other"),
    [("vomiting", "vomited"), ("dizzy", "dizziness"), ("infected", "infection"), ("feverish", "fever")],
)
def test_stems(one: str, other: str) -> None:
    assert stem(one) == stem(other)


def test_short_words_keep_their_ending() -> None:
    assert stem("ring") == "ring"


def test_rewording_changes_one_phrase() -> None:
    assert ("severe", "myocardial", "infarction") in reworded(("severe", "heart", "attack"), 4)
    assert reworded(("elbow",), 4) == []


def test_word_matches(index: MatchIndex) -> None:
    space = index.space
    words = ["fever", "headache", "migrane", "vomited"]
    matches = match_words(space, words, thesaurus=True)
    found = {}
    for at, word in enumerate(words):
        part = slice(matches.start[at], matches.start[at + 1])
        credits = [round(float(credit), 2) for credit in matches.credit[part]]
        found[word] = dict(
            zip([space.vocabulary[number] for number in matches.word[part]], credits, strict=True)
        )
    assert found["fever"] == {"pyrexia": 0.85}
    assert found["headache"] == {"headache": 1.0, "cephalalgia": 0.85}
    assert found["migrane"] == {"migraine": 0.77}
    assert found["vomited"] == {"vomiting": 0.9}
