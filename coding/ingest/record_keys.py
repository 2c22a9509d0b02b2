"""What identifies a record: the configured parts, or a composite where a source has none.

docs/records.md tells a data manager the same in words.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from coding.ingest.arrow_text import (
    Codes,
    as_series,
    as_texts,
    combined,
    distinct,
    is_filled,
    joined,
)
from coding.records import fold

#: Hex digits of the composite's hash: two records of one subject never meet by chance.
_HASH_DIGITS = 16


@dataclass(frozen=True)
class Repeats:
    """Rows that repeat an earlier one. ``first`` is the position of the first of its kind."""

    codes: Codes
    first: Codes
    again: npt.NDArray[np.bool_]


def repeats(codes: Codes) -> Repeats:
    """Which rows repeat an earlier one, by one code a row."""
    again = pd.Series(codes).duplicated().to_numpy()
    first_of = np.zeros(int(codes.max(initial=-1)) + 1, dtype=np.int64)
    first_of[codes[~again]] = np.flatnonzero(~again)
    return Repeats(codes, first_of[codes], again)


def folded_codes(verbatim: pd.Series) -> tuple[Codes, list[str]]:
    """The folded verbatims of a column: a code a row, and the distinct folded texts."""
    codes, texts = distinct(as_texts(verbatim))
    folded = [fold(text) for text in texts]
    numbers, unique = pd.factorize(np.array(folded, dtype=object))
    return numbers.astype(np.int64)[codes], [str(text) for text in unique]


def event_codes(frame: pd.DataFrame, further: Sequence[str] = ()) -> Codes:
    """One code for each distinct subject, folded verbatim, start and value of ``further``."""
    columns = [distinct(as_texts(frame[name]))[0] for name in ("subject", "start", *further)]
    return combined([folded_codes(frame["verbatim"])[0], *columns])


def key_codes(frame: pd.DataFrame) -> Codes:
    """One code for each distinct subject and record id."""
    subject, _ = distinct(as_texts(frame["subject"]))
    record, _ = distinct(as_texts(frame["record_id"]))
    return combined([subject, record])


def composite_ids(frame: pd.DataFrame) -> pd.Series:
    """Record ids with the blank ones filled in: 16 hex digits of the SHA-256 over visit, start
    and folded verbatim, then ``-`` and the ordinal among the subject's equals in file order.

    A hash, because a record id is shown in places where a verbatim must not be.
    """
    given = is_filled(as_texts(frame["record_id"]))
    if given.all():
        return frame["record_id"]
    rows = frame[~given]
    visit, visits = distinct(as_texts(rows["visit"]))
    start, starts = distinct(as_texts(rows["start"]))
    verbatim, verbatims = folded_codes(rows["verbatim"])
    event = combined([visit, start, verbatim])
    kinds = repeats(event)
    new = np.flatnonzero(~kinds.again)
    hashes = [
        _composite(visits[v], starts[s], verbatims[t])
        for v, s, t in zip(visit[new].tolist(), start[new].tolist(), verbatim[new].tolist(), strict=True)
    ]
    # combined() numbers by first occurrence, so the n-th new one has code n.
    hashed = pa.array(hashes, type=pa.large_string()).take(pa.array(event))
    subject, _ = distinct(as_texts(rows["subject"]))
    ordinals = _ordinals(combined([subject, event]))
    ids = joined([hashed, pa.array(ordinals.astype(str), type=pa.large_string())], "-")
    filled = as_texts(frame["record_id"]).to_pandas()
    filled[~given] = as_series(ids).to_numpy()
    return as_series(as_texts(filled), frame.index)


def unique_ids(frame: pd.DataFrame) -> tuple[pd.Series, Repeats]:
    """Record ids that are unique within a subject: the later ones of a kind get ``#2``, ``#3`` …
    in row order. Also which rows repeated a key."""
    found = repeats(key_codes(frame))
    ids, current = frame["record_id"], found
    while current.again.any():
        # A numbered id may itself be taken (1, 1, 1#2): then it is numbered once more.
        ordinals = pa.array(_ordinals(current.codes).astype(str), type=pa.large_string())
        marked = joined([as_texts(ids), ordinals], "#")
        ids = as_series(pa.compute.if_else(pa.array(current.again), marked, as_texts(ids)), frame.index)
        current = repeats(key_codes(frame.assign(record_id=ids)))
    return ids, found


def demographic_ids(frame: pd.DataFrame) -> pd.Series:
    """Record ids of demographics with the blank ones filled in: ``1``, and ``2`` … for further
    rows of the same subject."""
    texts = as_texts(frame["record_id"])
    ordinals = _ordinals(distinct(as_texts(frame["subject"]))[0]).astype(str)
    ids = pa.compute.if_else(pa.array(is_filled(texts)), texts, pa.array(ordinals, type=pa.large_string()))
    return as_series(ids, frame.index)


def _ordinals(codes: Codes) -> Codes:
    """1 for the first row of each code, 2 for the second …"""
    return pd.Series(codes).groupby(codes, sort=False).cumcount().to_numpy().astype(np.int64) + 1


def _composite(visit: str, start: str, folded: str) -> str:
    text = "\x1f".join((visit, start, folded))
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:_HASH_DIGITS]
