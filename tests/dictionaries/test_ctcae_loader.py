"""NCI's CTCAE table as CSV and as the XLSX file NCI publishes."""

from __future__ import annotations

from pathlib import Path

import pytest

from dictionaries.checking import check_content
from dictionaries.content import generated_code
from dictionaries.ctcae import looks_like_ctcae, read_ctcae
from dictionaries.model import DictionaryError

GRADES = [f"grade_{number}" for number in range(1, 6)]
HEADER = ["meddra_code", "soc", "ctcae_term", *GRADES, "definition", "navigational_note"]
ROWS = [
    ["00012", "Aching disorders", "Sham ache", "Mild ache", "Ache, at work", "-", "-", "-", "An ache.", ""],
    ["34", "Aching  disorders", "Toe ache", "-", "Limping", "Lying", " -", "Death", "-", "See Sham ache"],
    ["56", "Fluttering disorders", "Flutter", "A", "B", "C", "D", "E", "Beats, oddly", "-"],
]  # fmt: skip


def write_csv(path: Path, rows: list[list[str]], encoding: str = "utf-8") -> Path:
    quoted = [",".join(f'"{cell}"' if "," in cell else cell for cell in row) for row in [HEADER, *rows]]
    path.write_text("\n".join(quoted) + "\n", encoding=encoding)
    return path


def write_nci_xlsx(path: Path) -> Path:
    import xlsxwriter

    header = [
        "MedDRA Code", "MedDRA SOC", "CTCAE Term", "Grade 1  ", "Grade 2  ", "Grade 3  ", "Grade 4  ",
        "Grade 5", "Definition", "Navigational Note",
    ]  # fmt: skip
    with xlsxwriter.Workbook(str(path)) as book:
        book.add_worksheet("About").write_string(0, 0, "Nothing to see")
        sheet = book.add_worksheet("CTCAE v5.0 Clean Copy")
        sheet.write_string(0, 0, "Made-up title")
        sheet.write_row(1, 0, header)
        for number, row in enumerate(ROWS[1:], 2):
            sheet.write_number(number, 0, int(row[0]))
            sheet.write_row(number, 1, row[1:])
    return path


def test_terms_socs_and_attributes(tmp_path):
    path = write_csv(tmp_path / "ctcae_v5.csv", ROWS)
    assert looks_like_ctcae(path)
    content = read_ctcae(path)
    check_content(content)
    assert (content.release.name, content.release.version) == ("CTCAE", "5.0")
    assert (content.release.levels, content.release.coding_level) == (("TERM", "SOC"), "TERM")
    ache, flutter = generated_code("SOC", "Aching disorders"), generated_code("SOC", "Fluttering disorders")
    assert content.terms[["code", "text", "level"]].to_numpy().tolist() == [
        ["00012", "Sham ache", "TERM"],
        ["34", "Toe ache", "TERM"],
        ["56", "Flutter", "TERM"],
        [ache, "Aching disorders", "SOC"],
        [flutter, "Fluttering disorders", "SOC"],
    ]
    assert content.paths.to_numpy().tolist() == [
        ["00012", True, ache], ["34", True, ache], ["56", True, flutter],
    ]  # fmt: skip
    toe = content.attributes[content.attributes["code"] == "34"]
    assert dict(zip(toe["name"], toe["value"], strict=True)) == {
        "grade_2": "Limping",
        "grade_3": "Lying",
        "grade_5": "Death",
        "navigational_note": "See Sham ache",
    }


def test_ncis_workbook(tmp_path):
    path = write_nci_xlsx(tmp_path / "CTCAE.xlsx")
    assert looks_like_ctcae(path)
    content = read_ctcae(path)
    check_content(content)
    assert content.release.version == "5.0"
    assert content.terms["code"].tolist()[:2] == ["34", "56"]
    assert content.attributes["name"].tolist().count("grade_2") == 2


def test_windows_encoding(tmp_path):
    row = [*ROWS[0][:8], "Temperature < 35 – 32°C", ""]
    content = read_ctcae(write_csv(tmp_path / "ctcae_v4.03.csv", [row], encoding="cp1252"))
    assert content.release.version == "4.03"
    assert "Temperature < 35 – 32°C" in set(content.attributes["value"])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda rows: rows[1].__setitem__(0, "34x"), "row 3: MedDRA code '34x' is not a number"),
        (lambda rows: rows[1].__setitem__(0, ""), "row 3: MedDRA code '' is not a number"),
        (lambda rows: rows[1].__setitem__(0, "56"), "row 4: MedDRA code 56 is already in row 3"),
        (lambda rows: rows[1].__setitem__(1, ""), "row 3: the SOC is blank"),
        (lambda rows: rows[1].__setitem__(2, ""), "row 3: the CTCAE term is blank"),
        (lambda rows: rows[1].__setitem__(slice(3, 8), ["-"] * 5),
         "row 3: no grade is described; the row may be cut"),
        (lambda rows: rows.__setitem__(2, rows[2][:4]), "row 4: 4 columns instead of 10"),
    ],
)  # fmt: skip
def test_broken_tables(tmp_path, change, said):
    rows = [list(row) for row in ROWS]
    change(rows)
    path = write_csv(tmp_path / "ctcae_v5.csv", rows)
    with pytest.raises(DictionaryError) as caught:
        read_ctcae(path)
    assert str(caught.value).splitlines() == [f"{path}: broken, and not imported; 1 error:", f"  {said}"]


def test_version_is_needed(tmp_path):
    path = write_csv(tmp_path / "terms.csv", ROWS)
    with pytest.raises(DictionaryError, match="give it with --release"):
        read_ctcae(path)
    assert read_ctcae(path, version="9").release.version == "9"


def test_another_table_is_not_ctcae(tmp_path):
    path = tmp_path / "other.csv"
    path.write_text("code,term\n1,x\n", encoding="utf-8")
    assert not looks_like_ctcae(path)
