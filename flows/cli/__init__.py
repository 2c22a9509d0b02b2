"""The same triggers from a terminal, without Prefect."""
