"""What an export says when a dictionary behind it is not for submissions, such as those that ship.

Every listing says so in a column of its own, so that it stays with the rows wherever they are
copied to; the README and the manifest say it too, with what a final transfer then needs.
"""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from dictionaries.model import Release

#: The column's name says it even where a listing has no rows.
COLUMN = "not_for_submissions"


def not_for_submissions(releases: Iterable[Release]) -> tuple[str, ...]:
    """The labels of the releases that are not for submissions, sorted."""
    return tuple(sorted({release.label for release in releases if not release.for_submissions}))


def marked(listing: pd.DataFrame, labels: tuple[str, ...]) -> pd.DataFrame:
    """The listing with the column that names these releases; unchanged where there are none."""
    if not labels:
        return listing
    return listing.assign(**{COLUMN: f"coded with {', '.join(labels)}"})


def sentence(labels: tuple[str, ...]) -> str:
    """What a reader of the package must know, or "" where nothing is to be said."""
    if not labels:
        return ""
    return (
        f"Coded with {', '.join(labels)}: not for submissions. A final transfer on it needs a signed reason."
    )
