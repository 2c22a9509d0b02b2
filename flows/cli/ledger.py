"""``trialcoder ledger``: is it intact, who decided what and why, make the tables anew."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Group, Parameter

from flows.cli.reports import show_table
from flows.cli.run import StudyArgument
from flows.cli.terminal import Exit, JsonOption, WorkspaceOption, console, note, open_workspace, print_json

if TYPE_CHECKING:
    from coding.ledger.history import HistoryEntry
    from coding.records import DecisionPart

EXAMPLES = """\
Examples:
  trialcoder ledger verify ASPEN
  trialcoder ledger verify ASPEN --manifest packages/ASPEN-12/manifest.json
  trialcoder ledger history ASPEN --verbatim "head ache"
  trialcoder ledger history ASPEN --code 10019211 --json
  trialcoder ledger rebuild ASPEN
"""


def build_ledger_app(group: Group) -> App:
    """The command with its three verbs."""
    app = App(
        name="ledger",
        group=group,
        help="Check and read the append-only record of every decision.",
        help_epilogue=EXAMPLES,
    )
    for verb in (verify, history, rebuild):
        app.command(verb)
    return app


def verify(
    study: StudyArgument,
    /,
    *,
    manifest: Annotated[
        Path | None,
        Parameter(
            name="--manifest",
            show_default=False,
            help="A package's manifest.json: shows events cut from the end or rewritten since.",
        ),
    ] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Check every event of a study: altered, removed, reordered, or cut from the end.

    Returns 3 and names the first event that is wrong when the ledger is not intact.
    """
    from coding.operations.inspect_ledger import verify_ledger

    found = verify_ledger(open_workspace(workspace), study, manifest=manifest)
    if as_json:
        print_json(
            {
                "study": study,
                "ok": found.ok,
                "head": {"sequence": found.head.sequence, "hash": found.head.hash},
                "derived_checked": found.derived_checked,
                "problems": [
                    {"kind": str(item.kind), "sequence": item.sequence, "message": item.message}
                    for item in found.problems
                ],
            }
        )
        return Exit.FINE if found.ok else Exit.ATTENTION
    out = console()
    if found.ok:
        compared = " and agrees with the manifest" if manifest else ""
        out.print(f"{study}: the ledger is intact up to event {found.head.sequence}{compared}.")
        out.print(f"  head {found.head.hash}", soft_wrap=True)
        return Exit.FINE
    out.print(f"{study}: the ledger is NOT intact.", style="bold red")
    for item in found.problems:
        out.print(f"  {item.kind}: {item.message}", soft_wrap=True)
    out.print(f"  Intact up to event {found.head.sequence}. Keep the database as it is and tell who runs it.")
    return Exit.ATTENTION


def history(
    study: StudyArgument,
    /,
    *,
    verbatim: Annotated[
        str | None,
        Parameter(name="--verbatim", show_default=False, help="What the site wrote, in any spelling."),
    ] = None,
    code: Annotated[
        str | None,
        Parameter(name="--code", show_default=False, help="A code that was given or taken away."),
    ] = None,
    request: Annotated[
        str | None, Parameter(name="--request", show_default=False, help="The key of a coding request.")
    ] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Answer who, when, what, why, and from which release, for all of a study or a part of it.

    The answer holds verbatims: it is for people who may read the study's data.
    """
    from coding.operations.inspect_ledger import entry_to_json, ledger_history

    entries = ledger_history(open_workspace(workspace), study, verbatim=verbatim, code=code, request=request)
    if as_json:
        print_json([entry_to_json(entry) for entry in entries])
    elif entries:
        columns = ("No.", "When (UTC)", "Who", "What", "Verbatim", "Coding", "Status", "How and why")
        show_table(f"History of {study}", columns, [_row(entry) for entry in entries])
    else:
        note(f"{study}: nothing is recorded about that")
    return Exit.FINE


def rebuild(
    study: StudyArgument, /, *, workspace: WorkspaceOption = None, as_json: JsonOption = False
) -> int:
    """Make the tables of a study's current state anew from its events.

    The events themselves are not touched. Refused when they are not intact.
    """
    from coding.operations.inspect_ledger import rebuild_ledger

    head = rebuild_ledger(open_workspace(workspace), study)
    if as_json:
        print_json({"study": study, "sequence": head.sequence, "hash": head.hash})
    else:
        console().print(f"{study}: tables made anew from {head.sequence} events.")
    return Exit.FINE


def _row(entry: HistoryEntry) -> tuple[str, ...]:
    coding = _change(_parts(entry.old_parts), _parts(entry.new_parts))
    status = _change(str(entry.old_status or ""), str(entry.new_status or ""))
    release = entry.release.partition(" sha256:")[0]
    how = "; ".join(
        text for text in (str(entry.method or ""), ", ".join(entry.rules), entry.reason, release) if text
    )
    when = entry.at.strftime("%Y-%m-%d %H:%M:%S")
    return (
        str(entry.sequence), when, entry.actor, str(entry.action), entry.verbatim, coding, status, how,
    )  # fmt: skip


def _parts(parts: tuple[DecisionPart, ...]) -> str:
    return " + ".join(f"{part.code} {part.text}".strip() for part in parts)


def _change(old: str, new: str) -> str:
    return f"{old} → {new}" if old and new and old != new else new or old
