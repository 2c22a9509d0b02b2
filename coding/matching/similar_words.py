"""Which words of the dictionary a word of a verbatim may stand for, and how far each counts.

A word counts 1 for itself, less for a word of the same stem, for one that the thesaurus names, and
for a word that the dictionary does not know and that is spelled nearly like one it does.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from coding.matching.normalisation import normalise
from coding.matching.retrieval import Matrix, SearchSpace, nearest_words
from coding.matching.word_lists import thesaurus as thesaurus_rows
from coding.records import fold

#: What a match of words counts by its kind; a misspelling counts its likeness, squared.
STEM_CREDIT = 0.9
THESAURUS_CREDIT = 0.85
#: Words shorter than this are never taken for misspelled, and less like ones are another word.
LEAST_MISSPELLED = 4
LEAST_LIKENESS = 0.75

#: Bits that say how two words match.
SAME_WORD, SAME_STEM, THESAURUS, MISSPELLED = 0, 1, 2, 4

_SUFFIXES = (
    "ousness", "fulness", "ations", "ation", "ating", "ated", "ative", "ions", "iness", "ness", "ion",
    "ical", "ial", "eous", "ious", "ous", "ity", "ive", "ings", "ing", "ish", "ed", "al", "ic", "ful",
    "ly", "en",
)  # fmt: skip


@dataclass(frozen=True)
class WordMatches:
    """For word ``i`` of the verbatims: dictionary words ``word[start[i]:start[i + 1]]`` with their
    credit (0 to 1) and kind (bits above)."""

    start: npt.NDArray[np.int64]
    word: npt.NDArray[np.int64]
    credit: npt.NDArray[np.float32]
    kind: npt.NDArray[np.uint8]


@cache
def stem(word: str) -> str:
    """The word without an ending that makes another form of it, at least four letters long.

    >>> stem("vomiting"), stem("vomited"), stem("dizziness"), stem("dizzy")
    ('vomit', 'vomit', 'dizz', 'dizz')
    """
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= 4:
            word = word[: -len(suffix)]
            break
    while len(word) > 4 and word[-1] in "aeiy":
        word = word[:-1]
    return word


@cache
def _equivalents() -> tuple[dict[str, tuple[str, ...]], dict[tuple[str, ...], tuple[tuple[str, ...], ...]]]:
    """The thesaurus both ways, normalised: word → words, and phrases → phrases."""
    words: dict[str, dict[str, None]] = {}
    phrases: dict[tuple[str, ...], dict[tuple[str, ...], None]] = {}
    for row in thesaurus_rows():
        one, other = (normalise(fold(text)).words for text in (row.term, row.equivalent))
        for here, there in ((one, other), (other, one)):
            if here == there or not here or not there:
                continue
            if len(here) == len(there) == 1:
                words.setdefault(here[0], {})[there[0]] = None
            else:
                phrases.setdefault(here, {})[there] = None
    return (
        {word: tuple(found) for word, found in words.items()},
        {phrase: tuple(found) for phrase, found in phrases.items()},
    )


def equivalent_words(word: str) -> tuple[str, ...]:
    """Single words that the thesaurus gives for a normalised word."""
    return _equivalents()[0].get(word, ())


@cache
def _phrase_starts() -> dict[str, tuple[tuple[str, ...], ...]]:
    starts: dict[str, list[tuple[str, ...]]] = {}
    for phrase in _equivalents()[1]:
        starts.setdefault(phrase[0], []).append(phrase)
    return {
        first: tuple(sorted(found, key=lambda item: (-len(item), item))) for first, found in starts.items()
    }


def reworded(words: tuple[str, ...], most: int) -> list[tuple[str, ...]]:
    """The words with one phrase exchanged by the thesaurus, longer phrases first; at most ``most``."""
    starts, phrases = _phrase_starts(), _equivalents()[1]
    places = [
        (-len(phrase), at, phrase)
        for at, word in enumerate(words)
        for phrase in starts.get(word, ())
        if words[at : at + len(phrase)] == phrase
    ]
    found: dict[tuple[str, ...], None] = {}
    for _, at, phrase in sorted(places):
        for other in phrases[phrase]:
            found[words[:at] + other + words[at + len(phrase) :]] = None
    return list(found)[:most]


def match_words(space: SearchSpace, words: Sequence[str], thesaurus: bool) -> WordMatches:
    """What each distinct word of the verbatims may stand for in the dictionary."""
    stems: dict[str, list[int]] = {}
    for at, word in enumerate(space.vocabulary):
        if len(word) >= 4 and word.isalpha():
            stems.setdefault(stem(word), []).append(at)
    slips = _misspelled(space, words)
    start, found = [0], []
    for at, word in enumerate(words):
        best: dict[int, tuple[float, int]] = {}
        for number, credit, kind in _matches(space, word, stems, slips.get(at, ()), thesaurus):
            best.setdefault(number, (credit, kind))
        found += [(number, *best[number]) for number in sorted(best)]
        start.append(len(found))
    numbers, credits, kinds = zip(*found, strict=True) if found else ((), (), ())
    return WordMatches(
        np.array(start, dtype=np.int64),
        np.array(numbers, dtype=np.int64),
        np.array(credits, dtype=np.float32),
        np.array(kinds, dtype=np.uint8),
    )


def _matches(
    space: SearchSpace,
    word: str,
    stems: dict[str, list[int]],
    slips: Sequence[tuple[int, float]],
    thesaurus: bool,
) -> Iterator[tuple[int, float, int]]:
    """(dictionary word, credit, kind), the better kind first."""
    if word in space.number:
        yield space.number[word], 1.0, SAME_WORD
    if len(word) >= 4 and word.isalpha():
        for number in stems.get(stem(word), ()):
            yield number, STEM_CREDIT, SAME_STEM
    for other in equivalent_words(word) if thesaurus else ():
        if other in space.number:
            yield space.number[other], THESAURUS_CREDIT, THESAURUS
    for number, likeness in slips:
        yield number, likeness**2, MISSPELLED


def _prefixed(one: str, other: str) -> bool:
    """Whether one word is the other with something before it: typical and atypical are no misspelling."""
    return one.endswith(other) or other.endswith(one)


def _misspelled(space: SearchSpace, words: Sequence[str]) -> dict[int, list[tuple[int, float]]]:
    """Words that the dictionary lacks → (dictionary word, likeness), from their shared pieces."""
    from rapidfuzz import process
    from rapidfuzz.distance import OSA

    strange = [
        at
        for at, word in enumerate(words)
        if word not in space.number and len(word) >= LEAST_MISSPELLED and word.isalpha()
    ]
    if not strange:
        return {}
    near: Matrix = nearest_words(space, [words[at] for at in strange]).tocoo()
    left = [words[strange[row]] for row in near.row]
    right = [space.vocabulary[column] for column in near.col]
    if not left:
        return {}
    likeness = process.cpdist(left, right, scorer=OSA.normalized_similarity, dtype=np.float32, workers=1)
    found: dict[int, list[tuple[int, float]]] = {}
    for row, column, value in zip(near.row, near.col, likeness, strict=True):
        if value >= LEAST_LIKENESS and not _prefixed(words[strange[row]], space.vocabulary[column]):
            found.setdefault(strange[row], []).append((int(column), float(value)))
    return {at: sorted(pairs, key=lambda pair: (-pair[1], pair[0])) for at, pairs in found.items()}
