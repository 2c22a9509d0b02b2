"""The server of our own: says why it cannot start, and never stays behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from flows.local_server import LocalServer, LocalServerError, free_port, port_in_use
from flows.prefect_settings import PROJECT

#: Starts a server like the demo does, says so, and waits.
PROGRAM = """\
import sys, time
from pathlib import Path
from flows.local_server import LocalServer, stop_on_signals
stop_on_signals()
with LocalServer(Path(sys.argv[1]), int(sys.argv[2]), ("--no-ui", "--no-services")):
    print("up", flush=True)
    time.sleep(600)
"""


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(LocalServerError, match=f"port {port} of this machine is in use"):
            LocalServer(tmp_path, port).__enter__()


def test_a_server_that_cannot_start_names_its_log(tmp_path: Path) -> None:
    server = LocalServer(tmp_path / "home", options=("--no-such-option",))

    with pytest.raises(LocalServerError, match=r"did not start; see .*server\.log"):
        server.__enter__()

    assert "no-such-option" in server.log("server").read_text(encoding="utf-8")


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX systems")
def test_no_server_stays_behind_a_polite_kill(tmp_path: Path) -> None:
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(tmp_path / "home"), str(port)],
        cwd=PROJECT,
        env={name: value for name, value in os.environ.items() if not name.startswith("PREFECT")},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"up\n"
        assert port_in_use(port)
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) != 0
    finally:
        process.kill()
        process.wait()
    deadline = time.monotonic() + 10
    while port_in_use(port) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not port_in_use(port)
