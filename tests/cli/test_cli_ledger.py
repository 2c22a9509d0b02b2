"""``trialcoder ledger`` on a small ledger, untouched and tampered with."""

from __future__ import annotations

import json
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest

from coding.ledger.ledger import Ledger, NewEvent
from coding.records import Decision, DecisionPart
from coding.workspace import find_workspace
from schemas.vocabulary import Action, Method, Status

KEY = "0" * 32


@pytest.fixture
def recorded(terminal, workspace: Path) -> Path:
    """A workspace whose study ASPEN has two events."""
    assert terminal("init", workspace, "--study", "ASPEN").code == 0
    opened: dict[str, object] = {
        "request": KEY, "dictionary": "TRY", "verbatim": "Head ache", "context": "",
    }  # fmt: skip
    decision = Decision(
        KEY, (DecisionPart("L1", "first"),), Status.AUTOCODED, Method.NORMALISED, "by rule",
        "TRY 1 English sha256:abc", "0.1.0", ("compounding",), 0.98,
    )  # fmt: skip
    events = [NewEvent(Action.REQUEST_OPENED, opened), NewEvent(Action.DECIDED, decision.payload())]
    with Ledger.open(find_workspace(workspace).ledger_url) as ledger:
        ledger.append("ASPEN", "coder", events, at=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))
    return workspace


def manifest(workspace: Path, **changes: object) -> Path:
    with Ledger.open(find_workspace(workspace).ledger_url) as ledger:
        head = ledger.head("ASPEN")
    data = {"study": "ASPEN", "ledger": {"sequence": head.sequence, "head": head.hash}, **changes}
    path = workspace / "manifest.json"
    path.write_text(json.dumps(data), encoding="utf-8")
    return path


def damage(workspace: Path, statement: str) -> None:
    with sqlite3.connect(workspace / "ledger.sqlite") as connection:
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for (name,) in names:
            connection.execute(f'DROP TRIGGER "{name}"')
        connection.execute(statement)
    connection.close()


def test_an_intact_ledger(terminal, recorded: Path) -> None:
    answer = terminal("ledger", "verify", "ASPEN", "--manifest", manifest(recorded), "--workspace", recorded)
    assert answer.code == 0
    assert answer.out.startswith(
        "ASPEN: the ledger is intact up to event 2 and agrees with the manifest.\n  head "
    )


def test_an_altered_event_is_named(terminal, recorded: Path) -> None:
    damage(recorded, "UPDATE event SET actor = 'nobody' WHERE sequence = 1")
    answer = terminal("ledger", "verify", "ASPEN", "--workspace", recorded)
    assert answer.code == 3
    assert answer.out.startswith("ASPEN: the ledger is NOT intact.\n  altered: event 1 ")
    found = json.loads(terminal("ledger", "verify", "ASPEN", "--workspace", recorded, "--json").out)
    assert (found["ok"], found["problems"][0]["sequence"]) == (False, 1)
    assert terminal("ledger", "rebuild", "ASPEN", "--workspace", recorded).code == 2


def test_a_manifest_shows_a_cut_end(terminal, recorded: Path) -> None:
    kept = manifest(recorded, ledger={"sequence": 3, "head": "a" * 64})
    answer = terminal("ledger", "verify", "ASPEN", "--manifest", kept, "--workspace", recorded)
    assert answer.code == 3
    assert "cut: events 3 to 3 are missing at the end" in answer.out


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "cannot be read as JSON"),
        ("[]", "is no manifest of a package"),
        ('{"study": "ASPEN"}', "is no manifest of a package"),
        ('{"study": "CEDAR", "ledger": {}}', "is the manifest of another study"),
        (
            '{"study": "ASPEN", "ledger": {"sequence": 1, "head": "x"}}',
            "the ledger head in it is not complete",
        ),
        ('{"study": "ASPEN", "ledger": {"sequence": true, "head": "' + "a" * 64 + '"}}', "is not complete"),
        ("[" * 100_000, "cannot be read as JSON"),
    ],
)
def test_what_is_no_manifest_is_refused(terminal, recorded: Path, content: str, message: str) -> None:
    path = recorded / "manifest.json"
    path.write_text(content, encoding="utf-8")
    answer = terminal("ledger", "verify", "ASPEN", "--manifest", path, "--workspace", recorded)
    assert (answer.code, answer.out) == (2, "")
    assert message in answer.err


def test_history_tells_who_when_what_and_why(terminal, recorded: Path, monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    tokens = ["ledger", "history", "ASPEN", "--verbatim", "HEAD  ACHE.", "--workspace", recorded]
    lines = terminal(*tokens).out.splitlines()
    assert "2     2026-01-02 03:04:05   coder" in lines[-1]
    assert "L1 first" in lines[-1] and "NEEDS_CODING → AUTOCODED" in lines[-1]
    assert "normalised; compounding; by rule; TRY 1 English" in lines[-1]
    entries = json.loads(terminal(*tokens, "--json").out)
    assert [(entry["action"], entry["actor"]) for entry in entries] == [
        ("request_opened", "coder"),
        ("decided", "coder"),
    ]
    assert entries[1]["at"] == "2026-01-02T03:04:05.000000Z"
    assert entries[1]["new_parts"] == [{"code": "L1", "text": "first", "modify": ""}]


def test_history_by_code_and_by_request(terminal, recorded: Path) -> None:
    by_code = terminal("ledger", "history", "ASPEN", "--code", "L1", "--workspace", recorded, "--json")
    assert [entry["sequence"] for entry in json.loads(by_code.out)] == [2]
    by_request = terminal("ledger", "history", "ASPEN", "--request", KEY, "--workspace", recorded, "--json")
    assert [entry["sequence"] for entry in json.loads(by_request.out)] == [1, 2]
    nothing = terminal("ledger", "history", "ASPEN", "--code", "L9", "--workspace", recorded)
    assert (nothing.code, nothing.out) == (0, "")
    assert nothing.err == "ASPEN: nothing is recorded about that\n"


def test_rebuild_mends_the_tables(terminal, recorded: Path) -> None:
    damage(recorded, "DELETE FROM request")
    assert terminal("ledger", "verify", "ASPEN", "--workspace", recorded).code == 3
    answer = terminal("ledger", "rebuild", "ASPEN", "--workspace", recorded)
    assert (answer.code, answer.out) == (0, "ASPEN: tables made anew from 2 events.\n")
    assert terminal("ledger", "verify", "ASPEN", "--workspace", recorded).code == 0


def test_rebuild_waits_for_nobody(terminal, recorded: Path) -> None:
    with find_workspace(recorded).hold_study("ASPEN"):
        answer = terminal("ledger", "rebuild", "ASPEN", "--workspace", recorded)
    assert answer.code == 4
    assert "study ASPEN is being worked on by tester" in answer.err


@pytest.mark.parametrize("verb", ["verify", "history", "rebuild"])
def test_a_study_that_is_not_there(terminal, recorded: Path, verb: str) -> None:
    answer = terminal("ledger", verb, "CEDAR", "--workspace", recorded)
    assert (answer.code, answer.out) == (2, "")
    assert "study CEDAR is not in this workspace; studies here: ASPEN" in answer.err
