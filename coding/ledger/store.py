"""Derived tables in the database: the one way from events to rows, for appending and rebuilding."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from coding.ledger.chain import StoredEvent
from coding.ledger.database import Database
from coding.ledger.derive import (
    Derived,
    RequestRow,
    columns_of,
    part_tuple,
    recoded_tuple,
    request_tuple,
    synonym_tuple,
)
from coding.ledger.tables import DECISION_PART, DERIVED, EVENT, RECODED_RECORD, REQUEST, SYNONYM

#: Events taken into memory at once, in writing and in reading.
BATCH = 20_000
PAGE = 5_000

Rows = list[tuple[Any, ...]]


def event_page(
    connection: sa.Connection, name: str, after: int, conditions: Sequence[sa.ColumnElement[bool]] = ()
) -> list[StoredEvent]:
    """The next PAGE events of a chain after a sequence; fewer at its end."""
    query = sa.select(EVENT).where(EVENT.c.chain == name, EVENT.c.sequence > after, *conditions)
    found = connection.execute(query.order_by(EVENT.c.sequence).limit(PAGE))
    return list(map(StoredEvent._make, found.all()))


def event_pages(connection: sa.Connection, name: str) -> Iterator[list[StoredEvent]]:
    """All events of a chain as one transaction sees them, page by page."""
    # Below every sequence that could be written by hand, so that none hides before the first.
    after = -(2**63)
    while rows := event_page(connection, name, after):
        yield rows
        after = rows[-1].sequence


def event_after(connection: sa.Connection, name: str, previous_hash: str) -> StoredEvent | None:
    """The event that was recorded after the one with a hash, wherever it stands now."""
    query = sa.select(EVENT).where(EVENT.c.chain == name, EVENT.c.previous_hash == previous_hash)
    row = connection.execute(query.order_by(EVENT.c.sequence).limit(1)).one_or_none()
    return StoredEvent(*row) if row else None


def store_derived(
    database: Database, connection: sa.Connection, name: str, rows: Sequence[StoredEvent]
) -> None:
    """Fold a batch of a chain's events into its derived tables. Raises LedgerError where an event
    does not fit."""
    decided_before: list[str] = []

    def load(keys: list[str]) -> Iterator[RequestRow]:
        for row in _load(database, connection, name, keys):
            if row.decision:
                decided_before.append(row.key)
            yield row

    derived = Derived()
    derived.fold(rows, load)
    replaced = [key for key in decided_before if key in derived.parts]
    _remove(database, connection, DECISION_PART, name, replaced)
    withdrawn = [key for key, row in derived.synonyms.items() if row is None]
    _remove(database, connection, SYNONYM, name, withdrawn)
    for table, tuples in as_tuples(derived, name).items():
        database.upsert(connection, table, tuples)


def as_tuples(derived: Derived, name: str) -> dict[sa.Table, Rows]:
    """The rows of each derived table, in its column order."""
    chain = (name,)
    return {
        REQUEST: [chain + request_tuple(row) for row in derived.requests.values()],
        DECISION_PART: [chain + part_tuple(row) for parts in derived.parts.values() for row in parts],
        SYNONYM: [chain + synonym_tuple(row) for row in derived.synonyms.values() if row is not None],
        RECODED_RECORD: [chain + recoded_tuple(row) for row in derived.recoded.values()],
    }


def clear_derived(connection: sa.Connection, name: str) -> None:
    """Empty a chain's derived tables."""
    for table in DERIVED:
        connection.execute(sa.delete(table).where(table.c.chain == name))


def derived_differences(connection: sa.Connection, name: str, derived: Derived) -> dict[str, int]:
    """How many rows of each derived table are not what ``derived`` says; tables that agree are left
    out."""
    differences: dict[str, int] = {}
    for table, tuples in as_tuples(derived, name).items():
        expected = set(tuples)
        stored = {
            tuple(row) for row in connection.execute(sa.select(table).where(table.c.chain == name)).all()
        }
        keys = len(table.primary_key)
        wrong = {row[:keys] for row in expected ^ stored}
        if wrong:
            differences[table.name] = len(wrong)
    return differences


def _load(database: Database, connection: sa.Connection, name: str, keys: list[str]) -> Iterable[RequestRow]:
    if not keys:
        return []
    columns = [REQUEST.c[column] for column in columns_of(RequestRow)]
    found = connection.execute(
        sa.select(*columns).where(REQUEST.c.chain == name, database.among(REQUEST.c.key, keys))
    )
    return [RequestRow(*row) for row in found.all()]


def _remove(
    database: Database, connection: sa.Connection, table: sa.Table, name: str, keys: list[str]
) -> None:
    if keys:
        connection.execute(sa.delete(table).where(table.c.chain == name, database.among(table.c.key, keys)))
