"""Kill a run at 200 random moments, run it again each time, and compare with an undisturbed run.

    python benchmarks/killed_runs.py [KILLS]

The test suite does the same with 20 kills; this is that test with more of them.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

TEST = Path(__file__).resolve().parents[1] / "tests" / "operations" / "test_killed_runs.py"


def main() -> int:
    """Run the test with as many kills as asked for; its exit code says whether all agreed."""
    kills = sys.argv[1] if len(sys.argv) > 1 else "200"
    environment = {**os.environ, "TRIALCODER_KILLS": kills}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-s", str(TEST)], env=environment, check=False
    ).returncode


if __name__ == "__main__":
    sys.exit(main())
