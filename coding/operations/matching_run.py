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

from coding.matching.engine import (
    CANDIDATE_COLUMNS,
    FLAG_COLUMNS,
    HELD_COLUMNS,
    PART_COLUMNS,
    Matches,
    MatchRules,
    match_requests,
)
from coding.operations.decided_answers import LedgerTables
from coding.operations.matching_tools import MatchingTools, study_tools
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
    tools = study_tools(run, dictionary, progress)
    evidence = Evidence()
    if len(open_requests) or asks_for_proof(run.study.outcomes):
        evidence = gather_evidence(run, tools, tables, requests, progress)
    rules = MatchRules(
        do_not_autocode=listed,
        synonyms=own,
        outcomes=run.study.outcomes,
        decided=evidence.decided,
        confidence=evidence.model,
        least_confidence=evidence.threshold,
        further=tools.further,
    )
    if open_requests.empty or candidates_file(run, tools, rules, open_requests).exists():
        decisions = pd.DataFrame({"key": pd.Series(dtype="str")})
    else:
        matches = match_requests(open_requests.reset_index(drop=True), tools.index, rules, progress)
        decisions = matches.decisions
        left = open_requests[~open_requests["key"].isin(decisions["key"])]
        _keep(run, dictionary, candidates_file(run, tools, rules, left), matches)
    return DictionaryCoding(dictionary, requests, opened, decisions, listed, evidence)


def candidates_file(run: StudyRun, tools: MatchingTools, rules: MatchRules, requests: pd.DataFrame) -> Path:
    """Where the candidates of these open requests lie; the name holds all they depend on."""
    digest = sha256()
    settings = [
        tools.fingerprint,
        sorted(rules.do_not_autocode),
        rules.outcomes.model_dump(mode="json"),
        rules.top,
        None if rules.confidence is None else rules.confidence.to_json(),
        rules.least_confidence,
    ]
    digest.update(canonical_json(settings).encode("utf-8"))
    decided = rules.synonyms.iloc[:0] if rules.decided is None else rules.decided
    asked = requests.drop(columns=["occurrences", "subjects"])
    for frame in (rules.synonyms, decided, asked):
        for column in frame.columns:
            digest.update("\x1f".join(frame[column].astype("str")).encode("utf-8"))
            digest.update(b"\x1e")
    name = _file_name(tools.index.dictionary.release.name)
    return run.workspace.cache / "candidates" / run.study.study / f"{name}-{digest.hexdigest()[:32]}.parquet"


def _file_name(dictionary: str) -> str:
    return "".join(letter if letter.isalnum() else "_" for letter in dictionary)


def _keep(run: StudyRun, dictionary: Dictionary, path: Path, matches: Matches) -> None:
    clear_leftovers(path.parent)
    write_parquet(matches.held, path.with_suffix(".held"))
    write_parquet(matches.flags, path.with_suffix(".flags"))
    write_parquet(matches.parts, path.with_suffix(".parts"))
    write_parquet(matches.candidates, path)
    for old in path.parent.glob(f"{_file_name(dictionary.release.name)}-*"):
        if old.stem != path.stem:
            old.unlink(missing_ok=True)


@dataclass(frozen=True)
class LastMatches:
    """What the last run found for the requests that it left open (columns as in ``Matches``)."""

    candidates: pd.DataFrame
    held: pd.DataFrame
    flags: pd.DataFrame
    parts: pd.DataFrame


def last_matches(run: StudyRun, dictionary: Dictionary) -> LastMatches:
    """What the last run found, as the cache holds it; empty tables where there is none."""
    folder = run.workspace.cache / "candidates" / run.study.study
    for path in sorted(folder.glob(f"{_file_name(dictionary.release.name)}-*.parquet")):
        beside = [read_parquet(path.with_suffix(f".{name}")) for name in ("held", "flags", "parts")]
        return LastMatches(read_parquet(path), *beside)
    columns = (CANDIDATE_COLUMNS, HELD_COLUMNS, FLAG_COLUMNS, PART_COLUMNS)
    return LastMatches(*(text_frame({name: [] for name in names}) for names in columns))


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
