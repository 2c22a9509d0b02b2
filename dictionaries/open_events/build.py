"""Build the release of the open event dictionary: ``python -m dictionaries.open_events.build``.

The same sources give the same bytes. Codes that new wordings get are written to ``codes.csv``
first, which is a source from then on; a wording that had a code and is in no source any more
stops the build, so that nothing that was released disappears unsaid.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from dictionaries.authoring.changes import with_history
from dictionaries.authoring.codes import CodeRange, CodeRegistry
from dictionaries.authoring.source_rows import source_checksum
from dictionaries.authoring.wordings import Lowest
from dictionaries.checking import check_content
from dictionaries.content import ReleaseContent, write_content
from dictionaries.model import ATTRIBUTE_COLUMNS, GROUP_COLUMNS, DictionaryError, Release
from dictionaries.open_events import (
    CHANGES_FILE,
    NAME,
    PREVIOUS_FOLDER,
    RELEASE_FILES_FOLDER,
    RELEASE_FOLDER,
    SOURCE_FOLDER,
    VERSION,
)
from dictionaries.open_events.ascii_files import write_ascii_files
from dictionaries.open_events.expand import Preferred, expand
from dictionaries.open_events.sources import Sources, read_sources
from dictionaries.open_events.themes import Placed, QueryGroup, read_hints, read_query_groups
from dictionaries.wording import wording_key
from schemas.tables import text_frame, write_csv
from schemas.vocabulary import TermStatus

LANGUAGE = "English"
LEVELS = ("LLT", "PT", "HLT", "HLGT", "SOC")
NOTE = (
    "Open dictionary of events and conditions for trying, teaching and unlicensed research; "
    "not MedDRA, its codes are made up; not for submissions."
)

#: Seven digits, so that nobody takes them for the eight digits of another dictionary. Preferred terms
#: share the codes of LLT.
RANGES: dict[str, CodeRange] = {
    "GROUP": CodeRange(6_000_001, 6_000_999),
    "SOC": CodeRange(7_000_001, 7_000_999),
    "HLGT": CodeRange(7_001_001, 7_009_999),
    "HLT": CodeRange(7_010_001, 7_099_999),
    "LLT": CodeRange(7_100_001, 7_999_999),
}
_SCOPE_CODES = {"narrow": "2", "broad": "1"}


@dataclass(frozen=True, slots=True)
class Built:
    """What a build made: the release with its frames, and what it changes in the one before."""

    content: ReleaseContent
    changes: pd.DataFrame

    def counts(self) -> dict[str, int]:
        """The number of terms on each level."""
        return {level: int((self.content.terms["level"] == level).sum()) for level in LEVELS}


def build(
    source: Path, previous: Path | None, release_folder: Path, files_folder: Path, changes_file: Path
) -> Built:
    """Build from ``source`` into the two folders, extending ``source/codes.csv``.

    ``previous`` is the stored release before this one, if any. Raises DictionaryError that says which
    rows of the sources do not go together.
    """
    sources = read_sources(source)
    preferred, lowest = expand(sources)
    _check_classes(sources, preferred)
    lowest = lowest + _noncurrent(sources, preferred, lowest)
    placed = _placed(sources, preferred)
    hints, groups = read_hints(source, placed), read_query_groups(source, placed)
    registry = _registry(source / "codes.csv", sources, lowest, groups)
    release = Release(
        name=NAME, version=VERSION, language=LANGUAGE, checksum=source_checksum(source), levels=LEVELS,
        coding_level="LLT", preferred_level="PT", licensed=False, numeric_codes=True, note=NOTE,
    )  # fmt: skip
    terms = _terms_frame(registry, sources, preferred, lowest)
    paths = _paths_frame(registry, sources, preferred)
    content = ReleaseContent(
        release, terms, paths,
        attributes=_attributes_frame(registry, sources, hints, groups),
        groups=_groups_frame(registry, groups),
    )  # fmt: skip
    content, changes = with_history(content, previous)
    check_content(content)
    for folder in (release_folder, changes_file.parent):
        folder.mkdir(parents=True, exist_ok=True)
    write_content(content, release_folder)
    write_ascii_files(content, files_folder)
    if previous is not None:
        write_csv(changes, changes_file)
    return Built(content, changes)


def _registry(path: Path, sources: Sources, lowest: list[Lowest], groups: list[QueryGroup]) -> CodeRegistry:
    registry = CodeRegistry.read(path, RANGES)
    registry.check_nothing_lost("LLT", (item.text for item in lowest))
    registry.extend("GROUP", [group.name for group in groups])
    registry.extend("SOC", sources.classes)
    registry.extend("HLGT", [group for _, group in sources.hierarchy.values()])
    registry.extend("HLT", sources.hierarchy)
    registry.extend("LLT", [item.text for item in lowest])
    registry.write(path)
    return registry


def _placed(sources: Sources, preferred: list[Preferred]) -> list[Placed]:
    def path(name: str) -> tuple[str, str, str]:
        class_name, group = sources.hierarchy[name]
        return name, group, class_name

    return [Placed(term.text, tuple(map(path, term.high_level_terms))) for term in preferred]


def _check_classes(sources: Sources, preferred: list[Preferred]) -> None:
    """Every level has terms below it, and a preferred term one path in a class."""
    used = {term.high_level_terms[0] for term in preferred}
    empty = sorted(set(sources.hierarchy) - used)
    if empty:
        raise DictionaryError(f"hierarchy.csv: no preferred term has {empty[0]} as its primary path")
    without = sorted(set(sources.classes) - {upper[0] for upper in sources.hierarchy.values()})
    if without:
        raise DictionaryError(f"classes.csv: the class {without[0]} is empty")
    for term in preferred:
        classes = [sources.hierarchy[name][0] for name in term.high_level_terms]
        if len(set(classes)) < len(classes):
            raise DictionaryError(f"{term.place}: {term.text} has two paths in one class")


def _noncurrent(sources: Sources, preferred: list[Preferred], lowest: list[Lowest]) -> list[Lowest]:
    names = {wording_key(term.text): term.text for term in preferred}
    current = {wording_key(item.text) for item in lowest}
    found = []
    for text, parent in sorted(sources.noncurrent.items()):
        if wording_key(text) in current:
            raise DictionaryError(f"noncurrent.csv: {text} is a current term; take it out of one place")
        if wording_key(parent) not in names:
            raise DictionaryError(f"noncurrent.csv: {text}: there is no preferred term {parent}")
        found.append(Lowest(text, names[wording_key(parent)], "noncurrent"))
    return found


def _terms_frame(
    registry: CodeRegistry, sources: Sources, preferred: list[Preferred], lowest: list[Lowest]
) -> pd.DataFrame:
    groups = sorted({group for _, group in sources.hierarchy.values()})
    rows = [(registry.code("SOC", name), name, "SOC", "", "") for name in sources.classes]
    rows += [(registry.code("HLGT", name), name, "HLGT", "", "") for name in groups]
    rows += [(registry.code("HLT", name), name, "HLT", "", "") for name in sources.hierarchy]
    rows += [(registry.code("LLT", term.text), term.text, "PT", "", "") for term in preferred]
    rows += [
        (registry.code("LLT", item.text), item.text, "LLT", registry.code("LLT", item.preferred), item.rule)
        for item in lowest
    ]
    rows.sort(key=lambda row: (LEVELS.index(row[2]), row[0]))
    current, noncurrent = str(TermStatus.CURRENT), str(TermStatus.NONCURRENT)
    return text_frame(
        {
            "code": [row[0] for row in rows],
            "text": [row[1] for row in rows],
            "level": [row[2] for row in rows],
            "status": [noncurrent if row[4] == "noncurrent" else current for row in rows],
            "parent": [row[3] for row in rows],
        }
    )


def _paths_frame(registry: CodeRegistry, sources: Sources, preferred: list[Preferred]) -> pd.DataFrame:
    rows = []
    for term in preferred:
        code = registry.code("LLT", term.text)
        for number, name in enumerate(term.high_level_terms):
            class_name, group = sources.hierarchy[name]
            upper = (registry.code("HLT", name), registry.code("HLGT", group))
            rows.append((code, number == 0, *upper, registry.code("SOC", class_name)))
    rows.sort(key=lambda row: (row[0], not row[1], row[2]))
    columns = list(zip(*rows, strict=True))
    frame = text_frame(
        {"code": columns[0], "HLT_code": columns[2], "HLGT_code": columns[3], "SOC_code": columns[4]}
    )
    frame.insert(1, "primary", pd.Series(columns[1], dtype="bool"))
    return frame


def _attributes_frame(
    registry: CodeRegistry, sources: Sources, hints: list[tuple[str, str, str]], groups: list[QueryGroup]
) -> pd.DataFrame:
    """Abbreviations of the classes, hints of the preferred terms, descriptions of the query groups."""
    rows = [
        (registry.code("SOC", name), "SOC", "abbreviation", short) for name, short in sources.classes.items()
    ]
    rows += [(registry.code("LLT", text), "PT", name, value) for text, name, value in hints]
    rows += [(registry.code("GROUP", item.name), "SMQ", "description", item.description) for item in groups]
    rows.sort(key=lambda row: (row[1], row[0], row[2]))
    return text_frame({name: [row[at] for row in rows] for at, name in enumerate(ATTRIBUTE_COLUMNS)})


def _groups_frame(registry: CodeRegistry, groups: list[QueryGroup]) -> pd.DataFrame:
    """The query groups as the MedDRA layout has its standardised queries: all on level 1, no algorithm."""
    blank = dict.fromkeys(GROUP_COLUMNS, "")
    rows = [
        {
            **blank,
            "group_code": registry.code("GROUP", group.name),
            "group": group.name,
            "algorithm": "N",
            "code": registry.code("LLT", text),
            "level": "PT",
            "scope": _SCOPE_CODES[scope],
            "status": "A",
            "category": "A",
            "weight": "0",
            "kind": "SMQ",
            "group_level": "1",
        }
        for group in groups
        for text, scope in group.members
    ]
    rows.sort(key=lambda row: (row["group_code"], row["code"]))
    return text_frame({name: [row[name] for row in rows] for name in GROUP_COLUMNS})


def main() -> int:
    """Build the release that ships; says how many terms it has. Returns the exit code."""
    try:
        built = build(SOURCE_FOLDER, PREVIOUS_FOLDER, RELEASE_FOLDER, RELEASE_FILES_FOLDER, CHANGES_FILE)
    except DictionaryError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    counts = ", ".join(f"{count} {level}" for level, count in built.counts().items())
    sys.stdout.write(f"{built.content.release.label}: {counts}\n")
    for change, count in built.changes["change"].value_counts().sort_index().items():
        sys.stdout.write(f"  {change}: {count}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
