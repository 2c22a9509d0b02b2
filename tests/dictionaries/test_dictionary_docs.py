"""docs/dictionaries.md: its descriptions can be used and every key is explained."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dictionaries.description import TableDescription, read_description

DOCS = (Path(__file__).resolve().parents[2] / "docs" / "dictionaries.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```yaml\n(.*?)```", DOCS, re.DOTALL)


def test_there_are_examples():
    assert len(EXAMPLES) == 3


@pytest.mark.parametrize("number", range(3))
def test_examples_can_be_used(tmp_path, number):
    path = tmp_path / "description.yaml"
    path.write_text(EXAMPLES[number], encoding="utf-8")
    assert read_description(path).levels


@pytest.mark.parametrize("key", TableDescription.model_fields)
def test_every_key_is_explained(key):
    table = DOCS[DOCS.index("| key | meaning |") :]
    assert f"`{key}`" in table
