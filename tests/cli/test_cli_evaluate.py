"""``trialcoder evaluate`` on a file, and what it says where it cannot."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Terminal


@pytest.fixture
def coded(tmp_path: Path) -> Path:
    path = tmp_path / "coded.csv"
    path.write_text("verbatim,code,pt\nfirst,L1,first\nsecond,L1,first\nfirst again,L3,first\n", "utf-8")
    return path


def test_a_file_is_evaluated(terminal: Terminal, added: Path, coded: Path, tmp_path: Path) -> None:
    done = terminal(
        "evaluate", coded, "--dictionary", "TRY@1", "--verbatim", "verbatim", "--code", "code",
        "--output", tmp_path / "out", "--workspace", added,
    )  # fmt: skip
    assert (done.code, done.err) == (0, "")
    assert "coded.csv, TRY 1: measured on people's decisions" in done.out
    assert "Of 3 verbatims that people decided, 67 % have the people's PT as first suggestion" in done.out
    assert "Confidence is not measured: that takes 60 decided verbatims" in done.out
    assert str(tmp_path / "out" / "evaluation.html") in done.out
    assert "look at 1 exact names that people coded otherwise" in done.out
    assert (tmp_path / "out" / "evaluation.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


def test_json_for_scripts(terminal: Terminal, added: Path, coded: Path, tmp_path: Path) -> None:
    done = terminal(
        "evaluate", coded, "--dictionary", "TRY", "--verbatim", "verbatim", "--pt", "pt",
        "--without-history", "--output", tmp_path / "out", "--workspace", added, "--json",
    )  # fmt: skip
    found = json.loads(done.out)
    (one,) = found["evaluations"]
    assert (found["subject"], one["release"], one["figures"]["history"]) == ("coded.csv", "TRY 1", False)
    assert one["figures"]["cases"] == 3
    assert one["places"]["page"] == str(tmp_path / "out" / "evaluation.html")


def test_the_page_shows_verbatims_only_when_told(
    terminal: Terminal, added: Path, coded: Path, tmp_path: Path
) -> None:
    for told, shown in (((), False), (("--with-verbatims",), True)):
        terminal(
            "evaluate", coded, "--dictionary", "TRY", "--verbatim", "verbatim", "--code", "code",
            "--output", tmp_path / "out", "--workspace", added, *told,
        )  # fmt: skip
        page = (tmp_path / "out" / "evaluation.html").read_text(encoding="utf-8")
        assert ('<th scope="row">second</th>' in page) is shown


@pytest.mark.parametrize(
    ("tokens", "message"),
    [
        (("nowhere.csv", "--verbatim", "a"), "nowhere.csv: no such file"),
        (("{coded}",), "a file also needs --dictionary, --verbatim, --output"),
        (
            ("{coded}", "--verbatim", "verbatim", "--dictionary", "TRY", "--output", "{out}"),
            "name the column with people's answers: --code, --term or --pt",
        ),
        (
            ("{coded}", "--verbatim", "verbatim", "--pt", "pt", "--dictionary", "TRY", "--output", "{coded}"),
            "is a file; --output names a folder",
        ),
        (
            ("{coded}", "--verbatim", "verbatim", "--pt", "pt", "--dictionary", "NONE", "--output", "{out}"),
            "NONE",
        ),
        (("NOSTUDY",), "study NOSTUDY is not in this workspace"),
        (("NOSTUDY", "--output", "{out}"), "--output is for a file"),
    ],
)
def test_what_cannot_be_evaluated(
    terminal: Terminal, added: Path, coded: Path, tmp_path: Path, tokens: tuple[str, ...], message: str
) -> None:
    given = [token.format(coded=coded, out=tmp_path / "out") for token in tokens]
    done = terminal("evaluate", *given, "--workspace", added)
    assert (done.code, done.out) == (2, "")
    assert message in done.err
    assert not (tmp_path / "out").exists()
