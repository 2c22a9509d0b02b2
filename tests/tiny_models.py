"""Tiny sentence-embedding models whose vectors are set by hand, and how their answers are read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from coding.matching.semantic import SemanticModel, nearest_names
from coding.records import silent

pytest.importorskip("onnxruntime", reason="needs the extra semantic")
onnx = pytest.importorskip("onnx", reason="the tiny models are built with the package onnx")
tokenizers = pytest.importorskip("tokenizers", reason="needs the extra semantic")

#: "tummy" is near "stomach" (0.8) and not far from "head" (0.6).
WORDS = {
    "[UNK]": (0, 0, 0, 0),
    "[PAD]": (9, 9, 9, 9),
    "stomach": (1, 0, 0, 0),
    "tummy": (0.8, 0.6, 0, 0),
    "head": (0, 1, 0, 0),
    "pain": (0, 0, 1, 0),
    "ache": (0, 0, 1, 0),
    "rash": (0, 0, 0, 1),
    "opposite": (-1, 0, 0, 0),
    "broken": (float("nan"), 0, 0, 0),
}
NAMES = ["head pain", "rash", "stomach", "stomach pain"]


def graph_of(kind: str, integers: str = "INT64", vectors: dict[str, Any] | None = None) -> Any:
    """A graph with the output last_hidden_state, the vectors of the words.

    sentence: these turned round, and their mean as sentence_embedding. mixing: with the largest number
    of the whole batch added to each. odd: under another name. further: asks for one more input.
    """
    make, types_ = onnx.helper, onnx.TensorProto
    table = np.array(list((vectors or WORDS).values()), dtype=np.float32)
    zeros = np.array([[0] * 4, [float("nan")] * 4], dtype=np.float32)
    constants = [onnx.numpy_helper.from_array(table, "table"), onnx.numpy_helper.from_array(zeros, "types")]
    nodes = [
        make.make_node("Gather", ["table", "input_ids"], ["words"]),
        make.make_node("Gather", ["types", "token_type_ids"], ["segments"]),
        make.make_node("Add", ["words", "segments"], ["plain"]),
    ]
    last = {
        "tokens": make.make_node("Identity", ["plain"], ["last_hidden_state"]),
        "sentence": make.make_node("Neg", ["plain"], ["last_hidden_state"]),
        "mixing": make.make_node("Add", ["plain", "largest"], ["last_hidden_state"]),
        "further": make.make_node("Identity", ["plain"], ["last_hidden_state"]),
        "odd": make.make_node("Identity", ["plain"], ["logits"]),
    }[kind]
    outputs = [make.make_tensor_value_info(last.output[0], types_.FLOAT, ["b", "n", 4])]
    if kind == "sentence":
        nodes.append(make.make_node("ReduceMean", ["plain"], ["sentence_embedding"], axes=[1], keepdims=0))
        outputs.append(make.make_tensor_value_info("sentence_embedding", types_.FLOAT, ["b", 4]))
    if kind == "mixing":
        nodes.append(make.make_node("ReduceMax", ["plain"], ["largest"], axes=[0, 1], keepdims=1))
    names = ["input_ids", "token_type_ids", *(["pixel_values"] if kind == "further" else [])]
    inputs = [make.make_tensor_value_info(name, getattr(types_, integers), ["b", "n"]) for name in names]
    graph = make.make_graph([*nodes, last], "tiny", inputs, outputs, constants)
    return make.make_model(graph, opset_imports=[make.make_opsetid("", 13)], ir_version=8)


def build_model(
    folder: Path,
    kind: str = "tokens",
    pooling: str = "",
    length: int = 0,
    place: str = "model.onnx",
    **more: Any,
) -> Path:
    """A model folder: ``pooling`` in 1_Pooling, ``length`` as max_seq_length, the rest for the graph."""
    (folder / place).parent.mkdir(parents=True, exist_ok=True)
    onnx.save(graph_of(kind, **more), folder / place)
    words = tokenizers.models.WordLevel({word: at for at, word in enumerate(WORDS)}, unk_token="[UNK]")
    tokenizer = tokenizers.Tokenizer(words)
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    tokenizer.enable_padding(pad_id=1, pad_token="[PAD]", length=16)
    tokenizer.save(str(folder / "tokenizer.json"))
    if pooling:
        modes = {f"pooling_mode_{name}_tokens": name == pooling for name in ("mean", "max")}
        write(folder / "1_Pooling/config.json", {**modes, "pooling_mode_cls_token": pooling == "cls"})
    if length:
        write(folder / "sentence_bert_config.json", {"max_seq_length": length, "do_lower_case": True})
    return folder


def write(path: Path, content: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content), encoding="utf-8")


def listed(found: Any) -> list[tuple[int, int, float]]:
    text, name, cosine = found
    assert (text.dtype, name.dtype, cosine.dtype) == (np.int64, np.int64, np.float32)
    return [(int(a), int(b), round(float(c), 6)) for a, b, c in zip(text, name, cosine, strict=True)]


def near(folder: Path, asked: list[str], names: list[str], top: int = 5) -> list[tuple[int, int, float]]:
    return listed(nearest_names(SemanticModel.open(folder), names, asked, top, None, silent))
