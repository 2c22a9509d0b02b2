"""Forms are recognised by their headers and first rows; what cannot be known is left to choose."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from coding.operations.draft_values import CodeList, guess_code_lists, guess_date_format
from coding.operations.drafting import Draft, FormTable, bare, draft_sources
from coding.operations.study_template import Offered, in_comment, quoted, study_text
from coding.study import EarlierCoding, Matching, Outcomes, Study, SynonymFile, load_study
from schemas.tables import text_frame
from schemas.vocabulary import Domain

DRAFTS = Path(__file__).parent / "drafts"
OFFERED = Offered({"open_events": "2026.1"}, {})


def table(file: str, columns: Mapping[str, list[str]], sheet: str = "", kind: str = "") -> FormTable:
    return FormTable(Path(file), sheet, kind, tuple(columns), text_frame(columns))


def text_of(draft: Draft, offered: Offered = OFFERED) -> str:
    files = {source.name: source.table.file.name for source in draft.sources}
    return study_text("ASPEN", draft, files, offered)


def loaded(text: str, tmp_path: Path) -> Study:
    path = tmp_path / "study.yaml"
    path.write_text(text, encoding="utf-8")
    return load_study(path)


SDTM = [
    table(
        "ae.csv",
        {
            "STUDYID": ["A1", "A1", "A1"],
            "DOMAIN": ["AE"] * 3,
            "USUBJID": ["A1-1", "A1-1", "A1-2"],
            "AESEQ": ["1", "2", "1"],
            "AESPID": ["E1", "E2", "E1"],
            "AETERM": ["one", "two", "three"],
            "AELLT": ["", "", ""],
            "AELLTCD": ["", "", ""],
            "AEDECOD": ["", "", ""],
            "AESEV": ["MILD", "SEVERE", ""],
            "AESER": ["N", "Y", ""],
            "AEOUT": ["", "", ""],
            "AESTDTC": ["2014-03", "2014-03-21", ""],
            "AEENDTC": ["", "2014-03-23", ""],
        },
    ),
    table("ds.csv", {"STUDYID": ["A1"], "USUBJID": ["A1-1"], "DSTERM": ["COMPLETED"]}),
    table(
        "dm.csv",
        {
            "STUDYID": ["A1", "A1"],
            "USUBJID": ["A1-1", "A1-2"],
            "SUBJID": ["1", "2"],
            "SITEID": ["701", "701"],
            "BRTHDTC": ["1941-07-03", ""],
            "AGE": ["72", "50"],
            "SEX": ["M", "F"],
            "ARM": ["Active", "Placebo"],
            "COUNTRY": ["USA", "USA"],
        },
    ),
]
RAW_EDC = [
    table(
        "ae_raw.csv",
        {
            "STUDY": ["PILOT", "PILOT"],
            "PATNUM": ["701-1015", "701-1015"],
            "FOLDER": ["AE", "AE"],
            "IT.AETERM": ["one", "one"],
            "AEOUTCOME": ["", ""],
            "AELLT": ["", ""],
            "IT.AESEV": ["Mild Adverse Event", "Grade X"],
            "IT.AESER": ["No", "Yes"],
            "IT.AESTDAT": ["01/03/2014", "03/26/2014"],
            "IT.AEENDAT": ["", "UN/UNK/2014"],
        },
    ),
    table(
        "dm_raw.csv",
        {
            "STUDY": ["PILOT"],
            "PATNUM": ["701-1015"],
            "IT.AGE": ["63.0"],
            "IT.SEX": ["Female"],
            "PLANNED_ARM": ["Placebo"],
            "ACTUAL_ARMCD": ["Pbo"],
        },
    ),
]
ORACLE = [
    table(
        "ae.csv",
        {
            "PATIENT": ["1", "1"],
            "AEVERB": ["one", "two"],
            "AELINE": ["1", "2"],
            "AESTDT": ["03JAN2014", "04FEB2014"],
            "LLTTERM": ["", ""],
            "LLTCODE": ["", ""],
        },
    ),
    table(
        "md.csv",
        {
            "PATIENT": ["1", "1"],
            "MDVERB": ["drug", "drug"],
            "MDIND": ["why", "why"],
            "MDRTEL": ["Oral", "Oral"],
            "MDSTDT": ["03JAN2014", ""],
        },
    ),
]
ODM = [
    table(
        "snapshot.xml",
        {
            "StudyOID": ["S1", "S1"],
            "SubjectKey": ["001", "001"],
            "StudyEventOID": ["SE.AE", "SE.AE"],
            "FormOID": ["AE", "AE"],
            "ItemGroupRepeatKey": ["1", "2"],
            "IT.AETERM": ["one", "two"],
            "IT.AESPID": ["1", ""],
        },
        sheet="IG.AE.LINES",
        kind="item_group",
    ),
    table("snapshot.xml", {"SubjectKey": ["001"], "IT.HEIGHT": ["170"]}, sheet="IG.VS", kind="item_group"),
]
OTHERS = [
    table("history.csv", {"Subject Id": ["1"], "MHTERM": ["one"], "MHLLT": [""], "MHSEQ": ["1"]}),
    table("ce.csv", {"Subject Id": ["1"], "CETERM": ["one"], "SEX": ["F"], "AGE": ["8"]}),
    table("cm.csv", {"Subject Id": ["1"], "CMTRT": ["drug"], "CMINDC": ["why"], "CMSPID": ["1"]}),
    table("pr.csv", {"Subject Id": ["1"], "PRTRT": ["x-ray"], "PRSTDTC": ["2014"]}),
]
CASES = {"sdtm": SDTM, "raw_edc": RAW_EDC, "oracle": ORACLE, "odm": ODM, "others": OTHERS}


@pytest.mark.parametrize("name", sorted(CASES))
def test_drafts_are_as_they_were(name: str, tmp_path: Path) -> None:
    text = text_of(draft_sources(CASES[name]))
    assert text == (DRAFTS / f"{name}.yaml").read_text(encoding="utf-8")
    loaded(text, tmp_path)


def test_sdtm_columns(tmp_path: Path) -> None:
    draft = draft_sources(SDTM)
    study = loaded(text_of(draft), tmp_path)
    ae = study.source("ae").columns
    assert (ae.verbatim, ae.subject, ae.record_id) == (("AETERM",), "USUBJID", ("AESPID",))
    assert (ae.start, ae.end, ae.severity, ae.serious) == ("AESTDTC", "AEENDTC", "AESEV", "AESER")
    assert study.source("dm").columns.given() == {
        "subject": "USUBJID", "site": "SITEID", "country": "COUNTRY", "sex": "SEX", "age": "AGE",
        "birth_date": "BRTHDTC",
    }  # fmt: skip
    assert study.demographics == "dm"
    assert study.never_show == ("ARM",)
    assert study.coding["AETERM"][0].dictionary == "open_events"
    assert study.coding["AETERM"][0].release == "2026.1"
    assert draft.left_out == ("ds.csv: nothing to code (no verbatim of AE, MH, CE, CM or PR)",)
    assert draft.study_ids == ("A1",)


def test_raw_edc_columns(tmp_path: Path) -> None:
    study = loaded(text_of(draft_sources(RAW_EDC)), tmp_path)
    ae = study.source("ae_raw")
    assert (ae.columns.verbatim, ae.columns.subject, ae.columns.record_id) == (("IT.AETERM",), "PATNUM", ())
    assert (ae.columns.start, ae.columns.outcome, ae.columns.visit) == ("IT.AESTDAT", "AEOUTCOME", None)
    assert ae.date_format == "%m/%d/%Y"
    assert ae.code_lists == {"severity": {"MILD": ("Mild Adverse Event",)}}
    assert ae.earlier_coding is None
    assert study.never_show == ("PLANNED_ARM", "ACTUAL_ARMCD")


def test_oracle_columns(tmp_path: Path) -> None:
    study = loaded(text_of(draft_sources(ORACLE)), tmp_path)
    assert study.source("ae").columns.record_id == ("AELINE",)
    assert study.source("ae").date_format == "%d%b%Y"
    medication = study.source("md")
    assert medication.domain is Domain.CM
    assert medication.columns.given() == {
        "subject": "PATIENT", "start": "MDSTDT", "indication": "MDIND", "route": "MDRTEL",
    }  # fmt: skip
    assert list(study.coding) == ["AETERM"]


def test_an_odm_record_is_its_place_where_its_line_is_blank(tmp_path: Path) -> None:
    draft = draft_sources(ODM)
    source = loaded(text_of(draft), tmp_path).source("lines")
    assert source.item_group == "IG.AE.LINES"
    assert source.columns.record_id == ("StudyEventOID", "FormOID", "ItemGroupRepeatKey")
    assert draft.left_out == ("snapshot.xml: nothing to code in IG.VS (no verbatim of AE, MH, CE, CM or PR)",)


def test_a_drug_dictionary_is_used_when_there_is_one(tmp_path: Path) -> None:
    offered = Offered({"open_events": "2026.1"}, {"OurDrugs": "3"})
    study = loaded(text_of(draft_sources(OTHERS), offered), tmp_path)
    assert study.coding["CMTRT"][0].dictionary == "OurDrugs"
    assert study.coding["CMTRT"][0].release == "3"
    assert "PRTRT" not in study.coding and "CMINDC" not in study.coding


def test_sex_and_age_come_from_the_form_without_demographics(tmp_path: Path) -> None:
    given = loaded(text_of(draft_sources(OTHERS)), tmp_path).source("ce").columns.given()
    assert (given["sex"], given["age"]) == ("SEX", "AGE")


def test_only_medications_code_nothing_and_say_so(tmp_path: Path) -> None:
    text = text_of(draft_sources([OTHERS[2]]))
    assert loaded(text, tmp_path).coding == {}
    assert "# choose: no drug dictionary is registered" in text


def in_use(text: str, first: str) -> str:
    """The text with the # taken from a commented block that begins with a line."""
    lines = text.split("\n")
    number = next(at for at, line in enumerate(lines) if line.startswith(first))
    indent = len(first) - len(first.lstrip())
    while lines[number].startswith(f"{' ' * indent}# ") and "choose: no" not in lines[number]:
        lines[number] = f"{' ' * indent}{lines[number][indent + 2 :]}"
        number += 1
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("block", "key", "expected"),
    [
        ("# outcomes:", "outcomes", Outcomes(score_precision=0.99)),
        ("# matching:", "matching", Matching(semantic_model="/models/my-model")),
        ("# do_not_autocode:", "do_not_autocode", ("MI", "AP")),
        ("# synonyms:", "synonyms", (SynonymFile(file="synonyms.csv", dictionary="open_events"),)),
        ("# xlsx_row_limit:", "xlsx_row_limit", Study.model_fields["xlsx_row_limit"].default),
        ("# never_show:", "never_show", ("ARM", "ACTARM")),
    ],
)
def test_settings_in_comments_can_be_taken_into_use(block, key, expected, tmp_path: Path) -> None:
    text = in_use(text_of(draft_sources(ODM)), block)
    assert getattr(loaded(text, tmp_path), key) == expected


def test_earlier_coding_can_be_taken_into_use(tmp_path: Path) -> None:
    study = loaded(in_use(text_of(draft_sources(SDTM)), "    # earlier_coding:"), tmp_path)
    assert study.source("ae").earlier_coding == EarlierCoding(code="AELLTCD", term="AELLT")


def test_a_field_without_dictionary_can_be_taken_into_use(tmp_path: Path) -> None:
    text = in_use(text_of(draft_sources(OTHERS)), "  # CMTRT:")
    coded = loaded(text.replace('    # release: ""', '    release: "1"'), tmp_path).coding
    assert coded["CMTRT"][0].dictionary == "drug_dictionary"
    assert coded["CMINDC"][0].dictionary == "open_events"


def test_the_same_name_is_numbered() -> None:
    ae = {"USUBJID": ["1"], "AETERM": ["one"]}
    draft = draft_sources([table("a/ae.csv", ae), table("b/AE.csv", ae), table("c/ä.csv", ae)])
    assert [source.name for source in draft.sources] == ["ae", "ae_2", "ae_3"]


def test_one_table_with_two_verbatims_gives_two_sources() -> None:
    draft = draft_sources([table("all.csv", {"USUBJID": ["1"], "AETERM": ["one"], "CMTRT": ["drug"]})])
    assert [(source.name, source.domain) for source in draft.sources] == [
        ("all_ae", Domain.AE),
        ("all_cm", Domain.CM),
    ]


def test_demographics_are_those_whose_subjects_are_written_alike() -> None:
    raw = table("dm_raw.csv", {"PATNUM": ["1"], "SEX": ["F"], "AGE": ["8"]})
    draft = draft_sources([SDTM[0], raw, SDTM[2]])
    assert draft.demographics == "dm"
    assert draft.left_out == ("dm_raw.csv: a second table with sex or age; only one can be `demographics`",)


def test_subjects_that_are_written_otherwise_are_a_doubt() -> None:
    draft = draft_sources([RAW_EDC[0], SDTM[2]])
    assert draft.choose == (
        "subjects of ae_raw (PATNUM) may be written otherwise than those of dm (USUBJID); unknown ones "
        "are reported by the first run",
    )


def test_a_form_without_subject_is_left_out_with_its_columns() -> None:
    assert draft_sources([table("ae.csv", {"AETERM": ["one"], "AESEQ": ["1"]})]).left_out == (
        "ae.csv: looks like AE, but no column with the subject was recognised among AETERM, AESEQ; add "
        "the source by hand",
    )


@pytest.mark.parametrize(
    ("rows", "record_id"),
    [
        ({"AESPID": ["1", "2"], "AESEQ": ["1", "2"]}, ("AESPID",)),
        ({"AESPID": ["1", "1"], "AESEQ": ["1", "2"]}, ("AESEQ",)),
        ({"AESPID": ["1", " "], "AESEQ": ["1", "2"]}, ("AESEQ",)),
        ({"AESPID": ["1", "1"], "AESEQ": ["1", ""]}, ()),
        ({"RecordPosition": ["1", "2"]}, ("RecordPosition",)),
    ],
)
def test_a_record_id_is_filled_and_unique_within_the_subject(rows, record_id) -> None:
    columns = {"USUBJID": ["1", "1"], "AETERM": ["one", "two"], **rows}
    assert draft_sources([table("ae.csv", columns)]).sources[0].record_id == record_id


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ([], "ISO"),
        (["", "  "], "ISO"),
        (["2014", "2014-03", "2014-03-21T10:15"], "ISO"),
        (["01/13/2014", "02/01/2014"], "%m/%d/%Y"),
        (["13/01/2014", "01/02/2014"], "%d/%m/%Y"),
        (["13.01.2014"], "%d.%m.%Y"),
        (["13JAN2014", "UNJAN2014"], "%d%b%Y"),
        (["13-Jan-2014"], "%d-%b-%Y"),
        (["2014/01/13"], "%Y/%m/%d"),
    ],
)
def test_date_formats(texts: list[str], expected: str) -> None:
    guess = guess_date_format([text_frame({"d": texts})["d"]])
    assert (guess.format, guess.choose) == (expected, ())


def test_day_or_month_first_is_left_to_choose() -> None:
    guess = guess_date_format([text_frame({"d": ["01/02/2014"]})["d"]])
    assert guess.format == "%m/%d/%Y"
    assert guess.choose == ("the dates can be read as %m/%d/%Y and as %d/%m/%Y: check date_format",)


def test_dates_nobody_can_read_are_left_to_choose() -> None:
    guess = guess_date_format([text_frame({"d": ["day one"]})["d"]])
    assert (guess.fits, guess.seen) == (0, 1)
    assert guess.choose == ("the format of the dates was not recognised: set date_format",)


@pytest.mark.parametrize(
    ("role", "answers", "expected"),
    [
        ("serious", ["Yes", "No"], {}),
        ("sex", ["Female", "Male"], {}),
        ("serious", ["Serious event", "Not serious event"],
         {"serious": CodeList({"Y": ("Serious event",)}, ("Not serious event",))}),
        ("severity", ["1 - Mild", "2 - Moderate", "?"],
         {"severity": CodeList({"MILD": ("1 - Mild",), "MODERATE": ("2 - Moderate",)}, ("?",))}),
        ("sex", ["Sex unknown"], {"sex": CodeList({"U": ("Sex unknown",)}, ())}),
        ("severity", [f"pain {n}" for n in range(40)], {}),
    ],
)  # fmt: skip
def test_code_lists(role, answers, expected) -> None:
    assert guess_code_lists({role: text_frame({role: answers})[role]}) == expected


@pytest.mark.parametrize(
    ("column", "expected"),
    [("IT.AETERM", "AETERM"), ("ae_term", "AETERM"), ("Subject Id", "SUBJECTID"), ("IT.AE.AETERM", "AETERM")],
)
def test_bare_names(column: str, expected: str) -> None:
    assert bare(column) == expected


@given(st.text(alphabet=st.characters(exclude_categories=[])))
def test_quoted_text_reads_back(text: str) -> None:
    scalar = quoted(text)
    scalar.encode("utf-8")
    assert "\n" not in scalar
    assert yaml.safe_load(f"key: {scalar}\n") == {"key": text}
    assert yaml.safe_load(f"key: [{scalar}, {scalar}]\n") == {"key": [text, text]}


@given(st.text())
def test_a_comment_stays_one_line(text: str) -> None:
    assert yaml.safe_load(f"key: 1 # {in_comment(text)}\n") == {"key": 1}


@settings(max_examples=25)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), unique=True, max_size=6))
def test_any_column_names_give_a_draft_that_loads(tmp_path_factory, names: list[str]) -> None:
    columns = {"USUBJID": ["1"], "AETERM": ["one"], **{f"{name} ARM": ["x"] for name in names}}
    draft = draft_sources([table("ae.csv", columns)])
    loaded(text_of(draft), tmp_path_factory.mktemp("draft"))


def test_the_example_study_loads(tmp_path: Path) -> None:
    text = study_text("ASPEN", None, {}, OFFERED)
    study = loaded(text, tmp_path)
    assert study.study == "ASPEN"
    assert study.source("ae").columns.record_id == ("AESPID",)
