"""Which variables carry a coding, and how they are named.

SDTM names the coding variables of an event domain coded on five levels (LLT … SOC). For every
other combination (drugs, procedures, indications, a second dictionary, a dictionary with other
levels) the variables are named after the field or dictionary and the level, with ``_CD`` for the
code, beside the one decoded variable SDTM has (``CMDECOD``, ``PRDECOD``, ``AEDECOD``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from dictionaries.model import Release
from schemas.vocabulary import VERBATIM_VARIABLE, Domain, domain_of_field

EVENT_DOMAINS = (Domain.AE, Domain.MH, Domain.CE)
FIVE_LEVELS = ("LLT", "PT", "HLT", "HLGT", "SOC")

#: SDTM's order of the coding variables of an event domain: suffix, level, text or code. BODSYS is
#: the class used for analysis, which is the primary one here, as SOC is.
_EVENT_VARIABLES: tuple[tuple[str, str, Literal["text", "code"]], ...] = (
    ("LLT", "LLT", "text"),
    ("LLTCD", "LLT", "code"),
    ("DECOD", "PT", "text"),
    ("PTCD", "PT", "code"),
    ("HLT", "HLT", "text"),
    ("HLTCD", "HLT", "code"),
    ("HLGT", "HLGT", "text"),
    ("HLGTCD", "HLGT", "code"),
    ("BODSYS", "SOC", "text"),
    ("BDSYCD", "SOC", "code"),
    ("SOC", "SOC", "text"),
    ("SOCCD", "SOC", "code"),
)


@dataclass(frozen=True, slots=True)
class CodingVariable:
    """One column of a coded dataset and what fills it."""

    name: str
    level: str
    part: Literal["text", "code"]


def coding_variables(field: str, release: Release, *, main: bool) -> tuple[CodingVariable, ...]:
    """The coding variables of a field under a release, in the order of the dataset."""
    domain = domain_of_field(field)
    own = VERBATIM_VARIABLE[domain] == field
    if main and own and domain in EVENT_DOMAINS and release.levels == FIVE_LEVELS:
        return tuple(
            CodingVariable(f"{domain}{suffix}", level, part) for suffix, level, part in _EVENT_VARIABLES
        )
    found = []
    if main and own:
        found.append(CodingVariable(f"{domain}DECOD", release.preferred_level, "text"))
    stem = str(domain) if main and own else field if main else f"{field}_{_plain(release.name)}"
    start = release.levels.index(release.coding_level)
    for level in release.levels[start:]:
        found.append(CodingVariable(f"{stem}_{_plain(level)}", level, "text"))
        found.append(CodingVariable(f"{stem}_{_plain(level)}_CD", level, "code"))
    return tuple(found)


def status_variables(field: str, release: Release, *, main: bool) -> tuple[str, str, str]:
    """The names of the columns with status, method and release of a coding."""
    own = VERBATIM_VARIABLE[domain_of_field(field)] == field
    stem = "TC" if main and own else f"TC_{field}" if main else f"TC_{field}_{_plain(release.name)}"
    return f"{stem}_STATUS", f"{stem}_METHOD", f"{stem}_RELEASE"


def _plain(name: str) -> str:
    return re.sub(r"[^A-Z0-9]+", "_", name.upper()).strip("_")
