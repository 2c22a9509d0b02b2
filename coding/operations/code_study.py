"""Take a study's extract, code what the rules settle, record it, and list what is left.

Three steps, each safe to repeat: :func:`take_study_extract` (files → extract),
:func:`record_coding` (extract → one ledger transaction) and :func:`write_listings` (ledger →
listings and summary). A killed run is simply run again.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import pandas as pd

from coding import TOOL_VERSION
from coding.ingest.extract import Extract, open_extract, take_extract
from coding.ingest.validation import refuse_without_validation
from coding.ledger.ledger import ORGANISATION, Ledger, NewEvent
from coding.operations.decided_answers import LedgerTables
from coding.operations.matching_run import DictionaryCoding, code_dictionary, lapsed
from coding.operations.score_threshold import Thresholds, numbered, threshold_payload
from coding.operations.study_changes import changes_between, recoded_records
from coding.operations.study_listings import write_listings
from coding.operations.study_run import StudyRun, open_study, requests_by_dictionary
from coding.operations.summaries import RunSummary
from coding.operations.synonym_files import sponsor_events, study_events
from coding.records import NO_TERM, Decision, DecisionPart, Progress, UserError, silent
from coding.workspace import Workspace, writing_to
from schemas.vocabulary import Action, Method, Outcome, Status

STATUS_OF = {Outcome.APPROVED: Status.AUTOCODED, Outcome.NEEDS_APPROVAL: Status.PENDING_APPROVAL}


def code_study(workspace: Workspace, study_id: str, *, actor: str, progress: Progress = silent) -> RunSummary:
    """Run the whole job for one study and report it.

    Raises UserError for what the user can put right; nothing is half-written then.
    """
    with workspace.hold_study(study_id):
        seconds: dict[str, float] = {}
        with _timed("ingest", seconds):
            extract_id = take_study_extract(workspace, study_id, progress=progress)
        with _timed("coding", seconds):
            record_coding(workspace, study_id, extract_id, actor=actor, progress=progress)
        with _timed("listings", seconds):
            summary = summarise_run(workspace, study_id, progress=progress)
    return replace(summary, seconds=seconds)


@contextlib.contextmanager
def _timed(stage: str, seconds: dict[str, float]) -> Iterator[None]:
    begin = time.perf_counter()
    yield
    seconds[stage] = round(time.perf_counter() - begin, 2)


def take_study_extract(workspace: Workspace, study_id: str, *, progress: Progress = silent) -> str:
    """Read and check the study's source files; returns the extract's id. Hold the study first."""
    refuse_without_validation()
    run = open_study(workspace, study_id)
    with writing_to(run.folder):
        return take_extract(run.study, run.folder, progress).id


@dataclass(frozen=True, slots=True)
class CodingCounts:
    """What one transaction recorded, in counts."""

    events: int
    opened: int
    decided: int


def record_coding(
    workspace: Workspace, study_id: str, extract_id: str, *, actor: str, progress: Progress = silent
) -> CodingCounts:
    """Match the extract's requests and record everything new in one transaction.

    Hold the study first. Nothing new gives no event.
    """
    run = open_study(workspace, study_id)
    extract = open_extract(run.folder, extract_id)
    with writing_to(workspace.folder), Ledger.open(workspace.ledger_url) as ledger:
        head = ledger.head(study_id)
        known = ledger.requests(study_id)
        _refuse_other_release(run, known)
        common = sponsor_events(run, ledger)
        if common:
            ledger.append(ORGANISATION, actor, common)
        new_synonyms = study_events(run, ledger)
        codings = _code(run, extract, ledger, known, new_synonyms, progress)
        events = [*_configured(run, ledger), *new_synonyms]
        events += _extract_events(run, extract, ledger, known)
        before = Thresholds.of(ledger, study_id)
        events += _threshold_events(codings, before)
        thresholds = before.sequences | numbered(events, head.sequence + 1)
        for coding in codings:
            events += _coding_events(coding, known, thresholds)
        if events:
            ledger.append(study_id, actor, events, expect=head, progress=progress)
        opened = sum(len(coding.opened) for coding in codings)
        return CodingCounts(len(events), opened, sum(len(coding.decisions) for coding in codings))


def summarise_run(workspace: Workspace, study_id: str, *, progress: Progress = silent) -> RunSummary:
    """Write the listings of the study's last extract and report where the study stands."""
    run = open_study(workspace, study_id)
    with writing_to(run.folder), Ledger.open(workspace.ledger_url) as ledger:
        return write_listings(run, ledger, progress)


def _refuse_other_release(run: StudyRun, known: pd.DataFrame) -> None:
    decided = known[known["release"] != ""]
    for name, dictionary in run.dictionaries.items():
        used = decided.loc[decided["dictionary"] == name, "release"].unique()
        other = sorted(set(used) - {dictionary.release.identity})
        if other:
            raise UserError(
                f"study.yaml names {dictionary.release.identity}, but decisions of this study were made "
                f"under {other[0]}; put that release back (changing a study's release is an upversioning, "
                "which needs an impact analysis first)"
            )


def _code(
    run: StudyRun,
    extract: Extract,
    ledger: Ledger,
    known: pd.DataFrame,
    new_synonyms: list[NewEvent],
    progress: Progress,
) -> list[DictionaryCoding]:
    progress("occurrences", 0, 0)
    found = requests_by_dictionary(run.occurrences(extract))
    synonyms = ledger.synonyms(run.study.study, run.study.sponsor)
    if new_synonyms:
        added = pd.DataFrame([dict(event.payload) for event in new_synonyms])
        synonyms = pd.concat([synonyms, added[synonyms.columns]], ignore_index=True)
        # A corrected line takes the place of the one before, as it will in the ledger.
        rule = ["scope", "dictionary", "folded", "context"]
        synonyms = synonyms.drop_duplicates(rule, keep="last", ignore_index=True)
    tables = LedgerTables(known, ledger.decision_parts(run.study.study), synonyms)
    return [
        code_dictionary(run, run.dictionaries[name], requests, tables, progress)
        for name, requests in found.items()
    ]


def _configured(run: StudyRun, ledger: Ledger) -> Iterator[NewEvent]:
    last = ledger.last_event(run.study.study, Action.STUDY_CONFIGURED)
    if last is None or last.payload["config_sha256"] != run.configuration_checksum:
        yield NewEvent(
            Action.STUDY_CONFIGURED,
            {
                "config_sha256": run.configuration_checksum,
                "config": run.configuration,
                "tool_version": TOOL_VERSION,
            },
        )


def _extract_events(
    run: StudyRun, extract: Extract, ledger: Ledger, known: pd.DataFrame
) -> Iterator[NewEvent]:
    last = ledger.last_event(run.study.study, Action.EXTRACT_TAKEN)
    if last is not None and last.payload["extract"] == extract.id:
        return
    previous = str(last.payload["extract"]) if last is not None else ""
    changes = changes_between(run, previous, extract)
    yield NewEvent(
        Action.EXTRACT_TAKEN,
        {
            "extract": extract.id,
            "previous": previous,
            "sources": extract.meta["sources"],
            "changes": {
                domain: {str(kind): count for kind, count in counts.items()}
                for domain, counts in changes.counts.items()
            },
            "quarantined": len(extract.quarantined()),
            "issues": len(extract.issues()),
            "tool_version": TOOL_VERSION,
        },
    )
    if previous:
        yield from recoded_records(run, previous, extract, changes, known)


def _threshold_events(codings: list[DictionaryCoding], before: Thresholds) -> Iterator[NewEvent]:
    """Thresholds that are new or changed; the decisions that rest on them come after."""
    for coding in codings:
        payload = threshold_payload(coding.dictionary.release, coding.evidence)
        event = None if payload is None else before.event_for(payload)
        if event is not None:
            yield event


def _coding_events(
    coding: DictionaryCoding, known: pd.DataFrame, thresholds: Mapping[str, int]
) -> Iterator[NewEvent]:
    release = coding.dictionary.release.identity
    by_proof = "" if coding.evidence.proof is None else f" Threshold: event {thresholds[coding.name]}."
    decisions = {row.key: row for row in coding.decisions.itertuples(index=False)}
    for row in coding.opened.itertuples(index=False):
        yield NewEvent(
            Action.REQUEST_OPENED,
            {
                "request": row.key,
                "dictionary": row.dictionary,
                "verbatim": row.verbatim,
                "context": row.context,
            },
        )
    current = dict(zip(known["key"], known["decision"], strict=True))
    for key, row in sorted(decisions.items()):
        part = NO_TERM if row.code == NO_TERM.code else DecisionPart(str(row.code), str(row.text))
        outcome = Outcome(str(row.outcome))
        no_event = row.method == Method.NO_EVENT and outcome is Outcome.APPROVED
        decision = Decision(
            request=str(key),
            parts=(part,),
            status=Status.NOT_CODABLE if no_event else STATUS_OF[outcome],
            method=Method(str(row.method)),
            reason=f"{row.reason}{by_proof if row.method == Method.SCORE else ''}",
            release=release,
            tool_version=TOOL_VERSION,
            rules=tuple(rule for rule in str(row.rules).split(";") if rule),
            score=None if str(row.score) in {"nan", "<NA>"} else float(str(row.score)),
            supersedes=int(current.get(key, 0)),
        )
        yield NewEvent(Action.DECIDED, decision.payload())
    for key, reason in lapsed(coding, known):
        payload = {"request": key, "status": str(Status.PENDING_APPROVAL), "reason": reason}
        yield NewEvent(Action.STATUS_CHANGED, payload)
