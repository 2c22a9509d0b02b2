"""Tables on disk: formula-safe, lossless, atomic and the same bytes each time."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from filelock import FileLock, Timeout
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.tables import (
    alone_in,
    atomic_path,
    read_csv,
    read_parquet,
    text_frame,
    write_csv,
    write_parquet,
    write_xlsx,
)

MOMENT = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("=1+1", '"\'=1+1"'),
        ("+cmd|' /C calc'!A0", "\"'+cmd|' /C calc'!A0\""),
        ("-pain", '"\'-pain"'),
        ("@SUM(A1)", '"\'@SUM(A1)"'),
        ("\t=1", '"\'\t=1"'),
        ("'=1", "\"''=1\""),
        ("-5", '"-5"'),
        ("+1.5E3", '"+1.5E3"'),
        ("'tis", '"\'tis"'),
        ("NA", '"NA"'),
        ("", ""),
        ('6" wound', '"6"" wound"'),
    ],
)
def test_one_cell_is_written_and_read_back(tmp_path: Path, cell: str, written: str) -> None:
    frame = text_frame({"a": [cell], "b": ["x"]})
    path = tmp_path / "t.csv"
    write_csv(frame, path)
    assert path.read_text(encoding="utf-8") == f'"a","b"\n{written},"x"\n'
    pd.testing.assert_frame_equal(read_csv(path), frame)


# Carriage returns inside a cell are read as line feeds by every CSV reader in text mode.
cells = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\x00"), max_size=20)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(cells, cells), max_size=8))
def test_csv_round_trip_loses_nothing(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]]
) -> None:
    frame = text_frame({"a": [row[0] for row in rows], "=b": [row[1] for row in rows]})
    path = tmp_path_factory.mktemp("csv") / "t.csv"
    write_csv(frame, path)
    pd.testing.assert_frame_equal(read_csv(path), frame)


def test_xlsx_cells_are_text_and_never_formulas(tmp_path: Path) -> None:
    frame = text_frame({"code": ["00012", "=1+1", "-pain"]})
    path = tmp_path / "t.xlsx"
    write_xlsx({"codes": frame}, path, MOMENT)
    sheet = openpyxl.load_workbook(path)["codes"]
    assert [(cell.value, cell.data_type) for cell in sheet["A"]] == [
        ("code", "s"), ("00012", "s"), ("=1+1", "s"), ("-pain", "s"),
    ]  # fmt: skip
    assert sheet.freeze_panes == "A2"


def test_counts_are_numbers_and_codes_stay_text(tmp_path: Path) -> None:
    frame = pd.DataFrame({"code": pd.Series(["007"], dtype="str"), "occurrences": [12]})
    write_xlsx({"t": frame}, tmp_path / "t.xlsx", MOMENT)
    sheet = openpyxl.load_workbook(tmp_path / "t.xlsx")["t"]
    assert [(cell.value, cell.data_type) for cell in sheet[2]] == [("007", "s"), (12, "n")]


def test_the_same_table_gives_the_same_bytes(tmp_path: Path) -> None:
    frame = text_frame({"a": ["x", "é"], "b": ["1", ""]})
    digests = set()
    for number in range(2):
        path = tmp_path / f"{number}.xlsx"
        write_xlsx({"t": frame}, path, MOMENT)
        digests.add(sha256(path.read_bytes()).hexdigest())
    assert len(digests) == 1


def test_too_many_rows_for_a_sheet_are_refused(tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": pd.Series("x", index=range(1_048_576), dtype="str")})
    with pytest.raises(ValueError, match="1048576 rows are more than an Excel sheet holds"):
        write_xlsx({"big": frame}, tmp_path / "t.xlsx", MOMENT)
    assert list(tmp_path.iterdir()) == []


def test_a_failed_write_leaves_the_old_file_and_no_rubbish(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("old", encoding="utf-8")
    with pytest.raises(RuntimeError), atomic_path(path) as temporary:
        temporary.write_text("half", encoding="utf-8")
        raise RuntimeError
    assert path.read_text(encoding="utf-8") == "old"
    assert [item.name for item in tmp_path.iterdir()] == ["t.csv"]


def test_parquet_keeps_text_as_text(tmp_path: Path) -> None:
    frame = text_frame({"code": ["0010", "NA", ""]})
    write_parquet(frame, tmp_path / "t.parquet")
    pd.testing.assert_frame_equal(read_parquet(tmp_path / "t.parquet"), frame)


def test_an_empty_table_keeps_its_header(tmp_path: Path) -> None:
    write_csv(text_frame({"a": [], "b": []}), tmp_path / "t.csv")
    assert (tmp_path / "t.csv").read_text(encoding="utf-8") == '"a","b"\n'
    assert list(read_csv(tmp_path / "t.csv").columns) == ["a", "b"]


def held(folder: Path) -> bool:
    """Whether somebody holds the folder."""
    lock = FileLock(folder / ".lock", timeout=0)
    try:
        lock.acquire()
    except Timeout:
        return True
    lock.release()
    return False


def test_who_is_alone_in_a_folder_lets_others_wait(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "shared"
    with alone_in(folder):
        assert held(folder)
    assert not held(folder)


def test_a_folder_is_free_again_after_a_failure(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="full"), alone_in(tmp_path):
        raise OSError("full")
    assert not held(tmp_path)


def test_who_is_alone_in_a_folder_finds_no_leftovers(tmp_path: Path) -> None:
    (tmp_path / ".a.csv.xyz.partial").write_text("half", encoding="utf-8")
    (tmp_path / "a.csv").write_text("whole", encoding="utf-8")
    with alone_in(tmp_path):
        assert [path.name for path in tmp_path.iterdir() if path.name != ".lock"] == ["a.csv"]
