"""A small made-up dictionary of three levels, stored as a release."""

from __future__ import annotations

import pandas as pd
import pytest
from made_cases import CLASSES, HIGH, LOW

from coding.matching.index import MatchIndex, build_index
from dictionaries.model import PATHS_FILE, TERMS_FILE, Dictionary, Release, write_release_file
from schemas.tables import text_frame, write_parquet


@pytest.fixture(scope="session")
def dictionary(tmp_path_factory: pytest.TempPathFactory) -> Dictionary:
    folder = tmp_path_factory.mktemp("made")
    rows = [(code, name, "LLT", status, preferred) for code, name, preferred, status in LOW]
    rows += [(code, name, "PT", "current", "") for code, (name, _) in HIGH.items()]
    rows += [(code, name, "SOC", "current", "") for code, name in CLASSES.items()]
    terms = pd.DataFrame(rows, columns=["code", "text", "level", "status", "parent"]).astype("str")
    write_parquet(terms, folder / TERMS_FILE)
    paths = text_frame({"code": list(HIGH), "SOC_code": [upper for _, upper in HIGH.values()]})
    write_parquet(paths.assign(primary=True), folder / PATHS_FILE)
    levels = ("LLT", "PT", "SOC")
    write_release_file(Release("Made", "1", "English", "0" * 64, levels, "LLT", "PT", False, True), folder)
    return Dictionary.open(folder)


@pytest.fixture(scope="session")
def index(dictionary: Dictionary) -> MatchIndex:
    return build_index(dictionary)
