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

from coding.matching.abbreviations import expanded, short_forms
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
    core = without_places(whole.words)
    if core and core not in seen:
        seen.add(core)
        yield Draft(core, "core")
    for place, words, changed in (*_ambiguous(whole.words), *_other_readings(whole.words)):
        if words not in seen:
            seen.add(words)
            factor = READING_FACTOR - NEXT_READING * place
            yield Draft(words, "reading", factor, (*whole.changed, *changed))


def without_places(words: Words) -> Words:
    """The words that name no place of the body and do not qualify, or () if nothing else is there.

    >>> without_places(("laceration", "left", "arm"))
    ('laceration',)
    """
    roles = roles_of(words)
    kinds = groups().kinds
    kept: dict[int, bool] = {}
    placed = False
    for token in _tokens_between(words):
        place = kinds.get(token.text) == "body"
        placed = placed or place
        for at in range(token.begin, token.end):
            kept[at] = kept.get(at, False) or not (place or roles[at])
    found = tuple(word for at, word in enumerate(words) if kept[at])
    return found if found and placed else ()


#: The place of a reading among its like, the words as read, and what was changed (see Draft).
_Reading = tuple[int, Words, tuple[tuple[int, str, str], ...]]


def _ambiguous(words: Words) -> Iterator[_Reading]:
    """The words with one ambiguous abbreviation read in each of its ways."""
    forms, _ = short_forms()
    for at, (word, role) in enumerate(zip(words, roles_of(words), strict=True)):
        meanings = forms.get((word,), ())
        # What is a side or a time where it stands needs no other reading: "2 hrs", "rt knee".
        if len(meanings) > 1 and role not in ("side", "time"):
            for place, reading in enumerate(meanings[:MOST_READINGS]):
                changed = tuple((at + step, word, "ambiguous_abbreviation") for step in range(len(reading)))
                yield place, (*words[:at], *reading, *words[at + 1 :]), changed


def _other_readings(words: Words) -> Iterator[_Reading]:
    """The words with a finding read as the condition that it shows, or the other way round."""
    found, lengths = readings()
    for at in range(len(words)):
        for length in lengths.get(words[at], ()):
            others = found.get(words[at : at + length], ()) if at + length <= len(words) else ()
            was = " ".join(words[at : at + length])
            for other in others[:MOST_READINGS]:
                changed = tuple((at + step, was, "finding") for step in range(len(other)))
                yield 1, (*words[:at], *other, *words[at + length :]), changed
            if others:
                return


def ambiguous_abbreviations(words: Words) -> tuple[str, ...]:
    """The words that are abbreviations with several readings where they stand."""
    return tuple(dict.fromkeys(changed[0][1] for _, _, changed in _ambiguous(words)))


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
