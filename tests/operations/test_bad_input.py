"""Bad input to the whole job: a clear error or a quarantined row, never a half-written study."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from coding.operations.code_study import code_study
from coding.operations.export_study import export_study
from coding.records import UserError
from dictionaries.loading import import_release
from dictionaries.model import DictionaryError
from schemas.tables import read_csv

MakeStudy = Callable[..., "object"]
SECRET = "zebra-coloured tongue"
BOMB = '<?xml version="1.0"?><!DOCTYPE ODM [<!ENTITY a "{0}"><!ENTITY b "{1}">]><ODM>&b;</ODM>'


def failure(made: object) -> str:
    """The message of a run that must fail; it names no subject and no verbatim."""
    with pytest.raises(UserError) as caught:
        code_study(made.workspace, made.study, actor="dana")
    message = str(caught.value)
    assert SECRET not in message
    assert "Traceback" not in message
    return message


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("ae.csv", b"", "ae.csv"),
        ("ae.csv", b"USUBJID,AESPID\nS1,1\n", "AETERM"),
        ("ae.csv", b"USUBJID,AESPID,AETERM,AETERM,AESER,AESTDTC,AEENDTC\n", "AETERM"),
        ("ae.csv", b"PK\x03\x04 broken", "ae.csv"),
        ("ae.json", b'{"datasetJSONVersion": "1.1.0", "rows": [[', "ae.json"),
        ("ae.xml", BOMB.format("x" * 50, "&a;" * 50).encode(), "ae.xml"),
        ("ae.xml", b'<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><r>&x;</r>', "ae.xml"),
        ("ae.xml", b"<ODM><ClinicalData", "ae.xml"),
        ("ae.xpt", b"HEADER RECORD*******LIBRARY HEADER RECORD!!!!!!!0000", "ae.xpt"),
        ("ae.xlsx", b"PK\x03\x04", "ae.xlsx"),
    ],
)  # fmt: skip
def test_files_that_cannot_be_read(make_study: MakeStudy, name: str, content: bytes, message: str) -> None:
    made = make_study()
    (made.folder / "ae.csv").unlink()
    (made.folder / name).write_bytes(content)
    made.configure("ae*.csv", name)
    assert message in failure(made)
    assert not (made.folder / "work").exists()


def test_a_zip_bomb_is_refused(make_study: MakeStudy) -> None:
    made = make_study()
    path = made.folder / "ae.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet:
            for _ in range(300):
                sheet.write(b" " * 1_000_000)
    made.configure("ae*.csv", "ae.xlsx")
    assert "ae.xlsx" in failure(made)


def test_a_header_alone_is_an_empty_study(make_study: MakeStudy) -> None:
    made = make_study()
    made.write_ae(())
    summary = code_study(made.workspace, made.study, actor="dana")
    assert summary.accounts[0].rows_in == 0
    assert summary.accounts[0].closes
    package = export_study(made.workspace, made.study, actor="dana").package
    assert len(read_csv(package / "datasets" / "ae.csv")) == 0


def test_broken_rows_are_set_apart_and_good_ones_go_on(make_study: MakeStudy) -> None:
    made = make_study()
    rows = ("S1,1,Headache,N,2024-01-02,,A", "S1,2,too,many,fields,N,2024-01-02,,A,x", "S1,3,Rash,N,,,A")
    made.write_ae((*rows, f"S1,4,{'x' * 10_000_000},N,,,A"))
    summary = code_study(made.workspace, made.study, actor="dana")
    account = summary.accounts[0]
    assert (account.rows_in, account.coded, account.quarantined) == (4, 2, 2)
    apart = read_csv(summary.places["quarantined"])
    assert apart["row"].tolist() == ["3", "5"]


def test_a_wrong_encoding_is_said(make_study: MakeStudy) -> None:
    made = make_study()
    made.configure("    domain: AE\n", "    domain: AE\n    encoding: ascii\n")
    (made.folder / "ae.csv").write_bytes(
        b"USUBJID,AESPID,AETERM,AESER,AESTDTC,AEENDTC\nS1,1,\xc3\x96dem,N,,\n"
    )
    message = failure(made)
    assert "ae.csv" in message
    assert "ascii" in message


def test_formulas_in_cells_stay_text(make_study: MakeStudy) -> None:
    made = make_study()
    made.write_ae(('S1,1,"=HYPERLINK(""http://x"",""y"")",N,2024,,A', "S1,2,@SUM(A1),N,2024,,A"))
    code_study(made.workspace, made.study, actor="dana")
    package = export_study(made.workspace, made.study, actor="dana").package
    text = (package / "datasets" / "ae.csv").read_text(encoding="utf-8")
    assert "\"'=HYPERLINK(" in text
    assert ',"=HYPERLINK' not in text
    assert read_csv(package / "datasets" / "ae.csv")["AETERM"].tolist() == [
        '=HYPERLINK("http://x","y")', "@SUM(A1)",
    ]  # fmt: skip


@pytest.mark.parametrize("pattern", ["../*.csv", "data/../../ae.csv"])
def test_globs_cannot_leave_the_study(make_study: MakeStudy, pattern: str) -> None:
    made = make_study()
    made.configure("ae*.csv", pattern)
    assert "sources.1.file: must not contain `..`" in failure(made)


def test_study_ids_cannot_leave_the_workspace(make_study: MakeStudy) -> None:
    made = make_study()
    with pytest.raises(UserError, match="the study id may only hold"):
        code_study(made.workspace, "../S-1", actor="dana")


@pytest.mark.parametrize("value", ["False", "false", "0"])
def test_switched_off_validation_is_refused(
    make_study: MakeStudy, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    made = make_study()
    monkeypatch.setenv("PANDERA_VALIDATION_ENABLED", value)
    assert "PANDERA_VALIDATION_ENABLED" in failure(made)


def test_a_dictionary_with_a_cut_line_is_refused(dictionary_files: Path, tmp_path: Path) -> None:
    broken = shutil.copytree(dictionary_files, tmp_path / "broken")
    text = (broken / "llt.asc").read_text(encoding="ascii")
    (broken / "llt.asc").write_text(text[:-12], encoding="ascii")
    with pytest.raises(DictionaryError, match=r"llt\.asc.*16"):
        import_release(broken, tmp_path / "dictionaries", name="Tiny")
    assert not list((tmp_path / "dictionaries").glob("Tiny*"))


def test_a_changed_dictionary_is_refused(make_study: MakeStudy) -> None:
    made = make_study()
    code_study(made.workspace, made.study, actor="dana")
    release = next(made.workspace.dictionaries.glob("Tiny/*/release.json"))
    text = release.read_text(encoding="utf-8")
    checksum = text.split('"checksum": "')[1][:64]
    release.write_text(text.replace(checksum, "f" * 64), encoding="utf-8")
    assert "put that release back" in failure(made)


def test_a_tampered_extract_is_refused(make_study: MakeStudy) -> None:
    made = make_study()
    code_study(made.workspace, made.study, actor="dana")
    path = next(made.folder.glob("extracts/*/forms_AE.parquet"))
    path.write_bytes(path.read_bytes() + b"x")
    with pytest.raises(UserError, match="not as it was written"):
        export_study(made.workspace, made.study, actor="dana")


JOB = """
import os, sys
from pathlib import Path
from coding.operations.code_study import code_study
from coding.operations.export_study import export_study
from coding.records import UserError
from coding.workspace import Workspace
if len(sys.argv) > 3:
    os.setuid(int(sys.argv[3]))
try:
    code_study(Workspace(Path(sys.argv[1])), sys.argv[2], actor="dana")
    export_study(Workspace(Path(sys.argv[1])), sys.argv[2], actor="dana")
except UserError as error:
    print("refused:", error)
"""


def job(folder: Path, study: str, *more: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", JOB, str(folder), study, *more], capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    return done.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX permissions")
@pytest.mark.parametrize("place", ["study", "workspace"])
def test_a_read_only_folder_is_said(make_study: MakeStudy, place: str) -> None:
    made = make_study()
    folder = made.folder if place == "study" else made.workspace.folder
    folders = [made.workspace.folder, *[path for path in made.workspace.folder.rglob("*") if path.is_dir()]]
    for path in made.workspace.folder.parents[:2]:
        path.chmod(0o755)
    for path in folders:
        path.chmod(0o777)
    folder.chmod(0o555)
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    said = job(made.workspace.folder, made.study, *(["65534"] if root else []))
    assert said.startswith("refused:")
    assert "cannot be" in said
    folder.chmod(0o755)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("mounting a small disk needs root on Linux")
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(disk)], capture_output=True, check=False
    )
    if done.returncode:
        pytest.skip("this machine does not let a test mount a disk")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


@pytest.mark.parametrize("left", [0, 8_000, 60_000, 200_000])
def test_a_full_disk_is_said_and_the_next_run_finishes(
    make_study: MakeStudy, small_disk: Path, left: int
) -> None:
    made = make_study()
    expected = made.workspace.folder.parent / "expected"
    shutil.copytree(made.workspace.folder, expected)
    assert job(expected, made.study) == ""
    folder = small_disk / "w"
    shutil.copytree(made.workspace.folder, folder)
    filler = small_disk / "filler"
    free = shutil.disk_usage(small_disk).free
    filler.write_bytes(b"x" * max(free - left, 0))
    said = job(folder, made.study)
    assert said.startswith("refused:"), "the disk was large enough"
    assert "full" in said
    filler.unlink()
    assert job(folder, made.study) == ""
    for name in ("datasets/ae.csv", "listings/uncoded.csv", "listings/issues.csv"):
        (mine,) = folder.glob(f"studies/*/packages/*/{name}")
        (theirs,) = expected.glob(f"studies/*/packages/*/{name}")
        assert mine.read_bytes() == theirs.read_bytes()
