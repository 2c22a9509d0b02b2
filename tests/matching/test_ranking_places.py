"""What the form, the class and the hierarchy say about candidates that are equally like a verbatim."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from made_dictionary import candidates_of

from coding.matching.index import MatchIndex, build_index
from dictionaries.model import Dictionary

IndexOf = Callable[..., MatchIndex]
Stored = Callable[..., Dictionary]


@pytest.fixture(scope="module")
def gallbladder(index_of: IndexOf) -> MatchIndex:
    return index_of(**{"Gallbladder operation": "Surgical procedures", "Gallbladder disorder": "Gut"})


@pytest.mark.parametrize(
    ("fields", "rare"),
    [
        ("AETERM", "Gallbladder operation"),
        ("CETERM", "Gallbladder operation"),
        ("AETERM;CETERM", "Gallbladder operation"),
        ("PRTRT", "Gallbladder disorder"),
        ("MHTERM", ""),
        ("AETERM;MHTERM", ""),
        ("AETERM;PRTRT", ""),
        ("", ""),
    ],
)
def test_what_is_rare_on_a_form(gallbladder: MatchIndex, fields: str, rare: str) -> None:
    found = candidates_of(gallbladder, "gallbladder", fields=fields)
    assert [term for term, rules in found["rules"].items() if "form" in rules.split(";")] == [rare] * bool(
        rare
    )
    assert len(found) == 2


@pytest.mark.parametrize(
    ("fields", "first"), [("AETERM", "Gallbladder disorder"), ("PRTRT", "Gallbladder operation")]
)
def test_what_is_rare_on_a_form_comes_later(gallbladder: MatchIndex, fields: str, first: str) -> None:
    assert candidates_of(gallbladder, "gallbladder", fields=fields).index[0] == first


def test_a_class_that_only_speaks_of_procedures_holds_none(index_of: IndexOf) -> None:
    index = index_of(**{"Wound leak": "Injury and procedural complications", "Wound suture": "Procedures"})
    assert index.procedure.tolist() == [False, True]


def test_without_such_a_class_the_words_say_what_a_procedure_is(index_of: IndexOf) -> None:
    index = index_of("Cholecystectomy", "Gallstones")
    assert index.procedure.tolist() == [True, False]


@pytest.mark.parametrize("unknown", ["", "Not assigned", "Unknown class"])
def test_a_term_without_a_class_counts_a_little_less(index_of: IndexOf, unknown: str) -> None:
    found = candidates_of(index_of(**{"Rash xavex": unknown, "Rash yoboy": "Skin"}), "rash")
    assert found.index.to_list() == ["Rash yoboy", "Rash xavex"]
    assert ["unplaced" in rules.split(";") for rules in found["rules"]] == [False, True]


def test_no_class_says_nothing_where_no_term_has_one(index_of: IndexOf) -> None:
    found = candidates_of(index_of(**{"Rash xavex": "Skin", "Rash yoboy": "Skin"}), "rash")
    assert found.index.to_list() == ["Rash xavex", "Rash yoboy"]
    assert found["score"].nunique() == 1


def test_a_candidate_among_others_of_its_class_is_likelier(index_of: IndexOf) -> None:
    classes = {
        "Burning xavex": "Foot",
        "Burning yoboy": "Hand",
        "Burning zimiz fidif": "Hand",
        "Cough": "Lung",
    }
    apart, together = (
        candidates_of(index_of(**dict.fromkeys(classes, "All") if alike else classes), "burning")["score"]
        for alike in (True, False)
    )
    assert apart["Burning xavex"] == apart["Burning yoboy"]
    assert together["Burning yoboy"] > together["Burning xavex"]


def test_a_name_that_is_not_current_brings_the_current_term(tmp_path: Path, stored: Stored) -> None:
    low = [("1", "Rash of skin xavex", "2", "noncurrent"), ("2", "Dermal yoboy", "2", "current")]
    found = candidates_of(build_index(stored(tmp_path, low)), "skin rash xavx")
    assert found.index.to_list() == ["Dermal yoboy"]
    assert "noncurrent" in found.iloc[0]["rules"].split(";")
    assert found.iloc[0]["reason"].endswith("found by a name that is not current")


def test_a_name_whose_term_is_not_current_is_never_offered(tmp_path: Path, stored: Stored) -> None:
    low = [("1", "Rash", "1", "noncurrent"), ("2", "Cough", "2", "current")]
    assert len(candidates_of(build_index(stored(tmp_path, low)), "rashes")) == 0
