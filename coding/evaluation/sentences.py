"""What an evaluation says, in sentences that a data manager can repeat."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd

from coding.evaluation.agreement import ALL
from coding.evaluation.coverage import Coverage
from coding.evaluation.fitting import LEAST_CASES
from coding.evaluation.intervals import Rate
from coding.evaluation.measures import Evaluation


def percent(share: float | None) -> str:
    """``78 %``; ``–`` for what is not there. What is nearly all or nearly nothing is never called so.

    >>> percent(0.784), percent(0.9967), percent(0.9999), percent(1.0), percent(0.0003), percent(None)
    ('78 %', '99.6 %', '99.9 %', '100 %', '0.1 %', '–')
    """
    if share is None:
        return "–"
    if 0.995 <= share < 1:
        return f"{math.floor(1000 * share) / 10:.1f} %"
    if 0 < share < 0.005:
        return f"{math.ceil(1000 * share) / 10:.1f} %"
    return f"{100 * share:.0f} %"


def limits(rate: Rate) -> str:
    """``74 % to 82 %``, the 95 % interval."""
    return f"{percent(rate.low)} to {percent(rate.high)}" if rate.low is not None else "–"


def lead_sentences(evaluation: Evaluation) -> list[str]:
    """How often the matcher agrees, what it could do alone, and how sure that is."""
    cases = len(evaluation.judged)
    if not cases:
        return ["There are no decided cases yet, so nothing could be measured."]
    return [_agreement_sentence(evaluation), *_coverage_sentences(evaluation)]


def _agreement_sentence(evaluation: Evaluation) -> str:
    preferred = evaluation.level_names["preferred"]
    found = [item for item in evaluation.agreement() if item.level == "preferred"]
    if not found:
        return f"Of {len(evaluation.judged):,} verbatims none has an answer at the {preferred}."
    first, among = found[0].first, found[0].among_first
    return (
        f"Of {first.cases:,} verbatims that people decided, {percent(first.share)} have the people's "
        f"{preferred} as first suggestion (95 % interval: {limits(first)}), and {percent(among.share)} "
        "have it among the first five."
    )


def _coverage_sentences(evaluation: Evaluation) -> list[str]:
    found = evaluation.coverage().get(ALL, ())
    if not found:
        usable = int(evaluation.judged["score"].notna().sum())
        return [
            f"Confidence is not measured: that takes {LEAST_CASES} decided verbatims with a suggestion; "
            f"there are {usable:,}."
        ]
    lowest, highest = found[0], found[-1]
    return [
        f"{percent(lowest.counted.share)} of the verbatims could be coded without a person at "
        f"{percent(lowest.precision)} agreement, {percent(highest.counted.share)} at "
        f"{percent(highest.precision)}, as counted on these cases.",
        proven_sentence(found),
    ]


def proven_sentence(found: Sequence[Coverage]) -> str:
    """What is proven for each precision, and how much is missing for the others."""
    proven = [
        f"{percent(item.proven.share)} at {percent(item.precision)} agreement"
        for item in found
        if not item.missing
    ]
    open_ = [item for item in found if item.missing]
    parts = [", ".join(proven)] if proven else []
    if not open_:
        return f"With 95 % confidence: {parts[0]}."
    where = f" at {' and '.join(percent(item.precision) for item in open_)}" if proven else ""
    needed = ", ".join(f"{item.needed:,} for {percent(item.precision)}" for item in open_)
    parts.append(f"none yet{where} (cases without an error needed: {needed})")
    begun = open_[0].without_error
    error = f"comes after the {begun:,} most confident" if begun else "is the most confident one"
    return f"With 95 % confidence: {'; '.join(parts)}. The first error {error}."


def not_measured(evaluation: Evaluation) -> list[str]:
    """What the figures do not say."""
    low, preferred = (evaluation.level_names[name] for name in ("code", "preferred"))
    said = [
        "Whether people were right. Agreement with them is what is counted; where the same verbatim was "
        "decided differently, nobody can agree with both.",
        f"Confidence below the {preferred}: it is about the {preferred}, the level of analysis"
        + (f", not about which {low} of it was chosen." if low != preferred else "."),
        "Other studies, other sites and other languages: the figures hold for verbatims like these.",
        "The context of a verbatim (indication, route), serious events, and verbatims with several events.",
    ]
    without = int((evaluation.judged["method"] == "no_candidate").sum())
    if without:
        said.append(
            f"Confidence of verbatims without any suggestion ({without:,} here); they count as not coded."
        )
    if not evaluation.history:
        said.append("What earlier decisions add: the matcher was measured without them.")
    return said


def how_measured(evaluation: Evaluation) -> list[str]:
    """How the figures came about."""
    history = (
        "the verbatims of the other parts counted as decided before, as in the study's daily work"
        if evaluation.history
        else "nothing counted as decided before"
    )
    return [
        f"The decided verbatims were put into {evaluation.folds:,} parts; verbatims that are the same but "
        "for spelling, word order and the like are in one part. Each part was coded as if nobody had seen "
        f"it: {history}.",
        "The confidence of a verbatim comes from a curve that was fitted on other parts only.",
        "Intervals are exact (Clopper–Pearson), over distinct verbatims. Rows of one verbatim are not "
        "independent, so shares of rows have no interval.",
        "Proven shares: the verbatims are taken from the most confident down, beginning where the precision "
        "could be proven at all, until the one-sided 95 % bound first falls below it.",
    ]


def left_out(evaluation: Evaluation) -> pd.DataFrame:
    """What is no case, or was found in a roundabout way: ``what, count``."""
    counts = dict(evaluation.cases.counts)
    for problem, count in evaluation.cases.unusable["problem"].value_counts().sort_index().items():
        counts[f"answers left out: {problem}"] = int(count)
    different = int(evaluation.cases.inconsistent["key"].nunique())
    if different:
        counts["verbatims that were answered differently (the most frequent answer counts)"] = different
    return pd.DataFrame(
        {
            "what": pd.Series(list(counts), dtype="str"),
            "count": pd.Series(list(counts.values()), dtype="int64"),
        }
    )
