"""Guess date formats and code lists from the first rows of a form, by how ingest reads them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from coding.ingest.code_lists import DEFAULT_LISTS, standard_values
from coding.ingest.dates import parse_date

#: Formats tried, the preferred first. ISO is read whatever the format, so it wins where it does.
_FORMATS = (
    "ISO", "%m/%d/%Y", "%d/%m/%Y", "%d.%m.%Y", "%m-%d-%Y", "%d-%m-%Y", "%d%b%Y", "%d-%b-%Y", "%d %b %Y",
    "%d/%b/%Y", "%b %d %Y", "%Y/%m/%d", "%m/%d/%y", "%d/%m/%y", "%d.%m.%y", "%d-%b-%y", "%d%b%y",
)  # fmt: skip

#: A column with more different answers is no code list.
_MOST_ANSWERS = 15
#: Distinct dates that are tried.
_MOST_DATES = 500


@dataclass(frozen=True)
class DateGuess:
    """The format that reads most dates: ``fits`` of ``seen`` distinct non-blank ones."""

    format: str
    fits: int
    seen: int
    choose: tuple[str, ...] = ()


@dataclass(frozen=True)
class CodeList:
    """Standard value → answers of the source that ingest would not know without being told, and
    the answers about which nothing is known."""

    values: Mapping[str, tuple[str, ...]]
    unknown: tuple[str, ...]


def guess_date_format(columns: Sequence[pd.Series]) -> DateGuess:
    """The ``date_format`` that reads most of the texts of some columns.

    Formats that read as many (day or month first?) and texts that none reads are left to choose.
    """
    texts = sorted({str(text).strip() for column in columns for text in column.unique()} - {""})
    texts = texts[:: max(1, len(texts) // _MOST_DATES)]
    if not texts:
        return DateGuess("ISO", 0, 0)
    fits = {name: sum(parse_date(text, name) is not None for text in texts) for name in _FORMATS}
    best = max(_FORMATS, key=lambda name: fits[name])
    if not fits[best]:
        question = "the format of the dates was not recognised: set date_format"
        return DateGuess("ISO", 0, len(texts), (question,))
    rivals = [name for name in _FORMATS if name != best and fits[name] == fits[best]]
    if best == "ISO" or not rivals:
        return DateGuess(best, fits[best], len(texts))
    question = f"the dates can be read as {best} and as {' or '.join(rivals)}: check date_format"
    return DateGuess(best, fits[best], len(texts), (question,))


def guess_code_lists(columns: Mapping[str, pd.Series]) -> dict[str, CodeList]:
    """Code lists for the roles whose answers ingest would not understand by itself.

    An answer that holds one standard answer as a word (``Mild Adverse Event``) is taken for it. A
    column with many different answers is left alone.
    """
    found: dict[str, CodeList] = {}
    for role in DEFAULT_LISTS:
        if role not in columns:
            continue
        answers = pd.Series(sorted(set(columns[role].str.strip().unique()) - {""}), dtype="str")
        _, known = standard_values(answers, role, None)
        strange = [str(answer) for answer in answers[~known]]
        if not strange or len(answers) > _MOST_ANSWERS:
            continue
        meant = {answer: _meaning(role, answer) for answer in strange}
        values = {
            standard or "U": tuple(answer for answer in strange if meant[answer] == standard)
            for standard in DEFAULT_LISTS[role]
        }
        unknown = tuple(answer for answer in strange if meant[answer] is None)
        found[role] = CodeList({key: said for key, said in values.items() if said}, unknown)
    return found


def _meaning(role: str, answer: str) -> str | None:
    """The one standard value of which an answer holds a spelling (of three letters and more)."""
    words = f" {' '.join(re.findall(r'[a-z0-9-]+', answer.lower()))} "
    hits = {
        standard
        for standard, spellings in DEFAULT_LISTS[role].items()
        for spelling in spellings
        if len(spelling) > 2 and f" {spelling} " in words
    }
    negated = " not " in words or " non " in words or " no " in words
    return hits.pop() if len(hits) == 1 and not negated else None
