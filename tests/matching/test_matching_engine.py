"""Case tables for the methods in their order, and what must never be settled."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from coding.matching.engine import CANDIDATE_COLUMNS, DECISION_COLUMNS, Matches, match_requests
from coding.matching.index import MatchIndex

Match = Callable[..., Matches]
Rules = Callable[..., object]


def decided(matches: Matches) -> tuple[str, str, str, str]:
    """(code, method, rules, outcome) of the only decision, or blanks."""
    if matches.decisions.empty:
        return "", "", "", ""
    row = matches.decisions.iloc[0]
    return row["code"], row["method"], row["rules"], row["outcome"]


def held(matches: Matches) -> str:
    return "" if matches.held.empty else str(matches.held.iloc[0]["reason"])


def first(matches: Matches) -> tuple[str, str, str]:
    row = matches.candidates.iloc[0]
    return row["code"], row["method"], row["rules"]


@pytest.mark.parametrize(
    ("verbatim", "code", "method", "rules", "outcome"),
    [
        ("Headache", "1001", "exact", "", "approved"),
        ("  HEADACHE. ", "1001", "exact", "", "approved"),
        ("cephalalgia", "1002", "exact", "", "approved"),
        ("Migraine without aura", "1602", "exact", "", "approved"),
        ("migraine, without aura", "1602", "normalised", "punctuation", "needs_approval"),
        ("Severe acute respiratory syndrome", "2001", "exact", "", "approved"),
        ("Eruption", "1902", "exact", "", "approved"),  # twice under one preferred term: the first code
        ("Rash", "1901", "exact", "", "approved"),
        ("Old name", "", "", "", ""),
        ("head ache", "1001", "normalised", "compounding", "needs_approval"),
        ("pain abdominal", "1101", "normalised", "word_order", "needs_approval"),
        ("pain in abdomen", "1102", "normalised", "stop_words", "needs_approval"),
        ("Diarrhea", "1201", "normalised", "uk_us_spelling", "needs_approval"),
        ("edema peripheral", "1301", "normalised", "uk_us_spelling", "needs_approval"),
        ("peripheral edema", "1301", "normalised", "uk_us_spelling;word_order", "needs_approval"),
        ("Crohn disease", "1401", "normalised", "apostrophe", "needs_approval"),
        ("Crohns disease", "1401", "normalised", "apostrophe;plural", "needs_approval"),
        ("type II diabetes mellitus", "1501", "normalised", "numerals", "needs_approval"),
        ("diabetes mellitus (type 2)", "1501", "normalised", "brackets;word_order", "needs_approval"),
        ("UTI", "1701", "normalised", "abbreviations", "needs_approval"),
        ("nausea/vomiting", "2101", "normalised", "conjunction", "needs_approval"),
        ("vomiting and nausea", "2101", "normalised", "word_order", "needs_approval"),
        ("cafe au lait spot", "2501", "normalised", "diacritics;plural", "needs_approval"),
        ("seasonal rhinitis", "3301", "normalised", "punctuation;word_order", "needs_approval"),
        ("pain toe", "3201", "normalised", "stop_words", "needs_approval"),
        ("n/a", "NO_TERM", "no_event", "", "needs_approval"),
        ("None", "NO_TERM", "no_event", "", "needs_approval"),
        ("No adverse events.", "NO_TERM", "no_event", "", "needs_approval"),
    ],
)
def test_what_names_settle(
    match: Match, verbatim: str, code: str, method: str, rules: str, outcome: str
) -> None:
    assert decided(match([verbatim])) == (code, method, rules, outcome)


@pytest.mark.parametrize(
    ("verbatim", "reason"),
    [
        ("no headache", "negated"),
        ("denies chest pain", "negated"),
        ("without rash", "negated"),
        ("migraine no aura", "negated"),
        ("rash w/o itch", "negated"),
        ("Rash (-)", "negated"),  # folded it is "rash": only the spelling tells
        ("headache?", "question mark in the verbatim"),
        ("? Diarrhea", "question mark in the verbatim"),
        ("Vomiting ↑", "sign in the verbatim"),
        ("cold", "ambiguous exact name"),
        ("colds", "ambiguous normalised name"),
        ("head pain", "name of a term that is not current"),
        ("old name", "name of a term that is not current"),
        ("old names", "name of a term that is not current"),
        ("severe headache", "score gives candidates only"),
        ("mild rash", "score gives candidates only"),
        ("left chest pain", "score gives candidates only"),
        ("chronic kidney injury", "score gives candidates only"),
        ("right ventricular failure", "score gives candidates only"),
        ("headache and rash", "score gives candidates only"),
        ("headache, rash", "score gives candidates only"),
        ("cold and sore", "score gives candidates only"),
        ("lung cancer metastatic to brain", "score gives candidates only"),
        ("aura with migraine", "score gives candidates only"),
        ("hepatitis b", "score gives candidates only"),
        ("zzzz qqqq", "no candidate"),
        ("頭痛", "no candidate"),
        ("", "no candidate"),
        ("!!!", "no candidate"),
    ],
)
def test_what_is_left_to_a_person(match: Match, verbatim: str, reason: str) -> None:
    matches = match([verbatim])
    assert decided(matches) == ("", "", "", "")
    assert held(matches) == reason


def test_a_term_that_is_not_current_shows_the_current_one(match: Match) -> None:
    assert first(match(["head pain"])) == ("1001", "exact", "noncurrent")
    assert first(match(["old name"])) == ("3402", "exact", "noncurrent")
    # Its preferred term has no current term at all: nothing can be offered for it.
    assert "2601" not in set(match(["grippe vieille"]).candidates["code"])


def test_ambiguous_names_are_all_shown(match: Match) -> None:
    found = match(["cold"]).candidates.head(2)
    assert found["code"].to_list() == ["1801", "1802"]
    assert found["rules"].to_list() == ["ambiguous", "ambiguous"]


def test_negated_verbatims_show_it_and_score_half(match: Match) -> None:
    plain, denied = match(["mild headache"]).candidates, match(["no headache"]).candidates
    assert plain.iloc[0]["code"] == denied.iloc[0]["code"] == "1001"
    assert "negated" in denied.iloc[0]["rules"].split(";")
    assert denied.iloc[0]["score"] < 0.6 * plain.iloc[0]["score"]


def test_opposites_stand_back(match: Match) -> None:
    found = match(["elevated blood pressure"]).candidates
    assert found.iloc[0]["code"] == "2201"
    lower = found[found["code"] == "2202"].iloc[0]
    assert "opposite" in lower["rules"].split(";")


@pytest.mark.parametrize(
    ("verbatim", "code", "rules"),
    [
        ("fever", "2301", "open_synonym"),
        ("heart attack", "2901", "open_synonym"),
        ("severe heart attack", "2901", "open_synonym;severity_ignored"),
        ("tummy ache", "1101", "open_synonym"),
        ("migrane", "1601", "misspelling"),
        ("vomited", "2103", "open_synonym"),
        ("severe headaches", "1001", "plural;severity_ignored"),
    ],
)
def test_candidates_by_score(match: Match, verbatim: str, code: str, rules: str) -> None:
    assert first(match([verbatim])) == (code, "score", rules)


# --- lists, synonyms, earlier codings ---------------------------------------------------------------


def test_do_not_autocode_comes_first(match: Match, rules: Rules) -> None:
    told = rules([("rash", "", "1001", "Headache", "study")], do_not_autocode=("rash", "headache"))
    matches = match(["Rash", "head ache", "Headache"], told)
    assert matches.decisions.empty
    assert matches.held["reason"].to_list() == ["do_not_autocode"] * 3
    assert matches.candidates[matches.candidates["rank"] == 1]["code"].to_list() == ["1901", "1001", "1001"]


@pytest.mark.parametrize(
    ("synonyms", "context", "expected"),
    [
        ([("boo", "", "1001", "Headache", "study")], "", ("1001", "synonym_study", "", "approved")),
        ([("boo", "", "1001", "", "sponsor")], "", ("1001", "synonym_sponsor", "", "approved")),
        ([("boo", "", "", "Headache", "global")], "", ("1001", "synonym_global", "", "approved")),
        (
            [("boo", "", "1001", "Headache", "sponsor"), ("boo", "", "1901", "Rash", "study")],
            "",
            ("1901", "synonym_study", "", "approved"),
        ),
        (
            [("boo", "", "1001", "Headache", "study"), ("boo", '{"route":"oral"}', "1901", "Rash", "study")],
            '{"route":"oral"}',
            ("1901", "synonym_study", "context", "approved"),
        ),
        ([("boo", '{"route":"oral"}', "1901", "Rash", "study")], "", ("", "", "", "")),
        ([("no boo", "", "1901", "Rash", "study")], "", ("", "", "", "")),
        ([("boo", "", "NO_TERM", "", "study")], "", ("NO_TERM", "synonym_study", "", "approved")),
    ],
)
def test_synonyms(
    match: Match,
    rules: Rules,
    synonyms: list[tuple[str, ...]],
    context: str,
    expected: tuple[str, ...],
) -> None:
    assert decided(match(["Boo!"], rules(synonyms), context=context)) == expected


def test_synonyms_come_before_negation_and_names(match: Match, rules: Rules) -> None:
    told = rules([("no headache", "", "1901", "Rash", "study"), ("nausea", "", "2103", "Vomiting", "study")])
    matches = match(["No headache", "Nausea"], told)
    assert matches.decisions["code"].to_list() == ["1901", "2103"]
    assert match(["Nausea"], told).candidates["code"].to_list()[:2] == ["2103", "2102"]


@pytest.mark.parametrize(
    ("synonyms", "reason"),
    [
        ([("rash", "", "7777", "Gone", "study")], "synonym: the code is not in this release"),
        ([("rash", "", "1003", "Head pain", "study")], "synonym: the term is not current in this release"),
        ([("rash", "", "1001", "Rash", "study")], "synonym: code and term disagree"),
        ([("rash", "", "", "Cold", "study")], "synonym: ambiguous name"),
        (
            [("rash", "", "1001", "Headache", "study"), ("rash", "", "1901", "Rash", "study")],
            "synonyms disagree",
        ),
    ],
)
def test_synonyms_that_do_not_fit_are_held(
    match: Match, rules: Rules, synonyms: list[tuple[str, ...]], reason: str
) -> None:
    matches = match(["Rash"], rules(synonyms))
    assert decided(matches) == ("", "", "", "")
    assert held(matches) == reason


@pytest.mark.parametrize(
    ("verbatim", "code", "term", "expected"),
    [
        ("boo", "1001", "", ("1001", "earlier_coding", "", "needs_approval")),
        ("boo", "1001.0", "headache", ("1001", "earlier_coding", "", "needs_approval")),
        ("boo", "", "Headache", ("1001", "earlier_coding", "", "needs_approval")),
        ("rash", "1001", "", ("1001", "earlier_coding", "", "needs_approval")),
        ("rash", "1003", "", ("1901", "exact", "", "approved")),
        ("rash", "1001", "Vomiting", ("1901", "exact", "", "approved")),
        ("no rash", "1901", "", ("", "", "", "")),
        ("rash?", "1901", "", ("", "", "", "")),
    ],
)
def test_earlier_coding(match: Match, verbatim: str, code: str, term: str, expected: tuple[str, ...]) -> None:
    assert decided(match([verbatim], earlier_code=code, earlier_term=term)) == expected


def test_earlier_codings_that_disagree_are_named(match: Match) -> None:
    assert held(match(["boo"], earlier_disagrees=True)) == "earlier codings disagree"


def test_an_earlier_coding_that_does_not_fit_is_named(match: Match) -> None:
    assert held(match(["boo"], earlier_code="7777")) == "earlier coding: the code is not in this release"


# --- outcomes -------------------------------------------------------------------------------------


def test_outcomes_of_the_study(match: Match, rules: Rules) -> None:
    told = rules(exact="candidate", normalised="approved", no_event="candidate")
    matches = match(["Headache", "Headaches", "None"], told)
    assert matches.decisions["key"].to_list() == ["k001"]
    assert matches.decisions["outcome"].to_list() == ["approved"]
    assert matches.held["reason"].to_list() == [
        "exact gives candidates only",
        "no_event gives candidates only",
    ]
    assert first(match(["Headache"], told)) == ("1001", "exact", "")


def test_a_serious_event_is_never_approved_by_score(match: Match, rules: Rules) -> None:
    told = rules(score="approved", score_minimum=0.5)
    assert decided(match(["severe headache"], told))[1::2] == ("score", "approved")
    assert decided(match(["severe headache"], told, serious=True))[1::2] == ("score", "needs_approval")
    assert decided(match(["Headache"], told, serious=True))[1::2] == ("exact", "approved")


@pytest.mark.parametrize(
    ("verbatim", "minimum", "reason"),
    [
        ("severe headache", 0.96, "score below minimum"),
        ("no headache", 0.1, "negated"),
        ("headache ?", 0.1, "question mark in the verbatim"),
        ("cold", 0.1, "ambiguous exact name"),
        ("severe cold", 0.1, "the best candidates score the same"),
        ("old nam", 0.1, "name of a term that is not current"),
        ("headache and rash", 0.1, "several concepts in the verbatim"),
        ("MI", 0.1, "ambiguous abbreviation"),
    ],
)
def test_scores_that_settle_nothing(
    match: Match, rules: Rules, verbatim: str, minimum: float, reason: str
) -> None:
    matches = match([verbatim], rules(score="approved", score_minimum=minimum))
    assert decided(matches) == ("", "", "", "")
    assert held(matches) == reason


def test_without_proof_a_score_that_needs_it_settles_nothing(match: Match, rules: Rules) -> None:
    told = rules(score="approved", score_precision=0.95, score_minimum=0.1)
    assert held(match(["severe headache"], told)) == "confidence below what the evidence allows"


def test_do_not_autocode_holds_for_the_term_found_by_score(match: Match, rules: Rules) -> None:
    told = rules(do_not_autocode=("headache",), score="approved", score_minimum=0.1)
    assert held(match(["severe headache"], told)) == "do_not_autocode"


# --- shape ----------------------------------------------------------------------------------------


def test_tables_have_their_columns_and_types(match: Match) -> None:
    for verbatims in (["Headache", "boo", "None"], []):
        matches = match(verbatims)
        assert tuple(matches.decisions.columns) == DECISION_COLUMNS
        assert tuple(matches.candidates.columns) == CANDIDATE_COLUMNS
        assert tuple(matches.held.columns) == ("key", "reason")
        for frame in (matches.decisions, matches.candidates, matches.held):
            for name in frame.columns:
                kinds = {"score": np.float64, "confidence": np.float64, "rank": np.int64}
                assert frame[name].dtype == kinds.get(name, pd.StringDtype(na_value=np.nan)), name


def test_one_candidate_a_preferred_term_and_top(match: Match, rules: Rules) -> None:
    found = match(["skin rash"], rules(top=3)).candidates
    assert found["rank"].to_list() == list(range(1, len(found) + 1))
    assert len(found) <= 3
    assert not found["preferred_code"].duplicated().any()


def test_requests_with_further_columns_and_any_index(index: MatchIndex, rules: Rules) -> None:
    frame = pd.DataFrame(
        {
            "key": ["b", "a"], "verbatim": ["Rash", "Rash"], "context": ["", "{}"], "serious": [True, False],
            "earlier_code": ["", ""], "earlier_term": ["", ""], "earlier_disagrees": [False, False],
            "occurrences": [3, 1],
        },
        index=[7, 7],
    )  # fmt: skip
    matches = match_requests(frame, index, rules())  # type: ignore[arg-type]
    assert matches.decisions["key"].to_list() == ["a", "b"]
    assert matches.candidates[matches.candidates["rank"] == 1]["code"].to_list() == ["1901", "1901"]


def test_the_rules_that_made_a_verbatim_comparable_stand_first(match: Match) -> None:
    assert first(match(["severe peripheral oedema"]))[2] == (
        "uk_us_spelling;thesaurus;word_order;severity_ignored"
    )


def test_what_only_caused_the_event_is_not_called_lost(match: Match) -> None:
    found = match(["severe rash due to penicillin"]).candidates.iloc[0]
    assert (found["term"], found["reason"]) == ("Rash", "severity ignored; cause ignored")
