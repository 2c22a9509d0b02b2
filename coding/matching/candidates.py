"""The candidates of distinct verbatims, from every source, with the reasons a coder reads.

Sources: the names of the release (with the further names of the open dictionary), what people decided
before, and a further retriever of the user's. One candidate for each preferred term, best score first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from coding.matching.decided import USED_FACTOR, DecidedNames, nearly_decided
from coding.matching.further_retriever import FurtherRetriever
from coding.matching.hierarchy import ASKED
from coding.matching.index import MatchIndex
from coding.matching.ranking import (
    HIGHEST_SCORE,
    NEGATED,
    NONCURRENT,
    OPPOSITE,
    RARE_ON_FORM,
    UNPLACED,
    Ranked,
    rank_candidates,
)
from coding.matching.reasons import Explained, explain, in_order
from coding.matching.structure import cause_words
from coding.matching.wordings import MOST_WORDS, Asked
from coding.records import Progress

#: How many names the further retriever is asked for, and how its similarity becomes a score: nothing
#: below the first figure, and the second at a similarity of 1.
FURTHER_TOP, LEAST_SIMILARITY, HIGHEST_SIMILAR = 10, 0.4, 0.9

#: What a coder reads where nothing else is to be said: a plural, a mark or a stray letter apart.
NEARLY_SAME = "nearly the same words"

#: Where a pair comes from.
NAMES, DECIDED, FURTHER = 0, 1, 2

#: Bits of a pair → the rule and what the coder reads.
_BITS = (
    (OPPOSITE, "opposite", "says the opposite"),
    (NEGATED, "negated", "one of the two denies"),
    (NONCURRENT, "noncurrent", "found by a name that is not current"),
    (RARE_ON_FORM, "form", "rare on this form"),
    (UNPLACED, "unplaced", "the release does not know its class"),
)


_ANY_BIT = OPPOSITE | NEGATED | NONCURRENT | RARE_ON_FORM | UNPLACED

Words = tuple[str, ...]


@dataclass(frozen=True)
class Found:
    """``pairs``: ``verbatim`` (position), ``row``, ``score``, ``rules`` (joined by ``;``), ``reason``,
    ``lost`` and ``added`` (words, joined by blanks), best first. ``parts``: ``verbatim``, ``part``
    (text), ``row``, ``score``: what each of several concepts could be."""

    pairs: pd.DataFrame
    parts: pd.DataFrame


def find_candidates(
    index: MatchIndex,
    asked: Sequence[Asked],
    negated: npt.NDArray[np.bool_],
    decided: DecidedNames | None,
    further: FurtherRetriever | None,
    top: int,
    progress: Progress,
) -> Found:
    """The ``top`` candidates of each verbatim; ``negated`` says which deny something."""
    stage = f"rank candidates from {index.dictionary.release.name}"
    most = max(top, ASKED)
    sources: dict[int, Ranked] = {NAMES: rank_candidates(index.ranker, asked, negated, most, progress, stage)}
    if decided is not None:
        sources[DECIDED] = nearly_decided(decided, asked, negated, most, progress)
    pairs = [ranked.pairs.assign(source=source) for source, ranked in sources.items()]
    if further is not None:
        pairs.append(_further(further, asked, progress))
    every = pd.concat(pairs, ignore_index=True) if len(pairs) > 1 else pairs[0]
    if decided is not None:
        every = _used_before(every, decided)
    best = _best(every, index, top)
    explained = _explained(best, asked, sources, index, decided)
    return Found(explained, _parts(sources[NAMES], index))


def _used_before(pairs: pd.DataFrame, decided: DecidedNames) -> pd.DataFrame:
    used = decided.used[pairs["row"].to_numpy(dtype=np.int64)]
    score = np.minimum(pairs["score"] * np.where(used, USED_FACTOR, 1.0), HIGHEST_SCORE)
    return pairs.assign(score=score.round(4), used=used)


def _further(further: FurtherRetriever, asked: Sequence[Asked], progress: Progress) -> pd.DataFrame:
    verbatim, row, similarity = further.nearest([item.folded for item in asked], FURTHER_TOP, progress)
    scale = np.clip((similarity.astype(np.float64) - LEAST_SIMILARITY) / (1 - LEAST_SIMILARITY), 0, 1)
    found = pd.DataFrame({"verbatim": verbatim, "row": row, "score": (scale * HIGHEST_SIMILAR).round(4)})
    found = found.assign(wording=-1, name=-1, bits=np.uint8(0), source=FURTHER)
    return found[found["score"] > 0]


def _best(pairs: pd.DataFrame, index: MatchIndex, top: int) -> pd.DataFrame:
    """The best pair for each verbatim and preferred term, and of these the ``top`` best."""
    shown = index.shown[pairs["row"].to_numpy(dtype=np.int64)]
    pairs = pairs.assign(row=shown, preferred=index.places.preferred[shown])
    # Rows stand in the order of the codes, so that ties are broken by code.
    order = ["verbatim", "score", "row", "source", "wording", "name"]
    pairs = pairs.sort_values(order, ascending=[True, False, True, True, True, True])
    pairs = pairs.drop_duplicates(["verbatim", "preferred"])
    return pairs[pairs.groupby("verbatim").cumcount() < top].reset_index(drop=True)


def _explained(
    pairs: pd.DataFrame,
    asked: Sequence[Asked],
    sources: dict[int, Ranked],
    index: MatchIndex,
    decided: DecidedNames | None,
) -> pd.DataFrame:
    english = not index.without
    used = pairs["used"].to_list() if "used" in pairs else [False] * len(pairs)
    rules, reasons, lost, added = [], [], [], []
    last, whole, cause, own_rules = -1, Words(), frozenset[str](), Words()
    columns = [pairs[name].to_list() for name in ("verbatim", "wording", "name", "bits", "source")]
    for verbatim, at, name, bits, source, used_before in zip(*columns, used, strict=True):
        if verbatim != last:
            item, last = asked[verbatim], verbatim
            whole, own_rules = item.name.words[:MOST_WORDS], item.name.rules
            cause = cause_words(item.folded) if english else frozenset[str]()
        if source == FURTHER:
            found = Explained(("semantic",), "near in meaning by the sentence model", (), ())
        else:
            ranker = decided.ranker if source == DECIDED and decided is not None else index.ranker
            wording = sources[source].wordings[at]
            found = explain(wording, whole, ranker.words[name], english, cause)
        told = [(rule, phrase) for bit, rule, phrase in _BITS if bits & bit] if bits & _ANY_BIT else []
        if used_before and source == NAMES:
            told.append(("used_before", "people used this term before"))
        origin = _origin(source, name, index, decided)
        helped = {*found.rules, *(rule for rule, _ in (*told, *origin))}
        # What made the verbatim comparable at all stands first.
        normal = [rule for rule in own_rules if rule not in helped]
        rules.append(";".join((*normal, *in_order(helped))))
        phrases = [*(phrase for _, phrase in origin), found.sentence, *(phrase for _, phrase in told)]
        reasons.append("; ".join(phrase for phrase in phrases if phrase) or NEARLY_SAME)
        lost.append(" ".join(found.lost))
        added.append(" ".join(found.added))
    text = {"rules": rules, "reason": reasons, "lost": lost, "added": added}
    kept = pairs[["verbatim", "row", "score"]]
    return kept.assign(**{name: pd.Series(values, dtype="str") for name, values in text.items()})


def _origin(
    source: int, name: int, index: MatchIndex, decided: DecidedNames | None
) -> tuple[tuple[str, str], ...]:
    """The rule and the phrase for a name that is not the term's own."""
    if source == DECIDED and decided is not None:
        return (("decided_before", f"coded so before: '{decided.texts[name]}'"),)
    own = len(index.ranker.words) - len(index.further.texts)
    if source == NAMES and name >= own:
        return (("open_synonym", f"also called '{index.further.texts[name - own]}'"),)
    return ()


def _parts(ranked: Ranked, index: MatchIndex) -> pd.DataFrame:
    parts = ranked.parts.sort_values(["verbatim", "wording"])
    return pd.DataFrame(
        {
            "verbatim": parts["verbatim"].to_numpy(),
            "part": pd.Series([" ".join(ranked.wordings[at].words) for at in parts["wording"]], dtype="str"),
            "row": index.shown[parts["row"].to_numpy(dtype=np.int64)],
            "score": parts["score"].to_numpy(),
        }
    )
