"""The tables that are derived from events, in one place: appending and rebuilding both fold here.

The rows hold *storable* text: PostgreSQL cannot hold NUL, which a verbatim may contain, so NUL is
written as U+FDD0 ``0`` and U+FDD0 itself (no character, by Unicode's own word) as U+FDD0 ``1``.
The events need none of that: JSON escapes NUL.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from operator import attrgetter
from typing import Any

from coding.ledger.chain import ORGANISATION, LedgerError, StoredEvent
from coding.records import canonical_json
from schemas.vocabulary import Action, Scope, Status

_ESCAPE = "\ufdd0"
_DECODER = json.JSONDecoder()


@dataclass(slots=True)
class RequestRow:
    """A coding request and its current decision (``decision`` 0: never decided)."""

    key: str
    dictionary: str
    verbatim: str
    context: str
    status: str
    release: str = ""
    method: str = ""
    rules: str = ""
    score: float | None = None
    decision: int = 0
    decided_by: str = ""
    decided_at: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class PartRow:
    """One part of a request's current decision; ``part`` counts from 1."""

    key: str
    part: int
    code: str
    text: str
    modify: str


@dataclass(frozen=True, slots=True)
class SynonymRow:
    """A synonym in force. ``key`` is :func:`key_of` scope, sponsor, dictionary, folded, context."""

    key: str
    sequence: int
    scope: str
    sponsor: str
    dictionary: str
    folded: str
    context: str
    verbatim: str
    code: str
    text: str
    release: str


@dataclass(frozen=True, slots=True)
class RecodedRow:
    """The latest move of a record from one request to another. ``key`` is :func:`key_of` domain,
    field, dictionary, subject, record id."""

    key: str
    sequence: int
    domain: str
    field: str
    dictionary: str
    subject: str
    record_id: str
    from_request: str
    to_request: str


def key_of(*texts: str) -> str:
    """32 hex digits for several texts: an index of PostgreSQL holds no long ones."""
    return hashlib.sha256(canonical_json(texts).encode("utf-8")).hexdigest()[:32]


def columns_of(row_type: type) -> tuple[str, ...]:
    """The columns of a derived table, in the order of its rows."""
    return tuple(item.name for item in fields(row_type))


#: A row as a plain tuple in the order of :func:`columns_of`.
request_tuple: Callable[[RequestRow], tuple[Any, ...]] = attrgetter(*columns_of(RequestRow))
part_tuple: Callable[[PartRow], tuple[Any, ...]] = attrgetter(*columns_of(PartRow))
synonym_tuple: Callable[[SynonymRow], tuple[Any, ...]] = attrgetter(*columns_of(SynonymRow))
recoded_tuple: Callable[[RecodedRow], tuple[Any, ...]] = attrgetter(*columns_of(RecodedRow))


def storable(value: Any) -> Any:
    """A JSON value with its texts fit for every database."""
    if isinstance(value, str):
        return value.replace(_ESCAPE, _ESCAPE + "1").replace("\0", _ESCAPE + "0")
    if isinstance(value, dict):
        return {name: storable(item) for name, item in value.items()}
    if isinstance(value, list):
        return [storable(item) for item in value]
    return value


def originals(texts: Sequence[str]) -> Sequence[str]:
    """The texts that :func:`storable` made fit."""
    if _ESCAPE not in "".join(texts):
        return texts
    return [text.replace(_ESCAPE + "0", "\0").replace(_ESCAPE + "1", _ESCAPE) for text in texts]


@dataclass(slots=True)
class Derived:
    """Rows of one chain as events change them. A synonym that is None was withdrawn."""

    requests: dict[str, RequestRow] = field(default_factory=dict)
    parts: dict[str, list[PartRow]] = field(default_factory=dict)
    synonyms: dict[str, SynonymRow | None] = field(default_factory=dict)
    recoded: dict[str, RecodedRow] = field(default_factory=dict)

    def fold(self, rows: Iterable[StoredEvent], load: Callable[[list[str]], Iterable[RequestRow]]) -> None:
        """Apply events in their order. ``load`` gives the stored rows of request keys.

        Raises LedgerError for an event that does not fit what stands.
        """
        folding = [(row, _payload(row)) for row in rows if row.action in _FOLDS]
        wanted = {
            payload["request"]
            for row, payload in folding
            if row.action in _OF_REQUESTS and isinstance(payload.get("request"), str)
        }
        missing = sorted(wanted - self.requests.keys())
        self.requests.update((row.key, row) for row in load(missing))
        for row, payload in folding:
            _FOLDS[row.action](self, row, payload)

    def opened(self, row: StoredEvent, payload: Mapping[str, Any]) -> None:
        """A request; one opened again takes the new spelling and keeps its coding."""
        key, dictionary, verbatim, context = _texts(
            row, payload, "request", "dictionary", "verbatim", "context"
        )
        known = self.requests.get(key)
        if known is None:
            self.requests[key] = RequestRow(key, dictionary, verbatim, context, str(Status.NEEDS_CODING))
        else:
            known.dictionary, known.verbatim, known.context = dictionary, verbatim, context

    def decided(self, row: StoredEvent, payload: Mapping[str, Any]) -> None:
        """A decision takes the place of the one before, which it must name."""
        request = self._request(row, payload)
        replaced = payload.get("supersedes", 0)
        if replaced != request.decision:
            raise LedgerError(
                f"event {row.sequence}: the decision says it replaces that of event {replaced!a}, "
                f"but event {request.decision} holds the current one: somebody decided meanwhile; look again"
            )
        request.status, request.method, request.reason, request.release = _texts(
            row, payload, "status", "method", "reason", "release"
        )
        _known_status(row, request.status)
        request.rules = ";".join(_list(row, payload, "rules", str))
        request.score = _number(row, payload.get("score"))
        request.decision, request.decided_by, request.decided_at = row.sequence, row.actor, row.at
        self.parts[request.key] = [
            PartRow(request.key, number, *_texts(row, part, "code", "text", "modify"))
            for number, part in enumerate(_list(row, payload, "parts", dict), start=1)
        ]

    def status_changed(self, row: StoredEvent, payload: Mapping[str, Any]) -> None:
        """Another status; decision and its reason stay (the change's own reason is in the history)."""
        request = self._request(row, payload)
        status, _ = _texts(row, payload, "status", "reason")
        _known_status(row, status)
        request.status = status

    def record_recoded(self, row: StoredEvent, payload: Mapping[str, Any]) -> None:
        """A record whose verbatim or context changed: it belongs to another request now."""
        texts = _texts(
            row, payload,
            "domain", "field", "dictionary", "subject", "record_id", "from_request", "to_request",
        )  # fmt: skip
        key = key_of(*texts[:5])
        self.recoded[key] = RecodedRow(key, row.sequence, *texts)

    def synonym_added(self, row: StoredEvent, payload: Mapping[str, Any]) -> None:
        """A synonym takes the place of one with the same key."""
        parts = _synonym_parts(row, payload)
        texts = _texts(row, payload, "verbatim", "code", "text", "release")
        key = key_of(*parts)
        self.synonyms[key] = SynonymRow(key, row.sequence, *parts, *texts)

    def synonym_withdrawn(self, row: StoredEvent, payload: Mapping[str, Any]) -> None:
        """A synonym is no longer in force; one that is not there changes nothing."""
        self.synonyms[key_of(*_synonym_parts(row, payload))] = None

    def _request(self, row: StoredEvent, payload: Mapping[str, Any]) -> RequestRow:
        (key,) = _texts(row, payload, "request")
        try:
            return self.requests[key]
        except KeyError:
            raise LedgerError(
                f"event {row.sequence}: {row.action} for a request that was never opened"
            ) from None


_FOLDS: dict[str, Callable[[Derived, StoredEvent, Mapping[str, Any]], None]] = {
    Action.REQUEST_OPENED: Derived.opened,
    Action.DECIDED: Derived.decided,
    Action.STATUS_CHANGED: Derived.status_changed,
    Action.RECORD_RECODED: Derived.record_recoded,
    Action.SYNONYM_ADDED: Derived.synonym_added,
    Action.SYNONYM_WITHDRAWN: Derived.synonym_withdrawn,
}
_OF_REQUESTS = frozenset({Action.REQUEST_OPENED, Action.DECIDED, Action.STATUS_CHANGED})


def _payload(row: StoredEvent) -> dict[str, Any]:
    """The payload read back from its stored text, so that appending folds what rebuilding will."""
    payload, _ = _DECODER.raw_decode(row.payload)
    if "\\u0000" in row.payload or _ESCAPE in row.payload:
        payload = storable(payload)
    return payload  # type: ignore[no-any-return]


def _texts(row: StoredEvent, payload: Mapping[str, Any], *names: str) -> tuple[str, ...]:
    try:
        values = tuple([payload[name] for name in names])
        "".join(values)  # the quickest way to see that all are text
    except (KeyError, TypeError):
        wrong = next(name for name in names if not isinstance(payload.get(name), str))
        raise LedgerError(f"event {row.sequence}: {row.action} needs {wrong} as text") from None
    return values


def _list(row: StoredEvent, payload: Mapping[str, Any], name: str, kind: type) -> list[Any]:
    value = payload.get(name)
    if not isinstance(value, list) or not all(isinstance(item, kind) for item in value):
        raise LedgerError(f"event {row.sequence}: {row.action} needs {name} as a list")
    return value


def _number(row: StoredEvent, value: object) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise LedgerError(f"event {row.sequence}: {row.action} needs score as a number or nothing")
    return float(value)


_STATUSES = frozenset(str(status) for status in Status)


def _known_status(row: StoredEvent, status: str) -> None:
    if status not in _STATUSES:
        raise LedgerError(f"event {row.sequence}: {row.action} needs a known status")


def _synonym_parts(row: StoredEvent, payload: Mapping[str, Any]) -> tuple[str, ...]:
    scope, dictionary, folded, context = _texts(row, payload, "scope", "dictionary", "folded", "context")
    if (row.chain == ORGANISATION) == (scope == Scope.STUDY):
        raise LedgerError(
            f"event {row.sequence}: study synonyms belong to the study's chain, "
            "sponsor and global ones to the organisation's"
        )
    sponsor = ""
    if scope == Scope.SPONSOR:
        (sponsor,) = _texts(row, payload, "sponsor")
        if not sponsor:
            raise LedgerError(f"event {row.sequence}: a sponsor synonym needs its sponsor")
    elif scope not in {Scope.STUDY, Scope.GLOBAL}:
        raise LedgerError(f"event {row.sequence}: scope must be study, sponsor or global")
    return (scope, sponsor, dictionary, folded, context)
