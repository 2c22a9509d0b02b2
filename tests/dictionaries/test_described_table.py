"""Any table by a description of its columns."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dictionaries.checking import check_content
from dictionaries.content import ReleaseContent, folded, generated_code
from dictionaries.model import DictionaryError
from dictionaries.table import read_described_table

BASE = "name: Made up\nversion: 2024.10\nlicensed: false\n"
DRUGS = (
    BASE
    + "levels:\n  - {level: NAME, text: name}\n  - {level: INGREDIENT, text: ingredient}\n"
    + "preferred_level: INGREDIENT\n"
)
CODES = BASE + "levels:\n  - {level: CODE, code: code, text: term}\n"
GROUPS = (
    BASE
    + "levels:\n  - {level: TERM, code: code, text: term}\n  - {level: GROUP, code: gcode, text: group}\n"
    + "preferred_level: TERM\n"
)


def read(folder: Path, table: str | bytes, description: str, name: str = "table.csv") -> ReleaseContent:
    path = folder / name
    path.write_bytes(table if isinstance(table, bytes) else table.encode("utf-8"))
    (folder / "description.yaml").write_text(description, encoding="utf-8")
    content = read_described_table(path, folder / "description.yaml")
    check_content(content)
    return content


def refused(folder: Path, table: str | bytes, description: str) -> list[str]:
    with pytest.raises(DictionaryError) as caught:
        read(folder, table, description)
    return str(caught.value).replace(f"{folder}/", "").splitlines()


def listed(frame: pd.DataFrame, *columns: str) -> list[list[str]]:
    return frame[list(columns)].to_numpy().tolist()


def test_version_stays_text_and_codes_keep_leading_zeros(tmp_path):
    content = read(tmp_path, "code,term\n00109201A3D,Sham pill\n001,Pill\n", CODES)
    assert content.release.version == "2024.10"
    assert listed(content.terms, "code", "text") == [["00109201A3D", "Sham pill"], ["001", "Pill"]]


def test_blanks_around_codes_and_within_texts(tmp_path):
    content = read(tmp_path, 'code,term\n"A00  ",  Two   words \n', CODES)
    assert listed(content.terms, "code", "text") == [["A00", "Two words"]]


def test_name_of_two_ingredients_is_two_terms(tmp_path):
    content = read(tmp_path, "ingredient,name\nalpha,Fixit\nbeta,Fixit\nalpha,FIXIT \n", DRUGS)
    alpha, beta = generated_code("INGREDIENT", "alpha"), generated_code("INGREDIENT", "beta")
    assert listed(content.terms, "level", "text", "parent") == [
        ["NAME", "Fixit", alpha],
        ["NAME", "Fixit", beta],
        ["INGREDIENT", "alpha", ""],
        ["INGREDIENT", "beta", ""],
    ]
    assert content.terms["code"].is_unique


def test_own_terms_make_ingredients_codable(tmp_path):
    table = "ingredient,name\nalpha,Fixit\nbeta,Beta\n"
    content = read(tmp_path, table, DRUGS + "own_terms: true\n")
    names = content.terms[content.terms["level"] == "NAME"]
    assert sorted(names["text"]) == ["Beta", "Fixit", "alpha"]


def test_upper_levels_and_status(tmp_path):
    table = "code,term,gcode,group,state\n1,One,G,Group,active\n2,Two,G,Group,old\n"
    description = GROUPS + "status: {column: state, current: active, noncurrent: [old, gone]}\n"
    content = read(tmp_path, table, description)
    assert listed(content.terms, "level", "code", "status") == [
        ["TERM", "1", "current"],
        ["TERM", "2", "noncurrent"],
        ["GROUP", "G", "current"],
    ]
    assert listed(content.paths, "code", "primary", "GROUP_code") == [["1", True, "G"], ["2", True, "G"]]


def test_primary_path_by_a_column(tmp_path):
    table = "code,term,gcode,group,main\n1,One,G,Group,no\n1,One,H,Other,yes\n"
    content = read(tmp_path, table, GROUPS + "primary: {column: main, values: [yes]}\n")
    assert listed(content.paths, "code", "primary", "GROUP_code") == [["1", False, "G"], ["1", True, "H"]]


def test_only_some_rows_and_attributes(tmp_path):
    table = "code,term,lang,route\n1,One,en,oral\n1,Un,fr,oral\n2,Two,en,-\n"
    more = "only: {lang: en}\nattributes: {usual_route: route}\nnothing: ['-']\n"
    content = read(tmp_path, table, CODES + more)
    assert listed(content.terms, "code", "text") == [["1", "One"], ["2", "Two"]]
    assert listed(content.attributes, "code", "level", "name", "value") == [
        ["1", "CODE", "usual_route", "oral"]
    ]


def test_code_width_gives_zeros_back(tmp_path):
    description = CODES.replace("code: code,", "code: code, code_width: 8,")
    assert read(tmp_path, "code,term\n12,X\n", description).terms["code"].tolist() == ["00000012"]


def test_xlsx_numbers_are_codes_without_a_point(tmp_path):
    import xlsxwriter

    path = tmp_path / "table.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        book.add_worksheet("Other").write_row(0, 0, ["nothing"])
        sheet = book.add_worksheet("Terms")
        sheet.write_row(0, 0, ["code", "term"])
        sheet.write_number(1, 0, 10000059)
        sheet.write_string(1, 1, "A term")
    (tmp_path / "d.yaml").write_text(CODES + "codes: numeric\nsheet: Terms\n", encoding="utf-8")
    content = read_described_table(path, tmp_path / "d.yaml")
    assert listed(content.terms, "code", "text") == [["10000059", "A term"]]
    (tmp_path / "d.yaml").write_text(CODES + "sheet: Term\n", encoding="utf-8")
    with pytest.raises(DictionaryError, match="no sheet 'Term'; sheets here: Other, Terms"):
        read_described_table(path, tmp_path / "d.yaml")


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
def test_delimiters_are_found(tmp_path, delimiter):
    table = f'code{delimiter}term\n1{delimiter}"One{delimiter} two"\n'
    assert read(tmp_path, table, CODES).terms["text"].tolist() == [" ".join(f"One{delimiter} two".split())]


def test_encoding_can_be_told(tmp_path):
    table = "code,term\n1,Übelkeit\n".encode("cp1252")
    assert refused(tmp_path, table, CODES) == [
        "table.csv line 2: not UTF-8 text; save the file as UTF-8, or name its encoding in a description"
    ]
    assert read(tmp_path, table, CODES + "encoding: cp1252\n").terms["text"].tolist() == ["Übelkeit"]


BROKEN = "table.csv: broken, and not imported; "


@pytest.mark.parametrize(
    ("table", "description", "said"),
    [
        ("code,term\n1,One\n1,Uno\n", CODES,
         [BROKEN + "1 error:", "  row 3: CODE code 1 has another text than in row 2"]),
        ("code,term\n1,One\n,Two\n", CODES, [BROKEN + "1 error:", "  row 3: code is blank"]),
        ("code,term\n1,One\n2,\n", CODES, [BROKEN + "1 error:", "  row 3: term is blank"]),
        ("code,term\n1,One\n\n2,\n", CODES, [BROKEN + "1 error:", "  row 4: term is blank"]),
        ("code,term\n1,One\n2\n", CODES, [BROKEN + "1 error:", "  row 3: 1 column instead of 2"]),
        ("code,term\n1,One\n2,Two,Three\n", CODES, [BROKEN + "1 error:", "  row 3: 3 columns instead of 2"]),
        ("code,term\n1,One\nA2,Two\n", CODES + "codes: numeric\n",
         [BROKEN + "1 error:", "  row 3: code 'A2' is not a number"]),
        ("code,term,gcode,group\n1,One,G,Group\n1,One,H,Other\n", GROUPS,
         [BROKEN + "1 error:", "  row 3: TERM 1 is placed differently in row 2; "
          "name the column that tells the primary path under `primary`"]),
        ("code,term,gcode,group,m\n1,One,G,Group,n\n", GROUPS + "primary: {column: m, values: y}\n",
         [BROKEN + "1 error:", "  row 2: TERM 1 has no primary path"]),
        ("code,term,s\n1,One,x\n", CODES + "status: {column: s, current: y, noncurrent: n}\n",
         [BROKEN + "1 error:", "  row 2: s is 'x', not one of 'n', 'y'"]),
        ("code,name\n1,One\n", CODES,
         ["table.csv: no column 'term' (for levels CODE text); columns here: code, name"]),
        ("code,term,term\n1,One,Two\n", CODES, ["table.csv: the column 'term' is there twice; rename one"]),
        ("code,term\n", CODES, ["table.csv: a header and no rows"]),
        ("", CODES, ["table.csv: the file is empty"]),
        ('code,term\n1,"One\n2,Two\n', CODES,
         ["table.csv line 2: unexpected end of data; a quote may be open, or the file cut"]),
        ("code,term\n1,One\n", CODES + "only: {term: Two}\n", ["table.csv: no row has what `only` asks for"]),
        ("ingredient,name\nalpha,Fix\u0007it\n", DRUGS,
         [BROKEN + "1 error:", "  row 2: NAME text holds a control character or damaged text"]),
    ],
)  # fmt: skip
def test_broken_tables(tmp_path, table, description, said):
    assert refused(tmp_path, table, description) == said


@pytest.mark.parametrize(
    ("description", "said"),
    [
        (BASE, "  levels: missing"),
        (CODES.replace("licensed: false\n", ""), "  licensed: missing"),
        (CODES + "colour: red\n", "  colour: not a known key; check the spelling"),
        (CODES + "codes: integer\n", "  codes: must be 'text' or 'numeric'"),
        (DRUGS.replace("preferred_level: INGREDIENT\n", ""),
         "  preferred_level: must be NAME or INGREDIENT, the first or second level"),
        (DRUGS + "codes: numeric\n",
         "  codes: numeric needs a code column on every level; generated codes are text"),
        (CODES + "own_terms: true\n", "  own_terms: needs a preferred level above the first level"),
        (CODES + "delimiter: ab\n", "  delimiter: must be one character (\\t for a tab)"),
    ],
)  # fmt: skip
def test_descriptions_that_cannot_be_used(tmp_path, description, said):
    assert refused(tmp_path, "code,term\n1,One\n", description) == ["description.yaml:", said]


@pytest.mark.parametrize(
    ("description", "said"),
    [
        ("- a\n- b\n", "description.yaml: expected `key: value` lines, found list"),
        (CODES + "name: Again\n", "the key 'name' is given twice or is no text"),
        ("name: [unclosed\n", "expected ',' or ']'"),
        ("name: !!python/object:os.system x\n", "could not determine a constructor"),
    ],
)
def test_yaml_that_is_no_description(tmp_path, description, said):
    assert said in "\n".join(refused(tmp_path, "code,term\n1,One\n", description))


def test_zip_bomb_is_not_unpacked(tmp_path):
    import zipfile

    path = tmp_path / "table.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"0" * 60_000_000)
    (tmp_path / "d.yaml").write_text(CODES, encoding="utf-8")
    with pytest.raises(DictionaryError, match="unpacks to 60000000 bytes"):
        read_described_table(path, tmp_path / "d.yaml")


def test_cut_workbook(tmp_path):
    path = tmp_path / "table.xlsx"
    path.write_bytes(b"PK\x03\x04 cut")
    (tmp_path / "d.yaml").write_text(CODES, encoding="utf-8")
    with pytest.raises(DictionaryError, match="not a readable workbook"):
        read_described_table(path, tmp_path / "d.yaml")


def test_ten_megabyte_cell_is_refused(tmp_path):
    table = "code,term\n1," + "x" * 10_000_000 + "\n"
    assert refused(tmp_path, table, CODES) == [
        "table.csv line 2: field larger than field limit (1000000); a quote may be open, or the file cut"
    ]


def test_checksum_covers_the_description(tmp_path):
    one = read(tmp_path, "code,term\n1,One\n", CODES).release
    other = read(tmp_path, "code,term\n1,One\n", CODES + "note: other\n").release
    assert one.checksum != other.checksum


WORDS = st.text(st.characters(categories=("L", "N")), min_size=1, max_size=6)


@settings(max_examples=20, deadline=None)
@given(pairs=st.lists(st.tuples(WORDS, WORDS), min_size=1, max_size=8))
def test_every_row_can_be_found_again(tmp_path_factory, pairs):
    folder = tmp_path_factory.mktemp("pairs")
    table = "ingredient,name\n" + "".join(f"{ingredient},{name}\n" for ingredient, name in pairs)
    content = read(folder, table, DRUGS)
    names = content.terms[content.terms["level"] == "NAME"]
    ingredients = content.terms[content.terms["level"] == "INGREDIENT"].set_index("code")["text"]
    found = {(folded(ingredients[row.parent]), folded(row.text)) for row in names.itertuples(index=False)}
    assert found == {(folded(ingredient), folded(name)) for ingredient, name in pairs}
    assert len(names) == len(found)
