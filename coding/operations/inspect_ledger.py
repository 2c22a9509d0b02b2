"""Questions to the ledger about one study: intact? who, when, why? And its tables made anew."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

from coding.ledger.chain import Head, utc_text
from coding.ledger.history import HistoryEntry
from coding.ledger.ledger import Ledger
from coding.ledger.verify import Verification
from coding.records import UserError
from coding.workspace import Workspace, WorkspaceError


class ManifestError(UserError):
    """A manifest that cannot be compared with the ledger."""


def verify_ledger(workspace: Workspace, study_id: str, *, manifest: Path | None = None) -> Verification:
    """Check every event of a study and the tables made from them.

    With a package's ``manifest`` the chain must also reach, unchanged, the head it names. Raises
    ManifestError for a manifest that is not this study's, WorkspaceError for an unknown study.
    """
    expected = read_manifest_head(manifest, study_id) if manifest is not None else None
    with _open(workspace, study_id) as ledger:
        return ledger.verify(study_id, expected)


def ledger_history(
    workspace: Workspace,
    study_id: str,
    *,
    request: str | None = None,
    verbatim: str | None = None,
    code: str | None = None,
) -> list[HistoryEntry]:
    """What was recorded about a study, or about one request, verbatim or code of it, in order.

    Holds verbatims. Raises WorkspaceError for an unknown study.
    """
    with _open(workspace, study_id) as ledger:
        return ledger.history(study_id, request=request, verbatim=verbatim, code=code)


def rebuild_ledger(workspace: Workspace, study_id: str) -> Head:
    """Make the derived tables of a study anew from its events; returns the chain's head.

    Raises LedgerError when the events are not intact, StudyBusyError while a run holds the study.
    """
    with workspace.hold_study(study_id), _open(workspace, study_id) as ledger:
        ledger.rebuild(study_id)
        return ledger.head(study_id)


def entry_to_json(entry: HistoryEntry) -> dict[str, Any]:
    """A history entry as plain JSON values."""
    return {**asdict(entry), "at": utc_text(entry.at)}


def read_manifest_head(path: Path, study_id: str) -> Head:
    """The ledger's head that a package's manifest names. Raises ManifestError."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ManifestError(f"{path}: not found; name the manifest.json of a package") from None
    except (OSError, ValueError, RecursionError) as error:
        raise ManifestError(f"{path}: cannot be read as JSON ({type(error).__name__})") from None
    head = data.get("ledger") if isinstance(data, dict) else None
    if not isinstance(head, dict) or data.get("study") is None:
        raise ManifestError(f"{path}: is no manifest of a package; it names no study and ledger head")
    if data["study"] != study_id:
        raise ManifestError(f"{path}: is the manifest of another study; name one of {study_id}")
    sequence, digest = head.get("sequence"), head.get("head")
    if (
        isinstance(sequence, bool)
        or not isinstance(sequence, int)
        or not re.fullmatch(r"[0-9a-f]{64}", str(digest))
    ):
        raise ManifestError(f"{path}: the ledger head in it is not complete; take the file anew")
    return Head(sequence, str(digest))


def _open(workspace: Workspace, study_id: str) -> Ledger:
    if not workspace.study_folder(study_id).is_dir():
        raise WorkspaceError(
            f"study {study_id} is not in this workspace; studies here: "
            f"{', '.join(workspace.study_ids()) or 'none'}"
        )
    return Ledger.open(workspace.ledger_url)
