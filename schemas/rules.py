"""The rules that every form record is checked by: their ids, and what a person is told.

An error quarantines the row; after a warning the row goes on and is coded all the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from schemas.vocabulary import Severity

#: Longest verbatim that a SAS transport file (SDTM's 200-byte text) takes.
VERBATIM_LIMIT = 200


class Rule(StrEnum):
    """The stable ids, in the order in which the issues of one row are listed."""

    VERBATIM_UNREADABLE = "verbatim_unreadable"
    SUBJECT_MISSING = "subject_missing"
    VERBATIM_MISSING = "verbatim_missing"
    VERBATIM_ONLY_PUNCTUATION = "verbatim_only_punctuation"
    VERBATIM_CONTROL_CHARACTERS = "verbatim_control_characters"
    VERBATIM_TOO_LONG = "verbatim_too_long"
    SUBJECT_UNKNOWN = "subject_unknown"
    SUBJECT_TWICE = "subject_twice"
    RECORD_KEY_TWICE = "record_key_twice"
    SAME_EVENT_TWICE = "same_event_twice"
    DATE_UNREADABLE = "date_unreadable"
    END_BEFORE_START = "end_before_start"
    CODE_LIST = "code_list"
    AGE_UNREADABLE = "age_unreadable"


@dataclass(frozen=True, slots=True)
class RuleText:
    """How a finding of a rule reads. Neither text holds patient data."""

    severity: Severity
    message: str
    what_to_do: str


RULES: dict[Rule, RuleText] = {
    Rule.VERBATIM_UNREADABLE: RuleText(
        Severity.ERROR,
        "the row cannot be read",
        "repair the row in the file, or export the file anew",
    ),
    Rule.SUBJECT_MISSING: RuleText(
        Severity.ERROR,
        "the subject is blank, so the record cannot be identified",
        "fill in the subject at the source; a blank line at the end of a sheet can be deleted",
    ),
    Rule.VERBATIM_MISSING: RuleText(
        Severity.ERROR,
        "the verbatim is blank",
        "ask the site for the verbatim, or delete the record if it was opened by mistake",
    ),
    Rule.VERBATIM_ONLY_PUNCTUATION: RuleText(
        Severity.ERROR,
        "the verbatim has neither a letter nor a digit",
        "ask the site for the verbatim",
    ),
    Rule.VERBATIM_CONTROL_CHARACTERS: RuleText(
        Severity.WARNING,
        "the verbatim holds control characters (line breaks, tabs or others that do not show)",
        "have the verbatim cleaned at the source; it is coded as it stands",
    ),
    Rule.VERBATIM_TOO_LONG: RuleText(
        Severity.WARNING,
        f"the verbatim is longer than {VERBATIM_LIMIT} characters",
        "ask the site for a shorter one: a transport file cuts it; it is coded as it stands",
    ),
    Rule.SUBJECT_UNKNOWN: RuleText(
        Severity.WARNING,
        "the subject is not in the demographics",
        "check the subject's spelling and the demographics; sex and age are not known for this record",
    ),
    Rule.SUBJECT_TWICE: RuleText(
        Severity.WARNING,
        "the subject is in the demographics more than once",
        "leave one row a subject; the first one is used",
    ),
    Rule.RECORD_KEY_TWICE: RuleText(
        Severity.WARNING,
        "another record has the same subject and record id",
        "add a column to columns.record_id in study.yaml that tells them apart; until then the later "
        "ones are numbered in file order",
    ),
    Rule.SAME_EVENT_TWICE: RuleText(
        Severity.WARNING,
        "the same verbatim with the same start was entered before for this subject",
        "ask the site whether this is one event; both are coded",
    ),
    Rule.DATE_UNREADABLE: RuleText(
        Severity.WARNING,
        "the date cannot be read",
        "correct the date at the source, or set date_format of this source in study.yaml",
    ),
    Rule.END_BEFORE_START: RuleText(
        Severity.WARNING,
        "the end lies before the start",
        "ask the site which of the two dates is wrong",
    ),
    Rule.CODE_LIST: RuleText(
        Severity.WARNING,
        "the value is not in the code list",
        "correct the value at the source, or add it to code_lists of this source in study.yaml",
    ),
    Rule.AGE_UNREADABLE: RuleText(
        Severity.WARNING,
        "the age is not a number of years from 0 to 130",
        "correct the age at the source, or map birth_date instead in study.yaml",
    ),
}

#: The position of each rule in the listing.
RULE_ORDER: dict[str, int] = {str(rule): number for number, rule in enumerate(Rule)}

#: The rules that keep a row from being coded.
QUARANTINING = tuple(rule for rule in Rule if RULES[rule].severity is Severity.ERROR)
