"""A small made-up dictionary in five levels, and forms to code with it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from coding.records import FORM_COLUMNS
from dictionaries.model import Dictionary, Release, write_release_file
from schemas.tables import text_frame, write_parquet

TERMS = [
    ("11", "Head pain", "LLT", "current", "10"),
    ("10", "Headache", "LLT", "current", "10"),
    ("20", "Rash", "LLT", "current", "20"),
    ("10", "Headache", "PT", "current", ""),
    ("20", "Rash", "PT", "current", ""),
    ("30", "Headaches", "HLT", "current", ""),
    ("31", "Rashes", "HLT", "current", ""),
    ("40", "Head", "HLGT", "current", ""),
    ("41", "Skin", "HLGT", "current", ""),
    ("50", "Nervous", "SOC", "current", ""),
    ("51", "Dermal", "SOC", "current", ""),
]


@pytest.fixture
def dictionary(tmp_path: Path) -> Dictionary:
    folder = tmp_path / "dictionary"
    folder.mkdir()
    release = Release(
        name="Tiny", version="1.0", language="English", checksum="0" * 64,
        levels=("LLT", "PT", "HLT", "HLGT", "SOC"), coding_level="LLT", preferred_level="PT",
        licensed=False, numeric_codes=True,
    )  # fmt: skip
    write_release_file(release, folder)
    columns = list(zip(*TERMS, strict=True))
    names = ("code", "text", "level", "status", "parent")
    write_parquet(text_frame(dict(zip(names, columns, strict=True))), folder / "terms.parquet")
    paths = text_frame(
        {
            "code": ["10", "20", "20"],
            "HLT_code": ["30", "31", "30"],
            "HLGT_code": ["40", "41", "40"],
            "SOC_code": ["50", "51", "50"],
        }
    )
    paths.insert(1, "primary", [True, True, False])
    write_parquet(paths, folder / "paths.parquet")
    return Dictionary.open(folder)


@pytest.fixture
def make_form() -> Callable[..., pd.DataFrame]:
    def build(**columns: list[str]) -> pd.DataFrame:
        length = len(next(iter(columns.values())))
        names = (*FORM_COLUMNS, "source", "file", "sheet", "earlier_code", "earlier_term")
        frame = pd.DataFrame({name: pd.Series("", index=range(length), dtype="str") for name in names})
        frame["file"] = pd.Series("ae.csv", index=range(length), dtype="str")
        for name, values in columns.items():
            frame[name.replace("raw_", "raw.")] = pd.Series(values, dtype="str")
        return frame.assign(row=range(2, length + 2))

    return build
