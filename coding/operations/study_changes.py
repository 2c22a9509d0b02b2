"""What changed between two extracts of a study, and which coded records it touches."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from coding.ingest.changes import ExtractChanges, compare_extracts
from coding.ingest.extract import Extract, open_extract
from coding.ledger.ledger import NewEvent
from coding.occurrences import occurrences_of
from coding.operations.study_run import StudyRun, Target
from coding.records import UserError
from schemas.vocabulary import Action, Change, Status

#: A request in one of these states has no code that a changed record could lose.
UNCODED = {str(Status.NEEDS_CODING), str(Status.QUERY_OPEN), str(Status.QUERY_ANSWERED)}


def changes_between(run: StudyRun, previous: str, extract: Extract) -> ExtractChanges:
    """Compare an extract with the one before ("" when there is none)."""
    before = previous_extract(run, previous) if previous else None
    return compare_extracts(before, extract)


def previous_extract(run: StudyRun, previous: str) -> Extract:
    """Open the extract before. Raises UserError when it is no longer there."""
    try:
        return open_extract(run.folder, previous)
    except UserError as error:
        raise UserError(
            f"the extract before this one cannot be opened, so changed records cannot be told: {error}"
        ) from None


def recoded_records(
    run: StudyRun, previous: str, extract: Extract, changes: ExtractChanges, known: pd.DataFrame
) -> Iterator[NewEvent]:
    """An event for each record that was coded and now belongs to another request.

    The old code is kept in the event, so that it can be offered again.
    """
    before = previous_extract(run, previous)
    coded = known[~known["status"].isin(UNCODED)]
    decision_of = dict(zip(coded["key"], coded["decision"], strict=True))
    for target in run.targets:
        if target.domain not in extract.domains or target.domain not in before.domains:
            continue
        moved = _moved(target, before, extract, changes.listing)
        for row in moved[moved["from_request"].isin(decision_of)].itertuples(index=False):
            yield NewEvent(
                Action.RECORD_RECODED,
                {
                    "domain": str(target.domain),
                    "field": target.field,
                    "dictionary": target.dictionary.release.name,
                    "subject": row.subject,
                    "record_id": row.record_id,
                    "from_request": row.from_request,
                    "to_request": row.to_request,
                    "from_decision": int(decision_of[row.from_request]),
                },
            )


def _moved(target: Target, before: Extract, after: Extract, listing: pd.DataFrame) -> pd.DataFrame:
    changed = listing[(listing["domain"] == str(target.domain)) & (listing["change"] == str(Change.CHANGED))]
    keys = changed[["subject", "record_id"]]
    sides = []
    for extract in (before, after):
        form = extract.forms(target.domain)
        form = form.merge(keys, on=["subject", "record_id"], how="inner")
        found = occurrences_of(form, target.field, target.dictionary.release.name, target.coded_by.context)
        sides.append(found[["subject", "record_id", "request"]])
    old, new = sides
    both = old.rename(columns={"request": "from_request"}).merge(
        new.rename(columns={"request": "to_request"}), on=["subject", "record_id"]
    )
    moved = both[both["from_request"] != both["to_request"]]
    return moved.sort_values(["subject", "record_id"], ignore_index=True)
