"""Verbatims as the wordings that candidates are looked for with.

The verbatim as a whole comes first; then, with a factor that makes them count less, the verbatim
without its brackets and its cause, each of its concepts, and each reading of an ambiguous
abbreviation. Words that the dictionary lacks are first read as what they are likely to be: a
misspelling, or two words written as one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from coding.matching.abbreviations import Expanded, expanded, short_forms
from coding.matching.concepts import Token, groups, own_tokens, plain_tokens, readings
from coding.matching.normalisation import NormalName, normalise
from coding.matching.retrieval import IntArray, SearchSpace, Texts, as_texts
from coding.matching.similar_words import Correction, corrections
from coding.matching.structure import MEASURE, roles_of, structure_of

Words = tuple[str, ...]

#: What the first reading of an abbreviation or finding counts beside the verbatim as it stands, and
#: how much less each further one: the usual reading stands first.
READING_FACTOR, NEXT_READING = 0.96, 0.02
#: Wordings that say all that the verbatim says, those that say a part, and the one without places.
PARTIAL = ("whole", "reading", "main", "part", "later part", "core")
#: An ambiguous abbreviation is read in no more than so many ways, a verbatim in so many wordings.
MOST_READINGS = 4
MOST_WORDINGS = 10
#: Of a longer verbatim only so many words are looked at.
MOST_WORDS = 40


@dataclass(frozen=True, slots=True)
class Draft:
    """A wording before its words are looked up: ``words`` as they are read, its ``kind`` (one of
    PARTIAL), what it counts beside the verbatim as it stands, and for changed positions what stood
    there and why it is read so."""

    words: Words
    kind: str
    factor: float = 1.0
    changed: tuple[tuple[int, str, str], ...] = ()
    trust: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Wording:
    """One wording of a verbatim, with its plain words (``tokens``) and the ``roles`` of these."""

    words: Words
    kind: str
    changed: tuple[tuple[int, str, str], ...]
    tokens: tuple[Token, ...]
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """A verbatim to be ranked: folded, and after the rules of normalisation. ``form`` is
    ``event`` or ``procedure`` where the form says which of the two it is, else ""."""

    folded: str
    name: NormalName
    form: str = ""


@dataclass(frozen=True)
class Wordings:
    """The wordings of some verbatims. Wording ``i`` belongs to verbatim ``owner[i]``; ``kind`` is the
    place of its kind in PARTIAL. ``words`` and ``plain`` are their distinct words and plain words;
    ``trust`` stands beside ``plain_texts.words`` and says how sure the reading of each is."""

    items: list[Wording]
    owner: IntArray
    factor: npt.NDArray[np.float64]
    kind: npt.NDArray[np.int8]
    words: list[str]
    texts: Texts
    plain: list[str]
    plain_texts: Texts
    trust: npt.NDArray[np.float32]


def make_wordings(space: SearchSpace, verbatims: Sequence[Asked], english: bool) -> Wordings:
    """The wordings of normalised verbatims, their words corrected by those of the space."""
    drafts: list[Draft] = []
    owner: list[int] = []
    for at, asked in enumerate(verbatims):
        found = list(_drafts(asked, english))[:MOST_WORDINGS]
        drafts += found
        owner += [at] * len(found)
    vocabulary = sorted({word for draft in drafts for word in draft.words})
    right = corrections(space, vocabulary, english)
    drafts = [_corrected(draft, right) for draft in drafts] if right else drafts
    items = [_looked_up(draft, english) for draft in drafts]
    names = [tuple(token.text for token in item.tokens) for item in items]
    words = sorted({word for item in items for word in item.words})
    plain = sorted({word for name in names for word in name})
    trust = [
        min(draft.trust[token.begin : token.end]) if draft.trust else 1.0
        for draft, item in zip(drafts, items, strict=True)
        for token in item.tokens
    ]
    return Wordings(
        items=items,
        owner=np.array(owner, dtype=np.int64),
        factor=np.array([draft.factor for draft in drafts], dtype=np.float64),
        kind=np.array([PARTIAL.index(item.kind) for item in items], dtype=np.int8),
        words=words,
        texts=as_texts([item.words for item in items], {word: at for at, word in enumerate(words)}),
        plain=plain,
        plain_texts=as_texts(names, {word: at for at, word in enumerate(plain)}),
        trust=np.array(trust, dtype=np.float32),
    )


def _looked_up(draft: Draft, english: bool) -> Wording:
    tokens = _tokens_between(draft.words) if english else own_tokens(draft.words)
    return Wording(draft.words, draft.kind, draft.changed, tokens, token_roles(draft.words, tokens))


#: Roles of words that may stand within a phrase of the thesaurus: "missed my period", "swollen left ankle".
_WITHIN = frozenset(["filler", "side", "severity", "course", MEASURE])


@lru_cache(maxsize=1 << 15)
def _tokens_between(words: Words) -> tuple[Token, ...]:
    """The plain words, with qualifying words taken out of phrases where that makes a phrase of more."""
    tokens = plain_tokens(words)
    kept = [at for at, role in enumerate(roles_of(words)) if role not in _WITHIN]
    if len(kept) == len(words) or len(kept) < 2:
        return tokens
    inner = plain_tokens(tuple(words[at] for at in kept))
    left_out = len(words) - len(kept)
    if len({(token.begin, token.end) for token in inner}) + left_out >= len(
        {(token.begin, token.end) for token in tokens}
    ):
        return tokens
    moved = [Token(token.text, kept[token.begin], kept[token.end - 1] + 1, token.rule) for token in inner]
    outside = [Token(word, at, at + 1, "") for at, word in enumerate(words) if at not in kept]
    return tuple(sorted([*moved, *outside], key=lambda token: (token.begin, token.end)))


def token_roles(words: Words, tokens: tuple[Token, ...]) -> tuple[str, ...]:
    """The role of each plain word: that of the words it stands for, or "" where they differ."""
    roles = roles_of(words)
    return tuple(
        roles[token.begin] if len(set(roles[token.begin : token.end])) == 1 else "" for token in tokens
    )


def _drafts(asked: Asked, english: bool) -> Iterator[Draft]:
    """The wordings before their words are corrected, the verbatim as a whole first."""
    if not english:
        yield Draft(asked.name.words[:MOST_WORDS], "whole")
        return
    whole = expanded(asked.name.words[:MOST_WORDS])
    yield Draft(whole.words, "whole", changed=whole.changed)
    seen = {whole.words}
    structure = structure_of(asked.folded)
    parts = [("later part" if at else "part", text) for at, text in enumerate(structure.parts)]
    for kind, text in (*parts, ("main", structure.main)):
        part = expanded(normalise(text).words[:MOST_WORDS])
        if part.words and part.words not in seen:
            seen.add(part.words)
            yield Draft(part.words, kind, changed=part.changed)
    kept = _places_left(whole.words)
    core = tuple(whole.words[at] for at in kept)
    if core and core not in seen:
        seen.add(core)
        changed = tuple((kept.index(at), was, why) for at, was, why in whole.changed if at in kept)
        yield Draft(core, "core", changed=changed)
    for place, words, changed in (*_ambiguous(whole), *_other_readings(whole)):
        if words not in seen:
            seen.add(words)
            yield Draft(words, "reading", READING_FACTOR - NEXT_READING * place, changed)


def without_places(words: Words) -> Words:
    """The words that name no place of the body and do not qualify, or () if nothing else is there.

    >>> without_places(("laceration", "left", "arm"))
    ('laceration',)
    """
    return tuple(words[at] for at in _places_left(words))


def _places_left(words: Words) -> tuple[int, ...]:
    """Where the words of :func:`without_places` stand."""
    roles = roles_of(words)
    kinds = groups().kinds
    kept: dict[int, bool] = {}
    placed = False
    for token in _tokens_between(words):
        place = kinds.get(token.text) == "body"
        placed = placed or place
        for at in range(token.begin, token.end):
            kept[at] = kept.get(at, False) or not (place or roles[at])
    return tuple(at for at in range(len(words)) if kept[at]) if placed else ()


_Changed = tuple[tuple[int, str, str], ...]
#: The place of a reading among its like, the words as read, and what was changed (see Draft).
_Reading = tuple[int, Words, _Changed]


def _read_as(whole: Expanded, at: int, length: int, reading: Words, why: str) -> tuple[Words, _Changed]:
    """The words with ``length`` of them, from ``at`` on, read otherwise; and all that was changed."""
    words, end, last = whole.words, at + length, at + len(reading)
    was = " ".join(words[at:end])
    changed = [(at + step, was, why) for step in range(len(reading))]
    for place, before, how in whole.changed:
        moved = place - end + last if place >= end else place
        if place >= end or moved < last:
            changed.append((moved, before, how))
    changed.sort(key=lambda item: item[0])
    return (*words[:at], *reading, *words[end:]), tuple(changed)


def _ambiguous(whole: Expanded) -> Iterator[_Reading]:
    """The words with one ambiguous abbreviation read in each of its ways."""
    for at, word in _unclear(whole.words):
        for place, reading in enumerate(short_forms()[0][word,][:MOST_READINGS]):
            yield place, *_read_as(whole, at, 1, reading, "ambiguous_abbreviation")


def _unclear(words: Words) -> Iterator[tuple[int, str]]:
    forms, _ = short_forms()
    for at, (word, role) in enumerate(zip(words, roles_of(words), strict=True)):
        # What is a side or a time where it stands needs no other reading: "2 hrs", "rt knee".
        if len(forms.get((word,), ())) > 1 and role not in ("side", "time"):
            yield at, word


def _other_readings(whole: Expanded) -> Iterator[_Reading]:
    """The words with a finding read as the condition that it shows, or the other way round."""
    found, lengths = readings()
    words = whole.words
    for at in range(len(words)):
        for length in lengths.get(words[at], ()):
            others = found.get(words[at : at + length], ()) if at + length <= len(words) else ()
            for other in others[:MOST_READINGS]:
                yield 1, *_read_as(whole, at, length, other, "finding")
            if others:
                return


def ambiguous_abbreviations(words: Words) -> tuple[str, ...]:
    """The words that are abbreviations with several readings where they stand."""
    return tuple(dict.fromkeys(word for _, word in _unclear(words[:MOST_WORDS])))


def _corrected(draft: Draft, right: dict[str, Correction]) -> Draft:
    if right.keys().isdisjoint(draft.words):
        return draft
    words: list[str] = []
    changed: list[tuple[int, str, str]] = []
    trust: list[float] = []
    places: dict[int, int] = {}
    for at, word in enumerate(draft.words):
        places[at] = len(words)
        found = right.get(word)
        if found is None:
            words.append(word)
            trust.append(1.0)
            continue
        changed += [(len(words) + step, word, found.rule) for step in range(len(found.words))]
        words += found.words
        trust += [found.likeness] * len(found.words)
    moved = tuple((places[at], was, why) for at, was, why in draft.changed if at in places)
    return Draft(tuple(words), draft.kind, draft.factor, (*moved, *changed), tuple(trust))
