"""A sentence model of the user's beside the spelling: what it adds to the candidates, and what not."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from made_dictionary import matches_of, rules_of

from coding.matching.engine import Matches
from coding.matching.index import MatchIndex, build_index
from coding.matching.semantic import SemanticModel, SemanticRetriever
from coding.operations.suggest_terms import suggest_terms
from coding.records import UserError
from dictionaries.model import Dictionary
from schemas.tables import read_csv

pytest.importorskip("onnxruntime", reason="needs the extra semantic")
pytest.importorskip("onnx", reason="the tiny models are built with the package onnx")
pytest.importorskip("tokenizers", reason="needs the extra semantic")

from tiny_models import WORDS, build_model

#: "broken" points where "rash" points, "head" not far from "tummy" (0.6).
VECTORS = {**WORDS, "broken": (0, 0, 0, 1)}
LOW = [
    ("01", "Rash", "01", "current"),
    ("02", "Tummy", "02", "current"),
    ("03", "Old", "04", "noncurrent"),
    ("04", "Stomach", "04", "current"),
]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_model(tmp_path_factory.mktemp("model"), vectors=VECTORS)


@pytest.fixture
def release(tmp_path: Path, stored: Callable[..., Dictionary]) -> Dictionary:
    # Not English: nothing but the spelling and the model finds a name.
    return stored(tmp_path / "release", LOW, language="German")


@pytest.fixture
def index(release: Dictionary) -> MatchIndex:
    return build_index(release)


def match(index: MatchIndex, model: Path | None, *verbatims: str, **outcomes: object) -> Matches:
    further = None if model is None else SemanticRetriever(SemanticModel.open(model), index, None)
    return matches_of(index, *verbatims, rules=replace(rules_of(**outcomes), further=further))


def rows(matches: Matches) -> list[tuple[str, int, str, float, str, str]]:
    columns = ["key", "rank", "term", "score", "method", "rules"]
    return list(matches.candidates[columns].itertuples(index=False, name=None))


def test_the_model_finds_what_the_spelling_does_not(index: MatchIndex, model: Path) -> None:
    assert rows(match(index, None, "broken", "head")) == []
    assert rows(match(index, model, "broken", "head")) == [
        ("k000", 1, "Rash", 0.9, "score", "semantic"),
        # (0.6 - 0.4) / (1 - 0.4) of the highest score, 0.9
        ("k001", 1, "Tummy", 0.3, "score", "semantic"),
    ]


def test_the_reason_names_the_model(index: MatchIndex, model: Path) -> None:
    found = match(index, model, "broken").candidates
    assert found["reason"].to_list() == ["near in meaning by the sentence model"]


def test_a_name_found_by_both_is_offered_once(index: MatchIndex, model: Path) -> None:
    found = match(index, model, "rash rash").candidates
    assert found["term"].to_list() == ["Rash"]


def test_names_and_rules_come_before_the_model(index: MatchIndex, model: Path) -> None:
    matches = match(index, model, "tummy")
    assert matches.decisions[["code", "method"]].to_numpy().tolist() == [["02", "exact"]]
    assert rows(matches)[:2] == [
        ("k000", 1, "Tummy", 1.0, "exact", ""),
        ("k000", 2, "Stomach", 0.6, "score", "semantic"),
    ]


def test_what_is_denied_is_not_settled_by_the_model(index: MatchIndex, model: Path) -> None:
    matches = match(index, model, "no broken", score="approved", score_minimum=0.1)
    assert matches.decisions.empty
    assert matches.held["reason"].to_list() == ["negated"]


def test_what_is_found_does_not_depend_on_other_verbatims(index: MatchIndex, model: Path) -> None:
    together = rows(match(index, model, "broken", "xyz", "head", "tummy"))
    assert [row[1:] for row in together if row[0] == "k002"] == [
        row[1:] for row in rows(match(index, model, "head"))
    ]


# --- suggest ----------------------------------------------------------------------------------------


def listing(release: Dictionary, folder: Path, **more: object) -> pd.DataFrame:
    (folder / "list.csv").write_text("verbatim\nbroken\nrash\n", encoding="utf-8")
    output = folder / "out.csv"
    suggest_terms(release, folder / "list.csv", "verbatim", top=1, output=output, **more)  # type: ignore[arg-type]
    return read_csv(output)


def test_suggest_with_a_model(release: Dictionary, model: Path, tmp_path: Path) -> None:
    found = listing(release, tmp_path, semantic_model=model, cache=tmp_path / "cache")
    assert found[["verbatim", "term", "score", "rules", "auto"]].to_numpy().tolist() == [
        ["broken", "Rash", "0.9000", "semantic", "no"],
        ["rash", "Rash", "1.0000", "", "yes"],
    ]
    assert sorted(path.parent.name for path in tmp_path.glob("cache/*/*.np*")) == ["index", "semantic"]


def test_suggest_without_a_model(release: Dictionary, tmp_path: Path) -> None:
    found = listing(release, tmp_path)
    assert found[["verbatim", "term", "method"]].to_numpy().tolist() == [
        ["broken", "", ""],
        ["rash", "Rash", "exact"],
    ]


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (None, "no such folder; name the folder that holds the model's files"),
        ({}, "no model in it"),
        ({"model.onnx": b"junk"}, "tokenizer.json: missing"),
        ({"model.onnx": b"junk", "tokenizer.json": b"{}"}, "is no tokenizer"),
        ({"pytorch_model.bin": b"junk"}, "weights in a pickle are not read"),
    ],
)
def test_suggest_names_what_is_wrong_with_a_model(
    release: Dictionary, tmp_path: Path, files: dict[str, bytes] | None, message: str
) -> None:
    folder = tmp_path / "mine"
    if files is not None:
        folder.mkdir()
        for name, content in files.items():
            (folder / name).write_bytes(content)
    with pytest.raises(UserError, match=message) as told:
        listing(release, tmp_path, semantic_model=folder)
    assert str(told.value).startswith(str(folder))
    assert not (tmp_path / "out.csv").exists()


def test_suggest_names_a_file_that_is_no_json(release: Dictionary, model: Path, tmp_path: Path) -> None:
    folder = build_model(tmp_path / "mine", pooling="cls")
    (folder / "1_Pooling" / "config.json").write_text(json.dumps({"pooling_mode": "sum"}))
    with pytest.raises(UserError, match="pooling sum is not known"):
        listing(release, tmp_path, semantic_model=folder)
