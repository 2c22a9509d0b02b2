"""A small made-up release, and where the real data lies when it is there."""

from __future__ import annotations

from pathlib import Path

import pytest
from asc_release import AscFiles, small_release

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "dictionaries"


@pytest.fixture
def release_files() -> AscFiles:
    return small_release()


@pytest.fixture
def shared_dictionaries() -> Path:
    """The real dictionaries beside the project; the test is skipped where they are not there."""
    if not SHARED.is_dir():
        pytest.skip(f"{SHARED} is not there")
    return SHARED
