"""The deployments on a real server with a real worker: triggered, finished, and discreet."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from schemas.tables import read_csv


def run_deployment(server: Any, name: str, parameters: dict[str, object]) -> tuple[int, str]:
    done = server.prefect(
        "deployment", "run", name, "--params", json.dumps(parameters), "--watch", "--watch-timeout", "240"
    )
    return done.returncode, done.stdout


def ask(server: Any, path: str, body: dict[str, object]) -> Any:
    answer = httpx.post(f"{server.url}/api/{path}", json=body, timeout=30)
    answer.raise_for_status()
    return answer.json()


def latest_artifact(server: Any, key: str) -> str:
    found = ask(server, "artifacts/latest/filter", {"artifacts": {"key": {"any_": [key]}}})
    return str(found[0]["data"])


def test_a_triggered_run_codes_exports_and_tells_prefect_no_patient_data(
    prefect_server: Any, prefect_knows: Any, make_flow_study: Any
) -> None:
    made = make_flow_study("DEPLOYED")

    code, said = run_deployment(prefect_server, "code-study/code-study", made.settings(export_after=True))

    assert code == 0, said
    assert "Completed" in said
    summary = latest_artifact(prefect_server, "coding-deployed")
    assert "# Study DEPLOYED: coding run" in summary
    # Six rows: two exact (the unknown subject's too), two for a person, one long text for a person,
    # one without a verbatim in quarantine.
    assert "| ae: AETERM | Tiny 1 | 6 | 3 coded, 2 pending, 1 quarantined |" in summary
    assert "Every line adds up" in summary
    package = latest_artifact(prefect_server, "package-deployed")
    assert "| AE | 5 |" in package
    datasets = sorted(made.folder.glob("packages/*/datasets/ae.csv"))
    assert len(datasets) == 1
    assert list(read_csv(datasets[0])["AETERM"])[:2] == ["Headache", "quokka elbow"]
    for text in made.patient_texts:
        assert not prefect_knows(text)
    assert prefect_knows("coding-deployed")


def test_the_export_is_a_deployment_of_its_own_and_repeats_its_package(
    prefect_server: Any, make_flow_study: Any
) -> None:
    made = make_flow_study("TWICE")
    code, said = run_deployment(prefect_server, "code-study/code-study", made.settings())
    assert code == 0, said
    assert not list(made.folder.glob("packages/*"))

    outcomes = [run_deployment(prefect_server, "export-study/export-study", made.settings()) for _ in "12"]

    assert [code for code, _ in outcomes] == [0, 0], outcomes
    assert len(list(made.folder.glob("packages/*"))) == 1


def test_a_user_error_is_the_state_message_of_the_run(prefect_server: Any, make_flow_study: Any) -> None:
    made = make_flow_study("BROKEN")
    (made.folder / "study.yaml").write_text("study: BROKEN\nsources: []\n", encoding="utf-8")

    code, said = run_deployment(prefect_server, "code-study/code-study", made.settings())

    assert code == 1, said
    runs = ask(prefect_server, "flow_runs/filter", {"flow_runs": {"name": {"any_": ["code BROKEN"]}}})
    assert [run["state"]["type"] for run in runs] == ["FAILED"]
    assert "study.yaml" in runs[0]["state"]["message"]
    assert "coding: missing" in runs[0]["state"]["message"]


@pytest.mark.parametrize("study", ["../escape", "", "a b", "x" * 65])
def test_the_run_form_refuses_what_is_no_study_id(prefect_server: Any, study: str) -> None:
    code, said = run_deployment(prefect_server, "code-study/code-study", {"settings": {"study": study}})

    assert code == 1
    assert "Validation failed" in said
