"""Words that may stand for others: misspelled, written as one, another form, broader or narrower."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coding.matching.index import MatchIndex
from coding.matching.similar_words import (
    BROADER,
    LEAST_MISSPELLED,
    NARROWER,
    SAME_STEM,
    SAME_WORD,
    corrections,
    match_words,
    stem,
)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("vomiting", "vomited"),
        ("dizzy", "dizziness"),
        ("infected", "infection"),
        ("feverish", "fever"),
        ("swelling", "swelled"),
    ],
)
def test_forms_of_a_word_share_a_stem(one: str, other: str) -> None:
    assert stem(one) == stem(other)


@pytest.mark.parametrize(("one", "other"), [("ring", "red"), ("hypertension", "hypotension")])
def test_other_words_have_another_stem(one: str, other: str) -> None:
    assert stem(one) != stem(other)


@given(st.text("abcdefghijklmnopqrstuvwxyz", max_size=20))
def test_a_stem_is_a_beginning_of_at_least_four_letters(word: str) -> None:
    assert word.startswith(stem(word))
    assert len(stem(word)) >= min(4, len(word))


# --- corrections ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "right"),
    [
        ("migrane", "migraine"),  # a letter left out
        ("migrainne", "migraine"),  # a letter too many
        ("migraime", "migraine"),  # another letter
        ("haedache", "headache"),  # letters that changed places
        ("pian", "pain"),
        ("rahs", "rash"),
        ("naseua", "nausea"),
        ("cuogh", "cough"),
        ("athsma", "asthma"),
        ("vomitting", "vomiting"),
        ("diarhea", "diarrhea"),
        ("pnuemonia", "pneumonia"),
        ("lapartomy", "laparotomy"),  # made of forms too, but so like a known word
    ],
)
def test_misspellings(open_events: MatchIndex, word: str, right: str) -> None:
    found = corrections(open_events.ranker.space, [word], english=True)
    assert (found[word].words, found[word].rule) == ((right,), "misspelling")
    assert 0 < found[word].likeness < 1


@pytest.mark.parametrize(
    ("word", "halves"),
    [("chestpain", ("chest", "pain")), ("kidneystone", ("kidney", "stone"))],
)
def test_two_words_written_as_one(open_events: MatchIndex, word: str, halves: tuple[str, ...]) -> None:
    found = corrections(open_events.ranker.space, [word], english=True)
    assert (found[word].words, found[word].rule) == (halves, "compounding")


@pytest.mark.parametrize(
    "word",
    [
        "headache",  # a name has it
        "tummy",  # the thesaurus has it
        "severe",  # it qualifies
        "xqz",  # too short
        "b12x",  # not of letters
        "xyzzyq",  # like nothing
        "atypical",  # typical with something before it
        "splenalgia",  # made of forms that say what it means
        "gastrostenosis",
        "",
    ],
)
def test_words_that_are_left_alone(open_events: MatchIndex, word: str) -> None:
    assert corrections(open_events.ranker.space, [word], english=True) == {}


@settings(max_examples=50)
@given(st.lists(st.text("abcdehinoprst", min_size=1, max_size=12), max_size=5, unique=True))
def test_a_correction_does_not_depend_on_the_other_words(index: MatchIndex, words: list[str]) -> None:
    space = index.ranker.space
    together = corrections(space, words, english=True)
    alone = {word: found[word] for word in words if (found := corrections(space, [word], english=True))}
    assert together == alone
    assert all(len(word) >= LEAST_MISSPELLED for word in together)
    assert all(right in space.number for found in together.values() for right in found.words)


# --- what a word may stand for ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("headache", {"headache": (1.0, SAME_WORD)}),
        ("vomited", {"vomiting": (0.9, SAME_STEM)}),
        ("hepatitis", {}),
        ("xyz", {}),
    ],
)
def test_credit_of_a_word(index: MatchIndex, word: str, expected: dict[str, tuple[float, int]]) -> None:
    found = credit_of(index, word)
    assert {other: how for other, how in found.items() if how[1] <= SAME_STEM} == expected


def test_a_part_stands_for_the_whole_more_than_the_whole_for_a_part(index: MatchIndex) -> None:
    space = index.ranker.space
    assert {"migraine", "headache"} <= space.plain_number.keys()
    assert credit_of(index, "migraine")["headache"] == (0.8, BROADER)
    assert credit_of(index, "headache")["migraine"] == (0.5, NARROWER)


def test_another_language_knows_the_same_word_only(index: MatchIndex) -> None:
    assert credit_of(index, "migraine", english=False) == {"migraine": (1.0, SAME_WORD)}
    assert credit_of(index, "vomited", english=False) == {}


def credit_of(index: MatchIndex, word: str, english: bool = True) -> dict[str, tuple[float, int]]:
    space = index.ranker.space
    found = match_words(space, [word], english)
    assert found.start.tolist() == [0, len(found.word)]
    names = [space.plain_vocabulary[number] for number in found.word]
    credits = [round(float(credit), 2) for credit in found.credit]
    return dict(zip(names, zip(credits, found.kind.tolist(), strict=True), strict=True))
