"""The program starts at once: nothing heavy is imported before a command needs it."""

from __future__ import annotations

import subprocess
import sys
import time

HEAVY = ("pandas", "numpy", "pyarrow", "sqlalchemy", "sklearn", "pandera", "pydantic", "prefect", "scipy")


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\nfrom flows.cli.main import main\nmain(['--help'])\n"
        f"sys.stderr.write(','.join(name for name in {HEAVY!r} if name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, timeout=60)
    assert done.stderr == b""


def test_help_takes_less_than_a_second_and_a_half() -> None:
    def once() -> float:
        begin = time.perf_counter()
        subprocess.run([sys.executable, "-m", "flows.cli.main", "--help"], capture_output=True, check=True)
        return time.perf_counter() - begin

    # The best of three: other work on the machine is not the program's.
    assert min(once() for _ in range(3)) < 1.5
