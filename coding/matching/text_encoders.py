"""Texts through a model, one at a time.

A text never shares a batch with another: neither padding nor the others can then change its vector,
also in models whose numbers are quantised as they run. Several texts are worked on side by side,
each on one thread.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from coding.matching.model_folder import (
    TOKENIZER,
    ModelFiles,
    check_modules,
    read_length,
    read_pooling,
    reads_lower_case,
)
from coding.records import UserError

Floats = npt.NDArray[np.float32]

#: The output that already is a text's vector, and the one with a vector for each token.
SENTENCE, TOKENS = "sentence_embedding", "last_hidden_state"
_INPUTS = ("input_ids", "attention_mask", "token_type_ids")
_INTEGERS = {"tensor(int64)": "int64", "tensor(int32)": "int32"}
#: A word that a model is tried on when it is opened.
TRIAL = "headache"
_EXTRA = "pip install -e '.[semantic]'"
_LIBRARY = "sentence_transformers"


class Encoder(Protocol):
    """Texts to vectors, not yet of length 1."""

    def encode(self, texts: Sequence[str]) -> Floats:
        """One row for each text. Raises UserError where the model fails."""


def open_encoder(files: ModelFiles) -> Encoder:
    """The encoder of a model folder. Raises UserError for a broken model or a package that is missing."""
    return LibraryEncoder(files.folder) if files.graph is None else OnnxEncoder(files.folder, files.graph)


class OnnxEncoder:
    """An ONNX graph with its tokenizer."""

    def __init__(self, folder: Path, graph: Path) -> None:
        self._graph = graph
        self._lower = reads_lower_case(folder)
        self._tokenizer = _open_tokenizer(folder / TOKENIZER, read_length(folder))
        self._session = _open_session(graph)
        self._inputs = _inputs_of(self._session, graph)
        self._output = _output_of(self._session, graph)
        self._pool = _first if self._output == SENTENCE else _pooling(folder)
        tried = self._tokenizer.encode(TRIAL).ids or [0]
        self._width = len(self._one(tried))

    def encode(self, texts: Sequence[str]) -> Floats:
        lowered = [text.lower() for text in texts] if self._lower else list(texts)
        encodings = self._tokenizer.encode_batch(lowered)
        with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as threads:
            rows = list(threads.map(self._one, [item.ids for item in encodings]))
        return np.stack(rows) if rows else np.zeros((0, self._width), dtype=np.float32)

    def _one(self, ids: list[int]) -> Floats:
        """The vector of a text; zeros for one without tokens."""
        if not ids:
            return np.zeros(self._width, dtype=np.float32)
        fed = {
            "input_ids": np.array([ids]),
            "attention_mask": np.ones((1, len(ids))),
            "token_type_ids": np.zeros((1, len(ids))),
        }
        feed = {name: fed[name].astype(kind) for name, kind in self._inputs.items()}
        try:
            (found,) = self._session.run([self._output], feed)
        except Exception as error:
            # onnxruntime has many exceptions and no common one; its messages name shapes, never texts.
            raise UserError(
                f"{self._graph}: the model fails on a text of {len(ids)} tokens ({_short(error)}); "
                "export it with a batch and a length that may vary, and with its own tokenizer"
            ) from None
        shaped = np.asarray(found)
        if shaped.ndim != (2 if self._output == SENTENCE else 3) or shaped.size == 0:
            raise UserError(
                f"{self._graph}: the output {self._output} has the shape {shaped.shape}, which is none of "
                "sentence embeddings; export the model as one for sentence embeddings"
            )
        return self._pool(shaped)


def _open_tokenizer(path: Path, length: int) -> Any:
    try:
        tokenizer = import_module("tokenizers").Tokenizer.from_file(str(path))
    except ImportError:
        raise UserError(f"a semantic model needs the package tokenizers: {_EXTRA}") from None
    except Exception as error:  # the tokenizers package raises nothing more specific
        raise UserError(f"{path}: is no tokenizer ({_short(error)}); copy it anew from the model") from None
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_length=length)
    return tokenizer


def _open_session(graph: Path) -> Any:
    try:
        runtime = import_module("onnxruntime")
    except ImportError:
        raise UserError(f"a semantic model needs the package onnxruntime: {_EXTRA}") from None
    with suppress(AttributeError):
        runtime.disable_telemetry_events()
    options = runtime.SessionOptions()
    # One thread a text: how a sum is split among threads would show in its last digits.
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 4  # what fails is told by the exception
    try:
        return runtime.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise UserError(f"{graph}: is no ONNX model ({_short(error)}); export it anew") from None


def _inputs_of(session: Any, graph: Path) -> dict[str, str]:
    """What the graph asks for, and as which type."""
    asked = {item.name: item.type for item in session.get_inputs()}
    odd = [name for name, kind in asked.items() if name not in _INPUTS or kind not in _INTEGERS]
    if odd or "input_ids" not in asked:
        raise UserError(
            f"{graph}: asks for {', '.join(sorted(odd or asked)) or 'no input'}; only whole numbers named "
            f"{', '.join(_INPUTS)} can be given: export the model as one for sentence embeddings"
        )
    return {name: _INTEGERS[kind] for name, kind in asked.items()}


def _output_of(session: Any, graph: Path) -> str:
    outputs = [item.name for item in session.get_outputs()]
    for name in (SENTENCE, TOKENS):
        if name in outputs:
            return name
    raise UserError(
        f"{graph}: has the outputs {', '.join(outputs)}, neither {SENTENCE} nor {TOKENS}; "
        "export the model as one for sentence embeddings"
    )


def _pooling(folder: Path) -> Callable[[npt.NDArray[Any]], Floats]:
    """What is done with the token vectors, which is all that the graph gives."""
    beyond = [name for name in check_modules(folder) if name not in {"Transformer", "Pooling", "Normalize"}]
    if beyond:
        raise UserError(
            f"{folder}: the model goes on with a module {beyond[0]} that its ONNX export lacks; "
            f"export it whole, with the output {SENTENCE}"
        )
    return {"mean": _mean, "cls": _first_token, "max": _largest}[read_pooling(folder)]


def _first(found: npt.NDArray[Any]) -> Floats:
    return np.asarray(found[0], dtype=np.float32)


def _first_token(found: npt.NDArray[Any]) -> Floats:
    return np.asarray(found[0, 0], dtype=np.float32)


def _mean(found: npt.NDArray[Any]) -> Floats:
    return np.asarray(found[0].mean(axis=0, dtype=np.float64), dtype=np.float32)


def _largest(found: npt.NDArray[Any]) -> Floats:
    return np.asarray(found[0].max(axis=0), dtype=np.float32)


class LibraryEncoder:
    """A folder that the sentence-transformers library reads, with PyTorch on the processor."""

    def __init__(self, folder: Path) -> None:
        # Read by the libraries when they are imported; nothing is ever fetched.
        os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1", HF_HUB_DISABLE_TELEMETRY="1")
        self._folder = folder
        try:
            library = import_module(_LIBRARY)
            self._torch = import_module("torch")
        except ImportError:
            raise UserError(
                f"{folder}: has no ONNX model, and the package sentence-transformers, which reads the rest, "
                "is not installed: pip install sentence-transformers, or put an ONNX export (model.onnx "
                "and tokenizer.json) into the folder"
            ) from None
        try:
            self._model = library.SentenceTransformer(
                str(folder),
                device="cpu",
                local_files_only=True,
                trust_remote_code=False,
                model_kwargs={"use_safetensors": True},
            )
        except Exception as error:  # whatever PyTorch and its readers raise
            raise UserError(
                f"{folder}: sentence-transformers cannot read it ({_short(error)}); copy the model "
                "anew, or install the version of sentence-transformers that it was saved with"
            ) from None

    def encode(self, texts: Sequence[str]) -> Floats:
        before = self._torch.get_num_threads()
        self._torch.set_num_threads(1)
        try:
            found = self._model.encode(
                list(texts), batch_size=1, show_progress_bar=False, convert_to_numpy=True
            )
        except Exception as error:
            raise UserError(f"{self._folder}: the model fails ({type(error).__name__})") from None
        finally:
            self._torch.set_num_threads(before)
        return np.asarray(found, dtype=np.float32)


def _short(error: Exception) -> str:
    """The first line of a message, as far as it fits."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0][:200]
