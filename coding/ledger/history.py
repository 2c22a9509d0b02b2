"""Who, when, what (old → new), why, how and from which release: a chain told as a history."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from coding.ledger.chain import Event
from coding.records import DecisionPart, RecordKey
from schemas.vocabulary import Action, Method, Status

Parts = tuple[DecisionPart, ...]


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One event as a person asks about it; what an action does not have is "" or None.

    ``sequence`` is that of the chain. ``record`` and ``field`` are filled where one record moved to
    another request: ``from_request`` is the one it left, ``request`` the one it belongs to now, and
    old and new parts and statuses are theirs. For a synonym the parts are its term.
    """

    sequence: int
    at: datetime
    actor: str
    action: Action
    reason: str = ""
    request: str = ""
    dictionary: str = ""
    verbatim: str = ""
    context: str = ""
    old_parts: Parts = ()
    new_parts: Parts = ()
    old_status: Status | None = None
    new_status: Status | None = None
    method: Method | None = None
    rules: tuple[str, ...] = ()
    score: float | None = None
    release: str = ""
    tool_version: str = ""
    supersedes: int = 0
    record: RecordKey | None = None
    field: str = ""
    from_request: str = ""


@dataclass(slots=True)
class _Standing:
    """A request as it stands at some point of its history."""

    dictionary: str
    verbatim: str
    context: str
    status: Status
    parts: Parts = ()


@dataclass(slots=True)
class History:
    """Tells events as entries. It has to see every event of the requests it is asked about."""

    study: str
    standing: dict[str, _Standing] = field(default_factory=dict)

    def tell(self, events: Iterable[Event]) -> Iterator[HistoryEntry]:
        """One entry per event, in their order."""
        for event in events:
            match event.action:
                case Action.REQUEST_OPENED:
                    yield self._opened(event)
                case Action.DECIDED:
                    yield self._decided(event)
                case Action.STATUS_CHANGED:
                    yield self._status_changed(event)
                case Action.RECORD_RECODED:
                    yield self._record_recoded(event)
                case Action.SYNONYM_ADDED | Action.SYNONYM_WITHDRAWN:
                    yield _synonym(event)
                case Action.SCORE_THRESHOLD_SET:
                    yield _threshold(event)
                case _:
                    yield HistoryEntry(event.sequence, event.at, event.actor, event.action)

    def _opened(self, event: Event) -> HistoryEntry:
        payload = event.payload
        before = self.standing.get(payload["request"])
        now = _Standing(
            payload["dictionary"],
            payload["verbatim"],
            payload["context"],
            before.status if before else Status.NEEDS_CODING,
            before.parts if before else (),
        )
        self.standing[payload["request"]] = now
        return HistoryEntry(
            event.sequence,
            event.at,
            event.actor,
            event.action,
            request=payload["request"],
            dictionary=now.dictionary,
            verbatim=now.verbatim,
            context=now.context,
            old_parts=now.parts,
            new_parts=now.parts,
            old_status=before.status if before else None,
            new_status=now.status,
        )

    def _decided(self, event: Event) -> HistoryEntry:
        payload = event.payload
        request = self._request(payload["request"])
        old_parts, old_status = request.parts, request.status
        request.parts = tuple(
            DecisionPart(part["code"], part["text"], part["modify"]) for part in payload["parts"]
        )
        request.status = Status(payload["status"])
        return HistoryEntry(
            event.sequence,
            event.at,
            event.actor,
            event.action,
            payload["reason"],
            payload["request"],
            request.dictionary,
            request.verbatim,
            request.context,
            old_parts,
            request.parts,
            old_status,
            request.status,
            method=Method(payload["method"]),
            rules=tuple(payload["rules"]),
            score=payload.get("score"),
            release=payload["release"],
            tool_version=payload.get("tool_version", ""),
            supersedes=payload.get("supersedes", 0),
        )

    def _status_changed(self, event: Event) -> HistoryEntry:
        payload = event.payload
        request = self._request(payload["request"])
        old_status, request.status = request.status, Status(payload["status"])
        return HistoryEntry(
            event.sequence,
            event.at,
            event.actor,
            event.action,
            payload["reason"],
            payload["request"],
            request.dictionary,
            request.verbatim,
            request.context,
            request.parts,
            request.parts,
            old_status,
            request.status,
        )

    def _record_recoded(self, event: Event) -> HistoryEntry:
        payload = event.payload
        left, entered = self._request(payload["from_request"]), self._request(payload["to_request"])
        return HistoryEntry(
            event.sequence,
            event.at,
            event.actor,
            event.action,
            str(payload.get("reason", "")),
            payload["to_request"],
            payload["dictionary"],
            entered.verbatim,
            entered.context,
            left.parts,
            entered.parts,
            left.status,
            entered.status,
            record=RecordKey(self.study, payload["domain"], payload["subject"], payload["record_id"]),
            field=payload["field"],
            from_request=payload["from_request"],
        )

    def _request(self, key: str) -> _Standing:
        # A record may have moved to a request that is opened only later, or never had one.
        return self.standing.setdefault(key, _Standing("", "", "", Status.NEEDS_CODING))


def _synonym(event: Event) -> HistoryEntry:
    payload = event.payload
    term: Parts = ()
    if event.action is Action.SYNONYM_ADDED:
        term = (DecisionPart(payload["code"], payload["text"]),)
    return HistoryEntry(
        event.sequence,
        event.at,
        event.actor,
        event.action,
        str(payload.get("reason", "")),
        dictionary=payload["dictionary"],
        verbatim=str(payload.get("verbatim") or payload["folded"]),
        context=payload["context"],
        new_parts=term,
        release=str(payload.get("release", "")),
    )


def _threshold(event: Event) -> HistoryEntry:
    payload = event.payload
    threshold = payload["threshold"]
    return HistoryEntry(
        event.sequence,
        event.at,
        event.actor,
        event.action,
        "nothing is coded by score"
        if threshold is None
        else f"coded by score from confidence {threshold} on",
        dictionary=payload["dictionary"],
        release=payload["release"],
        tool_version=payload["tool_version"],
    )


def requests_of(event: Event) -> set[str]:
    """The request keys an event is about."""
    payload = event.payload
    names = ("request", "from_request", "to_request")
    return {str(payload[name]) for name in names if name in payload}


def has_code(entry: HistoryEntry, code: str) -> bool:
    """Whether an entry is about a change to or from a code."""
    changed = entry.action in {Action.DECIDED, Action.RECORD_RECODED, Action.SYNONYM_ADDED}
    return changed and any(part.code == code for part in entry.old_parts + entry.new_parts)
