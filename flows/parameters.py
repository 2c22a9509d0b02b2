"""The run forms: what Prefect asks before a run, with the help texts a data manager reads.

Ids, paths and options only: whatever is typed here is stored in Prefect's database, so nothing
about patients may have a field.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from coding.study import STUDY_ID
from coding.workspace import WORKSPACE_VARIABLE, Workspace, find_workspace


class _StudySettings(BaseModel):
    """Which study, and in which workspace."""

    model_config = ConfigDict(extra="forbid")

    study: str = Field(
        title="Study",
        pattern=STUDY_ID,
        description=(
            "The study's id: the name of its folder in the workspace (studies/ID/study.yaml). "
            "Letters, digits, '.', '_' and '-'."
        ),
        examples=["ASPEN"],
        json_schema_extra={"position": 0},
    )
    workspace: str = Field(
        default="",
        title="Workspace",
        description=(
            "Folder of the workspace on the worker's machine. Leave empty for the worker's own "
            f"({WORKSPACE_VARIABLE})."
        ),
        json_schema_extra={"position": 1},
    )

    def open_workspace(self) -> Workspace:
        """The workspace these settings mean. Raises WorkspaceError when there is none."""
        return find_workspace(Path(self.workspace) if self.workspace.strip() else None)


class CodeStudySettings(_StudySettings):
    """Reads the study's source files, checks them, codes what the study's rules settle, and lists
    what is left for people. Running it again is always safe."""

    export_after: bool = Field(
        default=False,
        title="Export afterwards",
        description="Write the package of coded datasets right after coding.",
        json_schema_extra={"position": 2},
    )


class ExportStudySettings(_StudySettings):
    """Writes the package of a study that has been coded: its datasets, listings and manifest. The
    same state of the study gives the same files, byte for byte."""
