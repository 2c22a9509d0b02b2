"""A Prefect server of our own on this machine, started and stopped as a child process.

Prefect's own temporary server prints its shutdown errors over what a run has just said; here they go
to a file. The demo, ``make server`` and the tests all use this one.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from coding.records import UserError
from flows.prefect_settings import quiet_settings

#: A fresh database takes 16 to 18 seconds on two cores; a busy machine a multiple of it.
_START_SECONDS = 180.0
_STOP_SECONDS = 20.0
#: Windows' counterpart of a session of one's own.
_NEW_GROUP: int = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)


class LocalServerError(UserError):
    """The server (or a worker) did not start; the message names the log."""


def free_port() -> int:
    """A port of the loopback address that nobody listens on."""
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def port_in_use(port: int) -> bool:
    """Whether somebody listens on a port of the loopback address."""
    with contextlib.closing(socket.socket()) as probe:
        probe.settimeout(1.0)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def stop_on_signals() -> None:
    """Let a polite kill, or the terminal's end, unwind this process as Ctrl-C does.

    Without it a killed process would leave its server behind.
    """

    def stop(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), stop)


class LocalServer:
    """A Prefect server with its database and logs in ``home``; use it in a ``with`` block.

    ``options`` are those of ``prefect server start``.
    """

    def __init__(self, home: Path, port: int | None = None, options: Sequence[str] = ()) -> None:
        self.home = home
        self.port = port or free_port()
        self._options = tuple(options)
        self._processes: list[subprocess.Popen[bytes]] = []

    @property
    def url(self) -> str:
        """The address of the user interface."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """The settings a process needs to talk to this server."""
        return {
            **quiet_settings(self.home),
            "PREFECT_API_URL": f"{self.url}/api",
            "PREFECT_SERVER_API_PORT": str(self.port),
        }

    def __enter__(self) -> Self:
        if port_in_use(self.port):
            raise LocalServerError(
                f"port {self.port} of this machine is in use; stop what listens there or choose another port"
            )
        self.home.mkdir(parents=True, exist_ok=True)
        try:
            self._start_server()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _start_server(self) -> None:
        options = ["--host", "127.0.0.1", "--port", str(self.port), *self._options]
        process = self.start("server", ["server", "start", *options])
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            if process.poll() is not None:
                break
            with (
                contextlib.suppress(urllib.error.URLError, OSError),
                # Only ever this machine's loopback address.
                urllib.request.urlopen(f"{self.url}/api/health", timeout=2),  # noqa: S310
            ):
                return
            time.sleep(0.2)
        raise LocalServerError(f"the Prefect server did not start; see {self.log('server')}")

    def log(self, name: str) -> Path:
        """Where a process that :meth:`start` started writes what it says."""
        return self.home / f"{name}.log"

    def start(self, name: str, arguments: Sequence[str]) -> subprocess.Popen[bytes]:
        """Start ``prefect ARGUMENTS`` beside the server; it is stopped with it. Logs to ``name``.log."""
        with self.log(name).open("ab") as log:
            process = subprocess.Popen(  # noqa: S603
                [sys.executable, "-m", "prefect", *arguments],
                env={**os.environ, **self.environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # A group of its own: Ctrl-C comes to us alone, and we stop them in order.
                start_new_session=sys.platform != "win32",
                creationflags=_NEW_GROUP,
            )
        self._processes.append(process)
        return process

    def prefect(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run ``prefect ARGUMENTS`` against this server to its end and return what it said."""
        return subprocess.run(  # noqa: S603
            [sys.executable, "-m", "prefect", *arguments],
            env={**os.environ, **self.environment},
            cwd=self.environment["TRIALCODER_HOME"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )

    def stop(self) -> None:
        """Stop everything that was started, last first. Safe to call again."""
        while self._processes:
            _stop(self._processes.pop())


def _stop(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(OSError):
        if sys.platform == "win32":
            process.send_signal(signal.CTRL_BREAK_EVENT)
        else:
            process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_STOP_SECONDS)
    # What it had started itself and left behind goes with it.
    with contextlib.suppress(OSError):
        if sys.platform != "win32":
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.wait()


@contextlib.contextmanager
def environment(values: dict[str, str]) -> Iterator[None]:
    """Set environment variables for a block."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
