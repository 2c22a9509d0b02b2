"""The flow that codes a study: raw extract in, decisions in the ledger and listings out."""

from __future__ import annotations

from pathlib import Path

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from coding.operations import code_study as operation
from coding.operations.summaries import RunSummary
from coding.workspace import Workspace, current_actor
from flows.artifacts import publish_run
from flows.export_study import write_package
from flows.failures import guarded, settled
from flows.parameters import CodeStudySettings
from flows.stage_log import StageLog


@task(name="take the extract", cache_policy=NO_CACHE, log_prints=False)
def take_extract(workspace: Path, study: str) -> str:
    """Read and check the study's source files; returns the extract's id."""
    return guarded(
        lambda: operation.take_study_extract(Workspace(workspace), study, progress=StageLog()),
        "flow code-study",
        workspace,
    )


@task(name="code the requests", cache_policy=NO_CACHE, log_prints=False)
def code_requests(workspace: Path, study: str, extract: str) -> operation.CodingCounts:
    """Match the extract's coding requests and record what is new in the ledger, all or nothing."""
    return guarded(
        lambda: operation.record_coding(
            Workspace(workspace), study, extract, actor=current_actor(), progress=StageLog()
        ),
        "flow code-study",
        workspace,
    )


@task(name="write the listings", cache_policy=NO_CACHE, log_prints=False)
def write_listings(workspace: Path, study: str) -> RunSummary:
    """Write the listings of what was found and of what is left for people."""
    return guarded(
        lambda: operation.summarise_run(Workspace(workspace), study, progress=StageLog()),
        "flow code-study",
        workspace,
    )


@flow(name="code-study", flow_run_name="code {settings.study}", log_prints=False)
def code_study(settings: CodeStudySettings) -> RunSummary:
    """Code a study: read its source files, check them, code what the study's rules settle, and list
    what is left for people. Ends with a summary under Artifacts."""
    return guarded(lambda: _run(settings), "flow code-study")


def _run(settings: CodeStudySettings) -> RunSummary:
    workspace = settings.open_workspace()
    folder, study = workspace.folder, settings.study
    with workspace.hold_study(study):
        extract = settled(take_extract(folder, study))
        settled(code_requests(folder, study, extract))
        summary = settled(write_listings(folder, study))
    publish_run(summary)
    if settings.export_after:
        settled(write_package(folder, study))
    return summary
