"""The text of a study.yaml: commented lines that a data manager fills in.

Text templates rather than a dump of values: the comments are half of the file. Every key of the
configuration stands in it, in use or as a comment. ``choose:`` marks what is left to a person.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from textwrap import wrap

from coding.operations.drafting import Draft, DraftSource
from coding.study import CODABLE_FIELDS
from schemas.vocabulary import OPTIONAL_VARIABLES, VERBATIM_VARIABLE, Domain

#: The dictionaries of ours that code events and conditions, and treatments.
OPEN_EVENTS, OPEN_DRUGS = "open_events", "open_drugs"

_EVENTS = (Domain.AE, Domain.MH, Domain.CE)
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./]*")
#: Read as something else than text by other YAML readers.
_WORDS = {"y", "n", "yes", "no", "on", "off", "true", "false", "null"}
#: Where a comment behind a key begins.
_COMMENT_COLUMN = 32

_HEAD = """\
# Configuration of one study for trialcoder.
#
# Lines that begin with # are explanations or settings that are not in use: take the # away to use
# one. Where a comment says "choose:", a person has to look. docs/study-yaml.md explains every key.
"""

_CONVENTION = """\
# The study's written coding rules; every decision is recorded under them.
convention:
  document: ""                  # choose: name of the coding convention
  version: ""                   # choose: its version
  points_to_consider: ""        # choose: edition of MedDRA's Points to Consider
"""

_SOURCES_HEAD = """\
# Where the records come from: one entry per file (or files of one kind: `file: ae_*.csv`).
# A file is named relative to this folder or by its full path.
sources:
"""

_EMPTY_SOURCES = """\
  - name: ae                    # a short name of your own
    domain: AE                  # AE, MH, CE, CM, PR; DM for sex and age
    file: ae.csv                # choose: the file
    # format: auto              # csv, tsv, xlsx, xpt, sas7bdat, odm, dataset-json
    # sheet: AE                 # of an Excel workbook with several
    # item_group: IG.AE         # form or item group OID of an ODM file
    # encoding: windows-1252    # only when the one that is found is wrong
    columns:                    # choose: the file's column for each
      verbatim: AETERM          # or the first filled of several: [AETERM_CORR, AETERM]
      subject: USUBJID
      # What tells a subject's records apart, in every extract anew; one column or several.
      record_id: AESPID
      # site: SITEID
      # visit: VISIT
      # start: AESTDTC
      # end: AEENDTC
      # severity: AESEV
      # serious: AESER
      # outcome: AEOUT
      # action: AEACN
      # causality: AEREL
      # indication: CMINDC      # these are for medications
      # route: CMROUTE
      # dose: CMDOSE
      # form: CMDOSFRM
      # strength: CMSTRENGTH
      # country: COUNTRY
      # sex: SEX                # these are for demographics
      # age: AGE
      # birth_date: BRTHDTC
    date_format: ISO            # or such as "%m/%d/%Y" for 12/31/2025
    # code_lists:               # where the file's answers differ from the standard ones
    #   serious:
    #     "Y": ["Yes"]
    #     "N": ["No"]
    # earlier_coding:           # columns with a coding that the study wants to count
    #   code: AELLTCD
    #   term: AELLT
"""

_TAIL = """\
# What each way of finding a term may do: candidate (a person chooses), needs_approval (coded,
# a person approves) or approved. A serious event is never approved by score.
# outcomes:
#   synonym: approved
#   earlier_coding: needs_approval
#   exact: approved
#   normalised: needs_approval
#   no_event: needs_approval    # "none", "no headache": not codable
#   score: candidate
#   score_minimum: 0.95         # below it a score only ever gives candidates
#   score_precision: 0.99       # instead of score_minimum: what decided cases must have proven
#   score_confidence: 0.95      # with this certainty

# A sentence-embedding model of your own that finds more candidates (docs/semantic.md).
# matching:
#   semantic_model: /models/my-model

# Verbatims that are always left to a person, for instance abbreviations with two meanings.
# do_not_autocode: ["MI", "AP"]

# Lists of synonyms that a person answers for: a CSV with verbatim, code, term.
# synonyms:
#   - file: synonyms.csv
#     dictionary: open_events
#     scope: study              # study or sponsor

# XLSX copies of exported datasets are left out above this many rows.
# xlsx_row_limit: 50000
"""


@dataclass(frozen=True)
class Offered:
    """What dictionaries are there to code with: name → newest version, and which code drugs."""

    events: Mapping[str, str]
    drugs: Mapping[str, str]


def quoted(text: str) -> str:
    """``text`` as a YAML scalar that every reader takes for this very text."""
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        return text
    escaped = json.dumps(text, ensure_ascii=False)
    return re.sub(
        r"[\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]",
        lambda match: f"\\u{ord(match[0]):04x}",
        escaped,
    )


def in_comment(text: str) -> str:
    """``text`` on one line, safe inside a comment."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def study_text(study_id: str, draft: Draft | None, files: Mapping[str, str], offered: Offered) -> str:
    """The study.yaml of a new study.

    ``files`` gives each source's file as it is to be written; without a draft an example source
    of adverse events stands in the place of the sources.
    """
    sources = draft.sources if draft else ()
    parts = [
        _HEAD,
        f'study: {quoted(study_id)}\nsponsor: ""                     # choose: who the study is coded for\n',
        _CONVENTION,
        _SOURCES_HEAD + ("\n".join(_source(item, files[item.name]) for item in sources) or _EMPTY_SOURCES),
        _demographics(draft),
        _coding([item.domain for item in sources] if draft else [Domain.AE], sources, offered),
        _never_show(sources),
        _TAIL,
    ]
    return "\n".join(parts)


def _source(source: DraftSource, file: str) -> str:
    lines = [f"  # {in_comment(source.table.label)}", f"  - name: {quoted(source.name)}"]
    lines += [f"    domain: {source.domain}", f"    file: {quoted(file)}"]
    if source.table.kind:
        lines.append(f"    {source.table.kind}: {quoted(source.table.sheet)}")
    lines += ["    columns:", *_columns(source), *_date_lines(source), *_code_list_lines(source)]
    if source.earlier and source.domain is not Domain.DM:
        lines.append("    # An earlier coding is in the file. To count it (on the level that verbatims are")
        lines.append("    # coded to, for MedDRA the LLT) take these lines into use:")
        lines.append("    # earlier_coding:")
        lines += [f"    #   {role}: {quoted(column)}" for role, column in source.earlier.items()]
    return "\n".join(lines) + "\n"


def _columns(source: DraftSource) -> Iterator[str]:
    yield from _questions(source, "verbatim", "      ")
    for column in source.verbatim:
        several = ", ".join(quoted(name) for name in (*source.other_verbatims, column))
        hint = f"or the first filled of several: [{several}]" if source.other_verbatims else ""
        yield _with_comment(f"      verbatim: {quoted(column)}", hint)
    yield f"      subject: {quoted(source.subject)}"
    if source.record_id:
        yield f"      # Unique within a subject in the first {len(source.table.rows):,} rows."
    yield from _questions(source, "record_id", "      ")
    if len(source.record_id) == 1:
        yield f"      record_id: {quoted(source.record_id[0])}"
    elif source.record_id:
        yield f"      record_id: [{', '.join(quoted(column) for column in source.record_id)}]"
    elif source.domain is not Domain.DM:
        yield "      # record_id: []"
    for role, column in source.roles.items():
        yield f"      {role}: {quoted(column)}"


def _date_lines(source: DraftSource) -> Iterator[str]:
    dates = source.dates
    yield from _questions(source, "date_format", "    ")
    if dates.seen:
        comment = f"reads {dates.fits:,} of {dates.seen:,} different dates"
        yield _with_comment(f"    date_format: {quoted(dates.format)}", comment)


def _code_list_lines(source: DraftSource) -> Iterator[str]:
    if any(code_list.values for code_list in source.code_lists.values()):
        yield "    code_lists:"
    for role, code_list in source.code_lists.items():
        if code_list.values:
            yield f"      {role}:"
            for standard, written in code_list.values.items():
                yield f'        "{standard}": [{", ".join(quoted(value) for value in written)}]'
        yield from _questions(source, role, "      ")


def _questions(source: DraftSource, place: str, indent: str) -> Iterator[str]:
    for where, question in source.choose:
        if where == place:
            text = in_comment(f"choose: {question}")
            yield from wrap(text, 100, initial_indent=f"{indent}# ", subsequent_indent=f"{indent}# ")


def _demographics(draft: Draft | None) -> str:
    lines = ["# The source (domain DM) that has the subjects' sex and age."]
    if draft and draft.demographics:
        lines.append(f"demographics: {quoted(draft.demographics)}")
    else:
        lines.append("# demographics: dm")
    return "\n".join(lines) + "\n"


def _coding(domains: Sequence[Domain], sources: Iterable[DraftSource], offered: Offered) -> str:
    """One line per codable field; those with nothing to code them by are comments."""
    present = [domain for domain in VERBATIM_VARIABLE if domain in domains]
    indications = {item.domain for item in sources if "indication" in item.roles}
    used: list[str] = []
    unused: list[str] = []
    for domain in present:
        field = VERBATIM_VARIABLE[domain]
        if domain in _EVENTS:
            used += _coded_by(field, OPEN_EVENTS, offered.events.get(OPEN_EVENTS))
        elif domain is Domain.CM and offered.drugs:
            # A registered dictionary of the team's own comes before the one that ships.
            name = min(offered.drugs, key=lambda item: (item == OPEN_DRUGS, item))
            used += _coded_by(field, name, offered.drugs[name])
            used.append("    # context: [indication, route]   # tells two drugs of one name apart")
        else:
            what = "drug" if domain is Domain.CM else "procedure"
            unused.append(f"  # choose: no {what} dictionary is registered; add one and put its name here.")
            unused += _commented(_coded_by(field, f"{what}_dictionary", None))
        if domain in indications:
            field = OPTIONAL_VARIABLES[domain][0]
            unused += _commented(_coded_by(field, OPEN_EVENTS, offered.events.get(OPEN_EVENTS)))
    lines = [
        "# The dictionary of each codable field. open_events and open_drugs ship with the program for trying",
        "# and teaching; for a submission register your own: `trialcoder dictionary add PATH`.",
        f"# Fields: {', '.join(CODABLE_FIELDS)}",
    ]
    own = sorted(name for name in (*offered.events, *offered.drugs) if name not in {OPEN_EVENTS, OPEN_DRUGS})
    if own:
        lines.append(f"# Registered here: {in_comment(', '.join(own))}")
    lines += (
        ["coding:", *used] if used else ["coding: {}                      # {} goes when a field is named"]
    )
    lines += unused
    if used:
        lines += [
            "  # A field may have a second dictionary:",
            "  # MHTERM:",
            "  #   - dictionary: open_events",
            "  #   - dictionary: ICD-10-CM",
            '  #     release: "2026"',
            "  #     language: English",
        ]
    return "\n".join(lines) + "\n"


def _coded_by(field: str, dictionary: str, version: str | None) -> list[str]:
    lines = [f"  {field}:", f"    dictionary: {quoted(dictionary)}"]
    if version is None:
        return [*lines, _with_comment('    # release: ""', "choose: needed where several are registered")]
    return [*lines, f"    release: {quoted(version)}"]


def _commented(lines: Iterable[str]) -> list[str]:
    return [f"  # {line.removeprefix('  ')}" for line in lines]


def _never_show(sources: Iterable[DraftSource]) -> str:
    used = {
        column
        for item in sources
        for column in (*item.verbatim, *item.record_id, item.subject, *item.roles.values())
    }
    arms = dict.fromkeys(arm for item in sources for arm in item.arms if arm not in used)
    head = "# Columns that must never be shown to coders nor exported (blinded).\n"
    if arms:
        listed = ", ".join(quoted(arm) for arm in arms)
        question = "# choose: these look like the treatment; take out what may be shown."
        return f"{head}{question}\nnever_show: [{listed}]\n"
    return head + "# never_show: [ARM, ACTARM]\n"


def _with_comment(line: str, comment: str) -> str:
    return f"{line:<{_COMMENT_COLUMN - 1}} # {comment}" if comment else line
