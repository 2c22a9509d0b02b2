"""benchmarks/matching.py runs, at a tiny size and on the project's own verbatims."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

BENCHMARK = Path(__file__).resolve().parents[2] / "benchmarks" / "matching.py"


def test_the_matching_benchmark_prints_what_it_writes(tmp_path: Path) -> None:
    told = ["--only", "quality", "decided", "--limit", "15", "--hashes", "1"]
    command = [
        sys.executable,
        str(BENCHMARK),
        "--data",
        str(tmp_path),
        "--json",
        str(tmp_path / "found.json"),
    ]
    done = subprocess.run([*command, *told], check=True, capture_output=True, text=True, timeout=120)
    found = json.loads((tmp_path / "found.json").read_text(encoding="utf-8"))
    tables = {part: {table["title"]: table["rows"] for table in found[part]["tables"]} for part in found}
    (quality, newest), (decided,) = tables["quality"].values(), tables["decided"].values()
    blind, other = tables["quality"]
    assert blind == "blind: 15 verbatims over 30,014 terms (first / first five)"
    assert other.startswith("newest: 15 verbatims over 113,")
    assert [row["verbatims"] for row in newest] == [row["verbatims"] for row in quality]
    assert [row["verbatims"] for row in quality][:2] == ["all", "all, no accepted term itself"]
    assert list(quality[0]) == ["verbatims", "count", "exact", "WRatio", "trigram TF-IDF", "trialcoder"]
    assert [(row["verbatims"], row["count"]) for row in decided] == [("blind", 15), ("variants", 45)]
    assert all(title in done.stdout for part in tables.values() for title in part)
