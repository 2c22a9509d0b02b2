"""Chains of events, append-only by triggers, and the tables derived from them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=False, autoincrement=False)


def upgrade() -> None:
    """Make the tables and the triggers."""
    op.create_table(
        "event",
        _text("chain"), _number("sequence"), _text("at"), _text("actor"), _text("action"),
        _text("payload"), _text("previous_hash"), _text("hash"),
        sa.PrimaryKeyConstraint("chain", "sequence"),
        sqlite_with_rowid=False,
    )  # fmt: skip
    op.create_table(
        "chain",
        _text("name"), _number("sequence"), _text("hash"),
        sa.PrimaryKeyConstraint("name"),
        sqlite_with_rowid=False,
    )  # fmt: skip
    op.create_table(
        "request",
        _text("chain"), _text("key"), _text("dictionary"), _text("verbatim"), _text("context"),
        _text("status"), _text("release"), _text("method"), _text("rules"),
        sa.Column("score", sa.Double(), nullable=True),
        _number("decision"), _text("decided_by"), _text("decided_at"), _text("reason"),
        sa.PrimaryKeyConstraint("chain", "key"),
        sqlite_with_rowid=False,
    )  # fmt: skip
    op.create_table(
        "decision_part",
        _text("chain"), _text("key"), _number("part"), _text("code"), _text("text"), _text("modify"),
        sa.PrimaryKeyConstraint("chain", "key", "part"),
        sqlite_with_rowid=False,
    )  # fmt: skip
    op.create_table(
        "synonym",
        _text("chain"), _text("key"), _number("sequence"), _text("scope"), _text("sponsor"),
        _text("dictionary"), _text("folded"), _text("context"), _text("verbatim"), _text("code"),
        _text("text"), _text("release"),
        sa.PrimaryKeyConstraint("chain", "key"),
        sqlite_with_rowid=False,
    )  # fmt: skip
    op.create_table(
        "recoded_record",
        _text("chain"), _text("key"), _number("sequence"), _text("domain"), _text("field"),
        _text("dictionary"), _text("subject"), _text("record_id"), _text("from_request"),
        _text("to_request"),
        sa.PrimaryKeyConstraint("chain", "key"),
        sqlite_with_rowid=False,
    )  # fmt: skip
    statements = _POSTGRESQL if op.get_bind().dialect.name == "postgresql" else _SQLITE
    for statement in statements:
        op.execute(statement)


def downgrade() -> None:
    """Refused: a ledger is never thrown away by a program."""
    raise NotImplementedError("the ledger has no way back to an empty database")


# INSERT OR REPLACE deletes without firing delete triggers unless recursive_triggers is on, which
# another program may not have set: so an insert that does not come next is refused as well.
_SQLITE = (
    """
    CREATE TRIGGER event_no_update BEFORE UPDATE ON event
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END
    """,
    """
    CREATE TRIGGER event_no_delete BEFORE DELETE ON event
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END
    """,
    """
    CREATE TRIGGER event_comes_next BEFORE INSERT ON event
    WHEN NEW.sequence IS NOT
        (SELECT coalesce(max(sequence), 0) + 1 FROM event WHERE chain = NEW.chain)
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END
    """,
)

_POSTGRESQL = (
    """
    CREATE FUNCTION ledger_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'the ledger is append-only'; END $$
    """,
    """
    CREATE TRIGGER event_append_only BEFORE UPDATE OR DELETE ON event
    FOR EACH ROW EXECUTE FUNCTION ledger_append_only()
    """,
    """
    CREATE TRIGGER event_no_truncate BEFORE TRUNCATE ON event
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_append_only()
    """,
)
