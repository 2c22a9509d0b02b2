"""The terminal in the test's process, with operations that a test can replace."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pytest

from flows.cli.main import main

DESCRIPTION = """\
name: ours
licensed: true
preferred_level: PT
levels:
  - {level: LLT, text: LLT, code: LLT_CODE}
  - {level: PT, text: PT, code: PT_CODE}
  - {level: SOC, text: SOC, code: SOC_CODE}
"""


@dataclass(frozen=True)
class Answer:
    """What a command line returned and printed."""

    code: int
    out: str
    err: str


Terminal = Callable[..., Answer]


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TRIALCODER_WORKSPACE", "TRIALCODER_LEDGER_URL", "TRIALCODER_TRACEBACK", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TRIALCODER_ACTOR", "tester")


@pytest.fixture
def terminal(capsys: pytest.CaptureFixture[str]) -> Terminal:
    """Run one command line: ``terminal("status", "ASPEN")``."""

    def call(*tokens: object) -> Answer:
        capsys.readouterr()
        code = main([str(token) for token in tokens])
        captured = capsys.readouterr()
        return Answer(code, captured.out, captured.err)

    return call


@pytest.fixture
def replace_operation(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, Callable[..., object]], None]:
    """Put a function in the place of an operation: ``replace_operation("code_study", fake)``."""

    def replace(name: str, function: Callable[..., object]) -> None:
        module = ModuleType(f"coding.operations.{name}")
        setattr(module, name, function)
        monkeypatch.setitem(sys.modules, module.__name__, module)

    return replace


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """An empty workspace's folder."""
    (tmp_path / "workspace.yaml").write_text("# a workspace\n", encoding="utf-8")
    return tmp_path


@pytest.fixture
def ours(tmp_path: Path) -> Path:
    """A folder with a table of three terms and its description."""
    folder = tmp_path / "ours"
    folder.mkdir()
    (folder / "try.csv").write_text(
        "LLT_CODE,LLT,PT_CODE,PT,SOC_CODE,SOC\n"
        "L1,first,P1,first,S1,all\nL2,second,P2,second,S1,all\nL3,first again,P1,first,S1,all\n",
        encoding="utf-8",
    )
    (folder / "try.yaml").write_text(DESCRIPTION, encoding="utf-8")
    return folder


@pytest.fixture
def added(terminal: Terminal, workspace: Path, ours: Path) -> Path:
    """A workspace with that table as the dictionary TRY, release 1."""
    done = terminal(
        "dictionary", "add", ours / "try.csv", "--description", ours / "try.yaml", "--name", "TRY",
        "--release", "1", "--open", "--workspace", workspace,
    )  # fmt: skip
    assert (done.code, done.err) == (0, "")
    return workspace
