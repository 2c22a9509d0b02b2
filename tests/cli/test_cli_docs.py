"""The documentation names every key of study.yaml, every command, option, variable and exit code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from coding.operations.study_template import Offered, study_text
from coding.study import (
    CODABLE_FIELDS,
    CodedBy,
    ColumnMap,
    Convention,
    EarlierCoding,
    Matching,
    Outcomes,
    Source,
    Study,
    SynonymFile,
    load_study,
)
from flows.cli.main import build_app
from flows.cli.terminal import EXIT_CODES, Exit

DOCS = Path(__file__).resolve().parents[2] / "docs"
STUDY_YAML = (DOCS / "study-yaml.md").read_text(encoding="utf-8")
TERMINAL = (DOCS / "terminal.md").read_text(encoding="utf-8")

SECTIONS = {
    "The study": Study,
    "`convention`": Convention,
    "`sources`": Source,
    "`columns`": ColumnMap,
    "`earlier_coding`": EarlierCoding,
    "`coding`": CodedBy,
    "`outcomes`": Outcomes,
    "`matching`": Matching,
    "`synonyms`": SynonymFile,
}


def section(title: str) -> str:
    parts = re.split(r"^##+ (.+)$", STUDY_YAML, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))[title]


@pytest.mark.parametrize("title", SECTIONS)
def test_every_key_of_study_yaml_is_documented_and_no_other(title: str) -> None:
    documented = re.findall(r"^\| `(\w+)` \|", section(title), flags=re.MULTILINE)
    assert documented == list(SECTIONS[title].model_fields)


def test_every_codable_field_is_documented() -> None:
    for field in CODABLE_FIELDS:
        assert f"`{field}`" in section("`coding`")


@pytest.mark.parametrize("title", ["The study", "`outcomes`", "`coding`", "`sources`", "`synonyms`"])
def test_documented_defaults_are_those_of_the_program(title: str) -> None:
    fields = SECTIONS[title].model_fields
    for key, said in re.findall(r"^\| `(\w+)` \| `([^`]*)` \|", section(title), flags=re.MULTILINE):
        default = fields[key].get_default(call_default_factory=True)
        plain = list(default) if isinstance(default, tuple) else default
        assert yaml.safe_load(said) == plain, key


@pytest.mark.parametrize("title", SECTIONS)
def test_documented_as_required_is_required(title: str) -> None:
    for key, said in re.findall(r"^\| `(\w+)` \| ([^|]*) \|", section(title), flags=re.MULTILINE):
        if SECTIONS[title] is not ColumnMap:
            assert (said == "required") == SECTIONS[title].model_fields[key].is_required(), key


def test_the_example_in_the_documentation_loads(tmp_path: Path) -> None:
    example = re.search(r"```yaml\n(study: .*?)```", STUDY_YAML, flags=re.DOTALL)
    assert example is not None
    path = tmp_path / "study.yaml"
    path.write_text(example[1], encoding="utf-8")
    assert load_study(path).source("ae").columns.record_id == ("AESPID",)


def test_the_example_study_has_every_key() -> None:
    text = study_text("ASPEN", None, {}, Offered({}, {}))
    for model in SECTIONS.values():
        for key in model.model_fields:
            if key != "context":
                assert re.search(rf"^[ #-]*{key}:", text, flags=re.MULTILINE), key


def commands() -> Iterator[str]:
    for name, app in build_app()._commands.items():
        if name.startswith("-"):
            continue
        verbs = [verb for verb in app._commands if not verb.startswith("-")]
        yield from (f"{name} {verb}" for verb in verbs) if verbs else [name]


def test_every_command_is_documented_and_no_other() -> None:
    documented = re.findall(r"^\| `trialcoder ([a-z]+(?: [a-z]+)?)", TERMINAL, flags=re.MULTILINE)
    assert sorted(documented) == sorted(commands())


def test_every_exit_code_is_documented() -> None:
    documented = re.findall(r"^\| (\d+) \|", TERMINAL, flags=re.MULTILINE)
    assert [int(code) for code in documented] == list(Exit)
    assert [int(code) for code in re.findall(r"^  (\d+) ", EXIT_CODES, flags=re.MULTILINE)] == list(Exit)


def test_every_environment_variable_is_documented() -> None:
    root = DOCS.parent
    files = [*root.glob("coding/**/*.py"), *root.glob("flows/cli/*.py")]
    used = {name for file in files for name in re.findall(r"TRIALCODER_[A-Z_]+", file.read_text("utf-8"))}
    assert used <= set(re.findall(r"`(TRIALCODER_[A-Z_]+)`", TERMINAL))
