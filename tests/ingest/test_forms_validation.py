"""Rows in, checked forms, issues and quarantine out: exact issues, and nothing lost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coding.ingest.raw_table import RawTable, unreadable_frame
from coding.ingest.study_forms import SourceRows, StudyForms, study_forms
from coding.ingest.validation import (
    ValidationFaultError,
    ValidationOffError,
    check_listing,
    refuse_without_validation,
    typed_findings,
)
from coding.records import EARLIER_COLUMNS, FORM_COLUMNS, ISSUE_COLUMNS, PROVENANCE_COLUMNS
from coding.study import Source, Study
from schemas.forms import form_schema
from schemas.listings import ISSUES, QUARANTINED
from schemas.rules import RULES, Rule
from schemas.vocabulary import Domain

AE = ("USUBJID", "AESPID", "AETERM", "AESTDTC", "AEENDTC", "AESER", "AESEV")
DM = ("USUBJID", "SEX", "AGE", "BRTHDTC")
AE_COLUMNS = {
    "verbatim": "AETERM", "subject": "USUBJID", "record_id": "AESPID", "start": "AESTDTC",
    "end": "AEENDTC", "serious": "AESER", "severity": "AESEV",
}  # fmt: skip
DM_COLUMNS = {"subject": "USUBJID", "sex": "SEX", "age": "AGE", "birth_date": "BRTHDTC"}

Rows = Sequence[Sequence[str]]


def study(**given: Any) -> Study:
    ae = {"name": "ae", "domain": "AE", "file": "ae.csv", "columns": AE_COLUMNS, **given.pop("ae", {})}
    dm = {"name": "dm", "domain": "DM", "file": "dm.csv", "columns": DM_COLUMNS, **given.pop("dm", {})}
    told = {"study": "S", "sources": [ae, dm], "demographics": "dm", **given}
    return Study.model_validate({"coding": {"AETERM": {"dictionary": "D"}}, **told})


def raw(
    name: str, header: Sequence[str], rows: Rows, unreadable: list[tuple[int, str]] | None = None
) -> RawTable:
    columns = {column: pd.Series([row[n] for row in rows], dtype="str") for n, column in enumerate(header)}
    frame = pd.DataFrame(columns)
    numbers = [n for n in range(2, 1000) if n not in {row for row, _ in unreadable or []}]
    frame.index = pd.Index(numbers[: len(frame)], dtype="int64", name="row")
    return RawTable(name, f"{name}.csv", "", "0" * 64, frame, (), unreadable_frame(unreadable or []))


def reader(tables: dict[str, list[RawTable]]) -> Callable[[Source], list[RawTable]]:
    return lambda source: tables[source.name]


def checked(ae: Rows, dm: Rows = (("S1", "M", "50", ""), ("S2", "F", "", "1964-02-29"))) -> StudyForms:
    tables = {"ae": [raw("ae", AE, ae)], "dm": [raw("dm", DM, dm)]}
    return study_forms(study(), reader(tables))


def issues_of(made: StudyForms) -> list[tuple[Any, ...]]:
    columns = ["source", "row", "column", "rule", "severity", "value", "subject"]
    return [tuple(row) for row in made.issues[columns].itertuples(index=False)]


GOOD = ("S1", "1", "Headache", "2014-03-21", "2014-03-23", "N", "MILD")


def good(**changed: str) -> tuple[str, ...]:
    return tuple(changed.get(name, value) for name, value in zip(AE, GOOD, strict=True))


CASES: list[tuple[str, Rows, list[tuple[Any, ...]], int]] = [
    ("nothing wrong", [good()], [], 0),
    (
        "no subject",
        [good(USUBJID=" ")],
        [("ae", 2, "USUBJID", "subject_missing", "error", "", "")],
        1,
    ),
    (
        "no verbatim",
        [good(AETERM="\u00a0")],
        [("ae", 2, "AETERM", "verbatim_missing", "error", "\u00a0", "S1")],
        1,
    ),
    (
        "only punctuation",
        [good(AETERM="-?-")],
        [("ae", 2, "AETERM", "verbatim_only_punctuation", "error", "-?-", "S1")],
        1,
    ),
    ("letters of any script", [good(AETERM="頭痛")], [], 0),
    ("NA is a verbatim", [good(AETERM="NA")], [], 0),
    (
        "a line break",
        [good(AETERM="head\nache")],
        [("ae", 2, "AETERM", "verbatim_control_characters", "warning", "head\nache", "S1")],
        0,
    ),
    (
        "a very long one, cut in the listing",
        [good(AETERM="x" * 201)],
        [("ae", 2, "AETERM", "verbatim_too_long", "warning", "x" * 200 + "…", "S1")],
        0,
    ),
    ("just short enough", [good(AETERM="é" * 200)], [], 0),
    (
        "unknown subject",
        [good(USUBJID="S9")],
        [("ae", 2, "USUBJID", "subject_unknown", "warning", "S9", "S9")],
        0,
    ),
    (
        "both dates of a row are one issue",
        [good(AESTDTC="soon", AEENDTC="later")],
        [("ae", 2, "AESTDTC, AEENDTC", "date_unreadable", "warning", "soon; later", "S1")],
        0,
    ),
    (
        "dates the wrong way round",
        [good(AEENDTC="2014-03")],
        [],
        0,
    ),
    (
        "end before start",
        [good(AEENDTC="2014-02")],
        [("ae", 2, "AEENDTC", "end_before_start", "warning", "2014-02 (start 2014-03-21)", "S1")],
        0,
    ),
    (
        "values outside the code lists",
        [good(AESER="perhaps", AESEV="awful")],
        [("ae", 2, "AESEV, AESER", "code_list", "warning", "awful; perhaps", "S1")],
        0,
    ),
    (
        "the same key twice",
        [good(), good(AETERM="Rash"), good(AETERM="Cough")],
        [
            ("ae", 3, "AESPID", "record_key_twice", "warning", "1", "S1"),
            ("ae", 4, "AESPID", "record_key_twice", "warning", "1", "S1"),
        ],
        0,
    ),
    (
        "the same event twice",
        [good(), good(AESPID="2", AETERM=" HEADACHE.")],
        [("ae", 3, "AETERM", "same_event_twice", "warning", " HEADACHE.", "S1")],
        0,
    ),
    ("the same event of two subjects", [good(), good(USUBJID="S2")], [], 0),
    (
        "several rules in one row, in the order of the rules",
        [good(USUBJID="", AETERM="", AESTDTC="soon")],
        [
            ("ae", 2, "USUBJID", "subject_missing", "error", "", ""),
            ("ae", 2, "AETERM", "verbatim_missing", "error", "", ""),
            ("ae", 2, "AESTDTC", "date_unreadable", "warning", "soon", ""),
        ],
        1,
    ),
]


@pytest.mark.parametrize(
    ("rows", "issues", "quarantined"), [case[1:] for case in CASES], ids=[c[0] for c in CASES]
)
def test_the_issues_of_a_row(rows: Rows, issues: list[tuple[Any, ...]], quarantined: int) -> None:
    made = checked(rows)
    assert issues_of(made) == issues
    assert made.rows["ae"] == SourceRows(len(rows), len(rows) - quarantined, quarantined)
    check_listing(ISSUES, made.issues)
    check_listing(QUARANTINED, made.quarantined)


def test_an_issue_says_what_is_wrong_and_what_to_do() -> None:
    made = checked([good(), good(AESPID="2")])
    assert made.issues.iloc[0].to_dict() == {
        "source": "ae",
        "file": "ae.csv",
        "sheet": "",
        "row": 3,
        "column": "AETERM",
        "rule": "same_event_twice",
        "severity": "warning",
        "message": "the same verbatim with the same start was entered before for this subject "
        "(first in ae.csv, row 2)",
        "what_to_do": "ask the site whether this is one event; both are coded",
        "value": "Headache",
        "subject": "S1",
    }
    assert tuple(made.issues.columns) == ISSUE_COLUMNS


def test_what_goes_on_has_standard_values() -> None:
    made = checked([good(AESER="Yes", AESEV="severe", AESTDTC="20140321", AEENDTC="soon")])
    row = made.forms[Domain.AE].iloc[0]
    assert (row["serious"], row["severity"], row["start"], row["end"]) == (
        "Y",
        "SEVERE",
        "2014-03-21",
        "soon",
    )
    assert (row["raw.AESER"], row["raw.AESTDTC"]) == ("Yes", "20140321")
    assert tuple(made.forms[Domain.AE].columns[:26]) == FORM_COLUMNS + PROVENANCE_COLUMNS + EARLIER_COLUMNS


def test_sex_and_age_come_from_the_demographics() -> None:
    made = checked([good(), good(USUBJID="S2"), good(USUBJID="S9")])
    assert made.forms[Domain.AE][["sex", "age"]].values.tolist() == [["M", "50"], ["F", "50"], ["", ""]]


def test_a_records_own_age_comes_first() -> None:
    own = {"columns": {**AE_COLUMNS, "age": "AEAGE"}}
    tables = {
        "ae": [raw("ae", (*AE, "AEAGE"), [(*good(), "7"), (*good(AESPID="2", AETERM="Rash"), "old")])],
        "dm": [raw("dm", DM, [("S1", "M", "50", "")])],
    }
    made = study_forms(study(ae=own), reader(tables))
    assert made.forms[Domain.AE]["age"].tolist() == ["7", "50"]
    assert issues_of(made) == [("ae", 3, "AEAGE", "age_unreadable", "warning", "old", "S1")]


def test_repeated_keys_are_numbered_in_file_order() -> None:
    made = checked([good(), good(AETERM="Rash"), good(AETERM="Cough"), good(AESPID="1#2", AETERM="Itching")])
    assert made.forms[Domain.AE]["record_id"].tolist() == ["1", "1#2", "1#3", "1#2#2"]


def test_rows_kept_out_take_no_part_in_the_numbering() -> None:
    made = checked([good(AETERM=""), good()])
    assert made.forms[Domain.AE]["record_id"].tolist() == ["1"]
    assert made.quarantined[["row", "reason", "subject", "verbatim", "raw.AESPID"]].values.tolist() == [
        [2, "verbatim_missing", "S1", "", "1"]
    ]


def test_the_demographics_are_checked_too() -> None:
    dm = [("S1", "M", "50", ""), ("S1", "F", "51", ""), ("", "M", "1", ""), ("S2", "x", "old", "never")]
    made = checked([good()], dm)
    assert issues_of(made) == [
        ("dm", 3, "USUBJID", "subject_twice", "warning", "S1", "S1"),
        ("dm", 4, "USUBJID", "subject_missing", "error", "", ""),
        ("dm", 5, "BRTHDTC", "date_unreadable", "warning", "never", "S2"),
        ("dm", 5, "SEX", "code_list", "warning", "x", "S2"),
        ("dm", 5, "AGE", "age_unreadable", "warning", "old", "S2"),
    ]
    assert made.forms[Domain.AE][["sex", "age"]].values.tolist() == [["M", "50"]]
    assert made.rows["dm"] == SourceRows(4, 3, 1)


def test_a_row_that_could_not_be_read_is_kept_out_and_listed() -> None:
    tables = {
        "ae": [raw("ae", AE, [good()], [(3, "12 cells instead of 7")])],
        "dm": [raw("dm", DM, [("S1", "M", "50", "")])],
    }
    made = study_forms(study(), reader(tables))
    assert made.rows["ae"] == SourceRows(2, 1, 1)
    assert issues_of(made) == [("ae", 3, "", "verbatim_unreadable", "error", "", "")]
    assert made.issues["message"].tolist() == ["the row cannot be read: 12 cells instead of 7"]
    assert made.quarantined[["source", "row", "domain", "reason"]].values.tolist() == [
        ["ae", 3, "AE", "verbatim_unreadable"]
    ]


def without_ids(rows: list[tuple[str, str, str]]) -> pd.DataFrame:
    columns = {"verbatim": "AETERM", "subject": "USUBJID", "start": "AESTDTC", "visit": "VISIT"}
    header = ("USUBJID", "AETERM", "AESTDTC", "VISIT")
    tables = {"ae": [raw("ae", header, [("S1", *row) for row in rows])], "dm": [raw("dm", DM, [])]}
    made = study_forms(study(ae={"columns": columns}), reader(tables))
    return made.forms[Domain.AE]


def test_the_composite_is_of_visit_start_folded_verbatim_and_ordinal() -> None:
    ids = without_ids(
        [
            ("Headache", "2014-03-21", "V1"),
            ("headache.", "20140321", "V1"),
            ("Headache", "2014-03-22", "V1"),
            ("Headache", "2014-03-21", "V2"),
            ("Rash", "2014-03-21", "V1"),
        ]
    )["record_id"].tolist()
    # sha256("V1 US 2014-03-21 US headache"), US being the unit separator; pinned, since a change
    # would make every record of such a source a new one.
    assert ids[0] == "754ce961c1205691-1"
    assert ids[1] == "754ce961c1205691-2"
    assert len(set(ids)) == 5
    assert [item[-2:] for item in ids] == ["-1", "-2", "-1", "-1", "-1"]


def test_the_composite_does_not_depend_on_other_records() -> None:
    rows = [("Headache", "2014", "V1"), ("Rash", "2014", "V1"), ("Cough", "2014", "V1")]
    assert sorted(without_ids(rows)["record_id"]) == sorted(without_ids(rows[::-1])["record_id"])


def test_medications_of_two_visits_are_no_event_entered_twice() -> None:
    columns = {"verbatim": "CMTRT", "subject": "USUBJID", "visit": "VISIT", "start": "CMSTDTC"}
    cm = {"name": "cm", "domain": "CM", "file": "cm.csv", "columns": columns}
    rows = [("S1", "Aspirin", "2003", visit) for visit in ("V1", "V2", "V2")]
    tables = {"cm": [raw("cm", ("USUBJID", "CMTRT", "CMSTDTC", "VISIT"), rows)]}
    told = {"study": "S", "sources": [cm], "coding": {"CMTRT": {"dictionary": "D"}}}
    made = study_forms(Study.model_validate(told), reader(tables))
    assert [row[1:4] for row in issues_of(made)] == [(4, "CMTRT", "same_event_twice")]


def test_two_sources_of_a_domain_share_their_keys() -> None:
    ae2 = {"name": "ae2", "domain": "AE", "file": "ae2.csv", "columns": AE_COLUMNS}
    given = study()
    both = study(sources=[given.sources[0].model_dump(), given.sources[1].model_dump(), ae2])
    tables = {
        "ae": [raw("ae", AE, [good()])],
        "ae2": [raw("ae2", (*AE, "EXTRA"), [(*good(AETERM="Rash"), "e")])],
        "dm": [raw("dm", DM, [("S1", "M", "50", "")])],
    }
    made = study_forms(both, reader(tables))
    forms = made.forms[Domain.AE]
    assert forms[["source", "record_id", "raw.EXTRA"]].values.tolist() == [
        ["ae", "1", ""],
        ["ae2", "1#2", "e"],
    ]
    assert issues_of(made) == [("ae2", 2, "AESPID", "record_key_twice", "warning", "1", "S1")]


@pytest.mark.parametrize("domain", ["AE", "MH", "CE", "CM", "PR"])
def test_empty_sources_give_empty_forms(domain: str) -> None:
    source = {"name": "x", "domain": domain, "file": "x.csv", "columns": AE_COLUMNS}
    told = {"study": "S", "sources": [source], "coding": {"AETERM": {"dictionary": "D"}}}
    made = study_forms(Study.model_validate(told), reader({"x": [raw("x", AE, [])]}))
    assert made.rows == {"x": SourceRows(0, 0, 0)}
    assert len(made.issues) == len(made.quarantined) == 0
    check_listing(form_schema(Domain(domain)), made.forms[Domain(domain)])
    check_listing(ISSUES, made.issues)
    check_listing(QUARANTINED, made.quarantined)


cell = st.sampled_from(
    ["", " ", "S1", "S2", "1", "2", "Headache", "-", "2014", "2013-12", "x\ty", "Y", "MILD"]
)
row = st.tuples(*[cell] * len(AE))


@settings(max_examples=15, deadline=None)
@given(st.lists(row, max_size=12), st.sets(st.integers(2, 20), max_size=3), st.booleans())
def test_nothing_is_lost(rows: list[tuple[str, ...]], broken: set[int], with_ids: bool) -> None:
    columns = {**AE_COLUMNS, "record_id": "AESPID" if with_ids else ()}
    tables = {
        "ae": [raw("ae", AE, rows, [(number, "broken") for number in broken])],
        "dm": [raw("dm", DM, [("S1", "M", "50", "")])],
    }
    made = study_forms(study(ae={"columns": columns}), reader(tables))
    forms, apart = made.forms[Domain.AE], made.quarantined
    count = made.rows["ae"]
    assert count.rows_in == len(rows) + len(broken) == len(forms) + len(apart[apart["source"] == "ae"])
    assert (count.kept, count.quarantined) == (len(forms), count.rows_in - len(forms))
    given_rows = tables["ae"][0].frame.index.tolist() + sorted(broken)
    assert sorted([*forms["row"], *apart["row"]]) == sorted(given_rows)
    assert not forms.duplicated(["subject", "record_id"]).any()
    assert (forms["subject"] != "").all()
    assert (forms["record_id"] != "").all()
    errors = made.issues.loc[made.issues["severity"] == "error", "row"]
    assert set(errors) == set(apart["row"])


@pytest.mark.parametrize("value", ["False", "false", "0", "no", "FALSE", "yes"])
def test_refused_when_validation_is_switched_off(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("PANDERA_VALIDATION_ENABLED", value)
    with pytest.raises(ValidationOffError, match="PANDERA_VALIDATION_ENABLED"):
        refuse_without_validation()


def test_refused_when_a_part_of_the_validation_is_switched_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PANDERA_VALIDATION_DEPTH", "SCHEMA_ONLY")
    with pytest.raises(ValidationOffError, match="PANDERA_VALIDATION_DEPTH"):
        refuse_without_validation()


@pytest.mark.parametrize("value", ["True", "true", "1", None])
def test_goes_on_when_validation_is_on(monkeypatch: pytest.MonkeyPatch, value: str | None) -> None:
    monkeypatch.delenv("PANDERA_VALIDATION_ENABLED", raising=False)
    if value is not None:
        monkeypatch.setenv("PANDERA_VALIDATION_ENABLED", value)
    refuse_without_validation()


def test_refused_when_switched_off_in_the_process() -> None:
    from pandera.config import config_context

    with config_context(validation_enabled=False), pytest.raises(ValidationOffError):
        checked([good()])


def test_a_fault_of_ours_is_no_issue_and_shows_no_data() -> None:
    typed = pd.DataFrame({"subject": pd.Series(["secret"], dtype="str")})
    with pytest.raises(ValidationFaultError) as caught:
        typed_findings(Domain.AE, typed, None)
    assert "secret" not in str(caught.value)
    broken = checked([good()]).issues.assign(surplus="secret")
    with pytest.raises(ValidationFaultError) as caught:
        check_listing(ISSUES, broken)
    assert "secret" not in str(caught.value)


def test_every_rule_says_what_is_wrong_and_what_to_do() -> None:
    assert set(RULES) == set(Rule)
    assert all(text.message and text.what_to_do for text in RULES.values())
