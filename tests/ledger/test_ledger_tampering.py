"""Somebody edits the database behind the program's back: verify names the first event that shows it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from ledger_events import decided, exported, opened, status_changed

from coding.ledger import Head, Ledger, LedgerError, Tampering
from coding.ledger.chain import StoredEvent, event_hash
from schemas.vocabulary import Status

Rows = list[StoredEvent]
AT = datetime(2026, 3, 1, tzinfo=UTC)
EVENTS = [
    opened("Rash"),
    opened("Headache"),
    decided("Rash", "11"),
    decided("Headache", "12"),
    decided("Rash", "13", supersedes=3, reason="better term"),
    status_changed("Headache", Status.STALE, "verbatim changed"),
    opened("Cough"),
    exported(),
]


@pytest.fixture
def head(ledger: Ledger) -> Head:
    """The head of a study with eight events, which a manifest would hold."""
    ledger.append("OTHER", "ann", [opened("Rash"), opened("Cough")], at=AT)
    head = ledger.append("S", "ann", EVENTS, at=AT)
    assert ledger.verify("S", head).ok
    return head


def without_triggers(connection: sa.Connection) -> None:
    if connection.dialect.name == "sqlite":
        for trigger in ("event_no_update", "event_no_delete", "event_comes_next"):
            connection.exec_driver_sql(f"DROP TRIGGER {trigger}")
    else:
        connection.exec_driver_sql("ALTER TABLE event DISABLE TRIGGER USER")


def replace_events(engine: sa.Engine, change: Callable[[Rows], Rows]) -> None:
    """Take the events of S out and put others in, as an administrator could."""
    with engine.begin() as connection:
        without_triggers(connection)
        found = connection.execute(
            sa.text("SELECT * FROM event WHERE chain = 'study:S' ORDER BY sequence")
        ).all()
        connection.execute(sa.text("DELETE FROM event WHERE chain = 'study:S'"))
        values = ", ".join(f":{column}" for column in StoredEvent._fields)
        for row in change([StoredEvent(*row) for row in found]):
            connection.execute(sa.text(f"INSERT INTO event VALUES ({values})"), row._asdict())  # noqa: S608


def set_head(engine: sa.Engine, head: Head) -> None:
    with engine.begin() as connection:
        values = {"sequence": head.sequence, "hash": head.hash}
        connection.execute(
            sa.text("UPDATE chain SET sequence = :sequence, hash = :hash WHERE name = 'study:S'"), values
        )


def hashed(row: StoredEvent) -> StoredEvent:
    return row._replace(hash=event_hash(*row[:7]))


def relinked(rows: Rows) -> Rows:
    """Sequences, previous hashes and hashes all made anew: a forged chain that holds together."""
    made: Rows = []
    previous = "0" * 64
    for number, row in enumerate(rows, start=1):
        made.append(hashed(row._replace(sequence=number, previous_hash=previous)))
        previous = made[-1].hash
    return made


def changed(number: int, **values: str) -> Callable[[Rows], Rows]:
    return lambda rows: [row._replace(**values) if row.sequence == number else row for row in rows]


def removed(*numbers: int) -> Callable[[Rows], Rows]:
    return lambda rows: [row for row in rows if row.sequence not in numbers]


def renumbered(change: Callable[[Rows], Rows]) -> Callable[[Rows], Rows]:
    return lambda rows: [row._replace(sequence=number) for number, row in enumerate(change(rows), start=1)]


def swapped(first: int, second: int) -> Callable[[Rows], Rows]:
    new = {first: second, second: first}
    return lambda rows: [row._replace(sequence=new.get(row.sequence, row.sequence)) for row in rows]


def forged(number: int) -> Callable[[Rows], Rows]:
    """A made-up event at ``number``, well linked to the one before, everything after it moved by one."""

    def change(rows: Rows) -> Rows:
        before, after = rows[: number - 1], rows[number - 1 :]
        previous = before[-1].hash if before else "0" * 64
        made = hashed(rows[0]._replace(sequence=number, previous_hash=previous, actor="mallory"))
        return [*before, made, *(row._replace(sequence=row.sequence + 1) for row in after)]

    return change


def altered_with_hash(number: int) -> Callable[[Rows], Rows]:
    def change(rows: Rows) -> Rows:
        return [hashed(row._replace(actor="bob")) if row.sequence == number else row for row in rows]

    return change


def also_before_the_first(rows: Rows) -> Rows:
    return [hashed(rows[0]._replace(sequence=0)), *rows]


LATER = "2026-03-01T00:00:00.000001Z"
CASES: list[tuple[str, Callable[[Rows], Rows], Tampering, int]] = [
    ("payload", changed(5, payload="{}"), Tampering.ALTERED, 5),
    ("actor", changed(5, actor="bob"), Tampering.ALTERED, 5),
    ("time", changed(5, at=LATER), Tampering.ALTERED, 5),
    ("action", changed(5, action="exported"), Tampering.ALTERED, 5),
    ("hash", changed(5, hash="f" * 64), Tampering.ALTERED, 5),
    ("previous hash", changed(5, previous_hash="f" * 64), Tampering.ALTERED, 5),
    ("first", changed(1, actor="bob"), Tampering.ALTERED, 1),
    ("last", changed(8, actor="bob"), Tampering.ALTERED, 8),
    ("one and its hash", altered_with_hash(5), Tampering.ALTERED, 5),
    ("last and its hash", altered_with_hash(8), Tampering.HEAD, 8),
    ("one removed", removed(4), Tampering.REMOVED, 4),
    ("three removed", removed(3, 4, 5), Tampering.REMOVED, 3),
    ("first removed", removed(1), Tampering.REMOVED, 1),
    ("removed, renumbered", renumbered(removed(4)), Tampering.REMOVED, 4),
    ("first removed, renumbered", renumbered(removed(1)), Tampering.REMOVED, 1),
    ("cut", removed(7, 8), Tampering.CUT, 7),
    ("all cut", removed(*range(1, 9)), Tampering.CUT, 1),
    ("swapped", swapped(3, 6), Tampering.REORDERED, 3),
    ("neighbours swapped", swapped(4, 5), Tampering.REORDERED, 4),
    ("last moved away", swapped(8, 20), Tampering.REORDERED, 8),
    ("put in", forged(5), Tampering.INSERTED, 5),
    ("put in first", forged(1), Tampering.INSERTED, 1),
    ("added at the end", forged(9), Tampering.INSERTED, 9),
    ("before the first", also_before_the_first, Tampering.INSERTED, 0),
    ("hidden below", changed(1, sequence=-(2**62)), Tampering.REORDERED, 1),
]


@pytest.mark.parametrize(
    ("change", "kind", "sequence"), [case[1:] for case in CASES], ids=[c[0] for c in CASES]
)
def test_the_first_wrong_event_is_named(
    ledger: Ledger,
    raw: sa.Engine,
    head: Head,
    change: Callable[[Rows], Rows],
    kind: Tampering,
    sequence: int,
) -> None:
    replace_events(raw, change)
    found = ledger.verify("S")
    assert [(problem.kind, problem.sequence) for problem in found.problems] == [(kind, sequence)]
    assert not found.ok
    assert not found.derived_checked
    assert found.head.sequence in {max(sequence, 0), max(sequence - 1, 0)}
    with pytest.raises(LedgerError, match="nothing was rebuilt"):
        ledger.rebuild("S")
    assert ledger.verify("OTHER").ok


def test_a_cut_with_its_head_shows_against_a_manifest(ledger: Ledger, raw: sa.Engine, head: Head) -> None:
    sixth = next(Head(event.sequence, event.hash) for event in ledger.events("S", after=5))
    replace_events(raw, removed(7, 8))
    set_head(raw, sixth)
    assert ledger.verify("S", derived=False).ok
    (problem,) = ledger.verify("S", head, derived=False).problems
    assert (problem.kind, problem.sequence) == (Tampering.CUT, 7)
    assert "events 7 to 8 are missing" in problem.message


def test_a_chain_made_anew_shows_against_a_manifest(ledger: Ledger, raw: sa.Engine, head: Head) -> None:
    manifest = next(Head(event.sequence, event.hash) for event in ledger.events("S", after=6))
    replace_events(raw, lambda rows: relinked(changed(4, actor="bob")(rows)))
    last = list(ledger.events("S"))[-1]
    set_head(raw, Head(last.sequence, last.hash))
    assert ledger.verify("S", derived=False).ok
    (problem,) = ledger.verify("S", manifest).problems
    assert (problem.kind, problem.sequence) == (Tampering.ALTERED, 7)


@pytest.mark.parametrize("sequence", [1, 3, 8])
def test_an_older_head_agrees(ledger: Ledger, head: Head, sequence: int) -> None:
    old = next(Head(event.sequence, event.hash) for event in ledger.events("S", after=sequence - 1))
    assert ledger.verify("S", old).ok


def test_a_head_of_another_ledger_does_not(ledger: Ledger, head: Head) -> None:
    (problem,) = ledger.verify("S", Head(8, "e" * 64)).problems
    assert (problem.kind, problem.sequence) == (Tampering.ALTERED, 8)


@pytest.mark.parametrize(
    ("statement", "table"),
    [
        ("UPDATE request SET status = 'APPROVED' WHERE chain = 'study:S'", "request"),
        ("UPDATE request SET score = 0.5 WHERE chain = 'study:S'", "request"),
        ("DELETE FROM request WHERE chain = 'study:S'", "request"),
        ("UPDATE decision_part SET code = '99' WHERE chain = 'study:S'", "decision_part"),
        ("INSERT INTO decision_part VALUES ('study:S', 'k', 1, 'c', 't', '')", "decision_part"),
        (
            "INSERT INTO synonym VALUES ('study:S', 'k', 3, 'study', '', 'd', 'f', '', 'v', 'c', 't', 'r')",
            "synonym",
        ),
        (
            "INSERT INTO recoded_record VALUES ('study:S', 'k', 3, 'AE', 'AETERM', 'd', 's', 'r', 'a', 'b')",
            "recoded_record",
        ),
    ],
)
def test_derived_tables_that_differ_are_named_and_made_anew(
    ledger: Ledger, raw: sa.Engine, head: Head, statement: str, table: str
) -> None:
    before = ledger.requests("S"), ledger.decision_parts("S")
    with raw.begin() as connection:
        connection.exec_driver_sql(statement)
    found = ledger.verify("S", head)
    assert [(problem.kind, problem.sequence) for problem in found.problems] == [(Tampering.DERIVED, 0)]
    assert f"the table {table} differs" in found.problems[0].message
    assert found.head == head
    assert ledger.verify("S", head, derived=False).ok
    ledger.rebuild("S")
    assert ledger.verify("S", head).ok
    assert ledger.requests("S").equals(before[0])
    assert ledger.decision_parts("S").equals(before[1])
    assert len(ledger.requests("OTHER")) == 2


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE event SET actor = 'bob' WHERE sequence = 3",
        "UPDATE event SET sequence = 99 WHERE sequence = 3",
        "DELETE FROM event WHERE sequence = 3",
        "DELETE FROM event",
    ],
)
def test_the_database_refuses_to_change_an_event(
    ledger: Ledger, raw: sa.Engine, head: Head, statement: str
) -> None:
    with pytest.raises(sa.exc.DBAPIError, match="append-only"), raw.begin() as connection:
        connection.exec_driver_sql(statement)
    assert ledger.verify("S", head).ok


OVERWRITE = (
    "SELECT chain, sequence, at, 'bob', action, payload, previous_hash, hash FROM event WHERE sequence = 3"
)


@pytest.mark.parametrize("recursive", ["ON", "OFF"])
def test_sqlite_refuses_insert_or_replace(ledger: Ledger, raw: sa.Engine, head: Head, recursive: str) -> None:
    if raw.dialect.name != "sqlite":
        pytest.skip("PostgreSQL has no INSERT OR REPLACE")
    with pytest.raises(sa.exc.DBAPIError, match="append-only"), raw.begin() as connection:
        connection.exec_driver_sql(f"PRAGMA recursive_triggers = {recursive}")
        connection.exec_driver_sql(f"INSERT OR REPLACE INTO event {OVERWRITE}")
    assert ledger.verify("S", head).ok


@pytest.mark.parametrize(
    "statement",
    [
        "TRUNCATE event",
        f"INSERT INTO event {OVERWRITE} ON CONFLICT (chain, sequence) DO UPDATE SET actor = 'bob'",
    ],
)
def test_postgresql_refuses_truncate_and_overwriting(
    ledger: Ledger, raw: sa.Engine, head: Head, statement: str
) -> None:
    if raw.dialect.name != "postgresql":
        pytest.skip("SQLite has no such statement, or its triggers see it as an update")
    with pytest.raises(sa.exc.DBAPIError, match="append-only"), raw.begin() as connection:
        connection.exec_driver_sql(statement)
    assert ledger.verify("S", head).ok
