"""Build the release of the open event dictionary: ``python -m dictionaries.open_events.build``.

The same sources give the same bytes. Codes that new wordings get are written to ``codes.csv``
first, which is a source from then on; a wording that had a code and is in no source any more
stops the build, so that nothing that was released disappears unsaid.
"""

from __future__ import annotations

import hashlib
import sys
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from dictionaries.model import (
    ATTRIBUTES_FILE,
    PATHS_FILE,
    TERMS_FILE,
    DictionaryError,
    Release,
    write_release_file,
)
from dictionaries.open_events import RELEASE_FILES_FOLDER, RELEASE_FOLDER, SOURCE_FOLDER
from dictionaries.open_events.ascii_files import write_ascii_files
from dictionaries.open_events.codes import CodeRegistry
from dictionaries.open_events.expand import Lowest, Preferred, expand
from dictionaries.open_events.sources import Sources, read_sources, source_files
from dictionaries.wording import wording_key
from schemas.tables import text_frame, write_parquet
from schemas.vocabulary import TermStatus

NAME, VERSION, LANGUAGE = "open_events", "0.1", "English"
LEVELS = ("LLT", "PT", "HLT", "HLGT", "SOC")
NOTE = (
    "Open dictionary of events and conditions for trying, teaching and unlicensed research; "
    "not MedDRA, its codes are made up; not for submissions."
)


@dataclass(frozen=True, slots=True)
class Built:
    """What a build made: the release, its frames, and the number of terms on each level."""

    release: Release
    terms: pd.DataFrame
    paths: pd.DataFrame
    attributes: pd.DataFrame

    def counts(self) -> dict[str, int]:
        return {level: int((self.terms["level"] == level).sum()) for level in LEVELS}


def build(source: Path, release_folder: Path, files_folder: Path) -> Built:
    """Build from ``source`` into the two folders, extending ``source/codes.csv``.

    Raises DictionaryError that says which rows of the sources do not go together.
    """
    sources = read_sources(source)
    preferred, lowest = expand(sources)
    _check_classes(sources, preferred)
    lowest = lowest + _noncurrent(sources, preferred, lowest)
    registry = CodeRegistry.read(source / "codes.csv")
    _check_nothing_lost(registry, lowest)
    _extend(registry, sources, lowest)
    registry.write(source / "codes.csv")
    release = Release(
        name=NAME, version=VERSION, language=LANGUAGE, checksum=source_checksum(source), levels=LEVELS,
        coding_level="LLT", preferred_level="PT", licensed=False, numeric_codes=True, note=NOTE,
    )  # fmt: skip
    built = Built(
        release,
        _terms_frame(registry, sources, preferred, lowest),
        _paths_frame(registry, sources, preferred),
        _attributes_frame(registry, sources),
    )
    release_folder.mkdir(parents=True, exist_ok=True)
    write_parquet(built.terms, release_folder / TERMS_FILE)
    write_parquet(built.paths, release_folder / PATHS_FILE)
    write_parquet(built.attributes, release_folder / ATTRIBUTES_FILE)
    write_release_file(release, release_folder)
    write_ascii_files(release, built.terms, built.paths, built.attributes, files_folder)
    return built


def source_checksum(source: Path) -> str:
    """The SHA-256 over the source files' names and contents, in the order of their names."""
    digest = hashlib.sha256()
    for path in source_files(source):
        digest.update(path.name.encode("utf-8") + b"\0")
        digest.update(path.read_bytes().replace(b"\r\n", b"\n") + b"\0")
    return digest.hexdigest()


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


def _check_nothing_lost(registry: CodeRegistry, lowest: list[Lowest]) -> None:
    kept = {wording_key(item.text) for item in lowest}
    lost = [text for text in registry.texts("LLT") if wording_key(text) not in kept]
    if lost:
        raise DictionaryError(
            f"{len(lost)} wordings have a code and are in no source any more, first: {lost[0]}; "
            "put them back, or into noncurrent.csv with their preferred term"
        )


def _extend(registry: CodeRegistry, sources: Sources, lowest: list[Lowest]) -> None:
    registry.extend("SOC", sources.classes)
    registry.extend("HLGT", [group for _, group in sources.hierarchy.values()])
    registry.extend("HLT", sources.hierarchy)
    registry.extend("LLT", [item.text for item in lowest])


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


def _attributes_frame(registry: CodeRegistry, sources: Sources) -> pd.DataFrame:
    rows = sorted((registry.code("SOC", name), short) for name, short in sources.classes.items())
    return text_frame(
        {
            "code": [code for code, _ in rows],
            "level": ["SOC" for _ in rows],
            "name": ["abbreviation" for _ in rows],
            "value": [short for _, short in rows],
        }
    )


def main() -> int:
    """Build the release that ships; says how many terms it has. Returns the exit code."""
    try:
        built = build(SOURCE_FOLDER, RELEASE_FOLDER, RELEASE_FILES_FOLDER)
    except DictionaryError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    counts = ", ".join(f"{count} {level}" for level, count in built.counts().items())
    sys.stdout.write(f"{built.release.label}: {counts}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
