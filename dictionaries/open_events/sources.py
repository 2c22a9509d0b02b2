"""Read the source files of the open event dictionary and check each for itself.

Files of ``source/``, all sorted by their rows and UTF-8:

* ``classes.csv``: ``class, abbreviation``;
* ``hierarchy.csv``: ``class, group, high_level_term``, one row per high-level term;
* ``terms_*.csv``: ``preferred_term, high_level_term, secondary, synonyms``, one row per preferred term;
* ``family_NAME_findings.csv`` and ``family_NAME_members.csv``: terms made by pattern, one per
  finding and member (``{n}`` stands for a member's names, ``{a}`` for its adjectives);
* ``exceptions.csv``: pairs of a family that do not exist, or are a preferred term of their own;
* ``noncurrent.csv``: ``term, preferred_term``, wordings once released and now given up;
* ``hints.csv``, ``query_groups.csv`` and ``query_group_terms.csv``: whom a condition can concern,
  and the themed query groups, see :mod:`dictionaries.open_events.themes`;
* ``settled.csv``: what the review listing showed and a person found right, see
  :mod:`dictionaries.authoring.review`;
* ``codes.csv``: the registry of codes, see :mod:`dictionaries.authoring.codes`.

Several values in a cell are separated by ``|``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from dictionaries.authoring.source_rows import read_rows, split, unique_rows
from dictionaries.model import DictionaryError
from dictionaries.wording import wording_key

CLASS_COLUMNS = ("class", "abbreviation")
HIERARCHY_COLUMNS = ("class", "group", "high_level_term")
TERM_COLUMNS = ("preferred_term", "high_level_term", "secondary", "synonyms")
FINDING_COLUMNS = ("finding", "preferred_term", "high_level_term", "secondary", "synonyms")
MEMBER_COLUMNS = ("member", "other_names", "adjectives", "high_level_term", "findings")
EXCEPTION_COLUMNS = ("family", "member", "finding", "preferred_term", "reason")
NONCURRENT_COLUMNS = ("term", "preferred_term")


@dataclass(frozen=True, slots=True)
class WrittenTerm:
    """A preferred term as a person wrote it, with where it stands."""

    text: str
    high_level_term: str
    secondary: tuple[str, ...]
    synonyms: tuple[str, ...]
    place: str


@dataclass(frozen=True, slots=True)
class Finding:
    """What a family says of each member: the templates of its names and where they belong."""

    name: str
    preferred_term: str
    high_level_term: str
    secondary: tuple[str, ...]
    synonyms: tuple[str, ...]
    place: str


@dataclass(frozen=True, slots=True)
class Member:
    """A site, substance, bone or organism of a family; no ``findings`` means all of them."""

    name: str
    other_names: tuple[str, ...]
    adjectives: tuple[str, ...]
    high_level_term: str
    findings: tuple[str, ...]
    place: str


@dataclass(frozen=True, slots=True)
class Family:
    """A pattern: every member with every finding that applies to it."""

    name: str
    findings: tuple[Finding, ...]
    members: tuple[Member, ...]


@dataclass(frozen=True, slots=True)
class Sources:
    """Everything people wrote. ``hierarchy``: high-level term → (class, group). ``exceptions``:
    (family, member, finding) → the preferred term that takes its wordings, or "" for none."""

    classes: dict[str, str]
    hierarchy: dict[str, tuple[str, str]]
    terms: tuple[WrittenTerm, ...]
    families: tuple[Family, ...]
    exceptions: dict[tuple[str, str, str], str]
    noncurrent: dict[str, str]


def read_sources(folder: Path) -> Sources:
    """Read and check all source files of a folder. Raises DictionaryError naming file and line."""
    class_rows = unique_rows(folder / "classes.csv", CLASS_COLUMNS, "class")
    classes = {row["class"]: row["abbreviation"] for row in class_rows}
    hierarchy = _read_hierarchy(folder, classes)
    terms = tuple(
        _written_term(row, hierarchy)
        for path in sorted(folder.glob("terms_*.csv"))
        for row in read_rows(path, TERM_COLUMNS)
    )
    families = tuple(_read_family(path, hierarchy) for path in sorted(folder.glob("family_*_findings.csv")))
    exceptions = _read_exceptions(folder, families)
    noncurrent = {
        row["term"]: row["preferred_term"]
        for row in unique_rows(folder / "noncurrent.csv", NONCURRENT_COLUMNS, "term")
    }
    return Sources(classes, hierarchy, terms, families, exceptions, noncurrent)


def _read_hierarchy(folder: Path, classes: dict[str, str]) -> dict[str, tuple[str, str]]:
    rows = unique_rows(folder / "hierarchy.csv", HIERARCHY_COLUMNS, "high_level_term")
    class_of: dict[str, str] = {}
    for row in rows:
        if row["class"] not in classes:
            raise DictionaryError(f"{row['place']}: the class {row['class']} is not in classes.csv")
        if class_of.setdefault(wording_key(row["group"]), row["class"]) != row["class"]:
            raise DictionaryError(f"{row['place']}: the group {row['group']} stands under two classes")
    return {row["high_level_term"]: (row["class"], row["group"]) for row in rows}


def _known(place: str, names: Iterable[str], hierarchy: dict[str, tuple[str, str]]) -> None:
    for name in names:
        if name not in hierarchy:
            raise DictionaryError(f"{place}: the high-level term {name} is not in hierarchy.csv")


def _written_term(row: dict[str, str], hierarchy: dict[str, tuple[str, str]]) -> WrittenTerm:
    secondary = split(row["secondary"])
    _known(row["place"], (row["high_level_term"], *secondary), hierarchy)
    return WrittenTerm(
        row["preferred_term"], row["high_level_term"], secondary, split(row["synonyms"]), row["place"]
    )


def _read_family(path: Path, hierarchy: dict[str, tuple[str, str]]) -> Family:
    name = path.name.removeprefix("family_").removesuffix("_findings.csv")
    findings = []
    for row in unique_rows(path, FINDING_COLUMNS, "finding"):
        secondary = split(row["secondary"])
        _known(row["place"], filter(None, (row["high_level_term"], *secondary)), hierarchy)
        findings.append(
            Finding(
                row["finding"], row["preferred_term"], row["high_level_term"], secondary,
                split(row["synonyms"]), row["place"],
            )
        )  # fmt: skip
    names = {finding.name for finding in findings}
    members = []
    for row in unique_rows(path.with_name(f"family_{name}_members.csv"), MEMBER_COLUMNS, "member"):
        chosen = split(row["findings"])
        _known(row["place"], filter(None, (row["high_level_term"],)), hierarchy)
        if not set(chosen) <= names:
            raise DictionaryError(f"{row['place']}: unknown finding; allowed: {', '.join(sorted(names))}")
        members.append(
            Member(
                row["member"], split(row["other_names"]), split(row["adjectives"]), row["high_level_term"],
                chosen, row["place"],
            )
        )  # fmt: skip
    return Family(name, tuple(findings), tuple(members))


def _read_exceptions(folder: Path, families: tuple[Family, ...]) -> dict[tuple[str, str, str], str]:
    pairs = {
        (family.name, member.name, finding.name)
        for family in families
        for member in family.members
        for finding in family.findings
    }
    exceptions: dict[tuple[str, str, str], str] = {}
    for row in read_rows(folder / "exceptions.csv", EXCEPTION_COLUMNS):
        pair = (row["family"], row["member"], row["finding"])
        if pair not in pairs:
            raise DictionaryError(f"{row['place']}: no family has the member and finding named here")
        if pair in exceptions:
            raise DictionaryError(f"{row['place']}: this pair is given twice")
        exceptions[pair] = row["preferred_term"]
    return exceptions
