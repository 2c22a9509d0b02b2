"""What may leave a flow when something goes wrong: a sentence for people, never a verbatim.

Prefect stores and logs the text and the traceback of an exception that leaves a flow or a task. So
none does: tasks and flows end in a Failed state with a message that is safe to store.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar, cast

from prefect.client.schemas.objects import State
from prefect.exceptions import ExternalSignal, FailedRun, PrefectSignal
from prefect.states import Failed

from coding.records import UserError
from dictionaries.model import DictionaryError
from flows.cli.failures import write_log

T = TypeVar("T")

#: How a run is stopped from outside: Prefect and Python must see these as they are, and the
#: messages that Prefect stores for them are its own.
_STOPS = (
    KeyboardInterrupt,
    SystemExit,
    GeneratorExit,
    asyncio.CancelledError,
    ExternalSignal,
    PrefectSignal,
)


def guarded(work: Callable[[], T], step: str, workspace: Path | None = None) -> T:
    """Run ``work``; where it fails, give Prefect a Failed state in place of the result.

    The state's message is that of a UserError (or of a step before, which was made here too); of
    any other exception it holds the type and the place of a log, which lies in ``workspace`` and
    itself leaves out messages and values.
    """
    try:
        return work()
    except _STOPS:
        raise
    except (UserError, DictionaryError, FailedRun) as error:
        message = str(error)
    except BaseException as error:
        # BaseException: a library written in Rust raises one when it panics.
        log = write_log(error, (step,), workspace)
        place = f"; where it happened is in {log}" if log else ""
        message = f"unexpected error ({type(error).__name__}), a fault of the program{place}"
    # Prefect takes a returned state for the run's outcome; the caller of a flow or task gets
    # FailedRun with the message.
    return cast(T, Failed(message=message))


def settled(result: T) -> T:
    """What a task returned; raises FailedRun with the message where it is a Failed state."""
    if isinstance(result, State):
        raise FailedRun(result.message)
    return result
