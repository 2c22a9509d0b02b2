"""Suggest terms for a plain list of verbatims, without a study."""

from __future__ import annotations

import time
from pathlib import Path

import pandas as pd

from coding.evaluation.listings import confidence_text
from coding.ingest.reading import read_source
from coding.matching.engine import Matches, MatchRules, match_requests
from coding.matching.flags import flag_texts
from coding.operations.matching_tools import open_tools
from coding.operations.summaries import SuggestSummary
from coding.records import NO_TERM, Progress, UserError, silent
from coding.study import ColumnMap, Outcomes, Source
from dictionaries.model import Dictionary
from schemas.tables import text_frame, write_csv
from schemas.vocabulary import Domain, Outcome

SUGGEST_COLUMNS = (
    "verbatim", "rank", "code", "term", "pt_code", "pt", "soc", "score", "confidence", "method", "rules",
    "auto", "reason", "flags",
)  # fmt: skip

#: What ``auto`` says about a term: would a study with the default outcomes settle it?
_AUTO = {Outcome.APPROVED: "yes", Outcome.NEEDS_APPROVAL: "approval"}
NO_CANDIDATE = "no_candidate"


def suggest_terms(
    dictionary: Dictionary,
    input_file: Path,
    column: str,
    *,
    top: int,
    output: Path,
    cache: Path | None = None,
    semantic_model: Path | None = None,
    progress: Progress = silent,
) -> SuggestSummary:
    """Write the ``top`` candidates of each distinct verbatim in a column, in first-seen order.

    The output has SUGGEST_COLUMNS. A verbatim without candidates has one row with a blank rank;
    where it names no event, the code is ``NO_TERM``. Blank cells are passed over. ``cache`` is the
    workspace's cache folder, ``semantic_model`` the folder of a sentence model of the user's. Raises
    UserError for a file that cannot be read whole, or a column that is not there.
    """
    begun = time.monotonic()
    column_values = _read_column(input_file, column, progress)
    filled = column_values[column_values.str.strip() != ""]
    distinct = filled.drop_duplicates().reset_index(drop=True)
    requests = _requests(distinct)
    synonyms = text_frame({name: [] for name in ("folded", "context", "code", "text", "scope")})
    tools = open_tools(dictionary, cache, semantic_model, progress)
    rules = MatchRules(frozenset(), synonyms, Outcomes(), top, further=tools.further)
    matches = match_requests(requests, tools.index, rules, progress)
    listing = _listing(requests, matches, dictionary)
    write_csv(listing, output)
    first = listing.drop_duplicates("verbatim")["method"].replace("", NO_CANDIDATE)
    return SuggestSummary(
        rows=len(column_values),
        distinct=len(distinct),
        by_method={str(method): int(count) for method, count in first.value_counts().sort_index().items()},
        release=dictionary.release.label,
        output=output,
        seconds=round(time.monotonic() - begun, 2),
    )


def _read_column(path: Path, column: str, progress: Progress) -> pd.Series:
    source = Source(
        name="input",
        domain=Domain.AE,
        file=str(path.resolve()),
        columns=ColumnMap(verbatim=(column,), subject=column),
    )
    table = read_source(source, path.resolve().parent, progress)[0]
    if column not in table.frame.columns:
        raise UserError(
            f"{path}: there is no column {column}; its columns are: "
            f"{', '.join(str(name) for name in table.frame.columns)}"
        )
    if len(table.unreadable):
        bad = table.unreadable.iloc[0]
        raise UserError(
            f"{path}, row {bad['row']}: {bad['reason']}; correct the {len(table.unreadable)} rows like this"
        )
    return table.frame[column].astype("str").reset_index(drop=True)


def _requests(distinct: pd.Series) -> pd.DataFrame:
    # The keys are positions, so that sorting by key is first-seen order.
    requests = text_frame({"key": [f"{at:09d}" for at in range(len(distinct))], "verbatim": distinct})
    for name in ("context", "earlier_code", "earlier_term"):
        requests[name] = pd.Series("", index=requests.index, dtype="str")
    requests["serious"] = False
    requests["earlier_disagrees"] = False
    return requests


def _listing(requests: pd.DataFrame, matches: Matches, dictionary: Dictionary) -> pd.DataFrame:
    candidates, decisions = matches.candidates, matches.decisions
    found = requests[["key", "verbatim"]].merge(candidates, on="key", how="left")
    settled = decisions[["key", "code", "outcome"]].rename(columns={"outcome": "auto"})
    found = found.merge(settled, on=["key", "code"], how="left")
    found["auto"] = found["auto"].map(_AUTO).fillna("no")
    nothing = found["rank"].isna()
    no_event = nothing & found["key"].isin(decisions.loc[decisions["code"] == NO_TERM.code, "key"])
    flagged = flag_texts(matches.flags, matches.parts)
    ranks, scores = found["rank"].to_list(), found["score"].to_list()  # blank ones are NaN
    confidences = zip(found["confidence"].to_list(), ranks, strict=True)
    paths = dictionary.primary_paths
    release = dictionary.release
    upper = release.upper_levels
    listing = text_frame(
        {
            "verbatim": found["verbatim"],
            "rank": [str(int(rank)) if rank > 0 else "" for rank in ranks],
            "code": found["code"].fillna(""),
            "term": found["term"].fillna(""),
            "pt_code": found["preferred_code"].fillna(""),
            "pt": found["code"].map(paths[release.preferred_level]).fillna(""),
            "soc": found["code"].map(paths[upper[-1]]).fillna("") if upper else [""] * len(found),
            "score": [f"{score:.4f}" if score >= 0 else "" for score in scores],
            "confidence": [confidence_text(value) if rank > 0 else "" for value, rank in confidences],
            "method": found["method"].fillna(""),
            "rules": found["rules"].fillna(""),
            "auto": found["auto"],
            "reason": found["reason"].fillna(""),
            "flags": [flagged.get(key, "") for key in found["key"]],
        }
    )
    if no_event.any():
        decided = decisions.set_index("key").loc[found.loc[no_event, "key"]]
        listing.loc[no_event, "code"] = NO_TERM.code
        listing.loc[no_event, "method"] = decided["method"].to_numpy()
        listing.loc[no_event, "auto"] = decided["outcome"].map(_AUTO).to_numpy()
    return listing[list(SUGGEST_COLUMNS)]
