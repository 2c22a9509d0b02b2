"""The program ``trialcoder``: its commands, and what it returns to the shell."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from cyclopts import App, CycloptsError, Group

from coding import TOOL_VERSION
from flows.cli import evaluate, export, init, run, status, suggest
from flows.cli.dictionary import build_dictionary_app
from flows.cli.failures import run_guarded
from flows.cli.ledger import build_ledger_app
from flows.cli.terminal import EXIT_CODES, Exit, console, note, prepare_streams

HELP = """\
Medical coding for clinical trials: raw case report forms in, coded and audited datasets out.

A first study:

  trialcoder init trials/ASPEN --from extract/*.csv
  trialcoder run ASPEN --workspace trials/ASPEN
  trialcoder export ASPEN --workspace trials/ASPEN

Every command explains itself: trialcoder run --help
"""


def build_app() -> App:
    """The program with all its commands."""
    studies = Group("Studies", sort_key=1)
    terms = Group("Dictionaries", sort_key=2)
    records = Group("Records", sort_key=3)
    app = App(
        name="trialcoder",
        help=HELP,
        help_format="plaintext",
        help_epilogue=EXIT_CODES,
        version=f"trialcoder {TOOL_VERSION}",
        suppress_keyboard_interrupt=False,
    )
    app.command(init.init, group=studies, help_epilogue=init.EXAMPLES)
    app.command(run.run, group=studies, help_epilogue=run.EXAMPLES)
    app.command(status.status, group=studies, help_epilogue=status.EXAMPLES)
    app.command(export.export, group=studies, help_epilogue=export.EXAMPLES)
    app.command(evaluate.evaluate, group=studies, help_epilogue=evaluate.EXAMPLES)
    app.command(suggest.suggest, group=terms, help_epilogue=suggest.EXAMPLES)
    app.command(build_dictionary_app(terms))
    app.command(build_ledger_app(records))
    return app


def main(tokens: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit code (see :class:`flows.cli.terminal.Exit`)."""
    given = list(sys.argv[1:] if tokens is None else tokens)
    prepare_streams()
    if not sys.warnoptions:
        # Warnings of libraries are for programmers, and may quote data.
        warnings.simplefilter("ignore")
    app = build_app()
    words, _, _ = app.parse_commands(given)
    code = run_guarded(partial(_call, app, given, words), tuple(words), _told_workspace(given))
    return _flushed(int(code))


def _call(app: App, tokens: list[str], words: Sequence[str]) -> int:
    app.console = console()
    try:
        result = app(
            tokens,
            print_error=False,
            exit_on_error=False,
            result_action="return_value",
        )
    except CycloptsError as error:
        note(f"trialcoder: {error}")
        note(f"Help: {' '.join(('trialcoder', *words, '--help'))}")
        return Exit.USER
    return result if isinstance(result, int) else Exit.FINE


def _told_workspace(tokens: Sequence[str]) -> Path | None:
    for number, token in enumerate(tokens):
        name, equals, value = token.partition("=")
        if name == "--workspace" and (equals or tokens[number + 1 :]):
            return Path(value if equals else tokens[number + 1])
    return None


def _flushed(code: int) -> int:
    # What is left in the buffer is written here, where a closed pipe can still be met in peace.
    return run_guarded(lambda: sys.stdout.flush() or code)


if __name__ == "__main__":
    sys.exit(main())
