"""What the tests of ingest share: a source for a file, and the real studies where they are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from coding.ingest.reading import RawTable, read_source
from coding.study import Source

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "studies"


def _source(file: str, **settings: Any) -> Source:
    return Source.model_validate(
        {"name": "ae", "domain": "DM", "file": file, "columns": {"subject": "SUBJ"}, **settings}
    )


@pytest.fixture
def source_of() -> Callable[..., Source]:
    """``source_of("ae.csv", **settings)``: a source with as little configuration as allowed."""
    return _source


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., RawTable]:
    """``read("ae.csv", content, **settings)``: the one table of a file with that content."""

    def write_and_read(name: str, content: bytes | str, **settings: Any) -> RawTable:
        data = content.encode() if isinstance(content, str) else content
        (tmp_path / name).write_bytes(data)
        (table,) = read_source(_source(name, **settings), tmp_path)
        return table

    return write_and_read


@pytest.fixture
def read_file(tmp_path: Path) -> Callable[..., RawTable]:
    """``read_file("ae.xlsx", **settings)``: the one table of a file already in ``tmp_path``."""

    def read_one(name: str, **settings: Any) -> RawTable:
        (table,) = read_source(_source(name, **settings), tmp_path)
        return table

    return read_one


@pytest.fixture
def shared_studies() -> Path:
    """The folder of real studies beside the project; skips the test where it is not."""
    if not SHARED.is_dir():
        pytest.skip("no shared studies beside the project")
    return SHARED
