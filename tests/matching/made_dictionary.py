"""A small made-up dictionary, and how verbatims are matched and read over it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from coding.matching.engine import Matches, MatchRules, match_requests
from coding.matching.index import MatchIndex
from coding.study import Outcomes
from dictionaries.model import PATHS_FILE, TERMS_FILE, Dictionary, Release, write_release_file
from schemas.tables import text_frame, write_parquet

LEVELS = ("LLT", "PT", "SOC")

#: code, name, preferred code, status
LOW = [
    ("1001", "Headache", "1001", "current"),
    ("1002", "Cephalalgia", "1001", "current"),
    ("1003", "Head pain", "1001", "noncurrent"),
    ("1101", "Abdominal pain", "1101", "current"),
    ("1102", "Pain in the abdomen", "1101", "current"),
    ("1201", "Diarrhoea", "1201", "current"),
    ("1301", "Oedema peripheral", "1301", "current"),
    ("1401", "Crohn's disease", "1401", "current"),
    ("1501", "Type 2 diabetes mellitus", "1501", "current"),
    ("1601", "Migraine", "1601", "current"),
    ("1602", "Migraine without aura", "1602", "current"),
    ("1603", "Migraine with aura", "1603", "current"),
    ("1701", "Urinary tract infection", "1701", "current"),
    ("1801", "Cold", "1801", "current"),
    ("1802", "Cold", "1802", "current"),
    ("1901", "Rash", "1901", "current"),
    ("1902", "Eruption", "1901", "current"),
    ("1903", "Exanthem", "1901", "current"),
    ("1904", "Eruption", "1901", "current"),
    ("2001", "Severe acute respiratory syndrome", "2001", "current"),
    ("2002", "Acute kidney injury", "2002", "current"),
    ("2003", "Kidney injury", "2003", "current"),
    ("2101", "Nausea and vomiting", "2101", "current"),
    ("2102", "Nausea", "2102", "current"),
    ("2103", "Vomiting", "2103", "current"),
    ("2201", "Blood pressure increased", "2201", "current"),
    ("2202", "Blood pressure decreased", "2202", "current"),
    ("2301", "Pyrexia", "2301", "current"),
    ("2401", "Hepatitis A", "2401", "current"),
    ("2402", "Hepatitis", "2402", "current"),
    ("2501", "Café au lait spots", "2501", "current"),
    ("2601", "Grippe vieille", "2601", "noncurrent"),
    ("2701", "Chest pain", "2701", "current"),
    ("2801", "Brain cancer metastatic to lung", "2801", "current"),
    ("2901", "Myocardial infarction", "2901", "current"),
    ("3001", "Cold sore", "3001", "current"),
    ("3101", "Left ventricular failure", "3101", "current"),
    ("3102", "Ventricular failure", "3102", "current"),
    ("3201", "Pain in toe", "3201", "current"),
    ("3202", "Toe pain", "3202", "current"),
    ("3301", "Rhinitis, seasonal", "3301", "current"),
    ("3401", "Old name", "3402", "noncurrent"),
    ("3402", "New name", "3402", "current"),
    ("3403", "Another wording", "3402", "current"),
]

PREFERRED = {
    "1001": "Headache",
    "1101": "Abdominal pain",
    "1901": "Rash",
    "2601": "Influenza",
}  # fmt: skip


def store(
    folder: Path,
    low: list[tuple[str, str, str, str]],
    language: str = "English",
    classes: Mapping[str, str] | None = None,
) -> Dictionary:
    """Store a release whose preferred terms are named as their own low term, or as in PREFERRED.

    ``classes``: preferred code → name of its highest class, "" for none; otherwise all are in one.
    """
    texts = {code: text for code, text, preferred, _ in low if code == preferred}
    codes = sorted({preferred for _, _, preferred, _ in low})
    rows = [(code, text, "LLT", status, preferred) for code, text, preferred, status in low]
    rows += [(code, PREFERRED.get(code, texts.get(code, code)), "PT", "current", "") for code in codes]
    named = {code: "All disorders" if classes is None else classes.get(code, "") for code in codes}
    socs = {text: f"9{at:03d}" for at, text in enumerate(sorted(set(named.values()) - {""}))}
    rows += [(code, text, "SOC", "current", "") for text, code in socs.items()]
    columns = ("code", "text", "level", "status", "parent")
    folder.mkdir(parents=True, exist_ok=True)
    frame = text_frame(dict(zip(columns, map(list, zip(*rows, strict=True)), strict=True)))
    write_parquet(frame, folder / TERMS_FILE)
    placed = [code for code in codes if named[code]]
    paths = text_frame({"code": placed, "SOC_code": [socs[named[code]] for code in placed]})
    write_parquet(paths.assign(primary=True), folder / PATHS_FILE)
    release = Release("Made up", "1", language, "0" * 64, LEVELS, "LLT", "PT", False, True)
    write_release_file(release, folder)
    return Dictionary.open(folder)


def requests_of(verbatims: list[str], **columns: object) -> pd.DataFrame:
    """Requests keyed k000, k001 …; further columns as one value for all or as a list."""
    frame = text_frame({"key": [f"k{at:03d}" for at in range(len(verbatims))], "verbatim": verbatims})
    for name in ("context", "earlier_code", "earlier_term"):
        frame[name] = pd.Series(columns.get(name, ""), index=frame.index, dtype="str")
    for name in ("serious", "earlier_disagrees"):
        frame[name] = columns.get(name, False)
    return frame


def rules_of(
    synonyms: list[tuple[str, str, str, str, str]] | None = None,
    do_not_autocode: tuple[str, ...] = (),
    top: int = 5,
    **outcomes: object,
) -> MatchRules:
    """Rules with synonyms as (folded, context, code, text, scope)."""
    names = ("folded", "context", "code", "text", "scope")
    columns = list(zip(*synonyms, strict=True)) if synonyms else [()] * len(names)
    frame = text_frame({name: list(column) for name, column in zip(names, columns, strict=True)})
    return MatchRules(frozenset(do_not_autocode), frame, Outcomes(**outcomes), top)


def matches_of(
    index: MatchIndex,
    *verbatims: str,
    rules: MatchRules | None = None,
    fields: str = "",
    **columns: object,
) -> Matches:
    """The matches of verbatims keyed k000, k001 …; ``fields`` are those of all requests."""
    requests = requests_of(list(verbatims), **columns)
    if fields:
        requests = requests.assign(fields=fields)
    return match_requests(requests, index, rules or rules_of())


def candidates_of(index: MatchIndex, verbatim: str, **more: object) -> pd.DataFrame:
    """The candidates of one verbatim by their terms, best first."""
    return matches_of(index, verbatim, **more).candidates.set_index("term")  # type: ignore[arg-type]


def first_term(index: MatchIndex, verbatim: str, **more: object) -> str:
    found = candidates_of(index, verbatim, **more)
    return str(found.index[0]) if len(found) else ""


def rules_by_term(index: MatchIndex, verbatim: str, **more: object) -> dict[str, set[str]]:
    found = candidates_of(index, verbatim, **more)
    return {str(term): set(filter(None, text.split(";"))) for term, text in found["rules"].items()}
