"""What a verbatim says besides a name: nothing happened, it did not happen, or somebody is not sure.

Read from the verbatim as it was written and folded, before any rule changes it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
import pandas as pd

from coding.matching.word_lists import no_event_phrases, words_of_kind

BoolArray = npt.NDArray[np.bool_]

_CONTRACTED = [
    "is",
    "are",
    "was",
    "were",
    "do",
    "does",
    "did",
    "has",
    "have",
    "had",
    "wo",
    "would",
    "should",
    "must",
    "need",
]
#: Ways of denying that are no single word of the list.
_DENYING = (f"(?:{'|'.join(_CONTRACTED)})n['\u2019]?t", "w/o", "neg", "ruled out", "free (?:of|from)")
#: ``(-)`` and ``-ve`` stand in the verbatim as written; folding may take the sign away.
_MINUS_SIGN = "\\([-\u2212]\\)|(?:^|\\s)[-\u2212]ve(?:\\W|$)"
_SIGNS = "[+<>\u00b1\u2191\u2193\u2264\u2265]"
_EDGE_SIGN = f"^\\W*{_SIGNS}|{_SIGNS}\\W*$"


@dataclass(frozen=True)
class Reading:
    """One row per verbatim: boolean arrays.

    ``no_event``: the whole verbatim is a placeholder or says that there is nothing;
    ``negated``: it denies something; ``questioned``: it carries a question mark; ``signed``: it
    has a sign, such as an arrow or a minus, that folding may take away though it says something.
    """

    no_event: BoolArray
    negated: BoolArray
    questioned: BoolArray
    signed: BoolArray


@cache
def negation_pattern() -> str:
    """The regular expression of a denying word in a folded text."""
    words = [re.escape(word) for word in sorted(words_of_kind("negation"))]
    return rf"(?:^|\W)(?:{'|'.join([*words, *_DENYING])})(?:\W|$)"


def is_negated(folded: pd.Series) -> BoolArray:
    """Whether a folded text denies something. Vectorised."""
    return folded.str.contains(negation_pattern(), regex=True).to_numpy(dtype=bool)


def read_verbatims(verbatim: pd.Series, folded: pd.Series) -> Reading:
    """Read verbatims (as written, and folded; in the same order). Vectorised."""
    no_event = folded.isin(list(no_event_phrases())).to_numpy(dtype=bool)
    minus = verbatim.str.contains(_MINUS_SIGN, regex=True).to_numpy(dtype=bool)
    questioned = verbatim.str.contains("[?\uff1f]", regex=True).to_numpy(dtype=bool)
    edge = verbatim.str.contains(_EDGE_SIGN, regex=True).to_numpy(dtype=bool)
    return Reading(no_event, is_negated(folded) | minus, questioned, edge | minus)
