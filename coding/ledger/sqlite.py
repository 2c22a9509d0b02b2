"""The ledger in one SQLite file: write-ahead log, so that reading goes on while somebody writes."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import time
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Self

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

from coding.ledger.chain import LedgerBusyError, LedgerError
from coding.ledger.database import Database

_WRITES = "ledger_writes"


class SqliteDatabase(Database):
    """One file, one writer at a time for all its chains."""

    @classmethod
    def connect(cls, url: sa.URL, wait: float) -> Self:
        """Open or make the file. Raises LedgerError."""
        if not url.database or url.database == ":memory:" or url.query:
            raise LedgerError("the ledger's URL names no file; write sqlite:///PATH")
        path = Path(url.database)
        if not path.parent.is_dir():
            raise LedgerError(f"{path.parent}: no such folder for the ledger; make it first")
        engine = sa.create_engine(url, hide_parameters=True, connect_args={"timeout": wait})
        sa.event.listen(engine, "connect", _prepare)
        sa.event.listen(engine, "begin", _begin)
        database = cls(engine, str(path), wait)
        with database.plain_errors():
            database._use_write_ahead_log()
        return database

    def _use_write_ahead_log(self) -> None:
        # Changing the mode does not wait for others as a transaction would; the mode stays in the file.
        until = time.monotonic() + self.wait
        while True:
            try:
                with contextlib.closing(self.engine.raw_connection()) as connection:
                    connection.cursor().execute("PRAGMA journal_mode = WAL")
                return
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() > until:
                    raise
                time.sleep(0.05)

    @contextlib.contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        with self.plain_errors(), self.engine.connect() as connection, connection.begin():
            yield connection

    @contextlib.contextmanager
    def writing(self, name: str | None) -> Iterator[sa.Connection]:
        with self.plain_errors(), self.engine.connect() as connection:
            connection.execution_options(**{_WRITES: True})
            with connection.begin():
                yield connection

    def insert(self, connection: sa.Connection, table: sa.Table, rows: Sequence[tuple[Any, ...]]) -> None:
        if rows:
            connection.exec_driver_sql(_insert_sql(table), list(rows))

    def upsert(self, connection: sa.Connection, table: sa.Table, rows: Sequence[tuple[Any, ...]]) -> None:
        if rows:
            connection.exec_driver_sql(_upsert_sql(table), sorted(rows, key=lambda row: row[:2]))

    def among(self, column: sa.Column[str], keys: list[str]) -> sa.ColumnElement[bool]:
        # One parameter for any number of keys.
        values = sa.func.json_each(json.dumps(keys)).table_valued("value")
        return column.in_(sa.select(values.c.value))

    def contains(self, column: sa.Column[str], text: str) -> sa.ColumnElement[bool]:
        return sa.func.instr(column, text) > 0

    def explain(self, error: BaseException | None) -> LedgerError:
        said = str(error)
        for sign, explanation in _EXPLANATIONS.items():
            if sign in said:
                kind = LedgerBusyError if "locked" in sign else LedgerError
                return kind(f"the ledger {self.place} {explanation}")
        return LedgerError(f"the ledger {self.place} cannot be used ({type(error).__name__})")


_EXPLANATIONS = {
    "database is locked": "is being written by somebody else for too long; try again later",
    "database table is locked": "is being written by somebody else for too long; try again later",
    "readonly database": "cannot be written: the file or its folder is read-only; change its permissions",
    "unable to open database file": "cannot be opened: file or folder may not be read or written; "
    "check its permissions",
    "disk is full": "cannot grow: the disk is full; nothing of this step was recorded, so free some space "
    "and run it again",
    "not a database": "is not a ledger but some other file; correct the ledger's path",
    "malformed": "is damaged; restore it from a backup",
    "disk I/O error": "cannot be read or written: the disk reports an error",
    "append-only": "is append-only: an event that is there is never changed",
}


def _prepare(connection: sqlite3.Connection, _record: object) -> None:
    # sqlite3 would begin transactions by itself, and too late: _begin does it.
    connection.isolation_level = None
    cursor = connection.cursor()
    # Without it INSERT OR REPLACE deletes a row and fires no trigger.
    cursor.execute("PRAGMA recursive_triggers = ON")
    # A decision that was acknowledged survives a power cut.
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA cache_size = -65536")
    cursor.close()


def _begin(connection: sa.Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@cache
def _insert_sql(table: sa.Table) -> str:
    return str(sqlite.insert(table).compile(dialect=sqlite.dialect(paramstyle="qmark")))


@cache
def _upsert_sql(table: sa.Table) -> str:
    keys = [column.name for column in table.primary_key]
    insert = sqlite.insert(table)
    changes = {column.name: insert.excluded[column.name] for column in table.c if column.name not in keys}
    statement = insert.on_conflict_do_update(index_elements=keys, set_=changes)
    return str(statement.compile(dialect=sqlite.dialect(paramstyle="qmark")))
