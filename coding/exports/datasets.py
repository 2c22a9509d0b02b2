"""A coded dataset of one domain: the source rows joined with their coding.

Column order: identifiers, verbatim and modified term, the coding variables, the standardised
context (severity, seriousness, dates), status/method/release of the coding, then every column of
the source under its own name, and where the row came from. All text, "" = not given.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from coding.exports.variables import coding_variables, status_variables
from coding.records import NO_TERM, RAW_PREFIX
from dictionaries.model import Dictionary
from schemas.vocabulary import BUCKET_OF, VERBATIM_VARIABLE, Bucket, Domain, Status

#: A code is shown for these: coded, and in a draft what only waits for approval.
SHOWN = {str(status) for status, bucket in BUCKET_OF.items() if bucket is Bucket.CODED} | {
    str(Status.PENDING_APPROVAL),
    str(Status.PENDING_APPROVAL_2),
}

#: Standardised form columns that go into the dataset when the source gives them, by suffix.
_CONTEXT = (
    ("severity", "SEV"),
    ("serious", "SER"),
    ("outcome", "OUT"),
    ("start", "STDTC"),
    ("end", "ENDTC"),
)

Positions = npt.NDArray[np.intp]


@dataclass(frozen=True)
class FieldCoding:
    """How the occurrences of one field were coded with one dictionary.

    ``occurrences``: ``position`` (row of the form) and ``request``; ``status`` belongs to it row by
    row. ``requests`` and ``parts`` are the ledger's tables.
    """

    field: str
    dictionary: Dictionary
    main: bool
    occurrences: pd.DataFrame
    status: pd.Series
    requests: pd.DataFrame
    parts: pd.DataFrame


def build_dataset(
    study: str, domain: Domain, form: pd.DataFrame, codings: Sequence[FieldCoding]
) -> pd.DataFrame:
    """Join the form's rows with their codings; a split gives one row per part.

    ``form`` has the columns of :mod:`coding.records`. Sorted by subject and sequence number.
    """
    own = next((item for item in codings if item.main and item.field == VERBATIM_VARIABLE[domain]), None)
    rows, part_of = _expand(own, len(form))
    columns: dict[str, pd.Series] = {
        "STUDYID": pd.Series(study, index=range(len(rows)), dtype="str"),
        "DOMAIN": pd.Series(str(domain), index=range(len(rows)), dtype="str"),
        "USUBJID": _take(form["subject"], rows),
        f"{domain}SEQ": _sequence(domain, form, rows),
    }
    split = pd.Series(rows).duplicated(keep=False).to_numpy()
    if split.any():
        columns[f"{domain}GRPID"] = _take(form["record_id"], rows).where(pd.Series(split), "")
    columns[VERBATIM_VARIABLE[domain]] = _take(form["verbatim"], rows)
    for coding in codings:
        columns |= _coding_columns(coding, len(form), rows, part_of if coding is own else None)
    for role, suffix in _CONTEXT:
        if (form[role] != "").any():
            columns[f"{domain}{suffix}"] = _take(form[role], rows)
    columns |= _source_columns(form, rows, columns)
    frame = pd.DataFrame(columns, copy=False)
    return _sorted(frame, f"{domain}SEQ")


def _take(column: pd.Series, rows: Positions) -> pd.Series:
    return column.take(rows).reset_index(drop=True)


def _expand(own: FieldCoding | None, length: int) -> tuple[Positions, Positions]:
    """Form row and part number (0, 1, …) of each dataset row."""
    repeats = np.ones(length, dtype=np.intp)
    if own is not None and not own.parts.empty:
        counts = own.parts.groupby("key").size()
        several = counts[counts > 1]
        if len(several):
            found = own.occurrences["request"].map(several)
            mask = (found.notna() & own.status.isin(SHOWN)).to_numpy()
            repeats[own.occurrences["position"].to_numpy()[mask]] = found[mask].to_numpy(dtype=np.intp)
    rows = np.repeat(np.arange(length, dtype=np.intp), repeats)
    starts = np.repeat(np.cumsum(repeats) - repeats, repeats)
    return rows, np.arange(len(rows), dtype=np.intp) - starts


def _coding_columns(
    coding: FieldCoding, length: int, rows: Positions, part_of: Positions | None
) -> dict[str, pd.Series]:
    release = coding.dictionary.release
    names = status_variables(coding.field, release, main=coding.main)
    request_row = np.full(length, -1, dtype=np.intp)
    lookup = pd.Index(coding.requests["key"]).get_indexer(pd.Index(coding.occurrences["request"]))
    request_row[coding.occurrences["position"].to_numpy()] = lookup
    status = np.full(length, "", dtype=object)
    status[coding.occurrences["position"].to_numpy()] = coding.status.to_numpy()
    status_column = pd.Series(status[rows], dtype="str")
    shown = status_column.isin(SHOWN).to_numpy()
    part_row = _part_rows(coding, request_row[rows], part_of)
    part_row[~shown] = -1
    columns: dict[str, pd.Series] = {}
    if coding.main and VERBATIM_VARIABLE[Domain(coding.field[:2])] == coding.field:
        columns[f"{coding.field[:2]}MODIFY"] = _pick(coding.parts["modify"], part_row)
    table = coding.dictionary.primary_paths
    found = table.index.get_indexer(pd.Index(coding.parts["code"]))
    path_row = np.where(part_row >= 0, np.append(found, -1)[part_row], -1)
    for variable in coding_variables(coding.field, release, main=coding.main):
        source = variable.level if variable.part == "text" else f"{variable.level}_code"
        columns[variable.name] = _pick(table[source], path_row)
    decided = np.where(shown | (status_column == Status.NOT_CODABLE).to_numpy(), request_row[rows], -1)
    columns[names[0]] = status_column
    columns[names[1]] = _pick(coding.requests["method"], decided)
    label = pd.Series([release.label], dtype="str")
    columns[names[2]] = _pick(label, np.where(shown, 0, -1))
    return columns


def _part_rows(coding: FieldCoding, request_row: Positions, part_of: Positions | None) -> Positions:
    """The row of ``parts`` behind each dataset row, or -1."""
    parts = coding.parts
    first = np.full(len(coding.requests) + 1, -1, dtype=np.intp)
    if not parts.empty:
        lead = np.flatnonzero(~parts["key"].duplicated().to_numpy())
        owner = pd.Index(coding.requests["key"]).get_indexer(pd.Index(parts["key"].to_numpy()[lead]))
        first[owner] = lead
    found = first[request_row]
    if part_of is not None:
        found = np.where(found >= 0, found + part_of, -1)
    no_term = (parts["code"] == NO_TERM.code).to_numpy() if len(parts) else np.zeros(0, dtype=bool)
    return np.where((found >= 0) & ~np.append(no_term, False)[found], found, -1)


def _pick(column: pd.Series, rows: Positions) -> pd.Series:
    """Values by row number; -1 gives ""."""
    values = pa.array(column, from_pandas=True)
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    values = pc.fill_null(pc.cast(values, pa.large_string()), "")
    taken = pc.take(values, pa.array(rows, mask=rows < 0))
    return pd.Series(pc.fill_null(taken, ""), dtype="str")


def _sequence(domain: Domain, form: pd.DataFrame, rows: Positions) -> pd.Series:
    """--SEQ: the source's own where it is a whole number and unique in each subject (and nothing
    is split), else counted per subject by start date and record id."""
    own = RAW_PREFIX + f"{domain}SEQ"
    subject = _take(form["subject"], rows)
    if own in form.columns and len(rows) == len(form):
        given = form[own].str.replace(r"\.0+$", "", regex=True).reset_index(drop=True)
        unique = not pd.DataFrame({"subject": subject, "given": given}).duplicated().any()
        if unique and bool(given.str.fullmatch(r"[1-9][0-9]{0,8}").all()):
            return given
    keys = pd.DataFrame({name: _take(form[name], rows) for name in ("subject", "start", "record_id")})
    keys["row"] = np.arange(len(rows))
    order = keys.sort_values(["subject", "start", "record_id", "row"], kind="stable").index
    numbers = keys.loc[order].groupby("subject", sort=False).cumcount() + 1
    return numbers.reindex(range(len(rows))).astype("int64").astype("str")


def _source_columns(
    form: pd.DataFrame, rows: Positions, have: Mapping[str, pd.Series]
) -> dict[str, pd.Series]:
    """The source's own columns, where they say more than a column that is there already. One whose
    name is taken by other content gets ``SRC_`` before it."""
    columns: dict[str, pd.Series] = {}
    for name in form.columns:
        if not name.startswith(RAW_PREFIX):
            continue
        plain = name.removeprefix(RAW_PREFIX)
        values = _take(form[name], rows)
        if plain in have:
            said = values.str.replace(r"\.0+$", "", regex=True) if plain.endswith("SEQ") else values
            if said.equals(have[plain]):
                continue
            plain = f"SRC_{plain}"
        columns[_free(plain, {*have, *columns})] = values
    for name, column in (("SRC_FILE", "file"), ("SRC_SHEET", "sheet"), ("SRC_ROW", "row")):
        columns[_free(name, {*have, *columns})] = _take(form[column].astype("str"), rows)
    return columns


def _free(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "_"
    return name


def _sorted(frame: pd.DataFrame, sequence: str) -> pd.DataFrame:
    table = pa.table(
        {"subject": pa.array(frame["USUBJID"]), "sequence": pa.array(frame[sequence].astype("int64"))}
    )
    order = pc.sort_indices(table, sort_keys=[("subject", "ascending"), ("sequence", "ascending")])
    positions = order.to_numpy()
    if (np.diff(positions) == 1).all():
        return frame
    return frame.take(positions).reset_index(drop=True)
