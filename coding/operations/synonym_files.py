"""Synonym files that study.yaml names: read, checked against the release, turned into events.

Study synonyms belong to the study's chain, a sponsor's to the organisation's, where every study of
the sponsor finds them.
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pandas as pd

from coding.ledger.ledger import Ledger, NewEvent
from coding.operations.study_run import StudyRun
from coding.records import UserError, fold
from coding.study import SynonymFile
from dictionaries.model import Dictionary
from schemas.tables import read_csv
from schemas.vocabulary import Action, Scope, TermStatus

REQUIRED = ("verbatim", "code", "term")

#: Wrong rows that a message names.
SHOWN = 20


def study_events(run: StudyRun, ledger: Ledger) -> list[NewEvent]:
    """The study's own synonyms that its ledger does not have yet."""
    return _events(run, ledger, Scope.STUDY)


def sponsor_events(run: StudyRun, ledger: Ledger) -> list[NewEvent]:
    """The sponsor's synonyms that the organisation's ledger does not have yet."""
    return _events(run, ledger, Scope.SPONSOR)


def _events(run: StudyRun, ledger: Ledger, scope: Scope) -> list[NewEvent]:
    files = [item for item in run.study.synonyms if Scope(item.scope) is scope]
    if not files:
        return []
    have = ledger.synonyms(run.study.study, run.study.sponsor)
    columns = ["scope", "dictionary", "folded", "context", "code"]
    known = set(have[columns].itertuples(index=False, name=None))
    events = []
    for item in files:
        for payload in _read(run, item):
            key = tuple(payload[column] for column in columns)
            if key not in known:
                known.add(key)
                events.append(NewEvent(Action.SYNONYM_ADDED, payload))
    return events


def _read(run: StudyRun, item: SynonymFile) -> list[dict[str, str]]:
    """The payload of each row. Raises UserError naming every row that is wrong."""
    dictionary = run.dictionaries.get(item.dictionary)
    if dictionary is None:
        raise UserError(
            f"study.yaml: synonyms: {item.dictionary} is not a dictionary of this study; "
            f"allowed: {', '.join(run.dictionaries)}"
        )
    scope = Scope(item.scope)
    if scope is Scope.SPONSOR and not run.study.sponsor:
        raise UserError("study.yaml: sponsor is blank, but a synonym file has the scope sponsor")
    path = run.folder / item.file
    frame = _frame(path)
    _check(path, frame, dictionary)
    same = {
        "scope": str(scope),
        "sponsor": run.study.sponsor if scope is Scope.SPONSOR else "",
        "dictionary": dictionary.release.name,
        "release": dictionary.release.identity,
        "file_sha256": sha256(path.read_bytes()).hexdigest(),
    }
    columns = [frame[name].to_list() for name in ("verbatim", "context", "code", "term")]
    return [
        {
            **same,
            "folded": fold(verbatim),
            "verbatim": verbatim,
            "context": context,
            "code": code,
            "text": term,
        }
        for verbatim, context, code, term in zip(*columns, strict=True)
    ]


def _frame(path: Path) -> pd.DataFrame:
    try:
        frame = read_csv(path)
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: cannot be read as UTF-8 CSV ({type(error).__name__})") from None
    missing = [name for name in REQUIRED if name not in frame.columns]
    if missing:
        raise UserError(f"{path}: the column {missing[0]} is missing; needed: {', '.join(REQUIRED)}")
    return frame if "context" in frame.columns else frame.assign(context="")


def _check(path: Path, frame: pd.DataFrame, dictionary: Dictionary) -> None:
    terms = _terms(dictionary, frame)
    problems = []
    for number, row in enumerate(frame.itertuples(index=False), start=2):
        problem = _problem(row, terms)
        if problem:
            problems.append(f"row {number}: {problem}")
    folded = frame.assign(folded=[fold(verbatim) for verbatim in frame["verbatim"]])
    rules = folded[["folded", "context", "code"]].drop_duplicates()
    if rules.duplicated(["folded", "context"]).any():
        problems.append("the same verbatim is given two codes; keep one of them")
    if problems:
        more = [f"and {len(problems) - SHOWN} more"] if len(problems) > SHOWN else []
        raise UserError("\n  ".join([f"{path}:", *problems[:SHOWN], *more]))


def _terms(dictionary: Dictionary, frame: pd.DataFrame) -> dict[str, tuple[str, str]]:
    terms = dictionary.coding_terms
    hits = terms[terms["code"].isin(frame["code"])]
    return {str(row.code): (str(row.text), str(row.status)) for row in hits.itertuples(index=False)}


def _problem(row: object, terms: dict[str, tuple[str, str]]) -> str:
    code, term, verbatim = (str(getattr(row, name)) for name in ("code", "term", "verbatim"))
    if not verbatim.strip():
        return "the verbatim is blank"
    if code not in terms:
        return f"the code {code} is not in the release"
    text, status = terms[code]
    if text != term:
        return f"the code {code} is not the code of that term; in the release it is {text}"
    if status != TermStatus.CURRENT:
        return f"the term of code {code} is not current in the release"
    return ""
