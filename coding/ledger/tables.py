"""The ledger's tables as SQLAlchemy knows them. A migration makes them; a test compares the two."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Column, Double, MetaData, Table, Text

from coding.ledger.chain import StoredEvent
from coding.ledger.derive import PartRow, RecodedRow, RequestRow, SynonymRow, columns_of

#: The revision of the newest migration, and the table that holds the database's own.
REVISION = "0001"
VERSION_TABLE = "trialcoder_ledger_version"

METADATA = MetaData()

#: PostgreSQL would sort by the database's language; code points are the same everywhere.
_TEXT = Text().with_variant(Text(collation="C"), "postgresql")
_NUMBERS: dict[str, Any] = {
    "sequence": BigInteger(),
    "decision": BigInteger(),
    "part": BigInteger(),
    "score": Double(),
}


def _table(name: str, columns: tuple[str, ...], key: int) -> Table:
    """A table whose first ``key`` columns are its primary key; only a score may be missing."""
    made = [
        Column(
            column,
            _NUMBERS.get(column, _TEXT),
            primary_key=number < key,
            nullable=column == "score",
            autoincrement=False,
        )
        for number, column in enumerate(columns)
    ]
    return Table(name, METADATA, *made, sqlite_with_rowid=False)


EVENT = _table("event", StoredEvent._fields, 2)
CHAIN = _table("chain", ("name", "sequence", "hash"), 1)
REQUEST = _table("request", ("chain", *columns_of(RequestRow)), 2)
DECISION_PART = _table("decision_part", ("chain", *columns_of(PartRow)), 3)
SYNONYM = _table("synonym", ("chain", *columns_of(SynonymRow)), 2)
RECODED_RECORD = _table("recoded_record", ("chain", *columns_of(RecodedRow)), 2)

#: What a rebuild makes anew. The head in ``chain`` is not among them: it shows a cut tail.
DERIVED = (REQUEST, DECISION_PART, SYNONYM, RECODED_RECORD)
