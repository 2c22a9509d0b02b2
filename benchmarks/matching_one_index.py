"""One index in a process of its own: what it takes to build, to open, and to ask it.

    python benchmarks/matching_one_index.py build|open RELEASE CACHE [VERBATIMS]

Prints one JSON line. ``build`` writes the index into the empty folder CACHE, ``open`` reads it from
there. VERBATIMS is a text file, a verbatim a line: they are asked for, after a hundred others.
"""

from __future__ import annotations

import json
import mmap
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import rapidfuzz.process  # noqa: F401 - counted among the imports, not in the index's memory
import scipy.optimize  # noqa: F401
import sparse_dot_topn  # noqa: F401

import coding.matching.ranking  # noqa: F401
from coding.matching.engine import match_requests
from coding.matching.index import MatchIndex
from coding.matching.index_file import open_index
from dictionaries.model import Dictionary
from matching_cases import plain_rules, requests_of

_SIZE, _STATUS = Path("/proc/self/statm"), Path("/proc/self/status")
#: Verbatims that are asked before the clock runs, so that one-off work is not counted per verbatim.
BEFORE = 100


@dataclass(frozen=True, slots=True)
class OneIndex:
    """Seconds to build or open (the release's tables with it), MB resident after the imports, after that,
    and after the first verbatim, whose seconds are told too; ``asked``: seconds for the verbatims."""

    seconds: float
    imported_mb: float
    ready_mb: float
    first_seconds: float
    asked_mb: float
    peak_mb: float
    asked: float


def in_own_process(what: str, release: Path, cache: Path, verbatims: Path | None = None) -> OneIndex:
    """Run this file."""
    told = [str(item) for item in (release, cache, verbatims) if item is not None]
    done = subprocess.run([sys.executable, __file__, what, *told], check=True, capture_output=True, text=True)
    return OneIndex(**json.loads(done.stdout.splitlines()[-1]))


def index_file(cache: Path) -> Path:
    """The one index in a cache folder."""
    (found,) = (cache / "index").glob("*.npz")
    return found


def resident() -> float:
    """MB of memory now; 0 where the system does not tell."""
    if not _SIZE.exists():
        return 0.0
    return int(_SIZE.read_text(encoding="ascii").split()[1]) * mmap.PAGESIZE / 1e6


def peak() -> float:
    """The most MB that this process ever had; getrusage would tell that of the one which started it."""
    if not _STATUS.exists():
        return 0.0
    lines = dict(line.split(":", 1) for line in _STATUS.read_text(encoding="ascii").splitlines())
    return int(lines["VmHWM"].split()[0]) * 1024 / 1e6


def ask(index: MatchIndex, verbatims: list[str]) -> float:
    """Seconds for the five candidates of each, with reasons."""
    requests = requests_of(verbatims)
    begun = time.perf_counter()
    match_requests(requests, index, plain_rules())
    return time.perf_counter() - begun


def main(what: str, release: Path, cache: Path, verbatims: Path | None) -> None:
    """Measure and print."""
    if what == "build" and (cache / "index").exists():
        raise SystemExit(f"{cache}: an index is there already")
    imported = resident()
    begun = time.perf_counter()
    index = open_index(Dictionary.open(release), cache)
    seconds = time.perf_counter() - begun
    ready = resident()
    first = ask(index, ["headache"])
    one_asked = resident()
    asked = 0.0
    if verbatims is not None:
        lines = verbatims.read_text(encoding="utf-8").splitlines()
        ask(index, lines[:BEFORE])
        asked = ask(index, lines[BEFORE:])
    found = (seconds, imported, ready, first, one_asked, peak(), asked)
    print(json.dumps(dict(zip(OneIndex.__dataclass_fields__, found, strict=True))))


if __name__ == "__main__":
    paths = [Path(argument) for argument in sys.argv[2:]]
    main(sys.argv[1], paths[0], paths[1], paths[2] if len(paths) > 2 else None)
