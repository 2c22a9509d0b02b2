"""A study opened for work: its configuration, its dictionaries, its extract, its ledger's tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from coding.occurrences import occurrence_columns, occurrences_of, requests_of
from coding.records import UserError, canonical_json
from coding.study import CodedBy, Study
from coding.workspace import Workspace
from dictionaries.model import Dictionary, DictionaryError
from dictionaries.registry import open_dictionary, shipped_folders
from schemas.vocabulary import Domain, domain_of_field

if TYPE_CHECKING:
    from coding.ingest.extract import Extract


@dataclass(frozen=True)
class Target:
    """A codable field and one dictionary it is coded with; ``main`` is the first of the field."""

    field: str
    dictionary: Dictionary
    coded_by: CodedBy
    main: bool

    @property
    def domain(self) -> Domain:
        return domain_of_field(self.field)


@dataclass(frozen=True)
class StudyRun:
    """What every operation on a study begins with."""

    workspace: Workspace
    study: Study
    folder: Path
    targets: tuple[Target, ...]

    @property
    def work(self) -> Path:
        """Where listings of the last run lie."""
        return self.folder / "work"

    @property
    def semantic_model(self) -> Path | None:
        """The folder of the study's sentence model, if it has one."""
        told = self.study.matching.semantic_model
        return None if told is None else self.folder / told

    @property
    def packages(self) -> Path:
        return self.folder / "packages"

    @cached_property
    def dictionaries(self) -> dict[str, Dictionary]:
        """The study's dictionaries by name, sorted."""
        found = {target.dictionary.release.name: target.dictionary for target in self.targets}
        return dict(sorted(found.items()))

    @property
    def releases(self) -> tuple[str, ...]:
        return tuple(item.release.identity for item in self.dictionaries.values())

    @cached_property
    def configuration(self) -> dict[str, Any]:
        """The configuration as the ledger records it: every setting, and the releases in use."""
        return {
            "study": self.study.model_dump(mode="json"),
            "releases": list(self.releases),
            "synonym_files": {
                item.file: _file_checksum(self.folder / item.file) for item in self.study.synonyms
            },
        }

    @property
    def configuration_checksum(self) -> str:
        return sha256(canonical_json(self.configuration).encode("utf-8")).hexdigest()

    def uncoded_fields(self, domains: Sequence[Domain]) -> list[str]:
        """Notes on domains that are read but coded with nothing."""
        coded = {target.domain for target in self.targets}
        missing = [domain for domain in domains if domain is not Domain.DM and domain not in coded]
        return [f"{domain} is read, but study.yaml names no dictionary for it" for domain in missing]

    def occurrences(self, extract: Extract) -> dict[tuple[str, str], pd.DataFrame]:
        """The occurrences of an extract by (field, dictionary name), in the study's order."""
        found = {}
        for target in self.targets:
            if target.domain not in extract.domains:
                continue
            name = target.dictionary.release.name
            columns = occurrence_columns(target.field, target.coded_by.context)
            form = extract.forms(target.domain, columns)
            found[target.field, name] = occurrences_of(form, target.field, name, target.coded_by.context)
        return found


def requests_by_dictionary(
    occurrences: dict[tuple[str, str], pd.DataFrame],
) -> dict[str, pd.DataFrame]:
    """The coding requests of each dictionary over all fields coded with it."""
    frames: dict[str, list[pd.DataFrame]] = {}
    for (_, dictionary), frame in occurrences.items():
        frames.setdefault(dictionary, []).append(frame)
    return {
        name: requests_of(pd.concat(parts, ignore_index=True) if len(parts) > 1 else parts[0])
        for name, parts in sorted(frames.items())
    }


def open_study(workspace: Workspace, study_id: str) -> StudyRun:
    """Load a study's configuration and open its dictionaries.

    Raises UserError when the configuration is wrong or a dictionary is missing.
    """
    study = workspace.load_study(study_id)
    targets, opened = [], dict[tuple[str, str | None, str], Dictionary]()
    for name, choices in study.coding.items():
        for number, choice in enumerate(choices):
            key = (choice.dictionary, choice.release, choice.language)
            if key not in opened:
                opened[key] = _open(workspace, choice, name)
            targets.append(Target(name, opened[key], choice, main=number == 0))
    run = StudyRun(workspace, study, workspace.study_folder(study_id), tuple(targets))
    identities = {(target.dictionary.release.name, target.dictionary.release.identity) for target in targets}
    names = [name for name, _ in identities]
    for name in sorted(names):
        if names.count(name) > 1:
            raise UserError(
                f"study.yaml: coding: {name} is named with two releases; a study uses one of each"
            )
    return run


def _open(workspace: Workspace, choice: CodedBy, field: str) -> Dictionary:
    folders = [workspace.dictionaries, *shipped_folders()]
    try:
        return open_dictionary(choice.dictionary, choice.release, choice.language, folders=folders)
    except DictionaryError as error:
        raise UserError(f"study.yaml: coding.{field}: {error}") from None


def _file_checksum(path: Path) -> str:
    try:
        return sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise UserError(
            f"{path}: cannot be read ({error.strerror}); study.yaml names it under synonyms"
        ) from None
