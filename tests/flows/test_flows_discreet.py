"""An exception full of patient data ends a run without any of it leaving the process."""

from __future__ import annotations

from typing import Any

import pytest

SECRET = "vampire-squid-verbatim of SUBJ-XYLO-SECRET"


class RustPanic(BaseException):
    """What a library written in Rust raises when it panics."""


def chained() -> None:
    try:
        {}[SECRET]
    except KeyError as error:
        raise ValueError(f"cannot use {SECRET}") from error


def panicking() -> None:
    raise RustPanic(SECRET)


def test_prefect_would_keep_what_an_unguarded_flow_says(flows_here: Any, prefect_knows: Any) -> None:
    """The tests below look in the right places: without the guard they would find the text."""
    from prefect import flow

    @flow
    def careless() -> None:
        raise ValueError("careless-octopus-verbatim")

    with pytest.raises(ValueError, match="careless-octopus-verbatim"):
        careless()

    assert prefect_knows("careless-octopus-verbatim")


@pytest.mark.parametrize(("fault", "kind"), [(chained, "ValueError"), (panicking, "RustPanic")])
@pytest.mark.parametrize("step", ["take_study_extract", "record_coding", "summarise_run"])
def test_no_step_lets_an_exception_text_out(
    fault: Any, kind: str, step: str, flows_here: Any, prefect_knows: Any, make_flow_study: Any,
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    from prefect.exceptions import FailedRun

    from coding.operations import code_study as operation
    from flows.code_study import code_study
    from flows.parameters import CodeStudySettings

    made = make_flow_study("FAULTY")
    monkeypatch.setattr(operation, step, lambda *_, **__: fault())

    with pytest.raises(FailedRun) as caught:
        code_study(CodeStudySettings.model_validate(made.settings()["settings"]))

    logs = sorted((made.workspace.folder / "logs").glob("*.log"))
    assert len(logs) == 1
    assert str(caught.value) == (
        f"unexpected error ({kind}), a fault of the program; where it happened is in {logs[0]}"
    )
    assert SECRET not in logs[0].read_text(encoding="utf-8")
    assert f"in {fault.__name__}" in logs[0].read_text(encoding="utf-8")
    captured = capfd.readouterr()
    assert SECRET not in captured.out + captured.err
    assert not prefect_knows("vampire-squid")
    assert not prefect_knows("XYLO-SECRET")


def test_a_busy_study_is_named_with_who_holds_it(flows_here: Any, make_flow_study: Any) -> None:
    from prefect.exceptions import FailedRun

    from flows.code_study import code_study
    from flows.parameters import CodeStudySettings

    made = make_flow_study("BUSY")
    with (
        made.workspace.hold_study("BUSY"),
        pytest.raises(FailedRun, match="study BUSY is being worked on by"),
    ):
        code_study(CodeStudySettings.model_validate(made.settings()["settings"]))
