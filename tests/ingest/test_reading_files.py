"""Which files a source means, what format they are in, and the real studies beside the project."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from coding.ingest import reading
from coding.ingest.raw_table import RawTable, SourceFileError
from coding.ingest.reading import find_files, read_headers, read_source
from coding.study import Source

Read = Callable[..., RawTable]
SourceOf = Callable[..., Source]

CSV = b"SUBJ,AETERM\n001,pain\n"


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """A study's folder with some files, beside a folder that is not the study's."""
    folder = tmp_path / "study"
    for name in (
        "raw/ae_2.csv",
        "raw/ae_1.csv",
        "raw/deep/ae_3.csv",
        "raw/~$ae_1.csv",
        "raw/.ae_0.csv",
        "[1].csv",
    ):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(CSV)
    (folder / "raw" / "ae_folder.csv").mkdir()
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "ae.csv").write_bytes(CSV)
    return folder


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("raw/ae_1.csv", ["raw/ae_1.csv"]),
        ("raw/ae_*.csv", ["raw/ae_1.csv", "raw/ae_2.csv"]),
        ("raw/ae_[2-9].csv", ["raw/ae_2.csv"]),
        ("raw/**/*.csv", ["raw/ae_1.csv", "raw/ae_2.csv", "raw/deep/ae_3.csv"]),
        ("[1].csv", ["[1].csv"]),
    ],
)
def test_files_are_found_sorted(study: Path, source_of: SourceOf, pattern: str, found: list[str]) -> None:
    files = find_files(source_of(pattern), study)
    assert [file.relative_to(study).as_posix() for file in files] == found


def test_every_file_of_a_pattern_is_a_table(study: Path, source_of: SourceOf) -> None:
    tables = read_source(source_of("raw/ae_*.csv"), study)
    assert [(table.file, len(table.frame)) for table in tables] == [("raw/ae_1.csv", 1), ("raw/ae_2.csv", 1)]


def test_a_full_path_is_taken_as_given(study: Path, source_of: SourceOf) -> None:
    outside = study.parent / "outside"
    for file in (outside / "ae.csv", outside / "a*.csv"):
        (table,) = read_source(source_of(str(file)), study)
        assert (table.file, table.frame["AETERM"].tolist()) == ("ae.csv", ["pain"])
    (table,) = read_source(source_of(str(study / "raw" / "ae_1.csv")), study)
    assert table.file == "raw/ae_1.csv"


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("raw/cm.csv", "raw/cm.csv: no such file; put it into .*study, or correct `file` of source ae"),
        ("raw/cm*.csv", r"raw/cm\*.csv: no such file"),
        ("raw", "raw: this is a folder; name its files: raw/"),
        ("raw/ae_folder.csv", "this is a folder"),
        ("x" * 5000, "it cannot be read|no such file"),
    ],
)
def test_files_that_are_not_there(study: Path, source_of: SourceOf, pattern: str, message: str) -> None:
    with pytest.raises(SourceFileError, match=message):
        find_files(source_of(pattern), study)


@pytest.mark.parametrize("file", ["../outside/ae.csv", "raw/../../outside/*.csv"])
def test_a_path_upwards_is_refused(study: Path, source_of: SourceOf, file: str) -> None:
    sly = source_of("x.csv").model_copy(update={"file": file})
    with pytest.raises(SourceFileError, match=r"must not contain `..`; give the full path"):
        find_files(sly, study)


@pytest.mark.skipif(sys.platform == "win32", reason="symbolic links need rights on Windows")
def test_a_link_out_of_the_folder_is_refused(study: Path, source_of: SourceOf) -> None:
    (study / "link.csv").symlink_to(study.parent / "outside" / "ae.csv")
    (study / "linked").symlink_to(study.parent / "outside")
    for file in ("link.csv", "li*.csv", "linked/ae.csv", "linked/*.csv"):
        with pytest.raises(SourceFileError, match="a symbolic link leads out of the study's folder"):
            find_files(source_of(file), study)
    (study / "inside.csv").symlink_to(study / "raw" / "ae_1.csv")
    assert find_files(source_of("inside.csv"), study) == [study / "inside.csv"]


@pytest.mark.skipif(sys.platform == "win32", reason="symbolic links need rights on Windows")
def test_the_study_folder_itself_may_be_a_link(study: Path, source_of: SourceOf) -> None:
    link = study.parent / "link"
    link.symlink_to(study)
    (table,) = read_source(source_of("raw/ae_1.csv"), link)
    assert table.file == "raw/ae_1.csv"


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="needs an account with few rights")
def test_a_file_without_permission_for_real(study: Path, source_of: SourceOf) -> None:
    (study / "raw" / "ae_1.csv").chmod(0)
    with pytest.raises(SourceFileError, match=r"raw/ae_1.csv: no permission to read it"):
        read_source(source_of("raw/ae_1.csv"), study)


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (PermissionError(errno.EACCES, "Permission denied"), "no permission to read it; give this account"),
        (FileNotFoundError(errno.ENOENT, "No such file"), "the file has disappeared; put it back"),
        (
            OSError(errno.EIO, "Input/output error"),
            r"it cannot be read \(Input/output error\); check the disk",
        ),
        (MemoryError(), "there is not enough memory"),
    ],
)
def test_what_the_system_refuses_is_said(
    study: Path, source_of: SourceOf, monkeypatch: pytest.MonkeyPatch, error: BaseException, message: str
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr(reading.delimited, "scan_text", refuse)
    with pytest.raises(SourceFileError, match=f"^raw/ae_1.csv: {message}"):
        read_source(source_of("raw/ae_1.csv"), study)


@pytest.mark.parametrize(
    ("name", "content", "settings", "message"),
    [
        (
            "ae.csv",
            b'{"datasetJSONVersion": "1.1.0"}',
            {},
            r"named .csv, but the content is JSON; rename it, or",
        ),
        ("ae.csv", b"<?xml version='1.0'?><ODM/>", {}, "named .csv, but the content is XML"),
        ("ae.xml", CSV, {}, r"the content is not that of XML; get the file again"),
        ("ae.xlsx", CSV, {}, r"not that of an Excel workbook \(XLSX\); .*for a text file set `format: csv`"),
        ("ae.csv", CSV, {"format": "xpt"}, "not that of a SAS transport file"),
        (
            "ae.xml",
            b"<ODM/>",
            {"format": "csv"},
            "`format: csv` is set, but the content is XML; set `format: odm`",
        ),
        ("ae.csv", b"\x1f\x8b\x08\x00abc", {}, "this is a gzip archive; unpack it first"),
        ("ae.csv", b"%PDF-1.7", {}, "this is a PDF document; ask for the data as CSV"),
        ("ae.csv", b"PAR1abc", {}, "this is a Parquet file; save it as CSV"),
        ("ae.sas7bdat", b"", {}, "the file is empty; give a file with at least a header line"),
    ],
)
def test_content_that_is_not_what_the_name_says(
    read: Read, name: str, content: bytes, settings: dict[str, str], message: str
) -> None:
    with pytest.raises(SourceFileError, match=message):
        read(name, content, **settings)


def test_a_workbook_named_csv(tmp_path: Path, read_file: Read) -> None:
    import openpyxl

    made = openpyxl.Workbook()
    made.active.append(["SUBJ"])  # type: ignore[union-attr]
    made.save(tmp_path / "ae.xlsx")
    (tmp_path / "ae.xlsx").rename(tmp_path / "ae.csv")
    with pytest.raises(SourceFileError, match=r"named .csv, but the content is an Excel workbook \(XLSX\)"):
        read_file("ae.csv")
    assert list(read_file("ae.csv", format="xlsx").frame.columns) == ["SUBJ"]


@pytest.mark.parametrize("name", ["ae.csv", "ae.txt", "ae.dat", "ae", "AE.CSV"])
def test_text_is_read_under_any_name(read: Read, name: str) -> None:
    assert read(name, CSV).frame.to_numpy().tolist() == [["001", "pain"]]


def test_progress_ends_with_the_whole(study: Path, source_of: SourceOf) -> None:
    seen: list[tuple[str, int, int]] = []
    read_source(source_of("raw/ae_1.csv"), study, lambda *step: seen.append(step))
    assert seen[-1] == ("reading raw/ae_1.csv", len(CSV), len(CSV))


STUDIES = [
    ("statin/ae.csv", {}, (596, 27)),
    ("statin/dm.csv", {}, (162, 27)),
    ("cdiscpilot01/ae_raw.csv", {}, (1191, 32)),
    ("cdiscpilot01/dm_raw.csv", {}, (306, 13)),
    ("cdiscpilot01/cm.csv", {}, (7510, 22)),
    ("cdiscpilot01/mh.csv", {}, (1818, 28)),
    ("cdiscpilot01/dm.csv", {}, (306, 28)),
    ("cdisc_examples/ae.json", {}, (74, 37)),
    ("cdisc_examples/dm.ndjson", {}, (18, 26)),
    ("cdisc_examples/ae_japanese.json", {}, (1191, 36)),
    ("odm/odm-data-snapshot.xml", {"item_group": "IG.AE.AE_ARRAY1"}, (20, 11)),
]


@pytest.mark.shared
@pytest.mark.parametrize(("file", "settings", "shape"), STUDIES)
def test_the_studies_are_read(
    shared_studies: Path, source_of: SourceOf, file: str, settings: dict[str, str], shape: tuple[int, int]
) -> None:
    (table,) = read_source(source_of(file, **settings), shared_studies)
    assert table.frame.shape == shape
    assert table.file == file
    assert table.unreadable.empty
    assert {str(dtype) for dtype in table.frame.dtypes} == {"str"}
    assert not table.frame.isna().any().any()


@pytest.mark.shared
@pytest.mark.parametrize("name", ["ae", "cm", "mh"])
def test_three_formats_read_to_the_same_table(shared_studies: Path, source_of: SourceOf, name: str) -> None:
    tables = [
        read_source(source_of(f"cdisc_examples/{name}.{form}"), shared_studies)[0]
        for form in ("json", "ndjson", "xpt")
    ]
    for other in tables[1:]:
        assert list(other.frame.columns) == list(tables[0].frame.columns)
        assert other.frame.equals(tables[0].frame)
        assert other.sheet == tables[0].sheet == name.upper()


@pytest.mark.shared
def test_japanese_survives(shared_studies: Path, source_of: SourceOf) -> None:
    (table,) = read_source(source_of("cdisc_examples/ae_japanese.json"), shared_studies)
    japanese = table.frame.map(lambda cell: any("\u3040" <= letter <= "\u9fff" for letter in cell))
    assert japanese.to_numpy().sum() == 501
    assert "\ufffd" not in "".join(table.frame.to_numpy().ravel())


@pytest.mark.shared
@pytest.mark.parametrize(
    ("file", "message"),
    [
        ("odm/ae.xml", "this is Dataset-XML"),
        ("odm/ae_test.xml", "this is Dataset-XML"),
        ("odm/cdash-odm-test.xml", "only the study's definitions"),
        ("cdisc_examples/define.xml", "this is define.xml"),
    ],
)
def test_files_to_refuse(shared_studies: Path, source_of: SourceOf, file: str, message: str) -> None:
    with pytest.raises(SourceFileError, match=message):
        read_source(source_of(file), shared_studies)


@pytest.mark.shared
def test_the_headers_of_the_snapshot(shared_studies: Path) -> None:
    found = {
        sheet: len(first)
        for sheet, _, first in read_headers(shared_studies / "odm" / "odm-data-snapshot.xml")
    }
    assert found == {
        "IG.DM": 2, "IG.VS": 4, "IG.AE": 2, "IG.AE.AE_ARRAY1": 20, "IG.DS": 2,
        "IG.LB.LB_ARRAY1": 18, "IG.EC.EC_ARRAY1": 8, "IG.EC": 2, "IG.CM": 2,
    }  # fmt: skip
