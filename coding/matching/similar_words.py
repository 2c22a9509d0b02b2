"""What a word may stand for: a misspelling of a known word, two words written as one, another form
of a word, or a part of something broader.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from coding.matching.concepts import broader_steps, groups, narrower_steps, readings, taken_apart
from coding.matching.retrieval import Matrix, SearchSpace, letters, nearest_words
from coding.matching.structure import roles_of

#: What a match of plain words counts by its kind.
STEM_CREDIT = 0.9
BROADER_CREDIT = (0.8, 0.7, 0.6)
NARROWER_CREDIT = (0.5, 0.35, 0.25)
#: Words shorter than this are never taken for misspelled, and less like ones are another word.
LEAST_MISSPELLED, MOST_MISSPELLED = 4, 80
LEAST_LIKENESS = 0.75
#: Long words may differ in more letters.
LONG_WORD, LEAST_LIKENESS_OF_LONG = 9, 0.69
LEAST_BEGUN, LEAST_EDITED = 0.88, 0.6
#: So like a known word that it is nothing else, though it could be two words, or made of forms.
LIKELY = 0.9
#: What a word that only the thesaurus knows counts less.
UNNAMED = 0.05
#: Two words written as one: each half is a known word of at least so many letters.
LEAST_HALF = 4

#: Bits that say how two words match.
SAME_WORD, SAME_STEM, BROADER, NARROWER = 0, 1, 2, 4

_SUFFIXES = (
    "ousness", "fulness", "ations", "ation", "ating", "ated", "ative", "ions", "iness", "ness", "ion",
    "ical", "ial", "eous", "ious", "ous", "ity", "ive", "ings", "ing", "ish", "ed", "al", "ic", "ful",
    "ly", "en",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Correction:
    """What a word is read as. ``likeness`` is how sure that is (0 to 1), ``rule`` why."""

    words: tuple[str, ...]
    likeness: float
    rule: str


@dataclass(frozen=True)
class WordMatches:
    """For plain word ``i`` of the wordings: plain words of the space ``word[start[i]:start[i + 1]]``
    with their credit (0 to 1) and kind (bits above)."""

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


def match_words(space: SearchSpace, words: Sequence[str], english: bool) -> WordMatches:
    """What each distinct plain word of the wordings may stand for in the space."""
    stems = _stems(space) if english else {}
    start, found = [0], []
    for word in words:
        best: dict[int, tuple[float, int]] = {}
        for number, credit, kind in _matches(space, word, stems, english):
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


def _stems(space: SearchSpace) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for at, word in enumerate(space.plain_vocabulary):
        if len(word) >= 4 and word.isalpha():
            found.setdefault(stem(word), []).append(at)
    return found


def _matches(
    space: SearchSpace, word: str, stems: dict[str, list[int]], english: bool
) -> Iterator[tuple[int, float, int]]:
    """(plain word of the space, credit, kind), the better kind first."""
    number = space.plain_number
    if word in number:
        yield number[word], 1.0, SAME_WORD
    if not english:
        return
    if len(word) >= 4 and word.isalpha():
        for same in stems.get(stem(word), ()):
            yield same, STEM_CREDIT, SAME_STEM
    for wide, step in broader_steps(word):
        if wide in number:
            yield number[wide], BROADER_CREDIT[step - 1], BROADER
    for narrow, step in narrower_steps().get(word, ()):
        if narrow in number:
            yield number[narrow], NARROWER_CREDIT[step - 1], NARROWER


@cache
def thesaurus_words() -> frozenset[str]:
    """Every single word that occurs in a wording of the thesaurus."""
    return frozenset(word for words in (*groups().heads, *readings()[0]) for word in words)


def corrections(space: SearchSpace, words: Sequence[str], english: bool) -> dict[str, Correction]:
    """Words that are not known → what they are read as; a word without a likely reading is left out."""
    strange = [
        word
        for word in words
        if word not in space.number
        and LEAST_MISSPELLED <= len(word) <= MOST_MISSPELLED
        and word.isalpha()
        and not (english and (word in thesaurus_words() or roles_of((word,)) != ("",)))
    ]
    found: dict[str, Correction] = {}
    misspelled = _misspelled(space, strange)
    for word in strange:
        choices = misspelled.get(word, [])
        likely = bool(choices) and choices[0][1] >= LIKELY
        if not likely and english and taken_apart(word):
            continue  # it is made of forms that say what it means
        halves = _halves(space, word) if english else ()
        if halves and not likely:
            found[word] = Correction(halves, 0.95, "compounding")
        elif choices:
            right, likeness = choices[0]
            found[word] = Correction((right,), round(likeness, 4), "misspelling")
    return found


def _halves(space: SearchSpace, word: str) -> tuple[str, ...]:
    for at in range(len(word) - LEAST_HALF, LEAST_HALF - 1, -1):
        if word[:at] in space.number and word[at:] in space.number:
            return word[:at], word[at:]
    return ()


def _prefixed(one: str, other: str) -> bool:
    """Whether one word is the other with something before it: typical and atypical are no misspelling."""
    return one.endswith(other) or other.endswith(one)


def _misspelled(space: SearchSpace, words: Sequence[str]) -> dict[str, list[tuple[str, float]]]:
    """Word → (known word, likeness), the likeliest and most frequent first, from their shared pieces."""
    from rapidfuzz import process
    from rapidfuzz.distance import OSA, JaroWinkler

    if not words or not space.vocabulary:
        return {}
    near: Matrix = nearest_words(space, words).tocoo()
    pairs = [(words[row], space.vocabulary[column]) for row, column in zip(near.row, near.col, strict=True)]
    # Short words whose letters changed places share no piece: "pian", "rahs".
    shuffled_words = [(word, other) for word in words for other in space.of_letters.get(letters(word), ())]
    pairs = list(dict.fromkeys([*pairs, *shuffled_words]))
    if not pairs:
        return {}
    left, right = map(list, zip(*pairs, strict=True))
    edited = process.cpdist(left, right, scorer=OSA.normalized_similarity, dtype=np.float32, workers=1)
    begun = process.cpdist(left, right, scorer=JaroWinkler.similarity, dtype=np.float32, workers=1)
    found: dict[str, list[tuple[str, float]]] = {}
    for word, other, edit, start in zip(left, right, edited, begun, strict=True):
        long = max(len(word), len(other)) >= LONG_WORD
        alike = edit >= (LEAST_LIKENESS_OF_LONG if long else LEAST_LIKENESS)
        # Letters that changed places count little where the beginning is right.
        shuffled = start >= LEAST_BEGUN and edit >= LEAST_EDITED
        if (alike or shuffled) and not _prefixed(word, other):
            found.setdefault(word, []).append((other, (float(edit) + float(start)) / 2))
    often = space.frequency

    def order(pair: tuple[str, float]) -> tuple[float, int, str]:
        # A word that no name of the release has is the less likely one.
        named = int(often[space.number[pair[0]]])
        return -round(pair[1] - (0 if named else UNNAMED), 2), -named, pair[0]

    return {word: sorted(pairs, key=order) for word, pairs in found.items()}
