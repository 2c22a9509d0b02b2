"""The run form and the summary as a data manager sees them, in a real browser."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from flows.parameters import CodeStudySettings

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip

pytestmark = pytest.mark.chromium


@pytest.fixture
def page(prefect_server: Any) -> Iterator[Any]:
    """A page of Chromium. Without it the test is skipped, but fails in CI."""
    if not CHROMIUM.exists():
        if os.environ.get("CI") == "true":
            pytest.fail(f"{CHROMIUM} is missing: .ci/run installs it")
        pytest.skip(f"{CHROMIUM} is not installed")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 900}, color_scheme="light")
        page.set_default_timeout(60_000)
        yield page
        browser.close()


def wait_for_artifact(server: Any, key: str) -> str:
    """The id of the artifact, once the run that was submitted has published it."""
    body = {"artifacts": {"key": {"any_": [key]}}}
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline:
        found = httpx.post(f"{server.url}/api/artifacts/filter", json=body, timeout=60).json()
        if found:
            return str(found[0]["id"])
        time.sleep(0.5)
    pytest.fail(f"no artifact {key} after 180 s; the worker said:\n{server.log('worker').read_text()}")


def test_the_form_explains_itself_and_leads_to_the_summary(
    page: Any, prefect_server: Any, make_flow_study: Any
) -> None:
    made = make_flow_study("FORM")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    found = httpx.get(f"{prefect_server.url}/api/deployments/name/code-study/code-study", timeout=60)
    page.goto(f"{prefect_server.url}/deployments/deployment/{found.json()['id']}/run")
    for field in CodeStudySettings.model_fields.values():
        page.get_by_text(str(field.title), exact=False).first.wait_for()
        page.get_by_text(str(field.description)).wait_for()
    fields = page.get_by_role("textbox")
    # The run's name, the study, the workspace: and nothing else to type.
    assert fields.count() == 3
    fields.nth(1).fill("FORM")
    fields.nth(2).fill(str(made.workspace.folder))
    page.get_by_role("button", name="Submit").click()

    artifact = wait_for_artifact(prefect_server, "coding-form")
    page.goto(f"{prefect_server.url}/artifacts/artifact/{artifact}")
    page.get_by_role("heading", name="Study FORM: coding run").wait_for()
    page.get_by_text("Every line adds up").first.wait_for()
    # The page itself calls nobody but our server.
    assert {url.split("/")[2] for url in asked if url.startswith("http")} == {
        f"127.0.0.1:{prefect_server.port}"
    }
