"""Progress of an operation as lines in the run's log: stages and counts, nothing of the data."""

from __future__ import annotations

import time

from prefect.logging import get_run_logger

#: At least this many seconds between two lines about the same stage.
_PAUSE = 10.0


class StageLog:
    """A Progress that logs each stage once when it begins and then now and then."""

    def __init__(self) -> None:
        self._logger = get_run_logger()
        self._stage = ""
        self._next = 0.0

    def __call__(self, stage: str, done: int, total: int) -> None:
        now = time.monotonic()
        if stage == self._stage and now < self._next:
            return
        if stage != self._stage:
            self._logger.info("%s", stage)
        else:
            of = f" of {total:,}" if total else ""
            self._logger.info("%s: %s%s", stage, f"{done:,}", of)
        self._stage, self._next = stage, now + _PAUSE
