"""Importing: formats found, identity, whole or not at all."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
from asc_release import llt, small_release

from dictionaries import content as content_module
from dictionaries.checking import check_content
from dictionaries.content import ReleaseContent, checksum_of, generated_code, write_content
from dictionaries.loading import detect_format, import_release
from dictionaries.model import Dictionary, DictionaryError, Release
from schemas.tables import text_frame

FILES = ["paths.parquet", "release.json", "terms.parquet"]


@pytest.fixture
def source(tmp_path) -> Path:
    return small_release().write(tmp_path / "MedAscii")


@pytest.fixture
def store(tmp_path) -> Path:
    return tmp_path / "dictionaries"


def stored_folders(store: Path) -> list[str]:
    return sorted(str(path.parent.relative_to(store).as_posix()) for path in store.glob("**/release.json"))


def test_release_is_stored_under_its_identity(source, store):
    release = import_release(source, store)
    folder = store / "MedDRA" / "1.0-English"
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        [*FILES, "attributes.parquet", "groups.parquet", "history.parquet"]
    )
    assert Dictionary.open(folder).release == release
    assert sorted(path.name for path in store.iterdir()) == [".import.lock", "MedDRA"]


def test_progress_is_told(source, store):
    told = []
    import_release(source, store, progress=lambda *step: told.append(step))
    assert {stage for stage, _, _ in told} == {"reading", "checking", "storing"}
    assert told[-1] == ("storing", 5, 5)


def test_same_release_gives_the_same_bytes(source, tmp_path):
    import_release(source, tmp_path / "one")
    import_release(source, tmp_path / "two")
    for path in sorted((tmp_path / "one").glob("**/*.parquet")):
        assert path.read_bytes() == (tmp_path / "two" / path.relative_to(tmp_path / "one")).read_bytes()


def test_importing_again_changes_nothing(source, store):
    first = import_release(source, store)
    before = {path: path.stat().st_mtime_ns for path in store.glob("**/*.parquet")}
    assert import_release(source, store) == first
    assert {path: path.stat().st_mtime_ns for path in store.glob("**/*.parquet")} == before


def test_other_content_under_the_same_identity_is_refused(source, store, tmp_path):
    import_release(source, store)
    files = small_release()
    files.lines["llt.asc"].append(llt("104", "New hurting", "101"))
    other = files.write(tmp_path / "other")
    with pytest.raises(DictionaryError, match=r"MedDRA 1\.0 is already imported with another content"):
        import_release(other, store)
    import_release(other, store, version="1.1")
    assert stored_folders(store) == ["MedDRA/1.0-English", "MedDRA/1.1-English"]


def test_names_that_differ_in_case_are_one_dictionary(source, store, tmp_path):
    import_release(source, store)
    assert import_release(source, store, name="MEDDRA", language="english").name == "MedDRA"
    assert import_release(source, store, name="meddra", version="2").name == "MedDRA"
    assert stored_folders(store) == ["MedDRA/1.0-English", "MedDRA/2-English"]


def test_languages_live_side_by_side(source, store):
    import_release(source, store)
    import_release(source, store, language="japanese")
    assert stored_folders(store) == ["MedDRA/1.0-English", "MedDRA/1.0-Japanese"]


def test_licence_can_be_told(source, store):
    assert import_release(source, store).licensed
    assert not import_release(source, store, name="ours", licensed=False).licensed


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("name", "../escape"), ("name", "a/b"), ("name", "a\\b"), ("name", ".."), ("name", "."),
        ("name", ".hidden"), ("name", "CON"), ("name", "nul.txt"), ("name", "a@b"), ("name", "x" * 65),
        ("name", "trailing."), ("name", " "), ("name", "C:"), ("name", "a\nb"), ("name", "a\x00b"),
        ("version", "../../1"), ("version", "/1"), ("version", "1 "), ("version", "*"),
        ("language", "../x"), ("language", "En-glish"), ("language", "1"),
    ],
)  # fmt: skip
def test_identity_cannot_leave_the_folder(source, store, tmp_path, option, value):
    before = sorted(tmp_path.glob("**/*"))
    with pytest.raises(DictionaryError, match="cannot be used"):
        import_release(source, store, **{option: value})
    assert sorted(tmp_path.glob("**/*")) == before


def test_broken_release_leaves_nothing(source, store):
    (source / "llt.asc").write_bytes((source / "llt.asc").read_bytes()[:-9])
    with pytest.raises(DictionaryError, match=r"llt\.asc line 5"):
        import_release(source, store)
    assert not store.exists()


@pytest.mark.parametrize("fails_at", [1, 3, 5])
def test_full_disk_leaves_nothing(source, store, monkeypatch, fails_at):
    written = []
    original = content_module.write_parquet

    def full(frame: pd.DataFrame, path: Path) -> None:
        written.append(path)
        if len(written) == fails_at:
            raise OSError(errno.ENOSPC, "No space left on device")
        original(frame, path)

    monkeypatch.setattr(content_module, "write_parquet", full)
    with pytest.raises(DictionaryError, match=r"cannot be written \(No space left on device\)"):
        import_release(source, store)
    assert [path.name for path in store.iterdir()] == [".import.lock"]
    monkeypatch.undo()
    import_release(source, store)
    assert stored_folders(store) == ["MedDRA/1.0-English"]


def test_left_over_of_a_killed_import_is_cleaned(source, store):
    (store / ".importing-abc").mkdir(parents=True)
    (store / ".importing-abc" / "terms.parquet").write_bytes(b"half")
    import_release(source, store)
    assert sorted(path.name for path in store.iterdir()) == [".import.lock", "MedDRA"]


def test_killed_import_is_whole_or_not_there(source, store):
    code = (
        "import sys, pathlib; from dictionaries.loading import import_release\n"
        "print('ready', flush=True)\n"
        "for n in range(1000): import_release(sys.argv[1], pathlib.Path(sys.argv[2]), version=str(n))\n"
    )
    for delay in (0.15, 0.4, 0.75):
        process = subprocess.Popen(
            [sys.executable, "-c", code, str(source), str(store)], stdout=subprocess.PIPE
        )
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        time.sleep(delay)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()
        for path in store.glob("MedDRA/*"):
            dictionary = Dictionary.open(path)
            assert (len(dictionary.terms), len(dictionary.paths)) == (14, 4)
            assert len(dictionary.history) == 2
    import_release(source, store, version="after")
    assert not list(store.glob(".importing-*"))


def test_folder_that_holds_something_else(source, store):
    (store / "MedDRA" / "1.0-English").mkdir(parents=True)
    (store / "MedDRA" / "1.0-English" / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(DictionaryError, match="holds something else than a release"):
        import_release(source, store)


def test_store_that_is_a_file(source, store):
    store.write_text("not a folder", encoding="utf-8")
    with pytest.raises(DictionaryError, match="cannot be written"):
        import_release(source, store)


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("icd10cm_order_2031.txt", f"00001 A00     0 {'Cholera':<60} Cholera\n", "icd-10-cm-order"),
        ("terms.csv", "MedDRA Code,MedDRA SOC,CTCAE Term,Grade 1,Grade 2,Grade 3,Grade 4,Grade 5,Definition\n"
         "1,S,T,a,b,c,d,e,f\n", "ctcae"),
    ],
)  # fmt: skip
def test_formats_are_found(tmp_path, name, text, found):
    (tmp_path / name).write_text(text, encoding="utf-8")
    assert detect_format(tmp_path / name) == found
    assert detect_format(tmp_path / name, tmp_path / "description.yaml") == "table"


def test_folder_and_package_are_found(source):
    assert detect_format(source) == "meddra"
    assert detect_format(source.parent) == "meddra"
    assert detect_format(Path("ICD-10-CM")) == "icd-10-cm"


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("table.csv", b"code,term\n1,x\n", "give a description of its columns with --description"),
        ("notes.pdf", b"%PDF", "not a dictionary that is understood"),
        ("nothing", None, "not found"),
        ("empty.csv", b"", "give a description"),
        ("cut.xlsx", b"PK\x03\x04", "give a description"),
    ],
)
def test_what_is_not_understood(tmp_path, store, name, content, said):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(DictionaryError) as caught:
        import_release(tmp_path / name, store)
    assert said in str(caught.value)
    assert not store.exists()


def test_wrong_format_is_a_message(source, tmp_path, store):
    table = tmp_path / "t.csv"
    table.write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(DictionaryError, match=r"name the folder with the \.asc files"):
        import_release(table, store, format="meddra")
    with pytest.raises(DictionaryError, match="cannot be read"):
        import_release(source, store, format="ctcae")
    with pytest.raises(DictionaryError, match="needs a description"):
        import_release(table, store, format="table")
    with pytest.raises(DictionaryError, match="format 'other' is not known"):
        import_release(table, store, format="other")  # type: ignore[arg-type]


def two_level(**changes: object) -> Release:
    told: dict[str, object] = {
        "name": "T", "version": "1", "language": "English", "checksum": "0", "levels": ("LOW", "HIGH"),
        "coding_level": "LOW", "preferred_level": "LOW", "licensed": False, "numeric_codes": False,
    }  # fmt: skip
    return Release(**{**told, **changes})  # type: ignore[arg-type]


def a_content(
    release: Release, terms: list[tuple[str, ...]], paths: list[tuple[object, ...]]
) -> ReleaseContent:
    columns = ("code", "text", "level", "status", "parent")
    frame = text_frame({name: [row[at] for row in terms] for at, name in enumerate(columns)})
    found = text_frame({"code": [row[0] for row in paths], "HIGH_code": [row[2] for row in paths]})
    found.insert(1, "primary", pd.Series([bool(row[1]) for row in paths], dtype="bool"))
    return ReleaseContent(release, frame, found, source="made up")


LOW, HIGH = ("1", "One", "LOW", "current", ""), ("9", "Top", "HIGH", "current", "")


@pytest.mark.parametrize(
    ("terms", "paths", "said"),
    [
        ([LOW, LOW, HIGH], [("1", True, "9")], "LOW code 1 is there twice"),
        ([LOW, HIGH, ("", "X", "HIGH", "current", "")], [("1", True, "9")], "HIGH code is blank"),
        ([LOW, HIGH, ("8", " ", "HIGH", "current", "")], [("1", True, "9")], "HIGH 8 has no text"),
        ([LOW, HIGH, ("8", "a\x00b", "HIGH", "current", "")], [("1", True, "9")],
         "HIGH text holds a control character or damaged text"),
        ([LOW, HIGH, ("8 ", "b", "HIGH", "current", "")], [("1", True, "9")],
         "HIGH code '8 ' has blanks around it"),
        ([LOW, HIGH, ("8", "b", "MID", "current", "")], [("1", True, "9")],
         "'MID' is not a level of this dictionary"),
        ([LOW, HIGH, ("8", "b", "HIGH", "old", "")], [("1", True, "9")], "status 'old' is not known"),
        ([LOW, HIGH, ("8", "b", "HIGH", "current", "1")], [("1", True, "9")],
         "HIGH 8 must have no parent: its paths say where it belongs"),
        ([LOW, HIGH], [("1", True, "7")], "the path of LOW 1 names HIGH '7', which does not exist"),
        ([LOW, HIGH], [], "LOW 1 has no primary path"),
        ([LOW, HIGH], [("1", False, "9")], "LOW 1 has no primary path"),
        ([LOW, HIGH, ("8", "b", "HIGH", "current", "")], [("1", True, "9"), ("1", True, "8")],
         "LOW 1 has more than one primary path"),
        ([LOW, HIGH], [("1", True, "9"), ("1", False, "9")], "a path of LOW 1 is there twice"),
        ([LOW, HIGH], [("1", True, "9"), ("2", True, "9")], "a path names LOW 2, which does not exist"),
        ([("1", "One", "LOW", "noncurrent", ""), HIGH], [("1", True, "9")],
         "there is no current term on level LOW to code to"),
    ],
)  # fmt: skip
def test_what_every_release_must_hold(terms, paths, said):
    with pytest.raises(DictionaryError) as caught:
        check_content(a_content(two_level(), terms, paths))
    assert str(caught.value) == f"made up: broken, and not imported; 1 error:\n  {said}"


def test_orphans_below_the_preferred_level():
    terms = [("1", "One", "LOW", "current", "5"), HIGH]
    release = two_level(preferred_level="HIGH")
    found = a_content(release, terms, [("9", True, "9")])
    with pytest.raises(DictionaryError, match="LOW 1 belongs to HIGH '5', which does not exist"):
        check_content(found)


def test_numeric_codes_are_digits():
    terms = [("1", "One", "LOW", "current", ""), ("A9", "Top", "HIGH", "current", "")]
    found = a_content(two_level(numeric_codes=True), terms, [("1", True, "A9")])
    with pytest.raises(DictionaryError, match="HIGH code 'A9' is not a number"):
        check_content(found)


@pytest.mark.parametrize(
    "changes",
    [
        {"levels": ()}, {"levels": ("LOW", "LOW")}, {"levels": ("LOW", "../HIGH")},
        {"coding_level": "NONE"}, {"coding_level": "HIGH"},
    ],
)  # fmt: skip
def test_levels_must_fit(changes):
    with pytest.raises(DictionaryError):
        check_content(a_content(two_level(**changes), [LOW, HIGH], [("1", True, "9")]))


def test_stored_frames_are_sorted(tmp_path):
    terms = [HIGH, ("2", "Two", "LOW", "current", ""), LOW, ("10", "Ten", "LOW", "current", "")]
    paths = [("2", True, "9"), ("10", True, "9"), ("1", True, "9")]
    found = a_content(two_level(), terms, paths)
    check_content(found)
    write_content(found, tmp_path)
    dictionary = Dictionary.open(tmp_path)
    assert dictionary.terms["code"].tolist() == ["1", "10", "2", "9"]
    assert dictionary.paths["code"].tolist() == ["1", "10", "2"]


def test_checksum_tells_names_and_contents_apart():
    assert checksum_of({"a": b"x", "b": b"y"}) == checksum_of({"b": b"y", "a": b"x"})
    assert checksum_of({"a": b"xb", "c": b"y"}) != checksum_of({"a": b"x", "bc": b"y"})


def test_generated_codes_are_frozen():
    assert generated_code("NAME", "Aspirin") == generated_code("NAME", "  aspirin ")
    assert generated_code("NAME", "Aspirin") != generated_code("INGREDIENT", "Aspirin")
    assert generated_code("NAME", "Aspirin") == "GRF2HUENXFS"
