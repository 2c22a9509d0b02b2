"""Ranked candidates for many verbatims: the nearest names, ordered by several features.

The score is 0 to 1 and comparable within a verbatim. It is not a probability: how often a score is
right has not been measured, so nothing here is called a confidence.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
import numpy.typing as npt
import pandas as pd

from coding.matching.features import (
    Names,
    Overlap,
    Wordings,
    overlap,
    prepare_names,
    prepare_wordings,
    speak_of_opposites,
)
from coding.matching.index import MatchIndex
from coding.matching.normalisation import NormalName
from coding.matching.parsing import BoolArray
from coding.matching.retrieval import IntArray, Matrix, SearchSpace, nearest, query_vectors
from coding.matching.similar_words import MISSPELLED, SAME_STEM, SAME_WORD, THESAURUS, WordMatches
from coding.records import Progress

#: How many of the nearest names are looked at more closely.
NEAREST = 40
#: What another word that a word may stand for counts beside it, in looking for the nearest names.
ADDED_WEIGHT = 0.5
#: Verbatims worked on at a time: for the nearest names, and for the features.
BATCH, SMALL_BATCH = 8_000, 400

#: The fixed weights of the features; they add up to 1.
COVERAGE_WEIGHT, SPELLING_WEIGHT, COSINE_WEIGHT = 0.6, 0.2, 0.2
#: What the score is multiplied with when something stands against the name.
OPPOSITE_FACTOR, NEGATED_FACTOR, ONLY_NAME_NEGATED_FACTOR = 0.75, 0.5, 0.8
NONCURRENT_FACTOR, REWORDED_FACTOR = 0.98, 0.95
#: No score reaches what an exact or normalised name has.
HIGHEST_SCORE = 0.97
#: Names below this are not offered.
LEAST_SCORE = 0.2

_OPPOSITE, _NEGATED, _NONCURRENT = 8, 16, 32
#: Bits of a pair → the rule's name, in the order in which they are listed.
RULE_BITS = (
    (SAME_STEM, "stem"),
    (MISSPELLED, "misspelling"),
    (THESAURUS, "thesaurus"),
    (_OPPOSITE, "opposite"),
    (_NEGATED, "negated"),
    (_NONCURRENT, "noncurrent"),
)


@cache
def rule_names(bits: int) -> str:
    """The names of the rules whose bits are set, joined by ``;``."""
    return ";".join(name for bit, name in RULE_BITS if bits & bit)


def rank_candidates(
    index: MatchIndex, verbatims: Sequence[NormalName], negated: BoolArray, top: int, progress: Progress
) -> pd.DataFrame:
    """The best candidates of distinct normalised verbatims; ``negated`` says which deny something.

    Columns: ``verbatim`` (its position), ``row`` (of the index), ``score`` (rounded to 4 digits),
    ``rules``; at most ``top`` a verbatim and one for each preferred term, best first. Equal scores
    stand in the order of the codes.
    """
    stage = f"rank candidates from {index.dictionary.release.name}"
    space = index.space
    parts = []
    if len(space.rows):
        names = prepare_names(index, space)
        preferred = _preferred_numbers(index)
        for begin in range(0, len(verbatims), BATCH):
            progress(stage, begin, len(verbatims))
            end = begin + BATCH
            wordings = prepare_wordings(index, space, verbatims[begin:end], negated[begin:end])
            found = _best(_scored_pairs(space, names, wordings), preferred, top)
            found["verbatim"] += begin
            parts.append(found)
    progress(stage, len(verbatims), len(verbatims))
    if not parts:
        return _best(_pairs([], [], [], []), np.zeros(0, dtype=np.int64), top)
    return pd.concat(parts, ignore_index=True)


def _pairs(
    verbatim: npt.ArrayLike, row: npt.ArrayLike, score: npt.ArrayLike, bits: npt.ArrayLike
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "verbatim": np.asarray(verbatim, dtype=np.int64),
            "row": np.asarray(row, dtype=np.int64),
            "score": np.asarray(score, dtype=np.float64),
            "bits": np.asarray(bits, dtype=np.uint8),
        }
    )


def _scored_pairs(space: SearchSpace, names: Names, wordings: Wordings) -> pd.DataFrame:
    """Every wording with its nearest names: ``verbatim, row, score, bits``."""
    vectors = query_vectors(space, wordings.words, wordings.texts, *_stand_for(space, wordings.matches))
    near = nearest(space, vectors, NEAREST).tocsr()
    near.sort_indices()
    parts = []
    for begin in range(0, near.shape[0], SMALL_BATCH):
        part = near[begin : begin + SMALL_BATCH].tocoo()
        if part.nnz:
            left = part.row.astype(np.int64) + begin
            parts.append(_score(space, names, wordings, left, part.col.astype(np.int64), part.data))
    return pd.concat(parts, ignore_index=True) if parts else _pairs([], [], [], [])


def _stand_for(space: SearchSpace, matches: WordMatches) -> tuple[Matrix, Matrix]:
    """words × dictionary words: what each word counts as, and the part of it from the thesaurus."""
    import scipy.sparse as sp

    shape = (len(matches.start) - 1, len(space.vocabulary))
    weight = np.where(matches.kind == SAME_WORD, matches.credit, matches.credit * np.float32(ADDED_WEIGHT))
    stand_for = sp.csr_matrix((weight, matches.word, matches.start), shape=shape)
    from_thesaurus = np.where(matches.kind == THESAURUS, weight, np.float32(0))
    return stand_for, sp.csr_matrix((from_thesaurus, matches.word, matches.start), shape=shape)


def _score(
    space: SearchSpace,
    names: Names,
    wordings: Wordings,
    left: IntArray,
    right: IntArray,
    cosine: npt.NDArray[np.float32],
) -> pd.DataFrame:
    from rapidfuzz import fuzz, process

    shared = overlap(names, wordings, space, left, right)
    spelling = process.cpdist(
        wordings.sorted_text[left], names.sorted_text[right], scorer=fuzz.ratio, dtype=np.float32, workers=1
    )
    score = (
        COVERAGE_WEIGHT * _mean_coverage(shared)
        + SPELLING_WEIGHT * spelling.astype(np.float64) / 100
        + COSINE_WEIGHT * np.minimum(cosine.astype(np.float64), 1.0)
    )
    factor, bits = _objections(names, wordings, left, right)
    bits |= shared.kinds
    return _pairs(wordings.owner[left], names.offered[right], score * factor * HIGHEST_SCORE, bits)


def _mean_coverage(shared: Overlap) -> npt.NDArray[np.float64]:
    """The harmonic mean of both coverages: a name must say what the verbatim says, and no more."""
    one, other = shared.of_verbatim.astype(np.float64), shared.of_name.astype(np.float64)
    total = one + other
    return np.asarray(2 * one * other / np.where(total > 0, total, 1))


def _objections(
    names: Names, wordings: Wordings, left: IntArray, right: IntArray
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.uint8]]:
    """What speaks against a pair: the product of the factors, and the bits of the rules."""
    opposite = speak_of_opposites(wordings.poles[left], names.poles[right])
    denied, denying = wordings.negated[left], names.negated[right]
    noncurrent, reworded = names.noncurrent[right], ~wordings.own[left]
    factor = np.where(opposite, OPPOSITE_FACTOR, 1.0)
    factor *= np.where(denied & ~denying, NEGATED_FACTOR, 1.0)
    factor *= np.where(denying & ~denied, ONLY_NAME_NEGATED_FACTOR, 1.0)
    factor *= np.where(noncurrent, NONCURRENT_FACTOR, 1.0)
    factor *= np.where(reworded, REWORDED_FACTOR, 1.0)
    bits = (
        opposite * np.uint8(_OPPOSITE)
        | (denied != denying) * np.uint8(_NEGATED)
        | noncurrent * np.uint8(_NONCURRENT)
        | reworded * np.uint8(THESAURUS)
    )
    return factor, bits.astype(np.uint8)


def _preferred_numbers(index: MatchIndex) -> IntArray:
    numbers = {code: at for at, code in enumerate(sorted(set(index.preferred)))}
    return np.array([numbers[code] for code in index.preferred], dtype=np.int64)


def _best(pairs: pd.DataFrame, preferred: IntArray, top: int) -> pd.DataFrame:
    """The best row for each verbatim and preferred term, and of these the ``top`` best."""
    # Rows of an index stand in the order of their codes, so that ties are broken by code.
    pairs = pairs.assign(score=pairs["score"].round(4), preferred=preferred[pairs["row"].to_numpy()])
    pairs = pairs[pairs["score"] >= LEAST_SCORE]
    pairs = pairs.sort_values(["verbatim", "score", "row", "bits"], ascending=[True, False, True, True])
    pairs = pairs.drop_duplicates(["verbatim", "preferred"])
    pairs = pairs[pairs.groupby("verbatim").cumcount() < top]
    rules = [rule_names(int(bits)) for bits in pairs["bits"]]
    return pd.DataFrame(
        {
            "verbatim": pairs["verbatim"].to_numpy(),
            "row": pairs["row"].to_numpy(),
            "score": pairs["score"].to_numpy(),
            "rules": pd.Series(rules, dtype="str"),
        }
    )
