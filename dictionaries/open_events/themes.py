"""What is said of many preferred terms at once: hints of sex and age, and themed query groups.

``hints.csv``: ``level, term, sex, from_age, to_age``. ``level`` is HLT (every term with that primary
path) or PT; the row of a preferred term replaces that of its high-level term, and a row with nothing
filled takes the hint away. ``sex`` is F or M, ages are in years: outside of them a condition is
unusual enough for a warning, never for a block.

``query_groups.csv``: ``group, description``; ``query_group_terms.csv``: ``group, scope, level, term``
with the scope narrow, broad or never, and the level SOC, HLGT, HLT, WORD or PT. WORD reaches every
preferred term with that word in its name. PT decides before WORD, and so on up: a class can be broad,
one of its terms narrow and another never. On levels above PT a term is reached along any of its paths;
of two scopes of one level the narrower holds, and never before both.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from dictionaries.authoring.source_rows import read_rows, unique_rows
from dictionaries.model import DictionaryError
from dictionaries.wording import wording_key

HINT_COLUMNS = ("level", "term", "sex", "from_age", "to_age")
GROUP_COLUMNS = ("group", "description")
GROUP_TERM_COLUMNS = ("group", "scope", "level", "term")
#: What holds where a term is reached twice on one level comes first.
SCOPES = ("never", "narrow", "broad")
#: The level that decides first comes first.
_GROUP_LEVELS = ("PT", "WORD", "HLT", "HLGT", "SOC")


@dataclass(frozen=True, slots=True)
class Placed:
    """A preferred term and, primary first, its paths: HLT, HLGT and SOC of each."""

    text: str
    paths: tuple[tuple[str, str, str], ...]

    def names(self, level: str) -> tuple[str, ...]:
        """Every name of a level that the term stands under; itself on level PT, its words on WORD."""
        if level == "PT":
            return (self.text,)
        if level == "WORD":
            return tuple(dict.fromkeys(wording_key(self.text).split()))
        at = ("HLT", "HLGT", "SOC").index(level)
        return tuple(path[at] for path in self.paths)


@dataclass(frozen=True, slots=True)
class QueryGroup:
    """A themed group: its members as (preferred term, narrow or broad), sorted."""

    name: str
    description: str
    members: tuple[tuple[str, str], ...]


def read_hints(folder: Path, terms: Sequence[Placed]) -> list[tuple[str, str, str]]:
    """(preferred term, ``sex`` | ``from_age`` | ``to_age``, value), sorted.

    Raises DictionaryError for a term that is not there, another sex or an age that is no number.
    """
    rows = read_rows(folder / "hints.csv", HINT_COLUMNS)
    named: dict[tuple[str, str], dict[str, str]] = {}
    for row in rows:
        _check_hint(row, terms)
        if named.setdefault((row["level"], row["term"]), row) is not row:
            raise DictionaryError(f"{row['place']}: {row['term']} has a hint already")
    found = []
    for term in terms:
        hint = named.get(("PT", term.text)) or named.get(("HLT", term.paths[0][0])) or {}
        found += [(term.text, name, hint[name]) for name in HINT_COLUMNS[2:] if hint.get(name)]
    return sorted(found)


def _check_hint(row: dict[str, str], terms: Iterable[Placed]) -> None:
    place = row["place"]
    if row["level"] not in {"HLT", "PT"}:
        raise DictionaryError(f"{place}: a hint is for HLT or PT, not for {row['level']!r}")
    there = {term.text for term in terms} if row["level"] == "PT" else {term.paths[0][0] for term in terms}
    if row["term"] not in there:
        raise DictionaryError(f"{place}: there is no {row['level']} {row['term']}")
    if row["sex"] not in {"F", "M", ""}:
        raise DictionaryError(f"{place}: sex is F, M or blank, not {row['sex']!r}")
    for name in ("from_age", "to_age"):
        if row[name] and not (row[name].isdecimal() and int(row[name]) <= 120):
            raise DictionaryError(f"{place}: {name} is a number of years, not {row[name]!r}")


def read_query_groups(folder: Path, terms: Sequence[Placed]) -> list[QueryGroup]:
    """The query groups by name, with the terms that their rows reach.

    Raises DictionaryError for unknown names and for a group that has no narrow term.
    """
    chosen: dict[str, dict[tuple[str, str], str]] = {}
    described = {
        row["group"]: row["description"]
        for row in unique_rows(folder / "query_groups.csv", GROUP_COLUMNS, "group")
    }
    there = {level: {name for term in terms for name in term.names(level)} for level in _GROUP_LEVELS}
    for row in read_rows(folder / "query_group_terms.csv", GROUP_TERM_COLUMNS):
        _check_group_term(row, described, there)
        key = (row["level"], row["term"])
        if key in chosen.setdefault(row["group"], {}):
            raise DictionaryError(f"{row['place']}: {row['term']} is in {row['group']} already")
        chosen[row["group"]][key] = row["scope"]
    groups = []
    for name, description in sorted(described.items()):
        members = _members(chosen.get(name, {}), terms)
        if "narrow" not in {scope for _, scope in members}:
            raise DictionaryError(f"query_groups.csv: {name} has no narrow term")
        groups.append(QueryGroup(name, description, members))
    return groups


def _check_group_term(row: dict[str, str], groups: dict[str, str], there: dict[str, set[str]]) -> None:
    place = row["place"]
    if row["group"] not in groups:
        raise DictionaryError(f"{place}: {row['group']} is not in query_groups.csv")
    if row["scope"] not in SCOPES:
        raise DictionaryError(f"{place}: the scope is one of {', '.join(SCOPES)}, not {row['scope']!r}")
    if row["level"] not in there:
        raise DictionaryError(f"{place}: the level is one of {', '.join(there)}, not {row['level']!r}")
    if row["term"] not in there[row["level"]]:
        raise DictionaryError(f"{place}: there is no {row['level']} {row['term']}")


def _members(chosen: dict[tuple[str, str], str], terms: Iterable[Placed]) -> tuple[tuple[str, str], ...]:
    found = []
    for term in terms:
        for level in _GROUP_LEVELS:
            scopes = {chosen[level, name] for name in term.names(level) if (level, name) in chosen}
            if scopes:
                scope = min(scopes, key=SCOPES.index)
                if scope != "never":
                    found.append((term.text, scope))
                break
    return tuple(sorted(found))
