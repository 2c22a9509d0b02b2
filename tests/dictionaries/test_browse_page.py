"""The page to browse a dictionary, in a real browser without a network."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect, sync_playwright

from dictionaries.browse_page import write_page
from dictionaries.registry import open_dictionary

CHROMIUM = Path("/usr/bin/chromium")

pytestmark = [
    pytest.mark.chromium,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="Debian's Chromium is not installed"),
]


@pytest.fixture(scope="module")
def open_page(tmp_path_factory: pytest.TempPathFactory) -> Iterator:
    path = tmp_path_factory.mktemp("page") / "open_events.html"
    write_page(open_dictionary("open_events", newest=True), path)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        context = browser.new_context(offline=True)
        page = context.new_page()
        faults: list[str] = []
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda message: faults.append(message.text))
        page.on("request", lambda request: faults.append(request.url) if request.url != url else None)
        url = path.as_uri()
        page.goto(url)
        yield page
        assert faults == []
        browser.close()


def test_searching_finds_the_exact_term_first_and_shows_it(open_page) -> None:
    open_page.fill("#asked", "heart  ATTACK")
    expect(open_page.locator("#right h2")).to_have_text("Myocardial infarction")
    assert open_page.locator(".hit").first.locator("span").first.inner_text() == "Heart attack"
    path = open_page.locator("#right .path").first.inner_text()
    assert [word in path for word in ("SOC", "Heart", "PT", "LLT", "Heart attack")] == [True] * 5
    assert "Query groups" in open_page.locator("#right").inner_text()


def test_a_code_is_found(open_page) -> None:
    open_page.fill("#asked", "7109839")
    expect(open_page.locator("#right h2")).to_have_text("Headache")
    expect(open_page.locator(".hit")).to_have_count(1)


def test_nothing_is_found_and_said_so(open_page) -> None:
    open_page.fill("#asked", "zzzz")
    expect(open_page.locator("#count")).to_have_text("No term holds these words")
    expect(open_page.locator(".hit")).to_have_count(0)


def test_browsing_with_the_keyboard_from_the_top_to_a_term(open_page) -> None:
    open_page.click("#all")
    top = open_page.locator("#list > ul > li > button")
    assert top.count() == 27
    heart = open_page.locator("#list button", has_text="Heart (").first
    heart.focus()
    open_page.keyboard.press("Enter")
    assert heart.get_attribute("aria-expanded") == "true"
    for _ in range(2):
        open_page.keyboard.press("ArrowDown")
        open_page.keyboard.press("Enter")
    open_page.keyboard.press("ArrowDown")
    chosen = open_page.evaluate("document.activeElement.textContent")
    open_page.keyboard.press("Enter")
    assert open_page.locator("#right h2").inner_text() == chosen
