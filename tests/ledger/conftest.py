"""An empty ledger on each database: every test that asks for ``ledger_url`` runs on both."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from coding.ledger import Ledger

_NUMBERS = itertools.count(1)
_TEMPLATE = "trialcoder_test_template"


def _renamed(url: str, database: str) -> str:
    return sa.make_url(url).set(database=database).render_as_string(hide_password=False)


@pytest.fixture(scope="session")
def postgres_administration(postgres_url: str) -> Iterator[sa.Connection]:
    """A connection that makes and drops databases."""
    engine = sa.create_engine(postgres_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


@pytest.fixture(scope="session")
def migrated_template(postgres_administration: sa.Connection, postgres_url: str) -> Iterator[str]:
    """A database with the ledger's tables, to be copied: quicker than migrating for each test."""
    postgres_administration.exec_driver_sql(f"DROP DATABASE IF EXISTS {_TEMPLATE} WITH (FORCE)")
    postgres_administration.exec_driver_sql(f"CREATE DATABASE {_TEMPLATE} TEMPLATE template0")
    Ledger.open(_renamed(postgres_url, _TEMPLATE)).close()
    yield _TEMPLATE
    postgres_administration.exec_driver_sql(f"DROP DATABASE {_TEMPLATE} WITH (FORCE)")


def _postgres_database(request: pytest.FixtureRequest, template: str) -> Iterator[str]:
    administration = request.getfixturevalue("postgres_administration")
    name = f"trialcoder_test_{next(_NUMBERS)}"
    administration.exec_driver_sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    administration.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE {template}")
    yield _renamed(request.getfixturevalue("postgres_url"), name)
    administration.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")


_BOTH = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]


@pytest.fixture(params=_BOTH)
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database without tables (for SQLite: no file yet)."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    else:
        yield from _postgres_database(request, "template0")


@pytest.fixture(params=_BOTH)
def ledger_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database with the ledger's tables."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    else:
        yield from _postgres_database(request, request.getfixturevalue("migrated_template"))


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
