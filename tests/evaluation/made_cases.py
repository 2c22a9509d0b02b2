"""Made-up cases, and a matcher that says what a test tells it to."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

from coding.evaluation.cases import ANSWER_COLUMNS
from coding.matching.engine import CANDIDATE_COLUMNS, Matches
from coding.matching.signals import SIGNAL_COLUMNS
from coding.records import NO_TERM, fold, request_key
from schemas.tables import text_frame

#: code, name, preferred code, status
LOW = [
    ("101", "Headache", "101", "current"),
    ("102", "Head pain", "101", "current"),
    ("103", "Cephalgia", "101", "noncurrent"),
    ("201", "Migraine", "201", "current"),
    ("301", "Rash", "301", "current"),
    ("302", "Eruption", "301", "current"),
    ("401", "Nausea", "401", "current"),
    ("501", "Cold", "501", "current"),
    ("601", "Cold", "601", "current"),
    ("701", "Itch", "701", "current"),
    ("702", "Itch", "701", "current"),
]
#: preferred code → name, class
HIGH = {
    "101": ("Headache", "900"), "201": ("Migraine", "900"), "301": ("Rash", "910"),
    "401": ("Nausea", "920"), "501": ("Chill", "920"), "601": ("Nasopharyngitis", "920"),
    "701": ("Pruritus", "910"),
}  # fmt: skip
CLASSES = {"900": "Nervous", "910": "Skin", "920": "Gut"}
PREFERRED = {code: preferred for code, _, preferred, _ in LOW}
NAME = {code: name for code, name, _, _ in LOW}


@dataclass(frozen=True)
class Said:
    """What the made-up matcher says of a verbatim: codes best first ("" is no candidate)."""

    codes: tuple[str, ...] = ("101",)
    method: str = "score"
    score: float = 0.8
    margin: float = 0.3
    twin: bool = False
    lost: bool = False
    added: bool = False
    settles: bool = True


@dataclass
class MadeMatcher:
    """A matcher over ``says``; ``calls`` remembers what it was asked and shown."""

    says: dict[str, Said]
    calls: list[tuple[frozenset[str], frozenset[str] | None]] = field(default_factory=list)

    def __call__(self, requests: pd.DataFrame, decided: pd.DataFrame | None) -> Matches:
        shown = None if decided is None else frozenset(decided["folded"])
        self.calls.append((frozenset(requests["verbatim"]), shown))
        told = [
            (key, self.says[text]) for key, text in zip(requests["key"], requests["verbatim"], strict=True)
        ]
        return matches_of(told)


def matches_of(told: list[tuple[str, Said]]) -> Matches:
    """Matches that say what is told of each key."""
    rows, signals, decisions, held = [], [], [], []
    for key, said in told:
        if said.method == "no_event":
            decisions.append((key, NO_TERM.code, "", "no_event", "", 1.0, "needs_approval", "No event."))
            continue
        for rank, code in enumerate(said.codes, start=1):
            score = said.score if rank == 1 else said.score - said.margin
            row = {
                "key": key,
                "rank": rank,
                "code": code,
                "term": NAME[code],
                "preferred_code": PREFERRED[code],
                "score": score,
                "confidence": float("nan"),
                "method": said.method,
                "rules": "",
                "reason": f"Reason {rank}.",
            }
            rows.append(row)
        if said.codes:
            signals.append(
                (key, said.method, said.score, said.margin, True, said.twin, said.lost, said.added, False)
            )
        if said.codes and said.settles:
            code = said.codes[0]
            decisions.append((key, code, NAME[code], said.method, "", said.score, "needs_approval", "Why."))
        else:
            held.append((key, "held"))
    names = ("key", "code", "text", "method", "rules", "score", "outcome", "reason")
    signal_names = SIGNAL_COLUMNS
    return Matches(
        decisions=pd.DataFrame(decisions, columns=list(names)),
        candidates=pd.DataFrame(rows, columns=list(CANDIDATE_COLUMNS)),
        held=pd.DataFrame(held, columns=["key", "reason"]),
        signals=pd.DataFrame(signals, columns=list(signal_names)),
        flags=pd.DataFrame({"key": []}),
        parts=pd.DataFrame({"key": []}),
    )


def answers_of(rows: list[dict[str, object]]) -> pd.DataFrame:
    """Answers; a row needs ``verbatim``, and what it does not give is blank (``rows``: 1)."""
    columns: dict[str, list[str]] = {name: [] for name in ANSWER_COLUMNS if name not in {"rows", "sequence"}}
    for row in rows:
        for name, values in columns.items():
            values.append(str(row.get(name, "")))
        if not columns["key"][-1]:
            columns["key"][-1] = request_key("Made", fold(str(row["verbatim"])), columns["domain"][-1])
    frame = text_frame(columns)
    frame["rows"] = [int(str(row.get("rows", 1))) for row in rows]
    frame["sequence"] = [int(str(row.get("sequence", 0))) for row in rows]
    return frame.astype({"rows": "int64", "sequence": "int64"})
