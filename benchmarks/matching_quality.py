"""How often the right preferred term is the first candidate or among the first five, beside the peers."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from coding.records import fold
from matching_cases import Case, CaseSets, Ranks, trialcoder_ranks
from matching_peers import exact_ranks, tfidf_ranks, token_sort_ranks, wratio_ranks
from matching_tables import Agreed, Table


@dataclass(frozen=True)
class Way:
    """A way of finding candidates; ``only`` are the positions it is asked about (None: all)."""

    name: str
    rank: Callable[[Case], Ranks]
    only: Sequence[int] | None = None


EXACT, TOKEN_SORT = Way("exact", exact_ranks), Way("token_sort", token_sort_ranks)
WRATIO, TFIDF = Way("WRatio", wratio_ranks), Way("trigram TF-IDF", tfidf_ranks)
TRIALCODER = Way("trialcoder", trialcoder_ranks)


def measure_quality(sets: CaseSets, sample: int) -> Iterator[Table]:
    """The tables, one for each set; ``sample``: lay phrases that WRatio is asked about."""
    if sets.statin is not None:
        case = sets.statin
        every = {"all": list(range(len(case.verbatims)))}
        yield quality_table(case, (EXACT, TOKEN_SORT, WRATIO, TFIDF, TRIALCODER), every)
    if sets.lay is not None:
        case, some = sets.lay, sets.lay.sample(sample)
        groups = {"all": list(range(len(case.verbatims))), "sample": some}
        note = f"WRatio is slow: asked about the sample alone, {len(some):,} drawn at random (fixed seed)"
        yield quality_table(case, (EXACT, Way("WRatio", wratio_ranks, some), TFIDF, TRIALCODER), groups, note)
    yield quality_table(sets.blind, (EXACT, WRATIO, TFIDF, TRIALCODER), blind_groups(sets.blind))
    yield quality_table(sets.newest, (EXACT, TFIDF, TRIALCODER), blind_groups(sets.newest))


def quality_table(case: Case, ways: Sequence[Way], groups: dict[str, list[int]], *notes: str) -> Table:
    """A row for each group (positions), a column for each way."""
    found: dict[str, dict[int, list[str]]] = {}
    taken = []
    for way in ways:
        begun = time.monotonic()
        positions = range(len(case.verbatims)) if way.only is None else way.only
        ranks = way.rank(case if way.only is None else case.at(way.only))
        found[way.name] = dict(zip(positions, ranks, strict=True))
        taken.append(f"{way.name} {time.monotonic() - begun:.1f} s")
    rows = [
        (name, len(group), *(agreed(case, ranks, group) for ranks in found.values()))
        for name, group in groups.items()
    ]
    terms = len(case.index)
    title = f"{case.name}: {len(case.verbatims):,} verbatims over {terms:,} terms (first / first five)"
    return Table(title, ("verbatims", "count", *found), rows, (*notes, ", ".join(taken)))


def agreed(case: Case, ranks: dict[int, list[str]], positions: Sequence[int]) -> Agreed | None:
    """Agreement over these positions; None where some were not asked about, or there are none."""
    if not positions or not ranks.keys() >= set(positions):
        return None
    hits = [(ranks[at][:5], set(case.right[at])) for at in positions]
    first = sum(bool(found) and found[0] in right for found, right in hits)
    five = sum(not right.isdisjoint(found) for found, right in hits)
    return Agreed(first / len(hits), five / len(hits))


def blind_groups(case: Case) -> dict[str, list[int]]:
    """All verbatims and each set, with and without those that equal the name of an accepted term."""
    every = range(len(case.verbatims))
    own = [fold(case.verbatims[at]) not in {fold(name) for name in case.answers[at]} for at in every]
    found: dict[str, list[int]] = {}
    for name in ("all", *sorted(set(case.groups))):
        of_set = [at for at in every if name in ("all", case.groups[at])]
        found[name] = of_set
        found[f"{name}, no accepted term itself"] = [at for at in of_set if own[at]]
    return found
