"""The field's words as values: domains, statuses, accounting buckets, methods, outcomes.

Nothing outside this module spells one of these strings.
"""

from __future__ import annotations

from enum import StrEnum


class Domain(StrEnum):
    """SDTM domains that trialcoder reads. DM is read for sex and age and is never coded."""

    AE = "AE"
    MH = "MH"
    CE = "CE"
    CM = "CM"
    PR = "PR"
    DM = "DM"


#: The column SDTM gives the verbatim of each domain.
VERBATIM_VARIABLE: dict[Domain, str] = {
    Domain.AE: "AETERM",
    Domain.MH: "MHTERM",
    Domain.CE: "CETERM",
    Domain.CM: "CMTRT",
    Domain.PR: "PRTRT",
}

#: Further codable fields of a domain; blank ones are not counted as missing.
OPTIONAL_VARIABLES: dict[Domain, tuple[str, ...]] = {
    Domain.CM: ("CMINDC",),
    Domain.PR: ("PRINDC",),
}


def domain_of_field(field: str) -> Domain:
    """The domain a codable field belongs to: ``CMINDC`` is a field of ``CM``."""
    return Domain(field[:2])


class Status(StrEnum):
    """Where a coding request (or a single occurrence) stands. Each falls in exactly one bucket."""

    NEEDS_CODING = "NEEDS_CODING"
    QUERY_OPEN = "QUERY_OPEN"
    QUERY_ANSWERED = "QUERY_ANSWERED"
    AUTOCODED = "AUTOCODED"
    CODED = "CODED"
    PENDING_APPROVAL = "PENDING_APPROVAL"
    PENDING_APPROVAL_2 = "PENDING_APPROVAL_2"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    STALE = "STALE"
    NONCURRENT = "NONCURRENT"
    CHANGE_REQUEST = "CHANGE_REQUEST"
    CANNOT_CODE = "CANNOT_CODE"
    NOT_CODABLE = "NOT_CODABLE"
    QUARANTINED = "QUARANTINED"


class Bucket(StrEnum):
    """The row accounting: in = coded + pending + queried + not codable + quarantined."""

    CODED = "coded"
    PENDING = "pending"
    QUERIED = "queried"
    NOT_CODABLE = "not_codable"
    QUARANTINED = "quarantined"


BUCKET_OF: dict[Status, Bucket] = {
    Status.NEEDS_CODING: Bucket.PENDING,
    Status.QUERY_OPEN: Bucket.QUERIED,
    Status.QUERY_ANSWERED: Bucket.PENDING,
    Status.AUTOCODED: Bucket.CODED,
    Status.CODED: Bucket.CODED,
    Status.PENDING_APPROVAL: Bucket.PENDING,
    Status.PENDING_APPROVAL_2: Bucket.PENDING,
    Status.APPROVED: Bucket.CODED,
    Status.REJECTED: Bucket.PENDING,
    Status.STALE: Bucket.PENDING,
    Status.NONCURRENT: Bucket.PENDING,
    Status.CHANGE_REQUEST: Bucket.PENDING,
    Status.CANNOT_CODE: Bucket.PENDING,
    Status.NOT_CODABLE: Bucket.NOT_CODABLE,
    Status.QUARANTINED: Bucket.QUARANTINED,
}


class Method(StrEnum):
    """How a code was found, in the order the engine tries them. PERSON is a coder's own choice."""

    DO_NOT_AUTOCODE = "do_not_autocode"
    SYNONYM_STUDY = "synonym_study"
    SYNONYM_SPONSOR = "synonym_sponsor"
    SYNONYM_GLOBAL = "synonym_global"
    EARLIER_CODING = "earlier_coding"
    NO_EVENT = "no_event"
    EXACT = "exact"
    NORMALISED = "normalised"
    SCORE = "score"
    PERSON = "person"


class Outcome(StrEnum):
    """What a study lets a method do."""

    CANDIDATE = "candidate"
    NEEDS_APPROVAL = "needs_approval"
    APPROVED = "approved"


class Scope(StrEnum):
    """How far a synonym reaches."""

    STUDY = "study"
    SPONSOR = "sponsor"
    GLOBAL = "global"


class TermStatus(StrEnum):
    CURRENT = "current"
    NONCURRENT = "noncurrent"


class Severity(StrEnum):
    """Of an issue found in the data: an error quarantines the row, a warning does not."""

    ERROR = "error"
    WARNING = "warning"


class Change(StrEnum):
    """How a record stands against the extract before."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REMOVED = "removed"


class Action(StrEnum):
    """What an event of the ledger says was done."""

    STUDY_CONFIGURED = "study_configured"
    EXTRACT_TAKEN = "extract_taken"
    REQUEST_OPENED = "request_opened"
    DECIDED = "decided"
    STATUS_CHANGED = "status_changed"
    RECORD_RECODED = "record_recoded"
    SYNONYM_ADDED = "synonym_added"
    SYNONYM_WITHDRAWN = "synonym_withdrawn"
    SCORE_THRESHOLD_SET = "score_threshold_set"
    EXPORTED = "exported"
