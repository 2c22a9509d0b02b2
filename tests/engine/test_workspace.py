"""Workspaces: found, named safely, held by one writer."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from coding.workspace import StudyBusyError, Workspace, WorkspaceError, find_workspace

HOLD = """
import sys, time
from pathlib import Path
from coding.workspace import Workspace
with Workspace(Path(sys.argv[1])).hold_study("S1"):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    (tmp_path / "workspace.yaml").write_text("", encoding="utf-8")
    return Workspace(tmp_path)


def test_a_workspace_is_found_from_below(workspace: Workspace) -> None:
    inside = workspace.folder / "studies" / "S1"
    inside.mkdir(parents=True)
    assert find_workspace(inside).folder == workspace.folder.resolve()


def test_no_workspace_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match="make one with `trialcoder init DIR`"):
        find_workspace(tmp_path)


@pytest.mark.parametrize("study", ["../S1", "a/b", "", ".hidden", "C:\\x", "a" * 65, "x\x00", "S1\n"])
def test_study_ids_cannot_leave_the_folder(workspace: Workspace, study: str) -> None:
    with pytest.raises(WorkspaceError, match="the study id may only hold"):
        workspace.study_folder(study)


def test_the_ledger_url_comes_from_the_file_or_the_folder(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TRIALCODER_LEDGER_URL", raising=False)
    assert workspace.ledger_url == f"sqlite:///{workspace.folder.as_posix()}/ledger.sqlite"
    (workspace.folder / "workspace.yaml").write_text("ledger: postgresql+psycopg://db/x\n", encoding="utf-8")
    assert workspace.ledger_url == "postgresql+psycopg://db/x"
    (workspace.folder / "workspace.yaml").write_text("leger: x\n", encoding="utf-8")
    with pytest.raises(WorkspaceError, match="leger is not a known key; allowed: ledger"):
        _ = workspace.ledger_url


def test_the_second_writer_is_told_who_holds_the_study(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRIALCODER_ACTOR", "dana")
    command = [sys.executable, "-c", HOLD, str(workspace.folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        told = rf"by dana \(process {holder.pid} on "
        with pytest.raises(StudyBusyError, match=told) as caught, workspace.hold_study("S1"):
            pass
        assert caught.value.exit_code == 4
        with workspace.hold_study("S2"):
            pass
        holder.kill()
        holder.wait()
    # The operating system frees the lock of a killed run.
    with workspace.hold_study("S1"):
        pass
