"""What is compared between a verbatim and a name: the words they share, and things that forbid them.

Words are compared with their credit (:mod:`coding.matching.similar_words`) and weighed by how rare
they are in the dictionary. All pairs of a batch are worked on at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from coding.matching.index import MatchIndex
from coding.matching.normalisation import NormalName, is_negated_words, normalise
from coding.matching.retrieval import IntArray, SearchSpace, Texts, as_texts
from coding.matching.similar_words import WordMatches, match_words, reworded
from coding.matching.word_lists import opposites, words_of_kind

Floats = npt.NDArray[np.float32]
Bools = npt.NDArray[np.bool_]
Objects = npt.NDArray[np.object_]

#: At most so many wordings of one verbatim by the thesaurus, beside its own.
REWORDINGS = 4
#: What a word of little weight counts, on the verbatim's side and on the name's.
LIGHT_IN_VERBATIM, LIGHT_IN_NAME = 0.2, 0.5
#: What an unknown word counts beside the dictionary's rarest word.
UNKNOWN_WORD = 0.5


@dataclass(frozen=True)
class Names:
    """The names of a search space: ``weights`` by dictionary word, the rest name by name."""

    weights: Floats
    sorted_text: Objects
    poles: IntArray
    negated: Bools
    offered: IntArray
    noncurrent: Bools


@dataclass(frozen=True)
class Wordings:
    """The wordings of some verbatims. Wording ``i`` belongs to verbatim ``owner[i]``; ``own`` says
    that it is the verbatim's own and not the thesaurus's. ``words`` are their distinct words with
    ``weights`` and ``matches``."""

    owner: IntArray
    own: Bools
    texts: Texts
    words: list[str]
    weights: Floats
    matches: WordMatches
    sorted_text: Objects
    poles: IntArray
    negated: Bools


@dataclass(frozen=True)
class Overlap:
    """For each pair: the share of the verbatim's weight that the name covers, the share of the
    name's weight that the verbatim covers, and the kinds of word matches that were used (bits)."""

    of_verbatim: Floats
    of_name: Floats
    kinds: npt.NDArray[np.uint8]


def prepare_names(index: MatchIndex, space: SearchSpace) -> Names:
    """The features of a dictionary's names that do not depend on the verbatim."""
    names = [index.names[row].words for row in space.rows]
    light = _light_words()
    factor = [LIGHT_IN_NAME if word in light else 1.0 for word in space.vocabulary]
    return Names(
        weights=space.word_idf * np.array(factor, dtype=np.float32),
        sorted_text=_sorted_texts(names),
        poles=_poles(names),
        negated=np.array([is_negated_words(words) for words in names], dtype=bool),
        offered=index.shown[space.rows],
        noncurrent=~np.array(index.current, dtype=bool)[space.rows],
    )


def prepare_wordings(
    index: MatchIndex, space: SearchSpace, verbatims: Sequence[NormalName], negated: Bools
) -> Wordings:
    """Reword normalised verbatims by the thesaurus, and look up their words."""
    english = not index.without
    names: list[tuple[str, ...]] = []
    owner: list[int] = []
    own: list[bool] = []
    for at, name in enumerate(verbatims):
        wordings = [name.words, *(reworded(name.words, REWORDINGS) if english else ())]
        names += wordings
        owner += [at] * len(wordings)
        own += [True] + [False] * (len(wordings) - 1)
    vocabulary = sorted({word for words in names for word in words})
    matches = match_words(space, vocabulary, thesaurus=english)
    owners = np.array(owner, dtype=np.int64)
    return Wordings(
        owner=owners,
        own=np.array(own, dtype=bool),
        texts=as_texts(names, {word: at for at, word in enumerate(vocabulary)}),
        words=vocabulary,
        weights=_word_weights(space, vocabulary, matches),
        matches=matches,
        sorted_text=_sorted_texts(names),
        poles=_poles(names),
        negated=negated[owners],
    )


@cache
def _light_words() -> frozenset[str]:
    # Negations are among them: what is denied is the concept, and a factor of its own speaks of it.
    light = words_of_kind("light") | words_of_kind("negation")
    return frozenset(word for text in light for word in normalise(text).words)


@cache
def _pole_bits() -> dict[str, int]:
    axes = sorted({axis for axis, _ in opposites().values()})
    return {word: pole << (2 * axes.index(axis)) for word, (axis, pole) in opposites().items()}


def _poles(names: Sequence[tuple[str, ...]]) -> IntArray:
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


def _sorted_texts(names: Sequence[tuple[str, ...]]) -> Objects:
    found = np.empty(len(names), dtype=object)
    found[:] = [" ".join(sorted(words)) for words in names]
    return found


def _word_weights(space: SearchSpace, words: Sequence[str], matches: WordMatches) -> Floats:
    """Rarity of each word; an unknown word takes that of the likeliest word it may stand for."""
    light = _light_words()
    found = np.full(len(words), UNKNOWN_WORD * space.highest_idf, dtype=np.float32)
    for at, word in enumerate(words):
        begin, end = matches.start[at], matches.start[at + 1]
        if word in space.number:
            found[at] = space.word_idf[space.number[word]]
        elif end > begin:
            best = begin + int(np.argmax(matches.credit[begin:end]))
            found[at] = space.word_idf[matches.word[best]]
        if word in light:
            found[at] *= LIGHT_IN_VERBATIM
    return found


def overlap(names: Names, wordings: Wordings, space: SearchSpace, left: IntArray, right: IntArray) -> Overlap:
    """Compare wordings ``left`` with names ``right``, pair by pair. ``left`` is sorted.

    Every place in a wording counts with the best credit that a word of the name gives it, and
    every word of the name with the best credit that a place of the wording gives it.
    """
    first = int(left[0])
    table = _credit_table(wordings, first, int(left[-1]) + 1, len(space.vocabulary))
    their = space.texts.take(right)
    pair = np.repeat(np.arange(len(right)), their.lengths)
    entry = table.slot[(left[pair] - first) * len(space.vocabulary) + their.words]
    credit = table.credit[entry]
    name_weights = names.weights[their.words]
    of_name = _shares(credit * name_weights, name_weights, their.start)
    kinds = np.zeros(len(right), dtype=np.uint8)
    np.bitwise_or.at(kinds, pair, table.kind[entry])
    mine = wordings.texts.take(left)
    place = mine.start[:-1][pair] + table.place[entry]
    best = np.zeros(len(mine.words), dtype=np.float32)
    used = entry > 0
    np.maximum.at(best, place[used], credit[used])
    weights = wordings.weights[mine.words]
    of_verbatim = _shares(best * weights, weights, mine.start)
    return Overlap(of_verbatim, of_name, kinds)


def _shares(part: Floats, whole: Floats, start: IntArray) -> Floats:
    """Sum of ``part`` over sum of ``whole``, segment by segment."""
    ends = np.concatenate([[0.0], np.cumsum(part, dtype=np.float64)])
    totals = np.concatenate([[0.0], np.cumsum(whole, dtype=np.float64)])
    above, below = ends[start[1:]] - ends[start[:-1]], totals[start[1:]] - totals[start[:-1]]
    return np.asarray(above / np.where(below > 0, below, 1), dtype=np.float32)


@dataclass(frozen=True)
class _CreditTable:
    """(wording, dictionary word) → entry with credit, place in the wording, and kind. Entry 0 is
    "no match"."""

    slot: npt.NDArray[np.int32]
    credit: Floats
    place: IntArray
    kind: npt.NDArray[np.uint8]


def _credit_table(wordings: Wordings, begin: int, end: int, words: int) -> _CreditTable:
    texts = wordings.texts.take(np.arange(begin, end))
    owner = np.repeat(np.arange(end - begin), texts.lengths)
    place = np.arange(len(texts.words)) - texts.start[:-1][owner]
    matches = wordings.matches
    counts = np.diff(matches.start)[texts.words]
    ends = np.cumsum(counts)
    at = np.repeat(matches.start[:-1][texts.words] - (ends - counts), counts) + np.arange(int(counts.sum()))
    key = np.repeat(owner, counts) * words + matches.word[at]
    places = np.repeat(place, counts)
    # The best credit of a dictionary word comes last and stays; among equals the first place.
    order = np.lexsort((-places, matches.credit[at], key))
    last = np.append(key[order][1:] != key[order][:-1], True) if len(order) else np.zeros(0, dtype=bool)
    kept = order[last]
    slot = np.zeros((end - begin) * words, dtype=np.int32)
    slot[key[kept]] = np.arange(1, len(kept) + 1)
    return _CreditTable(
        slot=slot,
        credit=np.concatenate([np.zeros(1, dtype=np.float32), matches.credit[at][kept]]),
        place=np.concatenate([[0], places[kept]]),
        kind=np.concatenate([np.zeros(1, dtype=np.uint8), matches.kind[at][kept]]),
    )
