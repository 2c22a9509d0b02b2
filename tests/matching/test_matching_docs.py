"""docs/matching.md says what the program does: its generated parts and worked examples are made anew."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

from coding.matching import normalisation, settling
from coding.matching.features import LIGHT
from coding.matching.flags import FLAGS
from coding.matching.reasons import RULES
from coding.matching.wordings import PARTIAL
from coding.operations.suggest_terms import SUGGEST_COLUMNS
from schemas.vocabulary import Method

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = (DOCS / "matching.md").read_text(encoding="utf-8")
RENEW = "run: python docs/generate_matching.py"

#: How far a score of the page may be from the program's: a new row of the thesaurus moves many a little.
SCORE_TOLERANCE = 0.02


def load_generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate_matching", DOCS / "generate_matching.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


GENERATOR = load_generator()
BLOCKS = list(GENERATOR.blocks(PAGE))
EXAMPLES = {told: content for kind, told, content in BLOCKS if kind == "example"}
PARTS = {told: content for kind, told, content in BLOCKS if kind == "generated"}


def first_candidate(content: str) -> list[str]:
    """The cells of a block's first candidate: rank, term, preferred term, score, rules, reason."""
    rows = re.findall(r"^\| 1 \|.*\|$", content, flags=re.MULTILINE)
    return [cell.strip() for cell in rows[0].strip("|").split(" | ")] if rows else []


def lines_before_candidates(content: str) -> list[str]:
    return [line for line in content.splitlines() if line.startswith("- ")]


def test_the_page_has_every_part_and_enough_examples() -> None:
    assert PARTS.keys() == GENERATOR.PARTS.keys()
    assert len(EXAMPLES) >= 12


@pytest.mark.parametrize("name", PARTS)
def test_a_table_is_that_of_the_code(name: str) -> None:
    assert PARTS[name] == GENERATOR.part(name), RENEW


@pytest.mark.parametrize("told", EXAMPLES)
def test_a_worked_example_is_what_the_program_says(told: str) -> None:
    now = GENERATOR.example_block(told)
    page, program = first_candidate(EXAMPLES[told]), first_candidate(now)
    assert lines_before_candidates(EXAMPLES[told]) == lines_before_candidates(now), RENEW
    assert page[:3] + page[4:] == program[:3] + program[4:], RENEW
    if page:
        assert float(page[3]) == pytest.approx(float(program[3]), abs=SCORE_TOLERANCE), RENEW


def test_every_rule_flag_and_role_is_explained() -> None:
    assert list(GENERATOR.NORMALISATION) == list(normalisation.RULES)
    assert list(GENERATOR.WORDINGS) == list(PARTIAL)
    assert list(GENERATOR.ROLES) == list(LIGHT)
    for word in (*RULES, *FLAGS):
        assert f"| `{word}` |" in PAGE


def test_an_example_of_a_normalisation_rule_needs_that_rule() -> None:
    for rule, (_, name, other) in GENERATOR.NORMALISATION.items():
        if not other:
            assert rule in normalisation.normalise(name).rules, rule
            continue
        one, two = normalisation.normalise(name), normalisation.normalise(other)
        way = "compact" if rule == "compounding" else "any_order"
        assert getattr(one, way) == getattr(two, way), rule


def test_every_reason_to_hold_a_request_is_explained() -> None:
    reasons = {value for name, value in vars(settling).items() if name.isupper() and isinstance(value, str)}
    assert set(GENERATOR.HELD) == reasons


def test_every_method_is_explained() -> None:
    for method in set(Method) - {Method.PERSON}:
        assert f"`{method}`" in PAGE


def test_every_module_of_the_room_is_named() -> None:
    room = DOCS.parent / "coding" / "matching"
    without = {"__init__.py", "collection.py"}
    assert {path.name for path in room.glob("*.py")} - without <= set(re.findall(r"`([a-z_]+\.py)`", PAGE))


def test_every_column_of_suggest_is_explained() -> None:
    terminal = (DOCS / "terminal.md").read_text(encoding="utf-8")
    table = terminal.split("| column | what it holds |")[1].split("\n\n")[0]
    first_cells = re.findall(r"^\| (`.*?) \|", table, flags=re.MULTILINE)
    assert re.findall(r"`(\w+)`", " ".join(first_cells)) == list(SUGGEST_COLUMNS)
