"""Whole text columns at once, in Arrow: trimming, blanks, distinct values, joined keys.

Pandas keeps its text columns in Arrow already, so going back and forth copies nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

#: Row by row the number of a distinct value.
Codes = npt.NDArray[np.int64]


def as_texts(column: pd.Series) -> Any:
    """A text column as one Arrow array without nulls (a missing value becomes ``""``)."""
    array = pa.array(column.astype("str"))
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    if not pa.types.is_large_string(array.type):
        array = pc.cast(array, pa.large_string())
    return array.fill_null("") if array.null_count else array


def as_series(array: Any, index: pd.Index | None = None) -> pd.Series:
    """An Arrow text array as a pandas text column."""
    return pd.Series(pd.array(array, dtype="str"), index=index)


def as_frame(columns: Mapping[str, Any]) -> pd.DataFrame:
    """Arrow columns of one length as a frame."""
    frame: pd.DataFrame = pa.table(dict(columns)).to_pandas()
    return frame


def repeated(text: str, length: int) -> Any:
    """An Arrow array that holds one text ``length`` times."""
    return pa.repeat(pa.scalar(text, pa.large_string()), length)


def trimmed(array: Any) -> Any:
    """Without white space at either end."""
    return pc.utf8_trim_whitespace(array)


def is_filled(array: Any) -> npt.NDArray[np.bool_]:
    """Where something else than white space stands."""
    result: npt.NDArray[np.bool_] = pc.not_equal(trimmed(array), "").to_numpy(zero_copy_only=False)
    return result


def joined(parts: Sequence[Any], separator: str) -> Any:
    """The texts of several columns, row by row, with a separator between them."""
    return pc.binary_join_element_wise(*parts, pa.scalar(separator, pa.large_string()))


def joined_where(parts: Sequence[tuple[Any, Any]], separator: str) -> Any:
    """Row by row the texts of those parts whose mask is true there, with a separator between
    them; "" where none is. A part is a mask and a text array."""
    # binary_join_element_wise with null_handling="skip" loses rows whose parts are all null.
    result: Any = None
    for mask, texts in parts:
        nothing = pa.scalar("", pa.large_string())
        if result is None:
            result = pc.if_else(mask, texts, nothing)
            continue
        between = pc.if_else(pc.and_(mask, pc.not_equal(result, "")), separator, "")
        addition = pc.if_else(mask, texts, nothing)
        result = pc.binary_join_element_wise(result, pc.cast(between, pa.large_string()), addition, nothing)
    return result


def distinct(array: Any) -> tuple[Codes, list[str]]:
    """The number of each row's value, and the distinct values in order of first occurrence."""
    encoded = pc.dictionary_encode(array)
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    codes: Codes = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    return codes, encoded.dictionary.to_pylist()


def combined(parts: Iterable[Codes]) -> Codes:
    """One number for each distinct combination of several codes, by first occurrence."""
    result: Codes | None = None
    for part in parts:
        if result is None:
            result = part
            continue
        width = int(part.max(initial=0)) + 1
        result = pd.factorize(result * width + part)[0].astype(np.int64)
    if result is None:
        raise ValueError("no codes to combine")
    return result


def union(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Frames under one another with all columns of any; a missing text is ``""``."""
    if len(frames) == 1:
        return frames[0].reset_index(drop=True)
    tables = [pa.Table.from_pandas(frame, preserve_index=False) for frame in frames]
    table = pa.concat_tables([_large(item) for item in tables], promote_options="default")
    columns: Mapping[str, Any] = {
        name: column.fill_null("") if pa.types.is_large_string(column.type) else column
        for name, column in zip(table.column_names, table.columns, strict=True)
    }
    return as_frame(columns)


def _large(table: Any) -> Any:
    fields = [
        pa.field(field.name, pa.large_string()) if pa.types.is_string(field.type) else field
        for field in table.schema
    ]
    return table.replace_schema_metadata(None).cast(pa.schema(fields))
