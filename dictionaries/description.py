"""The description of a table that is a dictionary: which column holds what, written as YAML."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from dictionaries.model import DictionaryError
from schemas.settings_file import SettingsError, read_settings


def _as_tuple(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


Texts = Annotated[tuple[str, ...], BeforeValidator(_as_tuple)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class LevelColumns(_Model):
    """One level: the column with its terms' text and the column with their codes.

    Without ``code`` codes are generated from the text. ``code_width`` fills codes up with leading
    zeros that another program took away.
    """

    level: str
    text: str
    code: str | None = None
    code_width: int = Field(default=0, ge=0, le=64)


class StatusColumn(_Model):
    """The column that says whether a term is current, and its values for either."""

    column: str
    current: Texts
    noncurrent: Texts = ()


class PrimaryColumn(_Model):
    """The column that says which path of a preferred term is the primary one, and its values for it."""

    column: str
    values: Texts


class TableDescription(_Model):
    """What a YAML description may say; docs/dictionaries.md explains every key.

    ``levels`` go from the lowest, which verbatims are coded to, to the highest. ``preferred_level``
    is the first or the second of them.
    """

    name: str
    version: str | None = None
    language: str = "English"
    licensed: bool
    note: str = ""
    codes: Literal["text", "numeric"] = "text"
    levels: tuple[LevelColumns, ...] = Field(min_length=1)
    preferred_level: str | None = None
    own_terms: bool = False
    status: StatusColumn | None = None
    primary: PrimaryColumn | None = None
    attributes: dict[str, str] = Field(default_factory=dict)
    nothing: Texts = ()
    only: dict[str, Texts] = Field(default_factory=dict)
    delimiter: str | None = None
    encoding: str | None = None
    sheet: str | None = None

    @model_validator(mode="after")
    def _agree(self) -> Self:
        names = [item.level for item in self.levels]
        if len(set(names)) < len(names):
            raise ValueError("levels: two levels have the same name")
        if len(names) > 1 and self.preferred_level not in names[:2]:
            raise ValueError(f"preferred_level: must be {names[0]} or {names[1]}, the first or second level")
        if len(names) == 1 and self.preferred_level not in {None, names[0]}:
            raise ValueError(f"preferred_level: must be {names[0]}, the only level")
        if self.own_terms and self.preferred in (None, names[0]):
            raise ValueError("own_terms: needs a preferred level above the first level")
        if self.codes == "numeric" and any(item.code is None for item in self.levels):
            raise ValueError("codes: numeric needs a code column on every level; generated codes are text")
        if self.delimiter is not None and len(self.delimiter.replace("\\t", "\t")) != 1:
            raise ValueError("delimiter: must be one character (\\t for a tab)")
        return self

    @property
    def preferred(self) -> str:
        """The preferred level: as told, or the only one."""
        return self.preferred_level or self.levels[0].level

    def columns(self) -> dict[str, str]:
        """Every column the table must have → the key that asks for it."""
        asked: dict[str, str] = {}
        for item in self.levels:
            asked.setdefault(item.text, f"levels {item.level} text")
            if item.code is not None:
                asked.setdefault(item.code, f"levels {item.level} code")
        for key, chosen in (("status", self.status), ("primary", self.primary)):
            if chosen is not None:
                asked.setdefault(chosen.column, f"{key} column")
        for key, columns in (("attributes", self.attributes.values()), ("only", self.only)):
            for column in columns:
                asked.setdefault(column, key)
        return asked


def read_description(path: Path) -> TableDescription:
    """Read and check a description. Raises DictionaryError naming every wrong key."""
    try:
        return read_settings(path, TableDescription)
    except FileNotFoundError:
        raise DictionaryError(f"{path}: not found") from None
    except SettingsError as error:
        raise DictionaryError(str(error)) from None
