"""Where terms stand in their dictionary, and how far the candidates of a verbatim agree on it.

Candidates that lie together say where the verbatim belongs: of two names that are equally like it, the
one among the others is the likelier. A class counts by what it tells: one that holds nearly every
term of the release (or none that is known) tells nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from coding.matching.concepts import groups, plain_words
from dictionaries.model import Dictionary

#: What the class of procedures is called in a dictionary, and classes that only speak of them.
_PROCEDURES = re.compile(r"procedure|operation|surg", re.IGNORECASE)
#: What a class for terms without a class is called.
_NO_CLASS = re.compile(r"not known|unknown|not assigned|unassigned|unclassified|no class", re.IGNORECASE)
_NO_PROCEDURES = re.compile(r"complication|injur", re.IGNORECASE)

IntArray = npt.NDArray[np.int64]

#: How many candidates are asked where they stand, and what full agreement adds to a score.
ASKED = 10
AGREEMENT_WEIGHT = 0.08


@dataclass(frozen=True)
class Places:
    """Row by row: the number of the preferred term (in the order of the codes), and for each upper
    level (rows × levels, lowest first) the number of the class, or -1. ``telling`` says level by
    level what each class tells, 0 to 1; ``unplaced`` row by row that the highest class is none: the
    release has no path for the term, or a class for what is not known."""

    preferred: IntArray
    classes: IntArray
    telling: tuple[npt.NDArray[np.float64], ...]
    unplaced: npt.NDArray[np.bool_]


def places_of(dictionary: Dictionary, preferred: Sequence[str]) -> Places:
    """The places of an index's rows, by their preferred codes, along the primary path."""
    codes = sorted(set(preferred))
    numbers = {code: at for at, code in enumerate(codes)}
    own = np.array([numbers[code] for code in preferred], dtype=np.int64)
    primary = dictionary.paths[dictionary.paths["primary"]].drop_duplicates("code").set_index("code")
    levels, telling = [], []
    for level in dictionary.release.upper_levels:
        classes = primary[f"{level}_code"].reindex(codes)
        known, names = pd.factorize(classes, sort=True)
        counts = np.bincount(known[known >= 0], minlength=len(names))
        telling.append(1 - counts / max(len(codes), 1))
        levels.append(known.astype(np.int64)[own])
    shape = np.stack(levels, axis=1) if levels else np.zeros((len(own), 0), dtype=np.int64)
    return Places(own, shape, tuple(telling), _unplaced(dictionary, primary, codes)[own])


def _unplaced(dictionary: Dictionary, primary: pd.DataFrame, codes: list[str]) -> npt.NDArray[np.bool_]:
    """For each preferred code whether its highest class is none that says anything."""
    upper = dictionary.release.upper_levels
    if not upper:
        return np.zeros(len(codes), dtype=bool)
    terms = dictionary.terms[dictionary.terms["level"] == upper[-1]]
    names = dict(zip(terms["code"], terms["text"], strict=True))
    classes = primary[f"{upper[-1]}_code"].reindex(codes)
    return np.array([_NO_CLASS.search(names.get(code, "unknown")) is not None for code in classes])


def procedures_of(
    dictionary: Dictionary, preferred: Sequence[str], names: Sequence[tuple[str, ...]]
) -> npt.NDArray[np.bool_]:
    """Row by row whether a term is a procedure: by the name of its highest class, else by its words."""
    release = dictionary.release
    upper = release.upper_levels
    if upper:
        level = upper[-1]
        terms = dictionary.terms[dictionary.terms["level"] == level]
        named = {
            code
            for code, text in zip(terms["code"], terms["text"], strict=True)
            if _PROCEDURES.search(text) and not _NO_PROCEDURES.search(text)
        }
        if named:
            primary = dictionary.paths[dictionary.paths["primary"]]
            codes = set(primary.loc[primary[f"{level}_code"].isin(named), "code"])
            return np.array([code in codes for code in preferred], dtype=bool)
    kinds = groups().kinds
    return np.array([any(kinds.get(word) == "procedure" for word in plain_words(name)) for name in names])


def agreement(pairs: pd.DataFrame, places: Places) -> npt.NDArray[np.float64]:
    """How far each candidate's classes are those of the others of its verbatim, 0 to 1.

    ``pairs``: ``verbatim, row, score``, one row per verbatim and preferred term.
    """
    found = np.zeros(len(pairs), dtype=np.float64)
    if not len(pairs) or not places.telling:
        return found
    verbatim = pairs["verbatim"].to_numpy()
    score = pairs["score"].to_numpy(dtype=np.float64)
    rows = pairs["row"].to_numpy()
    total = _sums(verbatim, score) - score
    for level, telling in enumerate(places.telling):
        classes = places.classes[rows, level]
        key = verbatim * (len(telling) + 1) + classes + 1
        others = _sums(key, score) - score
        share = np.where(total > 0, others / np.where(total > 0, total, 1), 0)
        known = np.where(classes >= 0, telling[classes] if len(telling) else 0, 0)
        found += share * known
    return np.asarray(found / len(places.telling))


def _sums(key: IntArray, value: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """For each place the sum of the values that share its key."""
    _, number = np.unique(key, return_inverse=True)
    return np.asarray(np.bincount(number, weights=value)[number])
