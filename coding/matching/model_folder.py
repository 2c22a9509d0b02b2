"""A user's folder with a sentence-embedding model: what is in it, and what it says about its use.

Two kinds are read: an ONNX graph with ``tokenizer.json``, and what the sentence-transformers library
saves (``modules.json`` and ``*.safetensors``). Pickles are refused: reading one can run any program.
"""

from __future__ import annotations

import hashlib
import json
import math
import mmap
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coding.records import UserError

#: Texts are cut after so many tokens unless the folder says otherwise, and never later than CAP.
DEFAULT_LENGTH, CAP = 256, 512
#: Where the graph is looked for first.
GRAPHS = ("model.onnx", "onnx/model.onnx")
TOKENIZER, MODULES, POOLING = "tokenizer.json", "modules.json", "1_Pooling/config.json"
#: Files that say how long a text may be and under which names, the first that says so counts.
LENGTHS = (
    ("sentence_bert_config.json", ("max_seq_length",)),
    ("tokenizer_config.json", ("max_seq_length", "model_max_length")),
)
#: Part of every checksum; to be raised when the same folder gives other vectors than before.
VECTORS_VERSION = "vectors 1"

#: What 1_Pooling/config.json calls a way of pooling → what is done. A sum over the square root of the
#: length points the same way as the mean.
_POOLINGS = {"cls": "cls", "mean": "mean", "max": "max", "mean_sqrt_len": "mean"}
_POOLING_KEY = re.compile(r"pooling_mode_(.+?)(?:_tokens?)?$")
#: Modules of the sentence-transformers library that hold no program of their own.
_KNOWN_MODULES = {"Transformer", "Pooling", "Normalize", "Dense", "LayerNorm"}
_PICKLES = (".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt")
_LIBRARY_FILES = (".json", ".txt", ".safetensors", ".model")
#: An entry "location" of an ONNX tensor whose numbers stand in a file of their own.
_LOCATION = re.compile(rb"\x0a\x08location\x12([\x01-\x7f])")
_EXPORT = "give a folder with an ONNX export (model.onnx and tokenizer.json)"


@dataclass(frozen=True)
class ModelFiles:
    """A folder that has been looked through. ``graph`` is the ONNX file, or None where the
    sentence-transformers library must read the folder; ``used`` are all files that count."""

    folder: Path
    graph: Path | None
    used: tuple[Path, ...]

    def checksum(self) -> str:
        """SHA-256 over the names and bytes of the files that are used."""
        digest = hashlib.sha256(VECTORS_VERSION.encode())
        for path in self.used:
            name = path.relative_to(self.folder).as_posix()
            try:
                digest.update(f"\x00{name}\x00{path.stat().st_size}\x00".encode())
                with path.open("rb") as opened:
                    while block := opened.read(1 << 20):
                        digest.update(block)
            except OSError as error:
                raise UserError(f"{path}: cannot be read ({error.strerror}); check its permissions") from None
        return digest.hexdigest()


def find_model(folder: Path) -> ModelFiles:
    """Look through a model folder. Raises UserError where it is missing, incomplete or not to be trusted."""
    if not folder.is_dir():
        raise UserError(f"{folder}: no such folder; name the folder that holds the model's files")
    graph = _find_graph(folder)
    if graph is not None:
        return ModelFiles(folder, graph, _files_of_graph(folder, graph))
    return ModelFiles(folder, None, _files_of_library(folder))


def _find_graph(folder: Path) -> Path | None:
    for name in GRAPHS:
        if (folder / name).is_file():
            return folder / name
    found = sorted([*folder.glob("*.onnx"), *folder.glob("onnx/*.onnx")])
    if len(found) > 1:
        names = ", ".join(path.relative_to(folder).as_posix() for path in found)
        raise UserError(f"{folder}: which of {names} is meant? Rename one to {GRAPHS[0]}")
    return found[0] if found else None


def _files_of_graph(folder: Path, graph: Path) -> tuple[Path, ...]:
    tokenizer = folder / TOKENIZER
    if not tokenizer.is_file():
        raise UserError(
            f"{tokenizer}: missing; save the model's tokenizer as {TOKENIZER} into the folder "
            "(save_pretrained of a fast tokenizer does)"
        )
    settings = [folder / name for name in (MODULES, POOLING, *(name for name, _ in LENGTHS))]
    found = {graph, tokenizer, *(path for path in settings if path.is_file()), *_external_data(graph)}
    return tuple(sorted(found))


def _external_data(graph: Path) -> Iterator[Path]:
    """Files beside the graph that hold its numbers (models above 2 GB always have one)."""
    if graph.stat().st_size == 0:
        return
    with graph.open("rb") as opened, mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as content:
        spans = {content[at.end() : at.end() + at[1][0]] for at in _LOCATION.finditer(content)}
    for name in sorted(span.decode("utf-8", "replace") for span in spans):
        path = graph.parent / name
        if Path(name).is_absolute() or ".." in Path(name).parts:
            raise UserError(f"{graph}: refers to {name}, outside its folder; export the model anew")
        if not path.is_file():
            raise UserError(f"{path}: missing, {graph.name} needs it; copy it beside {graph.name}")
        yield path


def _files_of_library(folder: Path) -> tuple[Path, ...]:
    inside = [path for path in sorted(folder.rglob("*")) if path.is_file() and _counts(folder, path)]
    safe = {path.parent for path in inside if path.suffix == ".safetensors"}
    pickles = [path for path in inside if path.suffix in _PICKLES and path.parent not in safe]
    if pickles:
        raise UserError(
            f"{pickles[0]}: weights in a pickle are not read, since a pickle can run any program; "
            f"save the model as model.safetensors, or {_EXPORT}"
        )
    if (folder / "adapter_config.json").is_file():
        raise UserError(
            f"{folder}: holds an adapter without the model it belongs to; merge them and save the whole"
        )
    modules = folder / MODULES
    if not modules.is_file() or not safe:
        lacks = MODULES if not modules.is_file() else "*.safetensors"
        raise UserError(
            f"{folder}: no model in it: neither {' nor '.join(GRAPHS)}, nor a sentence-transformers model "
            f"({lacks} is missing); {_EXPORT}"
        )
    check_modules(folder)
    return tuple(path for path in inside if path.suffix in _LIBRARY_FILES)


def _counts(folder: Path, path: Path) -> bool:
    parts = path.relative_to(folder).parts
    return not any(part.startswith(".") for part in parts) and parts[0] not in {"onnx", "openvino"}


def read_json(path: Path) -> Any:
    """What a JSON file holds. Raises UserError for one that cannot be read."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        raise UserError(f"{path}: cannot be read as JSON; copy it anew from the model") from None


def _read_settings(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    content = read_json(path)
    if not isinstance(content, dict):
        raise UserError(f"{path}: is no JSON object; copy it anew from the model")
    return content


def read_pooling(folder: Path) -> str:
    """How one vector is made of a text's token vectors: mean (also where nothing is said), cls or max."""
    path = folder / POOLING
    settings = _read_settings(path)
    if "pooling_mode" in settings:
        asked = [str(settings["pooling_mode"])]
    else:
        keys = {found[1]: key for key in settings if (found := _POOLING_KEY.match(key))}
        asked = [name for name, key in keys.items() if settings[key] is True]
        if not keys:
            return "mean"
    if len(asked) != 1 or asked[0] not in _POOLINGS:
        told = " and ".join(asked) or "none"
        raise UserError(
            f"{path}: pooling {told} is not known (allowed: one of cls, mean, max); "
            "export the model with its pooling, as output sentence_embedding"
        )
    return _POOLINGS[asked[0]]


def read_length(folder: Path) -> int:
    """After how many tokens a text is cut."""
    for name, keys in LENGTHS:
        settings = _read_settings(folder / name)
        for key in keys:
            value = settings.get(key)
            if isinstance(value, int | float) and math.isfinite(value) and value >= 1:
                # A tokenizer without a limit says 1e30, which is none.
                return min(int(value), CAP) if value < 1e9 else DEFAULT_LENGTH
    return DEFAULT_LENGTH


def reads_lower_case(folder: Path) -> bool:
    """The model wants its texts in lower case, beside what its tokenizer does."""
    return _read_settings(folder / LENGTHS[0][0]).get("do_lower_case") is True


def check_modules(folder: Path) -> Sequence[str]:
    """The names of the modules that ``modules.json`` lists. Raises UserError for one that would run a
    program of the folder's own, or lies outside the folder."""
    path = folder / MODULES
    if not path.is_file():
        return ()
    listed = read_json(path)
    if not isinstance(listed, list) or not all(isinstance(module, dict) for module in listed):
        raise UserError(f"{path}: is no list of modules; copy it anew from the model")
    names = []
    for module in listed:
        kind, place = str(module.get("type", "")), Path(str(module.get("path", "")))
        name = kind.rpartition(".")[2]
        if not kind.startswith("sentence_transformers.") or name not in _KNOWN_MODULES:
            known = ", ".join(sorted(_KNOWN_MODULES))
            raise UserError(f"{path}: module {kind} is not read (only {known}); {_EXPORT}")
        if place.is_absolute() or ".." in place.parts:
            raise UserError(f"{path}: module {name} lies outside the folder; copy the model anew")
        names.append(name)
    return names
