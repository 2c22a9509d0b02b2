"""Match coding requests over a release: decide what the rules allow, rank candidates for the rest.

normalise → parse → settle by rule → retrieve → rank → explain; see docs/matching.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from coding.matching.candidates import find_candidates
from coding.matching.collection import collecting_later
from coding.matching.decided import decided_names
from coding.matching.flags import FLAG_COLUMNS, PART_COLUMNS, flags_of, part_candidates
from coding.matching.index import IntArray, MatchIndex
from coding.matching.normalisation import NormalName, normalise
from coding.matching.parsing import BoolArray, Reading, is_negated, read_verbatims
from coding.matching.settling import (
    AMBIGUOUS_ABBREVIATION,
    BELOW_MINIMUM,
    DO_NOT_AUTOCODE,
    EQUAL_SCORES,
    NO_CANDIDATE,
    NO_TERM_ROW,
    NONCURRENT,
    SEVERAL_CONCEPTS,
    TOO_LITTLE_EVIDENCE,
    MatchRules,
    Offer,
    Question,
    Settler,
    Verdict,
)
from coding.matching.signals import SIGNAL_COLUMNS, signals_of
from coding.matching.wordings import Asked
from coding.records import NO_TERM, Progress, fold, silent
from schemas.tables import text_frame
from schemas.vocabulary import Domain, Method, Outcome, domain_of_field

__all__ = [
    "CANDIDATE_COLUMNS",
    "DECISION_COLUMNS",
    "FLAG_COLUMNS",
    "HELD_COLUMNS",
    "PART_COLUMNS",
    "SIGNAL_COLUMNS",
    "MatchRules",
    "Matches",
    "match_requests",
]

DECISION_COLUMNS = ("key", "code", "text", "method", "rules", "score", "outcome", "reason")
CANDIDATE_COLUMNS = (
    "key", "rank", "code", "term", "preferred_code", "score", "confidence", "method", "rules", "reason",
)  # fmt: skip
HELD_COLUMNS = ("key", "reason")

#: Forms on which procedures are rare, and the one on which everything else is.
_EVENT_FORMS, _PROCEDURE_FORMS = {Domain.AE, Domain.CE}, {Domain.PR}


@dataclass(frozen=True)
class Matches:
    """The result. Every request's key stands in exactly one of ``decisions`` and ``held``.

    ``decisions``: DECISION_COLUMNS, outcome ``approved`` or ``needs_approval``; code ``NO_TERM``
    where there is no event. ``candidates``: CANDIDATE_COLUMNS, sorted by key and rank (from 1),
    current terms only; ``confidence`` is that of the first candidate, NaN where it is not measured;
    ``reason`` is a sentence for a coder. ``held``: HELD_COLUMNS, why a request is left to a person.
    ``signals``: SIGNAL_COLUMNS, what speaks for the first candidate. ``flags``: FLAG_COLUMNS, and
    ``parts``: PART_COLUMNS, the concepts of a verbatim that has several. ``rules`` are joined by
    ``;``, ``score`` is 0 to 1.
    """

    decisions: pd.DataFrame
    candidates: pd.DataFrame
    held: pd.DataFrame
    signals: pd.DataFrame
    flags: pd.DataFrame
    parts: pd.DataFrame


@dataclass(frozen=True)
class _Asked:
    """The distinct verbatims of some requests; a verbatim of two kinds of form stands twice.
    ``of_request`` is the position of each request's own."""

    items: list[Asked]
    of_request: IntArray


@collecting_later()
def match_requests(
    requests: pd.DataFrame,
    index: MatchIndex,
    rules: MatchRules,
    progress: Progress = silent,
) -> Matches:
    """Match requests: ``key, verbatim, context, serious, earlier_code, earlier_term,
    earlier_disagrees`` and, where it is known, ``fields`` (joined by ``;``).

    ``context`` is canonical JSON or ""; ``serious`` is bool; ``earlier_code`` and ``earlier_term``
    are what the occurrences agree on, or ""; ``earlier_disagrees`` is true where they do not agree.
    Further columns are not looked at. The result for a request depends on nothing but the request,
    the index and the rules.
    """
    progress("normalise verbatims", 0, len(requests))
    asked = _distinct(requests, index)
    reading = _read(requests, asked)
    decided = decided_names(index, rules.decided)
    settler = Settler(index, rules, decided.codes if decided is not None else {})
    verdicts = _verdicts(_questions(requests, asked, reading), settler, progress)
    has_event = np.array([not _no_event(verdict) for verdict in verdicts], dtype=bool)
    wanted = np.unique(asked.of_request[has_event])
    items = [asked.items[at] for at in wanted]
    negated = is_negated(pd.Series([item.folded for item in items], dtype="str"))
    found = find_candidates(index, items, negated, decided, rules.further, max(rules.top, 2), progress)
    scored = _by_request(found.pairs, wanted, asked.of_request, has_event)
    keys = requests["key"].reset_index(drop=True)
    every = _candidates(verdicts, scored, index)
    signals = signals_of(every, index)
    if rules.confidence is not None:
        signals = signals.assign(confidence=rules.confidence.of(signals))
    flags = flags_of(reading, [asked.items[at] for at in asked.of_request], every)
    verdicts = _settled_by_score(verdicts, every, signals, flags, requests, index, rules)
    parts = part_candidates(found.parts, wanted, asked.of_request, has_event, index)
    decisions, held = _decisions_and_held(keys.to_list(), verdicts, index)
    return Matches(
        decisions=decisions,
        candidates=_shown(every, signals, keys, index, rules.top),
        held=held,
        signals=_keyed(signals, keys, SIGNAL_COLUMNS),
        flags=_keyed(flags, keys, FLAG_COLUMNS),
        parts=_keyed(parts, keys, PART_COLUMNS),
    )


def _distinct(requests: pd.DataFrame, index: MatchIndex) -> _Asked:
    folded = [fold(verbatim) for verbatim in requests["verbatim"]]
    forms = _forms(requests)
    pairs = list(zip(folded, forms, strict=True))
    distinct = sorted(set(pairs))
    position = {pair: at for at, pair in enumerate(distinct)}
    names: dict[str, NormalName] = {}
    for text, _ in distinct:
        if text not in names:
            names[text] = normalise(text, index.without)
    items = [Asked(text, names[text], form) for text, form in distinct]
    return _Asked(items, np.array([position[pair] for pair in pairs], dtype=np.int64))


def _forms(requests: pd.DataFrame) -> list[str]:
    """``event`` or ``procedure`` for requests whose fields all lie on such forms, else ""."""
    if "fields" not in requests.columns:
        return [""] * len(requests)
    known: dict[str, str] = {}
    for fields in requests["fields"].unique():
        domains = {domain_of_field(field) for field in str(fields).split(";") if field}
        own = [field for field in str(fields).split(";") if field[2:] != "INDC"]
        known[fields] = ""
        if domains and own and domains <= _EVENT_FORMS:
            known[fields] = "event"
        elif domains and own and domains <= _PROCEDURE_FORMS:
            known[fields] = "procedure"
    return [known[fields] for fields in requests["fields"]]


def _read(requests: pd.DataFrame, asked: _Asked) -> Reading:
    texts = pd.Series([item.folded for item in asked.items], dtype="str")
    folded = texts.take(asked.of_request).reset_index(drop=True)
    return read_verbatims(requests["verbatim"].reset_index(drop=True), folded)


def _questions(requests: pd.DataFrame, asked: _Asked, reading: Reading) -> Iterator[Question]:
    columns = [
        requests[name].to_list() for name in ("context", "earlier_code", "earlier_term", "earlier_disagrees")
    ]
    flags = [
        flag.tolist() for flag in (reading.no_event, reading.negated, reading.questioned, reading.signed)
    ]
    for at, row in zip(asked.of_request.tolist(), zip(*columns, *flags, strict=True), strict=True):
        yield Question(asked.items[at].folded, asked.items[at].name, *row)


def _verdicts(questions: Iterator[Question], settler: Settler, progress: Progress) -> list[Verdict]:
    verdicts = []
    for at, question in enumerate(questions):
        if at % 20_000 == 0:
            progress("settle by rule", at, 0)
        verdicts.append(settler.settle(question))
    return verdicts


def _no_event(verdict: Verdict) -> bool:
    return verdict.settled is not None and verdict.settled.row == NO_TERM_ROW


def _by_request(
    pairs: pd.DataFrame, wanted: IntArray, of_request: IntArray, has_event: BoolArray
) -> pd.DataFrame:
    """``request`` (position) beside each candidate of its verbatim, best first."""
    requests = pd.DataFrame({"request": np.flatnonzero(has_event), "verbatim": of_request[has_event]})
    own = pairs.assign(verbatim=wanted[pairs["verbatim"].to_numpy()])
    return requests.merge(own, on="verbatim", how="inner").drop(columns="verbatim")


def _candidates(verdicts: list[Verdict], scored: pd.DataFrame, index: MatchIndex) -> pd.DataFrame:
    """What the rules offer first, then what the score found for other preferred terms.

    ``request, row, preferred, score, method, rules, reason, lost, added, rank``, by request and rank.
    """
    offered = _offered(verdicts)
    offered["preferred"] = index.places.preferred[offered["row"].to_numpy()]
    scored = scored.assign(
        method=str(Method.SCORE), preferred=index.places.preferred[scored["row"].to_numpy(dtype=np.int64)]
    )
    taken = offered[["request", "preferred"]].drop_duplicates()
    scored = scored.merge(taken, on=["request", "preferred"], how="left", indicator="taken")
    scored = scored[scored["taken"] == "left_only"].drop(columns="taken")
    both = pd.concat([offered, scored], ignore_index=True)
    both = both.sort_values("request", kind="stable", ignore_index=True)
    return both.assign(rank=both.groupby("request").cumcount() + 1)


def _offered(verdicts: list[Verdict]) -> pd.DataFrame:
    rows = [
        (at, offer.row, offer.score, str(offer.method), ";".join(offer.rules), offer.reason)
        for at, verdict in enumerate(verdicts)
        for offer in verdict.offers
    ]
    columns = list(zip(*rows, strict=True)) if rows else [(), (), (), (), (), ()]
    blank = [""] * len(rows)
    return pd.DataFrame(
        {
            "request": np.array(columns[0], dtype=np.int64),
            "row": np.array(columns[1], dtype=np.int64),
            "score": np.array(columns[2], dtype=np.float64),
            "method": pd.Series(columns[3], dtype="str"),
            "rules": pd.Series(columns[4], dtype="str"),
            "reason": pd.Series(columns[5], dtype="str"),
            "lost": pd.Series(blank, dtype="str"),
            "added": pd.Series(blank, dtype="str"),
        }
    )


def _settled_by_score(
    verdicts: list[Verdict],
    every: pd.DataFrame,
    signals: pd.DataFrame,
    flags: pd.DataFrame,
    requests: pd.DataFrame,
    index: MatchIndex,
    rules: MatchRules,
) -> list[Verdict]:
    """Where the rules left a request open: the best candidate, if the study lets a score settle."""
    first = every[every["rank"] == 1].set_index("request")
    second = every[every["rank"] == 2].set_index("request")["score"].to_dict()
    names = ("row", "score", "rules")
    confidence = dict(zip(signals["request"], signals["confidence"], strict=True))
    best = {
        request: _Best(int(row), float(score), str(helped), second.get(request) == score, confidence[request])
        for request, row, score, helped in first[list(names)].itertuples(name=None)
    }
    several = set(flags.loc[flags["flag"] == "several_concepts", "request"])
    unclear = set(flags.loc[flags["flag"] == "ambiguous_abbreviation", "request"])
    serious = requests["serious"].to_numpy(dtype=bool)
    found = []
    for at, verdict in enumerate(verdicts):
        if verdict.settled is not None or verdict.held:
            found.append(verdict)
        elif at not in best:
            found.append(replace(verdict, held=verdict.reason or NO_CANDIDATE))
        else:
            held = SEVERAL_CONCEPTS if at in several else AMBIGUOUS_ABBREVIATION if at in unclear else ""
            found.append(_score_verdict(verdict, best[at], held, bool(serious[at]), index, rules))
    return found


@dataclass(frozen=True, slots=True)
class _Best:
    """The first candidate of a request that the rules left open."""

    row: int
    score: float
    rules: str
    tie: bool
    confidence: float


def _score_verdict(
    verdict: Verdict, best: _Best, held: str, serious: bool, index: MatchIndex, rules: MatchRules
) -> Verdict:
    outcome = rules.outcomes.score
    helped = tuple(filter(None, best.rules.split(";")))
    if outcome is Outcome.CANDIDATE:
        held = f"{Method.SCORE} gives candidates only"
    elif not _high_enough(best, rules):
        held = held or (BELOW_MINIMUM if not _by_evidence(rules) else TOO_LITTLE_EVIDENCE)
    elif best.tie:
        held = held or EQUAL_SCORES
    elif "noncurrent" in helped:
        held = held or NONCURRENT
    elif index.folded[best.row] in rules.do_not_autocode:
        held = held or DO_NOT_AUTOCODE
    if held:
        return replace(verdict, held=verdict.reason or held)
    if serious and outcome is Outcome.APPROVED:
        outcome = Outcome.NEEDS_APPROVAL
    offer = Offer(best.row, Method.SCORE, helped, best.score)
    return replace(verdict, settled=offer, outcome=outcome, reason=_why(best, rules))


def _by_evidence(rules: MatchRules) -> bool:
    return rules.outcomes.score_precision is not None


def _high_enough(best: _Best, rules: MatchRules) -> bool:
    if _by_evidence(rules):
        return rules.least_confidence is not None and best.confidence >= rules.least_confidence
    return best.score >= rules.outcomes.score_minimum


def _why(best: _Best, rules: MatchRules) -> str:
    if _by_evidence(rules):
        return f"Confidence {best.confidence:.4f}, at least {rules.least_confidence:g}."
    return f"Score {best.score:.4f}, at least {rules.outcomes.score_minimum:g}."


def _shown(
    every: pd.DataFrame, signals: pd.DataFrame, keys: pd.Series, index: MatchIndex, top: int
) -> pd.DataFrame:
    """The candidates as CANDIDATE_COLUMNS, sorted by key and rank."""
    shown = every[every["rank"] <= top]
    rows = shown["row"].to_numpy(dtype=np.int64)
    confidence = shown["request"].map(dict(zip(signals["request"], signals["confidence"], strict=True)))
    shown = shown.assign(
        key=keys.reindex(shown["request"]).to_numpy(),
        code=np.array(index.codes, dtype=object)[rows],
        term=np.array(index.texts, dtype=object)[rows],
        preferred_code=np.array(index.preferred, dtype=object)[rows],
        confidence=confidence.where(shown["rank"] == 1).astype("float64"),
    )
    text = ["key", "code", "term", "preferred_code", "method", "rules", "reason"]
    shown = shown.sort_values("key", kind="stable").astype(dict.fromkeys(text, "str"))
    return shown[list(CANDIDATE_COLUMNS)].reset_index(drop=True)


def _keyed(frame: pd.DataFrame, keys: pd.Series, columns: tuple[str, ...]) -> pd.DataFrame:
    """The frame with each request's key instead of its position, sorted by key."""
    keyed = frame.assign(key=keys.reindex(frame["request"]).astype("str").to_numpy())
    return keyed.sort_values("key", kind="stable", ignore_index=True)[list(columns)]


def _decisions_and_held(
    keys: list[str], verdicts: list[Verdict], index: MatchIndex
) -> tuple[pd.DataFrame, pd.DataFrame]:
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
    decisions = decisions[list(DECISION_COLUMNS)]
    return decisions.sort_values("key", ignore_index=True), held.sort_values("key", ignore_index=True)
