"""Everything about a term, and browsing down from the top."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from dictionaries.browse_page import page, page_content
from dictionaries.content import ReleaseContent, write_content
from dictionaries.lookup import find_terms, top_terms
from dictionaries.model import Dictionary, DictionaryError, Release


def text_rows(columns: str, *rows: str) -> pd.DataFrame:
    return pd.DataFrame([row.split("|") for row in rows], columns=columns.split(), dtype="str")


@pytest.fixture
def dictionary(tmp_path: Path) -> Dictionary:
    terms = text_rows(
        "code text level status parent",
        "1|Headache|LLT|current|1",
        "2|Sore head|LLT|current|1",
        "3|Ear <ache>|LLT|current|3",
        "4|Cephalalgia|LLT|noncurrent|1",
        "1|Headache|PT|current|",
        "3|Ear <ache>|PT|current|",
        "H1|Brow|HLT|current|",
        "H2|Ear|HLT|current|",
        "S1|Head|SOC|current|",
        "S2|Senses|SOC|current|",
    )
    paths = text_rows("code primary HLT_code SOC_code", "1|Y|H1|S1", "3|Y|H2|S2", "3|N|H1|S1")
    paths["primary"] = paths["primary"] == "Y"
    blank = {"algorithm": "N", "status": "A", "category": "", "weight": "", "kind": "SMQ", "group_level": "1"}
    content = ReleaseContent(
        Release("try", "1", "English", "c" * 64, ("LLT", "PT", "HLT", "SOC"), "LLT", "PT", False, False),
        terms,
        paths,
        attributes=text_rows("code level name value", "1|PT|sex|F", "S1|SOC|abbreviation|HEAD"),
        groups=text_rows("group_code group code level scope", "G|Aches|1|PT|2").assign(**blank),
        history=text_rows("code text version level status action", "1|Headache|0|LLT|current|added"),
    )  # fmt: skip
    write_content(content, tmp_path)
    return Dictionary.open(tmp_path)


def test_a_code_of_two_levels(dictionary: Dictionary) -> None:
    facts = find_terms(dictionary, "1")
    assert [(term.level, term.text) for term in facts.terms] == [("LLT", "Headache"), ("PT", "Headache")]
    assert [[term.code for term in path.terms] for path in facts.paths] == [["1", "1", "H1", "S1"]]
    assert [(term.text, str(term.status)) for term in facts.synonyms] == [
        ("Cephalalgia", "noncurrent"),
        ("Sore head", "current"),
    ]
    assert facts.attributes == (("PT", "sex", "F"),)
    assert facts.groups == (("Aches", "narrow"),)
    assert facts.history == (("0", "LLT", "added", "Headache"),)
    assert facts.children == ()


def test_a_wording_has_what_its_preferred_term_has(dictionary: Dictionary) -> None:
    facts = find_terms(dictionary, "sore  HEAD")
    assert facts.terms[0].code == "2"
    assert [term.text for term in facts.synonyms] == ["Cephalalgia", "Headache"]
    assert facts.groups == (("Aches", "narrow"),)


def test_all_paths_the_primary_one_first(dictionary: Dictionary) -> None:
    facts = find_terms(dictionary, "Ear <ache>")
    assert [(path.primary, [term.code for term in path.terms]) for path in facts.paths] == [
        (True, ["3", "3", "H2", "S2"]),
        (False, ["3", "3", "H1", "S1"]),
    ]


def test_browsing_down_from_the_top(dictionary: Dictionary) -> None:
    assert [(child.term.text, child.below) for child in top_terms(dictionary)] == [("Head", 1), ("Senses", 1)]
    head = find_terms(dictionary, "S1")
    assert [(child.term.code, child.below) for child in head.children] == [("H1", 2)]
    assert head.attributes == (("SOC", "abbreviation", "HEAD"),)
    brow = find_terms(dictionary, "H1")
    assert [(child.term.text, child.below) for child in brow.children] == [("Ear <ache>", 1), ("Headache", 3)]
    assert [[term.code for term in path.terms] for path in brow.paths] == [["H1", "S1"]]


def test_an_unknown_term(dictionary: Dictionary) -> None:
    with pytest.raises(DictionaryError, match="try 1 has no code toe ache, and no term of that name"):
        find_terms(dictionary, "toe ache")


def test_a_dictionary_of_one_level(tmp_path: Path) -> None:
    release = Release("flat", "1", "English", "c" * 64, ("TERM",), "TERM", "TERM", False, False)
    terms = text_rows("code text level status parent", "1|One|TERM|current|", "2|Two|TERM|current|")
    paths = text_rows("code", "1", "2").assign(primary=True)
    write_content(ReleaseContent(release, terms, paths), tmp_path)
    flat = Dictionary.open(tmp_path)
    assert [(child.term.text, child.below) for child in top_terms(flat)] == [("One", 0), ("Two", 0)]
    facts = find_terms(flat, "Two")
    assert (facts.synonyms, facts.children) == ((), ())
    assert page_content(flat)["names"] == [["1", "One", 0, 1], ["2", "Two", 1, 1]]


def test_the_pages_content(dictionary: Dictionary) -> None:
    content = page_content(dictionary)
    assert content["upper"] == [[["H1", "Brow"], ["H2", "Ear"]], [["S1", "Head"], ["S2", "Senses"]]]
    assert content["preferred"] == [
        ["3", "Ear <ache>", [[1, 1], [0, 0]], [], []],
        ["1", "Headache", [[0, 0]], [["sex", "F"]], [["Aches", "narrow"]]],
    ]
    assert content["names"] == [
        ["1", "Headache", 1, 1],
        ["2", "Sore head", 1, 1],
        ["3", "Ear <ache>", 0, 1],
        ["4", "Cephalalgia", 1, 0],
    ]


def test_the_page_holds_no_address_and_no_markup_of_terms(dictionary: Dictionary) -> None:
    text = page(dictionary)
    assert "<ache>" not in text and "\\u003cache>" in text
    assert "http" not in text.replace("http-equiv", "")
    assert "<title>try 1</title>" in text
    assert page(dictionary) == text
