"""What people answered, found in a release: which code, preferred term and class each answer means.

An answer that the release does not know is given back with what is wrong with it, never dropped.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from coding.records import NO_TERM, fold
from dictionaries.model import Dictionary
from schemas.vocabulary import TermStatus

UNKNOWN_CODE = "the code is not in the release"
UNKNOWN_NAME = "no term of that name in the release"
AMBIGUOUS = "several terms of the release have that name"
DISAGREE = "code and term, or term and preferred term, disagree"
NOT_GIVEN = "no answer is given"
NONCURRENT = "the term is not current: compared at the preferred term"
AS_LOWER_TERM = "found as a term below the preferred level: compared at its preferred term"


@dataclass(frozen=True, slots=True)
class Answer:
    """What an answer means: codes on the coding level, of the preferred term and of the class.

    ``code`` is "" where only the preferred term is known, ``upper`` where the release has no classes.
    ``problem`` says why nothing is known; ``note`` how something was found in a roundabout way.
    """

    code: str = ""
    preferred: str = ""
    upper: str = ""
    problem: str = ""
    note: str = ""


class AnswerFinder:
    """Finds answers in one release; remembers what it has looked up."""

    def __init__(self, dictionary: Dictionary) -> None:
        release = dictionary.release
        terms = dictionary.coding_terms
        self._numeric = release.numeric_codes
        self._preferred_of = dict(zip(terms["code"], terms["preferred_code"], strict=True))
        self._name_of = {code: fold(text) for code, text in zip(terms["code"], terms["text"], strict=True)}
        self._current = set(terms.loc[terms["status"] == TermStatus.CURRENT, "code"])
        self._codes_named: dict[str, list[str]] = {}
        for code, name in self._name_of.items():
            self._codes_named.setdefault(name, []).append(code)
        preferred = dictionary.terms[dictionary.terms["level"] == release.preferred_level]
        self._preferred_codes = set(preferred["code"])
        self._preferred_named: dict[str, list[str]] = {}
        for code, text in zip(preferred["code"], preferred["text"], strict=True):
            self._preferred_named.setdefault(fold(text), []).append(code)
        self._class_of = class_of_preferred(dictionary)
        self._found: dict[tuple[str, str, str], Answer] = {}

    def find(self, code: str, term: str, preferred: str) -> Answer:
        """What a code, a term (both on the coding level), and a preferred term (name or code) mean
        together; "" is not given."""
        asked = (self._plain(code), fold(term), preferred.strip())
        if asked not in self._found:
            self._found[asked] = self._find(*asked)
        return self._found[asked]

    def _plain(self, code: str) -> str:
        code = code.strip()
        return code.removesuffix(".0") if self._numeric else code  # a spreadsheet's number

    def _find(self, code: str, name: str, preferred: str) -> Answer:
        if NO_TERM.code in {code, preferred}:
            return Answer(NO_TERM.code, NO_TERM.code, NO_TERM.code)
        low = self._low(code, name)
        if low.problem == NOT_GIVEN or (low.problem and not code and preferred):
            return self._high(preferred)
        if preferred and not low.problem:
            high = self._high(preferred)
            if not high.problem and high.preferred != low.preferred:
                return Answer(problem=DISAGREE)
        return low

    def _low(self, code: str, name: str) -> Answer:
        if code:
            if code not in self._preferred_of:
                return Answer(problem=UNKNOWN_CODE)
            if name and self._name_of[code] != name:
                return Answer(problem=DISAGREE)
            return self._answer([code])
        if not name:
            return Answer(problem=NOT_GIVEN)
        codes = self._codes_named.get(name, [])
        return self._answer([one for one in codes if one in self._current] or codes)

    def _answer(self, codes: list[str]) -> Answer:
        """One code, or several of one preferred term."""
        if not codes:
            return Answer(problem=UNKNOWN_NAME)
        preferred = {self._preferred_of[code] for code in codes}
        if len(preferred) > 1:
            return Answer(problem=AMBIGUOUS)
        (above,) = preferred
        upper = self._class_of.get(above, "")
        if len(codes) > 1:
            return Answer("", above, upper)
        if codes[0] not in self._current:
            return Answer("", above, upper, note=NONCURRENT)
        return Answer(codes[0], above, upper)

    def _high(self, text: str) -> Answer:
        """A preferred term by its code or name, else the preferred term of a term of that name."""
        if not text:
            return Answer(problem=NOT_GIVEN)
        code = self._plain(text)
        found = [code] if code in self._preferred_codes else self._preferred_named.get(fold(text), [])
        if len(found) == 1:
            return Answer("", found[0], self._class_of.get(found[0], ""))
        if found:
            return Answer(problem=AMBIGUOUS)
        lower = self._answer(self._codes_named.get(fold(text), []))
        return lower if lower.problem else Answer("", lower.preferred, lower.upper, note=AS_LOWER_TERM)


def class_of_preferred(dictionary: Dictionary) -> dict[str, str]:
    """Code of the preferred term → code of its class (the highest level) along the primary path."""
    upper = dictionary.release.upper_levels
    if not upper:
        return {}
    primary = dictionary.paths[dictionary.paths["primary"]]
    return dict(zip(primary["code"], primary[f"{upper[-1]}_code"].fillna(""), strict=True))


def find_answers(frame: pd.DataFrame, dictionary: Dictionary) -> pd.DataFrame:
    """``frame`` (``code, term, preferred`` as text) with what each row means: ``code, preferred,
    class, problem, note`` take the place of those three, which stay as ``given_…``."""
    columns = [frame[name] for name in ("code", "term", "preferred")]
    finder = AnswerFinder(dictionary) if len(frame) else None
    found = [finder.find(*row) for row in zip(*columns, strict=True)] if finder else []
    result = frame.rename(columns={name: f"given_{name}" for name in ("code", "term", "preferred")})
    for column, field in (
        ("code", "code"),
        ("preferred", "preferred"),
        ("class", "upper"),
        ("problem", "problem"),
        ("note", "note"),
    ):
        values = [getattr(answer, field) for answer in found]
        result[column] = pd.Series(values, index=result.index, dtype="str")
    return result
