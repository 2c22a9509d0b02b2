"""Run by Alembic: migrates over the connection (in its transaction) that the caller hands over."""

from __future__ import annotations

from alembic import context

from coding.ledger.tables import METADATA, VERSION_TABLE

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    version_table=VERSION_TABLE,
)
with context.begin_transaction():
    context.run_migrations()
