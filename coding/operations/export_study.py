"""Export a study: coded datasets, listings and a manifest, as one folder.

The package is named after the ledger's sequence it was made from, so the same ledger gives the
same folder with the same bytes; that it was exported becomes an event of its own, once.
"""

from __future__ import annotations

import time
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from coding import TOOL_VERSION
from coding.exports.datasets import FieldCoding, build_dataset
from coding.exports.open_dictionaries import marked, not_for_submissions, sentence
from coding.exports.package import PackageWriter, file_checksum, whole_folder
from coding.ledger.chain import utc_text
from coding.ledger.ledger import Head, Ledger, NewEvent
from coding.operations.study_listings import StudyState, study_state
from coding.operations.study_run import StudyRun, open_study
from coding.operations.summaries import ExportSummary
from coding.records import Progress, UserError, silent
from coding.workspace import Workspace, writing_to
from dictionaries.model import Release
from schemas.tables import text_frame
from schemas.vocabulary import BUCKET_OF, Action, Bucket, Domain

README = """Coded datasets of study {study}, drafted by trialcoder {version}.

datasets/   one table per domain: the source's rows joined with their coding
listings/   what is not coded yet, what validation found, rows that were set apart
manifest.json   how many rows went where, SHA-256 of every file, dictionary releases,
                the study's configuration and the head of the ledger behind it

CSV files are UTF-8, comma-separated, every text quoted. Read every column as text: codes keep
their leading zeros. A text that a spreadsheet program would take for a formula (it begins with
= + - @ and is not a number) has one apostrophe in front, which is not part of the data.

TC_STATUS says how far each coding is: AUTOCODED and CODED are coded, PENDING_APPROVAL shows a
code that nobody has approved yet, NEEDS_CODING and STALE have no code yet.
{notes}"""


#: A request in one of these is still somebody's work; one that is not codable is settled.
OPEN_BUCKETS = (Bucket.PENDING, Bucket.QUERIED)


def export_study(
    workspace: Workspace, study_id: str, *, actor: str, progress: Progress = silent
) -> ExportSummary:
    """Write the study's package. Raises UserError when it was never run or has changed since."""
    begin = time.perf_counter()
    with workspace.hold_study(study_id):
        run = open_study(workspace, study_id)
        with writing_to(run.folder), Ledger.open(workspace.ledger_url) as ledger:
            _refuse_changed_configuration(run, ledger)
            state = study_state(run, ledger)
            head = ledger.state_head(study_id)
            created = ledger.state_time(study_id)
            final = run.packages / f"draft-{head.sequence:06d}"
            with whole_folder(final) as folder:
                writer = PackageWriter(folder, created, run.study.xlsx_row_limit)
                rows = _write(run, ledger, state, head, writer, progress)
            files = {name: str(entry["sha256"]) for name, entry in writer.files.items()}
            _record(ledger, study_id, actor, final, head)
    still_open = {str(status) for status, bucket in BUCKET_OF.items() if bucket in OPEN_BUCKETS}
    waiting = int(state.live["status"].isin(still_open).sum())
    return ExportSummary(
        study=study_id,
        package=final,
        sequence=head.sequence,
        datasets=rows,
        accounts=state.accounts,
        uncoded_requests=waiting,
        files=files,
        next_step=_next_step(run, final, waiting),
        notes=tuple(filter(None, [sentence(not_for_submissions(_releases(run))), *writer.left_out])),
        seconds={"export": round(time.perf_counter() - begin, 2)},
    )


def _refuse_changed_configuration(run: StudyRun, ledger: Ledger) -> None:
    last = ledger.last_event(run.study.study, Action.STUDY_CONFIGURED)
    if last is not None and last.payload["config_sha256"] != run.configuration_checksum:
        raise UserError(
            f"study.yaml, a synonym file or a dictionary has changed since study {run.study.study} was "
            f"last run; run `trialcoder run {run.study.study}` first, then export"
        )


def _write(
    run: StudyRun, ledger: Ledger, state: StudyState, head: Head, writer: PackageWriter, progress: Progress
) -> dict[str, int]:
    parts = ledger.decision_parts(run.study.study)
    rows: dict[str, int] = {}
    domains = [domain for domain in state.extract.domains if domain is not Domain.DM]
    for number, domain in enumerate(domains):
        progress("datasets", number, len(domains))
        dataset = build_dataset(
            run.study.study, domain, state.extract.forms(domain), _codings(run, state, parts, domain)
        )
        writer.table(f"datasets/{domain.lower()}", dataset)
        rows[str(domain)] = len(dataset)
    progress("datasets", len(domains), len(domains))
    open_labels = not_for_submissions(_releases(run))
    listings = {
        "uncoded": uncoded_listing(state),
        "issues": state.extract.issues(),
        "quarantined": state.extract.quarantined(),
        "accounting": accounting_listing(state),
    }
    for name, listing in listings.items():
        writer.table(f"listings/{name}", marked(listing, open_labels))
    said = filter(None, [sentence(open_labels)])
    notes = "\n".join(["", *run.uncoded_fields(domains), *_release_notes(run), *said, *writer.left_out, ""])
    writer.text("README.txt", README.format(study=run.study.study, version=TOOL_VERSION, notes=notes))
    writer.manifest(_facts(run, state, head, writer.created, rows))
    return rows


def _codings(run: StudyRun, state: StudyState, parts: pd.DataFrame, domain: Domain) -> list[FieldCoding]:
    found = []
    for target in run.targets:
        if target.domain != domain:
            continue
        key = (target.field, target.dictionary.release.name)
        found.append(
            FieldCoding(
                target.field,
                target.dictionary,
                target.main,
                state.occurrences[key],
                state.statuses[key],
                state.requests,
                parts,
            )
        )
    return found


def uncoded_listing(state: StudyState) -> pd.DataFrame:
    """A row per request (and status of its occurrences) that is not coded, serious ones first."""
    columns = [
        "dictionary", "fields", "verbatim", "context", "status", "serious", "occurrences", "subjects",
        "reason", "request",
    ]  # fmt: skip
    if not state.occurrences:
        return text_frame({name: [] for name in columns})
    pairs = [frame[["request", "subject"]] for frame in state.occurrences.values()]
    statuses = pd.concat(state.statuses.values(), ignore_index=True)
    occurrences = pd.concat(pairs, ignore_index=True).assign(status=statuses)
    coded = {str(status) for status, bucket in BUCKET_OF.items() if bucket is Bucket.CODED}
    waiting = occurrences[~occurrences["status"].isin(coded)]
    counts = waiting.groupby(["request", "status"]).agg(
        occurrences=("subject", "size"), subjects=("subject", "nunique")
    )
    about = state.live[["key", "dictionary", "fields", "verbatim", "context", "serious", "reason"]]
    rows = counts.reset_index().merge(about, left_on="request", right_on="key", how="left")
    rows["serious"] = rows["serious"].map({True: "Y", False: ""}).fillna("").astype("str")
    rows = rows.sort_values(
        ["serious", "occurrences", "dictionary", "verbatim", "request", "status"],
        ascending=[False, False, True, True, True, True],
        kind="stable",
    )
    return rows[columns].reset_index(drop=True)


def accounting_listing(state: StudyState) -> pd.DataFrame:
    """The row accounting as a table; ``closes`` is ``yes`` in every row or the package is wrong."""
    rows = [{**asdict(account), "closes": "yes" if account.closes else "NO"} for account in state.accounts]
    return pd.DataFrame(rows, columns=[*asdict(state.accounts[0]), "closes"] if rows else None)


def _releases(run: StudyRun) -> list[Release]:
    return [item.release for item in run.dictionaries.values()]


def _release_notes(run: StudyRun) -> list[str]:
    return [f"{release.label}: {release.note}" for release in _releases(run) if release.note]


def _facts(
    run: StudyRun, state: StudyState, head: Head, created: datetime, rows: dict[str, int]
) -> dict[str, Any]:
    return {
        "study": run.study.study,
        "sponsor": run.study.sponsor,
        "package": "draft",
        "tool": {"name": "trialcoder", "version": TOOL_VERSION},
        "ledger": {"sequence": head.sequence, "head": head.hash, "time": utc_text(created)},
        "extract": state.extract.id,
        "sources": state.extract.meta["sources"],
        "accounting": [{**asdict(account), "closes": account.closes} for account in state.accounts],
        "dataset_rows": rows,
        "dictionaries": [{**asdict(item), "levels": list(item.levels)} for item in _releases(run)],
        "final_transfer": {"needs_signed_reason_for": list(not_for_submissions(_releases(run)))},
        "configuration": run.configuration,
        "configuration_sha256": run.configuration_checksum,
        "buckets": {str(status): str(bucket) for status, bucket in BUCKET_OF.items()},
    }


def _record(ledger: Ledger, study_id: str, actor: str, package: Path, head: Head) -> None:
    manifest = file_checksum(package / "manifest.json")
    payload: dict[str, object] = {
        "package": package.name,
        "manifest_sha256": manifest,
        "sequence": head.sequence,
        "hash": head.hash,
        "tool_version": TOOL_VERSION,
    }
    last = ledger.last_event(study_id, Action.EXPORTED)
    if last is None or dict(last.payload) != payload:
        ledger.append(study_id, actor, [NewEvent(Action.EXPORTED, payload)])


def _next_step(run: StudyRun, package: Path, waiting: int) -> str:
    if not run.targets:
        return "nothing is coded: name a dictionary under `coding` in study.yaml and run the study again"
    if waiting:
        return f"{waiting:,} requests are not settled yet: see {package / 'listings' / 'uncoded.csv'}"
    return f"every verbatim is settled: hand over {package}"
