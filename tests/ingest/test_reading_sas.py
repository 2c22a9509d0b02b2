"""SAS transport v5 and v8, and SAS7BDAT: text without loss, ISO 8601, and cut files."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import pandas as pd
import pyreadstat
import pytest

from coding.ingest.raw_table import RawTable, SourceFileError, number_text
from coding.ingest.reading import read_headers
from coding.ingest.sas import _moment

Read = Callable[..., RawTable]


def transport(path: Path, columns: dict[str, Sequence[Any]], version: int = 5, name: str = "AE") -> Path:
    """A transport file of these columns."""
    pyreadstat.write_xport(pd.DataFrame(columns), str(path), file_format_version=version, table_name=name)
    return path


def rows(table: RawTable) -> list[list[str]]:
    return table.frame.to_numpy().tolist()


@pytest.mark.parametrize("version", [5, 8])
def test_values_are_text(tmp_path: Path, read_file: Read, version: int) -> None:
    columns = {
        "SUBJ": ["001  ", " 002", ""],
        "AESEQ": [1.0, 12.5, None],
        "SMALL": [0.1, 1e-7, 1 / 3],
        "CODE": [10003058.0, 9007199254740991.0, -3.0],
        "AEDT": [date(2020, 1, 2), None, date(1950, 12, 31)],
        "AEDTM": [datetime(2020, 1, 2, 3, 4, 5), None, datetime(1959, 12, 31, 23, 59, 59)],
        "AETM": [time(3, 4), None, time(23, 59, 59)],
    }
    transport(tmp_path / "ae.xpt", columns, version)
    table = read_file("ae.xpt")
    assert list(table.frame.columns) == list(columns)
    assert rows(table) == [
        ["001", "1", "0.1", "10003058", "2020-01-02", "2020-01-02T03:04:05", "03:04:00"],
        [" 002", "12.5", "0.0000001", "9007199254740991", "", "", ""],
        ["", "", "0.3333333333333333", "-3", "1950-12-31", "1959-12-31T23:59:59", "23:59:59"],
    ]
    assert {str(dtype) for dtype in table.frame.dtypes} == {"str"}
    assert list(table.frame.index) == [2, 3, 4]
    assert (table.sheet, table.notes) == ("AE", (f"SAS transport version {version}",))


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        (0.0, "date", "1960-01-01"),
        (-1.0, "date", "1959-12-31"),
        (2_936_549.0, "date", "9999-12-31"),
        (2_936_550.0, "date", "2936550"),
        (-715_509.0, "date", "0001-01-01"),
        (1.25, "datetime", "1960-01-01T00:00:01.250"),
        (-0.5, "datetime", "1959-12-31T23:59:59.500"),
        (86_400.0, "time", "24:00:00"),
        (-60.0, "time", "-00:01:00"),
    ],
)
def test_moments_are_iso_8601(value: float, kind: str, text: str) -> None:
    assert _moment(value, kind) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(1.0, "1"), (-0.0, "0"), (1e20, "100000000000000000000"), (1e300, "1e+300"), (123.456, "123.456")],
)
def test_numbers_are_written_without_loss(value: float, text: str) -> None:
    assert number_text(value) == text
    assert float(text) == value


@pytest.mark.parametrize(
    ("encoding", "text", "note"),
    [
        ("utf-8", "頭痛 é", "encoding UTF-8"),
        ("cp1252", "Fièvre élevée", "encoding windows-1252 (guessed; set `encoding` if letters look wrong)"),
        (
            "cp932",
            "頭痛とめまい",
            "encoding Shift-JIS (cp932) (guessed; set `encoding` if letters look wrong)",
        ),
    ],
)
def test_the_encoding_of_a_transport_file_is_found(
    tmp_path: Path, read_file: Read, encoding: str, text: str, note: str
) -> None:
    path = transport(tmp_path / "ae.xpt", {"SUBJ": ["001", "002"], "AETERM": ["@" * 40, "pain"]})
    path.write_bytes(path.read_bytes().replace(b"@" * 40, text.encode(encoding).ljust(40)))
    table = read_file("ae.xpt")
    assert rows(table) == [["001", text], ["002", "pain"]]
    assert table.notes[1].startswith(note)
    assert rows(read_file("ae.xpt", encoding=encoding)) == rows(table)


def test_a_text_cut_inside_a_letter_makes_its_row_unreadable(tmp_path: Path, read_file: Read) -> None:
    terms = [f"{number:02d}@@@@@@" for number in range(30)]
    path = transport(tmp_path / "ae.xpt", {"AETERM": terms})
    data = path.read_bytes()
    for number in range(30):
        whole = "頭痛".encode() if number != 7 else "頭痛".encode()[:5] + b" "
        data = data.replace(f"{number:02d}@@@@@@".encode(), f"{number:02d}".encode() + whole)
    path.write_bytes(data)
    table = read_file("ae.xpt")
    assert len(table.frame) == 29
    assert list(table.unreadable.itertuples(index=False, name=None)) == [
        (9, "column AETERM cannot be read as UTF-8")
    ]


@pytest.mark.parametrize("version", [5, 8])
@pytest.mark.parametrize("taken", [1, 79, 80, 400, 1600, 2800])
def test_a_cut_transport_file(tmp_path: Path, read_file: Read, version: int, taken: int) -> None:
    columns = {"SUBJ": [f"subject {number:04d}" for number in range(30)], "TERM": ["x" * 77] * 30}
    path = transport(tmp_path / "ae.xpt", columns, version)
    path.write_bytes(path.read_bytes()[:-taken])
    with pytest.raises(SourceFileError, match=r"get it again, it is probably cut"):
        read_file("ae.xpt")


def test_a_transport_file_cut_in_its_headers(tmp_path: Path, read_file: Read) -> None:
    path = transport(tmp_path / "ae.xpt", {"SUBJ": ["001"], "TERM": ["x"]})
    for length in (80, 240, 480, 640, 800):
        path.write_bytes((tmp_path / "ae.xpt").read_bytes()[:length])
        with pytest.raises(SourceFileError, match=r"cut or damaged; get it again"):
            read_file("ae.xpt")


def test_a_transport_file_without_records(tmp_path: Path, read_file: Read) -> None:
    path = transport(tmp_path / "ae.xpt", {"SUBJ": ["001"], "TERM": ["x"]})
    data = path.read_bytes()
    end = data.index(b"HEADER RECORD*******OBS") + 80
    path.write_bytes(data[:end])
    table = read_file("ae.xpt")
    assert table.frame.shape == (0, 2)
    assert {str(dtype) for dtype in table.frame.dtypes} == {"str"}


def test_several_data_sets_in_one_transport_file(tmp_path: Path, read_file: Read) -> None:
    first = transport(tmp_path / "a.xpt", {"SUBJ": ["001"]}).read_bytes()
    second = transport(tmp_path / "b.xpt", {"SUBJ": ["001"]}, name="CM").read_bytes()
    (tmp_path / "all.xpt").write_bytes(first + second[240:])
    with pytest.raises(SourceFileError, match=r"it holds 2 data sets \(AE, CM\); write each into"):
        read_file("all.xpt")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"**COMPRESSED** " * 20, "this is a PROC CPORT file; write a transport file with the XPORT engine"),
        (b"SUBJ,AETERM\n001,pain\n", r"the content is not that of a SAS transport file \(XPT\)"),
        (b"", "the file is empty"),
    ],
)
def test_what_is_no_transport_file(read: Read, content: bytes, message: str) -> None:
    with pytest.raises(SourceFileError, match=message):
        read("ae.xpt", content)


Column = tuple[str, str, int, str]


def sas7bdat(columns: Sequence[Column], records: Sequence[Sequence[Any]], encoding: int = 20) -> bytes:
    """A SAS7BDAT file of one page, 32-bit and little-endian. A column is (name, ``num`` or
    ``char``, width, format); encoding 20 is UTF-8 and 62 windows-1252; None is missing (``.A``)."""
    page_size, text = 8192, bytearray(8)

    def text_reference(value: str) -> tuple[int, int, int]:
        place = len(text)
        text.extend(value.encode().ljust(-(-len(value) // 4) * 4, b"\0"))
        return (0, place, len(value)) if value else (0, 0, 0)

    names = [text_reference(name) for name, *_ in columns]
    formats = [text_reference(column[3]) for column in columns]
    struct.pack_into("<H", text, 0, len(text) + 4 - 12)
    row_size = bytearray(480)
    struct.pack_into("<I", row_size, 0, 0xF7F7F7F7)
    struct.pack_into("<II", row_size, 20, sum(column[2] for column in columns), len(records))
    struct.pack_into("<I", row_size, 60, len(records))
    offsets = [sum(column[2] for column in columns[:number]) for number in range(len(columns))]
    attributes = [
        struct.pack("<IIHBB", offset, width, len(name), 1 if kind == "num" else 2, 0)
        for offset, (name, kind, width, _) in zip(offsets, columns, strict=True)
    ]
    parts = [
        bytes(row_size),
        struct.pack("<III", 0xF6F6F6F6, len(columns), 0),
        struct.pack("<I", 0xFFFFFFFD) + bytes(text),
        _list_part(0xFFFFFFFF, [struct.pack("<HHHH", *one, 0) for one in names]),
        _list_part(0xFFFFFFFC, attributes),
        *[struct.pack("<I30xHHH12x", 0xFFFFFBFE, *one) for one in formats],
    ]
    page = bytearray(page_size)
    struct.pack_into("<HHH", page, 16, 0x0200, len(parts) + len(records), len(parts))
    end = page_size
    for number, part in enumerate(parts):
        end -= -(-len(part) // 4) * 4
        page[end : end + len(part)] = part
        struct.pack_into("<II", page, 24 + 12 * number, end, len(part))
    place = -(-(24 + 12 * len(parts)) // 8) * 8
    for record in records:
        for (_, kind, width, _), value in zip(columns, record, strict=True):
            page[place : place + width] = _cell(kind, width, value, encoding)
            place += width
    assert place <= end
    header = bytearray(1024)
    header[:32] = bytes.fromhex("000000000000000000000000c2ea8160b31411cfbd92080009c7318c181f1011")
    header[32], header[35], header[37], header[39], header[70] = 0x22, 0x22, 1, ord("2"), encoding
    header[84:92], header[92:124], header[156:164] = b"SAS FILE", b"AE".ljust(32), b"DATA    "
    struct.pack_into("<III", header, 196, len(header), page_size, 1)
    header[216:224] = b"9.0401M7"
    return bytes(header + page)


def _list_part(signature: int, entries: Sequence[bytes]) -> bytes:
    body = b"".join(entries)
    return struct.pack("<IHHI", signature, len(body) + 8, 0, 0) + body + bytes(8)


def _cell(kind: str, width: int, value: Any, encoding: int) -> bytes:
    if kind == "char":
        return str(value).encode({20: "utf-8", 62: "cp1252"}[encoding]).ljust(width)
    return bytes.fromhex("0000000000fdffff") if value is None else struct.pack("<d", value)


COLUMNS: list[Column] = [
    ("SUBJ", "char", 8, ""),
    ("AETERM", "char", 24, ""),
    ("AESEQ", "num", 8, "BEST"),
    ("AEDT", "num", 8, "E8601DA"),
    ("AEDTM", "num", 8, "DATETIME"),
]


@pytest.mark.parametrize(
    ("encoding", "term", "note"),
    [(20, "頭痛", "encoding UTF-8"), (62, "fièvre", "encoding WINDOWS-1252")],
)
def test_sas7bdat_is_read(tmp_path: Path, read_file: Read, encoding: int, term: str, note: str) -> None:
    records = [["001", term, 1.0, 21_916.0, 1_893_553_445.0], ["002", "NA", 2.5, None, None]]
    (tmp_path / "ae.sas7bdat").write_bytes(sas7bdat(COLUMNS, records, encoding))
    table = read_file("ae.sas7bdat")
    assert rows(table) == [
        ["001", term, "1", "2020-01-02", "2020-01-02T03:04:05"],
        ["002", "NA", "2.5", "", ""],
    ]
    assert list(table.frame.index) == [2, 3]
    assert (table.sheet, table.notes) == ("AE", ("SAS7BDAT", note))


def test_a_told_encoding_wins_over_the_files_own(tmp_path: Path, read_file: Read) -> None:
    (tmp_path / "ae.sas7bdat").write_bytes(
        sas7bdat(COLUMNS[:2], [["001", "头"]]).replace(b"\xe5\xa4\xb4", b"\xc3\xa9 ")
    )
    assert rows(read_file("ae.sas7bdat", encoding="windows-1252")) == [["001", "Ã©"]]
    with pytest.raises(SourceFileError, match="the encoding 'klingon' is not known"):
        read_file("ae.sas7bdat", encoding="klingon")


@pytest.mark.parametrize("length", [100, 250, 1024, 5000, 9215])
def test_a_cut_sas7bdat(tmp_path: Path, read_file: Read, length: int) -> None:
    data = sas7bdat(COLUMNS[:2], [["001", "pain"]])
    (tmp_path / "ae.sas7bdat").write_bytes(data[:length])
    with pytest.raises(SourceFileError, match=r"ae.sas7bdat: .*cut"):
        read_file("ae.sas7bdat")


def test_read_headers(tmp_path: Path) -> None:
    transport(tmp_path / "ae.xpt", {"SUBJ": ["001", "002"], "AESEQ": [1.0, 2.0]})
    (tmp_path / "ae.sas7bdat").write_bytes(sas7bdat(COLUMNS[:2], [["001", "pain"], ["002", "x"]]))
    for name, columns in (("ae.xpt", ["SUBJ", "AESEQ"]), ("ae.sas7bdat", ["SUBJ", "AETERM"])):
        ((sheet, found, first),) = read_headers(tmp_path / name, rows=1)
        assert (sheet, found, len(first)) == ("AE", columns, 1)
