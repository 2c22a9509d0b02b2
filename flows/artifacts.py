"""The summary a run leaves in Prefect: counts, places of files and the next step, as Markdown.

No verbatim and no subject stands in an artifact: Prefect's database is no place for patient data.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from prefect.artifacts import create_markdown_artifact

from coding.operations.summaries import ExportSummary, RunSummary
from coding.records import RowAccount
from schemas.vocabulary import Change


def publish_run(summary: RunSummary) -> None:
    """Publish what a run of code_study did as the artifact ``coding-STUDY``."""
    create_markdown_artifact(
        key=f"coding-{_slug(summary.study)}",
        markdown=run_markdown(summary),
        description=f"Study {summary.study}: what the coding run did, where its files lie, what is next",
    )


def publish_export(summary: ExportSummary) -> None:
    """Publish what an export wrote as the artifact ``package-STUDY``."""
    create_markdown_artifact(
        key=f"package-{_slug(summary.study)}",
        markdown=export_markdown(summary),
        description=f"Study {summary.study}: what the package holds, where it lies, what is next",
    )


def _slug(study: str) -> str:
    """The study's id as Prefect takes it in a key: lower-case letters, digits and dashes."""
    return re.sub(r"[^a-z0-9]+", "-", study.lower()).strip("-")


def run_markdown(summary: RunSummary) -> str:
    """The artifact of a coding run."""
    return _document(
        [
            f"# Study {summary.study}: coding run",
            _headline(summary.accounts),
            *_next_step(summary.next_step),
            *_accounts(summary.accounts),
            *_requests(summary),
            *_changes(summary.changes),
            *_issues(summary.issues),
            *_places(summary.places),
            *_list("Dictionaries", summary.releases),
            *_list("Notes", summary.notes),
        ]
    )


def export_markdown(summary: ExportSummary) -> str:
    """The artifact of an export."""
    rows = [(name, _number(count)) for name, count in summary.datasets.items()]
    files = [(f"`{name}`", f"`{digest}`") for name, digest in summary.files.items()]
    still_open = summary.uncoded_requests
    return _document(
        [
            f"# Study {summary.study}: package {summary.sequence}",
            f"{_number(still_open)} coding requests are still open in this package."
            if still_open
            else "Every coding request is settled.",
            *_next_step(summary.next_step),
            "## Where it lies",
            f"`{summary.package}`",
            "## Rows per dataset",
            *_table(("Dataset",), rows, numbers=("Rows",)),
            *_accounts(summary.accounts),
            "## Files",
            *_table(("File", "SHA-256"), files),
            *_list("Notes", summary.notes),
        ]
    )


def _document(blocks: Iterable[str]) -> str:
    return "\n\n".join(block for block in blocks if block) + "\n"


def _headline(accounts: Sequence[RowAccount]) -> str:
    # Verbatims, not rows: a medication and its indication are two of them in one row.
    verbatims = sum(account.rows_in - account.not_filled for account in accounts)
    coded = sum(account.coded for account in accounts)
    pending = sum(account.pending for account in accounts)
    if not verbatims:
        return "No verbatim to code was found."
    share = f"{100 * coded / verbatims:.0f} %"
    return (
        f"**{_number(coded)} of {_number(verbatims)} verbatims are coded** ({share}), "
        f"{_number(pending)} wait for a person."
    )


def _next_step(step: str) -> Iterator[str]:
    """The operation's sentence, one point per part of it."""
    yield from _list("What to do next", [part for part in step.split("; ") if part])


def _accounts(accounts: Sequence[RowAccount]) -> Iterator[str]:
    if not accounts:
        return
    yield "## Where every row went"
    # In words, because eleven columns of numbers do not fit beside Prefect's side panel.
    rows = [
        (f"{item.source}: {item.field}", item.dictionary, _number(item.rows_in), _account(item))
        for item in accounts
    ]
    yield from _table(("Field", "Dictionary"), rows, ("Rows",), ("Where they went",))
    wrong = sum(not account.closes for account in accounts)
    if wrong:
        yield f"**{wrong} of these lines do not add up: keep the files and report this.**"
    else:
        yield "Every line adds up: no row is lost and none is counted twice."


def _account(item: RowAccount) -> str:
    parts = {
        "coded": item.coded,
        "pending": item.pending,
        "queried": item.queried,
        "not codable": item.not_codable,
        "quarantined": item.quarantined,
        "not filled": item.not_filled,
    }
    return ", ".join(f"{_number(count)} {name}" for name, count in parts.items() if count) or "none"


def _requests(summary: RunSummary) -> Iterator[str]:
    yield "## Coding requests"
    new = _number(summary.new_requests)
    yield f"{_number(summary.requests)} distinct requests, {new} of them new with this extract."
    yield from _table(("Status",), _counts(summary.by_status), ("Requests",))
    yield from _table(("Method",), _counts(summary.by_method), ("Requests",))


def _changes(changes: Mapping[str, Mapping[str, int]]) -> Iterator[str]:
    if not changes:
        return
    yield "## Records against the extract before"
    rows = [
        (domain, *(_number(counts.get(str(kind), 0)) for kind in Change))
        for domain, counts in changes.items()
    ]
    yield from _table(("Domain",), rows, [kind.value.capitalize() for kind in Change])


def _issues(issues: Mapping[tuple[str, str], int]) -> Iterator[str]:
    yield "## Findings in the data"
    if not issues:
        yield "None."
        return
    ordered = sorted(issues.items(), key=lambda item: (item[0][0], -item[1], item[0][1]))
    rows = [(severity, rule, _number(count)) for (severity, rule), count in ordered]
    yield from _table(("Severity", "Rule"), rows, ("Findings",))
    yield "An *error* put its row in quarantine; a row with a *warning* was coded all the same."


def _places(places: Mapping[str, Path]) -> Iterator[str]:
    if places:
        yield "## Where the files lie"
        yield from _table(("What", "Where"), [(name, f"`{path}`") for name, path in places.items()])


def _list(title: str, lines: Sequence[str]) -> Iterator[str]:
    if lines:
        yield f"## {title}"
        yield "\n".join(f"- {_cell(line)}" for line in lines)


def _counts(counts: Mapping[str, int]) -> list[tuple[str, str]]:
    return [(name, _number(count)) for name, count in counts.items()]


def _table(
    texts: Sequence[str],
    rows: Iterable[Sequence[str]],
    numbers: Sequence[str] = (),
    after: Sequence[str] = (),
) -> Iterator[str]:
    """One Markdown table, or nothing without rows. Columns: texts, then numbers (aligned right),
    then the texts ``after`` them."""
    body = [[_cell(cell) for cell in row] for row in rows]
    if body:
        marks = ["---"] * len(texts) + ["---:"] * len(numbers) + ["---"] * len(after)
        lines = [[*texts, *numbers, *after], marks, *body]
        yield "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(text: str) -> str:
    return text.replace("\n", " ").replace("|", "\\|")


def _number(value: int) -> str:
    return f"{value:,}"
