"""Why a candidate was found: the rules that helped it, and one sentence a coder understands.

Built for the few candidates that are shown, by laying the plain words of the wording and of the name
side by side.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from coding.matching.abbreviations import expanded
from coding.matching.concepts import Token, broader_steps, own_tokens, plain_tokens
from coding.matching.similar_words import stem
from coding.matching.structure import roles_of
from coding.matching.wordings import Wording

Words = tuple[str, ...]

#: What can help, or stand against, a candidate by score; the list in the docs is made from this.
RULES = {
    "abbreviations": "an abbreviation is written out",
    "ambiguous_abbreviation": "one of several readings of an abbreviation",
    "misspelling": "a word that nobody knows is read as the word it is most like",
    "finding": "the finding of a test is read as the condition it shows, or the other way round",
    "compounding": "two words written as one are read as two",
    "thesaurus": "words that mean the same by the thesaurus",
    "word_parts": "a medical word is taken apart into its Greek and Latin forms",
    "stem": "another form of the same word",
    "broader": "the term names what the verbatim's word is a part or a kind of",
    "narrower": "the term names a part or a kind of what the verbatim says",
    "word_order": "the same words in another order",
    "part": "the term names one of several concepts of the verbatim",
    "core": "the term names the finding, not its place",
    "open_synonym": "the open event dictionary knows this wording of the term",
    "decided_before": "people coded a nearly identical verbatim to this term",
    "used_before": "people used the preferred term before in this study: counts a little more",
    "semantic": "the sentence model of the user finds the term's name near in meaning",
    "severity_ignored": "a word of severity weighs little",
    "course_ignored": "a word of course weighs little",
    "time_ignored": "a word of time weighs little",
    "side_ignored": "a word of side weighs little",
    "measure_ignored": "a measured value weighs little",
    "cause_ignored": 'what stands behind "due to" weighs little',
    "opposite": "verbatim and term speak of opposites: counts less",
    "negated": "one of the two denies, the other does not: counts less",
    "noncurrent": "found by the name of a term that is not current: counts less",
    "form": "the term is of a kind that is rare on this form: counts less",
    "unplaced": "the release does not say the term's class: counts a little less",
    "information_lost": "words of the verbatim that the term does not say",
    "information_added": "words of the term that the verbatim does not say",
}

_PLACE = {rule: place for place, rule in enumerate(RULES)}


def in_order(rules: Iterable[str]) -> list[str]:
    """Rules in the order of RULES."""
    return sorted(rules, key=_PLACE.__getitem__)


_IGNORED = {
    "severity": "severity",
    "course": "course",
    "time": "time",
    "side": "laterality",
    "measure": "measured value",
    "cause": "cause",
}


@dataclass(frozen=True, slots=True)
class Explained:
    """``rules`` in the order of RULES; ``sentence`` for people; ``lost`` and ``added`` are words of
    the verbatim that the term lacks, and of the term that the verbatim lacks."""

    rules: tuple[str, ...]
    sentence: str
    lost: Words
    added: Words


#: What kinds of wording add to the rules and to the sentence.
_KINDS = {
    "part": ("part", "one of several concepts"),
    "later part": ("part", "one of several concepts"),
    "core": ("core", "the finding without its place"),
}

#: A plain word of the name (its place) that one of the wording (its place) meets, and how.
_Met = tuple[int, int, str]


def explain(
    wording: Wording, whole: Words, name: Words, english: bool, cause: frozenset[str] = frozenset()
) -> Explained:
    """Compare a wording of the verbatim ``whole`` with a name (both as normalised words). ``cause``
    are the words of the verbatim that only say what caused the event."""
    # A verbatim's abbreviations are written out: so must the name's be.
    name = expanded(name).words if english else name
    mine, theirs = wording.tokens, plain_tokens(name) if english else own_tokens(name)
    met = _meetings(mine, theirs)
    rules = {why for _, _, why in wording.changed}
    for at, of, rule in met:
        rules.add(rule)
        one, other = mine[of], theirs[at]
        if (one.rule or other.rule) and wording.words[one.begin : one.end] != name[other.begin : other.end]:
            rules.update((one.rule, other.rule))
    reached, named = {of for _, of, _ in met}, {at for at, _, _ in met}
    phrases = [
        *_changes(wording),
        *_equal_wordings(met, wording, theirs, name),
        *_steps(met, mine, theirs),
    ]
    ignored = [
        role for at, role in enumerate(wording.roles) if role and at not in reached and role in _IGNORED
    ]
    lost = _lost(wording, whole, name, reached)
    if not cause.isdisjoint(lost):
        lost = tuple(word for word in lost if word not in cause)
        ignored.append("cause")
    if ignored:
        rules.update(f"{role}_ignored" for role in ignored)
        phrases += [f"{_IGNORED[role]} ignored" for role in dict.fromkeys(ignored)]
    if _other_order(wording.words, name):
        rules.add("word_order")
        phrases.append("word order")
    if wording.kind in _KINDS:
        rule, phrase = _KINDS[wording.kind]
        rules.add(rule)
        phrases.append(phrase)
    added = _words_of(name, [token for at, token in enumerate(theirs) if at not in named])
    added = tuple(word for word in added if _role(word) not in _QUIET and word not in wording.words)
    if lost:
        rules.add("information_lost")
        phrases.append(f"not in the term: {_quoted(lost)}")
    if added:
        rules.add("information_added")
        phrases.append(f"the term adds {_quoted(added)}")
    rules.discard("")
    return Explained(tuple(in_order(rules)), "; ".join(phrases), lost, added)


#: Roles of words that nobody misses in a term, or notices there.
_QUIET = ("filler", "joining", "cause", "uncertain")


@cache
def _role(word: str) -> str:
    return roles_of((word,))[0]


def _meetings(mine: Sequence[Token], theirs: Sequence[Token]) -> list[_Met]:
    """For each plain word of the name the one of the wording it is best met by."""
    same: dict[str, int] = {}
    for of, token in enumerate(mine):
        same.setdefault(token.text, of)
    found: list[_Met] = []
    for at, token in enumerate(theirs):
        if token.text in same:
            found.append((at, same[token.text], ""))
            continue
        best, rule, place = _UNRELATED, "", 0
        for of, other in enumerate(mine):
            order, name = _relation(other.text, token.text)
            if order < best:
                best, rule, place = order, name, of
        if rule:
            found.append((at, place, rule))
    return found


_UNRELATED = 9


def _relation(mine: str, theirs: str) -> tuple[int, str]:
    """How near two different plain words are (the less, the nearer), and the rule."""
    if _stem(mine) == _stem(theirs):
        return 1, "stem"
    if theirs in _broader(mine):
        return 2, "broader"
    if mine in _broader(theirs):
        return 3, "narrower"
    return _UNRELATED, ""


@cache
def _stem(word: str) -> str:
    return stem(word) if len(word) >= 4 else word


@cache
def _broader(word: str) -> frozenset[str]:
    return frozenset(wide for wide, _ in broader_steps(word))


def _changes(wording: Wording) -> Iterator[str]:
    seen: dict[tuple[str, str], list[str]] = {}
    for at, was, why in wording.changed:
        if at < len(wording.words):
            seen.setdefault((was, why), []).append(wording.words[at])
    for (was, why), words in seen.items():
        text = " ".join(words)
        if why == "ambiguous_abbreviation":
            yield f"'{was}' could mean {text}"
        else:
            yield f"'{was}' read as {text}"


def _equal_wordings(
    met: Sequence[_Met], wording: Wording, theirs: Sequence[Token], name: Words
) -> Iterator[str]:
    """``'tailbone' = coccyx`` for wordings that differ though their plain words are the same, and
    ``'renal failure' and renal calculus share kidney`` where only some of them are."""
    # Words that nothing rewrote are equal as they stand, and stand alone: most of all.
    equal = [
        (wording.tokens[of], theirs[at])
        for at, of, rule in met
        if not rule and (wording.tokens[of].rule or theirs[at].rule)
    ]
    if not equal:
        return
    for here, there in _linked([(_span(mine), _span(their)) for mine, their in equal]):
        mine = [token for token in wording.tokens if _span(token) in here]
        their = [token for token in theirs if _span(token) in there]
        words, others = _spanned(wording.words, here), _spanned(name, there)
        if {*words} == {*others} or not any(token.rule for token in (*mine, *their)):
            continue
        shared = {token.text for token in mine} & {token.text for token in their}
        if shared == {token.text for token in (*mine, *their)}:
            yield f"'{' '.join(words)}' = {' '.join(others)}"
        elif not shared <= {*words} & {*others}:
            told = " ".join(dict.fromkeys(token.text for token in their if token.text in shared))
            yield f"'{' '.join(words)}' and {' '.join(others)} share {told}"


#: Where the words stand that plain words stand for: first and one past the last.
_Span = tuple[int, int]


def _span(token: Token) -> _Span:
    return token.begin, token.end


def _linked(pairs: Sequence[tuple[_Span, _Span]]) -> list[tuple[set[_Span], set[_Span]]]:
    """The spans of verbatim and name that hang together: a phrase may meet several words."""
    found: list[tuple[set[_Span], set[_Span]]] = []
    for here, there in pairs:
        joined = [group for group in found if here in group[0] or there in group[1]]
        found = [group for group in found if group not in joined]
        found.append(
            ({here}.union(*(group[0] for group in joined)), {there}.union(*(group[1] for group in joined)))
        )
    return found


def _spanned(words: Words, spans: set[_Span]) -> Words:
    return tuple(words[at] for at in sorted({at for begin, end in spans for at in range(begin, end)}))


def _steps(met: Sequence[_Met], mine: Sequence[Token], theirs: Sequence[Token]) -> Iterator[str]:
    for at, of, rule in met:
        if rule == "broader":
            yield f"'{mine[of].text}' is part or kind of {theirs[at].text}"
        elif rule == "narrower":
            yield f"'{theirs[at].text}' is narrower than {mine[of].text}"


def _other_order(words: Words, name: Words) -> bool:
    shared = [word for word in words if word in name]
    return len(shared) > 1 and shared != [word for word in name if word in words]


def _lost(wording: Wording, whole: Words, name: Words, reached: set[int]) -> Words:
    """Words that name something and that the term does not say: of the wording, and what it leaves out."""
    unmet = [token for at, token in enumerate(wording.tokens) if at not in reached and not wording.roles[at]]
    lost = _words_of(wording.words, unmet)
    if wording.kind not in ("whole", "reading"):
        heard = {*wording.words, *(word for _, was, _ in wording.changed for word in was.split())}
        left_out = (word for word in whole if word not in heard and not _role(word))
        lost = tuple(dict.fromkeys((*lost, *left_out)))
    return tuple(word for word in lost if word not in name)


def _words_of(words: Words, tokens: Sequence[Token]) -> Words:
    return tuple(dict.fromkeys(word for token in tokens for word in words[token.begin : token.end]))


def _quoted(words: Words) -> str:
    return ", ".join(f"'{word}'" for word in words)
