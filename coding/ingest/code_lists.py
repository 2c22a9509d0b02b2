"""Values as the source writes them → the standard ones (``Yes`` → ``Y``, ``Female`` → ``F``)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from coding.ingest.arrow_text import as_series, as_texts, distinct, trimmed
from coding.records import UserError
from coding.study import Source

#: Standard value → what a source may write for it, in lower case. A study's own lists come first.
DEFAULT_LISTS: dict[str, dict[str, tuple[str, ...]]] = {
    "serious": {
        "Y": ("y", "yes", "1", "1.0", "true", "serious"),
        "N": ("n", "no", "0", "0.0", "false", "not serious", "non-serious", "nonserious"),
    },
    "sex": {
        "M": ("m", "male"),
        "F": ("f", "female"),
        "": ("u", "un", "unk", "unknown", "undifferentiated", "intersex", "not reported", "not known"),
    },
    "severity": {
        "MILD": ("mild",),
        "MODERATE": ("moderate",),
        "SEVERE": ("severe",),
        "LIFE THREATENING": ("life threatening", "life-threatening"),
        "FATAL": ("fatal",),
        **{f"GRADE {grade}": (f"grade {grade}",) for grade in range(1, 6)},
    },
}

#: Roles whose value is one of these or blank, whatever the source says.
CLOSED_LISTS: dict[str, tuple[str, ...]] = {"serious": ("Y", "N"), "sex": ("M", "F")}

#: The roles a study may give a code list for.
LIST_ROLES = (
    "severity", "serious", "outcome", "action", "causality", "route", "form", "country", "sex",
)  # fmt: skip


class CodeListError(UserError):
    """A code list of study.yaml cannot be used; the message names the key."""


def check_code_lists(source: Source) -> None:
    """Raises CodeListError for a role without code list, or a standard value nothing understands."""
    for role, values in source.code_lists.items():
        key = f"sources.{source.name}.code_lists.{role}"
        if role not in LIST_ROLES:
            raise CodeListError(f"{key}: no such list; allowed: {', '.join(LIST_ROLES)}")
        allowed = CLOSED_LISTS.get(role, ())
        wrong = [standard for standard in values if allowed and standard not in (*allowed, "", "U")]
        if wrong:
            raise CodeListError(f"{key}.{wrong[0]}: not a standard value; allowed: {', '.join(allowed)}, U")
        seen: dict[str, str] = {}
        for standard, accepted in values.items():
            for text in accepted:
                other = seen.setdefault(_folded(text), standard)
                if other != standard:
                    raise CodeListError(f"{key}: {text!r} stands under {other} and under {standard}")


def standard_values(
    column: pd.Series, role: str, own: Mapping[str, tuple[str, ...]] | None
) -> tuple[pd.Series, npt.NDArray[np.bool_]]:
    """The standard values of a column and whether each was in the list; blank always is.

    A value outside the list stays as it is, or becomes blank for ``serious`` and ``sex``. A role
    without any list is taken as it is.
    """
    table = _table(role, own)
    if not table:
        return column, np.ones(len(column), dtype=np.bool_)
    codes, texts = distinct(trimmed(as_texts(column)))
    closed = role in CLOSED_LISTS
    standard = [table.get(_folded(text), "" if closed else text) for text in texts]
    known = [not text or _folded(text) in table for text in texts]
    values = pa.array(standard, type=pa.large_string()).take(pa.array(codes))
    return as_series(values, column.index), np.array(known, dtype=np.bool_)[codes]


def _table(role: str, own: Mapping[str, tuple[str, ...]] | None) -> dict[str, str]:
    """Folded text → standard value, the study's own entries before the defaults."""
    table: dict[str, str] = {}
    for lists in (own or {}, DEFAULT_LISTS.get(role, {})):
        for standard, accepted in lists.items():
            value = "" if role == "sex" and standard == "U" else standard
            for text in (standard, *accepted):
                table.setdefault(_folded(text), value)
    table.pop("", None)
    return table


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()
