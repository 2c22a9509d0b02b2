"""``trialcoder suggest``: ranked terms for a plain list of verbatims."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from coding.records import UserError
from flows.cli.dictionary import LanguageOption, cache_of, folders_of, open_named
from flows.cli.reports import show_suggest
from flows.cli.terminal import Exit, JsonOption, WorkspaceOption, print_json, progress_bars

EXAMPLES = """\
Examples:
  trialcoder suggest --dictionary open_events --input list.csv --column verbatim --output out.csv
  trialcoder suggest --dictionary MedDRA@27.1 --workspace trials --input list.csv \\
      --column AETERM --top 10 --output out.csv
"""


def suggest(
    *,
    dictionary: Annotated[
        str, Parameter(name="--dictionary", help="NAME or NAME@RELEASE; without a release, the newest.")
    ],
    input_file: Annotated[Path, Parameter(name="--input", help="The CSV file with the list.")],
    column: Annotated[str, Parameter(name="--column", help="Its column with the verbatims.")] = "verbatim",
    top: Annotated[
        int, Parameter(name="--top", validator=Number(gte=1, lte=100), help="Candidates per verbatim.")
    ] = 5,
    output: Annotated[Path, Parameter(name="--output", help="The CSV file to write.")],
    semantic_model: Annotated[
        Path | None,
        Parameter(name="--semantic-model", help="Folder of a sentence-embedding model of your own."),
    ] = None,
    language: LanguageOption = "English",
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Suggest terms for a plain list, without a study: one row per verbatim and candidate.

    The output has verbatim, rank, code, term, pt_code, pt, soc, score, confidence, method, rules, auto,
    reason and flags. Outside a workspace the dictionaries that ship with the program can be used.
    """
    from coding.operations.suggest_terms import suggest_terms

    if not input_file.is_file():
        raise UserError(f"{input_file}: no such file; check --input")
    opened = open_named(dictionary, language, folders_of(workspace))
    with progress_bars() as progress:
        summary = suggest_terms(
            opened,
            input_file,
            column,
            top=top,
            output=output,
            cache=cache_of(workspace),
            semantic_model=semantic_model,
            progress=progress,
        )
    if as_json:
        print_json(summary.to_json())
    else:
        show_suggest(summary)
    return Exit.FINE
