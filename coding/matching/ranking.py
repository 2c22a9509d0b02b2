"""Ranked candidates for many verbatims: the nearest names, ordered by several features.

The score is 0 to 1 and comparable within a verbatim. It is not a probability: what it is worth is
measured on decided cases (:mod:`coding.matching.confidence`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from coding.matching.features import (
    Names,
    Prepared,
    overlap,
    prepare_wordings,
    speak_of_opposites,
)
from coding.matching.hierarchy import AGREEMENT_WEIGHT, ASKED, Places, agreement
from coding.matching.retrieval import IntArray, Matrix, SearchSpace, nearest, query_vectors
from coding.matching.similar_words import SAME_WORD, WordMatches, match_words
from coding.matching.wordings import PARTIAL, Asked, Wording, Wordings, make_wordings
from coding.records import Progress

Words = tuple[str, ...]
Bools = npt.NDArray[np.bool_]

#: Kinds of form that say what is rare on them: a procedure among events, an event among procedures.
FORMS = ("", "event", "procedure")
#: How many of the nearest names are looked at more closely.
NEAREST = 40
#: What another word that a word may stand for counts beside it, in looking for the nearest names.
ADDED_WEIGHT = 0.5
#: Verbatims worked on at a time: for the nearest names, and wordings for the features.
BATCH, SMALL_BATCH = 4_000, 400

#: The fixed weights of the features; they add up to 1.
COVERAGE_WEIGHT, SPELLING_WEIGHT, COSINE_WEIGHT = 0.7, 0.2, 0.1
#: What the score is multiplied with when something stands against the name.
OPPOSITE_FACTOR, NEGATED_FACTOR, ONLY_NAME_NEGATED_FACTOR = 0.75, 0.5, 0.8
NONCURRENT_FACTOR, RARE_ON_FORM_FACTOR, UNPLACED_FACTOR = 0.98, 0.93, 0.98
#: The same for a further wording of a term, by its place among the terms that it may mean.
FURTHER_FACTORS = (1.0, 0.97, 0.955, 0.94)
#: What each of PARTIAL counts: this, and more by the share of the verbatim that it makes up.
LEAST_SHARE = (1.0, 1.0, 0.8, 0.78, 0.76, 0.66)
MORE_BY_SHARE = (0.0, 0.0, 0.2, 0.2, 0.2, 0.3)
#: The kinds that are one of several concepts.
_PARTS = [PARTIAL.index("part"), PARTIAL.index("later part")]
#: No score reaches what an exact or normalised name has.
HIGHEST_SCORE = 0.97
#: Names below this are not offered.
LEAST_SCORE = 0.2

OPPOSITE, NEGATED, NONCURRENT, RARE_ON_FORM, UNPLACED = 8, 16, 32, 64, 128


@dataclass(frozen=True)
class Ranked:
    """The ranked pairs, best first in each verbatim: ``verbatim`` and ``wording`` (positions), ``name``
    (of the space), ``row`` (of the index), ``score`` (4 digits) and ``bits``; ``parts`` has the same
    columns with the best pair of each wording that is one of several concepts."""

    pairs: pd.DataFrame
    parts: pd.DataFrame
    wordings: list[Wording]


@dataclass(frozen=True)
class Ranker:
    """A search space with what ranking needs to know of its names, name by name (``words``, ``names``,
    ``noncurrent``) and row by row of the index (``places``, ``procedure``)."""

    space: SearchSpace
    words: Sequence[Words]
    names: Names
    noncurrent: Bools
    places: Places
    procedure: Bools
    english: bool


def rank_candidates(
    ranker: Ranker, verbatims: Sequence[Asked], negated: Bools, top: int, progress: Progress, stage: str
) -> Ranked:
    """The best candidates of distinct verbatims; ``negated`` says which deny something.

    At most ``top`` a verbatim and one for each preferred term. Equal scores stand in the order of
    the codes.
    """
    found, parts = list[pd.DataFrame](), list[pd.DataFrame]()
    made: list[Wording] = []
    for begin in range(0, len(verbatims) if len(ranker.space.rows) else 0, BATCH):
        progress(stage, begin, len(verbatims))
        batch = verbatims[begin : begin + BATCH]
        wordings = make_wordings(ranker.space, batch, ranker.english)
        pairs = scored_pairs(ranker, wordings, batch, negated[begin : begin + BATCH])
        in_parts = np.isin(wordings.kind[pairs["wording"]], _PARTS)
        of_parts = _in_order(pairs[in_parts & (pairs["score"] >= LEAST_SCORE)])
        for frame, into in (
            (best_pairs(pairs, ranker.places, top), found),
            (of_parts.drop_duplicates("wording"), parts),
        ):
            into.append(
                frame.assign(verbatim=frame["verbatim"] + begin, wording=frame["wording"] + len(made))
            )
        made += wordings.items
    progress(stage, len(verbatims), len(verbatims))
    nothing = _pairs([], [], [], [], [], [])
    return Ranked(_joined(found, nothing), _joined(parts, nothing), made)


def _joined(frames: Sequence[pd.DataFrame], nothing: pd.DataFrame) -> pd.DataFrame:
    return pd.concat(frames, ignore_index=True) if frames else nothing


@dataclass(frozen=True)
class Against:
    """Verbatim by verbatim: whether it denies something, and the number of its form in FORMS."""

    negated: Bools
    form: npt.NDArray[np.int8]


def scored_pairs(
    ranker: Ranker, wordings: Wordings, verbatims: Sequence[Asked], negated: Bools
) -> pd.DataFrame:
    """Every wording with its nearest names: ``verbatim, wording, name, row, score, bits``."""
    space = ranker.space
    matches = match_words(space, wordings.plain, ranker.english)
    prepared = prepare_wordings(space, wordings, matches)
    against = Against(negated, np.array([FORMS.index(asked.form) for asked in verbatims], dtype=np.int8))
    stand_for, missing = _stand_for(space, matches)
    vectors = query_vectors(space, wordings.words, wordings.texts, wordings.plain_texts, stand_for, missing)
    near = nearest(space, vectors, NEAREST).tocsr()
    near.sort_indices()
    parts = []
    for begin in range(0, near.shape[0], SMALL_BATCH):
        part = near[begin : begin + SMALL_BATCH].tocoo()
        if part.nnz:
            left = part.row.astype(np.int64) + begin
            right = part.col.astype(np.int64)
            parts.append(_score(ranker, wordings, prepared, matches, against, left, right, part.data))
    return pd.concat(parts, ignore_index=True) if parts else _pairs([], [], [], [], [], [])


def _pairs(*columns: npt.ArrayLike) -> pd.DataFrame:
    names = ("verbatim", "wording", "name", "row", "score", "bits")
    types = (np.int64, np.int64, np.int64, np.int64, np.float64, np.uint8)
    return pd.DataFrame(
        {
            name: np.asarray(column, dtype=kind)
            for name, column, kind in zip(names, columns, types, strict=True)
        }
    )


def _stand_for(space: SearchSpace, matches: WordMatches) -> tuple[Matrix, npt.NDArray[np.float32]]:
    """plain words × plain words of the space: what each counts as; and which have nothing there."""
    import scipy.sparse as sp

    shape = (len(matches.start) - 1, len(space.plain_vocabulary))
    weight = np.where(matches.kind == SAME_WORD, matches.credit, matches.credit * np.float32(ADDED_WEIGHT))
    matrix = sp.csr_matrix((weight, matches.word, matches.start), shape=shape)
    # A word that the dictionary lacks counts half.
    missing = np.where(np.diff(matches.start) == 0, np.float32(0.25), np.float32(0))
    return matrix, missing


def _score(
    ranker: Ranker,
    wordings: Wordings,
    prepared: Prepared,
    matches: WordMatches,
    against: Against,
    left: IntArray,
    right: IntArray,
    cosine: npt.NDArray[np.float32],
) -> pd.DataFrame:
    from rapidfuzz import fuzz, process

    shared = overlap(ranker.space, ranker.names, wordings, prepared, matches, left, right)
    spelling = process.cpdist(
        prepared.sorted_text[left],
        ranker.names.sorted_text[right],
        scorer=fuzz.ratio,
        dtype=np.float32,
        workers=1,
    )
    score = (
        COVERAGE_WEIGHT * _harmonic(shared.of_verbatim, shared.of_name)
        + SPELLING_WEIGHT * spelling.astype(np.float64) / 100
        + COSINE_WEIGHT * np.minimum(cosine.astype(np.float64), 1.0)
    )
    verbatim = wordings.owner[left]
    factor, bits = _objections(ranker, prepared, against, verbatim, left, right)
    least, more = np.array(LEAST_SHARE)[wordings.kind], np.array(MORE_BY_SHARE)[wordings.kind]
    part = least + more * prepared.share.astype(np.float64)
    score *= factor * (wordings.factor * part)[left] * HIGHEST_SCORE
    return _pairs(verbatim, left, right, ranker.space.rows[right], score.round(4), bits | shared.kinds)


def _harmonic(one: npt.NDArray[np.float32], other: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """The harmonic mean of two coverages: a name must say what the verbatim says, and no more."""
    first, second = one.astype(np.float64), other.astype(np.float64)
    total = first + second
    return np.asarray(2 * first * second / np.where(total > 0, total, 1))


def _objections(
    ranker: Ranker, prepared: Prepared, against: Against, verbatim: IntArray, left: IntArray, right: IntArray
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.uint8]]:
    """What speaks against a pair: the product of the factors, and the bits of the rules."""
    names = ranker.names
    denied, form = against.negated[verbatim], against.form[verbatim]
    opposite = speak_of_opposites(prepared.poles[left], names.poles[right])
    denying, noncurrent = names.negated[right], ranker.noncurrent[right]
    procedure = ranker.procedure[ranker.space.rows[right]]
    rare = (form == FORMS.index("event")) & procedure | (form == FORMS.index("procedure")) & ~procedure
    factor = np.where(opposite, OPPOSITE_FACTOR, 1.0)
    factor *= np.where(denied & ~denying, NEGATED_FACTOR, 1.0)
    factor *= np.where(denying & ~denied, ONLY_NAME_NEGATED_FACTOR, 1.0)
    factor *= np.where(noncurrent, NONCURRENT_FACTOR, 1.0)
    unplaced = ranker.places.unplaced[ranker.space.rows[right]]
    factor *= np.where(rare, RARE_ON_FORM_FACTOR, 1.0)
    factor *= np.where(unplaced, UNPLACED_FACTOR, 1.0)
    factor *= np.array(FURTHER_FACTORS)[ranker.space.source[right]]
    bits = (
        opposite * np.uint8(OPPOSITE)
        | (denied != denying) * np.uint8(NEGATED)
        | noncurrent * np.uint8(NONCURRENT)
        | rare * np.uint8(RARE_ON_FORM)
        | unplaced * np.uint8(UNPLACED)
    )
    return factor, bits.astype(np.uint8)


def best_pairs(pairs: pd.DataFrame, places: Places, top: int) -> pd.DataFrame:
    """The best pair for each verbatim and preferred term, and of these the ``top`` best."""
    pairs = pairs.assign(preferred=places.preferred[pairs["row"].to_numpy()])
    pairs = pairs[pairs["score"] >= LEAST_SCORE]
    # The first of each preferred term stays, and of these as many as are asked where they stand.
    pairs = _in_order(pairs).drop_duplicates(["verbatim", "preferred"])
    pairs = pairs[pairs.groupby("verbatim").cumcount() < max(top, ASKED)].reset_index(drop=True)
    together = (1 - AGREEMENT_WEIGHT) + AGREEMENT_WEIGHT * agreement(pairs, places)
    pairs = _in_order(pairs.assign(score=(pairs["score"] * together).round(4)))
    return pairs[pairs.groupby("verbatim").cumcount() < top].reset_index(drop=True)


def _in_order(pairs: pd.DataFrame) -> pd.DataFrame:
    # Rows of an index stand in the order of their codes, so that ties are broken by code.
    keys = ["verbatim", "score", "row", "wording", "name"]
    return pairs.sort_values(keys, ascending=[True, False, True, True, True])
