"""The two plots of an evaluation's page, as SVG that follows the page's colours.

matplotlib is given stand-in colours, which become CSS variables; texts stay texts. The same figures
give the same bytes: no date, and ids that depend on the plot's name only.
"""

from __future__ import annotations

import html
import io
import re
from typing import TYPE_CHECKING, Any

import pandas as pd

from coding.evaluation.calibration import Calibration
from coding.evaluation.coverage import PRECISIONS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Stand-in colour → what the page makes of it.
_COLOURS = {
    "#010101": "var(--ink)",
    "#020202": "var(--soft)",
    "#030303": "var(--line)",
    "#040404": "var(--accent)",
    "#050505": "var(--second)",
}
_INK, _SOFT, _LINE, _ACCENT, _SECOND = _COLOURS
_WIDTH, _HEIGHT = 5.6, 4.0


def reliability_plot(found: Calibration) -> str:
    """Confidence against the share that was right, with 95 % intervals, and the diagonal."""

    def draw(axes: Axes) -> None:
        said = [item.confidence for item in found.bins]
        seen = [item.observed.agreed / item.observed.cases for item in found.bins]
        low = [one - (item.observed.low or 0) for one, item in zip(seen, found.bins, strict=True)]
        high = [(item.observed.high or 0) - one for one, item in zip(seen, found.bins, strict=True)]
        axes.plot([0, 1], [0, 1], color=_SOFT, linewidth=1, linestyle=(0, (4, 3)))
        axes.errorbar(
            said, seen, yerr=[low, high], color=_ACCENT, marker="o", markersize=5, linewidth=1.5,
            elinewidth=1, capsize=3,
        )  # fmt: skip
        axes.annotate(
            "as often as said", (0.04, 0.07), rotation=36, rotation_mode="anchor", color=_SOFT, fontsize=9
        )
        axes.set_xlim(0, 1.02)
        axes.set_ylim(0, 1.04)
        axes.set_xlabel("confidence")
        axes.set_ylabel("share that people agreed with")

    label = (
        f"Reliability plot of {len(found.bins)} groups of verbatims, {found.cases} in all; "
        f"mean distance from the diagonal {found.error:.3f}. The table below has the numbers."
    )
    return _svg("reliability", "Said and seen", label, draw)


def precision_plot(curve: pd.DataFrame) -> str:
    """Agreement among the most confident, by the share of verbatims that is taken.

    ``curve``: as :func:`coding.evaluation.coverage.precision_curve` gives it.
    """

    def draw(axes: Axes) -> None:
        axes.step([0, *curve["share"]], [1, *curve["precision"]], where="post", color=_ACCENT, linewidth=1.8)
        bottom = max(0.0, min(float(curve["precision"].min()), 0.9) - 0.05)
        for precision in PRECISIONS:
            axes.axhline(precision, color=_SECOND, linewidth=0.9, linestyle=(0, (4, 3)))
        axes.annotate(
            "95, 98, 99 %", (1, PRECISIONS[0]), xytext=(0, -11), textcoords="offset points", ha="right",
            color=_SECOND, fontsize=9,
        )  # fmt: skip
        axes.set_xlim(0, 1)
        axes.set_ylim(bottom, 1.005)
        axes.set_xlabel("share of the verbatims, most confident first")
        axes.set_ylabel("agreement")

    last = curve.iloc[-1]
    label = (
        "Curve of the agreement among the most confident verbatims by the share that is taken; "
        f"taking {last['share']:.0%} gives {last['precision']:.0%}. The table above has the numbers."
    )
    return _svg("precision", "Agreement by share", label, draw)


def _svg(name: str, title: str, label: str, draw: Any) -> str:
    import matplotlib as mpl
    from matplotlib.figure import Figure
    from matplotlib.ticker import PercentFormatter

    settings: Any = {
        "svg.fonttype": "none", "svg.hashsalt": name, "font.family": "sans-serif", "font.size": 10,
        "axes.edgecolor": _LINE, "axes.labelcolor": _INK, "text.color": _INK, "xtick.color": _SOFT,
        "ytick.color": _SOFT, "axes.spines.top": False, "axes.spines.right": False, "axes.grid": True,
        "grid.color": _LINE, "grid.linewidth": 0.6, "axes.axisbelow": True,
    }  # fmt: skip
    with mpl.rc_context(settings):
        figure = Figure(figsize=(_WIDTH, _HEIGHT), layout="constrained")
        axes = figure.add_subplot()
        draw(axes)
        axes.xaxis.set_major_formatter(PercentFormatter(1, 0, " %"))
        axes.yaxis.set_major_formatter(PercentFormatter(1, 0, " %"))
        target = io.StringIO()
        figure.savefig(
            target,
            format="svg",
            transparent=True,
            metadata={"Date": None, "Creator": None, "Format": None, "Type": None},
        )
    return _inline(target.getvalue(), name, title, label)


def _inline(svg: str, name: str, title: str, label: str) -> str:
    """The drawing as a part of a page: its own ids, the page's colours, a text for who cannot see it."""
    body = svg[svg.index("<svg") :]
    body = re.sub(r"<metadata>.*?</metadata>\s*", "", body, flags=re.DOTALL)
    body = re.sub(r'\bid="', f'id="{name}-', body)
    body = re.sub(r'(url\(#|href="#)', rf"\g<1>{name}-", body)
    for colour, variable in _COLOURS.items():
        body = body.replace(colour, variable)
    # The page's own font, so that no machine needs matplotlib's; its one rule goes to the drawing.
    body = re.sub(r"font-family: [^;\"]+", "font-family: var(--font)", body)
    body = re.sub(r"<style.*?</style>", "", body, flags=re.DOTALL)
    found = re.search(r'viewBox="([^"]+)"', body)
    box = found[1] if found else "0 0 403 288"
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="{box}" '
        f'stroke-linejoin="round" role="img" aria-label="{html.escape(label)}">'
        f"<title>{html.escape(title)}</title>"
    )
    return re.sub(r"<svg[^>]*>", lambda _: head, body, count=1).strip()
