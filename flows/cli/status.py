"""``trialcoder status``: where one study, or every study, stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

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
    rows = [(name, _status_or_reason(place, name)) for name in place.study_ids()]
    if as_json:
        print_json(
            [{"study": name, "error": row} if isinstance(row, str) else row.to_json() for name, row in rows]
        )
        return Exit.ATTENTION if any(isinstance(row, str) for _, row in rows) else Exit.FINE
    if not rows:
        note(f"{place.folder}: no study in this workspace yet; make one with `trialcoder init`")
        return Exit.FINE
    return show_studies(rows)


def _status_or_reason(place: Workspace, study: str) -> StatusSummary | str:
    from coding.operations.study_status import study_status
    from dictionaries.model import DictionaryError

    try:
        return study_status(place, study)
    except (UserError, DictionaryError) as error:
        return str(error)
