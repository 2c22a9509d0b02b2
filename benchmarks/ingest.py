"""How long a million adverse events take from CSV to stored extract, and how much memory.

    python benchmarks/ingest.py [ROWS …]      # 10000, 100000 and 1000000 unless told

Made-up data: 20 columns, 100,000 distinct verbatims, 5,000 subjects, a few faults of every kind.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from coding.ingest.changes import compare_extracts
from coding.ingest.extract import take_extract
from coding.study import Study

SITES = ("head", "neck", "chest", "left arm", "right arm", "back", "knee", "stomach", "skin", "eye")
SIGNS = ("pain", "itching", "swelling", "rash", "cramp", "numbness", "burning", "stiffness")

STUDY = {
    "study": "bench",
    "sources": [
        {
            "name": "AE",
            "domain": "AE",
            "file": "ae.csv",
            "columns": {
                "verbatim": "AETERM",
                "subject": "USUBJID",
                "record_id": ["AESPID", "AESEQ"],
                "site": "SITEID",
                "visit": "VISIT",
                "start": "AESTDTC",
                "end": "AEENDTC",
                "severity": "AESEV",
                "serious": "AESER",
                "outcome": "AEOUT",
                "action": "AEACN",
                "causality": "AEREL",
            },
        },
        {
            "name": "DM",
            "domain": "DM",
            "file": "dm.csv",
            "columns": {"subject": "USUBJID", "sex": "SEX", "birth_date": "BRTHDTC", "country": "COUNTRY"},
        },
    ],
    "demographics": "DM",
    "coding": {"AETERM": {"dictionary": "bench"}},
}


def adverse_events(rows: int, subjects: int) -> pd.DataFrame:
    """Text frame with the columns of an SDTM-like AE extract."""
    random = np.random.default_rng(20140321)
    verbatims = np.array(
        [
            f"{SIGNS[n % len(SIGNS)]} {SITES[n // 8 % len(SITES)]} {n}"
            for n in range(min(100_000, max(rows // 10, 1)))
        ]
    )
    days = np.datetime64("2012-01-01") + np.arange(1500)
    start = random.integers(0, 1400, rows)
    columns = {
        "STUDYID": np.full(rows, "BENCH"),
        "USUBJID": _numbered("BENCH-", random.integers(0, subjects, rows)),
        "SITEID": _numbered("S", random.integers(0, 50, rows)),
        "AESPID": _numbered("E", np.arange(rows)),
        "AESEQ": _numbered("", np.arange(rows) % 100),
        "VISIT": _numbered("VISIT ", random.integers(1, 12, rows)),
        "AETERM": verbatims[random.integers(0, len(verbatims), rows)],
        "AESTDTC": days.astype(str)[start],
        "AEENDTC": days.astype(str)[np.minimum(start + random.integers(0, 90, rows), 1499)],
        "AESEV": np.array(["MILD", "MODERATE", "SEVERE"])[random.integers(0, 3, rows)],
        "AESER": np.array(["N", "Y"])[(random.random(rows) < 0.05).astype(int)],
        "AEOUT": np.array(["RECOVERED", "ONGOING"])[random.integers(0, 2, rows)],
        "AEACN": np.array(["NONE", "DOSE REDUCED"])[random.integers(0, 2, rows)],
        "AEREL": np.array(["RELATED", "NOT RELATED"])[random.integers(0, 2, rows)],
        **{f"EXTRA{n}": _numbered("value ", random.integers(0, 1000, rows)) for n in range(6)},
    }
    frame = pd.DataFrame({name: pd.Series(values, dtype="str") for name, values in columns.items()})
    for column, value in (("AETERM", ""), ("AETERM", "--"), ("USUBJID", ""), ("AESTDTC", "spring")):
        frame.loc[random.integers(0, rows, max(rows // 1000, 1)), column] = value
    return frame


def demographics(subjects: int) -> pd.DataFrame:
    """Text frame with one row a subject."""
    numbers = np.arange(subjects)
    columns = {
        "USUBJID": _numbered("BENCH-", numbers),
        "SEX": np.array(["M", "F"])[numbers % 2],
        "BRTHDTC": (np.datetime64("1940-01-01") + numbers * 3).astype(str),
        "COUNTRY": np.full(subjects, "USA"),
    }
    return pd.DataFrame({name: pd.Series(values, dtype="str") for name, values in columns.items()})


def _numbered(prefix: str, numbers: np.ndarray) -> np.ndarray:
    return np.char.add(prefix, numbers.astype(str))


def write_study(rows: int, folder: Path) -> None:
    """Write ``ae.csv`` and ``dm.csv``, and as ``later.csv`` the same events a visit on: one in a
    hundred worded anew, the last hundred gone."""
    events = adverse_events(rows, 5_000)
    events.to_csv(folder / "ae.csv", index=False)
    demographics(4_990).to_csv(folder / "dm.csv", index=False)
    events.loc[::100, "AETERM"] = events.loc[::100, "AETERM"] + " again"
    events.iloc[:-100].to_csv(folder / "later.csv", index=False)


def measure(folder: Path) -> None:
    """Print seconds and peak memory for each step on a folder of :func:`write_study`."""
    study = Study.model_validate(STUDY)
    seconds: dict[str, tuple[float, float]] = {}
    rows, extracts = 0, []
    for file in ("ae.csv", "later.csv"):
        (folder / file).replace(folder / "ae.csv")
        started = _clocks()
        extracts.append(take_extract(study, folder))
        seconds[f"extract of {file}"] = _since(started)
        rows = max(rows, extracts[-1].meta["sources"]["AE"]["rows_in"])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    started = _clocks()
    take_extract(study, folder)
    seconds["the same again"] = _since(started)
    started = _clocks()
    counts = compare_extracts(extracts[0], extracts[1]).counts["AE"]
    seconds["comparison"] = _since(started)
    print(
        f"{rows:>9,} rows   peak {peak:.2f} GB   issues {extracts[0].meta['issues']:,}   "
        f"{', '.join(f'{kind} {count:,}' for kind, count in counts.items())}"
    )
    for step, (taken, busy) in seconds.items():
        print(f"{'':9} {step:24} {taken:6.2f} s   (processor {busy:6.2f} s)")


def _clocks() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


def _since(started: tuple[float, float]) -> tuple[float, float]:
    now = _clocks()
    return now[0] - started[0], now[1] - started[1]


def main(arguments: list[str]) -> None:
    """Measure the sizes told, or 10k, 100k and 1M, each step in a process of its own."""
    if arguments[:1] == ["write"]:
        write_study(int(arguments[1]), Path(arguments[2]))
    elif arguments[:1] == ["measure"]:
        measure(Path(arguments[1]))
    else:
        for size in arguments or ["10000", "100000", "1000000"]:
            with tempfile.TemporaryDirectory() as folder:
                again = [sys.executable, __file__]
                subprocess.run([*again, "write", size, folder], check=True)
                subprocess.run([*again, "measure", folder], check=True)


if __name__ == "__main__":
    main(sys.argv[1:])
