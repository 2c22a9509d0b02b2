"""``trialcoder init`` from end to end, on files of its own and on real studies."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from coding.operations.init_study import init_study
from coding.records import UserError
from coding.study import load_study
from coding.workspace import WorkspaceError, find_workspace

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "studies"
AE = "STUDYID,USUBJID,AESPID,AETERM,AESTDTC\nASPEN-1,1,1,one,2014\nASPEN-1,1,2,two,2014-03\n"


@pytest.fixture
def extract(tmp_path: Path) -> Path:
    folder = tmp_path / "extract"
    folder.mkdir()
    (folder / "ae.csv").write_text(AE, encoding="utf-8")
    (folder / "ds.csv").write_text("USUBJID,DSTERM\n1,COMPLETED\n", encoding="utf-8")
    (folder / "notes.docx").write_bytes(b"PK\x03\x04")
    return folder


def test_an_empty_study_in_a_new_workspace(terminal, tmp_path: Path) -> None:
    answer = terminal("init", tmp_path / "trials" / "ASPEN 1")
    study_file = tmp_path / "trials" / "ASPEN 1" / "studies" / "ASPEN-1" / "study.yaml"
    assert answer.code == 0
    assert answer.out.startswith(f"Workspace made: {tmp_path / 'trials' / 'ASPEN 1'}\n")
    assert f"Study ASPEN-1: {study_file}\n" in answer.out
    assert load_study(study_file).study == "ASPEN-1"
    assert find_workspace(study_file.parent).ledger_url.endswith("/ASPEN 1/ledger.sqlite")


def test_the_study_id_comes_from_the_files(terminal, extract: Path, tmp_path: Path) -> None:
    answer = terminal("init", tmp_path / "ws", "--from", extract / "ae.csv", extract / "ds.csv", "--json")
    data = json.loads(answer.out)
    assert (answer.code, answer.err) == (0, "")
    assert data["study"] == "ASPEN-1"
    assert data["sources"] == [{"name": "ae", "domain": "AE", "found": "AETERM, USUBJID, AESPID, AESTDTC"}]
    assert data["left_out"] == ["ds.csv: nothing to code (no verbatim of AE, MH, CE, CM or PR)"]
    assert data["choose"] == [
        "no table with sex and age was found: name one in `demographics` if there is one"
    ]
    assert load_study(Path(data["study_file"])).source("ae").file == (extract / "ae.csv").as_posix()


def test_a_told_study_id_counts(extract: Path, tmp_path: Path) -> None:
    assert init_study(tmp_path / "ws", study_id="CEDAR", files=[extract / "ae.csv"]).study == "CEDAR"


def test_a_second_study_goes_into_the_same_workspace(extract: Path, tmp_path: Path) -> None:
    first = init_study(tmp_path / "ws", study_id="A")
    second = init_study(tmp_path / "ws" / "studies", study_id="B")
    assert (first.workspace_made, second.workspace_made) == (True, False)
    assert second.workspace == first.workspace
    assert find_workspace(first.workspace).study_ids() == ["A", "B"]


def test_a_study_that_is_there_is_never_changed(terminal, tmp_path: Path) -> None:
    summary = init_study(tmp_path / "ws", study_id="A")
    summary.study_file.write_text("study: A  # half done\n", encoding="utf-8")
    answer = terminal("init", tmp_path / "ws", "--study", "A")
    assert (answer.code, answer.out) == (2, "")
    assert "is there already and is left as it is; give another id with --study ID" in answer.err
    assert summary.study_file.read_text(encoding="utf-8") == "study: A  # half done\n"


def test_files_in_the_study_folder_are_named_relative_to_it(tmp_path: Path) -> None:
    folder = tmp_path / "ws" / "studies" / "A"
    (folder / "raw").mkdir(parents=True)
    (folder / "raw" / "ae.csv").write_text(AE, encoding="utf-8")
    summary = init_study(tmp_path / "ws", study_id="A", files=[folder / "raw" / "ae.csv"])
    assert load_study(summary.study_file).source("ae").file == "raw/ae.csv"


def test_folders_and_patterns_stand_for_their_files(extract: Path, tmp_path: Path) -> None:
    by_folder = init_study(tmp_path / "a", study_id="A", files=[extract])
    by_pattern = init_study(tmp_path / "b", study_id="B", files=[extract / "*.csv", extract / "ae.csv"])
    assert by_folder.sources == by_pattern.sources
    assert by_folder.left_out == by_pattern.left_out


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("ds.csv", "USUBJID,DSTERM\n1,x\n", "ds.csv: nothing to code"),
        ("ae.csv", "AETERM\none\n", "no column with the subject was recognised"),
        ("dm.csv", "USUBJID,SEX,AGE\n1,F,8\n", "none of the files has something to code"),
        ("ae.csv", "", "the file is empty"),
        ("ae.xml", "<ODM", "ae.xml"),
    ],
)
def test_nothing_is_made_of_files_with_nothing_to_code(terminal, tmp_path, name, content, message) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    answer = terminal("init", tmp_path / "ws", "--from", tmp_path / name)
    assert (answer.code, answer.out) == (2, "")
    assert message in answer.err
    assert not (tmp_path / "ws").exists()


@pytest.mark.parametrize("study_id", ["../A", "a/b", "", ".hidden", "x" * 65])
def test_a_study_id_is_a_plain_name(terminal, tmp_path: Path, study_id: str) -> None:
    answer = terminal("init", tmp_path / "ws", "--study", study_id)
    assert answer.code == 2
    assert "the study id may only hold letters" in answer.err
    assert not (tmp_path / "ws").exists()


def test_a_missing_file_and_a_file_for_a_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"nope\.csv: not found; check the path behind --from"):
        init_study(tmp_path / "ws", files=[tmp_path / "nope.csv"])
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(WorkspaceError, match="is a file; name a folder"):
        init_study(tmp_path / "file")


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path, monkeypatch) -> None:
    def refuse(text: str, path: Path) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("coding.operations.init_study.write_text", refuse)
    with pytest.raises(WorkspaceError, match=r"workspace\.yaml: cannot be written \(Permission denied\)"):
        init_study(tmp_path / "ws", study_id="A")


def test_a_workbook_with_several_sheets_gives_a_source_each(tmp_path: Path) -> None:
    from datetime import UTC, datetime

    from schemas.tables import text_frame, write_xlsx

    sheets = {
        "Adverse Events": text_frame({"SUBJID": ["1"], "AETERM": ["one"], "AESEQ": ["1"]}),
        "Medications": text_frame({"SUBJID": ["1"], "CMTRT": ["drug"], "CMSEQ": ["1"]}),
    }
    write_xlsx(sheets, tmp_path / "raw.xlsx", datetime(2026, 1, 1, tzinfo=UTC))
    summary = init_study(tmp_path / "ws", study_id="A", files=[tmp_path / "raw.xlsx"])
    study = load_study(summary.study_file)
    assert [(item.name, item.sheet) for item in study.sources] == [
        ("adverse_events", "Adverse Events"),
        ("medications", "Medications"),
    ]


def test_from_without_files_is_refused(terminal, tmp_path: Path) -> None:
    answer = terminal("init", tmp_path / "ws", "--from")
    assert (answer.code, answer.out) == (2, "")
    assert "--from" in answer.err
    assert not (tmp_path / "ws").exists()


# Real studies beside the project


def shared(name: str) -> Path:
    if not SHARED.is_dir():
        pytest.skip("the real data is not beside the project")
    return SHARED / name


def drafted(tmp_path: Path, *names: str):
    summary = init_study(tmp_path / "ws", study_id="S", files=[shared(name) for name in names])
    return summary, load_study(summary.study_file)


@pytest.mark.shared
def test_statin(tmp_path: Path) -> None:
    summary, study = drafted(tmp_path, "statin")
    ae = study.source("ae").columns
    assert (ae.verbatim, ae.subject, ae.record_id, ae.serious) == (
        ("AETERM",),
        "USUBJID",
        ("AESEQ",),
        "AESER",
    )
    assert study.demographics == "dm"
    assert study.never_show == ("ARMCD", "ARM", "ACTARMCD", "ACTARM")
    assert summary.left_out == ("ds.csv: nothing to code (no verbatim of AE, MH, CE, CM or PR)",)


@pytest.mark.shared
def test_the_pilot_raw_extract(tmp_path: Path) -> None:
    summary, study = drafted(tmp_path, "cdiscpilot01/ae_raw.csv", "cdiscpilot01/dm_raw.csv")
    ae, dm = study.source("ae_raw"), study.source("dm_raw")
    assert ae.columns.verbatim == ("IT.AETERM",)
    assert (ae.columns.subject, ae.columns.record_id) == ("PATNUM", ())
    assert ae.date_format == "%m/%d/%Y"
    assert list(ae.code_lists["severity"]) == ["MILD", "MODERATE", "SEVERE"]
    assert dm.columns.given() == {"subject": "PATNUM", "country": "COUNTRY", "sex": "IT.SEX", "age": "IT.AGE"}
    assert "or the first filled of several: [AELLT, IT.AETERM]" in summary.study_file.read_text("utf-8")


@pytest.mark.shared
def test_the_pilot_sdtm(tmp_path: Path) -> None:
    names = [f"cdiscpilot01/{name}.csv" for name in ("cm", "mh", "dm")]
    summary, study = drafted(tmp_path, *names)
    assert study.source("cm").columns.record_id == ("CMSEQ",)
    assert study.source("mh").columns.verbatim == ("MHTERM",)
    assert list(study.coding) == ["MHTERM", "CMTRT"]
    assert study.coding["CMTRT"][0].dictionary == "open_drugs"
    assert not any("CMTRT is not coded" in line for line in summary.choose)
    assert "or the first filled of several: [MHLLT, MHTERM]" in summary.study_file.read_text("utf-8")


@pytest.mark.shared
@pytest.mark.parametrize("suffix", ["json", "ndjson", "xpt"])
def test_the_cdisc_examples_draft_alike(tmp_path: Path, suffix: str) -> None:
    files = [f"cdisc_examples/{name}.{suffix}" for name in ("ae", "cm", "mh")]
    _, study = drafted(tmp_path, *files, "cdisc_examples/dm.ndjson")
    assert [(item.name, str(item.domain)) for item in study.sources] == [
        ("ae", "AE"), ("cm", "CM"), ("mh", "MH"), ("dm", "DM"),
    ]  # fmt: skip
    assert study.source("ae").columns.record_id == ("AESEQ",)


@pytest.mark.shared
def test_the_odm_snapshot_and_what_is_no_snapshot(tmp_path: Path) -> None:
    summary, study = drafted(tmp_path, "odm")
    groups = [(item.name, item.item_group, str(item.domain)) for item in study.sources]
    assert groups == [
        ("dm", "IG.DM", "DM"), ("ae_array1", "IG.AE.AE_ARRAY1", "AE"), ("cm", "IG.CM", "CM"),
    ]  # fmt: skip
    assert [reason.split(":")[0] for reason in summary.left_out] == [
        "odm-data-snapshot.xml", "ae.xml", "ae_test.xml", "cdash-odm-test.xml",
    ]  # fmt: skip
