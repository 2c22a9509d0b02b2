"""From records to occurrences and coding requests."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coding.occurrences import occurrences_of, requests_of
from coding.records import FORM_COLUMNS, fold, request_key


def make_form(**columns: list[str]) -> pd.DataFrame:
    length = len(next(iter(columns.values())))
    names = (*FORM_COLUMNS, "source", "file", "sheet", "earlier_code", "earlier_term")
    frame = pd.DataFrame({name: pd.Series("", index=range(length), dtype="str") for name in names})
    for name, values in columns.items():
        frame[name] = pd.Series(values, dtype="str")
    return frame.assign(row=range(2, length + 2))


@pytest.mark.parametrize(
    ("verbatim", "folded"),
    [
        ("Headache", "headache"),
        ("  HEAD\u00a0 ache. ", "head ache"),
        ("(nausea)", "nausea"),
        ("Ｎａｕｓｅａ", "nausea"),
        ("pain - left arm", "pain - left arm"),
        ("???", "???"),
        ("? Appendicitis", "? appendicitis"),
        ("ALT \u2191", "alt \u2191"),
        ("Troponin (-)", "troponin (-"),
        ("Troponin (+)", "troponin (+"),
        ("- rash -", "rash -"),
        ("=Rash", "rash"),
        ("TYLENOL®", "tylenol"),
        ("<5 platelets", "<5 platelets"),
        ("\u300c\u982d\u75db\u300d\u3002", "\u982d\u75db"),
        (
            "\u0e1b\u0e27\u0e14\u0e2b\u0e31\u0e27\u0e44\u0e02\u0e49",
            "\u0e1b\u0e27\u0e14\u0e2b\u0e31\u0e27\u0e44\u0e02\u0e49",
        ),
        ("ß", "ss"),
        ("頭痛", "頭痛"),
    ],
)
def test_folding(verbatim: str, folded: str) -> None:
    assert fold(verbatim) == folded


@given(st.text(max_size=40))
def test_folding_twice_changes_nothing_but_case_expansion(verbatim: str) -> None:
    once = fold(verbatim)
    assert fold(once) == fold(fold(once))
    assert once == once.strip()


def test_request_keys_never_change() -> None:
    # Frozen: every ledger in the world holds keys made by this rule.
    assert request_key("MedDRA", "headache") == "d4c2aec7278683442db83b02b9fca33d"
    assert request_key("MedDRA", "headache") != request_key("MedDRA", "headache", '{"route":"oral"}')
    assert request_key("MedDRA", "headache") != request_key("CTCAE", "headache")


def test_spelling_variants_by_case_and_space_share_a_request() -> None:
    form = make_form(
        subject=["1", "2", "3", "3"],
        record_id=["a", "b", "c", "d"],
        verbatim=["Headache", "HEADACHE ", "headache", "Migraine"],
        serious=["N", "", "Y", ""],
    )
    found = occurrences_of(form, "AETERM", "MedDRA")
    assert found["position"].tolist() == [0, 1, 2, 3]
    requests = requests_of(found).set_index("verbatim")
    assert sorted(requests.index) == ["HEADACHE ", "Migraine"]
    row = requests.loc["HEADACHE "]
    assert (row["occurrences"], row["subjects"], row["serious"], row["fields"]) == (3, 3, True, "AETERM")
    assert row["key"] == request_key("MedDRA", "headache")


def test_the_most_frequent_spelling_names_the_request() -> None:
    form = make_form(subject=["1"] * 3, record_id=list("abc"), verbatim=["b A", "B a", "B a"])
    assert requests_of(occurrences_of(form, "AETERM", "D"))["verbatim"].tolist() == ["B a"]


def test_blank_indications_are_no_occurrences() -> None:
    form = make_form(
        subject=["1", "2", "3"], record_id=list("abc"), verbatim=list("xyz"), indication=["pain", " ", "Pain"]
    )
    found = occurrences_of(form, "CMINDC", "MedDRA")
    assert found["position"].tolist() == [0, 2]
    assert found["verbatim"].tolist() == ["pain", "Pain"]
    assert requests_of(found)["occurrences"].tolist() == [2]


def test_context_tells_requests_apart_only_where_it_is_given() -> None:
    form = make_form(
        subject=["1", "2", "3", "4"],
        record_id=list("abcd"),
        verbatim=["Aspirin"] * 4,
        route=["ORAL", "oral", "", "iv"],
        indication=["", "", "", "pain"],
    )
    found = occurrences_of(form, "CMTRT", "Drugs", ("route", "indication"))
    assert found["context"].tolist() == [
        '{"route":"oral"}', '{"route":"oral"}', "", '{"indication":"pain","route":"iv"}',
    ]  # fmt: skip
    assert found["request"].nunique() == 3


def test_earlier_codings_count_when_they_agree() -> None:
    form = make_form(
        subject=["1", "2", "3", "4"],
        record_id=list("abcd"),
        verbatim=["Headache", "headache", "Rash", "rash"],
        earlier_code=["10", "", "20", "21"],
    )
    requests = requests_of(occurrences_of(form, "AETERM", "D")).set_index("verbatim")
    assert requests.loc["Headache", "earlier_code"] == "10"
    assert not requests.loc["Headache", "earlier_disagrees"]
    assert requests.loc["Rash", "earlier_code"] == ""
    assert requests.loc["Rash", "earlier_disagrees"]


def test_no_records_give_no_requests_of_the_same_types() -> None:
    full = requests_of(
        occurrences_of(make_form(subject=["1"], record_id=["a"], verbatim=["x"]), "AETERM", "D")
    )
    empty = requests_of(occurrences_of(make_form(subject=[], record_id=[], verbatim=[]), "AETERM", "D"))
    assert empty.dtypes.to_dict() == full.dtypes.to_dict()
    assert len(empty) == 0
