"""Recognise forms by their headers and first rows, so that a study.yaml begins as a draft.

Nothing is read or written here: tables in, :class:`DraftSource` or a reason why not out. What
cannot be known from headers and a few rows becomes a line that begins with ``choose:``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from coding.operations.draft_values import CodeList, DateGuess, guess_code_lists, guess_date_format
from schemas.vocabulary import Domain

#: What a site's wording is called: SDTM's name first, then those of EDC and Oracle extracts.
_VERBATIMS: dict[Domain, tuple[str, ...]] = {
    Domain.AE: ("AETERM", "AEVERB", "AEVERBATIM"),
    Domain.MH: ("MHTERM", "MHVERB", "MHVERBATIM"),
    Domain.CE: ("CETERM", "CEVERB", "CEVERBATIM"),
    Domain.CM: ("CMTRT", "CMVERB", "CMTERM", "MDVERB", "MDTRT"),
    Domain.PR: ("PRTRT", "PRVERB", "PRTERM"),
}

#: Prefixes of a domain's own columns (``MD`` is Oracle's medication form).
_PREFIXES: dict[Domain, tuple[str, ...]] = {
    Domain.AE: ("AE",),
    Domain.MH: ("MH",),
    Domain.CE: ("CE",),
    Domain.CM: ("CM", "MD"),
    Domain.PR: ("PR",),
    Domain.DM: ("DM",),
}

_SUBJECTS = (
    "USUBJID", "SUBJID", "SUBJECT", "SUBJECTID", "SUBJECTKEY", "SUBJECTNUMBER", "SUBJNO", "SUBJNUM",
    "SUBNUM", "SUBJECTNAME", "PATNUM", "PATIENT", "PATIENTID", "PATID", "PATNO", "PTID", "PTNO",
)  # fmt: skip
_STUDIES = ("STUDYID", "STUDY", "STUDYOID", "STUDYNAME", "PROTOCOL", "PROTOCOLID", "PROJECT")

#: Role → whole column names. Roles and their order are those of ``columns`` in study.yaml.
_WHOLE: dict[str, tuple[str, ...]] = {
    "site": (
        "SITEID", "SITE", "SITENUM", "SITENUMBER", "SITENO", "SITEREF", "CENTRE", "CENTER", "INVSITE",
        "INVID",
    ),
    "visit": (
        "VISIT", "VISITNAME", "STUDYEVENTOID", "EVENTNAME", "EVENTID", "FOLDERNAME", "FOLDERL", "FOLDER",
        "INSTANCENAME",
    ),
    "country": ("COUNTRY", "CNTRY"),
    "sex": ("SEX", "GENDER"),
    "age": ("AGE", "AGEYR", "AGEYEARS"),
    "birth_date": ("BRTHDTC", "BRTHDAT", "BRTHDT", "BIRTHDAT", "BIRTHDT", "BIRTHDATE", "DOB"),
}  # fmt: skip

#: Role → endings that follow the domain's prefix.
_ENDINGS: dict[str, tuple[str, ...]] = {
    "start": (
        "STDTC", "STDAT", "STDT", "STDTM", "STDATE", "STARTDT", "STARTDATE", "START", "ONSETDT", "ONDT",
    ),
    "end": (
        "ENDTC", "ENDAT", "ENDT", "ENDTM", "ENDATE", "ENDDT", "ENDDATE", "END", "STOPDT", "STOPDATE", "STOP",
    ),
    "severity": ("SEV", "TOXGR", "GRADE", "SEVERITY", "INTENS"),
    "serious": ("SER", "SERIOUS", "SERYN", "SAE"),
    "outcome": ("OUT", "OUTCOME", "OUTC"),
    "action": ("ACN", "ACTION", "ACT"),
    "causality": ("REL", "CAUSALITY", "CAUS", "RELAT"),
    "indication": ("INDC", "IND", "INDIC", "INDICATION"),
    "route": ("ROUTE", "RTEL", "RTE"),
    "dose": ("DOSE", "DOSTXT"),
    "form": ("DOSFRM", "DOSEFORM", "FORM"),
    "strength": ("STRENGTH", "STREN"),
    "country": ("COUNTRY", "CNTRY"),
}  # fmt: skip

_EVENT_ROLES = ("site", "visit", "start", "end", "severity", "serious", "outcome", "action", "causality")
_PERSON = ("sex", "age", "birth_date")
_ROLES: dict[Domain, tuple[str, ...]] = {
    Domain.AE: _EVENT_ROLES,
    Domain.CE: _EVENT_ROLES,
    Domain.MH: ("site", "visit", "start", "end", "severity"),
    Domain.CM: (
        "site", "visit", "start", "end", "indication", "route", "dose", "form", "strength", "country",
    ),
    Domain.PR: ("site", "visit", "start", "end", "indication", "country"),
    Domain.DM: ("site", "country", *_PERSON),
}  # fmt: skip

#: Columns that place a record in the EDC; together they identify it when no single one does.
_PLACES = (
    "STUDYEVENTOID", "STUDYEVENTREPEATKEY", "FORMOID", "FORMREPEATKEY", "ITEMGROUPOID", "ITEMGROUPREPEATKEY",
)  # fmt: skip
_LINES = ("RECORDID", "RECORDPOSITION", "RECORDNO", "LINENO", "LINENUMBER", "LINE")

_ARMS = re.compile(
    r"(ACT(UAL)?|PLANNED)?ARM(CD|NRS|UD)?|ACTARMUD|TRT\d\d[AP]N?|TREATMENTARM|TREATMENTGROUP|"
    r"RANDGRP|RANDARM|RANDNUM|RANDNO"
)
_CODED_ENDINGS = ("LLT", "LLTCD", "DECOD", "PTCD", "LLTTERM", "LLTCODE", "PTTERM", "PTCODE")


@dataclass(frozen=True)
class FormTable:
    """One table of a file as the draft sees it. ``sheet``: sheet or item group, ``rows``: the
    first rows, all text. ``kind``: ``sheet``, ``item_group`` or "" when a file has one table."""

    file: Path
    sheet: str
    kind: str
    columns: tuple[str, ...]
    rows: pd.DataFrame

    @property
    def label(self) -> str:
        return f"{self.file.name} [{self.sheet}]" if self.kind else self.file.name


@dataclass(frozen=True)
class DraftSource:
    """One source of the draft: what was recognised, and what is left to choose: (key, question).

    ``other_verbatims`` could stand before ``verbatim`` in the file's row: a second wording, or an
    LLT that is filled where the verbatim is masked.
    """

    name: str
    domain: Domain
    table: FormTable
    verbatim: tuple[str, ...]
    subject: str
    record_id: tuple[str, ...]
    roles: Mapping[str, str]
    dates: DateGuess
    code_lists: Mapping[str, CodeList]
    earlier: Mapping[str, str]
    arms: tuple[str, ...]
    other_verbatims: tuple[str, ...]
    choose: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Draft:
    """All sources, the demographics among them, what was left out and why."""

    sources: tuple[DraftSource, ...]
    demographics: str
    study_ids: tuple[str, ...]
    left_out: tuple[str, ...]
    choose: tuple[str, ...]


def bare(column: str) -> str:
    """A column's name without prefix, case and punctuation: ``IT.AETERM`` → ``AETERM``."""
    return re.sub(r"[^A-Z0-9]", "", column.rsplit(".", maxsplit=1)[-1].upper())


def draft_sources(tables: Iterable[FormTable]) -> Draft:
    """Recognise the sources among tables. Names are unique; order is that of the tables."""
    left_out: list[str] = []
    nothing: dict[str, list[str]] = {}
    recognised: list[tuple[FormTable, Domain]] = []
    for table in tables:
        domains = _domains(table)
        if not domains:
            nothing.setdefault(table.file.name, []).append(table.sheet if table.kind else "")
        elif _subject(table) is None:
            columns = ", ".join(table.columns[:12])
            left_out.append(
                f"{table.label}: looks like {domains[0]}, but no column with the subject was "
                f"recognised among {columns}; add the source by hand"
            )
        else:
            recognised += [(table, domain) for domain in domains]
    left_out += [
        f"{file}: nothing to code{' in ' if any(names) else ''}{', '.join(names)} "
        "(no verbatim of AE, MH, CE, CM or PR)"
        for file, names in nothing.items()
    ]
    shared = _shared_subjects([table for table, _ in recognised])
    names: list[str] = []
    sources = []
    own_sex = not any(domain is Domain.DM for _, domain in recognised)
    for table, domain in recognised:
        names.append(_name(table, domain, recognised, names))
        sources.append(_source(names[-1], table, domain, shared, own_sex=own_sex))
    demographics, doubts = _demographics(sources)
    kept = [source for source in sources if source.domain is not Domain.DM or source.name == demographics]
    left_out += [
        f"{source.table.label}: a second table with sex or age; only one can be `demographics`"
        for source in sources
        if source not in kept
    ]
    return Draft(tuple(kept), demographics, _study_ids(recognised), tuple(left_out), tuple(doubts))


def _domains(table: FormTable) -> list[Domain]:
    found = {bare(column) for column in table.columns}
    coded = [domain for domain, names in _VERBATIMS.items() if found.intersection(names)]
    if coded:
        return coded
    sexed = found.intersection(_WHOLE["sex"])
    aged = found.intersection((*_WHOLE["age"], *_WHOLE["birth_date"], "RACE", "ETHNIC"))
    return [Domain.DM] if sexed and aged else []


def _first(table: FormTable, names: Sequence[str]) -> str | None:
    """The table's column whose bare name comes first in ``names``."""
    columns = {bare(column): column for column in reversed(table.columns)}
    return next((columns[name] for name in names if name in columns), None)


def _subject(table: FormTable, preferred: Sequence[str] = ()) -> str | None:
    return _first(table, (*preferred, *_SUBJECTS))


def _shared_subjects(tables: Sequence[FormTable]) -> list[str]:
    """Names of subject columns that every table has, so that subjects can be joined."""
    if not tables:
        return []
    common = set.intersection(*({bare(column) for column in table.columns} for table in tables))
    return [name for name in _SUBJECTS if name in common]


def _source(
    name: str, table: FormTable, domain: Domain, shared: Sequence[str], *, own_sex: bool
) -> DraftSource:
    subject = _subject(table, shared) or ""
    choose: list[tuple[str, str]] = []
    names = _VERBATIMS.get(domain, ())
    verbatims = [column for wanted in names for column in table.columns if bare(column) == wanted]
    if len(verbatims) > 1:
        choose.append(("verbatim", f"{verbatims[0]} is taken, {', '.join(verbatims[1:])} is there too"))
    wanted_roles = (*_ROLES[domain], *(_PERSON if own_sex else ()))
    roles = _roles(table, domain, wanted_roles, {subject, *verbatims})
    record_id: tuple[str, ...] = ()
    if domain is not Domain.DM:
        record_id = _record_id(table, domain, subject)
        choose += _record_id_questions(record_id)
    date_columns = [roles[role] for role in ("start", "end", "birth_date") if role in roles]
    dates = guess_date_format([table.rows[column] for column in date_columns])
    choose += [("date_format", question) for question in dates.choose]
    code_lists = guess_code_lists({role: table.rows[column] for role, column in roles.items()})
    for role, code_list in code_lists.items():
        if code_list.unknown:
            answers = ", ".join(code_list.unknown)
            choose.append((role, f"what these answers of {roles[role]} mean ({role}): {answers}"))
    llt = _first(table, [prefix + "LLT" for prefix in _PREFIXES[domain]])
    return DraftSource(
        name=name,
        domain=domain,
        table=table,
        verbatim=tuple(verbatims[:1]),
        subject=subject,
        record_id=record_id,
        roles=roles,
        dates=dates,
        code_lists=code_lists,
        earlier=_earlier(table, domain),
        arms=tuple(column for column in table.columns if _ARMS.fullmatch(bare(column))),
        other_verbatims=(*verbatims[1:], *([llt] if llt else [])),
        choose=tuple(choose),
    )


def _record_id_questions(record_id: tuple[str, ...]) -> list[tuple[str, str]]:
    if not record_id:
        question = (
            "no column was found that tells a subject's records apart; name one or several if there are; "
            "without, a record is told by its visit, start and verbatim, and one that is reworded counts "
            "as removed and new"
        )
        return [("record_id", question)]
    if bare(record_id[0]).endswith("SEQ"):
        question = f"{record_id[0]} may be numbered anew in each extract; the EDC's own line number is better"
        return [("record_id", question)]
    return []


def _roles(table: FormTable, domain: Domain, wanted: Sequence[str], taken: set[str]) -> dict[str, str]:
    roles: dict[str, str] = {}
    for role in wanted:
        names = [prefix + ending for prefix in _PREFIXES[domain] for ending in _ENDINGS.get(role, ())]
        column = _first(table, (*names, *_WHOLE.get(role, ())))
        if column is None or column in taken or (role == "visit" and _constant_folder(table, column)):
            continue
        roles[role] = column
        taken = {*taken, column}
    return roles


def _constant_folder(table: FormTable, column: str) -> bool:
    # A FOLDER that only ever says "AE" names the form, not the visit.
    return bare(column).startswith("FOLDER") and table.rows[column].nunique() < 2


def _record_id(table: FormTable, domain: Domain, subject: str) -> tuple[str, ...]:
    """The first column, else the EDC's keys together, that is filled and unique within a subject."""
    if table.rows.empty:
        return ()
    prefixes = _PREFIXES[domain]
    names = [prefix + ending for ending in ("SPID", "SEQ", "LINE", "NUM", "NO") for prefix in prefixes]
    singles = [(column,) for name in (*names, *_LINES) if (column := _first(table, (name,)))]
    places = tuple(column for name in _PLACES if (column := _first(table, (name,))))
    for columns in (*singles, places):
        if columns and _identifies(table.rows, subject, columns):
            return columns
    return ()


def _identifies(rows: pd.DataFrame, subject: str, columns: tuple[str, ...]) -> bool:
    filled = bool((rows[columns[-1]].str.strip() != "").all())
    return filled and not bool(rows.duplicated([subject, *columns]).any())


def _earlier(table: FormTable, domain: Domain) -> dict[str, str]:
    names = [prefix + ending for prefix in _PREFIXES[domain] for ending in _CODED_ENDINGS]
    names += [ending for ending in _CODED_ENDINGS if ending.startswith(("LLTT", "LLTC", "PTT", "PTC"))]
    term = _first(table, [name for name in names if not name.endswith(("CD", "CODE"))])
    code = _first(table, [name for name in names if name.endswith(("CD", "CODE"))])
    return {role: column for role, column in (("code", code), ("term", term)) if column}


def _name(
    table: FormTable, domain: Domain, recognised: Sequence[tuple[FormTable, Domain]], taken: Sequence[str]
) -> str:
    """A source's name: the file's, or the sheet's or item group's, with the domain where one table
    gives several; numbered where that is taken."""
    name = table.sheet.rsplit(".", maxsplit=1)[-1] if table.kind else table.file.name.split(".")[0]
    if sum(item is table for item, _ in recognised) > 1:
        name = f"{name[:29]}_{domain}"
    name = re.sub(r"[^A-Za-z0-9_-]+", "_", name).strip("_-").lower()[:32].strip("_-")
    name = name or str(domain).lower()
    number, unique = 1, name
    while unique in taken:
        number += 1
        unique = f"{name[:28]}_{number}"
    return unique


def _demographics(sources: Sequence[DraftSource]) -> tuple[str, list[str]]:
    """The table of sex and age: the one whose subject column most coded sources share."""
    tables = [source for source in sources if source.domain is Domain.DM]
    coded = [source for source in sources if source.domain is not Domain.DM]
    if not tables:
        return "", []
    shares = [sum(bare(item.subject) == bare(table.subject) for item in coded) for table in tables]
    chosen = tables[shares.index(max(shares))]
    doubts = [
        f"subjects of {item.name} ({item.subject}) may be written otherwise than those of "
        f"{chosen.name} ({chosen.subject}); unknown ones are reported by the first run"
        for item in coded
        if bare(item.subject) != bare(chosen.subject)
    ]
    return chosen.name, doubts


def _study_ids(recognised: Sequence[tuple[FormTable, Domain]]) -> tuple[str, ...]:
    found: set[str] = set()
    for table, _ in recognised:
        column = _first(table, _STUDIES)
        if column is not None:
            found |= {str(value).strip() for value in table.rows[column].unique()}
    return tuple(sorted(found - {""}))
