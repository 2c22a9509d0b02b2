"""A file of coded verbatims, evaluated."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from coding.operations.evaluate_study import CodedColumns, evaluate_file, file_answers
from coding.records import UserError
from dictionaries.model import Dictionary
from schemas.tables import read_csv, write_xlsx
from schemas.vocabulary import Domain

LINES = """\
AETERM,LLT,PT,DOM
Headache,102,Headache,AE
headache ,102,Headache,AE
Headache,101,Headache,MH
Migraine,201,Migraine,AE
Rash,201,Migraine,AE
,101,Headache,AE
itching,,,AE
Sick,999,No such term,AE
"""


@pytest.fixture
def coded(tmp_path: Path) -> Path:
    path = tmp_path / "coded.csv"
    path.write_text(LINES, encoding="utf-8")
    return path


def test_equal_rows_are_counted_and_blank_ones_told() -> None:
    frame = pd.DataFrame(
        {
            "v": ["Pain", "pain", "Pain", "", "x"],
            "c": ["1", "1", "1", "1", ""],
            "d": ["ae", "ae", "ae", "", ""],
        },
        dtype="str",
    )
    answers, left_out = file_answers(frame, CodedColumns("v", code="c", domain="d"), "Made")
    found = answers[["verbatim", "code", "rows", "domain", "fields"]].to_numpy().tolist()
    assert found == [["Pain", "1", 2, "ae", "AETERM"], ["pain", "1", 1, "ae", "AETERM"]]
    assert answers["key"].nunique() == 1
    assert left_out == {"rows without a verbatim": 1, "rows without an answer": 1}


def test_a_file_is_evaluated_row_by_row(dictionary: Dictionary, coded: Path, tmp_path: Path) -> None:
    output = tmp_path / "out"
    columns = CodedColumns("AETERM", code="LLT", domain="DOM")
    summary = evaluate_file(dictionary, coded, columns, output=output)
    figures = json.loads((output / "evaluation.json").read_text(encoding="utf-8"))
    assert figures == {**summary.evaluations[0].figures}
    assert (figures["cases"], figures["rows"], figures["not_in_release"]) == (4, 5, 1)
    assert figures["left_out"] == {"rows without a verbatim": 1, "rows without an answer": 1}
    by_level = {
        item["level"]: (item["first"]["agreed"], item["first"]["cases"], item["rows_agreed"])
        for item in figures["agreement"]
    }
    # "Headache" (AE) was coded to 102, the matcher says 101: the same preferred term.
    assert by_level == {"code": (2, 4, 2), "preferred": (3, 4, 4), "class": (3, 4, 4)}
    assert [item["group"] for item in figures["agreement_by_domain"] if item["level"] == "code"] == [
        "AE",
        "MH",
    ]
    (exact,) = read_csv(output / "exact_coded_otherwise.csv").to_dict("records")
    assert (exact["verbatim"], exact["answer"], exact["said"]) == ("Rash", "Migraine", "Rash")
    (unknown,) = read_csv(output / "not_in_release.csv").to_dict("records")
    assert (unknown["verbatim"], unknown["code"], unknown["rows"]) == ("Sick", "999", "1")
    assert summary.next_step == (
        f"look at 1 exact names that people coded otherwise ({output / 'exact_coded_otherwise.csv'}); "
        f"open {output / 'evaluation.html'}"
    )


def test_other_ways_to_give_the_answers(dictionary: Dictionary, coded: Path, tmp_path: Path) -> None:
    book = tmp_path / "coded.xlsx"
    frame = read_csv(coded)
    write_xlsx({"ae": frame}, book, pd.Timestamp("2026-01-01", tz="UTC").to_pydatetime())
    by_name = evaluate_file(
        dictionary, book, CodedColumns("AETERM", preferred="PT"), output=tmp_path / "a", history=False
    )
    figures = by_name.evaluations[0].figures
    levels = [item["level"] for item in figures["agreement"]]
    assert (levels, figures["cases"], figures["history"]) == (["preferred", "class"], 3, False)


def test_the_same_file_gives_the_same_bytes(dictionary: Dictionary, coded: Path, tmp_path: Path) -> None:
    columns = CodedColumns("AETERM", preferred="PT")
    for name in ("one", "two"):
        evaluate_file(dictionary, coded, columns, output=tmp_path / name)
    for path in sorted((tmp_path / "one").iterdir()):
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes(), path.name


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (
            CodedColumns("AETERM", code="CODE"),
            "there is no column CODE; its columns are: AETERM, LLT, PT, DOM",
        ),
        (CodedColumns("TERM", code="LLT"), "there is no column TERM"),
        (CodedColumns("AETERM"), "name the column with people's answers"),
        (
            CodedColumns("LLT", preferred="DOM"),
            r"none of the 5 different answers is in Made 1 \(no term of that name in the release\)",
        ),
    ],
)
def test_what_cannot_be_evaluated_says_why(
    dictionary: Dictionary, coded: Path, tmp_path: Path, columns: CodedColumns, message: str
) -> None:
    with pytest.raises(UserError, match=message):
        evaluate_file(dictionary, coded, columns, output=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_file_without_a_full_row(dictionary: Dictionary, tmp_path: Path) -> None:
    path = tmp_path / "empty.csv"
    path.write_text("AETERM,LLT\n,101\nPain,\n", encoding="utf-8")
    with pytest.raises(UserError, match="no row has both a verbatim and an answer"):
        evaluate_file(dictionary, path, CodedColumns("AETERM", code="LLT"), output=tmp_path / "out")


def test_every_coded_domain_has_its_field() -> None:
    frame = pd.DataFrame({"v": ["a"] * 6, "c": ["1"] * 6, "d": [*map(str, Domain)]}, dtype="str")
    answers, _ = file_answers(frame, CodedColumns("v", code="c", domain="d"), "Made")
    fields = dict(answers[["domain", "fields"]].itertuples(index=False, name=None))
    assert fields == {"AE": "AETERM", "MH": "MHTERM", "CE": "CETERM", "CM": "CMTRT", "PR": "PRTRT", "DM": ""}
