"""What must hold of the project's own files."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
LOCK = (PROJECT / "requirements.lock").read_text(encoding="utf-8")


def test_the_lock_holds_names_versions_and_hashes_only() -> None:
    assert not re.search(r"https?://|--index|--find-links|--extra-index", LOCK)
    pinned = re.split(r"\n(?=[a-z0-9])", LOCK.strip())
    for requirement in pinned:
        assert re.match(r"[a-z0-9._\[\]-]+==\S+", requirement), requirement.split("\n")[0]
        assert "--hash=sha256:" in requirement, requirement.split("\n")[0]


def test_the_lock_names_every_dependency() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = [
        *project["dependencies"],
        *(item for items in project["optional-dependencies"].values() for item in items),
    ]
    locked = {match.lower() for match in re.findall(r"^([A-Za-z0-9._-]+)==", LOCK, re.MULTILINE)}
    names = {re.split(r"[\[<>=~! ]", item, maxsplit=1)[0].lower() for item in asked}
    assert names <= locked


def test_fastapi_stays_below_the_version_that_stops_prefect() -> None:
    major, minor = (int(part) for part in re.findall(r"^fastapi==(\d+)\.(\d+)", LOCK, re.MULTILINE)[0])
    assert (major, minor) < (0, 151)


def test_no_module_is_a_drawer() -> None:
    packages = ("schemas", "dictionaries", "coding", "flows")
    names = {path.stem for package in packages for path in (PROJECT / package).rglob("*.py")}
    assert not names & {"utils", "util", "helpers", "helper", "common", "misc"}
