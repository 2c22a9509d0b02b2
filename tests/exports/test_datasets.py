"""The coded dataset of a domain, cell by cell."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from coding.exports.datasets import FieldCoding, build_dataset
from coding.occurrences import occurrences_of
from coding.records import NO_TERM
from dictionaries.model import Dictionary
from schemas.tables import text_frame
from schemas.vocabulary import Domain

Form = Callable[..., pd.DataFrame]


def coding(
    form: pd.DataFrame,
    dictionary: Dictionary,
    decided: dict[str, tuple[str, list[tuple[str, str]]]],
    field: str = "AETERM",
    *,
    main: bool = True,
) -> FieldCoding:
    """``decided``: verbatim → (status, [(code, modify) …]); all by method exact."""
    found = occurrences_of(form, field, "Tiny")
    by_verbatim = dict(zip(found["verbatim"], found["request"], strict=True))
    keys = sorted(by_verbatim.values())
    verbatim_of = {key: verbatim for verbatim, key in by_verbatim.items()}
    status = {key: decided.get(verbatim_of[key], ("NEEDS_CODING", []))[0] for key in keys}
    requests = text_frame(
        {"key": keys, "method": ["exact" if verbatim_of[key] in decided else "" for key in keys]}
    )
    parts = [
        (key, code, modify) for key in keys for code, modify in decided.get(verbatim_of[key], ("", []))[1]
    ]
    names = ("key", "code", "modify")
    table = text_frame({name: [part[number] for part in parts] for number, name in enumerate(names)})
    return FieldCoding(
        field, dictionary, main, found, found["request"].map(status).astype("str"), requests, table
    )


def test_every_column_of_a_coded_event(dictionary: Dictionary, make_form: Form) -> None:
    form = make_form(
        subject=["S1", "S1"],
        record_id=["1", "2"],
        verbatim=["head pain", "fell ill"],
        start=["2024-02", "2024-01-05"],
        serious=["Y", "N"],
        raw_USUBJID=["S1", "S1"],
        raw_AESEQ=["1.0", "2.0"],
        raw_AETERM=["head pain", "fell ill"],
        raw_AESTDTC=["Feb 2024", "2024-01-05"],
        raw_AEREL=["NONE", ""],
    )
    data = build_dataset(
        "ST", Domain.AE, form, [coding(form, dictionary, {"head pain": ("AUTOCODED", [("11", "")])})]
    )
    assert data.loc[0].to_dict() == {
        "STUDYID": "ST", "DOMAIN": "AE", "USUBJID": "S1", "AESEQ": "1", "AETERM": "head pain",
        "AEMODIFY": "", "AELLT": "Head pain", "AELLTCD": "11", "AEDECOD": "Headache", "AEPTCD": "10",
        "AEHLT": "Headaches", "AEHLTCD": "30", "AEHLGT": "Head", "AEHLGTCD": "40",
        "AEBODSYS": "Nervous", "AEBDSYCD": "50", "AESOC": "Nervous", "AESOCCD": "50",
        "TC_STATUS": "AUTOCODED", "TC_METHOD": "exact", "TC_RELEASE": "Tiny 1.0",
        "AESER": "Y", "AESTDTC": "2024-02", "SRC_AESTDTC": "Feb 2024", "AEREL": "NONE",
        "SRC_FILE": "ae.csv", "SRC_SHEET": "", "SRC_ROW": "2",
    }  # fmt: skip
    uncoded = data.loc[1]
    assert (uncoded["AEDECOD"], uncoded["TC_STATUS"], uncoded["TC_METHOD"], uncoded["TC_RELEASE"]) == (
        "", "NEEDS_CODING", "", "",
    )  # fmt: skip


def test_the_primary_path_is_used(dictionary: Dictionary, make_form: Form) -> None:
    form = make_form(subject=["S1"], record_id=["1"], verbatim=["rash"])
    data = build_dataset(
        "ST", Domain.AE, form, [coding(form, dictionary, {"rash": ("APPROVED", [("20", "")])})]
    )
    assert (data.loc[0, "AESOC"], data.loc[0, "AEHLT"]) == ("Dermal", "Rashes")


def test_sequence_numbers_count_by_subject_and_start(dictionary: Dictionary, make_form: Form) -> None:
    form = make_form(
        subject=["S2", "S1", "S1", "S1"],
        record_id=["a", "b", "c", "d"],
        verbatim=["rash"] * 4,
        start=["2024", "2024-03", "2024-01", "2024-03"],
    )
    data = build_dataset("ST", Domain.AE, form, [coding(form, dictionary, {})])
    assert data[["USUBJID", "AESEQ", "SRC_ROW"]].to_numpy().tolist() == [
        ["S1", "1", "4"], ["S1", "2", "3"], ["S1", "3", "5"], ["S2", "1", "2"],
    ]  # fmt: skip


def test_a_source_sequence_that_repeats_is_kept_beside_the_counted_one(
    dictionary: Dictionary, make_form: Form
) -> None:
    form = make_form(subject=["S1", "S1"], record_id=["a", "b"], verbatim=["x", "y"], raw_AESEQ=["7", "7"])
    data = build_dataset("ST", Domain.AE, form, [coding(form, dictionary, {})])
    assert data[["AESEQ", "SRC_AESEQ"]].to_numpy().tolist() == [["1", "7"], ["2", "7"]]


def test_a_split_gives_a_row_per_part(dictionary: Dictionary, make_form: Form) -> None:
    form = make_form(subject=["S1", "S1"], record_id=["r1", "r2"], verbatim=["headache and rash", "rash"])
    decided = {
        "headache and rash": ("APPROVED", [("10", "headache"), ("20", "rash")]),
        "rash": ("APPROVED", [("20", "")]),
    }
    data = build_dataset("ST", Domain.AE, form, [coding(form, dictionary, decided)])
    columns = ["AESEQ", "AEGRPID", "AETERM", "AEMODIFY", "AEDECOD"]
    assert data[columns].to_numpy().tolist() == [
        ["1", "r1", "headache and rash", "headache", "Headache"],
        ["2", "r1", "headache and rash", "rash", "Rash"],
        ["3", "", "rash", "", "Rash"],
    ]


def test_pending_codes_show_in_a_draft_and_stale_ones_do_not(dictionary: Dictionary, make_form: Form) -> None:
    form = make_form(subject=["S1", "S2", "S3"], record_id=list("abc"), verbatim=["rash", "headach", "none"])
    decided = {
        "rash": ("STALE", [("20", "")]),
        "headach": ("PENDING_APPROVAL", [("10", "")]),
        "none": ("NOT_CODABLE", [(NO_TERM.code, "")]),
    }
    data = build_dataset("ST", Domain.AE, form, [coding(form, dictionary, decided)])
    assert data[["AEDECOD", "TC_STATUS", "TC_METHOD"]].to_numpy().tolist() == [
        ["", "STALE", ""], ["Headache", "PENDING_APPROVAL", "exact"], ["", "NOT_CODABLE", "exact"],
    ]  # fmt: skip


def test_a_second_dictionary_and_an_indication_get_columns_of_their_own(
    dictionary: Dictionary, make_form: Form
) -> None:
    form = make_form(subject=["S1"], record_id=["a"], verbatim=["headache"])
    second = coding(form, dictionary, {"headache": ("AUTOCODED", [("10", "")])}, "MHTERM", main=False)
    data = build_dataset("ST", Domain.MH, form, [second])
    assert data.loc[0, ["MHTERM_TINY_PT", "MHTERM_TINY_PT_CD", "TC_MHTERM_TINY_STATUS"]].tolist() == [
        "Headache", "10", "AUTOCODED",
    ]  # fmt: skip
    drugs = make_form(
        subject=["S1", "S2"], record_id=["a", "b"], verbatim=["aspirin", "x"], indication=["rash", ""]
    )
    found = coding(drugs, dictionary, {"rash": ("AUTOCODED", [("20", "")])}, "CMINDC")
    data = build_dataset("ST", Domain.CM, drugs, [found])
    assert data["CMINDC_PT"].tolist() == ["Rash", ""]
    assert data["TC_CMINDC_STATUS"].tolist() == ["AUTOCODED", ""]
    assert "CMMODIFY" not in data


def test_an_intervention_gets_one_decoded_variable(dictionary: Dictionary, make_form: Form) -> None:
    form = make_form(subject=["S1"], record_id=["a"], verbatim=["rash"])
    found = coding(form, dictionary, {"rash": ("AUTOCODED", [("20", "")])}, "CMTRT")
    data = build_dataset("ST", Domain.CM, form, [found])
    names = [name for name in data.columns if name.startswith("CM")]
    assert names == [
        "CMSEQ", "CMTRT", "CMMODIFY", "CMDECOD", "CM_LLT", "CM_LLT_CD", "CM_PT", "CM_PT_CD", "CM_HLT",
        "CM_HLT_CD", "CM_HLGT", "CM_HLGT_CD", "CM_SOC", "CM_SOC_CD",
    ]  # fmt: skip


def test_a_form_without_records_gives_an_empty_table(dictionary: Dictionary, make_form: Form) -> None:
    form = make_form(subject=[], record_id=[], verbatim=[])
    data = build_dataset("ST", Domain.AE, form, [coding(form, dictionary, {})])
    assert len(data) == 0
    assert "AEDECOD" in data.columns
