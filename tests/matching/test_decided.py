"""What people decided before lifts a term or holds a name back, and never settles anything."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from made_dictionary import candidates_of, matches_of, rules_of, store

from coding.matching.engine import MatchRules
from coding.matching.index import MatchIndex, build_index
from schemas.tables import text_frame

DECIDED = {
    "bumps all over": "1901",
    "sore tum tum": "1101",
    "seasonal rhinitis": "1801",
    "pain abdominal": "1102",
    "head pains": "1601",
    "old thing": "1003",  # the term is not current
    "odd thing": "9999",  # no such code
    "no visual aura": "1602",
}


def rules_after(decided: dict[str, str] | None, **outcomes: object) -> MatchRules:
    if decided is None:
        return rules_of(**outcomes)
    columns = {"folded": list(decided), "code": list(decided.values()), "source": ["decision"] * len(decided)}
    return replace(rules_of(**outcomes), decided=text_frame(columns))


@pytest.mark.parametrize(
    ("verbatim", "code", "said"),
    [
        ("bumps all over", "1901", "coded so before: 'bumps all over'"),
        ("Bumps all over!", "1901", "coded so before: 'bumps all over'"),
        ("bump all over", "1901", "coded so before: 'bumps all over'"),
        ("severe bumps all over", "1901", "coded so before: 'bumps all over'"),
        ("sore tum tums", "1101", "coded so before: 'sore tum tum'"),
    ],
)
def test_a_nearly_identical_decided_verbatim_lifts_its_term(
    index: MatchIndex, verbatim: str, code: str, said: str
) -> None:
    best = candidates_of(index, verbatim, rules=rules_after(DECIDED)).iloc[0]
    assert (best["code"], best["method"]) == (code, "score")
    assert "decided_before" in best["rules"].split(";")
    assert best["reason"].split("; ")[0] == said
    assert best["score"] <= 0.97


def test_without_decisions_nothing_is_lifted(index: MatchIndex) -> None:
    lifted, plain = (
        candidates_of(index, "bumps all over", rules=rules_after(decided)).loc["Rash"]
        for decided in (DECIDED, None)
    )
    assert "decided_before" not in plain["rules"].split(";")
    assert plain["score"] < lifted["score"]


@pytest.mark.parametrize("verbatim", ["bumps on toe", "all over", "rash all day", "old thing", "odd thing"])
def test_what_is_less_alike_or_not_current_lifts_nothing(index: MatchIndex, verbatim: str) -> None:
    found = candidates_of(index, verbatim, rules=rules_after(DECIDED))
    assert all("decided_before" not in rules for rules in found["rules"])


def test_only_codes_that_are_not_current_are_as_no_decisions(index: MatchIndex) -> None:
    told = {"old thing": "1003", "odd thing": "9999"}
    with_codes = matches_of(index, "old thing", "severe headache", rules=rules_after(told))
    without = matches_of(index, "old thing", "severe headache", rules=rules_after(None))
    pd.testing.assert_frame_equal(with_codes.candidates, without.candidates)


def test_nothing_is_settled_by_a_decision_alone(index: MatchIndex) -> None:
    matches = matches_of(index, "bumps all over", rules=rules_after(DECIDED))
    assert matches.decisions.empty
    assert matches.held["reason"].to_list() == ["score gives candidates only"]


def test_a_name_after_the_rules_that_people_coded_otherwise_is_held(index: MatchIndex) -> None:
    matches = matches_of(index, "seasonal rhinitis", rules=rules_after(DECIDED))
    assert matches.decisions.empty
    assert matches.held["reason"].to_list() == ["people decided this wording otherwise"]
    first, second = matches.candidates.iloc[0], matches.candidates.iloc[1]
    assert (first["code"], first["rules"]) == ("1801", "decided_before")
    assert first["reason"] == "people coded this wording so"
    assert (second["code"], second["method"]) == ("3301", "normalised")


def test_a_name_that_people_coded_to_the_same_preferred_term_is_settled(index: MatchIndex) -> None:
    matches = matches_of(index, "pain abdominal", rules=rules_after(DECIDED))
    assert matches.decisions[["code", "method"]].to_numpy().tolist() == [["1101", "normalised"]]


def test_the_same_words_in_another_order_are_the_same_wording(index: MatchIndex) -> None:
    told = rules_after({"rhinitis seasonal": "1801"})
    matches = matches_of(index, "seasonal rhinitis", rules=told)
    assert matches.held["reason"].to_list() == ["people decided this wording otherwise"]


def test_a_denial_is_no_nearly_identical_verbatim(index: MatchIndex) -> None:
    found = candidates_of(index, "visual aura", rules=rules_after(DECIDED))
    assert all("decided_before" not in rules for rules in found["rules"])


def test_two_codings_of_one_verbatim_are_both_offered(index: MatchIndex) -> None:
    frame = text_frame({"folded": ["bumpy"] * 2, "code": ["1901", "1801"], "source": ["decision"] * 2})
    found = candidates_of(index, "bumpy", rules=replace(rules_of(), decided=frame))
    lifted = [code for code, rules in zip(found["code"], found["rules"], strict=True) if "decided" in rules]
    assert lifted == ["1801", "1901"]
    assert found.iloc[0]["score"] == found.iloc[1]["score"]


def test_decisions_over_an_empty_release(tmp_path: Path) -> None:
    empty = build_index(store(tmp_path, [("1", "Old", "1", "noncurrent")]))
    assert matches_of(empty, "bumps", rules=rules_after(DECIDED)).candidates.empty


def test_an_exact_name_stays_settled_whatever_was_decided(index: MatchIndex) -> None:
    told = rules_after({"seasonal rhinitis": "1801"})
    matches = matches_of(index, "Rhinitis, seasonal", rules=told)
    assert matches.decisions[["code", "method"]].to_numpy().tolist() == [["3301", "exact"]]
