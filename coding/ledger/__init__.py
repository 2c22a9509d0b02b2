"""The append-only record of every decision and workflow action.

:class:`Ledger` is the way in; docs/ledger.md tells what is stored and how an auditor checks it.
"""

from coding.ledger.chain import ORGANISATION, Event, Head, LedgerBusyError, LedgerError, NewEvent
from coding.ledger.history import HistoryEntry
from coding.ledger.ledger import Ledger
from coding.ledger.verify import Problem, Tampering, Verification

__all__ = [
    "ORGANISATION",
    "Event",
    "Head",
    "HistoryEntry",
    "Ledger",
    "LedgerBusyError",
    "LedgerError",
    "NewEvent",
    "Problem",
    "Tampering",
    "Verification",
]
