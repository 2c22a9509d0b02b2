"""From an exception to one line on stderr and an exit code.

A traceback is for who mends the program, so it goes to a file. That file holds where things
happened (files, lines, functions, kinds of error) but neither the values of variables nor the
errors' own messages: either may hold what a patient said.
"""

from __future__ import annotations

import contextlib
import errno
import os
import platform
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from coding.records import UserError
from flows.cli.terminal import Exit, note

#: What the machine, not the program, is short of.
_MACHINE_SAYS_NO = {
    errno.EACCES: "not permitted",
    errno.EPERM: "not permitted",
    errno.EROFS: "the folder is read-only",
    errno.ENOSPC: "the disk is full",
    getattr(errno, "EDQUOT", errno.ENOSPC): "the disk quota is used up",
    errno.EMFILE: "too many open files",
}


def run_guarded(work: Callable[[], int], words: tuple[str, ...] = (), workspace: Path | None = None) -> int:
    """Run ``work`` and return its exit code, or the one of what it raised.

    ``words`` are the command's own words (``ledger verify``) and ``workspace`` the folder it was
    told, both for the log of an unexpected error.
    """
    try:
        return work()
    except KeyboardInterrupt:
        note("Interrupted. Nothing half-written is kept; the same command can be run again.")
        return Exit.INTERRUPTED
    except BrokenPipeError:
        # Who reads us (`| head`) has seen enough. Python would complain again when it flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.FINE
    except UserError as error:
        note(f"trialcoder: {error}")
        return error.exit_code
    except Exception as error:
        return _other(error, words, workspace)


def _other(error: Exception, words: tuple[str, ...], workspace: Path | None) -> int:
    # Imported only now: dictionaries.model brings pandas along.
    from dictionaries.model import DictionaryError

    if isinstance(error, DictionaryError):
        note(f"trialcoder: {error}")
        return Exit.USER
    if isinstance(error, OSError) and error.errno in _MACHINE_SAYS_NO:
        place = f"{error.filename}: " if error.filename else ""
        note(f"trialcoder: {place}{_MACHINE_SAYS_NO[error.errno]}; put that right and run it again")
        return Exit.USER
    log = write_log(error, words, workspace)
    where = f"; where it happened is in {log}" if log else ""
    note(f"trialcoder: unexpected error ({type(error).__name__}), a fault of the program{where}")
    if os.environ.get("TRIALCODER_TRACEBACK") == "1":
        traceback.print_exception(error)
    return Exit.UNEXPECTED


def write_log(error: BaseException, words: tuple[str, ...], workspace: Path | None = None) -> Path | None:
    """Write the log of an unexpected error into the workspace, else the temporary folder.

    Returns None when neither can be written.
    """
    now = datetime.now(UTC)
    name = f"trialcoder-error-{now:%Y%m%dT%H%M%S%f}Z.log"
    text = "\n".join(_log_lines(error, words, now)) + "\n"
    for folder in _log_folders(workspace):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8")
        except OSError:
            continue
        return folder / name
    return None


def _log_folders(workspace: Path | None) -> Iterator[Path]:
    from coding.workspace import WorkspaceError, find_workspace

    with contextlib.suppress(WorkspaceError):
        yield find_workspace(workspace).folder / "logs"
    yield Path(tempfile.gettempdir())


def _log_lines(error: BaseException, words: tuple[str, ...], now: datetime) -> Iterator[str]:
    from importlib.metadata import version

    yield f"time: {now:%Y-%m-%dT%H:%M:%SZ}"
    yield f"trialcoder {version('trialcoder')}, Python {platform.python_version()}, {platform.platform()}"
    yield f"command: trialcoder {' '.join(words)}"
    yield "The values of variables and the errors' messages are left out: they may hold patient data."
    chain: list[BaseException] = []
    link: BaseException | None = error
    while link is not None and link not in chain:
        chain.append(link)
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)
    for item in reversed(chain):
        yield ""
        yield from (line.rstrip("\n") for line in traceback.format_tb(item.__traceback__))
        yield f"{type(item).__module__}.{type(item).__qualname__}"
