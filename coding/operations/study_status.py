"""Where a study stands, from its ledger and last extract; no source file is read."""

from __future__ import annotations

from coding.ledger.chain import utc_text
from coding.ledger.ledger import Ledger
from coding.operations.study_listings import next_step, status_counts, study_state
from coding.operations.study_run import open_study
from coding.operations.summaries import StatusSummary
from coding.workspace import Workspace
from schemas.vocabulary import Action


def study_status(workspace: Workspace, study_id: str) -> StatusSummary:
    """Count what is coded, pending and set apart. Raises UserError when the study was never run."""
    run = open_study(workspace, study_id)
    with Ledger.open(workspace.ledger_url) as ledger:
        state = study_state(run, ledger)
        exported = ledger.last_event(study_id, Action.EXPORTED)
        live = state.live
        return StatusSummary(
            study=study_id,
            accounts=state.accounts,
            by_status=status_counts(live["status"]),
            by_method=status_counts(live.loc[live["method"] != "", "method"]),
            issues=state.issue_counts(),
            last_extract_at=utc_text(state.taken.at),
            last_export_at=utc_text(exported.at) if exported else "",
            ledger_sequence=ledger.head(study_id).sequence,
            next_step=next_step(run, state.accounts),
        )
