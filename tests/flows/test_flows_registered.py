"""Every flow stands in prefect.yaml and in the docs, and the terminal stays free of Prefect."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from flows.prefect_settings import PROJECT, quiet_settings

FLOWS = PROJECT / "flows"


def flow_functions() -> dict[str, str]:
    """Entry point → flow name of every function that a ``@flow`` decorates, read from the source."""
    found = {}
    for path in sorted(FLOWS.glob("*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            for decorator in getattr(node, "decorator_list", []):
                if isinstance(decorator, ast.Call) and getattr(decorator.func, "id", "") == "flow":
                    names = {item.arg: item.value for item in decorator.keywords}
                    found[f"flows.{path.stem}.{node.name}"] = names["name"].value
    return found


def deployments() -> list[dict[str, object]]:
    data = yaml.safe_load((PROJECT / "prefect.yaml").read_text(encoding="utf-8"))
    return list(data["deployments"])


def test_every_flow_is_deployed_and_nothing_else() -> None:
    assert {item["entrypoint"]: item["name"] for item in deployments()} == flow_functions()
    assert flow_functions() == {
        "flows.code_study.code_study": "code-study",
        "flows.export_study.export_study": "export-study",
    }


@pytest.mark.parametrize("item", deployments(), ids=lambda item: str(item["name"]))
def test_a_deployment_says_what_it_does_and_runs_in_our_pool(item: dict[str, object]) -> None:
    assert len(str(item["description"])) > 40
    assert item["enforce_parameter_schema"] is True
    assert item["work_pool"] == {"name": "trialcoder", "work_queue_name": "default"}


def test_every_flow_field_and_setting_is_documented() -> None:
    from flows.parameters import CodeStudySettings, ExportStudySettings

    text = (PROJECT / "docs" / "prefect.md").read_text(encoding="utf-8")
    for name in flow_functions().values():
        assert f"`{name}`" in text
    for model in (CodeStudySettings, ExportStudySettings):
        for field in model.model_fields.values():
            assert field.description
            assert f"| {field.title} |" in text
    for setting in quiet_settings(Path("home")):
        assert f"`{setting}`" in text


def test_no_file_of_flows_has_the_name_of_a_top_level_package() -> None:
    taken = {*sys.stdlib_module_names, "prefect", "coding", "schemas", "dictionaries", "flows"}
    assert not {path.stem for path in FLOWS.glob("*.py")} & taken


def test_no_flow_or_task_logs_prints_or_caches_by_its_inputs() -> None:
    for path in sorted(FLOWS.glob("*.py")):
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith("@task("):
                assert "cache_policy=NO_CACHE" in line
            if line.startswith(("@task(", "@flow(")):
                assert "log_prints=False" in line


@pytest.mark.parametrize("module", ["flows.cli.main", "flows.local_server", "flows.prefect_settings"])
def test_import_leaves_prefect_alone(module: str) -> None:
    program = f"import sys, {module}; sys.exit('prefect' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
