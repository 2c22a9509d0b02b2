"""ICD-10-CM from the simple-icd-10-cm package and from the order file that CMS publishes.

A verbatim is coded to a TERM (a code's description or one of its inclusion terms) and the coded
thing is the CODE the term belongs to. The description's TERM has the code itself as its id; an
inclusion term's id is internal (``A00.0~`` and six characters made from its text, so that it stays
the same when another release lists more terms). Codes are written with their dot. Codes that are not
valid for billing stay visible as non-current terms, so that a coder sees why they cannot be used,
and are never coded to.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from dictionaries.checking import Problems, first_of, is_in
from dictionaries.content import (
    Progress,
    ReleaseContent,
    attributes_frame,
    checksum_of,
    folded,
    generated_code,
    quiet,
)
from dictionaries.model import DictionaryError, Release
from dictionaries.tabular import decoded
from schemas.tables import text_frame
from schemas.vocabulary import TermStatus

NAME = "ICD-10-CM"
#: What stands for a path when the package's own list is meant.
PACKAGE = "icd-10-cm"

PACKAGE_LEVELS = ("TERM", "CODE", "CATEGORY", "BLOCK", "CHAPTER")
ORDER_FILE_LEVELS = ("TERM", "CODE", "CATEGORY")

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


@dataclass(frozen=True, slots=True)
class _Code:
    """A code with its texts (the description first) and what it rolls up to (code → text)."""

    code: str
    texts: Sequence[str]
    billable: bool
    upper: Sequence[str]
    row: int = 0


def read_icd10cm_package(
    *, name: str | None = None, version: str | None = None, progress: Progress = quiet
) -> ReleaseContent:
    """The tabular list that the installed simple-icd-10-cm carries, with its inclusion terms."""
    import simple_icd_10_cm as icd

    files = _package_files()
    version = version or _package_version(files)
    codes: list[_Code] = []
    above: dict[str, list[tuple[str, str]]] = {}
    upper: dict[str, dict[str, str]] = {level: {} for level in PACKAGE_LEVELS[2:]}
    listed = list(dict.fromkeys(icd.get_all_codes(True)))
    for number, code in enumerate(listed):
        if number % 10_000 == 0:
            progress("reading", number, len(listed))
        if not icd.is_category_or_subcategory(code):
            continue
        if code[:3] not in above:
            above[code[:3]] = _above(icd, code[:3])
            for level, (upper_code, text) in zip(PACKAGE_LEVELS[2:], above[code[:3]], strict=True):
                upper[level].setdefault(upper_code, text)
        texts = [icd.get_description(code), *icd.get_inclusion_term(code)]
        codes.append(_Code(code, texts, icd.is_leaf(code), [item for item, _ in above[code[:3]]]))
    release = _release(name, version, checksum_of(files), PACKAGE_LEVELS)
    return _content(release, codes, upper, PACKAGE)


def _package_files() -> dict[str, bytes]:
    from importlib import resources

    folder = resources.files("simple_icd_10_cm.data")
    return {item.name: item.read_bytes() for item in folder.iterdir() if item.name.endswith((".xml", ".txt"))}


def _package_version(files: dict[str, bytes]) -> str:
    """``FY2026-Apr`` from ``icd10c-tabular-April-1-2026.xml``: the fiscal year begins in October."""
    for name in sorted(files):
        found = re.search(r"([A-Za-z]+)-(\d{1,2})-(20\d\d)\.xml$", name)
        if found and found[1][:3].lower() in _MONTHS:
            month = _MONTHS.index(found[1][:3].lower()) + 1
            year = int(found[3]) + (1 if month >= 10 else 0)
            return f"FY{year}" if month == 10 else f"FY{year}-{found[1][:3].title()}"
    raise DictionaryError("simple-icd-10-cm does not say its version; give it with --release")


def _above(icd: Any, category: str) -> list[tuple[str, str]]:
    """Category, block and chapter of a three-character category, each with its text."""
    block = icd.get_parent(category)
    chapter = icd.get_parent(block, prioritize_blocks=True)
    while chapter and not icd.is_chapter(chapter):
        chapter = icd.get_parent(chapter, prioritize_blocks=True)
    found = [
        (category, icd.get_description(category)),
        (block, icd.get_description(block, prioritize_blocks=True)),
        (chapter, icd.get_description(chapter)),
    ]
    return [(code, _one_line(text)) for code, text in found]


def read_icd10cm_order_file(
    path: Path, *, name: str | None = None, version: str | None = None, progress: Progress = quiet
) -> ReleaseContent:
    """A CMS order file: codes, long descriptions, and the three-character categories above them.

    Fixed width: order number in columns 1-5, code 7-13, billable flag 15, short description 17-76,
    long description from 78. The file has no blocks and chapters. Raises DictionaryError listing
    every line that is wrong.
    """
    version = version or _order_file_version(path)
    progress("reading", 0, 0)
    rows = _order_rows(path)
    described = dict(zip(rows["code"], rows["long"], strict=True))
    category = rows["code"].str.slice(0, 3)
    codes = [
        _Code(_dotted(code), [text], flag == "1", [code[:3]], line)
        for code, text, flag, line in zip(rows["code"], rows["long"], rows["flag"], rows["line"], strict=True)
    ]
    texts = {code: described[code] for code in dict.fromkeys(category)}
    attributes = attributes_frame(
        (_dotted(code), "CODE", "short_description", short)
        for code, short, text in zip(rows["code"], rows["short"], rows["long"], strict=True)
        if short and short != text
    )
    release = _release(name, version, checksum_of({path.name.lower(): path.read_bytes()}), ORDER_FILE_LEVELS)
    return _content(release, codes, {"CATEGORY": texts}, str(path), attributes)


def looks_like_order_file(path: Path) -> bool:
    """Whether the first line has an order file's columns."""
    with path.open("rb") as opened:
        first = opened.readline(500)
    return re.match(rb"[0-9]{5} [A-Z][0-9][0-9A-Z]{1,5} +[01] ", first) is not None


def _order_file_version(path: Path) -> str:
    found = re.search(r"(?<!\d)(20\d\d)(?!\d)", path.name)
    if found is None:
        raise DictionaryError(f"{path}: the file's name does not say the fiscal year; give it with --release")
    april = "-Apr" if re.search(r"apr", path.name, re.IGNORECASE) else ""
    return f"FY{found[1]}{april}"


def _order_rows(path: Path) -> pd.DataFrame:
    lines = decoded(path, ("utf-8-sig", "cp1252")).replace("\r\n", "\n").split("\n")
    while lines and not lines[-1].strip("\x1a \t"):
        lines.pop()
    text = pd.Series(lines, dtype="str")
    rows = text_frame(
        {
            "order": text.str.slice(0, 5),
            "code": text.str.slice(6, 13).str.strip(),
            "flag": text.str.slice(14, 15),
            "short": text.str.slice(16, 76).str.strip(),
            "long": text.str.slice(77).str.strip(),
            "gaps": text.str.slice(5, 6) + text.str.slice(13, 14) + text.str.slice(15, 16),
        }
    )
    rows["line"] = range(1, len(rows) + 1)
    problems = Problems(str(path))
    if rows.empty:
        problems.add("", "the file is empty")
    formed = rows["order"].str.fullmatch("[0-9]{5}") & rows["flag"].isin(["0", "1"]) & (rows["gaps"] == "   ")
    problems.add_rows("", rows[~formed], "not a line of an order file, or cut")
    bad = rows[formed & ~rows["code"].str.fullmatch("[A-Z][0-9][0-9A-Z]{1,5}")]
    problems.add_rows("", bad, "{code!r} is not an ICD-10-CM code")
    problems.add_rows("", rows[formed & (rows["long"] == "")], "{code} has no long description; cut?")
    problems.raise_if_any()
    numbers = rows["order"].astype("int64")
    back = rows[numbers.diff().fillna(1) <= 0]
    problems.add_rows("", back, "order number {order} does not follow the line before")
    again = first_of(rows, ["code"], "line")
    problems.add_rows("", again, "code {code} is already in line {first}")
    headless = rows[~is_in(rows["code"].str.slice(0, 3), rows["code"])]
    problems.add_rows("", headless, "the category of code {code} has no line of its own")
    problems.raise_if_any()
    return rows


def _dotted(code: str) -> str:
    return code if len(code) <= 3 else f"{code[:3]}.{code[3:]}"


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _release(name: str | None, version: str, checksum: str, levels: tuple[str, ...]) -> Release:
    return Release(
        name=name or NAME,
        version=version,
        language="English",
        checksum=checksum,
        levels=levels,
        coding_level="TERM",
        preferred_level="CODE",
        licensed=False,
        numeric_codes=False,
    )


def _content(
    release: Release,
    codes: Sequence[_Code],
    upper: dict[str, dict[str, str]],
    source: str,
    attributes: pd.DataFrame | None = None,
) -> ReleaseContent:
    columns: dict[str, list[Any]] = {
        name: [] for name in ("code", "text", "level", "status", "parent", "row")
    }

    def add(*values: Any) -> None:
        for column, value in zip(columns.values(), values, strict=True):
            column.append(value)

    for item in codes:
        status = str(TermStatus.CURRENT if item.billable else TermStatus.NONCURRENT)
        texts = {folded(text): _one_line(text) for text in reversed(item.texts)}
        ordered = [texts[key] for key in dict.fromkeys(folded(text) for text in item.texts)]
        for number, text in enumerate(ordered):
            term = f"{item.code}~{generated_code(text)[1:7]}" if number else item.code
            add(term, text, "TERM", status, item.code, item.row)
        add(item.code, ordered[0], "CODE", status, "", item.row)
    for level, texts_of in upper.items():
        for code, text in texts_of.items():
            add(code, text, level, str(TermStatus.CURRENT), "", 0)
    terms = text_frame({name: values for name, values in columns.items() if name != "row"})
    terms["row"] = pd.Series(columns["row"], dtype="int64")
    paths = text_frame(
        {
            "code": [item.code for item in codes],
            **{
                f"{level}_code": [item.upper[at] for item in codes]
                for at, level in enumerate(release.upper_levels)
            },
        }
    )
    paths.insert(1, "primary", True)
    found = attributes if attributes is not None else attributes_frame(())
    return ReleaseContent(release, terms, paths, found, source=source)
