"""Match coding requests over a release: decide what the rules allow, rank candidates for the rest.

normalise → parse → settle by rule → retrieve → rank; see docs/matching.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from coding.matching.index import IntArray, MatchIndex
from coding.matching.normalisation import NormalName, normalise
from coding.matching.parsing import BoolArray, is_negated, read_verbatims
from coding.matching.ranking import rank_candidates
from coding.matching.settling import (
    BELOW_MINIMUM,
    DO_NOT_AUTOCODE,
    EQUAL_SCORES,
    NO_CANDIDATE,
    NO_TERM_ROW,
    NONCURRENT,
    MatchRules,
    Offer,
    Question,
    Settler,
    Verdict,
)
from coding.records import NO_TERM, Progress, fold, silent
from schemas.tables import text_frame
from schemas.vocabulary import Method, Outcome

__all__ = ["CANDIDATE_COLUMNS", "HELD_COLUMNS", "MatchRules", "Matches", "match_requests"]

DECISION_COLUMNS = ("key", "code", "text", "method", "rules", "score", "outcome", "reason")
CANDIDATE_COLUMNS = ("key", "rank", "code", "term", "preferred_code", "score", "method", "rules")
HELD_COLUMNS = ("key", "reason")


@dataclass(frozen=True)
class Matches:
    """The result. Every request's key stands in exactly one of ``decisions`` and ``held``.

    ``decisions``: DECISION_COLUMNS, outcome ``approved`` or ``needs_approval``; code ``NO_TERM``
    where there is no event. ``candidates``: CANDIDATE_COLUMNS, sorted by key and rank (from 1),
    current terms only. ``held``: HELD_COLUMNS, why a request is left to a person. ``rules`` are
    joined by ``;``, ``score`` is 0 to 1.
    """

    decisions: pd.DataFrame
    candidates: pd.DataFrame
    held: pd.DataFrame


def match_requests(
    requests: pd.DataFrame, index: MatchIndex, rules: MatchRules, progress: Progress = silent
) -> Matches:
    """Match requests: ``key, verbatim, context, serious, earlier_code, earlier_term,
    earlier_disagrees``.

    ``context`` is canonical JSON or ""; ``serious`` is bool; ``earlier_code`` and ``earlier_term``
    are what the occurrences agree on, or ""; ``earlier_disagrees`` is true where they do not agree.
    Further columns are not looked at. The result for a request depends on nothing but the request,
    the index and the rules.
    """
    folded = [fold(verbatim) for verbatim in requests["verbatim"]]
    distinct = sorted(set(folded))
    position = {text: at for at, text in enumerate(distinct)}
    of_request = np.array([position[text] for text in folded], dtype=np.int64)
    progress("normalise verbatims", 0, len(distinct))
    names = [normalise(text, index.without) for text in distinct]
    questions = _questions(requests, distinct, names, of_request)
    verdicts = _verdicts(questions, Settler(index, rules), progress)
    has_event = np.array([not _no_event(verdict) for verdict in verdicts], dtype=bool)
    ranked = _ranked(distinct, names, np.unique(of_request[has_event]), index, rules.top, progress)
    scored = _by_request(ranked, of_request, has_event)
    serious = requests["serious"].to_numpy(dtype=bool)
    verdicts = _settled_by_score(verdicts, scored, serious, index, rules)
    candidates = _candidates(requests["key"], verdicts, scored, index, rules.top)
    return _tables(requests["key"].to_list(), verdicts, candidates, index)


def _questions(
    requests: pd.DataFrame, distinct: list[str], names: list[NormalName], of_request: IntArray
) -> Iterator[Question]:
    texts = pd.Series(distinct, dtype="str").take(of_request).reset_index(drop=True)
    reading = read_verbatims(requests["verbatim"].reset_index(drop=True), texts)
    columns = [
        requests[name].to_list() for name in ("context", "earlier_code", "earlier_term", "earlier_disagrees")
    ]
    flags = [
        flag.tolist() for flag in (reading.no_event, reading.negated, reading.questioned, reading.signed)
    ]
    for at, row in zip(of_request.tolist(), zip(*columns, *flags, strict=True), strict=True):
        yield Question(distinct[at], names[at], *row)


def _verdicts(questions: Iterator[Question], settler: Settler, progress: Progress) -> list[Verdict]:
    verdicts = []
    for at, question in enumerate(questions):
        if at % 20_000 == 0:
            progress("settle by rule", at, 0)
        verdicts.append(settler.settle(question))
    return verdicts


def _no_event(verdict: Verdict) -> bool:
    return verdict.settled is not None and verdict.settled.row == NO_TERM_ROW


def _ranked(
    distinct: list[str],
    names: list[NormalName],
    wanted: IntArray,
    index: MatchIndex,
    top: int,
    progress: Progress,
) -> pd.DataFrame:
    """Candidates by score of the distinct verbatims whose positions are ``wanted``."""
    texts = pd.Series([distinct[at] for at in wanted], dtype="str")
    asked = [names[at] for at in wanted]
    # One more than is shown, so that a tie for the first place is seen even when top is 1.
    ranked = rank_candidates(index, asked, is_negated(texts), max(top, 2), progress)
    ranked["verbatim"] = wanted[ranked["verbatim"].to_numpy()]
    own = pd.Series([";".join(name.rules) for name in asked], index=wanted, dtype="str")
    before = own.reindex(ranked["verbatim"]).reset_index(drop=True)
    ranked["rules"] = (before + ";" + ranked["rules"]).str.strip(";")
    return ranked


def _by_request(ranked: pd.DataFrame, of_request: IntArray, has_event: BoolArray) -> pd.DataFrame:
    """``request`` (position) beside each candidate of its verbatim, best first."""
    requests = pd.DataFrame({"request": np.flatnonzero(has_event), "verbatim": of_request[has_event]})
    return requests.merge(ranked, on="verbatim", how="inner").drop(columns="verbatim")


def _settled_by_score(
    verdicts: list[Verdict], scored: pd.DataFrame, serious: BoolArray, index: MatchIndex, rules: MatchRules
) -> list[Verdict]:
    """Where the rules left a request open: the best candidate, if the study lets a score settle."""
    place = scored.groupby("request").cumcount()
    first = scored[place == 0].set_index("request")
    second = scored[place == 1].set_index("request")["score"].to_dict()
    best = {
        request: (int(row), float(score), str(names))
        for request, row, score, names in first[["row", "score", "rules"]].itertuples(name=None)
    }
    found = []
    for at, verdict in enumerate(verdicts):
        if verdict.settled is not None or verdict.held:
            found.append(verdict)
        elif at not in best:
            found.append(replace(verdict, held=verdict.reason or NO_CANDIDATE))
        else:
            tie = second.get(at) == best[at][1]
            found.append(_score_verdict(verdict, best[at], tie, bool(serious[at]), index, rules))
    return found


def _score_verdict(
    verdict: Verdict,
    best: tuple[int, float, str],
    tie: bool,
    serious: bool,
    index: MatchIndex,
    rules: MatchRules,
) -> Verdict:
    row, score, names = best
    outcome = rules.outcomes.score
    held = ""
    if outcome is Outcome.CANDIDATE:
        held = f"{Method.SCORE} gives candidates only"
    elif score < rules.outcomes.score_minimum:
        held = BELOW_MINIMUM
    elif tie:
        held = EQUAL_SCORES
    elif "noncurrent" in names.split(";"):
        held = NONCURRENT
    elif index.folded[row] in rules.do_not_autocode:
        held = DO_NOT_AUTOCODE
    if held:
        return replace(verdict, held=verdict.reason or held)
    if serious and outcome is Outcome.APPROVED:
        outcome = Outcome.NEEDS_APPROVAL
    reason = f"Score {score:.4f}, at least {rules.outcomes.score_minimum:g}."
    offer = Offer(row, Method.SCORE, tuple(filter(None, names.split(";"))), score)
    return replace(verdict, settled=offer, outcome=outcome, reason=reason)


def _candidates(
    keys: pd.Series, verdicts: list[Verdict], scored: pd.DataFrame, index: MatchIndex, top: int
) -> pd.DataFrame:
    """What the rules offer first, then what the score found for other preferred terms."""
    preferred = np.array(index.preferred, dtype=object)
    offered = _offered(verdicts)
    offered["preferred_code"] = preferred[offered["row"].to_numpy(dtype=np.int64)]
    scored = scored.assign(
        method=str(Method.SCORE), preferred_code=preferred[scored["row"].to_numpy(dtype=np.int64)]
    )
    taken = offered[["request", "preferred_code"]].drop_duplicates()
    scored = scored.merge(taken, on=["request", "preferred_code"], how="left", indicator="taken")
    scored = scored[scored["taken"] == "left_only"].drop(columns="taken")
    both = pd.concat([offered, scored], ignore_index=True)
    both["key"] = keys.reset_index(drop=True).reindex(both["request"]).to_numpy()
    both = both.sort_values("key", kind="stable", ignore_index=True)
    both["rank"] = both.groupby("key").cumcount() + 1
    both = both[both["rank"] <= top]
    rows = both["row"].to_numpy(dtype=np.int64)
    both["code"] = np.array(index.codes, dtype=object)[rows]
    both["term"] = np.array(index.texts, dtype=object)[rows]
    text = ["key", "code", "term", "preferred_code", "method", "rules"]
    return both.astype(dict.fromkeys(text, "str"))[list(CANDIDATE_COLUMNS)].reset_index(drop=True)


def _offered(verdicts: list[Verdict]) -> pd.DataFrame:
    rows = [
        (at, offer.row, offer.score, str(offer.method), ";".join(offer.rules))
        for at, verdict in enumerate(verdicts)
        for offer in verdict.offers
    ]
    columns = list(zip(*rows, strict=True)) if rows else [(), (), (), (), ()]
    return pd.DataFrame(
        {
            "request": np.array(columns[0], dtype=np.int64),
            "row": np.array(columns[1], dtype=np.int64),
            "score": np.array(columns[2], dtype=np.float64),
            "method": pd.Series(columns[3], dtype="str"),
            "rules": pd.Series(columns[4], dtype="str"),
        }
    )


def _tables(keys: list[str], verdicts: list[Verdict], candidates: pd.DataFrame, index: MatchIndex) -> Matches:
    settled = [
        (key, verdict, verdict.settled)
        for key, verdict in zip(keys, verdicts, strict=True)
        if verdict.settled is not None
    ]
    rows = [offer.row for _, _, offer in settled]
    decisions = text_frame(
        {
            "key": [key for key, _, _ in settled],
            "code": [NO_TERM.code if row == NO_TERM_ROW else index.codes[row] for row in rows],
            "text": [NO_TERM.text if row == NO_TERM_ROW else index.texts[row] for row in rows],
            "method": [str(offer.method) for _, _, offer in settled],
            "rules": [";".join(offer.rules) for _, _, offer in settled],
            "score": [""] * len(settled),
            "outcome": [str(verdict.outcome) for _, verdict, _ in settled],
            "reason": [verdict.reason for _, verdict, _ in settled],
        }
    )
    decisions["score"] = np.array([offer.score for _, _, offer in settled], dtype=np.float64)
    left = [(key, verdict.held) for key, verdict in zip(keys, verdicts, strict=True) if not verdict.settled]
    held = text_frame({"key": [key for key, _ in left], "reason": [reason for _, reason in left]})
    return Matches(
        decisions.sort_values("key", ignore_index=True),
        candidates,
        held.sort_values("key", ignore_index=True),
    )
