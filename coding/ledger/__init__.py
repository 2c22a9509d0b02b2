"""The append-only record of every decision and workflow action."""
