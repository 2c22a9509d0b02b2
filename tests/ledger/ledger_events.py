"""Events as a study records them, with made-up terms."""

from __future__ import annotations

from coding.ledger import NewEvent
from coding.records import Decision, DecisionPart, fold, request_key
from schemas.vocabulary import Action, Method, Status

RELEASE = "Made Up 1.0 English sha256:00112233"


def key(verbatim: str, dictionary: str = "events") -> str:
    return request_key(dictionary, fold(verbatim))


def opened(verbatim: str, dictionary: str = "events") -> NewEvent:
    payload = {"request": key(verbatim, dictionary), "dictionary": dictionary, "verbatim": verbatim}
    return NewEvent(Action.REQUEST_OPENED, {**payload, "context": ""})


def decided(
    verbatim: str,
    *codes: str,
    supersedes: int = 0,
    reason: str = "",
    status: Status = Status.AUTOCODED,
    method: Method = Method.EXACT,
    score: float | None = None,
) -> NewEvent:
    decision = Decision(
        request=key(verbatim),
        parts=tuple(DecisionPart(code, f"Term {code}") for code in codes),
        status=status,
        method=method,
        reason=reason,
        release=RELEASE,
        tool_version="0.1.0",
        rules=("case", "spelling"),
        score=score,
        supersedes=supersedes,
    )
    return NewEvent(Action.DECIDED, decision.payload())


def status_changed(verbatim: str, status: Status, reason: str = "") -> NewEvent:
    return NewEvent(
        Action.STATUS_CHANGED, {"request": key(verbatim), "status": str(status), "reason": reason}
    )


def recoded(subject: str, old: str, new: str) -> NewEvent:
    payload = {
        "domain": "AE",
        "field": "AETERM",
        "dictionary": "events",
        "subject": subject,
        "record_id": "1",
        "from_request": key(old),
        "to_request": key(new),
    }
    return NewEvent(Action.RECORD_RECODED, payload)


def synonym(verbatim: str, code: str, scope: str = "study", sponsor: str = "", context: str = "") -> NewEvent:
    payload = {
        "scope": scope,
        "sponsor": sponsor,
        "dictionary": "events",
        "folded": fold(verbatim),
        "verbatim": verbatim,
        "context": context,
        "code": code,
        "text": f"Term {code}",
        "release": RELEASE,
        "file_sha256": "0" * 64,
    }
    return NewEvent(Action.SYNONYM_ADDED, payload)


def synonym_withdrawn(verbatim: str, scope: str = "study", sponsor: str = "") -> NewEvent:
    payload = {
        "scope": scope,
        "sponsor": sponsor,
        "dictionary": "events",
        "folded": fold(verbatim),
        "context": "",
        "reason": "wrong",
    }
    return NewEvent(Action.SYNONYM_WITHDRAWN, payload)


def exported() -> NewEvent:
    return NewEvent(
        Action.EXPORTED, {"package": "STATIN-1", "sequence": 1, "hash": "", "manifest_sha256": ""}
    )


def configured(**config: object) -> NewEvent:
    return NewEvent(Action.STUDY_CONFIGURED, {"config": config, "config_sha256": "0" * 64})
