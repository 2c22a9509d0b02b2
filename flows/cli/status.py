"""``trialcoder status``: where one study, or every study, stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from coding.records import UserError
from flows.cli.reports import show_status, show_studies
from flows.cli.terminal import Exit, JsonOption, WorkspaceOption, note, open_workspace, print_json

if TYPE_CHECKING:
    from coding.operations.summaries import StatusSummary
    from coding.workspace import Workspace

EXAMPLES = """\
Examples:
  trialcoder status
  trialcoder status ASPEN --json
"""


def status(
    study: Annotated[
        str | None,
        Parameter(name="STUDY", show_default=False, help="The study's id; without it, every study."),
    ] = None,
    /,
    *,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Say where a study stands, from its ledger and its last extract; no file is read anew."""
    place = open_workspace(workspace)
    if study is None:
        return _all_studies(place, as_json)
    from coding.operations.study_status import study_status

    summary = study_status(place, study)
    if as_json:
        print_json(summary.to_json())
        return Exit.FINE if all(item.closes for item in summary.accounts) else Exit.ATTENTION
    return show_status(summary)


def _all_studies(place: Workspace, as_json: bool) -> int:
    rows = [_study_row(place, name) for name in place.study_ids()]
    if as_json:
        print_json([{"study": row.study, "error": row.error, "status": row.to_json()} for row in rows])
    elif rows:
        show_studies([(row.study, row.status or row.error or f"trialcoder run {row.study}") for row in rows])
    else:
        note(f"{place.folder}: no study in this workspace yet; make one with `trialcoder init`")
    return Exit.ATTENTION if any(row.error for row in rows) else Exit.FINE


@dataclass(frozen=True)
class _StudyRow:
    """A study of the overview: its status, nothing (it was never run), or why there is none."""

    study: str
    status: StatusSummary | None = None
    error: str = ""

    def to_json(self) -> dict[str, Any] | None:
        return self.status.to_json() if self.status else None


def _study_row(place: Workspace, study: str) -> _StudyRow:
    from coding.operations.study_status import study_status
    from dictionaries.model import DictionaryError

    try:
        place.load_study(study)
        if not (place.study_folder(study) / "extracts").is_dir():
            return _StudyRow(study)
        return _StudyRow(study, study_status(place, study))
    except (UserError, DictionaryError) as error:
        return _StudyRow(study, error=str(error))
