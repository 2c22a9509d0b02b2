"""Model folders: which files count, and what is refused with which words."""

from __future__ import annotations

import hashlib
import os
import sys
import types
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny_models import WORDS, build_model, graph_of, near, onnx, write

from coding.matching.model_folder import VECTORS_VERSION, find_model, read_pooling
from coding.matching.semantic import SemanticModel
from coding.records import UserError, silent

Build = Callable[..., Path]


@pytest.fixture
def build(tmp_path: Path) -> Build:
    return partial(build_model, tmp_path / "model")


def test_the_checksum_counts_the_files_that_are_used(build: Build) -> None:
    folder = build(pooling="mean")
    digest = hashlib.sha256(VECTORS_VERSION.encode())
    for name in ("1_Pooling/config.json", "model.onnx", "tokenizer.json"):
        content = (folder / name).read_bytes()
        digest.update(f"\x00{name}\x00{len(content)}\x00".encode() + content)
    (folder / "README.md").write_text("not used", encoding="utf-8")
    assert SemanticModel.open(folder).checksum == digest.hexdigest()
    write(folder / "sentence_bert_config.json", {"max_seq_length": 9})
    assert SemanticModel.open(folder).checksum != digest.hexdigest()


def test_numbers_in_a_file_of_their_own_count_too(build: Build) -> None:
    folder = build()
    apart = {"save_as_external_data": True, "location": "n.data", "size_threshold": 0}
    onnx.save(graph_of("tokens"), folder / "model.onnx", **apart)
    assert [path.name for path in find_model(folder).used] == ["model.onnx", "n.data", "tokenizer.json"]
    assert near(folder, ["tummy"], ["stomach"]) == [(0, 0, 0.8)]
    (folder / "n.data").unlink()
    with pytest.raises(UserError, match=r"n\.data: missing, model\.onnx needs it"):
        SemanticModel.open(folder)


def test_numbers_outside_the_folder_are_refused(build: Build) -> None:
    folder = build()
    model = graph_of("tokens")
    onnx.external_data_helper.set_external_data(model.graph.initializer[0], location="../secret")
    (folder / "model.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(UserError, match=r"model\.onnx: refers to \.\./secret, outside its folder"):
        SemanticModel.open(folder)


def refused(folder: Path) -> str:
    with pytest.raises(UserError) as told:
        SemanticModel.open(folder)
    return str(told.value).replace(str(folder), "FOLDER")


def test_what_is_missing_is_named(build: Build, tmp_path: Path) -> None:
    assert (
        refused(tmp_path / "none") == "FOLDER: no such folder; name the folder that holds the model's files"
    )
    assert refused(tmp_path).startswith("FOLDER: no model in it: neither model.onnx nor onnx/model.onnx, nor")
    folder = build()
    (folder / "tokenizer.json").unlink()
    assert refused(folder).startswith("FOLDER/tokenizer.json: missing; save the model's tokenizer")


def test_what_is_broken_is_named(build: Build) -> None:
    folder = build()
    (folder / "tokenizer.json").write_text("{", encoding="utf-8")
    assert refused(folder).startswith("FOLDER/tokenizer.json: is no tokenizer (")
    (build() / "model.onnx").write_bytes(b"no graph")
    assert refused(folder).startswith("FOLDER/model.onnx: is no ONNX model (")
    (build() / "model.onnx").write_bytes(b"")
    assert refused(folder).startswith("FOLDER/model.onnx: is no ONNX model (")
    (build() / "sentence_bert_config.json").write_text("[", encoding="utf-8")
    assert refused(folder).startswith("FOLDER/sentence_bert_config.json: cannot be read as JSON")


def test_a_graph_of_another_kind_is_refused(build: Build) -> None:
    assert "has the outputs logits, neither sentence_embedding nor" in refused(build("odd"))
    assert "asks for pixel_values; only whole numbers named input_ids" in refused(build("further"))
    small = build(vectors={"[UNK]": WORDS["[UNK]"]})
    with pytest.raises(UserError, match="the model fails on a text of 1 tokens"):
        SemanticModel.open(small).embed(["rash"], silent)


def test_one_of_several_graphs(build: Build) -> None:
    folder = build(place="onnx/model_O2.onnx")
    assert near(folder, ["tummy"], ["stomach"]) == [(0, 0, 0.8)]
    build(place="small.onnx")
    assert (
        refused(folder)
        == "FOLDER: which of onnx/model_O2.onnx, small.onnx is meant? Rename one to model.onnx"
    )


def test_not_a_number(build: Build) -> None:
    with pytest.raises(UserError, match="the model gives something that is not a number"):
        SemanticModel.open(build()).embed(["broken"], silent)
    nothing = dict.fromkeys(WORDS, WORDS["broken"])
    assert "something that is not a number" in refused(build(vectors=nothing))


def test_a_way_of_pooling_that_is_not_known(build: Build) -> None:
    folder = build()
    write(folder / "1_Pooling/config.json", {"pooling_mode_lasttoken": True})
    assert refused(folder).startswith("FOLDER/1_Pooling/config.json: pooling lasttoken is not known")
    write(folder / "1_Pooling/config.json", {"pooling_mode": "max"})
    assert read_pooling(folder) == "max"
    write(folder / "1_Pooling/config.json", {"pooling_mode": ["cls", "mean"]})
    assert "pooling ['cls', 'mean'] is not known" in refused(folder)
    write(folder / "1_Pooling/config.json", {"pooling_mode_mean_sqrt_len_tokens": True})
    assert read_pooling(folder) == "mean"
    write(folder / "modules.json", [{"type": "sentence_transformers.models.Dense", "path": "2_Dense"}])
    assert refused(folder).startswith(
        "FOLDER: the model goes on with a module Dense that its ONNX export lacks"
    )


@pytest.mark.parametrize("package", ["onnxruntime", "tokenizers"])
def test_without_the_extra(build: Build, package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = build()
    monkeypatch.setitem(sys.modules, package, None)
    assert refused(folder) == f"a semantic model needs the package {package}: pip install -e '.[semantic]'"


def library_folder(folder: Path) -> Path:
    write(folder / "modules.json", [{"type": "sentence_transformers.models.Transformer", "path": ""}])
    (folder / "model.safetensors").write_bytes(b"numbers")
    return folder


def test_without_the_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    offline(monkeypatch)
    told = refused(library_folder(tmp_path))
    assert told.startswith("FOLDER: has no ONNX model, and the package sentence-transformers")
    assert "pip install sentence-transformers, or put an ONNX export" in told


def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the test undo what opening such a folder sets."""
    for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_HUB_DISABLE_TELEMETRY"):
        monkeypatch.setenv(name, "0")


def test_an_adapter_is_refused(tmp_path: Path) -> None:
    write(library_folder(tmp_path) / "adapter_config.json", {})
    assert refused(tmp_path).startswith("FOLDER: holds an adapter without the model it belongs to")


def test_pickles_and_programs_are_refused(tmp_path: Path) -> None:
    folder = library_folder(tmp_path)
    (folder / "2_Dense").mkdir()
    (folder / "2_Dense" / "pytorch_model.bin").write_bytes(b"pickle")
    assert refused(folder).startswith("FOLDER/2_Dense/pytorch_model.bin: weights in a pickle are not read")
    (folder / "2_Dense" / "model.safetensors").write_bytes(b"")
    for kind, path, told in (
        ("own_module.Own", "", "module own_module.Own is not read"),
        ("sentence_transformers.models.Dense", "../Dense", "module Dense lies outside the folder"),
    ):
        write(folder / "modules.json", [{"type": kind, "path": path}])
        assert refused(folder).startswith(f"FOLDER/modules.json: {told}")
    (folder / "model.safetensors").unlink()
    (folder / "pytorch_model.bin").write_bytes(b"pickle")
    assert refused(folder).startswith("FOLDER/pytorch_model.bin: weights in a pickle are not read")


def test_what_the_library_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    class Library:
        def __init__(self, folder: str, **options: Any) -> None:
            asked.append((folder, options, os.environ["HF_HUB_OFFLINE"]))

        def encode(self, texts: list[str], **options: Any) -> Any:
            asked.append((texts, options))
            return np.array([[3.0, 4.0]] * len(texts))

    threads = [8]
    torch = types.SimpleNamespace(get_num_threads=lambda: threads[-1], set_num_threads=threads.append)
    monkeypatch.setitem(
        sys.modules, "sentence_transformers", types.SimpleNamespace(SentenceTransformer=Library)
    )
    monkeypatch.setitem(sys.modules, "torch", torch)
    offline(monkeypatch)
    model = SemanticModel.open(library_folder(tmp_path))
    np.testing.assert_allclose(model.embed(["a"], silent), [[0.6, 0.8]], atol=1e-6)
    options = {"device": "cpu", "local_files_only": True, "trust_remote_code": False}
    assert asked[0] == (str(tmp_path), {**options, "model_kwargs": {"use_safetensors": True}}, "1")
    assert asked[-1] == (["a"], {"batch_size": 1, "show_progress_bar": False, "convert_to_numpy": True})
    assert threads == [8, 1, 8, 1, 8]


def test_a_folder_of_the_real_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    library = pytest.importorskip("sentence_transformers", reason="sentence-transformers is not installed")
    transformers = pytest.importorskip("transformers", reason="sentence-transformers is not installed")
    offline(monkeypatch)
    (tmp_path / "vocab.txt").write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "rash"]))
    config = transformers.BertConfig(
        vocab_size=6, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8
    )
    transformers.BertModel(config).save_pretrained(tmp_path / "plain")
    transformers.BertTokenizerFast(str(tmp_path / "vocab.txt")).save_pretrained(tmp_path / "plain")
    made = library.SentenceTransformer(str(tmp_path / "plain"), device="cpu")
    made.save(str(tmp_path / "model"))
    texts = ["rash", "rash rash rash", "none"]
    expected = made.encode(texts, normalize_embeddings=True)
    vectors = SemanticModel.open(tmp_path / "model").embed(texts, silent)
    np.testing.assert_allclose(vectors, expected, atol=1e-5)
