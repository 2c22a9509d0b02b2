"""Hints and query groups of the open event dictionary: which level decides, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from dictionaries.model import DictionaryError
from dictionaries.open_events.themes import Placed, read_hints, read_query_groups

TERMS = [
    Placed("Ear ache", (("Ear pain", "Ear", "Head"),)),
    Placed("Ear bleeding", (("Ear disease", "Ear", "Head"), ("Bleeding signs", "Flow", "Vessels"))),
    Placed("Womb ache", (("Womb pain", "Womb", "Trunk"),)),
    Placed("Womb scan", (("Womb pain", "Womb", "Trunk"),)),
]


def hints(folder: Path, rows: str) -> list[tuple[str, str, str]]:
    (folder / "hints.csv").write_text(f"level,term,sex,from_age,to_age\n{rows}", encoding="utf-8")
    return read_hints(folder, TERMS)


def members(folder: Path, rows: str, groups: str = "Aches,Pain") -> dict[str, str]:
    (folder / "query_groups.csv").write_text(f"group,description\n{groups}\n", encoding="utf-8")
    (folder / "query_group_terms.csv").write_text(f"group,scope,level,term\n{rows}", encoding="utf-8")
    (group,) = read_query_groups(folder, TERMS)
    return dict(group.members)


def test_a_preferred_terms_hint_replaces_that_of_its_high_level_term(tmp_path: Path) -> None:
    assert hints(tmp_path, "HLT,Womb pain,F,10,60\nPT,Womb scan,F,,\n") == [
        ("Womb ache", "from_age", "10"),
        ("Womb ache", "sex", "F"),
        ("Womb ache", "to_age", "60"),
        ("Womb scan", "sex", "F"),
    ]
    assert hints(tmp_path, "HLT,Womb pain,F,,\nPT,Womb scan,,,\n") == [("Womb ache", "sex", "F")]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("SOC,Head,F,,\n", "a hint is for HLT or PT, not for 'SOC'"),
        ("PT,Toe ache,F,,\n", "there is no PT Toe ache"),
        ("HLT,Womb pain,X,,\n", "sex is F, M or blank, not 'X'"),
        ("HLT,Womb pain,F,ten,\n", "from_age is a number of years, not 'ten'"),
        ("HLT,Womb pain,F,,130\n", "to_age is a number of years, not '130'"),
        ("HLT,Womb pain,F,,\nHLT,Womb pain,M,,\n", "line 3: Womb pain has a hint already"),
    ],
)
def test_hints_that_make_no_sense_are_refused(tmp_path: Path, rows: str, message: str) -> None:
    with pytest.raises(DictionaryError, match=message):
        hints(tmp_path, rows)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ("Aches,narrow,WORD,ache\n", {"Ear ache": "narrow", "Womb ache": "narrow"}),
        (
            "Aches,narrow,SOC,Head\nAches,broad,HLT,Ear pain\n",
            {"Ear ache": "broad", "Ear bleeding": "narrow"},
        ),
        ("Aches,narrow,SOC,Head\nAches,never,PT,Ear ache\n", {"Ear bleeding": "narrow"}),
        # Two paths of one term: the narrower scope holds, "never" before both.
        ("Aches,broad,HLT,Bleeding signs\nAches,narrow,HLT,Ear disease\n", {"Ear bleeding": "narrow"}),
        (
            "Aches,narrow,HLGT,Womb\nAches,narrow,HLT,Ear disease\nAches,never,HLT,Bleeding signs\n",
            {"Womb ache": "narrow", "Womb scan": "narrow"},
        ),
        ("Aches,narrow,HLGT,Flow\n", {"Ear bleeding": "narrow"}),
    ],
)
def test_the_lowest_level_decides(tmp_path: Path, rows: str, expected: dict[str, str]) -> None:
    assert members(tmp_path, rows) == expected


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("Other,narrow,WORD,ache\n", "line 2: Other is not in query_groups.csv"),
        ("Aches,wide,WORD,ache\n", "the scope is one of never, narrow, broad, not 'wide'"),
        ("Aches,narrow,LLT,Ear ache\n", "the level is one of PT, WORD, HLT, HLGT, SOC, not 'LLT'"),
        ("Aches,narrow,WORD,toe\n", "there is no WORD toe"),
        ("Aches,narrow,WORD,ache\nAches,broad,WORD,ache\n", "line 3: ache is in Aches already"),
        ("Aches,broad,WORD,ache\n", "Aches has no narrow term"),
        ("", "Aches has no narrow term"),
    ],
)
def test_groups_that_make_no_sense_are_refused(tmp_path: Path, rows: str, message: str) -> None:
    with pytest.raises(DictionaryError, match=message):
        members(tmp_path, rows)
