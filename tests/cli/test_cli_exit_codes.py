"""What the program returns to the shell, and that a user never sees a traceback."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest
from cli_summaries import account, run_summary

from coding.records import UserError
from coding.workspace import StudyBusyError
from dictionaries.model import DictionaryError
from flows.cli.main import main

PATIENT = "told the nurse about a headache"


def raising(error: BaseException):
    def operation(*_: object, **__: object) -> object:
        raise error

    return operation


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (UserError("ae.csv, row 3: cut; get it again"), 2, "trialcoder: ae.csv, row 3: cut; get it again\n"),
        (DictionaryError("no dictionary X"), 2, "trialcoder: no dictionary X\n"),
        (StudyBusyError("study ASPEN is being worked on"), 4, "trialcoder: study ASPEN is being worked on\n"),
        (
            OSError(errno.ENOSPC, "No space left", "/trials/x.csv"),
            2,
            "trialcoder: /trials/x.csv: the disk is full; put that right and run it again\n",
        ),
        (
            OSError(errno.EROFS, "Read-only", "/trials/x.csv"),
            2,
            "trialcoder: /trials/x.csv: the folder is read-only; put that right and run it again\n",
        ),
        (
            KeyboardInterrupt(),
            130,
            "Interrupted. Nothing half-written is kept; the same command can be run again.\n",
        ),
    ],
)
def test_errors_end_in_one_line_and_a_code(
    terminal, replace_operation, workspace, error, code, message
) -> None:
    replace_operation("code_study", raising(error))
    answer = terminal("run", "ASPEN", "--workspace", workspace)
    assert (answer.code, answer.out, answer.err) == (code, "", message)


def test_an_unexpected_error_is_logged_without_its_message(terminal, replace_operation, workspace) -> None:
    def fail(*_: object, **__: object) -> object:
        verbatim = PATIENT
        try:
            return int(verbatim)
        except ValueError as error:
            raise KeyError(verbatim) from error

    replace_operation("code_study", fail)
    answer = terminal("run", "ASPEN", "--workspace", workspace)
    (log,) = (workspace / "logs").iterdir()
    assert answer.code == 1
    assert answer.err == (
        f"trialcoder: unexpected error (KeyError), a fault of the program; where it happened is in {log}\n"
    )
    text = log.read_text(encoding="utf-8")
    assert "command: trialcoder run\n" in text
    assert "builtins.ValueError\n" in text and text.endswith("builtins.KeyError\n")
    assert "in fail" in text
    assert PATIENT not in text and "headache" not in text


def test_the_log_falls_back_to_the_temporary_folder(
    terminal, replace_operation, workspace, tmp_path, monkeypatch
) -> None:
    (workspace / "logs").write_text("a file where the folder should be", encoding="utf-8")
    elsewhere = tmp_path / "temporary"
    elsewhere.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(elsewhere))
    replace_operation("code_study", raising(ZeroDivisionError()))
    assert terminal("run", "ASPEN", "--workspace", workspace).code == 1
    assert len(list(elsewhere.iterdir())) == 1


def test_the_whole_traceback_is_there_for_who_asks(
    terminal, replace_operation, workspace, monkeypatch
) -> None:
    monkeypatch.setenv("TRIALCODER_TRACEBACK", "1")
    replace_operation("code_study", raising(ZeroDivisionError("by hand")))
    answer = terminal("run", "ASPEN", "--workspace", workspace)
    assert "ZeroDivisionError: by hand" in answer.err


@pytest.mark.parametrize(
    ("tokens", "message"),
    [
        (["nonsense"], 'Unknown command "nonsense"'),
        (["run"], "parameter STUDY requires an argument"),
        (["run", "ASPEN", "--fast"], "Unknown option: --fast"),
        (["dictionary", "search", "open_events"], "parameter TEXT requires an argument"),
        (["suggest", "--dictionary", "x", "--input", "a", "--output", "b", "--top", "0"], "--top"),
    ],
)
def test_a_wrong_command_line_says_where_help_is(terminal, tokens, message) -> None:
    answer = terminal(*tokens)
    assert (answer.code, answer.out) == (2, "")
    assert message in answer.err
    assert "Help: trialcoder" in answer.err and "Traceback" not in answer.err


def test_no_workspace_says_how_to_make_one(terminal, tmp_path) -> None:
    answer = terminal("status", "--workspace", tmp_path)
    assert (answer.code, answer.out) == (2, "")
    assert "make one with `trialcoder init DIR`" in answer.err


def test_an_accounting_that_does_not_close_needs_attention(terminal, replace_operation, workspace) -> None:
    open_account = run_summary(accounts=(account(coded=5),))
    replace_operation("code_study", lambda *_, **__: open_account)
    assert terminal("run", "ASPEN", "--workspace", workspace).code == 3
    assert terminal("run", "ASPEN", "--workspace", workspace, "--json").code == 3


def test_help_names_the_exit_codes(terminal) -> None:
    answer = terminal("--help")
    assert answer.code == 0
    for line in ("  0    done", "  2    something you can put right", "  4    the study is being", "  130  "):
        assert line in answer.out


@pytest.mark.parametrize(
    "tokens",
    [
        ["init"], ["run"], ["status"], ["export"], ["suggest"],
        ["dictionary"], ["dictionary", "add"], ["ledger"], ["ledger", "verify"],
    ],
)  # fmt: skip
def test_every_command_has_help(terminal, tokens) -> None:
    answer = terminal(*tokens, "--help")
    assert answer.code == 0
    assert answer.out.startswith(f"Usage: trialcoder {' '.join(tokens)}")


@pytest.mark.parametrize("command", ["init", "run", "status", "export", "suggest", "dictionary", "ledger"])
def test_help_has_examples(terminal, command) -> None:
    assert f"Examples:\n  trialcoder {command}" in terminal(command, "--help").out


# The installed program, as a shell starts it


def shell(*tokens: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "flows.cli.main", *tokens],
        capture_output=True,
        check=False,
        env={**os.environ, **environment},
        timeout=60,
    )


def test_version_in_a_shell() -> None:
    done = shell("--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"trialcoder 0.1.0\n", b"")


def test_a_posix_terminal_gets_utf8(tmp_path: Path) -> None:
    folder = tmp_path / "Prüfung-日本"
    for encoding in ({"LC_ALL": "C", "PYTHONUTF8": "0"}, {"PYTHONIOENCODING": "ascii", "LC_ALL": "POSIX"}):
        done = shell("status", "--workspace", str(folder), **encoding)
        assert done.returncode == 2
        assert b"Traceback" not in done.stderr
        assert b"no workspace here or above" in done.stderr
    assert "Prüfung-日本".encode() in done.stderr


def test_a_reader_that_leaves_early_is_no_error() -> None:
    code = (
        "import os, sys\n"
        "from flows.cli.main import main\n"
        "read, write = os.pipe()\n"
        "os.close(read)\n"
        "os.dup2(write, 1)\n"
        "sys.exit(main(['--help']))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, b"")


def test_main_reads_the_command_line(monkeypatch, capsys) -> None:
    monkeypatch.setattr(sys, "argv", ["trialcoder", "--version"])
    assert main() == 0
    assert capsys.readouterr().out == "trialcoder 0.1.0\n"
