"""What the rules settle before any score: lists, synonyms, earlier codings, and names that are the same.

One request at a time, in the order of :class:`schemas.vocabulary.Method`. What is not settled says why.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import pandas as pd

from coding.matching.confidence import ConfidenceModel
from coding.matching.further_retriever import FurtherRetriever
from coding.matching.index import Hit, MatchIndex
from coding.matching.normalisation import NormalName, needed_rules
from coding.records import NO_TERM, fold
from coding.study import Outcomes
from schemas.vocabulary import Method, Outcome, Scope

#: Scores of methods that compare no features.
EXACT_SCORE, NORMALISED_SCORE, NONCURRENT_SCORE = 1.0, 0.98, 0.97

#: Row that stands for "reviewed, and there is no term".
NO_TERM_ROW = -2

_SYNONYM_METHOD = {
    Scope.STUDY: Method.SYNONYM_STUDY,
    Scope.SPONSOR: Method.SYNONYM_SPONSOR,
    Scope.GLOBAL: Method.SYNONYM_GLOBAL,
}

DO_NOT_AUTOCODE = "do_not_autocode"
NEGATED = "negated"
QUESTIONED = "question mark in the verbatim"
SIGNED = "sign in the verbatim"
SYNONYMS_DISAGREE = "synonyms disagree"
AMBIGUOUS_EXACT = "ambiguous exact name"
AMBIGUOUS_NORMALISED = "ambiguous normalised name"
NONCURRENT = "name of a term that is not current"
NO_CANDIDATE = "no candidate"
BELOW_MINIMUM = "score below minimum"
EQUAL_SCORES = "the best candidates score the same"
TOO_LITTLE_EVIDENCE = "confidence below what the evidence allows"
SEVERAL_CONCEPTS = "several concepts in the verbatim"
AMBIGUOUS_ABBREVIATION = "ambiguous abbreviation"
DECIDED_OTHERWISE = "people decided this wording otherwise"


@dataclass(frozen=True)
class MatchRules:
    """What a study lets the engine do.

    ``do_not_autocode``: folded verbatims (or names of terms) that a person always decides.
    ``synonyms``: ``folded, context, code, text, scope``, one row per synonym of the dictionary.
    ``top``: how many candidates a request gets. ``decided``: ``folded, code, source``, what people
    decided before, as synonyms or decisions. ``confidence`` measures how often the first candidate
    is right, ``least_confidence`` is the threshold that evidence has set; None: not measured, and
    nothing proven. ``further`` finds candidates that the spelling does not.
    """

    do_not_autocode: frozenset[str]
    synonyms: pd.DataFrame
    outcomes: Outcomes
    top: int = 5
    decided: pd.DataFrame | None = None
    confidence: ConfidenceModel | None = None
    least_confidence: float | None = None
    further: FurtherRetriever | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """A coding request as the rules see it; see ``match_requests`` for the fields."""

    folded: str
    name: NormalName
    context: str
    earlier_code: str
    earlier_term: str
    earlier_disagrees: bool
    no_event: bool
    negated: bool
    questioned: bool
    signed: bool


@dataclass(frozen=True, slots=True)
class Offer:
    """A candidate that a rule found: it stands before those that a score found."""

    row: int
    method: Method
    rules: tuple[str, ...]
    score: float
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the rules say. ``settled`` is None where they settle nothing; then ``held`` says why,
    or is "" when the score may still settle it. ``offers`` lead the list of candidates."""

    settled: Offer | None = None
    outcome: Outcome = Outcome.CANDIDATE
    reason: str = ""
    held: str = ""
    offers: tuple[Offer, ...] = ()


@dataclass(frozen=True)
class _Looked:
    """What the names of the release say about a verbatim: the same for every request that has it."""

    offers: tuple[Offer, ...] = ()
    settled: Offer | None = None
    reason: str = ""
    held: str = ""


def _mark(question: Question) -> str:
    """A mark that the folded verbatim may have lost: then no name that it has counts."""
    if question.questioned:
        return QUESTIONED
    if question.signed:
        return NEGATED if question.negated else SIGNED
    return ""


@dataclass
class Settler:
    """Applies the rules of a study over an index; remembers what it has looked up."""

    index: MatchIndex
    rules: MatchRules
    decided: Mapping[str, frozenset[str]] = field(default_factory=dict)
    _synonyms: dict[tuple[str, str, str], list[tuple[str, str]]] = field(init=False)
    _looked: dict[str, _Looked] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._synonyms = {}
        frame = self.rules.synonyms
        if frame.empty:
            return
        columns = [frame[name].to_list() for name in ("scope", "folded", "context", "code", "text")]
        for scope, folded, context, code, text in zip(*columns, strict=True):
            found = self._synonyms.setdefault((scope, folded, context), [])
            if (code, text) not in found:
                found.append((code, text))

    def settle(self, question: Question) -> Verdict:
        """Ask the methods one after the other."""
        looked = self._look(question)
        if question.folded in self.rules.do_not_autocode:
            return Verdict(held=DO_NOT_AUTOCODE, offers=looked.offers)
        return self._synonym(question, looked) or self._without_synonym(question, looked)

    def _without_synonym(self, question: Question, looked: _Looked) -> Verdict:
        mark = _mark(question)
        earlier, problem = (None, "") if mark or question.negated else self._earlier(question)
        if earlier is not None:
            return self._verdict(earlier, "Earlier coding in the source.", looked)
        if question.no_event:
            offer = Offer(NO_TERM_ROW, Method.NO_EVENT, (), EXACT_SCORE)
            return self._verdict(offer, "The verbatim names no event.", looked)
        if mark:
            return Verdict(held=mark, offers=looked.offers)
        if looked.settled is not None:
            otherwise = self._decided_otherwise(question, looked.settled)
            return otherwise or self._verdict(looked.settled, looked.reason, looked)
        held = looked.held or (NEGATED if question.negated else "")
        return Verdict(held=held, reason=problem, offers=looked.offers)

    def _decided_otherwise(self, question: Question, offer: Offer) -> Verdict | None:
        """A name after the rules that people coded to another preferred term is theirs to decide."""
        if offer.method is not Method.NORMALISED:
            return None
        index = self.index
        codes = self.decided.get(question.name.any_order, frozenset())
        rows = sorted(index.row_of_code[code] for code in codes)
        if not rows or index.preferred[offer.row] in {index.preferred[row] for row in rows}:
            return None
        reason = "people coded this wording so"
        theirs = [Offer(row, Method.SCORE, ("decided_before",), NORMALISED_SCORE, reason) for row in rows]
        return Verdict(held=DECIDED_OTHERWISE, offers=(*theirs, offer))

    def _verdict(self, offer: Offer, reason: str, looked: _Looked) -> Verdict:
        """Settled as far as the study's outcomes let the method settle."""
        offers = (offer, *(other for other in looked.offers if other.row != offer.row))
        if offer.row == NO_TERM_ROW:
            offers = offers[1:]
        outcome = self._outcome(offer.method)
        by_person = offer.method in _SYNONYM_METHOD.values()
        if not by_person and offer.row >= 0 and self.index.folded[offer.row] in self.rules.do_not_autocode:
            return Verdict(held=DO_NOT_AUTOCODE, offers=offers)
        if outcome is Outcome.CANDIDATE:
            return Verdict(held=f"{offer.method} gives candidates only", offers=offers)
        return Verdict(offer, outcome, reason, offers=offers)

    def _outcome(self, method: Method) -> Outcome:
        outcomes = self.rules.outcomes
        if method in _SYNONYM_METHOD.values():
            return outcomes.synonym
        by_method = {
            Method.EARLIER_CODING: outcomes.earlier_coding,
            Method.NO_EVENT: outcomes.no_event,
            Method.EXACT: outcomes.exact,
            Method.NORMALISED: outcomes.normalised,
        }
        return by_method[method]

    # --- synonyms and earlier codings --------------------------------------------------------------

    def _synonym(self, question: Question, looked: _Looked) -> Verdict | None:
        """By scope, and in each the one with the request's context before the one without."""
        for scope, method in _SYNONYM_METHOD.items():
            for context in dict.fromkeys((question.context, "")):
                found = self._synonyms.get((scope, question.folded, context))
                if not found:
                    continue
                if len(found) > 1:
                    return Verdict(held=SYNONYMS_DISAGREE, offers=looked.offers)
                row, problem = self._resolve(*found[0])
                if problem:
                    return Verdict(held=f"synonym: {problem}", offers=looked.offers)
                rules = ("context",) if context else ()
                offer = Offer(row, method, rules, EXACT_SCORE, f"{scope} synonym")
                with_context = " with this context" if context else ""
                reason = f"{scope.capitalize()} synonym{with_context}."
                return self._verdict(offer, reason, looked)
        return None

    def _earlier(self, question: Question) -> tuple[Offer | None, str]:
        if question.earlier_disagrees:
            return None, "earlier codings disagree"
        if not question.earlier_code and not question.earlier_term:
            return None, ""
        row, problem = self._resolve(question.earlier_code, question.earlier_term)
        if problem or row == NO_TERM_ROW:
            return None, f"earlier coding: {problem or 'it says that there is no term'}"
        return Offer(row, Method.EARLIER_CODING, (), EXACT_SCORE, "coded so in the source"), ""

    def _resolve(self, code: str, text: str) -> tuple[int, str]:
        """The row of a current term that a code, a name or both give; else what is wrong."""
        index = self.index
        code, name = code.strip(), fold(text)
        if code == NO_TERM.code:
            return NO_TERM_ROW, ""
        if code and index.dictionary.release.numeric_codes:
            code = code.removesuffix(".0")  # a spreadsheet's number
        if not code:
            hit = index.find_exact(name)
            if hit.row >= 0:
                return hit.row, ""
            return -1, "ambiguous name" if hit.ambiguous else "no current term of that name"
        row = index.row_of_code.get(code, -1)
        problem = ""
        if row < 0:
            problem = "the code is not in this release"
        elif not index.current[row]:
            problem = "the term is not current in this release"
        elif name and index.folded[row] != name:
            problem = "code and term disagree"
        return (-1, problem) if problem else (row, "")

    # --- names that are the same -------------------------------------------------------------------

    def _look(self, question: Question) -> _Looked:
        found = self._looked.get(question.folded)
        if found is None:
            found = self._looked[question.folded] = self._look_up(question.folded, question.name)
        return found

    def _look_up(self, folded: str, name: NormalName) -> _Looked:
        exact = self.index.find_exact(folded)
        if exact.row >= 0:
            offer = Offer(exact.row, Method.EXACT, (), EXACT_SCORE, "exact name")
            return _Looked((offer,), offer, "Exact name of a current term.")
        if exact.rows or exact.noncurrent:
            offers = tuple(self._unsettled(exact, Method.EXACT, ()))
            return _Looked(offers, held=AMBIGUOUS_EXACT if exact.ambiguous else NONCURRENT)
        hit, way = self.index.find_normalised(folded, name)
        if hit.row >= 0:
            needed = needed_rules(folded, self.index.folded[hit.row], way, self.index.without)
            reason = f"same name after {', '.join(rule.replace('_', ' ') for rule in needed)}"
            offer = Offer(hit.row, Method.NORMALISED, needed, NORMALISED_SCORE, reason)
            return _Looked((offer,), offer, f"Name of a current term after {', '.join(needed)}.")
        if hit.rows or hit.noncurrent:
            offers = tuple(self._unsettled(hit, Method.NORMALISED, name.rules))
            return _Looked(offers, held=AMBIGUOUS_NORMALISED if hit.ambiguous else NONCURRENT)
        return _Looked()

    def _unsettled(self, hit: Hit, method: Method, rules: tuple[str, ...]) -> Iterator[Offer]:
        """Every current term of an ambiguous name, or the current ones shown for those that are not."""
        if hit.rows:
            for row in hit.rows:
                score = EXACT_SCORE if method is Method.EXACT else NORMALISED_SCORE
                yield Offer(row, method, (*rules, "ambiguous"), score, "a name of several terms")
            return
        for row in dict.fromkeys(int(self.index.shown[row]) for row in hit.noncurrent):
            if row >= 0:
                reason = "current term for a name that is not current"
                yield Offer(row, method, (*rules, "noncurrent"), NONCURRENT_SCORE, reason)
