"""The index of a release on disk: opened, it is the one that was built; broken, it is made anew."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from made_dictionary import requests_of, rules_of

from coding.matching import index_file
from coding.matching.engine import match_requests
from coding.matching.index import MatchIndex, build_index
from coding.matching.index_file import open_index
from dictionaries.model import Dictionary

VERBATIMS = [
    "Headache", "severe headaches", "migrane", "tummy ache", "left toe pain, rash and MI", "no rash", "n/a",
    "cold", "head pain", "high blood pressure", "", "頭痛",
]  # fmt: skip


def assert_same_matches(one: MatchIndex, other: MatchIndex) -> None:
    for name in ("decisions", "candidates", "held", "signals", "flags", "parts"):
        found = [
            getattr(match_requests(requests_of(VERBATIMS), index, rules_of()), name) for index in (one, other)
        ]
        pd.testing.assert_frame_equal(*found)


def files(cache: Path) -> list[str]:
    return sorted(path.name for path in (cache / "index").iterdir() if path.suffix == ".npz")


@pytest.fixture
def small(tmp_path: Path, stored: Callable[..., Dictionary]) -> Dictionary:
    """A release that is built at once: the open dictionary has no further names for it."""
    low = [("1", "頭痛", "1", "current"), ("2", "Kopfschmerzen", "2", "current")]
    return stored(tmp_path / "release", low, language="Japanese")


@pytest.fixture
def no_building(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails a test in which the names are normalised anew."""

    def fail(*_: object) -> None:
        raise AssertionError("the index was built")

    monkeypatch.setattr("coding.matching.index.normalise", fail)


def test_without_a_cache_folder_nothing_is_written(dictionary: Dictionary, tmp_path: Path) -> None:
    open_index(dictionary, None).ranker  # noqa: B018
    assert list(tmp_path.iterdir()) == []


def test_an_opened_index_gives_the_same_matches(
    dictionary: Dictionary, index: MatchIndex, tmp_path: Path
) -> None:
    built = open_index(dictionary, tmp_path)
    opened = open_index(dictionary, tmp_path)
    assert "ranker" in vars(opened)
    assert_same_matches(opened, index)
    assert_same_matches(built, index)


def test_an_index_of_another_language_gives_the_same_matches(small: Dictionary, tmp_path: Path) -> None:
    open_index(small, tmp_path / "cache")
    opened = open_index(small, tmp_path / "cache")
    assert not opened.ranker.english
    assert_same_matches(opened, build_index(small))


def test_a_release_without_a_current_term_can_be_kept(
    tmp_path: Path, stored: Callable[..., Dictionary]
) -> None:
    dictionary = stored(tmp_path / "release", [("1", "Old", "1", "noncurrent")])
    for _ in range(2):
        assert len(open_index(dictionary, tmp_path / "cache").ranker.space.rows) == 0


def test_the_second_opening_builds_nothing(
    small: Dictionary, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    open_index(small, tmp_path)
    request.getfixturevalue("no_building")
    assert open_index(small, tmp_path).names[0].words == ("頭痛",)


def test_the_file_is_named_for_release_and_fingerprint(small: Dictionary, tmp_path: Path) -> None:
    index = open_index(small, tmp_path)
    assert files(tmp_path) == [f"Made_up_1_Japanese-{index.fingerprint[:32]}.npz"]


def test_the_same_release_gives_the_same_bytes(small: Dictionary, tmp_path: Path) -> None:
    written = []
    for name in ("one", "two"):
        open_index(small, tmp_path / name)
        with np.load(tmp_path / name / "index" / files(tmp_path / name)[0], allow_pickle=False) as stored:
            written.append({part: stored[part].tobytes() for part in stored.files})
    assert written[0] == written[1]


def test_nothing_in_the_file_can_run(small: Dictionary, tmp_path: Path) -> None:
    open_index(small, tmp_path)
    with np.load(tmp_path / "index" / files(tmp_path)[0], allow_pickle=False) as stored:
        assert [part for part in stored.files if stored[part].dtype.hasobject] == []


def single_array(path: Path) -> None:
    with path.open("wb") as target:
        np.save(target, np.zeros(3), allow_pickle=False)


def pickled(path: Path) -> None:
    with path.open("wb") as target:
        np.savez(target, names=np.array([{"a": 1}], dtype=object), allow_pickle=True)


def of_another_release(path: Path) -> None:
    with np.load(path, allow_pickle=False) as stored:
        parts = dict(stored)
    for part in ("names", "rules", "folded"):
        parts[part] = np.frombuffer(b"1\nrash", dtype=np.uint8)
    with path.open("wb") as target:
        np.savez(target, **parts)


def miscounted(path: Path) -> None:
    with np.load(path, allow_pickle=False) as stored:
        parts = dict(stored)
    parts["names"] = np.frombuffer(b"7\nrash", dtype=np.uint8)
    with path.open("wb") as target:
        np.savez(target, **parts)


def without_a_part(path: Path) -> None:
    with np.load(path, allow_pickle=False) as stored:
        parts = {part: stored[part] for part in stored.files if part != "plain_idf"}
    with path.open("wb") as target:
        np.savez(target, **parts)


@pytest.mark.parametrize(
    "break_it",
    [
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"not an archive"),
        lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
        lambda path: path.write_bytes(path.read_bytes()[:-1]),
        lambda path: path.write_bytes(path.read_bytes().replace(b"PK", b"XX")),
        single_array,
        pickled,
        of_another_release,
        miscounted,
        without_a_part,
    ],
    ids=[
        "empty", "junk", "half", "one byte less", "no archive", "one array", "pickle", "another release",
        "miscounted", "without a part",
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_used_is_made_anew(
    small: Dictionary, tmp_path: Path, break_it: Callable[[Path], None]
) -> None:
    open_index(small, tmp_path)
    path = tmp_path / "index" / files(tmp_path)[0]
    size = path.stat().st_size
    break_it(path)
    assert open_index(small, tmp_path).names == build_index(small).names
    assert path.stat().st_size == size
    assert "ranker" in vars(open_index(small, tmp_path))


def test_the_index_of_older_rules_is_removed(
    small: Dictionary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_index(small, tmp_path)
    before = files(tmp_path)
    monkeypatch.setattr("coding.matching.index.RULES_VERSION", "other")
    open_index(small, tmp_path)
    assert len(files(tmp_path)) == 1
    assert files(tmp_path) != before


def test_the_index_of_another_release_stays(
    small: Dictionary, tmp_path: Path, stored: Callable[..., Dictionary]
) -> None:
    open_index(small, tmp_path)
    other = stored(tmp_path / "other", [("1", "Kopfschmerzen", "1", "current")], language="German")
    open_index(other, tmp_path)
    assert [name.partition("-")[0] for name in files(tmp_path)] == ["Made_up_1_German", "Made_up_1_Japanese"]


def test_what_a_killed_writer_left_is_cleared(small: Dictionary, tmp_path: Path) -> None:
    (tmp_path / "index").mkdir()
    left = tmp_path / "index" / ".Made_up_1_Japanese-1.npz.abc.partial"
    left.write_bytes(b"half")
    open_index(small, tmp_path)
    assert not left.exists()


def test_a_failed_writing_leaves_no_file(
    small: Dictionary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(index_file.np, "savez", fail)
    with pytest.raises(OSError, match="no space left"):
        open_index(small, tmp_path)
    assert [path.name for path in (tmp_path / "index").iterdir() if path.name != ".lock"] == []
