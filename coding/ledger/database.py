"""The database under a ledger: opened, migrated, locked for one writer, its errors in plain words."""

from __future__ import annotations

import contextlib
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError

from coding.ledger.chain import EMPTY, Head, LedgerError
from coding.ledger.tables import CHAIN, METADATA, REVISION, VERSION_TABLE

_ALLOWED = "allowed: sqlite:///PATH and postgresql+psycopg://USER@HOST/DATABASE"


class Database(ABC):
    """What SQLite and PostgreSQL do differently, and what both need around it.

    ``place`` names the database in messages (without a password); ``wait`` is how many seconds a
    writer waits for another.
    """

    def __init__(self, engine: sa.Engine, place: str, wait: float) -> None:
        self.engine = engine
        self.place = place
        self.wait = wait

    @abstractmethod
    def reading(self) -> contextlib.AbstractContextManager[sa.Connection]:
        """A connection that sees one state of the database, whoever writes meanwhile."""

    @abstractmethod
    def writing(self, name: str | None) -> contextlib.AbstractContextManager[sa.Connection]:
        """A transaction that is the only one to write the chain of that name (None: to migrate)."""

    @abstractmethod
    def insert(self, connection: sa.Connection, table: sa.Table, rows: Sequence[tuple[Any, ...]]) -> None:
        """Add rows given in the table's column order."""

    @abstractmethod
    def upsert(self, connection: sa.Connection, table: sa.Table, rows: Sequence[tuple[Any, ...]]) -> None:
        """Add rows, or put them in the place of those with the same primary key."""

    @abstractmethod
    def among(self, column: sa.Column[str], keys: list[str]) -> sa.ColumnElement[bool]:
        """The condition that a column is one of many keys."""

    @abstractmethod
    def contains(self, column: sa.Column[str], text: str) -> sa.ColumnElement[bool]:
        """The condition that a column contains a text, to the letter."""

    @abstractmethod
    def explain(self, error: BaseException | None) -> LedgerError:
        """An error of the database's driver in plain words, without what it was about."""

    def close(self) -> None:
        """Give back every connection."""
        self.engine.dispose()

    def head(self, connection: sa.Connection, name: str) -> Head:
        """The recorded head of a chain; EMPTY when there is none."""
        row = connection.execute(
            sa.select(CHAIN.c.sequence, CHAIN.c.hash).where(CHAIN.c.name == name)
        ).one_or_none()
        return Head(row.sequence, row.hash) if row else EMPTY

    @contextlib.contextmanager
    def plain_errors(self) -> Iterator[None]:
        """Database errors leave as LedgerError, without the rows and values they quote."""
        try:
            yield
        except DBAPIError as error:
            raise self.explain(error.orig) from None
        except self.engine.dialect.loaded_dbapi.Error as error:
            # Where SQLAlchemy is not in between: a new connection, COPY.
            raise self.explain(error) from None
        except SQLAlchemyError as error:
            raise LedgerError(f"the ledger {self.place} cannot be used ({type(error).__name__})") from None

    def migrate(self) -> None:
        """Bring the tables to this version's state. Raises LedgerError for a newer database."""
        with self.reading() as connection:
            if self._revision(connection) == REVISION:
                return
        from alembic import command
        from alembic.config import Config
        from alembic.script import ScriptDirectory

        config = Config()
        config.set_main_option("script_location", "coding.ledger:migrations")
        config.set_main_option("path_separator", "os")
        known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
        with self.writing(None) as connection:
            # Asked again: another process may have migrated while this one waited.
            found = self._revision(connection)
            if found is None:
                self._refuse_strangers(connection)
            elif found not in known:
                raise LedgerError(
                    f"the ledger {self.place} was made by a newer trialcoder (its tables have version "
                    f"{found[:40]!a}, this program knows {REVISION}); use the newer program"
                )
            config.attributes["connection"] = connection
            command.upgrade(config, "head")

    def _revision(self, connection: sa.Connection) -> str | None:
        if not sa.inspect(connection).has_table(VERSION_TABLE):
            return None
        version = sa.table(VERSION_TABLE, sa.column("version_num", sa.Text))
        return connection.execute(sa.select(version.c.version_num)).scalars().first()

    def _refuse_strangers(self, connection: sa.Connection) -> None:
        names = sorted(set(sa.inspect(connection).get_table_names()) & set(METADATA.tables))
        if names:
            raise LedgerError(
                f"the database {self.place} holds tables of another program ({names[0]}); "
                "give the ledger a database of its own"
            )


def open_database(url: str, wait: float) -> Database:
    """Connect and migrate. Raises LedgerError."""
    try:
        parsed = sa.make_url(url)
    except (ArgumentError, ValueError):
        # SQLAlchemy's own message quotes the URL, password and all.
        raise LedgerError(f"the ledger's URL cannot be read; {_ALLOWED}") from None
    try:
        database = _connect(parsed, wait)
    except (ImportError, NoSuchModuleError):
        raise LedgerError(
            "the PostgreSQL driver is not installed; install it with `pip install 'psycopg[binary]'`"
        ) from None
    try:
        with database.plain_errors():
            database.migrate()
    except BaseException:
        database.close()
        raise
    return database


def _connect(url: sa.URL, wait: float) -> Database:
    if url.drivername in {"sqlite", "sqlite+pysqlite"}:
        from coding.ledger.sqlite import SqliteDatabase

        return SqliteDatabase.connect(url, wait)
    if url.drivername in {"postgresql", "postgresql+psycopg"}:
        from coding.ledger.postgresql import PostgresqlDatabase

        return PostgresqlDatabase.connect(url.set(drivername="postgresql+psycopg"), wait)
    raise LedgerError(f"the ledger cannot be kept in {url.drivername[:40]!a}; {_ALLOWED}")
