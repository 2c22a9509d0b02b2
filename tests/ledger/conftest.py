"""An empty ledger on each database: every test that asks for ``ledger_url`` runs on both."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from coding.ledger import Ledger
from coding.ledger.tables import METADATA


@pytest.fixture(scope="session")
def postgres_administration(postgres_url: str) -> Iterator[sa.Connection]:
    """A connection that makes and drops databases."""
    engine = sa.create_engine(postgres_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


@pytest.fixture(scope="session")
def migrated_database(postgres_administration: sa.Connection, postgres_url: str) -> Iterator[str]:
    """The URL of one database with the ledger's tables, for all tests one after the other."""
    with _database(postgres_administration, postgres_url, "trialcoder_test_ledger") as url:
        Ledger.open(url).close()
        yield url


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with the ledger's tables, to be copied."""
    path = tmp_path_factory.mktemp("ledger") / "ledger.sqlite"
    Ledger.open(f"sqlite:///{path}").close()
    return path


@contextlib.contextmanager
def _database(administration: sa.Connection, url: str, name: str) -> Iterator[str]:
    administration.exec_driver_sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    administration.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'")
    yield sa.make_url(url).set(database=name).render_as_string(hide_password=False)
    administration.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def empty_it(migrated_database: str) -> Iterator[Callable[[], None]]:
    """Makes that database as if nothing had ever been recorded: much quicker than making another."""
    engine = sa.create_engine(migrated_database, poolclass=sa.NullPool)
    statements = [
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()",
        "ALTER TABLE event DISABLE TRIGGER USER",
        *(f"DELETE FROM {table}" for table in METADATA.tables),  # noqa: S608
        "ALTER TABLE event ENABLE TRIGGER USER",
    ]

    def empty() -> None:
        with engine.begin() as connection:
            connection.exec_driver_sql("; ".join(statements))

    yield empty
    engine.dispose()


_BOTH = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]


@pytest.fixture(params=_BOTH)
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database without tables (for SQLite: no file yet)."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    else:
        server = request.getfixturevalue("postgres_url")
        with _database(request.getfixturevalue("postgres_administration"), server, "trialcoder_test") as url:
            yield url


@pytest.fixture(params=_BOTH)
def ledger_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database with the ledger's tables."""
    if request.param == "sqlite":
        copy = shutil.copy(request.getfixturevalue("migrated_file"), tmp_path)
        yield f"sqlite:///{copy}"
    else:
        request.getfixturevalue("empty_it")()
        yield request.getfixturevalue("migrated_database")


@pytest.fixture
def ledger(ledger_url: str) -> Iterator[Ledger]:
    with Ledger.open(ledger_url, wait=20) as opened:
        yield opened


@pytest.fixture
def raw(ledger_url: str) -> Iterator[sa.Engine]:
    """The database as somebody else gets at it, without the program."""
    engine = sa.create_engine(ledger_url)
    yield engine
    engine.dispose()
