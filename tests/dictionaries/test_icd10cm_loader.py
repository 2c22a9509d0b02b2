"""ICD-10-CM from CMS's order file and from the simple-icd-10-cm package."""

from __future__ import annotations

from pathlib import Path

import pytest

from dictionaries.checking import check_content
from dictionaries.icd10cm import (
    _package_version,
    looks_like_order_file,
    read_icd10cm_order_file,
)
from dictionaries.loading import import_release
from dictionaries.model import Dictionary, DictionaryError

ROWS = [
    ("00001", "X01", "0", "Made-up poxes", "Made-up poxes"),
    ("00002", "X010", "1", "Made-up pox, mild", "Made-up pox, mild form"),
    ("00003", "X0111XA", "1", "Pox of left toe, init", "Made-up pox of left toe, initial encounter"),
    ("00004", "X02", "1", "Sham fever", "Sham fever"),
]


def order_line(order: str, code: str, flag: str, short: str, long: str) -> str:
    return f"{order} {code:<7} {flag} {short:<60} {long}"


def order_file(folder: Path, lines: list[str], newline: str = "\r\n") -> Path:
    path = folder / "icd10cm_order_2031.txt"
    path.write_text("".join(line + newline for line in lines), encoding="utf-8", newline="")
    return path


def test_order_file_levels_dots_and_billable_codes(tmp_path):
    path = order_file(tmp_path, [order_line(*row) for row in ROWS])
    assert looks_like_order_file(path)
    content = read_icd10cm_order_file(path)
    check_content(content)
    release = content.release
    assert (release.name, release.version, release.levels) == (
        "ICD-10-CM", "FY2031", ("TERM", "CODE", "CATEGORY"),
    )  # fmt: skip
    assert (release.licensed, release.numeric_codes) == (False, False)
    terms = content.terms[content.terms["level"] == "TERM"]
    assert terms[["code", "text", "status", "parent"]].to_numpy().tolist() == [
        ["X01", "Made-up poxes", "noncurrent", "X01"],
        ["X01.0", "Made-up pox, mild form", "current", "X01.0"],
        ["X01.11XA", "Made-up pox of left toe, initial encounter", "current", "X01.11XA"],
        ["X02", "Sham fever", "current", "X02"],
    ]
    assert content.paths[["code", "primary", "CATEGORY_code"]].to_numpy().tolist() == [
        ["X01", True, "X01"], ["X01.0", True, "X01"], ["X01.11XA", True, "X01"], ["X02", True, "X02"],
    ]  # fmt: skip
    assert content.attributes.to_numpy().tolist() == [
        ["X01.0", "CODE", "short_description", "Made-up pox, mild"],
        ["X01.11XA", "CODE", "short_description", "Pox of left toe, init"],
    ]


LINES = [order_line(*row) for row in ROWS]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([*LINES, LINES[1]], [
            "line 5: order number 00002 does not follow the line before",
            "line 5: code X010 is already in line 2",
        ]),
        ([*LINES, order_line("00005", "X030", "1", "Lone", "Lone code")],
         ["line 5: the category of code X030 has no line of its own"]),
        ([*LINES[:3], LINES[3][:30]], ["line 4: X02 has no long description; cut?"]),
        ([*LINES[:3], LINES[3][:9]], ["line 4: not a line of an order file, or cut"]),
        ([LINES[0], LINES[1].replace(" 1 ", " 2 "), *LINES[2:]],
         ["line 2: not a line of an order file, or cut"]),
        ([*LINES, order_line("00005", "030", "1", "Odd", "Odd")], ["line 5: '030' is not an ICD-10-CM code"]),
        ([LINES[0], "", *LINES[1:]], ["line 2: not a line of an order file, or cut"]),
        (["", ""], ["the file is empty"]),
    ],
)  # fmt: skip
def test_broken_order_files(tmp_path, lines, said):
    path = order_file(tmp_path, lines)
    with pytest.raises(DictionaryError) as caught:
        read_icd10cm_order_file(path)
    errors = "1 error" if len(said) == 1 else f"{len(said)} errors"
    assert str(caught.value).splitlines() == [
        f"{path}: broken, and not imported; {errors}:", *(f"  {item}" for item in said),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "version"),
    [
        ("icd10cm_order_2018.txt", "FY2018"),
        ("icd10cm-order-april-2026.txt", "FY2026-Apr"),
        ("ICD10OrderFiles2024.txt", "FY2024"),
    ],
)
def test_fiscal_year_is_that_of_the_file_name(tmp_path, name, version):
    path = order_file(tmp_path, LINES).rename(tmp_path / name)
    assert read_icd10cm_order_file(path).release.version == version


def test_order_file_that_does_not_say_its_year(tmp_path):
    path = order_file(tmp_path, LINES).rename(tmp_path / "order.txt")
    with pytest.raises(DictionaryError, match="give it with --release"):
        read_icd10cm_order_file(path)
    assert read_icd10cm_order_file(path, version="FY2031").release.version == "FY2031"


@pytest.mark.parametrize(
    ("file", "version"),
    [
        ("icd10c-tabular-April-1-2026.xml", "FY2026-Apr"),
        ("icd10cm-tabular-October-1-2025.xml", "FY2026"),
        ("icd10cm-tabular-Jan-1-2025.xml", "FY2025-Jan"),
    ],
)
def test_package_version_follows_the_fiscal_year(file, version):
    assert _package_version({file: b""}) == version


@pytest.fixture(scope="module")
def package(tmp_path_factory) -> Dictionary:
    folder = tmp_path_factory.mktemp("icd")
    import_release("icd-10-cm", folder, version="FY2099")
    return Dictionary.open(next(folder.glob("*/*")))


def test_package_has_five_levels_and_many_terms(package):
    assert package.release.label == "ICD-10-CM FY2099"
    assert package.release.levels == ("TERM", "CODE", "CATEGORY", "BLOCK", "CHAPTER")
    current = package.terms[package.terms["status"] == "current"]["level"].value_counts()
    assert current["CODE"] > 70_000
    assert current["TERM"] > current["CODE"] + 8_000


def test_package_path_of_an_inclusion_term(package):
    terms = package.coding_terms
    code = terms.loc[terms["text"] == "Classical cholera", "code"].iloc[0]
    row = package.primary_paths.loc[code]
    assert code.startswith("A00.0~")
    assert (row["CODE_code"], row["CATEGORY_code"], row["BLOCK_code"], row["CHAPTER_code"]) == (
        "A00.0", "A00", "A00-A09", "1",
    )  # fmt: skip
    assert (row["CATEGORY"], row["status"]) == ("Cholera", "current")


def test_package_codes_that_are_not_billable_are_never_current(package):
    terms = package.terms.set_index(["level", "code"])
    assert terms.loc[("TERM", "A00"), "status"] == "noncurrent"
    assert terms.loc[("CODE", "A01.0"), "status"] == "noncurrent"
    assert terms.loc[("CODE", "A01.00"), "status"] == "current"


def test_package_category_that_is_its_own_block(package):
    row = package.primary_paths.loc["B20"]
    assert (row["CODE_code"], row["CATEGORY_code"], row["BLOCK_code"], row["CHAPTER_code"]) == (
        "B20", "B20", "B20", "1",
    )  # fmt: skip


def test_package_opens_without_a_missing_upper_term(package):
    assert int(package.primary_paths.isna().sum().sum()) == 0
