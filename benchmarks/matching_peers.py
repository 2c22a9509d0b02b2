"""What others would use: exact look-up, the scorers of rapidfuzz, trigram TF-IDF. All get folded case,
and each candidate is a preferred term, as in the engine's own list."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from rapidfuzz import fuzz, process, utils

from coding.records import fold
from matching_cases import Case, Ranks

#: Names that are looked at for five different preferred terms.
LOOKED_AT = 60
#: Verbatims that a scorer compares with all names at once.
BATCH = 200
THREADS = 2


def exact_ranks(case: Case) -> Ranks:
    """The current terms of exactly that folded name."""
    index = case.index
    return [[index.preferred[row] for row in index.find_exact(fold(text)).rows] for text in case.verbatims]


def token_sort_ranks(case: Case) -> Ranks:
    """rapidfuzz token_sort_ratio."""
    return _scorer_ranks(case, fuzz.token_sort_ratio)


def wratio_ranks(case: Case) -> Ranks:
    """rapidfuzz WRatio."""
    return _scorer_ranks(case, fuzz.WRatio)


def _scorer_ranks(case: Case, scorer: Callable[..., float]) -> Ranks:
    terms = case.index.dictionary.coding_terms
    names = [utils.default_process(text) for text in terms["text"]]
    preferred = terms["preferred_code"].to_list()
    found = []
    for begin in range(0, len(case.verbatims), BATCH):
        scores = scores_of(case.verbatims[begin : begin + BATCH], names, scorer)
        nearest = np.argsort(-scores, axis=1, kind="stable")[:, :LOOKED_AT]
        found += [_five(preferred, row) for row in nearest]
    return found


def scores_of(
    verbatims: Sequence[str], names: Sequence[str], scorer: Callable[..., float]
) -> npt.NDArray[np.float32]:
    """verbatims × processed names."""
    asked = [utils.default_process(text) for text in verbatims]
    return process.cdist(asked, names, scorer=scorer, dtype=np.float32, workers=THREADS)


@dataclass(frozen=True)
class TrigramSpace:
    """TF-IDF of character trigrams (scikit-learn), compared by sparse_dot_topn."""

    vectorizer: Any
    names: Any

    @classmethod
    def of(cls, names: Sequence[str]) -> TrigramSpace:
        """Learn the names."""
        from sklearn.feature_extraction.text import TfidfVectorizer

        vectorizer = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 3), lowercase=True, dtype=np.float32)
        return cls(vectorizer, vectorizer.fit_transform(names).T.tocsr())

    def nearest(self, verbatims: Sequence[str], top: int) -> Any:
        """verbatims × names: cosines of the ``top`` nearest, the best first in each row."""
        from sparse_dot_topn import sp_matmul_topn

        asked = self.vectorizer.transform(verbatims)
        return sp_matmul_topn(asked, self.names, top_n=top, sort=True, n_threads=THREADS)


def tfidf_ranks(case: Case) -> Ranks:
    """Trigram TF-IDF, by cosine."""
    terms = case.index.dictionary.coding_terms
    preferred = terms["preferred_code"].to_list()
    near = TrigramSpace.of(terms["text"].to_list()).nearest(case.verbatims, LOOKED_AT)
    return [
        _five(preferred, near.indices[near.indptr[at] : near.indptr[at + 1]]) for at in range(near.shape[0])
    ]


def _five(preferred: list[str], rows: Sequence[int]) -> list[str]:
    return list(dict.fromkeys(preferred[at] for at in rows))[:5]
