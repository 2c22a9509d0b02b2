"""The ledger as the rest of the program uses it. SQLAlchemy is imported when one is opened."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sized
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from types import TracebackType
from typing import TYPE_CHECKING, Self

from coding.ledger.chain import (
    EMPTY,
    ORGANISATION,
    Event,
    Head,
    LedgerBusyError,
    LedgerError,
    NewEvent,
    StoredEvent,
    bind,
    checked_actor,
    read_event,
    stored_name,
    utc_text,
)
from coding.ledger.derive import Derived
from coding.ledger.history import History, HistoryEntry, has_code, requests_of
from coding.ledger.verify import ChainCheck, Problem, Tampering, Verification
from coding.records import Progress, fold, silent
from schemas.vocabulary import Action

if TYPE_CHECKING:
    import pandas as pd
    import sqlalchemy as sa

    from coding.ledger.database import Database

__all__ = ["ORGANISATION", "Event", "Head", "Ledger", "LedgerError", "NewEvent"]

#: Requests named in one search of the events; above that all events are read.
_MANY = 50


@dataclass(frozen=True, slots=True)
class Ledger:
    """An open ledger. ``chain`` is a study id or ORGANISATION everywhere.

    Every method raises LedgerError in plain words when the database cannot do it.
    """

    _database: Database

    @classmethod
    def open(cls, url: str, *, wait: float = 120.0) -> Self:
        """Open a ledger, making or migrating its tables.

        ``url`` is ``sqlite:///PATH`` or ``postgresql+psycopg://USER@HOST/DATABASE``; ``wait`` is
        how many seconds to wait for another writer. Raises LedgerError.
        """
        from coding.ledger.database import open_database

        return cls(open_database(url, wait))

    def close(self) -> None:
        """Give back the database's connections."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # Writing

    def append(
        self,
        chain: str,
        actor: str,
        events: Iterable[NewEvent],
        *,
        at: datetime | None = None,
        expect: Head | None = None,
        progress: Progress = silent,
    ) -> Head:
        """Record events and bring the derived tables up to them, in one transaction: all or nothing.

        All events carry one time, ``at`` or now. With ``expect`` they are recorded only if that is
        still the chain's head; otherwise, and when another writer takes too long, LedgerBusyError.
        ``events`` is read while the ledger is locked for writing. Returns the new head.
        """
        from coding.ledger import store, tables

        name, actor = stored_name(chain), checked_actor(actor)
        total = len(events) if isinstance(events, Sized) else 0
        with self._database.writing(name) as connection:
            start = head = self._database.head(connection, name)
            if expect is not None and expect != head:
                raise LedgerBusyError(
                    f"{chain}: somebody recorded events {expect.sequence + 1} to {head.sequence} meanwhile; "
                    "run it again"
                    if head.sequence > expect.sequence
                    else f"{chain}: the ledger is not the one this was prepared with; run it again"
                )
            moment = utc_text(at or datetime.now(UTC))
            for batch in _batches(events, store.BATCH):
                rows = []
                for event in batch:
                    row = bind(name, head, moment, actor, event)
                    head = Head(row.sequence, row.hash)
                    rows.append(row)
                self._database.insert(connection, tables.EVENT, rows)
                store.store_derived(self._database, connection, name, rows)
                progress("ledger", head.sequence - start.sequence, total)
            if head != start:
                self._database.upsert(connection, tables.CHAIN, [(name, head.sequence, head.hash)])
        return head

    def rebuild(self, chain: str) -> None:
        """Make the derived tables anew from the events, in one transaction.

        Raises LedgerError when the chain is not intact: tables made from altered events would hide it.
        """
        from coding.ledger import store

        name = stored_name(chain)
        with self._database.writing(name) as connection:
            store.clear_derived(connection, name)
            check = self._check(connection, name)
            for rows in store.event_pages(connection, name):
                if not check.follow(rows):
                    break
                store.store_derived(self._database, connection, name, rows)
            problem = check.finish()
            if problem is not None:
                raise LedgerError(f"{chain}: nothing was rebuilt, because {problem.message}")

    # Reading events

    def head(self, chain: str) -> Head:
        """The last event of a chain; ``Head(0, 64 zeros)`` for one without events."""
        with self._database.reading() as connection:
            return self._database.head(connection, stored_name(chain))

    def state_head(self, chain: str) -> Head:
        """The last event that says something about the coding: not an export."""
        event = self._last(chain, exported=False)
        return Head(event.sequence, event.hash) if event else EMPTY

    def state_time(self, chain: str) -> datetime:
        """The time (UTC) of :meth:`state_head`. Raises LedgerError for a chain without such events."""
        event = self._last(chain, exported=False)
        if event is None:
            raise LedgerError(f"{chain}: nothing is recorded in the ledger yet")
        return event.at

    def last_event(self, chain: str, action: Action) -> Event | None:
        """The latest event of an action, or None."""
        return self._last(chain, action=action)

    def count(self, chain: str, action: Action, *, after: int = 0) -> int:
        """How many events of an action stand after a sequence."""
        import sqlalchemy as sa

        from coding.ledger.tables import EVENT

        conditions = (EVENT.c.chain == stored_name(chain), EVENT.c.sequence > after)
        query = (
            sa.select(sa.func.count()).select_from(EVENT).where(*conditions, EVENT.c.action == str(action))
        )
        with self._database.reading() as connection:
            return int(connection.execute(query).scalar_one())

    def events(self, chain: str, *, after: int = 0, until: int | None = None) -> Iterator[Event]:
        """The events with ``after < sequence <= until``, in their order, a page at a time."""
        from coding.ledger.tables import EVENT

        limit = [] if until is None else [EVENT.c.sequence <= until]
        return map(read_event, self._rows(chain, after, limit))

    def events_of(self, chain: str, action: Action) -> Iterator[Event]:
        """The events of one action, in their order."""
        from coding.ledger.tables import EVENT

        return map(read_event, self._rows(chain, 0, [EVENT.c.action == str(action)]))

    # Derived tables

    def requests(self, study: str) -> pd.DataFrame:
        """All coding requests of a study, sorted by key: ``key, dictionary, release, verbatim,
        context, status, method, rules, score, decision, decided_by, decided_at, reason``.

        Text, but ``score`` (float, NaN where there is none) and ``decision`` (int: the sequence of
        the current decision, or 0). ``release``, ``method``, ``rules`` (joined by ``;``), ``score``
        and ``reason`` are the current decision's; ``decided_at`` is ISO 8601 UTC.
        """
        from coding.ledger.frames import requests_frame

        with self._database.reading() as connection:
            return requests_frame(connection, stored_name(study))

    def decision_parts(self, study: str) -> pd.DataFrame:
        """The parts of a study's current decisions, sorted: ``key, part, code, text, modify``;
        ``part`` counts from 1."""
        from coding.ledger.frames import decision_parts_frame

        with self._database.reading() as connection:
            return decision_parts_frame(connection, stored_name(study))

    def synonyms(self, study: str, sponsor: str) -> pd.DataFrame:
        """The synonyms in force for a study: its own, its sponsor's, the global ones, sorted:
        ``dictionary, folded, context, code, text, scope``. No other sponsor's are among them."""
        from coding.ledger.frames import synonyms_frame

        with self._database.reading() as connection:
            return synonyms_frame(connection, stored_name(study), stored_name(ORGANISATION), sponsor)

    def recoded_records(self, study: str) -> pd.DataFrame:
        """The latest move of each record that changed its request, sorted: ``domain, field,
        dictionary, subject, record_id, from_request, to_request, sequence``."""
        from coding.ledger.frames import recoded_frame

        with self._database.reading() as connection:
            return recoded_frame(connection, stored_name(study))

    # Questions

    def verify(self, chain: str, expected: Head | None = None, *, derived: bool = True) -> Verification:
        """Check a chain from its first event: hashes, order, gaps, the end.

        ``expected`` is a head kept outside the database (a manifest's): it shows a cut or rewritten
        chain even where the recorded head was changed too. With ``derived`` the derived tables are
        compared with what the events say.
        """
        from coding.ledger.store import derived_differences, event_pages

        name = stored_name(chain)
        rebuilt = Derived() if derived else None
        problems: list[Problem] = []
        with self._database.reading() as connection:
            check = self._check(connection, name, expected)
            for rows in event_pages(connection, name):
                if not check.follow(rows):
                    break
                if rebuilt is not None:
                    rebuilt.fold(rows, lambda _: ())
            problem = check.finish()
            if problem is not None:
                problems.append(problem)
            elif rebuilt is not None:
                problems += [
                    Problem(
                        Tampering.DERIVED,
                        0,
                        f"the table {table} differs from the events in {count} rows; "
                        "`trialcoder ledger rebuild` makes it anew",
                    )
                    for table, count in derived_differences(connection, name, rebuilt).items()
                ]
        return Verification(chain, check.last, tuple(problems), derived and problem is None)

    def history(
        self,
        study: str,
        *,
        request: str | None = None,
        verbatim: str | None = None,
        code: str | None = None,
    ) -> list[HistoryEntry]:
        """What happened, in its order: all of it, or what a request, a verbatim (in any spelling
        that folds the same) or a code (as old or new) was part of; all conditions must hold."""
        keys: set[str] | None = None
        if verbatim is not None:
            requests = self.requests(study)
            same = [fold(text) == fold(verbatim) for text in requests["verbatim"]]
            keys = set(requests.loc[same, "key"])
        if request is not None:
            keys = {request} if keys is None else keys & {request}
        history = History(study)
        entries: list[HistoryEntry] = []
        for event in self._events_about(study, keys):
            about = requests_of(event)
            for entry in history.tell([event]):
                if code is not None and not has_code(entry, code):
                    continue
                if keys is None or about & keys or (verbatim and not request and _same(entry, verbatim)):
                    entries.append(entry)
        return entries

    def _events_about(self, study: str, keys: set[str] | None) -> Iterator[Event]:
        """Every event, or (where few requests are asked for) at least those that name them or hold
        no request at all."""
        import sqlalchemy as sa

        from coding.ledger.tables import EVENT

        if keys is None or len(keys) > _MANY:
            return self.events(study)
        related = keys | self._neighbours(study, keys)
        needles = [self._database.contains(EVENT.c.payload, json.dumps(key)) for key in sorted(related)]
        synonyms = EVENT.c.action.in_([str(Action.SYNONYM_ADDED), str(Action.SYNONYM_WITHDRAWN)])
        return map(read_event, self._rows(study, 0, [sa.or_(synonyms, *needles)]))

    def _neighbours(self, study: str, keys: set[str]) -> set[str]:
        """The requests on the other side of records that moved from or to some requests."""
        import sqlalchemy as sa

        from coding.ledger.tables import EVENT

        needles = [self._database.contains(EVENT.c.payload, json.dumps(key)) for key in sorted(keys)]
        moved = EVENT.c.action == str(Action.RECORD_RECODED)
        rows = self._rows(study, 0, [moved, sa.or_(sa.false(), *needles)])
        return {key for row in rows for key in requests_of(read_event(row))}

    def _last(self, chain: str, *, action: Action | None = None, exported: bool = True) -> Event | None:
        import sqlalchemy as sa

        from coding.ledger.tables import EVENT

        query = sa.select(EVENT).where(EVENT.c.chain == stored_name(chain))
        if action is not None:
            query = query.where(EVENT.c.action == str(action))
        if not exported:
            query = query.where(EVENT.c.action != str(Action.EXPORTED))
        with self._database.reading() as connection:
            row = connection.execute(query.order_by(EVENT.c.sequence.desc()).limit(1)).one_or_none()
        return read_event(StoredEvent(*row)) if row else None

    def _rows(
        self, chain: str, after: int, conditions: list[sa.ColumnElement[bool]]
    ) -> Iterator[StoredEvent]:
        """Stored events, each page read on its own: a slow reader holds nobody up, and what was
        appended does not change."""
        from coding.ledger.store import PAGE, event_page

        while True:
            with self._database.reading() as connection:
                rows = event_page(connection, stored_name(chain), after, conditions)
            yield from rows
            if len(rows) < PAGE:
                return
            after = rows[-1].sequence

    def _check(self, connection: sa.Connection, name: str, expected: Head | None = None) -> ChainCheck:
        from coding.ledger.store import event_after

        return ChainCheck(
            successor=lambda previous: event_after(connection, name, previous),
            recorded=self._database.head(connection, name),
            expected=expected,
        )


def _batches(events: Iterable[NewEvent], size: int) -> Iterator[list[NewEvent]]:
    remaining = iter(events)
    while batch := list(islice(remaining, size)):
        yield batch


def _same(entry: HistoryEntry, verbatim: str) -> bool:
    return not entry.request and entry.verbatim != "" and fold(entry.verbatim) == fold(verbatim)
