"""Take the pictures of this folder anew: python docs/pictures/take.py [WORKSPACE]

Runs the example study's second extract on a Prefect server of its own and looks at the form and the
summary in Debian's Chromium. WORKSPACE (/srv/trials) is shown in the pictures; it must not be there
yet and is deleted at the end.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import sync_playwright

from coding.operations.code_study import code_study
from coding.workspace import WORKSPACE_VARIABLE, Workspace
from flows import demo
from flows.local_server import LocalServer, stop_on_signals
from flows.serve import deploy, start_worker

HERE = Path(__file__).resolve().parent
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]


def main() -> None:
    """Lay out the study, run it, take the pictures."""
    stop_on_signals()
    workspace = Workspace(Path(sys.argv[1] if len(sys.argv) > 1 else "/srv/trials"))
    if workspace.folder.exists():
        sys.exit(f"{workspace.folder} is there already; name a folder that may be made")
    demo.lay_out(workspace)
    code_study(workspace, demo.STUDY, actor="demo")
    demo.update(workspace)
    os.environ[WORKSPACE_VARIABLE] = str(workspace.folder)
    with tempfile.TemporaryDirectory() as home, LocalServer(Path(home)) as server:
        deploy(server)
        start_worker(server)
        time.sleep(20)  # until the page shows the worker as ready
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
            take(browser.new_page(viewport={"width": 1200, "height": 830}), server)
            browser.close()
    shutil.rmtree(workspace.folder)


def take(page: Any, server: LocalServer) -> None:
    """Fill the form, submit it, wait for the summary."""
    deployment = httpx.get(f"{server.url}/api/deployments/name/code-study/code-study").json()
    page.goto(f"{server.url}/deployments/deployment/{deployment['id']}/run")
    page.get_by_text("Export afterwards").wait_for()
    page.get_by_role("textbox").nth(1).fill(demo.STUDY)
    page.wait_for_timeout(2000)
    page.screenshot(path=HERE / "run-form.png")
    page.get_by_role("button", name="Submit").click()
    body = {"artifacts": {"key": {"any_": [f"coding-{demo.STUDY.lower()}"]}}}
    found: list[dict[str, str]] = []
    deadline = time.monotonic() + 120
    while not found:
        if time.monotonic() > deadline:
            sys.exit(f"the run published no summary:\n{server.log('worker').read_text(encoding='utf-8')}")
        time.sleep(1)
        found = httpx.post(f"{server.url}/api/artifacts/filter", json=body).json()
    page.set_viewport_size({"width": 1280, "height": 1130})
    page.goto(f"{server.url}/artifacts/artifact/{found[0]['id']}")
    page.get_by_text("Every line adds up").first.wait_for()
    page.wait_for_timeout(2000)
    page.screenshot(path=HERE / "run-summary.png")


if __name__ == "__main__":
    main()
