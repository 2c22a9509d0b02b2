"""The whole job on public studies that lie beside the project, where they are there."""

from __future__ import annotations

from pathlib import Path

import pytest

from coding.operations.code_study import code_study
from coding.operations.export_study import export_study
from coding.operations.summaries import RunSummary
from coding.records import UserError
from coding.workspace import Workspace
from dictionaries.loading import import_release
from schemas.tables import read_csv

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
STUDIES = SHARED / "studies"
pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not STUDIES.exists(), reason="the public studies are not beside the project"),
]

STATIN = f"""\
study: STATIN
sources:
  - name: ae
    domain: AE
    file: {STUDIES}/statin/ae.csv
    columns: {{verbatim: AETERM, subject: USUBJID, record_id: AESEQ, serious: AESER, severity: AESEV,
              start: AESTDTC, end: AEENDTC}}
  - name: dm
    domain: DM
    file: {STUDIES}/statin/dm.csv
    columns: {{subject: USUBJID, sex: SEX, age: AGE}}
demographics: dm
never_show: [AEDECOD, AEBODSYS, AESOC]
coding: {{AETERM: {{dictionary: ae_dev}}}}
"""
PILOT_RAW = f"""\
study: PILOTRAW
sources:
  - name: ae
    domain: AE
    file: {STUDIES}/cdiscpilot01/ae_raw.csv
    columns: {{verbatim: AELLT, subject: PATNUM, serious: IT.AESER, start: IT.AESTDAT, end: IT.AEENDAT}}
    date_format: "%m/%d/%Y"
  - name: dm
    domain: DM
    file: {STUDIES}/cdiscpilot01/dm_raw.csv
    columns: {{subject: PATNUM, sex: IT.SEX, age: IT.AGE}}
demographics: dm
coding: {{AETERM: {{dictionary: ae_dev}}}}
"""
PILOT = f"""\
study: PILOT
sources:
  - name: cm
    domain: CM
    file: {STUDIES}/cdiscpilot01/cm.csv
    columns: {{verbatim: CMTRT, subject: USUBJID, record_id: CMSEQ, indication: CMINDC, route: CMROUTE,
              start: CMSTDTC, end: CMENDTC}}
  - name: mh
    domain: MH
    file: {STUDIES}/cdiscpilot01/mh.csv
    columns: {{verbatim: [MHLLT, MHTERM], subject: USUBJID, record_id: MHSEQ, start: MHSTDTC}}
  - name: dm
    domain: DM
    file: {STUDIES}/cdiscpilot01/dm.csv
    columns: {{subject: USUBJID, sex: SEX, age: AGE}}
demographics: dm
coding:
  MHTERM: {{dictionary: ae_dev}}
  CMTRT: {{dictionary: fda_drugs, context: [route]}}
  CMINDC: {{dictionary: ae_dev}}
"""
EXAMPLE = """\
study: EXAMPLE
sources:
  - name: ae
    domain: AE
    file: {file}
    columns: {{verbatim: AETERM, subject: USUBJID, record_id: AESEQ, start: AESTDTC, end: AEENDTC}}
coding: {{AETERM: {{dictionary: ae_dev}}}}
"""
ODM = f"""\
study: ODM
sources:
  - name: ae
    domain: AE
    file: {STUDIES}/odm/odm-data-snapshot.xml
    item_group: IG.AE.AE_ARRAY1
    columns:
      verbatim: IT.AETERM
      subject: SubjectKey
      record_id: [StudyEventOID, StudyEventRepeatKey, FormOID, ItemGroupOID, ItemGroupRepeatKey]
coding: {{AETERM: {{dictionary: ae_dev}}}}
"""
FDA = """\
name: fda_drugs
version: "1"
language: English
licensed: false
codes: text
levels:
  - {level: name, text: name}
  - {level: ingredient, text: ingredient}
preferred_level: ingredient
"""


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    folder = tmp_path_factory.mktemp("real")
    (folder / "workspace.yaml").write_text("", encoding="utf-8")
    found = Workspace(folder)
    import_release(SHARED / "dictionaries" / "ae_dev", found.dictionaries, name="ae_dev")
    (folder / "fda.yaml").write_text(FDA, encoding="utf-8")
    drugs = SHARED / "dictionaries" / "fda_drugs.csv"
    import_release(drugs, found.dictionaries, description=folder / "fda.yaml")
    return found


def run(workspace: Workspace, text: str) -> tuple[RunSummary, Path]:
    study = text.split("\n", 1)[0].removeprefix("study: ")
    folder = workspace.study_folder(study)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "study.yaml").write_text(text, encoding="utf-8")
    summary = code_study(workspace, study, actor="dana")
    return summary, export_study(workspace, study, actor="dana").package


def rows_in(summary: RunSummary) -> dict[str, tuple[int, int, int]]:
    """Field → rows in, quarantined, not filled; every account closes."""
    assert all(account.closes for account in summary.accounts)
    return {item.field: (item.rows_in, item.quarantined, item.not_filled) for item in summary.accounts}


def test_the_statin_study_with_its_answers_hidden(workspace: Workspace) -> None:
    summary, package = run(workspace, STATIN)
    assert rows_in(summary) == {"AETERM": (596, 0, 0)}
    # Exact matches alone reach what exact matching reaches on this study.
    assert summary.accounts[0].coded >= 0.5 * 596
    data = read_csv(package / "datasets" / "ae.csv")
    assert len(data) == 596
    answers = read_csv(STUDIES / "statin" / "ae.csv")
    assert "SRC_AEDECOD" not in data
    coded = data[data["TC_STATUS"] == "AUTOCODED"].merge(
        answers, on=["USUBJID", "AESEQ"], suffixes=("", "_answer")
    )
    right = (coded["AEDECOD"].str.casefold() == coded["AEDECOD_answer"].str.casefold()).mean()
    assert right > 0.9


def test_the_pilots_raw_extract(workspace: Workspace) -> None:
    summary, package = run(workspace, PILOT_RAW)
    assert rows_in(summary) == {"AETERM": (1191, 0, 0)}
    assert summary.issues["warning", "same_event_twice"] == 309
    data = read_csv(package / "datasets" / "ae.csv")
    assert data["AESTDTC"].str.fullmatch(r"(\d{4}(-\d\d(-\d\d)?)?)?").all()
    assert data["SRC_AELLTCD"].iloc[0] == "10003058.0"


def test_the_pilots_medications_and_history(workspace: Workspace) -> None:
    summary, package = run(workspace, PILOT)
    assert rows_in(summary) == {
        "MHTERM": (1818, 0, 0), "CMTRT": (7510, 0, 0), "CMINDC": (7510, 0, 4173),
    }  # fmt: skip
    assert len(read_csv(package / "datasets" / "cm.csv")) == 7510
    history = read_csv(package / "datasets" / "mh.csv")
    assert not history["MHTERM"].str.startswith("VERBATIM_").any()


def test_the_examples_are_the_same_study_in_every_format(workspace: Workspace) -> None:
    found = {}
    for name in ("ae.json", "ae.ndjson", "ae.xpt"):
        text = EXAMPLE.format(file=STUDIES / "cdisc_examples" / name)
        summary, package = run(workspace, text.replace("EXAMPLE", f"EXAMPLE-{name[3:]}"))
        assert rows_in(summary) == {"AETERM": (74, 0, 0)}
        data = read_csv(package / "datasets" / "ae.csv")
        found[name] = data.drop(columns=["STUDYID", "SRC_FILE", "SRC_SHEET"]).to_csv(index=False)
    assert len(set(found.values())) == 1


def test_japanese_text_survives(workspace: Workspace) -> None:
    text = EXAMPLE.format(file=STUDIES / "cdisc_examples" / "ae_japanese.json")
    summary, package = run(workspace, text.replace("EXAMPLE", "JAPANESE"))
    assert rows_in(summary) == {"AETERM": (1191, 0, 0)}
    assert (
        read_csv(package / "datasets" / "ae.csv")["AETERM"]
        .str.contains(r"[\u3040-\u30ff\u4e00-\u9fff]")
        .any()
    )


def test_the_odm_snapshot(workspace: Workspace) -> None:
    summary, package = run(workspace, ODM)
    assert rows_in(summary) == {"AETERM": (20, 0, 0)}
    assert read_csv(package / "datasets" / "ae.csv")["USUBJID"].nunique() == 2


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("ae.xml", "this is Dataset-XML"),
        ("ae_test.xml", "this is Dataset-XML"),
        ("cdash-odm-test.xml", r"only the study's definitions \(metadata\)"),
    ],
)
def test_files_that_hold_no_clinical_data_are_refused(workspace: Workspace, name: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        run(workspace, ODM.replace("odm-data-snapshot.xml", name).replace("study: ODM", "study: NONE"))
