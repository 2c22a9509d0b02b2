"""Reading whole releases in MedDRA's layout: every file, every spelling of the format."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from dictionaries.checking import check_content
from dictionaries.content import ReleaseContent
from dictionaries.meddra import read_meddra
from dictionaries.model import DictionaryError


def rows(frame: pd.DataFrame, *columns: str) -> list[tuple[object, ...]]:
    return [tuple(row) for row in frame[list(columns)].to_numpy().tolist()]


def read(folder: Path, **options: str) -> ReleaseContent:
    content = read_meddra(folder, **options)
    check_content(content)
    return content


def test_release_says_what_it_is(release_files, tmp_path):
    release = read(release_files.write(tmp_path)).release
    assert (release.name, release.version, release.language) == ("MedDRA", "1.0", "English")
    assert release.levels == ("LLT", "PT", "HLT", "HLGT", "SOC")
    assert (release.coding_level, release.preferred_level) == ("LLT", "PT")
    assert release.licensed and release.numeric_codes


def test_all_five_levels(release_files, tmp_path):
    terms = read(release_files.write(tmp_path)).terms
    assert rows(terms, "code", "text", "level", "status", "parent") == [
        ("101", "Made-up ache", "LLT", "current", "101"),
        ("102", "Invented hurting", "LLT", "current", "101"),
        ("103", "Ache, made-up, obsolete", "LLT", "noncurrent", "101"),
        ("201", "Pretend flutter", "LLT", "current", "201"),
        ("301", "Sham swelling", "LLT", "current", "301"),
        ("101", "Made-up ache", "PT", "current", ""),
        ("201", "Pretend flutter", "PT", "current", ""),
        ("301", "Sham swelling", "PT", "current", ""),
        ("501", "Made-up aches", "HLT", "current", ""),
        ("502", "Pretend flutters", "HLT", "current", ""),
        ("701", "Ache group", "HLGT", "current", ""),
        ("702", "Flutter group", "HLGT", "current", ""),
        ("901", "Aching disorders", "SOC", "current", ""),
        ("902", "Fluttering disorders", "SOC", "current", ""),
    ]


def test_primary_path_is_the_flagged_row_not_the_first_in_hlt_pt(release_files, tmp_path):
    release_files.lines["hlt_pt.asc"].sort(reverse=True)
    release_files.lines["mdhier.asc"].reverse()
    paths = read(release_files.write(tmp_path)).paths
    assert sorted(rows(paths, "code", "primary", "HLT_code", "HLGT_code", "SOC_code")) == [
        ("101", False, "502", "702", "902"),
        ("101", True, "501", "701", "901"),
        ("201", True, "502", "702", "902"),
        ("301", True, "502", "702", "902"),
    ]


def test_smqs_keep_nesting_scope_category_and_weight(release_files, tmp_path):
    content = read(release_files.write(tmp_path))
    columns = ("group_code", "group", "algorithm", "code", "level", "scope", "status", "category", "weight")
    assert rows(content.groups, *columns) == [
        ("801", "Aches (SMQ)", "N", "802", "SMQ", "0", "A", "", "0"),
        ("801", "Aches (SMQ)", "N", "101", "PT", "2", "A", "A", "0"),
        ("802", "Hurting aches (SMQ)", "A", "102", "LLT", "1", "A", "B", "3"),
        ("802", "Hurting aches (SMQ)", "A", "999", "PT", "1", "I", "A", "0"),
    ]
    assert rows(content.groups, "kind", "group_level")[::2] == [("SMQ", "1"), ("SMQ", "2")]
    notes = content.attributes[content.attributes["level"] == "SMQ"]
    assert ("801", "note", "A note") in rows(notes, "code", "name", "value")


def test_history_abbreviations_and_order(release_files, tmp_path):
    content = read(release_files.write(tmp_path))
    assert rows(content.history, "code", "text", "version", "level", "status", "action") == [
        ("101", "Made-up ache", "0.5", "PT", "", "A"),
        ("103", "Ache, made-up, obsolete", "0.5", "LLT", "noncurrent", "C"),
    ]
    soc = content.attributes[content.attributes["level"] == "SOC"]
    assert rows(soc, "code", "name", "value") == [
        ("901", "abbreviation", "Ache"),
        ("902", "abbreviation", "Flut"),
        ("902", "international_order", "1"),
        ("901", "international_order", "2"),
    ]


def test_filled_legacy_columns_are_kept(release_files, tmp_path):
    release_files.lines["llt.asc"][0] = "101$Made-up ache$101$W1$$$$$A00$Y$$"
    assert ("101", "LLT", "whoart_code", "W1") in rows(
        read(release_files.write(tmp_path)).attributes, "code", "level", "name", "value"
    )


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("rename", [str.upper, str.lower, str.title])
def test_line_ends_and_file_names_in_any_case(release_files, tmp_path, newline, rename):
    expected = read(release_files.write(tmp_path / "plain"))
    found = read(release_files.write(tmp_path / "other", newline=newline, rename=rename))
    for frame in ("terms", "paths", "attributes", "groups", "history"):
        pd.testing.assert_frame_equal(getattr(found, frame), getattr(expected, frame))


def test_file_name_case_does_not_change_the_checksum(release_files, tmp_path):
    lower = read(release_files.write(tmp_path / "lower")).release
    upper = read(release_files.write(tmp_path / "upper", rename=str.upper)).release
    assert lower.checksum == upper.checksum


@pytest.mark.parametrize("change", [lambda line: line.removesuffix("$"), lambda line: line + "$"])
def test_one_trailing_dollar_more_or_less_is_read(release_files, tmp_path, change):
    expected = read(release_files.write(tmp_path / "plain"))
    history = release_files.lines["meddra_history_english.asc"]
    release_files.lines["meddra_history_english.asc"] = [line + "$" for line in history]
    for name, lines in release_files.lines.items():
        release_files.lines[name] = [change(line) for line in lines]
    found = read(release_files.write(tmp_path / "other"))
    for frame in ("terms", "paths", "attributes", "groups", "history"):
        pd.testing.assert_frame_equal(getattr(found, frame), getattr(expected, frame))


def test_release_file_without_final_newline(release_files, tmp_path):
    release_files.write(tmp_path)
    (tmp_path / "meddra_release.asc").write_bytes(b"27.0$English$$$")
    assert read(tmp_path).release.version == "27.0"


def test_optional_files_may_be_absent(release_files, tmp_path):
    for name in ("smq_list.asc", "smq_content.asc", "meddra_history_english.asc", "intl_ord.asc"):
        del release_files.lines[name]
    content = read(release_files.write(tmp_path))
    assert (len(content.groups), len(content.history)) == (0, 0)
    assert set(content.attributes["name"]) == {"abbreviation"}


def test_folder_above_medascii(release_files, tmp_path):
    release_files.write(tmp_path / "MedAscii")
    assert read(tmp_path).release.version == "1.0"


def test_other_files_in_the_folder_do_not_count(release_files, tmp_path):
    before = read(release_files.write(tmp_path)).release.checksum
    (tmp_path / "readme.txt").write_text("something else", encoding="utf-8")
    assert read(tmp_path).release.checksum == before


JAPANESE = {"Made-up ache": "架空の痛み", "Pretend flutter": "そらごとのゆれ", "Sham swelling": "仮の腫れ"}


def japanese(release_files, language: str = "Japanese"):
    for lines in release_files.lines.values():
        for english, other in JAPANESE.items():
            lines[:] = [line.replace(f"${english}$", f"${other}$") for line in lines]
    release_files.lines["meddra_release.asc"] = [f"1.0${language}$$$$"]
    return release_files


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932", "euc_jp"])
def test_japanese_in_every_encoding(release_files, tmp_path, encoding):
    content = read(japanese(release_files).write(tmp_path, encoding=encoding))
    assert content.release.language == "Japanese"
    preferred = content.terms[content.terms["level"] == "PT"]
    assert rows(preferred, "code", "text") == [
        ("101", "架空の痛み"),
        ("201", "そらごとのゆれ"),
        ("301", "仮の腫れ"),
    ]


def test_japanese_is_found_where_the_language_is_not_said(release_files, tmp_path):
    japanese(release_files, language="").write(tmp_path, encoding="cp932")
    assert "架空の痛み" in set(read(tmp_path, language="Japanese").terms["text"])
    assert "架空の痛み" in set(read(tmp_path).terms["text"])


def test_western_text_is_not_read_as_japanese(release_files, tmp_path):
    release_files.lines["llt.asc"][1] = release_files.lines["llt.asc"][1].replace("Invented", "Invénted")
    release_files.write(tmp_path, encoding="latin-1")
    with pytest.raises(DictionaryError) as caught:
        read(tmp_path)
    assert str(caught.value) == (
        f"{tmp_path}: broken, and not imported; 1 error:\n"
        "  llt.asc line 2: not UTF-8 text (byte 8); save the file as UTF-8"
    )


def test_version_and_name_can_be_told(release_files, tmp_path):
    del release_files.lines["meddra_release.asc"]
    release_files.write(tmp_path)
    with pytest.raises(DictionaryError, match="give it with --release"):
        read(tmp_path)
    release = read(tmp_path, name="Mine", version="0.9", language="Dutch").release
    assert (release.name, release.version, release.language) == ("Mine", "0.9", "Dutch")
