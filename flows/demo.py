"""``make demo``: the example study through the real flows, from raw files to a package.

First the study's first extract, then a later one with new, changed and removed records. Running it
again goes on from the workspace as it stands; deleting the workspace's folder begins anew.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from coding.operations.init_study import WORKSPACE_TEXT
from coding.records import UserError
from coding.workspace import WORKSPACE_FILE, Workspace
from flows.local_server import LocalServer, stop_on_signals
from flows.prefect_settings import PROJECT
from schemas.tables import atomic_path, write_text
from schemas.vocabulary import Change

if TYPE_CHECKING:
    from coding.operations.summaries import ExportSummary, RunSummary

EXAMPLES = PROJECT / "examples"
STUDY = "ASPEN"

#: What happens is said here, in plain words, not by Prefect's log.
_SILENT = {"PREFECT_LOGGING_LEVEL": "CRITICAL", "PREFECT_LOGGING_TO_API_ENABLED": "false"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo and say what happened; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m flows.demo", description=__doc__)
    parser.add_argument("--workspace", type=Path, default=PROJECT / "demo", help="where to work (demo/)")
    workspace = Workspace(parser.parse_args(arguments).workspace.resolve())
    stop_on_signals()
    try:
        _demo(workspace)
    except UserError as error:
        _say(f"trialcoder: {error}")
        _say(f"This is only the demo: {workspace.folder} can be deleted to begin anew.")
        return error.exit_code
    except KeyboardInterrupt:
        _say("\nInterrupted. Nothing half-written is kept; run it again to go on.")
        return 130
    return 0


def _demo(workspace: Workspace) -> None:
    again = lay_out(workspace)
    _say("Starting Prefect (the first time takes about 20 seconds) …")
    with LocalServer(PROJECT / ".prefect" / "demo", options=("--no-ui", "--no-services")) as server:
        # Before the first import of Prefect, which reads its settings from here.
        os.environ.update(server.environment, **_SILENT)
        _say(f"Coding {STUDY}{'' if again else ': the first extract'} …")
        first = _run(workspace)
        update(workspace)
        _say(f"Coding {STUDY}: the second extract, with new, changed and removed records …")
        second = _run(workspace)
    _say("\n" + "\n".join(_report(workspace, again, first, second)))


def lay_out(workspace: Workspace) -> bool:
    """Make the workspace with the example study; True if it was there."""
    if not (workspace.folder / WORKSPACE_FILE).exists():
        write_text(WORKSPACE_TEXT, workspace.folder / WORKSPACE_FILE)
    folder = workspace.study_folder(STUDY)
    if folder.exists():
        return True
    folder.parent.mkdir(parents=True, exist_ok=True)
    # Whole or not at all: an interrupted demo must not leave half a study behind.
    with tempfile.TemporaryDirectory(prefix=".laying-", dir=folder.parent) as place:
        laid = Path(place) / STUDY
        shutil.copytree(EXAMPLES / STUDY, laid, ignore=shutil.ignore_patterns("update"))
        laid.rename(folder)
    return False


def update(workspace: Workspace) -> None:
    """Put the later extract's files over the study's raw files, as a data manager would."""
    later = EXAMPLES / STUDY / "update"
    for file in sorted(path for path in later.rglob("*") if path.is_file()):
        with atomic_path(workspace.study_folder(STUDY) / file.relative_to(later)) as temporary:
            shutil.copyfile(file, temporary)


def _run(workspace: Workspace) -> tuple[RunSummary, ExportSummary]:
    from prefect.exceptions import FailedRun

    from flows.code_study import code_study
    from flows.export_study import export_study
    from flows.parameters import CodeStudySettings, ExportStudySettings

    folder = str(workspace.folder)
    try:
        coded = code_study(CodeStudySettings(study=STUDY, workspace=folder))
        return coded, export_study(ExportStudySettings(study=STUDY, workspace=folder))
    except FailedRun as error:
        raise UserError(str(error)) from None


def _report(
    workspace: Workspace,
    again: bool,
    first: tuple[RunSummary, ExportSummary],
    second: tuple[RunSummary, ExportSummary],
) -> Iterator[str]:
    coded, package = second
    yield f"What happened (study {STUDY}, made up)"
    if again:
        yield f"  {workspace.folder} was there already and was run as it stands; delete it to begin anew."
    else:
        yield from _lines("First extract", _rows(first[0]))
    yield from _lines("Second extract", _rows(coded), _changes(coded))
    settled = ", ".join(f"{count} {method}" for method, count in coded.by_method.items())
    yield from _lines("Settled by", settled)
    closes = all(account.closes for account in package.accounts)
    yield from _lines("Accounting", "closes: every row is accounted for" if closes else "DOES NOT CLOSE")
    yield ""
    yield "Where the results are"
    yield from _lines("package", str(package.package), "datasets/ae.xlsx is a good place to begin")
    for name, path in coded.places.items():
        yield from _lines(name, str(path))
    yield ""
    yield "What to do next"
    yield f"  - {package.next_step}"
    yield f"  - see where it stands: {_program()} status {STUDY} --workspace {workspace.folder}"
    yield "  - make server: the same with a run form and a summary page in the browser"
    yield "  - README.md: from your own study's files to a package"


def _lines(name: str, *texts: str) -> Iterator[str]:
    for place, text in enumerate(texts):
        yield f"  {'' if place else name:<15} {text}"


def _rows(summary: RunSummary) -> str:
    def total(name: str) -> int:
        return sum(getattr(account, name) for account in summary.accounts)

    rest = {"not codable": total("not_codable"), "in quarantine": total("quarantined")}
    more = "".join(f", {count} {name}" for name, count in rest.items() if count)
    verbatims = total("rows_in") - total("not_filled")
    told = f"{verbatims} verbatims: {total('coded')} coded, {total('pending')} wait for a person"
    return f"{told}{more}; {sum(summary.issues.values())} findings in the data"


def _changes(summary: RunSummary) -> str:
    counts = {kind: sum(domain.get(str(kind), 0) for domain in summary.changes.values()) for kind in Change}
    told = ", ".join(f"{count} {kind}" for kind, count in counts.items())
    return f"records against the extract before: {told}; what was decided stands"


def _program() -> str:
    folder = Path(sys.executable).parent
    name = "trialcoder.exe" if sys.platform == "win32" else "trialcoder"
    return str(folder / name) if (folder / name).exists() else "trialcoder"


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
