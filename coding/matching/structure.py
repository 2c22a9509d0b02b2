"""How a verbatim is built: its concepts, what stands in brackets, the cause, and words that only qualify.

Read from the folded verbatim. Nothing is taken away for good: every reading is one more wording that
candidates are looked for with, and the verbatim as a whole is always the first.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache

from coding.matching.concepts import groups, plain_tokens
from coding.matching.normalisation import normalise
from coding.matching.word_lists import phrases_of_role, words_of_kind
from coding.records import fold

#: No verbatim is taken apart further than this.
MOST_PARTS = 6
#: Of a longer verbatim only the beginning is read for its structure: nobody writes so long a name.
LONGEST_READ = 400

#: Roles of words that qualify a concept and are none themselves, from ``wording/qualifiers.csv``.
LIGHT_ROLES = ("severity", "course", "time", "side", "uncertain", "filler", "cause", "joining", "negation")
#: The same, found by their form and not in a list.
MEASURE = "measure"

_BRACKETED = re.compile(r"[(\[{][^()\[\]{}]*[)\]}]?")
_BARE_NUMBER = re.compile(r"\d+(?:[.,]\d+)?\Z")
#: Units that are units only behind a number: "2 hr", but "HR increased".
_UNITS = frozenset(["h", "hr", "min", "sec", "s", "d", "wk", "mo", "yr"])
#: Units of a measured value: the value and its unit are no part of the concept ("temp 101.2 f").
_MEASURES = frozenset(
    ["kg", "lb", "lbs", "pound", "cm", "mm", "mg", "ml", "dl", "g", "f", "c", "%", "bpm", "mmhg", "mmol",
     "iu", "u", "inch", "degree"]
)  # fmt: skip
_VALUE = re.compile(r"\d+[.,]\d+\Z|\d{3,}\Z|\d+/\d+\Z|\d+(?:[.,]\d+)?(?:kg|lbs?|cm|mm|mg|ml|f|c|%|bpm)\Z")
_TIME_NUMBER = re.compile(
    r"x\d+|\d+(?:x|d|h|hr|hrs|min|mins|wk|wks|mo|yr|yrs|am|pm)\Z|\d+[:/.-]\d+[:/.-]\d+\Z|\d+:\d+\Z"
)
#: "chemo-induced nausea": the cause stands first.
_CAUSE_BEFORE = re.compile(
    r"(?P<cause>\S+(?: \S+)?)[ -](?:induced|related|associated|mediated) (?P<main>.+)\Z"
)
_SPLITTING = (
    r"\s*[;\n]\s*|\s*,(?!\d)\s*|\s+[-\u2013\u2014]+\s+|\s*&\s*|\s+\+\s*|(?<=[^\W\d]{2})\s*/\s*(?=[^\W\d]{2})"
)


@dataclass(frozen=True, slots=True)
class Structure:
    """What a folded verbatim consists of. ``main`` is the verbatim without brackets and cause;
    ``parts`` are the separate concepts, at least two or none; ``cause`` is what "due to" names."""

    main: str
    parts: tuple[str, ...]
    cause: str
    uncertain: bool


@lru_cache(maxsize=1 << 14)
def structure_of(folded: str) -> Structure:
    """Take a folded verbatim apart.

    >>> structure_of("nausea, vomiting and rash on arm").parts
    ('nausea', 'vomiting', 'rash on arm')
    """
    text = folded[:LONGEST_READ]
    without = " ".join(_BRACKETED.sub(" ", text).split())
    main, cause = _main_and_cause(without or text)
    parts = tuple(_concepts(_pieces(main)))
    uncertain = _uncertain().search(text) is not None
    return Structure(main or text, parts if len(parts) > 1 else (), cause, uncertain)


def _main_and_cause(text: str) -> tuple[str, str]:
    head, colon, _ = text.partition(": ")
    if colon and _says_something(head):
        return head, ""
    before = _CAUSE_BEFORE.match(text)
    if before is not None and _says_something(before["main"]):
        return before["main"], before["cause"]
    found = _cause().search(text)
    if found is None or not _says_something(text[: found.start()]):
        return text, ""
    return text[: found.start()].strip(" ,;-"), text[found.end() :].strip(" ,;-")


def _pieces(text: str) -> list[str]:
    pieces = _between().split(text)  # a piece, what stands between, the next piece …
    found = [pieces[0]]
    for between, piece in zip(pieces[1::2], pieces[2::2], strict=True):
        together = f"{found[-1]}{between}{piece}"
        # "Pins and needles" is one concept: the thesaurus knows it as one.
        if normalise(together.strip()).words in groups().heads:
            found[-1] = together
        else:
            found.append(piece)
    return [piece.strip() for piece in found if piece.strip()]


def _concepts(pieces: Iterable[str]) -> Iterator[str]:
    """The pieces that name a concept; what only names a place or a time goes with the one before."""
    current = ""
    count = 0
    for piece in pieces:
        if current and count < MOST_PARTS - 1 and _says_something(piece) and _says_something(current):
            yield current
            current, count = piece, count + 1
        else:
            current = f"{current} {piece}".strip()
    if current:
        yield current


@lru_cache(maxsize=1 << 14)
def _says_something(text: str) -> bool:
    """Whether a text names more than places, times and qualifiers."""
    words = normalise(fold(text)).words
    roles = roles_of(words)
    kinds = groups().kinds
    return any(
        not roles[token.begin] and kinds.get(token.text) != "body" and len(token.text) > 1
        for token in plain_tokens(words)
    )


@lru_cache(maxsize=1 << 14)
def cause_words(folded: str) -> frozenset[str]:
    """The normalised words of a verbatim that only say what caused the event, "due to" among them."""
    structure = structure_of(folded)
    if not structure.cause:
        return frozenset()
    main = normalise(structure.main).words
    return frozenset(word for word in normalise(folded[:LONGEST_READ]).words if word not in main)


@cache
def _alternatives(*roles: str) -> str:
    phrases = {phrase for role in roles for phrase in phrases_of_role(role)}
    return "|".join(re.escape(phrase) for phrase in sorted(phrases, key=lambda item: (-len(item), item)))


@cache
def _between() -> re.Pattern[str]:
    return re.compile(rf"({_SPLITTING}|(?<!\S)(?:{_alternatives('joining')})(?!\S))")


@cache
def _cause() -> re.Pattern[str]:
    return re.compile(rf"(?<!\S)(?:{_alternatives('cause')})(?!\S)")


@cache
def _uncertain() -> re.Pattern[str]:
    return re.compile(rf"(?<!\S)(?:{_alternatives('uncertain')})(?!\S)|[?\uff1f]")


@cache
def _role_phrases() -> tuple[dict[tuple[str, ...], str], dict[str, tuple[int, ...]]]:
    found: dict[tuple[str, ...], str] = {}
    for role in LIGHT_ROLES:
        for phrase in phrases_of_role(role):
            words = normalise(fold(phrase)).words
            # "area of" must not make "area" light: where a function word goes, one word is too few.
            if words and (len(words) > 1 or len(phrase.split()) == 1):
                found.setdefault(words, role)
    for word in words_of_kind("stop"):
        found.setdefault((word,), "filler")
    lengths: dict[str, set[int]] = {}
    for words in found:
        lengths.setdefault(words[0], set()).add(len(words))
    return found, {first: tuple(sorted(sizes, reverse=True)) for first, sizes in lengths.items()}


@lru_cache(maxsize=1 << 16)
def roles_of(words: tuple[str, ...]) -> tuple[str, ...]:
    """For each normalised word the role it has besides naming a concept, or "".

    >>> roles_of(("severe", "headache"))
    ('severity', '')
    """
    phrases, lengths = _role_phrases()
    roles = [""] * len(words)
    at = 0
    while at < len(words):
        for length in lengths.get(words[at], ()):
            role = phrases.get(words[at : at + length])
            if role is not None and len(words[at : at + length]) == length:
                roles[at : at + length] = [role] * length
                at += length
                break
        else:
            at += 1
    return tuple(_numbers(words, roles))


@lru_cache(maxsize=1 << 15)
def telling_words(words: tuple[str, ...]) -> tuple[str, ...]:
    """The words that do not only qualify; all of them if there is no other.

    >>> telling_words(("severe", "left", "headache"))
    ('headache',)
    """
    told = tuple(word for word, role in zip(words, roles_of(words), strict=True) if not role)
    return told or words


def _numbers(words: tuple[str, ...], roles: list[str]) -> Iterator[str]:
    """A number beside a word of time ("3 days", "x 2") is a time; others may belong to a name."""
    for at, (word, role) in enumerate(zip(words, roles, strict=True)):
        if role:
            yield role
        elif word == "a" and at + 1 < len(words):
            yield "filler"  # "a rash"; the last word of "hepatitis a" is a name
        elif _TIME_NUMBER.match(word) or _timed(words, roles, at):
            yield "time"
        elif _VALUE.match(word) or _measured(words, at):
            yield MEASURE
        else:
            yield ""


def _timed(words: tuple[str, ...], roles: list[str], at: int) -> bool:
    """Whether a number and a word or unit of time stand beside each other here."""
    if words[at] in _UNITS:
        return at > 0 and _BARE_NUMBER.match(words[at - 1]) is not None
    if not _BARE_NUMBER.match(words[at]):
        return False
    beside = (*roles[max(0, at - 1) : at], *roles[at + 1 : at + 2])
    return "time" in beside or not _UNITS.isdisjoint(words[at + 1 : at + 2])


def _measured(words: tuple[str, ...], at: int) -> bool:
    """Whether a number and a unit stand beside each other here, or two numbers: 140/90 arrives as
    ``140 and 90``."""
    if words[at].isdigit() or words[at] == "and":
        around = words[max(0, at - 2) : at + 3]
        for first, joining, second in zip(around, around[1:], around[2:], strict=False):
            if first.isdigit() and joining == "and" and second.isdigit():
                return True
    if words[at] in _MEASURES:
        return at > 0 and words[at - 1][0].isdigit()
    return words[at][0].isdigit() and words[at + 1 : at + 2] != () and words[at + 1] in _MEASURES
