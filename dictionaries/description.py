"""The description of a table that is a dictionary: which column holds what, written as YAML."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from dictionaries.model import DictionaryError


def _as_tuple(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


def _none_if_blank(value: Any) -> Any:
    return None if value == "" else value


Texts = Annotated[tuple[str, ...], BeforeValidator(_as_tuple)]
OptionalText = Annotated[str | None, BeforeValidator(_none_if_blank)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class LevelColumns(_Model):
    """One level: the column with its terms' text and the column with their codes.

    Without ``code`` codes are generated from the text. ``code_width`` fills codes up with leading
    zeros that another program took away.
    """

    level: str
    text: str
    code: OptionalText = None
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
    version: OptionalText = None
    language: str = "English"
    licensed: bool
    note: str = ""
    codes: Literal["text", "numeric"] = "text"
    levels: tuple[LevelColumns, ...] = Field(min_length=1)
    preferred_level: OptionalText = None
    own_terms: bool = False
    status: StatusColumn | None = None
    primary: PrimaryColumn | None = None
    attributes: dict[str, str] = Field(default_factory=dict)
    nothing: Texts = ()
    only: dict[str, Texts] = Field(default_factory=dict)
    delimiter: OptionalText = None
    encoding: OptionalText = None
    sheet: OptionalText = None

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
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DictionaryError(f"{path}: cannot be read as UTF-8 text ({type(error).__name__})") from None
    try:
        # Every scalar as text: a version 2024.10 must not become the number 2024.1.
        data = yaml.load(text, Loader=_TextLoader)  # noqa: S506 - makes plain text only
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" line {mark.line + 1}, column {mark.column + 1}:" if mark else ""
        raise DictionaryError(f"{path}:{where} {getattr(error, 'problem', error)}") from None
    if not isinstance(data, dict):
        raise DictionaryError(f"{path}: expected `key: value` lines; see docs/dictionaries.md")
    try:
        return TableDescription.model_validate(data)
    except ValidationError as error:
        faults = "\n".join(_explain(item) for item in error.errors())
        raise DictionaryError(f"{path}:\n{faults}") from None


class _TextLoader(yaml.BaseLoader):
    """Reads every scalar as text and refuses a key given twice."""


def _mapping(loader: yaml.BaseLoader, node: yaml.MappingNode) -> dict[Any, Any]:
    seen: set[Any] = set()
    for key_node, _ in node.value:
        key = loader.construct_object(key_node, deep=True)
        if not isinstance(key, str) or key in seen:
            raise yaml.constructor.ConstructorError(
                None, None, f"the key {key!r} is given twice or is no text", key_node.start_mark
            )
        seen.add(key)
    return loader.construct_mapping(node, deep=True)


_TextLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def _explain(item: Any) -> str:
    key = ".".join(str(part + 1) if isinstance(part, int) else str(part) for part in item["loc"])
    kind = item["type"]
    if kind == "extra_forbidden":
        return f"  {key}: not a known key; check the spelling"
    if kind == "missing":
        return f"  {key}: missing"
    message = str(item["msg"]).removeprefix("Value error, ")
    return f"  {key}: {message}" if key else f"  {message}"
