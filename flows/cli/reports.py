"""The summaries of operations as tables for people. Counts and places only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from flows.cli.terminal import Exit, console

if TYPE_CHECKING:
    from coding.operations.summaries import ExportSummary, RunSummary, StatusSummary, SuggestSummary
    from coding.records import RowAccount

_BUCKETS = ("coded", "pending", "queried", "not codable", "quarantined", "not filled")
#: Narrower consoles get the accounting in lines.
_WIDE = 110
_RULED = box.SIMPLE_HEAD
_CHANGE_COLUMNS = ("new", "changed", "unchanged", "removed")


def show_run(summary: RunSummary) -> Exit:
    """Print what a run did; the exit code says whether its accounting closes."""
    out = console()
    out.print(f"Study {summary.study}: run finished{_seconds(summary.seconds)}", style="bold")
    exit_code = _accounts(out, summary.accounts)
    total = sum(summary.by_status.values())
    _counts(out, "Coding requests by status", "Status", summary.by_status)
    _counts(out, "Coding requests by method", "Method", summary.by_method)
    if summary.new_requests != total:
        out.print(f"Coding requests that are new with this extract: {_number(summary.new_requests)}")
    _issues(out, summary.issues)
    changes = {name: counts for name, counts in summary.changes.items() if any(counts.values())}
    if changes:
        table = _table(("Domain",), [kind.capitalize() for kind in _CHANGE_COLUMNS])
        for domain, counts in changes.items():
            table.add_row(domain, *(_number(counts.get(kind, 0)) for kind in _CHANGE_COLUMNS))
        _print(out, "Records against the extract before", table)
    if summary.releases:
        _lines(out, "Dictionaries", summary.releases)
    _places(out, summary.places)
    _lines(out, "Notes", summary.notes)
    _next(out, summary.next_step)
    return exit_code


def show_export(summary: ExportSummary) -> Exit:
    """Print what an export wrote; the exit code says whether its accounting closes."""
    out = console()
    head = f"Study {summary.study}: package written{_seconds(summary.seconds)}"
    out.print(f"{head}, as of ledger event {_number(summary.sequence)}", style="bold")
    _counts(out, "Rows per dataset", "Dataset", summary.datasets)
    exit_code = _accounts(out, summary.accounts)
    if summary.uncoded_requests:
        out.print(f"Coding requests still open: {_number(summary.uncoded_requests)}")
    _places(out, {"package": summary.package})
    _lines(out, "Notes", summary.notes)
    _next(out, summary.next_step)
    return exit_code


def show_status(summary: StatusSummary) -> Exit:
    """Print where one study stands."""
    out = console()
    out.print(f"Study {summary.study}", style="bold")
    exit_code = _accounts(out, summary.accounts)
    _counts(out, "Coding requests by status", "Status", summary.by_status)
    _counts(out, "Coding requests by method", "Method", summary.by_method)
    _issues(out, summary.issues)
    out.print(f"Last extract taken: {summary.last_extract_at or 'never'}")
    out.print(f"Last export:        {summary.last_export_at or 'never'}")
    out.print(f"Ledger events:      {_number(summary.ledger_sequence)}")
    _next(out, summary.next_step)
    return exit_code


def show_studies(rows: Sequence[tuple[str, StatusSummary | str]]) -> None:
    """Print one line per study; a text instead of a status says why there is none."""
    out = console()
    table = _table(("Study",), ("Rows in", "Coded", "Pending", "Queried"), ("Next step",))
    for study, status in rows:
        if isinstance(status, str):
            table.add_row(study, "", "", "", "", status)
            continue
        sums = [
            sum(getattr(account, name) for account in status.accounts)
            for name in ("rows_in", "coded", "pending", "queried")
        ]
        table.add_row(study, *(_number(value) for value in sums), status.next_step)
    _print(out, "Studies", table)


def show_suggest(summary: SuggestSummary) -> None:
    """Print what was suggested for a plain list."""
    out = console()
    out.print(
        f"{_number(summary.rows)} rows, {_number(summary.distinct)} distinct verbatims, "
        f"{summary.release}, {summary.seconds:.1f} s"
    )
    _counts(out, "Distinct verbatims by method of their first candidate", "Method", summary.by_method)
    _places(out, {"suggestions": summary.output})


def show_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str | Text]]) -> None:
    """Print a plain table of texts."""
    table = _table(columns)
    for row in rows:
        table.add_row(*row)
    _print(console(), title, table)


def show_lines(title: str, lines: Sequence[str]) -> None:
    """Print a heading and one line per text; nothing where there is none."""
    _lines(console(), title, lines)


def show_places(places: Mapping[str, Path]) -> None:
    """Print where files lie."""
    _places(console(), places)


def show_next(step: str) -> None:
    """Print what to do next."""
    _next(console(), step)


def _accounts(out: Console, accounts: Sequence[RowAccount]) -> Exit:
    if not accounts:
        return Exit.FINE
    if out.width < _WIDE:
        _accounts_in_lines(out, accounts)
    else:
        _accounts_in_a_table(out, accounts)
    wrong = [item for item in accounts if not item.closes]
    if not wrong:
        out.print("Every row is accounted for: rows in are the sum of the other columns.")
        return Exit.FINE
    for item in wrong:
        where = f"{item.source}, {item.field}, {item.dictionary}"
        out.print(
            f"The accounting of {where} does not close: keep the files and report this.", style="bold red"
        )
    return Exit.ATTENTION


def _accounts_in_a_table(out: Console, accounts: Sequence[RowAccount]) -> None:
    names = ("Rows in", *(name.capitalize() for name in _BUCKETS))
    table = _table(("Source", "Field", "Dictionary"), names)
    for item in accounts:
        table.add_row(
            item.source, item.field, item.dictionary, *map(_number, (item.rows_in, *_buckets(item)))
        )
    _print(out, "Row accounting", table)


def _accounts_in_lines(out: Console, accounts: Sequence[RowAccount]) -> None:
    out.print()
    out.print("Row accounting", style="bold")
    for item in accounts:
        sums = (f"{_number(count)} {name}" for count, name in zip(_buckets(item), _BUCKETS, strict=True))
        out.print(f"  {item.source}, {item.field}, {item.dictionary}")
        out.print(Padding(f"{_number(item.rows_in)} rows in = {' + '.join(sums)}", (0, 0, 0, 4)))


def _buckets(item: RowAccount) -> tuple[int, ...]:
    return (
        item.coded, item.pending, item.queried, item.not_codable, item.quarantined, item.not_filled,
    )  # fmt: skip


def _issues(out: Console, issues: Mapping[tuple[str, str], int]) -> None:
    if not issues:
        return
    table = _table(("Severity", "Rule"), ("Findings",))
    for (severity, rule), count in sorted(
        issues.items(), key=lambda item: (item[0][0], -item[1], item[0][1])
    ):
        table.add_row(severity, rule, _number(count))
    _print(out, "Findings in the data", table)


def _counts(out: Console, title: str, name: str, counts: Mapping[str, int]) -> None:
    if not counts:
        return
    table = _table((name,), ("Count",))
    for key, count in counts.items():
        table.add_row(str(key), _number(count))
    if len(counts) > 1:
        table.add_section()
        table.add_row("all", _number(sum(counts.values())))
    _print(out, title, table)


def _places(out: Console, places: Mapping[str, Path]) -> None:
    if not places:
        return
    out.print()
    out.print("Files", style="bold")
    width = max(len(name) for name in places)
    for name, path in places.items():
        # A path is for copying: never wrapped, never cut.
        out.print(f"  {name:<{width}}  {path}", soft_wrap=True)


def _lines(out: Console, title: str, lines: Sequence[str]) -> None:
    if not lines:
        return
    out.print()
    out.print(title, style="bold")
    for line in lines:
        out.print(f"  {line}", soft_wrap=True)


def _next(out: Console, step: str) -> None:
    if step:
        out.print()
        out.print("Next", style="bold")
        out.print(f"  {step}", soft_wrap=True)


def _print(out: Console, title: str, table: Table) -> None:
    # Not the table's own title, which would be wrapped to the width of a narrow table.
    out.print()
    out.print(title, style="bold")
    out.print(table)


def _table(texts: Sequence[str], numbers: Sequence[str] = (), after: Sequence[str] = ()) -> Table:
    table = Table(box=_RULED, pad_edge=False, show_edge=False)
    for name in texts:
        table.add_column(name, overflow="fold", min_width=min(len(name), 10))
    for name in numbers:
        table.add_column(name, justify="right", overflow="fold")
    for name in after:
        table.add_column(name, overflow="fold")
    return table


def _number(value: int) -> str:
    return f"{value:,}"


def _seconds(seconds: Mapping[str, float]) -> str:
    return f" in {sum(seconds.values()):.1f} s" if seconds else ""
