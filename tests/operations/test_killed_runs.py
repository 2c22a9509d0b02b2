"""A run killed at any moment and run again gives what an undisturbed run gives."""

from __future__ import annotations

import multiprocessing
import os
import random
import shutil
import signal
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from coding.ledger.ledger import Ledger
from coding.operations.code_study import code_study
from coding.operations.export_study import export_study
from coding.workspace import Workspace

MakeStudy = Callable[..., "object"]
#: benchmarks/killed_runs.py asks for more.
KILLS = int(os.environ.get("TRIALCODER_KILLS", "20"))
PRELOAD = [
    "coding.operations.code_study",
    "coding.operations.export_study",
]


def run_whole_job(folder: Path, study: str, ready: Connection | None = None) -> Path:
    """Code and export; tells ``ready`` when it begins."""
    if ready is not None:
        ready.send("begin")
    code_study(Workspace(folder), study, actor="dana")
    return export_study(Workspace(folder), study, actor="dana").package


def datasets(package: Path) -> dict[str, bytes]:
    return {
        path.relative_to(package).as_posix(): path.read_bytes() for path in sorted(package.rglob("*.csv"))
    }


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
def test_killed_at_random_moments(make_study: MakeStudy, tmp_path: Path) -> None:
    made = make_study()
    fresh = tmp_path / "fresh"
    shutil.copytree(made.workspace.folder, fresh)
    run_whole_job(made.workspace.folder, made.study)  # the first run in a process pays the imports
    shutil.copytree(fresh, tmp_path / "whole")
    begin = time.perf_counter()
    expected = datasets(run_whole_job(tmp_path / "whole", made.study))
    duration = time.perf_counter() - begin
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOAD)
    dice, cut = random.Random(7), 0
    for number in range(KILLS):
        folder = tmp_path / f"killed{number}"
        shutil.copytree(fresh, folder)
        mine, theirs = context.Pipe()
        child = context.Process(target=run_whole_job, args=(folder, made.study, theirs))
        child.start()
        assert mine.recv() == "begin"
        time.sleep(dice.uniform(0, 1.5 * duration))
        child.kill()
        child.join()
        cut += child.exitcode == -signal.SIGKILL
        package = run_whole_job(folder, made.study)
        assert datasets(package) == expected, f"kill {number}"
        left = [path.name for path in folder.rglob("*") if path.name.endswith((".partial", ".old"))]
        assert left == [], f"kill {number}"
        with Ledger.open(Workspace(folder).ledger_url) as ledger:
            assert ledger.verify(made.study).problems == ()
            actions = [event.action for event in ledger.events(made.study)]
            requests = ledger.requests(made.study)
        assert actions.count("request_opened") == len(requests) == 6
        assert actions.count("extract_taken") == 1
        assert actions.count("exported") == 1
        shutil.rmtree(folder)
    print(f"{cut} of {KILLS} runs were killed in the middle")
    assert cut >= KILLS // 2, "too few runs were still going when they were killed"
