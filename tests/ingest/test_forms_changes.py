"""Two extracts of one study: new, changed, removed and unchanged records."""

from __future__ import annotations

from pathlib import Path

import pytest

from coding.ingest.changes import compare_extracts
from coding.ingest.extract import Extract, take_extract
from coding.ingest.validation import check_listing
from coding.study import Study
from schemas.listings import CHANGES
from schemas.vocabulary import Change

HEADER = "USUBJID,AESPID,AETERM,AESEV,EXTRA"
STUDY = {
    "study": "S",
    "sources": [
        {
            "name": "ae",
            "domain": "AE",
            "file": "ae.csv",
            "columns": {
                "verbatim": "AETERM",
                "subject": "USUBJID",
                "record_id": "AESPID",
                "severity": "AESEV",
            },
        }
    ],
    "coding": {"AETERM": {"dictionary": "D"}},
}
FIRST = ["S1,1,Headache,MILD,a", "S1,2,Rash,MILD,b", "S2,1,Cough,MILD,c"]


def taken(folder: Path, rows: list[str], study: dict[str, object] | None = None) -> Extract:
    (folder / "ae.csv").write_text("\n".join([HEADER, *rows]) + "\n", encoding="utf-8")
    return take_extract(Study.model_validate(study or STUDY), folder)


def counts(new: int = 0, changed: int = 0, unchanged: int = 0, removed: int = 0) -> dict[Change, int]:
    return {Change.NEW: new, Change.CHANGED: changed, Change.UNCHANGED: unchanged, Change.REMOVED: removed}


def listed(before: Extract | None, after: Extract) -> tuple[list[list[object]], dict[Change, int]]:
    found = compare_extracts(before, after)
    check_listing(CHANGES, found.listing)
    columns = ["subject", "record_id", "change", "columns", "verbatim_changed"]
    return found.listing[columns].values.tolist(), found.counts["AE"]


def test_at_first_everything_is_new(tmp_path: Path) -> None:
    listing, count = listed(None, taken(tmp_path, FIRST))
    assert listing == [
        ["S1", "1", "new", "", False],
        ["S1", "2", "new", "", False],
        ["S2", "1", "new", "", False],
    ]
    assert count == counts(new=3)


def test_an_extract_against_itself(tmp_path: Path) -> None:
    extract = taken(tmp_path, FIRST)
    assert listed(extract, extract) == ([], counts(unchanged=3))


@pytest.mark.parametrize(
    ("rows", "listing", "count"),
    [
        (FIRST[::-1], [], counts(unchanged=3)),
        ([row[:-1] + "z" for row in FIRST], [], counts(unchanged=3)),
        (
            [*FIRST, "S2,2,Itching,MILD,d"],
            [["S2", "2", "new", "", False]],
            counts(new=1, unchanged=3),
        ),
        (FIRST[1:], [["S1", "1", "removed", "", False]], counts(unchanged=2, removed=1)),
        (
            ["S1,1,Head ache,SEVERE,a", *FIRST[1:]],
            [["S1", "1", "changed", "severity;verbatim", True]],
            counts(changed=1, unchanged=2),
        ),
        (
            ["S1,1,Headache,SEVERE,a", *FIRST[1:]],
            [["S1", "1", "changed", "severity", False]],
            counts(changed=1, unchanged=2),
        ),
        (
            ["S2,1,Coughing,MILD,c", "S3,1,New,MILD,x", "S1,2,Rash,SEVERE,b"],
            [
                ["S3", "1", "new", "", False],
                ["S2", "1", "changed", "verbatim", True],
                ["S1", "2", "changed", "severity", False],
                ["S1", "1", "removed", "", False],
            ],
            counts(new=1, changed=2, removed=1),
        ),
        (
            [],
            [
                ["S1", "1", "removed", "", False],
                ["S1", "2", "removed", "", False],
                ["S2", "1", "removed", "", False],
            ],
            counts(removed=3),
        ),
    ],
    ids=["other order", "unmapped column", "new", "removed", "verbatim", "severity", "all kinds", "emptied"],
)
def test_changes(tmp_path: Path, rows: list[str], listing: list[object], count: dict[Change, int]) -> None:
    before = taken(tmp_path, FIRST)
    assert listed(before, taken(tmp_path, rows)) == (listing, count)


def test_a_domain_that_is_no_longer_read_is_removed(tmp_path: Path) -> None:
    before = taken(tmp_path, FIRST)
    mh = {**STUDY, "sources": [{**STUDY["sources"][0], "domain": "MH"}]}  # type: ignore[index, dict-item]
    found = compare_extracts(before, taken(tmp_path, FIRST, mh))
    assert found.counts == {"MH": counts(new=3), "AE": counts(removed=3)}
    assert (
        found.listing[["domain", "change"]].values.tolist() == [["MH", "new"]] * 3 + [["AE", "removed"]] * 3
    )
