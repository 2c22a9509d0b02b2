"""What the open dictionaries' builders share: codes, the change log, the review listing."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from dictionaries.authoring.changes import CHANGE_COLUMNS, with_history
from dictionaries.authoring.codes import CodeRange, CodeRegistry
from dictionaries.authoring.review import findings, read_settled, unsettled
from dictionaries.content import ReleaseContent, write_content
from dictionaries.model import Dictionary, DictionaryError, Release

LEVELS = ("LLT", "PT", "HLT", "SOC")
RANGES = {"NAME": CodeRange(1, 99, "N"), "CLASS": CodeRange(5, 7)}


def content(version: str, terms: str, paths: str) -> ReleaseContent:
    """``terms``: lines of code, text, level, parent (``-`` before a text: non-current)."""
    rows = [line.split(",") for line in terms.split()]
    frame = pd.DataFrame(
        [
            (code, text.removeprefix("-"), level, "noncurrent" if text[0] == "-" else "current", parent)
            for code, text, level, parent in rows
        ],
        columns=["code", "text", "level", "status", "parent"],
        dtype="str",
    )
    found = [line.split(",") for line in paths.split()]
    joined = pd.DataFrame(found, columns=["code", "primary", "HLT_code", "SOC_code"], dtype="str")
    joined["primary"] = joined["primary"] == "Y"
    release = Release("try", version, "English", version * 8, LEVELS, "LLT", "PT", False, False)
    return ReleaseContent(release, frame, joined)


FIRST = content(
    "1",
    "1,ache,LLT,1 2,pain,LLT,1 3,-hurt,LLT,1 4,itch,LLT,4 "
    "1,ache,PT, 4,itch,PT, H1,Aches,HLT, H2,Skin,HLT, S,All,SOC,",
    "1,Y,H1,S 4,Y,H2,S",
)
SECOND = content(
    "2",
    "1,ache,LLT,1 2,Pain,LLT,2 3,hurt,LLT,1 4,-itch,LLT,1 5,new,LLT,2 "
    "1,ache,PT, 2,Pain,PT, H1,Aches,HLT, H3,Pains,HLT, S,All,SOC,",
    "1,Y,H3,S 1,N,H1,S 2,Y,H1,S",
)


@pytest.fixture
def first(tmp_path: Path) -> Path:
    folder = tmp_path / "1"
    folder.mkdir()
    write_content(FIRST, folder)
    return folder


def test_every_kind_of_change_is_told(first: Path) -> None:
    _, changes = with_history(SECOND, first)
    assert tuple(changes.columns) == CHANGE_COLUMNS
    assert [tuple(row) for row in changes.itertuples(index=False)] == [
        ("added", "LLT", "5", "new", "", ""),
        ("added", "HLT", "H3", "Pains", "", ""),
        ("demoted", "PT", "4", "itch", "", ""),
        ("moved", "LLT", "2", "Pain", "ache", "Pain"),
        ("moved", "LLT", "4", "itch", "itch", "ache"),
        ("paths", "PT", "1", "ache", "", "Aches < All"),
        ("primary path", "PT", "1", "ache", "Aches < All", "Pains < All"),
        ("promoted", "PT", "2", "Pain", "", ""),
        ("removed", "HLT", "H2", "Skin", "", ""),
        ("renamed", "LLT", "2", "Pain", "pain", "Pain"),
        ("restored", "LLT", "3", "hurt", "noncurrent", "current"),
        ("retired", "LLT", "4", "itch", "current", "noncurrent"),
    ]


def test_history_grows_from_release_to_release(first: Path, tmp_path: Path) -> None:
    second, _ = with_history(SECOND, first)
    history = second.history
    of = history[history["code"] == "4"][["version", "level", "status", "action"]]
    assert [tuple(row) for row in of.itertuples(index=False)] == [
        ("1", "LLT", "current", "added"),
        ("2", "LLT", "noncurrent", "moved"),
        ("2", "LLT", "noncurrent", "retired"),
        ("1", "PT", "current", "added"),
        ("2", "PT", "", "demoted"),
    ]
    folder = tmp_path / "2"
    folder.mkdir()
    write_content(second, folder)
    third = content("3", "1,ache,LLT,1 1,ache,PT, H1,Aches,HLT, S,All,SOC,", "1,Y,H1,S")
    later, changes = with_history(third, folder)
    assert set(changes["change"]) == {"demoted", "primary path", "paths", "removed"}
    assert len(later.history) == len(history) + len(changes) - 1  # "paths" is no history of a term


def test_a_first_release_has_no_history() -> None:
    same, changes = with_history(FIRST, None)
    assert same.history.empty
    assert changes.empty and tuple(changes.columns) == CHANGE_COLUMNS


# --- codes --------------------------------------------------------------------------------------


def test_codes_have_a_prefix_and_a_width() -> None:
    registry = CodeRegistry(RANGES, [("N03", "NAME", "b")])
    registry.extend("NAME", ["c", "B", "a"])
    assert [registry.code("NAME", name) for name in "abc"] == ["N04", "N03", "N05"]
    assert registry.texts("NAME") == ["B", "a", "c"]
    registry.extend("CLASS", ["x", "y", "z"])
    with pytest.raises(DictionaryError, match="no free code is left for the level CLASS"):
        registry.extend("CLASS", ["one more"])


@pytest.mark.parametrize("code", ["3", "N3", "N003", "n03", "N00", "M03", "N1a"])
def test_other_codes_are_refused(code: str) -> None:
    with pytest.raises(DictionaryError, match="is not a code of the level NAME"):
        CodeRegistry(RANGES, [(code, "NAME", "b")])


# --- the review listing -------------------------------------------------------------------------


def dictionary_of(folder: Path, names: dict[str, str]) -> Dictionary:
    """``names``: preferred term → its other wordings, by ``|``. All in one class."""
    rows, paths = [("H", "Class", "HLT", ""), ("S", "All", "SOC", "")], []
    for at, (preferred, others) in enumerate(names.items()):
        code = f"P{at}"
        rows += [(code, preferred, "PT", ""), (code, preferred, "LLT", code)]
        rows += [(f"{code}{n}", text, "LLT", code) for n, text in enumerate(filter(None, others.split("|")))]
        paths.append((code, True, "H", "S"))
    terms = pd.DataFrame(rows, columns=["code", "text", "level", "parent"]).assign(status="current")
    joined = pd.DataFrame(paths, columns=["code", "primary", "HLT_code", "SOC_code"])
    folder.mkdir(exist_ok=True)
    write_content(ReleaseContent(FIRST.release, terms, joined), folder)
    return Dictionary.open(folder)


@pytest.mark.parametrize(
    ("first", "second", "found"),
    [
        ("Dysphagia", "Dysphasia", True),
        ("Heart rate high", "High heart rate", True),
        ("Pain of the belly", "Belly pain", True),
        ("Hypoglycaemia", "Hypoglycemias", True),  # a letter more, besides the other spelling
        ("Hypertension", "Hypotension", False),
        ("Diabetes type 1", "Diabetes type 2", False),
        ("Hepatitis A virus", "Hepatitis B virus", False),
        ("ALT increased", "AST increased", False),
        ("Hand pain", "Band pain", False),  # too short to be a slip
        ("Arm injury", "Leg injury", False),
    ],
)
def test_near_duplicates(tmp_path: Path, first: str, second: str, found: bool) -> None:
    listed = findings(dictionary_of(tmp_path / "d", {first: "", second: ""}))
    assert bool(len(listed)) is found
    if found:
        assert set(listed["finding"]) == {"near duplicate"}
        assert {*listed["first_preferred"], *listed["second_preferred"]} == {first, second}


def test_wordings_of_one_term_are_no_duplicates(tmp_path: Path) -> None:
    assert findings(dictionary_of(tmp_path / "d", {"Belly pain": "Pain of belly|Belly pains"})).empty


def test_what_is_settled_is_listed_no_more(tmp_path: Path) -> None:
    found = findings(dictionary_of(tmp_path / "d", {"Dysphagia": "", "Dysphasia": "", "Dysplasia": ""}))
    assert len(found) == 2
    path = tmp_path / "settled.csv"
    path.write_text(
        "finding,first,second,reason\nnear duplicate,Dysphagia,Dysphasia,throat and speech\n",
        encoding="utf-8",
    )
    (left,) = unsettled(found, read_settled(path)).to_dict("records")
    assert (left["first"], left["second"]) == ("Dysphasia", "Dysplasia")
    path.write_text("finding,first,second,reason\nnear duplicate,a,b,\n", encoding="utf-8")
    with pytest.raises(DictionaryError, match=r"settled.csv line 2: the reason is missing"):
        read_settled(path)
