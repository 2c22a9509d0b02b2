"""The ledger on a PostgreSQL server: one writer per chain, rows brought in by COPY."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any, Self, cast

import psycopg
import sqlalchemy as sa
from psycopg import sql
from sqlalchemy.dialects import postgresql

from coding.ledger.chain import EMPTY, LedgerBusyError, LedgerError
from coding.ledger.database import Database
from coding.ledger.tables import CHAIN

#: Any constant number of our own: who migrates holds it.
_MIGRATION_LOCK = 7_426_253_001

#: Up to so many rows COPY by way of a temporary table does not pay.
FEW = 200


class PostgresqlDatabase(Database):
    """A database on a server; chains are written independently of each other."""

    @classmethod
    def connect(cls, url: sa.URL, wait: float) -> Self:
        """Connect. Raises LedgerError when the server cannot be used."""
        told = {} if "connect_timeout" in url.query else {"connect_timeout": 10}
        engine = sa.create_engine(url, hide_parameters=True, connect_args=told)
        place = sa.URL.create("postgresql", host=url.host, port=url.port, database=url.database)
        database = cls(engine, place.render_as_string(), wait)
        with database.reading() as connection:
            encoding = connection.exec_driver_sql("SHOW server_encoding").scalar()
        if encoding != "UTF8":
            engine.dispose()
            raise LedgerError(
                f"the database {database.place} stores text as {encoding}; make one with ENCODING 'UTF8'"
            )
        return database

    @contextlib.contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        with self.plain_errors(), self.engine.connect() as connection:
            connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            with connection.begin():
                yield connection

    @contextlib.contextmanager
    def writing(self, name: str | None) -> Iterator[sa.Connection]:
        with self.plain_errors(), self.engine.connect() as connection:
            connection.execution_options(isolation_level="READ COMMITTED")
            with connection.begin():
                timeout = f"{max(1, round(self.wait * 1000))}ms"
                connection.execute(sa.select(sa.func.set_config("lock_timeout", timeout, True)))
                if name is None:
                    connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_MIGRATION_LOCK)))
                else:
                    self._lock(connection, name)
                yield connection

    def _lock(self, connection: sa.Connection, name: str) -> None:
        first = postgresql.insert(CHAIN).values(name=name, sequence=EMPTY.sequence, hash=EMPTY.hash)
        connection.execute(first.on_conflict_do_nothing())
        connection.execute(sa.select(CHAIN.c.name).where(CHAIN.c.name == name).with_for_update())

    def insert(self, connection: sa.Connection, table: sa.Table, rows: Sequence[tuple[Any, ...]]) -> None:
        if rows:
            self._copy(connection, table, rows)

    def upsert(self, connection: sa.Connection, table: sa.Table, rows: Sequence[tuple[Any, ...]]) -> None:
        if not rows:
            return
        keys = [column.name for column in table.primary_key]
        insert = postgresql.insert(table)
        changes = {c.name: insert.excluded[c.name] for c in table.c if c.name not in keys}
        names = [column.name for column in table.c]
        if len(rows) <= FEW:
            put = insert.on_conflict_do_update(index_elements=keys, set_=changes)
            connection.execute(put, [dict(zip(names, row, strict=True)) for row in rows])
            return
        staging = sa.Table(
            f"staging_{table.name}",
            sa.MetaData(),
            *(sa.Column(column.name, column.type) for column in table.c),
            prefixes=["TEMPORARY"],
            postgresql_on_commit="DROP",
        )
        staging.create(connection, checkfirst=False)
        self._copy(connection, staging, rows)
        every = insert.from_select(names, sa.select(staging))
        connection.execute(every.on_conflict_do_update(index_elements=keys, set_=changes))
        staging.drop(connection, checkfirst=False)

    def _copy(self, connection: sa.Connection, table: sa.Table, rows: Sequence[tuple[Any, ...]]) -> None:
        statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
            sql.Identifier(table.name), sql.SQL(", ").join(sql.Identifier(column.name) for column in table.c)
        )
        driver = cast("psycopg.Connection[Any]", connection.connection.driver_connection)
        with driver.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row)

    def among(self, column: sa.Column[str], keys: list[str]) -> sa.ColumnElement[bool]:
        return column == sa.any_(sa.literal(keys, postgresql.ARRAY(sa.Text)))

    def contains(self, column: sa.Column[str], text: str) -> sa.ColumnElement[bool]:
        return sa.func.strpos(column, text) > 0

    def explain(self, error: BaseException | None) -> LedgerError:
        state = getattr(error, "sqlstate", None)
        explanation = _EXPLANATIONS.get(state or "")
        if explanation:
            kind = LedgerBusyError if state in _BUSY else LedgerError
            return kind(f"the ledger {self.place} {explanation}")
        if state is None and isinstance(error, psycopg.OperationalError):
            # The server said nothing in its own code: not reached, refused, or gone while we spoke.
            return LedgerError(f"the ledger {self.place} {_connection_trouble(str(error))}")
        detail = f"{type(error).__name__} {state or ''}".strip()
        return LedgerError(f"the ledger {self.place} cannot be used ({detail})")


_BUSY = {"55P03", "40001", "40P01"}
_EXPLANATIONS = {
    "55P03": "is being written by somebody else for too long; try again later",
    "40001": "was written by somebody else at the same time; try again",
    "40P01": "was written by somebody else at the same time; try again",
    "53100": "cannot grow: the server's disk is full; nothing of this step was recorded",
    "25006": "cannot be written: the server is read-only",
    "42501": "cannot be used: the database user lacks the permission; ask the server's administrator",
    "57P01": "was stopped by its administrator; nothing of this step was recorded",
    "P0001": "is append-only: an event that is there is never changed",
}
_TROUBLE = {
    "password authentication failed": "cannot be opened: user name or password is wrong",
    "no password supplied": "cannot be opened: it needs a password",
    "does not exist": "cannot be opened: the server knows no such database or user",
    "Connection refused": "cannot be reached: no server answers there",
    "No such file or directory": "cannot be reached: no server answers there",
    "resolve host": "cannot be reached: the server's name is not known",
    "timeout": "cannot be reached: the server does not answer in time",
    "too many": "cannot be opened: the server has too many connections",
}


def _connection_trouble(said: str) -> str:
    for sign, explanation in _TROUBLE.items():
        if sign in said:
            return explanation
    return "cannot be reached, or the connection was lost; nothing of this step was recorded"
