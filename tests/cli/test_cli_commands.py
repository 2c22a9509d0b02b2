"""What the commands print for people and for scripts, over operations of the test's own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli_summaries import account, run_summary, status_summary

from coding.operations.summaries import ExportSummary, SuggestSummary
from coding.records import RowAccount, UserError

RUN = """\
Study ASPEN: run finished in 1.5 s

Row accounting
Source   Field    Dictionary    Rows in   Coded   Pending   Queried   Not codable   Quarantined   Not filled
────────────────────────────────────────────────────────────────────────────────────────────────────────────
ae       AETERM   open_events        10       6         1         1             1             1            0
Every row is accounted for: rows in are the sum of the other columns.

Coding requests by status
Status         Count
────────────────────
AUTOCODED          6
NEEDS_CODING       3

all                9

Coding requests by method
Method       Count
──────────────────
exact            5
normalised       1

all              6
Coding requests that are new with this extract: 3

Findings in the data
Severity   Rule               Findings
──────────────────────────────────────
error      verbatim_empty            1
warning    end_before_start          2

Records against the extract before
Domain   New   Changed   Unchanged   Removed
────────────────────────────────────────────
AE        10         0           0         0

Dictionaries
  open_events 2026.1

Files
  issues  /trials/ASPEN/work/issues.csv

Notes
  read as UTF-8

Next
  trialcoder export ASPEN
"""


def trimmed(text: str) -> str:
    return "".join(f"{line.rstrip()}\n" for line in text.splitlines())


def test_a_run_is_told_whole(terminal, replace_operation, workspace: Path) -> None:
    replace_operation("code_study", lambda *_, **__: run_summary())
    answer = terminal("run", "ASPEN", "--workspace", workspace)
    assert trimmed(answer.out) == RUN
    assert (answer.code, answer.err) == (0, "")


def test_a_narrow_terminal_gets_the_accounting_in_lines(
    terminal, replace_operation, workspace: Path, monkeypatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    replace_operation("code_study", lambda *_, **__: run_summary())
    answer = terminal("run", "ASPEN", "--workspace", workspace)
    assert (
        "  ae, AETERM, open_events\n"
        "    10 rows in = 6 coded + 1 pending + 1 queried + 1 not codable + 1 quarantined\n"
        "    + 0 not filled\n"
    ) in trimmed(answer.out)
    assert max(len(line) for line in answer.out.splitlines()) <= 80


def test_an_accounting_that_does_not_close_is_named(terminal, replace_operation, workspace: Path) -> None:
    replace_operation("code_study", lambda *_, **__: run_summary(accounts=(account(), account(coded=1))))
    answer = terminal("run", "ASPEN", "--workspace", workspace)
    assert answer.code == 3
    assert "The accounting of ae, AETERM, open_events does not close" in answer.out


def test_the_operation_gets_the_workspace_the_study_and_who(
    terminal, replace_operation, workspace: Path
) -> None:
    seen: list[object] = []

    def code_study(place, study, *, actor, progress):
        seen.extend([place.folder, study, actor])
        progress("read", 1, 2)
        return run_summary()

    replace_operation("code_study", code_study)
    below = workspace / "studies"
    below.mkdir()
    assert terminal("run", "ASPEN", "--workspace", below).code == 0
    assert seen == [workspace.resolve(), "ASPEN", "tester"]


def test_the_workspace_is_found_in_the_environment_and_above(
    terminal, replace_operation, workspace: Path, monkeypatch
) -> None:
    replace_operation("code_study", lambda *_, **__: run_summary())
    monkeypatch.setenv("TRIALCODER_WORKSPACE", str(workspace))
    assert terminal("run", "ASPEN").code == 0
    monkeypatch.delenv("TRIALCODER_WORKSPACE")
    (workspace / "deep").mkdir()
    monkeypatch.chdir(workspace / "deep")
    assert terminal("run", "ASPEN").code == 0


def test_a_run_as_json_is_alone_on_stdout(terminal, replace_operation, workspace: Path) -> None:
    replace_operation("code_study", lambda *_, **__: run_summary())
    answer = terminal("run", "ASPEN", "--workspace", workspace, "--json")
    data = json.loads(answer.out)
    assert data["by_status"] == {"AUTOCODED": 6, "NEEDS_CODING": 3}
    assert data["issues"][0] == {"severity": "error", "rule": "verbatim_empty", "count": 1}
    assert data["places"] == {"issues": "/trials/ASPEN/work/issues.csv"}
    assert answer.err == ""


def test_text_in_brackets_is_no_markup(terminal, replace_operation, workspace: Path) -> None:
    replace_operation("code_study", lambda *_, **__: run_summary(notes=("sheet [red]AE[/red] :smile:",)))
    assert "sheet [red]AE[/red] :smile:" in terminal("run", "ASPEN", "--workspace", workspace).out


def test_piped_output_has_no_colours(terminal, replace_operation, workspace: Path) -> None:
    replace_operation("code_study", lambda *_, **__: run_summary())
    assert "\x1b" not in terminal("run", "ASPEN", "--workspace", workspace).out


EXPORT = ExportSummary(
    study="ASPEN",
    package=Path("/trials/ASPEN/packages/draft-000012"),
    sequence=12,
    datasets={"AE": 10},
    accounts=(RowAccount("ae", "AETERM", "open_events", 10, 10, 0, 0, 0, 0),),
    uncoded_requests=1234,
    files={"ae.csv": "0" * 64},
    next_step="send it",
)


def test_an_export(terminal, replace_operation, workspace: Path) -> None:
    replace_operation("export_study", lambda *_, **__: EXPORT)
    answer = terminal("export", "ASPEN", "--workspace", workspace)
    assert answer.code == 0
    assert "Study ASPEN: package written, as of ledger event 12\n" in answer.out
    assert "Coding requests still open: 1,234\n" in answer.out
    assert "  package  /trials/ASPEN/packages/draft-000012\n" in answer.out
    data = json.loads(terminal("export", "ASPEN", "--workspace", workspace, "--json").out)
    assert (data["sequence"], data["datasets"]) == (12, {"AE": 10})


def test_the_status_of_one_study(terminal, replace_operation, workspace: Path) -> None:
    replace_operation("study_status", lambda *_: status_summary())
    answer = terminal("status", "ASPEN", "--workspace", workspace)
    assert answer.code == 0
    assert "Last extract taken: 2026-01-02T03:04:05Z\nLast export:        never\n" in answer.out
    data = json.loads(terminal("status", "ASPEN", "--workspace", workspace, "--json").out)
    assert data["ledger_sequence"] == 12


@pytest.fixture
def three_studies(terminal, workspace: Path) -> Path:
    for study in ("BROKEN", "NEW", "RUN"):
        assert terminal("init", workspace, "--study", study).code == 0
    (workspace / "studies" / "BROKEN" / "study.yaml").write_text("study: [", encoding="utf-8")
    (workspace / "studies" / "RUN" / "extracts").mkdir()
    return workspace


def test_the_status_of_every_study(terminal, replace_operation, three_studies: Path) -> None:
    replace_operation("study_status", lambda _, study: status_summary(study=study))
    answer = terminal("status", "--workspace", three_studies, "--json")
    data = {row["study"]: row for row in json.loads(answer.out)}
    assert answer.code == 3
    assert "study.yaml" in data["BROKEN"]["error"] and data["BROKEN"]["status"] is None
    assert data["NEW"] == {"study": "NEW", "error": "", "status": None}
    assert data["RUN"]["status"]["ledger_sequence"] == 12
    shown = terminal("status", "--workspace", three_studies).out
    assert "trialcoder run NEW" in shown and "trialcoder export ASPEN" in shown


def test_a_study_that_fails_does_not_hide_the_others(
    terminal, replace_operation, three_studies: Path
) -> None:
    def refuse(*_: object) -> object:
        raise UserError("its extract is cut; run it again")

    replace_operation("study_status", refuse)
    answer = terminal("status", "--workspace", three_studies)
    assert answer.code == 3
    assert "its extract is cut; run it again" in answer.out and "trialcoder run NEW" in answer.out


def test_an_empty_workspace_has_no_studies(terminal, workspace: Path) -> None:
    answer = terminal("status", "--workspace", workspace)
    assert (answer.code, answer.out) == (0, "")
    assert "no study in this workspace yet" in answer.err


def test_suggest_passes_its_options_on(terminal, replace_operation, added, tmp_path: Path) -> None:
    seen: dict[str, object] = {}

    def suggest_terms(dictionary, input_file, column, *, progress, **options):
        seen.update(options, name=dictionary.release.label, input=input_file, column=column)
        output = options["output"]
        return SuggestSummary(3, 2, {"exact": 1, "score": 1}, "TRY 1", output, 0.25)

    replace_operation("suggest_terms", suggest_terms)
    (tmp_path / "in.csv").write_text("AETERM\n", encoding="utf-8")
    tokens = ["suggest", "--dictionary", "try@1", "--input", tmp_path / "in.csv", "--column", "AETERM"]
    tokens += ["--top", 3, "--output", tmp_path / "out.csv", "--workspace", added]
    tokens += ["--semantic-model", tmp_path / "model"]
    answer = terminal(*tokens)
    assert answer.code == 0
    assert answer.out.startswith("3 rows, 2 distinct verbatims, TRY 1, 0.2 s\n")
    assert seen == {
        "name": "TRY 1", "input": tmp_path / "in.csv", "column": "AETERM", "top": 3,
        "output": tmp_path / "out.csv", "cache": added / "cache", "semantic_model": tmp_path / "model",
    }  # fmt: skip
    assert json.loads(terminal(*tokens, "--json").out)["distinct"] == 2


def test_suggest_names_a_list_that_is_not_there(terminal, added, tmp_path: Path) -> None:
    answer = terminal(
        "suggest", "--dictionary", "TRY", "--input", tmp_path / "no.csv", "--output", "o.csv",
        "--workspace", added,
    )  # fmt: skip
    assert (answer.code, answer.err) == (
        2,
        f"trialcoder: {tmp_path / 'no.csv'}: no such file; check --input\n",
    )
