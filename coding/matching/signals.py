"""What speaks for the first candidate of a request: the figures that a confidence is measured on."""

from __future__ import annotations

import numpy as np
import pandas as pd

from coding.matching.confidence import SIGNALS
from coding.matching.index import MatchIndex

SIGNAL_COLUMNS = ("key", "method", *SIGNALS)

#: Rules by which a word of the verbatim is only likely to mean what the name says.
UNSURE_RULES = frozenset(
    ["misspelling", "ambiguous_abbreviation", "finding", "word_parts", "broader", "narrower"]
)


def signals_of(every: pd.DataFrame, index: MatchIndex) -> pd.DataFrame:
    """One row for each request with a candidate: ``request, method``, SIGNALS and ``confidence`` (NaN:
    not measured).

    ``every``: ``request, rank, row, score, method, rules, lost, added``. ``margin`` is the lead over
    the best candidate of another preferred term, or the score where there is none; ``placed`` says
    that the release names the term's class, ``twin`` that another preferred term names the same
    concept, ``lost`` and ``added`` that verbatim or term says more than the other, ``unsure`` that
    one of UNSURE_RULES was needed.
    """
    first = every[every["rank"] == 1]
    rows = first["row"].to_numpy(dtype=np.int64)
    score = first["score"].to_numpy(dtype=np.float64)
    second = every[every["rank"] == 2].set_index("request")["score"]
    behind = second.reindex(first["request"]).fillna(0.0).to_numpy(dtype=np.float64)
    unsure = [not UNSURE_RULES.isdisjoint(rules.split(";")) for rules in first["rules"]]
    return pd.DataFrame(
        {
            "request": first["request"].to_numpy(dtype=np.int64),
            "method": first["method"].to_numpy(),
            "score": score,
            "margin": (score - behind).round(4),
            "placed": ~index.places.unplaced[rows],
            "twin": index.twin[rows],
            "lost": (first["lost"] != "").to_numpy(dtype=bool),
            "added": (first["added"] != "").to_numpy(dtype=bool),
            "unsure": np.array(unsure, dtype=bool),
            "confidence": np.full(len(first), np.nan),
        }
    )
