"""Folds of decided cases: verbatims that are the same after the rules are always in one fold.

A fold is a stable hash of the normalised verbatim. Nothing is drawn at random, and a case keeps its
fold when others come.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

import numpy as np
import numpy.typing as npt

from coding.matching.normalisation import normalise

Ints = npt.NDArray[np.int64]

#: Folds as a rule, and above so many cases, where the fewer folds still leave enough to learn from.
FOLDS, FEW_FOLDS, MANY_CASES = 10, 5, 2_000


def fold_count(groups: int, cases: int) -> int:
    """How many folds: as many as there are different verbatims, where these are few."""
    return min(FEW_FOLDS if cases > MANY_CASES else FOLDS, groups)


def fold_numbers(folded: Sequence[str], further: Sequence[str], without: frozenset[str]) -> tuple[Ints, Ints]:
    """The fold (from 0) of each case's folded verbatim, and of further folded verbatims.

    ``without`` are the rules that the release's language does not have. Where the cases have few
    different verbatims each is a fold, and further ones are in none (-1).
    """
    groups = [_group(text, without) for text in folded]
    others = [_group(text, without) for text in further]
    distinct = sorted(set(groups), key=_hash)
    many = fold_count(len(distinct), len(folded))
    if len(distinct) <= FOLDS:
        number = {group: at for at, group in enumerate(distinct)}
    else:
        number = {group: _hash(group) % many for group in {*groups, *others}}
    return (
        np.array([number[group] for group in groups], dtype=np.int64),
        np.array([number.get(group, -1) for group in others], dtype=np.int64),
    )


def _group(folded: str, without: frozenset[str]) -> str:
    return normalise(folded, without).any_order or folded


def _hash(text: str) -> int:
    return int.from_bytes(sha256(text.encode("utf-8")).digest()[:8], "big")
