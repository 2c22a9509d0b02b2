"""YAML files that people write, read into a pydantic model: errors name the line or the key.

Every value is read as text (``release: 27.10`` stays ``27.10``, ``Y`` stays ``Y``) and left to the
model; a key without a value counts as not given; a key given twice is an error.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

Settings = TypeVar("Settings", bound=BaseModel)


class SettingsError(ValueError):
    """The file cannot be used; the message names the file and what is wrong where."""


def read_settings(path: Path, model: type[Settings]) -> Settings:
    """Read and check a file. Raises SettingsError (FileNotFoundError where there is none)."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path}: not UTF-8 text (byte {error.start}); save it as UTF-8") from None
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read ({error.strerror})") from None
    try:
        data = yaml.load(text, Loader=_TextLoader)  # noqa: S506 - a SafeLoader
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise SettingsError(f"{path}:{where} {getattr(error, 'problem', error)}") from None
    if not isinstance(data, dict):
        raise SettingsError(f"{path}: expected `key: value` lines, found {type(data).__name__}")
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise SettingsError("\n  ".join([f"{path}:", *_explanations(error)])) from None


class _TextLoader(yaml.SafeLoader):
    """SafeLoader that leaves text as text and refuses a key given twice."""


def _mapping(loader: yaml.SafeLoader, node: yaml.MappingNode) -> dict[str, Any]:
    seen: set[Any] = set()
    for key_node, _ in node.value:
        key = loader.construct_object(key_node, deep=True)
        if not isinstance(key, str) or key in seen:
            raise yaml.constructor.ConstructorError(
                None, None, f"the key {key!r} is given twice or is no text", key_node.start_mark
            )
        seen.add(key)
    pairs = yaml.SafeLoader.construct_mapping(loader, node, deep=True)
    return {str(key): value for key, value in pairs.items() if value is not None}


_TextLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)
_TextLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag == "tag:yaml.org,2002:null"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _explanations(error: ValidationError) -> list[str]:
    """A line per wrong key. A list whose items are wrong is also told to be too short: left out."""
    wrong = error.errors()
    firsts = [item["loc"][0] for item in wrong if len(item["loc"]) > 1]
    return [_explain(item) for item in wrong if item["type"] != "too_short" or item["loc"][0] not in firsts]


def _explain(item: Any) -> str:
    key = ".".join(str(part + 1) if isinstance(part, int) else str(part) for part in item["loc"])
    match item["type"]:
        case "extra_forbidden":
            message = "not a known key; check the spelling"
        case "missing":
            message = "missing"
        case "too_short":
            message = "needs at least one entry"
        case "string_pattern_mismatch":
            message = "may only hold letters, digits, '.', '_' and '-', and starts with a letter or digit"
        case "value_error":
            message = item["msg"].removeprefix("Value error, ")
        case _:
            message = re.sub(r"^Input should be ", "must be ", item["msg"])
    return f"{key}: {message}" if key else message
