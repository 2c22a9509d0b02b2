"""``trialcoder dictionary`` on a small table of the test's own."""

from __future__ import annotations

import json
from pathlib import Path


def test_add_says_how_to_use_it(terminal, workspace: Path, ours: Path) -> None:
    answer = terminal(
        "dictionary", "add", ours / "try.csv", "--description", ours / "try.yaml", "--name", "TRY",
        "--release", "1", "--open", "--workspace", workspace,
    )  # fmt: skip
    assert answer.code == 0
    assert answer.out == (
        f"TRY 1 is in {workspace / 'dictionaries'}\n"
        "  levels LLT < PT < SOC; coded on LLT\n"
        '  use it in study.yaml with: dictionary: TRY, release: "1"\n'
    )


def test_what_was_added_is_listed_and_is_open(terminal, added: Path) -> None:
    rows = json.loads(terminal("dictionary", "list", "--workspace", added, "--json").out)
    (ours,) = [row for row in rows if row["name"] == "TRY"]
    assert (ours["version"], ours["licensed"], ours["terms"]) == ("1", False, {"LLT": 3, "PT": 2, "SOC": 1})
    shown = terminal("dictionary", "list", "--workspace", added).out
    assert "TRY" in shown and "LLT 3, PT 2, SOC 1" in shown


def test_adding_it_again_does_nothing_and_another_content_is_refused(
    terminal, added: Path, ours: Path
) -> None:
    tokens = [
        "dictionary", "add", ours / "try.csv", "--description", ours / "try.yaml", "--name", "TRY",
        "--release", "1", "--workspace", added,
    ]  # fmt: skip
    assert terminal(*tokens).code == 0
    with (ours / "try.csv").open("a", encoding="utf-8") as file:
        file.write("L4,fourth,P2,second,S1,all\n")
    answer = terminal(*tokens)
    assert answer.code == 2
    assert "TRY 1 is already imported with another content" in answer.err


def test_search_puts_the_exact_term_first(terminal, added: Path) -> None:
    found = json.loads(terminal("dictionary", "search", "try@1", "first", "--workspace", added, "--json").out)
    assert [row["code"] for row in found] == ["L1", "L3"]
    assert found[0]["preferred"] == "first"
    shown = terminal("dictionary", "search", "TRY", "first", "--limit", 1, "--workspace", added).out
    assert "L1" in shown and "L3" not in shown


def test_search_that_finds_nothing(terminal, added: Path) -> None:
    answer = terminal("dictionary", "search", "TRY", "nowhere", "--workspace", added)
    assert (answer.code, answer.out, answer.err) == (0, "", "TRY 1: no term holds these words\n")
    assert terminal("dictionary", "search", "TRY", "nowhere", "--workspace", added, "--json").out == "[]\n"


def test_show_has_every_path(terminal, added: Path) -> None:
    facts = json.loads(terminal("dictionary", "show", "TRY", "L3", "--workspace", added, "--json").out)
    assert facts["terms"] == [{"code": "L3", "text": "first again", "level": "LLT", "status": "current"}]
    (path,) = facts["paths"]
    assert path["primary"] is True
    assert [term["code"] for term in path["terms"]] == ["L3", "P1", "S1"]
    shown = terminal("dictionary", "show", "TRY", "L3", "--workspace", added).out
    assert "TRY 1, code L3 (LLT)\n" in shown and "Primary path\n" in shown
    assert "└── PT first  P1" in shown
    assert "Other wordings (1)" in shown


def test_show_takes_a_name_and_browses_down_from_the_top(terminal, added: Path) -> None:
    by_name = json.loads(
        terminal("dictionary", "show", "TRY", "FIRST again", "--workspace", added, "--json").out
    )
    assert [term["code"] for term in by_name["terms"]] == ["L3"]
    assert [term["text"] for term in by_name["synonyms"]] == ["first"]
    top = json.loads(terminal("dictionary", "show", "TRY", "--workspace", added, "--json").out)
    assert top["children"] == [{"code": "S1", "text": "all", "below": 2}]
    assert "SOC all  S1  (2 below)" in terminal("dictionary", "show", "TRY", "--workspace", added).out
    below = terminal("dictionary", "show", "TRY", "S1", "--workspace", added).out
    assert "PT first  P1  (2 below)" in below


def test_search_as_a_tree(terminal, added: Path) -> None:
    shown = terminal("dictionary", "search", "TRY", "first", "--tree", "--workspace", added).out
    assert [line.rstrip() for line in shown.splitlines()] == [
        "TRY 1",
        "└── all",
        "    └── first  P1",
        "        ├── first  L1",
        "        └── first again  L3",
    ]


def test_several_releases_mean_the_newest_unless_told(terminal, added: Path, ours: Path) -> None:
    terminal(
        "dictionary", "add", ours / "try.csv", "--description", ours / "try.yaml", "--name", "TRY",
        "--release", "10", "--open", "--workspace", added,
    )  # fmt: skip
    newest = json.loads(terminal("dictionary", "show", "TRY", "L1", "--workspace", added, "--json").out)
    assert newest["release"]["version"] == "10"
    older = json.loads(terminal("dictionary", "show", "TRY@1", "L1", "--workspace", added, "--json").out)
    assert older["release"]["version"] == "1"


def test_a_page_to_browse(terminal, added: Path, tmp_path: Path) -> None:
    target = tmp_path / "pages" / "try.html"
    answer = terminal("dictionary", "page", "TRY", "--output", target, "--workspace", added)
    assert answer.code == 0 and str(target) in answer.out
    assert "first again" in target.read_text(encoding="utf-8")


def test_a_page_of_a_licensed_dictionary_is_for_those_with_the_licence(
    terminal, workspace: Path, ours: Path, tmp_path: Path
) -> None:
    terminal(
        "dictionary", "add", ours / "try.csv", "--description", ours / "try.yaml", "--name", "LOCKED",
        "--release", "1", "--licensed", "--workspace", workspace,
    )  # fmt: skip
    target = tmp_path / "locked.html"
    tokens = ["dictionary", "page", "LOCKED", "--output", target, "--workspace", workspace]
    refused = terminal(*tokens)
    assert refused.code == 2 and "LOCKED 1 is licensed, and the page holds all of it" in refused.err
    assert not target.exists()
    assert terminal(*tokens, "--for-licence-holders").code == 0
    assert "Licensed: only for people who hold the licence" in target.read_text(encoding="utf-8")


def test_unknown_names_and_codes_say_what_there_is(terminal, added: Path) -> None:
    code = terminal("dictionary", "show", "TRY", "L9", "--workspace", added)
    assert code.code == 2 and "TRY 1 has no code L9" in code.err
    name = terminal("dictionary", "search", "NOPE", "x", "--workspace", added)
    assert name.code == 2 and "there is no dictionary NOPE" in name.err and "TRY" in name.err
    release = terminal("dictionary", "search", "TRY@7", "x", "--workspace", added)
    assert release.code == 2 and "releases here: TRY 1" in release.err


def test_a_broken_release_and_an_unknown_format_are_refused(terminal, workspace: Path, ours: Path) -> None:
    broken = terminal("dictionary", "add", ours / "try.csv", "--workspace", workspace)
    assert broken.code == 2 and "--description" in broken.err
    format = terminal("dictionary", "add", ours / "try.csv", "--format", "word", "--workspace", workspace)
    assert format.code == 2
    assert "format 'word' is not known; allowed: meddra," in format.err


def test_add_needs_a_workspace_and_list_does_not(terminal, tmp_path: Path, ours: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert terminal("dictionary", "add", ours / "try.csv").code == 2
    assert terminal("dictionary", "list", "--json").code == 0
    assert terminal("dictionary", "list", "--workspace", tmp_path).code == 2
