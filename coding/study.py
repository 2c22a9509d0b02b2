"""The study's configuration, ``study.yaml``: what a data manager writes, checked.

Errors name the key and the allowed values. Nothing here touches a file but :func:`load_study`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    field_validator,
    model_validator,
)

from coding.records import UserError
from schemas.settings_file import SettingsError, read_settings
from schemas.vocabulary import OPTIONAL_VARIABLES, VERBATIM_VARIABLE, Domain, Outcome

STUDY_FILE = "study.yaml"
STUDY_ID = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"

CODABLE_FIELDS = tuple(VERBATIM_VARIABLE.values()) + tuple(
    name for names in OPTIONAL_VARIABLES.values() for name in names
)


class StudyError(UserError):
    """study.yaml cannot be used; the message names the key and what is allowed."""


def _as_tuple(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


#: One column name or several, written as text or as a list.
Columns = Annotated[tuple[str, ...], BeforeValidator(_as_tuple)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Convention(_Model):
    """The study's written coding rules; every decision is made under one."""

    document: str = ""
    version: str = ""
    points_to_consider: str = ""


class ColumnMap(_Model):
    """Which column of a source holds what. ``verbatim``: the first filled of several."""

    verbatim: Columns = ()
    subject: str
    record_id: Columns = ()
    site: str | None = None
    visit: str | None = None
    start: str | None = None
    end: str | None = None
    severity: str | None = None
    serious: str | None = None
    outcome: str | None = None
    action: str | None = None
    causality: str | None = None
    indication: str | None = None
    route: str | None = None
    dose: str | None = None
    form: str | None = None
    strength: str | None = None
    country: str | None = None
    sex: str | None = None
    age: str | None = None
    birth_date: str | None = None

    def given(self) -> dict[str, str]:
        """Role → column for the single-column roles that are given."""
        pairs = self.model_dump(exclude={"verbatim", "record_id"}, exclude_none=True)
        return {role: str(column) for role, column in pairs.items()}


def _no_way_up(path: str) -> str:
    if "\x00" in path or ".." in Path(path).parts:
        raise ValueError("must not contain `..`; put the file below the study's folder or give its full path")
    return path


class EarlierCoding(_Model):
    """Columns of a source that hold an earlier coding which the study wants to count."""

    code: str | None = None
    term: str | None = None

    @model_validator(mode="after")
    def _one_given(self) -> Self:
        if self.code is None and self.term is None:
            raise ValueError("give `code`, `term` or both")
        return self


class Source(_Model):
    """One file, or the files of a glob, with the records of one domain.

    ``date_format``: ``ISO`` or a strptime pattern such as ``%m/%d/%Y``. ``code_lists``: role →
    standard value → the source's values. ``form``: the ODM form or item group OID.
    """

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$")
    domain: Domain
    file: str
    format: Literal["auto", "csv", "tsv", "xlsx", "xpt", "sas7bdat", "odm", "dataset-json"] = "auto"
    sheet: str | None = None
    item_group: str | None = None
    encoding: str | None = None
    columns: ColumnMap
    date_format: str = "ISO"
    code_lists: dict[str, dict[str, tuple[str, ...]]] = Field(default_factory=dict)
    earlier_coding: EarlierCoding | None = None

    @field_validator("file")
    @classmethod
    def _inside(cls, value: str) -> str:
        return _no_way_up(value)

    @model_validator(mode="after")
    def _verbatim_where_coded(self) -> Self:
        if self.domain is not Domain.DM and not self.columns.verbatim:
            raise ValueError(f"columns.verbatim is missing: name the column with the {self.domain} verbatim")
        return self


class CodedBy(_Model):
    """The dictionary (and release) a field is coded with. ``context``: for drugs, the form
    columns that tell two requests with the same verbatim apart."""

    dictionary: str
    release: str | None = None
    language: str = "English"
    context: tuple[Literal["indication", "route", "form", "strength", "country"], ...] = ()


class Outcomes(_Model):
    """What each matching method may do. A serious event is never approved by score.

    With ``score_precision`` the outcome ``score`` follows evidence and ``score_minimum`` counts for
    nothing: a score settles only from the confidence on at which decided cases have proven, with
    ``score_confidence``, that so many codings are right.
    """

    synonym: Outcome = Outcome.APPROVED
    earlier_coding: Outcome = Outcome.NEEDS_APPROVAL
    exact: Outcome = Outcome.APPROVED
    normalised: Outcome = Outcome.NEEDS_APPROVAL
    no_event: Outcome = Outcome.NEEDS_APPROVAL
    score: Outcome = Outcome.CANDIDATE
    score_minimum: float = Field(default=0.95, ge=0.0, le=1.0)
    score_precision: float | None = Field(default=None, ge=0.5, le=0.9999)
    score_confidence: float = Field(default=0.95, ge=0.5, le=0.9999)


class Matching(_Model):
    """What helps to find candidates. ``semantic_model``: the folder of a sentence-embedding model of
    the user's, relative to the study's folder or by its full path."""

    semantic_model: str | None = None

    @field_validator("semantic_model")
    @classmethod
    def _inside(cls, value: str | None) -> str | None:
        return None if value is None else _no_way_up(value)


class SynonymFile(_Model):
    """A CSV with ``verbatim, code, term`` (and ``context``) that a person answers for.

    ``scope`` is ``study`` or ``sponsor``: what crosses sponsors needs more than a line in a file.
    """

    file: str
    dictionary: str
    scope: Literal["study", "sponsor"] = "study"

    @field_validator("file")
    @classmethod
    def _inside(cls, value: str) -> str:
        return _no_way_up(value)


class Study(_Model):
    """A study's configuration as the program uses it."""

    study: str = Field(pattern=STUDY_ID)
    sponsor: str = ""
    convention: Convention = Convention()
    sources: tuple[Source, ...] = Field(min_length=1)
    demographics: str | None = None
    coding: dict[str, tuple[CodedBy, ...]]
    outcomes: Outcomes = Outcomes()
    matching: Matching = Matching()
    do_not_autocode: tuple[str, ...] = ()
    never_show: tuple[str, ...] = ()
    synonyms: tuple[SynonymFile, ...] = ()
    xlsx_row_limit: int = Field(default=50_000, ge=0, le=1_048_575)

    @field_validator("coding", mode="before")
    @classmethod
    def _one_or_many(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return {key: item if isinstance(item, list | tuple) else [item] for key, item in value.items()}

    @field_validator("coding")
    @classmethod
    def _known_fields(cls, value: dict[str, tuple[CodedBy, ...]]) -> dict[str, tuple[CodedBy, ...]]:
        for name, targets in value.items():
            if name not in CODABLE_FIELDS:
                raise ValueError(f"{name} is not a codable field; allowed: {', '.join(CODABLE_FIELDS)}")
            names = [target.dictionary for target in targets]
            if len(set(names)) < len(names):
                raise ValueError(f"{name} names the same dictionary twice")
        return value

    @model_validator(mode="after")
    def _agree(self) -> Self:
        names = [source.name for source in self.sources]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"sources: the name {twice[0]} is given twice")
        if self.demographics is not None:
            matching = [source for source in self.sources if source.name == self.demographics]
            if not matching or matching[0].domain is not Domain.DM:
                raise ValueError(f"demographics: {self.demographics} is not a source with domain DM")
        shown = set(self.never_show)
        for source in self.sources:
            used = {*source.columns.verbatim, *source.columns.record_id, *source.columns.given().values()}
            if used & shown:
                raise ValueError(f"never_show: {sorted(used & shown)[0]} is used by source {source.name}")
        return self

    def source(self, name: str) -> Source:
        """The source of that name. Raises KeyError."""
        return next(item for item in self.sources if item.name == name)


def load_study(path: Path) -> Study:
    """Read and check a study.yaml. Raises StudyError naming every wrong key."""
    try:
        return read_settings(path, Study)
    except FileNotFoundError:
        raise StudyError(f"{path}: not found; make one with `trialcoder init`") from None
    except SettingsError as error:
        raise StudyError(str(error)) from None
