"""Is a chain what it was when it was written? The first event that says no, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from coding.ledger.chain import EMPTY, Head, StoredEvent, event_hash

#: How far events may have been moved by others put in or taken out before them, and still be told.
_FAR = 1_000


class Tampering(StrEnum):
    """What was done to a chain (or, DERIVED, to the tables made from it)."""

    ALTERED = "altered"
    REMOVED = "removed"
    REORDERED = "reordered"
    INSERTED = "inserted"
    CUT = "cut"
    HEAD = "head"
    DERIVED = "derived"


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, first seen at ``sequence`` (0 where no single event is meant)."""

    kind: Tampering
    sequence: int
    message: str


@dataclass(frozen=True, slots=True)
class Verification:
    """The answer: ``head`` is the last event up to which the chain is intact, ``problems`` begins
    with the first event that is wrong. ``derived_checked`` is False where the option was off or the
    chain itself is broken."""

    chain: str
    head: Head
    problems: tuple[Problem, ...]
    derived_checked: bool

    @property
    def ok(self) -> bool:
        """Whether nothing was found."""
        return not self.problems


@dataclass(slots=True)
class ChainCheck:
    """Follows a chain event by event. ``successor`` finds the stored event with a previous hash;
    ``recorded`` is the chain's head in the database, ``expected`` one that somebody kept elsewhere
    (of a manifest)."""

    successor: Callable[[str], StoredEvent | None]
    recorded: Head
    expected: Head | None = None
    last: Head = EMPTY
    problem: Problem | None = None

    def follow(self, rows: Iterable[StoredEvent]) -> bool:
        """Take the next events in stored order; False from the first that is wrong."""
        for row in rows:
            if self.problem is not None:
                return False
            due = self.last.sequence + 1
            if row.sequence == due and row.previous_hash == self.last.hash and _intact(row, due):
                self.last = Head(row.sequence, row.hash)
                self._compare_expected()
            else:
                self.problem = self._explain(row, due)
        return self.problem is None

    def finish(self) -> Problem | None:
        """The first problem, once every event was followed: also what is missing at the end."""
        if self.problem is not None:
            return self.problem
        end, known = self.last.sequence, self.recorded.sequence
        told = self.expected.sequence if self.expected else 0
        if max(known, told) > end:
            who = "the chain's recorded head" if known > end else "the head to compare with"
            return Problem(
                Tampering.CUT,
                end + 1,
                f"events {end + 1} to {max(known, told)} are missing at the end: {who} knows them",
            )
        if known < end:
            return Problem(
                Tampering.INSERTED,
                known + 1,
                f"event {known + 1} and what follows were added past the recorded head, not by this program",
            )
        if self.recorded.hash != self.last.hash:
            return Problem(
                Tampering.HEAD,
                end,
                f"the recorded head has another hash than event {end}: one of them was altered",
            )
        return None

    def _compare_expected(self) -> None:
        if self.expected and self.expected.sequence == self.last.sequence and self.expected != self.last:
            self.problem = Problem(
                Tampering.ALTERED,
                self.last.sequence,
                f"event {self.last.sequence} has another hash than the head to compare with: it, "
                "or one before, was altered and all hashes from there on were made anew",
            )

    def _explain(self, row: StoredEvent, due: int) -> Problem:
        moved = self.successor(self.last.hash)
        if moved is not None and moved.sequence != due and _intact(moved, due):
            return Problem(
                Tampering.REORDERED, due, f"event {due} was moved: it stands at {moved.sequence} now"
            )
        if row.sequence < due:
            return Problem(
                Tampering.INSERTED, row.sequence, f"event {row.sequence} does not belong to the chain"
            )
        if row.sequence > due:
            which = (
                f"event {due} is" if row.sequence == due + 1 else f"events {due} to {row.sequence - 1} are"
            )
            return Problem(Tampering.REMOVED, due, f"{which} missing")
        return self._explain_in_place(row, due)

    def _explain_in_place(self, row: StoredEvent, due: int) -> Problem:
        was = next((number for number in _near(due) if _intact(row, number)), None)
        if was is None:
            return Problem(Tampering.ALTERED, due, f"event {due} is not what was recorded: it was altered")
        if was > due:
            return Problem(
                Tampering.REMOVED,
                due,
                f"event {due} was removed: what stands there was recorded as event {was}",
            )
        if was < due:
            return Problem(
                Tampering.INSERTED,
                was,
                f"event {was} was put in: what was recorded as event {was} stands at {due} now",
            )
        if due == 1:
            return Problem(Tampering.ALTERED, due, "event 1 is not the beginning of a chain")
        return Problem(
            Tampering.ALTERED,
            due - 1,
            f"event {due - 1} is not the one that event {due} was recorded after: "
            "it was altered and its hash made anew",
        )


def _intact(row: StoredEvent, sequence: int) -> bool:
    """Whether the row's hash is that of its content, were it recorded under ``sequence``."""
    try:
        return row.hash == event_hash(
            row.chain, sequence, row.at, row.actor, row.action, row.payload, row.previous_hash
        )
    except UnicodeEncodeError:
        return False


def _near(sequence: int) -> Iterable[int]:
    yield sequence
    for distance in range(1, _FAR + 1):
        yield sequence + distance
        if sequence > distance:
            yield sequence - distance
