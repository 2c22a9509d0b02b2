"""What is denied, releases that are odd, and what an index depends on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coding.matching.engine import Matches, MatchRules, match_requests
from coding.matching.index import MatchIndex, build_index
from coding.matching.word_lists import words_of_kind
from coding.records import canonical_json

TEXT = (
    "head headache ache pain abdominal abdomen no not without denies severe acute left rash rashes "
    "migraine aura with and the of in oedema edema vomiting vomitting nausea / , ( ) ? + - kidney injury "
    "fever uti cold type ii 2 diabetes mellitus high blood pressure low heart attack crohn's hepatitis a "
    "none n/a 頭痛"
)
WORDS = tuple(TEXT.split())


def empty_rules(**outcomes: object) -> MatchRules:
    from coding.study import Outcomes

    names = ("folded", "context", "code", "text", "scope")
    frame = pd.DataFrame({name: pd.Series(dtype="str") for name in names})
    return MatchRules(frozenset(), frame, Outcomes.model_validate(outcomes))


def run(index: MatchIndex, verbatims: list[str], rules: MatchRules, reverse: bool = False) -> Matches:
    frame = pd.DataFrame(
        {
            "key": pd.Series([canonical_json(text) for text in verbatims], dtype="str"),
            "verbatim": pd.Series(verbatims, dtype="str"),
            "context": "", "serious": False, "earlier_code": "", "earlier_term": "",
            "earlier_disagrees": False,
        }
    )  # fmt: skip
    return match_requests(frame.iloc[::-1] if reverse else frame, index, rules)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=4), st.sampled_from(["no", "denies", "without", "not"]))
def test_what_is_denied_is_never_settled_as_the_event(
    index: MatchIndex, words: list[str], denial: str
) -> None:
    verbatim = " ".join([denial, *words])
    matches = run(index, [verbatim], empty_rules(score="approved", score_minimum=0.0))
    for code in matches.decisions["code"]:
        # Only a term that denies too (Migraine without aura), or "no event".
        denies = (
            words_of_kind("negation") & set(index.names[index.row_of_code[code]].words)
            if code != "NO_TERM"
            else True
        )
        assert denies, verbatim


def test_an_empty_release_answers_too(tmp_path: Path, stored: Callable[..., object]) -> None:
    index = build_index(stored(tmp_path, [("1", "Old", "1", "noncurrent")]))  # type: ignore[arg-type]
    matches = run(index, ["old", "headache"], empty_rules())
    assert matches.held["reason"].to_list() == ["no candidate", "name of a term that is not current"]
    assert matches.candidates.empty


def test_another_language_is_matched_without_english_rules(
    tmp_path: Path, stored: Callable[..., object]
) -> None:
    low = [
        ("1", "頭痛", "1", "current"),
        ("2", "Kopfschmerzen", "2", "current"),
        ("3", "Gas", "3", "current"),
    ]
    index = build_index(stored(tmp_path, low, language="Japanese"))  # type: ignore[arg-type]
    matches = run(index, ["頭痛", "（頭痛）", "kopfschmerzen", "the gas"], empty_rules())
    assert sorted(matches.decisions["code"]) == ["1", "1", "2"]
    assert matches.decisions["method"].to_list() == ["exact"] * 3


def test_the_fingerprint_names_all_it_depends_on(index: MatchIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    before = index.fingerprint
    assert before == build_index(index.dictionary).fingerprint
    monkeypatch.setattr("coding.matching.index.RULES_VERSION", "other")
    assert index.fingerprint != before
    monkeypatch.undo()
    monkeypatch.setattr("coding.matching.index.data_checksum", lambda: "other")
    assert index.fingerprint != before


def test_looking_up_names_builds_no_vectors(index: MatchIndex) -> None:
    fresh = build_index(index.dictionary)
    assert fresh.find_exact("headache").row == index.row_of_code["1001"]
    assert "space" not in vars(fresh)
    assert "names" not in vars(fresh)
