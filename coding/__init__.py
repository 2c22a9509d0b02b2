"""The engine: no Prefect, no globals."""

TOOL_VERSION = "0.1.0"
