"""``trialcoder run``: the main job on one study."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from flows.cli.reports import show_run
from flows.cli.terminal import Exit, JsonOption, WorkspaceOption, open_workspace, print_json, progress_bars

EXAMPLES = """\
Examples:
  trialcoder run ASPEN
  trialcoder run ASPEN --workspace trials --json > run.json
"""

StudyArgument = Annotated[str, Parameter(name="STUDY", help="The study's id.")]


def run(study: StudyArgument, /, *, workspace: WorkspaceOption = None, as_json: JsonOption = False) -> int:
    """Read a study's files, check them, code what its rules settle, and list the rest for people.

    Running it again is always safe: nothing is recorded twice, decisions are kept, and new, changed
    and removed records are told apart.
    """
    from coding.operations.code_study import code_study
    from coding.workspace import current_actor

    place = open_workspace(workspace)
    with progress_bars() as progress:
        summary = code_study(place, study, actor=current_actor(), progress=progress)
    if as_json:
        print_json(summary.to_json())
        return Exit.FINE if all(item.closes for item in summary.accounts) else Exit.ATTENTION
    return show_run(summary)
