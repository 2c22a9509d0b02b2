"""Tables of a benchmark: printed in columns, and as plain values for a JSON file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple


class Agreed(NamedTuple):
    """Share of verbatims whose right term is the first candidate, and among the first five."""

    first: float
    five: float


Cell = str | int | float | Agreed | None


@dataclass(frozen=True)
class Table:
    """A title, named columns, rows of cells (None: not measured) and notes below."""

    title: str
    columns: tuple[str, ...]
    rows: list[tuple[Cell, ...]]
    notes: tuple[str, ...] = ()

    def text(self) -> str:
        """The table as it is printed."""
        lines = [self.columns, *([shown(cell) for cell in row] for row in self.rows)]
        widths = [max(len(line[at]) for line in lines) for at in range(len(self.columns))]
        told = [_aligned(line, widths) for line in lines]
        return "\n".join([f"\n{self.title}", *told, *(f"  {note}" for note in self.notes)])

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        rows = [dict(zip(self.columns, map(_plain, row), strict=True)) for row in self.rows]
        return {"title": self.title, "rows": rows, "notes": list(self.notes)}


def shown(cell: Cell) -> str:
    """A cell as text: three digits for shares, fewer for larger numbers."""
    if cell is None:
        return "–"
    if isinstance(cell, Agreed):
        return f"{cell.first:.3f} / {cell.five:.3f}"
    if isinstance(cell, float):
        return f"{cell:.3f}" if abs(cell) < 10 else f"{cell:,.1f}"
    return f"{cell:,}" if isinstance(cell, int) else cell


def _aligned(line: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = (f"{text:{'<' if at == 0 else '>'}{widths[at]}}" for at, text in enumerate(line))
    return "  ".join(["  " + first, *others]).rstrip()


def _plain(cell: Cell) -> Any:
    return cell._asdict() if isinstance(cell, Agreed) else cell
