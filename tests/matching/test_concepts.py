"""Plain words: what means the same looks the same, and every plain word knows what it stands for."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coding.matching.concepts import (
    Token,
    broader_steps,
    groups,
    narrower_steps,
    own_tokens,
    plain_name,
    plain_tokens,
    plain_words,
)
from coding.matching.normalisation import normalise
from coding.records import fold

HEADS = sorted({word for words in groups().heads for word in words})
WORDS = st.lists(
    st.one_of(st.sampled_from(HEADS), st.text("abcdefghilmnoprstuy", min_size=1, max_size=14)), max_size=8
).map(tuple)


def plain(text: str) -> str:
    return " ".join(plain_words(normalise(fold(text)).words))


def plain_of_name(text: str) -> str:
    return " ".join(plain_name(normalise(fold(text)).words))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("renal calculus", "kidney stones"),
        ("nephrolithiasis", "kidney stones"),
        ("tailbone", "coccyx"),
        ("tummy ache", "abdominal pain"),
        ("heart attack", "myocardial infarction"),
        ("high blood pressure", "hypertension"),
        ("epistaxis", "nosebleed"),
        ("cephalalgia", "headache"),
        ("arthralgia", "joint pain"),
        ("shortness of breath", "dyspnoea"),
        ("runny nose", "rhinorrhoea"),
        ("tarry stools", "melena"),
        ("fast heart rate", "tachycardia"),
        ("slow heart rate", "bradycardia"),
        ("gallbladder removal", "cholecystectomy"),
        ("pruritus", "itching"),
        ("herpes zoster", "shingles"),
        ("varicella", "chickenpox"),
        ("cerebrovascular accident", "stroke"),
        ("urticaria", "hives"),
        ("alopecia", "hair loss"),
        ("syncope", "fainting"),
        ("pyrexia", "fever"),
        ("emesis", "vomiting"),
        ("pain of left coccyx", "pain of left tailbone"),
    ],
)
def test_wordings_that_mean_the_same(one: str, other: str) -> None:
    assert plain(one) == plain(other) != ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("hypertension", "hypotension"),
        ("tachycardia", "bradycardia"),
        ("hyperkalemia", "hypokalemia"),
        ("kidney stone", "gallstone"),
        ("shingles", "chickenpox"),
        # A condition and the finding that shows it are further readings of each other, not the same.
        ("hyperglycemia", "blood glucose increased"),
        ("hyperkalemia", "blood potassium increased"),
    ],
)
def test_wordings_that_must_stay_apart(one: str, other: str) -> None:
    assert plain(one) != plain(other)


@pytest.mark.parametrize(
    ("short", "written_out"),
    [
        ("crp increased", "c reactive protein increased"),
        ("crps", "complex regional pain syndrome"),
        ("ppm", "permanent pacemaker"),
        ("ppms", "primary progressive multiple sclerosis"),
        ("luts", "lower urinary tract symptoms"),
        ("dvts", "deep vein thrombosis"),
        ("gi bug", "gastroenteritis"),
    ],
)
def test_abbreviations_of_a_name_are_written_out(short: str, written_out: str) -> None:
    assert plain_of_name(short) == plain_of_name(written_out)


def test_no_group_gives_way_to_the_abbreviation_of_another() -> None:
    assert plain("permanent pacemaker") == plain("pacemaker")
    assert plain("c reactive protein") == "c reactive protein"


# --- what a plain word stands for -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "tokens"),
    [
        (
            "severe renal calculus",
            [("severe", 0, 1, ""), ("kidney", 1, 3, "thesaurus"), ("stone", 1, 3, "thesaurus")],
        ),
        ("kidney stone", [("kidney", 0, 1, ""), ("stone", 1, 2, "")]),
        ("nephrolithiasis", [("kidney", 0, 1, "thesaurus"), ("stone", 0, 1, "thesaurus")]),
        ("splenalgia", [("spleen", 0, 1, "word_parts"), ("pain", 0, 1, "word_parts")]),
        ("xyz", [("xyz", 0, 1, "")]),
        ("", []),
    ],
)
def test_spans_and_rules_of_plain_words(words: str, tokens: list[tuple[str, int, int, str]]) -> None:
    assert plain_tokens(tuple(words.split())) == tuple(Token(*token) for token in tokens)


@given(WORDS)
def test_tokens_cover_the_wording_in_order(words: tuple[str, ...]) -> None:
    tokens = plain_tokens(words)
    assert tuple(token.text for token in tokens) == plain_words(words)
    spans = list(dict.fromkeys((token.begin, token.end) for token in tokens))
    assert [begin for begin, _ in spans] == [0, *(end for _, end in spans)][: len(spans)]
    assert all(one.end <= other.begin or one.begin == other.begin for one, other in pairwise(tokens))
    assert (spans[-1][1] if spans else 0) == len(words)


@given(WORDS)
def test_a_word_without_a_rule_stands_as_it_was(words: tuple[str, ...]) -> None:
    for token in plain_tokens(words):
        assert token.rule in ("", "thesaurus", "word_parts")
        if not token.rule:
            assert words[token.begin : token.end] == (token.text,)


@given(WORDS)
def test_another_language_keeps_its_words(words: tuple[str, ...]) -> None:
    tokens = own_tokens(words)
    assert [(token.text, token.begin, token.end) for token in tokens] == [
        (word, at, at + 1) for at, word in enumerate(words)
    ]


# --- what is part of what ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("narrow", "wide", "steps"),
    [("toe", "foot", 1), ("toe", "leg", 2), ("finger", "hand", 1), ("migraine", "headache", 1)],
)
def test_steps_to_what_is_broader(narrow: str, wide: str, steps: int) -> None:
    assert dict(broader_steps(narrow)).get(wide) == steps


def test_what_is_narrower_mirrors_what_is_broader() -> None:
    for wide, narrow in narrower_steps().items():
        assert all(dict(broader_steps(word))[wide] == step for word, step in narrow)


def test_an_unknown_word_is_part_of_nothing() -> None:
    assert broader_steps("xyz") == ()
