"""Measure the matcher on what people decided: in a study, or in any file of coded verbatims."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from coding.evaluation.cases import ANSWER_COLUMNS, Cases, decided_cases
from coding.evaluation.measures import cross_validation, evaluation_of, judged_cases
from coding.ingest.extract import open_extract
from coding.ingest.raw_table import listed
from coding.ingest.reading import read_source
from coding.ledger.ledger import Ledger
from coding.operations.decided_answers import LedgerTables
from coding.operations.evaluation_files import write_evaluation
from coding.operations.matching_tools import open_tools, study_tools
from coding.operations.measured_confidence import StudyMeasuring, measuring_matcher
from coding.operations.study_run import StudyRun, open_study, requests_by_dictionary
from coding.operations.summaries import EvaluationSummary, ReleaseEvaluation
from coding.records import Progress, UserError, fold, request_key, silent
from coding.study import ColumnMap, Outcomes, Source
from coding.workspace import Workspace, writing_to
from dictionaries.model import Dictionary
from schemas.tables import text_frame
from schemas.vocabulary import VERBATIM_VARIABLE, Action, Domain


@dataclass(frozen=True, slots=True)
class CodedColumns:
    """Which column of a file holds what: the verbatim and, one at least, its code or term on the
    coding level or its preferred term (name or code); "" is not there."""

    verbatim: str
    code: str = ""
    term: str = ""
    preferred: str = ""
    domain: str = ""

    @property
    def answers(self) -> dict[str, str]:
        """What is answered → the column."""
        found = {"code": self.code, "term": self.term, "preferred": self.preferred}
        return {name: column for name, column in found.items() if column}

    @property
    def all(self) -> list[str]:
        """Every column that is named."""
        return [one for one in (self.verbatim, *self.answers.values(), self.domain) if one]


def evaluate_study(
    workspace: Workspace,
    study_id: str,
    *,
    dictionary: str = "",
    history: bool = True,
    with_verbatims: bool = False,
    progress: Progress = silent,
) -> EvaluationSummary:
    """Measure on the study's own decisions, dictionary by dictionary (or one of them by name).

    Writes into the study's ``work/evaluation/DICTIONARY``. Raises UserError where the study was
    never run, has no such dictionary, or nobody decided anything yet.
    """
    begun = time.monotonic()
    results: list[ReleaseEvaluation] = []
    notes: list[str] = []
    with workspace.hold_study(study_id):
        run = open_study(workspace, study_id)
        tables, requests = _study_tables(run)
        for name in _chosen(run, dictionary):
            opened = run.dictionaries[name]
            asked = requests.get(name, _no_requests())
            measuring = StudyMeasuring.of(run, study_tools(run, opened, progress), tables, asked)
            if measuring.cases.frame.empty:
                notes.append(f"{name}: {_why_nothing(measuring.cases)}")
                continue
            with writing_to(run.folder):
                judged = measuring.judged(progress, history=history)
                found = evaluation_of(study_id, opened.release, measuring.cases, judged, history=history)
                folder = run.work / "evaluation" / _folder_name(name)
                results.append(write_evaluation(found, opened, folder, with_verbatims=with_verbatims))
    if not results:
        raise UserError(
            f"study {study_id}: {'; '.join(notes) or 'no dictionary is named'}, so there is nothing to "
            "measure; evaluate a file of coded verbatims, or come back when a coder has decided some"
        )
    step = f"set `outcomes.score_precision` in {run.folder / 'study.yaml'} to let scores settle by proof only"
    return EvaluationSummary(
        subject=study_id,
        evaluations=tuple(results),
        next_step=_next_step(results, step),
        notes=tuple(notes),
        seconds=round(time.monotonic() - begun, 2),
    )


def _why_nothing(cases: Cases) -> str:
    if len(cases.unusable):
        return f"none of the {len(cases.unusable):,} answers of people is in the study's release"
    return "nobody decided or approved anything yet"


def _chosen(run: StudyRun, dictionary: str) -> list[str]:
    if dictionary and dictionary not in run.dictionaries:
        raise UserError(
            f"{dictionary} is not a dictionary of study {run.study.study}; "
            f"it has: {', '.join(run.dictionaries) or 'none'}"
        )
    return [dictionary] if dictionary else list(run.dictionaries)


def evaluate_file(
    dictionary: Dictionary,
    path: Path,
    columns: CodedColumns,
    *,
    output: Path,
    cache: Path | None = None,
    history: bool = True,
    with_verbatims: bool = False,
    progress: Progress = silent,
) -> EvaluationSummary:
    """Measure on a file of verbatims that people coded; writes into the folder ``output``, and keeps
    the release's index in ``cache``, if it is told.

    Raises UserError for a file that cannot be read whole, a column that is not there, or when no
    row has an answer that the release knows.
    """
    begun = time.monotonic()
    if not columns.answers:
        raise UserError("name the column with people's answers: --code, --term or --pt")
    frame = _read_columns(path, columns, progress)
    answers, left_out = file_answers(frame, columns, dictionary.release.name)
    cases = decided_cases(answers, dictionary, left_out)
    if cases.frame.empty:
        raise UserError(_nothing_known(path, dictionary, cases))
    tools = open_tools(dictionary, cache, None, progress)
    matcher = measuring_matcher(tools, Outcomes(), frozenset())
    validation = cross_validation(cases, tools.index, matcher, None, history=history)
    judged = judged_cases(validation, progress)
    evaluation = evaluation_of(path.name, dictionary.release, cases, judged, history=history)
    with writing_to(output):
        result = write_evaluation(evaluation, dictionary, output, with_verbatims=with_verbatims)
    return EvaluationSummary(
        subject=path.name,
        evaluations=(result,),
        next_step=_next_step([result], f"open {result.places['page']}"),
        seconds=round(time.monotonic() - begun, 2),
    )


def file_answers(
    frame: pd.DataFrame, columns: CodedColumns, dictionary: str
) -> tuple[pd.DataFrame, dict[str, int]]:
    """The rows of a file as answers (ANSWER_COLUMNS), equal ones counted; and what is left out.

    A case is a folded verbatim within a domain.
    """
    found = text_frame({"verbatim": frame[columns.verbatim]})
    for name in ("code", "term", "preferred"):
        column = columns.answers.get(name)
        found[name] = frame[column].str.strip() if column else pd.Series("", index=found.index, dtype="str")
    domain = frame[columns.domain].str.strip() if columns.domain else ""
    found["domain"] = pd.Series(domain, index=found.index, dtype="str")
    blank = found["verbatim"].str.strip() == ""
    unanswered = ~blank & (found["code"] == "") & (found["term"] == "") & (found["preferred"] == "")
    counts = {"rows without a verbatim": int(blank.sum()), "rows without an answer": int(unanswered.sum())}
    found = found[~blank & ~unanswered]
    by_answer = found.groupby(["verbatim", "domain", "code", "term", "preferred"], sort=True)
    answers = by_answer.size().rename("rows").reset_index()
    pairs = zip(answers["verbatim"], answers["domain"], strict=True)
    keys = [request_key(dictionary, fold(text), group) for text, group in pairs]
    answers["key"] = pd.Series(keys, index=answers.index, dtype="str")
    answers["fields"] = pd.Series(
        [_field(group) for group in answers["domain"]], index=answers.index, dtype="str"
    )
    answers["context"] = pd.Series("", index=answers.index, dtype="str")
    answers["source"] = pd.Series("file", index=answers.index, dtype="str")
    answers = answers.assign(sequence=0).astype({"rows": "int64", "sequence": "int64"})
    # The spelling that is written most often stands for the case.
    answers = answers.sort_values(["key", "rows", "verbatim"], ascending=[True, False, True], kind="stable")
    kept = {reason: count for reason, count in counts.items() if count}
    return answers[list(ANSWER_COLUMNS)].reset_index(drop=True), kept


def _field(domain: str) -> str:
    """The field of a domain that SDTM knows, which tells the matcher what kind of form it was on."""
    known = {str(one): field for one, field in VERBATIM_VARIABLE.items()}
    return known.get(domain.upper(), "")


def _read_columns(path: Path, columns: CodedColumns, progress: Progress) -> pd.DataFrame:
    source = Source(
        name="input",
        domain=Domain.AE,
        file=str(path.resolve()),
        columns=ColumnMap(verbatim=(columns.verbatim,), subject=columns.verbatim),
    )
    table = read_source(source, path.resolve().parent, progress)[0]
    names = [str(name) for name in table.frame.columns]
    for column in columns.all:
        if column not in names:
            raise UserError(f"{path}: there is no column {column}; its columns are: {listed(names)}")
    if len(table.unreadable):
        bad = table.unreadable.iloc[0]
        raise UserError(
            f"{path}, row {bad['row']}: {bad['reason']}; correct the {len(table.unreadable)} rows like this"
        )
    return table.frame[list(dict.fromkeys(columns.all))].astype("str").reset_index(drop=True)


def _nothing_known(path: Path, dictionary: Dictionary, cases: Cases) -> str:
    problems = cases.unusable["problem"].value_counts()
    if problems.empty:
        return f"{path}: no row has both a verbatim and an answer; check the columns that are named"
    return (
        f"{path}: none of the {len(cases.unusable):,} different answers is in {dictionary.release.label} "
        f"({problems.index[0]}); check the dictionary, its release, and which column holds what"
    )


def _study_tables(run: StudyRun) -> tuple[LedgerTables, Mapping[str, pd.DataFrame]]:
    study = run.study.study
    with Ledger.open(run.workspace.ledger_url) as ledger:
        taken = ledger.last_event(study, Action.EXTRACT_TAKEN)
        if taken is None:
            raise UserError(f"study {study} was never run; run `trialcoder run {study}`")
        tables = LedgerTables(
            ledger.requests(study),
            ledger.decision_parts(study),
            ledger.synonyms(study, run.study.sponsor),
        )
    extract = open_extract(run.folder, str(taken.payload["extract"]))
    return tables, requests_by_dictionary(run.occurrences(extract))


def _no_requests() -> pd.DataFrame:
    frame = text_frame({name: [] for name in ("key", "verbatim", "context", "fields")})
    return frame.assign(occurrences=pd.Series(dtype="int64"))


def _folder_name(dictionary: str) -> str:
    return "".join(letter if letter.isalnum() or letter in "-_" else "_" for letter in dictionary)


def _next_step(results: list[ReleaseEvaluation], otherwise: str) -> str:
    steps = []
    for result in results:
        listings = result.figures["listings"]
        if listings["answered_differently"]:
            count = result.figures["answered_differently"]
            steps.append(
                f"decide {count:,} verbatims alike that were coded differently "
                f"({result.places['answered differently']})"
            )
        if listings["exact_coded_otherwise"]:
            steps.append(
                f"look at {listings['exact_coded_otherwise']:,} exact names that people coded otherwise "
                f"({result.places['exact coded otherwise']})"
            )
    return "; ".join([*steps, otherwise])
