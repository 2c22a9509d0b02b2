"""Wordings that belong to one term: what is taken in layers, an earlier one keeping its own.

A wording is known by :func:`dictionaries.wording.wording_key`. Within the strict layers a wording
under two terms is an error of the sources; in later ones it is left out. Spelling twins belong to
the layer of the wording they are twins of, so that a wording is never there without its twin.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from dictionaries.authoring.source_rows import LONGEST_NAME
from dictionaries.model import DictionaryError
from dictionaries.wording import Variant, spelling_twins, wording_key


@dataclass(frozen=True, slots=True)
class Lowest:
    """A lowest-level term: its wording, its preferred term and how the wording came about."""

    text: str
    preferred: str
    rule: str


class Wordings:
    """The wordings taken so far, by what they share when case and punctuation are left out."""

    def __init__(self, twins: Callable[[str], Iterable[Variant]] = spelling_twins) -> None:
        """``twins`` gives the other spellings that go with a wording wherever it goes."""
        self.found: dict[str, Lowest] = {}
        self.places: dict[str, str] = {}
        self._twins = twins
        self._earlier: set[str] = set()

    def close_layer(self) -> None:
        """What was taken until now keeps its wordings against what comes."""
        self._earlier = set(self.found)

    def belongs_to_another(self, text: str, preferred: str) -> bool:
        """Whether the wording is taken for another preferred term."""
        taken = self.found.get(wording_key(text))
        return taken is not None and taken.preferred != preferred

    def take(self, preferred: str, place: str, text: str, rule: str, *, strict: bool) -> None:
        """Take a wording with its spelling twins for a preferred term.

        Where an earlier layer has one of them for another term: an error when ``strict``, else
        nothing is taken. Raises DictionaryError also for names that are too long.
        """
        group = [(text, rule), *((twin.text, twin.rule) for twin in self._twins(text))]
        for wording, _ in group:
            if len(wording) > LONGEST_NAME:
                raise DictionaryError(f"{place}: longer than {LONGEST_NAME} characters: {wording}")
        foreign = [wording for wording, _ in group if self.belongs_to_another(wording, preferred)]
        if foreign:
            key = wording_key(foreign[0])
            if strict or key not in self._earlier:
                raise DictionaryError(
                    f"{place}: {foreign[0]} (for {preferred}) is there for "
                    f"{self.found[key].preferred}, {self.places[key]}; keep it in one place"
                )
            return
        for wording, how in group:
            key = wording_key(wording)
            if key not in self.found:
                self.found[key] = Lowest(wording, preferred, how)
                self.places[key] = place
