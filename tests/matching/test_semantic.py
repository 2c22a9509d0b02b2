"""Names near in meaning, with tiny models whose vectors are set by hand."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny_models import NAMES, build_model, listed, near, write

from coding.matching import semantic
from coding.matching.further_retriever import FurtherRetriever
from coding.matching.index import MatchIndex, build_index
from coding.matching.model_folder import read_length
from coding.matching.semantic import SemanticModel, SemanticRetriever, nearest_names
from coding.records import silent
from dictionaries.model import Dictionary

Build = Callable[..., Path]


@pytest.fixture
def build(tmp_path: Path) -> Build:
    return partial(build_model, tmp_path / "model")


def test_neighbours_and_their_cosines(build: Build) -> None:
    found = near(build(), ["rash", "tummy ache", "tummy"], NAMES, top=2)
    assert found == [(0, 1, 1.0), (1, 3, 0.9), (1, 0, 0.8), (2, 2, 0.8), (2, 3, 0.5657)]


def test_of_equal_cosines_the_first_names_are_taken_and_nothing_that_points_away(build: Build) -> None:
    names = ["head", "pain", "stomach", "ache", "opposite", "pain"]
    assert near(build(), ["pain", "stomach"], names, top=2) == [(0, 1, 1.0), (0, 3, 1.0), (1, 2, 1.0)]


def test_vectors_have_length_one_and_texts_without_words_none(build: Build) -> None:
    model = SemanticModel.open(build())
    vectors = model.embed(["tummy", "tummy ache", "", "tummy"], silent)
    assert vectors.dtype == np.float32
    half = 0.5**0.5
    expected = [[0.8, 0.6, 0, 0], [0.8 * half, 0.6 * half, half, 0], [0, 0, 0, 0], [0.8, 0.6, 0, 0]]
    np.testing.assert_allclose(vectors, expected, atol=1e-6)
    assert model.embed([], silent).shape == (0, 4)
    assert near(build(), ["", "xyz"], NAMES) == []


@pytest.mark.parametrize(
    ("pooling", "expected"),
    [
        # (1, 0, 0, 0) + (0.8, 0.6, 0, 0): the first, half the sum, the largest of each
        ("cls", [1, 0, 0, 0]),
        ("mean", [0.948683, 0.316228, 0, 0]),
        ("max", [0.857493, 0.514496, 0, 0]),
        ("", [0.948683, 0.316228, 0, 0]),
    ],
)
def test_pooling(build: Build, pooling: str, expected: list[float]) -> None:
    vectors = SemanticModel.open(build(pooling=pooling)).embed(["stomach tummy"], silent)
    np.testing.assert_allclose(vectors, [expected], atol=2e-6)


def test_the_graphs_own_sentence_vector_is_preferred(build: Build) -> None:
    folder = build("sentence", pooling="cls", place="onnx/model.onnx", integers="INT32")
    assert near(folder, ["tummy ache"], NAMES, top=2) == [(0, 3, 0.9), (0, 0, 0.8)]


def test_texts_are_cut_where_the_folder_says(build: Build) -> None:
    assert near(build(length=1), ["STOMACH pain"], ["stomach", "pain"]) == [(0, 0, 1.0)]
    assert near(build(length=2), ["stomach pain"], ["stomach", "pain"]) == [(0, 0, 0.7071), (0, 1, 0.7071)]


@pytest.mark.parametrize(
    ("files", "length"),
    [
        ({}, 256),
        (
            {"sentence_bert_config": {"max_seq_length": 128}, "tokenizer_config": {"model_max_length": 64}},
            128,
        ),
        (
            {"sentence_bert_config": {"max_seq_length": None}, "tokenizer_config": {"model_max_length": 64}},
            64,
        ),
        ({"sentence_bert_config": {"max_seq_length": 8192}}, 512),
        ({"tokenizer_config": {"model_max_length": 10**30}}, 256),
    ],
)
def test_how_long_a_text_may_be(tmp_path: Path, files: dict[str, Any], length: int) -> None:
    for name, content in files.items():
        write(tmp_path / f"{name}.json", content)
    assert read_length(tmp_path) == length


@pytest.mark.parametrize("kind", ["tokens", "mixing"])
def test_a_vector_does_not_depend_on_the_other_texts(
    build: Build, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = SemanticModel.open(build(kind))
    texts = [
        f"{a} {b} {c}".strip() for a in ("tummy", "head") for b in ("pain", "") for c in ("rash", "")
    ] * 9
    together = model.embed(texts, silent)
    alone = np.concatenate([model.embed([text], silent) for text in texts])
    assert together.tobytes() == alone.tobytes()
    assert model.embed(texts[::-1], silent)[::-1].tobytes() == together.tobytes()
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    assert model.embed(texts, silent).tobytes() == together.tobytes()


def test_neighbours_do_not_depend_on_blocks_or_order(build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    model = SemanticModel.open(build())
    asked = ["tummy ache", "rash", "head", "stomach rash", "pain"]
    whole = listed(nearest_names(model, NAMES, asked, 3, None, silent))
    monkeypatch.setattr(semantic, "CELLS", 5)
    monkeypatch.setattr(semantic, "NAMES_BLOCK", 3)
    monkeypatch.setattr(semantic, "CHUNK", 2)
    assert listed(nearest_names(model, NAMES, asked, 3, None, silent)) == whole
    turned = listed(nearest_names(model, NAMES, asked[::-1], 3, None, silent))
    assert sorted((4 - text, name, cosine) for text, name, cosine in turned) == sorted(whole)


def test_sums_of_cosines_are_exact() -> None:
    numbers = np.random.default_rng(1).normal(size=(300, 384))
    unit = numbers / np.linalg.norm(numbers, axis=1, keepdims=True)
    vectors = (np.rint(unit * semantic.GRID) / semantic.GRID).astype(np.float32)
    whole = [[int(number) for number in row] for row in vectors.astype(np.float64) * semantic.GRID]
    found = semantic._cosines(vectors[:8], vectors)
    for left in range(8):
        for right in range(300):
            units = sum(a * b for a, b in zip(whole[left], whole[right], strict=True))
            assert found[left, right] == min(round(units * 10_000 / 2**40), 10_000)


def test_the_vectors_of_names_are_kept(build: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model, cache = SemanticModel.open(build()), tmp_path / "cache"
    passed: list[str] = []
    encode = model.encoder.encode

    def counted(texts: list[str]) -> Any:
        passed.extend(texts)
        return encode(texts)

    monkeypatch.setattr(model.encoder, "encode", counted)

    def run() -> list[tuple[int, int, float]]:
        passed.clear()
        return listed(nearest_names(model, NAMES, ["tummy"], 1, cache, silent))

    assert run() == [(0, 2, 0.8)]
    assert passed == ["tummy", *NAMES]
    (file,) = cache.rglob("*.npy")
    names = hashlib.sha256(b"9:head pain4:rash7:stomach12:stomach pain").hexdigest()
    assert file.relative_to(cache).as_posix() == f"semantic/{model.checksum[:32]}-{names[:32]}.npy"
    whole = file.read_bytes()
    assert (run(), passed) == ([(0, 2, 0.8)], ["tummy"])
    other = np.ones((4, 4), dtype=np.float32)
    for broken in (b"", whole[:-8], b"junk", other, other[:3] / 2, np.array([{}] * 4)):
        if isinstance(broken, bytes):
            file.write_bytes(broken)
        else:
            np.save(file, broken, allow_pickle=True)
        assert (run(), passed) == ([(0, 2, 0.8)], ["tummy", *NAMES])
        assert file.read_bytes() == whole


def test_rows_of_a_dictionary(build: Build, stored: Callable[..., Dictionary], tmp_path: Path) -> None:
    low = [
        ("01", "Stomach pain", "01", "current"),
        ("02", "Stomach", "02", "current"),
        ("03", "STOMACH", "02", "current"),
        ("04", "Tummy", "02", "noncurrent"),  # offered as its preferred term's
        ("05", "Tummy", "06", "noncurrent"),  # nothing of 06 is current: never offered
        ("06", "Rash", "06", "noncurrent"),
    ]
    index: MatchIndex = build_index(stored(tmp_path / "release", low))
    model = SemanticModel.open(build())
    retriever: FurtherRetriever = SemanticRetriever(model, index, tmp_path / "cache")
    assert retriever.checksum == model.checksum
    found = listed(retriever.nearest(["Tummy.", " STOMACH", "rash"], 3, silent))
    assert found == [
        (0, 3, 1.0),
        (0, 1, 0.8),
        (0, 2, 0.8),
        (1, 1, 1.0),
        (1, 2, 1.0),
        (1, 3, 0.8),
    ]
    assert listed(retriever.nearest(["tummy"], 2, silent)) == [(0, 3, 1.0), (0, 1, 0.8)]
    assert listed(retriever.nearest([], 2, silent)) == []


def test_importing_it_loads_none_of_the_extra() -> None:
    program = (
        "import sys; import coding.matching.semantic; "
        "print({'onnxruntime', 'tokenizers', 'torch', 'sentence_transformers'} & set(sys.modules))"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "set()"
