"""The names of a release, ready to be looked up: as they stand, after the rules, and by likeness.

Each part is built when it is first asked for: exact look-ups need no more than the folded names.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from coding.matching.normalisation import ENGLISH_RULES, RULES_VERSION, NormalName, normalise
from coding.matching.word_lists import data_checksum
from coding.records import fold
from dictionaries.model import Dictionary
from schemas.vocabulary import TermStatus

if TYPE_CHECKING:
    from coding.matching.further_names import FurtherNames
    from coding.matching.hierarchy import Places
    from coding.matching.ranking import Ranker

IntArray = npt.NDArray[np.int64]

#: The ways in which two normalised names can be the same, the strictest first.
SAME = ("ordered", "any_order", "compact")


@dataclass(frozen=True, slots=True)
class Hit:
    """What a look-up found. ``row`` is a row of the index, or -1 where nothing is settled;
    ``rows`` are all current rows of that name, ``noncurrent`` the rows that are not current."""

    row: int
    rows: tuple[int, ...] = ()
    noncurrent: tuple[int, ...] = ()

    @property
    def ambiguous(self) -> bool:
        """The name stands at current terms of several preferred terms."""
        return self.row < 0 and bool(self.rows)


class MatchIndex:
    """The coding terms of a release. Rows are those of ``dictionary.coding_terms`` (by code)."""

    def __init__(self, dictionary: Dictionary) -> None:
        self.dictionary = dictionary
        terms = dictionary.coding_terms
        self.codes: list[str] = terms["code"].to_list()
        self.texts: list[str] = terms["text"].to_list()
        self.preferred: list[str] = terms["preferred_code"].to_list()
        self.current: list[bool] = (terms["status"] == TermStatus.CURRENT).to_list()
        english = dictionary.release.language.casefold() == "english"
        #: The rules that are not applied to the names of this release.
        self.without: frozenset[str] = frozenset() if english else ENGLISH_RULES

    def __len__(self) -> int:
        return len(self.codes)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of all that the look-ups depend on: release, rules, data tables."""
        release = self.dictionary.release
        parts = (release.checksum, release.name, release.language, RULES_VERSION, data_checksum())
        return hashlib.sha256("\x1f".join(parts).encode("utf-8")).hexdigest()

    @cached_property
    def row_of_code(self) -> dict[str, int]:
        return {code: row for row, code in enumerate(self.codes)}

    @cached_property
    def folded(self) -> list[str]:
        return [fold(text) for text in self.texts]

    @cached_property
    def names(self) -> list[NormalName]:
        """The names after the rules, row by row."""
        return [normalise(text, self.without) for text in self.folded]

    @cached_property
    def exact(self) -> dict[str, list[int]]:
        """Folded name → rows."""
        return _rows_by(self.folded)

    @cached_property
    def normalised(self) -> dict[str, dict[str, list[int]]]:
        """For each way in SAME: key of the normalised name → rows."""
        return {way: _rows_by([getattr(name, way) for name in self.names]) for way in SAME}

    @cached_property
    def shown(self) -> IntArray:
        """For each row the current row that is offered for it, or -1.

        A current term stands for itself. For one that is not current it is the current term of
        its preferred term: the one with the preferred term's own code, else the one with its name,
        else the first by code.
        """
        best: dict[str, tuple[int, int]] = {}
        level = self.dictionary.release.preferred_level
        preferred = self.dictionary.terms[self.dictionary.terms["level"] == level]
        names = dict(zip(preferred["code"], preferred["text"].map(fold), strict=True))
        for row, code in enumerate(self.preferred):
            if self.current[row]:
                likeness = 0 if self.codes[row] == code else 1 if self.folded[row] == names.get(code) else 2
                best[code] = min(best.get(code, (9, 0)), (likeness, row))
        found = [
            row if self.current[row] else best.get(self.preferred[row], (9, -1))[1]
            for row in range(len(self))
        ]
        return np.array(found, dtype=np.int64)

    @cached_property
    def further(self) -> FurtherNames:
        """Further wordings of the terms, and which terms have a twin."""
        from coding.matching.further_names import further_names, no_further_names

        if self.without:
            return no_further_names(len(self))
        return further_names(self.dictionary.release.name, self.names, self.preferred, self.shown)

    @cached_property
    def ranker(self) -> Ranker:
        """The names as vectors of letters and words, for finding similar ones."""
        from coding.matching.concepts import plain_name
        from coding.matching.features import prepare_names
        from coding.matching.ranking import Ranker
        from coding.matching.retrieval import build_space
        from coding.matching.similar_words import thesaurus_words

        own = np.flatnonzero(self.shown >= 0)
        names = [self.names[row].words for row in own] + self.further.words
        english = not self.without
        plain = [plain_name(words) for words in names] if english else names
        stands_for = np.concatenate([own, self.further.rows])
        source = np.concatenate([np.zeros(len(own), dtype=np.uint8), self.further.place])
        known = thesaurus_words() if english else frozenset()
        space = build_space(names, plain, self.shown[stands_for], source, known)
        return Ranker(
            space=space,
            words=names,
            names=prepare_names(space, names, plain),
            noncurrent=~np.array(self.current, dtype=bool)[stands_for],
            places=self.places,
            procedure=self.procedure,
            english=english,
        )

    @cached_property
    def procedure(self) -> npt.NDArray[np.bool_]:
        """For each row whether its term is a procedure."""
        from coding.matching.hierarchy import procedures_of

        return procedures_of(self.dictionary, self.preferred, [name.words for name in self.names])

    @cached_property
    def twin(self) -> npt.NDArray[np.bool_]:
        """For each row whether another preferred term names the same concept: by the open dictionary,
        or by the same name after the rules."""
        found = self.further.twin.copy()
        for rows in self.normalised["any_order"].values():
            if len({self.preferred[row] for row in rows}) > 1:
                found[rows] = True
        return found

    @cached_property
    def places(self) -> Places:
        """Where each row stands in the hierarchy."""
        from coding.matching.hierarchy import places_of

        return places_of(self.dictionary, self.preferred)

    def find_exact(self, folded: str) -> Hit:
        """The current term of exactly this folded name."""
        return self._choose(self.exact.get(folded, ()), folded)

    def find_normalised(self, folded: str, name: NormalName) -> tuple[Hit, str]:
        """The current term whose name is the same after the rules, and in which way (SAME).

        ``name`` is ``normalise(folded, index.without)``.
        """
        past = Hit(-1)
        if not name.words:
            return past, ""
        for way in SAME:
            hit = self._choose(self.normalised[way].get(getattr(name, way), ()), folded)
            if hit.rows and self._agree(hit, past):
                return hit, way
            past = past if past.noncurrent else hit
        return past, ""

    def _agree(self, hit: Hit, past: Hit) -> bool:
        """A term that is not current, but has a likelier name, must belong to the same preferred term."""
        stale = {self.preferred[row] for row in past.noncurrent}
        return not stale or stale == {self.preferred[row] for row in hit.rows}

    def _choose(self, rows: tuple[int, ...] | list[int], folded: str) -> Hit:
        """One row if all current rows share a preferred term: the one most like the verbatim,
        then the preferred term itself, then the first by code."""
        current = tuple(row for row in rows if self.current[row])
        noncurrent = tuple(row for row in rows if not self.current[row])
        if len(current) == 1:
            return Hit(current[0], current, noncurrent)
        if not current or len({self.preferred[row] for row in current}) > 1:
            return Hit(-1, current, noncurrent)
        from rapidfuzz import fuzz

        def order(row: int) -> tuple[float, bool, str]:
            likeness = round(fuzz.ratio(folded, self.folded[row]), 6)
            return -likeness, self.codes[row] != self.preferred[row], self.codes[row]

        return Hit(min(current, key=order), current, noncurrent)


def _rows_by(keys: list[str]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for row, key in enumerate(keys):
        found.setdefault(key, []).append(row)
    return found


def build_index(dictionary: Dictionary) -> MatchIndex:
    """The index of an opened release."""
    return MatchIndex(dictionary)
