"""The sentence a coder reads beside a candidate, and the rules it is made of."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coding.matching.index import MatchIndex
from coding.matching.normalisation import normalise
from coding.matching.reasons import RULES, Explained, explain
from coding.matching.wordings import Asked, make_wordings
from coding.records import fold

WORDS = st.lists(
    st.sampled_from(
        [
            "pain",
            "left",
            "arm",
            "renal",
            "calculus",
            "kidney",
            "stone",
            "migrane",
            "mi",
            "sob",
            "severe",
            "no",
        ]
    ),
    min_size=1,
    max_size=6,
).map(" ".join)


def explained(index: MatchIndex, verbatim: str, name: str, kind: str = "whole") -> Explained:
    """The first wording of a kind that a verbatim has, beside a name."""
    asked = Asked(fold(verbatim), normalise(fold(verbatim)))
    wordings = make_wordings(index.ranker.space, [asked], True).items
    wording = next(item for item in wordings if item.kind == kind)
    return explain(wording, asked.name.words, normalise(fold(name)).words, True)


@pytest.mark.parametrize(
    ("verbatim", "name", "rules", "sentence"),
    [
        ("headache", "headache", "", ""),
        ("severe acute respiratory syndrome", "severe acute respiratory syndrome", "", ""),
        ("pain toe", "toe pain", "word_order", "word order"),
        ("renal calculus", "kidney stone", "thesaurus", "'renal calculus' = kidney stone"),
        ("tailbone pain", "coccyx pain", "thesaurus", "'tailbone pain' = coccyx pain"),
        ("swollen ankle", "ankle swelling", "thesaurus", "'swollen ankle' = ankle swelling"),
        ("splenalgia", "spleen pain", "word_parts", "'splenalgia' = spleen pain"),
        ("migrane", "migraine", "misspelling", "'migrane' read as migraine"),
        ("chestpain", "chest pain", "compounding", "'chestpain' read as chest pain"),
        ("sob", "shortness of breath", "abbreviations", "'sob' read as shortness breath"),
        ("migraine", "headache", "broader", "'migraine' is part or kind of headache"),
        ("headache", "migraine", "narrower", "'migraine' is narrower than headache"),
        ("severe headache", "headache", "severity_ignored", "severity ignored"),
        (
            "left headache for 3 days",
            "headache",
            "time_ignored side_ignored",
            "laterality ignored; time ignored",
        ),
        (
            "rash",
            "cough",
            "information_lost information_added",
            "not in the term: 'rash'; the term adds 'cough'",
        ),
        (
            "headache due to fall",
            "headache",
            "cause_ignored information_lost",
            "cause ignored; not in the term: 'fall'",
        ),
        # What only a part of the plain words is equal to is not called the same.
        (
            "renal calculus",
            "renal failure",
            "thesaurus information_lost information_added",
            "'renal calculus' and renal failure share kidney; not in the term: 'calculus'; "
            "the term adds 'failure'",
        ),
        (
            "fever",
            "hayfever",
            "thesaurus information_added",
            "'fever' and hayfever share fever; the term adds 'hayfever'",
        ),
    ],
)
def test_sentences(index: MatchIndex, verbatim: str, name: str, rules: str, sentence: str) -> None:
    found = explained(index, verbatim, name)
    assert (" ".join(found.rules), found.sentence) == (rules, sentence)


@pytest.mark.parametrize(
    ("verbatim", "name", "kind", "rules", "sentence"),
    [
        (
            "MI",
            "myocardial infarction",
            "reading",
            "ambiguous_abbreviation",
            "'mi' could mean myocardial infarction",
        ),
        ("low potassium", "hypokalemia", "reading", "finding", "'low potassium' read as hypokalemia"),
        (
            "laceration left arm",
            "laceration",
            "core",
            "core information_lost",
            "the finding without its place; not in the term: 'arm'",
        ),
        (
            "headache, rash",
            "rash",
            "later part",
            "part information_lost",
            "one of several concepts; not in the term: 'headache'",
        ),
        # An abbreviation that stands beside what is read otherwise keeps its own words.
        (
            "MI with SOB",
            "myocardial infarction",
            "reading",
            "abbreviations ambiguous_abbreviation information_lost",
            "'mi' could mean myocardial infarction; 'sob' read as shortness breath; "
            "not in the term: 'shortness', 'breath'",
        ),
        # What is written out is not lost.
        (
            "second degree AV block",
            "atrioventricular block",
            "core",
            "abbreviations core information_lost",
            "'av block' read as atrioventricular block; the finding without its place; "
            "not in the term: '2nd', 'degree'",
        ),
    ],
)
def test_sentences_of_other_wordings(
    index: MatchIndex, verbatim: str, name: str, kind: str, rules: str, sentence: str
) -> None:
    found = explained(index, verbatim, name, kind)
    assert (" ".join(found.rules), found.sentence) == (rules, sentence)


@pytest.mark.parametrize(
    ("verbatim", "name", "lost", "added"),
    [
        ("chest pain", "chest pain radiating", (), ("radiating",)),
        ("rash on arm", "rash", ("arm",), ()),
        ("rash of the patient", "rash", (), ()),  # nobody misses a word that says nothing
        ("possible rash", "rash", (), ()),
        ("crp increased", "C-reactive protein increased", (), ()),
        ("C-reactive protein increased", "CRP increased", (), ()),
        ("elevated crp", "CRP increased", (), ()),
    ],
)
def test_words_that_one_side_lacks(
    index: MatchIndex, verbatim: str, name: str, lost: tuple[str, ...], added: tuple[str, ...]
) -> None:
    found = explained(index, verbatim, name)
    assert (found.lost, found.added) == (lost, added)


def test_another_language_compares_words_only(index: MatchIndex) -> None:
    asked = Asked("nieren stein", normalise("nieren stein"))
    wording = make_wordings(index.ranker.space, [asked], False).items[0]
    found = explain(wording, asked.name.words, ("stein", "galle"), False)
    assert found.rules == ("information_lost", "information_added")
    assert found.sentence == "not in the term: 'nieren'; the term adds 'galle'"


@settings(max_examples=80)
@given(WORDS, WORDS)
def test_any_two_names_are_explained_by_known_rules(index: MatchIndex, verbatim: str, name: str) -> None:
    found = explained(index, verbatim, name)
    assert list(found.rules) == [rule for rule in RULES if rule in found.rules]
    assert bool(found.lost) == ("information_lost" in found.rules)
    assert bool(found.added) == ("information_added" in found.rules)
    assert not set(found.lost) & set(normalise(fold(name)).words)


@settings(max_examples=40)
@given(WORDS)
def test_a_name_explains_itself_without_loss(index: MatchIndex, text: str) -> None:
    name = " ".join(make_wordings(index.ranker.space, [Asked(text, normalise(text))], True).items[0].words)
    found = explained(index, name, name)
    assert (found.lost, found.added) == ((), ())
