"""How often the matcher agrees with people: by level, by domain, by method, for verbatims and rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from coding.evaluation.intervals import Rate, rate_of
from coding.evaluation.judging import LEVELS

ALL = "all"


@dataclass(frozen=True, slots=True)
class Agreement:
    """Agreement of a group of cases on one level.

    ``first``: the first candidate, ``among_first``: one of the first five, both over distinct
    verbatims. ``rows_agreed`` of ``rows`` records have an answer that is the first candidate; rows of
    one verbatim are not independent, so they have no limits.
    """

    group: str
    level: str
    first: Rate
    among_first: Rate
    rows_agreed: int
    rows: int

    @property
    def rows_share(self) -> float | None:
        """The share of rows, four digits, or None without any."""
        return round(self.rows_agreed / self.rows, 4) if self.rows else None


def agreement(judged: pd.DataFrame, by: str = "") -> tuple[Agreement, ...]:
    """Agreement of all cases (group ``all``) or of each value of the column ``by``, on each level that
    some answer knows. ``judged``: CASE_COLUMNS and JUDGED_COLUMNS."""
    return tuple(_agreements(judged, by))


def _agreements(judged: pd.DataFrame, by: str) -> Iterator[Agreement]:
    groups = (
        [(ALL, judged)] if not by else [(str(name), part) for name, part in judged.groupby(by, sort=True)]
    )
    for name, part in groups:
        for level in LEVELS:
            known = part[part[f"agree_{level}"].notna()]
            if known.empty:
                continue
            agrees = known[f"agree_{level}"] == 1
            yield Agreement(
                group=str(name),
                level=level,
                first=rate_of(int(agrees.sum()), len(known)),
                among_first=rate_of(int(known[f"among_{level}"].sum()), len(known)),
                rows_agreed=int(known.loc[agrees, "same_answer"].sum()),
                rows=int(known["rows"].sum()),
            )
