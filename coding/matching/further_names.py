"""Further wordings of a release's terms, from the open event dictionary that ships.

The open dictionary gathers wordings by concept. Where one of them is a name of the release, the others
become further names of that term: they help to find candidates (rule ``open_synonym``) and never
settle anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from coding.matching.concepts import broader_steps, plain_words
from coding.matching.normalisation import NormalName, normalise
from coding.records import fold
from dictionaries.model import Dictionary
from dictionaries.open_drugs import NAME as OPEN_DRUGS
from dictionaries.open_events import MEASURED_FOLDER
from schemas.vocabulary import TermStatus

#: A further wording is offered for no more than so many terms of a concept.
MOST_TERMS = 3

Words = tuple[str, ...]


@dataclass(frozen=True)
class FurtherNames:
    """``words[i]`` is a further name of the term in row ``rows[i]`` and stands in the open dictionary
    as ``texts[i]``; ``place`` is 1 for the term it is most likely to mean, 2 for the next. ``twin``
    says row by row whether another preferred term names the same concept."""

    texts: list[str]
    words: list[Words]
    rows: npt.NDArray[np.int64]
    place: npt.NDArray[np.uint8]
    twin: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class _Link:
    """A term of the release whose name belongs to a concept; ``main`` if it is the concept's own name."""

    row: int
    preferred: str
    main: bool
    words: frozenset[str]
    plain: frozenset[str]


def further_names(
    release: str,
    names: Sequence[NormalName],
    preferred: Sequence[str],
    shown: npt.NDArray[np.int64],
) -> FurtherNames:
    """The further names of a release's terms, row by row of its index; none for the open dictionaries."""
    twin = np.zeros(len(names), dtype=bool)
    open_events = Dictionary.open(MEASURED_FOLDER)
    texts: list[str] = []
    words: list[Words] = []
    rows: list[int] = []
    places: list[int] = []
    if release.casefold() in {open_events.release.name.casefold(), OPEN_DRUGS}:
        return no_further_names(len(names))
    known: dict[str, list[int]] = {}
    for row, name in enumerate(names):
        if shown[row] >= 0:
            known.setdefault(name.any_order, []).append(row)
    for concept in _concepts(open_events):
        links = list(_links(concept, known, names, preferred, shown))
        if len({link.preferred for link in links}) > 1:
            twin[[link.row for link in links]] = True
        for text, name in concept.wordings if links else ():
            if name.any_order not in known:
                for place, row in _best(links, name):
                    places.append(place)
                    texts.append(text)
                    words.append(name.words)
                    rows.append(row)
    return FurtherNames(texts, words, np.array(rows, dtype=np.int64), np.array(places, dtype=np.uint8), twin)


def no_further_names(rows: int) -> FurtherNames:
    """For a release of so many rows that the open dictionary does not help."""
    nothing = np.zeros(0, dtype=np.int64)
    return FurtherNames([], [], nothing, nothing.astype(np.uint8), np.zeros(rows, dtype=bool))


@dataclass(frozen=True)
class _Concept:
    main: str
    wordings: list[tuple[str, NormalName]]


def _concepts(dictionary: Dictionary) -> Iterator[_Concept]:
    terms = dictionary.coding_terms
    terms = terms[terms["status"] == TermStatus.CURRENT]
    level = dictionary.release.preferred_level
    named = dictionary.terms[dictionary.terms["level"] == level]
    own = dict(zip(named["code"], named["text"], strict=True))
    gathered: dict[str, list[tuple[str, NormalName]]] = {}
    for text, code in zip(terms["text"], terms["preferred_code"], strict=True):
        gathered.setdefault(code, []).append((text, normalise(fold(text))))
    for code, wordings in gathered.items():
        yield _Concept(normalise(fold(own[code])).any_order, wordings)


def _links(
    concept: _Concept,
    known: dict[str, list[int]],
    names: Sequence[NormalName],
    preferred: Sequence[str],
    shown: npt.NDArray[np.int64],
) -> Iterator[_Link]:
    seen: set[str] = set()
    for key in dict.fromkeys([concept.main, *(name.any_order for _, name in concept.wordings)]):
        for row in known.get(key, ()):
            if preferred[row] not in seen:
                seen.add(preferred[row])
                words = names[row].words
                plain = frozenset(plain_words(words))
                yield _Link(row, preferred[row], key == concept.main, frozenset(words), plain)


def _best(links: Sequence[_Link], name: NormalName) -> Iterator[tuple[int, int]]:
    """(place, row) of what a wording is most likely to mean: the most alike, then the concept's own
    name. Terms that are equally likely share a place."""
    words = frozenset(name.words)
    plain = frozenset(plain_words(name.words))
    plain |= {wide for word in plain for wide, _ in broader_steps(word)}

    def order(link: _Link) -> tuple[float, float, bool]:
        shared = len(plain & link.plain) / len(link.plain)
        same = len(words & link.words) / len(words | link.words)
        return -round(shared, 6), -round(same, 6), not link.main

    ranked = sorted((order(link), link.row) for link in links)[:MOST_TERMS]
    places = {rank: at for at, rank in enumerate(dict.fromkeys(rank for rank, _ in ranked), start=1)}
    for rank, row in ranked:
        yield places[rank], row
