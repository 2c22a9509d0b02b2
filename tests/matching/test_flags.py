"""What a coder is told to look at, the parts of a verbatim, and what speaks for the first candidate."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest

from coding.matching.engine import FLAG_COLUMNS, PART_COLUMNS, SIGNAL_COLUMNS, Matches
from coding.matching.flags import FLAGS, flag_texts
from coding.matching.index import MatchIndex

Match = Callable[..., Matches]


def flags(matches: Matches) -> list[tuple[str, str]]:
    return list(matches.flags[["flag", "detail"]].itertuples(index=False, name=None))


@pytest.mark.parametrize(
    ("verbatim", "expected"),
    [
        ("Headache", []),
        ("n/a", [("not_codable", "")]),
        ("unknown", [("not_codable", "")]),
        ("no headache", [("negated", "")]),
        ("possible migraine", [("uncertain", "")]),
        ("migraine?", [("uncertain", "")]),
        ("headache and rash", [("several_concepts", "headache | rash"), ("information_lost", "rash")]),
        ("MI", [("ambiguous_abbreviation", "mi")]),
        (
            "mi, pe",
            [
                ("several_concepts", "mi | pe"),
                ("ambiguous_abbreviation", "mi pe"),
                ("information_lost", "pe"),
            ],
        ),
        ("metastatic brain cancer", [("information_added", "lung")]),
        ("headache and", []),
        ("", []),
    ],
)
def test_flags_of_a_verbatim(match: Match, verbatim: str, expected: list[tuple[str, str]]) -> None:
    assert flags(match([verbatim])) == expected


@pytest.mark.parametrize(
    ("verbatim", "parts"),
    [
        ("headache", []),
        (
            "headache, rash and vomitting",
            [(1, "headache", "Headache"), (2, "rash", "Rash"), (3, "vomiting", "Vomiting")],
        ),
        ("toe pain with chest pain", [(1, "toe pain", "Pain in toe"), (2, "chest pain", "Chest pain")]),
        # A concept that nothing is like has no term.
        ("headache, zzzz", [(1, "headache", "Headache")]),
        ("mi, pe", [(1, "mi", "Myocardial infarction")]),
    ],
)
def test_what_each_concept_could_be(match: Match, verbatim: str, parts: list[tuple[int, str, str]]) -> None:
    found = match([verbatim]).parts
    assert list(found[["number", "part", "term"]].itertuples(index=False, name=None)) == parts
    assert ((found["score"] >= 0.2) & (found["score"] <= 1)).all()


def test_tables_have_their_columns(match: Match) -> None:
    for verbatims in ([], ["n/a"], ["headache, rash", "MI"]):
        matches = match(verbatims)
        assert tuple(matches.flags.columns) == FLAG_COLUMNS
        assert tuple(matches.parts.columns) == PART_COLUMNS
        assert tuple(matches.signals.columns) == SIGNAL_COLUMNS


def test_flags_stand_by_key_and_in_their_order(match: Match) -> None:
    matches = match(["possible mi and pe", "headache and rash", "n/a"])
    order = list(FLAGS)
    rows = [(key, order.index(flag)) for key, flag, _ in matches.flags.itertuples(index=False, name=None)]
    assert rows == sorted(rows)
    assert len({key for key, _ in rows}) == 3


def test_flags_in_words(match: Match) -> None:
    matches = match(["headache and rash", "MI", "n/a", "Headache"])
    assert flag_texts(matches.flags, matches.parts) == {
        "k000": "several concepts: headache → Headache, rash → Rash; information lost: rash",
        "k001": "ambiguous abbreviation: mi",
        "k002": "not codable",
    }


def test_concepts_without_a_term_are_named_as_they_are_written() -> None:
    flagged = pd.DataFrame([("k", "several_concepts", "aaa | bbb")], columns=list(FLAG_COLUMNS))
    nothing = pd.DataFrame([], columns=list(PART_COLUMNS))
    assert flag_texts(flagged, nothing) == {"k": "several concepts: aaa | bbb"}


# --- signals ----------------------------------------------------------------------------------------


def signal(matches: Matches) -> pd.Series:
    (row,) = [row for _, row in matches.signals.iterrows()]
    return row


@pytest.mark.parametrize(
    ("verbatim", "told"),
    [
        ("Headache", ""),
        ("rash and headache", "lost"),
        ("metastatic brain cancer", "added"),
        ("migrane", "unsure"),
        ("severe cold", "twin"),  # two preferred terms have that name
        ("MI", ""),
        ("migraine headache in arm", "lost"),
    ],
)
def test_what_speaks_against_the_first_candidate(match: Match, verbatim: str, told: str) -> None:
    row = signal(match([verbatim]))
    assert [name for name in ("twin", "lost", "added", "unsure") if row[name]] == told.split()


def test_the_margin_is_the_lead_over_another_preferred_term(match: Match) -> None:
    matches = match(["severe headache"])
    best, second = matches.candidates["score"][:2]
    assert signal(matches)["margin"] == round(best - second, 4)


def test_without_a_rival_the_margin_is_the_score(index_of: Callable[..., MatchIndex]) -> None:
    from made_dictionary import matches_of

    row = signal(matches_of(index_of("Rash"), "severe rash"))
    assert row["margin"] == row["score"] > 0.5


def test_a_request_without_candidates_has_no_signals(match: Match) -> None:
    assert match(["zzzz qqqq", "n/a"]).signals.empty


def test_confidence_is_not_measured_without_decisions(match: Match) -> None:
    matches = match(["severe headache", "Rash"])

    assert matches.candidates["confidence"].isna().all()


def test_a_term_without_a_class_is_not_placed(index_of: Callable[..., MatchIndex]) -> None:
    from made_dictionary import matches_of

    index = index_of(**{"Rash": "Skin", "Cough": ""})
    assert matches_of(index, "Rash", "Cough").signals["placed"].to_list() == [True, False]
