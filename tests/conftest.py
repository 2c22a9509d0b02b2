"""What several test folders need: Hypothesis settings, and a PostgreSQL server for the session."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

POSTGRES_VARIABLE = "TRIALCODER_TEST_POSTGRES"

# Machines under test are shared and slow at times; CI tries the same examples each time.
settings.register_profile("trialcoder", deadline=None, derandomize=os.environ.get("CI") == "true")
settings.load_profile("trialcoder")


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The URL of a PostgreSQL server on which tests may make databases.

    TRIALCODER_TEST_POSTGRES names one; otherwise a throw-away server is started from the installed
    binaries. Without either the test is skipped, but fails in CI.
    """
    told = os.environ.get(POSTGRES_VARIABLE)
    if told:
        yield told
        return
    programs = _programs()
    if programs is None:
        reason = f"no PostgreSQL: install Debian's postgresql, or name a server in {POSTGRES_VARIABLE}"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    folder = Path(tempfile.mkdtemp(prefix="trialcoder-pg-"))
    try:
        yield from _serve(programs, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _programs() -> Path | None:
    """The folder with initdb and pg_ctl of the newest installed server."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: path.parent.name.zfill(4))
    on_path = shutil.which("initdb")
    found = [Path(on_path).resolve().parent] if on_path else debian[::-1]
    return next((folder for folder in found if (folder / "pg_ctl").exists()), None)


def _serve(programs: Path, folder: Path) -> Iterator[str]:
    as_user: dict[str, Any] = {}
    if sys.platform != "win32" and os.geteuid() == 0:
        # The server refuses to run as root.
        shutil.chown(folder, "postgres", "postgres")
        as_user = {"user": "postgres", "group": "postgres", "extra_groups": []}
    data, log = folder / "data", folder / "log"

    def run(program: str, *arguments: str) -> None:
        done = subprocess.run(
            [programs / program, *arguments],
            cwd=folder,
            env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C"},
            stdout=subprocess.DEVNULL,  # a pipe would be kept open by the server
            stderr=subprocess.DEVNULL,
            check=False,
            timeout=120,
            **as_user,
        )
        if done.returncode != 0:
            said = log.read_text() if log.exists() else ""
            pytest.fail(f"{program} of the test's PostgreSQL failed ({done.returncode})\n{said}")

    run("initdb", "-D", str(data), "-U", "trialcoder", "-A", "trust", "-E", "UTF8", "--locale=C", "-N")
    # No network: a socket in the folder; and no fsync, since nothing here has to survive.
    options = f"-F -k {folder} -c listen_addresses='' -c max_connections=50"
    run("pg_ctl", "start", "-w", "-D", str(data), "-l", str(log), "-o", options)
    try:
        yield f"postgresql+psycopg://trialcoder@/postgres?host={folder}"
    finally:
        run("pg_ctl", "stop", "-D", str(data), "-m", "immediate")
