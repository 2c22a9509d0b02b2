"""What every command shares: exit codes, streams, progress, the common options.

stdout carries the answer (tables for people, or JSON alone with ``--json``); progress, notes and
errors go to stderr. Nothing here or in a command's module imports pandas & co. at its top: the
program must start at once, also for ``--help``.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
from collections.abc import Iterator
from enum import IntEnum
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Annotated, Any, Self

from cyclopts import Parameter
from rich.console import Console

from coding.records import Progress, silent

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

    from coding.workspace import Workspace

#: Width of tables that are piped into a file or another program.
PIPED_WIDTH = 120


class Exit(IntEnum):
    """What the program returns to the shell."""

    FINE = 0
    UNEXPECTED = 1
    USER = 2
    ATTENTION = 3
    BUSY = 4
    INTERRUPTED = 130


EXIT_CODES = """\
Exit codes:
  0    done, nothing to look at
  1    unexpected error in the program; the message names the file with the details
  2    something you can put right: a wrong option, file, key or dictionary
  3    finished, but something needs attention: a verification that failed, an
       accounting that does not close, a study that cannot be read
  4    the study is being worked on by another run; try again later
  130  interrupted with Ctrl-C
"""

WorkspaceOption = Annotated[
    Path | None,
    Parameter(
        name="--workspace",
        help="Folder of the workspace, or one below it. Without it: TRIALCODER_WORKSPACE, "
        "else this folder and those above.",
        show_default=False,
    ),
]
JsonOption = Annotated[
    bool,
    Parameter(
        name="--json", negative=(), show_default=False, help="Print JSON alone on stdout, for scripts."
    ),
]


def prepare_streams() -> None:
    """UTF-8 on stdout and stderr whatever the locale says, so that no text can fail to print."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="replace")


class _Console(Console):
    """A console that leaves it to the program what a closed pipe means."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


def console(*, stderr: bool = False) -> Console:
    """A console on stdout or stderr. Texts are printed as they are: no markup, no highlighting.

    Colours only in a terminal (and never with NO_COLOR); piped tables are 120 wide unless COLUMNS
    says otherwise.
    """
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() or os.environ.get("COLUMNS") else PIPED_WIDTH
    return _Console(file=stream, width=width, markup=False, highlight=False, emoji=False)


def note(text: str) -> None:
    """One line on stderr, for people."""
    console(stderr=True).print(text, soft_wrap=True)


def print_json(value: Any) -> None:
    """The one JSON document of a command on stdout."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False, default=str) + "\n")


def open_workspace(folder: Path | None) -> Workspace:
    """The workspace told, found here or above. Raises WorkspaceError when there is none."""
    from coding.workspace import find_workspace

    return find_workspace(folder)


def workspace_if_any(folder: Path | None) -> Workspace | None:
    """As :func:`open_workspace`, but None when none was asked for and there is none here."""
    from coding.workspace import WORKSPACE_VARIABLE, WorkspaceError

    try:
        return open_workspace(folder)
    except WorkspaceError:
        if folder is not None or os.environ.get(WORKSPACE_VARIABLE):
            raise
        return None


@contextlib.contextmanager
def progress_bars() -> Iterator[Progress]:
    """A Progress that draws one bar per stage on stderr when that is a terminal, else nothing."""
    if not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield silent
        return
    with StageBars() as bars:
        yield bars


class StageBars:
    """Draws one bar per stage, in the order in which the stages first report."""

    def __init__(self) -> None:
        self._bars: Bars | None = None
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as Bars

        self._bars = Bars(
            SpinnerColumn(finished_text=" "),
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.fields[count]}"),
            TimeElapsedColumn(),
            console=console(stderr=True),
        )
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bars is not None:
            if kind is None:
                self._finish_all()
            self._bars.stop()

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Show that ``done`` of ``total`` (0: unknown) of a stage are done."""
        if self._bars is None:
            return
        if stage not in self._tasks:
            self._finish_all()
            self._tasks[stage] = self._bars.add_task(stage, total=total or None, count="")
        count = f"{done:,}/{total:,}" if total else ""
        self._bars.update(self._tasks[stage], completed=done, total=total or None, count=count)

    def _finish_all(self) -> None:
        # A stage that never knew its total ends when the next one begins.
        if self._bars is None:
            return
        for task in self._bars.tasks:
            if not task.finished:
                total = task.total or task.completed or 1
                self._bars.update(task.id, total=total, completed=total)
