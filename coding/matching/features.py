"""What is compared between a wording and a name: the plain words they share, and what forbids them.

Words are compared with their credit (:mod:`coding.matching.similar_words`) and weighed by how rare
they are in the dictionary and by what they say. All pairs of a batch are worked on at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from coding.matching.concepts import groups
from coding.matching.normalisation import is_negated_words
from coding.matching.retrieval import IntArray, SearchSpace, Texts
from coding.matching.similar_words import WordMatches
from coding.matching.structure import roles_of, telling_words
from coding.matching.word_lists import opposites
from coding.matching.wordings import Wordings

Floats = npt.NDArray[np.float32]
Bools = npt.NDArray[np.bool_]
Objects = npt.NDArray[np.object_]
Words = tuple[str, ...]

#: What a word with a role counts in a verbatim; in a name it counts LIGHT_IN_NAME.
LIGHT = {
    "severity": 0.12, "course": 0.15, "time": 0.1, "side": 0.15, "uncertain": 0.05, "filler": 0.05,
    "cause": 0.05, "joining": 0.02, "negation": 0.1, "measure": 0.05,
}  # fmt: skip
LIGHT_IN_NAME = 0.4
#: What an unknown word counts beside the dictionary's rarest word.
UNKNOWN_WORD = 0.5
#: What a place of the body counts beside other words in a verbatim.
SITE_IN_VERBATIM = 0.8


@dataclass(frozen=True)
class Names:
    """The names of a search space, name by name; ``weights`` stand beside ``space.plain.words``."""

    weights: Floats
    sorted_text: Objects
    poles: IntArray
    negated: Bools


@dataclass(frozen=True)
class Prepared:
    """What does not depend on the names, wording by wording; ``weights`` beside the plain words.
    ``share`` is how much of the whole verbatim's weight the wording has."""

    weights: Floats
    share: Floats
    sorted_text: Objects
    poles: IntArray


@dataclass(frozen=True)
class Overlap:
    """For each pair: the share of the verbatim's weight that the name covers, the share of the
    name's weight that the verbatim covers, and the kinds of word matches that were used (bits)."""

    of_verbatim: Floats
    of_name: Floats
    kinds: npt.NDArray[np.uint8]


def prepare_names(space: SearchSpace, names: Sequence[Words], plain: Sequence[Words]) -> Names:
    """The features of a space's names that do not depend on the verbatim."""
    light = [LIGHT_IN_NAME if roles_of((word,))[0] else 1.0 for word in space.plain_vocabulary]
    weights = space.plain_idf * np.array(light, dtype=np.float32)
    return Names(
        weights=weights[space.plain.words],
        sorted_text=sorted_texts(names),
        poles=_poles(plain),
        negated=np.array([is_negated_words(words) for words in names], dtype=bool),
    )


def prepare_wordings(space: SearchSpace, wordings: Wordings, matches: WordMatches) -> Prepared:
    """Weights of the plain words of the wordings, and what else is compared."""
    kinds = groups().kinds
    site = np.array(
        [SITE_IN_VERBATIM if kinds.get(word) == "body" else 1.0 for word in wordings.plain], dtype=np.float32
    )
    weights = (_rarities(space, wordings.plain, matches) * site)[wordings.plain_texts.words]
    light = [LIGHT.get(role, 1.0) for item in wordings.items for role in item.roles]
    weights = weights * np.array(light, dtype=np.float32)
    return Prepared(
        weights=weights,
        share=_share_of_whole(wordings, weights),
        sorted_text=sorted_texts([telling_words(item.words) for item in wordings.items]),
        poles=_poles([tuple(token.text for token in item.tokens) for item in wordings.items]),
    )


def _share_of_whole(wordings: Wordings, weights: Floats) -> Floats:
    ends = np.concatenate([[0.0], np.cumsum(weights, dtype=np.float64)])
    start = wordings.plain_texts.start
    own = ends[start[1:]] - ends[start[:-1]]
    # The first wording of each verbatim is the verbatim as a whole.
    _, first = np.unique(wordings.owner, return_index=True)
    whole = own[first][wordings.owner - wordings.owner[0]] if len(own) else own
    return np.asarray(np.minimum(own / np.where(whole > 0, whole, 1), 1.0), dtype=np.float32)


def _rarities(space: SearchSpace, words: Sequence[str], matches: WordMatches) -> Floats:
    """Rarity of each word; an unknown word takes that of the likeliest word it may stand for."""
    found = np.full(len(words), UNKNOWN_WORD * space.highest_idf, dtype=np.float32)
    for at, word in enumerate(words):
        begin, end = matches.start[at], matches.start[at + 1]
        if word in space.plain_number:
            found[at] = space.plain_idf[space.plain_number[word]]
        elif end > begin:
            best = begin + int(np.argmax(matches.credit[begin:end]))
            found[at] = space.plain_idf[matches.word[best]]
    return found


@cache
def _pole_bits() -> dict[str, int]:
    axes = sorted({axis for axis, _ in opposites().values()})
    return {word: pole << (2 * axes.index(axis)) for word, (axis, pole) in opposites().items()}


def _poles(names: Sequence[Words]) -> IntArray:
    """Two bits for each axis of ``opposites.csv``: which of its poles a name speaks of."""
    bits = _pole_bits()
    found = np.zeros(len(names), dtype=np.int64)
    for at, words in enumerate(names):
        for word in words:
            if word in bits:
                found[at] |= bits[word]
    return found


def speak_of_opposites(one: IntArray, other: IntArray) -> Bools:
    """Whether one side speaks of one pole only, and the other side of the other pole only."""
    low = int("01" * 31, 2)
    one_first, one_second = one & low, (one >> 1) & low
    other_first, other_second = other & low, (other >> 1) & low
    clash = (one_first & ~one_second & other_second & ~other_first) | (
        one_second & ~one_first & other_first & ~other_second
    )
    return np.asarray(clash != 0)


def sorted_texts(names: Sequence[Words]) -> Objects:
    """Each name's words in alphabetical order, as one text."""
    found = np.empty(len(names), dtype=object)
    found[:] = [" ".join(sorted(words)) for words in names]
    return found


def overlap(
    space: SearchSpace,
    names: Names,
    wordings: Wordings,
    prepared: Prepared,
    matches: WordMatches,
    left: IntArray,
    right: IntArray,
) -> Overlap:
    """Compare wordings ``left`` with names ``right``, pair by pair. ``left`` is sorted.

    Every place in a wording counts with the best credit that a word of the name gives it, and
    every word of the name with the best credit that a place of the wording gives it.
    """
    first = int(left[0])
    table = _credit_table(wordings, matches, first, int(left[-1]) + 1, len(space.plain_vocabulary))
    their = _taken(space.plain, right)
    pair = np.repeat(np.arange(len(right)), their.lengths)
    entry = table.slot[(left[pair] - first) * len(space.plain_vocabulary) + space.plain.words[their.at]]
    credit = table.credit[entry]
    name_weights = names.weights[their.at]
    kinds = np.zeros(len(right), dtype=np.uint8)
    np.bitwise_or.at(kinds, pair, table.kind[entry])
    mine = _taken(wordings.plain_texts, left)
    place = mine.start[:-1][pair] + table.place[entry]
    best = np.zeros(len(mine.at), dtype=np.float32)
    used = entry > 0
    np.maximum.at(best, place[used], credit[used])
    weights = prepared.weights[mine.at]
    return Overlap(
        _shares(best * weights, weights, mine.start),
        _shares(credit * name_weights, name_weights, their.start),
        kinds,
    )


@dataclass(frozen=True)
class _Taken:
    """Where the words of some texts stand: text ``i`` has ``at[start[i]:start[i + 1]]``."""

    at: IntArray
    start: IntArray
    lengths: IntArray


def _taken(texts: Texts, rows: IntArray) -> _Taken:
    lengths = texts.lengths[rows]
    start = np.concatenate([[0], np.cumsum(lengths)])
    within = np.arange(start[-1]) - np.repeat(start[:-1], lengths)
    return _Taken(np.repeat(texts.start[:-1][rows], lengths) + within, start, lengths)


def _shares(part: Floats, whole: Floats, start: IntArray) -> Floats:
    """Sum of ``part`` over sum of ``whole``, segment by segment."""
    ends = np.concatenate([[0.0], np.cumsum(part, dtype=np.float64)])
    totals = np.concatenate([[0.0], np.cumsum(whole, dtype=np.float64)])
    above, below = ends[start[1:]] - ends[start[:-1]], totals[start[1:]] - totals[start[:-1]]
    # A text without any such word has nothing that could be missing.
    return np.asarray(np.where(below > 0, above / np.where(below > 0, below, 1), 1), dtype=np.float32)


@dataclass(frozen=True)
class _CreditTable:
    """(wording, plain word of the space) → entry with credit, place in the wording, and kind. Entry
    0 is "no match"."""

    slot: npt.NDArray[np.int32]
    credit: Floats
    place: IntArray
    kind: npt.NDArray[np.uint8]


def _credit_table(wordings: Wordings, matches: WordMatches, begin: int, end: int, words: int) -> _CreditTable:
    texts = _taken(wordings.plain_texts, np.arange(begin, end))
    owner = np.repeat(np.arange(end - begin), texts.lengths)
    place = np.arange(len(texts.at)) - texts.start[:-1][owner]
    asked = wordings.plain_texts.words[texts.at]
    counts = np.diff(matches.start)[asked]
    ends = np.cumsum(counts)
    at = np.repeat(matches.start[:-1][asked] - (ends - counts), counts) + np.arange(int(counts.sum()))
    key = np.repeat(owner, counts) * words + matches.word[at]
    places = np.repeat(place, counts)
    credits = matches.credit[at] * np.repeat(wordings.trust[texts.at], counts)
    # The best credit of a word of the space comes last and stays; among equals the first place.
    order = np.lexsort((-places, credits, key))
    last = np.append(key[order][1:] != key[order][:-1], True) if len(order) else np.zeros(0, dtype=bool)
    kept = order[last]
    slot = np.zeros((end - begin) * words, dtype=np.int32)
    slot[key[kept]] = np.arange(1, len(kept) + 1)
    return _CreditTable(
        slot=slot,
        credit=np.concatenate([np.zeros(1, dtype=np.float32), credits[kept]]),
        place=np.concatenate([[0], places[kept]]),
        kind=np.concatenate([np.zeros(1, dtype=np.uint8), matches.kind[at][kept]]),
    )
