"""Verbatims a second over real names, beside peers in the same run, and what the index takes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
from rapidfuzz import fuzz, utils

from coding.matching.engine import match_requests
from coding.matching.index import MatchIndex
from coding.matching.index_file import open_index
from dictionaries.model import Dictionary
from matching_cases import flat_release, plain_rules, requests_of
from matching_names import made_up_verbatims, speed_names
from matching_one_index import in_own_process, index_file
from matching_peers import TrigramSpace, scores_of
from matching_tables import Cell, Table

#: Verbatims that WRatio is asked about.
SLOW_SAMPLE = 200


def measure_speed(data: Path, folder: Path, names: int, verbatims: int) -> Iterator[Table]:
    """The index's table, then that of the speeds and that of the engine's stages."""
    texts = speed_names(data, names)
    if not texts:
        return
    release, cache = folder / "speed", folder / "speed-cache"
    flat_release("speed", texts, release)
    yield index_table(release, cache, len(texts))
    asked = made_up_verbatims(texts, verbatims)
    index = open_index(Dictionary.open(release), cache)
    # What is loaded with the first verbatim stands in the index's table; the peer learned before, too.
    match_requests(requests_of(["headache"]), index, plain_rules())
    stages, seconds = engine_stages(index, asked)
    yield speed_table(texts, asked, seconds)
    yield stages


def index_table(release: Path, cache: Path, names: int) -> Table:
    """Building and opening, each in a process of its own."""
    built = in_own_process("build", release, cache)
    opened = in_own_process("open", release, cache)
    rows: list[tuple[Cell, ...]] = [
        ("built and written, seconds", built.seconds),
        ("opened, seconds", opened.seconds),
        ("first verbatim after opening, seconds", opened.first_seconds),
        ("file, MB", index_file(cache).stat().st_size / 1e6),
        ("memory of the opened index, MB", opened.ready_mb - opened.imported_mb),
        ("memory of the process that opened it, MB", opened.ready_mb),
        ("memory of that process after a first verbatim, MB", opened.asked_mb),
        ("peak while opening and asking, MB", opened.peak_mb),
        ("peak while building, MB", built.peak_mb),
    ]
    notes = ("opening includes the release's tables; 'of the opened index' leaves out what the imports take",)
    return Table(f"Index of {names:,} names", ("what", "figure"), rows, notes)


def engine_stages(index: MatchIndex, verbatims: list[str]) -> tuple[Table, float]:
    """Five candidates with reasons for each verbatim, straight after the index is open."""
    marks: list[tuple[str, float, float]] = []

    def progress(stage: str, done: int, total: int) -> None:
        if not marks or marks[-1][0] != stage:
            marks.append((stage, time.perf_counter(), time.process_time()))

    requests = requests_of(verbatims)
    begun = time.perf_counter()
    match_requests(requests, index, plain_rules(), progress)
    seconds = time.perf_counter() - begun
    progress("", 0, 0)
    rows: list[tuple[Cell, ...]] = [
        (stage, end - at, used_then - used) for (stage, at, used), (_, end, used_then) in pairwise(marks)
    ]
    return Table("Stages of the engine", ("stage", "seconds", "processor"), rows), seconds


def speed_table(names: list[str], verbatims: list[str], engine_seconds: float) -> Table:
    """Verbatims a second of the engine and of the peers, which give candidates only."""
    processed = [utils.default_process(name) for name in names]
    few = verbatims[:: max(len(verbatims) // SLOW_SAMPLE, 1)][:SLOW_SAMPLE]
    begun = time.perf_counter()
    np.argpartition(-scores_of(few, processed, fuzz.WRatio), 5, axis=1)
    slow = len(few) / (time.perf_counter() - begun)
    begun = time.perf_counter()
    space = TrigramSpace.of(names)
    learned = time.perf_counter()
    space.nearest(verbatims, 5)
    trigram = len(verbatims) / (time.perf_counter() - learned)
    own = len(verbatims) / engine_seconds
    rows: list[tuple[Cell, ...]] = [
        ("WRatio, candidates only", len(few), round(slow, 1), 1.0),
        ("trigram TF-IDF, candidates only", len(verbatims), round(trigram, 1), trigram / slow),
        ("trialcoder, five with reasons", len(verbatims), round(own, 1), own / slow),
    ]
    title = f"Speed over {len(names):,} real names"
    columns = ("way", "verbatims", "verbatims a second", "times WRatio")
    notes = (f"two threads each; trigram TF-IDF learned the names in {learned - begun:.1f} s before",)
    return Table(title, columns, rows, notes)
