"""Which of two rivals a verbatim gets, over small dictionaries made for it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from made_dictionary import candidates_of, first_term, matches_of, rules_by_term

from coding.matching.index import MatchIndex

IndexOf = Callable[..., MatchIndex]

NAMES = (
    "Intermittent fever", "Fever", "Back pain", "Elevated mood", "Aspartate aminotransferase increased",
    "Aspartate aminotransferase decreased", "Pain in arm", "Pain in leg", "Pain", "Chills",
    "Fever without chills", "Hyperkalaemia", "Hypokalaemia", "Severe acute respiratory syndrome",
    "Respiratory syndrome", "Acute kidney injury", "Kidney injury", "Atrioventricular block",
    "Atrioventricular block first degree", "Atrioventricular block second degree", "Left ventricular failure",
    "Right ventricular failure", "Kidney stone", "Tailbone pain", "Blood glucose increased",
    "Weight increased", "Weight decreased", "Blood pressure increased", "Blood pressure decreased",
    "Myocardial infarction", "Laceration", "Rash", "Nausea", "Chemotherapy", "Typical migraine",
    "Atypical migraine",
)  # fmt: skip


@pytest.fixture(scope="session")
def rivals(index_of: IndexOf) -> MatchIndex:
    return index_of(*NAMES)


@pytest.mark.parametrize(
    ("verbatim", "term"),
    [
        # One shared word that only qualifies is no likeness.
        ("intermittent back pain", "Back pain"),
        ("intermittent fevers", "Intermittent fever"),
        ("elevated AST", "Aspartate aminotransferase increased"),
        ("AST low", "Aspartate aminotransferase decreased"),
        ("elevated moods", "Elevated mood"),
        # A name that holds a qualifying word keeps it.
        ("severe acute respiratory syndrome", "Severe acute respiratory syndrome"),
        ("severe acute respiratory syndrom", "Severe acute respiratory syndrome"),
        ("acute kidney injury", "Acute kidney injury"),
        ("acute kidny injury", "Acute kidney injury"),
        ("severe acute kidney injury", "Acute kidney injury"),
        ("severe kidney injury", "Kidney injury"),
        ("second degree AV block", "Atrioventricular block second degree"),
        ("1st degree AV block", "Atrioventricular block first degree"),
        ("AV block", "Atrioventricular block"),
        # Sides and places.
        ("left arm pain", "Pain in arm"),
        ("pain right leg", "Pain in leg"),
        ("left ventricular failur", "Left ventricular failure"),
        ("laceration left arm", "Laceration"),
        # Other words for the same.
        ("coccyx hurts", "Tailbone pain"),
        ("renal calculus", "Kidney stone"),
        ("nephrolithiasis", "Kidney stone"),
        ("heart attack", "Myocardial infarction"),
        ("high blood sugar", "Blood glucose increased"),
        ("gained weight", "Weight increased"),
        ("high potassium", "Hyperkalaemia"),
        ("low potassium", "Hypokalaemia"),
        # The cause is not the event.
        ("nausea due to chemo", "Nausea"),
        ("chemo-induced nausea", "Nausea"),
        # A prefix makes another word.
        ("atypicl migraine", "Atypical migraine"),
    ],
)
def test_the_right_rival_comes_first(rivals: MatchIndex, verbatim: str, term: str) -> None:
    assert first_term(rivals, verbatim) == term


@pytest.mark.parametrize(
    ("verbatim", "right", "wrong"),
    [
        ("elevated blood pressure", "Blood pressure increased", "Blood pressure decreased"),
        ("weight too low", "Weight decreased", "Weight increased"),
        ("weight loss", "Weight decreased", "Weight increased"),
        ("AST elevated", "Aspartate aminotransferase increased", "Aspartate aminotransferase decreased"),
        ("right ventricle failure", "Right ventricular failure", "Left ventricular failure"),
    ],
)
def test_the_opposite_stands_far_behind(rivals: MatchIndex, verbatim: str, right: str, wrong: str) -> None:
    found = candidates_of(rivals, verbatim)
    assert found.index[0] == right
    if wrong in found.index:
        assert "opposite" in found.loc[wrong, "rules"].split(";")
        assert found.loc[wrong, "score"] < 0.75 * found.loc[right, "score"]


def test_what_the_verbatim_denies_scores_half(rivals: MatchIndex) -> None:
    plain, denied = candidates_of(rivals, "fevers"), candidates_of(rivals, "no fevers")
    assert plain.index[0] == denied.index[0] == "Fever"
    assert denied.loc["Fever", "rules"] == "plural;negated"
    assert denied.loc["Fever", "score"] < 0.55 * plain.loc["Fever", "score"]


def test_what_only_the_name_denies_counts_less(rivals: MatchIndex) -> None:
    found = candidates_of(rivals, "fever and chill")
    assert "negated" in found.loc["Fever without chills", "rules"].split(";")


def test_where_both_deny_nothing_speaks_against(rivals: MatchIndex) -> None:
    assert first_term(rivals, "fever without chill") == "Fever without chills"
    assert "negated" not in rules_by_term(rivals, "fevr without chills")["Fever without chills"]


def test_a_score_found_name_never_reaches_an_exact_one(rivals: MatchIndex) -> None:
    found = matches_of(rivals, *NAMES, "sevr acute respiratory syndrome").candidates
    scored = found[found["method"] == "score"]["score"]
    assert scored.max() <= 0.97
    assert found[found["method"] != "score"]["score"].min() >= 0.98
