"""From a raw file to a package: time and memory per stage, at 10k, 100k and 1M records.

    python benchmarks/study_run.py                     # all three sizes
    python benchmarks/study_run.py --records 10000

The verbatims are made from the statin study beside the project where it is there, else from the
open event dictionary's own terms: each is varied by site, side, severity, timing and misspelling
until there are as many distinct ones as asked for, drawn with a long tail as in real studies.
Coded with the development dictionary beside the project where it is there, else with open_events.
"""

from __future__ import annotations

import argparse
import json
import mmap
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
AE_DEV = SHARED / "dictionaries" / "ae_dev"
STATIN = SHARED / "studies" / "statin" / "ae.csv"

STUDY_YAML = """\
study: BENCH
sources:
  - name: ae
    domain: AE
    file: ae.csv
    columns:
      verbatim: AETERM
      subject: USUBJID
      record_id: AESPID
      severity: AESEV
      serious: AESER
      start: AESTDTC
      end: AEENDTC
  - name: dm
    domain: DM
    file: dm.csv
    columns: {{subject: USUBJID, sex: SEX, age: AGE}}
demographics: dm
coding:
  AETERM: {{dictionary: {dictionary}, release: "{version}"}}
"""
BEFORE = (
    "",
    "left",
    "right",
    "mild",
    "moderate",
    "severe",
    "intermittent",
    "worsening",
    "recurrent",
    "bilateral",
)
AFTER = (
    "",
    "since Monday",
    "x2",
    "at night",
    "after dose",
    "on day 3",
    "(resolved)",
    "-ongoing",
    "grade 1",
    "grade 2",
)


def base_verbatims() -> list[str]:
    """Distinct verbatims of the statin study, or terms of the open dictionary."""
    if STATIN.exists():
        frame = pd.read_csv(STATIN, dtype=str, keep_default_na=False)
        return sorted(set(frame["AETERM"]) - {""})
    from dictionaries.registry import open_dictionary

    terms = open_dictionary("open_events", newest=True).coding_terms["text"]
    return sorted(terms)[::5]


def distinct_verbatims(count: int, dice: random.Random) -> list[str]:
    """``count`` distinct verbatims: the real ones first, then variations of them."""
    base = base_verbatims()
    found = dict.fromkeys(base)
    while len(found) < count:
        words = f"{dice.choice(BEFORE)} {dice.choice(base)} {dice.choice(AFTER)}".split()
        if dice.random() < 0.5:
            number = dice.randrange(len(words))
            words[number] = misspell(words[number], dice)
        found.setdefault(" ".join(words))
    return list(found)[:count]


def misspell(word: str, dice: random.Random) -> str:
    """Swap, drop or double one letter."""
    if len(word) < 4:
        return word
    place = dice.randrange(1, len(word) - 1)
    return dice.choice(
        (
            word[:place] + word[place + 1] + word[place] + word[place + 2 :],
            word[:place] + word[place + 1 :],
            word[:place] + word[place] + word[place:],
        )
    )


def make_raw_files(folder: Path, records: int, distinct: int) -> None:
    """Write ae.csv with ``records`` rows and 20 columns, and dm.csv."""
    dice, rng = random.Random(20261123), np.random.default_rng(20261123)
    verbatims = np.array(distinct_verbatims(distinct, dice), dtype=object)
    weight = 1.0 / np.arange(1, distinct + 1) ** 0.7
    drawn = np.concatenate(
        [np.arange(distinct), rng.choice(distinct, records - distinct, p=weight / weight.sum())]
    )
    rng.shuffle(drawn)
    subjects = np.array([f"BENCH-{n:06d}" for n in range(max(records // 40, 10))], dtype=object)
    subject = subjects[rng.integers(0, len(subjects), records)]
    start = np.datetime64("2024-01-01") + rng.integers(0, 700, records).astype("timedelta64[D]")
    end = start + rng.integers(0, 60, records).astype("timedelta64[D]")
    frame = pd.DataFrame(
        {
            "STUDYID": "BENCH",
            "DOMAIN": "AE",
            "USUBJID": subject,
            "AESPID": np.arange(1, records + 1).astype(str),
            "SITEID": rng.integers(100, 200, records).astype(str),
            "VISIT": rng.choice(["SCREENING", "WEEK 2", "WEEK 4", "WEEK 8"], records),
            "AETERM": verbatims[drawn],
            "AESEV": rng.choice(["MILD", "MODERATE", "SEVERE"], records, p=[0.6, 0.3, 0.1]),
            "AESER": rng.choice(["N", "Y"], records, p=[0.95, 0.05]),
            "AEREL": rng.choice(["NONE", "POSSIBLE", "PROBABLE"], records),
            "AEACN": rng.choice(["DOSE NOT CHANGED", "DRUG WITHDRAWN"], records),
            "AEOUT": rng.choice(["RECOVERED/RESOLVED", "NOT RECOVERED/NOT RESOLVED"], records),
            "AESTDTC": start.astype(str),
            "AEENDTC": end.astype(str),
            "AESCONG": "N", "AESDISAB": "N", "AESDTH": "N", "AESHOSP": "N", "AESLIFE": "N",
            "EPOCH": rng.choice(["SCREENING", "TREATMENT", "FOLLOW-UP"], records),
        }
    )  # fmt: skip
    frame.to_csv(folder / "ae.csv", index=False)
    people = len(subjects)
    pd.DataFrame(
        {
            "USUBJID": subjects,
            "SEX": rng.choice(["F", "M"], people),
            "AGE": rng.integers(18, 90, people).astype(str),
        }
    ).to_csv(folder / "dm.csv", index=False)


class Memory:
    """The largest resident size seen since the last question, sampled 50 times a second. Only Linux
    tells it; elsewhere it stays 0."""

    _SIZE = Path("/proc/self/statm")

    def __init__(self) -> None:
        self._peak = 0
        if self._SIZE.exists():
            threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        while True:
            pages = int(self._SIZE.read_text(encoding="ascii").split()[1])
            self._peak = max(self._peak, pages * mmap.PAGESIZE)
            time.sleep(0.02)

    def peak(self) -> float:
        """GB since the last call."""
        found, self._peak = self._peak, 0
        return found / 1e9


def measure(workspace_folder: Path) -> None:
    """Run the job in this process and print one JSON line: stage → [seconds, GB]."""
    from coding.operations.code_study import record_coding, summarise_run, take_study_extract
    from coding.operations.export_study import export_study
    from coding.workspace import Workspace

    workspace, memory = Workspace(workspace_folder), Memory()
    found: dict[str, tuple[float, float]] = {}

    def stage(name: str, work: Callable[[], object]) -> object:
        memory.peak()
        begin = time.perf_counter()
        result = work()
        found[name] = (round(time.perf_counter() - begin, 2), round(memory.peak(), 2))
        return result

    with workspace.hold_study("BENCH"):
        extract = str(stage("ingest and validate", lambda: take_study_extract(workspace, "BENCH")))
        counts = stage("match and record", lambda: record_coding(workspace, "BENCH", extract, actor="bench"))
        summary = stage("listings and summary", lambda: summarise_run(workspace, "BENCH"))
    export = stage("export", lambda: export_study(workspace, "BENCH", actor="bench"))
    closes = all(account.closes for account in summary.accounts)  # type: ignore[attr-defined]
    facts = {
        "stages": found,
        "requests": counts.opened,  # type: ignore[attr-defined]
        "decided": counts.decided,  # type: ignore[attr-defined]
        "rows": dict(export.datasets),  # type: ignore[attr-defined]
        "closes": closes,
    }
    sys.stdout.write(json.dumps(facts) + "\n")


def prepare(folder: Path, records: int, distinct: int, dictionary: Path | None) -> None:
    """A workspace with the study and its dictionary; not part of what is measured."""
    from dictionaries.loading import import_release
    from dictionaries.registry import open_dictionary

    study = folder / "studies" / "BENCH"
    study.mkdir(parents=True)
    (folder / "workspace.yaml").write_text("", encoding="utf-8")
    make_raw_files(study, records, distinct)
    if dictionary is not None:
        release = import_release(dictionary, folder / "dictionaries", name="bench")
    else:
        release = open_dictionary("open_events", newest=True).release
    text = STUDY_YAML.format(dictionary=release.name, version=release.version)
    (study / "study.yaml").write_text(text, encoding="utf-8")


def run_size(records: int, distinct: int, dictionary: Path | None) -> dict[str, object]:
    """Prepare and measure one size in a process of its own."""
    with tempfile.TemporaryDirectory(prefix="trialcoder-bench-") as name:
        folder = Path(name)
        prepare(folder, records, distinct, dictionary)
        raw = (folder / "studies" / "BENCH" / "ae.csv").stat().st_size
        begin = time.perf_counter()
        command = [sys.executable, __file__, "--measure", str(folder)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        facts: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
        facts |= {"records": records, "seconds": round(time.perf_counter() - begin, 1), "raw": raw}
        return facts


def main() -> None:
    """Run the sizes asked for and print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--records", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--distinct-share", type=float, default=0.11, help="distinct verbatims per record")
    parser.add_argument("--dictionary", type=Path, default=AE_DEV if AE_DEV.exists() else None)
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        measure(options.measure)
        return
    table = Table("records", "distinct", "stage", "seconds", "peak GB", title="raw file to package")
    for records in options.records:
        facts = run_size(records, max(int(records * options.distinct_share), 500), options.dictionary)
        stages: dict[str, tuple[float, float]] = facts["stages"]  # type: ignore[assignment]
        for name, (seconds, memory) in stages.items():
            table.add_row(f"{records:,}", f"{facts['requests']:,}", name, f"{seconds:.1f}", f"{memory:.2f}")
        peak = max(memory for _, memory in stages.values())
        table.add_row(f"{records:,}", "", f"whole process (accounts close: {facts['closes']})",
                      f"{facts['seconds']:.1f}", f"{peak:.2f}", end_section=True)  # fmt: skip
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
