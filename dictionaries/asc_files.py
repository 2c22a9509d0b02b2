"""The ``$``-separated files of a MedDRA-layout release: found, decoded, cut into columns.

Records end with a trailing ``$`` (a file without it, or with one more, is read too), lines with LF
or CRLF. Nothing is quoted. All lines of a file have the same number of columns: a line that differs
is a fault, which is how a cut file shows.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from dictionaries.checking import CONTROL, Problems
from dictionaries.model import DictionaryError
from schemas.tables import text_frame

#: UTF-8 first. EUC-JP before Shift-JIS, because Shift-JIS also reads most EUC-JP bytes, as nonsense.
JAPANESE_ENCODINGS = ("euc_jp", "cp932")
_KANA = re.compile(r"[぀-ヿ]")
_CONTROL = re.compile(CONTROL)


@dataclass(frozen=True, slots=True)
class Layout:
    """One file of a release: its columns in order, which hold codes (digits), which are never blank,
    whether every release has it, and whether its last line has an end."""

    file: str
    columns: tuple[str, ...]
    codes: tuple[str, ...] = ()
    filled: tuple[str, ...] = ()
    required: bool = True
    ends_lines: bool = True


def find_files(folder: Path) -> dict[str, Path]:
    """The ``.asc`` files of a folder by lower-case name. Raises DictionaryError for a name in two cases."""
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        name = path.name.lower()
        if not name.endswith(".asc") or not path.is_file():
            continue
        if name in found:
            raise DictionaryError(f"{folder}: holds both {found[name].name} and {path.name}; remove one")
        found[name] = path
    return found


def decode(files: Mapping[str, bytes], language: str | None, problems: Problems) -> dict[str, str]:
    """All files of a release in the one encoding that fits them: UTF-8, or old Japanese ones.

    Shift-JIS and EUC-JP are tried only where the language is Japanese or Japanese script comes out:
    they would read damaged or Western text as nonsense instead of refusing it. Raises DictionaryError
    naming every line that is not valid.
    """
    texts = _decode_all(files, "utf-8-sig")
    if texts is not None:
        return texts
    for encoding in JAPANESE_ENCODINGS:
        texts = _decode_all(files, encoding)
        told = (language or "").casefold() == "japanese"
        if texts is not None and (told or any(_KANA.search(text) for text in texts.values())):
            return texts
    for name, data in files.items():
        _name_invalid_lines(name, data, problems)
    problems.raise_if_any()
    raise AssertionError("no line of the files is invalid, yet they do not decode")


def _decode_all(files: Mapping[str, bytes], encoding: str) -> dict[str, str] | None:
    try:
        return {name: data.decode(encoding) for name, data in files.items()}
    except UnicodeDecodeError:
        return None


def _name_invalid_lines(name: str, data: bytes, problems: Problems) -> None:
    try:
        data.decode("utf-8-sig")
        return
    except UnicodeDecodeError:
        pass
    for number, line in enumerate(data.split(b"\n"), 1):
        try:
            line.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            problems.add(name, f"not UTF-8 text (byte {error.start + 1}); save the file as UTF-8", number)


def read_columns(text: str, layout: Layout, problems: Problems, name: str = "") -> pd.DataFrame:
    """Cut one file's text into its layout's columns, with ``line`` (int64) beside them.

    Faults of form (columns, blank or non-numeric codes, control characters) go to ``problems``;
    the frame then holds the lines that have the right number of columns.
    """
    name = name or layout.file
    ends_well = text.endswith("\n")
    lines = text.replace("\r\n", "\n").removesuffix("\r").split("\n")
    while lines and not lines[-1].strip():
        lines.pop()
    if not lines:
        problems.add(name, "the file is empty; copy it again, or remove it if the release has none")
        return text_frame({column: [] for column in layout.columns}).assign(line=pd.Series(dtype="int64"))
    if not ends_well and layout.ends_lines and lines[-1].count("$") == len(layout.columns) - 1:
        # With neither a trailing $ nor a line end, nothing says that the last cell is whole.
        problems.add(name, "the line has no end; the file may be cut here", len(lines))
    for number, line in enumerate(lines, 1):
        if _CONTROL.search(line):
            problems.add(name, "holds a control character or damaged text", number)
    numbers, cells, extra = _fitting_lines(lines, layout, problems, name, ends_well)
    width = len(layout.columns) + 1 + extra
    flat = "$".join(cells).split("$") if cells else []
    frame = text_frame(
        {
            column: pd.Series(flat[position::width], dtype="str").str.strip()
            for position, column in enumerate(layout.columns)
        }
    )
    frame["line"] = pd.Series(numbers, dtype="int64")
    for position in range(len(layout.columns), width):
        beyond = pd.Series(flat[position::width], dtype="str").str.strip() != ""
        if beyond.any():
            problems.add_rows(name, frame[beyond], "text after the last column")
    _check_cells(frame, layout, problems, name)
    return frame


def _fitting_lines(
    lines: list[str], layout: Layout, problems: Problems, name: str, ends_well: bool
) -> tuple[list[int], list[str], int]:
    """The lines with the file's own number of ``$`` (one less, as many, or one more than columns)."""
    columns = len(layout.columns)
    counts = [line.count("$") for line in lines]
    allowed = Counter(count for count in counts if columns - 1 <= count <= columns + 1)
    usual = max(allowed, key=lambda count: (allowed[count], -abs(count - columns))) if allowed else columns
    numbers, cells = [], []
    for number, (line, count) in enumerate(zip(lines, counts, strict=True), 1):
        if count == usual:
            numbers.append(number)
            cells.append(line)
        elif not line.strip():
            problems.add(name, "the line is blank", number)
        else:
            cut = number == len(lines) and count < usual and not ends_well
            hint = "; the file is cut here" if cut else ""
            found = count - usual + columns
            plural = "" if found == 1 else "s"
            problems.add(name, f"{found} column{plural} instead of {columns}{hint}", number)
    return numbers, cells, usual - columns


def _check_cells(frame: pd.DataFrame, layout: Layout, problems: Problems, name: str) -> None:
    for column in (*layout.codes, *layout.filled):
        blank = frame[column] == ""
        if blank.any():
            problems.add_rows(name, frame[blank], f"{column} is blank")
    for column in layout.codes:
        wrong = (frame[column] != "") & ~frame[column].str.fullmatch("[0-9]+")
        if wrong.any():
            rows = frame.loc[wrong, ["line", column]].rename(columns={column: "value"})
            problems.add_rows(name, rows, f"{column} {{value!r}} is not a number")
