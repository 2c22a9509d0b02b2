"""What a further retriever is: something that names more candidates than the spelling alone finds.

It only adds rows for the ranking to look at. Exact names and rules come before it, and it settles
nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from coding.records import Progress

#: Three columns of equal length: number of the verbatim, row of the index (int64), similarity (float32).
Pairs = tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.float32]]


class FurtherRetriever(Protocol):
    """Finds further rows of one :class:`coding.matching.index.MatchIndex`."""

    @property
    def checksum(self) -> str:
        """SHA-256 of all that the answers depend on beside the index; part of its users' fingerprints."""

    def nearest(self, asked: Sequence[str], top: int, progress: Progress) -> Pairs:
        """At most ``top`` rows that can be offered (``MatchIndex.shown`` is not -1) for each verbatim.

        ``asked`` are verbatims as they were written. Sorted by verbatim, then by similarity (at most
        1, rounded to 4 digits, the highest first), then by row. What is found for a verbatim does
        not depend on the others.
        """
