"""What people decided before, as further names: a verbatim that is nearly one of these is likely theirs.

Nothing is settled by it. It is a feature that is named (rule ``decided_before``), and an approved synonym
or decision weighs no more than the likeness of the two verbatims.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from coding.matching.concepts import plain_name
from coding.matching.features import prepare_names
from coding.matching.index import MatchIndex
from coding.matching.normalisation import is_negated_words, normalise
from coding.matching.ranking import HIGHEST_SCORE, Ranked, Ranker, rank_candidates
from coding.matching.retrieval import build_space
from coding.matching.similar_words import thesaurus_words
from coding.matching.structure import roles_of, telling_words
from coding.matching.wordings import Asked
from coding.records import Progress

Words = tuple[str, ...]

#: Verbatims less alike than this are not nearly identical.
LEAST_SCORE = 0.72
#: How far the likeness to a decided verbatim is drawn to the highest score: what people decided about
#: nearly the same words says more than an equal likeness to a name of the dictionary.
DRAWN = 0.5
#: What a term counts more that people used before: coding is to be consistent, and where two terms
#: are equally likely, theirs is the convention.
USED_FACTOR = 1.01


@dataclass(frozen=True)
class DecidedNames:
    """Decided verbatims (folded ``texts``) over an index, ready to be compared with others; ``codes``
    is what the wording of each, after the rules and in any order, was coded to, ``used`` says row by
    row of the index whether people used its preferred term."""

    texts: list[str]
    ranker: Ranker
    codes: dict[str, frozenset[str]]
    used: npt.NDArray[np.bool_]


def decided_names(index: MatchIndex, decided: pd.DataFrame | None) -> DecidedNames | None:
    """``decided`` has ``folded, code``; codes that are not current in the release are passed over."""
    if decided is None or decided.empty:
        return None
    pairs = decided[["folded", "code"]].drop_duplicates().sort_values(["folded", "code"])
    kept = [
        (folded, index.row_of_code[code])
        for folded, code in zip(pairs["folded"], pairs["code"], strict=True)
        if code in index.row_of_code and index.current[index.row_of_code[code]]
    ]
    if not kept:
        return None
    normal = [normalise(folded, index.without) for folded, _ in kept]
    names = [_compared(name.words) for name in normal]
    english = not index.without
    plain = [plain_name(words) for words in names] if english else names
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
        texts=[folded for folded, _ in kept],
        ranker=ranker,
        codes={key: frozenset(found) for key, found in codes.items()},
        used=np.isin(index.places.preferred, index.places.preferred[rows]),
    )


def _compared(words: Words) -> Words:
    """The words of a decided verbatim that tell one coding from another.

    Side, severity and the like do not: what people coded once for the left shoulder holds for the
    right one. A denial does.
    """
    if is_negated_words(words):
        return tuple(
            word for word, role in zip(words, roles_of(words), strict=True) if role in ("", "negation")
        )
    return telling_words(words)


def nearly_decided(
    names: DecidedNames, asked: Sequence[Asked], negated: npt.NDArray[np.bool_], top: int, progress: Progress
) -> Ranked:
    """The decided verbatims that are nearly identical with those asked, best first."""
    ranked = rank_candidates(names.ranker, asked, negated, top, progress, "compare with what was decided")
    near = ranked.pairs[ranked.pairs["score"] >= LEAST_SCORE]
    drawn = near["score"] + (HIGHEST_SCORE - near["score"]).clip(lower=0) * DRAWN
    near = near.assign(score=drawn.round(4)).reset_index(drop=True)
    return Ranked(near, ranked.parts, ranked.wordings)
