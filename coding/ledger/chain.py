"""What a chain is made of: events, each bound by its hash to the one before. No database here.

There is one chain for each study and one for the organisation (sponsor and global synonyms). The
recipe of the hash is in docs/ledger.md: seven fields joined by line feeds, SHA-256 of their UTF-8.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from coding.records import UserError, canonical_json
from coding.study import STUDY_ID
from schemas.vocabulary import Action

#: The organisation's chain. No study id holds a colon, so no study can take its place.
ORGANISATION = "organisation:"
_STUDY_PREFIX = "study:"

#: The previous hash of a chain's first event.
NO_HASH = "0" * 64


class LedgerError(UserError):
    """The ledger cannot be opened, read or written as asked. No patient data, no password."""


class LedgerBusyError(LedgerError):
    """Somebody else writes, or wrote since the caller looked: try again."""

    exit_code = 4


@dataclass(frozen=True, slots=True)
class NewEvent:
    """Something to be recorded; ``payload`` must be plain JSON values."""

    action: Action
    payload: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Head:
    """The last event of a chain. An empty chain has sequence 0 and 64 zeros."""

    sequence: int
    hash: str


EMPTY = Head(0, NO_HASH)


class StoredEvent(NamedTuple):
    """A row of the table ``event``, every field as it is stored."""

    chain: str
    sequence: int
    at: str
    actor: str
    action: str
    payload: str
    previous_hash: str
    hash: str


@dataclass(frozen=True, slots=True)
class Event:
    """An event as read back. ``chain`` is the study id, or ORGANISATION; ``at`` is UTC."""

    chain: str
    sequence: int
    at: datetime
    actor: str
    action: Action
    payload: dict[str, Any]
    previous_hash: str
    hash: str


def stored_name(chain: str) -> str:
    """The name of a chain in the database: ``study:ID`` or ``organisation:``.

    Raises LedgerError for a text that is no study id.
    """
    if chain == ORGANISATION:
        return ORGANISATION
    if not re.fullmatch(STUDY_ID, chain):
        raise LedgerError(
            "the study id may only hold letters, digits, '.', '_' and '-', and starts with a letter or digit"
        )
    return _STUDY_PREFIX + chain


def utc_text(moment: datetime) -> str:
    """ISO 8601 in UTC with microseconds and ``Z``. Raises ValueError for a time without a zone.

    >>> utc_text(datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))
    '2026-01-02T03:04:05.000000Z'
    """
    if moment.tzinfo is None:
        raise ValueError("the time of an event needs a time zone")
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def read_utc(text: str) -> datetime:
    """The moment :func:`utc_text` wrote. Raises ValueError."""
    return datetime.fromisoformat(text)


def payload_text(action: Action, payload: Mapping[str, object]) -> str:
    """The payload as it is stored and hashed. Raises LedgerError where it is not valid JSON text."""
    text = canonical_json(dict(payload))
    if "NaN" in text or "Infinity" in text:
        try:
            json.dumps(dict(payload), allow_nan=False)
        except ValueError:
            raise LedgerError(f"a {action} event holds a number that is not finite") from None
    return text


def event_hash(
    chain: str, sequence: int, at: str, actor: str, action: str, payload: str, previous_hash: str
) -> str:
    """SHA-256 (hex) over the seven fields joined by line feeds; none of them can hold one."""
    text = f"{chain}\n{sequence}\n{at}\n{actor}\n{action}\n{payload}\n{previous_hash}"
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def bind(name: str, after: Head, at: str, actor: str, event: NewEvent) -> StoredEvent:
    """The row of an event that follows ``after`` in the chain stored as ``name``."""
    action, sequence = str(event.action), after.sequence + 1
    payload = payload_text(event.action, event.payload)
    try:
        digest = event_hash(name, sequence, at, actor, action, payload, after.hash)
    except UnicodeEncodeError:
        raise LedgerError(
            f"a {action} event holds text that is not valid Unicode; correct it in the source"
        ) from None
    return StoredEvent(name, sequence, at, actor, action, payload, after.hash, digest)


def read_event(row: StoredEvent) -> Event:
    """A stored row as an Event. Raises LedgerError for one this version cannot read."""
    try:
        action = Action(row.action)
    except ValueError:
        raise LedgerError(
            f"event {row.sequence}: the action {row.action[:40]!a} is not known to this version; "
            "use the trialcoder that wrote it, or a newer one"
        ) from None
    try:
        payload, at = json.loads(row.payload), read_utc(row.at)
    except ValueError:
        raise LedgerError(
            f"event {row.sequence} cannot be read; run `trialcoder ledger verify` to see what was altered"
        ) from None
    chain = row.chain.removeprefix(_STUDY_PREFIX)
    return Event(chain, row.sequence, at, row.actor, action, payload, row.previous_hash, row.hash)


def checked_actor(actor: str) -> str:
    """The actor as recorded. Raises LedgerError for an empty one or one with control characters."""
    if not actor.strip() or any(unicodedata.category(sign) in {"Cc", "Cs"} for sign in actor):
        raise LedgerError("who does this must be a name without control characters (TRIALCODER_ACTOR)")
    return actor
