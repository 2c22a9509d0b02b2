"""What an evaluation leaves in its folder: the page, its figures as JSON, and the listings."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd

from coding import TOOL_VERSION
from coding.evaluation.listings import answered_differently, disagreements, not_in_release
from coding.evaluation.measures import Evaluation
from coding.evaluation.page import evaluation_page
from coding.evaluation.sentences import lead_sentences
from coding.operations.summaries import ReleaseEvaluation
from dictionaries.model import Dictionary
from schemas.tables import clear_leftovers, write_csv, write_text

#: What the page calls a listing → the file's name.
DISAGREEMENTS = "Disagreements"
EXACT = "Exact names that people coded otherwise (more often theirs to look at)"
DIFFERENTLY = "Verbatims that people coded differently"
NOT_KNOWN = "Answers that the release does not know"
_FILES = {
    DISAGREEMENTS: "disagreements.csv",
    EXACT: "exact_coded_otherwise.csv",
    DIFFERENTLY: "answered_differently.csv",
    NOT_KNOWN: "not_in_release.csv",
}


def write_evaluation(
    evaluation: Evaluation, dictionary: Dictionary, folder: Path, *, with_verbatims: bool
) -> ReleaseEvaluation:
    """Write ``evaluation.html``, ``evaluation.json`` and the listings into a folder.

    The listings hold verbatims; the page does so only if told to. The same evaluation gives the same
    bytes.
    """
    listings = {
        DISAGREEMENTS: disagreements(evaluation, dictionary, exact=False),
        EXACT: disagreements(evaluation, dictionary, exact=True),
        DIFFERENTLY: answered_differently(evaluation, dictionary),
        NOT_KNOWN: not_in_release(evaluation),
    }
    figures = {"tool_version": TOOL_VERSION, **evaluation.to_json(), "listings": _counts(listings)}
    clear_leftovers(folder)
    shown = {title: listings[title] for title in (DISAGREEMENTS, EXACT)} if with_verbatims else {}
    write_text(evaluation_page(evaluation, shown), folder / "evaluation.html")
    text = json.dumps(figures, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)
    write_text(text + "\n", folder / "evaluation.json")
    places = {"page": folder / "evaluation.html", "figures": folder / "evaluation.json"}
    for title, frame in listings.items():
        path = folder / _FILES[title]
        write_csv(frame, path)
        places[path.stem.replace("_", " ")] = path
    return ReleaseEvaluation(
        release=evaluation.release.label,
        figures=figures,
        sentences=tuple(lead_sentences(evaluation)),
        places=places,
    )


def _counts(listings: dict[str, pd.DataFrame]) -> dict[str, Any]:
    return {_FILES[title].removesuffix(".csv"): len(frame) for title, frame in listings.items()}
