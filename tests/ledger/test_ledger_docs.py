"""The recipe in docs/ledger.md, run as an auditor would: on a CSV of the table, without the program."""

from __future__ import annotations

import csv
import re
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from ledger_events import configured, decided, opened

from coding.ledger import Ledger
from coding.ledger.chain import StoredEvent
from schemas.vocabulary import Action

DOCUMENT = Path(__file__).parents[2] / "docs" / "ledger.md"
RECIPE = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)


def check(events: Path) -> subprocess.CompletedProcess[str]:
    (program,) = RECIPE
    return subprocess.run(
        [sys.executable, "-I", "-c", program, events], capture_output=True, text=True, check=False
    )


@pytest.fixture
def exported_rows(ledger: Ledger, raw: sa.Engine) -> list[StoredEvent]:
    ledger.append(
        "S", 'Ann O\'Brien, "the coder"', [configured(long="x" * 300_000), opened("Übel \x00\n😀,")]
    )
    ledger.append("S", "=ann", [decided("Übel \x00\n😀,", "1", reason="a\r\nb\u2028c", score=0.25)])
    ledger.append("OTHER", "ann", [opened("Rash")])
    with raw.connect() as connection:
        found = connection.exec_driver_sql("SELECT * FROM event WHERE chain = 'study:S' ORDER BY sequence")
        return [StoredEvent(*row) for row in found]


def write(rows: list[StoredEvent], path: Path) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([StoredEvent._fields, *rows])
    return path


def test_an_auditor_needs_no_program(
    ledger: Ledger, exported_rows: list[StoredEvent], tmp_path: Path
) -> None:
    done = check(write(exported_rows, tmp_path / "events.csv"))
    assert (done.returncode, done.stderr) == (0, "")
    head = ledger.head("S")
    assert done.stdout.split() == ["3", head.hash]
    assert head.sequence == 3


@pytest.mark.parametrize("field", ["at", "actor", "action", "payload", "previous_hash", "hash", "chain"])
def test_an_auditor_sees_an_altered_event(
    exported_rows: list[StoredEvent], tmp_path: Path, field: str
) -> None:
    exported_rows[1] = exported_rows[1]._replace(**{field: "altered"})
    done = check(write(exported_rows, tmp_path / "events.csv"))
    assert (done.returncode, done.stderr.strip()) == (1, "event 2 is not what was recorded")


def test_an_auditor_sees_a_removed_event(exported_rows: list[StoredEvent], tmp_path: Path) -> None:
    done = check(write(exported_rows[:1] + exported_rows[2:], tmp_path / "events.csv"))
    assert (done.returncode, done.stderr.strip()) == (1, "event 2 is not what was recorded")


@pytest.mark.parametrize("word", [*Action, *StoredEvent._fields])
def test_every_action_and_column_is_documented(word: str) -> None:
    assert f"| `{word}` |" in DOCUMENT.read_text(encoding="utf-8")
