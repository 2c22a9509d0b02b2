"""Work that makes very many small objects, none of them in circles."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator


@contextlib.contextmanager
def collecting_later() -> Iterator[None]:
    """Let the collector of circular garbage rest until the block ends.

    It looks through every living object again and again, an index's hundred thousands of names among
    them: a fifth of the time of matching, for nothing.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
