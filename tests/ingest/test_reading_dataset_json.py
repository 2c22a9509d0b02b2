"""Dataset-JSON 1.1 in both forms: the same text from either, and documents that must be refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from coding.ingest.raw_table import RawTable, SourceFileError
from coding.ingest.reading import read_headers

Read = Callable[..., RawTable]

ROWS: list[list[Any]] = [
    ["001", '頭痛, "sharp"\nleft', 1, 12.5, True],
    ["002", "NA", 10003058.0, None, False],
    ["", " x ", -0.0, 1e-7, None],
]
TEXTS = [
    ["001", '頭痛, "sharp"\nleft', "1", "12.5", "TRUE"],
    ["002", "NA", "10003058", "", "FALSE"],
    ["", " x ", "0", "0.0000001", ""],
]
NAMES = ["SUBJ", "AETERM", "AESEQ", "DOSE", "FLAG"]


def metadata(**changes: Any) -> dict[str, Any]:
    """The metadata of a data set of three records; None takes a key out."""
    whole = {
        "datasetJSONCreationDateTime": "2026-01-02T03:04:05",
        "datasetJSONVersion": "1.1.0",
        "itemGroupOID": "IG.AE",
        "records": 3,
        "name": "AE",
        "label": "Adverse Events",
        "columns": [{"itemOID": f"IT.{name}", "name": name, "label": name} for name in NAMES],
    } | changes
    return {key: value for key, value in whole.items() if value is not None}


def document(rows: list[Any] | None = None, **changes: Any) -> str:
    return json.dumps(metadata(**changes) | {"rows": ROWS if rows is None else rows})


def ndjson(rows: list[Any] | None = None, **changes: Any) -> str:
    lines = [metadata(**changes), *(ROWS if rows is None else rows)]
    return "".join(json.dumps(line) + "\n" for line in lines)


def unreadable(table: RawTable) -> list[tuple[int, str]]:
    return list(table.unreadable.itertuples(index=False, name=None))


@pytest.mark.parametrize(
    ("name", "content", "form"),
    [
        ("ae.json", document(), "JSON"),
        ("ae.json", "\ufeff" + json.dumps(json.loads(document()), indent=2), "JSON"),
        ("ae.ndjson", ndjson(), "NDJSON"),
        ("ae.ndjson", ndjson().replace("\n", "\r\n").rstrip(), "NDJSON"),
        ("ae.json", ndjson(), "NDJSON"),
    ],
)
def test_both_forms_read_to_the_same_text(read: Read, name: str, content: str, form: str) -> None:
    table = read(name, content)
    assert list(table.frame.columns) == NAMES
    assert table.frame.to_numpy().tolist() == TEXTS
    assert {str(dtype) for dtype in table.frame.dtypes} == {"str"}
    assert list(table.frame.index) == [2, 3, 4]
    assert table.sheet == "AE"
    assert table.notes == (f"Dataset-JSON 1.1.0 ({form})", "encoding UTF-8")
    assert unreadable(table) == []


def test_numbers_keep_their_digits(read: Read) -> None:
    columns = [{"name": name} for name in "ABCD"]
    content = document(records=1, columns=columns, rows=[]).replace(
        '"rows": []', '"rows": [[123456789012345678901234567890, 0.1, 1E2, 1e999]]'
    )
    assert read("ae.json", content).frame.to_numpy().tolist() == [
        ["123456789012345678901234567890", "0.1", "100", "1e999"]
    ]


def test_no_records_is_a_table_without_rows(read: Read) -> None:
    for content in (document([], records=0), json.dumps(metadata(records=0))):
        assert read("ae.json", content).frame.shape == (0, 5)
    assert read("ae.ndjson", ndjson([], records=0)).frame.shape == (0, 5)


@pytest.mark.parametrize("form", [document, ndjson])
def test_broken_records_are_told_and_the_others_go_on(read: Read, form: Callable[..., str]) -> None:
    broken = [
        ROWS[0],
        ["001", "short"],
        {"SUBJ": "001"},
        ["001", ["x"], 1, 2, True],
        ["001", "x" * 1_000_001, 1, 2, True],
        ["001", "\ud800", 1, 2, True],
        ROWS[1],
    ]
    table = read("ae.json", form(broken, records=7))
    assert table.frame.to_numpy().tolist() == TEXTS[:2]
    assert list(table.frame.index) == [2, 8]
    assert unreadable(table) == [
        (3, "2 values where there are 5 columns"),
        (4, "the record is not a JSON list"),
        (5, "a value is a list or an object, not a text or number"),
        (6, "a cell longer than 1,000,000 bytes"),
        (7, "holds half of a character (a lone surrogate)"),
    ]


def test_a_broken_line_of_ndjson(read: Read) -> None:
    lines = ndjson().splitlines()
    lines[2] = '["002", "open'
    table = read("ae.ndjson", "\n".join(lines))
    assert table.frame.to_numpy().tolist() == [TEXTS[0], TEXTS[2]]
    assert unreadable(table) == [(3, "the record is not a JSON list")]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (document(records=4), "`records` says 4 but the file holds 3; get it again, it is probably cut"),
        (document()[:-30], r"the JSON ends too early \(line 1, character \d+\); get it again"),
        (document(datasetJSONVersion="1.0.0"), "this is Dataset-JSON 1.0.0; convert it to Dataset-JSON 1.1"),
        (document(datasetJSONVersion=None), "JSON, but not Dataset-JSON"),
        (document(columns=None, name=None), "`name`, `columns` is missing"),
        (document(columns=[]), "it has no columns"),
        (document(columns=[{"label": "x"}]), "a column has no `name`"),
        (document(columns=[{"name": "A"}, {"name": "A"}]), "columns with the same name: A in columns 1, 2"),
        (document(records="many"), "`records` is not a number"),
        (document().replace("12.5", "NaN"), "NaN is no JSON number; write null"),
        (document().replace('"rows": [', '"rows": {"a": 1}, "x": ['), "`rows` is not a list"),
        ('{"a": 1, }', r"it is not valid JSON \(line 1, character 10\)"),
        ('{"a": ' + "[" * 100_000, "nested too deeply"),
        ('{"ODM": {}}', "JSON, but not Dataset-JSON"),
        ("[[1, 2]]", "JSON, but not Dataset-JSON"),
        (document().encode().replace(b"NA", b"\xe9"), "line 1 is not UTF-8"),
    ],
)
def test_documents_that_are_refused(read: Read, content: str | bytes, message: str) -> None:
    with pytest.raises(SourceFileError, match=message):
        read("ae.json", content)


@pytest.mark.parametrize("taken", [3, 12, 40])
def test_cut_ndjson(read: Read, taken: int) -> None:
    with pytest.raises(SourceFileError, match="get it again, it is probably cut"):
        read("ae.ndjson", ndjson().rstrip()[:-taken])


def test_ndjson_cut_at_a_line(read: Read) -> None:
    with pytest.raises(SourceFileError, match="`records` says 3 but the file holds 2"):
        read("ae.ndjson", "\n".join(ndjson().splitlines()[:-1]))


def test_read_headers(tmp_path: Path) -> None:
    for name, content in (("ae.json", document()), ("ae.ndjson", ndjson())):
        (tmp_path / name).write_text(content, encoding="utf-8")
        ((sheet, columns, first),) = read_headers(tmp_path / name, rows=2)
        assert (sheet, columns, first.to_numpy().tolist()) == ("AE", NAMES, TEXTS[:2])
