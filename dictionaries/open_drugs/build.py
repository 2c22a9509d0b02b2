"""Build the release of the open drug dictionary: ``python -m dictionaries.open_drugs.build``.

The same sources give the same bytes. Names keep their codes as in the open event dictionary: a name
that had a code and is in no source any more stops the build.
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
from dictionaries.model import DictionaryError, Release
from dictionaries.open_drugs import (
    CHANGES_FILE,
    NAME,
    PREVIOUS_FOLDER,
    RELEASE_FILES_FOLDER,
    RELEASE_FOLDER,
    SOURCE_FOLDER,
    VERSION,
)
from dictionaries.open_drugs.expand import expand
from dictionaries.open_drugs.plain_files import write_plain_files
from dictionaries.open_drugs.sources import SINGLE_KINDS, Sources, read_sources
from schemas.vocabulary import TermStatus

LANGUAGE = "English"
LEVELS = ("NAME", "DRUG", "CLASS", "GROUP", "AREA")
NOTE = (
    "Open dictionary of medicines and other treatments for trying, teaching and unlicensed research; "
    "not WHODrug, its codes and classes are made up; not for submissions."
)

#: Text codes that no other drug dictionary uses. Preferred names share the codes of NAME.
RANGES: dict[str, CodeRange] = {
    "AREA": CodeRange(1, 99, "OA"),
    "GROUP": CodeRange(1, 999, "OG"),
    "CLASS": CodeRange(1, 9_999, "OC"),
    "NAME": CodeRange(1, 999_999, "OD"),
}


@dataclass(frozen=True, slots=True)
class Built:
    """What a build made: the release, what it changes in the one before, and what it holds."""

    content: ReleaseContent
    changes: pd.DataFrame
    substances: int
    written_names: int

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
    names = expand(sources)
    _check_classes(sources)
    names = with_given_up(names, sources.noncurrent, (drug.name for drug in sources.drugs))
    registry = _registry(source / "codes.csv", sources, names)
    release = Release(
        name=NAME, version=VERSION, language=LANGUAGE, checksum=source_checksum(source), levels=LEVELS,
        coding_level="NAME", preferred_level="DRUG", licensed=False, numeric_codes=False, note=NOTE,
    )  # fmt: skip
    content = ReleaseContent(
        release,
        _terms_frame(registry, sources, names),
        _paths_frame(registry, sources, release),
        attributes=_attributes_frame(registry, sources, names),
    )
    content, changes = store(content, previous, release_folder, changes_file)
    write_plain_files(content, files_folder)
    written = sum(item.rule in _WRITTEN for item in names)
    return Built(content, changes, sum(drug.kind in SINGLE_KINDS for drug in sources.drugs), written)


#: The kinds of names that people wrote; all others were made by rule.
_WRITTEN = frozenset({"preferred", "substance name", "other name", "trade name"})


def _registry(path: Path, sources: Sources, names: list[Lowest]) -> CodeRegistry:
    registry = CodeRegistry.read(path, RANGES)
    registry.check_nothing_lost("NAME", (item.text for item in names))
    registry.extend("AREA", [area for area, _ in sources.classes.values()])
    registry.extend("GROUP", [group for _, group in sources.classes.values()])
    registry.extend("CLASS", sources.classes)
    registry.extend("NAME", [item.text for item in names])
    registry.write(path)
    return registry


def _check_classes(sources: Sources) -> None:
    used = {drug.classes[0] for drug in sources.drugs}
    empty = sorted(set(sources.classes) - used)
    if empty:
        raise DictionaryError(f"classes.csv: no drug has {empty[0]} as its primary class")


def _terms_frame(registry: CodeRegistry, sources: Sources, names: list[Lowest]) -> pd.DataFrame:
    current, noncurrent = str(TermStatus.CURRENT), str(TermStatus.NONCURRENT)
    upper = {
        "AREA": sorted({area for area, _ in sources.classes.values()}),
        "GROUP": sorted({group for _, group in sources.classes.values()}),
        "CLASS": sorted(sources.classes),
    }
    rows = [
        (registry.code(level, name), name, level, current, "")
        for level, listed in upper.items()
        for name in listed
    ]
    rows += [(registry.code("NAME", drug.name), drug.name, "DRUG", current, "") for drug in sources.drugs]
    rows += [
        (
            registry.code("NAME", item.text), item.text, "NAME",
            noncurrent if item.rule == GIVEN_UP else current, registry.code("NAME", item.preferred),
        )
        for item in names
    ]  # fmt: skip
    return terms_frame(rows, LEVELS)


def _paths_frame(registry: CodeRegistry, sources: Sources, release: Release) -> pd.DataFrame:
    rows = []
    for drug in sources.drugs:
        for number, name in enumerate(drug.classes):
            area, group = sources.classes[name]
            upper = (registry.code("CLASS", name), registry.code("GROUP", group), registry.code("AREA", area))
            rows.append((registry.code("NAME", drug.name), number == 0, *upper))
    return paths_frame(rows, release)


def _attributes_frame(registry: CodeRegistry, sources: Sources, names: list[Lowest]) -> pd.DataFrame:
    """Of a drug: its kind, its ingredients in their order, its usual routes, and the names that may
    mean it or another drug. Of a name: what kind of name it is."""
    rows = []
    for drug in sources.drugs:
        code = registry.code("NAME", drug.name)
        rows.append((code, "DRUG", "kind", drug.kind))
        rows += [(code, "DRUG", f"ingredient {at:02d}", name) for at, name in enumerate(drug.ingredients, 1)]
        rows += [(code, "DRUG", "route", route) for route in sorted(drug.routes)]
    for name, possible in sources.ambiguous.items():
        rows += [(registry.code("NAME", drug), "DRUG", "ambiguous name", name) for drug in possible]
    rows += [(registry.code("NAME", item.text), "NAME", "name type", item.rule) for item in names]
    return attributes_frame(rows, LEVELS)


def main() -> int:
    """Build the release that ships; says how many terms it has. Returns the exit code."""
    try:
        built = build(SOURCE_FOLDER, PREVIOUS_FOLDER, RELEASE_FOLDER, RELEASE_FILES_FOLDER, CHANGES_FILE)
    except DictionaryError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    counts = ", ".join(f"{count} {level}" for level, count in built.counts().items())
    sys.stdout.write(f"{built.content.release.label}: {counts}\n")
    sys.stdout.write(f"  substances: {built.substances}; names that people wrote: {built.written_names}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
