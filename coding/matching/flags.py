"""What a coder should look at: no event, several concepts, unclear abbreviations, words lost or added."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from coding.matching.index import IntArray, MatchIndex
from coding.matching.parsing import Reading
from coding.matching.structure import structure_of
from coding.matching.wordings import Asked, ambiguous_abbreviations
from schemas.tables import text_frame

FLAG_COLUMNS = ("key", "flag", "detail")
PART_COLUMNS = ("key", "number", "part", "code", "term", "score")

#: Each flag with what it says; the list in the docs is made from this.
FLAGS = {
    "not_codable": "the verbatim names no event: a placeholder, or it says that there is nothing",
    "negated": "something is denied",
    "uncertain": "the verbatim is not sure of what it says",
    "several_concepts": "several concepts in one verbatim; the parts stand beside it with what each could be",
    "ambiguous_abbreviation": "an abbreviation with several readings",
    "information_lost": "words of the verbatim that the first candidate does not say",
    "information_added": "words of the first candidate that the verbatim does not say",
}


def flags_of(reading: Reading, asked: Sequence[Asked], every: pd.DataFrame) -> pd.DataFrame:
    """``request, flag, detail`` by request and in the order of FLAGS.

    ``reading`` and ``asked`` are those of the requests; ``every`` as in :mod:`coding.matching.signals`.
    """
    first = every[every["rank"] == 1]
    lost = dict(zip(first["request"], first["lost"], strict=True))
    added = dict(zip(first["request"], first["added"], strict=True))
    known: dict[Asked, list[tuple[str, str]]] = {}
    rows: list[tuple[int, str, str]] = []
    for at, item in enumerate(asked):
        if item not in known:
            known[item] = list(_of_verbatim(item))
        rows += [(at, flag, detail) for flag, detail in known[item]]
        if reading.no_event[at]:
            rows.append((at, "not_codable", ""))
        elif reading.negated[at]:
            rows.append((at, "negated", ""))
        for flag, words in (("information_lost", lost), ("information_added", added)):
            if words.get(at):
                rows.append((at, flag, str(words[at])))
    order = {flag: place for place, flag in enumerate(FLAGS)}
    rows.sort(key=lambda row: (row[0], order[row[1]]))
    frame = text_frame({"flag": [row[1] for row in rows], "detail": [row[2] for row in rows]})
    return frame.assign(request=np.array([row[0] for row in rows], dtype=np.int64))


def _of_verbatim(item: Asked) -> Iterator[tuple[str, str]]:
    structure = structure_of(item.folded)
    if structure.uncertain:
        yield "uncertain", ""
    if structure.parts:
        yield "several_concepts", " | ".join(structure.parts)
    unclear = ambiguous_abbreviations(item.name.words)
    if unclear:
        yield "ambiguous_abbreviation", " ".join(unclear)


def part_candidates(
    parts: pd.DataFrame,
    wanted: IntArray,
    of_request: IntArray,
    has_event: npt.NDArray[np.bool_],
    index: MatchIndex,
) -> pd.DataFrame:
    """``request, number`` (from 1), ``part, code, term, score``: what each concept could be."""
    requests = pd.DataFrame({"request": np.flatnonzero(has_event), "verbatim": of_request[has_event]})
    own = parts.assign(verbatim=wanted[parts["verbatim"].to_numpy(dtype=np.int64)])
    found = requests.merge(own, on="verbatim", how="inner")
    rows = found["row"].to_numpy(dtype=np.int64)
    columns: dict[str, Any] = {
        "request": found["request"].to_numpy(dtype=np.int64),
        "number": (found.groupby("request").cumcount() + 1).to_numpy(),
        "part": found["part"],
        "code": pd.Series(np.array(index.codes, dtype=object)[rows], dtype="str"),
        "term": pd.Series(np.array(index.texts, dtype=object)[rows], dtype="str"),
        "score": found["score"].to_numpy(dtype=np.float64),
    }
    return pd.DataFrame(columns)


def flag_texts(flags: pd.DataFrame, parts: pd.DataFrame) -> dict[str, str]:
    """Key → its flags in words (FLAG_COLUMNS and PART_COLUMNS give them), for a cell of a listing.

    >>> flags = pd.DataFrame([("k", "uncertain", "")], columns=list(FLAG_COLUMNS))
    >>> flag_texts(flags, pd.DataFrame([], columns=list(PART_COLUMNS)))
    {'k': 'uncertain'}
    """
    concepts: dict[str, list[str]] = {}
    for key, part, term in zip(parts["key"], parts["part"], parts["term"], strict=True):
        concepts.setdefault(str(key), []).append(f"{part} → {term}")
    found: dict[str, list[str]] = {}
    for key, flag, detail in zip(flags["key"], flags["flag"], flags["detail"], strict=True):
        told = ", ".join(concepts.get(str(key), ())) if flag == "several_concepts" else ""
        words = str(flag).replace("_", " ")
        told = told or str(detail)
        found.setdefault(str(key), []).append(f"{words}: {told}" if told else words)
    return {key: "; ".join(texts) for key, texts in found.items()}
