"""``trialcoder init``: a workspace and a study.yaml to fill in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from flows.cli.reports import show_lines, show_next, show_table
from flows.cli.terminal import Exit, JsonOption, console, print_json

if TYPE_CHECKING:
    from coding.operations.init_study import InitSummary

EXAMPLES = """\
Examples:
  trialcoder init trials/ASPEN
      an empty study ASPEN in a new workspace trials/ASPEN
  trialcoder init trials --study ASPEN --from extract/ae.csv extract/dm.csv
      a draft from the headers and first rows of two files
  trialcoder init . --study CEDAR --from "extract/*.xpt" snapshot.xml
      a second study in the workspace of this folder
"""


def init(
    folder: Annotated[Path, Parameter(name="DIR", help="The workspace's folder; made when it is not there.")],
    /,
    *,
    study: Annotated[
        str | None,
        Parameter(
            name="--study",
            show_default=False,
            help="The study's id. Without it: the one study the files name, else the folder's name.",
        ),
    ] = None,
    files: Annotated[
        tuple[Path, ...],
        Parameter(
            name="--from",
            consume_multiple=1,
            negative=(),
            show_default=False,
            help="Files (or folders) whose headers and first rows the draft is made from.",
        ),
    ] = (),
    as_json: JsonOption = False,
) -> int:
    """Make a workspace and the study.yaml of a study, ready to be filled in.

    With --from, study.yaml is drafted: columns, record key, date formats and dictionaries are
    guessed from headers and first rows (CSV, XLSX, SAS, ODM-XML, Dataset-JSON), and what could not
    be guessed is marked "choose:". A study.yaml that is there already is never changed.
    """
    from coding.operations.init_study import init_study

    summary = init_study(folder, study_id=study, files=files)
    if as_json:
        print_json(summary.to_json())
    else:
        _show(summary)
    return Exit.FINE


def _show(summary: InitSummary) -> None:
    out = console()
    if summary.workspace_made:
        out.print(f"Workspace made: {summary.workspace}", soft_wrap=True)
    out.print(f"Study {summary.study}: {summary.study_file}", soft_wrap=True)
    if summary.sources:
        show_table("Found", ("Source", "Domain", "Columns in use"), summary.sources)
    show_lines("Left out", summary.left_out)
    show_lines("To check", summary.choose)
    show_next(summary.next_step)
