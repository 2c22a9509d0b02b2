"""A study from its files to its package, through the commands a data manager types."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from coding.workspace import find_workspace

AE = """\
STUDYID,USUBJID,AESPID,AETERM,AESER,AESTDTC
ASPEN,1,1,First,N,2014-03-21
ASPEN,1,2,second,Y,2014-03
ASPEN,2,1,nothing like it,N,
ASPEN,2,2,,N,2014
"""
DM = "STUDYID,USUBJID,SEX,AGE\nASPEN,1,F,42\nASPEN,2,M,50\n"


@pytest.fixture
def drafted(terminal, added: Path) -> Path:
    """The workspace with the dictionary TRY and a drafted study ASPEN that uses it."""
    raw = added / "raw"
    raw.mkdir()
    (raw / "ae.csv").write_text(AE, encoding="utf-8")
    (raw / "dm.csv").write_text(DM, encoding="utf-8")
    assert terminal("init", added, "--from", raw).code == 0
    study = added / "studies" / "ASPEN" / "study.yaml"
    text = study.read_text(encoding="utf-8")
    release = find_release(text)
    study.write_text(
        text.replace("    dictionary: open_events\n", "    dictionary: TRY\n").replace(
            release, '    release: "1"'
        ),
        encoding="utf-8",
    )
    return added


def find_release(text: str) -> str:
    return next(line for line in text.splitlines() if line.strip("# ").startswith("release:"))


def test_a_draft_runs_to_a_package_whose_accounting_closes(terminal, drafted: Path) -> None:
    where = ("--workspace", drafted, "--json")
    assert json.loads(terminal("status", *where).out)[0]["status"] is None
    never = terminal("status", "ASPEN", "--workspace", drafted)
    assert never.code == 2 and "was never run" in never.err

    first = terminal("run", "ASPEN", *where)
    assert (first.code, first.err) == (0, "")
    summary = json.loads(first.out)
    (row,) = summary["accounts"]
    assert {key: row[key] for key in ("rows_in", "coded", "pending", "quarantined")} == {
        "rows_in": 4, "coded": 2, "pending": 1, "quarantined": 1,
    }  # fmt: skip
    assert summary["new_requests"] == 3

    again = json.loads(terminal("run", "ASPEN", *where).out)
    assert (again["requests"], again["accounts"]) == (summary["requests"], summary["accounts"])
    status = json.loads(terminal("status", "ASPEN", *where).out)
    assert status["accounts"] == summary["accounts"]

    exported = json.loads(terminal("export", "ASPEN", *where).out)
    package = Path(exported["package"])
    assert exported["datasets"] == {"AE": 3}
    assert package.is_relative_to(drafted / "studies" / "ASPEN" / "packages")
    verified = terminal("ledger", "verify", "ASPEN", "--manifest", package / "manifest.json", *where)
    assert (verified.code, json.loads(verified.out)["ok"]) == (0, True)
    history = json.loads(terminal("ledger", "history", "ASPEN", "--code", "L1", *where).out)
    assert [(entry["verbatim"], entry["method"]) for entry in history] == [("First", "exact")]


def test_the_tables_for_people_hold_no_patient_data(terminal, drafted: Path) -> None:
    for command in ("run", "status", "export"):
        answer = terminal(command, "ASPEN", "--workspace", drafted)
        assert answer.code == 0
        assert "nothing like it" not in answer.out + answer.err


def test_two_runs_of_one_study_at_once(terminal, drafted: Path) -> None:
    with find_workspace(drafted).hold_study("ASPEN"):
        answer = terminal("run", "ASPEN", "--workspace", drafted)
    assert (answer.code, answer.out) == (4, "")
    assert "study ASPEN is being worked on by tester" in answer.err


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("verbatim: AETERM", "verbatim: AETEXT"), "AETEXT"),
        (("dictionary: TRY", "dictionary: TRYY"), "there is no dictionary TRYY"),
        (("domain: AE", "domain: XX"), "domain"),
        (("study: ASPEN", "study: CEDAR"), "make them the same"),
    ],
)
def test_a_study_yaml_that_is_wrong_is_named(terminal, drafted: Path, change, message: str) -> None:
    study = drafted / "studies" / "ASPEN" / "study.yaml"
    study.write_text(study.read_text(encoding="utf-8").replace(*change), encoding="utf-8")
    answer = terminal("run", "ASPEN", "--workspace", drafted)
    assert (answer.code, answer.out) == (2, "")
    assert message in answer.err and "Traceback" not in answer.err


def test_an_unknown_study_and_one_that_climbs_out(terminal, drafted: Path) -> None:
    unknown = terminal("run", "CEDAR", "--workspace", drafted)
    assert unknown.code == 2 and "studies here: ASPEN" in unknown.err
    for command in ("run", "status", "export"):
        assert terminal(command, "../ASPEN", "--workspace", drafted).code == 2


def test_suggest_for_a_plain_list(terminal, added: Path, tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("verbatim\nFirst\nagian\n", encoding="utf-8")
    answer = terminal(
        "suggest", "--dictionary", "TRY", "--input", tmp_path / "list.csv", "--top", 1,
        "--output", tmp_path / "out.csv", "--workspace", added,
    )  # fmt: skip
    assert answer.code == 0
    rows = (tmp_path / "out.csv").read_text(encoding="utf-8").splitlines()
    assert rows[1].startswith('"First","1","L1","first","P1","first","all",')
    assert rows[2].startswith('"agian","1","L3","first again","P1","first","all",')
    assert len(rows) == 3
