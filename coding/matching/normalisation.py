"""Named changes of a string that leave its meaning alone, and which of them were needed.

A verbatim and a term go through the same rules; two that come out equal are the same name written
differently. No rule ever drops a word that carries a concept: negations, severity, course,
laterality and direction stay. What is only *likely* to mean the same belongs into the thesaurus.

==================  ==========================================================================
rule                what it does
==================  ==========================================================================
diacritics          ``é`` → ``e``, ``œ`` → ``oe``
apostrophe          ``crohn's`` → ``crohn``
brackets            the brackets go, their content stays; ``rash(es)`` → ``rash``
conjunction         ``&``, ``/`` and ``+`` between words → ``and`` (``hiv+`` keeps its sign)
punctuation         other marks → space; ``c.o.p.d.`` → ``copd``; signs such as ``>``, ``%`` and ``?`` stay
abbreviations       those of ``wording/abbreviations.csv``
uk_us_spelling      UK → US spelling (``dictionaries.wording``)
numerals            ``type ii`` → ``type 2``, ``first degree`` → ``1st degree``
stop_words          function words only (``of``, ``the``, ``in`` …); never ``a``: hepatitis A
plural              plural → singular
compounding         ``head ache`` = ``headache``: equal when written without spaces
word_order          ``pain abdominal`` = ``abdominal pain``; not when a word such as ``due``,
                    ``with`` or ``without`` says which concept is which
==================  ==========================================================================
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache

from coding.matching.word_lists import abbreviations, ranking_abbreviations, words_of_kind
from dictionaries.wording import singular, to_us

#: Raised when a rule changes what it does; part of every index's fingerprint.
RULES_VERSION = "2"

RULES = (
    "diacritics", "apostrophe", "brackets", "conjunction", "punctuation", "abbreviations",
    "uk_us_spelling", "numerals", "stop_words", "plural", "compounding", "word_order",
)  # fmt: skip

#: Rules that hold for English names only; other languages are matched without them.
ENGLISH_RULES = frozenset(
    {"diacritics", "abbreviations", "uk_us_spelling", "numerals", "stop_words", "plural"}
)

_PLAIN = re.compile(r"[a-z0-9 ]*\Z")
_APOSTROPHES = str.maketrans({"\u2019": "'", "\u2018": "'", "\u00b4": "'", "`": "'", "\u02bc": "'"})
_POSSESSIVE = re.compile(r"(?<=\w)'s(?!\w)|(?<=s)'(?!\w)")
_OPTIONAL_PLURAL = re.compile(r"(?<=[a-z])\((?:s|es)\)?")
_BRACKETS = re.compile(r"[()\[\]{}]")
_SHORT_SLASH = re.compile(r"(?<![\w/])([a-z])/([a-z]?)(?![\w/])")
_SLASH_HELD = "\ue000"
_JOINING = re.compile(r"[&/+]")
_CONJUNCTION = re.compile(r"\s*[&/]\s*|\s+\+\s+|(?<=\w)\+(?=[a-z])")
_INITIALS = re.compile(r"(?<![\w.])(?:[a-z]\.){2,}(?:[a-z](?!\w))?")
_NUMBER_POINT = re.compile(r"(?<=\d)[.,](?=\d)")
_POINT_HELD = "\ue001"
_SIGNS = re.compile(r"([<>=%?±^~\u2191\u2193\u2264\u2265]|\+)")
_MARKS = re.compile(r"[^\w\s<>=%?±^~\u2191\u2193\u2264\u2265+\ue000\ue001]|_")
_LIGATURES = str.maketrans({"æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th"})

_ROMAN = {"ii": "2", "iii": "3", "vi": "6", "vii": "7", "viii": "8", "xii": "12", "xiii": "13"}
#: Single letters and ``iv`` mean other things too (vitamin D, intravenous), except after these words.
_ROMAN_AFTER_CLASS = {**_ROMAN, "i": "1", "iv": "4", "v": "5", "ix": "9", "x": "10", "xi": "11"}
_CLASS_WORDS = frozenset(
    ["type", "grade", "stage", "factor", "class", "degree", "phase", "nerve", "bipolar", "group", "level"]
)
_NUMBER_WORDS = {
    "first": "1st", "second": "2nd", "third": "3rd", "fourth": "4th", "fifth": "5th", "sixth": "6th",
    "seventh": "7th", "eighth": "8th", "one": "1", "two": "2", "three": "3", "four": "4",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class NormalName:
    """A name after the rules: its words in order, and the rules that changed it (as in RULES)."""

    words: tuple[str, ...]
    rules: tuple[str, ...]

    @property
    def ordered(self) -> str:
        return " ".join(self.words)

    @property
    def any_order(self) -> str:
        """Equal for two names with the same words; the words in order where order carries meaning."""
        if not _in_fixed_order().isdisjoint(self.words):
            return "\x1f" + self.ordered
        return " ".join(sorted(self.words))

    @property
    def compact(self) -> str:
        return "".join(self.words)


@cache
def _in_fixed_order() -> frozenset[str]:
    return words_of_kind("ordered") | words_of_kind("negation")


def is_negated_words(words: tuple[str, ...]) -> bool:
    """Whether one of the words denies (``no``, ``without``, ``denies`` …)."""
    return not words_of_kind("negation").isdisjoint(words)


def normalise(folded: str, without: frozenset[str] = frozenset()) -> NormalName:
    """Apply the rules, except those in ``without``, to a folded text (:func:`coding.records.fold`).

    >>> normalise("oedema of the (lower) legs").ordered
    'edema lower leg'
    """
    fired: set[str] = set()
    text = folded if _PLAIN.match(folded) else _plain_text(folded, without, fired)
    words = _known_words(text.split(), without, fired)
    rules = tuple(rule for rule in RULES if rule in fired) if fired else ()
    return NormalName(tuple(words), rules)


def _plain_text(text: str, without: frozenset[str], fired: set[str]) -> str:
    """The character-level rules. Signs that carry meaning become words of their own."""

    def rule(name: str, before: str, after: str) -> str:
        if name in without or before == after:
            return before
        fired.add(name)
        return after

    # Each pattern is tried only where its marks occur: most names have none or few.
    if not text.isascii():
        text = rule("diacritics", text, _without_diacritics(text))
        text = text.translate(_APOSTROPHES)
    if "'" in text:
        text = rule("apostrophe", text, _POSSESSIVE.sub("", text).replace("'", ""))
    if _BRACKETS.search(text):
        text = rule("brackets", text, _BRACKETS.sub(" ", _OPTIONAL_PLURAL.sub("", text)))
    if _JOINING.search(text):
        text = _SHORT_SLASH.sub(rf"\1{_SLASH_HELD}\2", text)
        text = rule("conjunction", text, _CONJUNCTION.sub(" and ", text))
    if "." in text or "," in text:
        text = _NUMBER_POINT.sub(_POINT_HELD, text)
    joined = _INITIALS.sub(lambda match: match.group().replace(".", ""), text) if "." in text else text
    text = rule("punctuation", text, _MARKS.sub(" ", joined))
    if _SIGNS.search(text):
        text = _SIGNS.sub(r" \1 ", text)
    return text.replace(_POINT_HELD, ".").replace(_SLASH_HELD, "/")


def _without_diacritics(text: str) -> str:
    # Only Latin marks: in other scripts (Japanese) a mark makes another letter.
    split = unicodedata.normalize("NFKD", text.translate(_LIGATURES))
    kept = "".join(letter for letter in split if not "\u0300" <= letter <= "\u036f")
    return unicodedata.normalize("NFC", kept)


@dataclass(frozen=True, slots=True)
class _Fact:
    """What the word rules do to a word wherever it stands, and where its neighbours matter."""

    words: tuple[str, ...]
    rules: tuple[str, ...]
    phrase_lengths: tuple[int, ...]
    number: str
    number_after_class: str
    stop: bool


class _Facts(dict[str, "_Fact | None"]):
    """Word → what is to be done to it, worked out once; None for a word that stays as it is."""

    def __init__(self, without: frozenset[str]) -> None:
        super().__init__()
        self.without = without

    def __missing__(self, word: str) -> _Fact | None:
        without = self.without
        words, rules = _word(word, without)
        numerals = "numerals" not in without
        fact = _Fact(
            words=words,
            rules=rules,
            phrase_lengths=() if "abbreviations" in without else _abbreviation_starts().get(word, ()),
            number=(_ROMAN.get(word) or _NUMBER_WORDS.get(word) or "") if numerals else "",
            number_after_class=_ROMAN_AFTER_CLASS.get(word, "") if numerals else "",
            stop="stop_words" not in without and word in words_of_kind("stop"),
        )
        plain = fact == _Fact((word,), (), (), "", "", False)
        found = self[word] = None if plain else fact
        return found


@cache
def _facts(without: frozenset[str]) -> _Facts:
    return _Facts(without)


def _known_words(words: list[str], without: frozenset[str], fired: set[str]) -> list[str]:
    """The word-level rules: abbreviations of several words first, then word by word."""
    facts = _facts(without)
    found: list[str] = []
    stopped = False
    position = 0
    while position < len(words):
        word = words[position]
        fact = facts[word]
        position += 1
        if fact is None:
            found.append(word)
            continue
        expansion, length = _phrase(words, position - 1, fact.phrase_lengths)
        if expansion:
            found += expansion
            fired.add("abbreviations")
            position += length - 1
            continue
        after_class = position > 1 and words[position - 2] in _CLASS_WORDS
        number = (fact.number_after_class if after_class else "") or fact.number
        if number:
            found.append(number)
            fired.add("numerals")
        elif fact.stop:
            stopped = True
        else:
            found += fact.words
            fired.update(fact.rules)
    if not found:
        return words  # nothing but function words: then they are the name
    if stopped:
        fired.add("stop_words")
    return found


def _phrase(words: list[str], at: int, lengths: tuple[int, ...]) -> tuple[tuple[str, ...], int]:
    """The expansion of an abbreviation of several words that begins here, and its length."""
    for length in lengths:
        expansion = abbreviations().get(tuple(words[at : at + length]))
        if expansion is not None:
            return expansion, length
    return (), 0


@cache
def _abbreviation_starts() -> dict[str, tuple[int, ...]]:
    lengths: dict[str, set[int]] = {}
    for key in abbreviations():
        if len(key) > 1:
            lengths.setdefault(key[0], set()).add(len(key))
    return {first: tuple(sorted(found, reverse=True)) for first, found in lengths.items()}


def _word(word: str, without: frozenset[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The words that stand for a word, and the rules that made them."""
    fired: list[str] = []
    words: tuple[str, ...] = (word,)
    if "abbreviations" not in without and (word,) in abbreviations():
        words = abbreviations()[(word,)]
        fired.append("abbreviations")
    if "uk_us_spelling" not in without:
        american = tuple(to_us(item) for item in words)
        if american != words:
            words = american
            fired.append("uk_us_spelling")
    if "plural" not in without:
        single = tuple(_one(item) for item in words)
        if single != words:
            words = single
            fired.append("plural")
    return words, tuple(fired)


def _one(word: str) -> str:
    kept = word in words_of_kind("stop") or word in words_of_kind("negation") or _ends_in_s(word)
    return word if kept else singular(word)


def _ends_in_s(word: str) -> bool:
    """Whether it is an abbreviation, and not the plural of one: crps is no plural of crp, dvts of dvt is."""
    listed = ranking_abbreviations()
    meanings = {tuple(map(singular, meaning.split())) for meaning in listed.get(word, ())}
    of_one = {tuple(map(singular, meaning.split())) for meaning in listed.get(singular(word), ())}
    return bool(meanings) and meanings.isdisjoint(of_one)


def needed_rules(verbatim: str, term: str, same: str, without: frozenset[str]) -> tuple[str, ...]:
    """The rules without which two folded names would not be the same, in the order of RULES.

    ``same`` says how they are equal: ``ordered``, ``any_order`` or ``compact``. Rules that changed
    both alike, or changed one to no effect, are left out.
    """
    left = without
    ways = {"any_order": ("word_order",), "compact": ("compounding",)}.get(same, ())
    first, second = normalise(verbatim, left), normalise(term, left)
    fired = {*first.rules, *second.rules}
    for rule in RULES:
        if rule not in fired:
            continue
        one, other = normalise(verbatim, left | {rule}), normalise(term, left | {rule})
        # A rule that another would stand in for is kept: it is the one that did the work.
        if getattr(one, same) == getattr(other, same) and fired.issuperset((*one.rules, *other.rules)):
            left |= {rule}
    first, second = normalise(verbatim, left), normalise(term, left)
    return tuple(rule for rule in RULES if rule in first.rules or rule in second.rules or rule in ways)
