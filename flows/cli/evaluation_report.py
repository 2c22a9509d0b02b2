"""What ``trialcoder evaluate`` measured, as tables for people. Counts and places only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.padding import Padding

from flows.cli.reports import show_lines, show_next, show_places, show_table
from flows.cli.terminal import console

if TYPE_CHECKING:
    from coding.operations.summaries import EvaluationSummary, ReleaseEvaluation

_AGREEMENT = ("Verbatims", "First", "95 % interval", "Among five", "Rows, first")
_COVERAGE = ("Agreement", "As counted", "Right", "Proven", "Right", "Error-free cases missing")


def show_evaluation(summary: EvaluationSummary) -> None:
    """Print what was measured, release by release."""
    out = console()
    for item in summary.evaluations:
        out.print(f"{summary.subject}, {item.release}: measured on people's decisions", style="bold")
        for sentence in item.sentences:
            out.print(Padding(sentence, (0, 0, 0, 2), expand=False))
        _agreement(item)
        _coverage(item)
        show_places(item.places)
        out.print()
    show_lines("Notes", summary.notes)
    show_next(summary.next_step)


def _agreement(item: ReleaseEvaluation) -> None:
    figures, levels = item.figures, item.figures["levels"]
    rows = [_agreement_row(levels[one["level"]], one) for one in figures["agreement"]]
    show_table("Agreement of the suggestions with people", ("Level", *_AGREEMENT), rows)
    for by, title in (("method", "Method"), ("domain", "Domain")):
        groups = [one for one in figures[f"agreement_by_{by}"] if one["level"] == "preferred"]
        if by == "method" or len(groups) > 1:
            rows = [_agreement_row(one["group"], one) for one in groups]
            show_table(f"By {by}, at the {levels['preferred']}", (title, *_AGREEMENT), rows)


def _agreement_row(name: str, one: Mapping[str, Any]) -> list[str]:
    first, among = one["first"], one["among_first"]
    return [
        name,
        f"{first['cases']:,}",
        _percent(first["share"]),
        f"{_percent(first['low'])} to {_percent(first['high'])}",
        _percent(among["share"]),
        f"{_percent(one['rows_share'])} of {one['rows']:,}",
    ]


def _coverage(item: ReleaseEvaluation) -> None:
    groups: Mapping[str, Sequence[Mapping[str, Any]]] = item.figures["coverage"]
    rows = [
        [
            f"at least {_percent(one['precision'])}",
            *_reach(one["counted"], "none"),
            *_reach(one["proven"], "none yet"),
            f"{one['missing']:,}" if one["missing"] else "",
        ]
        for one in groups.get("all", ())
    ]
    if rows:
        show_table("Share that could be coded without a person", _COVERAGE, rows)


def _reach(reach: Mapping[str, Any], nothing: str) -> tuple[str, str]:
    if not reach["cases"]:
        return nothing, ""
    return _percent(reach["share"]), f"{reach['agreed']:,} of {reach['cases']:,}"


def _percent(share: float | None) -> str:
    from coding.evaluation.sentences import percent

    return percent(share)
