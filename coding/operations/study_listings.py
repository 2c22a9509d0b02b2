"""The listings a run leaves in the study's ``work`` folder, and the summary of where it stands."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from coding.evaluation.listings import confidence_text
from coding.ingest.extract import Extract, open_extract
from coding.ingest.validation import check_listing
from coding.ledger.ledger import Event, Ledger
from coding.matching.flags import flag_texts
from coding.operations.accounting import occurrence_status, row_accounts
from coding.operations.matching_run import last_matches
from coding.operations.score_threshold import threshold_notes
from coding.operations.study_changes import changes_between
from coding.operations.study_run import StudyRun, requests_by_dictionary
from coding.operations.summaries import RunSummary
from coding.records import Progress, RowAccount, UserError
from schemas.tables import clear_leftovers, text_frame, write_csv, write_text, write_xlsx
from schemas.vocabulary import Action, Status

#: ``preferred`` and ``class`` are the names of the preferred term and of its highest level,
#: ``confidence`` is a number or "not measured".
SUGGESTION_COLUMNS = [
    "dictionary", "fields", "verbatim", "context", "serious", "occurrences", "subjects",
    "held_because", "rank", "code", "term", "preferred_code", "preferred", "class", "score",
    "confidence", "method", "rules", "reason", "flags",
]  # fmt: skip


@dataclass(frozen=True)
class StudyState:
    """Where a study stands: its last extract joined with the ledger's tables."""

    extract: Extract
    taken: Event
    occurrences: dict[tuple[str, str], pd.DataFrame]
    statuses: dict[tuple[str, str], pd.Series]
    requests: pd.DataFrame
    accounts: tuple[RowAccount, ...]

    @cached_property
    def live(self) -> pd.DataFrame:
        """The ledger's requests that the extract still needs, with counts of the extract."""
        found = requests_by_dictionary(self.occurrences)
        if not found:
            return self.requests.iloc[:0]
        now = pd.concat(found.values(), ignore_index=True)
        counts = now[["key", "fields", "occurrences", "subjects", "serious"]]
        return self.requests.merge(counts, on="key").sort_values("key", ignore_index=True)

    def issue_counts(self) -> dict[tuple[str, str], int]:
        """Findings of validation by (severity, rule)."""
        issues = self.extract.issues()
        pairs = zip(issues["severity"], issues["rule"], strict=True)
        return dict(sorted(Counter((str(severity), str(rule)) for severity, rule in pairs).items()))


def study_state(run: StudyRun, ledger: Ledger) -> StudyState:
    """Join the study's last extract with its ledger. Raises UserError when it was never run."""
    taken = ledger.last_event(run.study.study, Action.EXTRACT_TAKEN)
    if taken is None:
        raise UserError(f"study {run.study.study} was never run; run `trialcoder run {run.study.study}`")
    extract = open_extract(run.folder, str(taken.payload["extract"]))
    occurrences = run.occurrences(extract)
    requests = ledger.requests(run.study.study)
    recoded = ledger.recoded_records(run.study.study)
    statuses = {key: occurrence_status(frame, requests, recoded) for key, frame in occurrences.items()}
    accounts = row_accounts(run, extract, occurrences, statuses)
    return StudyState(extract, taken, occurrences, statuses, requests, accounts)


def write_listings(run: StudyRun, ledger: Ledger, progress: Progress) -> RunSummary:
    """Write issues, quarantined rows, changes and suggestions; return the run's summary."""
    from schemas.listings import CHANGES  # pandera: not at the start of every command

    progress("listings", 0, 0)
    state = study_state(run, ledger)
    live = state.live
    previous = str(state.taken.payload["previous"])
    changes = changes_between(run, previous, state.extract)
    check_listing(CHANGES, changes.listing)
    issues = state.extract.issues()
    listings = {
        "issues": issues,
        "quarantined": state.extract.quarantined(),
        "changes": changes.listing,
        "suggestions": suggestion_listing(run, live),
    }
    places: dict[str, Path] = {"work folder": run.work}
    clear_leftovers(run.work)
    for name, frame in listings.items():
        write_csv(frame, run.work / f"{name}.csv")
        places[name] = run.work / f"{name}.csv"
    notes = [*run.uncoded_fields(list(state.extract.domains)), *threshold_notes(run, ledger)]
    if len(issues) <= run.study.xlsx_row_limit:
        write_xlsx({"issues": issues}, run.work / "issues.xlsx", state.taken.at)
        places["issues (Excel)"] = run.work / "issues.xlsx"
    else:
        (run.work / "issues.xlsx").unlink(missing_ok=True)
        notes.append(f"issues.xlsx left out: more than {run.study.xlsx_row_limit} rows")
    summary = RunSummary(
        study=run.study.study,
        accounts=state.accounts,
        requests=len(live),
        new_requests=opened_since(ledger, state.taken),
        by_status=status_counts(live["status"]),
        by_method=status_counts(live.loc[live["method"] != "", "method"]),
        issues=state.issue_counts(),
        changes={
            domain: {str(kind): count for kind, count in counts.items()}
            for domain, counts in changes.counts.items()
        },
        releases=run.releases,
        places=places,
        next_step=next_step(run, state.accounts),
        notes=tuple(notes),
    )
    _write_summary(summary, run.work / "summary.json")
    return summary


def _write_summary(summary: RunSummary, path: Path) -> None:
    data = {key: value for key, value in summary.to_json().items() if key != "seconds"}
    write_text(json.dumps(data, indent=2, sort_keys=True, ensure_ascii=False) + "\n", path)


def opened_since(ledger: Ledger, taken: Event) -> int:
    """How many requests were opened in the transaction that took the extract, or after it."""
    return ledger.count(taken.chain, Action.REQUEST_OPENED, after=taken.sequence)


def status_counts(column: pd.Series) -> dict[str, int]:
    """How often each value occurs, sorted by value."""
    return {str(key): int(count) for key, count in column.value_counts().sort_index().items()}


def suggestion_listing(run: StudyRun, live: pd.DataFrame) -> pd.DataFrame:
    """A row per open request and candidate, most frequent serious requests first."""
    frames = []
    for name, dictionary in run.dictionaries.items():
        last = last_matches(run, dictionary)
        waiting = live[(live["dictionary"] == name) & (live["status"] == Status.NEEDS_CODING)]
        rows = waiting.drop(columns=["method", "rules", "score", "reason"])
        rows = rows.merge(last.held.rename(columns={"reason": "held_because"}), on="key", how="left")
        rows = rows.merge(last.candidates, on="key", how="left")
        flagged = flag_texts(last.flags, last.parts)
        rows["flags"] = [flagged.get(key, "") for key in rows["key"]]
        rows = rows.sort_values(
            ["serious", "occurrences", "verbatim", "key", "rank"],
            ascending=[False, False, True, True, True],
            kind="stable",
        )
        paths = dictionary.primary_paths.reindex(rows["code"])
        release = dictionary.release
        rows["preferred"] = paths[release.preferred_level].to_numpy()
        rows["class"] = paths[release.levels[-1]].to_numpy()
        rows["confidence"] = _confidence_texts(rows)
        rows["serious"] = rows["serious"].map({True: "Y", False: ""}).astype("str")
        frames.append(rows.reindex(columns=SUGGESTION_COLUMNS))
    if not frames:
        return text_frame({name: [] for name in SUGGESTION_COLUMNS})
    return pd.concat(frames, ignore_index=True)


def _confidence_texts(rows: pd.DataFrame) -> pd.Series:
    """The confidence of each candidate in words; blank where there is no candidate."""
    texts = [
        confidence_text(float(value)) if shown else ""
        for value, shown in zip(rows["confidence"], rows["rank"].notna(), strict=True)
    ]
    return pd.Series(texts, index=rows.index, dtype="str")


def next_step(run: StudyRun, accounts: tuple[RowAccount, ...]) -> str:
    """One sentence: what the data manager does next."""
    pending = sum(account.pending for account in accounts)
    quarantined = sum(account.quarantined for account in accounts)
    steps = []
    if not run.targets:
        steps.append("name a dictionary under `coding` in study.yaml: nothing is coded yet")
    if quarantined:
        steps.append(
            f"look at {run.work / 'quarantined.csv'}: those rows have no usable identity or verbatim"
        )
    if pending:
        steps.append(
            f"let a coder settle the {pending:,} pending occurrences ({run.work / 'suggestions.csv'})"
        )
    steps.append(f"export what is there with `trialcoder export {run.study.study}`")
    return "; ".join(steps)
