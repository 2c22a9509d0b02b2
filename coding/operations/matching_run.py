"""Match the requests of one dictionary: what is new, what the rules settle, what people must do.

The candidates are derived data: they lie in the workspace's cache under a fingerprint of
everything they depend on, so that a second run over the same requests need not match again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import pandas as pd

from coding.matching.engine import CANDIDATE_COLUMNS, HELD_COLUMNS, MatchRules, match_requests
from coding.matching.index import MatchIndex, build_index
from coding.operations.decided_answers import LedgerTables
from coding.operations.measured_confidence import Evidence, asks_for_proof, gather_evidence
from coding.operations.study_run import StudyRun
from coding.records import Progress, canonical_json, fold
from dictionaries.model import Dictionary
from schemas.tables import clear_leftovers, read_parquet, text_frame, write_parquet
from schemas.vocabulary import Method, Status


@dataclass(frozen=True)
class DictionaryCoding:
    """The requests of one dictionary after matching: those to open, and those decided now, with the
    evidence that suggestions and decisions by score rest on."""

    dictionary: Dictionary
    requests: pd.DataFrame
    opened: pd.DataFrame
    decisions: pd.DataFrame
    do_not_autocode: frozenset[str]
    evidence: Evidence

    @property
    def name(self) -> str:
        """The dictionary's name."""
        return self.dictionary.release.name


def code_dictionary(
    run: StudyRun,
    dictionary: Dictionary,
    requests: pd.DataFrame,
    tables: LedgerTables,
    progress: Progress,
) -> DictionaryCoding:
    """Match what is new or still needs coding. ``tables`` are the ledger's, before this run, with the
    synonyms that it adds."""
    status = tables.requests.set_index("key")["status"]
    now = requests["key"].map(status)
    opened = requests[now.isna()]
    open_requests = requests[now.isna() | (now == Status.NEEDS_CODING)]
    own = tables.synonyms[tables.synonyms["dictionary"] == dictionary.release.name]
    own = own.sort_values(own.columns.to_list(), ignore_index=True)
    listed = frozenset(fold(item) for item in run.study.do_not_autocode)
    index = build_index(dictionary)
    evidence = Evidence()
    if len(open_requests) or asks_for_proof(run.study.outcomes):
        evidence = gather_evidence(run, index, tables, requests, progress)
    rules = MatchRules(
        do_not_autocode=listed,
        synonyms=own,
        outcomes=run.study.outcomes,
        decided=evidence.decided,
        confidence=evidence.model,
        least_confidence=evidence.threshold,
    )
    if open_requests.empty or candidates_file(run, index, rules, open_requests).exists():
        decisions = pd.DataFrame({"key": pd.Series(dtype="str")})
    else:
        matches = match_requests(open_requests.reset_index(drop=True), index, rules, progress)
        decisions = matches.decisions
        left = open_requests[~open_requests["key"].isin(decisions["key"])]
        _keep(run, dictionary, candidates_file(run, index, rules, left), matches.candidates, matches.held)
    return DictionaryCoding(dictionary, requests, opened, decisions, listed, evidence)


def candidates_file(run: StudyRun, index: MatchIndex, rules: MatchRules, requests: pd.DataFrame) -> Path:
    """Where the candidates of these open requests lie; the name holds all they depend on."""
    digest = sha256()
    settings = [
        index.fingerprint,
        sorted(rules.do_not_autocode),
        rules.outcomes.model_dump(mode="json"),
        rules.top,
        None if rules.confidence is None else rules.confidence.to_json(),
        rules.least_confidence,
    ]
    digest.update(canonical_json(settings).encode("utf-8"))
    decided = rules.synonyms.iloc[:0] if rules.decided is None else rules.decided
    asked = requests.drop(columns=["occurrences", "subjects", "fields"])
    for frame in (rules.synonyms, decided, asked):
        for column in frame.columns:
            digest.update("\x1f".join(frame[column].astype("str")).encode("utf-8"))
            digest.update(b"\x1e")
    name = _file_name(index.dictionary.release.name)
    return run.workspace.cache / "candidates" / run.study.study / f"{name}-{digest.hexdigest()[:32]}.parquet"


def _file_name(dictionary: str) -> str:
    return "".join(letter if letter.isalnum() else "_" for letter in dictionary)


def _keep(
    run: StudyRun, dictionary: Dictionary, path: Path, candidates: pd.DataFrame, held: pd.DataFrame
) -> None:
    clear_leftovers(path.parent)
    write_parquet(held, path.with_suffix(".held"))
    write_parquet(candidates, path)
    for old in path.parent.glob(f"{_file_name(dictionary.release.name)}-*"):
        if old.stem != path.stem:
            old.unlink(missing_ok=True)


def last_candidates(run: StudyRun, dictionary: Dictionary) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The candidates and the held reasons of the last run, as the cache holds them."""
    folder = run.workspace.cache / "candidates" / run.study.study
    for path in sorted(folder.glob(f"{_file_name(dictionary.release.name)}-*.parquet")):
        return read_parquet(path), read_parquet(path.with_suffix(".held"))
    return text_frame({name: [] for name in CANDIDATE_COLUMNS}), text_frame(
        {name: [] for name in HELD_COLUMNS}
    )


def lapsed(coding: DictionaryCoding, known: pd.DataFrame) -> Iterator[tuple[str, str]]:
    """Autocoded requests that may no longer stand without a person, with the reason.

    A code found by score lapses when one of its records is now serious; any autocode lapses when
    the study's list now says that the verbatim must not be autocoded.
    """
    standing = known[known["status"] == Status.AUTOCODED][["key", "method"]]
    both = standing.merge(coding.requests[["key", "verbatim", "serious"]], on="key").sort_values("key")
    for row in both.itertuples(index=False):
        if row.method == Method.SCORE and row.serious:
            yield str(row.key), "a record of this request is serious; coded by score"
        elif coding.do_not_autocode and fold(str(row.verbatim)) in coding.do_not_autocode:
            yield str(row.key), "the verbatim is now on the study's do-not-autocode list"
