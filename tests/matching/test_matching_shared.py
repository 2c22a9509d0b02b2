"""The development set: no change may make matching worse than it was measured to be."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from coding.matching.engine import MatchRules, match_requests
from coding.matching.index import build_index
from coding.records import fold
from dictionaries.loading import import_release
from dictionaries.registry import open_dictionary
from schemas.tables import read_csv

SHARED = Path(__file__).parents[2].parent / "shared" / "data"


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data are not there")
def test_agreement_with_the_coder(
    tmp_path: Path, rules: Callable[..., MatchRules], asked: Callable[..., pd.DataFrame]
) -> None:
    import_release(SHARED / "dictionaries" / "ae_dev", tmp_path, name="ae_dev", licensed=False)
    dictionary = open_dictionary("ae_dev", folders=[tmp_path])
    answers = read_csv(SHARED / "eval" / "statin_verbatims.csv")
    frame = asked(answers["verbatim"].to_list())
    matches = match_requests(frame, build_index(dictionary), rules())
    terms = dictionary.terms
    name_of = terms[terms["level"] == "PT"].set_index("code")["text"].map(fold)
    right = pd.Series(answers["pt"].map(fold).to_numpy(), index=frame["key"])
    found = matches.candidates
    agrees = found["preferred_code"].map(name_of) == found["key"].map(right)
    first = found.loc[agrees & (found["rank"] == 1), "key"].nunique() / len(frame)
    five = found.loc[agrees, "key"].nunique() / len(frame)
    assert first >= 0.80
    assert five >= 0.91
    settled = matches.decisions[matches.decisions["method"] == "exact"]
    assert len(settled) == 113
