"""Sex and age of each record: from its own source, else from the demographics."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from coding.ingest.arrow_text import as_series, as_texts, distinct, is_filled, trimmed
from coding.ingest.dates import Dates, parse_dates

OLDEST = 130


@dataclass(frozen=True)
class Demographics:
    """One row per subject (the first of several): ``subject, sex, age, birth_date`` as text, all
    parsed already."""

    frame: pd.DataFrame

    @classmethod
    def of(cls, forms: pd.DataFrame) -> Demographics:
        """From the parsed rows of the demographics source."""
        columns = ["subject", "sex", "age", "birth_date"]
        return cls(forms.loc[~forms["subject"].duplicated(), columns].reset_index(drop=True))

    @property
    def subjects(self) -> Collection[str]:
        return set(self.frame["subject"])

    def column_for(self, subjects: pd.Series, column: str) -> pd.Series:
        """The value of each row's subject; "" for a subject that is not known."""
        places = pc.index_in(as_texts(subjects), value_set=as_texts(self.frame["subject"]))
        found = as_texts(self.frame[column]).take(places)
        return as_series(pc.fill_null(found, ""), subjects.index)


def parse_ages(column: pd.Series) -> tuple[pd.Series, npt.NDArray[np.bool_]]:
    """Years as text (``63.0`` → ``63``; "" where unreadable), and whether each could be read."""
    codes, texts = distinct(trimmed(as_texts(column)))
    years = [_years(text) for text in texts]
    values = pa.array([text or "" for text in years], type=pa.large_string()).take(pa.array(codes))
    readable = np.array([year is not None for year in years], dtype=np.bool_)
    return as_series(values, column.index), readable[codes]


def _years(text: str) -> str | None:
    if not text:
        return ""
    whole, _, fraction = text.partition(".")
    if not (whole.isascii() and whole.isdigit() and len(whole) <= 3):
        return None
    if fraction and not (fraction.isascii() and fraction.isdigit()):
        return None
    if float(text) > OLDEST:
        return None
    fraction = fraction.rstrip("0")
    return f"{int(whole)}.{fraction}" if fraction else str(int(whole))


def add_sex_and_age(frame: pd.DataFrame, start: Dates, demographics: Demographics | None) -> pd.DataFrame:
    """Fill blank ``sex`` and ``age`` of a form frame.

    Sex: the record's own, else the demographics'. Age: the record's own, else from its own birth
    date to its start, else the demographics' age, else from the demographics' birth date to its
    start. ``birth_date`` holds ISO text and is left as it is.
    """
    sex, age = frame["sex"], _filled_from(frame["age"], _age_at(frame["birth_date"], start))
    if demographics is not None:
        sex = _filled_from(sex, demographics.column_for(frame["subject"], "sex"))
        age = _filled_from(age, demographics.column_for(frame["subject"], "age"))
        age = _filled_from(age, _age_at(demographics.column_for(frame["subject"], "birth_date"), start))
    return frame.assign(sex=sex, age=age)


def _age_at(birth: pd.Series, start: Dates) -> pd.Series:
    if not is_filled(as_texts(birth)).any():
        return birth
    ages, _ = parse_ages(start.years_since(parse_dates(birth)))
    return ages


def _filled_from(column: pd.Series, other: pd.Series) -> pd.Series:
    filled = is_filled(as_texts(column))
    if filled.all():
        return column
    return as_series(pc.if_else(pa.array(filled), as_texts(column), as_texts(other)), column.index)
