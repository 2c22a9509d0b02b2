"""Names near in meaning, by a sentence-embedding model of the user's.

None is shipped and nothing is downloaded. The model only adds candidates: exact names and rules come
first. What it finds does not depend on the other texts, their order or the number of threads.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from coding.matching.further_retriever import Pairs
from coding.matching.index import MatchIndex
from coding.matching.model_folder import find_model
from coding.matching.text_encoders import TRIAL, Encoder, open_encoder
from coding.records import Progress, UserError, fold
from schemas.tables import alone_in, atomic_path

IntArray = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]

#: Vectors consist of multiples of 2**-20. Their products are then whole multiples of 2**-40 and add up
#: in float64 without any rounding: a cosine does not depend on the order of its sum.
GRID = np.float64(2**20)
#: Cosines are rounded to so many parts of 1 (which is 625 × 2**4, so that their sums stay exact too).
PARTS = 10_000
#: Texts put through the model between two reports of progress.
CHUNK = 512
#: Numbers held at a time when cosines are computed: of one block of verbatims × names.
CELLS = 16_000_000
#: Names multiplied at a time.
NAMES_BLOCK = 4_096
#: The folder within the workspace's cache.
CACHE_FOLDER = "semantic"


@dataclass(frozen=True)
class SemanticModel:
    """A model that has been opened. ``checksum`` is the SHA-256 over the files that it was made of;
    it belongs into the fingerprint of whatever is made with the model."""

    folder: Path
    checksum: str
    encoder: Encoder

    @classmethod
    def open(cls, folder: Path) -> SemanticModel:
        """Open a model folder and try it on a word.

        Raises UserError where the folder is missing, incomplete or broken, holds its weights in a
        pickle, or a package is not installed.
        """
        files = find_model(folder)
        model = cls(folder, files.checksum(), open_encoder(files))
        _ = model.dimensions
        return model

    def embed(self, texts: Sequence[str], progress: Progress, stage: str = "embed texts") -> Floats:
        """The vectors of texts, n × dimensions, each of length 1 (or 0 for a text without any token).

        Equal texts go through the model once. Raises UserError where the model fails or gives
        anything but numbers.
        """
        number = {text: at for at, text in enumerate(dict.fromkeys(texts))}
        distinct = list(number)
        found = np.empty((len(distinct), self.dimensions), dtype=np.float32)
        for begin in range(0, len(distinct), CHUNK):
            progress(stage, begin, len(distinct))
            found[begin : begin + CHUNK] = self._vectors(distinct[begin : begin + CHUNK])
        progress(stage, len(distinct), len(distinct))
        if len(distinct) == len(texts):
            return found
        return found[[number[text] for text in texts]]

    @cached_property
    def dimensions(self) -> int:
        """How many numbers a vector has."""
        return int(self._vectors([TRIAL]).shape[1])

    def _vectors(self, texts: Sequence[str]) -> Floats:
        found = self.encoder.encode(texts).astype(np.float64)
        if found.ndim != 2 or not np.isfinite(found).all():
            raise UserError(
                f"{self.folder}: the model gives something that is not a number; its export is damaged or "
                "of too low precision: export it anew with 32-bit floats"
            )
        length = np.sqrt((found * found).sum(axis=1, keepdims=True))
        unit = found / np.where(length > 0, length, 1)
        return np.asarray(np.rint(unit * GRID) / GRID, dtype=np.float32)


def nearest_names(
    model: SemanticModel,
    names: Sequence[str],
    asked: Sequence[str],
    top: int,
    cache: Path | None,
    progress: Progress,
) -> Pairs:
    """The ``top`` names nearest to each text asked for: numbers of text and of name, and the cosine.

    Sorted by text, then cosine (4 digits, the highest first), then name; names whose cosine is not
    above 0 are left out. ``cache`` is the workspace's cache folder, where the vectors of the names
    are kept; with None they are made each time.
    """
    if not len(names) or not len(asked) or top < 1:
        return _pairs([], [], [])
    wanted = model.embed(asked, progress, "embed verbatims")
    known = _name_vectors(model, names, cache, progress)
    size = max(1, CELLS // len(names))
    parts = []
    for begin in range(0, len(asked), size):
        progress("find names near in meaning", begin, len(asked))
        text, name, parts_of_one = _best(_cosines(wanted[begin : begin + size], known), top)
        parts.append((text + begin, name, parts_of_one))
    progress("find names near in meaning", len(asked), len(asked))
    return _pairs(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _pairs(text: npt.ArrayLike, name: npt.ArrayLike, parts_of_one: npt.ArrayLike) -> Pairs:
    cosine = np.asarray(parts_of_one, dtype=np.float64) / PARTS
    return np.asarray(text, np.int64), np.asarray(name, np.int64), cosine.astype(np.float32)


def _cosines(wanted: Floats, known: Floats) -> npt.NDArray[np.int16]:
    """texts × names, in ten-thousandths."""
    left = wanted.astype(np.float64) * PARTS
    found = np.empty((len(wanted), len(known)), dtype=np.int16)
    for begin in range(0, len(known), NAMES_BLOCK):
        right = known[begin : begin + NAMES_BLOCK].astype(np.float64)
        found[:, begin : begin + NAMES_BLOCK] = np.rint(left @ right.T)
    return np.minimum(found, PARTS, out=found)


def _best(cosines: npt.NDArray[np.int16], top: int) -> tuple[IntArray, IntArray, IntArray]:
    """The ``top`` highest of each row above 0; of equal ones the first."""
    kept = min(top, cosines.shape[1])
    least = np.partition(cosines, cosines.shape[1] - kept, axis=1)[:, -kept]
    text, name = np.nonzero(cosines >= np.maximum(least, 1)[:, None])
    found = cosines[text, name].astype(np.int64)
    order = np.lexsort((name, -found, text))
    text, name, found = text[order], name[order], found[order]
    within = np.arange(len(text)) - np.searchsorted(text, text)
    return text[within < top], name[within < top], found[within < top]


def _name_vectors(
    model: SemanticModel, names: Sequence[str], cache: Path | None, progress: Progress
) -> Floats:
    """The vectors of a dictionary's names, from the cache where they are there and whole."""
    if cache is None:
        return model.embed(names, progress, "embed names")
    path = cache / CACHE_FOLDER / f"{model.checksum[:32]}-{_checksum(names)[:32]}.npy"
    found = _read_vectors(path, (len(names), model.dimensions))
    if found is None:
        found = model.embed(names, progress, "embed names")
        with alone_in(path.parent), atomic_path(path) as temporary, temporary.open("wb") as opened:
            np.save(opened, found, allow_pickle=False)
    return found


def _checksum(names: Sequence[str]) -> str:
    digest = hashlib.sha256()
    for name in names:
        content = name.encode("utf-8", "surrogatepass")
        digest.update(f"{len(content)}:".encode() + content)
    return digest.hexdigest()


def _read_vectors(path: Path, shape: tuple[int, int]) -> Floats | None:
    """What the cache holds, or None where it must be made anew."""
    try:
        with path.open("rb") as opened:
            found = np.load(opened, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    if not isinstance(found, np.ndarray) or found.dtype != np.float32 or found.shape != shape:
        return None
    length = np.sqrt(np.einsum("ij,ij->i", found, found))
    return found if bool(np.all((np.abs(length - 1) < 1e-3) | (length == 0))) else None


class SemanticRetriever:
    """A :class:`coding.matching.further_retriever.FurtherRetriever` with a model. Names and verbatims
    are compared as folded; a name that stands at several rows brings all of them."""

    def __init__(self, model: SemanticModel, index: MatchIndex, cache: Path | None) -> None:
        self._model, self._index, self._cache = model, index, cache

    @property
    def checksum(self) -> str:
        """That of the model's files."""
        return self._model.checksum

    def nearest(self, asked: Sequence[str], top: int, progress: Progress) -> Pairs:
        """At most ``top`` rows that can be offered for each verbatim; see the protocol."""
        names, rows, start = self._rows_by_name
        folded = [fold(text) for text in asked]
        text, name, cosine = nearest_names(self._model, names, folded, top, self._cache, progress)
        count = np.diff(start)[name]
        within = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
        text, cosine = np.repeat(text, count), np.repeat(cosine, count)
        row = rows[np.repeat(start[:-1][name], count) + within]
        order = np.lexsort((row, -cosine, text))
        text, row, cosine = text[order], row[order], cosine[order]
        kept = np.arange(len(text)) - np.searchsorted(text, text) < top
        return text[kept], row[kept], cosine[kept]

    @cached_property
    def _rows_by_name(self) -> tuple[list[str], IntArray, IntArray]:
        """Distinct folded names, and the rows of name ``i``: ``rows[start[i]:start[i + 1]]``."""
        shown = self._index.shown >= 0
        rows = {name: [row for row in rows if shown[row]] for name, rows in self._index.exact.items()}
        names = sorted(name for name, found in rows.items() if found)
        flat = [row for name in names for row in rows[name]]
        start = np.concatenate([[0], np.cumsum([len(rows[name]) for name in names])])
        return names, np.array(flat, dtype=np.int64), start.astype(np.int64)
