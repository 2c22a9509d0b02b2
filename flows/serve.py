"""``make server``: a Prefect server, its work pool, the deployments and a worker, until Ctrl-C."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from coding.records import UserError
from coding.workspace import WORKSPACE_VARIABLE, find_workspace
from flows.local_server import LocalServer, LocalServerError, stop_on_signals
from flows.prefect_settings import PROJECT, WORK_POOL

_PORT = 4200


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until Ctrl-C; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m flows.serve", description=__doc__)
    parser.add_argument("--port", type=int, default=_PORT, help=f"port of this machine (default {_PORT})")
    parser.add_argument(
        "--workspace", type=Path, help=f"workspace of the runs (default {WORKSPACE_VARIABLE})"
    )
    options = parser.parse_args(arguments)
    stop_on_signals()
    try:
        _serve(options.port, options.workspace)
    except UserError as error:
        _say(f"trialcoder: {error}")
        return error.exit_code
    except KeyboardInterrupt:
        _say("\nServer and worker are stopped. Nothing of the studies is lost.")
    return 0


def _serve(port: int, chosen: Path | None) -> None:
    workspace = _workspace(chosen)
    if workspace is not None:
        os.environ[WORKSPACE_VARIABLE] = str(workspace)
    _say("Starting the Prefect server (the first time takes about 20 seconds) …")
    with LocalServer(PROJECT / ".prefect" / "server", port) as server:
        deploy(server)
        worker = start_worker(server)
        _say(f"\n  {server.url}/deployments\n")
        _say("Open this address, choose code-study, then Run, and type the study's id.")
        _say(f"Workspace: {workspace or 'none found: type its folder into the run form'}")
        _say(f"Logs:      {server.log('server')} and {server.log('worker')}")
        _say("Ctrl-C stops the server and the worker.")
        while worker.poll() is None:
            time.sleep(1.0)
        raise LocalServerError(f"the worker stopped; see {server.log('worker')}")


def _workspace(chosen: Path | None) -> Path | None:
    """The workspace that was asked for, else the usual one, else the demo's, else none."""
    if chosen is not None or os.environ.get(WORKSPACE_VARIABLE):
        return find_workspace(chosen).folder
    for place in (Path.cwd(), PROJECT / "demo"):
        try:
            return find_workspace(place).folder
        except UserError:
            continue
    return None


def deploy(server: LocalServer) -> None:
    """Make the work pool and register every deployment of prefect.yaml."""
    steps = (
        ("work-pool", "create", WORK_POOL, "--type", "process", "--overwrite"),
        ("--no-prompt", "deploy", "--all"),
    )
    for step in steps:
        done = server.prefect(*step)
        if done.returncode != 0:
            raise LocalServerError(f"`prefect {' '.join(step)}` failed:\n{done.stdout}")


def start_worker(server: LocalServer) -> subprocess.Popen[bytes]:
    """Start a worker of the process work pool beside the server."""
    return server.start("worker", ["worker", "start", "--pool", WORK_POOL, "--type", "process"])


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
