"""The Prefect settings trialcoder needs, as environment variables, for every process that runs one.

They must be in the environment before Prefect is imported. docs/prefect.md says why each is set.
"""

from __future__ import annotations

from pathlib import Path

#: The project's folder: where prefect.yaml stands and where the worker's runs begin.
PROJECT = Path(__file__).resolve().parent.parent
HOME_VARIABLE = "TRIALCODER_HOME"
WORK_POOL = "trialcoder"


def quiet_settings(home: Path) -> dict[str, str]:
    """Settings for a Prefect that keeps its database in ``home``, calls nobody and says little."""
    return {
        HOME_VARIABLE: str(PROJECT),
        "PREFECT_HOME": str(home),
        "DO_NOT_TRACK": "1",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_CLOUD_ENABLE_ORCHESTRATION_TELEMETRY": "false",
        # The newer pages ask a tracking service for its configuration whatever the settings say.
        "PREFECT_SERVER_UI_V2_ENABLED": "false",
        "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
        "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "60",
        "PREFECT_LOGGING_LOG_PRINTS": "false",
        "PREFECT_WORKER_QUERY_SECONDS": "2",
        "PREFECT_RESULTS_PERSIST_BY_DEFAULT": "false",
        "PREFECT_CLI_PROMPT": "false",
    }
