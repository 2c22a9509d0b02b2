"""How an extract differs from the one before: new, changed and removed records.

Records are matched by their key (domain, subject, record id). A record counts as changed when a
role differs; the file and row it stood in, and columns that no role reads, do not count.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from coding.ingest.arrow_text import Codes, as_series, as_texts, joined, joined_where, repeated
from coding.ingest.extract import Extract
from coding.records import EARLIER_COLUMNS, FORM_COLUMNS
from schemas.vocabulary import Change, Domain

KEY_COLUMNS = ("subject", "record_id")

#: The roles whose change makes a record a changed one.
COMPARED_COLUMNS = tuple(
    name for name in (*FORM_COLUMNS, *EARLIER_COLUMNS) if name not in KEY_COLUMNS
)  # fmt: skip


@dataclass(frozen=True)
class ExtractChanges:
    """``listing``: ``domain, subject, record_id, change, columns`` (text; the roles that changed,
    joined by ``;``) and ``verbatim_changed`` (bool), without the unchanged. ``counts``: by domain
    and kind, the unchanged too."""

    listing: pd.DataFrame
    counts: dict[str, dict[Change, int]]


def compare_extracts(before: Extract | None, after: Extract) -> ExtractChanges:
    """Compare two extracts of one study; with ``None`` before, every record is new."""
    old_domains = before.domains if before is not None else ()
    domains = [*after.domains, *(domain for domain in old_domains if domain not in after.domains)]
    if before is not None and before.id == after.id:
        same = {domain: dict.fromkeys(Change, 0) for domain in after.meta["domains"]}
        for domain, rows in after.meta["domains"].items():
            same[domain][Change.UNCHANGED] = int(rows)
        return ExtractChanges(_listing([]), same)
    listings, counts = [], {}
    for domain in domains:
        listing, counts[str(domain)] = _compare_domain(domain, before, after)
        listings += listing
    return ExtractChanges(_listing(listings), counts)


def _compare_domain(
    domain: Domain, before: Extract | None, after: Extract
) -> tuple[list[pd.DataFrame], dict[Change, int]]:
    old = _keys(before, domain)
    new = _keys(after, domain)
    places = _places(_joined_keys(new), _joined_keys(old))
    kept = np.flatnonzero(places >= 0)
    columns, verbatim = _differences(domain, before, after, kept, places[kept])
    changed = pc.not_equal(columns, "").to_numpy(zero_copy_only=False)
    gone = np.ones(len(old), dtype=np.bool_)
    gone[places[kept]] = False
    listings = [
        _rows(domain, new[places < 0], Change.NEW),
        _rows(
            domain,
            new.iloc[kept[changed]],
            Change.CHANGED,
            columns.filter(pa.array(changed)),
            verbatim[changed],
        ),
        _rows(domain, old[gone], Change.REMOVED),
    ]
    counts = {
        Change.NEW: len(listings[0]),
        Change.CHANGED: len(listings[1]),
        Change.UNCHANGED: len(kept) - len(listings[1]),
        Change.REMOVED: len(listings[2]),
    }
    return listings, counts


def _keys(extract: Extract | None, domain: Domain) -> pd.DataFrame:
    if extract is None or domain not in extract.domains:
        return pd.DataFrame({name: pd.Series(dtype="str") for name in KEY_COLUMNS})
    return extract.forms(domain, list(KEY_COLUMNS))


def _joined_keys(keys: pd.DataFrame) -> Any:
    return joined([as_texts(keys[name]) for name in KEY_COLUMNS], "\x1f")


def _places(new: Any, old: Any) -> Codes:
    """The row of the old extract with the same key, or -1."""
    if len(new) == len(old) and new.equals(old):
        return np.arange(len(new), dtype=np.int64)
    places = pc.fill_null(pc.index_in(new, value_set=old), -1)
    result: Codes = places.to_numpy(zero_copy_only=False).astype(np.int64)
    return result


def _differences(
    domain: Domain, before: Extract | None, after: Extract, new_rows: Codes, old_rows: Codes
) -> tuple[Any, npt.NDArray[np.bool_]]:
    """For each record in both: the roles that differ joined by ``;``, and whether the verbatim does."""
    verbatim = np.zeros(len(new_rows), dtype=np.bool_)
    if before is None or not len(new_rows):
        return repeated("", len(new_rows)), verbatim
    parts = []
    for name in COMPARED_COLUMNS:
        # One column at a time, so that two extracts never lie in memory whole.
        new = as_texts(after.forms(domain, [name])[name]).take(pa.array(new_rows))
        old = as_texts(before.forms(domain, [name])[name]).take(pa.array(old_rows))
        differs = pc.not_equal(new, old)
        if name == "verbatim":
            verbatim = differs.to_numpy(zero_copy_only=False)
        if pc.any(differs).as_py():
            parts.append((differs, repeated(name, len(new_rows))))
    return joined_where(parts, ";") if parts else repeated("", len(new_rows)), verbatim


def _rows(
    domain: Domain,
    keys: pd.DataFrame,
    change: Change,
    columns: Any = None,
    verbatim: npt.NDArray[np.bool_] | None = None,
) -> pd.DataFrame:
    length = len(keys)
    return pd.DataFrame(
        {
            "domain": as_series(repeated(str(domain), length)),
            **{name: keys[name].reset_index(drop=True) for name in KEY_COLUMNS},
            "change": as_series(repeated(str(change), length)),
            "columns": as_series(repeated("", length) if columns is None else columns),
            "verbatim_changed": np.zeros(length, dtype=np.bool_) if verbatim is None else verbatim,
        }
    )


def _listing(frames: list[pd.DataFrame]) -> pd.DataFrame:
    empty = pd.DataFrame(
        {name: pd.Series(dtype="str") for name in ("domain", *KEY_COLUMNS, "change", "columns")}
    )
    empty["verbatim_changed"] = pd.Series(dtype="bool")
    filled = [frame for frame in frames if len(frame)]
    return pd.concat(filled, ignore_index=True) if filled else empty
