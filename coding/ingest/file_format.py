"""Tells what a source file is: by its content first, then by its extension and study.yaml.

What cannot be read is refused by name, with the way out.
"""

from __future__ import annotations

import codecs
import re
import zipfile

from coding.ingest.raw_table import SourceFile, SourceFileError

#: How formats are called in messages.
FORMAT_NAMES = {
    "csv": "text with delimiters (CSV)",
    "tsv": "text with tabs (TSV)",
    "xlsx": "an Excel workbook (XLSX)",
    "xpt": "a SAS transport file (XPT)",
    "sas7bdat": "a SAS data set (SAS7BDAT)",
    "odm": "XML",
    "dataset-json": "JSON",
}

_EXTENSIONS = {
    "csv": "csv",
    "tsv": "tsv",
    "xlsx": "xlsx",
    "xlsm": "xlsx",
    "xpt": "xpt",
    "xport": "xpt",
    "sas7bdat": "sas7bdat",
    "xml": "odm",
    "odm": "odm",
    "json": "dataset-json",
    "ndjson": "dataset-json",
    "jsonl": "dataset-json",
}

_SAS7BDAT = bytes.fromhex("000000000000000000000000c2ea8160b31411cfbd92080009c7318c181f1011")
_SAS_CATALOG = bytes.fromhex("000000000000000000000000c2ea8163b31411cfbd92080009c7318c181f1011")
_AS_XLSX = "open it in Excel and save it as .xlsx"

#: First bytes of files that are refused: what they are and what to do.
_REFUSED = (
    (_SAS_CATALOG, "a SAS format catalog (SAS7BCAT), which holds no records", "give the SAS7BDAT data set"),
    (b"**COMPRESSED**", "a PROC CPORT file", "write a transport file with the XPORT engine instead"),
    (b"\x1f\x8b", "a gzip archive", "unpack it first"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", "unpack it first"),
    (b"Rar!", "a RAR archive", "unpack it first"),
    (b"%PDF", "a PDF document", "ask for the data as CSV, XLSX, XPT, ODM-XML or Dataset-JSON"),
    (b"PAR1", "a Parquet file", "save it as CSV"),
    (b"$FL", "an SPSS data file", "save it as CSV"),
    (b"{\\rtf", "a rich text document", "save it as CSV"),
)


def file_format(file: SourceFile, told: str = "auto") -> str:
    """``csv``, ``tsv``, ``xlsx``, ``xpt``, ``sas7bdat``, ``odm`` or ``dataset-json``.

    ``told`` is the format in study.yaml. Raises SourceFileError for an empty file, one that cannot
    be read, or one whose content is not what its extension or ``told`` says.
    """
    with file.path.open("rb") as stream:
        head = stream.read(8192)
    if not head.strip():
        if len(head) < 8192:
            raise file.error("the file is empty", "give a file with at least a header line")
        raise file.error("the file begins with blanks only", "check that it is the right file and whole")
    found = _by_content(file, head)
    extension = file.path.suffix.lower().lstrip(".")
    expected = told if told != "auto" else _EXTENSIONS.get(extension, found)
    if found == "csv" and expected in {"csv", "tsv"}:
        return expected
    if found != expected:
        raise _disagreement(file, found, expected, told)
    return found


def _disagreement(file: SourceFile, found: str, expected: str, told: str) -> SourceFileError:
    if found == "csv":
        return file.error(
            f"the content is not that of {FORMAT_NAMES[expected]}",
            "get the file again, it may be damaged; for a text file set `format: csv`",
        )
    if told != "auto":
        return file.error(
            f"`format: {told}` is set, but the content is {FORMAT_NAMES[found]}", f"set `format: {found}`"
        )
    return file.error(
        f"the file is named {file.path.suffix.lower()}, but the content is {FORMAT_NAMES[found]}",
        f"rename it, or set `format: {found}` for this source",
    )


def _by_content(file: SourceFile, head: bytes) -> str:
    for magic, what, what_to_do in _REFUSED:
        if head.startswith(magic):
            raise file.error(f"this is {what}", what_to_do)
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        raise _compound_document(file)
    if head.startswith(b"PK\x03\x04") or head.startswith(b"PK\x05\x06"):
        return _archive(file)
    if head.startswith(b"HEADER RECORD*******LIB"):
        return "xpt"
    if head.startswith(_SAS7BDAT):
        return "sas7bdat"
    return _text_format(file, head)


def _text_format(file: SourceFile, head: bytes) -> str:
    start = _beginning(head)
    if re.match(r"(?i)<!doctype html|<html", start):
        raise file.error("this is a web page (HTML), perhaps saved as .xls", _AS_XLSX)
    if re.match(r"<\?xml|<!DOCTYPE|<!--|<[A-Za-z_][\w.-]*(:[A-Za-z_][\w.-]*)?[\s>/]", start):
        return "odm"
    if re.match(r"\{\s*(\"|\}|$)", start):
        return "dataset-json"
    if start.startswith("[") and _EXTENSIONS.get(file.path.suffix.lower().lstrip(".")) == "dataset-json":
        return "dataset-json"
    return "csv"


def _beginning(head: bytes) -> str:
    """The first characters, whatever the encoding: enough to tell XML and JSON."""
    for mark, codec in ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")):
        if head.startswith(mark):
            return head[2:512].decode(codec, "replace").lstrip()
    return head[:512].removeprefix(codecs.BOM_UTF8).decode("latin-1").lstrip()


def _compound_document(file: SourceFile) -> SourceFileError:
    """xls, or a workbook encrypted with a password: both are OLE containers."""
    with file.path.open("rb") as stream:
        encrypted = "EncryptedPackage".encode("utf-16-le") in stream.read(4 * 1024 * 1024)
    if encrypted:
        return file.error("the workbook is encrypted with a password", "save it without a password as .xlsx")
    return file.error("this is an old Excel workbook (XLS) or another Office document", _AS_XLSX)


def _archive(file: SourceFile) -> str:
    try:
        with zipfile.ZipFile(file.path) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        raise file.error(
            "the file begins like an Excel workbook or zip archive but is cut or damaged",
            "get the file again",
        ) from None
    if "xl/workbook.xml" in names:
        return "xlsx"
    if "xl/workbook.bin" in names:
        raise file.error("this is a binary Excel workbook (XLSB)", _AS_XLSX)
    if "content.xml" in names:
        raise file.error("this is an OpenDocument file (ODS)", "save it as .xlsx or CSV")
    raise file.error("this is a zip archive, not a table", "unpack it and name the file inside")
