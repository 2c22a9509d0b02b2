"""Make a workspace and a study.yaml in it, as an example or drafted from the headers of files."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from coding.operations.drafting import Draft, DraftSource, FormTable, draft_sources
from coding.operations.study_template import Offered, study_text
from coding.records import UserError
from coding.study import STUDY_FILE, STUDY_ID, load_study
from coding.workspace import WORKSPACE_FILE, Workspace, WorkspaceError, find_workspace
from schemas.tables import write_text
from schemas.vocabulary import VERBATIM_VARIABLE, Domain

WORKSPACE_TEXT = """\
# A trialcoder workspace: dictionaries, studies and the ledger lie in this folder.
#
# The ledger is the SQLite file ledger.sqlite in this folder, unless a database is named here (or in
# the environment variable TRIALCODER_LEDGER_URL, which is the place for one with a password):
# ledger: postgresql+psycopg://trialcoder@localhost/trialcoder
"""

#: What is looked at when a folder is named instead of files.
_SUFFIXES = {".csv", ".tsv", ".txt", ".xlsx", ".xpt", ".sas7bdat", ".xml", ".json", ".ndjson"}

#: Rows that are looked at: enough for keys and date formats, at once also for a million of them.
_ROWS = 1000


@dataclass(frozen=True, slots=True)
class InitSummary:
    """What ``init`` made and found. ``choose``: what a person has to look at in study.yaml."""

    workspace: Path
    workspace_made: bool
    study: str
    study_file: Path
    sources: tuple[tuple[str, str, str], ...]
    left_out: tuple[str, ...]
    choose: tuple[str, ...]
    next_step: str

    def to_json(self) -> dict[str, Any]:
        """The summary as plain JSON values; a source is its name, domain and columns in use."""
        data = asdict(self)
        data["workspace"], data["study_file"] = str(self.workspace), str(self.study_file)
        data["sources"] = [
            {"name": name, "domain": domain, "found": found} for name, domain, found in self.sources
        ]
        return data


def init_study(folder: Path, *, study_id: str | None = None, files: Sequence[Path] = ()) -> InitSummary:
    """Make ``studies/ID/study.yaml`` in the workspace of ``folder``, and the workspace if need be.

    The id is the one told, else the single study named in ``files``, else the folder's name.
    Raises WorkspaceError when the study is there already (nothing is changed then), UserError when
    none of the files has anything to code or an id cannot be used.
    """
    workspace, made = _workspace(folder)
    draft, unreadable = _draft(files) if files else (None, ())
    chosen = _study_id(folder, study_id, draft)
    study_folder = workspace.study_folder(chosen)
    study_file = study_folder / STUDY_FILE
    if study_file.exists():
        raise WorkspaceError(
            f"{study_file}: is there already and is left as it is; give another id with --study ID"
        )
    sources = draft.sources if draft else ()
    places = {source.name: _file_text(source.table.file, study_folder) for source in sources}
    text = study_text(chosen, draft, places, _offered(workspace))
    try:
        if made:
            write_text(WORKSPACE_TEXT, workspace.folder / WORKSPACE_FILE)
        write_text(text, study_file)
    except OSError as error:
        raise WorkspaceError(
            f"{error.filename or study_file}: cannot be written ({error.strerror})"
        ) from None
    load_study(study_file)
    return InitSummary(
        workspace=workspace.folder,
        workspace_made=made,
        study=chosen,
        study_file=study_file,
        sources=tuple((source.name, str(source.domain), _found(source)) for source in sources),
        left_out=(*(draft.left_out if draft else ()), *unreadable),
        choose=_choices(draft, text),
        next_step=_next_step(chosen, study_file, workspace.folder),
    )


def _workspace(folder: Path) -> tuple[Workspace, bool]:
    """The workspace that ``folder`` is in, or the one to make there and True."""
    if folder.exists() and not folder.is_dir():
        raise WorkspaceError(f"{folder}: is a file; name a folder")
    try:
        return find_workspace(folder), False
    except WorkspaceError:
        return Workspace(folder.resolve()), True


def _draft(files: Sequence[Path]) -> tuple[Draft, tuple[str, ...]]:
    tables: list[FormTable] = []
    unreadable: list[str] = []
    for file in _expanded(files):
        try:
            tables += read_form_tables(file)
        except UserError as error:
            unreadable.append(str(error))
    draft = draft_sources(tables)
    if not any(source.domain is not Domain.DM for source in draft.sources):
        reasons = "\n".join(f"  {reason}" for reason in (*draft.left_out, *unreadable))
        raise UserError(
            "none of the files has something to code, so no study was drafted"
            + (f":\n{reasons}" if reasons else "")
            + "\n`trialcoder init DIR` without --from makes a study.yaml to fill in by hand"
        )
    return draft, tuple(unreadable)


def _expanded(files: Sequence[Path]) -> list[Path]:
    """The files themselves: a folder stands for the readable files in it, a glob for its matches."""
    found: list[Path] = []
    for file in files:
        if file.is_dir():
            found += sorted(path for path in file.iterdir() if path.suffix.lower() in _SUFFIXES)
        elif not file.exists() and re.search(r"[*?\[]", file.name):
            found += sorted(file.parent.glob(file.name))
        elif not file.is_file():
            raise UserError(f"{file}: not found; check the path behind --from")
        else:
            found.append(file)
    return list(dict.fromkeys(path.resolve() for path in found))


def read_form_tables(file: Path) -> list[FormTable]:
    """The tables of a file with their headers and first rows. Raises UserError for an unreadable one."""
    from coding.ingest.file_format import file_format
    from coding.ingest.raw_table import SourceFile
    from coding.ingest.reading import read_headers

    tables = read_headers(file, _ROWS)
    found = file_format(SourceFile(file, file.name))
    kind = "item_group" if found == "odm" else "sheet" if found == "xlsx" and len(tables) > 1 else ""
    return [FormTable(file, name, kind, tuple(columns), rows) for name, columns, rows in tables]


def _study_id(folder: Path, told: str | None, draft: Draft | None) -> str:
    if told is not None:
        return told
    named = draft.study_ids if draft else ()
    name = named[0] if len(named) == 1 else folder.resolve().name
    usable = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("._-")[:64]
    if not re.fullmatch(STUDY_ID, usable):
        raise UserError(f"{folder}: no study id can be made of the folder's name; give one with --study ID")
    return usable


def _file_text(file: Path, study_folder: Path) -> str:
    """A file as study.yaml names it: relative to the study's folder if inside, else in full."""
    base = study_folder.resolve()
    return file.relative_to(base).as_posix() if file.is_relative_to(base) else file.as_posix()


def _offered(workspace: Workspace) -> Offered:
    from dictionaries.registry import list_releases

    events: dict[str, str] = {}
    drugs: dict[str, str] = {}
    for stored in list_releases([workspace.dictionaries]):
        release = stored.release
        codes_drugs = "drug" in release.name.lower() or any(
            "atc" in level.lower() for level in release.levels
        )
        # They come sorted by version, so that of several the last one stays.
        (drugs if codes_drugs else events)[release.name] = release.version
    return Offered(events, drugs)


def _found(source: DraftSource) -> str:
    parts = [*source.verbatim, source.subject, *source.record_id, *source.roles.values()]
    return ", ".join(dict.fromkeys(parts))


def _choices(draft: Draft | None, text: str) -> tuple[str, ...]:
    """What to look at, in words; the comments in study.yaml stand where it is to be done."""
    if draft is None:
        return (f"{text.count('choose:')} places marked `choose:`",)
    choices = [f"{source.name}: {question}" for source in draft.sources for _, question in source.choose]
    choices += draft.choose
    if not draft.demographics:
        choices.append("no table with sex and age was found: name one in `demographics` if there is one")
    if any(source.arms for source in draft.sources):
        choices.append("never_show hides the columns that look like the treatment")
    uncoded = [
        VERBATIM_VARIABLE[domain]
        for domain in dict.fromkeys(source.domain for source in draft.sources)
        if domain is not Domain.DM and f"\n  {VERBATIM_VARIABLE[domain]}:" not in text
    ]
    choices += [f"{field} is not coded: no dictionary for it is registered" for field in uncoded]
    return tuple(choices)


def _next_step(study: str, study_file: Path, workspace: Path) -> str:
    return f"Look through {study_file}, then: trialcoder run {study} --workspace {_shell(workspace)}"


def _shell(path: Path) -> str:
    text = str(path)
    return f'"{text}"' if re.search(r"[^\w./\\:~-]", text) else text
