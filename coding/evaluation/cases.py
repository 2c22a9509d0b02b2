"""Decided cases: one per verbatim (and domain or context), with the answer that people gave it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

import pandas as pd

from coding.evaluation.answers import find_answers
from coding.records import canonical_json, fold
from dictionaries.model import Dictionary
from schemas.tables import text_frame

#: What a caller gives, a row per answer: all text but ``rows`` (int, how many records it stands for)
#: and ``sequence`` (int, the ledger's event, or 0). ``key`` is the same for answers of one case.
#: ``code`` and ``term`` are on the coding level, ``preferred`` a name or code; ``fields`` are the codable
#: fields (joined by ``;``) that the matcher is told of; "" is not given.
ANSWER_COLUMNS = (
    "key", "verbatim", "context", "domain", "fields", "code", "term", "preferred", "source", "rows",
    "sequence",
)  # fmt: skip

#: One row per case, sorted by key. ``rows`` counts the case's records, ``same_answer`` those among
#: them whose own answer is the case's (the most frequent). ``code`` is "" where only the preferred
#: term is known.
CASE_COLUMNS = (
    "key", "verbatim", "folded", "context", "domain", "fields", "code", "preferred", "class", "source",
    "rows", "same_answer", "sequence",
)  # fmt: skip

INCONSISTENT_COLUMNS = ("key", "domain", "verbatim", "code", "preferred", "rows")
UNUSABLE_COLUMNS = (
    "key", "domain", "verbatim", "given_code", "given_term", "given_preferred", "problem", "rows",
)  # fmt: skip


@dataclass(frozen=True)
class Cases:
    """Decided cases of one release.

    ``frame``: CASE_COLUMNS. ``inconsistent``: every answer of verbatims that were answered
    differently; one without a most frequent answer is no case. ``unusable``: answers that the
    release does not know. ``counts``: how many answers were left out or found in a roundabout way.
    """

    frame: pd.DataFrame
    inconsistent: pd.DataFrame
    unusable: pd.DataFrame
    counts: Mapping[str, int]

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the cases, column by column."""
        digest = sha256()
        for name in self.frame.columns:
            digest.update(canonical_json(self.frame[name].astype("str").to_list()).encode("utf-8"))
        return digest.hexdigest()


def empty_answers() -> pd.DataFrame:
    """A frame of answers without any."""
    frame = text_frame({name: [] for name in ANSWER_COLUMNS})
    return frame.astype({"rows": "int64", "sequence": "int64"})


def decided_cases(
    answers: pd.DataFrame, dictionary: Dictionary, left_out: Mapping[str, int] | None = None
) -> Cases:
    """Find the answers (ANSWER_COLUMNS) in a release and gather them by case.

    ``left_out`` counts what the caller could not give as answers, by reason.
    """
    found = find_answers(answers, dictionary)
    unusable = found[found["problem"] != ""]
    usable = found[found["problem"] == ""]
    meaning = ["key", "code", "preferred"]
    by_answer = usable.groupby(meaning, sort=True, as_index=False).agg(
        {
            "verbatim": "first",
            "context": "first",
            "domain": "first",
            "fields": "first",
            "class": "first",
            "source": "first",
            "rows": "sum",
            "sequence": "max",
        }
    )
    by_answer = _without_vaguer(by_answer)
    several = by_answer["key"].duplicated(keep=False)
    best = by_answer.sort_values(["key", "rows", "code"], ascending=[True, False, True], kind="stable")
    top = best.groupby("key")["rows"].transform("max")
    tied = set(best.loc[(best["rows"] == top), "key"][lambda keys: keys.duplicated()])
    cases = best[~best["key"].isin(tied)].drop_duplicates("key")
    cases = cases.rename(columns={"rows": "same_answer"})
    cases["rows"] = cases["key"].map(by_answer.groupby("key")["rows"].sum()).astype("int64")
    cases["folded"] = pd.Series([fold(text) for text in cases["verbatim"]], index=cases.index, dtype="str")
    notes = usable.loc[usable["note"] != "", "note"].value_counts().sort_index()
    counts = {
        **{str(reason): int(count) for reason, count in (left_out or {}).items()},
        **{str(note): int(count) for note, count in notes.items()},
    }
    if tied:
        counts["verbatims without a most frequent answer"] = len(tied)
    return Cases(
        frame=cases[list(CASE_COLUMNS)].sort_values("key", ignore_index=True),
        inconsistent=by_answer.loc[several, list(INCONSISTENT_COLUMNS)].reset_index(drop=True),
        unusable=unusable[list(UNUSABLE_COLUMNS)].sort_values(["verbatim", "key"], ignore_index=True),
        counts=counts,
    )


def _without_vaguer(by_answer: pd.DataFrame) -> pd.DataFrame:
    """An answer that names only the preferred term goes with one that also names a code of it."""
    named = by_answer[by_answer["code"] != ""]
    first = named.drop_duplicates(["key", "preferred"])[["key", "preferred", "code"]]
    both = by_answer.merge(first, on=["key", "preferred"], how="left", suffixes=("", "_named"))
    vague = (both["code"] == "") & both["code_named"].notna()
    both.loc[vague, "code"] = both.loc[vague, "code_named"]
    summed = {name: "first" for name in by_answer.columns if name not in {"key", "code", "preferred"}}
    summed |= {"rows": "sum", "sequence": "max"}
    return both.groupby(["key", "code", "preferred"], sort=True, as_index=False).agg(summed)
