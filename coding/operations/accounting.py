"""The row accounting: every row of every source ends in exactly one bucket."""

from __future__ import annotations

import pandas as pd

from coding.ingest.extract import Extract
from coding.operations.study_run import StudyRun, Target
from coding.records import RowAccount
from schemas.vocabulary import BUCKET_OF, VERBATIM_VARIABLE, Bucket, Status


def occurrence_status(occurrences: pd.DataFrame, requests: pd.DataFrame, recoded: pd.DataFrame) -> pd.Series:
    """The status of each occurrence: its request's, or STALE for a record that was coded, whose
    verbatim then changed, and whose new request nobody has coded yet.

    ``requests`` and ``recoded`` are the ledger's tables. A request the ledger does not know (a run
    was cut before it was recorded) needs coding.
    """
    status = occurrences["request"].map(requests.set_index("key")["status"])
    status = status.fillna(str(Status.NEEDS_CODING)).astype("str")
    if recoded.empty:
        return status
    keys = ["field", "dictionary", "subject", "record_id"]
    marks = recoded.rename(columns={"to_request": "request"})[[*keys, "request"]].drop_duplicates()
    marked = occurrences[[*keys, "request"]].merge(
        marks.assign(stale=True), on=[*keys, "request"], how="left"
    )
    stale = marked["stale"].eq(True).to_numpy(dtype=bool) & (status == Status.NEEDS_CODING).to_numpy()
    return status.mask(pd.Series(stale, index=status.index), str(Status.STALE)).astype("str")


def row_accounts(
    run: StudyRun,
    extract: Extract,
    occurrences: dict[tuple[str, str], pd.DataFrame],
    statuses: dict[tuple[str, str], pd.Series],
) -> tuple[RowAccount, ...]:
    """One account per source, codable field and dictionary, in the order of study.yaml."""
    accounts = []
    for source in run.study.sources:
        targets = [target for target in run.targets if target.domain == source.domain]
        if not targets or source.domain not in extract.domains:
            continue
        counts = extract.meta["sources"][source.name]
        rows, apart = int(counts["kept"]), int(counts["quarantined"])
        for target in targets:
            key = (target.field, target.dictionary.release.name)
            mine = (occurrences[key]["source"] == source.name).to_numpy()
            accounts.append(_account(source.name, target, rows, apart, statuses[key][mine]))
    return tuple(accounts)


def _account(source: str, target: Target, rows: int, quarantined: int, status: pd.Series) -> RowAccount:
    buckets = status.map({str(name): str(bucket) for name, bucket in BUCKET_OF.items()}).value_counts()
    main = VERBATIM_VARIABLE[target.domain] == target.field
    return RowAccount(
        source=source,
        field=target.field,
        dictionary=target.dictionary.release.label,
        rows_in=rows + quarantined,
        coded=int(buckets.get(str(Bucket.CODED), 0)),
        pending=int(buckets.get(str(Bucket.PENDING), 0)),
        queried=int(buckets.get(str(Bucket.QUERIED), 0)),
        not_codable=int(buckets.get(str(Bucket.NOT_CODABLE), 0)),
        quarantined=quarantined,
        not_filled=0 if main else rows - len(status),
    )
