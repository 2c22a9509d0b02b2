"""The registry of codes: once given, a code never changes its meaning and is never given again.

``source/codes.csv`` holds ``code, level, text``. A wording keeps its code wherever it moves; a term
on the preferred level has the code of the lowest-level term with the same wording.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from dictionaries.authoring.source_rows import read_rows
from dictionaries.model import DictionaryError
from dictionaries.wording import wording_key
from schemas.tables import text_frame, write_csv

CODE_COLUMNS = ("code", "level", "text")


@dataclass(frozen=True, slots=True)
class CodeRange:
    """The codes of one level: ``prefix`` and a number of ``first`` to ``last``, as wide as ``last``."""

    first: int
    last: int
    prefix: str = ""

    def code(self, number: int) -> str:
        """The code of a number in the range."""
        return f"{self.prefix}{number:0{len(str(self.last))}d}"

    def number(self, code: str) -> int | None:
        """The number of a code, or None for a code that is not of this range."""
        digits = code.removeprefix(self.prefix)
        if not digits.isdecimal() or not self.first <= int(digits) <= self.last:
            return None
        return int(digits) if self.code(int(digits)) == code else None


class CodeRegistry:
    """The codes given so far; :meth:`code` gives that of a wording, :meth:`extend` gives new ones."""

    def __init__(self, ranges: Mapping[str, CodeRange], rows: Iterable[tuple[str, str, str]] = ()) -> None:
        """``rows``: code, level, text. Raises DictionaryError for a code or wording given twice."""
        self._ranges = ranges
        self._codes: dict[tuple[str, str], str] = {}
        self._texts: dict[str, tuple[str, str]] = {}
        for code, level, text in rows:
            if level not in ranges or ranges[level].number(code) is None:
                raise DictionaryError(f"codes.csv: {code} is not a code of the level {level}")
            key = (level, wording_key(text))
            if code in self._texts or key in self._codes:
                raise DictionaryError(f"codes.csv: the code {code} or its wording is given twice")
            self._codes[key], self._texts[code] = code, (level, text)

    @classmethod
    def read(cls, path: Path, ranges: Mapping[str, CodeRange]) -> CodeRegistry:
        """The registry of a file; an empty one where there is no file yet."""
        rows = read_rows(path, CODE_COLUMNS) if path.exists() else []
        return cls(ranges, ((row["code"], row["level"], row["text"]) for row in rows))

    def extend(self, level: str, texts: Iterable[str]) -> None:
        """Give codes to the wordings that have none, in the order of their texts. The others keep
        theirs and are noted as they are written now (capitals and punctuation may change)."""
        span = self._ranges[level]
        new: dict[str, str] = {}
        for text in texts:
            known = self._codes.get((level, wording_key(text)))
            if known is None:
                new[wording_key(text)] = text
            else:
                self._texts[known] = (level, text)
        given = [span.number(code) or 0 for code, (its, _) in self._texts.items() if its == level]
        number = max(given, default=span.first - 1)
        for key, text in sorted(new.items()):
            number += 1
            if number > span.last:
                raise DictionaryError(f"codes.csv: no free code is left for the level {level}")
            code = span.code(number)
            self._codes[(level, key)], self._texts[code] = code, (level, text)

    def code(self, level: str, text: str) -> str:
        """The code of a wording. Raises KeyError for one that has none."""
        return self._codes[(level, wording_key(text))]

    def texts(self, level: str) -> list[str]:
        """Every wording that has a code on a level, in the order of the codes."""
        return [text for _, (its_level, text) in sorted(self._texts.items()) if its_level == level]

    def check_nothing_lost(self, level: str, texts: Iterable[str]) -> None:
        """Raise DictionaryError when a wording that was given a code is not among ``texts``: nothing
        that was released disappears unsaid."""
        kept = {wording_key(text) for text in texts}
        lost = [text for text in self.texts(level) if wording_key(text) not in kept]
        if lost:
            raise DictionaryError(
                f"{len(lost)} wordings have a code and are in no source any more, first: {lost[0]}; "
                "put them back, or into noncurrent.csv with the term that they belonged to"
            )

    def write(self, path: Path) -> None:
        """Write the registry, sorted by code."""
        codes = sorted(self._texts)
        columns = {
            "code": codes,
            "level": [self._texts[code][0] for code in codes],
            "text": [self._texts[code][1] for code in codes],
        }
        write_csv(text_frame(columns), path)
