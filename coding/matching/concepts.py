"""Wordings rewritten to the thesaurus's plain words, so that names that mean the same look the same.

``renal calculus``, ``nephrolithiasis`` and ``kidney stones`` all become ``kidney stone``: by phrases and
words of the thesaurus (rule ``thesaurus``) and by the Greek and Latin forms that medical words are made
of (rule ``word_parts``). Verbatim and name are rewritten alike; nothing is settled by it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import NamedTuple

from coding.matching.abbreviations import expanded
from coding.matching.normalisation import normalise
from coding.matching.word_lists import broader_rows, form_rows, thesaurus
from coding.records import fold

#: Words shorter or longer than this are never taken apart, nor is a part that is a plain word shorter than
#: four: no medical word is longer, and what is longer in a verbatim was not meant to be a word.
LEAST_TAKEN_APART, MOST_TAKEN_APART = 7, 80
#: How often a rewritten word is rewritten again: heads are made of heads.
DEPTH = 3
#: Groups of a condition and the finding of a test that shows it. Dictionaries keep the two apart, so
#: that one is only a further reading of the other, and neither is rewritten.
SOFT_KIND = "finding"
#: Plain words that say in which direction a finding is off.
_DIRECTIONS = frozenset(["high", "low", "fast", "slow", "abnormal", "positive"])

Words = tuple[str, ...]


class Token(NamedTuple):
    """A plain word, and the words of the wording (positions ``begin`` to ``end``) it stands for.
    ``rule`` is "" where the word was not rewritten."""

    text: str
    begin: int
    end: int
    rule: str


@dataclass(frozen=True)
class Thesaurus:
    """The groups, normalised: ``heads`` maps a wording to the plain words of its group, ``phrases``
    a first word to the lengths of the wordings of several words that begin with it, the longest
    first, ``kinds`` a plain word to the kind of its group."""

    heads: dict[Words, Words]
    phrases: dict[str, tuple[int, ...]]
    kinds: dict[str, str]


@cache
def groups() -> Thesaurus:
    """The thesaurus with its wordings normalised. A wording of several groups belongs to the first."""
    heads: dict[Words, Words] = {}
    kinds: dict[str, str] = {}
    for group in thesaurus():
        if group.kind == SOFT_KIND:
            continue
        head = normalise(fold(group.term)).words
        if len(head) == 1:
            kinds.setdefault(head[0], group.kind)
        heads.setdefault(head, head)
        for wording in group.equivalents:
            words = normalise(fold(wording)).words
            if words and words != head:
                heads.setdefault(words, head)
    # A verbatim's abbreviations are written out before it is looked up. No group's own wording gives
    # way to what another's abbreviation is read as.
    for words, head in list(heads.items()):
        heads.setdefault(expanded(words).words, head)
    lengths: dict[str, set[int]] = {}
    for words in heads:
        if len(words) > 1:
            lengths.setdefault(words[0], set()).add(len(words))
    ordered = {first: tuple(sorted(found, reverse=True)) for first, found in lengths.items()}
    return Thesaurus(heads, ordered, kinds)


@cache
def readings() -> tuple[dict[Words, tuple[Words, ...]], dict[str, tuple[int, ...]]]:
    """Wordings of a condition or finding → the others of its group that it may be read as; and a first
    word to the lengths of the wordings that begin with it."""
    found: dict[Words, tuple[Words, ...]] = {}
    lengths: dict[str, set[int]] = {}
    for group in thesaurus():
        if group.kind != SOFT_KIND:
            continue
        wordings = [normalise(fold(text)).words for text in (group.term, *group.equivalents)]
        main = _main_wordings(wordings)
        for words in wordings:
            others = tuple(other for plain, other in main.items() if plain != plain_words(words))
            if words and others:
                found.setdefault(words, others)
                lengths.setdefault(words[0], set()).add(len(words))
    return found, {first: tuple(sorted(sizes, reverse=True)) for first, sizes in lengths.items()}


def _main_wordings(wordings: Sequence[Words]) -> dict[Words, Words]:
    """Plain words → wording, for what a group says in so many words: its head, its single words, and
    the first that names a direction."""
    found: dict[Words, Words] = {}
    for at, words in enumerate(wordings):
        if not at or len(words) == 1:
            found.setdefault(plain_words(words), words)
    for words in wordings:
        plain = plain_words(words)
        if not _DIRECTIONS.isdisjoint(plain):
            found.setdefault(plain, words)
            break
    return found


@cache
def _broader_wordings() -> dict[Words, tuple[Words, ...]]:
    """Plain words → the plain words of what is broader by one step, by the rows of ``broader.csv``."""
    found: dict[Words, dict[Words, None]] = {}
    for row in broader_rows():
        narrow, wide = (plain_words(normalise(fold(text)).words) for text in (row.term, row.broader))
        if narrow and wide and narrow != wide:
            found.setdefault(narrow, {})[wide] = None
    return {words: tuple(wider) for words, wider in found.items()}


#: So many steps up are looked at, over wordings of several words too (duodenum, small intestine, intestine).
_MOST_STEPS = 4


@cache
def broader_steps(word: str) -> tuple[tuple[str, int], ...]:
    """Every single plain word that is broader, with the steps it takes (at most three), nearest first."""
    found: dict[Words, int] = {(word,): 0}
    edge: list[Words] = [(word,)]
    for step in range(1, _MOST_STEPS + 1):
        wider = _broader_wordings()
        edge = [wide for narrow in edge for wide in wider.get(narrow, ()) if wide not in found]
        found.update(dict.fromkeys(edge, step))
    singles = [(words[0], step) for words, step in found.items() if step and len(words) == 1]
    return tuple((wide, min(step, 3)) for wide, step in singles)


@cache
def narrower_steps() -> dict[str, tuple[tuple[str, int], ...]]:
    """Plain word → every single plain word that is narrower, with the steps it takes."""
    found: dict[str, list[tuple[str, int]]] = {}
    for words in _broader_wordings():
        if len(words) == 1:
            for wide, step in broader_steps(words[0]):
                found.setdefault(wide, []).append((words[0], step))
    return {word: tuple(sorted(narrow)) for word, narrow in found.items()}


def plain_words(words: Words) -> Words:
    """The plain words of a normalised wording.

    >>> plain_words(("renal", "calculus")) == plain_words(("kidney", "stone"))
    True
    """
    found: list[str] = []
    for plain, _, _, _ in _pieces(words):
        found += plain
    return tuple(found)


@lru_cache(maxsize=1 << 14)
def plain_tokens(words: Words) -> tuple[Token, ...]:
    """The plain words with what each stands for."""
    found: list[Token] = []
    for plain, at, length, rule in _pieces(words):
        if rule:
            found += [Token(text, at, at + length, rule) for text in plain]
        else:
            found += [Token(text, at + step, at + step + 1, "") for step, text in enumerate(plain)]
    return tuple(found)


def plain_name(words: Words) -> Words:
    """The plain words of a dictionary's name, its abbreviations written out as a verbatim's are."""
    return plain_words(expanded(words).words)


def own_tokens(words: Words) -> tuple[Token, ...]:
    """Each word as its own plain word: for other languages than English."""
    return tuple(Token(word, at, at + 1, "") for at, word in enumerate(words))


#: Plain words, where their wording begins, how many words it takes, and the rule ("": as it stood).
_Piece = tuple[Words, int, int, str]


def _pieces(words: Words) -> list[_Piece]:
    """The wordings that a name consists of, the longest first at each place."""
    phrases, heads = groups().phrases, groups().heads
    found: list[_Piece] = []
    at, end = 0, len(words)
    while at < end:
        word = words[at]
        for length in phrases.get(word, ()):
            phrase = words[at : at + length]
            head = heads.get(phrase) if at + length <= end else None
            if head is not None:
                plain = _settled(head, DEPTH)
                found.append((plain, at, length, "" if plain == phrase else "thesaurus"))
                at += length
                break
        else:
            plain, rule = _single(word)
            found.append((plain, at, 1, rule))
            at += 1
    return found


@cache
def _single(word: str) -> tuple[Words, str]:
    """The plain words of a single word, and the rule."""
    head = groups().heads.get((word,))
    if head is not None:
        plain = _settled(head, DEPTH)
        return plain, "" if plain == (word,) else "thesaurus"
    parts = taken_apart(word)
    if parts:
        return _settled(parts, DEPTH), "word_parts"
    return (word,), ""


@lru_cache(maxsize=1 << 15)
def _settled(head: Words, depth: int) -> Words:
    """The plain words of a head: a head's own words are looked up one by one, never as a whole."""
    if not depth or (len(head) == 1 and groups().heads.get(head, head) == head):
        return head
    found: list[str] = []
    for word in head:
        single = groups().heads.get((word,)) or taken_apart(word) or (word,)
        # "temperature" is read as "body temperature": a head that holds the word says no more of it.
        found += (word,) if word in single else _settled(single, depth - 1)
    return tuple(found)


@cache
def _forms() -> tuple[dict[str, Words], dict[str, Words]]:
    """Start forms and end forms → what they mean, as plain words."""
    found: tuple[dict[str, Words], dict[str, Words]] = ({}, {})
    for row in form_rows():
        meaning = normalise(fold(row.meaning)).words
        found[row.position == "end"].setdefault(row.form, meaning)
    return found


@cache
def taken_apart(word: str) -> Words:
    """The plain words that a medical word's parts mean, or () for a word that is not made of them.

    Start forms and one end form must make up the whole word; the fewest parts win.

    >>> taken_apart("table")
    ()
    """
    if not LEAST_TAKEN_APART <= len(word) <= MOST_TAKEN_APART or not word.isalpha():
        return ()
    best = _parts(word, True)
    return best if best is not None and len(best) > 1 else ()


def _parts(rest: str, first: bool) -> Words | None:
    starts, ends = _forms()
    if not first and rest in ends:
        return ends[rest]
    best: Words | None = None
    for length in range(len(rest) - 2, 1, -1):
        meaning = starts.get(rest[:length])
        if meaning is None:
            continue
        others = _parts(rest[length:], False)
        if others is not None and (best is None or len(meaning) + len(others) < len(best)):
            best = (*meaning, *others)
    return best
