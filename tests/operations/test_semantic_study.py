"""A study whose study.yaml names a sentence model: its suggestions, and a folder that cannot be used."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from coding.operations.code_study import code_study
from coding.records import UserError

pytest.importorskip("onnxruntime", reason="needs the extra semantic")
pytest.importorskip("onnx", reason="the tiny models are built with the package onnx")
pytest.importorskip("tokenizers", reason="needs the extra semantic")

from tiny_models import WORDS, build_model

MakeStudy = Callable[..., "object"]
ROWS = ("S1,1,broken,N,2024-01-02,,A", "S2,1,Headache,N,2024-01-02,,A")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model to which "broken" means the same as "rash"."""
    return build_model(tmp_path_factory.mktemp("model"), vectors={**WORDS, "broken": (0, 0, 0, 1)})


@pytest.fixture
def study(make_study: MakeStudy, model: Path):
    made = make_study()
    made.write_ae(ROWS)
    shutil.copytree(model, made.folder / "model")
    return made


def use(study, folder: str) -> None:
    study.configure("demographics: dm", f"demographics: dm\nmatching: {{semantic_model: {folder}}}")


def suggestions(study) -> list[tuple[str, str, str, str]]:
    """Verbatim, term, rules and reason of each suggestion of a run."""
    code_study(study.workspace, study.study, actor="dana")
    with (study.folder / "work" / "suggestions.csv").open(encoding="utf-8", newline="") as lines:
        return [
            (row["verbatim"], row["term"], row["rules"], row["reason"])
            for row in csv.DictReader(lines)
            if row["rules"] == "semantic" or not row["term"]
        ]


SAID = ("broken", "Rash", "semantic", "near in meaning by the sentence model")


@pytest.mark.parametrize("full_path", [False, True])
def test_the_model_of_a_study_finds_candidates(study, full_path: bool) -> None:
    use(study, str(study.folder / "model") if full_path else "model")
    assert SAID in suggestions(study)


def test_without_the_model_they_are_not_there(study) -> None:
    assert SAID not in suggestions(study)


def test_a_model_named_later_is_used_by_the_next_run(study) -> None:
    before = suggestions(study)
    use(study, "model")
    assert SAID not in before
    assert SAID in suggestions(study)


def test_a_changed_model_is_asked_again(study) -> None:
    use(study, "model")
    assert SAID in suggestions(study)
    build_model(study.folder / "model", vectors={**WORDS, "broken": (1, 0, 0, 0)})
    assert SAID not in suggestions(study)


def test_the_model_settles_nothing(study) -> None:
    use(study, "model")
    study.configure("coding:", "outcomes: {score: approved, score_minimum: 0.95}\ncoding:")
    assert SAID in suggestions(study)


@pytest.mark.parametrize(
    ("folder", "message"),
    [
        ("gone", "no such folder; name the folder that holds the model's files"),
        ("empty", "no model in it"),
        ("../model", "semantic_model"),
    ],
)
def test_a_folder_that_cannot_be_used_is_named(study, folder: str, message: str) -> None:
    (study.folder / "empty").mkdir()
    use(study, folder)
    with pytest.raises(UserError, match=message):
        code_study(study.workspace, study.study, actor="dana")
