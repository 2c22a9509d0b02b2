"""``suggest_terms``: a plain list in, a listing out."""

from __future__ import annotations

from pathlib import Path

import pytest

from coding.operations.suggest_terms import SUGGEST_COLUMNS, suggest_terms
from coding.records import UserError
from dictionaries.model import Dictionary
from schemas.tables import read_csv


def write(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "list.csv"
    path.write_bytes(text.encode(encoding))
    return path


def test_suggest(dictionary: Dictionary, tmp_path: Path) -> None:
    verbatims = ["Migrane", "Headache", "n/a", "zzzz qqqq", "Headache", "", "pain abdominal", '"=Rash"']
    text = "id,verbatim\n" + "".join(f"{at},{verbatim}\n" for at, verbatim in enumerate(verbatims))
    output = tmp_path / "out.csv"
    summary = suggest_terms(dictionary, write(tmp_path, text), "verbatim", top=2, output=output)
    assert (summary.rows, summary.distinct, summary.release) == (8, 6, "Made up 1")
    assert summary.by_method == {
        "exact": 2, "no_candidate": 1, "no_event": 1, "normalised": 1, "score": 1,
    }  # fmt: skip
    listing = read_csv(output)
    assert tuple(listing.columns) == SUGGEST_COLUMNS
    best = listing[listing["rank"].isin(["", "1"])].drop(columns=["score", "confidence"])
    assert best.to_numpy().tolist() == [
        [
            "Migrane", "1", "1601", "Migraine", "1601", "Migraine", "All disorders", "score", "misspelling",
            "no", "'migrane' read as migraine", "",
        ],
        [
            "Headache", "1", "1001", "Headache", "1001", "Headache", "All disorders", "exact", "", "yes",
            "exact name", "",
        ],
        ["n/a", "", "NO_TERM", "", "", "", "", "no_event", "", "approval", "", "not codable"],
        ["zzzz qqqq", "", "", "", "", "", "", "", "", "no", "", ""],
        [
            "pain abdominal", "1", "1101", "Abdominal pain", "1101", "Abdominal pain", "All disorders",
            "normalised", "word_order", "approval", "same name after word order", "",
        ],
        [
            "=Rash", "1", "1901", "Rash", "1901", "Rash", "All disorders", "exact", "", "yes",
            "exact name", "",
        ],
    ]  # fmt: skip
    assert listing.groupby("verbatim", sort=False).size().to_list() == [2, 2, 1, 1, 2, 1]
    assert set(listing.loc[listing["rank"] == "2", "auto"]) == {"no"}
    assert listing.loc[listing["method"] == "exact", "score"].to_list() == ["1.0000", "1.0000"]
    assert listing["confidence"].to_list() == ["not measured" if rank else "" for rank in listing["rank"]]


def test_the_same_bytes_again(dictionary: Dictionary, tmp_path: Path) -> None:
    source = write(tmp_path, "AETERM\nsevere migraine\nKopfweh ä\n", "cp1252")
    written = []
    for name in ("one.csv", "two.csv"):
        suggest_terms(dictionary, source, "AETERM", top=5, output=tmp_path / name)
        written.append((tmp_path / name).read_bytes())
    assert written[0] == written[1]
    assert "Kopfweh ä".encode() in written[0]


def test_header_only(dictionary: Dictionary, tmp_path: Path) -> None:
    output = tmp_path / "out.csv"
    summary = suggest_terms(dictionary, write(tmp_path, "verbatim\n"), "verbatim", top=5, output=output)
    assert (summary.rows, summary.distinct, dict(summary.by_method)) == (0, 0, {})
    assert tuple(read_csv(output).columns) == SUGGEST_COLUMNS


def test_missing_column_names_the_columns(dictionary: Dictionary, tmp_path: Path) -> None:
    source = write(tmp_path, "id,term\n1,Rash\n")
    with pytest.raises(UserError, match=r"there is no column verbatim; its columns are: id, term"):
        suggest_terms(dictionary, source, "verbatim", top=5, output=tmp_path / "out.csv")
    assert not (tmp_path / "out.csv").exists()


def test_missing_file(dictionary: Dictionary, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such file"):
        suggest_terms(dictionary, tmp_path / "gone.csv", "verbatim", top=5, output=tmp_path / "out.csv")
