"""How fast the ledger is: append, read, verify, rebuild on both databases.

Run: python benchmarks/ledger.py [REQUESTS] [POSTGRESQL-URL]

Each request is one event that opens it and one that decides it. Without a URL of an empty
PostgreSQL database only SQLite is measured.
"""

from __future__ import annotations

import hashlib
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from coding.ledger import Ledger, NewEvent
from coding.records import Decision, DecisionPart
from schemas.vocabulary import Action, Method, Status

STUDY = "bench"


def new_events(requests: int) -> Iterator[NewEvent]:
    """As a first run records them: every request opened, then every request decided."""
    keys = [hashlib.sha256(str(number).encode()).hexdigest()[:32] for number in range(requests)]
    for number, key in enumerate(keys):
        payload = {"request": key, "dictionary": "events", "verbatim": f"aching head, case {number}"}
        yield NewEvent(Action.REQUEST_OPENED, {**payload, "context": ""})
    for number, key in enumerate(keys):
        decision = Decision(
            request=key,
            parts=(DecisionPart(str(10_000_000 + number % 80_000), "Headache of some kind"),),
            status=Status.AUTOCODED,
            method=Method.NORMALISED,
            reason="",
            release="Open events 1.0 English sha256:0123456789abcdef",
            tool_version="0.1.0",
            rules=("case", "spelling", "word order"),
            score=round(0.5 + number / requests / 2, 4),
        )
        yield NewEvent(Action.DECIDED, decision.payload())


def measure(url: str, requests: int) -> dict[str, float]:
    """Seconds per step."""
    seconds: dict[str, float] = {}

    def timed(step: str, action: Callable[[], object]) -> None:
        start = time.perf_counter()
        action()
        seconds[step] = time.perf_counter() - start

    one_more = NewEvent(Action.EXPORTED, {"package": "bench"})
    with Ledger.open(url) as ledger:
        timed("append", lambda: ledger.append(STUDY, "bench", new_events(requests)))
        timed("append one more", lambda: ledger.append(STUDY, "bench", [one_more]))
        timed("requests()", lambda: ledger.requests(STUDY))
        timed("decision_parts()", lambda: ledger.decision_parts(STUDY))
        timed("last_event()", lambda: ledger.last_event(STUDY, Action.STUDY_CONFIGURED))
        timed("events()", lambda: sum(1 for _ in ledger.events(STUDY)))
        timed("history(request)", lambda: ledger.history(STUDY, request=ledger.requests(STUDY)["key"][0]))
        timed("verify, chain", lambda: ledger.verify(STUDY, derived=False))
        timed("verify, all", lambda: ledger.verify(STUDY))
        timed("rebuild", lambda: ledger.rebuild(STUDY))
    return seconds


def main() -> None:
    """Print one table."""
    requests = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    results: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "ledger.sqlite"
        results["SQLite"] = measure(f"sqlite:///{file}", requests)
        size = file.stat().st_size / 1e6
    if len(sys.argv) > 2:
        results["PostgreSQL"] = measure(sys.argv[2], requests)
    print(f"{2 * requests:,} events of {requests:,} requests; seconds\n")
    print(f"| step | {' | '.join(results)} |\n|---|{'---:|' * len(results)}")
    for step in results["SQLite"]:
        print(f"| {step} | {' | '.join(f'{result[step]:.2f}' for result in results.values())} |")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"\nSQLite file {size:.0f} MB; peak memory {peak:.0f} MB")


if __name__ == "__main__":
    main()
