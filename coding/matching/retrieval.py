"""Names as sparse vectors, and the nearest names of many verbatims at once.

A name's vector has two blocks: three-letter pieces of its words (TF-IDF, a word's edges included)
and its words (TF-IDF). Pieces never cross words, so vectors are made by multiplying
names × words by words × pieces, and each distinct word is cut up once only.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float32]
Matrix = Any  # scipy.sparse.csr_matrix; scipy carries no types
Words = tuple[str, ...]

#: How many letters a piece has, and what the two blocks weigh in the cosine.
PIECE = 3
PIECES_WEIGHT, WORDS_WEIGHT = 0.5, 0.5
#: Names less like the verbatim than this are not looked at.
LEAST_COSINE = 0.12
#: A piece or word of more names than this is left out of the look-up where the rest of the
#: verbatim's vector makes up enough of its squared length.
FREQUENT, ENOUGH = 1_500, 0.4


@dataclass(frozen=True)
class Texts:
    """Many names as word numbers: name ``i`` has ``words[start[i]:start[i + 1]]``."""

    words: IntArray
    start: IntArray

    def __len__(self) -> int:
        return len(self.start) - 1

    @property
    def lengths(self) -> IntArray:
        return np.diff(self.start)

    def take(self, rows: IntArray) -> Texts:
        """The names of these rows, one after the other."""
        lengths = self.lengths[rows]
        start = np.concatenate([[0], np.cumsum(lengths)])
        within = np.arange(start[-1]) - np.repeat(start[:-1], lengths)
        return Texts(self.words[np.repeat(self.start[:-1][rows], lengths) + within], start)


def as_texts(names: Sequence[tuple[str, ...]], number: dict[str, int]) -> Texts:
    """The names with each word replaced by its number."""
    lengths = np.fromiter((len(name) for name in names), dtype=np.int64, count=len(names))
    start = np.concatenate([[0], np.cumsum(lengths)])
    flat = (number[word] for name in names for word in name)
    return Texts(np.fromiter(flat, dtype=np.int64, count=int(start[-1])), start)


def letters(word: str) -> str:
    """The letters of a word in alphabetical order: equal for words whose letters changed places."""
    return "".join(sorted(word))


def pieces_of(word: str) -> list[str]:
    """The pieces of a word with its edges.

    >>> pieces_of("rash")
    [' ra', 'ras', 'ash', 'sh ']
    """
    edged = f" {word} "
    return [edged[at : at + PIECE] for at in range(max(1, len(edged) - PIECE + 1))]


@dataclass(frozen=True)
class SearchSpace:
    """Names as vectors. Name ``i`` is offered as row ``rows[i]`` of an index; ``source`` is 0 for a
    name of the release, else its place among the terms that a further wording may mean. ``words`` are
    the names' words as normalised, ``plain`` the thesaurus's plain words for them; both vocabularies
    are in alphabetical order."""

    rows: IntArray
    source: npt.NDArray[np.uint8]
    vocabulary: list[str]
    words: Texts
    plain_vocabulary: list[str]
    plain: Texts
    pieces: list[str]
    piece_idf: FloatArray
    plain_idf: FloatArray
    word_pieces: Matrix
    frequency: IntArray
    transposed: Matrix

    @cached_property
    def number(self) -> dict[str, int]:
        return {word: at for at, word in enumerate(self.vocabulary)}

    @cached_property
    def plain_number(self) -> dict[str, int]:
        return {word: at for at, word in enumerate(self.plain_vocabulary)}

    @cached_property
    def piece_number(self) -> dict[str, int]:
        return {piece: at for at, piece in enumerate(self.pieces)}

    @cached_property
    def of_letters(self) -> dict[str, list[str]]:
        """Letters in alphabetical order → the words that are made of them."""
        found: dict[str, list[str]] = {}
        for word in self.vocabulary:
            found.setdefault(letters(word), []).append(word)
        return found

    @property
    def highest_idf(self) -> float:
        return float(self.plain_idf.max(initial=1.0))


def build_space(
    names: Sequence[Words],
    plain: Sequence[Words],
    rows: IntArray,
    source: npt.NDArray[np.uint8],
    known_words: frozenset[str] = frozenset(),
    weights: SearchSpace | None = None,
) -> SearchSpace:
    """The search space of names: 80,000 take about two seconds.

    ``known_words`` are words that are spelled right though no name has them. ``weights`` is a space
    whose rarities count for the words that it knows: those of a few names say little.
    """
    vocabulary = sorted({word for name in names for word in name} | known_words)
    plain_vocabulary = sorted({word for name in plain for word in name})
    words = as_texts(names, {word: at for at, word in enumerate(vocabulary)})
    plain_texts = as_texts(plain, {word: at for at, word in enumerate(plain_vocabulary)})
    pieces = sorted({piece for word in vocabulary for piece in pieces_of(word)})
    number = {piece: at for at, piece in enumerate(pieces)}
    word_pieces, _ = piece_counts(vocabulary, number)
    counts, plain_counts = _counts(words, len(vocabulary)), _counts(plain_texts, len(plain_vocabulary))
    piece_idf, plain_idf = _idf(counts @ word_pieces), _idf(plain_counts)
    if weights is not None:
        piece_idf = _known_idf(pieces, piece_idf, weights.piece_number, weights.piece_idf)
        plain_idf = _known_idf(plain_vocabulary, plain_idf, weights.plain_number, weights.plain_idf)
    nothing = np.zeros(len(rows), dtype=np.float32)
    vectors = _vectors(counts @ word_pieces, plain_counts, (piece_idf, plain_idf), nothing, nothing)
    return SearchSpace(
        rows, source, vocabulary, words, plain_vocabulary, plain_texts, pieces, piece_idf, plain_idf,
        word_pieces, np.bincount(words.words, minlength=len(vocabulary)), vectors.T.tocsr(),
    )  # fmt: skip


def _known_idf(names: Sequence[str], own: FloatArray, number: dict[str, int], idf: FloatArray) -> FloatArray:
    found = own.copy()
    for at, name in enumerate(names):
        found[at] = idf[number[name]] if name in number else idf.max(initial=1.0)
    return found


def piece_counts(words: Sequence[str], pieces: dict[str, int]) -> tuple[Matrix, FloatArray]:
    """words × known pieces, and for each word how many of its pieces are not known."""
    data: list[int] = []
    start = [0]
    unknown = np.zeros(len(words), dtype=np.float32)
    for at, word in enumerate(words):
        cut = pieces_of(word)
        known = [pieces[piece] for piece in cut if piece in pieces]
        unknown[at] = len(cut) - len(known)
        data += known
        start.append(len(data))
    shape = (len(words), len(pieces))
    ones = np.ones(len(data), dtype=np.float32)
    matrix = sp.csr_matrix((ones, np.array(data, dtype=np.int32), np.array(start)), shape=shape)
    matrix.sum_duplicates()
    return matrix, unknown


def query_vectors(
    space: SearchSpace,
    words: Sequence[str],
    texts: Texts,
    plain_texts: Texts,
    stand_for: Matrix,
    missing: FloatArray,
) -> Matrix:
    """Vectors of wordings, given as numbers of ``words`` and as numbers of plain words.

    ``stand_for`` (plain words of the wordings × plain words of the space) says what each counts as,
    ``missing`` how much of each the space lacks. Pieces and words that the space lacks count for the
    vector's length only.
    """
    counts = _counts(texts, len(words))
    plain_counts = _counts(plain_texts, stand_for.shape[0])
    own, unknown = piece_counts(words, space.piece_number)
    return _vectors(
        pieces=counts @ own,
        words=plain_counts @ stand_for,
        space_idf=(space.piece_idf, space.plain_idf),
        unknown=np.asarray(counts @ unknown).ravel(),
        missing=np.asarray(plain_counts @ missing).ravel(),
    )


def _vectors(
    pieces: Matrix,
    words: Matrix,
    space_idf: tuple[FloatArray, FloatArray],
    unknown: FloatArray,
    missing: FloatArray,
) -> Matrix:
    """Both blocks, each of length 1 (counting what is unknown), weighted and side by side."""
    piece_idf, word_idf = space_idf
    strange = unknown * piece_idf.max(initial=1.0) ** 2
    absent = missing * word_idf.max(initial=1.0) ** 2
    blocks = [
        _unit(pieces @ sp.diags(piece_idf), strange) * np.float32(PIECES_WEIGHT**0.5),
        _unit(words @ sp.diags(word_idf), absent) * np.float32(WORDS_WEIGHT**0.5),
    ]
    return sp.hstack(blocks, format="csr", dtype=np.float32)


def _unit(matrix: Matrix, further: FloatArray) -> Matrix:
    """Rows of length 1, where ``further`` is what each squared length has outside the matrix."""
    matrix = matrix.tocsr()
    matrix.sort_indices()  # so that sums do not depend on what else is in the batch
    squares = np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel() + further
    length = np.sqrt(np.where(squares > 0, squares, 1))
    return sp.diags((1 / length).astype(np.float32)) @ matrix


def _idf(counts: Matrix) -> FloatArray:
    documents = np.asarray((counts > 0).sum(axis=0)).ravel()
    idf = np.log((1 + counts.shape[0]) / (1 + documents)) + 1
    return np.asarray(idf, dtype=np.float32)


def _counts(texts: Texts, words: int) -> Matrix:
    ones = np.ones(len(texts.words), dtype=np.float32)
    matrix = sp.csr_matrix((ones, texts.words, texts.start), shape=(len(texts), words))
    matrix.sum_duplicates()
    return matrix


def nearest(space: SearchSpace, vectors: Matrix, top: int) -> Matrix:
    """verbatims × names: the cosines of the ``top`` nearest names of each verbatim."""
    from sparse_dot_topn import sp_matmul_topn

    threads = min(4, os.cpu_count() or 1)
    return sp_matmul_topn(
        _without_frequent(space, vectors),
        space.transposed,
        top_n=top,
        threshold=LEAST_COSINE,
        sort=False,
        n_threads=threads,
    )


def _without_frequent(space: SearchSpace, vectors: Matrix) -> Matrix:
    """The vectors without what very many names share: it says little, and takes most of the time.

    A verbatim that has little else ("fracture" in ICD-10-CM) keeps it.
    """
    frequent = np.diff(space.transposed.indptr) > FREQUENT
    if not frequent.any():
        return vectors
    squares = vectors.multiply(vectors).tocsr()
    whole = np.asarray(squares.sum(axis=1)).ravel()
    rare = np.asarray(squares @ (~frequent).astype(np.float32)).ravel()
    thinned = vectors.tocoo()
    dropped = frequent[thinned.col] & (rare >= ENOUGH * whole)[thinned.row]
    kept = (thinned.data[~dropped], (thinned.row[~dropped], thinned.col[~dropped]))
    return sp.csr_matrix(kept, shape=vectors.shape)


def nearest_words(space: SearchSpace, words: Sequence[str], top: int = 25) -> Matrix:
    """words × dictionary words: the cosines of their pieces, the ``top`` nearest of each word."""
    from sparse_dot_topn import sp_matmul_topn

    idf = sp.diags(space.piece_idf)
    pieces, _ = piece_counts(words, space.piece_number)
    known = _unit(space.word_pieces @ idf, np.zeros(len(space.vocabulary), dtype=np.float32))
    asked = _unit(pieces @ idf, np.zeros(len(words), dtype=np.float32))
    threads = min(4, os.cpu_count() or 1)
    return sp_matmul_topn(asked, known.T.tocsr(), top_n=top, threshold=0.12, sort=False, n_threads=threads)
