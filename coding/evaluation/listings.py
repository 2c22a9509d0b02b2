"""The listings beside an evaluation's page. They hold verbatims; the page does not."""

from __future__ import annotations

import numpy as np
import pandas as pd

from coding.evaluation.held_out import MEASURED
from coding.evaluation.measures import Evaluation
from coding.records import NO_TERM
from dictionaries.model import Dictionary
from schemas.tables import text_frame
from schemas.vocabulary import Method

#: What people said (``answer…``) beside what the matcher says (``said…``).
DISAGREEMENT_COLUMNS = [
    "domain", "verbatim", "context", "rows", "differs_at", "answer_code", "answer", "answer_preferred",
    "answer_class", "said_code", "said", "said_preferred", "said_class", "among_first", "method",
    "score", "confidence", "reason", "remark",
]  # fmt: skip
NOT_MEASURED = "not measured"
#: Said of every verbatim that is a term's own name and was coded to another one.
EXACT_REMARK = "The verbatim is the name of a term; people coded it otherwise. More often theirs to look at."
CODE_ONLY_REMARK = "Another term of the same preferred term."


def confidence_text(confidence: float) -> str:
    """``0.9300``, or that it is not measured."""
    return NOT_MEASURED if np.isnan(confidence) else f"{confidence:.4f}"


def disagreements(evaluation: Evaluation, dictionary: Dictionary, *, exact: bool) -> pd.DataFrame:
    """Cases where the first candidate is not the answer: DISAGREEMENT_COLUMNS, most confident first.

    Exact names that people coded to another preferred term are listed apart (``exact`` true).
    """
    judged = evaluation.judged
    other_term = judged[MEASURED] == 0
    other_code = (judged["agree_code"] == 0) & ~other_term
    apart = other_term & (judged["method"] == Method.EXACT)
    rows = judged[apart if exact else (other_term | other_code) & ~apart]
    rows = rows.sort_values(
        [MEASURED, "confidence", "verbatim", "key"], ascending=[True, False, True, True], kind="stable"
    )
    low, high = dictionary.release.coding_level, dictionary.release.preferred_level
    remark = EXACT_REMARK if exact else ""
    named = _Names(dictionary)
    return text_frame(
        {
            "domain": rows["domain"].to_list(),
            "verbatim": rows["verbatim"].to_list(),
            "context": rows["context"].to_list(),
            "rows": rows["rows"].astype("str").to_list(),
            "differs_at": [high if agrees == 0 else low for agrees in rows[MEASURED]],
            "answer_code": rows["code"].to_list(),
            "answer": named.terms(rows["code"]),
            "answer_preferred": named.preferred(rows["preferred"]),
            "answer_class": named.classes(rows["class"]),
            "said_code": rows["said_code"].to_list(),
            "said": rows["said_term"].to_list(),
            "said_preferred": named.preferred(rows["said_preferred"]),
            "said_class": named.classes(rows["said_class"]),
            "among_first": [_yes(value) for value in rows["among_preferred"]],
            "method": rows["method"].to_list(),
            "score": [f"{score:.4f}" if score >= 0 else "" for score in rows["score"]],
            "confidence": [confidence_text(value) for value in rows["confidence"]],
            "reason": rows["reason"].to_list(),
            "remark": [remark if agrees == 0 else CODE_ONLY_REMARK for agrees in rows[MEASURED]],
        }
    )[DISAGREEMENT_COLUMNS]


def answered_differently(evaluation: Evaluation, dictionary: Dictionary) -> pd.DataFrame:
    """Verbatims that people coded differently, a row per answer: ``domain, verbatim, rows, code, term,
    preferred``."""
    rows = evaluation.cases.inconsistent
    named = _Names(dictionary)
    found = text_frame(
        {
            "domain": rows["domain"].to_list(),
            "verbatim": rows["verbatim"].to_list(),
            "rows": rows["rows"].astype("str").to_list(),
            "code": rows["code"].to_list(),
            "term": named.terms(rows["code"]),
            "preferred": named.preferred(rows["preferred"]),
        }
    )
    return found.assign(key=rows["key"].to_list()).sort_values(
        ["domain", "key", "code", "preferred"], kind="stable", ignore_index=True
    )[["domain", "verbatim", "rows", "code", "term", "preferred"]]


def not_in_release(evaluation: Evaluation) -> pd.DataFrame:
    """Answers that the release does not know: ``domain, verbatim, rows, code, term, preferred,
    problem`` as they were given."""
    rows = evaluation.cases.unusable
    names = {"given_code": "code", "given_term": "term", "given_preferred": "preferred"}
    rows = rows.rename(columns=names).assign(rows=rows["rows"].astype("str"))
    return rows[["domain", "verbatim", "rows", "code", "term", "preferred", "problem"]]


def _yes(value: float) -> str:
    return "yes" if value == 1 else "no"


class _Names:
    """Names of codes on three levels; "" for none."""

    def __init__(self, dictionary: Dictionary) -> None:
        self._terms = dictionary.terms
        release = dictionary.release
        self._levels = (release.coding_level, release.preferred_level, release.levels[-1])

    def terms(self, codes: pd.Series) -> list[str]:
        return self._of(codes, self._levels[0])

    def preferred(self, codes: pd.Series) -> list[str]:
        return self._of(codes, self._levels[1])

    def classes(self, codes: pd.Series) -> list[str]:
        return self._of(codes, self._levels[2])

    def _of(self, codes: pd.Series, level: str) -> list[str]:
        rows = self._terms[(self._terms["level"] == level) & self._terms["code"].isin(set(codes))]
        names = dict(zip(rows["code"], rows["text"], strict=True))
        return [NO_TERM.code if code == NO_TERM.code else names.get(code, "") for code in codes]
