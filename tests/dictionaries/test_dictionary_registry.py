"""Finding releases by name, version and language, opening them, searching their terms."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from asc_release import small_release

from dictionaries import registry
from dictionaries.loading import import_release
from dictionaries.model import Dictionary, DictionaryError
from dictionaries.registry import list_releases, open_dictionary, search_terms, shipped_folders


@pytest.fixture(scope="module")
def imported(tmp_path_factory) -> Path:
    """Four releases of two dictionaries."""
    source = small_release().write(tmp_path_factory.mktemp("files"))
    folder = tmp_path_factory.mktemp("dictionaries")
    import_release(source, folder, version="27.0")
    import_release(source, folder, version="27.1")
    import_release(source, folder, version="27.1", language="Japanese")
    import_release(source, folder, name="ours", version="1")
    return folder


@pytest.fixture
def store(imported, tmp_path, monkeypatch) -> Path:
    """A copy of the imported releases, and none that ships."""
    monkeypatch.setattr(registry, "shipped_folders", list)
    return Path(shutil.copytree(imported, tmp_path / "dictionaries"))


def test_releases_are_listed_with_their_counts(store):
    found = list_releases([store])
    assert [(item.release.label, item.folder.relative_to(store).as_posix()) for item in found] == [
        ("MedDRA 27.0", "MedDRA/27.0-English"),
        ("MedDRA 27.1", "MedDRA/27.1-English"),
        ("MedDRA 27.1 (Japanese)", "MedDRA/27.1-Japanese"),
        ("ours 1", "ours/1-English"),
    ]
    assert all(item.counts == {"LLT": 5, "PT": 3, "HLT": 2, "HLGT": 2, "SOC": 2} for item in found)


def test_imports_under_way_are_not_listed(store):
    (store / "ours" / "1-English").rename(store / ".importing-x")
    (store / ".importing-x" / "deep").mkdir()
    (store / ".importing-x" / "release.json").rename(store / ".importing-x" / "deep" / "release.json")
    assert [item.release.name for item in list_releases([store])] == ["MedDRA"] * 3


@pytest.mark.parametrize("name", ["meddra", "MedDRA", "MEDDRA"])
def test_case_of_the_name_does_not_count(store, name):
    assert open_dictionary(name, "27.0", folders=[store]).release.version == "27.0"


def test_language_is_part_of_the_identity(store):
    found = open_dictionary("MedDRA", language="japanese", folders=[store])
    assert found.release.label == "MedDRA 27.1 (Japanese)"


def test_only_release_needs_no_version(store):
    assert open_dictionary("ours", folders=[store]).release.version == "1"


@pytest.mark.parametrize(
    ("name", "version", "language", "said"),
    [
        ("MedDRA", None, "English",
         "there are several releases of MedDRA: MedDRA 27.0, MedDRA 27.1, MedDRA 27.1 (Japanese); "
         "say which (`MedDRA@27.1`, or `release:` in study.yaml)"),
        ("meddra", "26.1", "English",
         "MedDRA 26.1 in English is not here; "
         "releases here: MedDRA 27.0, MedDRA 27.1, MedDRA 27.1 (Japanese)"),
        ("ours", None, "French", "ours in French is not here; releases here: ours 1"),
        ("WHODrug", None, "English",
         "there is no dictionary WHODrug; dictionaries here: MedDRA, ours; "
         "add one with `trialcoder dictionary add`"),
    ],
)  # fmt: skip
def test_what_is_not_there_is_said_with_what_is(store, name, version, language, said):
    with pytest.raises(DictionaryError) as caught:
        open_dictionary(name, version, language, folders=[store])
    assert str(caught.value) == said


def test_empty_and_missing_folders(tmp_path, monkeypatch):
    monkeypatch.setattr(registry, "shipped_folders", list)
    assert list_releases([tmp_path, tmp_path / "missing"]) == []
    with pytest.raises(DictionaryError, match="dictionaries here: none"):
        open_dictionary("MedDRA", folders=[tmp_path])


def test_workspace_comes_before_what_ships(store, tmp_path, monkeypatch):
    other = small_release().write(tmp_path / "more")
    (other / "extra.asc").write_text("", encoding="utf-8")
    import_release(other, tmp_path / "shipped", name="ours", version="1")
    import_release(other, tmp_path / "shipped", name="shipping", version="1")
    shipped = [path.parent for path in (tmp_path / "shipped").glob("*/*/release.json")]
    monkeypatch.setattr(registry, "shipped_folders", lambda: sorted(shipped))
    assert open_dictionary("ours", folders=[store]).folder == store / "ours" / "1-English"
    assert open_dictionary("shipping", folders=[store]).folder in shipped
    assert len(list_releases([store])) == 5


def test_shipped_folders_are_releases():
    for folder in shipped_folders():
        assert len(Dictionary.open(folder).coding_terms) > 0


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("made-up ache", ["101", "103"]),
        ("MADE-UP", ["101", "103"]),
        ("ache", ["101", "103"]),
        ("ache made-up", ["101", "103"]),
        ("102", ["102"]),
        ("ing", ["301", "102"]),
        ("flutter  pretend", ["201"]),
        ("no such thing", []),
        ("", []),
        (".*", []),
    ],
)
def test_search(store, text, codes):
    dictionary = open_dictionary("ours", folders=[store])
    found = search_terms(dictionary, text, 10)
    assert sorted(found["code"]) == sorted(codes)
    assert found.columns.tolist() == [
        "code", "text", "level", "status", "preferred_code", "preferred", "top",
    ]  # fmt: skip


def test_search_order_and_path(store):
    dictionary = open_dictionary("ours", folders=[store])
    found = search_terms(dictionary, "ache", 10)
    assert found.to_numpy().tolist() == [
        ["103", "Ache, made-up, obsolete", "LLT", "noncurrent", "101", "Made-up ache", "Aching disorders"],
        ["101", "Made-up ache", "LLT", "current", "101", "Made-up ache", "Aching disorders"],
    ]
    assert search_terms(dictionary, "ache", 1)["code"].tolist() == ["103"]
    assert search_terms(dictionary, "ache", 0).empty


def test_search_another_level(store):
    dictionary = open_dictionary("ours", folders=[store])
    found = search_terms(dictionary, "disorders", 10, level="SOC")
    assert found[["code", "level", "preferred"]].to_numpy().tolist() == [
        ["901", "SOC", ""],
        ["902", "SOC", ""],
    ]
    with pytest.raises(DictionaryError, match="'ATC' is no level of ours 1; levels: LLT, PT, HLT, HLGT, SOC"):
        search_terms(dictionary, "x", 10, level="ATC")


def test_wide_paths_and_hierarchy(store):
    dictionary = open_dictionary("ours", folders=[store])
    row = dictionary.primary_paths.loc["103"]
    assert row.to_dict() == {
        "LLT_code": "103", "LLT": "Ache, made-up, obsolete", "status": "noncurrent",
        "PT_code": "101", "PT": "Made-up ache", "HLT_code": "501", "HLGT_code": "701", "SOC_code": "901",
        "HLT": "Made-up aches", "HLGT": "Ache group", "SOC": "Aching disorders",
    }  # fmt: skip
    paths = dictionary.hierarchy("103")
    assert [(path.primary, [term.code for term in path.terms]) for path in paths] == [
        (True, ["103", "101", "501", "701", "901"]),
        (False, ["103", "101", "502", "702", "902"]),
    ]
    assert dictionary.hierarchy("999") == []


def test_damaged_release_is_a_message(store):
    (store / "ours" / "1-English" / "terms.parquet").write_bytes(b"PAR1 damaged")
    dictionary = open_dictionary("ours", folders=[store])
    with pytest.raises(DictionaryError, match=r"terms\.parquet: cannot be read"):
        _ = dictionary.terms
    with pytest.raises(DictionaryError, match=r"terms\.parquet: cannot be read"):
        list_releases([store])
