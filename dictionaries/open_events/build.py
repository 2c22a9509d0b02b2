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

from dictionaries.authoring.codes import CodeRange, CodeRegistry
from dictionaries.authoring.release import (
    GIVEN_UP,
    attributes_frame,
    paths_frame,
    store,
    terms_frame,
    with_given_up,
)
from dictionaries.authoring.source_rows import source_checksum
from dictionaries.authoring.wordings import Lowest
from dictionaries.content import ReleaseContent
from dictionaries.model import GROUP_COLUMNS, DictionaryError, Release
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
from schemas.tables import text_frame
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
    lowest = with_given_up(lowest, sources.noncurrent, (term.text for term in preferred))
    placed = _placed(sources, preferred)
    hints, groups = read_hints(source, placed), read_query_groups(source, placed)
    registry = _registry(source / "codes.csv", sources, lowest, groups)
    release = Release(
        name=NAME, version=VERSION, language=LANGUAGE, checksum=source_checksum(source), levels=LEVELS,
        coding_level="LLT", preferred_level="PT", licensed=False, numeric_codes=True, note=NOTE,
    )  # fmt: skip
    content = ReleaseContent(
        release,
        _terms_frame(registry, sources, preferred, lowest),
        _paths_frame(registry, sources, preferred, release),
        attributes=_attributes_frame(registry, sources, hints, groups),
        groups=_groups_frame(registry, groups),
    )
    content, changes = store(content, previous, release_folder, changes_file)
    write_ascii_files(content, files_folder)
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


def _terms_frame(
    registry: CodeRegistry, sources: Sources, preferred: list[Preferred], lowest: list[Lowest]
) -> pd.DataFrame:
    current, noncurrent = str(TermStatus.CURRENT), str(TermStatus.NONCURRENT)
    upper = {
        "SOC": sources.classes,
        "HLGT": {group for _, group in sources.hierarchy.values()},
        "HLT": sources.hierarchy,
    }
    rows = [
        (registry.code(level, name), name, level, current, "")
        for level, names in upper.items()
        for name in names
    ]
    rows += [(registry.code("LLT", term.text), term.text, "PT", current, "") for term in preferred]
    rows += [
        (
            registry.code("LLT", item.text), item.text, "LLT",
            noncurrent if item.rule == GIVEN_UP else current, registry.code("LLT", item.preferred),
        )
        for item in lowest
    ]  # fmt: skip
    return terms_frame(rows, LEVELS)


def _paths_frame(
    registry: CodeRegistry, sources: Sources, preferred: list[Preferred], release: Release
) -> pd.DataFrame:
    rows = []
    for term in preferred:
        code = registry.code("LLT", term.text)
        for number, name in enumerate(term.high_level_terms):
            class_name, group = sources.hierarchy[name]
            upper = (registry.code("HLT", name), registry.code("HLGT", group))
            rows.append((code, number == 0, *upper, registry.code("SOC", class_name)))
    return paths_frame(rows, release)


def _attributes_frame(
    registry: CodeRegistry, sources: Sources, hints: list[tuple[str, str, str]], groups: list[QueryGroup]
) -> pd.DataFrame:
    """Abbreviations of the classes, hints of the preferred terms, descriptions of the query groups."""
    rows = [
        (registry.code("SOC", name), "SOC", "abbreviation", short) for name, short in sources.classes.items()
    ]
    rows += [(registry.code("LLT", text), "PT", name, value) for text, name, value in hints]
    rows += [(registry.code("GROUP", item.name), "SMQ", "description", item.description) for item in groups]
    return attributes_frame(rows, (*LEVELS, "SMQ"))


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
