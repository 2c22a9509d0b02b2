"""The registry of codes: once given, a code never changes its meaning and is never given again.

``source/codes.csv`` holds ``code, level, text``. A wording keeps its code wherever it moves; the
code of a preferred term is that of the lowest-level term with the same wording. Codes are seven
digits beginning with 7, so that nobody takes them for the eight digits of another dictionary.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from dictionaries.model import DictionaryError
from dictionaries.open_events.sources import CODE_COLUMNS, read_rows
from dictionaries.wording import wording_key
from schemas.tables import text_frame, write_csv

#: The first and the last code of each level. Preferred terms share the codes of LLT.
RANGES: dict[str, tuple[int, int]] = {
    "SOC": (7_000_001, 7_000_999),
    "HLGT": (7_001_001, 7_009_999),
    "HLT": (7_010_001, 7_099_999),
    "LLT": (7_100_001, 7_999_999),
}


class CodeRegistry:
    """The codes given so far; :meth:`code` gives the next free one to a new wording."""

    def __init__(self, rows: Iterable[tuple[str, str, str]]) -> None:
        """``rows``: code, level, text. Raises DictionaryError for a code or wording given twice."""
        self._codes: dict[tuple[str, str], str] = {}
        self._texts: dict[str, tuple[str, str]] = {}
        for code, level, text in rows:
            first, last = RANGES.get(level, (1, 0))
            if not (code.isdecimal() and first <= int(code) <= last):
                raise DictionaryError(f"codes.csv: {code} is not a code of the level {level}")
            key = (level, wording_key(text))
            if code in self._texts or key in self._codes:
                raise DictionaryError(f"codes.csv: the code {code} or its wording is given twice")
            self._codes[key], self._texts[code] = code, (level, text)

    @classmethod
    def read(cls, path: Path) -> CodeRegistry:
        """The registry of a file; an empty one where there is no file yet."""
        rows = read_rows(path, CODE_COLUMNS) if path.exists() else []
        return cls((row["code"], row["level"], row["text"]) for row in rows)

    def extend(self, level: str, texts: Iterable[str]) -> None:
        """Give codes to the wordings that have none, in the order of their texts. The others keep
        theirs and are noted as they are written now (capitals and punctuation may change)."""
        new: dict[str, str] = {}
        for text in texts:
            known = self._codes.get((level, wording_key(text)))
            if known is None:
                new[wording_key(text)] = text
            else:
                self._texts[known] = (level, text)
        given = [int(code) for code, (its_level, _) in self._texts.items() if its_level == level]
        code = max(given, default=RANGES[level][0] - 1)
        for key, text in sorted(new.items()):
            code += 1
            if code > RANGES[level][1]:
                raise DictionaryError(f"codes.csv: no free code is left for the level {level}")
            self._codes[(level, key)], self._texts[str(code)] = str(code), (level, text)

    def code(self, level: str, text: str) -> str:
        """The code of a wording. Raises KeyError for one that has none."""
        return self._codes[(level, wording_key(text))]

    def texts(self, level: str) -> list[str]:
        """Every wording that has a code on a level, in the order of the codes."""
        return [text for _, (its_level, text) in sorted(self._texts.items()) if its_level == level]

    def write(self, path: Path) -> None:
        """Write the registry, sorted by code."""
        codes = sorted(self._texts)
        columns = {
            "code": codes,
            "level": [self._texts[code][0] for code in codes],
            "text": [self._texts[code][1] for code in codes],
        }
        write_csv(text_frame(columns), path)
