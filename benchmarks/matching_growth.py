"""How the time grows with the number of names: each size in a process of its own, the same verbatims."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from matching_cases import flat_release
from matching_names import growth_names, made_up_verbatims
from matching_one_index import BEFORE, in_own_process, index_file
from matching_tables import Cell, Table

SIZES = (10_000, 20_000, 40_000, 80_000, 160_000, 320_000)
PLOT = Path(__file__).resolve().parents[1] / "docs" / "pictures" / "matching-growth.png"


class Size(NamedTuple):
    """Seconds for 1,000 verbatims and for building the index, MB of its file and of the process."""

    names: int
    thousand: float
    build: float
    open: float
    file_mb: float
    memory_mb: float


def measure_growth(
    data: Path, folder: Path, sizes: Sequence[int], verbatims: int, plot: Path | None
) -> Iterator[Table]:
    """The table; the plot too, if a path is told."""
    names = growth_names(data, max(sizes))
    if not names:
        return
    asked = folder / "growth.txt"
    lines = made_up_verbatims(names[: min(sizes)], verbatims + BEFORE)
    asked.write_text("\n".join(lines), encoding="utf-8")
    found = [_measured(names[:size], folder / f"growth{size}", asked, verbatims) for size in sizes]
    if plot is not None:
        draw(found, plot)
    yield growth_table(found, verbatims)


def _measured(names: list[str], folder: Path, asked: Path, verbatims: int) -> Size:
    flat_release("growth", names, folder / "release")
    built = in_own_process("build", folder / "release", folder / "cache")
    opened = in_own_process("open", folder / "release", folder / "cache", asked)
    size = index_file(folder / "cache").stat().st_size / 1e6
    thousand = opened.asked * 1_000 / verbatims
    return Size(len(names), thousand, built.seconds, opened.seconds, size, opened.ready_mb)


def growth_table(found: Sequence[Size], verbatims: int) -> Table:
    """A row for each size, with the exponents of a straight line through the logarithms."""
    columns = (
        "names", "seconds per 1,000", "build seconds", "open seconds", "file MB", "process MB",
    )  # fmt: skip
    rows: list[tuple[Cell, ...]] = [(f"{size.names:,}", *size[1:]) for size in found]
    asking, building = exponents(found)
    notes = (
        f"time ~ names^e: e = {asking:.2f} for asking, {building:.2f} for building (1 is proportional)",
        f"{verbatims:,} verbatims made from the names of the smallest size, after a first hundred",
    )
    return Table("Growth with the number of names", columns, rows, notes)


def exponents(found: Sequence[Size]) -> tuple[float, float]:
    """Slopes of log seconds over log names, for asking and for building."""
    names = np.log([size.names for size in found])
    slopes = [
        float(np.polyfit(names, np.log(seconds), 1)[0])
        for seconds in ([size.thousand for size in found], [size.build for size in found])
    ]
    return slopes[0], slopes[1]


def draw(found: Sequence[Size], path: Path) -> None:
    """The two times over the number of names, on logarithmic axes, as a PNG."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 4), layout="constrained")
    axes = figure.add_subplot()
    names = [size.names for size in found]
    asking, building = exponents(found)
    series = (
        (f"1,000 verbatims (names^{asking:.2f})", [size.thousand for size in found], "#1b5e9b", "o"),
        (f"building the index (names^{building:.2f})", [size.build for size in found], "#b3541e", "s"),
    )
    for label, seconds, colour, marker in series:
        axes.plot(names, seconds, color=colour, marker=marker, label=label)
    axes.set(xscale="log", yscale="log", xlabel="names in the dictionary", ylabel="seconds")
    axes.set_xticks(names, [f"{count // 1_000:,}k" if count >= 1_000 else str(count) for count in names])
    axes.minorticks_off()
    axes.grid(visible=True, alpha=0.3)
    axes.legend(frameon=False)
    figure.savefig(path, dpi=110, metadata={"Software": None})
