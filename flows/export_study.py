"""The flow that writes a study's package from its ledger."""

from __future__ import annotations

from pathlib import Path

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from coding.operations import export_study as operation
from coding.operations.summaries import ExportSummary
from coding.workspace import Workspace, current_actor
from flows.artifacts import publish_export
from flows.failures import guarded, settled
from flows.parameters import ExportStudySettings
from flows.stage_log import StageLog


@task(name="write the package", cache_policy=NO_CACHE, log_prints=False)
def write_package(workspace: Path, study: str) -> ExportSummary:
    """Write the package of the study's present state and publish its summary."""
    return guarded(lambda: _write(workspace, study), "flow export-study", workspace)


def _write(workspace: Path, study: str) -> ExportSummary:
    summary = operation.export_study(Workspace(workspace), study, actor=current_actor(), progress=StageLog())
    publish_export(summary)
    return summary


@flow(name="export-study", flow_run_name="export {settings.study}", log_prints=False)
def export_study(settings: ExportStudySettings) -> ExportSummary:
    """Write the package of a coded study: datasets, listings, manifest. Ends with a summary under
    Artifacts."""
    return guarded(
        lambda: settled(write_package(settings.open_workspace().folder, settings.study)), "flow export-study"
    )
