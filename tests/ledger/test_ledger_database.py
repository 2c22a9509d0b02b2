"""The database under the ledger: made, migrated, killed, full, locked, not ours."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from ledger_events import opened

from coding.ledger import Ledger, LedgerBusyError, LedgerError, NewEvent
from coding.ledger.tables import METADATA, REVISION, VERSION_TABLE

PASSWORD = "correct horse"


def test_an_empty_database_is_migrated_once(empty_url: str) -> None:
    for sequence in (1, 2):
        with Ledger.open(empty_url) as ledger:
            assert ledger.append("S", "ann", [opened(f"event {sequence}")]).sequence == sequence
            assert ledger.verify("S").ok


def test_migrations_make_the_tables_that_the_program_expects(empty_url: str) -> None:
    Ledger.open(empty_url).close()
    engine = sa.create_engine(empty_url)
    with engine.connect() as connection:
        options = {"version_table": VERSION_TABLE, "compare_type": True}
        assert compare_metadata(MigrationContext.configure(connection, opts=options), METADATA) == []
    engine.dispose()


def test_the_newest_migration_is_the_one_that_is_expected() -> None:
    config = Config()
    config.set_main_option("script_location", "coding.ledger:migrations")
    assert ScriptDirectory.from_config(config).get_current_head() == REVISION


def test_many_may_open_an_empty_database_at_once(empty_url: str) -> None:
    heads: list[int] = []

    def use(number: int) -> None:
        with Ledger.open(empty_url, wait=60) as ledger:
            heads.append(ledger.append(f"S{number}", "ann", [opened("a")]).sequence)

    threads = [threading.Thread(target=use, args=(number,)) for number in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert heads == [1] * 5


def test_a_newer_ledger_is_refused(ledger_url: str, raw: sa.Engine) -> None:
    Ledger.open(ledger_url).close()
    with raw.begin() as connection:
        connection.execute(sa.text(f"UPDATE {VERSION_TABLE} SET version_num = '0099'"))  # noqa: S608
    try:
        with pytest.raises(LedgerError, match=r"newer trialcoder.*'0099'.*use the newer program"):
            Ledger.open(ledger_url)
    finally:
        with raw.begin() as connection:
            connection.execute(sa.text(f"UPDATE {VERSION_TABLE} SET version_num = '{REVISION}'"))  # noqa: S608


def test_another_program_s_database_is_refused_and_left_alone(empty_url: str) -> None:
    engine = sa.create_engine(empty_url)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE request (id integer)")
    with pytest.raises(LedgerError, match="holds tables of another program"):
        Ledger.open(empty_url)
    assert sa.inspect(engine).get_table_names() == ["request"]
    engine.dispose()


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("", "URL cannot be read"),
        ("ledger.sqlite", "URL cannot be read"),
        (f"postgresql+psycopg://zoe:{PASSWORD}@db:port/x", "URL cannot be read"),
        (f"mysql://zoe:{PASSWORD}@db/ledger", "cannot be kept in 'mysql'; allowed: sqlite"),
        ("sqlite://", "names no file"),
        ("sqlite:///:memory:", "names no file"),
        ("sqlite:////no/such/folder/ledger.sqlite", "no such folder"),
        (f"postgresql+psycopg://zoe:{PASSWORD}@/ledger?host=/no/such/folder", "no server answers"),
        (f"postgresql://zoe:{PASSWORD}@127.0.0.1:1/ledger", "no server answers"),
    ],
)
def test_urls_that_lead_nowhere(url: str, message: str) -> None:
    with pytest.raises(LedgerError, match=message) as caught:
        Ledger.open(url)
    assert PASSWORD not in str(caught.value)
    assert "correct%20horse" not in str(caught.value)
    assert "zoe" not in str(caught.value)


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("change", "message"),
    [({"database": "nowhere"}, "no such database"), ({"username": "nobody"}, "no such database or user")],
)
def test_servers_that_refuse(postgres_url: str, change: dict[str, str], message: str) -> None:
    url = sa.make_url(postgres_url).set(**change)
    with pytest.raises(LedgerError, match=message):
        Ledger.open(url.render_as_string(hide_password=False))


@pytest.mark.postgres
def test_a_database_that_cannot_hold_all_text_is_refused(
    postgres_administration: sa.Connection, postgres_url: str
) -> None:
    postgres_administration.exec_driver_sql(
        "CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'"
    )
    try:
        url = sa.make_url(postgres_url).set(database="latin").render_as_string(hide_password=False)
        with pytest.raises(LedgerError, match="stores text as LATIN1"):
            Ledger.open(url)
    finally:
        postgres_administration.exec_driver_sql("DROP DATABASE latin")


@pytest.mark.postgres
def test_the_rights_that_the_documentation_names_are_enough(migrated_database: str) -> None:
    engine = sa.create_engine(migrated_database)
    others = [table.name for table in METADATA.sorted_tables if table.name != "event"]
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE ROLE coder LOGIN")
        connection.exec_driver_sql("GRANT SELECT, INSERT ON event TO coder")
        connection.exec_driver_sql(
            f"GRANT SELECT, INSERT, UPDATE, DELETE ON {', '.join(others)}, {VERSION_TABLE} TO coder"
        )
    try:
        url = sa.make_url(migrated_database).set(username="coder").render_as_string(hide_password=False)
        with Ledger.open(url) as ledger:
            ledger.append("RIGHTS", "ann", [opened("Rash")])
            ledger.rebuild("RIGHTS")
            assert ledger.verify("RIGHTS").ok
    finally:
        with engine.begin() as connection:
            connection.exec_driver_sql("DROP OWNED BY coder")
            connection.exec_driver_sql("DROP ROLE coder")
        engine.dispose()


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    path.write_text("dear diary, " * 500)
    with pytest.raises(LedgerError, match="some other file; correct the ledger's path"):
        Ledger.open(f"sqlite:///{path}")
    assert path.read_text() == "dear diary, " * 500


def test_a_folder_in_the_file_s_place(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="cannot be opened: file or folder"):
        Ledger.open(f"sqlite:///{tmp_path}")


def test_a_damaged_file_is_told(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    with Ledger.open(f"sqlite:///{path}") as ledger:
        ledger.append("S", "ann", [opened(f"event {number}") for number in range(2_000)])
    content = bytearray(path.read_bytes())
    content[len(content) // 2 :] = b"\xff" * (len(content) - len(content) // 2)
    path.write_bytes(content)
    with Ledger.open(f"sqlite:///{path}") as ledger, pytest.raises(LedgerError, match="damaged; restore it"):
        ledger.verify("S")


@pytest.fixture
def unprivileged() -> Iterator[Path]:
    """A folder of root's, as somebody else sees it (or a read-only one, where the tests do not run as
    root)."""
    folder = Path(tempfile.mkdtemp(prefix="trialcoder-"))
    root = os.geteuid() == 0
    yield folder
    if root:
        os.seteuid(0)
    folder.chmod(0o755)
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()


@pytest.mark.skipif(sys.platform == "win32", reason="folders have no such permissions")
@pytest.mark.parametrize("existing", [True, False])
def test_a_read_only_folder(unprivileged: Path, existing: bool) -> None:
    url = f"sqlite:///{unprivileged / 'ledger.sqlite'}"
    if existing:
        Ledger.open(url).close()
        (unprivileged / "ledger.sqlite").chmod(0o444)
    unprivileged.chmod(0o555)
    if os.geteuid() == 0:
        os.seteuid(65534)
    with (
        pytest.raises(LedgerError, match=r"(check|change) its permissions"),
        Ledger.open(url) as ledger,
    ):
        ledger.append("S", "ann", [opened("a")])


def test_a_full_disk_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("coding.ledger.store.BATCH", 100)
    url = f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    with Ledger.open(url) as ledger:
        head = ledger.append("S", "ann", [opened("a")])

    def limit(connection: sqlite3.Connection, _: object) -> None:
        # What SQLite then says is what it says on a full disk.
        connection.execute("PRAGMA max_page_count = 60")

    sa.event.listen(sa.Engine, "connect", limit)
    try:
        with Ledger.open(url) as ledger:
            with pytest.raises(LedgerError, match="the disk is full; nothing of this step was recorded"):
                ledger.append("S", "ann", [opened(f"event {number}") for number in range(3_000)])
            assert ledger.head("S") == head
            assert ledger.verify("S").ok
    finally:
        sa.event.remove(sa.Engine, "connect", limit)


def test_a_file_that_somebody_locks(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    with Ledger.open(f"sqlite:///{path}", wait=0.1) as ledger:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(LedgerBusyError, match="try again later") as caught:
            ledger.append("S", "ann", [opened("a")])
        assert caught.value.exit_code == 4
        other.close()
        ledger.append("S", "ann", [opened("a")])


def test_a_new_file_that_somebody_locks(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(LedgerBusyError, match="try again later"):
        Ledger.open(f"sqlite:///{path}", wait=0.1)
    other.close()


@pytest.mark.postgres
def test_a_lost_connection_leaves_nothing(
    migrated_database: str, postgres_administration: sa.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("coding.ledger.store.BATCH", 2)

    def events() -> Iterator[NewEvent]:
        yield from (opened(f"event {number}") for number in range(4))
        postgres_administration.exec_driver_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'trialcoder_test_ledger'"
        )
        yield opened("one more")

    lost = pytest.raises(LedgerError, match="nothing of this step was recorded")
    with Ledger.open(migrated_database) as ledger, lost:
        ledger.append("LOST", "ann", events())
    with Ledger.open(migrated_database) as ledger:
        assert ledger.head("LOST").sequence == 0
        assert ledger.append("LOST", "ann", [opened("a")]).sequence == 1


ENDLESS = """
import itertools, sys
from ledger_events import opened
from coding.ledger import Ledger, store

store.BATCH = 50

def events():
    for number in itertools.count():
        if number == 500:
            print("writing", flush=True)
        yield opened(f"event {number}")

with Ledger.open(sys.argv[1]) as ledger:
    ledger.append("S", "ann", events())
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
@pytest.mark.parametrize("delay", [0.0, 0.1])
def test_killed_in_the_middle_nothing_is_there(ledger_url: str, delay: float) -> None:
    with Ledger.open(ledger_url) as ledger:
        head = ledger.append("S", "ann", [opened("a")])
    process = subprocess.Popen(
        [sys.executable, "-c", ENDLESS, ledger_url],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent)},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"writing\n"
    time.sleep(delay)
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    with Ledger.open(ledger_url, wait=20) as ledger:
        assert ledger.head("S") == head
        assert [event.sequence for event in ledger.events("S")] == [1]
        assert len(ledger.requests("S")) == 1
        assert ledger.verify("S", head).ok
        assert ledger.append("S", "ann", [opened("b")], expect=head).sequence == 2
