"""Dates: what is accepted, what it becomes, what is certain about two of them."""

from __future__ import annotations

from datetime import date, timedelta

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coding.ingest.dates import DateFormatError, check_date_format, parse_date, parse_dates

ISO_CASES = [
    ("2014", "2014"),
    ("2014-03", "2014-03"),
    ("2014-03-21", "2014-03-21"),
    (" 2014-03-21 ", "2014-03-21"),
    ("20140321", "2014-03-21"),
    ("2014-03-21T10", "2014-03-21T10"),
    ("2014-03-21T10:15", "2014-03-21T10:15"),
    ("2014-03-21 10:15:30", "2014-03-21T10:15:30"),
    ("2014-03-21T10:15:30.250", "2014-03-21T10:15:30"),
    ("2014-03-21T10:15Z", "2014-03-21T10:15Z"),
    ("2014-03-21t10:15:30+02:00", "2014-03-21T10:15:30+02:00"),
    ("2003---15", "2003---15"),
    ("--12-15", "--12-15"),
    ("--12", "--12"),
    ("-----", ""),
    ("2014-UN-UN", "2014"),
    ("2014-03-UNK", "2014-03"),
    ("2014-un-21", "2014---21"),
    ("UNKN-03-21", "--03-21"),
    ("2012-02-29", "2012-02-29"),
    ("--02-29", "--02-29"),
]
UNREADABLE = [
    "2014-13", "2014-02-30", "2013-02-29", "2014-00-03", "2014-03-00", "2014-3-1", "spring", "21/03/2014",
    "2014-03-21T25", "2014-03-21T10:61", "0214-03-21", "9999-01-01", "2014-", "2014-03-21T", "201403",
    "１２-03",
]  # fmt: skip
FORMAT_CASES = [
    ("%m/%d/%Y", "03/21/2014", "2014-03-21"),
    ("%m/%d/%Y", "3/1/2014", "2014-03-01"),
    ("%m/%d/%Y", "UN/UN/2014", "2014"),
    ("%m/%d/%Y", "03/UNK/2014", "2014-03"),
    ("%m/%d/%Y", "03/--/2014", "2014-03"),
    ("%m/%d/%Y", "UN/21/2014", "2014---21"),
    ("%m/%d/%Y", "??/??/????", ""),
    ("%m/%d/%Y", "2014-03-21", "2014-03-21"),
    ("%m/%d/%Y", "2014", "2014"),
    ("%d%b%Y", "21MAR2014", "2014-03-21"),
    ("%d%b%Y", "UNUNK2014", "2014"),
    ("%d%b%Y", "UNmar2014", "2014-03"),
    ("%d-%b-%Y", "--MAR-2014", None),
    ("%d-%b-%Y", "UN-MAR-2014", "2014-03"),
    ("%d %B %Y", "1 march 2014", "2014-03-01"),
    ("%d.%m.%y", "21.03.14", "2014-03-21"),
    ("%d.%m.%y", "21.03.69", "1969-03-21"),
    ("%Y%m%d", "20140321", "2014-03-21"),
    ("%Y%m%d", "2014321", None),
    ("%m/%d/%Y %H:%M", "03/21/2014 17:05", "2014-03-21T17:05"),
    ("%m/%d/%Y %H:%M", "03/21/2014", "2014-03-21"),
    ("%m/%d/%Y %I:%M %p", "3/21/2014 5:05 pm", "2014-03-21T17:05"),
    ("%m/%d/%Y %I:%M %p", "3/21/2014 12:05 AM", "2014-03-21T00:05"),
    ("%m/%d/%Y %I:%M %p", "3/21/2014 13:05 AM", None),
    ("%m/%d/%Y", "21/03/2014", None),
    ("%m/%d/%Y", "02/30/2014", None),
]


@pytest.mark.parametrize(("text", "iso"), ISO_CASES)
def test_iso_dates_in_every_precision(text: str, iso: str) -> None:
    found = parse_date(text)
    assert found is not None
    assert found.iso == iso


@pytest.mark.parametrize("text", UNREADABLE)
def test_what_is_no_date(text: str) -> None:
    assert parse_date(text) is None


@pytest.mark.parametrize(("date_format", "text", "iso"), FORMAT_CASES)
def test_dates_by_pattern(date_format: str, text: str, iso: str | None) -> None:
    found = parse_date(text, date_format)
    assert (None if found is None else found.iso) == iso


@pytest.mark.parametrize("date_format", ["", "%Q", "%d/%m", "%Y-%Y", "%d %b %m %Y", "plain", "%", "%%Y"])
def test_a_pattern_that_cannot_be_used(date_format: str) -> None:
    with pytest.raises(DateFormatError, match="date_format"):
        check_date_format(date_format)


def test_a_column_keeps_what_cannot_be_read() -> None:
    found = parse_dates(pd.Series(["2014-03", "", " soon ", "2014-03"], dtype="str", index=[9, 8, 7, 6]))
    assert found.iso.tolist() == ["2014-03", "", "soon", "2014-03"]
    assert found.iso.index.tolist() == [9, 8, 7, 6]
    assert found.readable.tolist() == [True, True, False, True]
    assert found.earliest.astype(str).tolist()[0] == "2014-03-01T00:00:00"
    assert found.latest.astype(str).tolist()[0] == "2014-03-31T23:59:59"


@pytest.mark.parametrize(
    ("start", "end", "before"),
    [
        ("2014-03-21", "2014-03-20", True),
        ("2014-03-21", "2014-03-21", False),
        ("2014-03-21", "2014-03", False),
        ("2014-03-21", "2014-02", True),
        ("2014-03-21", "2014", False),
        ("2014", "2013-12-31", True),
        ("2014-03-21T10:00", "2014-03-21", False),
        ("2014-03-21T10:00", "2014-03-21T09:59", True),
        ("2014-03-21T10", "2014-03-21T10:00", False),
        ("2014---21", "2014-01-20", True),
        ("2014---21", "2014-02-20", False),
        ("--03-21", "2013", False),
        ("2014-03-21T10:00+02:00", "2014-03-21T08:30Z", False),
        ("2014-03-21T10:00+02:00", "2014-03-21T07:30Z", True),
        ("2014-03-21T10:00Z", "2014-03-21T09:00", False),
        ("2014-03-21T10:00Z", "2014-03-19", True),
        ("2014-03-21", "", False),
        ("", "2014-03-21", False),
        ("soon", "2014-03-21", False),
    ],
)
def test_an_end_before_the_start_only_where_it_is_certain(start: str, end: str, before: bool) -> None:
    starts, ends = (parse_dates(pd.Series([text], dtype="str")) for text in (start, end))
    assert (ends.latest_beside(starts) < starts.earliest).tolist() == [before]


@pytest.mark.parametrize(
    ("birth", "at", "years"),
    [
        ("1950-12-26", "2014-01-03", "63"),
        ("1950-12-26", "2014-12-25", "63"),
        ("1950-12-26", "2014-12-26", "64"),
        ("1950-12", "2014-12-25", "64"),
        ("1950", "2014-01-03", "64"),
        ("2015", "2014-01-03", ""),
        ("--12-26", "2014", ""),
        ("", "2014", ""),
        ("1950", "soon", ""),
    ],
)
def test_completed_years(birth: str, at: str, years: str) -> None:
    births, ats = (parse_dates(pd.Series([text], dtype="str")) for text in (birth, at))
    assert ats.years_since(births).tolist() == [years]


days = st.dates(date(1850, 1, 1), date(2199, 12, 31))


@given(days, st.sampled_from(["%m/%d/%Y", "%d.%m.%Y", "%Y-%m-%d", "%Y%m%d"]))
def test_every_day_is_read_as_itself(day: date, date_format: str) -> None:
    found = parse_date(day.strftime(date_format) if day.year > 999 else "", date_format)
    assert found is not None
    assert found.iso == day.isoformat()


@given(st.text(max_size=30))
def test_no_text_breaks_the_parser_and_iso_is_read_as_itself(text: str) -> None:
    found = parse_date(text)
    if found is not None and found.iso:
        assert parse_date(found.iso) == found


@given(days, days, st.sampled_from([4, 7, 10]), st.sampled_from([4, 7, 10]))
def test_cutting_a_date_never_makes_an_order_certain_that_was_not(
    first: date, second: date, cut_start: int, cut_end: int
) -> None:
    start, end = first.isoformat()[:cut_start], second.isoformat()[:cut_end]
    common = min(cut_start, cut_end)
    starts, ends = (parse_dates(pd.Series([text], dtype="str")) for text in (start, end))
    assert (ends.latest_beside(starts) < starts.earliest).tolist() == [end[:common] < start[:common]]


@given(days, st.integers(0, 40_000))
def test_age_is_the_number_of_birthdays(birth: date, later: int) -> None:
    at = birth + timedelta(days=later)
    births, ats = (parse_dates(pd.Series([day.isoformat()], dtype="str")) for day in (birth, at))
    had_birthday = (at.month, at.day) >= (birth.month, birth.day)
    years = at.year - birth.year - (not had_birthday)
    assert ats.years_since(births).tolist() == [str(years) if at.year <= 2199 else ""]
