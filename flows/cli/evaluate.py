"""``trialcoder evaluate``: how far the suggestions can be trusted, measured on what people decided."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from coding.records import UserError
from flows.cli.dictionary import LanguageOption, cache_of, folders_of, open_named
from flows.cli.evaluation_report import show_evaluation
from flows.cli.terminal import Exit, JsonOption, WorkspaceOption, open_workspace, print_json, progress_bars

if TYPE_CHECKING:
    from coding.operations.evaluate_study import CodedColumns

EXAMPLES = """\
Examples:
  trialcoder evaluate ASPEN
  trialcoder evaluate ASPEN --dictionary MedDRA --with-verbatims
  trialcoder evaluate coded.xlsx --dictionary MedDRA@27.1 --verbatim AETERM --code AELLTCD \\
      --domain DOMAIN --output evaluation
  trialcoder evaluate coded.csv --dictionary open_events --verbatim verbatim --pt pt --output evaluation
"""


def evaluate(
    target: Annotated[str, Parameter(name="STUDY|FILE", help="A study's id, or a file of coded verbatims.")],
    /,
    *,
    dictionary: Annotated[
        str,
        Parameter(
            name="--dictionary",
            show_default=False,
            help="For a file: NAME or NAME@RELEASE. For a study: only this one of its dictionaries.",
        ),
    ] = "",
    verbatim: Annotated[
        str, Parameter(name="--verbatim", show_default=False, help="The file's column with the verbatims.")
    ] = "",
    code: Annotated[
        str,
        Parameter(
            name="--code", show_default=False, help="Its column with people's code (for MedDRA, of the LLT)."
        ),
    ] = "",
    term: Annotated[
        str, Parameter(name="--term", show_default=False, help="Its column with the name of that term.")
    ] = "",
    pt: Annotated[
        str,
        Parameter(
            name="--pt", show_default=False, help="Its column with the preferred term, by name or code."
        ),
    ] = "",
    domain: Annotated[
        str, Parameter(name="--domain", show_default=False, help="Its column with the domain, if any.")
    ] = "",
    output: Annotated[
        Path | None,
        Parameter(name="--output", show_default=False, help="For a file: the folder to write into."),
    ] = None,
    history: Annotated[
        bool,
        Parameter(
            name="--history",
            negative="--without-history",
            show_default=False,
            help="Whether the other decided verbatims count as decided before (yes, unless told).",
        ),
    ] = True,
    with_verbatims: Annotated[
        bool,
        Parameter(
            name="--with-verbatims",
            negative=(),
            show_default=False,
            help="Show the disagreements on the page too; without it the page holds no verbatim.",
        ),
    ] = False,
    language: LanguageOption = "English",
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Measure how often the suggestions agree with people, and how much could be coded without them.

    Every decided verbatim is matched as if nobody had seen it (cross-validation). For a study people's
    decisions come from its ledger, and the results lie in its folder work/evaluation. The page can be
    passed on; the listings beside it hold verbatims.
    """
    from coding.operations.evaluate_study import CodedColumns, evaluate_file, evaluate_study

    columns = CodedColumns(verbatim, code, term, pt, domain)
    # It would say on stderr that it looks for the machine's fonts.
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    with progress_bars() as progress:
        if _is_file(target, columns):
            path, folder = _checked_file(target, columns, dictionary, output)
            opened = open_named(dictionary, language, folders_of(workspace))
            summary = evaluate_file(
                opened,
                path,
                columns,
                output=folder,
                cache=cache_of(workspace),
                history=history,
                with_verbatims=with_verbatims,
                progress=progress,
            )
        else:
            if output is not None:
                raise UserError(f"--output is for a file; study {target} has its own folder work/evaluation")
            summary = evaluate_study(
                open_workspace(workspace),
                target,
                dictionary=dictionary,
                history=history,
                with_verbatims=with_verbatims,
                progress=progress,
            )
    if as_json:
        print_json(summary.to_json())
    else:
        show_evaluation(summary)
    return Exit.FINE


def _is_file(target: str, columns: CodedColumns) -> bool:
    return bool(columns.all) or Path(target).is_file() or "/" in target or "\\" in target


def _checked_file(
    target: str, columns: CodedColumns, dictionary: str, output: Path | None
) -> tuple[Path, Path]:
    path = Path(target)
    if not path.is_file():
        raise UserError(f"{target}: no such file; for a study give its id alone, without columns")
    needed = {"--dictionary": dictionary, "--verbatim": columns.verbatim, "--output": output}
    missing = [name for name, value in needed.items() if not value]
    if missing:
        raise UserError(f"{target}: a file also needs {', '.join(missing)}")
    if not columns.answers:
        raise UserError(f"{target}: name the column with people's answers: --code, --term or --pt")
    if output is None or output.is_file():
        raise UserError(f"{output}: is a file; --output names a folder")
    return path, output
