"""Named rules: what each does, what none may do, and which are reported."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coding.matching.normalisation import ENGLISH_RULES, RULES, needed_rules, normalise
from coding.records import fold


@pytest.mark.parametrize(
    ("verbatim", "words", "rules"),
    [
        ("Headache", "headache", ""),
        ("café", "cafe", "diacritics"),
        ("Crohn's disease", "crohn disease", "apostrophe"),
        ("Crohn’s disease", "crohn disease", "apostrophe"),
        ("patients' rash", "patient rash", "apostrophe plural"),
        ("Diabetes (type 2)", "diabetes type 2", "brackets"),
        ("Rash(es) on arm", "rash on arm", "brackets"),
        ("nausea/vomiting", "nausea and vomiting", "conjunction"),
        ("nausea & vomiting", "nausea and vomiting", "conjunction"),
        ("pain; abdominal", "pain abdominal", "punctuation"),
        ("C.O.P.D. worse", "chronic obstructive pulmonary disease worse", "punctuation abbreviations"),
        ("x-ray 2.5 mm", "x ray 2.5 mm", "punctuation"),
        ("UTI", "urinary tract infection", "abbreviations"),
        ("N/V", "nausea and vomiting", "abbreviations"),
        ("a fib", "atrial fibrillation", "abbreviations"),
        ("rash w/o fever", "rash without fever", "abbreviations"),
        ("oedema", "edema", "uk_us_spelling"),
        ("type II diabetes", "type 2 diabetes", "numerals"),
        ("first degree block", "1st degree block", "numerals"),
        ("factor V deficiency", "factor 5 deficiency", "numerals"),
        ("pain of the knee", "pain knee", "stop_words"),
        ("headaches", "headache", "plural"),
        ("allergies", "allergy", "plural"),
        ("HIV+ rash", "human immunodeficiency virus + rash", "abbreviations"),
        ("fever+rash", "fever and rash", "conjunction"),
    ],
)
def test_rules(verbatim: str, words: str, rules: str) -> None:
    name = normalise(fold(verbatim))
    assert name.ordered == words
    assert name.rules == tuple(rules.split())


@pytest.mark.parametrize(
    "verbatim",
    [
        "no headache", "denies pain", "without rash", "not well", "severe pain", "acute pain",
        "chronic pain", "left knee pain", "right knee pain", "bilateral rash", "mild rash", "hepatitis a",
        "vitamin d", "iv site pain", "mi", "sob", "possible rash", "rash ? drug", "pain > 3 day",
        "worsening asthma", "increased weight", "diabetes", "this", "gas", "pus",
    ],
)  # fmt: skip
def test_words_that_no_rule_may_touch(verbatim: str) -> None:
    assert normalise(verbatim).ordered == verbatim


def test_only_function_words_stay_when_nothing_else_is_there() -> None:
    assert normalise("of the").words == ("of", "the")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("pain abdominal", "abdominal pain", True),
        ("migraine with aura", "aura with migraine", False),
        ("rash no fever", "fever no rash", False),
        ("lung cancer metastatic to brain", "brain cancer metastatic to lung", False),
        ("cold and sore", "cold sore", False),
    ],
)
def test_word_order_is_free_only_where_it_says_nothing(one: str, other: str, same: bool) -> None:
    assert (normalise(one).any_order == normalise(other).any_order) is same


@pytest.mark.parametrize(
    ("verbatim", "term", "way", "rules"),
    [
        ("pain in the abdomens", "abdomen pain", "any_order", ("stop_words", "plural", "word_order")),
        ("head ache", "headache", "compact", ("compounding",)),
        # Both carry the comma and the plural alike: only the spelling tells them apart.
        ("ulcers, haemorrhagic", "ulcers, hemorrhagic", "ordered", ("uk_us_spelling",)),
        ("type ii diabetes", "type 2 diabetes", "ordered", ("numerals",)),
    ],
)
def test_only_needed_rules_are_named(verbatim: str, term: str, way: str, rules: tuple[str, ...]) -> None:
    assert needed_rules(verbatim, term, way, frozenset()) == rules


def test_other_languages_keep_their_words() -> None:
    assert normalise("gas in the ños", ENGLISH_RULES).words == ("gas", "in", "the", "ños")
    assert normalise(fold("頭痛（軽度）")).words == ("頭痛", "軽度")
    assert normalise("ペースト").ordered == "ペースト"


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60))
def test_any_text_is_normalised_and_stays_so(text: str) -> None:
    name = normalise(fold(text))
    assert set(name.rules) <= set(RULES)
    assert all(word and " " not in word for word in name.words)
    assert normalise(fold(text)) == name
