"""The types that travel between the rooms, and the columns of the frames that carry many of them.

At the size of a study everything moves as pandas frames; a dataclass here says what one row is.
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

from schemas.vocabulary import Method, Status

#: Version of the folding rule behind request keys. Frozen: a change would orphan every decision.
FOLDING_VERSION = "1"


class UserError(Exception):
    """Something the user can put right. The message says what is wrong and what to do, and holds
    no patient data (it may leave a flow); ``exit_code`` is what the terminal returns."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class RecordKey:
    """What identifies a record in the EDC, whatever file it came in."""

    study: str
    domain: str
    subject: str
    record_id: str


#: One finding of validation. ``row`` counts as a spreadsheet does (the header is row 1): where a
#: record stood in an extract is provenance, not identity. ``message`` says what is wrong,
#: ``what_to_do`` the way out.
ISSUE_COLUMNS = (
    "source", "file", "sheet", "row", "column", "rule", "severity", "message", "what_to_do",
    "value", "subject",
)  # fmt: skip

#: What every record has after ingest, as text ("" = not given), in the form frame of its domain.
#: ``start``/``end`` are ISO 8601 (partial allowed) or, where they do not parse, the source's text;
#: ``serious`` is ``Y``, ``N`` or ""; ``sex`` is ``M``, ``F`` or ""; ``age`` is years.
FORM_COLUMNS = (
    "subject", "record_id", "site", "visit", "start", "end", "severity", "serious", "outcome",
    "action", "causality", "indication", "route", "dose", "form", "strength", "country",
    "sex", "age", "verbatim",
)  # fmt: skip

#: Provenance and earlier coding beside FORM_COLUMNS. ``row`` is int64, the rest text.
PROVENANCE_COLUMNS = ("source", "file", "sheet", "row")
EARLIER_COLUMNS = ("earlier_code", "earlier_term")

#: The source's own columns travel in the same frame under this prefix and their own name.
RAW_PREFIX = "raw."


#: Punctuation that says something even at the edge of a verbatim: "? appendicitis", "5 %", "# rib".
_MEANT = frozenset("?\u00bf\u061f\uff1f%\u2030#&@")

#: Symbols that say nothing at the edge of a verbatim; others (``+ < >``, arrows) do.
_EMPTY_SYMBOLS = frozenset("=|~^`®©")


def fold(verbatim: str) -> str:
    """The frozen folding of request keys: NFKC, case, white space, outer punctuation.

    Only marks that say nothing are taken off: a question mark, a percent sign and most symbols
    (``+ < >`` and arrows) stay, and so does a dash at the end, which may mean "negative".

    >>> fold("  Head\\u00a0 ACHE. "), fold("?appendicitis"), fold("ALT \u2191")
    ('head ache', '?appendicitis', 'alt \u2191')
    """
    text = " ".join(unicodedata.normalize("NFKC", verbatim).casefold().split())
    start, end = 0, len(text)
    while start < end and _says_nothing(text[start]):
        start += 1
    while end > start and _says_nothing(text[end - 1]) and unicodedata.category(text[end - 1]) != "Pd":
        end -= 1
    return text[start:end] or text


def _says_nothing(letter: str) -> bool:
    if letter.isalnum():
        return False
    if letter == " " or letter in _EMPTY_SYMBOLS:
        return True
    return unicodedata.category(letter)[0] == "P" and letter not in _MEANT


def canonical_json(value: object) -> str:
    """The one JSON text of a value: sorted keys, no spaces, UTF-8 kept."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def request_key(dictionary: str, folded: str, context: str = "") -> str:
    """The key of a coding request: 32 hex digits over dictionary, folded verbatim and context.

    ``dictionary`` is the name in the study's configuration without its release, so that a request
    lives on when the release changes; ``context`` is canonical JSON or "".
    """
    text = "\x1f".join((FOLDING_VERSION, dictionary, folded, context))
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class DecisionPart:
    """One coded concept: a split has several. ``code``/``text`` are on the coding level."""

    code: str
    text: str
    modify: str = ""


#: "Reviewed, and there is no term": a value, never a blank.
NO_TERM = DecisionPart(code="NO_TERM", text="")


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided about a request, by whom and from which release. Time and actor are those
    of the ledger's event; ``supersedes`` is the sequence of the decision it replaces, or 0."""

    request: str
    parts: tuple[DecisionPart, ...]
    status: Status
    method: Method
    reason: str
    release: str
    tool_version: str
    rules: tuple[str, ...] = ()
    score: float | None = None
    supersedes: int = 0

    def payload(self) -> dict[str, object]:
        """The event's payload; a score is rounded to 4 digits so that machines agree."""
        return {
            "request": self.request,
            "parts": [{"code": part.code, "text": part.text, "modify": part.modify} for part in self.parts],
            "status": str(self.status),
            "method": str(self.method),
            "reason": self.reason,
            "release": self.release,
            "tool_version": self.tool_version,
            "rules": list(self.rules),
            "score": None if self.score is None else round(self.score, 4),
            "supersedes": self.supersedes,
        }


@dataclass(frozen=True, slots=True)
class RowAccount:
    """The accounting of one source and codable field; :attr:`closes` says whether it adds up."""

    source: str
    field: str
    dictionary: str
    rows_in: int
    coded: int
    pending: int
    queried: int
    not_codable: int
    quarantined: int
    not_filled: int = 0

    @property
    def closes(self) -> bool:
        parts = self.coded + self.pending + self.queried + self.not_codable + self.quarantined
        return self.rows_in == parts + self.not_filled


#: Called by long work with the stage's name, how much is done and how much there is (0: unknown).
Progress = Callable[[str, int, int], None]


def silent(stage: str, done: int, total: int) -> None:
    """A Progress that shows nothing."""
