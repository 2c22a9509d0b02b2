"""Abbreviations that only help to rank: those with one reading are written out, others are read in
each of their ways (:mod:`coding.matching.wordings`).

They settle nothing: what is written out before names are compared stands in ``abbreviations.csv``.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache

from coding.matching.normalisation import normalise
from coding.matching.word_lists import ranking_abbreviations
from coding.records import fold

Words = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Expanded:
    """Words with their abbreviations written out; ``changed`` for each position that
    was changed what stood there, and why it is read so."""

    words: Words
    changed: tuple[tuple[int, str, str], ...]


@cache
def short_forms() -> tuple[dict[Words, tuple[Words, ...]], dict[str, tuple[int, ...]]]:
    """Abbreviations, as they come out of the rules, → their readings; and a first word to the lengths
    of the abbreviations that begin with it."""
    found: dict[Words, tuple[Words, ...]] = {}
    lengths: dict[str, set[int]] = {}
    for short, meanings in ranking_abbreviations().items():
        read = tuple(normalise(fold(meaning)).words for meaning in meanings)
        found[tuple(short.split())] = read
        key = normalise(fold(short)).words
        # "gi bug" arrives as "gastrointestinal bug"; single words that change are other words.
        if len(key) > 1 and key not in read:
            found.setdefault(key, read)
    for key in found:
        lengths.setdefault(key[0], set()).add(len(key))
    return found, {first: tuple(sorted(sizes, reverse=True)) for first, sizes in lengths.items()}


@lru_cache(maxsize=1 << 15)
def expanded(words: Words) -> Expanded:
    """Write out abbreviations that have one reading."""
    forms, lengths = short_forms()
    if lengths.keys().isdisjoint(words):
        return Expanded(words, ())
    found: list[str] = []
    changed: list[tuple[int, str, str]] = []
    at = 0
    while at < len(words):
        for length in lengths.get(words[at], ()):
            meanings = forms.get(words[at : at + length], ())
            if len(meanings) == 1 and len(words[at : at + length]) == length:
                changed += [
                    (len(found) + step, " ".join(words[at : at + length]), "abbreviations")
                    for step in range(len(meanings[0]))
                ]
                found += meanings[0]
                at += length
                break
        else:
            found.append(words[at])
            at += 1
    return Expanded(tuple(found), tuple(changed))
