"""What people decided before, as further names: a verbatim that is nearly one of these is likely theirs.

Nothing is settled by it. It is a feature that is named (rule ``decided_before``), and an approved synonym
or decision weighs no more than the likeness of the two verbatims.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from coding.matching.concepts import plain_words
from coding.matching.features import prepare_names
from coding.matching.index import MatchIndex
from coding.matching.normalisation import normalise
from coding.matching.ranking import Ranked, Ranker, rank_candidates
from coding.matching.retrieval import build_space
from coding.matching.similar_words import thesaurus_words
from coding.matching.wordings import Asked
from coding.records import Progress

#: Verbatims less alike than this are not nearly identical.
LEAST_SCORE = 0.74
#: What the likeness to a decided verbatim counts beside the likeness to a name.
FACTOR = 0.995


@dataclass(frozen=True)
class DecidedNames:
    """Decided verbatims (folded ``texts``) over an index, ready to be compared with others; ``codes``
    is what the wording of each, after the rules and in any order, was coded to."""

    texts: list[str]
    ranker: Ranker
    codes: dict[str, frozenset[str]]


def decided_names(index: MatchIndex, decided: pd.DataFrame | None) -> DecidedNames | None:
    """``decided`` has ``folded, code``; codes that are not current in the release are passed over."""
    if decided is None or decided.empty:
        return None
    pairs = decided[["folded", "code"]].drop_duplicates().sort_values(["folded", "code"])
    kept = [
        (folded, index.row_of_code[code])
        for folded, code in zip(pairs["folded"], pairs["code"], strict=True)
        if index.current[index.row_of_code.get(code, -1)] and code in index.row_of_code
    ]
    if not kept:
        return None
    normal = [normalise(folded, index.without) for folded, _ in kept]
    names = [name.words for name in normal]
    english = not index.without
    plain = [plain_words(words) for words in names] if english else names
    rows = np.array([row for _, row in kept], dtype=np.int64)
    known = thesaurus_words() if english else frozenset[str]()
    first = np.zeros(len(rows), dtype=np.uint8)
    space = build_space(names, plain, rows, first, known, index.ranker.space)
    codes: dict[str, set[str]] = {}
    for name, row in zip(normal, rows, strict=True):
        codes.setdefault(name.any_order, set()).add(index.codes[row])
    ranker = Ranker(
        space=space,
        words=names,
        names=prepare_names(space, names, plain),
        noncurrent=np.zeros(len(rows), dtype=bool),
        places=index.places,
        procedure=np.zeros(len(index), dtype=bool),
        english=english,
    )
    return DecidedNames(
        [folded for folded, _ in kept], ranker, {key: frozenset(found) for key, found in codes.items()}
    )


def nearly_decided(
    names: DecidedNames, asked: Sequence[Asked], negated: np.ndarray, top: int, progress: Progress
) -> Ranked:
    """The decided verbatims that are nearly identical with those asked, best first."""
    ranked = rank_candidates(names.ranker, asked, negated, top, progress, "compare with what was decided")
    near = ranked.pairs[ranked.pairs["score"] >= LEAST_SCORE]
    near = near.assign(score=(near["score"] * FACTOR).round(4)).reset_index(drop=True)
    return Ranked(near, ranked.parts, ranked.wordings)
