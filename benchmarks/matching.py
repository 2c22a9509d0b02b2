"""How good and how fast matching is, beside what others would use, in one run.

    python benchmarks/matching.py [--only PART …] [--data ../shared/data] [--json FILE] [--plot]

quality     agreement with the human coder at the preferred term, for the first candidate and the first
            five: statin verbatims, lay phrases, the project's own blind set by kind of verbatim
decided     what it brings that half of a study's verbatims were decided before
confidence  the share of verbatims that could be coded at 95, 98 and 99 % agreement, and whether the
            confidences hold, as `trialcoder evaluate` measures them
speed       verbatims a second over 80,000 real names; building, opening, memory and file of the index
growth      10,000 to 320,000 names; --plot draws docs/pictures/matching-growth.png

Peers are measured in the same run: exact look-up, rapidfuzz token_sort and WRatio, and TF-IDF of
character trigrams. Nothing is tuned to these sets: the thesaurus is general knowledge, and the weights
are round numbers around which the figures do not change. Sets that the data folder lacks are left out.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from matching_cases import CaseSets
from matching_confidence import measure_confidence
from matching_decided import measure_decided
from matching_growth import PLOT, SIZES, measure_growth
from matching_quality import measure_quality
from matching_speed import measure_speed
from matching_tables import Table

Part = Callable[[], Iterator[Table]]


def parts(told: argparse.Namespace, folder: Path) -> Mapping[str, Part]:
    """The parts by name, in the order in which they run."""
    sets = CaseSets(told.data, folder, told.limit)
    plot = PLOT if told.plot else None
    return {
        "quality": lambda: measure_quality(sets, told.sample),
        "decided": lambda: measure_decided(sets, told.hashes),
        "confidence": lambda: measure_confidence(sets),
        "speed": lambda: measure_speed(told.data, folder, told.names, told.verbatims),
        "growth": lambda: measure_growth(told.data, folder, told.sizes, told.growth_verbatims, plot),
    }


def run(chosen: Mapping[str, Part]) -> dict[str, Any]:
    """Print each table as soon as it is there, and give them back as plain values."""
    found: dict[str, Any] = {}
    for name, part in chosen.items():
        begun = time.monotonic()
        tables = []
        for table in part():
            print(table.text(), flush=True)
            tables.append(table.to_json())
        seconds = round(time.monotonic() - begun, 1)
        print(f"\n[{name}: {seconds} s]" if tables else f"\n[{name}: the data folder has nothing for it]")
        found[name] = {"tables": tables, "seconds": seconds}
    return found


def arguments() -> argparse.Namespace:
    """What was told on the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    data = Path(__file__).parents[2] / "shared" / "data"
    names = ("quality", "decided", "confidence", "speed", "growth")
    parser.add_argument("--only", nargs="+", choices=names, default=list(names), metavar="PART")
    parser.add_argument("--data", type=Path, default=data)
    parser.add_argument("--json", type=Path, help="write all figures into this file, too")
    parser.add_argument("--plot", action="store_true", help=f"draw {PLOT.name}")
    parser.add_argument("--limit", type=int, default=0, help="at most so many verbatims of each set")
    parser.add_argument("--sample", type=int, default=500, help="lay phrases that WRatio is asked about")
    parser.add_argument("--hashes", type=int, default=10, help="ways of splitting the verbatims in halves")
    parser.add_argument("--names", type=int, default=80_000, help="names for the speed")
    parser.add_argument("--verbatims", type=int, default=20_000, help="verbatims for the speed")
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES), help="names for the growth")
    parser.add_argument("--growth-verbatims", type=int, default=2_000)
    return parser.parse_args()


def main() -> None:
    """Run the parts asked for."""
    told = arguments()
    if not told.data.is_dir():
        print(f"{told.data} is not there: only the project's own verbatims are measured (see --data)")
    with tempfile.TemporaryDirectory(prefix="trialcoder-bench-") as name:
        chosen = {part: work for part, work in parts(told, Path(name)).items() if part in told.only}
        found = run(chosen)
    if told.json is not None:
        told.json.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
