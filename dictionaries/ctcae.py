"""NCI's table of CTCAE terms: CSV or the XLSX file as NCI publishes it.

Two levels, TERM and SOC. The codes are the table's MedDRA codes; SOCs have none in the table and
get generated ones. Grades, definition and notes are attributes of a term; ``-`` says there is none.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from dictionaries.checking import Problems, first_of
from dictionaries.content import (
    Progress,
    ReleaseContent,
    checksum_of,
    generated_code,
    quiet,
)
from dictionaries.model import ATTRIBUTE_COLUMNS, DictionaryError, Release
from dictionaries.tabular import read_table
from schemas.tables import text_frame
from schemas.vocabulary import TermStatus

NAME = "CTCAE"
LEVELS = ("TERM", "SOC")

_GRADES = tuple(f"grade_{number}" for number in range(1, 6))
_REQUIRED = ("meddra_code", "soc", "ctcae_term", *_GRADES, "definition")
#: What the table writes where there is no such grade, definition or note.
NOTHING = ("", "-", "–", "—", "--")


def _standard(name: str) -> str:
    """``MedDRA SOC`` → ``soc``; ``CTCAE v5.0 Term`` → ``ctcae_term``; ``Grade 1`` → ``grade_1``."""
    word = re.sub(r"[^a-z0-9]+", "_", re.sub(r"\bv(ersion)? ?\d+(\.\d+)?\b", " ", name.lower())).strip("_")
    return {"meddra_soc": "soc", "ctcae": "ctcae_term"}.get(word, word)


def is_ctcae_header(cells: Sequence[str]) -> bool:
    """Whether a row of cells is the header of NCI's table."""
    return set(_REQUIRED) <= {_standard(cell) for cell in cells}


def looks_like_ctcae(path: Path) -> bool:
    """Whether a CSV or XLSX file has a row with NCI's column names."""
    try:
        read_table(path, encodings=("utf-8-sig", "cp1252"), is_header=is_ctcae_header)
    except DictionaryError:
        return False
    return True


def read_ctcae(
    path: Path, *, name: str | None = None, version: str | None = None, progress: Progress = quiet
) -> ReleaseContent:
    """Read and check NCI's table. Raises DictionaryError listing every row that is wrong.

    The version is that of the file's or sheet's name (``ctcae_v5.csv``: 5.0) unless told.
    """
    progress("reading", 0, 0)
    table = read_table(path, encodings=("utf-8-sig", "cp1252"), is_header=is_ctcae_header)
    version = version or _version(path.stem) or _version(table.sheet)
    if not version:
        raise DictionaryError(f"{path}: the file's name does not say the version; give it with --release")
    rows = table.frame.rename(columns={column: _standard(column) for column in table.columns})
    for column in ("ctcae_term", "soc"):
        rows[column] = rows[column].str.split().str.join(" ")
    _check_rows(rows, path)
    release = Release(
        name=name or NAME,
        version=version,
        language="English",
        checksum=checksum_of({path.name.lower(): path.read_bytes()}),
        levels=LEVELS,
        coding_level="TERM",
        preferred_level="TERM",
        licensed=False,
        numeric_codes=False,
    )
    soc_codes = {text: generated_code("SOC", text) for text in dict.fromkeys(rows["soc"])}
    paths = text_frame({"code": rows["meddra_code"], "SOC_code": rows["soc"].map(soc_codes)})
    paths.insert(1, "primary", True)
    return ReleaseContent(release, _terms(rows, soc_codes), paths, _attributes(rows), source=str(path))


def _version(name: str) -> str:
    found = re.search(r"(?:^|[^a-z])v(?:ersion)?[ _]?(\d+)(?:\.(\d+))?", name.lower())
    return f"{found[1]}.{found[2] or 0}" if found else ""


def _check_rows(rows: pd.DataFrame, path: Path) -> None:
    problems = Problems(str(path), "row")
    code = rows["meddra_code"]
    problems.add_rows(
        "", rows[~code.str.fullmatch("[0-9]+")], "MedDRA code {meddra_code!r} is not a number", "row"
    )
    problems.add_rows("", rows[rows["ctcae_term"] == ""], "the CTCAE term is blank", "row")
    problems.add_rows("", rows[rows["soc"] == ""], "the SOC is blank", "row")
    again = first_of(rows, ["meddra_code"], "row")
    problems.add_rows("", again, "MedDRA code {meddra_code} is already in row {first}", "row")
    ungraded = rows[rows[list(_GRADES)].isin(NOTHING).all(axis="columns")]
    problems.add_rows("", ungraded, "no grade is described; the row may be cut", "row")
    problems.raise_if_any()


def _terms(rows: pd.DataFrame, soc_codes: dict[str, str]) -> pd.DataFrame:
    count, current = len(rows) + len(soc_codes), str(TermStatus.CURRENT)
    terms = text_frame(
        {
            "code": [*rows["meddra_code"], *soc_codes.values()],
            "text": [*rows["ctcae_term"], *soc_codes],
            "level": ["TERM"] * len(rows) + ["SOC"] * len(soc_codes),
            "status": [current] * count,
            "parent": [""] * count,
        }
    )
    terms["row"] = pd.Series([*rows["row"], *([0] * len(soc_codes))], dtype="int64")
    return terms


def _attributes(rows: pd.DataFrame) -> pd.DataFrame:
    named = ("meddra_code", "soc", "ctcae_term", "row")
    values = rows.melt(
        id_vars="meddra_code",
        value_vars=[column for column in rows.columns if column not in named],
        var_name="name",
        value_name="value",
    )
    values = values[~values["value"].isin(NOTHING)]
    columns = {"code": values["meddra_code"], "level": ["TERM"] * len(values)}
    frame = text_frame({**columns, "name": values["name"], "value": values["value"]})
    return frame[list(ATTRIBUTE_COLUMNS)]
