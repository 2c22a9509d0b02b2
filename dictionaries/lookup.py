"""Everything a release says about one term, and what stands below a term, for people who browse."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from dictionaries.model import Dictionary, DictionaryError, HierarchyPath, Term
from schemas.vocabulary import TermStatus

#: The scope of a query group's member in words.
_SCOPES = {"1": "broad", "2": "narrow"}


@dataclass(frozen=True, slots=True)
class Child:
    """A term below another one, with how many terms the next level has below it."""

    term: Term
    below: int


@dataclass(frozen=True)
class TermFacts:
    """All about a code. ``terms``: the term on each level that has the code, lowest first.

    ``paths``: of a term on the coding or preferred level, the primary one first; of a term above, the
    one way up. ``synonyms``: the other wordings of its preferred term. ``children``: what stands
    below a term of an upper level. ``attributes``: (level, name, value). ``groups``: (query group,
    scope). ``history``: (release, level, what happened, text).
    """

    terms: tuple[Term, ...]
    paths: tuple[HierarchyPath, ...]
    synonyms: tuple[Term, ...]
    children: tuple[Child, ...]
    attributes: tuple[tuple[str, str, str], ...]
    groups: tuple[tuple[str, str], ...]
    history: tuple[tuple[str, str, str, str], ...]


def top_terms(dictionary: Dictionary) -> list[Child]:
    """The terms of the highest level, by name, with the number of terms right below each."""
    return _children(dictionary, None, "")


def find_terms(dictionary: Dictionary, code_or_text: str) -> TermFacts:
    """The facts of a code, or of the term that is written exactly so (case does not count).

    A text on several levels means the lowest one. Raises DictionaryError when there is none.
    """
    release, terms = dictionary.release, dictionary.terms
    rows = terms[terms["code"] == code_or_text]
    if rows.empty:
        named = terms[terms["text"].str.casefold() == " ".join(code_or_text.casefold().split())]
        if named.empty:
            raise DictionaryError(
                f"{release.label} has no code {code_or_text}, and no term of that name; look for it with "
                "`trialcoder dictionary search`"
            )
        lowest = min(named["level"], key=release.levels.index)
        rows = terms[terms["code"] == named.loc[named["level"] == lowest, "code"].iloc[0]]
    found = sorted((_term(row) for _, row in rows.iterrows()), key=lambda term: _rank(dictionary, term.level))
    return _facts(dictionary, tuple(found))


def _facts(dictionary: Dictionary, terms: tuple[Term, ...]) -> TermFacts:
    code, upper = terms[0].code, terms[0].level in dictionary.release.upper_levels
    preferred = "" if upper else _preferred_code(dictionary, terms[0])
    codes = {code, preferred} - {""}
    attributes = dictionary.attributes
    attributes = attributes[attributes["code"].isin(codes)]
    history = dictionary.history
    history = history[history["code"] == code]
    members = dictionary.groups[dictionary.groups["code"].isin(codes)]
    return TermFacts(
        terms=terms,
        paths=_paths(dictionary, terms[0], preferred),
        synonyms=() if upper else _synonyms(dictionary, preferred, code),
        children=tuple(_children(dictionary, terms[0].level, code)) if upper else (),
        attributes=tuple(attributes[["level", "name", "value"]].itertuples(index=False, name=None)),
        groups=tuple(
            (str(group), _SCOPES.get(str(scope), str(scope)))
            for group, scope in zip(members["group"], members["scope"], strict=True)
        ),
        history=tuple(history[["version", "level", "action", "text"]].itertuples(index=False, name=None)),
    )


def _rank(dictionary: Dictionary, level: str) -> int:
    return dictionary.release.levels.index(level)


def _term(row: pd.Series) -> Term:
    return Term(str(row["code"]), str(row["text"]), str(row["level"]), TermStatus(str(row["status"])))


def _preferred_code(dictionary: Dictionary, term: Term) -> str:
    if term.level == dictionary.release.preferred_level:
        return term.code
    rows = dictionary.terms
    return str(rows.loc[(rows["code"] == term.code) & (rows["level"] == term.level), "parent"].iloc[0])


def _paths(dictionary: Dictionary, term: Term, preferred: str) -> tuple[HierarchyPath, ...]:
    release = dictionary.release
    if term.level not in release.upper_levels:
        found = dictionary.hierarchy(term.code)
        # A preferred term whose code is not on the coding level has its paths all the same.
        return tuple(found) or _upward(
            dictionary, (), dictionary.paths[dictionary.paths["code"] == preferred]
        )
    levels = release.upper_levels[release.upper_levels.index(term.level) :]
    rows = dictionary.paths[dictionary.paths[f"{term.level}_code"] == term.code]
    rows = rows.drop_duplicates([f"{level}_code" for level in levels]).assign(primary=True)
    return _upward(dictionary, levels, rows)


def _upward(dictionary: Dictionary, levels: Sequence[str], rows: pd.DataFrame) -> tuple[HierarchyPath, ...]:
    found = []
    for _, row in rows.sort_values("primary", ascending=False, kind="stable").iterrows():
        terms = [
            dictionary.term(str(row[f"{level}_code"]), level)
            for level in levels or dictionary.release.upper_levels
        ]
        found.append(HierarchyPath(tuple(term for term in terms if term), bool(row["primary"])))
    return tuple(found)


def _synonyms(dictionary: Dictionary, preferred: str, code: str) -> tuple[Term, ...]:
    release = dictionary.release
    if release.coding_level == release.preferred_level:
        return ()
    rows = dictionary.terms
    rows = rows[(rows["parent"] == preferred) & (rows["code"] != code)]
    return tuple(
        _term(row) for _, row in rows.sort_values("text", key=lambda text: text.str.casefold()).iterrows()
    )


def _children(dictionary: Dictionary, level: str | None, code: str) -> list[Child]:
    """The terms right below a term of an upper level, or those of the highest level, by name."""
    release, paths = dictionary.release, dictionary.paths
    order = (release.preferred_level, *release.upper_levels)
    lower = order[-1] if level is None else order[order.index(level) - 1]
    if level is not None:
        paths = paths[paths[f"{level}_code"] == code]
    column = "code" if lower == release.preferred_level else f"{lower}_code"
    terms = dictionary.terms
    if lower == release.preferred_level:
        named = terms[(terms["level"] == release.coding_level) & (release.coding_level != lower)]
        counts = named.groupby("parent").size()
    else:
        next_level = order[order.index(lower) - 1]
        below = "code" if next_level == release.preferred_level else f"{next_level}_code"
        counts = paths.groupby(column)[below].nunique()
    rows = terms[
        (terms["level"] == lower)
        & terms["code"].isin(set(paths[column]) if len(order) > 1 else terms["code"])
    ]
    rows = rows.sort_values("text", key=lambda text: text.str.casefold(), kind="stable")
    return [Child(_term(row), int(counts.get(row["code"], 0))) for _, row in rows.iterrows()]
