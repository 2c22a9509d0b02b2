"""A match index on disk, so that a release is made ready once and then opens at once.

The file holds plain arrays and text, nothing that could run (``allow_pickle=False``). Its name holds the
index's fingerprint: everything that the content depends on. A file that is broken is made anew.
"""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from coding.matching.collection import collecting_later
from coding.matching.features import Names
from coding.matching.further_names import FurtherNames
from coding.matching.index import MatchIndex, build_index
from coding.matching.normalisation import NormalName
from coding.matching.ranking import Ranker
from coding.matching.retrieval import SearchSpace, Texts
from coding.records import Progress, silent
from dictionaries.model import Dictionary
from schemas.tables import alone_in, atomic_path

Arrays = dict[str, npt.NDArray[Any]]
Words = tuple[str, ...]

#: No folded name, word or piece holds it.
_LINE = "\n"


@collecting_later()
def open_index(dictionary: Dictionary, cache: Path | None, progress: Progress = silent) -> MatchIndex:
    """The index of an opened release, from ``cache`` (a folder) or built and kept there.

    Without a cache folder the index is built part by part, when a part is first needed.
    """
    index = build_index(dictionary)
    if cache is None:
        return index
    release = dictionary.release
    identity = f"{release.name} {release.version} {release.language}"
    label = "".join(letter if letter.isalnum() else "_" for letter in identity)
    path = cache / "index" / f"{label}-{index.fingerprint[:32]}.npz"
    if path.exists() and _read_into(index, path):
        return index
    progress(f"index {dictionary.release.label}", 0, 0)
    # A reading that failed half-way leaves nothing behind.
    index = build_index(dictionary)
    arrays = _arrays(index)
    with alone_in(path.parent):
        with atomic_path(path) as temporary, temporary.open("wb") as target:
            np.savez(target, allow_pickle=False, **arrays)
        # One index for each release: those of other rules and data are never read again.
        for old in path.parent.glob(f"{label}-*.npz"):
            if old != path:
                old.unlink(missing_ok=True)
    return index


def _read_into(index: MatchIndex, path: Path) -> bool:
    """Fill an index from its file; False where the file cannot be used."""
    try:
        with np.load(path, allow_pickle=False) as stored:
            parts = _parts({name: stored[name] for name in stored.files}, index)
    except (OSError, EOFError, ValueError, LookupError, TypeError, zipfile.BadZipFile):
        return False
    if len(parts["names"]) != len(index):
        return False
    # The parts are properties that are worked out when first asked for: here they are, worked out.
    vars(index).update(parts)
    return True


def _arrays(index: MatchIndex) -> Arrays:
    ranker, further = index.ranker, index.further
    space, names = ranker.space, ranker.names
    own = len(ranker.words) - len(further.words)
    found: Arrays = {
        "folded": _packed(index.folded),
        "names": _packed([" ".join(name.words) for name in index.names]),
        "rules": _packed([";".join(name.rules) for name in index.names]),
        "further_texts": _packed(further.texts),
        "further_words": _packed([" ".join(words) for words in further.words]),
        "further_rows": further.rows,
        "further_place": further.place,
        "further_twin": further.twin,
        "own": np.flatnonzero(index.shown >= 0)[:own],
        "shown": index.shown,
        "procedure": index.procedure,
        "rows": space.rows,
        "source": space.source,
        "vocabulary": _packed(space.vocabulary),
        "plain_vocabulary": _packed(space.plain_vocabulary),
        "pieces": _packed(space.pieces),
        "piece_idf": space.piece_idf,
        "plain_idf": space.plain_idf,
        "frequency": space.frequency,
        "weights": names.weights,
        "sorted_text": _packed(list(names.sorted_text)),
        "poles": names.poles,
        "negated": names.negated,
        "noncurrent": ranker.noncurrent,
    }
    for name, texts in (("words", space.words), ("plain", space.plain)):
        found |= {f"{name}_numbers": texts.words, f"{name}_start": texts.start}
    for name, matrix in (("word_pieces", space.word_pieces), ("transposed", space.transposed)):
        found |= {f"{name}_data": matrix.data, f"{name}_indices": matrix.indices}
        found |= {f"{name}_indptr": matrix.indptr, f"{name}_shape": np.array(matrix.shape)}
    return found


def _parts(stored: Arrays, index: MatchIndex) -> dict[str, Any]:
    """The index's properties as their file has them."""
    words = [tuple(text.split(" ")) if text else () for text in _unpacked(stored["names"])]
    rules = [tuple(text.split(";")) if text else () for text in _unpacked(stored["rules"])]
    further = FurtherNames(
        texts=_unpacked(stored["further_texts"]),
        words=[tuple(text.split(" ")) for text in _unpacked(stored["further_words"])],
        rows=stored["further_rows"],
        place=stored["further_place"],
        twin=stored["further_twin"],
    )
    space = SearchSpace(
        rows=stored["rows"],
        source=stored["source"],
        vocabulary=_unpacked(stored["vocabulary"]),
        words=Texts(stored["words_numbers"], stored["words_start"]),
        plain_vocabulary=_unpacked(stored["plain_vocabulary"]),
        plain=Texts(stored["plain_numbers"], stored["plain_start"]),
        pieces=_unpacked(stored["pieces"]),
        piece_idf=stored["piece_idf"],
        plain_idf=stored["plain_idf"],
        word_pieces=_matrix(stored, "word_pieces"),
        frequency=stored["frequency"],
        transposed=_matrix(stored, "transposed"),
    )
    sorted_text = np.empty(len(space.rows), dtype=object)
    sorted_text[:] = _unpacked(stored["sorted_text"])
    ranker = Ranker(
        space=space,
        words=[*(words[row] for row in stored["own"]), *further.words],
        names=Names(stored["weights"], sorted_text, stored["poles"], stored["negated"]),
        noncurrent=stored["noncurrent"],
        places=index.places,
        procedure=stored["procedure"],
        english=not index.without,
    )
    return {
        "folded": _unpacked(stored["folded"]),
        "names": list(map(NormalName, words, rules)),
        "further": further,
        "shown": stored["shown"],
        "procedure": stored["procedure"],
        "ranker": ranker,
    }


def _packed(texts: Sequence[str]) -> npt.NDArray[np.uint8]:
    """Texts as bytes, with their number in front: an empty list is not a list of one empty text."""
    return np.frombuffer(_LINE.join([str(len(texts)), *texts]).encode("utf-8"), dtype=np.uint8)


def _unpacked(data: npt.NDArray[np.uint8]) -> list[str]:
    """Raises ValueError for a number that is not that of the texts."""
    number, *texts = data.tobytes().decode("utf-8").split(_LINE)
    if int(number) != len(texts):
        raise ValueError("the number of texts is not the one written")
    return texts


def _matrix(stored: Arrays, name: str) -> Any:
    parts = (stored[f"{name}_data"], stored[f"{name}_indices"], stored[f"{name}_indptr"])
    return sp.csr_matrix(parts, shape=tuple(int(size) for size in stored[f"{name}_shape"]))
