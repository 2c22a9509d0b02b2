"""The coded verbatims that matching is measured on, each set over its dictionary.

* ``statin``: the statin study's verbatims over ``ae_dev``, with the coder's preferred terms;
* ``lay``: lay phrases of the Human Phenotype Ontology over its names, without the names that equal
  one of the phrases;
* ``blind``: the project's own ``verbatims.csv`` over the release of ``open_events`` that the matcher
  is measured with;
* ``newest``: the same verbatims over the newest release, with answers judged anew for its finer terms.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import pandas as pd

from coding.matching.engine import MatchRules, match_requests
from coding.matching.index import MatchIndex, build_index
from coding.operations.measured_confidence import SYNONYM_COLUMNS
from coding.records import fold
from coding.study import Outcomes
from dictionaries.loading import import_release
from dictionaries.model import PATHS_FILE, TERMS_FILE, Dictionary, Release, write_release_file
from dictionaries.open_events import MEASURED_VERSION
from dictionaries.registry import open_dictionary
from schemas.tables import read_csv, text_frame, write_parquet

BLIND = Path(__file__).with_name("verbatims.csv")
NEWEST = Path(__file__).with_name("verbatims_newest.csv")

#: For each verbatim the preferred codes of its candidates, best first.
Ranks = list[list[str]]


@dataclass(frozen=True)
class Case:
    """Verbatims over the index of a dictionary. ``answers`` are the names of the accepted preferred
    terms, the first being the one that would be decided; ``groups`` says which set each is of."""

    name: str
    index: MatchIndex
    verbatims: list[str]
    answers: list[tuple[str, ...]]
    groups: list[str]

    @cached_property
    def right(self) -> list[tuple[str, ...]]:
        """The accepted preferred codes; none where the release does not know the name."""
        release, terms = self.index.dictionary.release, self.index.dictionary.terms
        preferred = terms[terms["level"] == release.preferred_level]
        codes: dict[str, list[str]] = {}
        for code, text in zip(preferred["code"], preferred["text"], strict=True):
            codes.setdefault(fold(text), []).append(code)
        return [tuple(code for name in names for code in codes.get(fold(name), ())) for names in self.answers]

    def at(self, positions: Sequence[int]) -> Case:
        """The case with these verbatims alone."""
        own = replace(
            self,
            verbatims=[self.verbatims[at] for at in positions],
            answers=[self.answers[at] for at in positions],
            groups=[self.groups[at] for at in positions],
        )
        if "right" in vars(self):
            vars(own)["right"] = [self.right[at] for at in positions]
        return own

    def sample(self, size: int, seed: int = 1) -> list[int]:
        """Positions drawn at random, the same ones in every run; all where there are no more."""
        if size >= len(self.verbatims):
            return list(range(len(self.verbatims)))
        return sorted(random.Random(seed).sample(range(len(self.verbatims)), size))


@dataclass(frozen=True)
class CaseSets:
    """The sets, read when first asked for; None where the data folder lacks one. ``limit``: at most
    so many verbatims of each, 0 for all."""

    data: Path
    folder: Path
    limit: int = 0

    @cached_property
    def statin(self) -> Case | None:
        """Statin study."""
        answers, release = self.data / "eval" / "statin_verbatims.csv", self.data / "dictionaries" / "ae_dev"
        if not answers.exists() or not release.exists():
            return None
        import_release(release, self.folder / "statin", name="ae_dev", licensed=False)
        index = build_index(open_dictionary("ae_dev", folders=[self.folder / "statin"]))
        rows = read_csv(answers)
        names = [(name,) for name in rows["pt"]]
        return self._limited(Case("statin", index, rows["verbatim"].to_list(), names, ["statin"] * len(rows)))

    @cached_property
    def lay(self) -> Case | None:
        """Lay phrases whose names are taken out of the dictionary."""
        if not (self.data / "eval" / "hpo_lay.csv").exists():
            return None
        names = read_csv(self.data / "eval" / "hpo_dict.csv")
        lay = read_csv(self.data / "eval" / "hpo_lay.csv")
        names = names[~names["name"].map(fold).isin(set(lay["verbatim"].map(fold)))].reset_index(drop=True)
        lay = lay[lay["concept_id"].isin(names["concept_id"])]
        codes = [f"T{at:06d}" for at in range(len(names))]
        low = text_frame({"code": codes, "text": names["name"], "parent": names["concept_id"]})
        index = build_index(two_level_release("lay", low, self.folder / "lay"))
        case = Case("lay", index, lay["verbatim"].to_list(), [()] * len(lay), ["lay"] * len(lay))
        vars(case)["right"] = [(code,) for code in lay["concept_id"]]  # its answers are codes
        return self._limited(case)

    @cached_property
    def blind(self) -> Case:
        """The project's own verbatims, by set."""
        return self._judged("blind", BLIND, open_dictionary("open_events", MEASURED_VERSION))

    @cached_property
    def newest(self) -> Case:
        """The same over the newest release of the open event dictionary."""
        return self._judged("newest", NEWEST, open_dictionary("open_events", newest=True))

    def _judged(self, name: str, path: Path, dictionary: Dictionary) -> Case:
        rows = read_csv(path)
        answers = [tuple(names.split("|")) for names in rows["preferred_terms"]]
        groups = rows["set"].to_list()
        return self._limited(Case(name, build_index(dictionary), rows["verbatim"].to_list(), answers, groups))

    def _limited(self, case: Case) -> Case:
        return case.at(case.sample(self.limit)) if self.limit else case


def two_level_release(name: str, low: pd.DataFrame, folder: Path) -> Dictionary:
    """A release of ``code, text, parent`` where each parent is its own preferred term."""
    preferred = low.drop_duplicates("parent")
    high = text_frame({"code": preferred["parent"], "text": preferred["text"]})
    terms = pd.concat(
        [
            low.assign(level="LLT", status="current"),
            high.assign(level="PT", status="current", parent=""),
        ],
        ignore_index=True,
    )
    folder.mkdir(parents=True)
    write_parquet(terms[["code", "text", "level", "status", "parent"]].astype("str"), folder / TERMS_FILE)
    paths = text_frame({"code": preferred["parent"]}).assign(primary=True)
    write_parquet(paths, folder / PATHS_FILE)
    release = Release(name, "1", "English", "0" * 64, ("LLT", "PT"), "LLT", "PT", False, False)
    write_release_file(release, folder)
    return Dictionary.open(folder)


def flat_release(name: str, names: Iterable[str], folder: Path) -> Dictionary:
    """A release in which every name is a preferred term of its own."""
    texts = list(names)
    codes = [f"{at:06d}" for at in range(len(texts))]
    return two_level_release(name, text_frame({"code": codes, "text": texts, "parent": codes}), folder)


def requests_of(verbatims: Sequence[str]) -> pd.DataFrame:
    """Requests for ``match_requests`` that hold nothing but the verbatim."""
    frame = text_frame({"key": [f"{at:09d}" for at in range(len(verbatims))], "verbatim": list(verbatims)})
    for name in ("context", "earlier_code", "earlier_term"):
        frame[name] = pd.Series("", index=frame.index, dtype="str")
    return frame.assign(serious=False, earlier_disagrees=False)


def plain_rules(decided: pd.DataFrame | None = None) -> MatchRules:
    """The rules of a study that sets none: no synonyms, five candidates."""
    nothing = text_frame({name: [] for name in SYNONYM_COLUMNS})
    return MatchRules(frozenset(), nothing, Outcomes(), 5, decided=decided)


def trialcoder_ranks(case: Case, decided: pd.DataFrame | None = None) -> Ranks:
    """What the engine offers."""
    matches = match_requests(requests_of(case.verbatims), case.index, plain_rules(decided))
    by_key = matches.candidates.groupby("key")["preferred_code"].apply(list)
    return [by_key.get(f"{at:09d}", []) for at in range(len(case.verbatims))]
