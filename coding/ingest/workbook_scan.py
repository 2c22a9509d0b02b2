"""Measures an XLSX file before it is opened, and finds in its XML what python-calamine does not
tell: formulas without a stored result, error values, and codes whose leading zeros are only a
number format.
"""

from __future__ import annotations

import posixpath
import re
import zipfile
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from coding.ingest.raw_table import SourceFile

#: Limits of what a workbook may unpack to.
MAX_UNPACKED_BYTES = 1024**3
MAX_RATIO = 200
RATIO_COUNTS_FROM_BYTES = 100 * 1024**2

#: calamine holds a sheet as a full rectangle, 24 bytes a cell and more.
MAX_CELLS = 40_000_000

_BLOCK = 1024 * 1024
_MAX_ROW_BYTES = 64 * _BLOCK
_SMALL_PART_BYTES = 32 * _BLOCK

_PREFIX = re.compile(rb"<(\w+:)?worksheet\b")
_PLACE = re.compile(rb'\br="([A-Z]+)([0-9]+)"')
_ROW_NUMBER = re.compile(rb'<(?:\w+:)?row\b[^>]*?\br="([0-9]{1,9})"')
_COLUMN_LETTERS = re.compile(rb'<(?:\w+:)?c\b[^>]*?\br="([A-Z]{1,7})[0-9]')
_ERROR = re.compile(rb'<(?:\w+:)?c\b([^>]*\bt="e"[^>]*)(?<!/)>(.*?)</(?:\w+:)?c>', re.DOTALL)
_VALUE = re.compile(rb"<(?:\w+:)?v>([^<]*)<")
_FORMULA = re.compile(rb"<(?:\w+:)?f[\s>/]")
_NO_RESULT = re.compile(
    rb"<(?:\w+:)?c\b([^>]*)>\s*<(?:\w+:)?f\b(?:[^>]*/>|[^>]*>[^<]*</(?:\w+:)?f>)\s*"
    rb"(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v></(?:\w+:)?v>)?\s*</(?:\w+:)?c>"
)
_ZEROS = re.compile(r"0{2,64}")


@dataclass
class SheetScan:
    """What a sheet's XML tells beside its values. ``shown``: row → [(column, what is shown)],
    counted from 0: the text of an error value, or the width a number is filled to with zeros."""

    rows: int = 0
    columns: int = 0
    formulas: int = 0
    without_result: int = 0
    errors: int = 0
    shown: dict[int, list[tuple[int, str | int]]] = field(default_factory=dict)


def check_archive(file: SourceFile, archive: zipfile.ZipFile) -> None:
    """Refuse an archive that unpacks to too much, or names a part twice.

    Raises SourceFileError.
    """
    parts = archive.infolist()
    unpacked = sum(part.file_size for part in parts)
    ratio = unpacked / max(1, sum(part.compress_size for part in parts))
    if unpacked > MAX_UNPACKED_BYTES or (unpacked > RATIO_COUNTS_FROM_BYTES and ratio > MAX_RATIO):
        raise file.error(
            f"the workbook unpacks to {unpacked // 1024**2:,} MB ({ratio:.0f} times its size)",
            "this looks like a zip bomb; if it is a real workbook, save the sheet as CSV",
        )
    names = [part.filename for part in parts]
    if len(set(names)) < len(names):
        raise file.error("the workbook holds a part twice", "save it again in Excel")
    if any(part.flag_bits & 1 for part in parts):
        raise file.error("the workbook is encrypted", "save it without a password")


def scan_sheet(file: SourceFile, archive: zipfile.ZipFile, sheet: str) -> SheetScan:
    """Read through the XML of a sheet once, in blocks.

    Raises SourceFileError for a sheet that covers too many cells or is damaged.
    """
    part = _sheet_part(file, archive, sheet)
    zeros = _zero_filled_styles(file, archive)
    scan = SheetScan()
    with archive.open(part) as stream:
        rest, end_of_row = b"", b"</row>"
        first = True
        while block := stream.read(_BLOCK):
            text = rest + block
            if first:
                prefix = _PREFIX.search(text)
                end_of_row = b"</" + ((prefix.group(1) or b"") if prefix else b"") + b"row>"
                first = False
            cut = text.rfind(end_of_row) + len(end_of_row)
            if cut < len(end_of_row):
                cut = 0
            if len(text) - cut > _MAX_ROW_BYTES:
                raise file.error("a row of the sheet is longer than 64 MB", "save the sheet as CSV")
            _scan_rows(scan, text[:cut], zeros)
            rest = text[cut:]
        _scan_rows(scan, rest, zeros)
    if scan.rows * scan.columns > MAX_CELLS:
        raise file.error(
            f"sheet {sheet} reaches to row {scan.rows:,} and column {scan.columns:,}",
            "delete the empty rows and columns around the table, or save the sheet as CSV",
        )
    return scan


def _scan_rows(scan: SheetScan, text: bytes, zeros: dict[int, int]) -> None:
    if not text:
        return
    scan.rows = max(scan.rows, max(map(int, _ROW_NUMBER.findall(text)), default=0))
    letters = set(_COLUMN_LETTERS.findall(text))
    scan.columns = max(scan.columns, max(map(_column_number, letters), default=0))
    scan.formulas += len(_FORMULA.findall(text))
    if scan.formulas:
        scan.without_result += sum(1 for match in _NO_RESULT.findall(text) if b't="str"' not in match)
    if b't="e"' in text:
        for attributes, inside in _ERROR.findall(text):
            scan.errors += 1
            value = _VALUE.search(inside)
            _keep(scan, attributes, value.group(1).decode("ascii", "replace") if value else "")
    if zeros:
        styles = b"|".join(str(style).encode() for style in sorted(zeros))
        for attributes in re.findall(rb'<(?:\w+:)?c\b([^>]*\bs="(?:' + styles + rb')"[^>]*)>', text):
            if b't="' not in attributes or b't="n"' in attributes:
                style = re.search(rb'\bs="([0-9]+)"', attributes)
                _keep(scan, attributes, zeros[int(style.group(1))] if style else 0)


def _keep(scan: SheetScan, attributes: bytes, shown: str | int) -> None:
    place = _PLACE.search(attributes)
    if place:
        row, column = int(place.group(2)) - 1, _column_number(place.group(1)) - 1
        scan.shown.setdefault(row, []).append((column, shown))


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _sheet_part(file: SourceFile, archive: zipfile.ZipFile, sheet: str) -> str:
    """The part of the archive that holds a sheet."""
    relation = ""
    for element in _small_part(file, archive, "xl/workbook.xml").iterfind(".//{*}sheet"):
        if element.get("name") == sheet:
            relation = next((value for key, value in element.attrib.items() if key.endswith("}id")), "")
    for element in _small_part(file, archive, "xl/_rels/workbook.xml.rels"):
        if element.get("Id") == relation:
            target = element.get("Target", "")
            part = target.lstrip("/") if target.startswith("/") else posixpath.join("xl", target)
            if posixpath.normpath(part) in archive.namelist():
                return posixpath.normpath(part)
    raise file.error(f"sheet {sheet} is missing inside the workbook", "save it again in Excel")


def _zero_filled_styles(file: SourceFile, archive: zipfile.ZipFile) -> dict[int, int]:
    """Cell style → width, for number formats that only fill with zeros, such as 000000."""
    if "xl/styles.xml" not in archive.namelist():
        return {}
    styles = _small_part(file, archive, "xl/styles.xml")
    widths = {
        element.get("numFmtId"): len(element.get("formatCode", ""))
        for element in styles.iterfind("./{*}numFmts/{*}numFmt")
        if _ZEROS.fullmatch(element.get("formatCode", ""))
    }
    cells = styles.findall("./{*}cellXfs/{*}xf")
    return {
        number: widths[cell.get("numFmtId")]
        for number, cell in enumerate(cells)
        if cell.get("numFmtId") in widths
    }


def _small_part(file: SourceFile, archive: zipfile.ZipFile, part: str) -> Element:
    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import ParseError, fromstring

    try:
        if archive.getinfo(part).file_size <= _SMALL_PART_BYTES:
            root: Element = fromstring(archive.read(part), forbid_dtd=True)
            return root
    except (KeyError, ParseError, DefusedXmlException, ValueError):
        pass
    raise file.error(f"the part {part} of the workbook cannot be read", "save it again in Excel")
