"""Import a dictionary release into a workspace."""

from __future__ import annotations

from pathlib import Path

from coding.records import Progress, UserError, silent
from coding.workspace import Workspace
from dictionaries.loading import FORMATS, Format, import_release
from dictionaries.model import Release


def add_dictionary(
    workspace: Workspace,
    path: Path | str,
    *,
    name: str | None = None,
    version: str | None = None,
    language: str | None = None,
    format: str | None = None,
    description: Path | None = None,
    licensed: bool | None = None,
    progress: Progress = silent,
) -> Release:
    """Check the release at ``path`` whole and store it beside the workspace's others.

    What the files do not say is told: ``name``, ``version``, ``language``, ``licensed``, ``format``;
    a plain table also needs the ``description`` of its columns. Adding the same release again does
    nothing. Raises UserError for an unknown format, DictionaryError for a release that is broken,
    there already with other content, or that cannot be stored.
    """
    return import_release(
        path,
        workspace.dictionaries,
        name=name,
        version=version,
        language=language,
        format=_format(format),
        description=description,
        licensed=licensed,
        progress=progress,
    )


def _format(told: str | None) -> Format | None:
    known: dict[str, Format] = {name: name for name in FORMATS}  # type: ignore[misc]
    if told is None:
        return None
    if told.lower() not in known:
        raise UserError(f"format {told!r} is not known; allowed: {', '.join(FORMATS)}")
    return known[told.lower()]
