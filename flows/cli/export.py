"""``trialcoder export``: the package of a study."""

from __future__ import annotations

from flows.cli.reports import show_export
from flows.cli.run import StudyArgument
from flows.cli.terminal import Exit, JsonOption, WorkspaceOption, open_workspace, print_json, progress_bars

EXAMPLES = """\
Examples:
  trialcoder export ASPEN
  trialcoder export ASPEN --workspace trials --json
"""


def export(study: StudyArgument, /, *, workspace: WorkspaceOption = None, as_json: JsonOption = False) -> int:
    """Write the package of a study: coded datasets, listings of what is open, and the manifest.

    The same state of the study gives the same files, byte for byte.
    """
    from coding.operations.export_study import export_study
    from coding.workspace import current_actor

    place = open_workspace(workspace)
    with progress_bars() as progress:
        summary = export_study(place, study, actor=current_actor(), progress=progress)
    if as_json:
        print_json(summary.to_json())
        return Exit.FINE if all(item.closes for item in summary.accounts) else Exit.ATTENTION
    return show_export(summary)
