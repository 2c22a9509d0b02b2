"""What it brings that half of a study's verbatims were decided before.

A stable hash of the normalised verbatim says in which half each one is, so that spellings that the rules
make equal are never on both sides. The second half is ranked without and with the first half decided,
with several hashes, of which the mean is told.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from hashlib import sha256
from statistics import mean

import pandas as pd

from coding.evaluation.held_out import decided_once
from coding.evaluation.measures import codes_for_history
from coding.matching.normalisation import normalise
from coding.records import fold
from matching_cases import Case, CaseSets, trialcoder_ranks
from matching_quality import agreed
from matching_tables import Agreed, Table
from schemas.tables import text_frame
from study_run import AFTER, BEFORE, misspell

#: Spellings of each verbatim in the made-up study, beside its own.
VARIANTS = 2


def measure_decided(sets: CaseSets, hashes: int) -> Iterator[Table]:
    """One table; ``hashes``: how many ways of splitting the verbatims."""
    cases = [case for case in (sets.statin, sets.blind, spelling_variants(sets.blind)) if case is not None]
    rows = [decided_row(case, hashes) for case in cases]
    columns = ("verbatims", "count", "without", "half decided", "least gain (first)", "largest gain (first)")
    notes = (
        f"mean of {hashes} hashes, the second half ranked each time (first / first five)",
        f"variants: the blind set, each verbatim in {VARIANTS} more spellings "
        "(side, severity, timing, slips of the pen)",
    )
    yield Table("Half of the verbatims decided before", columns, rows, notes)


def decided_row(case: Case, hashes: int) -> tuple[str, int, Agreed, Agreed, float, float]:
    """Mean agreement without and with history, and how far the gain goes apart."""
    nothing = dict(enumerate(trialcoder_ranks(case)))
    pairs = []
    for salt in range(hashes):
        first, second = halves(case, salt)
        known = trialcoder_ranks(case.at(second), decided(case.at(first)))
        before = agreed(case, nothing, second)
        after = agreed(case, dict(zip(second, known, strict=True)), second)
        if before is not None and after is not None:
            pairs.append((before, after))
    without, with_history = (
        Agreed(mean(pair[side].first for pair in pairs), mean(pair[side].five for pair in pairs))
        for side in (0, 1)
    )
    gains = [after.first - before.first for before, after in pairs]
    return case.name, len(case.verbatims), without, with_history, min(gains), max(gains)


def halves(case: Case, salt: int) -> tuple[list[int], list[int]]:
    """Positions of the two halves under one hash."""
    sides: tuple[list[int], list[int]] = ([], [])
    for at, verbatim in enumerate(case.verbatims):
        folded = fold(verbatim)
        group = normalise(folded, case.index.without).any_order or folded
        sides[sha256(f"{salt}\x1f{group}".encode()).digest()[0] & 1].append(at)
    return sides


def decided(case: Case) -> pd.DataFrame:
    """Every verbatim decided for the coding term that stands for its (first) accepted preferred term."""
    frame = text_frame(
        {
            "folded": [fold(verbatim) for verbatim in case.verbatims],
            "code": [""] * len(case.verbatims),
            "preferred": [right[0] if right else "" for right in case.right],
        }
    )
    frame["code"] = codes_for_history(frame, case.index)
    return decided_once(frame.assign(source="decision"))


def spelling_variants(case: Case) -> Case:
    """A study in which sites write the same things in several ways."""
    dice = random.Random(1)
    positions = list(range(len(case.verbatims)))
    verbatims = list(case.verbatims)
    seen = {fold(verbatim) for verbatim in verbatims}
    for at, verbatim in enumerate(case.verbatims):
        added = 0
        while added < VARIANTS:
            variant = varied(verbatim, dice)
            if fold(variant) not in seen:
                seen.add(fold(variant))
                verbatims.append(variant)
                positions.append(at)
                added += 1
    whole = case.at(positions)
    return Case("variants", case.index, verbatims, whole.answers, whole.groups)


def varied(verbatim: str, dice: random.Random) -> str:
    """A verbatim with a word before or after it, or a word misspelled, or both."""
    words = f"{dice.choice(BEFORE)} {verbatim} {dice.choice(AFTER)}".split()
    if dice.random() < 0.5:
        at = dice.randrange(len(words))
        words[at] = misspell(words[at], dice)
    return " ".join(words)
