"""CSV and TSV: found encodings and delimiters, odd and hostile files, and a lossless round trip."""

from __future__ import annotations

import csv
import hashlib
import io
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coding.ingest.delimited import read_delimited
from coding.ingest.raw_table import MAX_CELL_BYTES, RawTable, SourceFile, SourceFileError
from coding.ingest.reading import read_headers
from coding.ingest.text_encoding import guess_encoding

Read = Callable[..., RawTable]


def rows(table: RawTable) -> list[list[str]]:
    """The cells row by row."""
    return table.frame.to_numpy().tolist()


def unreadable(table: RawTable) -> list[tuple[int, str]]:
    """(row, reason) of the rows that could not be read."""
    return list(table.unreadable.itertuples(index=False, name=None))


def test_a_table_is_text_with_spreadsheet_rows(read: Read) -> None:
    content = b'SUBJ,AETERM,CODE\n001,NA,10003058.0\n"002","pain, ""sharp""",\n'
    table = read("ae.csv", content)
    assert list(table.frame.columns) == ["SUBJ", "AETERM", "CODE"]
    assert rows(table) == [["001", "NA", "10003058.0"], ["002", 'pain, "sharp"', ""]]
    assert {str(dtype) for dtype in table.frame.dtypes} == {"str"}
    assert (table.frame.index.name, str(table.frame.index.dtype)) == ("row", "int64")
    assert list(table.frame.index) == [2, 3]
    assert (table.source, table.file, table.sheet) == ("ae", "ae.csv", "")
    assert table.sha256 == hashlib.sha256(content).hexdigest()
    assert table.notes == ("encoding UTF-8", "delimiter ','")
    assert [str(dtype) for dtype in table.unreadable.dtypes] == ["int64", "str"]


@pytest.mark.parametrize(
    ("encoding", "note"),
    [
        ("utf-8", "encoding UTF-8"),
        ("utf-8-sig", "encoding UTF-8"),
        ("utf-16", "encoding UTF-16"),
        ("utf-16-le", "encoding UTF-16 (guessed; set `encoding` if letters look wrong)"),
        ("utf-16-be", "encoding UTF-16 (guessed; set `encoding` if letters look wrong)"),
        ("utf-32", "encoding UTF-32"),
        ("cp1252", "encoding windows-1252 (guessed; set `encoding` if letters look wrong)"),
    ],
)
def test_encodings_are_found(read: Read, encoding: str, note: str) -> None:
    text = "SUBJ,AETERM\n001,Fièvre élevée\n002,Übelkeit\n"
    table = read("ae.csv", text.encode(encoding))
    assert rows(table) == [["001", "Fièvre élevée"], ["002", "Übelkeit"]]
    assert list(table.frame.columns) == ["SUBJ", "AETERM"]
    assert table.notes[0] == note


@pytest.mark.parametrize(
    ("text", "codec"),
    [
        ("Diarrhée, fièvre\n", "cp1252"),
        ("Sjögren’s syndrome – mild\n", "cp1252"),
        ("38°C, 5 µg\n", "cp1252"),
        ("ból głowy, gorączka, zawroty, mdłości\n", "cp1250"),
        ("головная боль, тошнота, рвота\n", "cp1251"),
        ("πονοκέφαλος, ναυτία\n", "cp1253"),
        ("頭痛\n発熱、悪心\n浮動性めまい\n", "cp932"),
        ("頭痛がする\nめまい\n不眠症\n", "euc_jp"),
        ("头痛\n发热、恶心\n皮疹\n腹泻\n", "gb18030"),
        ("頭痛\n發燒、噁心\n", "big5"),
        ("두통\n발열\n", "cp949"),
    ],
)
def test_encodings_are_told_by_their_letters(text: str, codec: str) -> None:
    assert guess_encoding(text.encode(codec)) == codec


def test_shift_jis_is_read(read: Read) -> None:
    table = read("ae.csv", "被験者,有害事象\n001,頭痛、めまい\n".encode("cp932"))
    assert rows(table) == [["001", "頭痛、めまい"]]
    assert table.notes[0].startswith("encoding Shift-JIS (cp932) (guessed")


def test_a_letter_far_down_the_file_decides_the_encoding(read: Read) -> None:
    table = read("ae.csv", b"SUBJ,AETERM\n" + b"001,pain\n" * 200_000 + b"002,fi\xe8vre\n")
    assert table.frame["AETERM"].iloc[-1] == "fièvre"
    assert len(table.frame) == 200_001


def test_a_told_encoding_wins(read: Read) -> None:
    table = read("ae.csv", "SUBJ,AETERM\n001,boală ş\n".encode("cp1250"), encoding="windows-1250")
    assert rows(table) == [["001", "boală ş"]]
    assert table.notes[0] == "encoding windows-1250"


def test_a_told_encoding_keeps_no_byte_order_mark(read: Read) -> None:
    assert list(read("a.csv", '\ufeff"SUBJ",B\n1,2\n', encoding="utf-8").frame.columns) == ["SUBJ", "B"]
    utf_16 = "SUBJ,B\n1,é\n".encode("utf-16")
    assert list(read("b.csv", utf_16, encoding="utf-16-le").frame.columns) == ["SUBJ", "B"]


@pytest.mark.parametrize(
    ("content", "encoding", "message"),
    [
        ("SUBJ,B\n1,ok\n2,é\n".encode("cp1252"), "utf-8", "line 3 cannot be read as UTF-8"),
        ("SUBJ,B\r1,ok\r2,é\r".encode("cp1252"), "utf-8", "line 3 cannot be read as UTF-8"),
        ("SUBJ,B\n1,頭痛\n".encode() + b"2,\xe9\n", None, "line 3 cannot be read as UTF-8"),
        (b"SUBJ,B\n1,\xe9\xe9\n2,\x81\x8d\n", "cp1252", "line 3 cannot be read as windows-1252"),
        (b"SUBJ,B\n1,2\n", "klingon", "the encoding 'klingon' is not known"),
        (b"SUBJ,B\n1,2\n", "base64", "the encoding 'base64' is not known"),
    ],
)
def test_text_that_cannot_be_decoded_names_the_line(
    read: Read, content: bytes, encoding: str | None, message: str
) -> None:
    with pytest.raises(SourceFileError, match=f"^ae.csv: {message}; .*encoding"):
        read("ae.csv", content, encoding=encoding)


@pytest.mark.parametrize(
    ("content", "note"),
    [
        ("SUBJ,A,B\n1,2,3\n", "delimiter ','"),
        ("SUBJ;A;B\n1;2,5;3,5\n", "delimiter ';'"),
        ("SUBJ\tA\tB\n1\tx, y\tz; w\n", "delimiter tab"),
        ("SUBJ|A|B\n1|x, y|z\n", "delimiter '|'"),
        ('"SUBJ;X";A;B\n"1,2";2;3\n', "delimiter ';'"),
        ("sep=;\nSUBJ;A;B\n1;2;3\n", "delimiter ';'"),
    ],
)
def test_delimiters_are_found(read: Read, content: str, note: str) -> None:
    table = read("ae.csv", content)
    assert table.frame.shape == (1, 3)
    assert note in table.notes


def test_rows_count_from_the_top_of_the_file(read: Read) -> None:
    assert list(read("a.csv", "sep=;\nSUBJ;A\n1;2\n").frame.index) == [3]
    assert list(read("b.csv", "\n\nSUBJ,A\n1,2\n\n3,4\n").frame.index) == [4, 6]
    assert list(read("c.csv", 'SUBJ,A\n1,"x\ny"\n3,4\n').frame.index) == [2, 3]


def test_tsv_is_cut_at_tabs_only(read: Read) -> None:
    table = read("ae.tsv", "SUBJ,X\tA\n1,2\t3\n")
    assert list(table.frame.columns) == ["SUBJ,X", "A"]
    assert rows(read("b.txt", "SUBJ,X\tA\n1,2\t3\n", format="tsv")) == [["1,2", "3"]]


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_line_ends(read: Read, line_end: str) -> None:
    table = read("ae.csv", line_end.join(["SUBJ,A", '1,"x\ny"', "2,z"]))
    assert rows(table) == [["1", "x\ny"], ["2", "z"]]


@pytest.mark.parametrize(
    ("content", "columns", "cells", "note"),
    [
        (' SUBJ , "A" \n1,2\n', ["SUBJ", '"A"'], [["1", "2"]], None),
        ('"","SUBJ"\n"1","001"\n', ["column_1", "SUBJ"], [["1", "001"]], None),
        ("SUBJ,,A\n1,,2\n", ["SUBJ", "column_2", "A"], [["1", "", "2"]], None),
        ("SUBJ,A,\n1,2,\n3,4\n", ["SUBJ", "A"], [["1", "2"], ["3", "4"]], "1 blank column(s) at the end"),
        ("SUBJ,A,\n1,2,x\n", ["SUBJ", "A", "column_3"], [["1", "2", "x"]], None),
        ("SUBJ,A\n1,2,\n3,4\n", ["SUBJ", "A"], [["1", "2"], ["3", "4"]], "1 row(s) with delimiters after"),
        ("SUBJ,A\n,\n\n1,2\n,\n", ["SUBJ", "A"], [["1", "2"]], "3 blank row(s) left out"),
        ("SUBJ\n001\n\n002\n", ["SUBJ"], [["001"], ["002"]], "1 blank row(s)"),
        ("SUBJ,A\n1,a\x00b\n", ["SUBJ", "A"], [["1", "a\x00b"]], None),
        ("SUBJ,A\n1,'=1+1\n", ["SUBJ", "A"], [["1", "'=1+1"]], None),
    ],
)
def test_headers_and_odd_rows(
    read: Read, content: str, columns: list[str], cells: list[list[str]], note: str | None
) -> None:
    table = read("ae.csv", content)
    assert list(table.frame.columns) == columns
    assert rows(table) == cells
    assert unreadable(table) == []
    assert note is None or any(one.startswith(note) for one in table.notes)


def test_header_only_is_a_table_without_rows(read: Read) -> None:
    for content in ("SUBJ,AETERM", "SUBJ,AETERM\n", "SUBJ,AETERM\r\n\r\n"):
        table = read("ae.csv", content)
        assert table.frame.shape == (0, 2)
        assert [str(dtype) for dtype in table.frame.dtypes] == ["str", "str"]
        assert str(table.frame.index.dtype) == "int64"


def test_broken_rows_are_told_and_the_others_go_on(read: Read) -> None:
    table = read(
        "ae.csv",
        'SUBJ,AETERM,SEV\n1,pain,MILD\n2,pain, left,MILD\n3,pain\n4,"pain "left" side",MILD\n'
        '5,"two\nlines",MILD\n6,"x" y,\n7,ok,MILD\n',
    )
    assert table.frame["SUBJ"].tolist() == ["1", "5", "7"]
    assert list(table.frame.index) == [2, 6, 8]
    hint = "a delimiter inside a cell must stand in quotes"
    assert unreadable(table) == [
        (3, f"4 fields where the header has 3 (line 3); {hint}"),
        (4, f"2 fields where the header has 3 (line 4); {hint}"),
        (5, "a quote inside a quoted cell that is not written twice (line 5)"),
        (7, "a quote inside a quoted cell that is not written twice (line 8)"),
    ]


def test_a_quote_that_swallows_a_row_is_told_with_its_lines(read: Read) -> None:
    table = read("ae.csv", 'SUBJ,AETERM\n1,"open\n2,"closed"\n3,fine\n')
    assert unreadable(table) == [(2, "a quote inside a quoted cell that is not written twice (lines 2 to 3)")]
    assert rows(table) == [["3", "fine"]]


def test_a_long_cell_makes_its_row_unreadable(read: Read) -> None:
    table = read("ae.csv", f"SUBJ,AETERM\n1,{'x' * 10_000_000}\n2,{'y' * MAX_CELL_BYTES}\n3,z\n")
    assert table.frame["SUBJ"].tolist() == ["2", "3"]
    assert unreadable(table) == [(2, "a cell longer than 1,000,000 bytes")]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('SUBJ,A\n1,2\n3,"cut', "a quote opened in the record of line 3 is never closed"),
        ('SUBJ,A\n1,"open\n' + "2,x\n" * 1000, "a quote opened in the record of line 2 is never closed"),
        ('SUBJ,A\n1,"open\n' + "2,x\n" * 1000 + '3,"y"\n', "the record of line 2 is never closed"),
        ("SUBJ,A,B,A\n1,2,3,4\n", "row 1: columns with the same name: A in columns 2, 4"),
        ("SUBJ, SUBJ\n1,2\n", "row 1: columns with the same name: SUBJ in columns 1, 2"),
        ("", "the file is empty"),
        ("\n \n", "the file is empty"),
        (",,\n,,\n", "the file has no header"),
        ("a," * 20_000 + "\n", "20001 columns, more than the 16384"),
        (b"\x00\x01\x02\x03\x04\x05" * 50, "this is not a text file"),
        (b"SUBJ,A\n1," + b"x" * (65 * 1024 * 1024), "line 2 is longer than 64 MB"),
    ],
)
def test_files_that_are_refused(read: Read, content: str | bytes, message: str) -> None:
    with pytest.raises(SourceFileError) as caught:
        read("ae.csv", content)
    assert message in str(caught.value)
    assert str(caught.value).startswith("ae.csv")
    assert caught.value.file == "ae.csv"


def test_messages_hold_no_cell(read: Read) -> None:
    with pytest.raises(SourceFileError) as caught:
        read("ae.csv", 'SUBJ,A\nsecret-subject,"secret verbatim')
    assert "secret" not in str(caught.value)
    table = read("ae.csv", 'SUBJ,A\nsecret-subject,"secret" verbatim\nsecret,2,3\n')
    assert not any("secret" in reason for _, reason in unreadable(table))


def test_read_headers_reads_the_beginning_only(tmp_path: Path) -> None:
    path = tmp_path / "ae.csv"
    path.write_bytes(b"SUBJ;AETERM\n" + b"001;pain\n" * 1_000_000 + b'002;"\xff')
    ((sheet, columns, first),) = read_headers(path, rows=3)
    assert (sheet, columns, first.to_numpy().tolist()) == ("", ["SUBJ", "AETERM"], [["001", "pain"]] * 3)


ODD = [
    "NA",
    "",
    "'=1+1",
    "''",
    '"',
    "a\r\nb",
    "\r",
    "\n",
    " ",
    "001",
    "1.0",
    "é",
    "頭痛",
    "\t|",
    "\ufeff",
    "\x00",
]
CELLS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.sampled_from(ODD)
ENCODINGS = st.sampled_from(["utf-8", "utf-8-sig", "utf-16"])


@given(
    table=st.integers(1, 4).flatmap(lambda width: st.lists(st.lists(CELLS, min_size=width, max_size=width))),
    delimiter=st.sampled_from(",;\t|"),
    line_end=st.sampled_from(["\n", "\r\n", "\r"]),
    encoding=ENCODINGS,
)
def test_any_csv_reads_back_as_it_was_written(
    table: list[list[str]], delimiter: str, line_end: str, encoding: str
) -> None:
    width = len(table[0]) if table else 2
    names = [f"C{number}" for number in range(width)]
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, lineterminator=line_end, quoting=csv.QUOTE_ALL)
    writer.writerows([names, *table])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "t.csv"
        path.write_bytes(text.getvalue().encode(encoding))
        parsed, _ = read_delimited(SourceFile(path, "t.csv"), encoding, delimiter)
    kept = [(number, cells) for number, cells in enumerate(table, 2) if any(cells)]
    assert parsed.frame.to_numpy().tolist() == [cells for _, cells in kept]
    assert list(parsed.frame.index) == [number for number, _ in kept]
    assert parsed.unreadable.empty


@given(data=st.binary(max_size=300))
def test_any_bytes_give_a_table_or_a_clear_error(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "t.csv"
        path.write_bytes(data)
        try:
            parsed, _ = read_delimited(SourceFile(path, "t.csv"))
        except SourceFileError:
            return
    assert {str(dtype) for dtype in parsed.frame.dtypes} <= {"str"}
