"""Alembic's scripts: how the ledger's database came to be what it is."""
