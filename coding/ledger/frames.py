"""The derived tables as frames, in an order that is the same on every machine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import sqlalchemy as sa

from coding.ledger.derive import originals
from coding.ledger.tables import DECISION_PART, RECODED_RECORD, REQUEST, SYNONYM
from schemas.vocabulary import Scope

_REQUEST_COLUMNS = (
    "key", "dictionary", "release", "verbatim", "context", "status", "method", "rules", "score",
    "decision", "decided_by", "decided_at", "reason",
)  # fmt: skip
_SYNONYM_COLUMNS = ("dictionary", "folded", "context", "code", "text", "scope")
_RECODED_COLUMNS = (
    "domain", "field", "dictionary", "subject", "record_id", "from_request", "to_request", "sequence",
)  # fmt: skip


def requests_frame(connection: sa.Connection, name: str) -> pd.DataFrame:
    """The coding requests of a chain, sorted by key."""
    columns = [REQUEST.c[column] for column in _REQUEST_COLUMNS]
    query = sa.select(*columns).where(REQUEST.c.chain == name).order_by(REQUEST.c.key)
    return _frame(connection, query, _REQUEST_COLUMNS)


def decision_parts_frame(connection: sa.Connection, name: str) -> pd.DataFrame:
    """The parts of the current decisions of a chain, sorted by key and part."""
    table = DECISION_PART
    columns = ("key", "part", "code", "text", "modify")
    query = sa.select(*(table.c[column] for column in columns)).where(table.c.chain == name)
    return _frame(connection, query.order_by(table.c.key, table.c.part), columns)


def synonyms_frame(connection: sa.Connection, name: str, organisation: str, sponsor: str) -> pd.DataFrame:
    """Synonyms of a study's chain, and of the organisation's those that are global or the sponsor's."""
    table = SYNONYM
    common = sa.and_(
        table.c.chain == organisation,
        sa.or_(
            table.c.scope == str(Scope.GLOBAL),
            sa.and_(table.c.scope == str(Scope.SPONSOR), table.c.sponsor == sponsor),
        ),
    )
    query = sa.select(*(table.c[column] for column in _SYNONYM_COLUMNS))
    query = query.where(sa.or_(table.c.chain == name, common))
    order = (table.c.dictionary, table.c.folded, table.c.context, table.c.scope)
    return _frame(connection, query.order_by(*order), _SYNONYM_COLUMNS)


def recoded_frame(connection: sa.Connection, name: str) -> pd.DataFrame:
    """The latest move of each record of a chain that changed its request."""
    table = RECODED_RECORD
    query = sa.select(*(table.c[column] for column in _RECODED_COLUMNS)).where(table.c.chain == name)
    order = (table.c.domain, table.c.field, table.c.dictionary, table.c.subject, table.c.record_id)
    return _frame(connection, query.order_by(*order), _RECODED_COLUMNS)


def _frame(connection: sa.Connection, query: sa.Select[Any], columns: Sequence[str]) -> pd.DataFrame:
    rows = connection.execute(query).all()
    values = list(zip(*rows, strict=True)) if rows else [()] * len(columns)
    return pd.DataFrame({name: _series(name, column) for name, column in zip(columns, values, strict=True)})


def _series(name: str, values: Sequence[Any]) -> pd.Series:
    if name in {"sequence", "decision", "part"}:
        return pd.Series(values, dtype="int64")
    if name == "score":
        return pd.Series(values, dtype="float64")
    return pd.Series(originals(values), dtype="str")
