"""From raw tables to text forms: columns, existing coding, what must not be shown, code lists."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from coding.ingest.code_lists import CodeListError, check_code_lists, standard_values
from coding.ingest.dates import DateFormatError
from coding.ingest.demographics import parse_ages
from coding.ingest.forms import ColumnError, check_source, is_coding_column, text_forms
from coding.ingest.raw_table import RawTable, unreadable_frame
from coding.study import Source
from schemas.vocabulary import Domain


def source(**given: Any) -> Source:
    columns = {"verbatim": "AETERM", "subject": "USUBJID", **given.pop("columns", {})}
    return Source.model_validate(
        {"name": "ae", "domain": "AE", "file": "ae.csv", "columns": columns, **given}
    )


def table(rows: dict[str, list[str]], file: str = "ae.csv") -> RawTable:
    frame = pd.DataFrame({name: pd.Series(values, dtype="str") for name, values in rows.items()})
    frame.index = pd.Index(range(2, len(frame) + 2), dtype="int64", name="row")
    return RawTable("ae", file, "", "0" * 64, frame, (), unreadable_frame([]))


ROW = {"USUBJID": [" S1 "], "AETERM": [" Head ache "]}


def test_roles_are_trimmed_but_never_the_verbatim() -> None:
    forms = text_forms(source(columns={"site": "SITE"}), [table({**ROW, "SITE": [" 01 "]})], [])
    row = forms.iloc[0]
    assert (row["subject"], row["site"], row["verbatim"]) == ("S1", "01", " Head ache ")
    assert (row["raw.USUBJID"], row["raw.AETERM"], row["raw.SITE"]) == (" S1 ", " Head ache ", " 01 ")
    assert (row["source"], row["file"], row["sheet"], row["row"]) == ("ae", "ae.csv", "", 2)
    assert forms["row"].dtype == "int64"


def test_the_verbatim_is_the_first_filled_of_several_columns() -> None:
    rows = {"USUBJID": ["1", "2", "3"], "A": ["", "  ", "x"], "B": ["b", "", "y"]}
    forms = text_forms(source(columns={"verbatim": ["A", "B"]}), [table(rows)], [])
    assert forms["verbatim"].tolist() == ["b", "  ", "x"]
    assert forms["verbatim_column"].tolist() == ["B", "A, B", "A"]


def test_record_id_joins_its_parts_and_is_blank_without_any() -> None:
    rows = {"USUBJID": ["1", "2", "3"], "AETERM": ["x"] * 3, "F": ["f", "", ""], "N": ["1", " 2 ", " "]}
    forms = text_forms(source(columns={"record_id": ["F", "N"]}), [table(rows)], [])
    assert forms["record_id"].tolist() == ["f/1", "/2", ""]


def test_files_of_a_glob_are_joined_with_all_their_columns() -> None:
    first = table({**ROW, "A": ["1"]}, "ae1.csv")
    second = table({**ROW, "B": ["2"]}, "ae2.csv")
    forms = text_forms(source(), [first, second], [])
    assert forms["file"].tolist() == ["ae1.csv", "ae2.csv"]
    assert forms[["raw.A", "raw.B"]].values.tolist() == [["1", ""], ["", "2"]]
    assert forms.index.tolist() == [0, 1]


def test_columns_that_must_not_be_shown_are_gone() -> None:
    rows = {**ROW, "ARM": ["placebo"], "arm ": ["placebo"], "ARMCD": ["P"]}
    forms = text_forms(source(), [table(rows)], ["ARM"])
    assert [name for name in forms.columns if name.startswith("raw.")] == [
        "raw.USUBJID",
        "raw.AETERM",
        "raw.ARMCD",
    ]
    assert not forms.isin(["placebo"]).any().any()


def test_existing_coding_is_renamed_and_counts_only_when_told() -> None:
    rows = {**ROW, "AELLTCD": ["10003058.0"], "AEDECOD": [" Headache "], "AELLT": ["Head ache"]}
    plain = text_forms(source(), [table(rows)], []).iloc[0]
    assert (plain["raw.SRC_AELLTCD"], plain["raw.SRC_AEDECOD"]) == ("10003058.0", " Headache ")
    assert (plain["earlier_code"], plain["earlier_term"]) == ("", "")
    told = source(earlier_coding={"code": "AELLTCD", "term": "AEDECOD"}, columns={"verbatim": "AELLT"})
    row = text_forms(told, [table(rows)], []).iloc[0]
    assert (row["earlier_code"], row["earlier_term"]) == ("10003058", "Headache")
    assert row["raw.AELLT"] == row["verbatim"] == "Head ache"
    assert row["raw.SRC_AELLTCD"] == "10003058.0"


def test_a_renamed_column_never_takes_the_place_of_another() -> None:
    rows = {**ROW, "AEDECOD": ["new"], "SRC_AEDECOD": ["old"]}
    row = text_forms(source(), [table(rows)], []).iloc[0]
    assert (row["raw.SRC_AEDECOD"], row["raw.SRC_SRC_AEDECOD"]) == ("old", "new")


@pytest.mark.parametrize(
    ("domain", "name", "coding"),
    [
        ("AE", "AELLT", True),
        ("AE", "AELLTCD", True),
        ("AE", "AEDECOD", True),
        ("AE", "AEPTCD", True),
        ("AE", "AEHLT", True),
        ("AE", "AEHLGTCD", True),
        ("AE", "AEBODSYS", True),
        ("AE", "AEBDSYCD", True),
        ("AE", "AESOC", True),
        ("AE", "AEMODIFY", True),
        ("AE", "IT.AELLT", True),
        ("AE", "LLTTERM", True),
        ("AE", "PTCODE", True),
        ("AE", "LLT_Name", True),
        ("AE", "SOC_List", True),
        ("AE", "MODTERM", True),
        ("AE", "DictInstance", True),
        ("AE", "AETERM", False),
        ("AE", "AESEV", False),
        ("AE", "PT", False),
        ("AE", "AEOUT", False),
        ("AE", "MHDECOD", False),
        ("MH", "MHDECOD", True),
        ("CE", "CELLT", True),
        ("CM", "CMDECOD", True),
        ("CM", "CMCLAS", True),
        ("CM", "CMCLASCD", True),
        ("CM", "DRUGCD", True),
        ("CM", "ATCCODE", True),
        ("CM", "CMTRT", False),
        ("CM", "CMROUTE", False),
        ("PR", "PRDECOD", True),
        ("DM", "AEDECOD", False),
    ],
)
def test_which_columns_hold_an_existing_coding(domain: str, name: str, coding: bool) -> None:
    assert is_coding_column(Domain(domain), name) is coding


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"columns": {"verbatim": "AETERN"}},
            "source ae, file ae.csv: there is no column AETERN; the nearest names there are AETERM",
        ),
        (
            {"columns": {"start": "ZZZZ"}},
            "source ae, file ae.csv: there is no column ZZZZ; the columns there are USUBJID, AETERM",
        ),
        (
            {"earlier_coding": {"code": "ARM"}},
            "source ae, file ae.csv: the column ARM is mapped but also listed under never_show",
        ),
    ],
)
def test_a_mapped_column_that_is_not_there(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ColumnError) as caught:
        text_forms(source(**given), [table({**ROW, "ARM": ["placebo"]})], ["ARM"])
    assert str(caught.value) == message


def test_every_missing_column_of_every_file_is_named_at_once() -> None:
    with pytest.raises(ColumnError) as caught:
        text_forms(source(columns={"start": "S", "end": "E"}), [table(ROW, "1.csv"), table(ROW, "2.csv")], [])
    assert [line.split(";")[0] for line in str(caught.value).splitlines()] == [
        "source ae, file 1.csv: there is no column S",
        "source ae, file 1.csv: there is no column E",
        "source ae, file 2.csv: there is no column S",
        "source ae, file 2.csv: there is no column E",
    ]


def test_an_empty_table_keeps_its_columns() -> None:
    forms = text_forms(source(), [table({"USUBJID": [], "AETERM": []})], [])
    assert len(forms) == 0
    assert str(forms["verbatim"].dtype) == "str"
    assert forms["row"].dtype == "int64"


@pytest.mark.parametrize(
    ("role", "own", "text", "standard", "known"),
    [
        ("serious", None, "Yes", "Y", True),
        ("serious", None, " n ", "N", True),
        ("serious", None, "1.0", "Y", True),
        ("serious", None, "", "", True),
        ("serious", None, "maybe", "", False),
        ("serious", {"Y": ("ja",), "N": ("nein",)}, "JA", "Y", True),
        ("serious", {"Y": ("ja",)}, "no", "N", True),
        ("serious", {"N": ("1",)}, "1", "N", True),
        ("sex", None, "female", "F", True),
        ("sex", None, "Unknown", "", True),
        ("sex", {"U": ("9",)}, "9", "", True),
        ("sex", None, "9", "", False),
        ("severity", None, "Moderate", "MODERATE", True),
        ("severity", None, "Grade 3", "GRADE 3", True),
        ("severity", None, "awful", "awful", False),
        ("severity", {"MILD": ("Mild  Adverse event",)}, "mild adverse Event", "MILD", True),
        ("outcome", None, "anything", "anything", True),
        ("outcome", {"RECOVERED": ("healed",)}, "healed", "RECOVERED", True),
        ("outcome", {"RECOVERED": ("healed",)}, "recovered", "RECOVERED", True),
        ("outcome", {"RECOVERED": ("healed",)}, "dead", "dead", False),
    ],
)
def test_code_lists(role: str, own: Any, text: str, standard: str, known: bool) -> None:
    values, found = standard_values(pd.Series([text], dtype="str"), role, own)
    assert values.tolist() == [standard]
    assert found.tolist() == [known]


@pytest.mark.parametrize(
    ("lists", "message"),
    [
        ({"dose": {"A": ["a"]}}, r"sources.ae.code_lists.dose: no such list; allowed: severity, serious"),
        ({"serious": {"J": ["ja"]}}, r"sources.ae.code_lists.serious.J: not a standard value; allowed: Y, N"),
        ({"outcome": {"A": ["x"], "B": ["X "]}}, r"'X ' stands under A and under B"),
    ],
)
def test_code_lists_that_cannot_be_used(lists: Any, message: str) -> None:
    with pytest.raises(CodeListError, match=message):
        check_code_lists(source(code_lists=lists))


def test_a_date_format_is_checked_before_any_file_is_read() -> None:
    with pytest.raises(DateFormatError, match=r"^sources\.ae: date_format '%d/%m'"):
        check_source(source(date_format="%d/%m"))


@pytest.mark.parametrize(
    ("text", "age", "readable"),
    [
        ("63", "63", True),
        ("63.0", "63", True),
        ("0.50", "0.5", True),
        ("", "", True),
        ("0", "0", True),
        ("130", "130", True),
        ("131", "", False),
        ("-1", "", False),
        ("63 years", "", False),
        ("1e2", "", False),
        ("nan", "", False),
        ("６３", "", False),
    ],
)
def test_ages(text: str, age: str, readable: bool) -> None:
    values, found = parse_ages(pd.Series([text], dtype="str"))
    assert values.tolist() == [age]
    assert found.tolist() == [readable]
