"""What matching needs besides requests and rules: the release's index, and the user's sentence model."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from coding.matching.further_retriever import FurtherRetriever
from coding.matching.index import MatchIndex
from coding.matching.index_file import open_index
from coding.operations.study_run import StudyRun
from coding.records import Progress, canonical_json
from dictionaries.model import Dictionary


@dataclass(frozen=True)
class MatchingTools:
    """An index and, if the user has a sentence model, a further retriever over it."""

    index: MatchIndex
    further: FurtherRetriever | None = None

    @property
    def fingerprint(self) -> str:
        """Changes with all that the candidates depend on beside requests and rules."""
        return canonical_json([self.index.fingerprint, self.further.checksum if self.further else ""])


def open_tools(
    dictionary: Dictionary, cache: Path | None, semantic_model: Path | None, progress: Progress
) -> MatchingTools:
    """The tools for a release. ``cache``: the workspace's cache folder, or None outside a workspace.

    Raises UserError where the model's folder cannot be used.
    """
    index = open_index(dictionary, cache, progress)
    if semantic_model is None:
        return MatchingTools(index)
    from coding.matching.semantic import SemanticModel, SemanticRetriever

    return MatchingTools(index, SemanticRetriever(SemanticModel.open(semantic_model), index, cache))


def study_tools(run: StudyRun, dictionary: Dictionary, progress: Progress) -> MatchingTools:
    """The tools for one of a study's dictionaries."""
    return open_tools(dictionary, run.workspace.cache, run.semantic_model, progress)
