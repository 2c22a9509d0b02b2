"""Extracts: identity, storing whole or not at all, opening, tampering, folders that cannot be used."""

from __future__ import annotations

import errno
import json
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from coding.ingest import extract as extract_module
from coding.ingest.extract import Extract, ExtractError, open_extract, take_extract
from coding.records import UserError
from coding.study import Study
from coding.workspace import WorkspaceError
from schemas.vocabulary import Domain

AE = """\
USUBJID,AESPID,AETERM,AESTDTC,ARM
S1,1,Headache,2014-03-21,placebo
S1,2,,2014,active
,3,Rash,2014,active
"""
DM = "USUBJID,SEX,AGE\nS1,F,50\n"


def study(**given: Any) -> Study:
    columns = {"verbatim": "AETERM", "subject": "USUBJID", "record_id": "AESPID", "start": "AESTDTC"}
    sources = [
        {"name": "ae", "domain": "AE", "file": "ae*.csv", "columns": columns},
        {"name": "dm", "domain": "DM", "file": "dm.csv", "columns": {"subject": "USUBJID", "sex": "SEX"}},
    ]
    told = {"study": "S", "sources": sources, "demographics": "dm", "never_show": ["ARM"], **given}
    return Study.model_validate({"coding": {"AETERM": {"dictionary": "D"}}, **told})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "ae.csv").write_text(AE, encoding="utf-8")
    (tmp_path / "dm.csv").write_text(DM, encoding="utf-8")
    return tmp_path


@pytest.fixture
def taken(folder: Path) -> Extract:
    return take_extract(study(), folder)


def test_what_an_extract_holds(folder: Path, taken: Extract) -> None:
    assert taken.folder == folder / "extracts" / taken.id[:16]
    assert sorted(path.name for path in taken.folder.iterdir()) == [
        "extract.json", "forms_AE.parquet", "forms_DM.parquet", "issues.parquet", "quarantined.parquet",
    ]  # fmt: skip
    assert taken.domains == (Domain.AE, Domain.DM)
    forms = taken.forms(Domain.AE)
    assert forms[["subject", "record_id", "verbatim", "sex"]].values.tolist() == [
        ["S1", "1", "Headache", "F"]
    ]
    assert str(forms["verbatim"].dtype) == "str"
    assert taken.quarantined()[["row", "reason"]].values.tolist() == [
        [3, "verbatim_missing"],
        [4, "subject_missing"],
    ]
    assert taken.issues()[["row", "rule"]].values.tolist() == [
        [3, "verbatim_missing"],
        [4, "subject_missing"],
    ]
    assert taken.forms(Domain.AE, ["subject"]).columns.tolist() == ["subject"]
    with pytest.raises(KeyError):
        taken.forms(Domain.CM)


def test_the_accounting_of_each_source_is_told(taken: Extract) -> None:
    ae = taken.meta["sources"]["ae"]
    assert {name: ae[name] for name in ("domain", "rows_in", "kept", "quarantined")} == {
        "domain": "AE",
        "rows_in": 3,
        "kept": 1,
        "quarantined": 2,
    }
    assert [(file["file"], file["rows"], file["unreadable"]) for file in ae["files"]] == [("ae.csv", 3, 0)]
    assert taken.meta["domains"] == {"AE": 1, "DM": 1}


def test_columns_that_must_not_be_shown_are_nowhere(taken: Extract) -> None:
    for path in taken.folder.glob("*.parquet"):
        assert "raw.ARM" not in pd.read_parquet(path).columns
        assert b"placebo" not in path.read_bytes()
    assert "placebo" not in (taken.folder / "extract.json").read_text(encoding="utf-8")


def test_the_same_files_are_not_read_again(
    folder: Path, taken: Extract, monkeypatch: pytest.MonkeyPatch
) -> None:
    def not_again(*_: object) -> None:
        raise AssertionError("read again")

    monkeypatch.setattr(extract_module, "read_source", not_again)
    assert take_extract(study(), folder) == taken


def test_the_same_extract_in_another_place_has_the_same_bytes(tmp_path: Path, folder: Path) -> None:
    other = tmp_path / "elsewhere"
    other.mkdir()
    for name in ("ae.csv", "dm.csv"):
        shutil.copy(folder / name, other / name)
    first, second = take_extract(study(), folder), take_extract(study(), other)
    assert first.id == second.id
    for path in first.folder.iterdir():
        assert path.read_bytes() == (second.folder / path.name).read_bytes()


def test_what_the_id_depends_on(folder: Path, taken: Extract) -> None:
    ids = {taken.id}
    ids.add(take_extract(study(never_show=[]), folder).id)
    ids.add(take_extract(study(demographics=None), folder).id)
    (folder / "dm.csv").write_text(DM + "S2,M,40\n", encoding="utf-8")
    ids.add(take_extract(study(), folder).id)
    (folder / "ae.csv").rename(folder / "ae1.csv")
    ids.add(take_extract(study(), folder).id)
    assert len(ids) == 5
    (folder / "ae1.csv").rename(folder / "ae.csv")
    (folder / "dm.csv").write_text(DM, encoding="utf-8")
    # Neither the sponsor nor how things are coded has to do with what was read.
    assert take_extract(study(sponsor="Other", do_not_autocode=["rash"]), folder).id == taken.id


def test_an_extract_opens_by_its_id(folder: Path, taken: Extract) -> None:
    assert open_extract(folder, taken.id) == taken


@pytest.mark.parametrize("extract_id", ["", "../../etc", "0" * 16, "Z" * 64])
def test_an_id_that_is_none(folder: Path, extract_id: str) -> None:
    with pytest.raises(ExtractError, match="64 hex digits"):
        open_extract(folder, extract_id)


def test_an_extract_that_is_not_there(folder: Path) -> None:
    with pytest.raises(ExtractError, match="there is no such extract"):
        open_extract(folder, "0" * 64)


def tamper_frame(folder: Path) -> str:
    path = folder / "forms_AE.parquet"
    frame = pd.read_parquet(path)
    frame["verbatim"] = "Rash"
    frame.to_parquet(path)
    return "forms_AE.parquet is not as it was written"


def remove_frame(folder: Path) -> str:
    (folder / "issues.parquet").unlink()
    return "issues.parquet is missing"


def cut_meta(folder: Path) -> str:
    path = folder / "extract.json"
    path.write_bytes(path.read_bytes()[:100])
    return "extract.json cannot be read"


def edit_meta(folder: Path) -> str:
    path = folder / "extract.json"
    meta = json.loads(path.read_text(encoding="utf-8"))
    meta["sources"]["ae"]["rows_in"] = 1
    path.write_text(json.dumps(meta), encoding="utf-8")
    return "extract.json is not as it was written"


@pytest.mark.parametrize("harm", [tamper_frame, remove_frame, cut_meta, edit_meta])
def test_what_was_tampered_with_is_not_opened_and_is_taken_anew(
    folder: Path, taken: Extract, harm: Any
) -> None:
    before = {path.name: path.read_bytes() for path in taken.folder.iterdir()}
    message = harm(taken.folder)
    with pytest.raises(ExtractError, match=message):
        open_extract(folder, taken.id)
    again = take_extract(study(), folder)
    assert again == taken
    assert {path.name: path.read_bytes() for path in again.folder.iterdir()} == before


def test_leftovers_of_a_killed_run_are_cleared(folder: Path) -> None:
    leftover = folder / "extracts" / ".partial-0123-x"
    leftover.mkdir(parents=True)
    (leftover / "forms_AE.parquet").write_bytes(b"half")
    taken = take_extract(study(), folder)
    assert [path.name for path in (folder / "extracts").iterdir()] == [taken.folder.name]


@pytest.mark.parametrize("name", ["forms_AE.parquet", "issues.parquet", "extract.json"])
def test_a_full_disk_leaves_nothing_behind(folder: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    def full(write: Any) -> Any:
        def attempt(what: object, path: Path) -> None:
            if path.name == name:
                raise OSError(errno.ENOSPC, "No space left on device")
            write(what, path)

        return attempt

    for function in ("write_parquet", "write_text"):
        monkeypatch.setattr(extract_module, function, full(getattr(extract_module, function)))
    with pytest.raises(WorkspaceError, match=r"extracts: the disk is full"):
        take_extract(study(), folder)
    assert list((folder / "extracts").iterdir()) == []


def test_a_folder_that_cannot_be_written(folder: Path) -> None:
    (folder / "extracts").write_text("a file in its place", encoding="utf-8")
    with pytest.raises(WorkspaceError, match=r"extracts: cannot be written .*; check its permissions"):
        take_extract(study(), folder)


def test_a_file_that_changes_while_it_is_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read_source = extract_module.read_source

    def late(source: Any, study_folder: Path, progress: Any) -> Any:
        path = study_folder / "dm.csv"
        path.write_text(path.read_text(encoding="utf-8") + "S2,M,40\n", encoding="utf-8")
        return read_source(source, study_folder, progress)

    monkeypatch.setattr(extract_module, "read_source", late)
    with pytest.raises(ExtractError, match=r"source dm: dm.csv changed while it was read; run again"):
        take_extract(study(), folder)


def test_refused_before_anything_is_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PANDERA_VALIDATION_ENABLED", "False")
    with pytest.raises(UserError, match="PANDERA_VALIDATION_ENABLED"):
        take_extract(study(), folder)
    assert not (folder / "extracts").exists()


def test_no_patient_data_in_the_progress(folder: Path) -> None:
    heard: list[tuple[str, int, int]] = []
    take_extract(study(), folder, lambda *told: heard.append(told))
    assert heard
    assert not any("Headache" in stage or "S1" in stage for stage, _, _ in heard)
