"""What the matcher says about decided cases, beside what people said."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from coding.matching.confidence import SIGNALS
from coding.matching.engine import Matches
from coding.records import NO_TERM
from schemas.tables import text_frame
from schemas.vocabulary import Method

#: The levels on which answers are compared, lowest first.
LEVELS = ("code", "preferred", "class")
#: How many candidates "among the first" means.
FIRST = 5
#: Stands in the place of a method where the matcher has no candidate.
NO_CANDIDATE = "no_candidate"

#: One row per case, beside CASE_COLUMNS: what stands first (``said_…``; blank where nothing does), by
#: which ``method`` with which SIGNALS (NaN without a candidate), whether the study's rules would let
#: the score settle it (``by_score``), and for each level whether the first agrees (``agree_…``) and
#: whether one of the first five does (``among_…``): 1, 0, or NaN where the answer does not say.
JUDGED_COLUMNS = (
    "key", "said_code", "said_term", "said_preferred", "said_class", "method", *SIGNALS,
    "by_score", "reason",
    *(f"agree_{level}" for level in LEVELS), *(f"among_{level}" for level in LEVELS),
)  # fmt: skip


def requests_of_cases(cases: pd.DataFrame) -> pd.DataFrame:
    """Cases as requests for ``match_requests``: no earlier coding, which would give the answer away."""
    requests = cases[["key", "verbatim", "context", "fields"]].reset_index(drop=True)
    blank = pd.Series("", index=requests.index, dtype="str")
    return requests.assign(serious=False, earlier_code=blank, earlier_term=blank, earlier_disagrees=False)


def judge(cases: pd.DataFrame, matches: Matches, class_of: Mapping[str, str]) -> pd.DataFrame:
    """JUDGED_COLUMNS in the order of ``cases``. ``class_of``: code of a preferred term → its class."""
    candidates = matches.candidates
    first = candidates[candidates["rank"] == 1].set_index("key")
    keys = cases["key"]
    result = text_frame({"key": keys.to_list()})
    for column, name in (("said_code", "code"), ("said_term", "term"), ("said_preferred", "preferred_code")):
        result[column] = _looked_up(keys, first[name])
    result["said_class"] = _text(result["said_preferred"].map(class_of))
    result["reason"] = _looked_up(keys, first["reason"])
    signals = matches.signals.set_index("key")
    result["method"] = _looked_up(keys, signals["method"])
    for name in SIGNALS:
        result[name] = signals[name].astype("float64").reindex(keys).to_numpy()
    decisions = matches.decisions
    no_event = keys.isin(decisions.loc[decisions["code"] == NO_TERM.code, "key"]).to_numpy()
    for column in ("said_code", "said_preferred", "said_class"):
        result.loc[no_event, column] = NO_TERM.code
    result.loc[no_event, "method"] = str(Method.NO_EVENT)
    result.loc[result["method"] == "", "method"] = NO_CANDIDATE
    by_score = decisions.loc[decisions["method"] == Method.SCORE, "key"]
    result["by_score"] = keys.isin(by_score).to_numpy()
    for level in LEVELS:
        answer = cases[level].reset_index(drop=True)
        said = result[f"said_{level}"]
        result[f"agree_{level}"] = _known((said == answer) & (said != ""), answer)
        result[f"among_{level}"] = _known(
            _among(cases, candidates, class_of, level) | (said == answer), answer
        )
    return result[list(JUDGED_COLUMNS)]


def _looked_up(keys: pd.Series, values: pd.Series) -> pd.Series:
    return _text(values.reindex(keys).reset_index(drop=True))


def _text(values: pd.Series) -> pd.Series:
    return values.astype("object").where(values.notna(), "").astype("str")


def _known(agreed: pd.Series, answer: pd.Series) -> pd.Series:
    return agreed.astype("float64").where((answer != "").to_numpy(), np.nan)


def _among(
    cases: pd.DataFrame, candidates: pd.DataFrame, class_of: Mapping[str, str], level: str
) -> pd.Series:
    """Whether one of the first candidates is the case's answer."""
    shown = candidates[candidates["rank"] <= FIRST]
    found = {
        "code": shown["code"],
        "preferred": shown["preferred_code"],
        "class": _text(shown["preferred_code"].map(class_of)),
    }[level]
    answer = shown["key"].map(cases.set_index("key")[level])
    hits = shown.loc[(found == answer).to_numpy() & (found != "").to_numpy(), "key"]
    return cases["key"].isin(set(hits)).reset_index(drop=True)
