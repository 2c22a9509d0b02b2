"""Dates as sites write them → ISO 8601, partial ones included, and what is certain about them.

Accepted in every source: ISO 8601 (``2014``, ``2014-03``, ``2014-03-21``, ``2014-03-21T10:15``,
``20140321``) and SDTM's way of leaving parts out (``2014---21``: the month is not known,
``--03-21``: the year is not known). A source can name a strptime pattern on top of that. A part
that is written as not known (``UN``, ``UNK``, ``NK``, ``ND``, ``XX``, ``??``, ``--``) is left out.

Everything is worked out once per distinct text, so a million rows cost what their distinct
dates cost. Month names are English whatever the machine's locale.
"""

from __future__ import annotations

import itertools
import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from coding.ingest.arrow_text import as_series, as_texts, distinct, trimmed
from coding.records import UserError

#: Years outside are taken for typing errors.
FIRST_YEAR, LAST_YEAR = 1850, 2199

_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_LONG_MONTHS = (
    "JANUARY", "FEBRUARY", "MARCH", "APRIL", "MAY", "JUNE", "JULY", "AUGUST", "SEPTEMBER", "OCTOBER",
    "NOVEMBER", "DECEMBER",
)  # fmt: skip
_UNKNOWN = r"UNKNOWN|UNKN|UNK|UN|NK|ND|X{2,4}|\?{2,4}|-{2,4}"
_ZONE = r"Z|[+-]\d\d(?::?\d\d)?"
_ISO = re.compile(
    rf"(?P<year>\d{{4}}|-|{_UNKNOWN})"
    rf"(?:-(?P<month>\d\d|-|{_UNKNOWN})(?:-(?P<day>\d\d|-|{_UNKNOWN})"
    r"(?:[T ](?P<hour>\d\d)(?::(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,]\d+)?)?)?"
    rf"(?P<zone>{_ZONE})?)?)?)?",
    re.IGNORECASE | re.ASCII,
)
_BASIC_ISO = re.compile(r"(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)", re.ASCII)
#: Two local times without a zone can lie this far apart on the globe.
_ZONE_SPREAD = np.timedelta64(26, "h")


class DateFormatError(UserError):
    """The study's ``date_format`` is no pattern that can be used."""


@dataclass(frozen=True, slots=True)
class PartialDate:
    """One date as far as it is known. 0 stands for a month or day (or year) that is not known;
    ``time`` is the ISO text after the ``T`` or ""."""

    year: int
    month: int = 0
    day: int = 0
    time: str = ""

    @property
    def iso(self) -> str:
        """ISO 8601, parts left out SDTM's way; "" when nothing is known."""
        if not (self.year or self.month or self.day):
            return ""
        year = f"{self.year:04d}" if self.year else "-"
        month = f"{self.month:02d}" if self.month else "-"
        if self.day:
            return f"{year}-{month}-{self.day:02d}" + (f"T{self.time}" if self.time else "")
        return f"{year}-{month}" if self.month else year


@dataclass(frozen=True)
class Dates:
    """A column of dates, row by row.

    ``iso`` is the ISO text, or the source's text (trimmed) where ``readable`` is False.
    ``earliest`` and ``latest`` (datetime64[s], NaT where the year is not known) enclose what the
    text can mean; they are UTC where ``zoned``. ``year``, ``month``, ``day`` are 0 where not known.
    """

    iso: pd.Series
    readable: npt.NDArray[np.bool_]
    earliest: npt.NDArray[np.datetime64]
    latest: npt.NDArray[np.datetime64]
    zoned: npt.NDArray[np.bool_]
    year: npt.NDArray[np.int16]
    month: npt.NDArray[np.int16]
    day: npt.NDArray[np.int16]

    def latest_beside(self, start: Dates) -> npt.NDArray[np.datetime64]:
        """The latest time of this (end) on the clock of ``start``: where only one of the two has
        a time zone, the other may be up to a day later than it reads."""
        slack = np.where(self.zoned == start.zoned, np.timedelta64(0, "s"), _ZONE_SPREAD)
        result: npt.NDArray[np.datetime64] = self.latest + slack.astype("timedelta64[s]")
        return result

    def years_since(self, birth: Dates) -> pd.Series:
        """Completed years from ``birth`` to this date, as text; "" where a year is not known or
        the birth lies later. Where month or day of either are not known: the age reached in
        that year (or month)."""
        years = self.year.astype(np.int64) - birth.year
        months_known = (self.month > 0) & (birth.month > 0)
        days_known = months_known & (self.day > 0) & (birth.day > 0)
        before = months_known & (self.month < birth.month)
        before |= days_known & (self.month == birth.month) & (self.day < birth.day)
        years = years - before
        known = (self.year > 0) & (birth.year > 0) & (years >= 0)
        texts = pa.array(years.astype(str), type=pa.large_string())
        blank = pa.scalar("", pa.large_string())
        return as_series(pa.compute.if_else(pa.array(known), texts, blank), self.iso.index)


def parse_date(text: str, date_format: str = "ISO") -> PartialDate | None:
    """One date, or None where it cannot be read. Raises DateFormatError for an unusable format.

    >>> parse_date("03/UN/2014", "%m/%d/%Y").iso
    '2014-03'
    """
    text = text.strip()
    patterns = [] if date_format == "ISO" else [_pattern(date_format)]
    for pattern in [*patterns, _ISO, _BASIC_ISO]:
        match = pattern.fullmatch(text)
        if match:
            date = _from_match(match.groupdict())
            if date is not None:
                return date
    return None


def parse_dates(column: pd.Series, date_format: str = "ISO") -> Dates:
    """Parse a text column. Blank is readable and gives ``""``. Raises DateFormatError."""
    codes, texts = distinct(trimmed(as_texts(column)))
    parsed = [PartialDate(0) if not text else parse_date(text, date_format) for text in texts]
    iso = [text if date is None else date.iso for text, date in zip(texts, parsed, strict=True)]
    dates = [date or PartialDate(0) for date in parsed]
    bounds = [_bounds(date) for date in dates]

    def spread(values: list[int]) -> npt.NDArray[np.int16]:
        return np.array(values, dtype=np.int16)[codes]

    return Dates(
        iso=as_series(pa.array(iso, type=pa.large_string()).take(pa.array(codes)), column.index),
        readable=np.array([date is not None for date in parsed], dtype=np.bool_)[codes],
        earliest=np.array([bound[0] for bound in bounds], dtype="datetime64[s]")[codes],
        latest=np.array([bound[1] for bound in bounds], dtype="datetime64[s]")[codes],
        zoned=np.array([bool(_zone(date.time)) for date in dates], dtype=np.bool_)[codes],
        year=spread([date.year for date in dates]),
        month=spread([date.month for date in dates]),
        day=spread([date.day for date in dates]),
    )


def check_date_format(date_format: str) -> None:
    """Raises DateFormatError unless ``ISO`` or a pattern that can be used."""
    if date_format != "ISO":
        _pattern(date_format)


_DIRECTIVES = {
    "d": rf"(?P<day>\d{{1,2}}|{_UNKNOWN})",
    "m": rf"(?P<month>\d{{1,2}}|{_UNKNOWN})",
    "b": rf"(?P<month>{'|'.join((*_LONG_MONTHS, *_MONTHS))}|{_UNKNOWN})",
    "Y": rf"(?P<year>\d{{4}}|{_UNKNOWN})",
    "y": rf"(?P<year>\d{{2}}|{_UNKNOWN})",
    "H": r"(?P<hour>\d{1,2})",
    "I": r"(?P<hour>\d{1,2})",
    "M": r"(?P<minute>\d{2})",
    "S": r"(?P<second>\d{2})",
    "p": r"(?P<half>AM|PM)",
}
_DIRECTIVES["B"] = _DIRECTIVES["b"]
_DATE_DIRECTIVES = frozenset("dmbBYy")
_patterns: dict[str, re.Pattern[str]] = {}


def _pattern(date_format: str) -> re.Pattern[str]:
    if date_format not in _patterns:
        _patterns[date_format] = _compile(date_format)
    return _patterns[date_format]


def _compile(date_format: str) -> re.Pattern[str]:
    parts = re.findall(r"%.?|\s+|[^%\s]+", date_format)
    letters = [part[1:] for part in parts if part.startswith("%")]
    if not letters or any(letter not in _DIRECTIVES for letter in letters):
        raise DateFormatError(
            f"date_format {date_format!r}: allowed are ISO or a pattern of %d %m %b %B %Y %y %H %I %M %S %p"
        )
    roles = [_DIRECTIVES[letter].split("<")[1].split(">")[0] for letter in letters]
    if len(set(roles)) < len(roles) or "year" not in roles:
        raise DateFormatError(f"date_format {date_format!r}: needs the year, and each part once")
    adjacent = any(first[0] == second[0] == "%" for first, second in itertools.pairwise(parts))
    pieces = [_piece(part, adjacent) for part in parts]
    date_ends = max(n for n, part in enumerate(parts) if part[0] == "%" and part[1] in _DATE_DIRECTIVES)
    tail = "".join(pieces[date_ends + 1 :])
    # A date whose time was not asked for is still a date.
    optional = f"(?:{tail})?" if "(?P<hour>" in tail else tail
    return re.compile("".join(pieces[: date_ends + 1]) + optional, re.IGNORECASE | re.ASCII)


def _piece(part: str, adjacent: bool) -> str:
    if part.isspace():
        return r"\s+"
    if not part.startswith("%"):
        return re.escape(part)
    piece = _DIRECTIVES[part[1:]]
    # Without separators between them the parts can only be told apart by their width.
    return piece.replace(r"\d{1,2}", r"\d{2}") if adjacent else piece


def _from_match(parts: dict[str, str | None]) -> PartialDate | None:
    year, month, day = _year(parts.get("year")), _month(parts.get("month")), _number(parts.get("day"))
    if year and not FIRST_YEAR <= year <= LAST_YEAR:
        return None
    if parts.get("month") and month == 0 and _digits(parts["month"]):
        return None
    if month > 12 or (day == 0 and _digits(parts.get("day"))):
        return None
    # A day without its year or month may be any that the calendar knows.
    longest = monthrange(year or 2000, month)[1] if month else 31
    if day > longest:
        return None
    time = _time(parts)
    if time is None:
        return None
    return PartialDate(year, month, day, time if day and month and year else "")


def _digits(part: str | None) -> bool:
    return bool(part) and str(part).isdigit()


def _number(part: str | None) -> int:
    return int(part) if part and part.isdigit() else 0


def _year(part: str | None) -> int:
    number = _number(part)
    if part and len(part) == 2 and part.isdigit():
        # As strptime: 69–99 are of the last century.
        return number + (1900 if number >= 69 else 2000)
    return number


def _month(part: str | None) -> int:
    name = (part or "").upper()[:3]
    return _MONTHS.index(name) + 1 if name in _MONTHS else _number(part)


def _time(parts: dict[str, str | None]) -> str | None:
    """The ISO time of the parts, "" without one, None where it is no time of the day."""
    if not parts.get("hour"):
        return ""
    hour, minute, second = (_number(parts.get(name)) for name in ("hour", "minute", "second"))
    half = (parts.get("half") or "").upper()
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half == "PM" else 0)
    if hour > 23 or minute > 59 or second > 59:
        return None
    text = f"{hour:02d}"
    if parts.get("minute"):
        text += f":{minute:02d}"
    if parts.get("second"):
        text += f":{second:02d}"
    return text + (parts.get("zone") or "").upper()


def _zone(time: str) -> str:
    match = re.search(rf"(?:{_ZONE})$", time)
    return match.group() if match else ""


def _bounds(date: PartialDate) -> tuple[datetime | None, datetime | None]:
    """The first and the last second that the date can mean; None where the year is not known."""
    if not date.year:
        return None, None
    high_month = date.month or 12
    zone = _zone(date.time)
    clock = [int(part) for part in date.time.removesuffix(zone).split(":") if part]
    first, last = _since_midnight([*clock, 0, 0, 0]), _since_midnight([*clock, *(23, 59, 59)[len(clock) :]])
    high_day = date.day or monthrange(date.year, high_month)[1]
    low = datetime(date.year, date.month or 1, date.day or 1, tzinfo=UTC) + first - _offset(zone)
    high = datetime(date.year, high_month, high_day, tzinfo=UTC) + last - _offset(zone)
    return low.replace(tzinfo=None), high.replace(tzinfo=None)


def _since_midnight(clock: list[int]) -> timedelta:
    return timedelta(hours=clock[0], minutes=clock[1], seconds=clock[2])


def _offset(zone: str) -> timedelta:
    if zone in {"", "Z"}:
        return timedelta()
    digits = zone[1:].replace(":", "").ljust(4, "0")
    minutes = int(digits[:2]) * 60 + int(digits[2:])
    return timedelta(minutes=minutes if zone[0] == "+" else -minutes)
